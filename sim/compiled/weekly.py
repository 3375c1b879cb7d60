"""The end of a week, compiled: ``Tally.close_week`` in one pass over the people."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.build import compiled
from sim.tally import INFORMED_WEEKS, LADDER

_INFORMED_WEEKS = INFORMED_WEEKS
_LINKED, _INFORMED = (np.uint8(1 << LADDER.index(rung)) for rung in ("linked", "informed"))
_OTHERS = np.uint8(~(_LINKED | _INFORMED))


@compiled
def close_week(
    week: int, group: Any, linked: Any, this_week: Any, last_week: Any, ladder: Any,
    reached: Any,
) -> None:  # fmt: skip
    """Turn the week's marks into distinct people, then forget them. ``reached`` int64[K + 1, 7] of the week,
    blank; ``linked`` bool[n]; the rest as ``Tally.close_week``."""
    n_platforms = reached.shape[0] - 1
    for who in range(len(group)):
        marks = np.int64(this_week[who])
        if marks:
            for k in range(n_platforms):
                reached[k, group[who]] += marks >> k & 1
            reached[n_platforms, group[who]] += 1
            last_week[who], this_week[who] = week, 0
        last = np.int64(last_week[who])
        is_informed = (last >= 0) & (week - last < _INFORMED_WEEKS)
        ladder[who] = (ladder[who] & _OTHERS) | _INFORMED * is_informed | _LINKED * linked[who]
