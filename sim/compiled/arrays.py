"""What the compiled functions are handed: arrays under the names that the rest of the program gives them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class People(NamedTuple):
    """Columns of all rows. ``activity`` float32[K, n], ``attachment``, ``expressiveness`` float32[n],
    ``interest`` float32[T, n], ``band``, ``circle``, ``group`` uint8[n]."""

    activity: Any
    attachment: Any
    expressiveness: Any
    interest: Any
    band: Any
    circle: Any
    group: Any


class Sessions(NamedTuple):
    """When people open platforms: ``key`` uint64[K]; by rhythm row (six bands a platform): ``clock``
    float64[rows * 4097] minutes, ``per_day`` float64[rows], ``days`` float64[rows] of profile time a week."""

    key: Any
    clock: Any
    per_day: Any
    days: Any


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
        return cls(*[np.empty(size, kind) for kind in kinds])


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
    """State that an hour reads: ``is_following`` bool[A, n]; ``fatigue`` float64[A, n] as of hour
    ``tired_at`` int32[A, n]; ``excess`` float64[n] of affinity as of ``warm_at`` int32[n]; ``liking``
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


ENTRY = ("post", "who", "depth", "cell", "next")  # columns of a calendar that grow


class Calendar(NamedTuple):
    """Displays to come, a linked list for each hour. Per entry: ``post``, ``who``, ``depth`` int32, ``cell``
    int64, ``next`` int32; ``head``, ``count`` int64[hours]; ``free`` int64[3]: first reusable entry (-1:
    none) first never used, number of reusable ones.
    """

    post: Any
    who: Any
    depth: Any
    cell: Any
    next: Any
    head: Any
    count: Any
    free: Any

    @classmethod
    def of(cls, size: int, n_hours: int) -> Calendar:
        """An empty calendar with room for ``size`` displays."""
        return cls(
            post=np.empty(size, np.int32),
            who=np.empty(size, np.int32),
            depth=np.empty(size, np.int32),
            cell=np.empty(size, np.int64),
            next=np.empty(size, np.int32),
            head=np.full(n_hours, -1),
            count=np.zeros(n_hours, np.int64),
            free=np.array([-1, 0, 0]),
        )


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
    """Displays taken from the calendar: ``post``, ``who``, ``depth`` int32, ``cell`` int64; ``order``,
    ``spare`` int64: room to work.
    """

    post: Any
    who: Any
    depth: Any
    cell: Any
    order: Any
    spare: Any

    @classmethod
    def of(cls, size: int) -> Wave:
        """Room for ``size`` displays."""
        kinds = 3 * [np.int32] + 3 * [np.int64]
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
    """Room to work on one block of people. uint64: ``bits``, ``near``, ``found``, ``session``; int64:
    ``who``, ``depth``, ``cell``, ``row``, ``tail``; float64: ``activity``, ``luck``, ``missed``, ``t``
    (minutes).
    """

    bits: Any
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

    @classmethod
    def of(cls, size: int) -> Desk:
        """Room for blocks of ``size`` people."""
        kinds = 4 * [np.uint64] + 5 * [np.int64] + 4 * [np.float64]
        return cls(*[np.empty(size, kind) for kind in kinds])
