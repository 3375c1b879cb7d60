"""What the compiled functions are handed: arrays under the names that the rest of the program gives them."""

from __future__ import annotations

from typing import Any, NamedTuple


class People(NamedTuple):
    """What never changes of people: ``activity`` float32[K, n]; ``traits`` [n], a record for each of them
    (``packing.traits``); ``band`` uint8[n] once more, where nothing else is asked of them."""

    activity: Any
    traits: Any
    band: Any


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
    is read in a row; ``ceiling`` float32: the largest attachment of each block; ``is_opening``: they are all
    who follow at the start, and their places are their seats."""

    who: Any
    attachment: Any
    activity: Any
    band: Any
    circle: Any
    ceiling: Any
    is_opening: bool


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


class Seating(NamedTuple):
    """What accounts keep by seat: ``relation`` records[A, n] (``packing.relation_of``: ``fatigue`` as of hour
    ``tired_at``, ``is_following``). ``seat_of`` int32[B, n] everyone's seat, of which an account uses row
    ``seated_as`` int64[A] (-1: a new one, rows are seats)."""

    relation: Any
    seat_of: Any
    seated_as: Any


class Moods(NamedTuple):
    """State that an hour reads: ``seating`` (Seating); records of ``packing``, ``warmth`` WARMTH[n]
    (``excess`` of affinity as of ``warm_at``), ``sights`` SIGHTS[places, n]; ``is_following`` bool[A, n];
    ``liking`` float64[L, n] with ``liking_of`` int64[A] (-1: none); ``is_warm`` uint8[n // 8 + 1], a bit for
    each: the excess was ever changed; ``slope`` of fatigue; decays by whole hours; what engaging adds to the
    excess and hiding takes from it, and its bounds.
    """

    seating: Any
    is_following: Any
    warmth: Any
    sights: Any
    is_warm: Any
    liking: Any
    liking_of: Any
    slope: Any
    fatigue_decay: Any
    affinity_decay: Any
    affinity_gain: float
    affinity_loss: float
    affinity_floor: float
    affinity_ceiling: float


class Counts(NamedTuple):
    """Arrays of the ``Tally`` that the hour's displays change; ``deeds`` DEEDS[n] (``packing``)."""

    weekly: Any
    posts: Any
    friend_reach: Any
    depth: Any
    share_depth: Any
    hourly: Any
    deeds: Any
    work: Any
