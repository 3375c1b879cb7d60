"""The tables of the report as plain rows of text, ready for the template."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sim.report.data import AGE_BANDS, Effect, View
from sim.report.figures import band_label, hour_label, hours_table
from sim.report.measures import (
    difference_text,
    factor,
    interval_text,
    is_percentage,
    mean_text,
    people_text,
    relative_text,
    who_text,
)
from sim.report.palette import Look
from sim.report.texts import TEXTS
from sim.report.words import UNIT_WORDS, digits_for, number, probability, unit_word

_PLATFORMS = {
    "linkedin": "LinkedIn",
    "youtube": "YouTube",
    "tiktok": "TikTok",
    "whatsapp": "WhatsApp",
    "x": "X",
}

Row = dict[str, Any]


def platform_label(name: str) -> str:
    """The name of a platform as it writes itself."""
    return _PLATFORMS.get(name, name[:1].upper() + name[1:])


def in_language(value: object, lang: str) -> str:
    """A text that may come as {"fr", "en"} or as one string; "" for a missing one."""
    if isinstance(value, Mapping):
        return str(value.get(lang) or next(iter(value.values()), ""))
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def effect_groups(view: View, kpis: list[str], style: Mapping[str, Look], lang: str) -> list[Row]:
    """One group per KPI: its words, the baseline mean, and a row per alternative."""
    groups = []
    for kpi in kpis:
        effects = [e for a in view.alternatives if (e := view.effects.get((kpi, a)))]
        if not effects:
            continue
        text, first = view.text(kpi), effects[0]
        groups.append(
            {
                "label": in_language(text.label, lang),
                "definition": in_language(text.definition, lang),
                "unit": unit_word(text.unit, lang) if text.unit in UNIT_WORDS else "",
                "base": mean_text(first, first.base, lang),
                "down": text.direction == "down",
                "rows": [_effect_row(e, style, lang) for e in effects],
            }
        )
    return groups


def effect_families(view: View, kpis: list[str], style: Mapping[str, Look], lang: str) -> list[Row]:
    """`effect_groups` under the heading of their family, families in the order in which `kpis` meets them."""
    families: dict[str, list[str]] = {}
    for kpi in kpis:
        families.setdefault(in_language(view.text(kpi).family, lang), []).append(kpi)
    found = [(label, effect_groups(view, names, style, lang)) for label, names in families.items()]
    return [{"label": label, "groups": groups} for label, groups in found if groups]


def _effect_row(e: Effect, style: Mapping[str, Look], lang: str) -> Row:
    return {
        "name": e.alternative,
        "look": style[e.alternative],
        "mean": mean_text(e, e.alt, lang),
        "diff": difference_text(e, lang),
        "relative": relative_text(e, lang),
        "interval": interval_text(e, lang),
        "verdict": e.verdict,
    }


def cards(view: View, shown: list[Effect], style: Mapping[str, Look], lang: str) -> list[Row]:
    """The key numbers: the baseline's decision KPI, then the difference of each alternative shown."""
    t = TEXTS[lang]
    out: list[Row] = []
    for e in shown:
        people = people_text(e, view, lang)
        more = t["more"] if e.diff >= 0 else t["fewer"]
        has_range = people is not None and people[1] != "–"
        p = view.best(e.alternative, "p_best")
        out.append(
            {
                "name": e.alternative,
                "look": style[e.alternative],
                "big": difference_text(e, lang, words=False),
                "unit": unit_word("points", lang, e.diff * factor(e.unit)) if is_percentage(e.unit) else "",
                "interval": interval_text(e, lang),
                "verdict": e.verdict,
                "people": t["card_people"].format(people=people[0], more=more, who=who_text(e, lang))
                if people
                else "",
                "people_range": t["card_people_range"].format(range=people[1])
                if people and has_range
                else "",
                "p_best": probability(p, lang) if math.isfinite(p) and len(view.alternatives) > 1 else "",
            }
        )
    return out


def baseline_card(view: View, effect: Effect, style: Mapping[str, Look], lang: str) -> Row:
    """The baseline's own level of the decision KPI."""
    text, people = view.text(effect.kpi), ""
    if effect.kpi.endswith("_of_residents") and is_percentage(effect.unit):
        k = factor(effect.unit) / 100
        population = view.population(effect.age_band)
        count = effect.base * k * population
        half = effect.half_width * k * population if effect.has_interval else math.nan
        people = TEXTS[lang]["card_base_people"].format(
            people=number(count, lang, "", min(0, digits_for(half, count))), who=who_text(effect, lang)
        )
    return {
        "name": view.baseline,
        "look": style[view.baseline],
        "big": mean_text(effect, effect.base, lang, 1 if is_percentage(effect.unit) else 0),
        "people": people,
        "label": in_language(text.label, lang),
    }


