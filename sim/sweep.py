"""Many scenarios at once: each job is one ``run``, a failing one is a row with its reason.

Hydra's sweeper and launcher decide where the jobs run; each writes ``<number>/status.json`` and its table
below ``results/sweep-<hash>/``, where the merged tables are written last. Jobs that are finished are not
computed again.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim import catalogue, provenance, store
from sim.compose import Job, check_overrides, multirun
from sim.figures import InputError
from sim.in_play import only_in_play
from sim.loading import options_of, scenario_of
from sim.overrides import COMMAND_LINE, Typed, parse_all
from sim.request import MEANS, Options
from sim.scenario import Scenario

DISPLAY_ONLY = ("lang", *MEANS)
RunOne = Callable[[Scenario, Options], pd.DataFrame]
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


def run_sweep(
    overrides: Sequence[str],
    scenarios_dir: str | os.PathLike[str] | None = None,
    run_one: RunOne | None = None,
    announce: Announce = lambda *_: None,
) -> Sweep:
    """Run every combination that ``overrides`` name. ``announce`` hears of each job as it ends.

    Raises InputError for what is wrong before any job starts, StoreError for an unusable results folder.
    """
    typed, folders, known = parse_all(overrides, scenarios_dir, sweep=True)
    for key in ("comparison", *DISPLAY_ONLY):
        if any(t.several and t.key == key for t in typed):
            raise InputError(f"{COMMAND_LINE}: {key}: cannot take several values in a sweep")
    if any(t.key == "comparison" and t.names for t in typed):
        raise InputError(
            f"{COMMAND_LINE}: comparison: is for the verb compare; sweep over scenario= or change="
        )
    options = options_of(check_overrides(typed, folders, known))
    request = _request(typed, folders, known)
    results_dir = store.ensure_writable(options.results_dir)
    folder = store.result_folder(results_dir, "sweep", provenance.canonical_hash(request))
    if store.find_finished(folder) is not None:
        return Sweep(folder, pd.read_csv(folder / "jobs.csv"), _read_table(folder), options, reused=True)
    token = secrets.token_hex(8)
    task = _Task(token, provenance.code_hash(), run_one, announce)
    existed = folder.exists()
    try:
        multirun(typed, known, folders, folder, task)
    except InputError:
        if not existed:
            _remove_untouched(folder)
        raise
    return _merge(folder, token, request, options)


class _Task:
    """What each job does, in whatever process the launcher chose."""

    def __init__(self, token: str, code: str, run_one: RunOne | None, announce: Announce) -> None:
        self.token, self.code, self.run_one, self.announce = token, code, run_one, announce

    def __call__(self, job: Job) -> None:
        status: dict[str, Any] = {"token": self.token, "overrides": list(job.overrides), "reason": ""}
        try:
            scenario, options = only_in_play((scenario_of(job.composed),))[0], options_of(job.composed)
            status |= {"scenario": scenario.name, "city": scenario.city.name}
            status["digest"] = self._digest(scenario, options)
            if not _is_done(job.folder, status["digest"]):
                table = self._run(scenario, options)
                _write(job.folder / "kpis.parquet", store.parquet_bytes(table))
            status["status"] = "ok"
        except Exception as error:
            status |= {"status": "failed", "reason": _reason(error)}
        _write(job.folder / "status.json", json.dumps(status, indent=1).encode())
        self.announce(status["status"], job.overrides, status["reason"])

    def _digest(self, scenario: Scenario, options: Options) -> str:
        asked = options.model_dump(mode="json", exclude=set(DISPLAY_ONLY))
        return provenance.canonical_hash(
            {"scenario": scenario.model_dump(mode="json"), "options": asked, "code": self.code}
        )

    def _run(self, scenario: Scenario, options: Options) -> pd.DataFrame:
        if self.run_one is not None:
            return self.run_one(scenario, options)
        from sim.study import run_one

        return run_one(scenario, options)


def _reason(error: Exception) -> str:
    told = " | ".join(str(error).split("\n"))
    return told if isinstance(error, InputError | store.StoreError) else f"{type(error).__name__}: {told}"


def _is_done(folder: Path, digest: str) -> bool:
    try:
        before = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        return before["status"] == "ok" and before["digest"] == digest and not _read_table(folder).empty
    except Exception:  # whatever a half-written file makes pyarrow or json say: run the job again
        return False


def _read_table(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "kpis.parquet")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    store.replace_file(path, data)


def _request(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> dict[str, Any]:
    """What decides the content of a sweep: what was typed, every scenario file, and the code."""
    files = {f"{group}/{name}": path for group in known for name, path in known[group].items()}
    files["base"] = folders[-1] / f"{catalogue.PRIMARY}.yaml"
    machinery = ("hydra/launcher", "hydra.launcher.")
    asked = [t.text for t in typed if t.key not in DISPLAY_ONLY and not t.key.startswith(machinery)]
    inputs = {name: provenance.hash_file(path) for name, path in sorted(files.items())}
    return {"overrides": sorted(asked), "inputs": inputs, "code": provenance.code_hash()}


def _merge(folder: Path, token: str, request: dict[str, Any], options: Options) -> Sweep:
    """Tables of all jobs of this sweep; a manifest, last, if none failed."""
    rows, tables = [], []
    for path in sorted(folder.glob("*/status.json"), key=lambda p: _number(p.parent)):
        status = json.loads(path.read_text(encoding="utf-8"))
        if status.get("token") != token:
            continue
        job = {"job": _number(path.parent), "city": status.get("city"), "scenario": status.get("scenario")}
        asked = " ".join(status["overrides"])
        rows.append({**job, "overrides": asked, "status": status["status"], "reason": status["reason"]})
        if status["status"] == "ok":
            table = _read_table(path.parent).drop(columns=["scenario"], errors="ignore")
            tables.append(pd.DataFrame({**job, "overrides": asked}, index=table.index).join(table))
    if not rows:
        raise InputError(f"{folder}: no job answered; the launcher's own messages say why")
    jobs = pd.DataFrame(rows)
    kpis = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["job"])
    contents = {
        "jobs.csv": store.csv_bytes(jobs),
        "kpis.csv": store.csv_bytes(kpis),
        "kpis.parquet": store.parquet_bytes(kpis),
    }
    for name, data in contents.items():
        _write(folder / name, data)
    sweep = Sweep(folder, jobs, kpis, options, reused=False)
    if not sweep.failed:
        _write(folder / store.MANIFEST, _manifest(folder, request, list(contents)))
    return sweep


def _manifest(folder: Path, request: dict[str, Any], names: list[str]) -> bytes:
    files = {
        n: {"bytes": (folder / n).stat().st_size, "sha256": provenance.hash_file(folder / n)} for n in names
    }
    content = {
        "config": request,
        "config_hash": provenance.canonical_hash(request),
        "versions": provenance.versions(),
        "code_hash": provenance.code_hash(),
        **provenance.checkout(),
        "files": files,
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def _number(folder: Path) -> int:
    return int(folder.name) if folder.name.isdigit() else -1


def _remove_untouched(folder: Path) -> None:
    """Take back what Hydra wrote before it found that nothing can be run."""
    left = list(folder.glob("*")) if folder.is_dir() else []
    if [path.name for path in left] == ["multirun.yaml"]:
        left[0].unlink()
        folder.rmdir()
