"""A dry run: how many runs, how long, how much memory and disk, by one run that is measured and dropped."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sim import provenance, store
from sim.asked import Request
from sim.batch import Batch, Entry, Failed
from sim.bench import Bench
from sim.checkpoint import Checkpoint
from sim.differences import summary
from sim.indicators import ADDITIVE
from sim.machine import size
from sim.pilot import Measured, Memory, measured, memory
from sim.pool import Means, means_of
from sim.replicates import Job, Precision, rule_of
from sim.request import Comparison, Options
from sim.study import request_config

PAGE_BYTES = 1_000_000  # report, settings and manifest of a comparison, at most


@dataclass(frozen=True)
class Plan:
    """What a command would do. ``runs``, ``seconds``: at least and at most, those ``done`` already left out.

    ``measured_s``: seconds of the run that was measured and of its city; ``disk_bytes``: at most.
    """

    scenarios: int
    cities: int
    runs: tuple[int, int]
    done: int
    seconds: tuple[float, float]
    measured_s: tuple[float, float]
    disk_bytes: int
    memory: Memory | None
    means: Means
    problems: tuple[str, ...] = ()


def plan_of_comparison(comparison: Comparison) -> Plan | None:
    """What ``compare`` would do; None: it is done already. InputError: what ``compare`` would refuse."""
    options, config = comparison.options, request_config(comparison)
    digest = provenance.canonical_hash(config)
    results_dir = Path(options.results_dir)
    if store.find_finished(store.result_folder(results_dir, comparison.name, digest)) is not None:
        return None
    started = time.monotonic()
    bench = Bench(comparison.scenarios, options.seed, kernel=options.kernel)
    city_s = time.monotonic() - started
    names, means = [s.name for s in comparison.scenarios], means_of(options)
    one = _measured(bench, Job(names[0], 0), means)
    need = memory(means, one.grown, bench.arrays())
    bounds = _bounds(options)
    saved = Checkpoint(results_dir, digest)
    done = sum(saved.get(name, r) is not None for name in names for r in range(bounds[1]))
    runs = tuple(max(0, n * len(names) - done) for n in bounds)
    kept = _parquet_bytes(one.answer.values())
    text = sum(len(store.csv_bytes(one.answer[name])) for name in ("kpis", "hours"))
    n = max(1, need.n_workers if need else means.n_workers)
    return Plan(
        scenarios=len(names),
        cities=len({id(city) for city in bench.cities.values()}),
        runs=(runs[0], runs[1]),
        done=done,
        seconds=(city_s + runs[0] * one.run_s / n, city_s + runs[1] * one.run_s / n),
        measured_s=(one.run_s, city_s),
        disk_bytes=bounds[1] * len(names) * (2 * kept + text) + PAGE_BYTES,
        memory=need,
        means=means.with_workers(n),
    )


def plan_of_sweep(request: Request) -> Plan | None:
    """What ``sweep`` would do, by a run of its largest scenario; None: it is done already."""
    digest = provenance.canonical_hash(request.config)
    results_dir = Path(request.options.results_dir)
    if store.find_finished(store.result_folder(results_dir, "sweep", digest)) is not None:
        return None
    jobs = [job for job in request.jobs if job.scenario is not None]
    entries = {j.name: Entry.of(j.scenario, j.options.seed) for j in jobs if j.scenario is not None}
    problems = tuple(f"{' '.join(j.overrides)}: {j.problem}" for j in request.jobs if j.problem)
    means, largest = means_of(request.options), max(entries, key=lambda n: entries[n].work, default="")
    if not largest:
        return Plan(len(request.jobs), 0, (0, 0), 0, (0, 0), (0, 0), 0, None, means, problems)
    batch = Batch(entries, means.kernel)
    started = time.monotonic()
    batch.city(largest)
    city_s = time.monotonic() - started
    one = _measured(batch, (Job(largest, 0),), means)
    [(_, answer)] = one.answer
    if isinstance(answer, Failed):
        problems += (answer.reason,)
        answer = {"kpis": pd.DataFrame({"kpi": []})}
    need = memory(means, one.grown, batch.arrays())
    n = max(1, need.n_workers if need else means.n_workers)
    saved, top = Checkpoint(results_dir, digest), entries[largest]
    runs, seconds, done = [0, 0], [0.0, 0.0], 0
    for job in jobs:
        bounds = _bounds(job.options)
        already = sum(saved.get(job.name, r) is not None for r in range(bounds[1]))
        done += already
        for end in (0, 1):
            left = max(0, bounds[end] - already)
            runs[end] += left
            seconds[end] += left * one.run_s / n * entries[job.name].work / top.work
    cities = {entry.recipe: entry for entry in entries.values()}.values()
    building = sum(city_s * entry.residents / top.residents for entry in cities)
    row = summary(answer["kpis"], ADDITIVE) if len(answer["kpis"]) else answer["kpis"]
    tables = len(jobs) * (len(store.csv_bytes(row)) + _parquet_bytes([row]))
    return Plan(
        scenarios=len(request.jobs),
        cities=len(cities),
        runs=(runs[0], runs[1]),
        done=done,
        seconds=(seconds[0] + building, seconds[1] + building),
        measured_s=(one.run_s, city_s),
        disk_bytes=(runs[1] + done) * _parquet_bytes(answer.values()) + tables,
        memory=need,
        means=means.with_workers(n),
        problems=problems,
    )


def _measured(bench: Bench | Batch, job: Job | tuple[Job, ...], means: Means) -> Measured:
    """One run; with the compiled kernel the time of a second, for the first may have had to compile it."""
    one = measured(bench.run, job)
    return replace(one, run_s=measured(bench.run, job).run_s) if means.kernel == "compiled" else one


def _bounds(options: Options) -> tuple[int, int]:
    rule = rule_of(options)
    return (rule.minimum, rule.maximum) if isinstance(rule, Precision) else (rule, rule)


def _parquet_bytes(tables: Iterable[pd.DataFrame]) -> int:
    return sum(len(store.parquet_bytes(table)) for table in tables)


WORDS = {
    "fr": {
        "runs": "Simulations : {runs} à faire pour {scenarios} scénario(s) et {cities} ville(s) ;"
        " déjà faites : {done}",
        "time": "Durée : {span} environ, {n} à la fois ({engine}, {kernel}) ; mesurée sur une"
        " simulation ({run}) et sa ville ({city}), les autres à proportion des habitants et des semaines",
        "there": "Durée : {span} environ de calcul sur un seul exécutant ({engine}, {kernel}),"
        " mesurée ici sur une simulation ({run}) et sa ville ({city}) ; à diviser par le nombre d'exécutants",
        "memory": "Mémoire : {each} par simulation simultanée, {all} en tout ; disponible : {free}",
        "disk": "Disque : {disk} au plus, d'après les tableaux de cette simulation",
        "to": " à ",
        "nothing": "Rien n'a été écrit dans {folder}.",
        "done": "Déjà calculé : la même commande reprendrait le résultat tel quel.",
    },
    "en": {
        "runs": "Runs: {runs} to make for {scenarios} scenario(s) and {cities} city or cities;"
        " made already: {done}",
        "time": "Time: about {span}, {n} at a time ({engine}, {kernel}); measured on one run ({run})"
        " and its city ({city}), the others in proportion to residents and weeks",
        "there": "Time: about {span} of computing on one worker ({engine}, {kernel}), measured here"
        " on one run ({run}) and its city ({city}); to be divided by the number of workers",
        "memory": "Memory: {each} for each run at a time, {all} in all; available: {free}",
        "disk": "Disk: at most {disk}, by the tables of this run",
        "to": " to ",
        "nothing": "Nothing was written to {folder}.",
        "done": "Already computed: the same command would reuse the result as it is.",
    },
}


def sentences(plan: Plan | None, options: Options) -> list[str]:
    """The plan in the language of ``options``, a line each."""
    lang, words = options.lang, WORDS[options.lang]
    if plan is None:
        return [words["done"]]
    low, high = plan.runs
    span = {"span": WORDS[lang]["to"].join(dict.fromkeys(duration(s, lang) for s in plan.seconds))}
    of_one = {"run": duration(plan.measured_s[0], lang), "city": duration(plan.measured_s[1], lang)}
    means = {"engine": plan.means.engine.kind, "kernel": plan.means.kernel, "n": plan.means.n_workers}
    runs = str(low) if low == high else f"{low}–{high}"
    out = [words["runs"].format(runs=runs, scenarios=plan.scenarios, cities=plan.cities, done=plan.done)]
    key = "there" if plan.means.engine.is_cluster else "time"
    out.append(words[key].format(**span, **of_one, **means))
    if plan.memory is not None:
        each, every = size(plan.memory.per_worker, lang), size(plan.memory.in_all, lang)
        out.append(words["memory"].format(each=each, all=every, free=size(plan.memory.available, lang)))
    out.append(words["disk"].format(disk=size(plan.disk_bytes, lang)))
    return [*plan.problems, *out, words["nothing"].format(folder=options.results_dir)]


def duration(seconds: float, lang: str) -> str:
    """Seconds in words: 0,4 s, 12 s, 3 min, 2,5 h."""
    value, unit = (
        (seconds, "s") if seconds < 90 else (seconds / 60, "min") if seconds < 5400 else (seconds / 3600, "h")
    )
    text = f"{value:.0f}" if value >= 10 or unit == "min" else f"{value:.1f}"
    return f"{text.replace('.', ',') if lang == 'fr' else text} {unit}"
