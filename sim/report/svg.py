"""From a matplotlib Figure to an SVG element that can live beside others in one page."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Text stays text (small, sharp, read aloud); DejaVu Sans, which matplotlib measures with, is wider than the
# system fonts that replace it, so what fits here fits there.
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "city-audience",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": "#1c2430",
    "axes.labelcolor": "#4a5462",
    "xtick.color": "#4a5462",
    "ytick.color": "#4a5462",
    "axes.edgecolor": "#b9c0ca",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.7,
    "grid.color": "#e4e8ed",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
}
_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}


def draw(
    plot: Callable[[Figure], None], width: float, height: float, prefix: str, label: str, css_class: str = ""
) -> str:
    """The SVG element that `plot` draws on an empty figure of `width` x `height` inches.

    `prefix` makes the ids unique in the page; `label` is read aloud in place of the figure. The result holds
    no XML prologue, no metadata and no address, and is the same text for the same input.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        plot(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_METADATA)
    return _inline(buffer.getvalue(), prefix, label, css_class)


def _inline(svg: str, prefix: str, label: str, css_class: str) -> str:
    body = svg[svg.index("<svg") :].rstrip()
    box = re.search(r'viewBox="([^"]+)"', body)
    if box is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    inner = body[body.index(">") + 1 : body.rindex("</svg>")]
    for pattern in (
        r"<metadata>.*?</metadata>",
        r"<style[^>]*>.*?</style>",
        r"<!--.*?-->",
        r"<defs>\s*</defs>",
    ):
        inner = re.sub(pattern, "", inner, flags=re.DOTALL)
    inner = _own_ids(inner.replace("xlink:href=", "href="), prefix)
    inner = re.sub(r"\s*\n\s*", "\n", inner)
    return (
        f'<svg class="figure {css_class}" role="img" aria-label="{html.escape(label, quote=True)}" '
        f'viewBox="{box.group(1)}">{inner}</svg>'
    )


def _own_ids(inner: str, prefix: str) -> str:
    """Drop the ids that nothing refers to; prefix the others and the references to them."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', inner))
    inner = re.sub(
        r' id="([^"]+)"', lambda m: f' id="{prefix}-{m.group(1)}"' if m.group(1) in used else "", inner
    )
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", inner)
