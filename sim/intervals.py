"""Values of replicates side by side, and the interval of their mean.

Everything that compares runs reads the tidy table ``kpis`` through this file: rows of the whole horizon
only (``week == "all"``), one column for each run, 95 % Student intervals.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

F64 = NDArray[np.float64]

LEVEL = 0.95
KEYS = ["kpi", "platform", "age_band"]


def wide_table(kpis: pd.DataFrame, additive: Collection[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Values and presence: rows (kpi, platform, age_band), columns (scenario, replicate); units by kpi.

    A combination that a run lacks counts as 0 for the KPIs in ``additive`` (no account, no clicks) and as
    NaN for ratios. A non-finite value that is present stays NaN: a ratio with a zero denominator.
    """
    rows = kpis[kpis["week"].astype(str) == "all"]
    names = [*KEYS, "scenario"]
    rows = rows.assign(**{name: rows[name].astype(str) for name in names}, there=1.0)
    if rows.duplicated([*names, "replicate"]).any():
        raise ValueError("kpis has two values for one scenario, replicate, kpi, platform and age band")
    columns = ["scenario", "replicate"]
    values = rows.pivot(index=KEYS, columns=columns, values="value").sort_index(axis=0).sort_index(axis=1)
    there = rows.pivot(index=KEYS, columns=columns, values="there").notna().reindex_like(values)
    filled = values.to_numpy(dtype=np.float64, copy=True)
    filled[~np.isfinite(filled)] = np.nan
    counts = values.index.get_level_values("kpi").isin(list(additive))
    filled[counts[:, None] & ~there.to_numpy(dtype=bool)] = 0.0
    units = rows.drop_duplicates("kpi").set_index("kpi")["unit"]
    return pd.DataFrame(filled, index=values.index, columns=values.columns), there, units


def scenario_names(wide: pd.DataFrame) -> list[str]:
    """Scenarios of a wide table, by name."""
    return list(wide.columns.get_level_values("scenario").unique())


def common_replicates(wide: pd.DataFrame, names: Sequence[str]) -> list[Any]:
    """Replicates that every named scenario ran, ascending."""
    known = scenario_names(wide)
    for name in names:
        if name not in known:
            raise ValueError(f"scenario {name!r} is not in kpis (there are: {', '.join(known)})")
    shared = sorted(set.intersection(*(set(wide[name].columns) for name in names)))
    if not shared:
        raise ValueError(f"no replicate is common to {', '.join(names)}")
    return shared


def run_columns(wide: pd.DataFrame, name: str, replicates: list[Any]) -> F64:
    """Values of one scenario: rows of ``wide`` x ``replicates``."""
    return np.ascontiguousarray(wide[name][replicates].to_numpy(dtype=np.float64))


class Student(NamedTuple):
    """Per row: count of finite values, their mean and standard deviation, half-width of the interval."""

    n: NDArray[np.int64]
    mean: F64
    sd: F64
    half: F64


def student(values: F64) -> Student:
    """Student interval of the mean of each row of ``values`` (rows x replicates), NaN left out.

    n = 0: everything NaN. n = 1: sd NaN and an infinite interval. Equal values: sd and width exactly 0
    (rounding in the mean must not invent a spread).
    """
    used = np.isfinite(values)
    n = used.sum(axis=1)
    low = np.where(used, values, np.inf).min(axis=1, initial=np.inf)
    high = np.where(used, values, -np.inf).max(axis=1, initial=-np.inf)
    equal = (n > 0) & (low == high)
    total = np.where(used, values, 0.0).sum(axis=1)
    mean = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    mean[equal] = low[equal]
    squares = np.where(used, np.square(values - mean[:, None]), 0.0).sum(axis=1)
    sd = np.sqrt(np.divide(squares, n - 1, out=np.full(len(n), np.nan), where=n > 1))
    half = np.where(n == 1, np.inf, np.nan)
    many = n > 1
    half[many] = stats.t.ppf(0.5 + LEVEL / 2, n[many] - 1) * sd[many] / np.sqrt(n[many])
    return Student(n, mean, sd, half)


def p_positive(s: Student, sign: F64) -> F64:
    """Posterior probability that sign * (true mean) > 0; Student, prior 1/sigma. NaN if n < 2.

    Without spread it is 1, 0, or one half for a difference of exactly 0.
    """
    p = np.full(len(s.n), np.nan)
    mean = sign * s.mean
    still = (s.n > 1) & (s.sd == 0)
    p[still] = 0.5 + 0.5 * np.sign(mean[still])
    ok = (s.n > 1) & (s.sd > 0)
    p[ok] = stats.t.cdf(mean[ok] * np.sqrt(s.n[ok]) / s.sd[ok], s.n[ok] - 1)
    return p
