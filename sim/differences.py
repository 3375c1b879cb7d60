"""Paired comparison of scenarios.

Scenarios share their draws (common random numbers), so replicate r of one scenario is compared with
replicate r of another. Everything here reads the tidy table ``kpis`` (one row per scenario, replicate,
kpi, platform, age_band, week; float64 ``value``) and looks at the rows of the whole horizon only
(``week == "all"``). Nothing here draws random numbers.

Two kinds of uncertainty keep separate names: ``spread_sd`` says how much single runs differ, ``ci_low``
and ``ci_high`` bound the *mean* (95 %, Student). Each interval holds for its own row, not for all rows
at once: name the decision KPI before looking at the table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from sim.intervals import (
    KEYS,
    common_replicates,
    p_positive,
    run_columns,
    scenario_names,
    student,
    wide_table,
)

Direction = Literal["up", "down", "neutral"]

DIFFERENCE_COLUMNS = [
    *KEYS, "baseline", "alternative", "mean_baseline", "mean_alternative", "difference",
    "ci_low", "ci_high", "p_better", "replicates", "verdict", "unit",
]  # fmt: skip
SUMMARY_COLUMNS = ["scenario", *KEYS, "mean", "spread_sd", "ci_low", "ci_high", "replicates", "unit"]
SIGN = {"up": 1.0, "down": -1.0, "neutral": np.nan}


@dataclass(frozen=True)
class Zone:
    """Differences too small to matter: within ± half_width of no difference.

    ``relative``: fraction of the baseline mean (0.02 is 2 %). ``absolute``: half-widths in a KPI's own
    unit, which replace the relative one for those KPIs. The estimated baseline mean counts as known.
    """

    relative: float
    absolute: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in {"relative": self.relative, **self.absolute}.items():
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"indifference zone {name!r} is {value}; it must be 0 or more")

    def half_width(self, kpi: str, mean_baseline: float) -> float:
        """Half-width in the unit of ``kpi``."""
        return self.absolute[kpi] if kpi in self.absolute else self.relative * abs(mean_baseline)


def verdict(low: float, high: float, zone: float, direction: Direction) -> str:
    """What an interval [low, high] of a difference says, given the indifference zone [-zone, zone].

    1. the whole interval inside the zone: ``no_difference`` (even if it excludes 0: real but too small
       to matter; this is the two one-sided tests procedure, at 2.5 % a side);
    2. else, the whole interval on one side of 0: ``better`` or ``worse`` by ``direction``, ``changed``
       for a neutral KPI. There is a difference; it *may* still be smaller than the zone;
    3. else, or if a bound is not finite: ``cannot_tell``.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "cannot_tell"
    if -zone <= low and high <= zone:
        return "no_difference"
    if low <= 0 <= high:
        return "cannot_tell"
    if direction == "neutral":
        return "changed"
    return "better" if (low > 0) == (direction == "up") else "worse"


