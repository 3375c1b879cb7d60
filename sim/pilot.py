"""The first run is measured: how long all will take, how much memory, and how many workers that allows."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim import machine
from sim.pool import Means
from sim.progress import Progress
from sim.replicates import Job, Precision, Saved

Result = dict[str, pd.DataFrame]
LEFT_TO_OTHERS = 0.1  # share of the available memory that is not planned for


@dataclass(frozen=True)
class Measured:
    """One run: its answer, seconds, and by how many bytes the process grew at most (None: not known)."""

    answer: Any
    run_s: float
    grown: int | None


def measured(run: Callable[[Any], Any], job: Any) -> Measured:
    """``run(job)`` with its time and memory."""
    started = time.monotonic()
    with machine.Peak() as peak:
        answer = run(job)
    return Measured(answer, time.monotonic() - started, peak.bytes)


class Ahead:
    """Finished runs (``replicates.Saved``), the measured one among them."""

    def __init__(self, saved: Saved | None) -> None:
        self._saved = saved
        self._made: dict[Job, Result] = {}

    def add(self, job: Job, result: Result) -> None:
        """A run that was made outside the loop."""
        self._made[job] = result
        self.put(*job, result)

    def has(self, job: Job) -> bool:
        """Whether a run is finished."""
        found = self.get(*job)
        if found is not None:
            self._made[job] = found  # read once
        return found is not None

    def get(self, scenario: str, replicate: int) -> Result | None:
        """The tables of a run, or None."""
        made = self._made.pop(Job(scenario, replicate), None)
        return made if made is not None or self._saved is None else self._saved.get(scenario, replicate)

    def put(self, scenario: str, replicate: int, result: Mapping[str, pd.DataFrame]) -> None:
        """Keep the tables of a run where finished runs are kept."""
        if self._saved is not None:
            self._saved.put(scenario, replicate, dict(result))


def first_run(
    run: Callable[[Job], Result],
    scenarios: Sequence[str],
    rule: Precision | int,
    means: Means,
    ahead: Ahead,
    arrays: Iterable[NDArray[Any]],
    progress: Progress,
) -> Means:
    """Make the first run that is still to be made, here, and say what all will need.

    Returns the means with as many workers as there is memory for. On a cluster nothing is run here.
    """
    first, last = (rule, rule) if isinstance(rule, int) else (rule.minimum, rule.maximum)
    jobs = [Job(s, r) for r in range(first) for s in scenarios]
    job = next((job for job in jobs if not ahead.has(job)), None)
    if job is None or means.engine.is_cluster or len(jobs) == 1:
        return means
    one = measured(run, job)
    ahead.add(job, one.answer)
    need = memory(means, one.grown, arrays)
    if need is not None:
        progress.memory(need)
        means = means.with_workers(need.n_workers)
    progress.lasts(one.run_s * (last * len(scenarios) - 1) / max(1, means.n_workers))
    return means


@dataclass(frozen=True)
class Memory:
    """Bytes: ``per_worker`` at most, ``in_all`` with the program itself, ``available`` before the start.

    ``wanted``: workers asked for; ``n_workers``: those that fit.
    """

    per_worker: int
    in_all: int
    available: int
    wanted: int
    n_workers: int


def memory(means: Means, grown: int | None, arrays: Iterable[NDArray[Any]]) -> Memory | None:
    """What ``means`` need on this machine when a run grows a process by ``grown`` bytes; None: not known.

    A thread needs what a run grows. A process needs that and, in the worst case, a copy of everything that
    this process holds apart from ``arrays``: those of the city, which are only read and stay shared.
    """
    here, own, available = (
        machine.resident_bytes(), machine.resident_bytes("RssAnon"), machine.available_bytes(),
    )  # fmt: skip
    if grown is None or here is None or own is None or available is None:
        return None
    copied = 0
    if means.engine.kind == "processes" and means.n_workers > 1:
        copied = max(0, own - sum(a.nbytes for a in arrays if not _is_mapped(a)))
    each = max(1, grown + copied)
    fit = int(available * (1 - LEFT_TO_OTHERS)) // each
    n_workers = max(1, min(means.n_workers, fit))
    return Memory(each, here + n_workers * each, available, means.n_workers, n_workers)


def _is_mapped(array: NDArray[Any]) -> bool:
    """Whether the numbers lie in a file, shared by whoever reads it."""
    base: Any = array
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    return isinstance(base, mmap.mmap)
