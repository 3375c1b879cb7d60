"""How many replicates a comparison takes, and the loop that runs them.

The jobs may be answered in any order and by any number of processes; neither shows in the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd

from sim.intervals import student

if TYPE_CHECKING:
    from sim.request import Options

Result = dict[str, pd.DataFrame]


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


def rule_of(options: Options) -> Precision | int:
    """How many replicates ``options`` ask for, or when they are enough."""
    if isinstance(options.replicates, int):
        return options.replicates
    d = options.decision
    return Precision(
        kpi=d.kpi,
        platform=d.platform,
        age_band=d.age_band,
        half_width=options.precision,
        minimum=options.min_replicates,
        maximum=options.max_replicates,
        batch=options.min_replicates,
    )


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
    mean = float(student(values[:1]).mean[0])
    half = student(values[1:] - values[:1] if len(scenarios) > 1 else values).half
    half = np.where(np.isnan(half), np.inf, half)
    names = scenarios[1:] or scenarios
    asked = max(rule.absolute, rule.half_width * abs(mean) if np.isfinite(mean) else 0.0)
    widest = int(half.argmax())
    if half[widest] > asked and n < rule.maximum:
        return None
    kind: Literal["precision", "maximum"] = "maximum" if half[widest] > asked else "precision"
    return StopReason(kind, n, rule.kpi, names[widest], float(half[widest]), asked, mean)


class Growing:
    """Replicates of one scenario by itself: ``target`` of them, more until its own mean is precise enough."""

    def __init__(self, scenario: str, rule: Precision | int) -> None:
        self._scenario, self._rule = scenario, rule
        self.target = rule if isinstance(rule, int) else rule.minimum

    def is_enough(self, kpis: Sequence[pd.DataFrame]) -> bool:
        """Whether these, replicates 0, 1, ... up to the target, are enough; if not, the target grows.

        ValueError: the scenario has no decision KPI.
        """
        rule = self._rule
        if isinstance(rule, int):
            return True
        decisive = {Job(self._scenario, r): _decision_value({"kpis": k}, rule) for r, k in enumerate(kpis)}
        if _reached(decisive, [self._scenario], rule, self.target) is not None:
            return True
        self.target = min(self.target + rule.batch, rule.maximum)
        return False


def gather(results: Iterable[Result]) -> dict[str, pd.DataFrame]:
    """The tables of all runs, one under another in the order given, by name."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for result in results:
        for name, table in result.items():
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
