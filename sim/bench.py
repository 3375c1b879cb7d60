"""Scenarios of a comparison with their laws and cities, ready to run any of their replicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sim.audience import shortfalls
from sim.city import City, build_city, fingerprint
from sim.kernels import kernel_named
from sim.kpi import hour_table, kpi_table, post_table
from sim.laws import Laws, build_laws
from sim.replicates import Job
from sim.review import play
from sim.scenario import Scenario
from sim.unmatched import unmatched

Result = dict[str, pd.DataFrame]


class Bench:
    """Scenarios with their laws and cities.

    Scenarios that change nobody share one City; where one helps residents to go online, it has its own.
    ``city`` is the first scenario's, built when not given; ``cities``: by scenario. The pickle of a bench is
    its recipe: whoever reads it builds the cities again (or takes them from the cache), the same.
    """

    def __init__(
        self, scenarios: Sequence[Scenario], seed: int, city: City | None = None, kernel: str = "auto"
    ) -> None:
        self._recipe = (tuple(scenarios), seed, city, kernel)
        self.seed, self.kernel = seed, kernel_named(kernel)
        built = {} if city is None else {fingerprint(scenarios[0], seed, scenarios[0].graph): city}
        self.cities: dict[str, City] = {}
        for s in scenarios:
            recipe = fingerprint(s, seed, s.graph)
            if recipe not in built:
                built[recipe] = build_city(s, seed, graph=s.graph)
            self.cities[s.name] = built[recipe]
        self.city = self.cities[scenarios[0].name]
        self.laws: dict[str, Laws] = {s.name: build_laws(s, self.cities[s.name], seed) for s in scenarios}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._recipe

    def arrays(self) -> list[NDArray[Any]]:
        """The arrays of the cities, each once."""
        cities = {id(city): city for city in self.cities.values()}
        return [array for city in cities.values() for array in city.arrays().values()]

    def warnings(self) -> list[dict[str, str]]:
        """What the cities, the campaigns and the targets have to tell, each once."""
        told = [w for city in self.cities.values() for w in city.warnings]
        told += [w for name, laws in self.laws.items() for w in shortfalls(laws, self.cities[name])]
        told += [w for laws in self.laws.values() for w in unmatched(laws.scenario, laws.schedule)]
        return [w for i, w in enumerate(told) if w not in told[:i]]

    def run(self, job: Job) -> Result:
        """Tables of one run: kpis, posts, hours."""
        city = self.cities[job.scenario]
        tally, laws = play(self.laws[job.scenario], city, self.seed, job.replicate, self.kernel)
        return {
            "kpis": kpi_table(tally, laws, city, job.scenario, job.replicate),
            "posts": post_table(tally, laws, job.scenario, job.replicate),
            "hours": hour_table(tally, laws, job.scenario, job.replicate),
        }
