"""The feed: what becomes of a post once the platform has put it there.

At each session an offered post is displayed with probability visibility * freshness(age) * crowding /
competition(hour); if not, the next session may show it, until it expires. One keyed uniform decides the
whole story of one exposure: the post is displayed at the first session at which the chance of having
missed it so far falls to that uniform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.cards import Behaviour, Platform, Supply
from sim.figures import BANDS, WEEKDAYS
from sim.sessions import HOUR_MIN, WEEK_MIN, Rhythm

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

BLOCK = 8192  # sessions examined together; any value gives the same answer
_REFERENCE_USERS = 3000


@dataclass(frozen=True)
class FeedTables:
    """Display laws of all platforms, in the order of ``platforms``.

    ``fresh`` float64[sum of lives] with ``fresh_at`` int64[K] offsets (by minute of age); ``rivals``
    float64[K, 168]; ``gaps`` float64[K, 4096] (cumulative chance of reappearing within n sessions);
    ``visibility`` float64[K]; ``life_min`` float64[K]; ``crowding`` float64[K, 4096]
    (multiplier by expected number of newer posts in the feed, in steps of 1/64).
    """

    platforms: tuple[str, ...]
    rhythm: Rhythm
    fresh: F64
    fresh_at: I64
    rivals: F64
    gaps: F64
    visibility: F64
    life_min: F64
    crowding: F64

    @classmethod
    def of(cls, cards: Mapping[str, Platform], laws: Behaviour) -> FeedTables:
        """Tables of every platform card (sorted by name)."""
        names = tuple(sorted(cards))
        shown = [cards[name].display for name in names]
        fresh = [behaviour.freshness(d) for d in shown]
        sizes = np.cumsum([0] + [len(f) for f in fresh])
        supply: Supply = laws.supply
        return cls(
            platforms=names,
            rhythm=Rhythm.of([laws.hour_profiles[cards[name].hour_profile] for name in names]),
            fresh=np.concatenate(fresh),
            fresh_at=sizes[:-1].astype(np.int64),
            rivals=np.stack([behaviour.competition(d, supply) for d in shown]),
            gaps=np.stack([behaviour.redisplay_gaps(d.redisplay.value) for d in shown]),
            visibility=np.array([d.visibility.value for d in shown]),
            life_min=np.array([np.floor(d.life_h.value * HOUR_MIN) for d in shown]),
            crowding=np.stack([behaviour.crowding_table(d.crowding.value) for d in shown]),
        )

    def crowd_factor(self, platform: Any, newer: Any) -> Any:
        """Multiplier of the display chance when ``newer`` posts of the account are expected in the feed."""
        step = np.clip(newer * behaviour.CROWD_STEPS, 0, self.crowding.shape[1] - 1).astype(np.int64)
        return self.crowding[platform, step]

    def chance(self, platform: Any, t: Any, since: Any, crowd: Any) -> Any:
        """Chance of display at a session at ``t`` of a post in the feed ``since`` (both minutes)."""
        age = (t - since).astype(np.int64)
        fresh = self.fresh[self.fresh_at[platform] + age]
        rivals = self.rivals[platform, behaviour.hour_of_week(t).astype(np.int64)]
        return behaviour.display_chance(self.visibility[platform], fresh, rivals, crowd)


@dataclass
class Exposures:
    """Posts put in feeds, one row each: ``platform``, ``row`` (rhythm), ``activity`` sessions a day,
    ``session`` uint64 state of the resident's sessions, ``since`` and ``expiry`` minutes, ``luck``
    uniform in [0, 1), ``account`` and ``crowd_at`` for crowding (account -1: none)."""

    platform: I64
    row: I64
    activity: F64
    session: U64
    since: F64
    expiry: F64
    luck: F64
    account: I64
    crowd_at: F64

    def take(self, index: Any) -> Exposures:
        """The rows at ``index``."""
        return Exposures(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def first_display(
    tables: FeedTables, e: Exposures, crowd: F64, block: int = BLOCK
) -> tuple[I64, F64, I64, int]:
    """First display of each exposure.

    ``crowd`` float64[accounts, hours + 1]: expected offers of each account so far. Returns
    (index of the exposures displayed int64[m], instant float64[m] minutes, session cell int64[m], number
    of sessions examined).
    """
    cell = np.floor(e.activity * tables.rhythm.operational(e.row, e.since)).astype(np.int64)
    alive = np.arange(len(cell))
    missed = np.ones(len(cell))
    found_at, found_t, found_cell = [], [], []
    walked = 0
    while len(alive):
        width = int(np.clip(block // len(alive), 1, 64))
        now = e.take(alive)
        cells = cell[:, None] + np.arange(width)
        t, chance = _chances(tables, now, cells, crowd)
        walked += int((t <= now.expiry[:, None]).sum())
        # The chance of having missed it is multiplied session after session, whatever the block.
        left = np.cumprod(np.column_stack([missed, 1.0 - chance]), axis=1)[:, 1:]
        hit = (left <= now.luck[:, None]) & (chance > 0)
        first = hit.argmax(axis=1)
        rows = np.arange(len(alive))
        shown = hit[rows, first]
        found_at.append(alive[shown])
        found_t.append(t[rows, first][shown])
        found_cell.append(cells[rows, first][shown])
        going = ~shown & (t[:, -1] <= now.expiry)
        alive, missed, cell = alive[going], left[going, -1], cell[going] + width
    if not found_at:
        return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), walked
    return np.concatenate(found_at), np.concatenate(found_t), np.concatenate(found_cell), walked


def _chances(tables: FeedTables, e: Exposures, cells: I64, crowd: F64) -> tuple[F64, F64]:
    position = draws.uniform(e.session[:, None], cells)
    row = e.row[:, None]
    t = tables.rhythm.instant(row, (cells + position) / e.activity[:, None])
    open_ = (t > e.since[:, None]) & (t <= e.expiry[:, None])
    at = np.where(open_, t, e.since[:, None])
    packed = np.ones_like(t)
    own = e.account >= 0
    if own.any():
        hour = np.minimum(behaviour.hour_of(at[own]).astype(np.int64), crowd.shape[1] - 1)
        newer = crowd[e.account[own][:, None], hour] - e.crowd_at[own][:, None]
        packed[own] = tables.crowd_factor(e.platform[own][:, None], newer)
    chance = tables.chance(e.platform[:, None], at, e.since[:, None], packed)
    return t, np.where(open_, chance, 0.0)


def next_display(
    tables: FeedTables, platform: I64, row: I64, activity: F64, session: U64, cell: I64, luck: F64
) -> tuple[F64, I64]:
    """When a seen post reappears: (instant minutes, session cell), a geometric number of sessions later."""
    gap = np.empty(len(cell), dtype=np.int64)
    for k in np.unique(platform):
        mine = platform == k
        gap[mine] = np.searchsorted(tables.gaps[k], luck[mine], side="right") + 1
    later = cell + gap
    position = draws.uniform(session, later)
    never = gap > behaviour.MAX_REDISPLAY_GAP
    t = tables.rhythm.instant(row, (later + position) / activity)
    return np.where(never, np.inf, t), later


def reference_display(
    tables: FeedTables,
    laws: Behaviour,
    seed: int,
    users: Callable[[int], tuple[I64, I64, F64]],
) -> F64:
    """Mean chance that an offered post is displayed, float64[K], for posts at the reference hours.

    ``users(k)`` gives (resident, band, activity) of platform k. Reach figures of the literature describe
    pages that publish in office hours; offers are scaled by this chance so that the mean reach meets the
    figure there. The sample and its draws depend on the seed alone, never on a scenario.
    """
    days = [WEEK_MIN + 1440.0 * d for d in _day_numbers(laws)]
    instants = np.array([d + m for d in days for m in laws.reference_hours])
    out = np.ones(len(tables.platforms))
    for k, name in enumerate(tables.platforms):
        resident, band, activity = users(k)
        if not len(resident):
            continue
        pick = np.argsort(draws.bits(draws.key(seed, 0, "reference-user", name), resident))[:_REFERENCE_USERS]
        pick = np.repeat(pick, max(1, -(-_REFERENCE_USERS // len(pick))))
        n = np.arange(len(pick))
        since = instants[n % len(instants)]
        e = Exposures(
            platform=np.full(len(pick), k, dtype=np.int64),
            row=k * len(BANDS) + band[pick],
            activity=activity[pick],
            session=draws.bits(draws.key(seed, 0, "reference-session", name), resident[pick], n),
            since=since,
            expiry=since + tables.life_min[k],
            luck=draws.uniform(draws.key(seed, 0, "reference-luck", name), n),
            account=np.full(len(pick), -1, dtype=np.int64),
            crowd_at=np.zeros(len(pick)),
        )
        shown, *_ = first_display(tables, e, np.zeros((1, 1)))
        out[k] = max(len(shown), 1) / len(pick)
    return out


def _day_numbers(laws: Behaviour) -> list[int]:
    return [WEEKDAYS.index(day) for day in laws.reference_days]
