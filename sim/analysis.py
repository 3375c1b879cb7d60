"""Screening, variance shares and ranking of a comparison, from any function that answers settings.

Four stages on the paired difference of the decision's KPI, with the same luck everywhere: the stated
figures; where there are many, Morris' screening of whole sections of the cards; Morris' screening of the
figures of the sections that matter, one by one; Saltelli's design for the few that matter, in which all the
others move too, as one group. The ranking is read from the points of the last stage.
"""

from __future__ import annotations

from collections import Counter
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
SECTIONS = {  # of a platform's card, where it is not one part of it
    "use": "presence",
    "sessions_per_day": "presence",
    "session_gamma_shape": "presence",
    "reach": "feed",
    "display": "feed",
    "formats": "reactions",
    "theme_fit": "reactions",
    "react_by_band": "reactions",
}
Evaluate = Callable[[str, F64], F64]
STAGES = ("stated", "sections", "morris", "sobol")


class Settings(Strict):
    """How the sensitivity is examined: ``trajectories`` of Morris, ``screen``: how many figures are tried one
    by one (of more, whole sections are tried first), ``top`` figures kept for Sobol', ``samples`` of
    Saltelli's design (a power of two), ``replicates`` per setting, ``only``: beginnings of paths to vary."""

    trajectories: int = Field(default=2, ge=2, le=1000)
    screen: int = Field(default=12, ge=1, le=10_000)
    top: int = Field(default=4, ge=1, le=50)
    samples: int = Field(default=8, ge=2, le=2**16)
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
    """What the stages say. ``sections``: one row per section and alternative (``alternative, group,
    mu_star, figures, kept``), no row if every figure was tried by itself; ``morris``: one row per figure
    tried and alternative (``alternative, path, mu, mu_star, sigma, mu_star_conf, rank``), ``sobol``: per
    group and alternative; ``top``: figures by rank."""

    parameters: tuple[Parameter, ...]
    held: tuple[Held, ...]
    top: tuple[str, ...]
    designs: pd.DataFrame
    sections: pd.DataFrame
    morris: pd.DataFrame
    sobol: pd.DataFrame
    ranking: ranking.Ranking


class Points:
    """Remembers every point that was asked for."""

    def __init__(self, evaluate: Evaluate, parameters: Sequence[Parameter], labels: Sequence[str]) -> None:
        self._evaluate, self._parameters, self._labels = evaluate, parameters, labels
        self._parts: list[pd.DataFrame] = []

    def at(self, stage: str, settings: F64) -> F64:
        """Decision KPI, float64[settings, scenarios], of ``settings`` float64[settings, figures]."""
        values = self._evaluate(stage, settings)
        columns = [*(f"scenario:{s}" for s in self._labels), *(p.path for p in self._parameters)]
        part = pd.DataFrame(np.hstack([values, settings]), columns=columns)
        part.insert(0, "stage", stage)
        part.insert(1, "design", np.arange(len(settings)))
        self._parts.append(part)
        return values

    def designs(self) -> pd.DataFrame:
        """All points: stage, design, scenario:<name>..., figure..."""
        return pd.concat(self._parts, ignore_index=True)


def analyse(
    comparison: Comparison,
    settings: Settings,
    evaluate: Evaluate,
    parameters: tuple[Parameter, ...],
    held: tuple[Held, ...] = (),
) -> Analysis:
    """The stages; ``evaluate(stage, settings[n, figures])`` gives the decision KPI [n, scenarios]."""
    names, seed = [p.path for p in parameters], comparison.options.seed
    labels = [s.name for s in comparison.scenarios]
    points = Points(evaluate, parameters, labels)
    stated = points.at("stated", np.array([[p.value for p in parameters]]))
    sections = _sections(parameters, labels, settings, points, seed)
    tried = names
    if len(sections):
        kept = set(sections.loc[sections["kept"], "group"])
        tried = [name for name in names if section_of(name) in kept]
    walk = screening.morris_design(tried, settings.trajectories, seed)
    at_walk = points.at("morris", _scaled(parameters, walk, tried))
    morris = _morris(tried, labels, walk, at_walk, seed)
    top = _top(morris, settings.top)
    drawn = screening.sobol_design(names, top, settings.samples, seed)
    at_drawn = points.at("sobol", _scaled(parameters, drawn, names))
    parts = []
    for a, label in enumerate(labels[1:], 1):
        indices = screening.sobol_indices(names, top, at_drawn[:, a] - at_drawn[:, 0], seed)
        indices.insert(0, "alternative", label)
        parts.append(indices)
    options, kpi = comparison.options, comparison.options.decision.kpi
    zone = Zone(options.indifference, dict(options.indifference_by_kpi))
    halves = np.array([zone.half_width(kpi, value) for value in at_drawn[:, 0]])
    ranked = ranking.rank(
        labels, stated[0], at_drawn, SIGN[DIRECTIONS[kpi]], halves, zone.half_width(kpi, stated[0, 0]),
        names, top, drawn,
    )  # fmt: skip
    sobol = pd.concat(parts, ignore_index=True)
    return Analysis(parameters, held, top, points.designs(), sections, morris, sobol, ranked)


def section_of(path: str) -> str:
    """The section of the cards that a figure belongs to: figures that say one thing together."""
    parts = path.split(".")
    if parts[0] == "platform":
        return ".".join([*parts[:2], SECTIONS.get(parts[2], parts[2])])
    if parts[0] == "behaviour":
        return ".".join([parts[0], parts[1] if len(parts) > 2 else "people"])
    return "city.accounts" if parts[:2] == ["city", "accounts"] else parts[0]


def sections_of(paths: Sequence[str], screen: int) -> dict[str, int]:
    """Section -> its number of figures, where there are more than ``screen`` figures; empty otherwise."""
    return dict(Counter(section_of(path) for path in paths)) if len(paths) > screen else {}


def _sections(
    parameters: Sequence[Parameter], labels: Sequence[str], settings: Settings, points: Points, seed: int
) -> pd.DataFrame:
    """Effect of each section as a whole; those with the largest are kept until ``screen`` figures are."""
    names = [p.path for p in parameters]
    sizes = sections_of(names, settings.screen)
    if len(sizes) < 2:
        return pd.DataFrame(columns=["alternative", "group", "mu_star", "figures", "kept"])
    groups = [section_of(name) for name in names]
    walk = screening.morris_design(names, settings.trajectories, seed, groups)
    values = points.at("sections", _scaled(parameters, walk, names))
    parts = []
    for a, label in enumerate(labels[1:], 1):
        effects = screening.group_effects(names, groups, walk, values[:, a] - values[:, 0], seed)
        effects.insert(0, "alternative", label)
        parts.append(effects)
    table = pd.concat(parts, ignore_index=True)
    strongest = table.groupby("group")["mu_star"].max()
    kept: set[str] = set()
    for group in sorted(sizes, key=lambda g: (-strongest[g], g)):
        if sum(sizes[g] for g in kept) < settings.screen:
            kept.add(group)
    return table.assign(figures=table["group"].map(sizes), kept=table["group"].isin(kept))


def _scaled(parameters: Sequence[Parameter], unit: F64, moved: Sequence[str]) -> F64:
    """Settings of all figures: those ``moved`` at their quantiles ``unit``, the others as stated."""
    out = np.tile([p.value for p in parameters], (len(unit), 1)).astype(np.float64)
    place = {name: i for i, name in enumerate(moved)}
    for column, p in enumerate(parameters):
        if p.path in place:
            out[:, column] = [p.at(float(u)) for u in unit[:, place[p.path]]]
    return out


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
