"""The first figure: how far each change moves the main indicators, with intervals."""

from __future__ import annotations

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.canvas import INK, QUIET, RULE, ZERO, ZONE, axes, both, point, style_by_name, ticks
from sim.report.data import Effect, View
from sim.report.palette import Look
from sim.report.texts import TEXTS
from sim.report.words import number, typography

# inches: the names of KPIs, a marker, a line of text, the axis
LABELS, STEP, LINE, FOOT = 2.7, 0.2, 0.155, 0.47
FAR = 2.5  # an effect this many times beyond the next smaller one is cut


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
    return both(
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
    """Half-width of the axis in per cent. Effects far beyond the others are cut, so that they do not flatten
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
    ax = axes(figure, 0.25 if narrow else LABELS, 0.25, 0.1, FOOT)
    ax.set_xlim(-_left_limit([e for _, es in rows for e in es], limit, zone), limit)
    ax.set_ylim(-(height - FOOT - 0.1), 0)
    ax.axvspan(-zone, zone, color=ZONE, lw=0, zorder=0)
    ax.axvline(0, color=ZERO, lw=0.9, zorder=1)
    style, y = style_by_name(view), 0.0
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
            color=RULE,
            lw=0.7,
            clip_on=False,
            zorder=0,
        )
    ax.set_yticks([])
    ticks(ax.xaxis, lang, "percent", signed=True, n=4 if narrow else 6)
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
    text, width = view.text(kpi), 44 if narrow else 36
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
            color=QUIET if quiet else INK,
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
        point(ax, value, y, look, clear, size=5.0)
        return
    side = math.copysign(1, value)
    inward = "right" if side > 0 else "left"
    point(ax, side * limit, y, look, clear)
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
        color=INK,
    )
