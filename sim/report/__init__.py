"""The comparison report: one self-contained HTML page, in French or in English.

`render(data, lang)` gives the page, `verdict_sentence(data, lang)` its one-sentence answer. The page's parts
are imported by the first use of a name, so that its words alone cost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.report.data import KpiText, ReportInput, ScenarioText, ShownSensitivity
    from sim.report.page import render
    from sim.report.verdict import verdict_sentence

_HOMES = {
    "KpiText": "data", "ReportInput": "data", "ScenarioText": "data", "ShownSensitivity": "data",
    "render": "page", "verdict_sentence": "verdict",
}  # fmt: skip

__all__ = ["KpiText", "ReportInput", "ScenarioText", "ShownSensitivity", "render", "verdict_sentence"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim.report' has no attribute {name!r}")
    return getattr(import_module(f"sim.report.{_HOMES[name]}"), name)
