"""Displays as records: who sees which post at which session, and in which order they count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import behaviour
from sim.laws import Laws
from sim.sessions import HOUR_MIN

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# depth: generation of the share that brought the post (0: the account itself); again: seen before
DISPLAY = np.dtype([("post", "i4"), ("who", "i4"), ("cell", "i8"), ("depth", "i4"), ("again", "i4")])
NONE = np.empty(0, np.int64)


@dataclass
class Turn:
    """Displays in which each (post, person) occurs once; ``post``, ``who`` int64 columns of ``rows``;
    ``endorsed`` bool: a friend showed it."""

    rows: NDArray[np.void]
    post: I64
    who: I64
    endorsed: NDArray[np.bool_]


def turns(wave: NDArray[np.void], n_rows: int) -> list[Turn]:
    """Cut displays into turns: the first of each (post, person) in time, then the second, ...

    Two sources of one post in one session are one display, the account's own first.
    """
    pair = wave["post"].astype(np.int64) * n_rows + wave["who"]
    order = np.argsort(pair)
    if (np.diff(pair[order]) > 0).all():  # nobody sees a post twice
        wave = wave.take(order)
        return [Turn(wave, wave["post"].astype(np.int64), wave["who"].astype(np.int64), wave["depth"] > 0)]
    order = np.lexsort((wave["depth"], wave["cell"], pair))
    wave, pair = wave.take(order), pair[order]
    opens = np.ones(len(wave), dtype=bool)
    opens[1:] = (pair[1:] != pair[:-1]) | (wave["cell"][1:] != wave["cell"][:-1])
    starts = np.flatnonzero(opens)
    endorsed = np.maximum.reduceat(wave["depth"], starts) > 0
    again = np.maximum.reduceat(wave["again"], starts)
    wave, pair = wave[starts], pair[starts]
    wave["again"] = again
    new = np.ones(len(wave), dtype=bool)
    new[1:] = pair[1:] != pair[:-1]
    at = np.arange(len(wave))
    rank = at - np.maximum.accumulate(np.where(new, at, 0))
    post, who, found = wave["post"].astype(np.int64), wave["who"].astype(np.int64), []
    for r in range(int(rank.max()) + 1):
        mine = rank == r
        found.append(Turn(wave[mine], post[mine], who[mine], endorsed[mine]))
    return found


def joined(parts: list[NDArray[np.void]]) -> NDArray[np.void]:
    """Displays one after the other; as whole numbers, since numpy copies records field by field."""
    if len(parts) == 1:
        return parts[0]
    numbers = [part.view(np.int64) for part in parts] or [np.empty(0, np.int64)]
    return np.concatenate(numbers).view(DISPLAY)


def by_hour(t_min: F64) -> dict[int, I64]:
    """Row numbers by absolute hour, ascending."""
    hours = behaviour.hour_of(t_min)
    order = np.argsort(hours, kind="stable")
    found, starts = np.unique(hours[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(found) else {}


def places(laws: Laws) -> I64:
    """A place in the pool of active posts for each post; a place is free again an hour after expiry."""
    place = np.zeros(len(laws.schedule), dtype=np.int64)
    busy_until: list[float] = []
    for post, t in enumerate(laws.schedule.t_min):
        free = next((p for p, until in enumerate(busy_until) if until < t), None)
        if free is None:
            free = len(busy_until)
            busy_until.append(0.0)
        place[post] = free
        busy_until[free] = laws.expiry[post] + 3 * HOUR_MIN
    return place
