"""Model against data: reference situations are run, each fact is measured and judged.

A fact passes when the model's value, the mean of independent replicates, lies in the data's band. The Monte
Carlo error is the standard error of that mean. It never widens the band; an error above half of the band's
width fails the fact, for then nothing has been shown, and a value within two errors of an edge is marked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import catalogue
from sim.city import build_city
from sim.compose import compose
from sim.facts import Fact, Situation, laid_over, read_facts, read_situations
from sim.figures import LANGUAGES, InputError, nearest
from sim.laws import build_laws
from sim.observed import Observation, observe
from sim.scenario import Scenario
from sim.store import csv_bytes, ensure_writable, replace_file
from sim.stylised import STATISTICS

SAME_CITY = 0.02  # relative tolerance between two scales: their cities differ, and are not drawn again
PASS, FAIL = "PASS", "FAIL"


@dataclass(frozen=True)
class Judged:
    """A fact with the model's ``value``, its Monte Carlo ``error`` and the value of each replicate."""

    fact: Fact
    value: float
    error: float
    runs: tuple[float, ...]

    @property
    def passes(self) -> bool:
        """Whether the value lies in the band, known well enough."""
        low, high = self._band()
        known = math.isfinite(self.value) and math.isfinite(self.error)
        if not known or not low <= self.value <= high:
            return False
        return self.fact.against is not None or self.error <= (high - low) / 2

    @property
    def near_edge(self) -> bool:
        """Whether another seed might lead to another verdict."""
        if self.fact.against is not None:
            return False
        return any(abs(self.value - edge) < 2 * self.error for edge in self._band())

    @property
    def verdict(self) -> str:
        """The word that ends the row."""
        return PASS if self.passes else FAIL

    def _band(self) -> tuple[float, float]:
        low = -math.inf if self.fact.low is None else self.fact.low
        return low, math.inf if self.fact.high is None else self.fact.high


@cache
def _composed(city: str, platforms: tuple[str, ...], changes: tuple[str, ...]) -> dict[str, Any]:
    """Plain data of a city on some platforms; read it, never write in it."""
    groups = {"platform": platforms, "change": changes}
    return compose([f"city={city}", *(f"{g}=[{','.join(names)}]" for g, names in groups.items())]).tree


def scenario_of(situation: Situation, name: str) -> Scenario:
    """The scenario of a situation: its city, without the other accounts, with what it sets."""
    tree = _composed(situation.city, situation.platforms, situation.changes)
    city = dict(tree["city"])
    kept = situation.accounts or (situation.about,)
    city["accounts"] = {a: spec for a, spec in city["accounts"].items() if a in kept}
    city["use_scale"] = {p: f for p, f in city.get("use_scale", {}).items() if p in situation.platforms}
    present = {spec["platform"] for spec in city["accounts"].values()}
    city["peers"] = {p: others for p, others in city.get("peers", {}).items() if p in present}
    plain = {key: tree[key] for key in Scenario.model_fields if key in tree}
    plain |= {"city": city, "change": tree.get("change") or {}, "name": name, "label": situation.label}
    return Scenario.from_dict(laid_over(plain, situation.set))


def watch(situation: Situation, name: str, seed: int) -> Iterable[Observation]:
    """The observed replicates of a situation, one after the other."""
    scenario = scenario_of(situation, name)
    city = build_city(scenario, seed, cache_dir=None)
    laws = build_laws(scenario, city, seed)
    for replicate in range(situation.replicates):
        yield observe(laws, city, seed, replicate, situation.about)


Measured = dict[str, dict[str, tuple[float, ...]]]


