"""What each section says about the result, ready for the template."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from sim.report import figures, sensitivity, tables
from sim.report.data import AGE_BANDS, Effect, ReportInput, View
from sim.report.measures import factor, is_percentage
from sim.report.palette import Look
from sim.report.rests import figure_rows
from sim.report.sensitivity_figures import effects_figure, ranking_figure
from sim.report.sensitivity_texts import TEXTS as SENSITIVITY
from sim.report.texts import TEXTS
from sim.report.verdict import decide, label
from sim.report.words import decimal, digits_for, listing, number, typography

LIMITS = ("limit_post", "limit_people", "limit_content", "limit_cause", "limit_offline")
EVENING = range(18, 24)

Context = dict[str, Any]


def say(lang: str, key: str, **values: object) -> str:
    return typography(TEXTS[lang][key].format(**values), lang)


def weeks(view: View, lang: str) -> str:
    return number(view.data.horizon_weeks, lang, "weeks")


def who(view: View, lang: str) -> Context:
    kpi = "coverage_of_residents"
    if not any(math.isfinite(view.mean(s, kpi, age_band=b)) for s in view.names for b in AGE_BANDS):
        kpi = view.data.decision_kpi
    rows = tables.age_rows(view, kpi, lang) if view.text(kpi).unit == "share" else []
    if not rows or all(r["total"] for r in rows):
        return {"figure": "", "rows": [], "never": [], "says": [], "caption": ""}
    caption = (
        say(lang, "coverage_caption", weeks=weeks(view, lang))
        if kpi == "coverage_of_residents"
        else say(lang, "coverage_caption_other", kpi=tables.in_language(view.text(kpi).label, lang))
    )
    return {
        "figure": Markup(figures.coverage_by_age(view, lang, TEXTS[lang]["coverage_alt"], kpi)),
        "rows": rows,
        "never": tables.age_rows(view, "residents_never_reached", lang),
        "caption": caption,
        "says": _who_says(view, kpi, lang),
    }


def _who_says(view: View, kpi: str, lang: str) -> list[str]:
    by_band = {b: view.mean(view.baseline, kpi, age_band=b) for b in AGE_BANDS}
    reached = {b: v for b, v in by_band.items() if math.isfinite(v) and v > 0}
    says = []
    if len(reached) > 1:
        high, low = max(reached, key=lambda b: reached[b]), min(reached, key=lambda b: reached[b])
        says.append(
            say(
                lang,
                "who_spread",
                high=figures.band_label(high, lang),
                low=figures.band_label(low, lang),
                high_value=number(reached[high], lang, "share"),
                low_value=number(reached[low], lang, "share", 1 if reached[low] < 0.1 else 0),
            )
        )
    leader = decide(view).leader
    if leader is not None:
        says += _leader_says(view, leader.alternative, kpi, by_band, lang)
    if by_band.get("0-14") == 0:
        says.append(say(lang, "who_children"))
    return says


def _leader_says(view: View, name: str, kpi: str, by_band: dict[str, float], lang: str) -> list[str]:
    gains = {b: view.mean(name, kpi, age_band=b) - v for b, v in by_band.items()}
    gains = {b: g for b, g in gains.items() if math.isfinite(g) and g != 0}
    says, alt = [], label(view, name, lang)
    if gains:
        band = max(gains, key=lambda b: abs(gains[b]))
        size = 100 * gains[band]
        says.append(
            say(
                lang,
                "who_gain",
                alt=alt,
                band=figures.band_label(band, lang),
                diff=number(size, lang, "points", max(0, digits_for(math.nan, size)), signed=True),
            )
        )
    never, base = (view.mean(s, "residents_never_reached") for s in (name, view.baseline))
    if math.isfinite(never) and math.isfinite(base):
        digits = min(0, digits_for(abs(base - never) / 10, base))
        says.append(
            say(
                lang,
                "who_never",
                weeks=weeks(view, lang),
                alt=alt,
                n=number(never, lang, "", digits),
                base=number(base, lang, "", digits),
            )
        )
    return says


def when(view: View, lang: str) -> Context:
    table = figures.hours_table(view)
    if table.empty:
        return {"figure": "", "rows": [], "says": []}
    peaks = {s: int(table[s].idxmax()) for s in table.columns}
    evening = {
        s: float(table.loc[list(EVENING), s].sum() / table[s].sum()) for s in table.columns if table[s].sum()
    }
    if len(set(peaks.values())) == 1:
        text = say(lang, "hour_peak_all", hour=figures.hour_label(next(iter(peaks.values())), lang))
    else:
        who = {
            h: listing([label(view, s, lang) for s in peaks if peaks[s] == h], lang) for h in peaks.values()
        }
        text = ("; " if lang == "en" else " ; ").join(
            say(lang, "hour_peak_one", hour=figures.hour_label(h, lang), who=w) for h, w in who.items()
        )
    shares = listing([f"{label(view, s, lang)} {number(v, lang, 'share')}" for s, v in evening.items()], lang)
    says = [say(lang, "hour_peak", peaks=text), say(lang, "hour_evening", shares=shares)]
    return {
        "figure": Markup(figures.reach_by_hour(view, lang, TEXTS[lang]["hour_alt"])),
        "rows": tables.hour_rows(view, lang),
        "says": says,
    }


def overlap(view: View, lang: str) -> Context:
    leader = decide(view).leader
    names = [view.baseline, *([leader.alternative] if leader else [])]
    says, extremes = "", tables.overlap_extremes(view, view.baseline)
    if extremes is not None:
        (high, v), (low, w) = extremes
        says = say(
            lang,
            "overlap_most",
            pair=high,
            value=number(v, lang, "share"),
            low_pair=low,
            low_value=number(w, lang, "share"),
        )
    definition = tables.in_language(view.text("overlap_share_of_reached").definition, lang)
    return {"matrices": tables.overlap(view, names, lang), "says": says, "definition": definition}


def followers(view: View, lang: str) -> Context:
    climbs = []
    for i, platform in enumerate(tables.opened(view)):
        name = tables.platform_label(platform)
        svg = figures.climb(view, lang, say(lang, "climb_alt", platform=name), platform, f"climb{i}")
        values = [
            say(
                lang,
                "climb_value",
                n=number(v, lang, "", min(0, digits_for(math.nan, v))),
                alt=label(view, s, lang),
            )
            for s in view.alternatives
            if math.isfinite(v := view.mean(s, "followers", platform)) and v > 0
        ]
        drawn = [s for s in view.names if (v := view.mean(s, "followers", platform)) > 0]
        climbs.append(
            {
                "svg": Markup(svg),
                "drawn": drawn,
                "caption": say(lang, "climb_caption", platform=name),
                "says": say(
                    lang, "climb_says", platform=name, values=listing(values, lang), weeks=weeks(view, lang)
                ),
            }
        )
    return {"rows": tables.follower_rows(view, lang), "climbs": climbs}


def sure(view: View, style: dict[str, Look], lang: str) -> Context:
    data = view.data
    says = [
        say(lang, "sure_runs", n=number(data.replicates, lang))
        if data.replicates > 1
        else say(lang, "sure_run_one")
    ]
    stop = tables.in_language(data.stop_reason, lang)
    if stop:
        says.append(typography(stop, lang))
    leader = decide(view).leader
    if leader is not None:
        says += _spread_says(view, leader, lang)
    says.append(say(lang, "sure_limits"))
    return {
        "says": says,
        "figure": Markup(figures.runs_and_mean(view, lang, TEXTS[lang]["runs_alt"])),
        "best": tables.best_rows(view, style, lang),
    }


def _spread_says(view: View, e: Effect, lang: str) -> list[str]:
    says, k = [], factor(e.unit)
    unit = "points" if is_percentage(e.unit) else ""
    sd, half = figures.paired_sd(view, e) * k, e.half_width * k
    if math.isfinite(sd) and math.isfinite(half) and half > 0:
        digits = max(0, digits_for(min(sd, half) if sd > 0 else half))
        says.append(
            say(
                lang,
                "sure_spread",
                alt=label(view, e.alternative, lang),
                sd=number(sd, lang, unit, digits),
                half=number(half, lang, unit, digits),
            )
        )
    gain = view.gain(e.kpi, e.alternative)
    if math.isfinite(gain):
        times = number(gain, lang, "", 1 if gain < 10 else 0)
        says.append(say(lang, "sure_gain" if gain >= 1.5 else "sure_gain_none", times=times))
    return says


def moves(view: View, lang: str) -> Context:
    """What a sensitivity found: does the ranking survive, and which figures move the difference."""
    shown, how = view.data.examined, view.data.how_to_examine
    if shown is None:
        return {"says": [], "ranking": "", "effects": "", "how": how}
    comparison, analysis = shown.comparison, shown.analysis
    sampled = say(lang, "moves_thinned", share=decimal(100 * shown.sampling, lang))
    return {
        "says": [
            sensitivity.sentence(comparison, analysis, lang),
            *([sampled] if shown.sampling < 1 else []),
        ],
        "ranking": Markup(ranking_figure(comparison, analysis, lang, "first")),
        "effects": Markup(effects_figure(comparison, analysis, lang, "moves")),
        "qualifier": typography(SENSITIVITY[lang]["qualifier"], lang),
        "caption": typography(SENSITIVITY[lang]["effects_caption"], lang),
        "page": f"../{shown.folder}/{shown.page}",
        "how": how,
    }


def rests(view: View, lang: str) -> Context:
    first, more = figure_rows(view, lang)
    count = ""
    if first:
        assumed = sum(r["tag"] == "assumed" for r in first)
        count = say(lang, "rests_count", assumed=number(assumed, lang), n=number(len(first), lang))
    return {
        "first": first,
        "lead": say(lang, "rests_lead" if view.data.examined is None else "rests_lead_moves"),
        "examined": view.data.examined is not None,
        "more": more,
        "count": count,
        "n_more": len(more),
        "warnings": [typography(tables.in_language(w, lang), lang) for w in view.data.warnings],
        "limits": [say(lang, key) for key in LIMITS],
    }


def provenance(data: ReportInput, lang: str) -> list[tuple[str, str]]:
    return [
        (str(k), str(v)) if isinstance(v, (str, int)) else (str(k), number(v, lang, "", 1))
        for k, v in data.provenance.items()
    ]
