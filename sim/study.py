"""A study: a comparison run from the first draw to the written report.

The city is built once and shared; every (scenario, replicate) is one job of a pool of processes (or serial).
Results do not depend on the number of workers or on the order in which they answer.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim import provenance, store
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.city import City, build_city
from sim.differences import Zone, paired_differences, summary
from sim.figures import LANGUAGES, InputError
from sim.indicators import ADDITIVE, DIRECTIONS, INDICATORS
from sim.kernel import Kernel
from sim.kpi import hour_table, kpi_table, post_table
from sim.laws import Laws, build_laws
from sim.progress import Progress
from sim.replicates import Job, Precision, StopReason, gather, replicate_until
from sim.report.words import NNBSP
from sim.request import Comparison, Options
from sim.scenario import Scenario

Result = dict[str, pd.DataFrame]
NUMBERS = ("mean_baseline", "mean_alternative", "difference", "ci_low", "ci_high", "p_better")
DISPLAY_ONLY = ("results_dir", "engine", "workers")  # options that cannot change a number


@dataclass(frozen=True)
class Study:
    """A finished comparison. ``folder`` holds the files; ``report`` the page; ``reused``: nothing was run."""

    folder: Path
    report: Path
    kpis: pd.DataFrame
    differences: pd.DataFrame
    best: pd.DataFrame
    gain: pd.DataFrame
    verdict: str
    stop_reason: str
    warnings: tuple[str, ...]
    reused: bool

    def gain_sentence(self, kpi: str, lang: str) -> str:
        """How much the common random numbers saved on ``kpi``, in words; empty where nothing is known."""
        rows = self.gain[(self.gain["kpi"] == kpi) & self.gain["gain"].map(math.isfinite)]
        if rows.empty:
            return ""
        low, high = rows["gain"].min(), rows["gain"].max()
        said = f"{low:,.0f}" if len(rows) == 1 else f"{low:,.0f} {'à' if lang == 'fr' else 'to'} {high:,.0f}"
        if lang == "fr":
            said = said.replace(",", NNBSP)
            return (
                f"Tirages communs{NNBSP}: {said} fois moins de répétitions qu'avec des tirages indépendants."
            )
        return f"Common random numbers: {said} times fewer replicates than with independent seeds."


@dataclass(frozen=True)
class Outcome:
    """What running a comparison gives: the four tables, why the replicates stopped, the city's warnings."""

    tables: Result
    stop_reason: dict[str, Any]
    warnings: list[dict[str, str]]
    wall_time_s: float


class Bench:
    """A city with the laws of its scenarios, ready to run any of their replicates."""

    def __init__(self, scenarios: Sequence[Scenario], seed: int, city: City | None = None) -> None:
        self.seed = seed
        self.city = city if city is not None else build_city(scenarios[0], seed, graph=scenarios[0].graph)
        self.laws: dict[str, Laws] = {s.name: build_laws(s, self.city, seed) for s in scenarios}

    def run(self, job: Job) -> Result:
        """Tables of one run: kpis, posts, hours."""
        laws = self.laws[job.scenario]
        tally = Kernel(laws, self.city, self.seed, job.replicate).run()
        return {
            "kpis": kpi_table(tally, laws, self.city, job.scenario, job.replicate),
            "posts": post_table(tally, laws, job.scenario, job.replicate),
            "hours": hour_table(tally, laws, job.scenario, job.replicate),
        }


_bench: Bench | None = None  # one for each worker process, set when it starts


def _adopt(bench: Bench) -> None:
    global _bench  # noqa: PLW0603 - a worker process has exactly one bench for its whole life
    _bench = bench


def _run_here(job: Job) -> Result:
    assert _bench is not None
    return _bench.run(job)


MapJobs = Callable[[Callable[[Job], tuple[Job, Result]], Sequence[Job]], Iterable[tuple[Job, Result]]]


