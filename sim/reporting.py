"""From the tables of a study to the input of the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
import yaml

from sim import catalogue, examined
from sim.analysis import Analysis
from sim.best import probability_best
from sim.differences import Zone, gain_over_independent
from sim.explain import sentence
from sim.indicators import ADDITIVE, DIRECTIONS, INDICATORS, by_family, family
from sim.report import KpiText, ReportInput, ScenarioText, ShownSensitivity
from sim.report.sensitivity_figures import NOTHING
from sim.request import Comparison
from sim.scenario import Scenario, walk
from sim.sources import figure_table

SHOWN_FIGURES = 12


def report_input(
    comparison: Comparison,
    tables: Mapping[str, pd.DataFrame],
    stop_reason: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> ReportInput:
    """Everything that the report says about a finished comparison."""
    base, options = comparison.baseline, comparison.options
    zone = Zone(options.indifference, dict(options.indifference_by_kpi))
    decision = options.decision
    found = examined_of(comparison)
    return ReportInput(
        title=comparison.label,
        city_label=base.city.label[options.lang].removesuffix(f" {base.city.year}"),
        year=base.city.year,
        n_residents=round(base.city.population.total.value),
        sampling=base.sampling,
        horizon_weeks=base.horizon_weeks,
        scenarios=tuple(_words(s, base) for s in comparison.scenarios),
        decision_kpi=decision.kpi,
        decision_platform=decision.platform,
        decision_age_band=decision.age_band,
        residents_by_band=_residents_by_band(base),
        kpi_definitions={name: _kpi_text(name) for name in by_family(INDICATORS)},
        kpis=tables["kpis"],
        posts=tables["posts"],
        hours=tables["hours"],
        differences=tables["differences"],
        best=probability_best(
            tables["kpis"], decision.kpi, DIRECTIONS[decision.kpi], zone, base.name,
            decision.platform, decision.age_band, ADDITIVE,
        ),
        gain=gain_over_independent(tables["kpis"], base.name, ADDITIVE),
        zone_relative=options.indifference,
        replicates=int(manifest["replicates"]),
        stop_reason={lang: stop_reason[lang] for lang in ("fr", "en")},
        figures_used=figures_used(comparison, found),
        sources=bibliography(),
        warnings=tuple(_warnings(comparison, manifest)),
        provenance=_provenance(manifest),
        examined=found,
        how_to_examine=how_to_examine(comparison),
    )  # fmt: skip


def _residents_by_band(scenario: Scenario) -> dict[str, float]:
    people = scenario.city.population
    percent = people.percent_by_band.values
    return {band: people.total.value * share / sum(percent.values()) for band, share in percent.items()}


def _words(scenario: Scenario, baseline: Scenario) -> ScenarioText:
    return ScenarioText(
        name=scenario.name,
        label=scenario.label,
        sentence={lang: sentence(scenario, lang, baseline) for lang in ("fr", "en")},
    )


def _kpi_text(name: str) -> KpiText:
    i = INDICATORS[name]
    return KpiText(
        name,
        {"fr": i.fr, "en": i.en},
        {"fr": i.definition_fr, "en": i.definition_en},
        "share" if i.unit.startswith("share of") else i.unit,
        i.direction,
        {lang: family(name, lang) for lang in ("fr", "en")},
    )


def touched_platforms(comparison: Comparison) -> set[str]:
    """Platforms on which some scenario differs from the baseline."""
    touched: set[str] = set()
    base = comparison.baseline
    for scenario in comparison.scenarios[1:]:
        for name, change in scenario.change.items():
            if base.change.get(name) == change:
                continue
            if hasattr(change, "platform"):
                touched.add(change.platform)
            else:
                own = {a.platform for a in scenario.city.accounts.values()}
                touched |= set(getattr(change, "platforms", ())) or own
    return touched


def examined_of(comparison: Comparison) -> ShownSensitivity | None:
    """The largest finished sensitivity of this comparison below ``results_dir``, if any."""
    folder = examined.find(comparison)
    if folder is None:
        return None
    found = examined.read(folder)
    return ShownSensitivity(comparison, found.analysis, found.sampling, folder.name, examined.PAGE)


def how_to_examine(comparison: Comparison) -> str:
    """The command that examines this comparison; empty where there is nothing to rank."""
    if len(comparison.scenarios) < 2 or DIRECTIONS[comparison.options.decision.kpi] == "neutral":
        return ""
    is_file = f"comparison/{comparison.name}.yaml" in comparison.inputs
    return f"city-audience sensitivity {f'comparison={comparison.name}' if is_file else '...'}"


def figures_used(comparison: Comparison, found: ShownSensitivity | None = None) -> pd.DataFrame:
    """Every figure behind the comparison: path, value, unit, source, tag, note, drives, rank.

    ``drives``: the sensitivity ``found`` says that the figure moves this result, ``rank`` being its place
    among all (NaN for the others); without one: it belongs to a platform that the change touches.
    """
    touched = touched_platforms(comparison)
    shown = {*touched, *_present(comparison)}
    table = figure_table(comparison.scenarios)
    parts = [path.split(".") for path in table["path"]]
    ranks = {} if found is None else ranks_of(found.analysis)
    table["rank"] = [float(ranks.get(path, math.nan)) for path in table["path"]]
    table["drives"] = [
        path in ranks if found is not None else p[0] == "change" or (p[0] == "platform" and p[1] in touched)
        for path, p in zip(table["path"], parts, strict=True)
    ]
    table = table[[p[0] != "platform" or p[1] in shown for p in parts]]
    columns = ["path", "value", "unit", "source", "tag", "note", "drives", "rank"]
    return table[columns].reset_index(drop=True)


def ranks_of(analysis: Analysis) -> dict[str, int]:
    """The figures that move the result, and their place by effect."""
    moves = analysis.morris[
        (analysis.morris["mu_star"] > NOTHING) & (analysis.morris["rank"] <= SHOWN_FIGURES)
    ]
    return dict(zip(moves["path"].astype(str), moves["rank"].astype(int), strict=True))


def _present(comparison: Comparison) -> set[str]:
    return {a.platform for a in comparison.baseline.city.accounts.values()}


def _warnings(comparison: Comparison, manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = list(manifest.get("warnings", []))
    base = comparison.baseline
    for platform in sorted(touched_platforms(comparison)):
        figures = [f for path, f in walk(base.platform[platform], f"platform.{platform}")]
        assumed = sum(f.tag == "assumed" for f in figures)
        if 2 * assumed > len(figures):
            name = base.platform[platform].label
            found.append(
                {
                    "fr": f"{name} : {assumed} réglages sur {len(figures)} sont supposés,"
                    " faute de données publiques ;"
                    " lisez les écarts sur ce réseau comme un ordre de grandeur.",
                    "en": f"{name}: {assumed} of {len(figures)} settings are assumed,"
                    " for want of public data;"
                    " read the differences on this platform as an order of magnitude.",
                }
            )
    return found


@cache
def bibliography() -> dict[str, str]:
    """Source key -> citation, from the shipped bibliography."""
    path = catalogue.tree() / "sources.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {key: _citation(entry) for key, entry in entries.items()}


def _citation(entry: Mapping[str, Any]) -> str:
    parts = [entry.get("title"), entry.get("publisher"), entry.get("year")]
    return ", ".join(str(p) for p in parts if p)


def _provenance(manifest: Mapping[str, Any]) -> dict[str, str | int | float]:
    out: dict[str, str | int | float] = {
        "config_hash": manifest["config_hash"],
        "seed": manifest["seed"],
        "commit": str(manifest["commit"]),
        "wall_time_s": manifest["wall_time_s"],
    }
    out.update({f"version {name}": v for name, v in manifest["versions"].items()})
    return out
