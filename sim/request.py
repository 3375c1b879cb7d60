"""What a person asks of the simulator: options of a run, and scenarios side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.engine import Engine
from sim.figures import InputError, Strict, nearest
from sim.notation import Label
from sim.scenario import Scenario

# Options that cannot change a number: where and by what means it is computed.
MEANS = ("results_dir", "engine", "workers", "kernel")


def _replicates(value: object) -> object:
    if value == "auto":
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
        raise ValueError(f"{value!r} is not allowed: a whole number from 1 to 10000, or auto")
    return value


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Decision(Strict):
    """The indicator on which scenarios are ranked."""

    kpi: str = "weekly_coverage_of_residents"
    platform: str = "all"
    age_band: str = "all"


class Options(Strict):
    """How a run is made. Nothing here changes what is simulated, except the seed."""

    seed: int = Field(default=1, ge=0, lt=2**62)
    replicates: Annotated[int | Literal["auto"], BeforeValidator(_replicates)] = "auto"
    min_replicates: int = Field(default=6, ge=2, le=10_000)
    max_replicates: int = Field(default=12, ge=2, le=10_000)
    precision: float = Field(default=0.01, gt=0, le=1)
    indifference: float = Field(default=0.02, ge=0, le=1)
    indifference_by_kpi: dict[str, float] = Field(default={})
    decision: Decision = Decision()
    lang: Literal["fr", "en"] = "fr"
    results_dir: str = "./results"
    engine: Engine = Engine()
    workers: int = Field(default=0, ge=0, le=1024)
    kernel: Literal["auto", "compiled", "numpy"] = "auto"

    @model_validator(mode="after")
    def _bounds(self) -> Options:
        if self.min_replicates > self.max_replicates:
            raise ValueError(
                f"min_replicates {self.min_replicates} is above max_replicates {self.max_replicates}"
            )
        return self

    def n_workers(self) -> int:
        """Runs at a time on this machine: ``workers``, or one for each core that this process may use."""
        return 1 if self.engine.kind == "serial" else self.workers or available_cores()


class Comparison:
    """Scenarios of one city side by side; the first is the baseline.

    ``inputs``: SHA-256 of the files read, by name.
    """

    def __init__(
        self,
        name: str,
        label: Label,
        scenarios: tuple[Scenario, ...],
        options: Options,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        names = [s.name for s in scenarios]
        if len(set(names)) < len(names):
            raise InputError(f"comparison {name}: scenario names must differ, got {', '.join(names)}")
        if len({(s.city.name, s.graph) for s in scenarios}) > 1:
            raise InputError(f"comparison {name}: all scenarios must be of one city and one graph")
        self.inputs = dict(inputs or {})
        self.name, self.label, self.scenarios, self.options = name, label, scenarios, options

    @property
    def baseline(self) -> Scenario:
        """The scenario that the others are compared with."""
        return self.scenarios[0]

    def scenario(self, name: str) -> Scenario:
        """The scenario called ``name``. Raises InputError with the nearest right name."""
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        raise InputError(f"unknown scenario '{name}'{nearest(name, [s.name for s in self.scenarios])}")
