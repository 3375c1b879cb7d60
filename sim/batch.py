"""Scenarios of several cities, ready to run: a city is made when first needed and kept while it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pandas as pd
from numpy.typing import NDArray

from sim.city import City, build_city, fingerprint
from sim.figures import InputError
from sim.kernels import kernel_named
from sim.kpi import kpi_table
from sim.laws import Laws, build_laws
from sim.replicates import Job
from sim.review import play
from sim.scenario import Scenario

T = TypeVar("T")
KEPT_LAWS = 4  # more than one, for threads that run different scenarios


@dataclass(frozen=True)
class Failed:
    """A run that has no answer, and why."""

    reason: str


@dataclass(frozen=True)
class Entry:
    """One scenario of a batch: ``recipe`` names its city."""

    scenario: Scenario
    seed: int
    recipe: str

    @property
    def residents(self) -> float:
        """Residents that are simulated."""
        return self.scenario.city.population.total.value * self.scenario.sampling

    @property
    def work(self) -> float:
        """Resident-weeks of one run: what its time and memory grow with."""
        return self.residents * self.scenario.horizon_weeks

    @classmethod
    def of(cls, scenario: Scenario, seed: int) -> Entry:
        """The entry of a scenario."""
        return cls(scenario, seed, fingerprint(scenario, seed, scenario.graph))


Answer = list[tuple[Job, dict[str, pd.DataFrame] | Failed]]


class Batch:
    """Answers runs of ``entries`` (by name), several of one city at a time. ``kept``: cities held at once.

    Its pickle is its recipe.
    """

    def __init__(self, entries: Mapping[str, Entry], kernel: str = "auto", kept: int = 1) -> None:
        self._recipe = (dict(entries), kernel, kept)
        self._entries, self._kernel = self._recipe[0], kernel_named(kernel)
        self._cities: Kept[City] = Kept(kept)
        self._laws: Kept[Laws] = Kept(kept + KEPT_LAWS)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._recipe

    def city(self, name: str) -> City:
        """The city of one scenario."""
        entry = self._entries[name]
        return self._cities.get(
            entry.recipe, lambda: build_city(entry.scenario, entry.seed, graph=entry.scenario.graph)
        )

    def arrays(self) -> list[NDArray[Any]]:
        """The arrays of the cities that are held now."""
        return [array for city in self._cities.held() for array in city.arrays().values()]

    def run(self, task: tuple[Job, ...]) -> Answer:
        """KPIs of each run, or why there are none: one that fails leaves the others alone."""
        out: Answer = []
        for job in task:
            try:
                out.append((job, {"kpis": self._kpis(job)}))
            except Exception as error:
                out.append((job, Failed(reason_of(error))))
        return out

    def _kpis(self, job: Job) -> pd.DataFrame:
        entry, city = self._entries[job.scenario], self.city(job.scenario)
        laws = self._laws.get(job.scenario, lambda: build_laws(entry.scenario, city, entry.seed))
        tally, laws = play(laws, city, entry.seed, job.replicate, self._kernel)
        return kpi_table(tally, laws, city, entry.scenario.name, job.replicate)


def reason_of(error: Exception) -> str:
    """One line: a person's mistake in its own words, one of the program with its kind."""
    told = " | ".join(str(error).split("\n"))
    return told if isinstance(error, InputError) else f"{type(error).__name__}: {told}"


class Kept(Generic[T]):
    """The last ``size`` values, by name; each is made once, also where several threads ask."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._slots: dict[str, _Slot[T]] = {}

    def get(self, name: str, make: Callable[[], T]) -> T:
        """The value of ``name``, made if need be."""
        with self._lock:
            slot = self._slots[name] = self._slots.pop(name) if name in self._slots else _Slot()
            while len(self._slots) > self._size:
                del self._slots[next(iter(self._slots))]
        with slot.lock:
            if slot.value is None:
                slot.value = make()
            return slot.value

    def held(self) -> list[T]:
        """The values that are there."""
        return [slot.value for slot in list(self._slots.values()) if slot.value is not None]


@dataclass
class _Slot(Generic[T]):
    value: T | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
