"""Comparison statistics: hand-computed numbers first, then laws, then coverage with standard errors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from sim import draws
from sim.best import probability_best
from sim.differences import (
    DIFFERENCE_COLUMNS,
    Zone,
    gain_over_independent,
    paired_differences,
    summary,
    verdict,
)

T2 = 0.95 / math.sqrt(2 * 0.975 * 0.025)  # Student 97.5 % quantile, 2 degrees of freedom: 4.303
NO_ZONE = Zone(0.0)


def table(values: dict, kpi="reach", platform="all", age_band="all", week="all", unit="residents"):
    """Tidy rows from {scenario: [value of replicate 0, 1, ...]}; None leaves the row out."""
    rows = [
        (scenario, r, kpi, platform, age_band, week, float(v), unit)
        for scenario, vs in values.items()
        for r, v in enumerate(vs)
        if v is not None
    ]
    names = ["scenario", "replicate", "kpi", "platform", "age_band", "week", "value", "unit"]
    return pd.DataFrame(rows, columns=names)


def normal(purpose: str, *shape: int) -> np.ndarray:
    """Keyed standard normal draws of a shape."""
    u = draws.uniform(draws.key(7, 0, purpose), np.arange(math.prod(shape)))
    return special.ndtri(u + 2.0**-54).reshape(shape)


def many(arrays: dict[str, np.ndarray]) -> pd.DataFrame:
    """Tidy rows from {scenario: experiments x replicates}; each experiment is a KPI of its own."""
    parts = []
    for scenario, x in arrays.items():
        e, r = np.indices(x.shape)
        part = pd.DataFrame(
            {"kpi": [f"k{i:05d}" for i in e.ravel()], "replicate": r.ravel(), "value": x.ravel()}
        )
        parts.append(part.assign(scenario=scenario, platform="all", age_band="all", week="all", unit=""))
    return pd.concat(parts)


def only(frame: pd.DataFrame) -> pd.Series:
    assert len(frame) == 1
    return frame.iloc[0]


# --- exact -------------------------------------------------------------------------------------------


def test_difference_by_hand():
    # differences 1, 2, 3: mean 2, sd 1, half-width t / sqrt(3); P(t_2 < x) = 1/2 + x / (2 sqrt(2 + x^2))
    kpis = table({"base": [10, 20, 30], "late": [11, 22, 33]})
    row = only(paired_differences(kpis, "base", {"reach": "up"}, NO_ZONE))
    assert list(row.index) == DIFFERENCE_COLUMNS
    assert (row.mean_baseline, row.mean_alternative, row.difference) == (20, 22, 2)
    assert row.ci_low == pytest.approx(2 - T2 / math.sqrt(3), abs=1e-9)  # scipy's quantile
    assert row.ci_high == pytest.approx(2 + T2 / math.sqrt(3), abs=1e-9)
    x = 2 * math.sqrt(3)
    assert row.p_better == pytest.approx(0.5 + x / (2 * math.sqrt(2 + x * x)), abs=1e-12)
    assert (row.replicates, row.verdict, row.unit) == (3, "cannot_tell", "residents")


@pytest.mark.parametrize(
    ("direction", "expected", "p"),
    [("up", "better", 1), ("down", "worse", 0), ("neutral", "changed", np.nan)],
)
def test_sign_conventions(direction, expected, p):
    kpis = table({"base": [10, 20, 30, 40], "alt": [20, 30.1, 40, 50.1]})
    row = only(paired_differences(kpis, "base", {"reach": direction}, NO_ZONE))
    assert row.verdict == expected
    assert row.difference > 0
    assert row.p_better == pytest.approx(p, abs=1e-4, nan_ok=True)


@pytest.mark.parametrize(
    ("low", "high", "zone", "direction", "expected"),
    [
        (-1, 1, 2, "up", "no_difference"),
        (-2, 2, 2, "up", "no_difference"),
        (0.5, 1, 2, "up", "no_difference"),
        (-1, 3, 2, "up", "cannot_tell"),
        (1, 3, 2, "up", "better"),
        (1, 3, 2, "down", "worse"),
        (-3, -1, 2, "up", "worse"),
        (-3, -1, 2, "down", "better"),
        (-3, -1, 2, "neutral", "changed"),
        (0, 3, 2, "up", "cannot_tell"),
        (0, 0, 0, "up", "no_difference"),
        (-math.inf, math.inf, math.inf, "up", "cannot_tell"),
        (math.nan, math.nan, 1, "up", "cannot_tell"),
    ],
)
def test_verdict(low, high, zone, direction, expected):
    assert verdict(low, high, zone, direction) == expected


def test_zone_is_relative_unless_absolute_is_given():
    zone = Zone(0.1, {"clicks": 3})
    assert zone.half_width("reach", -50) == pytest.approx(5)
    assert zone.half_width("clicks", -50) == 3
    kpis = table({"base": [100, 100.5, 100], "alt": [101, 101.5, 101]})
    assert only(paired_differences(kpis, "base", {"reach": "up"}, Zone(0.02))).verdict == "no_difference"
    assert only(paired_differences(kpis, "base", {"reach": "up"}, Zone(0.001))).verdict == "better"
    with pytest.raises(ValueError, match="relative"):
        Zone(-0.1)


def test_identical_runs_have_zero_width_and_no_warning():
    same = [0.1, 0.2, 0.3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = only(paired_differences(table({"base": same, "alt": same}), "base", {"reach": "up"}, NO_ZONE))
        best = probability_best(table({"base": same, "alt": same}), "reach", "up", NO_ZONE, "base")
    assert (row.difference, row.ci_low, row.ci_high, row.p_better) == (0, 0, 0, 0.5)
    assert row.verdict == "no_difference"
    assert list(best["p_best"]) == [0.5, 0.5]
    assert list(best["p_within_zone_of_best"]) == [1, 1]


def test_constant_shift_has_zero_width():
    row = only(paired_differences(table({"a": [1, 2, 3], "b": [2, 3, 4]}), "a", {"reach": "down"}, NO_ZONE))
    assert (row.ci_low, row.ci_high, row.p_better, row.verdict) == (1, 1, 0, "worse")


def test_one_replicate_cannot_tell():
    row = only(paired_differences(table({"a": [1], "b": [9]}), "a", {"reach": "up"}, Zone(0.5)))
    assert (row.difference, row.ci_low, row.ci_high) == (8, -math.inf, math.inf)
    assert (row.replicates, row.verdict) == (1, "cannot_tell")
    assert math.isnan(row.p_better)
    assert probability_best(table({"a": [1], "b": [9]}), "reach", "up", NO_ZONE, "a")["p_best"].isna().all()


def test_nan_drops_the_pair_not_only_the_value():
    kpis = table({"a": [1, 2, np.nan, 100], "b": [2, 4, 50, np.inf]})
    row = only(paired_differences(kpis, "a", {"reach": "up"}, NO_ZONE))
    assert (row.replicates, row.mean_baseline, row.mean_alternative, row.difference) == (2, 1.5, 3, 1.5)


def test_only_common_replicates_are_paired():
    kpis = table({"a": [1, 2, 3, 900], "b": [2, 3, 4]})
    row = only(paired_differences(kpis, "a", {"reach": "up"}, NO_ZONE))
    assert (row.replicates, row.mean_baseline, row.difference) == (3, 2, 1)
    late = table({"b": [1]}).assign(replicate=5)
    with pytest.raises(ValueError, match="no replicate"):
        paired_differences(pd.concat([table({"a": [1]}), late]), "a", {"reach": "up"}, NO_ZONE)


def test_platform_that_one_scenario_lacks():
    kpis = pd.concat(
        [
            table({"base": [5, 5, 5], "add": [5, 5, 5], "leave": [4, 4, 4]}, kpi="clicks"),
            table({"add": [7, 8, 9]}, kpi="clicks", platform="snapchat"),
            table({"add": [0.5, 0.6, 0.7]}, kpi="rate", platform="snapchat"),
            table({"base": [3, 2, 1], "add": [3, 2, 1]}, kpi="clicks", platform="twitter"),
        ]
    )
    ways = {"clicks": "up", "rate": "up"}
    d = paired_differences(kpis, "base", ways, NO_ZONE, {"clicks"}, ["leave", "add"])
    d = d.set_index(["kpi", "platform", "alternative"])
    opened = d.loc[("clicks", "snapchat", "add")]
    assert (opened.mean_baseline, opened.mean_alternative, opened.replicates) == (0, 8, 3)
    left = d.loc[("clicks", "twitter", "leave")]
    assert (left.mean_baseline, left.mean_alternative, left.difference) == (2, 0, -2)
    rate = d.loc[("rate", "snapchat", "add")]
    assert (rate.mean_alternative, rate.replicates, rate.verdict) == (pytest.approx(0.6), 0, "cannot_tell")
    assert math.isnan(rate.mean_baseline)
    assert math.isnan(rate.difference)
    assert ("clicks", "snapchat", "leave") not in d.index
    assert list(d.index)[:2] == [("clicks", "all", "leave"), ("clicks", "all", "add")]


def test_only_the_whole_horizon_is_compared():
    kpis = pd.concat([table({"a": [1, 2], "b": [1, 2]}), table({"a": [0, 0], "b": [9, 9]}, week="1")])
    assert only(paired_differences(kpis, "a", {"reach": "up"}, NO_ZONE)).difference == 0


def test_programming_errors_are_named():
    kpis = table({"a": [1, 2], "b": [1, 2]})
    with pytest.raises(ValueError, match="two values"):
        paired_differences(pd.concat([kpis, kpis]), "a", {"reach": "up"}, NO_ZONE)
    with pytest.raises(ValueError, match="direction"):
        paired_differences(kpis, "a", {}, NO_ZONE)
    with pytest.raises(ValueError, match="'c' is not in kpis"):
        paired_differences(kpis, "c", {"reach": "up"}, NO_ZONE)
    with pytest.raises(ValueError, match="no good direction"):
        probability_best(kpis, "reach", "neutral", NO_ZONE, "a")
    with pytest.raises(ValueError, match="not every scenario"):
        probability_best(kpis, "reach", "up", NO_ZONE, "a", platform="snapchat")


def test_one_scenario_gives_empty_tables():
    kpis = table({"a": [1, 2]})
    assert list(paired_differences(kpis, "a", {"reach": "up"}, NO_ZONE).columns) == DIFFERENCE_COLUMNS
    assert gain_over_independent(kpis, "a").empty
    assert only(probability_best(kpis, "reach", "up", NO_ZONE, "a")).p_best == 1


def test_gain_by_hand():
    # a: 1 2 3 (var 1); b: 2 4 6 (var 4); b - a: 1 2 3 (var 1): gain 5. c moves against a: gain below 1.
    kpis = table({"a": [1, 2, 3], "b": [2, 4, 6], "c": [3, 2, 1], "d": [2, 3, 4]})
    gain = gain_over_independent(kpis, "a").set_index("alternative")["gain"]
    assert gain["b"] == pytest.approx(5)
    assert gain["c"] == pytest.approx(0.5)
    assert gain["d"] == math.inf
    still = gain_over_independent(table({"a": [1, 1], "b": [2, 2]}), "a")
    assert still["gain"].isna().all()
    assert gain_over_independent(table({"a": [1], "b": [2]}), "a")["gain"].isna().all()


def test_summary_keeps_spread_and_interval_apart():
    row = only(summary(table({"a": [1, 2, 3]})))
    assert (row["mean"], row.spread_sd, row.replicates) == (2, 1, 3)
    assert row.ci_high - row["mean"] == pytest.approx(T2 / math.sqrt(3))
    wide, narrow = (only(summary(table({"a": [1, 2, 3] * n}))) for n in (1, 100))
    assert narrow.spread_sd == pytest.approx(wide.spread_sd, rel=0.2)
    assert narrow.ci_high - narrow.ci_low < (wide.ci_high - wide.ci_low) / 10


# --- laws --------------------------------------------------------------------------------------------

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=12)
QUICK = settings(max_examples=12, deadline=None)


@QUICK
@given(PAIRS, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(pairs, random):
    kpis = table({"a": [p[0] for p in pairs], "b": [p[1] for p in pairs]})
    order = list(range(len(kpis)))
    random.shuffle(order)
    shuffled = kpis.iloc[order].reset_index(drop=True)
    for function in (
        lambda k: paired_differences(k, "a", {"reach": "up"}, Zone(0.01)),
        lambda k: probability_best(k, "reach", "up", Zone(0.01), "a", draws=64),
        lambda k: gain_over_independent(k, "a"),
    ):
        pd.testing.assert_frame_equal(function(kpis), function(shuffled), check_exact=True)


@QUICK
@given(PAIRS)
def test_swapping_the_roles_mirrors_the_difference(pairs):
    kpis = table({"a": [p[0] for p in pairs], "b": [p[1] for p in pairs]})
    one, two = (only(paired_differences(kpis, s, {"reach": "up"}, Zone(0, {"reach": 1.0}))) for s in "ab")
    assert (one.difference, one.ci_low, one.ci_high) == (-two.difference, -two.ci_high, -two.ci_low)
    assert one.p_better + two.p_better == pytest.approx(1, abs=1e-12)
    mirror = {"better": "worse", "worse": "better"}
    assert mirror.get(one.verdict, one.verdict) == two.verdict
    assert one.ci_low <= one.difference <= one.ci_high
    down = only(paired_differences(kpis, "a", {"reach": "down"}, Zone(0, {"reach": 1.0})))
    assert down.p_better == pytest.approx(1 - one.p_better, abs=1e-12)


@QUICK
@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=2, max_size=8), st.floats(0, 0.5))
def test_probabilities_sum_to_one_and_the_zone_only_adds(rows, relative):
    kpis = table({s: [r[i] for r in rows] for i, s in enumerate("abc")})
    best = probability_best(kpis, "reach", "up", Zone(relative), "a", draws=256)
    assert best["p_best"].sum() == pytest.approx(1, abs=1e-12)
    assert (best["p_within_zone_of_best"] >= best["p_best"] - 1e-12).all()
    assert (best["p_within_zone_of_best"] <= 1).all()


# --- probability of being best -----------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["up", "down"])
def test_two_scenarios_agree_with_p_better(direction):
    kpis = table({"a": [1, 2, 3, 4, 5], "b": [1.5, 1.8, 4.0, 4.1, 5.6]})
    row = only(paired_differences(kpis, "a", {"reach": direction}, NO_ZONE))
    best = probability_best(kpis, "reach", direction, NO_ZONE, "a").set_index("scenario")
    assert best.loc["b", "p_best"] == pytest.approx(row.p_better, abs=2e-3)


def test_copies_share_and_the_baseline_choice_does_not_matter():
    values = {"a": [1, 2, 3, 4], "b": [1.2, 2.1, 3.4, 4.0], "c": [0.9, 2.4, 3.0, 4.2]}
    kpis = table({**values, "copy": values["b"]})
    one = probability_best(kpis, "reach", "up", NO_ZONE, "a").set_index("scenario")
    two = probability_best(kpis, "reach", "up", NO_ZONE, "c").set_index("scenario")
    assert one.loc["copy", "p_best"] == one.loc["b", "p_best"]
    assert one["p_best"].sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(one["p_best"], two.loc[one.index, "p_best"], atol=5e-3)
    single = probability_best(table(values), "reach", "up", NO_ZONE, "a").set_index("scenario")
    assert 2 * one.loc["b", "p_best"] == pytest.approx(single.loc["b", "p_best"], abs=1e-12)


def test_zone_makes_near_equals_acceptable():
    x = 100 + normal("zone", 12)
    kpis = table({"a": x, "b": x + 0.5 + 0.01 * normal("zone b", 12)})
    best = probability_best(kpis, "reach", "up", Zone(0.01), "a").set_index("scenario")
    assert best.loc["a", "p_best"] < 1e-3
    assert best.loc["a", "p_within_zone_of_best"] > 0.999
    assert best.loc["a", "mean"] == pytest.approx(x.mean())


def test_more_scenarios_than_replicates():
    kpis = table({f"s{i}": row for i, row in enumerate(normal("few", 6, 3))})
    best = probability_best(kpis, "reach", "up", NO_ZONE, "s0")
    assert best["p_best"].sum() == pytest.approx(1, abs=1e-12)


def test_incomplete_replicates_are_dropped():
    full = {"a": [1, 2, 3], "b": [2, 1, 4]}
    kpis = table({"a": [*full["a"], np.nan], "b": [*full["b"], 1e9]})
    pd.testing.assert_frame_equal(
        probability_best(kpis, "reach", "up", NO_ZONE, "a"),
        probability_best(table(full), "reach", "up", NO_ZONE, "a"),
    )


# --- statistical, with computed standard errors ------------------------------------------------------


def test_interval_covers_95_percent():
    e, n, true = 2000, 8, 0.3
    shared = 5 * normal("shared", e, n)
    kpis = many({"a": shared + normal("a", e, n), "b": shared + true + 2 * normal("b", e, n)})
    d = paired_differences(kpis, "a", dict.fromkeys(kpis["kpi"].unique(), "up"), NO_ZONE)
    assert len(d) == e
    covered = ((d["ci_low"] <= true) & (true <= d["ci_high"])).mean()
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / e)
    # var_a + var_b = 26 + 29 and var_difference = 5: a gain of 11, whose median over experiments is close
    assert 9 < gain_over_independent(kpis, "a")["gain"].median() < 13


def test_negative_control_identical_in_law():
    e, n = 2000, 6
    kpis = many({s: normal(f"null {s}", e, n) for s in "ab"})
    d = paired_differences(kpis, "a", dict.fromkeys(kpis["kpi"].unique(), "up"), NO_ZONE)
    false = d["verdict"].isin(["better", "worse"]).mean()
    assert abs(false - 0.05) < 4 * math.sqrt(0.05 * 0.95 / e)
    p = np.sort(d["p_better"].to_numpy())  # uniform under the null: Kolmogorov distance, 4 s.e. of a point
    assert np.abs(p - (np.arange(e) + 0.5) / e).max() < 4 * 0.5 / math.sqrt(e)


def test_negative_control_no_scenario_is_favoured():
    e, names = 60, "abcd"
    x = normal("favour", e, len(names), 6)
    p = np.array(
        [
            probability_best(
                table(dict(zip(names, run, strict=True))), "reach", "up", NO_ZONE, "a", draws=512
            )["p_best"]
            for run in x
        ]
    )
    error = p.std(axis=0, ddof=1) / math.sqrt(e)
    assert (np.abs(p.mean(axis=0) - 1 / len(names)) < 4 * error + 1e-3).all()
