"""What the compiled functions are handed: arrays under the names that the rest of the program gives them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.figures import BANDS


class People(NamedTuple):
    """What never changes of people: ``activity`` float32[K, n]; columns of one record for each of them
    (``packing.traits``): ``attachment``, ``expressiveness`` float32[n], ``interest`` float32[n, T], ``band``,
    ``circle``, ``group`` uint8[n]."""

    activity: Any
    attachment: Any
    expressiveness: Any
    interest: Any
    band: Any
    circle: Any
    group: Any


class Sessions(NamedTuple):
    """When people open platforms: ``key`` uint64[K]; by rhythm row (six bands a platform): ``clock``
    float64[rows * 4097] minutes, ``per_day`` float64[rows]; profile time in days, ``cumulative``
    float64[rows, 169] and ``per_hour`` float64[rows, 168] by hour of the week."""

    key: Any
    clock: Any
    per_day: Any
    cumulative: Any
    per_hour: Any


class Shown(NamedTuple):
    """Laws of display. ``fresh`` by minute of age from ``fresh_at`` int64[K]; ``openness`` by absolute hour
    from ``own_at`` or ``shared_at`` int64[P]; ``gaps`` float64[K, 4096] with ``guide`` int16[K, guides],
    where to begin to look in them; ``life`` int64[K] steps of age of a band in the bounds; ``expiry``
    float64[P] minutes, ``ended`` float64[P, 6] profile time (days) at which a post's life or the run has
    surely ended; ``horizon`` minutes; ``key`` (display) and ``again`` uint64[P].
    """

    fresh: Any
    fresh_at: Any
    openness: Any
    own_at: Any
    shared_at: Any
    gaps: Any
    guide: Any
    life: Any
    expiry: Any
    ended: Any
    horizon: Any
    key: Any
    again: Any


class Plan(NamedTuple):
    """Posts and accounts. int64[P]: ``account``, ``platform``, ``theme``, ``place``, ``mention``; by account:
    ``is_own`` bool[A], ``runs_on`` int64[A] platform, ``id`` int64[A]."""

    account: Any
    platform: Any
    theme: Any
    place: Any
    mention: Any
    is_own: Any
    runs_on: Any
    id: Any


class Queue(NamedTuple):
    """People in the order in which a page's posts are offered to them: ``who`` int32, with what never changes
    of them (``attachment``, ``activity`` on the platform float32, ``band``, ``circle`` uint8), so that memory
    is read in a row; ``ceiling`` float32: the largest attachment of each block."""

    who: Any
    attachment: Any
    activity: Any
    band: Any
    circle: Any
    ceiling: Any


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


class Feeding(NamedTuple):
    """One post put in feeds: its row ``post``, platform ``k``, ``since`` when (minutes); ``open_at`` where
    its openness by absolute hour begins; ``hour``. Bounds of what is left to come (``feed.Tails``): ``most``
    and ``rest``, from ``tail_at`` on.
    """

    post: Any
    k: Any
    since: Any
    open_at: Any
    tail_at: Any
    most: Any
    rest: Any
    hour: Any


class Offer(NamedTuple):
    """A post offered to those who follow ``page`` (its account or a partner) and not ``avoid`` (-1: nobody).

    ``base`` chance at affinity 1; ``warmest``: no affinity exceeds this multiple of attachment; ``rivals``
    int64, ``factors`` float64: pages that take attention; ``n_residents``, ``week``: for the counts.
    """

    page: Any
    avoid: Any
    base: Any
    warmest: Any
    rivals: Any
    factors: Any
    n_residents: Any
    week: Any


class Offered(NamedTuple):
    """Who is offered what. By post: ``key`` (offer), ``key_friend`` uint64[P], ``target`` bool[P, 6],
    ``target_circle`` bool[P, 4], ``understood`` float64[P, 4]; ``friend_offer`` float64[K], ``attention``
    float64[K, n]; ties ``indptr`` int64[n + 1], ``friend`` int32[m], ``mask`` uint16[m]."""

    key: Any
    key_friend: Any
    target: Any
    target_circle: Any
    understood: Any
    friend_offer: Any
    attention: Any
    indptr: Any
    friend: Any
    mask: Any


class Response(NamedTuple):
    """Reactions and followings. By post: ``react`` float64[P, 6, 5], ``key_act`` uint64[P, 5],
    ``key_follow``, ``key_leave`` uint64[P], ``understood`` float64[P, 4], ``is_lent``, ``is_overposting``
    bool[P]; by platform float64[K]: ``stranger``, ``endorsement``, ``if_shared``, ``if_mentioned``,
    ``if_overposted``; ``inclined`` float64[K, 6]; ``repeat`` float64[256].
    """

    react: Any
    key_act: Any
    key_follow: Any
    key_leave: Any
    understood: Any
    is_lent: Any
    is_overposting: Any
    stranger: Any
    endorsement: Any
    if_shared: Any
    if_mentioned: Any
    if_overposted: Any
    inclined: Any
    repeat: Any


class Moods(NamedTuple):
    """State that an hour reads: ``is_following`` bool[A, n]; ``fatigue`` float32[A, n] as of hour
    ``tired_at`` unsigned[A, n]; ``excess`` float64[n] of affinity as of ``warm_at`` int32[n]; ``liking``
    float64[L, n] with ``liking_of`` int64[A] (-1: none); ``is_warm`` uint8[n // 8 + 1], a bit for each: the
    excess was ever changed; ``slope`` of fatigue; decays by whole hours.
    """

    is_following: Any
    fatigue: Any
    tired_at: Any
    excess: Any
    warm_at: Any
    is_warm: Any
    liking: Any
    liking_of: Any
    slope: Any
    fatigue_decay: Any
    affinity_decay: Any


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


class Counts(NamedTuple):
    """Arrays of the ``Tally`` that the hour's displays change."""

    weekly: Any
    posts: Any
    friend_reach: Any
    depth: Any
    share_depth: Any
    hourly: Any
    reached: Any
    this_week: Any
    engaged: Any
    ladder: Any
    work: Any


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
