"""What the report is made of: the input, and the questions that its sections ask of the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from sim.indicators import FAMILIES

if TYPE_CHECKING:
    from sim.analysis import Analysis
    from sim.request import Comparison

AGE_BANDS = ("0-14", "15-29", "30-44", "45-59", "60-74", "75+")
VERDICTS = ("better", "worse", "no_difference", "cannot_tell", "changed")
PERCENT_UNITS = frozenset({"percent", "%"})
# The KPIs of the first figure, in this order, after the decision KPI.
KEY_KPIS = (
    "weekly_coverage_of_residents",
    "coverage_of_residents",
    "never_reached_share_of_residents",
    "digital_divide_gap",
    "local_share_of_reach",
    "reach",
    "frequency_impressions_per_person_reached",
    "engagement_rate_by_reach",
    "clicks_per_1000_reached",
    "new_followers",
    "hides_per_10000_reached",
)
MAX_KEY_KPIS = 10
MAX_NEAR_KPIS = 5
MOVED = ("better", "worse", "changed")


@dataclass(frozen=True)
class ScenarioText:
    """A scenario in words: `label` names it, `sentence` says what it changes; both {"fr", "en"}."""

    name: str
    label: Mapping[str, str]
    sentence: Mapping[str, str]


@dataclass(frozen=True)
class KpiText:
    """A KPI in words. `unit` "share" means 0..1, shown in per cent; `direction` "up", "down" or "neutral";
    `family` {"fr", "en"}: the heading under which it is listed."""

    name: str
    label: Mapping[str, str]
    definition: Mapping[str, str]
    unit: str
    direction: str
    family: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ShownSensitivity:
    """A finished sensitivity of the comparison: ``sampling`` is the fraction of the residents that it
    simulated; its page is ``folder``/``page``, beside the folder of the report."""

    comparison: Comparison
    analysis: Analysis
    sampling: float
    folder: str
    page: str


@dataclass(frozen=True)
class ReportInput:
    """Everything the report says, and nothing it has to look up.

    `n_residents` counts the residents of the real city; `sampling` is the fraction of them simulated
    (1.0 = one to one); the counts of the frames are already at the size of the city.
    `zone_relative` is the zone of indifference as a share of the baseline (0.02 = 2 %). The first scenario is
    the baseline. Frames may be empty; a section without data says so. Columns are those of the result tables;
    `best`: scenario, mean, p_best, p_within_zone_of_best; `gain`: kpi, alternative, gain (variance of the
    difference with independent draws over its variance with common draws); `figures_used`: path, value, unit,
    source, tag (measured, borrowed, assumed, given) and, if known, drives, rank (by effect), label and note
    (each {"fr", "en"} or one string). `examined`: what moves this result, if that was examined;
    `how_to_examine`: the command for it, "" where there is nothing to rank.
    """

    title: Mapping[str, str]
    city_label: str
    year: int
    n_residents: int
    sampling: float
    horizon_weeks: int
    scenarios: tuple[ScenarioText, ...]
    decision_kpi: str
    kpi_definitions: Mapping[str, KpiText]
    kpis: pd.DataFrame
    posts: pd.DataFrame
    hours: pd.DataFrame
    differences: pd.DataFrame
    best: pd.DataFrame
    gain: pd.DataFrame
    zone_relative: float
    replicates: int
    stop_reason: Mapping[str, str]
    figures_used: pd.DataFrame
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Mapping[str, str], ...] = ()
    provenance: Mapping[str, str | int | float] = field(default_factory=dict)
    decision_platform: str = "all"
    decision_age_band: str = "all"
    residents_by_band: Mapping[str, float] = field(default_factory=dict)
    examined: ShownSensitivity | None = None
    how_to_examine: str = ""


@dataclass(frozen=True)
class Effect:
    """One alternative against the baseline for one KPI, in the KPI's own unit and at the size of the city."""

    kpi: str
    alternative: str
    base: float
    alt: float
    diff: float
    low: float
    high: float
    p_better: float
    verdict: str
    unit: str
    direction: str
    platform: str = "all"
    age_band: str = "all"

    @property
    def has_interval(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def relative(self) -> tuple[float, float, float] | None:
        """(difference, low, high) in per cent of the baseline; None when the baseline is 0 or unknown."""
        if not math.isfinite(self.base) or self.base == 0 or not math.isfinite(self.diff):
            return None
        k = 100 / abs(self.base)
        return self.diff * k, self.low * k, self.high * k


class View:
    """The frames of a ReportInput, indexed once. Missing rows answer NaN, never an error."""

    def __init__(self, data: ReportInput) -> None:
        if not data.scenarios:
            raise ValueError("a report needs at least one scenario (the baseline)")
        self.data = data
        self.names = tuple(s.name for s in data.scenarios)
        self.baseline = self.names[0]
        self.alternatives = self.names[1:]
        self._kpis = _with_columns(
            data.kpis, ("scenario", "replicate", "kpi", "platform", "age_band", "week", "value")
        )
        self._kpis = self._kpis.assign(week=self._kpis["week"].astype(str))
        keys = ["scenario", "kpi", "platform", "age_band", "week"]
        self._means: dict[tuple[str, ...], float] = self._kpis.groupby(keys)["value"].mean().to_dict()

    def mean(
        self, scenario: str, kpi: str, platform: str = "all", age_band: str = "all", week: str = "all"
    ) -> float:
        """Mean over replicates, at the size of the city; NaN when the row does not exist."""
        value = self._means.get((scenario, kpi, platform, age_band, week), math.nan)
        return float(value)

    def runs(self, scenario: str, kpi: str) -> pd.Series:
        """Whole-horizon values of a KPI by replicate (index replicate), where the decision looks."""
        f = self._kpis
        keep = (
            (f["scenario"] == scenario)
            & (f["kpi"] == kpi)
            & (f["platform"] == self.data.decision_platform)
            & (f["age_band"] == self.data.decision_age_band)
            & (f["week"] == "all")
        )
        return f[keep].set_index("replicate")["value"].sort_index()

    def population(self, age_band: str) -> float:
        """Residents of the real city in an age band, or in all."""
        return self.data.residents_by_band.get(age_band, float(self.data.n_residents))

    def values_of(self, column: str, kpi: str) -> list[str]:
        """Distinct values of `column` among the rows of a KPI, sorted, "all" left out."""
        rows = self._kpis.loc[self._kpis["kpi"] == kpi, column].astype(str)
        return sorted(set(rows) - {"all"})

    def text(self, kpi: str) -> KpiText:
        """The words of a KPI; a KPI without a definition is named by its own name."""
        known = self.data.kpi_definitions.get(kpi)
        if known is not None:
            return known
        plain = kpi.replace("_", " ")
        return KpiText(kpi, {"fr": plain, "en": plain}, {"fr": "", "en": ""}, "", "neutral")

    @cached_property
    def effects(self) -> dict[tuple[str, str], Effect]:
        """(kpi, alternative) -> Effect, for all platforms and all ages together."""
        return self._effects_at("all", "all")

    def _effects_at(self, platform: str, age_band: str) -> dict[tuple[str, str], Effect]:
        columns = (
            "kpi",
            "platform",
            "age_band",
            "alternative",
            "mean_baseline",
            "mean_alternative",
            "difference",
            "ci_low",
            "ci_high",
            "p_better",
            "verdict",
        )
        f = _with_columns(self.data.differences, columns)
        f = f[(f["platform"].astype(str) == platform) & (f["age_band"].astype(str) == age_band)]
        if "baseline" in f:
            f = f[f["baseline"].astype(str) == self.baseline]
        return {(e.kpi, e.alternative): e for e in self._effects_of(f)}

    def _effects_of(self, frame: pd.DataFrame) -> Iterable[Effect]:
        for row in frame.to_dict("records"):
            kpi = str(row["kpi"])
            text = self.text(kpi)
            v = {
                c: float(row[c])
                for c in ("mean_baseline", "mean_alternative", "difference", "ci_low", "ci_high")
            }
            verdict = str(row["verdict"])
            yield Effect(
                kpi,
                str(row["alternative"]),
                v["mean_baseline"],
                v["mean_alternative"],
                v["difference"],
                v["ci_low"],
                v["ci_high"],
                float(row["p_better"]),
                verdict if verdict in VERDICTS else "cannot_tell",
                text.unit,
                text.direction,
                str(row["platform"]),
                str(row["age_band"]),
            )

    def decision(self) -> list[Effect]:
        """Effects on the decision KPI, platform and age band, in the order of the scenarios."""
        effects = self._effects_at(self.data.decision_platform, self.data.decision_age_band)
        found = (effects.get((self.data.decision_kpi, a)) for a in self.alternatives)
        return [e for e in found if e is not None]

    def key_kpis(self) -> list[str]:
        """Up to MAX_KEY_KPIS names with at least one effect: the decision KPI; if it is no usual one, those
        of its family that move; then the usual ones."""
        decision = self.data.decision_kpi
        family = next((kpis for _, _, kpis in FAMILIES if decision in kpis), ())
        near = [k for k in family if decision not in KEY_KPIS and self._moves(k)][:MAX_NEAR_KPIS]
        order = dict.fromkeys((decision, *near, *KEY_KPIS))
        present = {kpi for kpi, _ in self.effects}
        return [k for k in order if k in present][:MAX_KEY_KPIS]

    def _moves(self, kpi: str) -> bool:
        """Whether an alternative is told apart from the baseline on ``kpi``."""
        found = (self.effects.get((kpi, a)) for a in self.alternatives)
        return any(e is not None and e.verdict in MOVED for e in found)

    def other_kpis(self) -> list[str]:
        """The names that `key_kpis` leaves out, in the order of the definitions."""
        key = set(self.key_kpis())
        present = dict.fromkeys([*self.data.kpi_definitions, *(kpi for kpi, _ in self.effects)])
        known = {kpi for kpi, _ in self.effects}
        return [k for k in present if k in known and k not in key]

    def best(self, scenario: str, column: str) -> float:
        """A number of the `best` frame for one scenario; NaN when it is missing."""
        f = self.data.best
        if "scenario" not in f or column not in f:
            return math.nan
        rows = f.loc[f["scenario"].astype(str) == scenario, column]
        return float(rows.iloc[0]) if len(rows) else math.nan

    def gain(self, kpi: str, alternative: str) -> float:
        """Gain of common random numbers for one difference; NaN when it is missing."""
        f = self.data.gain
        if not {"kpi", "alternative", "gain"} <= set(f.columns):
            return math.nan
        rows = f.loc[(f["kpi"].astype(str) == kpi) & (f["alternative"].astype(str) == alternative), "gain"]
        return float(rows.iloc[0]) if len(rows) else math.nan


def _with_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The frame, or an empty one with these columns when it is empty; ValueError when a column is missing."""
    if frame.empty:
        return pd.DataFrame({c: pd.Series(dtype="float64" if c == "value" else "object") for c in columns})
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise ValueError(f"a result table lacks the columns {', '.join(missing)}")
    return frame
