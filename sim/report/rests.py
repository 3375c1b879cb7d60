"""What the result rests on: the declared figures as rows of text, those that move it first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.data import View
from sim.report.sensitivity import effect_rows
from sim.report.tables import Row, in_language
from sim.report.words import NNBSP, decimal, unit_word

TAGS = ("assumed", "borrowed", "given", "measured")
FIRST_FIGURES = 12


def figure_rows(view: View, lang: str) -> tuple[list[Row], list[Row]]:
    """(the figures that drive the result, the others), assumptions first.

    Where a sensitivity was made the first are in the order of their effect, which is told.
    """
    f = view.data.figures_used
    if f.empty:
        return [], []
    records = f.to_dict("records")
    effects = effects_by_path(view, lang)
    rows = [_figure_row(r, view.data.sources, effects, lang) for r in records]
    tags = {tag: i for i, tag in enumerate(TAGS)}
    rows.sort(key=lambda r: (not r["drives"], *_order(r, tags)))
    first = [r for r in rows if r["drives"]]
    if "drives" not in f:
        first = first[:FIRST_FIGURES]
    return first, rows[len(first) :]


def effects_by_path(view: View, lang: str) -> dict[str, Row]:
    """What the sensitivity says of each figure that it tried by itself; empty without one."""
    shown = view.data.examined
    if shown is None:
        return {}
    rows = effect_rows(shown.comparison, shown.analysis, lang, len(shown.analysis.morris))
    return {str(row["path"]): row for row in rows}


def _order(row: Row, tags: Mapping[str, int]) -> tuple[Any, ...]:
    if math.isfinite(row["rank"]):
        return row["tag"] != "assumed", row["rank"], row["label"]
    return tags.get(row["tag"], len(tags)), 0, row["label"]


def _figure_row(
    row: Mapping[Any, Any], sources: Mapping[str, str], effects: Mapping[str, Row], lang: str
) -> Row:
    effect = effects.get(str(row.get("path", "")), {})
    keys = [k.strip() for k in in_language(row.get("source"), lang).split(",") if k.strip()]
    value, unit = _figure_value(row.get("value"), in_language(row.get("unit"), lang), lang)
    return {
        "label": in_language(row.get("label"), lang) or str(row.get("path", "")),
        "path": str(row.get("path", "")),
        "value": value,
        "unit": unit,
        "tag": str(row.get("tag", "")),
        "drives": "drives" not in row or row["drives"] is True or row["drives"] == 1,
        "rank": float(row.get("rank", math.nan)),
        "effect": effect.get("effect", ""),
        "range": effect.get("range", ""),
        "on": effect.get("alternative", ""),
        "note": in_language(row.get("note"), lang),
        "source": " ; ".join(sources.get(k, k) for k in keys)
        if lang == "fr"
        else "; ".join(sources.get(k, k) for k in keys),
    }


def _figure_value(value: object, unit: str, lang: str) -> tuple[str, str]:
    """(number, unit) of a declared figure; a share is written in per cent."""
    word = "" if unit in ("", "share", "percent", "%") else unit_word(unit, lang)
    if isinstance(value, (list, tuple)):
        return ", ".join(_one_value(v, unit, lang) for v in value), word
    return _one_value(value, unit, lang), word


def _one_value(value: object, unit: str, lang: str) -> str:
    if value is None or value is pd.NA:
        return "–"
    if isinstance(value, str) or not hasattr(value, "__float__"):
        return str(value)
    if unit == "share":
        shown = float(f"{100 * float(value):.4g}")
        return decimal(shown, lang) + (f"{NNBSP}%" if lang == "fr" else "%")
    return decimal(float(value), lang) if not isinstance(value, bool) else str(value)
