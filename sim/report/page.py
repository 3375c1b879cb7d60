"""The page: what each section says, and the template that sets it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.report import sections, tables
from sim.report.data import Effect, ReportInput, View
from sim.report.forest import forest
from sim.report.measures import who_text
from sim.report.palette import Look, looks
from sim.report.texts import TEXTS
from sim.report.verdict import Verdict, decide, qualifier, sentence
from sim.report.words import LANGS, check_lang, number, typography

MAX_CARDS = 3

Context = dict[str, Any]


def render(data: ReportInput, lang: str = "fr") -> str:
    """The report as one HTML page that loads nothing; the same input gives the same bytes.

    Raises ValueError for an unknown language, no scenario, or a frame that lacks a column.
    """
    check_lang(lang)
    view = View(data)
    style = dict(zip(view.names, looks(len(view.names)), strict=True))
    template = _environment(lang).get_template("template.html.j2")
    page = template.render(
        lang=lang,
        t=_Texts(lang),
        data=data,
        **_head(view, lang),
        **_scenarios(view, style, lang),
        **_verdict(view, style, lang),
        **_effects(view, style, lang),
        who=sections.who(view, lang),
        when=sections.when(view, lang),
        crossing=sections.overlap(view, lang),
        followers=sections.followers(view, lang),
        sure=sections.sure(view, style, lang),
        moves=sections.moves(view, lang),
        rests=sections.rests(view, lang),
        provenance=sections.provenance(data, lang),
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


@lru_cache(maxsize=len(LANGS))
def _environment(lang: str) -> Environment:
    env = Environment(
        loader=PackageLoader("sim.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["t"] = lambda text: typography(str(text), lang)
    return env


class _Texts:
    """`t.key` in the template; `t("key", name=value)` fills the placeholders. Escaped on output."""

    def __init__(self, lang: str) -> None:
        self._lang, self._words = lang, TEXTS[lang]

    def __getattr__(self, key: str) -> str:
        if key not in self._words:
            raise AttributeError(key)
        return typography(self._words[key], self._lang)

    def __call__(self, key: str, **values: object) -> str:
        return typography(self._words[key].format(**values), self._lang)


def _zone(view: View, lang: str) -> str:
    shown = view.data.zone_relative * 100
    return number(shown, lang, "percent", 0 if abs(shown - round(shown)) < 1e-9 else 1)


def _head(view: View, lang: str) -> Context:
    data = view.data
    thin = data.sampling < 1
    shown = round(100 * data.sampling, 2)
    share = number(shown, lang, "percent", 0 if shown == round(shown) else 2)
    return {
        "title": typography(tables.in_language(data.title, lang), lang),
        "city_line": sections.say(
            lang,
            "city_line",
            city=data.city_label,
            year=data.year,
            residents=number(data.n_residents, lang, "residents"),
            weeks=sections.weeks(view, lang),
        ),
        "size_line": sections.say(lang, "thinned", share=share) if thin else sections.say(lang, "full_size"),
        "thin": thin,
        "weeks": sections.weeks(view, lang),
        "zone": _zone(view, lang),
    }


def _scenarios(view: View, style: dict[str, Look], lang: str) -> Context:
    rows = [
        {
            "name": s.name,
            "look": style[s.name],
            "label": tables.in_language(s.label, lang) or s.name,
            "sentence": tables.in_language(s.sentence, lang),
        }
        for s in view.data.scenarios
    ]
    return {
        "scenarios": rows,
        "alternatives": list(view.alternatives),
        "labels": {r["name"]: r["label"] for r in rows},
    }


def _verdict(view: View, style: dict[str, Look], lang: str) -> Context:
    verdict = decide(view)
    effects = view.decision()
    shown = effects if len(effects) <= MAX_CARDS else _most_telling(view, verdict, effects)
    base = tables.baseline_card(view, effects[0], style, lang) if effects else None
    label_ = tables.in_language(view.text(view.data.decision_kpi).label, lang)
    if view.data.decision_age_band != "all" and effects:
        label_ = f"{label_} ({who_text(effects[0], lang)})"
    if view.data.decision_platform != "all":
        label_ = f"{label_} ({view.data.decision_platform.capitalize()})"
    return {
        "kind": verdict.kind,
        "verdict": sentence(view, verdict, lang),
        "qualifier": qualifier(view, verdict, lang),
        "decision_label": typography(label_, lang),
        "decision_definition": tables.in_language(view.text(view.data.decision_kpi).definition, lang),
        "base_card": base,
        "cards": tables.cards(view, shown, style, lang),
    }


def _most_telling(view: View, verdict: Verdict, effects: list[Effect]) -> list[Effect]:
    """The MAX_CARDS alternatives most likely to be best, in the order of the scenarios."""

    def rank(e: Effect) -> tuple[bool, float, float]:
        p = view.best(e.alternative, "p_best")
        good = -e.diff if e.direction == "down" else e.diff
        return (e is not verdict.leader, -(p if math.isfinite(p) else 0.0), -good)

    kept = sorted(effects, key=rank)[:MAX_CARDS]
    return [e for e in effects if e in kept]


def _effects(view: View, style: dict[str, Look], lang: str) -> Context:
    key, other = view.key_kpis(), view.other_kpis()
    return {
        "forest": Markup(forest(view, lang, TEXTS[lang]["forest_alt"])),
        "effects": tables.effect_groups(view, key, style, lang),
        "other_effects": tables.effect_families(view, other, style, lang),
        "n_other": len(other),
    }
