"""Paired comparison of scenarios, and how many replicates it takes.

Scenarios share their draws (common random numbers), so replicate r of one scenario is compared with
replicate r of another. Everything here reads the tidy table ``kpis`` (one row per scenario, replicate,
kpi, platform, age_band, week; float64 ``value``) and looks at the rows of the whole horizon only
(``week == "all"``). Nothing here draws random numbers.

Two kinds of uncertainty keep separate names: ``spread_sd`` says how much single runs differ, ``ci_low``
and ``ci_high`` bound the *mean* (95 %, Student). Each interval holds for its own row, not for all rows
at once: name the decision KPI before looking at the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats
from scipy.stats import qmc

F64 = NDArray[np.float64]
Direction = Literal["up", "down", "neutral"]
Result = Mapping[str, pd.DataFrame]

LEVEL = 0.95
KEYS = ["kpi", "platform", "age_band"]
DIFFERENCE_COLUMNS = [
    *KEYS, "baseline", "alternative", "mean_baseline", "mean_alternative", "difference",
    "ci_low", "ci_high", "p_better", "replicates", "verdict", "unit",
]  # fmt: skip
SUMMARY_COLUMNS = ["scenario", *KEYS, "mean", "spread_sd", "ci_low", "ci_high", "replicates", "unit"]
_SIGN = {"up": 1.0, "down": -1.0, "neutral": np.nan}


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


# --- tables ------------------------------------------------------------------------------------------


def _wide(kpis: pd.DataFrame, additive: Collection[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
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


def _scenarios(wide: pd.DataFrame) -> list[str]:
    return list(wide.columns.get_level_values("scenario").unique())


def _common(wide: pd.DataFrame, names: Sequence[str]) -> list[Any]:
    """Replicates that every named scenario ran, ascending."""
    known = _scenarios(wide)
    for name in names:
        if name not in known:
            raise ValueError(f"scenario {name!r} is not in kpis (there are: {', '.join(known)})")
    shared = sorted(set.intersection(*(set(wide[name].columns) for name in names)))
    if not shared:
        raise ValueError(f"no replicate is common to {', '.join(names)}")
    return shared


def _columns(wide: pd.DataFrame, name: str, replicates: list[Any]) -> F64:
    return np.ascontiguousarray(wide[name][replicates].to_numpy(dtype=np.float64))


class _Student(NamedTuple):
    """Per row: count of finite values, their mean and standard deviation, half-width of the interval."""

    n: NDArray[np.int64]
    mean: F64
    sd: F64
    half: F64


def _student(values: F64) -> _Student:
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
    return _Student(n, mean, sd, half)


def _p_positive(s: _Student, sign: F64) -> F64:
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


# --- statistics of a comparison ----------------------------------------------------------------------


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
    no such row (see ``_wide``); a ratio that one scenario lacks keeps its row with the mean that exists,
    a NaN difference, 0 replicates and ``cannot_tell``. ``p_better``: see ``_p_positive``; NaN for neutral
    KPIs. ``verdict``: see the function. Rows follow the order of ``directions``, then "all" first, then
    ``alternatives`` (default: by name). ValueError: a KPI without direction, duplicate rows, an unknown
    scenario, no common replicate.
    """
    wide, there, units = _wide(kpis, additive)
    unknown = sorted(set(wide.index.get_level_values("kpi")) - set(directions))
    if unknown:
        raise ValueError(f"no direction given for {', '.join(unknown)}")
    others = [s for s in _scenarios(wide) if s != baseline] if alternatives is None else list(alternatives)
    parts = [_against(wide, there, baseline, other, directions, zone) for other in others]
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DIFFERENCE_COLUMNS)
    out["unit"] = out["kpi"].map(units)
    rank = {name: i for i, name in enumerate(directions)}
    place = {name: i for i, name in enumerate(others)}
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
    shared = _common(wide, [baseline, other])
    keep = there[baseline][shared].any(axis=1) | there[other][shared].any(axis=1)
    wide = wide[keep]
    a, b = _columns(wide, baseline, shared), _columns(wide, other, shared)
    s = _student(b - a)
    pairs = np.isfinite(b - a) | (s.n == 0)[:, None]
    mean_a, mean_b = (_student(np.where(pairs, x, np.nan)).mean for x in (a, b))
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
        "p_better": _p_positive(s, np.array([_SIGN[w] for w in ways])),
        "replicates": s.n,
        "verdict": [verdict(*row) for row in zip(low, high, zones, ways, strict=True)],
    }
    return pd.DataFrame(columns)


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
    wide, there, _ = _wide(kpis, additive)
    names = sorted(_scenarios(wide), key=lambda s: (s != baseline, s))
    shared = _common(wide, [baseline, *names])
    row = (kpi, platform, age_band)
    if row not in wide.index or (kpi not in additive and not all(there[s].loc[row].any() for s in names)):
        raise ValueError(f"not every scenario has {kpi} (platform {platform!r}, age band {age_band!r})")
    values = np.array([wide[s].loc[row, shared].to_numpy(dtype=np.float64) for s in names])
    values = values[:, np.isfinite(values).all(axis=0)]
    out = pd.DataFrame({"scenario": names, "mean": _student(values).mean})
    half = zone.half_width(kpi, float(out["mean"].iat[0]))
    out["p_best"], out["p_within_zone_of_best"] = _shares(_SIGN[direction] * values, half, draws)
    return out


