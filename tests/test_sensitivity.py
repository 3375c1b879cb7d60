"""Sensitivity: exact indices on toys, figures applied and held, the ranking, and a tiny real run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sim import examined, sensitivity, store
from sim.analysis import Settings, analyse, section_of, sections_of
from sim.checkpoint import Checkpoint
from sim.city import build_city
from sim.cli import main
from sim.designs import CHUNK, Bench, Evaluator, Job, runner
from sim.engine import Engine
from sim.figures import InputError, Spread, YearBandFigure, YearFigure
from sim.loading import load_comparison
from sim.parameters import REASONS, Parameter, parameters_of, with_values
from sim.pool import Means
from sim.ranking import flips_by_group, keeps_order, rank
from sim.report.sensitivity import render, sentence
from sim.report.sensitivity_figures import sign
from sim.reporting import examined_of, figures_used
from sim.request import Comparison, Options
from sim.scenario import Scenario, walk
from sim.screening import (
    REST,
    group_effects,
    morris_design,
    morris_indices,
    sobol_design,
    sobol_indices,
)
from sim.sensitivity import planned, run_sensitivity, split_settings, thinned
from sim.study import run_study
from tests.inputs import merged, open_snapchat, small_scenario, small_tree

F64 = NDArray[np.float64]
COEFFICIENTS = np.array([3.0, -2.0, 0.5, 0.0])
NAMES = ["a", "b", "c", "d"]
DISCOVERY = "platform.snapchat.audience.discovery_per_month"
SHAPE, USE = "platform.facebook.session_gamma_shape", "platform.facebook.use"
REACH = "platform.facebook.reach.share"
VISIBILITY = "platform.facebook.display.visibility"


def ranged(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "tag": "assumed", "source": "model"}


def comparison(results_dir: Path | str = "unused", **options: Any) -> Comparison:
    """Baseline, one hour later, Snapchat; one week of a town of 100, a few figures with a range."""
    spans = {
        "facebook": {
            "display": {"visibility": ranged(0.15, 0.05, 0.6), "life_h": ranged(72, 24, 96)},
            "formats": {"photo": {"offer": ranged(1.0, 0.8, 1.2)}, "video": {"offer": ranged(1.4, 1.0, 2.0)}},
            "session_gamma_shape": ranged(0.9, 0.7, 1.0),
            "use": {"spread": {"low": 0.8, "high": 1.2, "source": "model", "tag": "assumed"}},
            "reach": {
                "share": {"values": {2019: 0.3}, "spread": {"low": 0.5, "high": 2.0, "source": "model"}}
            },
        },
        "twitter": {
            "display": {"crowding": ranged(0.9, 0.9, 0.9)},
            "reach": {"share": {"values": {2019: 0.3}}},
        },
        "snapchat": {"audience": {"discovery_per_month": ranged(0.3, 0.05, 0.9)}},
        "instagram": {"display": {"visibility": ranged(0.15, 0.05, 0.6)}},
    }
    changes = {
        "baseline": {},
        "later": {"later": {"kind": "shift_hours", "by_hours": 1}},
        "snapchat": {"snap": open_snapchat(cross_promotion=ranged(0.5, 0.2, 0.9))},
    }
    tree = merged(small_tree(100), {"horizon_weeks": 1, "platform": spans})
    scenarios = tuple(
        Scenario.from_dict(
            {**tree, "name": name, "label": {"fr": f"Le {name}", "en": f"The {name}"}, "change": change}
        )
        for name, change in changes.items()
    )
    chosen = {"engine": "serial", "results_dir": str(results_dir), **options}
    return Comparison("tiny", {"fr": "Petite", "en": "Tiny"}, scenarios, Options.model_validate(chosen))


SMALL = Settings(trajectories=2, top=2, samples=2)


def parameters(n: int = 4) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, 0.5, 0.0, 1.0) for name in NAMES[:n])


def toy(effects: Callable[[F64], F64]) -> Callable[[str, F64], F64]:
    """Baseline 1, one alternative at 1 + effects(figures)."""

    def evaluate(stage: str, settings: F64) -> F64:
        return np.column_stack([np.ones(len(settings)), 1 + effects(settings)])

    return evaluate


def two(**options: Any) -> Comparison:
    base = small_scenario(100, change={})
    other = base.model_copy(update={"name": "other", "label": {"fr": "Autre", "en": "Other"}})
    return Comparison("toy", {"fr": "Jouet", "en": "Toy"}, (base, other), Options.model_validate(options))


# --- indices on toys whose answer is known -------------------------------------------------------------


def test_morris_on_a_linear_law_gives_its_coefficients() -> None:
    design = morris_design(NAMES, 6, 1)
    table = morris_indices(NAMES, design, design @ COEFFICIENTS, 1).set_index("path")
    assert np.allclose(table["mu_star"], np.abs(COEFFICIENTS))
    assert np.allclose(table["mu"], COEFFICIENTS)
    assert np.allclose(table["sigma"], 0)


def test_morris_sees_an_interaction_as_spread() -> None:
    design = morris_design(NAMES, 20, 1)
    table = morris_indices(NAMES, design, design[:, 0] * design[:, 1], 1).set_index("path")
    assert (table.loc[["a", "b"], "sigma"] > 0.1).all()
    assert (table.loc[["c", "d"], ["mu_star", "sigma"]] == 0).all(axis=None)


def ishigami(unit: F64) -> F64:
    x = np.pi * (2 * unit - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_on_ishigami() -> None:
    """Closed form (Ishigami & Homma 1990): S1 = .314, .442, 0; ST = .558, .442, .244."""
    names = NAMES[:3]
    y = ishigami(sobol_design(names, names, 2048, 1))
    table = sobol_indices(names, names, y, 1).set_index("group")
    assert np.allclose(table["S1"], [0.3139, 0.4424, 0.0], atol=0.03)
    assert np.allclose(table["ST"], [0.5576, 0.4424, 0.2437], atol=0.03)
    assert (table["ST_conf"] < 0.1).all()


def test_what_is_not_chosen_moves_together_as_one_group() -> None:
    design = sobol_design(NAMES, ["a", "b"], 1024, 1)
    assert design.shape == (1024 * 5, 4)
    table = sobol_indices(NAMES, ["a", "b"], design @ COEFFICIENTS, 1).set_index("group")
    variance = COEFFICIENTS**2 / (COEFFICIENTS**2).sum()
    assert np.allclose(
        table.loc[["a", "b", REST], "ST"], [variance[0], variance[1], variance[2:].sum()], atol=0.02
    )


def test_nothing_varies_is_told_as_zero() -> None:
    assert (sobol_indices(NAMES, NAMES, np.ones(8 * 6), 1)[["S1", "ST"]] == 0).all(axis=None)


def test_designs_are_seeded_and_leave_the_global_stream_alone() -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the stream that must not be touched
    first = [morris_design(NAMES, 3, 0), sobol_design(NAMES, ["a"], 8, 0)]
    morris_indices(NAMES, first[0], first[0] @ COEFFICIENTS, 0)
    bootstrap = [sobol_indices(NAMES, ["a"], first[1] @ COEFFICIENTS, 0) for _ in range(2)]
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    pd.testing.assert_frame_equal(*bootstrap)
    assert np.array_equal(first[0], morris_design(NAMES, 3, 0))
    assert np.array_equal(first[1], sobol_design(NAMES, ["a"], 8, 0))
    assert not np.array_equal(first[0], morris_design(NAMES, 3, 1))


# --- figures -------------------------------------------------------------------------------------------


def test_with_values_sets_what_is_named_and_nothing_else() -> None:
    base = small_scenario(100)
    moved = with_values(base, {VISIBILITY: 0.33, "behaviour.appeal.reach_sd": 1.0})
    before, after = dict(base.figures()), dict(moved.figures())
    assert {p for p in before if before[p] != after[p]} == {VISIBILITY, "behaviour.appeal.reach_sd"}
    assert after[VISIBILITY].value == 0.33
    assert with_values(moved, {p: before[p].value for p in before}) == base
    assert with_values(base, {}) == base


def test_with_values_reaches_figures_of_changes() -> None:
    base = small_scenario(100, change={"snap": open_snapchat()})
    moved = with_values(base, {"change.snap.cross_promotion": 0.4})
    assert dict(moved.figures())["change.snap.cross_promotion"].value == 0.4


def test_with_values_refuses_unknown_paths_and_clips_nothing() -> None:
    base = small_scenario(100)
    with pytest.raises(InputError, match=r"did you mean 'platform\.facebook\.display\.visibility'"):
        with_values(base, {"platform.facebook.display.visibilty": 0.3})
    with pytest.raises(InputError, match=r"platform\.facebook\.reactions\.like: 1\.5 is out of range"):
        with_values(base, {"platform.facebook.reactions.like": 1.5})


def test_the_stated_value_is_the_median_of_its_prior() -> None:
    p = Parameter("x", 2.0, 1.0, 10.0)
    assert [p.at(u) for u in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1.0, 1.5, 2.0, 6.0, 10.0]
    at_the_end = Parameter("x", 1.0, 0.0, 1.0)
    assert [at_the_end.at(u) for u in (0.0, 0.5, 1.0)] == [0.0, 0.5, 1.0]


def test_what_is_varied_and_what_is_held_and_why() -> None:
    varied, held, relevant = parameters_of(comparison())
    assert {p.path for p in varied} == {
        VISIBILITY, "platform.facebook.display.life_h", "platform.facebook.formats.photo.offer",
        "platform.facebook.formats.video.offer", DISCOVERY, "change.snap.cross_promotion",
        SHAPE, USE, REACH,
    }  # fmt: skip
    reasons = {h.path: h.reason for h in held}
    assert {p.path for p in varied if p.shapes_city} == {SHAPE, USE}
    reach = next(p for p in varied if p.path == REACH)
    assert (reach.low, reach.value, reach.high) == (0.5, 1.0, 2.0)
    assert reasons["platform.instagram.display.visibility"] == "unused"
    assert reasons["platform.twitter.display.crowding"] == "range"  # a single plausible value
    assert reasons["platform.facebook.sessions_per_day"] == "table"
    assert set(reasons.values()) <= set(REASONS)
    assert all({"fr", "en"} == set(words) for words in REASONS.values())
    assert len(varied) + len(held) == len({p for s in comparison().scenarios for p, _ in walk(s)})
    assert set(relevant["snapchat"]) - set(relevant["baseline"]) == {DISCOVERY, "change.snap.cross_promotion"}


def test_only_some_figures() -> None:
    varied, held, _ = parameters_of(comparison(), ["platform.snapchat", "change"])
    assert [p.path for p in varied] == [DISCOVERY, "change.snap.cross_promotion"]
    assert any(h.reason == "not_asked" for h in held)
    with pytest.raises(InputError, match="no figure begins with 'plaform'"):
        parameters_of(comparison(), ["plaform"])
    with pytest.raises(InputError, match="no figure is left"):
        parameters_of(comparison(), ["platform.twitter"])


def test_every_shipped_range_is_allowed() -> None:
    """Both ends of every range, one by one, where the scenario does not tie figures together."""
    base = load_comparison(["comparison=young_workshop"]).baseline
    spans = [(p, f) for p, f in base.figures() if f.low is not None and f.high is not None]
    free = [(p, f) for p, f in spans if not p.startswith("behaviour.expressiveness_share")]
    assert len(free) > 200
    for end in ("low", "high"):
        with_values(base, {p: getattr(f, end) for p, f in free})


def test_a_figure_that_is_called_unused_changes_nothing() -> None:
    """The memory of runs rests on it: Snapchat's card in a scenario without Snapchat."""
    asked = comparison()
    paths = {
        s.name: tuple(p for p, f in s.figures() if p in (DISCOVERY, VISIBILITY)) for s in asked.scenarios
    }
    bench = Bench(asked, paths, 1)
    low, high, other = (
        bench.run(Job("baseline", tuple({DISCOVERY: d, VISIBILITY: v}[p] for p in paths["baseline"])))
        for d, v in ((0.05, 0.15), (0.9, 0.15), (0.05, 0.6))
    )
    assert low == high
    assert low != other  # negative control


