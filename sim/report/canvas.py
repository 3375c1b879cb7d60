"""What the figures share: sizes, axes in inches, ticks in words, and the marker of a scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.report.data import View
from sim.report.palette import Look, looks
from sim.report.svg import draw
from sim.report.words import digits_for, number

WIDE, NARROW = 7.2, 3.7  # inches; 518 and 266 units of the SVG
INK, QUIET, ZERO, ZONE, RULE = "#1c2430", "#5a6472", "#8a94a3", "#e9edf2", "#e4e8ed"


def both(plot: Callable[[Figure, bool], None], heights: tuple[float, float], prefix: str, label: str) -> str:
    """The same plot for a page and for a phone; `heights` in inches, `plot(figure, narrow)` draws it."""
    wide = draw(lambda f: plot(f, False), WIDE, heights[0], prefix + "-w", label, "wide")
    narrow = draw(lambda f: plot(f, True), NARROW, heights[1], prefix + "-n", label, "narrow")
    return wide + narrow


def axes(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in inches."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, 1 - (left + right) / w, 1 - (top + bottom) / h))


def ticks(axis: Any, lang: str, unit: str, signed: bool = False, n: int = 6) -> None:
    """About `n` round ticks, written in the language; `signed` shows the plus sign."""
    axis.set_major_locator(MaxNLocator(n, steps=[1, 2, 2.5, 5, 10]))
    view = axis.get_view_interval()
    step = abs(view[1] - view[0]) / n
    digits = max(0, digits_for(step) if step < 2 else 0)
    axis.set_major_formatter(FuncFormatter(lambda v, _: number(v, lang, unit, digits, signed)))


def style_by_name(view: View) -> dict[str, Look]:
    """The look of each scenario."""
    return dict(zip(view.names, looks(len(view.names)), strict=True))


def point(ax: Axes, x: float, y: float, look: Look, filled: bool = True, size: float = 5.5) -> None:
    """One marker; a hollow one when `filled` is False."""
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
