"""Sensitivity of a comparison: which figures move the difference, and does the ranking survive them?

From the request to the files; the analysis itself is ``sim.analysis``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim import examined, provenance, store
from sim.analysis import Analysis, Settings, analyse, sections_of
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.designs import Bench, Evaluator, runner
from sim.figures import LANGUAGES, InputError
from sim.indicators import DIRECTIONS
from sim.parameters import parameters_of
from sim.pool import means_of
from sim.progress import Progress
from sim.report.words import number
from sim.request import MEANS, Comparison
from sim.scenario import sentences

ENOUGH_RESIDENTS = 5_000
RESUMED_S = 0.1  # a first setting answered sooner was read from a checkpoint
WITHOUT_EFFECT = {
    *MEANS, "replicates", "min_replicates", "max_replicates", "precision",
}  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """A finished analysis: its folder, the page, the sentence in the language asked for.

    ``shown_in``: reports of the same comparison that now show it.
    """

    folder: Path
    page: Path
    analysis: Analysis
    sentence: str
    reused: bool
    shown_in: tuple[Path, ...] = ()


def split_settings(overrides: Sequence[str]) -> tuple[Settings, list[str]]:
    """(Settings, the other overrides) of a command line. Raises InputError."""
    chosen: dict[str, Any] = {}
    others = []
    for text in overrides:
        name, found, value = text.partition("=")
        if not found or name not in Settings.model_fields:
            others.append(text)
        elif name == "only":
            chosen[name] = tuple(part.strip() for part in value.strip("[]'\" ").split(",") if part.strip())
        else:
            chosen[name] = value
    try:
        return Settings.model_validate(chosen), others
    except ValidationError as error:
        raise InputError("\n".join(sentences(error, lambda _: "command line"))) from None


def thinned(comparison: Comparison, overrides: Sequence[str]) -> Comparison:
    """The comparison on at most ``ENOUGH_RESIDENTS`` residents, unless ``sampling=`` was typed."""
    whole = comparison.baseline.city.population.total.value * comparison.baseline.sampling
    if whole <= ENOUGH_RESIDENTS or any(text.startswith("sampling=") for text in overrides):
        return comparison
    share = float(f"{comparison.baseline.sampling * ENOUGH_RESIDENTS / whole:.3g}")
    scenarios = tuple(s.model_copy(update={"sampling": share}) for s in comparison.scenarios)
    return Comparison(comparison.name, comparison.label, scenarios, comparison.options, comparison.inputs)


def run_sensitivity(comparison: Comparison, settings: Settings) -> Sensitivity:
    """Examine a comparison, or reuse what was examined, and write it to ``options.results_dir``.

    Raises InputError (see ``parameters_of``; a KPI without a good direction) and StoreError.
    """
    options = comparison.options
    if DIRECTIONS[options.decision.kpi] == "neutral":
        raise InputError(
            f"decision.kpi: {options.decision.kpi} has no good direction: no scenario can rank first"
        )
    results_dir = store.ensure_writable(options.results_dir)
    clean_leftovers(results_dir)
    config = request_config(comparison, settings)
    folder = _folder(results_dir, comparison, config)
    reused = store.find_finished(folder) is not None
    source = next((f for f in _siblings(results_dir, comparison, config) if store.find_finished(f)), None)
    started = time.monotonic()
    if source is not None:
        analysis = examined.read(source).analysis
    else:
        saved = Checkpoint(results_dir, provenance.canonical_hash(config))
        analysis = _computed(comparison, settings, saved)
    if not reused:
        _write(folder, comparison, settings, analysis, config, time.monotonic() - started)
    from sim.pages import refresh
    from sim.report.sensitivity import sentence

    shown_in = refresh(comparison)
    said = sentence(comparison, analysis, options.lang)
    return Sensitivity(folder, folder / examined.PAGE, analysis, said, reused, shown_in)


def request_config(comparison: Comparison, settings: Settings) -> dict[str, Any]:
    """What decides every byte of the result."""
    return {
        "sensitivity": comparison.name,
        "label": dict(comparison.label),
        "scenarios": [s.model_dump(mode="json") for s in comparison.scenarios],
        "options": comparison.options.model_dump(mode="json", exclude=WITHOUT_EFFECT),
        "settings": settings.model_dump(mode="json"),
        "inputs": dict(comparison.inputs),
        "code": provenance.code_hash(),
        "about": examined.about_comparison(comparison),
    }


def planned(comparison: Comparison, settings: Settings, paths: Sequence[str]) -> int:
    """Settings x scenarios of all stages, at most."""
    sections = sections_of(paths, settings.screen)
    tried = len(paths)
    if len(sections) > 1:
        tried = min(tried, settings.screen - 1 + max(sections.values()))
    walks = (len(sections) + 1) * (len(sections) > 1) + tried + 1
    groups = min(settings.top, len(paths)) + (settings.top < len(paths))
    points = 1 + settings.trajectories * walks + settings.samples * (groups + 2)
    return points * len(comparison.scenarios)


def _folder(results_dir: Path, comparison: Comparison, config: Mapping[str, Any]) -> Path:
    digest = provenance.canonical_hash(config)
    return store.result_folder(results_dir, examined.name_of(comparison.name), digest)


def _siblings(results_dir: Path, comparison: Comparison, config: dict[str, Any]) -> list[Path]:
    """Folders of the same request in every language: only the words differ."""
    configs = [{**config, "options": {**config["options"], "lang": lang}} for lang in LANGUAGES]
    return [_folder(results_dir, comparison, c) for c in configs]


def _computed(comparison: Comparison, settings: Settings, saved: Checkpoint) -> Analysis:
    options = comparison.options
    parameters, held, relevant = parameters_of(comparison, settings.only)
    paths = [p.path for p in parameters]
    total, first = planned(comparison, settings, paths), len(comparison.scenarios)
    with Progress(options.lang) as progress:
        progress.say("city", comparison.baseline.city.label[options.lang])
        bench, means = Bench(comparison, relevant, settings.replicates), means_of(options)
        progress.say("planned", number(total, options.lang))
        with runner(bench, means) as over:
            started = time.monotonic()

            def told(done: int) -> None:
                seconds = time.monotonic() - started
                if done == first and seconds > RESUMED_S:  # one process ran the stated setting
                    progress.lasts(seconds * total / first / max(1, means.n_workers))
                progress.runs(done, total)

            return analyse(comparison, settings, Evaluator(bench, paths, over, saved, told), parameters, held)


def _write(
    folder: Path,
    comparison: Comparison,
    settings: Settings,
    analysis: Analysis,
    config: Mapping[str, Any],
    wall_time_s: float,
) -> None:
    """Every file whole or absent, the manifest last: without it the folder does not count as finished."""
    from sim.report.sensitivity import render

    lang = comparison.options.lang
    contents = {
        "designs.parquet": store.parquet_bytes(analysis.designs),
        **{f"{name}.csv": store.csv_bytes(table) for name, table in examined.tables_of(analysis).items()},
        examined.PAGE: render(comparison, settings, analysis, config, lang).encode(),
    }
    manifest = provenance.manifest(
        config,
        seed=comparison.options.seed,
        replicates=settings.replicates,
        stop_reason="fixed",
        wall_time_s=wall_time_s,
        inputs=comparison.inputs,
        extra={
            "top": list(analysis.top),
            "ranking": examined.scalars_of(analysis.ranking),
            "salib": metadata.version("SALib"),
            "made_by": means_of(comparison.options).told(),
        },
    )
    try:
        folder.mkdir(exist_ok=True)
        for name, data in contents.items():
            store.replace_file(folder / name, data)
        files = {
            n: {"bytes": len(d), "sha256": provenance.hash_file(folder / n)} for n, d in contents.items()
        }
        text = json.dumps({**manifest, "files": files}, indent=1, ensure_ascii=False)
        store.replace_file(folder / store.MANIFEST, (text + "\n").encode())
    except OSError as error:
        raise store.unusable(folder.parent, error) from error
    Checkpoint(folder.parent, manifest["config_hash"]).remove()