# --- the same runs, never twice ------------------------------------------------------------------------


class Counted:
    """Stands for a bench: value = sum of the job's numbers, and a note of every run."""

    def __init__(self) -> None:
        self.relevant = {"baseline": ("a",), "other": ("a", "b")}
        self.scenarios = dict.fromkeys(self.relevant)
        self.runs: list[Job] = []

    def run(self, job: Job) -> float:
        self.runs.append(job)
        return sum(job.values)


def test_a_scenario_is_run_once_for_each_setting_of_its_own_figures(tmp_path: Path) -> None:
    bench, told = Counted(), []
    evaluate = Evaluator(bench, ["a", "b"], lambda jobs: map(bench.run, jobs), None, told.append)  # type: ignore[arg-type]
    values = evaluate("stage", np.array([[1.0, 2.0], [1.0, 5.0], [1.0, 2.0]]))
    assert values.tolist() == [[1, 3], [1, 6], [1, 3]]
    assert len(bench.runs) == 3
    assert told[-1] == 6


def test_an_interrupted_analysis_goes_on(tmp_path: Path) -> None:
    settings = np.arange(6.0 * CHUNK).reshape(-1, 2)
    bench = Counted()

    def dying(jobs: Any) -> Any:
        for job in jobs:
            if len(bench.runs) == 2 * CHUNK + 1:
                raise KeyboardInterrupt
            yield bench.run(job)

    saved = Checkpoint(tmp_path, "0" * 64, stamp="x")
    with pytest.raises(KeyboardInterrupt):
        Evaluator(bench, ["a", "b"], dying, saved)("stage", settings)  # type: ignore[arg-type]
    again = Counted()
    values = Evaluator(again, ["a", "b"], lambda jobs: map(again.run, jobs), saved)("stage", settings)  # type: ignore[arg-type]
    assert len(again.runs) == 6 * CHUNK - 2 * CHUNK  # two chunks were kept
    assert np.array_equal(values, np.column_stack([settings[:, 0], settings.sum(axis=1)]))


