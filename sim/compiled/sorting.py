"""Order, compiled: places of records, sorted without any memory of its own."""

from __future__ import annotations

from typing import Any

from sim.compiled.build import inlined


@inlined
def sort(is_before: Any, entries: Any, order: Any, spare: Any, first: Any, end: Any) -> None:
    """Merge sort of ``order[first:end]``, places of ``entries``, upwards from pairs; ``is_before`` of two
    entries. Stable; ``spare`` is as long as ``order``."""
    width = 1
    while width < end - first:
        for low in range(first, end, 2 * width):
            middle, high = min(low + width, end), min(low + 2 * width, end)
            i, j = low, middle
            for at in range(low, high):
                if j >= high or (i < middle and not is_before(entries[order[j]], entries[order[i]])):
                    spare[at] = order[i]
                    i += 1
                else:
                    spare[at] = order[j]
                    j += 1
        for at in range(first, end):
            order[at] = spare[at]
        width *= 2
