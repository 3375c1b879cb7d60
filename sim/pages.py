"""Reports of finished comparisons brought up to date: they show what a sensitivity has found since.

Only the page is written again, whole or not at all; results stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim import examined, provenance, store
from sim.request import Comparison, Options
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.report import ReportInput

PAGE = "report.html"
NUMBERS = ("mean_baseline", "mean_alternative", "difference", "ci_low", "ci_high", "p_better")


def stored_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The four tables of a finished comparison, every digit as it was written."""
    differences = pd.read_csv(folder / "differences.csv", dtype=str)
    numbers = [name for name in differences if name in NUMBERS]
    differences[numbers] = differences[numbers].astype(float)
    differences["replicates"] = differences["replicates"].astype(int)
    return {
        "kpis": pd.read_parquet(folder / "kpis.parquet"),
        "posts": pd.read_parquet(folder / "posts.parquet"),
        "hours": pd.read_csv(folder / "hours.csv"),
        "differences": differences,
    }


def examined_name(data: ReportInput) -> str:
    """Folder of the sensitivity that a report shows; empty if it shows none."""
    return data.examined.folder if data.examined is not None else ""


def bring_up_to_date(folder: Path, data: ReportInput, manifest: Mapping[str, Any], lang: str) -> None:
    """Write the page again if it shows another sensitivity than ``data`` does. Raises StoreError."""
    from sim.report import render

    now = examined_name(data)
    if manifest.get("examined", "") != now:
        store.rewrite_page(folder, PAGE, render(data, lang), {"examined": now})


def refresh(comparison: Comparison) -> tuple[Path, ...]:
    """Reports below ``results_dir`` of this comparison (any sampling, seed, language), brought up to date.

    Those that another version of the code wrote are left alone. Raises StoreError.
    """
    from sim.reporting import report_input

    wanted, code, pages = examined.about_comparison(comparison), provenance.code_hash(), []
    for folder in sorted(Path(comparison.options.results_dir).glob(f"{comparison.name}-*")):
        manifest = store.find_finished(folder)
        if manifest is None or "comparison" not in manifest["config"] or manifest["code_hash"] != code:
            continue
        if examined.about_config(manifest["config"]) == wanted:
            asked = _comparison_of(manifest["config"], comparison.options.results_dir)
            data = report_input(asked, stored_tables(folder), manifest["stop_reason"], manifest)
            bring_up_to_date(folder, data, manifest, asked.options.lang)
            pages.append(folder / PAGE)
    return tuple(pages)


def _comparison_of(config: Mapping[str, Any], results_dir: str) -> Comparison:
    """The comparison that a manifest's configuration states."""
    options = Options.model_validate({**config["options"], "results_dir": results_dir})
    scenarios = tuple(Scenario.from_dict(tree) for tree in config["scenarios"])
    return Comparison(config["comparison"], config["label"], scenarios, options, config["inputs"])
