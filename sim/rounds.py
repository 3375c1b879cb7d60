"""Makes the runs of a sweep: city by city where each has many, several runs of a city together otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.batch import Answer, Batch, Entry, Failed, reason_of
from sim.pilot import measured, memory
from sim.pool import LOST, Means, Over, workers
from sim.replicates import Job, Saved

if TYPE_CHECKING:
    from sim.progress import Progress
    from sim.sweep import Announce, Row

TOGETHER = 32  # runs of one city given to a worker at a time, where cities are many
KEPT_ON_CLUSTER = 2


class Rounds:
    """Rows of a sweep and who makes their runs; nothing is returned, the rows hold it."""

    def __init__(
        self, rows: Sequence[Row], means: Means, saved: Saved | None, progress: Progress, announce: Announce
    ) -> None:
        self._rows = {row.asked.name: row for row in rows}
        self._means, self._saved, self._progress, self._announce = means, saved, progress, announce
        self.entries: dict[str, Entry] = {}
        self._is_measured = False

    def run(self) -> None:
        """Make every run; what was saved is not made again."""
        for row in self._rows.values():
            if row.asked.scenario is not None:
                self.entries[row.asked.name] = Entry.of(row.asked.scenario, row.asked.options.seed)
            elif row.reason:
                self._told(row)
        self._resume()
        for names in phases(self.groups(), self._n_runs(), self._means):
            self._phase(names)

    def groups(self) -> list[list[str]]:
        """Names of rows with something left to run, by city, the largest work first."""
        found: dict[str, list[str]] = {}
        for name, entry in self.entries.items():
            if self._rows[name].wanted():
                found.setdefault(entry.recipe, []).append(name)
        return sorted(found.values(), key=lambda names: -max(self.entries[name].work for name in names))

    def _n_runs(self) -> int:
        return sum(len(row.wanted()) for row in self._rows.values())

    def _resume(self) -> None:
        """Take what an earlier process finished."""
        for row in self._rows.values():
            before = -1
            while self._saved is not None and before != len(row.runs):
                before = len(row.runs)
                for job in row.wanted():
                    known = self._saved.get(*job)
                    if known is not None:
                        self._take(job, known)

    def _phase(self, names: list[list[str]]) -> None:
        entries = {name: self.entries[name] for group in names for name in group}
        is_shared = len(names) == 1 and not self._means.engine.is_cluster
        kept = KEPT_ON_CLUSTER if self._means.engine.is_cluster else self._kept(is_shared)
        batch = Batch(entries, self._means.kernel, kept)
        if is_shared and not self._build(batch, names[0]):
            return
        self._measure(batch, names)
        with workers(batch, self._means) as over:
            while tasks := tasks_of(self._jobs(names), over.n_workers):
                for answer in self._answers(over, tasks):
                    for job, result in answer:
                        if self._saved is not None and not isinstance(result, Failed):
                            self._saved.put(job.scenario, job.replicate, result)
                        self._take(job, result)

    def _kept(self, is_shared: bool) -> int:
        return self._means.n_workers if self._means.engine.kind == "threads" and not is_shared else 1

    def _build(self, batch: Batch, names: list[str]) -> bool:
        """Build the city that all share before the workers start; if there is none, all its rows fail."""
        scenario = self.entries[names[0]].scenario
        self._progress.say("city", scenario.city.label[self._progress.lang])
        try:
            batch.city(names[0])
        except Exception as error:
            for name in names:
                self._take(Job(name, 0), Failed(reason_of(error)))
            return False
        return True

    def _measure(self, batch: Batch, names: list[list[str]]) -> None:
        """Make one run of the first, largest phase here; say what all will need, and take no more workers."""
        jobs = [job for group in self._jobs(names) for job in group]
        if self._is_measured or self._means.engine.is_cluster or len(jobs) < 2:
            return
        self._is_measured = True
        one = measured(batch.run, (jobs[0],))
        [(job, result)] = one.answer
        if isinstance(result, Failed):
            self._take(job, result)
            return
        if self._saved is not None:
            self._saved.put(job.scenario, job.replicate, result)
        self._take(job, result)
        need = memory(self._means, one.grown, batch.arrays())
        if need is not None:
            self._progress.memory(need)
            self._means = self._means.with_workers(need.n_workers)
        self._progress.lasts(one.run_s * self._n_runs() / self._means.n_workers)

    def _jobs(self, names: list[list[str]]) -> list[list[Job]]:
        """Runs still to be made, by city."""
        found = [[job for name in group for job in self._rows[name].wanted()] for group in names]
        return [group for group in found if group]

    def _answers(self, over: Over, tasks: Sequence[tuple[Job, ...]]) -> Iterable[Answer]:
        return over(over.run, tasks, lost=_lost)

    def _take(self, job: Job, result: Any) -> None:
        row = self._rows[job.scenario]
        was_open = row.table is None and not row.reason
        row.take(job, result)
        if was_open and (row.reason or row.table is not None):
            self._told(row)

    def _told(self, row: Row) -> None:
        self._announce("failed" if row.reason else "ok", row.asked.overrides, row.reason)


def _lost(task: tuple[Job, ...]) -> Answer:
    return [(job, Failed(LOST)) for job in task]


def phases(groups: list[list[str]], n_runs: int, means: Means) -> Iterator[list[list[str]]]:
    """Cities of one pool of workers: one after another where each has runs enough for every worker, built
    once for all of them; otherwise all together, each built by whoever runs it."""
    if means.engine.is_cluster or n_runs < 2 * means.n_workers * len(groups):
        if groups:
            yield groups
        return
    for group in groups:
        yield [group]


def tasks_of(groups: list[list[Job]], n_workers: int) -> list[tuple[Job, ...]]:
    """What is given to a worker at a time: a run, or runs of one city where cities are many."""
    size = TOGETHER if len(groups) >= 2 * n_workers else 1
    return [tuple(group[i : i + size]) for group in groups for i in range(0, len(group), size)]
