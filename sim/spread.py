"""How far a post travels by sharing alone: one independent cascade on the ties of one platform.

Kempe, Kleinberg & Tardos, "Maximizing the spread of influence through a social network", KDD 2003: whoever
passes the post on tries each friend once; the friend v sees it with chance ``shown[v]``; who sees it for the
first time passes it on with chance ``share``. No hours, no feeds, no fatigue: the month is ``sim.kernel``'s.

Every draw is keyed by whom it concerns, so raising ``share`` or ``shown`` can only add people. The loop here
is the reference; ``sim.compiled.spreading`` has its compiled twin, with the same people in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim import draws
from sim.figures import InputError
from sim.kernels import can_compile
from sim.ties import Ties

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
U64 = NDArray[np.uint64]

BLOCK = 8  # friends hashed together, a vector of the widest machines; a row may be read so far beyond its end
WAVE = 2048  # friends hashed, or a few more, before they are sifted: what stays in the nearest memory
_MARKS = 255
_ROWS, _TIES = 2**14, 2**20  # in a piece


class Web(NamedTuple):
    """Ties of one platform, u -> v for v in ``target[indptr[u]:indptr[u + 1]]``: ``indptr`` int64[n + 1],
    ``target`` int32[m + BLOCK]; ``shown`` float64[n], chance that a friend's share is seen; ``most`` the
    largest of them; ``is_even``: they are all alike."""

    indptr: I64
    target: I32
    shown: F64
    most: float
    is_even: bool


class Desk(NamedTuple):
    """Used again by every cascade. ``reached`` int32[n + 1]: who saw the post, in order; ``mark`` uint8[n]:
    the cascade that last reached a person; room for the friends of a wave of people: ``friend``, ``near``
    int32, ``luck`` uint64."""

    reached: I32
    mark: NDArray[np.uint8]
    friend: I32
    near: I32
    luck: U64

    @classmethod
    def of(cls, n: int, most_friends: int) -> Desk:
        """Room for ``n`` people, of whom one has ``most_friends``."""
        room = WAVE + most_friends + BLOCK
        return cls(
            reached=np.empty(n + 1, dtype=np.int32),
            mark=np.zeros(n, dtype=np.uint8),
            friend=np.empty(room, dtype=np.int32),
            near=np.empty(room, dtype=np.int32),
            luck=np.empty(room, dtype=np.uint64),
        )


class Cascade(NamedTuple):
    """``seen``: people who saw the post, first sharers included; ``sharers``: who passed it on; ``trials``:
    ties tried; ``generations``: of those who saw it, 0 when it stops at the first sharers."""

    seen: int
    sharers: int
    trials: int
    generations: int


PassOn = Callable[[Web, Desk, int, int, np.uint64, np.uint64, float], tuple[int, int, int, int]]


class Spread:
    """Cascades on the ties of one platform, one after the other."""

    def __init__(self, ties: Ties, bit: int, shown: ArrayLike, kernel: str = "auto") -> None:
        """``bit``: the platform in ``ties.mask``; ``shown``: one chance, or one for each row; ``kernel``:
        "auto", "compiled" or "numpy". ValueError: no chance. InputError: compiled is asked and cannot be had.
        """
        n = len(ties.indptr) - 1
        chance = np.ascontiguousarray(np.broadcast_to(np.asarray(shown, dtype=np.float64), n))
        if not ((chance >= 0) & (chance <= 1)).all():
            raise ValueError("shown: a chance lies between 0 and 1")
        self.web = _web(ties, bit, chance)
        self._desk = Desk.of(n, int(np.diff(self.web.indptr).max(initial=0)))
        self._mark, self._seen = 0, 0
        self._pass_on = _pass_on_named(kernel)

    def run(self, first: ArrayLike, share: float, seed: int, replicate: int = 0) -> Cascade:
        """One cascade from the rows ``first``, who all pass the post on.

        ValueError: a row that does not exist; ``share`` is no chance.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share: {share}; a chance lies between 0 and 1")
        first = np.unique(np.asarray(first, dtype=np.int64))
        desk, n = self._desk, len(first)
        if n and not (first[0] >= 0 and first[-1] < len(desk.mark)):
            raise ValueError(f"first sharers: rows {first[0]} to {first[-1]} of {len(desk.mark)}")
        if self._mark == _MARKS:  # a byte is cleared once in so many cascades, not after each
            self._mark = 0
            desk.mark[:] = 0
        self._mark += 1
        desk.reached[:n], desk.mark[first] = first, self._mark
        key, key_share = (draws.key(seed, replicate, what) for what in ("spread-shown", "spread-share"))
        counts = Cascade(*self._pass_on(self.web, desk, n, self._mark, key, key_share, float(share)))
        self._seen = counts.seen
        return counts

    @property
    def reached(self) -> I32:
        """Who saw the post of the last cascade, in the order in which they did; int32[seen]."""
        return self._desk.reached[: self._seen].copy()


