"""One seam for parallel work: the same jobs answered here, by threads, by processes or by a cluster.

A worker returns data; only the program that was started writes. The answers do not depend on the engine, on
the number of workers or on the order in which they come.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from sim.engine import Engine
from sim.figures import InputError
from sim.kernel import Kernel
from sim.kernels import kernel_named
from sim.local import processes, serial, threads
from sim.request import Options
from sim.worker import Bench, Here, adopt, each, forget

LOST = (
    "engine: the worker that made this run ended each time, most likely for lack of memory; "
    "finished runs are kept and the same command goes on (fewer workers=, a smaller sampling=)"
)
Lost = Callable[[Any], Any]
Team = Callable[[Callable[[Any], Any], Sequence[Any], Lost], Iterable[tuple[int, Any]]]


class Over(Protocol):
    """``over(fn, jobs)``: ``fn`` of every job, where ``fn`` is ``run`` or a function of a module around it.

    ``lost(job)`` answers for a job whose workers ended each time; by default an InputError says so.
    """

    run: Here
    n_workers: int

    def __call__(
        self, fn: Callable[[Any], Any], jobs: Sequence[Any], lost: Lost | None = None
    ) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Means:
    """How runs will be made: ``engine`` (never auto), ``n_workers`` here (0: the cluster's), ``kernel``."""

    engine: Engine
    n_workers: int
    kernel: str

    def told(self) -> dict[str, Any]:
        """For a manifest: what changes no number but is good to know. No address, no name of a machine."""
        return {"engine": self.engine.kind, "workers": self.n_workers, "kernel": self.kernel}

    def with_workers(self, n_workers: int) -> Means:
        """The same with another number of workers on this machine."""
        return self if self.engine.is_cluster else replace(self, n_workers=max(1, n_workers))


def means_of(options: Options) -> Means:
    """What ``options`` ask for, "auto" decided. InputError: a kernel that cannot be had."""
    kernel = "numpy" if kernel_named(options.kernel) is Kernel else "compiled"
    engine = options.engine
    if engine.kind == "auto":
        engine = Engine(kind="threads" if kernel == "compiled" else "processes")
    return Means(engine, options.workers if engine.is_cluster else options.n_workers(), kernel)


@contextmanager
def workers(bench: Bench, means: Means, together: int = 1, in_order: bool = False) -> Iterator[Over]:
    """Whoever answers jobs of ``bench``; ``together``: jobs given to a worker at a time.

    ``in_order``: answers in the order of the jobs; otherwise as they come. InputError: a cluster that cannot
    be used.
    """
    token = secrets.token_hex(8)
    adopt(token, bench)
    try:
        with _team(bench, means, token) as (team, n_workers):
            yield _Over(Here(token), n_workers, team, together, in_order)
    finally:
        forget(token)


def _team(bench: Bench, means: Means, token: str) -> AbstractContextManager[tuple[Team, int]]:
    if means.engine.is_cluster:
        return cluster_module(means.engine.kind).team(bench, means, token)
    if means.n_workers <= 1 or means.engine.kind == "serial":
        return serial()
    return threads(means.n_workers) if means.engine.kind == "threads" else processes(bench, means, token)


def cluster_module(kind: str) -> Any:
    """``sim.cluster``. InputError: the extra that it needs is not installed."""
    try:
        from sim import cluster

        if kind == "slurm":
            cluster.slurm_is_here()
    except ImportError as error:
        raise InputError(
            f"engine: {kind} needs '{error.name}', which is not installed; "
            f"pip install 'city-audience[{kind}]'"
        ) from None
    return cluster


class _Over:
    def __init__(self, run: Here, n_workers: int, team: Team, together: int, in_order: bool) -> None:
        self.run, self.n_workers = run, n_workers
        self._team, self._together, self._in_order = team, together, in_order

    def __call__(
        self, fn: Callable[[Any], Any], jobs: Sequence[Any], lost: Lost | None = None
    ) -> Iterator[Any]:
        size = self._together
        parts = [jobs[i : i + size] for i in range(0, len(jobs), size)]
        instead = partial(each, lost or _lost)
        answers = self._team(partial(each, fn), parts, instead)
        for answer in _sorted(answers) if self._in_order else (a for _, a in answers):
            yield from answer


def _sorted(answers: Iterable[tuple[int, Any]]) -> Iterator[Any]:
    waiting: dict[int, Any] = {}
    following = 0
    for index, answer in answers:
        waiting[index] = answer
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _lost(job: Any) -> Any:
    raise InputError(LOST)