def job_mapper(bench: Bench, n_workers: int) -> tuple[MapJobs, Callable[[], None]]:
    """(map over jobs in any order, close).

    One worker runs here; more run in processes that inherit the city.
    """
    _adopt(bench)
    if n_workers <= 1:
        return map, (lambda: None)
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(
        n_workers, mp_context=multiprocessing.get_context(method), initializer=_adopt, initargs=(bench,)
    )

    def over(fn: Callable[[Job], tuple[Job, Result]], jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        for future in as_completed([pool.submit(fn, job) for job in jobs]):
            yield future.result()

    return over, lambda: pool.shutdown(cancel_futures=True)


def run_one(scenario: Scenario, options: Options) -> pd.DataFrame:
    """Replicates of one scenario: mean, spread and interval of every KPI."""
    results, _, _ = _replicates((scenario,), options, None, lambda: None)
    return summary(gather(results)["kpis"], ADDITIVE)


def run_study(comparison: Comparison, announce: Callable[[], None] = lambda: None) -> Study:
    """Run a comparison, or reuse its finished result, and write it to ``options.results_dir``.

    ``announce`` is called once the request is known to be sound. Raises StoreError when the folder cannot
    be used, before anything is computed, and InputError for a city that cannot be built; neither leaves
    anything behind.
    """
    options = comparison.options
    is_new = not Path(options.results_dir).exists()
    results_dir = store.ensure_writable(options.results_dir)
    clean_leftovers(results_dir)
    config = request_config(comparison)
    digest = provenance.canonical_hash(config)
    folder = store.result_folder(results_dir, comparison.name, digest)
    standing = store.find_finished(folder)
    if standing is not None:
        announce()
        return _read(folder, comparison, reused=True)
    try:
        outcome = _other_language(comparison, config, results_dir)
        if outcome is None:
            outcome = _computed(comparison, Checkpoint(results_dir, digest), announce)
    except InputError:
        if is_new:
            with suppress(OSError):
                results_dir.rmdir()
        raise
    _write(folder, comparison, config, outcome)
    return _read(folder, comparison, reused=False)


def request_config(comparison: Comparison) -> dict[str, Any]:
    """What decides every byte of the result: scenarios, options that matter, and the code."""
    options = comparison.options.model_dump(mode="json", exclude=set(DISPLAY_ONLY))
    return {
        "comparison": comparison.name,
        "label": dict(comparison.label),
        "scenarios": [s.model_dump(mode="json") for s in comparison.scenarios],
        "options": options,
        "inputs": dict(comparison.inputs),
        "code": provenance.code_hash(),
    }


def _rule(scenarios: Sequence[Scenario], options: Options) -> Precision | int:
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


def _replicates(
    scenarios: Sequence[Scenario],
    options: Options,
    saved: Checkpoint | None,
    announce: Callable[[], None],
) -> tuple[list[Result], StopReason, list[dict[str, str]]]:
    rule = _rule(scenarios, options)
    with Progress(options.lang) as progress:
        progress.say("city", scenarios[0].city.label[options.lang])
        bench = Bench(scenarios, options.seed)
        announce()
        over, close = job_mapper(bench, options.n_workers())
        try:
            names = [s.name for s in scenarios]
            results, reason = replicate_until(_run_here, names, rule, over, progress.runs, saved)
            return results, reason, bench.city.warnings
        finally:
            close()


def _computed(comparison: Comparison, saved: Checkpoint, announce: Callable[[], None]) -> Outcome:
    options, started = comparison.options, time.monotonic()
    results, reason, warnings = _replicates(comparison.scenarios, options, saved, announce)
    tables = gather(results)
    zone = Zone(options.indifference, dict(options.indifference_by_kpi))
    tables["differences"] = paired_differences(
        tables["kpis"],
        comparison.baseline.name,
        DIRECTIONS,
        zone,
        additive=ADDITIVE,
        alternatives=[s.name for s in comparison.scenarios[1:]],
    )
    return Outcome(tables, _told(reason, comparison), warnings, time.monotonic() - started)


def _told(reason: StopReason, comparison: Comparison) -> dict[str, Any]:
    """Why the replicates stopped, with the labels that people know."""
    indicator = INDICATORS[comparison.options.decision.kpi]
    labels = {s.name: s.label for s in comparison.scenarios}

    def words(lang: str, kpi: str) -> str:
        widest = labels.get(reason.widest, {}).get(lang, reason.widest)
        return replace(reason, widest=widest).sentence(lang, kpi)

    return {**reason.as_dict(), "fr": words("fr", indicator.fr), "en": words("en", indicator.en)}


def _other_language(comparison: Comparison, config: dict[str, Any], results_dir: Path) -> Outcome | None:
    """The same request finished in another language: only the words differ."""
    for lang in LANGUAGES:
        other = {**config, "options": {**config["options"], "lang": lang}}
        folder = store.result_folder(results_dir, comparison.name, provenance.canonical_hash(other))
        manifest = store.find_finished(folder)
        if manifest is not None:
            return Outcome(
                _stored(folder), manifest["stop_reason"], manifest["warnings"], manifest["wall_time_s"]
            )
    return None


def _stored(folder: Path) -> Result:
    differences = pd.read_csv(folder / "differences.csv", dtype=str)
    numbers = [name for name in differences if name in NUMBERS]
    differences[numbers] = differences[numbers].astype(float)  # every digit, as it was written
    differences["replicates"] = differences["replicates"].astype(int)
    return {
        "kpis": pd.read_parquet(folder / "kpis.parquet"),
        "posts": pd.read_parquet(folder / "posts.parquet"),
        "hours": pd.read_csv(folder / "hours.csv"),
        "differences": differences,
    }


def _write(
    folder: Path,
    comparison: Comparison,
    config: dict[str, Any],
    outcome: Outcome,
) -> None:
    from sim.report import render
    from sim.reporting import report_input

    tables = outcome.tables
    manifest = provenance.manifest(
        config,
        seed=comparison.options.seed,
        replicates=int(tables["kpis"]["replicate"].nunique()),
        stop_reason=outcome.stop_reason,
        wall_time_s=outcome.wall_time_s,
        inputs=comparison.inputs,
        extra={"warnings": outcome.warnings},
    )
    data = report_input(comparison, tables, outcome.stop_reason, manifest)
    store.write_result(
        folder,
        tables=tables,
        report_html=render(data, comparison.options.lang),
        config_yaml=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        manifest=manifest,
    )
    Checkpoint(folder.parent, manifest["config_hash"]).remove()


def _read(folder: Path, comparison: Comparison, reused: bool) -> Study:
    from sim.report import verdict_sentence
    from sim.reporting import report_input

    tables, manifest = _stored(folder), store.find_finished(folder)
    assert manifest is not None
    data = report_input(comparison, tables, manifest["stop_reason"], manifest)
    lang = comparison.options.lang
    return Study(
        folder=folder,
        report=folder / "report.html",
        kpis=tables["kpis"],
        differences=tables["differences"],
        best=data.best,
        gain=data.gain,
        verdict=verdict_sentence(data, lang),
        stop_reason=manifest["stop_reason"][lang],
        warnings=tuple(w[lang] for w in data.warnings),
        reused=reused,
    )