def _means(n: int) -> Means:
    return Means(Engine(kind="processes"), n, "numpy")


def test_processes_give_the_same_numbers() -> None:
    asked = comparison()
    _, _, relevant = parameters_of(asked, ["platform.snapchat"])
    bench = Bench(asked, relevant, 1, build_city(asked.baseline, 1))
    jobs = [Job("snapchat", (0.1,)), Job("snapchat", (0.8,)), Job("baseline", ())]
    with runner(bench, _means(1)) as here, runner(bench, _means(2)) as there:
        assert list(here(jobs)) == list(there(jobs))


# --- the ranking ---------------------------------------------------------------------------------------


def test_the_order_is_kept_where_clear_pairs_keep_their_sign() -> None:
    stated = np.array([1.0, 1.5, 1.501])
    draws = np.array([[1.0, 1.2, 1.1], [1.0, 0.9, 1.2], [1.0, 1.0, 1.2]])
    assert keeps_order(draws, stated, 0.01).tolist() == [True, False, False]
    assert keeps_order(draws, stated, 1.0).all()  # no pair is clear


def test_shares_of_a_ranking_sum_to_one() -> None:
    design = sobol_design(NAMES, ["a"], 64, 1)
    values = np.column_stack([np.ones(len(design)), design[:, 0] + 0.5, np.ones(len(design))])
    found = rank(["base", "x", "y"], np.array([1.0, 1.4, 1.0]), values, 1.0, np.full(len(values), 0.05), 0.05,
                 NAMES, ["a"], design)  # fmt: skip
    shares = found.shares.set_index("scenario")
    assert shares["share_first"].sum() == pytest.approx(1)
    assert shares.loc["x", "share_first"] == pytest.approx(0.5, abs=0.05)
    assert shares.loc["base", "share_first"] == pytest.approx(0.25, abs=0.05)  # ties are divided
    others = shares.loc[["x", "y"], ["share_better", "share_no_difference", "share_worse"]]
    assert np.allclose(others.sum(axis=1), 1)
    assert shares.loc["y", "share_no_difference"] == 1
    assert shares.loc["x", "share_better"] == pytest.approx(0.45, abs=0.05)
    assert found.holds == pytest.approx(0.5, abs=0.05)