def row_sums(indptr: I64, values: Callable[[slice], NDArray[Any]]) -> F64:
    """Sum over each compressed row of what ``values`` gives for a slice of the ties, float64[n].

    In pieces, so that no array as long as the ties is held.
    """
    out = np.zeros(len(indptr) - 1)
    for first in range(0, len(out), _ROWS):
        at = indptr[first : first + _ROWS + 1]
        passed = np.concatenate([[0.0], np.cumsum(values(slice(at[0], at[-1])), dtype=np.float64)])
        out[first : first + _ROWS] = np.diff(passed[at - at[0]])
    return out


def _web(ties: Ties, bit: int, shown: F64) -> Web:
    """The ties that live on a platform, in rows of their own: nothing else is read in a cascade."""

    def alive(part: slice) -> NDArray[np.bool_]:
        return np.asarray(ties.mask[part] & np.uint16(1 << bit) != 0)

    friends = row_sums(ties.indptr, alive).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(friends)])
    target, end = np.zeros(indptr[-1] + BLOCK, dtype=np.int32), 0
    for first in range(0, ties.n_ties, _TIES):
        part = slice(first, first + _TIES)
        found = ties.target[part][alive(part)]
        target[end : end + len(found)] = found
        end += len(found)
    most = float(shown.max(initial=0))
    return Web(indptr, target, shown, most, bool((shown == most).all()))


def _pass_on_named(kernel: str) -> PassOn:
    if kernel == "numpy" or (kernel == "auto" and not can_compile()):
        return pass_on
    if not can_compile():
        raise InputError("kernel: compiled needs numba, which is not installed; write kernel=numpy")
    from sim.compiled import spreading

    return spreading.pass_on


def pass_on(
    web: Web, desk: Desk, n: int, mark: int, key: np.uint64, key_share: np.uint64, share: float
) -> tuple[int, int, int, int]:
    """From the first ``n`` of ``desk.reached`` to extinction: (seen, sharers, trials, generations).

    ``mark``: of this cascade; ``key``: of (sharer, friend); ``key_share``: of who passes on.
    """
    start, end, sharers, trials, generations = 0, n, 0, 0, -1
    while start < end:
        generations += 1
        who = desk.reached[start:end].astype(np.int64)
        if start:
            who = who[draws.uniform(key_share, who) < share]
        friends = web.indptr[who + 1] - web.indptr[who]
        row = np.repeat(np.arange(len(who)), friends)
        edge = np.arange(len(row)) + np.repeat(web.indptr[who] - np.cumsum(friends) + friends, friends)
        friend = web.target[edge]
        sharers, trials = sharers + len(who), trials + len(friend)
        sees = draws.uniform(key, who[row], friend) < web.shown[friend] if len(friend) else friend > 0
        new = friend[sees & (desk.mark[friend] != mark)]
        new = new[np.sort(np.unique(new, return_index=True)[1])]
        start, end = end, end + len(new)
        desk.reached[start:end], desk.mark[new] = new, mark
    return end, sharers, trials, max(generations, 0)
