"""Sensitivity of a comparison: which figures move the difference, and does the ranking survive them?

From the request to the files; the analysis itself is ``sim.analysis``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from sim import provenance, store
from sim.analysis import Analysis, Evaluate, Settings, analyse
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.designs import Bench, Evaluator, runner
from sim.figures import LANGUAGES, InputError
from sim.indicators import DIRECTIONS
from sim.parameters import Held, Parameter, parameters_of
from sim.progress import Progress
from sim.request import Comparison
from sim.scenario import sentences

ENOUGH_RESIDENTS = 10_000
WITHOUT_EFFECT = {
    "results_dir", "engine", "workers", "replicates", "min_replicates", "max_replicates", "precision",
}  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """A finished analysis: its folder, the page, the sentence in the language asked for."""

    folder: Path
    page: Path
    analysis: Analysis
    sentence: str
    reused: bool


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
    parameters, held, relevant = parameters_of(comparison, settings.only)
    config = request_config(comparison, settings)
    folder = _folder(results_dir, comparison, config)
    reused = store.find_finished(folder) is not None
    source = next((f for f in _siblings(results_dir, comparison, config) if store.find_finished(f)), None)
    started = time.monotonic()
    if source is not None:
        evaluate = _stored(source, comparison)
        analysis = analyse(comparison, settings, evaluate, parameters, held)
    else:
        saved = Checkpoint(results_dir, provenance.canonical_hash(config))
        analysis = _computed(comparison, settings, parameters, held, relevant, saved)
    if not reused:
        _write(folder, comparison, settings, analysis, config, time.monotonic() - started)
    from sim.report.sensitivity import sentence

    page = folder / "sensitivity.html"
    return Sensitivity(folder, page, analysis, sentence(comparison, analysis, options.lang), reused)


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
        "about": about(comparison),
    }


def about(comparison: Comparison) -> str:
    """What a sensitivity is about: the scenarios (but for their sampling) and the decision."""
    scenarios = [s.model_dump(mode="json", exclude={"sampling"}) for s in comparison.scenarios]
    decision = comparison.options.decision.model_dump(mode="json")
    return provenance.canonical_hash({"scenarios": scenarios, "decision": decision})


def planned(comparison: Comparison, settings: Settings, n_parameters: int) -> int:
    """Settings x scenarios of all stages, at most."""
    groups = min(settings.top, n_parameters) + (settings.top < n_parameters)
    settings_ = 1 + settings.trajectories * (n_parameters + 1) + settings.samples * (groups + 2)
    return settings_ * len(comparison.scenarios)


def _folder(results_dir: Path, comparison: Comparison, config: Mapping[str, Any]) -> Path:
    name = f"sensitivity-{comparison.name}"[:60]
    return store.result_folder(results_dir, name, provenance.canonical_hash(config))


def _siblings(results_dir: Path, comparison: Comparison, config: dict[str, Any]) -> list[Path]:
    """Folders of the same request in every language: only the words differ."""
    configs = [{**config, "options": {**config["options"], "lang": lang}} for lang in LANGUAGES]
    return [_folder(results_dir, comparison, c) for c in configs]


def _computed(
    comparison: Comparison,
    settings: Settings,
    parameters: tuple[Parameter, ...],
    held: tuple[Held, ...],
    relevant: Mapping[str, tuple[str, ...]],
    saved: Checkpoint,
) -> Analysis:
    options, total = comparison.options, planned(comparison, settings, len(parameters))
    with Progress(options.lang) as progress:
        progress.say("city", comparison.baseline.city.label[options.lang])
        bench = Bench(comparison, relevant, settings.replicates)
        with runner(bench, options.n_workers()) as over:
            paths = [p.path for p in parameters]
            evaluate = Evaluator(bench, paths, over, saved, lambda done: progress.runs(done, total))
            return analyse(comparison, settings, evaluate, parameters, held)


def _stored(folder: Path, comparison: Comparison) -> Evaluate:
    designs = pd.read_parquet(folder / "designs.parquet")
    columns = [f"scenario:{s.name}" for s in comparison.scenarios]
    return lambda stage, _: designs.loc[designs["stage"] == stage, columns].to_numpy(dtype=np.float64)


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
        "morris.csv": store.csv_bytes(analysis.morris),
        "sobol.csv": store.csv_bytes(analysis.sobol),
        "ranking.csv": store.csv_bytes(analysis.ranking.shares),
        "flips.csv": store.csv_bytes(analysis.ranking.flips),
        "parameters.csv": store.csv_bytes(pd.DataFrame([asdict(p) for p in analysis.parameters])),
        "held.csv": store.csv_bytes(pd.DataFrame([asdict(h) for h in analysis.held])),
        "sensitivity.html": render(comparison, settings, analysis, config, lang).encode(),
    }
    manifest = provenance.manifest(
        config,
        seed=comparison.options.seed,
        replicates=settings.replicates,
        stop_reason="fixed",
        wall_time_s=wall_time_s,
        inputs=comparison.inputs,
        extra={"top": list(analysis.top), "salib": metadata.version("SALib")},
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


def drivers(comparison: Comparison) -> tuple[str, ...]:
    """Figures that move this comparison, by rank, as a finished sensitivity below ``results_dir`` found.

    Empty if there is none about these scenarios and this decision; the largest one counts.
    """
    wanted, found = about(comparison), []
    name = f"sensitivity-{comparison.name}"[:60]
    for folder in sorted(Path(comparison.options.results_dir).glob(f"{name}-*")):
        manifest = store.find_finished(folder)
        if manifest is not None and manifest["config"].get("about") == wanted:
            settings = manifest["config"]["settings"]
            size = (not settings["only"], settings["trajectories"], settings["samples"], folder.name)
            found.append((size, tuple(manifest["top"])))
    return max(found)[1] if found else ()
