"""The feed: what becomes of a post once the platform has put it there.

At each session an offered post is displayed with probability visibility * freshness(age) * crowding /
competition(hour); if not, the next session may show it, until it expires. One keyed uniform decides the
whole story of one exposure: the post is displayed at the first session at which the chance of having
missed it so far falls to that uniform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.cards import Behaviour, Platform
from sim.figures import BANDS, WEEKDAYS
from sim.sessions import HOUR_MIN, WEEK_MIN, Rhythm

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

BLOCK = 8192  # sessions examined together; any value gives the same answer
_SLACK = 1.01  # the bound of what is left to come may be too wide, never too narrow
_REFERENCE_USERS = 3000
STEPS = 64  # of LEAST for each unit of -ln(chance)
# exp(-x) from below, where x is at most one step above its place
LEAST = np.append(np.exp(-np.arange(30 * STEPS) / STEPS), 0.0)


@dataclass(frozen=True)
class FeedTables:
    """Display laws of all platforms, in the order of ``platforms``.

    ``fresh`` float64[sum of lives] with ``fresh_at`` int64[K] offsets (by minute of age); ``open`` float64[K,
    hours]: visibility / competition by absolute hour; ``gaps`` float64[K, 4096] (cumulative chance of
    reappearing within n sessions); ``life_min`` float64[K]; ``crowding`` float64[K, 4096] (multiplier by
    expected number of newer posts in the feed, in steps of 1/64).
    """

    platforms: tuple[str, ...]
    rhythm: Rhythm
    fresh: F64
    fresh_at: I64
    open: F64
    gaps: F64
    life_min: F64
    crowding: F64

    @classmethod
    def of(cls, cards: Mapping[str, Platform], laws: Behaviour, n_weeks: int) -> FeedTables:
        """Tables of every platform card (sorted by name) for a horizon of ``n_weeks``."""
        names = tuple(sorted(cards))
        shown = [cards[name].display for name in names]
        fresh = [behaviour.freshness(d) for d in shown]
        life_min = np.array([np.floor(d.life_h.value * HOUR_MIN) for d in shown])
        weeks = max(n_weeks, 2) + int(life_min.max() // WEEK_MIN) + 2
        rivals = np.stack([np.tile(behaviour.competition(d, laws.supply), weeks) for d in shown])
        visibility = np.array([[d.visibility.value] for d in shown])
        return cls(
            platforms=names,
            rhythm=Rhythm.of([laws.hour_profiles[cards[name].hour_profile] for name in names]),
            fresh=np.concatenate(fresh),
            fresh_at=np.cumsum([0] + [len(f) for f in fresh[:-1]]).astype(np.int64),
            open=behaviour.rounded(visibility / rivals),
            gaps=np.stack([behaviour.redisplay_gaps(d.redisplay.value) for d in shown]),
            life_min=life_min,
            crowding=np.stack([behaviour.crowding_table(d.crowding.value) for d in shown]),
        )

    def crowd_factor(self, platform: Any, newer: Any) -> Any:
        """Multiplier of the display chance when ``newer`` posts of the account are expected in the feed."""
        step = np.clip(newer * behaviour.CROWD_STEPS, 0, self.crowding.shape[1] - 1).astype(np.int64)
        return self.crowding[platform, step]

    @cached_property
    def tails(self) -> Tails:
        """Bounds of what is left to come, shared by every run on these tables."""
        return Tails(self)

    def tail(self, k: int, since: float) -> tuple[F64, F64]:
        """Bounds of what is left to come for a post in the feed of platform ``k`` ``since`` an instant.

        By step of age (see ``age_step``), in units of -ln(chance of missing it): ``most`` float64[steps] of
        the session of highest chance, and ``rest`` float64[6, steps], per session a day, of all later
        sessions but one. They hold after a session: each later cell holds one, and opens where the one before
        it ends. From the sum of chances p, none above m: ln(1 - p) >= p ln(1 - m) / m, because ln is concave.
        """
        age = np.concatenate([np.arange(HOUR_MIN), np.arange(HOUR_MIN, self.life_min[k] + 1, HOUR_MIN)])
        length = np.where(age < HOUR_MIN, 1.0, float(HOUR_MIN))
        start = since + age
        clock = (start / HOUR_MIN).astype(np.int64)
        then = ((start + length) / HOUR_MIN).astype(np.int64)
        open_ = np.maximum(self.open[k, clock], self.open[k, then])
        fresh = self.fresh[self.fresh_at[k] + np.minimum(age, self.life_min[k]).astype(np.int64)]
        most = np.maximum.accumulate(np.minimum(fresh * open_, 1.0)[::-1])[::-1]
        row = k * len(BANDS) + np.arange(len(BANDS))[:, None]
        passing = self.rhythm.operational(row, start + length) - self.rhythm.operational(row, start)
        rest = np.cumsum((most * passing)[:, ::-1], axis=1)[:, ::-1]
        highest = np.minimum(most, 1.0 - 2.0**-20)
        each = np.divide(-np.log1p(-highest), highest, out=np.ones(len(most)), where=highest > 0)
        each = np.where(most < 1.0, each, np.inf)
        with np.errstate(invalid="ignore"):  # certain display of nothing: infinity times zero
            return _SLACK * most * each, _SLACK * np.nan_to_num(rest * each, nan=0.0, posinf=np.inf)


class Tails:
    """Bounds by platform and instant of the week, computed when first needed and kept.

    Several threads may ask: an offset, once given, points into ``most`` and ``rest`` as they are from then
    on.
    """

    def __init__(self, tables: FeedTables) -> None:
        self._tables, self._lock = tables, Lock()
        self._at: dict[tuple[int, float], int] = {}
        self._of: dict[tuple[int, float], I64] = {}
        self._size = 0
        self.most, self.rest = np.empty(2**14), np.empty(2**14)

    def at(self, k: int, since: float) -> int:
        """Offset into ``most`` and ``rest`` (each age band's steps in turn) of posts in feeds ``since``."""
        key = (k, since % WEEK_MIN)
        if key not in self._at:
            with self._lock:
                if key not in self._at:
                    self._add(key)
        return self._at[key]

    def of(self, platforms: int, since: float) -> I64:
        """Offsets of several platforms (bit mask), int64[K], 0 for the others."""
        key = (platforms, since % WEEK_MIN)
        if key not in self._of:
            offsets = np.zeros(len(self._tables.platforms), np.int64)
            for k in range(len(offsets)):
                offsets[k] = self.at(k, since) if platforms >> k & 1 else 0
            self._of[key] = offsets
        return self._of[key]

    def _add(self, key: tuple[int, float]) -> None:
        most, rest = self._tables.tail(*key)
        end = self._size + rest.size
        if end > len(self.most):
            self.most, self.rest = (np.resize(a, 2 * end) for a in (self.most, self.rest))
        self.most[self._size : end] = np.tile(most, len(BANDS))
        self.rest[self._size : end] = rest.ravel()
        self._at[key], self._size = self._size, end

    def length(self, k: I64) -> I64:
        """Steps of age that each age band takes up."""
        return age_step(self._tables.life_min[k]) + 1


def age_step(age_min: Any) -> Any:
    """Place of an age in the bounds: by minute in the first hour, then by hour; int64."""
    return np.minimum(age_min, HOUR_MIN - 1 + age_min / HOUR_MIN).astype(np.int64)


@dataclass
class Exposures:
    """Posts put in feeds, one row each.

    ``row`` int64 (rhythm), ``activity`` float64 sessions a day, ``session`` uint64 state of the resident's
    sessions, ``since`` and ``expiry`` minutes, ``luck`` uniform in [0, 1); offsets int64: ``fresh_at`` into
    freshness by minute of age, ``open_at`` into ``openness`` by absolute hour, ``tail_at`` into the bounds.
    """

    row: I64
    activity: F64
    session: U64
    since: F64
    expiry: F64
    luck: F64
    fresh_at: I64
    open_at: I64
    tail_at: I64

    def take(self, index: Any) -> Exposures:
        """The rows at ``index``."""
        return Exposures(*(getattr(self, f.name)[index] for f in fields(self)))


def first_display(
    tables: FeedTables, tails: Tails, openness: F64, e: Exposures, block: int = BLOCK
) -> tuple[I64, F64, I64, int]:
    """First display of each exposure.

    ``openness`` float64: visibility * crowding / competition, where ``open_at`` + absolute hour points.
    Returns (index of the exposures displayed int64[m], instant float64[m] minutes, session cell int64[m],
    number of sessions examined). An exposure is given up as soon as all that is left to come could not
    bring the chance of having missed it down to its luck.
    """
    start = np.floor(e.activity * tables.rhythm.operational(e.row, e.since)).astype(np.int64)
    cell = np.maximum(start - 1, 0)
    alive, missed = np.arange(len(cell)), np.ones(len(cell))
    found: list[tuple[I64, F64, I64]] = []
    walked = 0
    while len(alive):
        width = min(max(block // len(alive), 1), 64)
        cells = cell[:, None] + np.arange(width)
        t = tables.rhythm.instant(
            e.row[:, None], (cells + draws.uniform(e.session[:, None], cells)) / e.activity[:, None]
        )
        chance = _chances(tables, openness, e, t)
        walked += int(np.count_nonzero(chance))
        # The chance of having missed it is multiplied session after session, whatever the block.
        left = 1.0 - chance
        left[:, 0] *= missed
        np.cumprod(left, axis=1, out=left)
        hit = left <= e.luck[:, None]
        shown = hit[:, -1]
        if shown.any():
            rows = np.flatnonzero(shown)
            first = hit[rows].argmax(axis=1)
            found.append((alive[rows], t[rows, first], cells[rows, first]))
        going = np.flatnonzero(~shown & (t[:, -1] <= e.expiry) & _may_still(tails, e, t[:, -1], left[:, -1]))
        alive, missed, cell, e = alive[going], left[going, -1], cell[going] + width, e.take(going)
    if not found:
        return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), walked
    index, t, cell = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return index, t, cell, walked


def _chances(tables: FeedTables, openness: F64, e: Exposures, t: F64) -> F64:
    """Chance of display at sessions ``t`` float64[n, width]; 0 before publication and after expiry."""
    age = t - e.since[:, None]
    live = (age > 0) & (t <= e.expiry[:, None])
    minute = np.where(live, age, 0.0).astype(np.int64)
    hour = (np.where(live, t, e.since[:, None]) / HOUR_MIN).astype(np.int64)
    fresh = tables.fresh.take(e.fresh_at[:, None] + minute)
    chance = behaviour.display_chance(fresh, openness.take(e.open_at[:, None] + hour))
    return np.where(live, chance, 0.0)


def _may_still(tails: Tails, e: Exposures, t: F64, missed: F64) -> NDArray[np.bool_]:
    """Whether sessions after the one at ``t`` could still show the post, by the bounds of what is to come."""
    at = e.tail_at + age_step(np.clip(t, e.since, e.expiry) - e.since)
    # before the post is there, its first two sessions may both be at the best instant
    best = np.where(t > e.since, 1.0, 2.0) * tails.most.take(at)
    to_come = best + e.activity * tails.rest.take(at)
    step = np.minimum(to_come * STEPS, len(LEAST) - 2).astype(np.int64)
    return missed * LEAST.take(step + 1) <= e.luck


def next_display(
    tables: FeedTables, platform: I64, row: I64, activity: F64, session: U64, cell: I64, luck: F64
) -> tuple[F64, I64]:
    """When a seen post reappears: (instant minutes, session cell), a geometric number of sessions later."""
    gap = np.empty(len(cell), dtype=np.int64)
    for k in np.unique(platform):
        mine = platform == k
        gap[mine] = np.searchsorted(tables.gaps[k], luck[mine], side="right") + 1
    later = cell + gap
    t = tables.rhythm.instant(row, (later + draws.uniform(session, later)) / activity)
    return np.where(gap > behaviour.MAX_REDISPLAY_GAP, np.inf, t), later


def reference_display(
    tables: FeedTables, laws: Behaviour, seed: int, users: Callable[[int], tuple[I64, I64, F64]]
) -> F64:
    """Mean chance that an offered post is displayed, float64[K], for posts at the reference hours.

    ``users(k)`` gives (resident, band, activity) of platform k. Reach figures of the literature describe
    pages that publish in office hours; offers are scaled by this chance so that the mean reach meets the
    figure there. The sample and its draws depend on the seed alone, never on a scenario.
    """
    days = [1440.0 * WEEKDAYS.index(day) for day in laws.reference_days]
    instants = np.array([day + minute for day in days for minute in laws.reference_hours])
    out, tails = np.ones(len(tables.platforms)), tables.tails
    for k, name in enumerate(tables.platforms):
        resident, band, activity = users(k)
        if not len(resident):
            continue
        pick = np.argsort(draws.bits(draws.key(seed, 0, "reference-user", name), resident))[:_REFERENCE_USERS]
        pick = np.repeat(pick, max(1, -(-_REFERENCE_USERS // len(pick))))
        n = np.arange(len(pick))
        since = instants[n % len(instants)]
        tail_at = np.array([tails.at(k, s) for s in instants])[n % len(instants)]
        e = Exposures(
            row=k * len(BANDS) + band[pick],
            activity=activity[pick],
            session=draws.bits(draws.key(seed, 0, "reference-session", name), resident[pick], n),
            since=since,
            expiry=since + tables.life_min[k],
            luck=draws.uniform(draws.key(seed, 0, "reference-luck", name), n),
            fresh_at=np.full(len(pick), tables.fresh_at[k]),
            open_at=np.zeros(len(pick), dtype=np.int64),
            tail_at=tail_at + band[pick] * tails.length(np.array([k]))[0],
        )
        shown, *_ = first_display(tables, tails, tables.open[k], e)
        out[k] = max(len(shown), 1) / len(pick)
    return out