def test_less_may_be_better() -> None:
    design = sobol_design(NAMES, ["a"], 8, 1)
    values = np.column_stack([np.ones(len(design)), np.full(len(design), 0.5)])
    halves = np.full(len(values), 0.05)
    found = rank(["base", "x"], values[0], values, -1.0, halves, 0.05, NAMES, ["a"], design)
    assert found.first == "x"
    assert found.shares["share_better"].iloc[1] == 1
    assert found.holds == 1


def test_what_turns_the_ranking_over_alone_and_where() -> None:
    """Held while a > .25: P(flip) = 2 x .25 x .75, and it is lost where a is low; b does nothing."""
    design = sobol_design(NAMES, ["a", "b"], 512, 1)
    table = flips_by_group(design[:, 0] > 0.25, NAMES, ["a", "b"], design).set_index("group")
    assert table.loc["a", "share"] == pytest.approx(0.375, abs=0.03)
    assert (table.loc["a", "direction"], table.loc["b", "share"], table.loc[REST, "share"]) == ("low", 0, 0)
    assert table.index[0] == "a"
    high = flips_by_group(design[:, 0] < 0.8, NAMES, ["a", "b"], design).set_index("group")
    assert high.loc["a", "direction"] == "high"


# --- the whole analysis on a toy -----------------------------------------------------------------------


