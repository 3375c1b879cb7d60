"""Does the ranking of scenarios survive other plausible settings, and which figure alone turns it over?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.screening import REST, grouped

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """How scenarios rank over the draws.

    ``shares``: scenario, stated (its value at the stated figures), share_first (ties divided; sums to 1),
    share_better, share_no_difference, share_worse than the baseline (beyond the zone; sum to 1; NaN for the
    baseline). ``is_clear``: at the stated figures two scenarios at least lie further apart than the zone.
    ``holds``: share of the draws that keep the order of all such pairs; if there are none, share of the
    draws in which there still are none.
    ``flips``: group, share (of the draws in which redrawing this group alone changes whether the order
    holds), direction ("low", "high", "": which end of the range loses the order), most first.
    """

    shares: pd.DataFrame
    is_clear: bool
    holds: float
    draws: int
    flips: pd.DataFrame

    @property
    def first(self) -> str:
        """The scenario that is first in most draws."""
        return str(self.shares["scenario"].iloc[int(self.shares["share_first"].to_numpy().argmax())])


def keeps_order(values: F64, stated: F64, half: float) -> NDArray[np.bool_]:
    """Whether each draw keeps the order of the scenarios that ``stated`` sets more than ``half`` apart.

    ``values`` float64[draws, scenarios], ``stated`` float64[scenarios], in one unit; bool[draws].
    """
    kept = np.ones(len(values), dtype=bool)
    for i, j in combinations(range(len(stated)), 2):
        gap = stated[i] - stated[j]
        if abs(gap) > half:
            kept &= (values[:, i] - values[:, j]) * np.sign(gap) > 0
    return kept


def is_clear(stated: F64, half: float) -> bool:
    """Whether any two scenarios lie more than ``half`` apart."""
    return bool(np.ptp(stated) > half)


def rank(
    scenarios: Sequence[str], stated: F64, values: F64, sign: float, halves: F64, stated_half: float,
    names: Sequence[str], chosen: Sequence[str], design: F64,
) -> Ranking:  # fmt: skip
    """Ranking over the rows of a Saltelli ``design`` (``screening.sobol_design``).

    ``values`` float64[draws, scenarios] and ``stated`` float64[scenarios], the baseline first; ``sign``: 1 if
    more is better, -1 if less is; ``halves`` float64[draws] and ``stated_half``: zone of indifference.
    """
    good, best = sign * values, sign * stated
    top = good == good.max(axis=1, keepdims=True)
    gap = good - good[:, :1]
    clear = is_clear(best, stated_half)
    kept = keeps_order(good, best, stated_half) if clear else np.ptp(good, axis=1) <= halves
    shares = pd.DataFrame(
        {
            "scenario": list(scenarios),
            "stated": stated,
            "share_first": (top / top.sum(axis=1, keepdims=True)).mean(axis=0),
            "share_better": (gap > halves[:, None]).mean(axis=0),
            "share_no_difference": (np.abs(gap) <= halves[:, None]).mean(axis=0),
            "share_worse": (gap < -halves[:, None]).mean(axis=0),
        }
    )
    shares.loc[0, ["share_better", "share_no_difference", "share_worse"]] = np.nan
    flips = flips_by_group(kept, names, chosen, design)
    return Ranking(shares, clear, float(kept.mean()), len(values), flips)


def flips_by_group(
    kept: NDArray[np.bool_], names: Sequence[str], chosen: Sequence[str], design: F64
) -> pd.DataFrame:
    """``group, share, direction`` (see ``Ranking.flips``) from pairs of rows that differ in one group."""
    _, groups = grouped(names, chosen)
    block = len(groups) + 2
    by = kept.reshape(-1, block)
    rows = []
    for g, group in enumerate(groups):
        turned = np.flatnonzero(by[:, 0] != by[:, g + 1])
        direction = ""
        if group != REST and len(turned):
            column = list(names).index(group)
            here, there = design[turned * block, column], design[turned * block + g + 1, column]
            lost_minus_kept = np.where(by[turned, 0], there - here, here - there)
            mean = lost_minus_kept.mean()
            direction = "low" if mean < 0 else "high"
        rows.append((group, len(turned) / len(by), direction))
    table = pd.DataFrame(rows, columns=["group", "share", "direction"])
    return table.sort_values(["share", "group"], ascending=[False, True], ignore_index=True)
