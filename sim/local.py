"""Workers of this machine: none but this thread, threads, or processes that inherit the bench."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.worker import Bench, adopt

if TYPE_CHECKING:
    from sim.pool import Lost, Means, Team

Fn = Callable[[Any], Any]
Answers = Iterator[tuple[int, Any]]
DEATHS = 3  # times that processes may end in a row without an answer between


@contextmanager
def serial() -> Iterator[tuple[Team, int]]:
    """This thread, one task after another."""

    def team(fn: Fn, tasks: Sequence[Any], lost: Lost) -> Answers:
        return ((i, fn(task)) for i, task in enumerate(tasks))

    yield team, 1


@contextmanager
def threads(n_workers: int) -> Iterator[tuple[Team, int]]:
    """Threads of this process, which share the bench."""
    with ThreadPoolExecutor(n_workers, thread_name_prefix="run") as pool:

        def team(fn: Fn, tasks: Sequence[Any], lost: Lost) -> Answers:
            return _answers(pool, fn, dict(enumerate(tasks)))

        try:
            yield team, n_workers
        finally:
            pool.shutdown(cancel_futures=True)


def _answers(pool: Executor, fn: Fn, tasks: dict[int, Any]) -> Answers:
    """As they come; nothing that was answered is kept."""
    futures: dict[Future[Any], int] = {pool.submit(fn, task): i for i, task in tasks.items()}
    for future in as_completed(list(futures)):
        yield futures.pop(future), future.result()


@contextmanager
def processes(bench: Bench, means: Means, token: str) -> Iterator[tuple[Team, int]]:
    """Processes that inherit the bench. One that is killed is replaced and its tasks are given out again."""
    n_workers = means.n_workers
    crew = _Crew(bench, token, n_workers)

    def team(fn: Fn, tasks: Sequence[Any], lost: Lost) -> Answers:
        left, deaths = dict(enumerate(tasks)), 0
        while left and deaths < DEATHS:
            deaths += 1
            try:
                for index, answer in _answers(crew.pool(), fn, left):
                    del left[index]
                    deaths = 0
                    yield index, answer
            except BrokenProcessPool:
                crew.dismiss()
        for index, task in left.items():  # one by one, to find the task that ends its process
            yield index, crew.alone(fn, task, lost)

    try:
        yield team, n_workers
    finally:
        crew.dismiss()


class _Crew:
    """A pool of processes that can be started again."""

    def __init__(self, bench: Bench, token: str, n_workers: int) -> None:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        self._context = multiprocessing.get_context(method)
        self._begin: tuple[str, Bench] = (token, bench)
        self._n_workers = n_workers
        self._pool: ProcessPoolExecutor | None = None

    def _new(self, n_workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            n_workers, mp_context=self._context, initializer=_begin, initargs=self._begin
        )

    def pool(self) -> ProcessPoolExecutor:
        self._pool = self._pool or self._new(self._n_workers)
        return self._pool

    def dismiss(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def alone(self, fn: Fn, task: Any, lost: Lost) -> Any:
        with self._new(1) as pool:
            try:
                return pool.submit(fn, task).result()
            except BrokenProcessPool:
                return lost(task)


def _begin(token: str, bench: Bench) -> None:
    """First act of a worker process: Ctrl-C is for the program that started it, and so is its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt(token, bench)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed program tells nobody; its workers would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
