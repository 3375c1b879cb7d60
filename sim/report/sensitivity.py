"""The page of a sensitivity: does the ranking survive, which figures move it, what was held fixed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from sim.indicators import INDICATORS
from sim.parameters import REASONS, TIMES
from sim.report.palette import looks
from sim.report.sensitivity_figures import SHOWN, amount, effects_figure, ranking_figure, sign
from sim.report.sensitivity_texts import TEXTS
from sim.report.words import check_lang, decimal, listing, number, probability, quoted, typography

if TYPE_CHECKING:
    from sim.analysis import Analysis, Settings
    from sim.parameters import Parameter
    from sim.request import Comparison

Context = dict[str, Any]


def sentence(comparison: Comparison, analysis: Analysis, lang: str) -> str:
    """Does the ranking survive other plausible settings, and what turns it over; in one sentence."""
    check_lang(lang)
    t, ranking = TEXTS[lang], analysis.ranking
    labels = {s.name: quoted(s.label[lang], lang) for s in comparison.scenarios}
    first = ranking.shares.set_index("scenario")["share_first"]
    leader = {
        "first": labels[ranking.first],
        "p_first": probability(float(first[ranking.first]), lang),
        "n": number(ranking.draws, lang),
    }
    kind = "" if ranking.is_clear else "_unclear"
    text = t[f"holds{kind}"].format(share=probability(ranking.holds, lang), **leader)
    alone = ranking.flips[(ranking.flips["share"] > 0) & ranking.flips["group"].isin(analysis.top)]
    if len(alone):
        named = [f"{f.group} ({t[f.direction]})" for f in alone.head(3).itertuples()]
        text += t[f"flips{kind}"].format(figures=listing(named, lang))
    else:
        text += t[f"never{kind}"] if ranking.holds == 1 else t[f"together{kind}"]
    return typography(text, lang)


def effect_rows(comparison: Comparison, analysis: Analysis, lang: str, most: int = SHOWN) -> list[Context]:
    """The figures with the largest effect: rank, path, tag, range, effect on the alternative that it moves
    most (with sign and spread), share of the variance with interactions."""
    labels = {s.name: s.label[lang] for s in comparison.scenarios}
    total = analysis.sobol.set_index(["group", "alternative"])
    by_path = {p.path: p for p in analysis.parameters}
    strongest = analysis.morris.sort_values("mu_star", ascending=False, kind="stable").drop_duplicates("path")
    rows = []
    for row in strongest.sort_values("rank").head(most).itertuples():
        parameter, key = by_path[row.path], (row.path, row.alternative)
        st = "–"
        if key in total.index:
            found = total.loc[key]
            st = f"{number(float(found['ST']), lang, '', 2)} ± {number(float(found['ST_conf']), lang, '', 2)}"
        rows.append(
            {
                "rank": int(row.rank),
                "path": row.path,
                "tag": parameter.tag,
                "range": _span(parameter, lang),
                "value": TEXTS[lang]["whole_table"]
                if parameter.unit == TIMES
                else decimal(parameter.value, lang),
                "alternative": labels[row.alternative],
                "effect": sign(row.mu, row.mu_star) + amount(row.mu_star, comparison, lang),
                "sigma": amount(row.sigma, comparison, lang),
                "total": typography(st, lang),
            }
        )
    return rows


def _span(parameter: Parameter, lang: str) -> str:
    times = "× " if parameter.unit == TIMES else ""
    return f"{times}{decimal(parameter.low, lang)} – {times}{decimal(parameter.high, lang)}"


def ranking_rows(comparison: Comparison, analysis: Analysis, lang: str) -> list[Context]:
    """Each scenario: how often it is first, and better, alike or worse than the baseline."""
    styles = looks(len(comparison.scenarios))
    rows = []
    for scenario, look, row in zip(
        comparison.scenarios, styles, analysis.ranking.shares.itertuples(), strict=True
    ):
        cells = [row.share_first, row.share_better, row.share_no_difference, row.share_worse]
        shown = [number(x, lang, "share") if math.isfinite(x) else "–" for x in cells]
        rows.append({"label": scenario.label[lang], "look": look, "shares": shown})
    return rows


def render(
    comparison: Comparison, settings: Settings, analysis: Analysis, config: Mapping[str, Any], lang: str
) -> str:
    """The page: one self-contained HTML file; the same input gives the same bytes."""
    from sim.report.page import _environment

    template = _environment(lang).get_template("sensitivity.html.j2")
    base, t = comparison.baseline, TEXTS[lang]
    styles = looks(len(comparison.scenarios))
    page = template.render(
        lang=lang,
        t=t,
        title=typography(f"{t['title']} : {comparison.label[lang]}" if lang == "fr"
                         else f"{t['title']}: {comparison.label[lang]}", lang),
        meta=_meta(comparison, settings, analysis, lang),
        answer=sentence(comparison, analysis, lang),
        decision=typography(getattr(INDICATORS[comparison.options.decision.kpi], lang), lang),
        scenarios=[
            {"label": s.label[lang], "look": look}
            for s, look in zip(comparison.scenarios, styles, strict=True)
        ],
        ranking=ranking_rows(comparison, analysis, lang),
        ranking_figure=Markup(ranking_figure(comparison, analysis, lang)),
        effects=effect_rows(comparison, analysis, lang),
        effects_figure=Markup(effects_figure(comparison, analysis, lang)),
        flips=_flip_rows(analysis, lang),
        sections=section_rows(comparison, analysis, lang),
        variance=_variance_rows(comparison, analysis, lang),
        held=_held_rows(analysis, lang),
        thin=base.sampling < 1,
        digest=str(config["code"])[:12],
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _meta(comparison: Comparison, settings: Settings, analysis: Analysis, lang: str) -> list[str]:
    base, t = comparison.baseline, TEXTS[lang]
    values = {
        "city": base.city.label[lang],
        "weeks": number(base.horizon_weeks, lang, "weeks"),
        "varied": number(len(analysis.parameters), lang),
        "tried": number(analysis.morris["path"].nunique(), lang),
        "held": number(len(analysis.held), lang),
        "designs": number(len(analysis.designs), lang),
        "replicates": number(settings.replicates, lang),
        "seed": str(comparison.options.seed),
        "trajectories": number(settings.trajectories, lang),
        "samples": number(settings.samples, lang),
        "share": decimal(100 * base.sampling, lang),
    }
    by_section = [] if analysis.sections.empty else ["meta_sections"]
    keys = ["meta_city", "meta_designs", *by_section, *(["meta_thin"] if base.sampling < 1 else [])]
    return [typography(t[key].format(**values), lang) for key in keys]


def section_rows(comparison: Comparison, analysis: Analysis, lang: str) -> list[Context]:
    """Sections of the cards by their effect as a whole, and whether their figures were tried one by one."""
    if analysis.sections.empty:
        return []
    labels, t = {s.name: s.label[lang] for s in comparison.scenarios}, TEXTS[lang]
    table = analysis.sections.sort_values(["mu_star", "group"], ascending=[False, True], kind="stable")
    return [
        {
            "group": str(r.group),
            "n": number(r.figures, lang),
            "effect": amount(r.mu_star, comparison, lang),
            "alternative": labels[r.alternative],
            "kept": t["yes"] if r.kept else t["no"],
        }
        for r in table.drop_duplicates("group").itertuples()
    ]


def _flip_rows(analysis: Analysis, lang: str) -> list[Context]:
    t = TEXTS[lang]
    return [
        {
            "group": f.group if f.group in analysis.top else t["others"],
            "share": number(f.share, lang, "share"),
            "direction": t[f.direction] if f.direction else "–",
        }
        for f in analysis.ranking.flips.itertuples()
        if f.share > 0
    ]


def _variance_rows(comparison: Comparison, analysis: Analysis, lang: str) -> list[Context]:
    t = TEXTS[lang]
    labels = {s.name: s.label[lang] for s in comparison.scenarios}

    def shown(value: float, half: float) -> str:
        return typography(f"{number(value, lang, '', 2)} ± {number(half, lang, '', 2)}", lang)

    return [
        {
            "alternative": labels[r.alternative],
            "group": r.group if r.group in analysis.top else t["others"],
            "S1": shown(r.S1, r.S1_conf),
            "ST": shown(r.ST, r.ST_conf),
        }
        for r in analysis.sobol.itertuples()
    ]


def _held_rows(analysis: Analysis, lang: str) -> list[Context]:
    frame = pd.DataFrame(
        [{"path": h.path, "reason": h.reason} for h in analysis.held], columns=["path", "reason"]
    )
    return [
        {"reason": typography(REASONS[str(reason)][lang], lang), "n": len(rows), "paths": list(rows["path"])}
        for reason, rows in frame.groupby("reason", sort=False)
    ]