def _shares(values: F64, half: float, draws: int) -> tuple[F64, F64]:
    """p_best and p_within_zone_of_best of scenarios x replicates, more being better."""
    unique, member = np.unique(values, axis=0, return_inverse=True)
    member = member.ravel()
    n = values.shape[1]
    if n < 2:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    contrasts = unique - unique[:1]
    centre = _student(contrasts).mean
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


def gain_over_independent(kpis: pd.DataFrame, baseline: str, additive: Collection[str] = ()) -> pd.DataFrame:
    """How many times fewer replicates the shared draws need: (var_a + var_b) / var_difference.

    Columns ``kpi, alternative, gain``, from the rows with platform and age band "all". Measured on the
    runs at hand: independent seeds would give a difference with variance var_a + var_b. NaN with fewer
    than two pairs or when nothing varies; inf when only the difference does not vary.
    """
    wide, _, _ = _wide(kpis, additive)
    levels = wide.index.to_frame()
    wide = wide[((levels["platform"] == "all") & (levels["age_band"] == "all")).to_numpy()]
    parts = []
    for other in (s for s in _scenarios(wide) if s != baseline):
        shared = _common(wide, [baseline, other])
        a, b = _columns(wide, baseline, shared), _columns(wide, other, shared)
        pairs = np.isfinite(b - a)
        apart = sum(np.square(_student(np.where(pairs, x, np.nan)).sd) for x in (a, b))
        paired = np.square(_student(b - a).sd)
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
    wide, there, units = _wide(kpis, additive)
    parts = []
    for name in _scenarios(wide):
        mine = wide[name][there[name].any(axis=1)]
        s = _student(np.ascontiguousarray(mine.to_numpy(dtype=np.float64)))
        part = mine.index.to_frame(index=False).assign(scenario=name, mean=s.mean, spread_sd=s.sd)
        parts.append(part.assign(ci_low=s.mean - s.half, ci_high=s.mean + s.half, replicates=s.n))
    out = pd.concat(parts, ignore_index=True)
    out["unit"] = out["kpi"].map(units)
    return out[SUMMARY_COLUMNS]


# --- the replicate loop ------------------------------------------------------------------------------


class Job(NamedTuple):
    """One run: a scenario by name and a replicate, 0, 1, 2, ..."""

    scenario: str
    replicate: int


class Saved(Protocol):
    """Where finished runs survive a killed comparison (``store.Checkpoint``)."""

    def get(self, scenario: str, replicate: int) -> Result | None: ...
    def put(self, scenario: str, replicate: int, result: Result) -> None: ...


MapJobs = Callable[[Callable[[Job], tuple[Job, Result]], Sequence[Job]], Iterable[tuple[Job, Result]]]


