"""The page: what each section says, and the template that sets it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.report import figures, tables
from sim.report.data import AGE_BANDS, Effect, ReportInput, View
from sim.report.measures import factor, is_percentage
from sim.report.palette import Look, looks
from sim.report.texts import TEXTS
from sim.report.verdict import Verdict, decide, label, qualifier, sentence
from sim.report.words import LANGS, check_lang, digits_for, listing, number, typography

MAX_CARDS = 3
LIMITS = ("limit_post", "limit_people", "limit_content", "limit_cause", "limit_offline")
EVENING = range(18, 24)

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
        who=_who(view, lang),
        when=_when(view, lang),
        crossing=_overlap(view, lang),
        followers=_followers(view, lang),
        sure=_sure(view, style, lang),
        rests=_rests(view, lang),
        provenance=_provenance(data, lang),
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
    """`t.key` in the template; `t("key", name=value)` fills the placeholders. Plain text, escaped on output."""

    def __init__(self, lang: str) -> None:
        self._lang, self._words = lang, TEXTS[lang]

    def __getattr__(self, key: str) -> str:
        if key not in self._words:
            raise AttributeError(key)
        return typography(self._words[key], self._lang)

    def __call__(self, key: str, **values: object) -> str:
        return typography(self._words[key].format(**values), self._lang)


def _say(lang: str, key: str, **values: object) -> str:
    return typography(TEXTS[lang][key].format(**values), lang)


def _weeks(view: View, lang: str) -> str:
    return number(view.data.horizon_weeks, lang, "weeks")


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
        "city_line": _say(
            lang,
            "city_line",
            city=data.city_label,
            year=data.year,
            residents=number(data.n_residents, lang, "residents"),
            weeks=_weeks(view, lang),
        ),
        "size_line": _say(lang, "thinned", share=share) if thin else _say(lang, "full_size"),
        "thin": thin,
        "weeks": _weeks(view, lang),
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
        "forest": Markup(figures.forest(view, lang, TEXTS[lang]["forest_alt"])),
        "effects": tables.effect_groups(view, key, style, lang),
        "other_effects": tables.effect_groups(view, other, style, lang),
        "n_other": len(other),
    }


def _who(view: View, lang: str) -> Context:
    kpi = "coverage_of_residents"
    if not any(math.isfinite(view.mean(s, kpi, age_band=b)) for s in view.names for b in AGE_BANDS):
        kpi = view.data.decision_kpi
    rows = tables.age_rows(view, kpi, lang) if view.text(kpi).unit == "share" else []
    if not rows or all(r["total"] for r in rows):
        return {"figure": "", "rows": [], "never": [], "says": [], "caption": ""}
    caption = (
        _say(lang, "coverage_caption", weeks=_weeks(view, lang))
        if kpi == "coverage_of_residents"
        else _say(lang, "coverage_caption_other", kpi=tables.in_language(view.text(kpi).label, lang))
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
            _say(
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
        says.append(_say(lang, "who_children"))
    return says


def _leader_says(view: View, name: str, kpi: str, by_band: dict[str, float], lang: str) -> list[str]:
    gains = {b: view.mean(name, kpi, age_band=b) - v for b, v in by_band.items()}
    gains = {b: g for b, g in gains.items() if math.isfinite(g) and g != 0}
    says, alt = [], label(view, name, lang)
    if gains:
        band = max(gains, key=lambda b: abs(gains[b]))
        size = 100 * gains[band]
        says.append(
            _say(
                lang,
                "who_gain",
                alt=alt,
                band=figures.band_label(band, lang),
                diff=number(size, lang, "points", max(0, digits_for(math.nan, size)), signed=True),
            )
        )
    never, base = (view.mean(s, "residents_never_reached") for s in (name, view.baseline))
    if math.isfinite(never) and math.isfinite(base):
        digits = min(0, digits_for(abs(base - never), base))
        says.append(
            _say(
                lang,
                "who_never",
                weeks=_weeks(view, lang),
                alt=alt,
                n=number(never, lang, "", digits),
                base=number(base, lang, "", digits),
            )
        )
    return says


def _when(view: View, lang: str) -> Context:
    table = figures.hours_table(view)
    if table.empty:
        return {"figure": "", "rows": [], "says": []}
    peaks = {s: int(table[s].idxmax()) for s in table.columns}
    evening = {
        s: float(table.loc[list(EVENING), s].sum() / table[s].sum()) for s in table.columns if table[s].sum()
    }
    if len(set(peaks.values())) == 1:
        text = _say(lang, "hour_peak_all", hour=figures.hour_label(next(iter(peaks.values())), lang))
    else:
        who = {
            h: listing([label(view, s, lang) for s in peaks if peaks[s] == h], lang) for h in peaks.values()
        }
        text = " ; ".join(
            _say(lang, "hour_peak_one", hour=figures.hour_label(h, lang), who=w) for h, w in who.items()
        )
    shares = listing([f"{label(view, s, lang)} {number(v, lang, 'share')}" for s, v in evening.items()], lang)
    says = [_say(lang, "hour_peak", peaks=text), _say(lang, "hour_evening", shares=shares)]
    return {
        "figure": Markup(figures.reach_by_hour(view, lang, TEXTS[lang]["hour_alt"])),
        "rows": tables.hour_rows(view, lang),
        "says": says,
    }


def _overlap(view: View, lang: str) -> Context:
    leader = decide(view).leader
    names = [view.baseline, *([leader.alternative] if leader else [])]
    says, extremes = "", tables.overlap_extremes(view, view.baseline)
    if extremes is not None:
        (high, v), (low, w) = extremes
        says = _say(
            lang,
            "overlap_most",
            pair=high,
            value=number(v, lang, "share"),
            low_pair=low,
            low_value=number(w, lang, "share"),
        )
    definition = tables.in_language(view.text("overlap_share_of_reached").definition, lang)
    return {"matrices": tables.overlap(view, names, lang), "says": says, "definition": definition}


def _followers(view: View, lang: str) -> Context:
    climbs = []
    for i, platform in enumerate(tables.opened(view)):
        name = tables.platform_label(platform)
        svg = figures.climb(view, lang, _say(lang, "climb_alt", platform=name), platform, f"climb{i}")
        values = [
            _say(
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
                "caption": _say(lang, "climb_caption", platform=name),
                "says": _say(
                    lang, "climb_says", platform=name, values=listing(values, lang), weeks=_weeks(view, lang)
                ),
            }
        )
    return {"rows": tables.follower_rows(view, lang), "climbs": climbs}


def _sure(view: View, style: dict[str, Look], lang: str) -> Context:
    data = view.data
    says = [
        _say(lang, "sure_runs", n=number(data.replicates, lang))
        if data.replicates > 1
        else _say(lang, "sure_run_one")
    ]
    stop = tables.in_language(data.stop_reason, lang)
    if stop:
        says.append(typography(stop, lang))
    leader = decide(view).leader
    if leader is not None:
        says += _spread_says(view, leader, lang)
    says.append(_say(lang, "sure_limits"))
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
            _say(
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
        says.append(_say(lang, "sure_gain" if gain >= 1.5 else "sure_gain_none", times=times))
    return says


def _rests(view: View, lang: str) -> Context:
    first, more = tables.figure_rows(view, lang)
    count = ""
    if first:
        assumed = sum(r["tag"] == "assumed" for r in first)
        count = _say(lang, "rests_count", assumed=number(assumed, lang), n=number(len(first), lang))
    return {
        "first": first,
        "more": more,
        "count": count,
        "n_more": len(more),
        "warnings": [typography(tables.in_language(w, lang), lang) for w in view.data.warnings],
        "limits": [_say(lang, key) for key in LIMITS],
    }


def _provenance(data: ReportInput, lang: str) -> list[tuple[str, str]]:
    return [
        (str(k), str(v)) if isinstance(v, (str, int)) else (str(k), number(v, lang, "", 1))
        for k, v in data.provenance.items()
    ]
