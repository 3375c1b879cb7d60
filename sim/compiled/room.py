"""Room in which the compiled functions work, made once for a run: they allocate nothing themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.figures import BANDS


class Readers(NamedTuple):
    """People in whose feeds something is put: ``who`` int32, ``band`` uint8, ``activity`` float32; ``source``
    int32 0 for the account, else sharer + 1; ``seat`` int32 (``packing.seats``); ``depth`` int32 generation
    of the share; ``luck`` float64 of a friend, while the platform decides."""

    who: Any
    band: Any
    activity: Any
    source: Any
    seat: Any
    depth: Any
    luck: Any

    @classmethod
    def of(cls, size: int) -> Readers:
        """Room for ``size`` people."""
        kinds = (np.int32, np.uint8, np.float32, np.int32, np.int32, np.int32, np.float64)
        return cls(*[np.zeros(size, kind) for kind in kinds])


# one display to come, or that came
ENTRY = np.dtype(
    [("post", "i4"), ("who", "i4"), ("seat", "i4"), ("cell", "i4"), ("depth", "i4"), ("activity", "f4")]
)
PAGE = 64  # entries of one hour that stand together, so that memory is read and written in a row


class Calendar(NamedTuple):
    """Displays to come, ``entry`` ENTRY[pages * PAGE]; those of one hour stand on pages of their own.

    ``count`` int64[hours]; ``page`` int64[hours]: the page that is being filled; ``before`` int64[pages]: the
    page filled before it, or the next free one. ``used`` int64[3]: first page given back (-1: none), first
    never used, entries in use. ``room``: so many entries find a place, whatever their hours.
    """

    entry: Any
    count: Any
    page: Any
    before: Any
    used: Any
    room: int

    @classmethod
    def of(cls, size: int, n_hours: int, open_hours: int) -> Calendar:
        """An empty calendar with room for ``size`` displays, in at most ``open_hours`` at a time."""
        n_pages = -(-size // PAGE) + open_hours
        return cls(
            entry=np.empty(n_pages * PAGE, ENTRY),
            count=np.zeros(n_hours, np.int64),
            page=np.full(n_hours, -1),
            before=np.full(n_pages, -1),
            used=np.array([-1, 0, 0]),
            room=(n_pages - open_hours) * PAGE,
        )

    def longer(self, size: int) -> Calendar:
        """The same displays, with room for ``size``."""
        more = -(-size // PAGE) - self.room // PAGE
        entry, before = np.empty(len(self.entry) + more * PAGE, ENTRY), np.full(len(self.before) + more, -1)
        entry[: len(self.entry)], before[: len(self.before)] = self.entry, self.before
        return self._replace(entry=entry, before=before, room=self.room + more * PAGE)


class Wave(NamedTuple):
    """Displays taken from the calendar: ``entry`` ENTRY; ``order``, ``spare`` int64: room to work."""

    entry: Any
    order: Any
    spare: Any

    @classmethod
    def of(cls, size: int) -> Wave:
        """Room for ``size`` displays."""
        return cls(*[np.empty(size, kind) for kind in (ENTRY, np.int64, np.int64)])


SHARE = np.dtype([("post", "i4"), ("sharer", "i4"), ("depth", "i4")])


class Events(NamedTuple):
    """What the displays of an hour lead to, by kind; ``n`` int64[9]: how many there are of each (``seeing``),
    and the platforms on which something was shared (bit mask).

    int64: ``warmer``, ``colder`` rows of people; ``joins``, ``through_friends``, ``leaves`` ids (account *
    n_rows + row); ``spoken_post``, ``spoken_who``. ``shared`` SHARE, with ``order``, ``spare`` int64 room to
    sort them. ``tired_account``, ``tired_seat`` int32: one for each display.
    """

    n: Any
    warmer: Any
    colder: Any
    spoken_post: Any
    spoken_who: Any
    shared: Any
    order: Any
    spare: Any
    joins: Any
    through_friends: Any
    leaves: Any
    tired_account: Any
    tired_seat: Any

    @classmethod
    def of(cls, size: int, engagements: int) -> Events:
        """Room for the events of ``size`` displays, each of ``engagements`` kinds at most."""
        several, one = engagements * size, size
        i8, i4 = np.int64, np.int32
        return cls(
            n=np.zeros(9, i8),
            warmer=np.empty(several, i8),
            colder=np.empty(one, i8),
            spoken_post=np.empty(one, i8),
            spoken_who=np.empty(one, i8),
            shared=np.empty(one, SHARE),
            order=np.empty(one, i8),
            spare=np.empty(one, i8),
            joins=np.empty(several, i8),
            through_friends=np.empty(one, i8),
            leaves=np.empty(one, i8),
            tired_account=np.empty(one, i4),
            tired_seat=np.empty(one, i4),
        )


class Desk(NamedTuple):
    """Room to work on people together. uint64: ``bits``, ``near``, ``found``, ``session``, and, for two
    blocks, ``chosen``, ``drawn``; int32: ``who``, ``seat``, ``depth``; int64: ``cell``, ``row``, ``tail``;
    float64: ``activity``, ``luck``, ``missed``, ``passed`` (sessions), ``t`` (sessions, then minutes);
    ``elapsed`` float64[6] profile time (days) at an instant by age band.
    """

    bits: Any
    near: Any
    found: Any
    session: Any
    chosen: Any
    drawn: Any
    who: Any
    seat: Any
    depth: Any
    cell: Any
    row: Any
    tail: Any
    activity: Any
    luck: Any
    missed: Any
    passed: Any
    t: Any
    elapsed: Any

    @classmethod
    def of(cls, size: int) -> Desk:
        """Room for blocks of ``size`` people."""
        kinds = [*6 * [np.uint64], *3 * [np.int32], *3 * [np.int64], *6 * [np.float64]]
        sizes = [*4 * [size], 2 * size, 2 * size, *11 * [size], len(BANDS)]
        return cls(*[np.empty(n, kind) for n, kind in zip(sizes, kinds, strict=True)])
