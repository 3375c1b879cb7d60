"""A run that is watched: the kernel's own counts, and the instant of every reaction besides.

The kernel counts by the hour. The instant of a reaction is that of the session in which the post was
displayed, which the session's cell gives back. Watching draws nothing and writes nothing of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.cards import ACTIONS
from sim.city import City
from sim.figures import BANDS
from sim.kernel import Kernel
from sim.laws import HIDE, Laws, appeals
from sim.sessions import HOUR_MIN
from sim.tally import MEASURES

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

LIKE, COMMENT, SHARE = (1 << ACTIONS.index(name) for name in ("like", "comment", "share"))
ALL_ACTIONS = (1 << len(ACTIONS)) - 1
ENGAGED = ALL_ACTIONS ^ (1 << HIDE)
OTHER_DRAWS = range(1_000_000, 1_000_400)  # replicates that no run has, for the law of posts' qualities


class WatchedKernel(Kernel):
    """The kernel, with a record of who reacted to what, when, and of each post's audience."""

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int) -> None:
        super().__init__(laws, city, seed, replicate)
        self.audience = np.zeros(len(laws.schedule), dtype=np.int64)
        self.engaged = np.zeros(len(laws.schedule), dtype=np.int64)
        self._events: list[tuple[NDArray[Any], ...]] = []

    def _publish(self) -> Iterator[Any]:
        for post in self._published.get(self.hour, []):
            self.audience[post] = self.state.followers.count[self.laws.schedule.account[post]]
        yield from super()._publish()

    def _react(self, turn: Any, flags: Any, n: Any, written: Any) -> NDArray[np.uint8]:
        before = flags & np.uint8(ALL_ACTIONS)
        marks = super()._react(turn, flags, n, written)
        post, who = turn.rows["post"].astype(np.int64), turn.rows["who"].astype(np.int64)
        after = marks & np.uint8(ALL_ACTIONS)
        new = after & ~before
        at = np.flatnonzero(new)
        fresh = at[(before[at] & ENGAGED == 0) & (new[at] & ENGAGED > 0)]
        np.add.at(self.engaged, post[fresh], 1)
        self._events.append((post[at], who[at], turn.rows["cell"][at], turn.rows["depth"][at], new[at]))
        return marks

    def events(self) -> tuple[I64, I64, F64, I64, NDArray[np.uint8]]:
        """Reactions so far: post, person, instant (minutes), depth of what was seen, bits of the acts.

        int64[n], int64[n], float64[n], int64[n], uint8[n].
        """
        parts = self._events or [tuple(np.empty(0, np.int64) for _ in range(5))]
        post, who, cell, depth, done = (np.concatenate(column) for column in zip(*parts, strict=True))
        k = self.laws.platform[post]
        activity = self.city.activity[k, who].astype(np.float64)
        luck = np.empty(len(post))
        for j in np.unique(k):
            mine = k == j
            luck[mine] = draws.uniform(draws.bits(self._session_keys[j], who[mine]), cell[mine])
        row = k * len(BANDS) + self.band[who]
        t = self.laws.feed.rhythm.instant(row, (cell + luck) / activity)
        return post, who, t, depth.astype(np.int64), done.astype(np.uint8)


def _quality(laws: Laws, mine: I64, scale: F64, seed: int, replicate: int) -> F64:
    """ln of offer chance and of rate of interactions of the posts ``mine`` in one draw, float64[n, 2]."""
    for_reach, for_reaction = appeals(laws, seed, replicate)
    kinds = [ACTIONS.index(name) for name in ("like", "comment", "share")]
    rate = laws.react_base[mine][:, BANDS.index("30-44"), kinds].sum(axis=1) * for_reaction[mine]
    chance = np.minimum(scale * laws.offer_factor[mine] * for_reach[mine], 1.0)
    return np.log(np.maximum(np.stack([chance, rate], axis=1), 1e-12))


@dataclass(frozen=True)
class Observation:
    """What one run shows of one account.

    Per post: ``hour`` and ``weekday`` (local), ``audience`` followers at publication, ``reach``,
    ``impressions``, ``likes``, ``comments``, ``shares``, ``engaged`` (people who clicked, liked, commented
    or shared), ``friend_reach``, and ``quality`` float64[posts, 2] (ln of its offer chance and of its
    rate of interactions, known in a simulation); ``other_quality`` float64[draws, posts, 2]: the same posts
    in other draws of their appeal. Per reaction: ``post`` (row), ``delay_min``, ``done`` bits,
    ``by`` person, ``at_min``, ``follows``. ``share_depth`` int64[16]; ``followers``
    int64[weeks + 1]; ``inhabitants`` simulated.
    """

    hour: I64
    weekday: I64
    audience: I64
    reach: I64
    impressions: I64
    likes: I64
    comments: I64
    shares: I64
    engaged: I64
    friend_reach: I64
    quality: F64
    post: I64
    delay_min: F64
    done: NDArray[np.uint8]
    by: I64
    at_min: F64
    follows: NDArray[np.bool_]
    other_quality: F64
    share_depth: I64
    followers: I64
    inhabitants: int
    city: City
    platform: int

    @property
    def interactions(self) -> I64:
        """Likes, comments and shares of each post."""
        return self.likes + self.comments + self.shares


def observe(laws: Laws, city: City, seed: int, replicate: int, about: str) -> Observation:
    """Run one replicate to its end and keep what concerns the account called ``about``."""
    kernel = WatchedKernel(laws, city, seed, replicate)
    tally = kernel.run()
    schedule = laws.schedule
    account = next(i for i, plan in enumerate(schedule.accounts) if plan.name == about)
    k = int(laws.account_platform[account])
    mine = np.flatnonzero(schedule.account == account)
    minute = schedule.t_min[mine].astype(np.int64)
    count = {name: tally.posts[mine, i] for i, name in enumerate(MEASURES)}
    post, who, t, _, done = kernel.events()
    here = (schedule.account[post] == account) & (done & ENGAGED > 0)
    post, who, t, done = post[here], who[here], t[here], done[here]
    size = np.maximum(kernel.audience[mine], 1) / laws.scenario.sampling
    chance = np.array([laws.scale(k, n) for n in size])
    return Observation(
        hour=minute // HOUR_MIN % 24,
        weekday=minute // 1440 % 7,
        audience=kernel.audience[mine],
        reach=count["reach"],
        impressions=count["impressions"],
        likes=count["like"],
        comments=count["comment"],
        shares=count["share"],
        engaged=kernel.engaged[mine],
        friend_reach=tally.friend_reach[mine],
        quality=_quality(laws, mine, chance, seed, replicate),
        other_quality=np.stack([_quality(laws, mine, chance, seed, r) for r in OTHER_DRAWS]),
        post=np.searchsorted(mine, post),
        delay_min=t - schedule.t_min[post],
        done=done,
        by=who,
        at_min=t,
        follows=kernel.state.followers.is_following[account, who],
        share_depth=tally.share_depth[account],
        followers=tally.followers[account].sum(axis=0),
        inhabitants=city.n_residents,
        city=city,
        platform=k,
    )
