"""Which of several scenarios is best on one KPI, and with what probability."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy import special, stats
from scipy.stats import qmc

from sim.differences import SIGN, Direction, Zone
from sim.intervals import F64, common_replicates, scenario_names, student, wide_table


def probability_best(
    kpis: pd.DataFrame,
    kpi: str,
    direction: Direction,
    zone: Zone,
    baseline: str,
    platform: str = "all",
    age_band: str = "all",
    additive: Collection[str] = (),
    draws: int = 2**14,
) -> pd.DataFrame:
    """Probability that each scenario has the best true mean of one KPI.

    Columns ``scenario, mean, p_best, p_within_zone_of_best`` (the zone from the baseline mean), a row per
    scenario, baseline first. Replicates that lack a value in any scenario are dropped. The k - 1 contrasts
    against the baseline get the posterior t(n - 1; mean, covariance / n): the prior |Sigma|^-(k-1) of
    Geisser & Cornfield (J. R. Stat. Soc. B 25, 1963), whose margins are the Student posteriors of
    ``paired_differences``; k = 2 gives its ``p_better``. The integral uses ``draws`` points (rounded up to
    a power of two) of an unscrambled Sobol net: deterministic, no seed. Scenarios with equal values in
    all replicates share their probability. One replicate: NaN. ValueError: neutral direction, or a
    scenario without this KPI.
    """
    if direction == "neutral":
        raise ValueError(f"{kpi} has no good direction, so no scenario can be best on it")
    wide, there, _ = wide_table(kpis, additive)
    names = sorted(scenario_names(wide), key=lambda s: (s != baseline, s))
    shared = common_replicates(wide, [baseline, *names])
    row = (kpi, platform, age_band)
    if row not in wide.index or (kpi not in additive and not all(there[s].loc[row].any() for s in names)):
        raise ValueError(f"not every scenario has {kpi} (platform {platform!r}, age band {age_band!r})")
    values = np.array([wide[s].loc[row, shared].to_numpy(dtype=np.float64) for s in names])
    values = values[:, np.isfinite(values).all(axis=0)]
    out = pd.DataFrame({"scenario": names, "mean": student(values).mean})
    half = zone.half_width(kpi, float(out["mean"].iat[0]))
    out["p_best"], out["p_within_zone_of_best"] = _shares(SIGN[direction] * values, half, draws)
    return out


def _shares(values: F64, half: float, draws: int) -> tuple[F64, F64]:
    """p_best and p_within_zone_of_best of scenarios x replicates, more being better."""
    unique, member = np.unique(values, axis=0, return_inverse=True)
    member = member.ravel()
    n = values.shape[1]
    if n < 2:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    contrasts = unique - unique[:1]
    centre = student(contrasts).mean
    # svd: a root of the covariance that also exists when there are fewer replicates than scenarios
    left, scale, _ = np.linalg.svd((contrasts - centre[:, None])[1:], full_matrices=False)
    root = np.vstack([np.zeros((1, len(scale))), left * scale]) / np.sqrt(n * (n - 1.0))
    m = int(np.ceil(np.log2(max(draws, 2))))
    points = qmc.Sobol(len(scale) + 1, scramble=False).random_base2(m) + 0.5 ** (m + 1)
    stretch = np.sqrt((n - 1.0) / stats.chi2.ppf(points[:, -1], n - 1))
    means = centre + (special.ndtri(points[:, :-1]) @ root.T) * stretch[:, None]
    top = means.max(axis=1, keepdims=True)
    best = np.bincount(means.argmax(axis=1), minlength=len(unique)) / len(means)
    within = (top - means <= half).mean(axis=0)
    return best[member] / np.bincount(member)[member], within[member]
