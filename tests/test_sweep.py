"""Sweeps: every combination a row, the same bytes whoever makes the runs, and nothing made twice."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim import catalogue
from sim.asked import request_of
from sim.batch import Batch, Entry, Failed, Kept
from sim.cli import main
from sim.engine import Engine
from sim.pool import Means
from sim.replicates import Job
from sim.rounds import TOGETHER, phases, tasks_of
from sim.sweep import Sweep
from sim.sweep import run_sweep as run_request
from tests.inputs import small_scenario
from tests.tree import GLOBAL, make_tree, write


def run_sweep(overrides: Sequence[str], own: Path | None = None) -> Sweep:
    """A sweep as typed."""
    return run_request(request_of(overrides, own))


Command = Callable[..., tuple[int, str, str]]
BOTH_CITIES = "city=smallville_2019,bigville_2019"
QUICK = ("horizon_weeks=1", "replicates=2", "engine=serial")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("config") / "scenarios")


@pytest.fixture(autouse=True)
def _here(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """``sweep`` as typed: exit code, standard output, standard error."""

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["sweep", *words])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, out.out, out.err

    return call


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """(city, seed) of what was really simulated in this process. Seed 13 is unlucky, seed 14 is Ctrl-C."""
    runs: list[tuple[str, int]] = []
    real = Batch._kpis

    def kpis(self: Batch, job: Job) -> Any:
        entry = self._entries[job.scenario]
        runs.append((entry.scenario.city.name, entry.seed))
        if entry.seed == 13:
            raise ValueError("thirteen\nis unlucky")
        if entry.seed == 14:
            raise KeyboardInterrupt
        return real(self, job)

    monkeypatch.setattr(Batch, "_kpis", kpis)
    return runs


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def folder_of(out: str) -> Path:
    return Path(out.rsplit(":", maxsplit=1)[-1].strip()).parent


# --- what is run -------------------------------------------------------------------------------------


def test_every_combination_is_a_row(command: Command, made: list[Any]) -> None:
    code, out, err = command(BOTH_CITIES, "change=[],[evening]", "seed=5", *QUICK)
    assert (code, len(made)) == (0, 8)
    jobs, kpis = pd.read_csv(folder_of(out) / "jobs.csv"), pd.read_csv(folder_of(out) / "kpis.csv")
    assert list(jobs["status"]) == ["ok"] * 4
    assert list(jobs["city"]) == ["smallville_2019"] * 2 + ["bigville_2019"] * 2
    assert list(jobs["scenario"]) == ["baseline", "evening"] * 2
    assert {"job", "city", "scenario", "overrides", "kpi", "mean", "ci_low", "unit"} <= set(kpis.columns)
    assert sorted(kpis["job"].unique()) == [0, 1, 2, 3]
    assert kpis["replicates"].max() == 2
    assert jobs["overrides"][1] == (
        "city=smallville_2019 change=[evening] seed=5 horizon_weeks=1 replicates=2"
    )
    assert sum(line.startswith("fait") for line in err.splitlines()) == 4
    assert [path.name for path in Path("results").iterdir()] == [folder_of(out).name]


def test_a_row_is_what_run_gives(command: Command) -> None:
    from sim.loading import load_scenario
    from sim.study import run_one

    _, out, _ = command("change=[],[evening]", *QUICK)
    rows = pd.read_parquet(folder_of(out) / "kpis.parquet").query("job == 1").reset_index(drop=True)
    alone = run_one(*load_scenario(["change=[evening]", *QUICK]))
    pd.testing.assert_frame_equal(rows[list(alone.columns)], alone)


def test_replicates_grow_for_each_scenario_by_itself(made: list[Any]) -> None:
    rule = ("replicates=auto", "min_replicates=2", "max_replicates=4", "decision.kpi=impressions")
    sweep = run_sweep(["precision=1.0,0.000001", "horizon_weeks=1", "engine=serial", *rule])
    by_job = sweep.kpis.groupby("job")["replicates"].max()
    assert list(by_job) == [2, 4]
    assert len(made) == 2 + 4


def test_names_ranges_and_globs_are_hydras(made: list[Any]) -> None:
    sweep = run_sweep(["city=glob(*ville*)", "seed=range(1,3)", "replicates=1", "horizon_weeks=1"])
    assert list(sweep.jobs["city"]) == ["bigville_2019"] * 2 + ["smallville_2019"] * 2
    assert [o.split()[1] for o in sweep.jobs["overrides"]] == ["seed=1", "seed=2"] * 2


def test_sweeping_over_own_scenarios(tmp_path: Path) -> None:
    mine = {"name": "mine", "label": "Mine", "horizon_weeks": 1}
    write(tmp_path / "own", "scenario/mine.yaml", mine, GLOBAL)
    sweep = run_sweep(["scenario=mine,snap", "replicates=1", "engine=serial"], tmp_path / "own")
    assert list(sweep.jobs["scenario"]) == ["mine", "snap"]


# --- the same bytes, nothing twice -------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The undisturbed sweep, serial."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "tree", lambda: shipped)
        return run_sweep([*ASKED, "engine=serial", f"results_dir={tmp_path_factory.mktemp('plain')}"])


ASKED = (BOTH_CITIES, "change=[],[evening]", "horizon_weeks=1,2", "replicates=3")


@pytest.mark.parametrize("engine", ["threads", "processes", "auto"])
def test_engines_write_the_same_bytes(plain: Sweep, engine: str) -> None:
    other = run_sweep([*ASKED, f"engine={engine}", "workers=2"])
    assert other.folder.name == plain.folder.name
    assert files(other.folder) == files(plain.folder)


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_many_small_cities_too(engine: str) -> None:
    asked = [BOTH_CITIES, "seed=range(1,4)", "replicates=1", "horizon_weeks=1"]
    one = run_sweep([*asked, "engine=serial", "results_dir=one"])
    other = run_sweep([*asked, f"engine={engine}", "workers=2", "results_dir=other"])
    assert files(one.folder) == files(other.folder)


def test_a_finished_sweep_is_reused(command: Command, made: list[Any]) -> None:
    command("seed=1,2", *QUICK)
    code, out, _ = command("seed=1,2", *QUICK[:2], "engine=processes", "workers=2", "lang=fr")
    assert (code, len(made)) == (0, 4)
    assert "Déjà calculé" in out
    assert command("seed=1,3", *QUICK)[0] == 0
    assert len(made) == 8


def test_a_file_that_changes_makes_another_sweep(tmp_path: Path, made: list[Any]) -> None:
    for hours in (1, 2):
        write(tmp_path / "own", "change/late.yaml", {"late": {"kind": "shift_hours", "by_hours": hours}})
        run_sweep(["change=[late]", "seed=1,2", *QUICK], tmp_path / "own")
    assert len(made) == 8
    assert len(list(Path("results").iterdir())) == 2


def test_finished_sweeps_say_what_they_rest_on(command: Command) -> None:
    _, out, _ = command("seed=1,2", *QUICK)
    manifest = json.loads((folder_of(out) / "manifest.json").read_text())
    assert "city/smallville_2019.yaml" in manifest["config"]["inputs"]
    assert set(manifest["files"]) == {"jobs.csv", "kpis.csv", "kpis.parquet"}
    assert manifest["made_by"] == {"engine": "serial", "workers": 1, "kernel": manifest["made_by"]["kernel"]}


# --- what fails --------------------------------------------------------------------------------------


def test_a_failing_job_is_a_row_and_the_others_go_on(command: Command, made: list[Any]) -> None:
    code, out, err = command("seed=12,13,15", "lang=en", "horizon_weeks=1", "replicates=1", "engine=serial")
    assert code == 1
    assert "1 of 3 job(s) failed" in err
    assert "ValueError: thirteen | is unlucky" in err
    folder = folder_of(out)
    jobs = pd.read_csv(folder / "jobs.csv")
    assert list(jobs["status"]) == ["ok", "failed", "ok"]
    assert jobs["reason"][1] == "ValueError: thirteen | is unlucky"
    assert pd.read_csv(folder / "kpis.csv")["job"].unique().tolist() == [0, 2]
    assert not (folder / "manifest.json").exists()
    before = files(folder)
    code, _, _ = command("seed=12,13,15", "horizon_weeks=1", "replicates=1", "engine=serial")
    assert code == 1
    assert [seed for _, seed in made] == [12, 13, 15, 13]
    assert files(folder) == before
    assert sorted(p.name for p in Path("results").iterdir() if p.name[0] != ".") == [folder.name]


def test_what_was_mended_is_set_beside_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["seed=13,15", "horizon_weeks=1", "replicates=1", "engine=serial"]
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_kpis", lambda self, job: 1 / 0)
        failed = run_sweep(asked)
    assert failed.failed == 2
    before = files(failed.folder)
    mended = run_sweep(asked)
    assert mended.failed == 0
    assert files(failed.folder.with_name(f"{failed.folder.name}.aside-1")) == before


def test_a_job_with_a_bad_value_is_a_row_too(command: Command) -> None:
    code, out, err = command("horizon_weeks=2,0", "replicates=1", "engine=serial")
    assert code == 1
    assert "horizon_weeks: 0 is not allowed" in err
    assert "Tableau" in out


def test_ctrl_c_keeps_what_was_finished(command: Command, made: list[Any]) -> None:
    asked = ("seed=12,14", "horizon_weeks=1", "replicates=1", "engine=serial")
    assert command(*asked)[0] == 130
    assert command(*asked)[0] == 130
    assert [seed for _, seed in made] == [12, 14, 14]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["engine=serial,threads"], "engine: cannot take several values in a sweep"),
        (["engine.kind=serial,threads"], "engine: cannot take several values"),
        (["comparison=small"], "comparison: is for the verb compare"),
        (["seed=range(1,1000000)"], "at most 10000"),
        (["hydra/launcher=joblib", "seed=1,2"], "hydra"),
        (["engine=dask", "seed=1,2"], "engine=dask engine.address=tcp://HOST:PORT"),
        (["engine=dask", "engine.address=http://x", "seed=1,2"], "engine.address: 'http://x' is not allowed"),
        (["seed=interval(1,3)"], "interval"),
        (["city=glob(zz*)"], "glob"),
    ],
)
def test_a_bad_request_is_one_line_and_nothing_is_written(
    command: Command, words: list[str], said: str
) -> None:
    code, _, err = command(*words)
    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1
    assert list(Path().iterdir()) == []


# --- killed ------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
sys.path[:0] = {paths!r}
from pathlib import Path
from sim import catalogue
from sim.asked import request_of
from sim.checkpoint import Checkpoint
from sim.sweep import run_sweep
catalogue.tree = lambda: Path({tree!r})
real, kept = Checkpoint.put, []
def put(self, *what):
    if len(kept) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    kept.append(1)
    real(self, *what)
Checkpoint.put = put
run_sweep(request_of({asked!r}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_a_killed_sweep_goes_on_to_the_same_bytes(
    plain: Sweep, shipped: Path, tmp_path: Path, engine: str, made: list[Any]
) -> None:
    asked = [*ASKED, f"engine={engine}", "workers=2", f"results_dir={tmp_path / 'r'}"]
    here = Path(__file__).parent
    code = KILLED.format(paths=[str(here.parent)], tree=str(shipped), after=7, asked=asked)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=here.parent)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not list((tmp_path / "r").glob("sweep-*"))
    resumed = run_sweep([*ASKED, "engine=serial", f"results_dir={tmp_path / 'r'}"])
    assert len(made) == 24 - 7  # what was finished is not run again
    assert files(resumed.folder) == files(plain.folder)
    assert [path.name for path in (tmp_path / "r").iterdir()] == [resumed.folder.name]


# --- parts -------------------------------------------------------------------------------------------


def test_a_batch_answers_each_run_and_pickles_small() -> None:
    scenario = small_scenario(300)
    batch = Batch({"a": Entry.of(scenario, 1), "b": Entry.of(scenario, 2)})
    task = (Job("a", 0), Job("b", 0), Job("a", 1))
    first = batch.run(task)
    again = pickle.loads(pickle.dumps(batch)).run(task)
    assert [job for job, _ in first] == list(task)
    for (_, one), (_, other) in zip(first, again, strict=True):
        assert not isinstance(one, Failed)
        assert not isinstance(other, Failed)
        pd.testing.assert_frame_equal(one["kpis"], other["kpis"])
    assert len(batch._cities.held()) == 1  # only the last city is kept


def test_values_are_kept_by_last_use() -> None:
    made: list[str] = []

    def make(name: str) -> Callable[[], str]:
        return lambda: made.append(name) or name.upper()

    kept: Kept[str] = Kept(2)
    assert [kept.get(n, make(n)) for n in "abacab"] == list("ABACAB")
    assert made == ["a", "b", "c", "b"]
    assert sorted(kept.held()) == ["A", "B"]


def test_cities_with_many_runs_go_one_by_one() -> None:
    here = Means(Engine(kind="processes"), 2, "numpy")
    there = Means(Engine(kind="dask", address="tcp://a:1"), 0, "numpy")
    groups = [["0", "1"], ["2"]]
    assert list(phases(groups, 8, here)) == [[["0", "1"]], [["2"]]]
    assert list(phases(groups, 7, here)) == [groups]
    assert list(phases(groups, 8, there)) == [groups]
    assert list(phases([], 0, here)) == []


def test_runs_of_a_city_travel_together_where_cities_are_many() -> None:
    runs = [[Job(str(g), r) for r in range(TOGETHER + 1)] for g in range(4)]
    tasks = tasks_of(runs, 2)
    assert [len(task) for task in tasks] == [TOGETHER, 1] * 4
    assert all(len({job.scenario for job in task}) == 1 for task in tasks)
    assert [len(task) for task in tasks_of(runs[:3], 2)] == [1] * 3 * (TOGETHER + 1)
