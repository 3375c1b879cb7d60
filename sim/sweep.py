"""Many scenarios at once: each is a row, also one that fails, with its reason.

One job is one city with its scenarios and replicates: the city is built once and shared, and the engine that
was asked for makes the runs. Finished runs survive in ``results/.partial-<hash>/``; the tables appear, whole,
under ``results/sweep-<hash>/`` when all has been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sim import provenance, store
from sim.asked import Asked, Request
from sim.batch import Failed
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.differences import summary
from sim.figures import InputError
from sim.indicators import ADDITIVE
from sim.pool import means_of
from sim.progress import Progress
from sim.replicates import Growing, Job, rule_of
from sim.request import Options
from sim.rounds import Rounds

Announce = Callable[[str, Sequence[str], str], None]  # status, overrides and reason of a job


@dataclass(frozen=True)
class Sweep:
    """A finished sweep. ``jobs``: job, overrides, status ("ok", "failed"), reason; ``kpis``: all tables."""

    folder: Path
    jobs: pd.DataFrame
    kpis: pd.DataFrame
    options: Options
    reused: bool

    @property
    def failed(self) -> int:
        """Number of jobs that failed."""
        return int((self.jobs["status"] != "ok").sum())


@dataclass
class Row:
    """What becomes of one job: its runs while it grows, then its table."""

    asked: Asked
    growing: Growing
    reason: str = ""
    table: pd.DataFrame | None = None
    runs: dict[int, pd.DataFrame] = field(default_factory=dict)

    def wanted(self) -> list[Job]:
        """Runs still to be made; none once the job is finished or has failed."""
        done = self.table is not None or self.reason
        return (
            []
            if done
            else [Job(self.asked.name, r) for r in range(self.growing.target) if r not in self.runs]
        )

    def take(self, job: Job, answer: dict[str, pd.DataFrame] | Failed) -> None:
        """One answer: the table when it was the last, more replicates to make when they are not enough."""
        if isinstance(answer, Failed):
            self.reason = self.reason or answer.reason
            return
        self.runs[job.replicate] = answer["kpis"]
        if len(self.runs) < self.growing.target or self.reason:
            return
        try:
            runs = [self.runs[r] for r in range(self.growing.target)]
            if self.growing.is_enough(runs):
                self.table, self.runs = summary(pd.concat(runs, ignore_index=True), ADDITIVE), {}
        except ValueError as error:
            self.reason = str(error)


def run_sweep(request: Request, announce: Announce = lambda *_: None) -> Sweep:
    """Run every combination that was asked for. ``announce`` hears of each job as it ends.

    Raises InputError for an engine that cannot be used, StoreError for an unusable results folder.
    """
    is_new = not Path(request.options.results_dir).exists()
    results_dir = store.ensure_writable(request.options.results_dir)
    clean_leftovers(results_dir)
    digest = provenance.canonical_hash(request.config)
    folder = store.result_folder(results_dir, "sweep", digest)
    if store.find_finished(folder) is not None:
        return _read(folder, request.options)
    saved = Checkpoint(results_dir, digest)
    rows = rows_of(request)
    try:
        with Progress(request.options.lang) as progress:
            Rounds(rows, means_of(request.options), saved, progress, announce).run()
    except InputError:
        if is_new:
            with suppress(OSError):
                results_dir.rmdir()
        raise
    jobs, kpis = _tables(rows)
    _write(folder, request, jobs, kpis)
    if (jobs["status"] == "ok").all():
        saved.remove()
    return Sweep(folder, jobs, kpis, request.options, reused=False)


def rows_of(request: Request) -> list[Row]:
    """A row for each job, nothing run yet."""
    return [Row(job, Growing(job.name, rule_of(job.options)), job.problem) for job in request.jobs]


def _read(folder: Path, options: Options) -> Sweep:
    jobs = pd.read_csv(folder / "jobs.csv", keep_default_na=False)
    return Sweep(folder, jobs, pd.read_parquet(folder / "kpis.parquet"), options, reused=True)


def _tables(rows: Sequence[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Jobs, and the tables of those that did not fail, one under another, in the order of the jobs."""
    described = list(_described(rows))
    tables = [
        pd.DataFrame({**about, "overrides": asked}, index=row.table.index).join(
            row.table.drop(columns=["scenario"])
        )
        for row, about, asked in described
        if row.table is not None
    ]
    jobs = pd.DataFrame(
        [
            {**about, "overrides": asked, "status": "failed" if row.reason else "ok", "reason": row.reason}
            for row, about, asked in described
        ]
    )
    kpis = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["job"])
    return jobs, kpis


def _described(rows: Sequence[Row]) -> Iterator[tuple[Row, dict[str, Any], str]]:
    for row in rows:
        scenario = row.asked.scenario
        city, name = (scenario.city.name, scenario.name) if scenario else ("", "")
        yield row, {"job": row.asked.number, "city": city, "scenario": name}, " ".join(row.asked.overrides)


def _write(folder: Path, request: Request, jobs: pd.DataFrame, kpis: pd.DataFrame) -> None:
    """The tables; with a manifest, and so finished, if no job failed."""
    contents = {
        "jobs.csv": store.csv_bytes(jobs),
        "kpis.csv": store.csv_bytes(kpis),
        "kpis.parquet": store.parquet_bytes(kpis),
    }
    manifest = {
        "config": request.config,
        "config_hash": provenance.canonical_hash(request.config),
        "versions": provenance.versions(),
        "code_hash": provenance.code_hash(),
        **provenance.checkout(),
        "made_by": means_of(request.options).told(),
    }
    store.write_folder(folder, contents, manifest if (jobs["status"] == "ok").all() else None)
