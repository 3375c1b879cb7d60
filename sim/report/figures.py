"""The figures of the report: each is drawn twice, for a page and for a phone, and CSS shows the one that fits.

Every function returns the two SVG elements as one string of markup, or "" when there is nothing to draw.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.report.data import AGE_BANDS, Effect, View
from sim.report.measures import factor, is_percentage
from sim.report.palette import Look, looks
from sim.report.svg import draw
from sim.report.texts import TEXTS
from sim.report.words import digits_for, number, typography

LABELS, STEP, LINE, FOOT = 2.55, 0.2, 0.155, 0.47  # inches: names of KPIs, a marker, a line of text, the axis
WIDE, NARROW = 7.2, 3.7  # inches; 518 and 266 units of the SVG
ZONE = "#e9edf2"
QUIET = "#5a6472"
FAR = 2.5  # an effect this many times beyond the next smaller one is cut


def _both(plot: Callable[[Figure, bool], None], heights: tuple[float, float], prefix: str, label: str) -> str:
    wide = draw(lambda f: plot(f, False), WIDE, heights[0], prefix + "-w", label, "wide")
    narrow = draw(lambda f: plot(f, True), NARROW, heights[1], prefix + "-n", label, "narrow")
    return wide + narrow


def _axes(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in inches."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, 1 - (left + right) / w, 1 - (top + bottom) / h))


def _ticks(axis: Any, lang: str, unit: str, signed: bool = False, n: int = 6) -> None:
    axis.set_major_locator(MaxNLocator(n, steps=[1, 2, 2.5, 5, 10]))
    view = axis.get_view_interval()
    step = abs(view[1] - view[0]) / n
    digits = max(0, digits_for(step) if step < 2 else 0)
    axis.set_major_formatter(FuncFormatter(lambda v, _: number(v, lang, unit, digits, signed)))


def _style_by_name(view: View) -> dict[str, Look]:
    return dict(zip(view.names, looks(len(view.names)), strict=True))


def _point(ax: Axes, x: float, y: float, look: Look, filled: bool = True, size: float = 5.5) -> None:
    ax.plot(
        [x],
        [y],
        marker=look.marker,
        markersize=size,
        color=look.colour,
        zorder=4,
        linestyle="none",
        markerfacecolor=look.colour if filled else "white",
        markeredgewidth=1.3,
        clip_on=False,
    )


# ---------------------------------------------------------------- differences


def forest(view: View, lang: str, label: str) -> str:
    """Relative differences of the key KPIs with their intervals and the zone of indifference."""
    rows = [
        (k, [e for a in view.alternatives if (e := view.effects.get((k, a))) and e.relative()])
        for k in view.key_kpis()
    ]
    rows = [(k, es) for k, es in rows if es]
    if not rows:
        return ""
    limit = _forest_limit(
        [e for _, es in rows for e in es], view.data.zone_relative * 100, view.data.decision_kpi
    )
    heights = [
        FOOT + 0.1 + sum(_row_height(view, k, es, lang, narrow) for k, es in rows) for narrow in (False, True)
    ]
    return _both(
        lambda f, narrow: _draw_forest(f, view, lang, rows, limit, narrow),
        (heights[0], heights[1]),
        "forest",
        label,
    )


def _row_height(view: View, kpi: str, effects: list[Effect], lang: str, narrow: bool) -> float:
    """Inches of one KPI: its markers one under another, beside its name or, on a phone, below it."""
    words = LINE * len(_forest_words(view, kpi, lang, narrow))
    return words + STEP * len(effects) + 0.12 if narrow else max(words, STEP * len(effects)) + 0.18


def _forest_limit(effects: list[Effect], zone: float, decision: str) -> float:
    """Half-width of the axis in per cent: the effects far beyond the others are cut, so that they do not flatten
    the rest; the decision KPI is always whole."""
    ends, floor = [], zone * 2
    for e in effects:
        value, low, high = e.relative() or (0.0, 0.0, 0.0)
        ends.append(max(abs(v) for v in (value, low, high) if math.isfinite(v)))
        if e.kpi == decision:
            floor = max(floor, ends[-1])
    ends.sort()
    jumps = (i for i in range(max(1, len(ends) // 2), len(ends)) if ends[i] > FAR * ends[i - 1] > 0)
    return max(floor, ends[next(jumps, len(ends)) - 1], 1e-6) * 1.08


def _draw_forest(
    figure: Figure, view: View, lang: str, rows: list[tuple[str, list[Effect]]], limit: float, narrow: bool
) -> None:
    zone = view.data.zone_relative * 100
    height = figure.get_size_inches()[1]
    ax = _axes(figure, 0.25 if narrow else LABELS, 0.25, 0.1, FOOT)
    ax.set_xlim(-_left_limit([e for _, es in rows for e in es], limit, zone), limit)
    ax.set_ylim(-(height - FOOT - 0.1), 0)
    ax.axvspan(-zone, zone, color=ZONE, lw=0, zorder=0)
    ax.axvline(0, color="#8a94a3", lw=0.9, zorder=1)
    style, y = _style_by_name(view), 0.0
    for kpi, effects in rows:
        tall, words = _row_height(view, kpi, effects, lang, narrow), _forest_words(view, kpi, lang, narrow)
        free = tall - LINE * len(words) - 0.04 if narrow else tall
        first = y - (tall - free) - (free - STEP * (len(effects) - 1)) / 2
        _forest_label(ax, words, y - (0.12 if narrow else (tall - LINE * (len(words) - 1)) / 2), narrow)
        for i, effect in enumerate(effects):
            _forest_row(ax, effect, first - STEP * i, style[effect.alternative], limit, lang)
        y -= tall
        ax.plot(
            [_left(ax), 1],
            [y, y],
            transform=ax.get_yaxis_transform(),
            color="#e4e8ed",
            lw=0.7,
            clip_on=False,
            zorder=0,
        )
    ax.set_yticks([])
    _ticks(ax.xaxis, lang, "percent", signed=True, n=4 if narrow else 6)
    ax.set_xlabel(typography(TEXTS[lang]["forest_axis"], lang))


def _left(ax: Axes) -> float:
    """The left edge of the figure in the axes' own coordinate."""
    box = ax.get_position()
    return float(-box.x0 / box.width)


