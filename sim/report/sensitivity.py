"""The page of a sensitivity: does the ranking survive, which figures move it, what was held fixed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.indicators import INDICATORS
from sim.report.canvas import INK, QUIET, RULE, ZERO, axes, both, ticks
from sim.report.palette import Look, looks
from sim.report.sensitivity_texts import TEXTS
from sim.report.words import check_lang, decimal, digits_for, listing, number, probability, quoted, typography

if TYPE_CHECKING:
    from sim.analysis import Analysis, Settings
    from sim.request import Comparison

SHOWN = 10
CLEAR_SIGN = 0.8  # the mean effect is this part of the mean absolute effect: the figure works one way
BAR, GAP, LINE, FOOT = 0.13, 0.12, 0.16, 0.47  # inches

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
                "range": f"{decimal(parameter.low, lang)} – {decimal(parameter.high, lang)}",
                "value": decimal(parameter.value, lang),
                "alternative": labels[row.alternative],
                "effect": sign(row.mu, row.mu_star) + _amount(row.mu_star, comparison, lang),
                "sigma": _amount(row.sigma, comparison, lang),
                "total": typography(st, lang),
            }
        )
    return rows


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


def sign(mu: float, mu_star: float) -> str:
    """ "+" or "−" where raising the figure moves the difference one way, "±" where it depends."""
    if mu_star == 0:
        return ""
    if abs(mu) < CLEAR_SIGN * mu_star:
        return "±"
    return "+" if mu > 0 else "−"


def _is_share(comparison: Comparison) -> bool:
    return INDICATORS[comparison.options.decision.kpi].unit.startswith("share of")


def _amount(value: float, comparison: Comparison, lang: str) -> str:
    if _is_share(comparison):
        digits = max(2, digits_for(math.nan, 100 * value))  # two significant digits of a small effect
        return number(100 * value, lang, "points", digits)
    return decimal(value, lang)


def effects_figure(comparison: Comparison, analysis: Analysis, lang: str) -> str:
    """Bars of mu* by figure, one for each alternative, with sigma as a line and the sign."""
    names = [s.name for s in comparison.scenarios]
    style = dict(zip(names, looks(len(names)), strict=True))
    table = analysis.morris[analysis.morris["rank"] <= SHOWN].sort_values(["rank"], kind="stable")
    groups = [(str(path), rows) for path, rows in table.groupby("path", sort=False)]
    height = FOOT + 0.1 + sum(LINE + BAR * len(rows) + GAP for _, rows in groups)
    scale = 100 if _is_share(comparison) else 1

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.1, 0.35, 0.1, FOOT)
        ax.set_ylim(-(height - FOOT - 0.1), 0)
        most = scale * float((table["mu_star"] + table["sigma"]).max())
        ax.set_xlim(0, 1.05 * most if most > 0 else 1.0)
        y = 0.0
        for path, rows in groups:
            ax.text(0, y - LINE / 2, path, va="center", fontsize=7.4 if narrow else 8.6, color=INK)
            y -= LINE
            for row in rows.itertuples():
                _bar(ax, y - BAR / 2, scale * row.mu_star, scale * row.sigma, style[row.alternative],
                     sign(row.mu, row.mu_star))  # fmt: skip
                y -= BAR
            y -= GAP
            ax.axhline(y + GAP / 2, color=RULE, lw=0.7, zorder=0)
        ax.set_yticks([])
        ticks(ax.xaxis, lang, "", n=4 if narrow else 7)
        ax.xaxis.set_major_locator(MaxNLocator(4 if narrow else 7, steps=[1, 2, 5, 10]))
        axis = TEXTS[lang]["axis_points" if _is_share(comparison) else "axis"]
        ax.set_xlabel(typography(axis, lang))

    return both(plot, (height, height), "effects", TEXTS[lang]["effects_alt"])


def _bar(ax: Axes, y: float, mu_star: float, sigma: float, look: Look, direction: str) -> None:
    ax.barh(y, mu_star, height=0.8 * BAR, color=look.colour, alpha=0.85, lw=0, zorder=2)
    if sigma > 0:
        ends = [max(mu_star - sigma, 0.0), mu_star + sigma]
        ax.plot(ends, [y, y], color=QUIET, lw=0.9, zorder=3, solid_capstyle="butt")
    if direction:
        ax.annotate(
            direction, (mu_star + sigma, y), (4, 0), textcoords="offset points", va="center", fontsize=8,
            color=INK, annotation_clip=False,
        )  # fmt: skip


def ranking_figure(comparison: Comparison, analysis: Analysis, lang: str) -> str:
    """Bars of the share of the settings in which each scenario ranks first."""
    shares = analysis.ranking.shares
    styles = looks(len(shares))
    height = FOOT + 0.1 + 0.42 * len(shares)

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.1, 0.55, 0.1, FOOT)
        ax.set_xlim(0, 100)
        ax.set_ylim(-0.42 * len(shares), 0)
        for i, (scenario, row) in enumerate(zip(comparison.scenarios, shares.itertuples(), strict=True)):
            y, value = -0.42 * i, 100 * row.share_first
            label = f"{styles[i].letter}  {scenario.label[lang]}"
            ax.text(0, y - LINE / 2, typography(label, lang), va="center", fontsize=8.6, color=INK)
            ax.barh(y - LINE - 0.09, value, height=0.14, color=styles[i].colour, lw=0, zorder=2)
            ax.annotate(
                number(value, lang, "percent"), (value, y - LINE - 0.09), (4, 0), textcoords="offset points",
                va="center", fontsize=8, color=INK, annotation_clip=False,
            )  # fmt: skip
        ax.axvline(0, color=ZERO, lw=0.9)
        ax.set_yticks([])
        ticks(ax.xaxis, lang, "percent", n=4)
        ax.set_xlabel(typography(TEXTS[lang]["ranking_axis"], lang))

    return both(plot, (height, height), "ranking", TEXTS[lang]["ranking_alt"])


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
        "held": number(len(analysis.held), lang),
        "designs": number(len(analysis.designs), lang),
        "replicates": number(settings.replicates, lang),
        "seed": str(comparison.options.seed),
        "trajectories": number(settings.trajectories, lang),
        "samples": number(settings.samples, lang),
        "share": decimal(100 * base.sampling, lang),
    }
    keys = ["meta_city", "meta_designs", *(["meta_thin"] if base.sampling < 1 else [])]
    return [typography(t[key].format(**values), lang) for key in keys]


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
    from sim.parameters import REASONS

    frame = pd.DataFrame(
        [{"path": h.path, "reason": h.reason} for h in analysis.held], columns=["path", "reason"]
    )
    return [
        {"reason": typography(REASONS[str(reason)][lang], lang), "n": len(rows), "paths": list(rows["path"])}
        for reason, rows in frame.groupby("reason", sort=False)
    ]