def paired_differences(
    kpis: pd.DataFrame,
    baseline: str,
    directions: Mapping[str, Direction],
    zone: Zone,
    additive: Collection[str] = (),
    alternatives: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Alternative minus baseline, one row per kpi, platform, age band and alternative.

    Pairs are formed by replicate. A pair with a NaN on either side is dropped; ``replicates`` counts the
    pairs used and both means are over those pairs. ``additive``: KPIs that count 0 where a scenario has
    no such row (see ``wide_table``); a ratio that one scenario lacks keeps its row with the mean that exists,
    a NaN difference, 0 replicates and ``cannot_tell``. ``p_better``: see ``p_positive``; NaN for neutral
    KPIs. ``verdict``: see the function. Rows follow the order of ``directions``, then "all" first, then
    ``alternatives`` (default: by name). ValueError: a KPI without direction, duplicate rows, an unknown
    scenario, no common replicate.
    """
    wide, there, units = wide_table(kpis, additive)
    unknown = sorted(set(wide.index.get_level_values("kpi")) - set(directions))
    if unknown:
        raise ValueError(f"no direction given for {', '.join(unknown)}")
    if alternatives is None:
        alternatives = [name for name in scenario_names(wide) if name != baseline]
    parts = [_against(wide, there, baseline, other, directions, zone) for other in alternatives]
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DIFFERENCE_COLUMNS)
    out["unit"] = out["kpi"].map(units)
    rank = {name: i for i, name in enumerate(directions)}
    place = {name: i for i, name in enumerate(alternatives)}
    order = sorted(
        range(len(out)),
        key=lambda i: (
            rank[out["kpi"].iat[i]],
            *((out[c].iat[i] != "all", out[c].iat[i]) for c in ("platform", "age_band")),
            place[out["alternative"].iat[i]],
        ),
    )
    return out.iloc[order][DIFFERENCE_COLUMNS].reset_index(drop=True)


def _against(
    wide: pd.DataFrame,
    there: pd.DataFrame,
    baseline: str,
    other: str,
    directions: Mapping[str, Direction],
    zone: Zone,
) -> pd.DataFrame:
    """The rows of one alternative; combinations that neither scenario has are left out."""
    shared = common_replicates(wide, [baseline, other])
    keep = there[baseline][shared].any(axis=1) | there[other][shared].any(axis=1)
    wide = wide[keep]
    a, b = run_columns(wide, baseline, shared), run_columns(wide, other, shared)
    s = student(b - a)
    pairs = np.isfinite(b - a) | (s.n == 0)[:, None]
    mean_a, mean_b = (student(np.where(pairs, x, np.nan)).mean for x in (a, b))
    names = list(wide.index.get_level_values("kpi"))
    low, high = s.mean - s.half, s.mean + s.half
    zones = [zone.half_width(k, m) for k, m in zip(names, mean_a, strict=True)]
    ways = [directions[k] for k in names]
    columns = {
        **{level: wide.index.get_level_values(level) for level in KEYS},
        "baseline": baseline,
        "alternative": other,
        "mean_baseline": mean_a,
        "mean_alternative": mean_b,
        "difference": s.mean,
        "ci_low": low,
        "ci_high": high,
        "p_better": p_positive(s, np.array([SIGN[w] for w in ways])),
        "replicates": s.n,
        "verdict": [verdict(*row) for row in zip(low, high, zones, ways, strict=True)],
    }
    return pd.DataFrame(columns)


def gain_over_independent(kpis: pd.DataFrame, baseline: str, additive: Collection[str] = ()) -> pd.DataFrame:
    """How many times fewer replicates the shared draws need: (var_a + var_b) / var_difference.

    Columns ``kpi, alternative, gain``, from the rows with platform and age band "all". Measured on the
    runs at hand: independent seeds would give a difference with variance var_a + var_b. NaN with fewer
    than two pairs or when nothing varies; inf when only the difference does not vary.
    """
    wide, _, _ = wide_table(kpis, additive)
    levels = wide.index.to_frame()
    wide = wide[((levels["platform"] == "all") & (levels["age_band"] == "all")).to_numpy()]
    parts = []
    for other in (s for s in scenario_names(wide) if s != baseline):
        shared = common_replicates(wide, [baseline, other])
        a, b = run_columns(wide, baseline, shared), run_columns(wide, other, shared)
        pairs = np.isfinite(b - a)
        apart = sum(np.square(student(np.where(pairs, x, np.nan)).sd) for x in (a, b))
        paired = np.square(student(b - a).sd)
        gain = np.where(apart > 0, np.inf, np.nan)
        np.divide(apart, paired, out=gain, where=paired > 0)
        names = wide.index.get_level_values("kpi")
        parts.append(pd.DataFrame({"kpi": names, "alternative": other, "gain": gain}))
    empty = pd.DataFrame(columns=["kpi", "alternative", "gain"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def summary(kpis: pd.DataFrame, additive: Collection[str] = ()) -> pd.DataFrame:
    """Each scenario by itself: ``SUMMARY_COLUMNS``.

    ``spread_sd``: standard deviation *across runs* (what one history may look like); ``ci_low``,
    ``ci_high``: 95 % interval of the *mean*, which shrinks with more replicates and the spread does not.
    """
    wide, there, units = wide_table(kpis, additive)
    parts = []
    for name in scenario_names(wide):
        mine = wide[name][there[name].any(axis=1)]
        s = student(np.ascontiguousarray(mine.to_numpy(dtype=np.float64)))
        part = mine.index.to_frame(index=False).assign(scenario=name, mean=s.mean, spread_sd=s.sd)
        parts.append(part.assign(ci_low=s.mean - s.half, ci_high=s.mean + s.half, replicates=s.n))
    out = pd.concat(parts, ignore_index=True)
    out["unit"] = out["kpi"].map(units)
    return out[SUMMARY_COLUMNS]