def measure(
    facts: Sequence[Fact],
    situations: Mapping[str, Situation],
    seed: int,
    told: Callable[[str, int, int], None] | None = None,
) -> Measured:
    """Values of every statistic that a fact asks for: situation -> statistic -> one value a replicate.

    ``told(situation, done, planned)`` hears of each finished run.
    """
    asked: dict[str, set[str]] = {}
    for fact in facts:
        for name in (fact.situation, fact.against):
            if name is not None:
                asked.setdefault(name, set()).add(fact.statistic)
    planned, done = sum(situations[name].replicates for name in asked), 0
    out: Measured = {}
    for name, statistics in asked.items():
        found: dict[str, list[float]] = {statistic: [] for statistic in sorted(statistics)}
        for observation in watch(situations[name], name, seed):
            for statistic, values in found.items():
                values.append(STATISTICS[statistic](observation))
            done += 1
            if told is not None:
                told(name, done, planned)
        out[name] = {statistic: tuple(values) for statistic, values in found.items()}
    return out


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean of independent replicates and its standard error."""
    x = np.asarray(values, dtype=np.float64)
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))


def judge(fact: Fact, measured: Measured) -> Judged:
    """The verdict on one fact."""
    runs = measured[fact.situation][fact.statistic]
    value, error = mean_and_error(runs)
    if fact.against is not None:
        other, other_error = mean_and_error(measured[fact.against][fact.statistic])
        spread = math.sqrt(error**2 + other_error**2 + (SAME_CITY * other) ** 2)
        return Judged(fact, (value - other) / spread, 1.0, runs)
    return Judged(fact, value, error, runs)


@dataclass(frozen=True)
class Validation:
    """Every fact judged or ``told``; ``situations`` as they were run."""

    judged: tuple[Judged, ...]
    told: tuple[Fact, ...]
    situations: dict[str, Situation]
    measured: Measured
    seed: int
    reduced: bool

    @property
    def failed(self) -> int:
        """Number of facts that fail."""
        return sum(not j.passes for j in self.judged)


def validate(
    reduced: bool = False,
    seed: int = 1,
    told: Callable[[str, int, int], None] | None = None,
    only: Callable[[Fact], bool] = lambda _: True,
    folder: str | None = None,
) -> Validation:
    """Run the reference situations and judge every fact (``only`` those that it lets through).

    ``folder``: where the result will be written; raises StoreError at once if it cannot be.
    """
    if folder is not None:
        ensure_writable(folder)
    facts = [fact for fact in read_facts() if only(fact)]
    situations = read_situations(reduced)
    check(facts, situations)
    measured = measure(facts, situations, seed, told)
    judged = tuple(judge(f, measured) for f in facts if f.use != "told")
    only_told = tuple(f for f in facts if f.use == "told")
    return Validation(judged, only_told, situations, measured, seed, reduced)


def check(facts: Sequence[Fact], situations: Mapping[str, Any]) -> None:
    """Facts name situations and statistics that exist. Raises InputError."""
    problems = []
    for fact in facts:
        for name in (fact.situation, fact.against):
            if name is not None and name not in situations:
                problems.append(f"{fact.id}: unknown situation '{name}'{nearest(name, situations)}")
        if fact.statistic not in STATISTICS:
            hint = nearest(fact.statistic, STATISTICS)
            problems.append(f"{fact.id}: unknown statistic '{fact.statistic}'{hint}")
    if problems:
        raise InputError("\n".join(problems))


# --- the command ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    reduced: bool = False
    seed: int = 1
    lang: str = "fr"
    results_dir: str = "./results"


def asked(overrides: Sequence[str]) -> Asked:
    """Options of the verb ``validate``. Raises InputError, one line per mistake."""
    names = tuple(Asked.__dataclass_fields__)
    allowed = {
        "reduced": "true|false", "seed": r"\d{1,18}", "lang": "|".join(LANGUAGES), "results_dir": ".+",
    }  # fmt: skip
    words = {"seed": "a whole number", "results_dir": "a folder", "reduced": "true, false"}
    found: dict[str, Any] = {}
    problems = []
    for text in overrides:
        name, equals, value = text.partition("=")
        value = value.strip("'\"")
        if not equals or name not in names:
            problems.append(f"command line: '{text[:60]}'{nearest(name, names)}")
        elif not re.fullmatch(allowed[name], value):
            wanted = words.get(name, ", ".join(LANGUAGES))
            problems.append(f"command line: {name}: '{value[:60]}'; allowed: {wanted}")
        else:
            found[name] = int(value) if name == "seed" else value == "true" if name == "reduced" else value
    if problems:
        raise InputError("\n".join(problems))
    return Asked(**found)


def table(validation: Validation) -> pd.DataFrame:
    """One row for each judged fact: id, situation, statistic, low, high, value, error, runs, use, verdict."""
    columns = ("id", "row", "situation", "statistic", "low", "high")
    found = []
    for judged in validation.judged:
        fact = judged.fact
        row = {name: getattr(fact, name) for name in columns}
        row |= {"value": judged.value, "error": judged.error, "runs": len(judged.runs), "unit": fact.unit}
        row |= {"source": "; ".join(fact.source), "use": fact.use, "set_by": fact.set_by}
        found.append(row | {"verdict": judged.verdict})
    return pd.DataFrame(found)


def write(validation: Validation, options: Asked) -> Path:
    """Write validation.html and validation.csv; returns the page's path. Raises StoreError."""
    from sim.report.validation import render

    folder = ensure_writable(options.results_dir) / "validation"
    folder.mkdir(exist_ok=True)
    titles = {key: entry["title"] for key, entry in catalogue.read(catalogue.tree() / "sources.yaml").items()}
    replace_file(folder / "validation.csv", csv_bytes(table(validation)))
    replace_file(folder / "validation.html", render(validation, options.lang, titles).encode("utf-8"))
    return folder / "validation.html"
