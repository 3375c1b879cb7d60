"""A dry run: what it counts is what is then made, and it writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim import catalogue, plan
from sim.asked import request_of
from sim.cli import main
from sim.loading import load_comparison
from sim.plan import duration, plan_of_comparison, plan_of_sweep, sentences
from sim.study import run_study
from sim.sweep import run_sweep
from tests.tree import make_tree

TREE = catalogue.tree
Command = Callable[..., tuple[int, str, str]]


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
    def call(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out = capsys.readouterr()
        return code, out.out, out.err

    return call


SWEEP = ["city=smallville_2019,bigville_2019", "horizon_weeks=1,2", "replicates=3", "engine=serial"]


@pytest.mark.parametrize(
    "words", [("sweep", *SWEEP), ("compare", "comparison=small")], ids=lambda words: words[0]
)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_dry_run_says_how_much_and_writes_nothing(
    command: Command, words: tuple[str, ...], lang: str
) -> None:
    code, out, _ = command(*words, "dry_run=true", f"lang={lang}")
    assert code == 0
    heads = {"fr": ("Simulations", "Durée", "Disque", "Rien"), "en": ("Runs", "Time", "Disk", "Nothing")}
    for head in heads[lang]:
        assert sum(line.startswith(head) for line in out.splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_counts_are_those_of_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_of(SWEEP)
    found = plan_of_sweep(request)
    assert found is not None
    assert (found.scenarios, found.cities, found.runs, found.done) == (4, 2, (12, 12), 0)
    assert found.seconds[0] == found.seconds[1] > found.measured_s[0] > 0
    real: Any = plan.store.StoreError

    def stop(*_: object) -> None:
        raise real("stopped", "arrêté")

    with monkeypatch.context() as patch:
        patch.setattr("sim.sweep.store.write_folder", stop)
        with pytest.raises(real):
            run_sweep(request)
    kept = sum(path.stat().st_size for path in Path("results").glob(".partial-*/*"))
    half = plan_of_sweep(request)
    assert half is not None
    assert (half.runs, half.done) == ((0, 0), 12)
    done = run_sweep(request).folder
    written = sum(path.stat().st_size for path in done.iterdir() if path.name != "manifest.json")
    assert 0.5 < half.disk_bytes / (kept + written) < 1.5
    assert plan_of_sweep(request) is None


def test_counts_are_those_of_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "tree", TREE)
    asked = ["comparison=young_workshop", "min_replicates=2", "max_replicates=3", "engine=serial"]
    asked += ["sampling=0.02", "horizon_weeks=1"]
    comparison = load_comparison(asked)
    found = plan_of_comparison(comparison)
    assert found is not None
    assert (found.scenarios, found.cities, found.runs, found.done) == (5, 1, (10, 15), 0)
    assert found.seconds[0] < found.seconds[1]
    study = run_study(comparison)
    assert sum(path.stat().st_size for path in study.folder.iterdir()) < 1.2 * found.disk_bytes
    assert plan_of_comparison(comparison) is None
    assert sentences(None, comparison.options)[0].startswith("Déjà calculé")


def test_what_cannot_run_is_told_first() -> None:
    request = request_of(["horizon_weeks=1,0", "replicates=1", "engine=serial"])
    found = plan_of_sweep(request)
    assert found is not None
    assert found.runs == (1, 1)
    assert "horizon_weeks: 0 is not allowed" in sentences(found, request.options)[0]
    nothing = plan_of_sweep(request_of(["horizon_weeks=0,-1"]))
    assert nothing is not None
    assert (nothing.runs, len(nothing.problems)) == ((0, 0), 2)


def test_a_cluster_is_not_asked() -> None:
    request = request_of([*SWEEP[:3], "engine=dask", "engine.address=tcp://127.0.0.1:9", "lang=en"])
    told = sentences(plan_of_sweep(request), request.options)
    assert "to be divided by the number of workers" in told[1]
    assert "dask" in told[1]


@pytest.mark.parametrize("word", ["dry_run=maybe", "dry_run="])
def test_a_dry_run_is_true_or_false(command: Command, word: str) -> None:
    code, _, err = command("compare", "comparison=small", word)
    assert code == 2
    assert "dry_run" in err
    assert "allowed: true, false" in err


def test_other_verbs_know_no_dry_run(command: Command) -> None:
    assert "dry_run: unknown key" in command("run", "dry_run=true")[2]


@pytest.mark.parametrize(
    ("seconds", "lang", "said"),
    [(0.44, "fr", "0,4 s"), (12.2, "en", "12 s"), (100, "fr", "2 min"), (9000, "en", "2.5 h")],
)
def test_durations_in_words(seconds: float, lang: str, said: str) -> None:
    assert duration(seconds, lang) == said
