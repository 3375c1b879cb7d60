"""A study from the first draw to the written report: the same bytes however it is run, resumed or reused."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inputs import merged, open_snapchat, small_tree

from sim import store
from sim.differences import gain_over_independent
from sim.indicators import ADDITIVE
from sim.replicates import Job
from sim.request import Comparison, Options
from sim.scenario import Scenario
from sim.store import StoreError
from sim.study import Bench, Study, run_one, run_study

TABLES = ("kpis.parquet", "kpis.csv", "differences.csv", "posts.parquet", "hours.csv")
REPLICATES = 3
LATER = {"later": {"kind": "shift_hours", "by_hours": 1}}


def comparison(results_dir: Path | str, **options: Any) -> Comparison:
    """Baseline, one hour later, Snapchat; one week of a town of 100."""
    sides = {"baseline": {}, "later": LATER, "snapchat": {"snap": open_snapchat(cross_promotion=0.5)}}
    loud = {"reach": {"share": {"values": {2019: 0.3}}}}
    tree = merged(small_tree(100), {"horizon_weeks": 1, "platform": {"facebook": loud, "twitter": loud}})
    del tree["platform"]["instagram"]
    scenarios = tuple(
        Scenario.from_dict({**tree, "name": name, "label": {"fr": name, "en": name}, "change": change})
        for name, change in sides.items()
    )
    chosen = {"replicates": REPLICATES, "engine": "serial", "results_dir": str(results_dir), **options}
    return Comparison("tiny", {"fr": "Petite", "en": "Tiny"}, scenarios, Options.model_validate(chosen))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Which (scenario, replicate) were really simulated, in this process."""
    made: list[tuple[str, int]] = []
    real = Bench.run

    def counted(self: Bench, job: Any) -> Any:
        made.append((job.scenario, job.replicate))
        return real(self, job)

    monkeypatch.setattr(Bench, "run", counted)
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures drawn: these tests are about the tables."""
    monkeypatch.setattr("sim.report.render", lambda data, lang: f"<html lang={lang}>")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The undisturbed study, serial, in French."""
    return run_study(comparison(tmp_path_factory.mktemp("plain")))


def _bytes(folder: Path, names: tuple[str, ...] = TABLES) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def _state(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        path.name: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    }


# --- the same bytes -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("engine", ["threads", "processes", "auto"])
def test_engines_write_the_same_bytes(plain: Study, tmp_path: Path, engine: str) -> None:
    other = run_study(comparison(tmp_path, engine=engine, workers=2))
    assert other.folder.name == plain.folder.name
    assert other.folder != plain.folder
    assert _bytes(other.folder) == _bytes(plain.folder)
    assert (other.verdict, other.stop_reason) == (plain.verdict, plain.stop_reason)


@pytest.mark.usefixtures("quick")
def test_another_seed_is_another_study(plain: Study, tmp_path: Path) -> None:
    """Negative control of the equality of bytes."""
    other = run_study(comparison(tmp_path, seed=2, replicates=1))
    assert other.folder.name != plain.folder.name
    assert _bytes(other.folder)["kpis.csv"] != _bytes(plain.folder)["kpis.csv"]


def test_tables_on_disk_are_those_of_the_study(plain: Study) -> None:
    pd.testing.assert_frame_equal(pd.read_parquet(plain.folder / "kpis.parquet"), plain.kpis)
    csv = pd.read_csv(plain.folder / "kpis.csv", dtype=str)  # Python reads the decimals back exactly
    assert np.array_equal([float(x) for x in csv["value"]], plain.kpis["value"], equal_nan=True)
    assert list(plain.kpis["scenario"].unique()) == ["baseline", "later", "snapchat"]
    assert sorted(plain.kpis["replicate"].unique()) == list(range(REPLICATES))
    assert not plain.kpis.duplicated(["scenario", "replicate", "kpi", "platform", "age_band", "week"]).any()


def test_differences_are_of_the_means(plain: Study) -> None:
    """Read again from the KPIs: mean of the paired differences, for the decision's indicator."""
    rows = plain.kpis.query(
        "kpi == 'weekly_coverage_of_residents' and platform == 'all' and age_band == 'all' and week == 'all'"
    )
    by = rows.pivot_table(index="replicate", columns="scenario", values="value")
    mine = plain.differences.query(
        "kpi == 'weekly_coverage_of_residents' and platform == 'all' and age_band == 'all'"
    ).set_index("alternative")
    for name in ("later", "snapchat"):
        assert mine.loc[name, "difference"] == pytest.approx((by[name] - by["baseline"]).mean())
        assert mine.loc[name, "ci_low"] <= mine.loc[name, "difference"] <= mine.loc[name, "ci_high"]
        assert mine.loc[name, "replicates"] == REPLICATES