@dataclass(frozen=True)
class Precision:
    """Ask for enough replicates that the decision KPI's paired difference is known to ± half_width.

    ``half_width``: fraction of the baseline mean; ``absolute``: in the KPI's unit; the larger of the two
    holds. ``minimum`` replicates before the first look, then ``batch`` more at each look, never more
    than ``maximum``. Stopping looks at the *width* of the interval, never at its sign, so it does not
    chase significance; its coverage tends to 95 % as the width shrinks (Chow & Robbins, Ann. Math. Stat.
    36, 1965) but lies a little below for few replicates, hence the minimum.
    """

    kpi: str
    half_width: float
    minimum: int
    maximum: int
    batch: int
    platform: str = "all"
    age_band: str = "all"
    absolute: float = 0.0

    def __post_init__(self) -> None:
        if not 2 <= self.minimum <= self.maximum:
            raise ValueError(f"replicates: 2 <= minimum <= maximum, not {self.minimum} and {self.maximum}")
        if self.batch < 1 or not self.half_width >= 0 or not self.absolute >= 0:
            raise ValueError("replicates: batch must be 1 or more, half_width and absolute 0 or more")


@dataclass(frozen=True)
class StopReason:
    """Why the replicates stopped. Widths are half-widths in the KPI's unit, of the widest alternative.

    ``kind``: "fixed" (a number was asked), "precision" (reached), "maximum" (reached first).
    """

    kind: Literal["fixed", "precision", "maximum"]
    replicates: int
    kpi: str = ""
    widest: str = ""
    half_width: float = np.nan
    asked: float = np.nan
    mean_baseline: float = np.nan

    def sentence(self, lang: str, label: str | None = None) -> str:
        """The reason in French ("fr") or English; ``label`` replaces the KPI's name."""
        n, kpi = self.replicates, label or self.kpi
        got, asked = (self._shown(x, lang) for x in (self.half_width, self.asked))
        if lang == "fr":
            return {
                "fixed": f"{n} répétition{'s' * (n > 1)}, comme demandé.",
                "precision": f"Arrêt à {n} répétitions : « {kpi} » est connu à ± {got} près"
                f" (demandé : ± {asked}).",
                "maximum": f"Arrêt au maximum de {n} répétitions : « {kpi} » n'est connu qu'à ± {got} près"
                f" pour « {self.widest} » (demandé : ± {asked}).",
            }[self.kind]
        return {
            "fixed": f"{n} replicate{'s' * (n > 1)}, as asked.",
            "precision": f"Stopped at {n} replicates: {kpi} is known to within ± {got} (asked: ± {asked}).",
            "maximum": f"Stopped at the maximum of {n} replicates: {kpi} is only known to within ± {got}"
            f" for {self.widest!r} (asked: ± {asked}).",
        }[self.kind]

    def _shown(self, width: float, lang: str) -> str:
        """A width as a percentage of the baseline mean where there is one, else in the KPI's unit."""
        if not np.isfinite(width):
            return "∞"
        relative = np.isfinite(self.mean_baseline) and self.mean_baseline != 0
        tail = {"fr": " % de la référence", "en": " % of the baseline"}.get(lang, " %") if relative else ""
        text = f"{100 * width / abs(self.mean_baseline) if relative else width:.2g}"
        return (text.replace(".", ",") if lang == "fr" else text) + tail

    def as_dict(self) -> dict[str, Any]:
        """For the manifest: the fields and both sentences."""
        return {**asdict(self), "fr": self.sentence("fr"), "en": self.sentence("en")}


def _labelled(run_one: Callable[[Job], Result], job: Job) -> tuple[Job, Result]:
    return job, run_one(job)


