"""Whether a city's posts would take off by sharing alone: platform by platform, who sees a share and who
passes it on.

The chances are the laws' own. Left out are hours, fatigue, affinity and novelty within the cascade: what the
month makes of them is the kernel's to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.city import City
from sim.intervals import student
from sim.laws import SHARE, Laws
from sim.spread import Spread, Web, row_sums

I64 = NDArray[np.int64]

FIRST_SHARERS = 100
CASCADES = 64
_PIECE = 2**22


class Ways(NamedTuple):
    """What awaits a share on a platform. ``friends``: of a sharer, on average; ``seen``: chance that one of
    them sees the share; ``viewers``: of them, all told, the one it came from apart."""

    friends: float
    seen: float
    viewers: float


@dataclass(frozen=True)
class Takeoff:
    """Shares alone on one platform. ``friends``: there, of a user; ``ways``: of a sharer; ``share``: chance
    that somebody who is shown a post by a friend passes it on (NaN: the city publishes nothing there);
    ``first`` sharers of ``reach`` people, mean of the cascades with its 95 % interval."""

    platform: str
    friends: float
    ways: Ways
    share: float
    first: int
    reach: float
    low: float
    high: float

    @property
    def new_sharers(self) -> float:
        """R: new sharers that one sharer brings, while hardly anybody has seen the post."""
        return self.share * self.ways.viewers

    @property
    def takes_off_at(self) -> float:
        """The share rate at which R is 1; infinite where nobody sees a share."""
        return 1.0 / self.ways.viewers if self.ways.viewers > 0 else float("inf")


def takeoffs(laws: Laws, city: City, seed: int, kernel: str = "auto") -> Iterator[Takeoff]:
    """One for each platform on which the city has an account, in the order of ``city.platforms``."""
    plans = laws.schedule.accounts
    own = {plan.platform for plan in plans if plan.is_own}
    for k, name in enumerate(city.platforms):
        users = city.users(name)
        if name not in own or not len(users):
            continue
        seen = behaviour.friend_offer_chance(laws.friend_offer[k], laws.attention[k]) * laws.displayed[k]
        spread, share = Spread(city.ties, k, np.minimum(seen, 1.0), kernel), share_rate(laws, city, k, users)
        first = users[np.argsort(draws.bits(draws.key(seed, 0, "first-sharers", name), users))]
        n = min(FIRST_SHARERS, len(users))
        reach = [
            spread.run(np.take(first, np.arange(r * n, r * n + n), mode="wrap"), share, seed, r).seen
            for r in range(CASCADES if share >= 0 else 0)
        ]
        found = student(np.array([reach], dtype=np.float64))
        mean, half = float(found.mean[0]), float(found.half[0])
        friends = float(np.diff(spread.web.indptr)[users].mean())
        yield Takeoff(name, friends, ways(spread.web), share, n, mean, mean - half, mean + half)


def share_rate(laws: Laws, city: City, k: int, users: I64) -> float:
    """Mean chance, over the city's posts on a platform and its users, of passing on what a friend shows.

    The law of reactions for somebody who does not follow, with affinity, fatigue and repetition at 1: format,
    theme, age, expressiveness and interest are in. NaN where the city publishes nothing.
    """
    own = np.array([plan.is_own for plan in laws.schedule.accounts], dtype=bool)
    posts = np.flatnonzero((laws.platform == k) & own[laws.schedule.account] & (laws.schedule.rel_appeal > 0))
    if not len(posts):
        return float("nan")
    standing = behaviour.standing(False, True, laws.stranger[k], laws.endorsement[k])
    total = 0.0
    for theme in np.unique(laws.theme[posts]):
        base = laws.react_base[posts[laws.theme[posts] == theme], :, SHARE].sum(axis=0)
        chance = behaviour.reaction_chance(
            base[city.age_band[users]], city.expressiveness[users], 1.0, city.interest[theme, users], 1.0,
            standing, 1.0,
        )  # fmt: skip
        total += float(chance.mean())
    return min(total / len(posts), 1.0)


def ways(web: Web) -> Ways:
    """Means over those whom a share reaches, each person as often as ties lead there and let it in.

    Newman, "Spread of epidemic disease on networks", Physical Review E 66, 016128 (2002): of a sharer's
    friends one, from whom it came, has seen it already.
    """
    friends = np.diff(web.indptr)
    viewers = row_sums(web.indptr, lambda part: web.shown[web.target[part]])
    weight = web.shown * _arrivals(web)
    if weight.sum() <= 0:
        return Ways(0.0, 0.0, 0.0)
    mine, theirs, others = (
        float(np.average(column, weights=weight))
        for column in (friends, viewers, viewers * (1.0 - 1.0 / np.maximum(friends, 1)))
    )
    return Ways(mine, theirs / mine if mine > 0 else 0.0, others)


def _arrivals(web: Web) -> I64:
    """Ties that lead to each person, int64[n]; in pieces, for the counting copies what it is given."""
    out = np.zeros(len(web.shown), dtype=np.int64)
    for first in range(0, web.indptr[-1], _PIECE):
        out += np.bincount(web.target[first : min(first + _PIECE, web.indptr[-1])], minlength=len(out))
    return out
