"""What others do to a post's audience: independent pages take attention, a partner or money lends readers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.aiming import Boost
from sim.city import City
from sim.laws import Laws
from sim.schedule import Schedule
from sim.sessions import rounded

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Rivals = dict[int, tuple[tuple[int, F64], ...]]


def rivals(laws: Laws, city: City) -> Rivals:
    """By account of the city: (independent page of the platform, float64[weeks] multiplier of the chance that
    a post is offered to who follows both).

    ``rival_post`` to the power of the posts a day that the page is expected to put in a follower's feed, from
    its plan and its size at the start.
    """
    schedule = laws.schedule
    pages: dict[int, list[tuple[int, F64]]] = {}
    for page, plan in enumerate(schedule.accounts):
        if plan.is_own:
            continue
        k = int(laws.account_platform[page])
        size = len(city.followers[plan.name]) / laws.scenario.sampling
        reached = behaviour.reach_share(
            laws.reach_anchor[k], size, laws.at_followers[k], laws.size_exponent[k]
        )
        offered = min(reached / float(laws.displayed[k]), 1.0)
        its = (schedule.account == page) & (schedule.rel_appeal > 0)
        per_day = np.bincount(schedule.week[its], minlength=schedule.n_weeks) / 7.0
        factor = laws.scenario.behaviour.elsewhere.rival_post.value
        pages.setdefault(k, []).append((page, np.asarray(rounded(factor ** (per_day * offered)))))
    return {
        a: tuple(pages[int(laws.account_platform[a])])
        for a, plan in enumerate(schedule.accounts)
        if plan.is_own and int(laws.account_platform[a]) in pages
    }


def is_lent(schedule: Schedule) -> NDArray[np.bool_]:
    """Posts that a partner or money shows to people who do not follow the account, bool[n]."""
    lent = schedule.partner >= 0
    lent[[boost.post for boost in schedule.boosts]] = True
    return lent


def boosted(laws: Laws, city: City, seed: int, replicate: int, boost: Boost, busy: NDArray[np.bool_]) -> I64:
    """Who is offered a post because it is paid for; int64, ascending.

    Users of the platform in the ages and circles paid for, except ``busy`` bool[n_rows] (who may see the post
    anyway): those of smallest keyed draw, as many as it takes for the people paid for to have it displayed.
    More money reaches the same people, and more.
    """
    k = int(laws.platform[boost.post])
    able = np.array(boost.ages)[city.age_band] & np.array(boost.circles)[city.circle]
    rows = np.flatnonzero(able & (city.activity[k] > 0) & ~busy)
    wanted = int(boost.people / float(laws.displayed[k]) + 0.5)
    key = draws.bits(draws.key(seed, replicate, "boost"), laws.schedule.key[[boost.post]])[0]
    order = np.argsort(draws.uniform(key, rows), kind="stable")
    return np.sort(rows[order[:wanted]]).astype(np.int64)
