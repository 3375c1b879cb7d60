"""Screening, variance shares and ranking of a comparison, from any function that answers settings.

Three stages on the paired difference of the decision's KPI, with the same luck everywhere: the stated
figures; Morris' screening of every figure with a plausible range; Saltelli's design for the few that matter,
in which all the others move too, as one group. The ranking is read from the points of the last stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from sim import ranking, screening
from sim.differences import SIGN, Zone
from sim.figures import Strict
from sim.indicators import DIRECTIONS
from sim.parameters import Held, Parameter
from sim.request import Comparison

F64 = NDArray[np.float64]
Evaluate = Callable[[str, F64], F64]
STAGES = ("stated", "morris", "sobol")


class Settings(Strict):
    """How the sensitivity is examined: ``trajectories`` of Morris, ``top`` figures kept for Sobol',
    ``samples`` of Saltelli's design (a power of two), ``replicates`` per setting, ``only``: beginnings of
    paths to vary."""

    trajectories: int = Field(default=4, ge=2, le=1000)
    top: int = Field(default=5, ge=1, le=50)
    samples: int = Field(default=16, ge=2, le=2**16)
    replicates: int = Field(default=1, ge=1, le=100)
    only: tuple[str, ...] = ()

    @field_validator("samples")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError(
                f"{value} is not a power of two; take {2 ** (value.bit_length() - 1)} or twice that"
            )
        return value


@dataclass(frozen=True)
class Analysis:
    """What the three stages say. ``morris``: one row per figure and alternative (``alternative, path, mu,
    mu_star, sigma, mu_star_conf, rank``), ``sobol``: per group and alternative; ``top``: figures by rank."""

    parameters: tuple[Parameter, ...]
    held: tuple[Held, ...]
    top: tuple[str, ...]
    designs: pd.DataFrame
    morris: pd.DataFrame
    sobol: pd.DataFrame
    ranking: ranking.Ranking


def analyse(
    comparison: Comparison,
    settings: Settings,
    evaluate: Evaluate,
    parameters: tuple[Parameter, ...],
    held: tuple[Held, ...] = (),
) -> Analysis:
    """The three stages; ``evaluate(stage, settings[n, figures])`` gives the decision KPI [n, scenarios]."""
    names, seed = [p.path for p in parameters], comparison.options.seed
    labels = [s.name for s in comparison.scenarios]
    as_stated = np.array([[p.value for p in parameters]])
    stated = evaluate("stated", as_stated)
    walk = screening.morris_design(names, settings.trajectories, seed)
    at_walk = evaluate("morris", _scaled(parameters, walk))
    morris = _morris(names, labels, walk, at_walk, seed)
    top = _top(morris, settings.top)
    points = screening.sobol_design(names, top, settings.samples, seed)
    at_points = evaluate("sobol", _scaled(parameters, points))
    parts = []
    for a, label in enumerate(labels[1:], 1):
        indices = screening.sobol_indices(names, top, at_points[:, a] - at_points[:, 0], seed)
        indices.insert(0, "alternative", label)
        parts.append(indices)
    options, kpi = comparison.options, comparison.options.decision.kpi
    zone = Zone(options.indifference, dict(options.indifference_by_kpi))
    halves = np.array([zone.half_width(kpi, value) for value in at_points[:, 0]])
    ranked = ranking.rank(
        labels, stated[0], at_points, SIGN[DIRECTIONS[kpi]], halves, zone.half_width(kpi, stated[0, 0]),
        names, top, points,
    )  # fmt: skip
    scaled = [as_stated, _scaled(parameters, walk), _scaled(parameters, points)]
    designs = _table(names, labels, scaled, [stated, at_walk, at_points])
    return Analysis(parameters, held, top, designs, morris, pd.concat(parts, ignore_index=True), ranked)


def _scaled(parameters: Sequence[Parameter], unit: F64) -> F64:
    return np.array([[p.at(float(u)) for p, u in zip(parameters, row, strict=True)] for row in unit])


def _morris(names: Sequence[str], labels: Sequence[str], walk: F64, y: F64, seed: int) -> pd.DataFrame:
    parts = []
    for a, label in enumerate(labels[1:], 1):
        indices = screening.morris_indices(names, walk, y[:, a] - y[:, 0], seed)
        indices.insert(0, "alternative", label)
        parts.append(indices)
    table = pd.concat(parts, ignore_index=True)
    strongest = table.groupby("path")["mu_star"].max()
    order = sorted(names, key=lambda path: (-strongest[path], path))
    return table.assign(rank=table["path"].map({path: i + 1 for i, path in enumerate(order)}))


def _top(morris: pd.DataFrame, most: int) -> tuple[str, ...]:
    """The figures with the largest effect on any alternative: at most ``most``, and one at least."""
    strongest = morris.groupby("path").agg(mu_star=("mu_star", "max"), rank=("rank", "first"))
    ranked = strongest.sort_values("rank")
    return tuple(p for i, (p, mu) in enumerate(ranked["mu_star"].items()) if i < most and (mu > 0 or i == 0))


def _table(
    names: Sequence[str], labels: Sequence[str], settings: list[F64], values: list[F64]
) -> pd.DataFrame:
    parts = []
    for stage, x, y in zip(STAGES, settings, values, strict=True):
        part = pd.DataFrame(np.hstack([y, x]), columns=[*(f"scenario:{s}" for s in labels), *names])
        part.insert(0, "stage", stage)
        part.insert(1, "design", np.arange(len(x)))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
