"""Model against data: the facts are well stated, measured as their authors did, and judged by the rule."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inputs import small_scenario

from sim import cli
from sim.city import build_city
from sim.facts import Fact, laid_over, read_facts, read_situations
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.observed import COMMENT, LIKE, SHARE, Observation, WatchedKernel, observe
from sim.report.validation import render, rows
from sim.stylised import (
    STATISTICS,
    delay_median,
    delays,
    evening_gain,
    hour_effects,
    hour_variance,
    pareto_exponent,
    reacting_followers,
    top_tenth,
)
from sim.tally import MEASURES
from sim.validate import (
    SAME_CITY,
    Judged,
    Validation,
    asked,
    check,
    judge,
    mean_and_error,
    scenario_of,
    table,
    write,
)

TABLE = {
    "reach", "spread of reach", "spread of interactions", "mix", "engaged and impressions", "evening",
    "variance of the hour", "delay", "spread of the delay", "depth", "reacting followers", "growth",
    "new Snapchat account", "same age", "scale",
}  # fmt: skip
FACTS = read_facts()


# --- facts and situations as data ---------------------------------------------------------------------


def test_every_row_of_the_table_has_a_fact() -> None:
    assert {fact.row for fact in FACTS} == TABLE
    judged = [fact for fact in FACTS if fact.use != "told"]
    assert {fact.use for fact in judged} == {"fitted", "check"}
    assert sum(fact.use == "check" for fact in judged) >= 0.3 * len(judged)
    for fact in FACTS:
        assert (fact.use == "fitted") == bool(fact.set_by), fact.id


@pytest.mark.parametrize("reduced", [False, True])
def test_every_fact_names_what_exists(reduced: bool) -> None:
    check(FACTS, read_situations(reduced))


def test_a_fact_on_nothing_is_told_by_name() -> None:
    lost = FACTS[0].model_copy(update={"situation": "page-2012", "statistic": "reach_by_folower"})
    with pytest.raises(InputError, match=r"(?s)did you mean .page.*reach_by_follower"):
        check([lost], read_situations())


@pytest.mark.parametrize("name", list(read_situations()))
def test_every_situation_is_a_scenario_about_its_account(name: str) -> None:
    full, reduced = (scenario_of(read_situations(r)[name], name) for r in (False, True))
    about = read_situations()[name].about
    opened = [getattr(change, "platform", None) for change in full.change.values()]
    assert about in [*full.city.accounts, *opened]
    assert set(reduced.city.accounts) == set(full.city.accounts)
    assert reduced.horizon_weeks * reduced.sampling <= full.horizon_weeks * full.sampling


def test_defaults_are_not_bent_by_a_municipal_situation() -> None:
    """Only the brand may state laws of its own: a municipal page is measured with the shipped ones."""
    for name, situation in read_situations().items():
        assert ("platform" in situation.set or "behaviour" in situation.set) == (name == "brand-2014")


def test_a_figure_is_laid_over_as_a_whole() -> None:
    below = {"a": {"value": 1, "low": 0, "high": 2}, "b": {"c": 1, "d": 2}, "e": [1]}
    assert laid_over(below, {"a": {"value": 5}, "b": {"c": 3}, "e": [2]}) == {
        "a": {"value": 5}, "b": {"c": 3, "d": 2}, "e": [2],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"low": 2.0, "high": 1.0}, "low 2 is above high 1"),
        ({"low": None, "high": None}, "say low, high or both"),
        ({"statistc": "x"}, "did you mean 'statistic'"),
        ({"use": "told", "low": None, "high": None, "set_by": ""}, "against"),
    ],
)
def test_a_fact_that_says_nothing_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        Fact.model_validate({**FACTS[0].model_dump(), **change})


# --- watching ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def watched() -> tuple[WatchedKernel, Kernel]:
    scenario = small_scenario(3000)
    city = build_city(scenario, 1, cache_dir=None)
    laws = build_laws(scenario, city, 1)
    kernels = WatchedKernel(laws, city, 1, 0), Kernel(laws, city, 1, 0)
    for kernel in kernels:
        kernel.run()
    return kernels


def test_watching_changes_nothing(watched: tuple[WatchedKernel, Kernel]) -> None:
    seen, plain = watched
    assert seen.tally.same_as(plain.tally) == []
    assert plain.tally.posts[:, MEASURES.index("reach")].sum() > 100


def test_every_reaction_is_seen_once_and_in_time(watched: tuple[WatchedKernel, Kernel]) -> None:
    kernel, _ = watched
    post, who, t, depth, done = kernel.events()
    for bit, action in ((LIKE, "like"), (COMMENT, "comment"), (SHARE, "share")):
        counted = np.bincount(post[done & bit > 0], minlength=len(kernel.laws.schedule))
        np.testing.assert_array_equal(counted, kernel.tally.posts[:, MEASURES.index(action)])
    assert (t > kernel.laws.schedule.t_min[post]).all()
    assert (t <= kernel.laws.expiry[post]).all()
    assert (depth >= 0).all()
    engaged = {(p, w) for p, w, d in zip(post.tolist(), who.tolist(), done.tolist(), strict=True) if d & 15}
    assert len(engaged) == kernel.engaged.sum()


def test_the_instant_is_that_of_a_session(watched: tuple[WatchedKernel, Kernel]) -> None:
    """The instants fall in the hours in which the kernel counted them (first displays by hour of the day)."""
    kernel, _ = watched
    _, _, t, _, done = kernel.events()
    assert len(t) > 30
    clicks_by_hour = np.bincount((t[done & 1 > 0] // 60 % 24).astype(int), minlength=24)
    shown = kernel.tally.hourly[:, :, 0].sum(axis=0)
    assert (clicks_by_hour <= shown).all()


# --- statistics on made-up observations -----------------------------------------------------------------


def page(interactions: Any, hour: Any = 10, **other: Any) -> Observation:
    """An observation of posts with these interactions, everything else plain."""
    n = len(interactions)
    likes = np.asarray(interactions, dtype=np.int64)
    zero, none = np.zeros(n, dtype=np.int64), np.empty(0, np.int64)
    plain = Observation(
        hour=np.broadcast_to(np.asarray(hour, dtype=np.int64), n).copy(), weekday=zero, audience=zero + 1000,
        reach=zero + 100, impressions=zero + 176, likes=likes, comments=zero, shares=zero, engaged=zero + 12,
        friend_reach=zero, quality=np.zeros((n, 2)), post=none, delay_min=np.empty(0),
        done=np.empty(0, np.uint8), by=none, at_min=np.empty(0), follows=np.empty(0, bool),
        other_quality=np.empty((0, n, 2)),
        share_depth=np.array([0, 95, 5]), followers=np.array([1000, 1010, 1020, 1030, 1040]),
        inhabitants=5000, city=None, platform=0,  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(plain, **other)


def test_ratios_by_hand() -> None:
    o = page([10, 20, 30])
    assert STATISTICS["reach_by_follower"](o) == pytest.approx(0.1)
    assert STATISTICS["impressions_by_reach"](o) == pytest.approx(1.76)
    assert STATISTICS["engaged_by_reach"](o) == pytest.approx(0.12)
    assert STATISTICS["depth_one"](o) == pytest.approx(0.95)
    assert STATISTICS["likes_share"](o) == 1.0
    assert STATISTICS["monthly_growth"](o) == pytest.approx(100 * (1.04 ** (365.25 / 12 / 28) - 1))
    assert STATISTICS["followers_by_inhabitant"](o) == pytest.approx(20.8)


def test_the_best_tenth_and_the_tail_of_known_laws() -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    assert top_tenth(page(np.full(1000, 7))) == pytest.approx(0.1)
    # A Pareto law of density exponent 2.25 above 44, everything below it equal.
    tail = 44 * (1 - u) ** (-1 / 1.25)
    mixed = np.concatenate([np.full(46_666, 10), np.round(100 * tail)])
    assert pareto_exponent(page(mixed)) == pytest.approx(2.25, abs=0.03)


def test_the_reading_of_the_tail_meets_the_data_s_own_law() -> None:
    """A log-normal of median 24 and sd 1.25, as in the data, reads 2.25 above its 70 % quantile."""
    from scipy.special import ndtri

    u = (np.arange(50_000) + 0.5) / 50_000
    drawn = np.round(24_000 * np.exp(1.25 * ndtri(u)))
    assert pareto_exponent(page(drawn)) == pytest.approx(2.25, abs=0.05)


def planted(effect: float, noise: float = 0.0) -> Observation:
    """Posts in every block of hours, those of 18-24 h times exp(effect); quality explains the rest."""
    hour = np.tile([3, 7, 10, 13, 16, 19, 22], 400)
    generator = np.random.default_rng(1)
    quality = generator.normal(0, 1, (len(hour), 2))
    y = 6 + quality @ [0.5, 0.8] + effect * (hour >= 18) + generator.normal(0, noise, len(hour))
    return page(np.round(np.expm1(np.maximum(y, 0))), hour, quality=quality)


def test_a_planted_effect_of_the_hour_is_found() -> None:
    o = planted(np.log(1.4), noise=0.2)
    assert evening_gain(o) == pytest.approx(1.4, abs=0.03)
    effect, total = hour_effects(o)
    assert np.ptp(effect[:5]) < 0.05
    share = (0.13 + 0.05) / 1.01
    assert hour_variance(o) == pytest.approx(share * (1 - share) * np.log(1.4) ** 2 / total, rel=0.15)


def test_no_effect_of_the_hour_is_not_found() -> None:
    """Negative control."""
    o = planted(0.0, noise=0.2)
    assert evening_gain(o) == pytest.approx(1.0, abs=0.03)
    assert hour_variance(o) < 0.001


def test_delays_are_cut_at_a_day_and_may_be_of_some_hours() -> None:
    other = {
        "post": np.array([0, 0, 1, 1]), "delay_min": np.array([30.0, 2000.0, 90.0, 10.0]),
        "done": np.array([LIKE, LIKE, COMMENT, 1], dtype=np.uint8), "by": np.array([1, 2, 3, 4]),
        "at_min": np.zeros(4), "follows": np.array([True, True, False, True]),
    }  # fmt: skip
    o = page([2, 1], np.array([10, 19]), **other)
    assert delays(o).tolist() == [30.0, 90.0]
    assert delays(o, hours=(17, 21)).tolist() == [90.0]
    assert delay_median(o) == 60.0
    assert reacting_followers(o) == pytest.approx(2 / 1000)


# --- judging --------------------------------------------------------------------------------------------


def fact(**other: Any) -> Fact:
    return FACTS[0].model_copy(update={"low": 1.0, "high": 2.0, **other})


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([1.4, 1.5, 1.6], "PASS"),
        ([1.0, 1.0, 1.0], "PASS"),
        ([2.1, 2.2, 2.3], "FAIL"),
        ([0.0, 3.0, 1.5], "FAIL"),  # inside, but known to no better than half of the band
        ([1.5, float("nan"), 1.5], "FAIL"),
    ],
)
def test_the_verdict_is_on_the_mean_and_the_error_does_not_widen_the_band(
    values: list[float], verdict: str
) -> None:
    f = fact()
    assert judge(f, {f.situation: {f.statistic: tuple(values)}}).verdict == verdict


def test_an_edge_within_two_errors_is_marked() -> None:
    assert Judged(fact(), 1.02, 0.02, (1.0, 1.04)).near_edge
    assert not Judged(fact(), 1.5, 0.02, (1.48, 1.52)).near_edge


def test_two_scales_are_compared_in_standard_errors() -> None:
    f = fact(situation="small", against="large", low=-3.0, high=3.0)
    runs = {"small": {f.statistic: (1.0, 1.2, 1.1)}, "large": {f.statistic: (1.1, 1.15, 1.05)}}
    assert judge(f, runs).verdict == "PASS"
    runs["small"][f.statistic] = (1.6, 1.62, 1.61)
    assert judge(f, runs).verdict == "FAIL"


def test_mean_and_error_by_hand() -> None:
    assert mean_and_error([1.0, 2.0, 3.0]) == (2.0, pytest.approx(1 / np.sqrt(3)))


# --- the command ----------------------------------------------------------------------------------------


def finished(passing: bool) -> Validation:
    values = (1.5, 1.55, 1.45) if passing else (2.5, 2.55, 2.45)
    first, second = fact(), fact(id="other", statistic="depth_one")
    told = fact(id="told", use="told", against="page-2019", low=None, high=None)
    measured = {
        first.situation: {first.statistic: values, "depth_one": (1.5, 1.5, 1.6)},
        "page-2019": {first.statistic: (1.0, 1.0)},
    }
    judged = tuple(judge(f, measured) for f in (first, second))
    return Validation(judged, (told,), read_situations(), measured, seed=1, reduced=True)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_page_is_whole_and_loads_nothing(lang: str) -> None:
    page_ = render(finished(False), lang)
    assert page_ == render(finished(False), lang)
    assert page_.count('<svg class="fact"') == 2
    assert page_.count('class="fails"') == page_.count('class="passes"') == 1
    assert not re.search(r"https?://|<script|<link|@import|src=", page_)
    assert "{" not in re.sub(r"<style>.*?</style>", "", page_, flags=re.DOTALL)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_rows_end_in_one_of_two_words(lang: str) -> None:
    assert [row.verdict for row in rows(finished(False), lang)] == ["FAIL", "PASS"]


@pytest.mark.parametrize(("passing", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_whether_a_fact_fails(
    passing: bool,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("sim.validate.validate", lambda *_, **__: finished(passing))
    assert cli.main(["validate", "lang=en", f"results_dir={tmp_path}"]) == code
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    words = [line.split()[-1] for line in lines if "page-2013" in line]
    assert words == ["PASS" if passing else "FAIL", "PASS"]
    assert (tmp_path / "validation" / "validation.html").is_file()
    assert (tmp_path / "validation" / "validation.csv").is_file()


def test_the_table_has_a_row_for_each_judged_fact(tmp_path: Path) -> None:
    assert table(finished(True))["verdict"].tolist() == ["PASS", "PASS"]
    assert write(finished(True), asked([f"results_dir={tmp_path}"])).parent.name == "validation"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reduce=true", "did you mean 'reduced'"),
        ("reduced=perhaps", "true, false"),
        ("seed=x", "whole number"),
    ],
)
def test_a_wrong_option_is_told(text: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", text]) == 2
    assert told in capsys.readouterr().err


# --- direction: the defaults are laws, not results --------------------------------------------------------


def seen(name: str, **changed: Any) -> Observation:
    """One thinned run of a situation with something else put in its place."""
    situation = read_situations(reduced=True)[name]
    placed = laid_over({"horizon_weeks": 6, "sampling": 0.05}, changed)
    scenario = scenario_of(situation.model_copy(update={"set": laid_over(situation.set, placed)}), name)
    city = build_city(scenario, 1, cache_dir=None)
    return observe(build_laws(scenario, city, 1), city, 1, 0, situation.about)


GIVEN = {"unit": "", "source": "given", "tag": "given"}


@pytest.mark.slow
def test_a_thinned_city_keeps_its_ratios_and_not_its_cascades() -> None:
    """A fifth and a fiftieth of the residents; errors from four draws each. Negative control: cascades."""
    names = ("reach_by_follower", "impressions_by_reach", "likes_share", "evening_within_1_h", "cascade_size")
    found = []
    for share in (0.2, 0.02):
        situation = read_situations(reduced=True)["page-2019"]
        placed = {"horizon_weeks": 6, "sampling": share}
        scenario = scenario_of(situation.model_copy(update={"set": laid_over(situation.set, placed)}), "x")
        city = build_city(scenario, 1, cache_dir=None)
        laws = build_laws(scenario, city, 1)
        runs = [observe(laws, city, 1, r, "facebook") for r in range(4)]
        found.append({name: mean_and_error([STATISTICS[name](o) for o in runs]) for name in names})
    gap = {}
    for name in names:
        (large, e1), (small, e2) = found[0][name], found[1][name]
        gap[name] = abs(large - small) / np.sqrt(e1**2 + e2**2 + (SAME_CITY * large) ** 2)
    assert max(gap[name] for name in names[:-1]) < 4
    assert found[0]["cascade_size"][0] > 3 * found[1]["cascade_size"][0]


def fans(n: float) -> dict[str, Any]:
    return {"accounts": {"facebook": {"followers": {"value": n, **GIVEN}}}}


def test_a_bigger_page_reaches_a_smaller_share_of_its_followers() -> None:
    sizes = (5_000, 30_000, 60_000)
    share = [STATISTICS["reach_by_follower"](seen("page-2019", city=fans(n))) for n in sizes]
    assert share[0] > share[1] > share[2]


def test_a_later_year_reaches_fewer() -> None:
    share = [STATISTICS["reach_by_follower"](seen("page-2019", city={"year": y})) for y in (2013, 2019, 2024)]
    assert share[0] > 1.8 * share[1] > 3 * share[2]


def test_a_younger_city_takes_more_to_snapchat() -> None:
    def city(young: float) -> dict[str, Any]:
        bands = {"0-14": 15, "15-29": young, "30-44": 20, "45-59": 15, "60-74": 50 - young, "75+": 0}
        return {"population": {"percent_by_band": {"values": bands, **GIVEN}}}

    towns = [seen("snapchat-new", horizon_weeks=20, city=city(young)) for young in (15, 40)]
    size = [STATISTICS["followers_by_inhabitant"](town) for town in towns]
    assert size[1] > 1.3 * size[0]


def test_friends_who_are_less_alike_in_age_are_seen() -> None:
    """Negative control of the ties: with groups bound to places only, same-age ties are random."""
    ties = {"kin_and_school_share": {"value": 0.0, "unit": "share", "source": "given", "tag": "given"}}
    bent = seen("page-2019", behaviour={"ties": ties}, horizon_weeks=1)
    assert STATISTICS["same_age_ties"](bent) < 1.4
    assert STATISTICS["same_age_ties"](seen("page-2019", horizon_weeks=1)) > 2.6


def test_a_bent_default_fails_its_fact() -> None:
    """Negative control: twice the reach leaves the band."""
    reach = {"values": {2013: 0.3, 2019: 0.14}, "unit": "share", "source": "given", "tag": "given"}
    bent = seen("page-2019", platform={"facebook": {"reach": {"share": reach}}}, horizon_weeks=12)
    wanted = next(f for f in FACTS if f.id == "reach-2019")
    value = STATISTICS[wanted.statistic](bent)
    assert Judged(wanted, value, 0.0, (value,)).verdict == "FAIL"


SPOILED = {
    "": {},
    "reach-2019": {"reach": {"share": {"values": {2013: 0.3, 2019: 0.14}, **GIVEN}}},
    "shares": {"reactions": {"share": {"value": 0.02, **GIVEN}}},
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_the_command_fails_by_the_fact_whose_parameter_is_spoiled(
    spoiled: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """From the files to the exit code, on two facts of a small page; `make validate` runs them all."""
    small = {"horizon_weeks": 8, "sampling": 0.05, "platform": {"facebook": SPOILED[spoiled]}}
    page_ = read_situations()["page-2019"]
    page_ = page_.model_copy(update={"set": laid_over(page_.set, small), "replicates": 3})
    some = [f.model_copy(update={"situation": "page-2019"}) for f in FACTS if f.id in SPOILED]
    assert len(some) == len(SPOILED) - 1
    monkeypatch.setattr("sim.validate.read_facts", lambda: some)
    monkeypatch.setattr("sim.validate.read_situations", lambda _: {"page-2019": page_})
    assert cli.main(["validate", "lang=en", f"results_dir={tmp_path}"]) == bool(spoiled)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "page-2019" in line]
    assert {f.id for f, words in zip(some, lines, strict=True) if words[-1] == "FAIL"} == {spoiled} - {""}


def test_luck_is_taken_away_and_its_mean_put_back() -> None:
    """Counts that are the quality itself: every run gives the mean over draws, whatever its own luck."""
    generator = np.random.default_rng(1)
    drawn = generator.normal(0, 1, (60, 200, 2))
    for mine in (drawn[0], drawn[1] * 1.5):
        counts = np.round(1e6 * np.exp(mine.sum(axis=1))).astype(np.int64)
        o = page(counts, quality=mine, other_quality=drawn)
        for name in ("interactions_sd", "top_tenth", "pareto_exponent"):
            alone = replace(o, other_quality=drawn[:0])
            others = [
                STATISTICS[name](page(np.round(1e6 * np.exp(q.sum(axis=1)))))  # no luck known: as it is
                for q in drawn
            ]
            assert STATISTICS[name](o) == pytest.approx(np.mean(others), abs=1e-3)
            assert abs(STATISTICS[name](alone) - np.mean(others)) > 1e-3