def _left_limit(effects: list[Effect], limit: float, zone: float) -> float:
    """How far the axis reaches below zero: as far as the effects do, and never less than the zone."""
    lows = [v for e in effects for v in e.relative() or () if math.isfinite(v) and v < 0]
    return min(
        limit,
        max(
            [zone * 2, 0.18 * limit, *(-1.15 * v for v in lows if -v <= limit)]
            + [limit for v in lows if -v > limit]
        ),
    )


def _forest_words(view: View, kpi: str, lang: str, narrow: bool) -> list[tuple[str, bool]]:
    """The lines that name a KPI, at most two and a quiet hint: (text, is the hint)."""
    text, width = view.text(kpi), 44 if narrow else 32
    lines = textwrap.wrap(typography(str(text.label.get(lang, kpi)), lang), width) or [kpi]
    if len(lines) > 2:
        lines = [lines[0], textwrap.shorten(" ".join(lines[1:]), width, placeholder="…")]
    hint = [(TEXTS[lang]["less_is_better"], True)] if text.direction == "down" else []
    return [(line, False) for line in lines] + hint


def _forest_label(ax: Axes, words: list[tuple[str, bool]], y: float, narrow: bool) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if narrow else None
    for i, (line, quiet) in enumerate(words):
        ax.text(
            _left(ax),
            y - LINE * i,
            line,
            transform=ax.get_yaxis_transform(),
            va="center",
            clip_on=False,
            bbox=box,
            fontsize=7.6 if quiet else 8.8,
            color=QUIET if quiet else "#1c2430",
        )


def _forest_row(ax: Axes, effect: Effect, y: float, look: Look, limit: float, lang: str) -> None:
    value, low, high = effect.relative() or (0.0, 0.0, 0.0)
    clear = effect.verdict in ("better", "worse", "changed")
    if math.isfinite(low) and math.isfinite(high):
        ax.plot(
            np.clip([low, high], ax.get_xlim()[0], limit),
            [y, y],
            color=look.colour,
            lw=1.7,
            zorder=3,
            solid_capstyle="butt",
        )
    if abs(value) <= limit:
        _point(ax, value, y, look, clear, size=5.0)
        return
    side = math.copysign(1, value)
    inward = "right" if side > 0 else "left"
    _point(ax, side * limit, y, look, clear)
    ax.annotate(
        "→" if side > 0 else "←",
        (side * limit, y),
        (5 * side, 0),
        textcoords="offset points",
        va="center",
        ha="left" if side > 0 else "right",
        fontsize=8.5,
        color=look.colour,
    )
    ax.annotate(
        number(value, lang, "percent", 0, signed=True),
        (side * limit, y),
        (-6 * side, 0),
        textcoords="offset points",
        va="center",
        ha=inward,
        fontsize=8,
        color="#1c2430",
    )


# ------------------------------------------------------------------------ who


def coverage_by_age(view: View, lang: str, label: str, kpi: str) -> str:
    """Share of residents reached in each age band, one marker per scenario."""
    bands = [b for b in AGE_BANDS if any(math.isfinite(view.mean(s, kpi, age_band=b)) for s in view.names)]
    if not bands:
        return ""
    n = len(view.names)

    def plot(figure: Figure, narrow: bool) -> None:
        ax = _axes(figure, 0.72 if narrow else 0.95, 0.25, 0.08, 0.47)
        style = _style_by_name(view)
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
                    _point(ax, v, y, style[s], size=5.0)
        ax.set_ylim(-len(bands) + 0.5, 0.5)
        ax.set_yticks([-i for i in range(len(bands))], [band_label(b, lang) for b in bands])
        _ticks(ax.xaxis, lang, "percent", n=4 if narrow else 7)
        ax.set_xlabel(typography(TEXTS[lang]["coverage_axis"], lang))

    height = len(bands) * max(0.42, 0.13 * n + 0.06) + 0.6
    return _both(plot, (height, height), "age", label)


