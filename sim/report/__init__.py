"""The comparison report: one self-contained HTML page, in French or in English.

`render(data, lang)` gives the page, `verdict_sentence(data, lang)` its one-sentence answer.
"""

from sim.report.data import KpiText, ReportInput, ScenarioText, ShownSensitivity
from sim.report.page import render
from sim.report.verdict import verdict_sentence

__all__ = ["KpiText", "ReportInput", "ScenarioText", "ShownSensitivity", "render", "verdict_sentence"]
