"""A study: a comparison run from the first draw to the written report.

The city is built once and shared; every (scenario, replicate) is one job, made by the engine asked for.
Results do not depend on the engine, on the number of workers or on the order in which they answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim import provenance, store
from sim.bench import Bench, Result
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.differences import Zone, paired_differences, summary
from sim.figures import LANGUAGES, InputError
from sim.indicators import ADDITIVE, DIRECTIONS, INDICATORS
from sim.pages import bring_up_to_date, examined_name, stored_tables
from sim.pilot import Ahead, first_run
from sim.pool import means_of, workers
from sim.progress import Progress
from sim.replicates import StopReason, gather, replicate_until, rule_of
from sim.report.words import NNBSP
from sim.request import MEANS, Comparison, Options
from sim.scenario import Scenario


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
        if round(high) <= 1:
            return ""
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
    options = comparison.options.model_dump(mode="json", exclude=set(MEANS))
    return {
        "comparison": comparison.name,
        "label": dict(comparison.label),
        "scenarios": [s.model_dump(mode="json") for s in comparison.scenarios],
        "options": options,
        "inputs": dict(comparison.inputs),
        "code": provenance.code_hash(),
    }


def _replicates(
    scenarios: Sequence[Scenario],
    options: Options,
    saved: Checkpoint | None,
    announce: Callable[[], None],
) -> tuple[list[Result], StopReason, list[dict[str, str]]]:
    rule, means, ahead = rule_of(options), means_of(options), Ahead(saved)
    with Progress(options.lang) as progress:
        progress.say("city", scenarios[0].city.label[options.lang])
        bench = Bench(scenarios, options.seed, kernel=options.kernel)
        announce()
        names = [s.name for s in scenarios]
        means = first_run(bench.run, names, rule, means, ahead, bench.arrays(), progress)
        with workers(bench, means) as over:
            results, reason = replicate_until(over.run, names, rule, over, progress.runs, ahead)
        return results, reason, bench.warnings()


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
                stored_tables(folder), manifest["stop_reason"], manifest["warnings"], manifest["wall_time_s"]
            )
    return None


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
        extra={"warnings": outcome.warnings, "made_by": means_of(comparison.options).told()},
    )
    data = report_input(comparison, tables, outcome.stop_reason, manifest)
    manifest["examined"] = examined_name(data)
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

    tables, manifest = stored_tables(folder), store.find_finished(folder)
    assert manifest is not None
    data = report_input(comparison, tables, manifest["stop_reason"], manifest)
    lang = comparison.options.lang
    bring_up_to_date(folder, data, manifest, lang)
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