def band_label(band: str, lang: str) -> str:
    """ "15–29 ans" / "15–29"; the oldest band in words."""
    if band.endswith("+"):
        return f"{band[:-1]} ans et plus" if lang == "fr" else f"{band[:-1]} and over"
    return band.replace("-", "–") + (" ans" if lang == "fr" else "")


# ----------------------------------------------------------------------- when


def hours_table(view: View) -> pd.DataFrame:
    """Mean first displays a day by local hour: index 0..23, one column per scenario; empty without data."""
    f = view.data.hours
    if f.empty or not {"scenario", "replicate", "hour", "reach"} <= set(f.columns):
        return pd.DataFrame()
    per_run = f.groupby(["scenario", "replicate", "hour"])["reach"].sum().groupby(["scenario", "replicate"])
    full = per_run.apply(lambda s: s.droplevel([0, 1]).reindex(range(24), fill_value=0))
    table = full.groupby(level=[0, 2]).mean().unstack(0)
    days = max(1, view.data.horizon_weeks * 7)
    k = 1 / (view.data.sampling or 1.0) / days
    return table[[s for s in view.names if s in table.columns]] * k


def reach_by_hour(view: View, lang: str, label: str) -> str:
    """First displays by hour of the day, one line per scenario."""
    table = hours_table(view)
    if table.empty:
        return ""

    def plot(figure: Figure, narrow: bool) -> None:
        ax = _axes(figure, 0.6 if narrow else 0.7, 0.15, 0.12, 0.45)
        style = _style_by_name(view)
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
        _ticks(ax.yaxis, lang, "", n=4)
        ax.grid(axis="y")
        ax.set_xlabel(typography(TEXTS[lang]["hour_axis"], lang))

    return _both(plot, (3.0, 2.7), "hour", label)


def hour_label(hour: int, lang: str) -> str:
    """ "18 h" / "18:00"."""
    return f"{hour}\u202fh" if lang == "fr" else f"{hour:02d}:00"


# ------------------------------------------------------------------ followers


def climb(view: View, lang: str, label: str, platform: str, prefix: str) -> str:
    """Followers of one account at the end of each week, one line per scenario that has it."""
    weeks = sorted((w for w in view.values_of("week", "followers") if w.isdigit()), key=int)
    series = {s: [view.mean(s, "followers", platform, week=w) for w in weeks] for s in view.names}
    series = {s: v for s, v in series.items() if sum(1 for x in v if math.isfinite(x) and x > 0) >= 2}
    if len(weeks) < 2 or not series:
        return ""

    def plot(figure: Figure, narrow: bool) -> None:
        ax = _axes(figure, 0.6 if narrow else 0.7, 0.2, 0.12, 0.45)
        style = _style_by_name(view)
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
        _ticks(ax.yaxis, lang, "", n=4)
        ax.grid(axis="y")
        ax.set_xlabel(typography(TEXTS[lang]["week_axis"], lang))

    return _both(plot, (2.6, 2.4), prefix, label)


# ------------------------------------------------------------------- how sure


def runs_and_mean(view: View, lang: str, label: str) -> str:
    """Each run's own difference (dots) against the interval of the mean difference (bar)."""
    effects = [e for e in view.decision() if len(_paired(view, e)) >= 2]
    if not effects:
        return ""
    unit = effects[0].unit

    def plot(figure: Figure, narrow: bool) -> None:
        ax = _axes(figure, 0.4, 0.2, 0.08, 0.47)
        style, k = _style_by_name(view), factor(unit)
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
            _point(ax, e.diff * k, -row - 0.14, look, size=6.5)
        zone = abs(effects[0].base) * view.data.zone_relative * k
        ax.axvspan(-zone, zone, color=ZONE, lw=0, zorder=0)
        ax.axvline(0, color="#8a94a3", lw=0.9, zorder=1)
        ax.set_ylim(-len(effects) + 0.5, 0.5)
        ax.set_yticks(
            [-i for i in range(len(effects))],
            [style[e.alternative].letter for e in effects],
            fontweight="bold",
        )
        ax.margins(x=0.06)
        _ticks(ax.xaxis, lang, "", signed=True, n=4 if narrow else 7)
        axis = TEXTS[lang]["runs_axis_points" if is_percentage(unit) else "runs_axis"]
        ax.set_xlabel(typography(axis, lang))

    height = 0.6 * len(effects) + 0.6
    return _both(plot, (height, height), "runs", label)


def _paired(view: View, effect: Effect) -> pd.Series:
    """Differences of the decision KPI run by run."""
    diff = view.runs(effect.alternative, effect.kpi) - view.runs(view.baseline, effect.kpi)
    return diff.dropna()


def paired_sd(view: View, effect: Effect) -> float:
    """Standard deviation of the run-by-run differences, NaN with fewer than two runs."""
    runs: Sequence[float] = _paired(view, effect).to_list()
    return float(np.std(runs, ddof=1)) if len(runs) > 1 else math.nan
