"""Jobs of a bench in processes that inherit it, or here: the answers are the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, Protocol


class Bench(Protocol):
    """Whatever answers jobs."""

    def run(self, job: Any) -> Any: ...


class Over(Protocol):
    """``over(fn, jobs)``: ``fn`` of every job; ``fn`` is a function of a module, such as ``run_here``."""

    def __call__(self, fn: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterable[Any]: ...


_bench: Bench | None = None  # one for each process that runs jobs


def _adopt(bench: Bench) -> None:
    global _bench  # noqa: PLW0603 - a worker process has exactly one bench for its whole life
    _bench = bench


def run_here(job: Any) -> Any:
    """Answer of this process's bench."""
    assert _bench is not None
    return _bench.run(job)


@contextmanager
def workers(bench: Bench, n_workers: int, together: int = 1, in_order: bool = False) -> Iterator[Over]:
    """Answers by ``n_workers`` processes, or by this one if there is only one.

    ``in_order``: in the order of the jobs, ``together`` of them given to a process at a time; otherwise as
    they come.
    """
    _adopt(bench)
    if n_workers <= 1:
        yield lambda fn, jobs: map(fn, jobs)  # noqa: PLW0108 - the type `map` is no such function
        return
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(n_workers, mp_context=context, initializer=_adopt, initargs=(bench,)) as pool:

        def ordered(fn: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterable[Any]:
            return pool.map(fn, jobs, chunksize=together)

        def as_they_come(fn: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
            for future in as_completed([pool.submit(fn, job) for job in jobs]):
                yield future.result()

        try:
            yield ordered if in_order else as_they_come
        finally:
            pool.shutdown(cancel_futures=True)