def replicate_until(
    run_one: Callable[[Job], Result],
    scenarios: Sequence[str],
    rule: Precision | int,
    map_jobs: MapJobs,
    progress: Callable[[int, int], None] | None = None,
    saved: Saved | None = None,
) -> tuple[list[Result], StopReason]:
    """Run all scenarios (the first is the baseline), replicate by replicate, until ``rule`` is met.

    ``run_one(job)`` returns the tables of one run, ``"kpis"`` among them; it must be picklable for a
    process pool. ``map_jobs(fn, jobs)`` yields ``fn(job)`` for every job in *any* order; the results come
    back sorted by (scenario as given, replicate) and the rule looks only at whole batches, so neither
    depends on the order or on the number of workers. ``progress(done, planned)`` counts runs; ``planned``
    grows while the precision is not reached. ``saved`` is asked before a job is run and told after. With
    one scenario the rule is on its mean. ValueError: a scenario without the decision KPI.
    """
    if isinstance(rule, int) and rule < 1:
        raise ValueError(f"replicates is {rule}; it must be 1 or more")
    if not scenarios or len(set(scenarios)) < len(scenarios):
        raise ValueError(f"scenarios need different names, and one at least: {list(scenarios)}")
    results: dict[Job, Result] = {}
    decisive: dict[Job, float | None] = {}
    target, reason = (rule, None) if isinstance(rule, int) else (rule.minimum, None)
    while reason is None:
        first = len(results) // len(scenarios)
        jobs = [Job(s, r) for r in range(first, target) for s in scenarios]
        for job, result in _run(run_one, jobs, map_jobs, saved):
            results[job] = result
            if isinstance(rule, Precision):
                decisive[job] = _decision_value(result, rule)
            if progress is not None:
                progress(len(results), target * len(scenarios))
        if len(results) != target * len(scenarios):
            raise RuntimeError(f"map_jobs answered {len(results)} of {target * len(scenarios)} runs")
        if isinstance(rule, int):
            reason = StopReason("fixed", rule)
        else:
            reason = _reached(decisive, scenarios, rule, target)
            target = min(target + rule.batch, rule.maximum)
    order = {s: i for i, s in enumerate(scenarios)}
    return [results[j] for j in sorted(results, key=lambda j: (order[j.scenario], j.replicate))], reason


def _run(
    run_one: Callable[[Job], Result], jobs: Sequence[Job], map_jobs: MapJobs, saved: Saved | None
) -> Iterator[tuple[Job, Result]]:
    todo = []
    for job in jobs:
        known = None if saved is None else saved.get(*job)
        if known is None:
            todo.append(job)
        else:
            yield job, known
    for job, result in map_jobs(partial(_labelled, run_one), todo):
        if saved is not None:
            saved.put(*job, result)
        yield job, result


def _decision_value(result: Result, rule: Precision) -> float | None:
    rows = result["kpis"]
    wanted = (("kpi", rule.kpi), ("platform", rule.platform), ("age_band", rule.age_band), ("week", "all"))
    here = np.logical_and.reduce([rows[column].to_numpy() == value for column, value in wanted])
    found = rows["value"].to_numpy()[here]
    return float(found[0]) if len(found) else None


def _reached(
    decisive: Mapping[Job, float | None], scenarios: Sequence[str], rule: Precision, n: int
) -> StopReason | None:
    """The reason to stop after ``n`` replicates, or None to go on."""
    found = [[decisive[Job(s, r)] for r in range(n)] for s in scenarios]
    for name, row in zip(scenarios, found, strict=True):
        if all(v is None for v in row):
            where = f"platform {rule.platform!r}, age band {rule.age_band!r}"
            raise ValueError(f"decision KPI {rule.kpi!r} ({where}) has no value in scenario {name!r}")
    values = np.array(found, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    mean = float(_student(values[:1]).mean[0])
    half = _student(values[1:] - values[:1] if len(scenarios) > 1 else values).half
    half = np.where(np.isnan(half), np.inf, half)
    names = scenarios[1:] or scenarios
    asked = max(rule.absolute, rule.half_width * abs(mean) if np.isfinite(mean) else 0.0)
    widest = int(half.argmax())
    if half[widest] > asked and n < rule.maximum:
        return None
    kind: Literal["precision", "maximum"] = "maximum" if half[widest] > asked else "precision"
    return StopReason(kind, n, rule.kpi, names[widest], float(half[widest]), asked, mean)


def gather(results: Iterable[Result]) -> dict[str, pd.DataFrame]:
    """The tables of all runs, one under another in the order given, by name."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for result in results:
        for name, table in result.items():
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
