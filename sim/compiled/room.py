"""Room in which the compiled functions work, made once for a run: they allocate nothing themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.figures import BANDS


class Readers(NamedTuple):
    """People in whose feeds something is put: ``who`` int32, ``band`` uint8, ``activity`` float32; ``source``
    int32 0 for the account, else sharer + 1; ``depth`` int32 generation of the share; ``luck`` float64 of a
    friend, while the platform decides."""

    who: Any
    band: Any
    activity: Any
    source: Any
    depth: Any
    luck: Any

    @classmethod
    def of(cls, size: int) -> Readers:
        """Room for ``size`` people."""
        kinds = (np.int32, np.uint8, np.float32, np.int32, np.int32, np.float64)
        return cls(*[np.zeros(size, kind) for kind in kinds])


# one display to come; ``next`` of the same hour, or of the free ones
ENTRY = np.dtype(
    [("post", "i4"), ("who", "i4"), ("cell", "i4"), ("depth", "i4"), ("activity", "f4"), ("next", "i4")]
)


class Calendar(NamedTuple):
    """Displays to come, a linked list for each hour. Columns of ENTRY records; ``head``, ``count``
    int64[hours]; ``free`` int64[3]: first reusable entry (-1: none), first never used, number of reusable
    ones.
    """

    post: Any
    who: Any
    cell: Any
    depth: Any
    activity: Any
    next: Any
    head: Any
    count: Any
    free: Any

    @classmethod
    def of(cls, size: int, n_hours: int) -> Calendar:
        """An empty calendar with room for ``size`` displays."""
        heads = [np.full(n_hours, -1), np.zeros(n_hours, np.int64), np.array([-1, 0, 0])]
        return cls(*[*_columns(np.empty(size, ENTRY)), *heads])

    def longer(self, size: int) -> Calendar:
        """The same displays, with room for ``size``."""
        entries = np.empty(size, ENTRY)
        entries[: len(self.post)] = self.post.base
        return Calendar(*[*_columns(entries), self.head, self.count, self.free])


def _columns(entries: NDArray[Any]) -> list[Any]:
    return [entries[name] for name in ENTRY.names or ()]


class Wave(NamedTuple):
    """Displays taken from the calendar: ``post``, ``who``, ``cell``, ``depth`` int32, ``activity`` float32;
    ``order``, ``spare`` int64: room to work.
    """

    post: Any
    who: Any
    cell: Any
    depth: Any
    activity: Any
    order: Any
    spare: Any

    @classmethod
    def of(cls, size: int) -> Wave:
        """Room for ``size`` displays."""
        kinds = [*4 * [np.int32], np.float32, np.int64, np.int64]
        return cls(*[np.empty(size, kind) for kind in kinds])


class Events(NamedTuple):
    """What the displays of an hour lead to, by kind; ``n`` int64[8]: how many there are of each (``seeing``).

    int64: ``warmer``, ``colder`` rows of people; ``joins``, ``through_friends``, ``leaves`` ids (account *
    n_rows + row); ``spoken_post``, ``spoken_who``; int32: ``shared_post``, ``shared_who``, ``shared_depth``.
    ``tired_account``, ``tired_who`` int32: one for each display.
    """

    n: Any
    warmer: Any
    colder: Any
    spoken_post: Any
    spoken_who: Any
    shared_post: Any
    shared_who: Any
    shared_depth: Any
    joins: Any
    through_friends: Any
    leaves: Any
    tired_account: Any
    tired_who: Any

    @classmethod
    def of(cls, size: int, engagements: int) -> Events:
        """Room for the events of ``size`` displays, each of ``engagements`` kinds at most."""
        several, one = engagements * size, size
        i8, i4 = np.int64, np.int32
        return cls(
            n=np.zeros(8, i8),
            warmer=np.empty(several, i8),
            colder=np.empty(one, i8),
            spoken_post=np.empty(one, i8),
            spoken_who=np.empty(one, i8),
            shared_post=np.empty(one, i4),
            shared_who=np.empty(one, i4),
            shared_depth=np.empty(one, i4),
            joins=np.empty(several, i8),
            through_friends=np.empty(one, i8),
            leaves=np.empty(one, i8),
            tired_account=np.empty(one, i4),
            tired_who=np.empty(one, i4),
        )


class Desk(NamedTuple):
    """Room to work on people together. uint64: ``bits``, ``chosen``, ``near``, ``found``, ``session``; int32:
    ``who``, ``depth``; int64: ``cell``, ``row``, ``tail``; float64: ``activity``, ``luck``, ``missed``, ``t``
    (minutes); ``elapsed`` float64[6] profile time (days) at an instant by age band.
    """

    bits: Any
    chosen: Any
    near: Any
    found: Any
    session: Any
    who: Any
    depth: Any
    cell: Any
    row: Any
    tail: Any
    activity: Any
    luck: Any
    missed: Any
    t: Any
    elapsed: Any

    @classmethod
    def of(cls, size: int) -> Desk:
        """Room for blocks of ``size`` people."""
        kinds = [*5 * [np.uint64], *2 * [np.int32], *3 * [np.int64], *5 * [np.float64]]
        sizes = [*14 * [size], len(BANDS)]
        return cls(*[np.empty(n, kind) for n, kind in zip(sizes, kinds, strict=True)])
