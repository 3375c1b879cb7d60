"""One colour, one marker, one line and one letter per scenario; told apart without colour as well."""

from __future__ import annotations

from dataclasses import dataclass

# Two scenarios: a blue and an orange. More: Okabe and Ito (2008), "Color universal design", without yellow.
_PAIR = ("#1f77b4", "#e66100")
_MANY = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_LINES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (3, 1)),
    (0, (8, 2)),
    (0, (2, 3)),
)
_SHAPES = {
    "o": '<circle cx="6" cy="6" r="4.6"/>',
    "s": '<rect x="1.8" y="1.8" width="8.4" height="8.4"/>',
    "^": '<path d="M6 .9 11.2 10.6H.8z"/>',
    "D": '<path d="M6 .4 11.6 6 6 11.6.4 6z"/>',
    "v": '<path d="M6 11.1.8 1.4h10.4z"/>',
    "P": '<path d="M4.2.8h3.6v3.4h3.4v3.6H7.8v3.4H4.2V7.8H.8V4.2h3.4z"/>',
    "X": '<path d="M3.2.8 6 3.6 8.8.8l2.4 2.4L8.4 6l2.8 2.8-2.4 2.4L6 8.4l-2.8 2.8L.8 8.8 3.6 6 .8 3.2z"/>',
}


@dataclass(frozen=True)
class Look:
    """How one scenario looks in every figure and table."""

    letter: str
    colour: str
    marker: str
    line: str | tuple[int, tuple[float, ...]]
    shape: str  # the marker as the inside of a 12 x 12 SVG


def looks(n: int) -> tuple[Look, ...]:
    """Looks of `n` scenarios, the baseline first. Beyond seven, colours and markers repeat out of step."""
    colours = _PAIR if n <= 2 else _MANY
    out = []
    for i in range(n):
        marker = _MARKERS[(i + i // len(colours)) % len(_MARKERS)]
        letter = chr(ord("A") + i) if i < 26 else str(i + 1)
        out.append(Look(letter, colours[i % len(colours)], marker, _LINES[i % len(_LINES)], _SHAPES[marker]))
    return tuple(out)
