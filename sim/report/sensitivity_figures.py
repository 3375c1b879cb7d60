"""The two figures of a sensitivity: what moves the difference, and who ranks first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.indicators import INDICATORS
from sim.report.canvas import INK, QUIET, RULE, ZERO, axes, both, ticks
from sim.report.palette import Look, looks
from sim.report.sensitivity_texts import TEXTS
from sim.report.words import decimal, digits_for, number, typography

if TYPE_CHECKING:
    from sim.analysis import Analysis
    from sim.request import Comparison

SHOWN = 10
CLEAR_SIGN = 0.8  # the mean effect is this part of the mean absolute effect: the figure works one way
NOTHING = 1e-9  # an effect below it is rounding
BAR, GAP, LINE, FOOT = 0.13, 0.12, 0.16, 0.47  # inches


def sign(mu: float, mu_star: float) -> str:
    """ "+" or "−" where raising the figure moves the difference one way, "±" where it depends."""
    if mu_star < NOTHING:
        return ""
    if abs(mu) < CLEAR_SIGN * mu_star:
        return "±"
    return "+" if mu > 0 else "−"


def is_share(comparison: Comparison) -> bool:
    """Whether the decision's KPI is a share."""
    return INDICATORS[comparison.options.decision.kpi].unit.startswith("share of")


def amount(value: float, comparison: Comparison, lang: str) -> str:
    """An effect in the unit of the decision's KPI; a share in points."""
    if is_share(comparison):
        digits = max(2, digits_for(math.nan, 100 * value))  # two significant digits of a small effect
        return number(100 * value, lang, "points", digits)
    return decimal(value, lang)


def effects_figure(comparison: Comparison, analysis: Analysis, lang: str, prefix: str = "effects") -> str:
    """Bars of mu* by figure, one for each alternative, with sigma as a line and the sign."""
    names = [s.name for s in comparison.scenarios]
    style = dict(zip(names, looks(len(names)), strict=True))
    strongest = analysis.morris.groupby("path")["mu_star"].transform("max")
    drawn = (analysis.morris["rank"] <= SHOWN) & ((strongest > NOTHING) | (analysis.morris["rank"] == 1))
    table = analysis.morris[drawn].sort_values(["rank"], kind="stable")
    groups = [(str(path), rows) for path, rows in table.groupby("path", sort=False)]
    height = FOOT + 0.1 + sum(LINE + BAR * len(rows) + GAP for _, rows in groups)
    scale = 100 if is_share(comparison) else 1

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
        axis = TEXTS[lang]["axis_points" if is_share(comparison) else "axis"]
        ax.set_xlabel(typography(axis, lang))

    return both(plot, (height, height), prefix, TEXTS[lang]["effects_alt"])


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


def ranking_figure(comparison: Comparison, analysis: Analysis, lang: str, prefix: str = "ranking") -> str:
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

    return both(plot, (height, height), prefix, TEXTS[lang]["ranking_alt"])
