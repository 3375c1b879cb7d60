"""The other figures: each is drawn twice, for a page and for a phone, and CSS shows the one that fits.

Every function returns the two SVG elements as one string of markup, or "" when there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.report.canvas import ZERO, ZONE, axes, both, point, style_by_name, ticks
from sim.report.data import AGE_BANDS, Effect, View
from sim.report.measures import factor, is_percentage
from sim.report.texts import TEXTS
from sim.report.words import typography


def coverage_by_age(view: View, lang: str, label: str, kpi: str) -> str:
    """Share of residents reached in each age band, one marker per scenario."""
    bands = [b for b in AGE_BANDS if any(math.isfinite(view.mean(s, kpi, age_band=b)) for s in view.names)]
    if not bands:
        return ""
    n = len(view.names)

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.98 if narrow else 1.02, 0.25, 0.08, 0.47)
        style = style_by_name(view)
        values = {(s, b): 100 * view.mean(s, kpi, age_band=b) for s in view.names for b in bands}
        top = max((v for v in values.values() if math.isfinite(v)), default=1.0)
        ax.set_xlim(-0.01 * top, max(top * 1.06, 1e-6))
        for row, band in enumerate(bands):
            if row % 2 == 0:
                ax.axhspan(-row - 0.5, -row + 0.5, color="#f4f6f9", lw=0, zorder=0)
            for i, s in enumerate(view.names):
                y = -row + 0.13 * ((n - 1) / 2 - i) * min(1.0, 5 / n)
                v = values[s, band]
                if math.isfinite(v):
                    ax.plot([0, v], [y, y], color=style[s].colour, lw=0.8, alpha=0.45, zorder=2)
                    point(ax, v, y, style[s], size=5.0)
        ax.set_ylim(-len(bands) + 0.5, 0.5)
        ax.set_yticks([-i for i in range(len(bands))], [band_label(b, lang) for b in bands])
        ticks(ax.xaxis, lang, "percent", n=4 if narrow else 7)
        ax.set_xlabel(typography(TEXTS[lang]["coverage_axis"], lang))

    height = len(bands) * max(0.42, 0.13 * n + 0.06) + 0.6
    return both(plot, (height, height), "age", label)


def band_label(band: str, lang: str) -> str:
    """An age band in words: "15–29 ans" or "15–29"."""
    if band.endswith("+"):
        return f"{band[:-1]} ans et plus" if lang == "fr" else f"{band[:-1]} and over"
    return band.replace("-", "–") + (" ans" if lang == "fr" else "")


def hours_table(view: View) -> pd.DataFrame:
    """Mean first displays a day by local hour: index 0..23, one column per scenario; empty without data."""
    f = view.data.hours
    if f.empty or not {"scenario", "replicate", "hour", "reach"} <= set(f.columns):
        return pd.DataFrame()
    per_run = f.groupby(["scenario", "replicate", "hour"])["reach"].sum().groupby(["scenario", "replicate"])
    full = per_run.apply(lambda s: s.droplevel([0, 1]).reindex(range(24), fill_value=0))
    table = full.groupby(level=[0, 2]).mean().unstack(0)
    days = max(1, view.data.horizon_weeks * 7)
    k = 1 / days
    return table[[s for s in view.names if s in table.columns]] * k


def reach_by_hour(view: View, lang: str, label: str) -> str:
    """First displays by hour of the day, one line per scenario."""
    table = hours_table(view)
    if table.empty:
        return ""

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.6 if narrow else 0.7, 0.15, 0.12, 0.45)
        style = style_by_name(view)
        for s in table.columns:
            ax.plot(
                range(24),
                table[s],
                color=style[s].colour,
                linestyle=style[s].line,
                marker=style[s].marker,
                markersize=3.2,
                markevery=2,
                lw=1.7,
            )
        ax.set_xlim(-0.4, 23.4)
        ax.set_ylim(0, float(np.nanmax(table.to_numpy())) * 1.08 or 1)
        hours = range(0, 24, 6 if narrow else 3)
        ax.set_xticks(list(hours), [hour_label(h, lang) for h in hours])
        ticks(ax.yaxis, lang, "", n=4)
        ax.grid(axis="y")
        ax.set_xlabel(typography(TEXTS[lang]["hour_axis"], lang))

    return both(plot, (3.0, 2.7), "hour", label)


def hour_label(hour: int, lang: str) -> str:
    """An hour of the day: "18 h" or "18:00"."""
    return f"{hour}\u202fh" if lang == "fr" else f"{hour:02d}:00"


def climb(view: View, lang: str, label: str, platform: str, prefix: str) -> str:
    """Followers of one account at the end of each week, one line per scenario that has it."""
    weeks = sorted((w for w in view.values_of("week", "followers") if w.isdigit()), key=int)
    series = {s: [view.mean(s, "followers", platform, week=w) for w in weeks] for s in view.names}
    series = {s: v for s, v in series.items() if sum(1 for x in v if math.isfinite(x) and x > 0) >= 2}
    if len(weeks) < 2 or not series:
        return ""

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.6 if narrow else 0.7, 0.2, 0.12, 0.45)
        style = style_by_name(view)
        for s, values in series.items():
            ax.plot(
                [int(w) for w in weeks],
                values,
                color=style[s].colour,
                linestyle=style[s].line,
                marker=style[s].marker,
                markersize=4,
                lw=1.7,
                clip_on=False,
            )
        ax.set_ylim(0, max(np.nanmax(v) for v in series.values()) * 1.08)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        ticks(ax.yaxis, lang, "", n=4)
        ax.grid(axis="y")
        ax.set_xlabel(typography(TEXTS[lang]["week_axis"], lang))

    return both(plot, (2.6, 2.4), prefix, label)


def runs_and_mean(view: View, lang: str, label: str) -> str:
    """Each run's own difference (dots) against the interval of the mean difference (bar)."""
    effects = [e for e in view.decision() if len(_paired(view, e)) >= 2]
    if not effects:
        return ""
    unit = effects[0].unit

    def plot(figure: Figure, narrow: bool) -> None:
        ax = axes(figure, 0.4, 0.2, 0.08, 0.47)
        style, k = style_by_name(view), factor(unit)
        for row, e in enumerate(effects):
            look, runs = style[e.alternative], _paired(view, e).to_numpy() * k
            spread = np.linspace(0.08, 0.3, len(runs)) if len(runs) > 1 else np.array([0.2])
            ax.plot(
                runs,
                -row + spread,
                linestyle="none",
                marker="o",
                markersize=3.6,
                color=look.colour,
                alpha=0.55,
                markeredgewidth=0,
            )
            ax.plot(
                [e.low * k, e.high * k], [-row - 0.14] * 2, color=look.colour, lw=3.4, solid_capstyle="butt"
            )
            point(ax, e.diff * k, -row - 0.14, look, size=6.5)
        zone = abs(effects[0].base) * view.data.zone_relative * k
        ax.axvspan(-zone, zone, color=ZONE, lw=0, zorder=0)
        ax.axvline(0, color=ZERO, lw=0.9, zorder=1)
        ax.set_ylim(-len(effects) + 0.5, 0.5)
        ax.set_yticks(
            [-i for i in range(len(effects))],
            [style[e.alternative].letter for e in effects],
            fontweight="bold",
        )
        ax.margins(x=0.06)
        ticks(ax.xaxis, lang, "", signed=True, n=4 if narrow else 7)
        axis = TEXTS[lang]["runs_axis_points" if is_percentage(unit) else "runs_axis"]
        ax.set_xlabel(typography(axis, lang))

    height = 0.6 * len(effects) + 0.6
    return both(plot, (height, height), "runs", label)


def _paired(view: View, effect: Effect) -> pd.Series:
    """Differences of the decision KPI run by run."""
    diff = view.runs(effect.alternative, effect.kpi) - view.runs(view.baseline, effect.kpi)
    return diff.dropna()


def paired_sd(view: View, effect: Effect) -> float:
    """Standard deviation of the run-by-run differences, NaN with fewer than two runs."""
    runs: Sequence[float] = _paired(view, effect).to_list()
    return float(np.std(runs, ddof=1)) if len(runs) > 1 else math.nan
