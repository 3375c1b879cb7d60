"""The decision's KPI at many settings of the figures: laws rebuilt for each, and the city where it must be.

All settings share seed and replicates (common random numbers), so a difference between two settings is the
work of the figures. A scenario is run once for each setting of the figures that can matter in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.city import City, build_city, ingredients
from sim.figures import InputError
from sim.indicators import ADDITIVE
from sim.kernels import kernel_named
from sim.kpi import kpi_table
from sim.laws import build_laws
from sim.parameters import with_values
from sim.pool import Means, workers
from sim.request import Comparison
from sim.review import play
from sim.scenario import Scenario

F64 = NDArray[np.float64]
CHUNK = 60  # runs kept together on disk; any value gives the same numbers


class Job(NamedTuple):
    """One scenario at one setting of its own figures (``Bench.relevant`` gives their order)."""

    scenario: str
    values: tuple[float, ...]


class Saved(Protocol):
    """Where finished runs survive a killed analysis (``checkpoint.Checkpoint``)."""

    def get(self, scenario: str, replicate: int) -> dict[str, pd.DataFrame] | None: ...
    def put(self, scenario: str, replicate: int, result: Mapping[str, pd.DataFrame]) -> None: ...


class Bench:
    """A city and the scenarios to run on it. ``relevant``: scenario name -> paths that matter in it."""

    def __init__(
        self,
        comparison: Comparison,
        relevant: Mapping[str, tuple[str, ...]],
        replicates: int,
        city: City | None = None,
    ) -> None:
        self._asked = (comparison, relevant, replicates, city)
        self.kernel = kernel_named(comparison.options.kernel)
        base, self.seed = comparison.baseline, comparison.options.seed
        self.city = city if city is not None else build_city(base, self.seed, graph=base.graph)
        self.scenarios = {s.name: s for s in comparison.scenarios}
        self.relevant, self.replicates = dict(relevant), replicates
        self.decision = comparison.options.decision
        self._stated = _recipe(base)
        self._moved: tuple[str, City] = (self._stated, self.city)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._asked

    def run(self, job: Job) -> float:
        """Mean of the decision's KPI over the replicates; NaN where the scenario has no such number."""
        values = dict(zip(self.relevant[job.scenario], job.values, strict=True))
        scenario = with_values(self.scenarios[job.scenario], values)
        city = self._city_of(scenario)
        laws = build_laws(scenario, city, self.seed)
        found = []
        for replicate in range(self.replicates):
            tally, plan = play(laws, city, self.seed, replicate, self.kernel)
            found.append(self._decisive(kpi_table(tally, plan, city, job.scenario, replicate)))
        return float(np.mean(found))

    def _city_of(self, scenario: Scenario) -> City:
        """The stated city, the last one that was built, or a new one for these figures."""
        recipe = _recipe(scenario)
        if recipe == self._stated:
            return self.city
        moved = self._moved  # one look: another thread may put its own city there
        if recipe != moved[0]:
            moved = (recipe, build_city(scenario, self.seed, graph=scenario.graph, cache_dir=None))
            self._moved = moved
        return moved[1]

    def _decisive(self, kpis: pd.DataFrame) -> float:
        d = self.decision
        wanted = {"kpi": d.kpi, "platform": d.platform, "age_band": d.age_band, "week": "all"}
        here = np.logical_and.reduce([kpis[c].to_numpy() == value for c, value in wanted.items()])
        values = kpis["value"].to_numpy()[here]
        return float(values[0]) if len(values) else 0.0 if d.kpi in ADDITIVE else float("nan")


def _recipe(scenario: Scenario) -> str:
    """What the city depends on, as one text."""
    return json.dumps(ingredients(scenario), sort_keys=True)


Map = Callable[[Sequence[Job]], Iterable[float]]


@contextmanager
def runner(bench: Bench, means: Means) -> Iterator[Map]:
    """A function that answers jobs in order, by the engine that ``means`` name."""
    with workers(bench, means, together=len(bench.scenarios), in_order=True) as over:
        yield lambda jobs: over(over.run, jobs)


class Evaluator:
    """Answers whole designs, never running the same job twice; ``told(done)`` counts settings x scenarios."""

    def __init__(
        self,
        bench: Bench,
        paths: Sequence[str],
        over: Map,
        saved: Saved | None = None,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.bench, self.over, self.saved, self.told = bench, over, saved, told
        place = {path: i for i, path in enumerate(paths)}
        self.columns = {s: [place[p] for p in bench.relevant[s]] for s in bench.scenarios}
        self.known: dict[Job, float] = {}
        self.done = 0

    def __call__(self, stage: str, settings: F64) -> F64:
        """Decision KPI, float64[settings, scenarios], of ``settings`` float64[settings, figures].

        InputError: a scenario has no such number.
        """
        wanted = [
            [Job(s, tuple(row[columns].tolist())) for s, columns in self.columns.items()] for row in settings
        ]
        todo = list(dict.fromkeys(job for row in wanted for job in row if job not in self.known))
        self._say(sum(len(row) for row in wanted) - len(todo))
        for start in range(0, len(todo), CHUNK):
            chunk = todo[start : start + CHUNK]
            self.known.update(zip(chunk, self._answers(stage, start // CHUNK, chunk), strict=True))
        values = np.array([[self.known[job] for job in row] for row in wanted], dtype=np.float64)
        if not np.isfinite(values).all():
            d, s = self.bench.decision, int(np.argwhere(~np.isfinite(values))[0][1])
            raise InputError(
                f"decision: {d.kpi} (platform {d.platform}, age band {d.age_band}) has no value"
                f" in scenario '{list(self.columns)[s]}'"
            )
        return values

    def _answers(self, stage: str, number: int, chunk: Sequence[Job]) -> list[float]:
        before = None if self.saved is None else self.saved.get(stage, number)
        if before is not None and len(before["values"]) == len(chunk):
            self._say(len(chunk))
            return [float(v) for v in before["values"]["value"]]
        found = []
        for value in self.over(chunk):
            found.append(value)
            self._say(1)
        if self.saved is not None:
            self.saved.put(stage, number, {"values": pd.DataFrame({"value": found})})
        return found

    def _say(self, more: int) -> None:
        self.done += more
        self.told(self.done)