def test_one_scenario_alone_gives_the_means_of_its_study(plain: Study) -> None:
    request = comparison("unused")
    alone = run_one(request.baseline, request.options).set_index(["kpi", "platform", "age_band"])
    mine = plain.kpis.query("scenario == 'baseline' and week == 'all'")
    means = mine.groupby(["kpi", "platform", "age_band"])["value"].mean()
    both = alone.join(means.rename("again"))
    assert len(both) == len(means)
    assert np.allclose(both["mean"], both["again"], equal_nan=True)


# --- reuse --------------------------------------------------------------------------------------------


def test_an_identical_request_is_reused_and_untouched(plain: Study, runs: list[Any]) -> None:
    before = _state(plain.folder)
    again = run_study(comparison(plain.folder.parent))
    assert (plain.reused, again.reused) == (False, True)
    assert runs == []
    assert _state(plain.folder) == before
    assert again.folder == plain.folder
    assert again.verdict == plain.verdict
    pd.testing.assert_frame_equal(again.kpis, plain.kpis)
    pd.testing.assert_frame_equal(again.differences, plain.differences)
    pd.testing.assert_frame_equal(again.gain, plain.gain)
    pd.testing.assert_frame_equal(again.best, plain.best)


@pytest.mark.parametrize("option", [{"engine": "processes"}, {"workers": 2}])
def test_how_it_is_run_is_no_part_of_the_request(
    plain: Study, runs: list[Any], option: dict[str, Any]
) -> None:
    assert run_study(comparison(plain.folder.parent, **option)).reused
    assert runs == []


def test_another_language_takes_the_same_tables(tmp_path: Path, runs: list[Any]) -> None:
    french = run_study(comparison(tmp_path, replicates=2))
    del runs[:]
    english = run_study(comparison(tmp_path, replicates=2, lang="en"))
    assert runs == []
    assert english.folder != french.folder
    assert _bytes(english.folder) == _bytes(french.folder)
    assert english.verdict != french.verdict
    assert english.stop_reason != french.stop_reason
    assert 'lang="en"' in english.report.read_text(encoding="utf-8")
    assert 'lang="fr"' in french.report.read_text(encoding="utf-8")
    assert run_study(comparison(tmp_path, replicates=2, lang="en")).reused


@pytest.mark.usefixtures("quick")
def test_a_damaged_result_is_computed_again(tmp_path: Path, runs: list[Any]) -> None:
    first = run_study(comparison(tmp_path, replicates=1))
    good = _bytes(first.folder)
    (first.folder / "kpis.csv").write_bytes(good["kpis.csv"][:-20])
    del runs[:]
    again = run_study(comparison(tmp_path, replicates=1))
    assert not again.reused
    assert len(runs) == 3
    assert _bytes(again.folder) == good


def test_an_unwritable_folder_is_told_before_anything_is_run(tmp_path: Path, runs: list[Any]) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="results_dir"):
        run_study(comparison(tmp_path / "file"))
    assert runs == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- killed -------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
sys.path[:0] = {paths!r}
import test_study
from sim.checkpoint import Checkpoint
from sim.study import run_study
real, kept = Checkpoint.put, []
def put(self, *what):
    if len(kept) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    kept.append(1)
    real(self, *what)