def test_the_analysis_finds_the_figures_of_a_linear_law() -> None:
    found = analyse(
        two(), Settings(trajectories=4, top=2, samples=64), toy(lambda x: x @ COEFFICIENTS), parameters()
    )
    assert found.top == ("a", "b")
    table = found.morris.set_index("path")
    assert np.allclose(table.loc[NAMES, "mu_star"], np.abs(COEFFICIENTS))
    assert table.loc[NAMES, "rank"].tolist() == [1, 2, 3, 4]
    assert list(found.designs["stage"].value_counts()[["stated", "morris", "sobol"]]) == [1, 20, 64 * 5]
    assert planned(two(), Settings(trajectories=4, top=2, samples=64), NAMES) == 2 * len(found.designs)
    assert found.ranking.flips["group"].iloc[0] == "a"


def test_one_figure_alone() -> None:
    found = analyse(two(), SMALL, toy(lambda x: x[:, 0]), parameters(1))
    assert found.top == ("a",)
    assert list(found.sobol["group"]) == ["a"]


@pytest.mark.parametrize(
    ("lang", "effects", "told"),
    [
        ("fr", lambda x: x[:, 0] - 0.1, "Le classement tient dans 88\u202f% des 64 réglages plausibles"),
        ("fr", lambda x: x[:, 0] - 0.1, "; ce qui le renverse\u202f: a (s’il est bas)."),
        ("en", lambda x: x[:, 0] - 0.1, "The ranking holds in 88% of the 64 plausible settings tried (“Oth"),
        ("en", lambda x: x[:, 0] - 0.1, "; what turns it over: a (if low)."),
        ("en", lambda x: 0.9 - x[:, 0], "what turns it over: a (if high)."),
        ("fr", lambda x: x[:, 0] + 1, "plus de 99\u202f% des 64 réglages"),
        ("en", lambda x: x[:, 0] + 1, "no figure turns it over."),
        ("fr", lambda x: 0.001 * x[:, 0], "aucun scénario ne se détache"),
        ("en", lambda x: 0.001 * x[:, 0], "is still so in over 99% of the 64 plausible"),
        ("en", lambda x: 0.001 * x[:, 0], "; no figure changes that."),
        ("fr", lambda x: 0.037 * x[:, 0], "; ce qui en détache un\u202f: a (s’il est élevé)."),
    ],
)  # fmt: skip
def test_the_sentence(lang: str, effects: Callable[[F64], F64], told: str) -> None:
    found = analyse(two(), Settings(top=1, samples=16), toy(effects), parameters())
    assert told in sentence(two(), found, lang)


def test_signs_tell_one_way_effects_from_the_others() -> None:
    assert [sign(1.0, 1.0), sign(-1.0, 1.1), sign(0.2, 1.0), sign(0.0, 0.0)] == ["+", "−", "±", ""]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_page_is_whole_and_loads_nothing(lang: str) -> None:
    found = analyse(two(), Settings(top=2, samples=8), toy(lambda x: x @ COEFFICIENTS), parameters())
    page = render(two(), SMALL, found, {"code": "0" * 64}, lang)
    assert page.count("<svg") >= 4
    assert f'<html lang="{lang}">' in page
    assert sentence(two(), found, lang) in page
    assert not any(word in page for word in ("http://", "https://", "<script", "None", ">nan", ": nan"))
    assert page == render(two(), SMALL, found, {"code": "0" * 64}, lang)


# --- real runs -----------------------------------------------------------------------------------------


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name != "manifest.json"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> sensitivity.Sensitivity:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        return run_sensitivity(comparison(tmp_path_factory.mktemp("done")), SMALL)