def age_rows(view: View, kpi: str, lang: str) -> list[Row]:
    """A share, or a count of residents, by age band, then for all ages; a cell per scenario."""
    rows, share = [], view.text(kpi).unit == "share"
    for band in (*AGE_BANDS, "all"):
        values = [view.mean(s, kpi, age_band=band) for s in view.names]
        if not any(math.isfinite(v) for v in values):
            continue
        rows.append(
            {
                "band": TEXTS[lang]["all_ages"] if band == "all" else band_label(band, lang),
                "total": band == "all",
                "cells": [
                    number(v, lang, "share", _share_digits(v)) if share else number(v, lang, "", -2)
                    for v in values
                ],
            }
        )
    return rows


def _share_digits(value: float) -> int:
    return 1 if math.isfinite(value) and 0 < abs(value) < 0.1 else 0


def hour_rows(view: View, lang: str) -> list[Row]:
    """24 rows of first views a day, a cell per scenario that has some."""
    table = hours_table(view)
    if table.empty:
        return []
    digits = min(0, digits_for(math.nan, float(table.to_numpy().max()))) + 1
    return [
        {
            "hour": hour_label(h, lang),
            "cells": [
                number(float(table.at[h, s]), lang, "", digits) if s in table.columns else "–"
                for s in view.names
            ],
        }
        for h in range(24)
    ]


def overlap(view: View, scenarios: list[str], lang: str) -> list[Row]:
    """A matrix per scenario: shares of `overlap_share_of_reached` by pair of platforms, with a shade 0..1."""
    kpi = "overlap_share_of_reached"
    pairs = [p for p in view.values_of("platform", kpi) if "+" in p]
    found = {(s, p): view.mean(s, kpi, p) for s in scenarios for p in pairs}
    top = max((v for v in found.values() if math.isfinite(v)), default=math.nan)
    out = []
    for s in scenarios:
        have = {tuple(p.split("+", 1)): v for (name, p), v in found.items() if name == s and math.isfinite(v)}
        platforms = list(dict.fromkeys(x for pair in sorted(have) for x in pair))
        if len(platforms) < 2:
            continue
        rows = [
            {
                "platform": platform_label(a),
                "cells": [_overlap_cell(have, a, b, top, lang) for b in platforms],
            }
            for a in platforms
        ]
        out.append({"name": s, "platforms": [platform_label(p) for p in platforms], "rows": rows})
    return out


def _overlap_cell(have: Mapping[tuple[str, ...], float], a: str, b: str, top: float, lang: str) -> Row:
    value = have.get((a, b), have.get((b, a), math.nan))
    if a == b or not math.isfinite(value):
        return {"text": "–" if a != b else "", "shade": "0", "same": a == b}
    depth = value / top if top > 0 else 0.0
    return {
        "text": number(value, lang, "share", _share_digits(value)),
        "shade": f"{0.04 + 0.54 * depth:.2f}",
        "same": False,
    }


def overlap_extremes(view: View, scenario: str) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """((pair, largest), (pair, smallest)) of one scenario; None with fewer than two pairs."""
    kpi = "overlap_share_of_reached"
    values = {p: view.mean(scenario, kpi, p) for p in view.values_of("platform", kpi) if "+" in p}
    values = {p: v for p, v in values.items() if math.isfinite(v)}
    if len(values) < 2:
        return None
    named = {" – ".join(platform_label(x) for x in p.split("+", 1)): v for p, v in values.items()}
    high, low = max(named, key=lambda p: named[p]), min(named, key=lambda p: named[p])
    return (high, named[high]), (low, named[low])


def follower_rows(view: View, lang: str) -> list[Row]:
    """Followers at the end of the horizon by platform, a cell per scenario."""
    rows = []
    for platform in view.values_of("platform", "followers"):
        values = [view.mean(s, "followers", platform) for s in view.names]
        cells = [number(v, lang, "", min(0, _three_digits(v))) if math.isfinite(v) else "" for v in values]
        rows.append({"platform": platform_label(platform), "cells": cells})
    return rows


def _three_digits(value: float) -> int:
    return digits_for(math.nan, value) + 1


def opened(view: View) -> list[str]:
    """Platforms on which an alternative ends with followers and the baseline has none."""

    def none(v: float) -> bool:
        return not math.isfinite(v) or v == 0

    return [
        p
        for p in view.values_of("platform", "followers")
        if none(view.mean(view.baseline, "followers", p))
        and any(not none(view.mean(s, "followers", p)) for s in view.alternatives)
    ]


def best_rows(view: View, style: Mapping[str, Look], lang: str) -> list[Row]:
    """Probabilities of the decision, a row per scenario; empty with fewer than two known."""
    rows = [
        {
            "name": s,
            "look": style[s],
            "p_best": probability(view.best(s, "p_best"), lang, words=False),
            "p_zone": probability(view.best(s, "p_within_zone_of_best"), lang, words=False),
        }
        for s in view.names
        if math.isfinite(view.best(s, "p_best"))
    ]
    return rows if len(rows) > 1 else []
