"""Finished sensitivities, read back: which one is about a comparison, and what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from sim import provenance, store
from sim.analysis import Analysis, Settings
from sim.parameters import Held, Parameter
from sim.ranking import Ranking
from sim.request import Comparison, Options

PAGE = "sensitivity.html"
TABLES = ("sections", "morris", "sobol", "ranking", "flips", "parameters", "held")

WORDS = ("alternative", "group", "path", "scenario", "direction", "unit", "tag", "source", "reason")
TRUTHS = ("kept", "shapes_city")
WHOLE = ("rank", "figures")


@dataclass(frozen=True)
class Examined:
    """A finished sensitivity of a comparison. ``sampling``: share of the residents that it simulated."""

    folder: Path
    settings: Settings
    sampling: float
    analysis: Analysis


def about(scenarios: Iterable[Mapping[str, Any]], decision: Mapping[str, Any]) -> str:
    """What a sensitivity is about: the scenarios (but for their sampling) and the decision."""
    kept = [{k: v for k, v in scenario.items() if k != "sampling"} for scenario in scenarios]
    return provenance.canonical_hash({"scenarios": kept, "decision": decision})


def about_comparison(comparison: Comparison) -> str:
    """``about`` of a comparison."""
    options = comparison.options
    scenarios = [s.model_dump(mode="json") for s in comparison.scenarios]
    return about(scenarios, options.decision.model_dump(mode="json"))


def about_config(config: Mapping[str, Any]) -> str:
    """``about`` of the configuration in the manifest of a comparison."""
    options = Options.model_validate(config["options"])
    return about(config["scenarios"], options.decision.model_dump(mode="json"))


def name_of(comparison_name: str) -> str:
    """First part of the names of the folders of a comparison's sensitivities."""
    return f"sensitivity-{comparison_name}"[:60]


def find(comparison: Comparison) -> Path | None:
    """Folder of the largest finished sensitivity about this comparison below ``results_dir``, if any.

    One in the language of the options comes before an equal one in the other.
    """
    wanted, options = about_comparison(comparison), comparison.options
    found = []
    for folder in sorted(Path(options.results_dir).glob(f"{name_of(comparison.name)}-*")):
        manifest = store.find_finished(folder)
        if manifest is None or manifest["config"].get("about") != wanted:
            continue
        if manifest["code_hash"] != provenance.code_hash():
            continue
        config = manifest["config"]
        chosen = Settings.model_validate(config["settings"])
        size = (not chosen.only, chosen.screen, chosen.trajectories, chosen.samples, chosen.replicates)
        share = config["scenarios"][0]["sampling"]
        found.append((size, share, config["options"]["lang"] == options.lang, folder.name))
    return Path(options.results_dir) / max(found)[-1] if found else None


def read(folder: Path) -> Examined:
    """The finished sensitivity in ``folder``; every number as it was written."""
    manifest = store.find_finished(folder)
    if manifest is None:
        raise ValueError(f"{folder} holds no finished sensitivity")
    tables = {name: _table(folder / f"{name}.csv") for name in TABLES}
    config, ranked = manifest["config"], manifest["ranking"]
    parameters = [Parameter(**row) for row in tables["parameters"].to_dict("records")]
    analysis = Analysis(
        parameters=tuple(parameters),
        held=tuple(Held(**row) for row in tables["held"].to_dict("records")),
        top=tuple(manifest["top"]),
        designs=pd.read_parquet(folder / "designs.parquet"),
        sections=tables["sections"],
        morris=tables["morris"],
        sobol=tables["sobol"],
        ranking=Ranking(tables["ranking"], flips=tables["flips"], **ranked),
    )
    settings = Settings.model_validate(config["settings"])
    return Examined(folder, settings, float(config["scenarios"][0]["sampling"]), analysis)


def _table(path: Path) -> pd.DataFrame:
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in text:
        if column in TRUTHS:
            text[column] = text[column] == "True"
        elif column not in WORDS:
            text[column] = text[column].replace("", "nan").astype(float)
    whole = [column for column in WHOLE if column in text]
    return text.astype(dict.fromkeys(whole, int))


def tables_of(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """The tables that ``read`` reads, by name."""
    return {
        "sections": analysis.sections,
        "morris": analysis.morris,
        "sobol": analysis.sobol,
        "ranking": analysis.ranking.shares,
        "flips": analysis.ranking.flips,
        "parameters": _rows(Parameter, analysis.parameters),
        "held": _rows(Held, analysis.held),
    }


def _rows(kind: type[Parameter | Held], found: Sequence[Parameter | Held]) -> pd.DataFrame:
    return pd.DataFrame([asdict(r) for r in found], columns=[f.name for f in fields(kind)])


def scalars_of(ranking: Ranking) -> dict[str, Any]:
    """What the manifest says of a ranking besides its tables."""
    return {"is_clear": ranking.is_clear, "holds": ranking.holds, "draws": ranking.draws}