def test_a_finished_analysis_is_complete_and_reused(
    done: sensitivity.Sensitivity, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = store.find_finished(done.folder)
    assert manifest is not None
    assert manifest["top"] == list(done.analysis.top)
    assert {"designs.parquet", "morris.csv", "sobol.csv", "held.csv", "sensitivity.html"} <= set(
        manifest["files"]
    )
    assert not list(done.folder.parent.glob(".*"))
    monkeypatch.setattr(Bench, "run", None)
    again = run_sensitivity(comparison(done.folder.parent), SMALL)
    assert (again.reused, again.sentence, again.folder) == (True, done.sentence, done.folder)


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(done: sensitivity.Sensitivity, tmp_path: Path) -> None:
    other = run_sensitivity(comparison(tmp_path), SMALL)
    assert other.folder.name == done.folder.name
    assert _bytes(other.folder) == _bytes(done.folder)


def test_the_other_language_runs_nothing_again(
    done: sensitivity.Sensitivity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bench, "run", None)
    other = run_sensitivity(comparison(done.folder.parent, lang="en"), SMALL)
    assert other.folder != done.folder
    assert other.sentence != done.sentence
    assert (other.folder / "morris.csv").read_bytes() == (done.folder / "morris.csv").read_bytes()


def test_differences_are_those_of_the_designs(done: sensitivity.Sensitivity) -> None:
    """The stated setting read again from a run of the whole machinery, and only what is used moves."""
    designs = pd.read_parquet(done.folder / "designs.parquet")
    asked = comparison()
    bench = Bench(asked, {s.name: () for s in asked.scenarios}, 1)
    stated = designs[designs["stage"] == "stated"].iloc[0]
    assert [stated[f"scenario:{s.name}"] for s in asked.scenarios] == [
        bench.run(Job(s.name, ())) for s in asked.scenarios
    ]
    unmoved = done.analysis.morris.set_index(["path", "alternative"])["mu_star"]
    assert unmoved[DISCOVERY, "later"] == 0
    assert done.analysis.ranking.shares["share_first"].sum() == pytest.approx(1)


def test_the_report_names_what_the_sensitivity_found(done: sensitivity.Sensitivity, tmp_path: Path) -> None:
    found = comparison(done.folder.parent)
    shown = examined_of(found)
    assert shown is not None
    assert shown.analysis.top == done.analysis.top
    used = figures_used(found, shown)
    moving = used[used["drives"]].sort_values("rank")
    effect = done.analysis.morris.groupby("path")["mu_star"].max()
    assert list(moving["path"])[: len(shown.analysis.top)] == list(shown.analysis.top)
    assert effect[moving["path"]].is_monotonic_decreasing
    assert (effect[moving["path"]] > 0).all()
    thin = tuple(s.model_copy(update={"sampling": 0.9}) for s in found.scenarios)
    assert examined.find(Comparison("tiny", found.label, thin, found.options)) == done.folder
    longer = tuple(s.model_copy(update={"horizon_weeks": 2}) for s in found.scenarios)
    assert examined.find(Comparison("tiny", found.label, longer, found.options)) is None
    without = figures_used(comparison(tmp_path))
    assert set(without.loc[without["drives"], "path"]) > {DISCOVERY, "change.snap.cross_promotion"}


def test_a_large_city_is_thinned_unless_told() -> None:
    tree = small_tree(40_000)
    base = Scenario.from_dict({**tree, "name": "baseline"})
    asked = Comparison("x", {"fr": "x", "en": "x"}, (base,), Options())
    assert thinned(asked, []).baseline.sampling == 0.125
    assert thinned(asked, ["sampling=1.0"]) is asked
    assert thinned(two(), []).baseline.sampling == 1.0


def test_settings_are_taken_from_the_command_line() -> None:
    settings, rest = split_settings(
        ["comparison=x", "top=3", "only=platform.snapchat,change", "replicates=2", "seed=4"]
    )
    assert (settings.top, settings.only, settings.replicates) == (3, ("platform.snapchat", "change"), 2)
    assert rest == ["comparison=x", "seed=4"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["samples=12"], "12 is not a power of two; take 8"),
        (["trajectories=1"], "greater than or equal to 2"),
        (["top=many"], "'many' is not allowed"),
        (["only=plaform.snapchat"], "no figure begins with 'plaform.snapchat'"),
        (["decision.kpi=impressions"], ""),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    words: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if not told:
        kpi = next(k for k, d in sensitivity.DIRECTIONS.items() if d == "neutral")
        words, told = [f"decision.kpi={kpi}"], "is neither good nor bad by itself"
    assert main(["sensitivity", "comparison=young_workshop", "sampling=0.05", *words]) == 2
    assert told in capsys.readouterr().err
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.mark.slow
def test_the_workshop_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "comparison=young_workshop",
        "sampling=0.02",
        "horizon_weeks=1",
        "trajectories=2",
        "samples=2",
        "top=2",
    ]
    words += ["only=platform.snapchat.audience.discovery_per_month,behaviour.appeal.reach_sd", "lang=en"]
    assert main(["sensitivity", *words, "engine=serial", f"results_dir={tmp_path}"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert "plausible settings" in lines[-2]
    assert lines[-1].startswith("Report: ")
    assert lines[-1].endswith("sensitivity.html")
    folder = next(tmp_path.glob("sensitivity-young_workshop-*"))
    config = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["config"]
    assert config["settings"]["only"] == [DISCOVERY, "behaviour.appeal.reach_sd"]
    held = pd.read_csv(folder / "held.csv")
    assert {"together", "unused", "range", "table", "not_asked"} == set(held["reason"])


# --- tables, cities, sections --------------------------------------------------------------------------


def test_a_table_is_moved_by_one_factor() -> None:
    base = comparison().baseline
    moved = with_values(base, {USE: 1.2, REACH: 0.5})
    card, before = moved.platform["facebook"], base.platform["facebook"]
    year = base.city.year
    assert card.reach.share.at(year) == 0.5 * before.reach.share.at(year)
    assert np.allclose(card.use.at(year), np.minimum(1.2 * np.array(before.use.at(year)), 100))
    assert card.use.at(year) != before.use.at(year)
    assert moved.platform["twitter"] == base.platform["twitter"]


def test_shares_of_a_band_stop_at_all_of_it() -> None:
    table = YearBandFigure.model_validate({"values": {2019: {"15-29": 90, "75+": 10}}})
    assert table.times(1.2) == {2019: {"15-29": 100.0, "75+": 12.0}}


def test_the_range_of_a_table_may_differ_by_year() -> None:
    spread = Spread.model_validate({"low": {2013: 0.4, 2019: 0.6}, "high": 3.0})
    assert spread.at(2016) == pytest.approx((0.5, 3.0))
    assert spread.at(2010) == (0.4, 3.0)
    assert YearFigure.model_validate({"values": {2013: 1.0}}).spread is None


@pytest.mark.parametrize("ends", [(0.0, 2.0), (1.2, 2.0), (0.5, 0.9), ({}, 2.0)])
def test_a_range_of_a_table_holds_the_table(ends: tuple[Any, float]) -> None:
    with pytest.raises(ValueError, match=r"low must|high must|at least one year"):
        Spread.model_validate({"low": ends[0], "high": ends[1]})


def test_the_city_is_rebuilt_where_it_depends_on_the_figures() -> None:
    """The same number as a bench whose city was built from the moved cards; unmoved it is the stated city."""
    asked = comparison()
    _, _, relevant = parameters_of(asked, [USE, VISIBILITY])
    assert all(paths[:1] == (USE,) for paths in relevant.values())  # one city for all scenarios
    bench = Bench(asked, relevant, 1)
    stated, moved = bench.run(Job("baseline", (1.0, 0.15))), bench.run(Job("baseline", (0.3, 0.15)))
    scenarios = tuple(with_values(s, {USE: 0.3}) for s in asked.scenarios)
    other = Comparison("tiny", asked.label, scenarios, asked.options)
    none = {s.name: () for s in scenarios}
    assert Bench(other, none, 1).run(Job("baseline", ())) == moved
    assert Bench(asked, none, 1).run(Job("baseline", ())) == stated
    assert moved != stated


def test_group_effects_on_a_linear_law() -> None:
    """Groups {a, b} and {c, d} of 3 a + 2 b + c / 2: a step moves each member of its group up or down."""
    groups = ["x", "x", "y", "y"]
    design = morris_design(NAMES, 40, 1, groups)
    assert len(design) == 40 * 3
    table = group_effects(NAMES, groups, design, design @ np.abs(COEFFICIENTS), 1).set_index("group")
    assert 1 <= table.loc["x", "mu_star"] <= 5
    assert table.loc["y", "mu_star"] == pytest.approx(0.5)


def test_sections_are_tried_first_where_there_are_many_figures() -> None:
    paths = [
        f"platform.{p}.{part}.x{i}" for p in ("a", "b") for part in ("reach", "audience") for i in (1, 2)
    ]
    figures = tuple(Parameter(path, 0.5, 0.0, 1.0) for path in paths)
    settings = Settings(screen=2, top=2, samples=4)
    found = analyse(two(), settings, toy(lambda x: 3 * x[:, 2] + 0.1 * x[:, 0]), figures)
    assert set(found.sections["group"]) == {"platform.a.feed", "platform.a.audience", "platform.b.feed",
                                            "platform.b.audience"}  # fmt: skip
    assert set(found.sections.loc[found.sections["kept"], "group"]) == {"platform.a.audience"}
    assert set(found.morris["path"]) == {"platform.a.audience.x1", "platform.a.audience.x2"}
    assert found.top[0] == "platform.a.audience.x1"
    unmoved = found.designs.loc[found.designs["stage"] == "morris", paths[4]]
    assert (unmoved == 0.5).all()
    assert found.designs.loc[found.designs["stage"] == "sobol", paths[4]].nunique() > 1
    assert len(found.designs) * 2 <= planned(two(), settings, paths)
    page = render(two(), settings, found, {"code": "0" * 64}, "en")
    assert "The sections tried as a whole" in page
    assert analyse(two(), Settings(screen=8), toy(lambda x: x[:, 2]), figures).sections.empty


def test_sections_of_paths() -> None:
    told = {
        "platform.facebook.use": "platform.facebook.presence",
        "platform.facebook.display.life_h": "platform.facebook.feed",
        "platform.facebook.formats.photo.like": "platform.facebook.reactions",
        "behaviour.memory.fatigue_elasticity": "behaviour.memory",
        "behaviour.interest_sd": "behaviour.people",
        "city.accounts.facebook.followers": "city.accounts",
        "city.in_city_ties": "city",
        "change.snap.cross_promotion": "change",
    }
    assert {path: section_of(path) for path in told} == told
    assert sections_of(list(told), 8) == {}
    assert sections_of(list(told), 7) == dict.fromkeys(told.values(), 1)


# --- in the report of the comparison -------------------------------------------------------------------


def test_what_was_written_is_read_back(done: sensitivity.Sensitivity) -> None:
    found = examined.read(done.folder)
    assert found.settings == SMALL
    before, after = examined.tables_of(done.analysis), examined.tables_of(found.analysis)
    for name in examined.TABLES:
        pd.testing.assert_frame_equal(before[name], after[name], check_dtype=False)
    assert examined.scalars_of(found.analysis.ranking) == examined.scalars_of(done.analysis.ranking)
    assert sentence(comparison(), found.analysis, "en") == sentence(comparison(), done.analysis, "en")


@pytest.mark.slow
def test_compare_then_sensitivity_then_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says how to examine it; once examined it shows what was found, and nothing is run again."""
    asked = comparison(tmp_path, lang="en", replicates=2)
    first = run_study(asked)
    page, kpis = first.report.read_text(encoding="utf-8"), (first.folder / "kpis.parquet").read_bytes()
    assert "Not examined yet" in page
    assert "city-audience sensitivity" in page
    french = run_study(comparison(tmp_path, lang="fr", replicates=2))
    found = run_sensitivity(comparison(tmp_path, lang="en"), SMALL)
    assert set(found.shown_in) == {first.report, french.report}
    page = first.report.read_text(encoding="utf-8")
    assert "Not examined yet" not in page
    assert found.sentence in page
    assert f"../{found.folder.name}/sensitivity.html" in page
    assert "Ce résultat tient-il" in french.report.read_text(encoding="utf-8")
    assert (first.folder / "kpis.parquet").read_bytes() == kpis
    monkeypatch.setattr("sim.study.Bench.run", None)
    again = run_study(asked)
    assert again.reused
    assert again.report.read_text(encoding="utf-8") == page
    for file in found.folder.iterdir():
        file.unlink()
    found.folder.rmdir()
    assert "Not examined yet" in run_study(asked).report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_comparison_run_afterwards_shows_it_at_once(tmp_path: Path) -> None:
    found = run_sensitivity(comparison(tmp_path, lang="en"), SMALL)
    assert found.shown_in == ()
    study = run_study(comparison(tmp_path, lang="en", replicates=2))
    assert found.sentence in study.report.read_text(encoding="utf-8")
    other = run_study(comparison(tmp_path, lang="en", replicates=2, decision={"kpi": "reach"}))
    assert found.sentence not in other.report.read_text(encoding="utf-8")
