"""Comparisons as shipped, run on a thinned city: what the tests of the stories share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.loading import load_comparison
from sim.replicates import Job
from sim.scenario import Scenario
from sim.study import Bench


@dataclass(frozen=True)
class Effect:
    """A paired difference over replicates: ``mean`` and its standard error ``se``, in the KPI's unit."""

    mean: float
    se: float

    def is_up(self, z: float = 3.0) -> bool:
        """Above zero by more than ``z`` standard errors."""
        return self.mean > z * self.se and self.mean > 0

    def is_down(self, z: float = 3.0) -> bool:
        """Below zero by more than ``z`` standard errors."""
        return -self.mean > z * self.se and self.mean < 0


@dataclass(frozen=True)
class Story:
    """A comparison that was run: its KPIs (tidy) and the name of its baseline."""

    kpis: pd.DataFrame
    baseline: str

    def values(self, scenario: str, kpi: str, platform: str = "all", age_band: str = "all") -> np.ndarray:
        """The KPI over the whole horizon in each replicate, float64[replicates]."""
        t = self.kpis
        rows = t[
            (t["scenario"] == scenario)
            & (t["kpi"] == kpi)
            & (t["platform"] == platform)
            & (t["age_band"] == age_band)
            & (t["week"] == "all")
        ].sort_values("replicate")
        return rows["value"].to_numpy(dtype=float)

    def mean(self, scenario: str, kpi: str, platform: str = "all", age_band: str = "all") -> float:
        """Mean of the KPI over the replicates."""
        return float(np.mean(self.values(scenario, kpi, platform, age_band)))

    def effect(
        self, scenario: str, kpi: str, platform: str = "all", age_band: str = "all", against: str = ""
    ) -> Effect:
        """Paired difference of ``scenario`` from ``against`` (the baseline if empty)."""
        here = self.values(scenario, kpi, platform, age_band)
        there = self.values(against or self.baseline, kpi, platform, age_band)
        paired = here - there
        return Effect(float(paired.mean()), float(paired.std(ddof=1) / np.sqrt(len(paired))))


def tell(
    comparison: str,
    *overrides: str,
    replicates: int = 4,
    seed: int = 1,
    control: Callable[[Scenario], Scenario] = lambda scenario: scenario,
    sides: Collection[str] = (),
) -> Story:
    """Run the shipped ``comparison``, ``overrides`` applied (``sampling=0.05``, ...).

    ``control`` is put on every scenario: the cause of the story taken out. ``sides``: the scenarios to run
    (all if empty), the baseline always.
    """
    asked = load_comparison([f"comparison={comparison}", *overrides])
    told = [s for s in asked.scenarios if not sides or s.name in {asked.baseline.name, *sides}]
    scenarios = [control(s) for s in told]
    bench = Bench(scenarios, seed)
    runs = [bench.run(Job(s.name, r))["kpis"] for s in scenarios for r in range(replicates)]
    return Story(pd.concat(runs, ignore_index=True), scenarios[0].name)