Checkpoint.put = put
run_study(test_study.comparison({folder!r}, engine={engine!r}, workers=2))
"""


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_a_killed_study_goes_on_where_it_was(
    plain: Study, tmp_path: Path, runs: list[Any], engine: str
) -> None:
    here, after = Path(__file__).parent, 5
    code = KILLED.format(
        paths=[str(here), str(here.parent)], after=after, folder=str(tmp_path), engine=engine
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=here.parent)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert not list(tmp_path.glob("*/manifest.json"))
    resumed = run_study(comparison(tmp_path))
    assert not resumed.reused
    assert len(runs) == 3 * REPLICATES - after  # what was finished is not run again
    assert _bytes(resumed.folder) == _bytes(plain.folder)
    assert [path.name for path in tmp_path.iterdir()] == [resumed.folder.name]  # nothing is left over


@pytest.mark.usefixtures("quick")
def test_interrupted_and_resumed_with_other_workers(
    plain: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = Bench.run, []

    def run(self: Bench, job: Any) -> Any:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(job)
        return real(self, job)

    with monkeypatch.context() as patch:
        patch.setattr(Bench, "run", run)
        with pytest.raises(KeyboardInterrupt):
            run_study(comparison(tmp_path))
    resumed = run_study(comparison(tmp_path, engine="processes", workers=2))
    assert _bytes(resumed.folder) == _bytes(plain.folder)


# --- the manifest -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_the_manifest_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = store.write_file

    def noted(path: Path, data: bytes) -> Any:
        order.append(path.name)
        return real(path, data)

    monkeypatch.setattr(store, "write_file", noted)
    folder = run_study(comparison(tmp_path, replicates=1)).folder
    result = [name for name in order if ".zip." not in name and name != "probe"]
    assert result[-1] == "manifest.json"
    assert set(result) == {path.name for path in folder.iterdir()}


def test_the_manifest_is_complete(plain: Study) -> None:
    manifest = json.loads((plain.folder / "manifest.json").read_text(encoding="utf-8"))
    wanted = {
        "config",
        "config_hash",
        "seed",
        "versions",
        "inputs",
        "wall_time_s",
        "replicates",
        "stop_reason",
        "files",
    }
    assert wanted <= set(manifest)
    assert any(key in manifest for key in ("commit", "checkout", "code"))
    assert (manifest["seed"], manifest["replicates"]) == (1, REPLICATES)
    assert manifest["config_hash"].startswith(plain.folder.name.rpartition("-")[2])
    assert manifest["wall_time_s"] > 0
    assert manifest["made_by"]["engine"] == "serial"
    assert manifest["made_by"]["kernel"] in ("compiled", "numpy")
    files = {path.name: path.read_bytes() for path in plain.folder.iterdir() if path.name != "manifest.json"}
    assert set(files) == {*TABLES, "config.yaml", "report.html"} == set(manifest["files"])
    for name, about in manifest["files"].items():
        assert about == {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}


def test_the_report_is_one_page_with_the_verdict(plain: Study) -> None:
    page = plain.report.read_text(encoding="utf-8")
    assert plain.report == plain.folder / "report.html"
    assert "<script" not in page
    assert plain.verdict
    assert plain.verdict.split()[0] in page


# --- how many replicates ------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_auto_stays_between_its_bounds_and_says_why(tmp_path: Path, runs: list[Any]) -> None:
    auto = {
        "replicates": "auto",
        "min_replicates": 2,
        "max_replicates": 3,
        "decision": {"kpi": "impressions"},
    }
    coarse = run_study(comparison(tmp_path, precision=1.0, **auto))
    assert len(runs) == 3 * 2
    del runs[:]
    fine = run_study(comparison(tmp_path, precision=1e-9, **auto))
    assert len(runs) == 3 * 3
    assert fine.stop_reason != coarse.stop_reason
    common = fine.kpis[fine.kpis["replicate"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(common, coarse.kpis)  # further replicates leave the first ones alone


# --- common random numbers ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shifted() -> pd.DataFrame:
    """KPIs of a town of 600 with and without a shift of one hour, eight replicates."""
    tree = merged(small_tree(600), {"horizon_weeks": 1})
    tree["platform"] = merged(tree["platform"], {"facebook": {"reach": {"share": {"values": {2019: 0.3}}}}})
    sides = (("baseline", {}), ("later", LATER))
    scenarios = [Scenario.from_dict({**tree, "name": name, "change": change}) for name, change in sides]
    bench = Bench(scenarios, 4)
    jobs = [Job(s.name, r) for s in scenarios for r in range(8)]
    return pd.concat([bench.run(job)["kpis"] for job in jobs], ignore_index=True)


DECISIVE = ("weekly_coverage_of_residents", "impressions", "reach", "residents_reached", "interactions")


def _gain(kpis: pd.DataFrame) -> pd.Series:
    table = gain_over_independent(kpis, "baseline", ADDITIVE).set_index("kpi")
    return table.loc[list(DECISIVE), "gain"]


def test_shared_draws_reduce_the_variance(shifted: pd.DataFrame) -> None:
    gain = _gain(shifted)
    assert (gain > 1).all(), gain
    assert gain.median() > 2


def test_other_draws_do_not(shifted: pd.DataFrame) -> None:
    """Negative control: pair each replicate with another one's alternative."""
    apart = []
    for step in range(1, 8):
        moved = shifted.copy()
        later = moved["scenario"] == "later"
        moved.loc[later, "replicate"] = (moved.loc[later, "replicate"] + step) % 8
        apart.append(_gain(moved))
    mixed = pd.concat(apart, axis=1)
    assert (mixed.median(axis=1) < 1.5).all()
    assert (_gain(shifted) > mixed.max(axis=1)).sum() >= 4


def test_the_gain_is_told(plain: Study) -> None:
    assert list(plain.gain.columns) == ["kpi", "alternative", "gain"]
    assert set(plain.gain["alternative"]) == {"later", "snapchat"}
    told = plain.gain.set_index(["kpi", "alternative"])["gain"]
    assert told["weekly_coverage_of_residents", "later"] > 0
    assert set(DECISIVE) <= set(plain.gain["kpi"])
