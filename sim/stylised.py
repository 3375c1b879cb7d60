"""Statistics of an observed run, each computed as the authors of the data computed it.

Every function takes one ``Observation`` and gives one number; ``STATISTICS`` is their table by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.observed import COMMENT, LIKE, SHARE, Observation
from sim.sessions import WEEK_MIN

F64 = NDArray[np.float64]

INTERACTION = LIKE | COMMENT | SHARE
DAY_MIN = 1440.0
WEEKS_IN_MONTH = 365.25 / 12 / 7
# First hour of each block, and its share of the posts of 101 French-language media pages (quebec_media).
HOUR_BLOCKS = (0, 6, 9, 12, 15, 18, 21)
POSTS_IN_BLOCK = (0.04, 0.15, 0.23, 0.21, 0.20, 0.13, 0.05)
OFFICE, EVENING = (2, 3, 4), (5, 6)
KLOUT_HOURS = (17, 21)  # the author's local time of 85 % of the posts in klout2015
TAIL_SHARE = 0.3  # the exponent was read above 44 interactions, which 30 % of the public bodies' posts exceed


def less_luck(o: Observation, counts: NDArray[Any], statistic: Callable[[F64], float], parts: slice) -> float:
    """``statistic`` of ``counts`` int64[posts] without the luck of this run's posts; same mean over runs.

    A simulation knows the quality of its posts. A log-linear fit on ``parts`` of it and on the blocks of
    hours foretells the counts of these posts, and of the same posts in other draws of their appeal: the
    first's statistic is taken away, the mean of the others' put back (a control variate). The posts of some
    months know a tail badly; this needs fewer runs.
    """
    value = statistic(counts)
    if not len(o.other_quality):
        return value
    dummies = _hour_dummies(o)
    some = counts > 0
    known = np.hstack([dummies, o.quality[:, parts]])
    weight, *_ = np.linalg.lstsq(known[some], np.log(counts[some]), rcond=None)
    by_hour, by_quality = dummies @ weight[: len(HOUR_BLOCKS)], weight[len(HOUR_BLOCKS) :]
    others = [statistic(row) for row in np.exp(by_hour + o.other_quality[..., parts] @ by_quality)]
    return value - statistic(np.exp(known @ weight)) + float(np.mean(others))


def _hour_dummies(o: Observation) -> F64:
    """Which block of hours each post falls in, float64[posts, 7] of 0 and 1."""
    block = np.searchsorted(HOUR_BLOCKS, o.hour, side="right") - 1
    return (block[:, None] == np.arange(len(HOUR_BLOCKS))).astype(np.float64)


CHANCE, BOTH = slice(0, 1), slice(0, 2)


def _spread(x: NDArray[Any]) -> float:
    return float(np.log(x[x > 0]).std(ddof=1))


def reach_by_follower(o: Observation) -> float:
    """Mean over posts of people reached / followers at publication, freed of luck as a ratio."""
    posted = o.audience > 0
    mean = float((o.reach[posted] / o.audience[posted]).mean())
    if not len(o.other_quality):
        return mean
    return mean * float(np.exp(o.other_quality[:, posted, 0]).mean() / np.exp(o.quality[posted, 0]).mean())


def audience_share(o: Observation) -> float:
    """People who saw a post / followers at publication, over all posts (a new account starts with none)."""
    return float(o.reach.sum() / o.audience.sum())


def reach_sd(o: Observation) -> float:
    """Standard deviation of ln(reach) over posts."""
    return less_luck(o, o.reach, _spread, CHANCE)


def interactions_sd(o: Observation) -> float:
    """Standard deviation of ln(interactions) over posts that drew any."""
    return less_luck(o, o.interactions, _spread, BOTH)


def top_tenth(o: Observation) -> float:
    """Share of all interactions held by the tenth of the posts that drew most."""
    return less_luck(o, o.interactions, _best_tenth, BOTH)


def _best_tenth(x: NDArray[Any]) -> float:
    """Share of the sum held by the tenth of the items that are largest, the last of them in part."""
    held = np.concatenate([[0.0], np.cumsum(np.sort(x.astype(np.float64))[::-1])])
    return float(np.interp(len(x) / 10, np.arange(len(held)), held) / held[-1])


def pareto_exponent(o: Observation) -> float:
    """Exponent of the density of interactions above its 70 % quantile (maximum likelihood, Hill)."""
    return less_luck(o, o.interactions, _hill, BOTH)


def _hill(x: NDArray[Any]) -> float:
    n = np.sort(x.astype(np.float64))
    least = n[int((1 - TAIL_SHARE) * len(n))]
    tail = n[n > least]
    return float(1 + 1 / np.log(tail / least).mean())


def _mix(o: Observation, part: str) -> float:
    return float(getattr(o, part).sum() / o.interactions.sum())


def engaged_by_reach(o: Observation) -> float:
    """Median over posts of people who clicked, liked, commented or shared / people reached."""
    return float(np.median(o.engaged[o.reach > 0] / o.reach[o.reach > 0]))


def impressions_by_reach(o: Observation) -> float:
    """Median over posts of displays / people reached."""
    return float(np.median(o.impressions[o.reach > 0] / o.reach[o.reach > 0]))


def hour_effects(o: Observation) -> tuple[F64, float]:
    """(effect of each hour block on ln(1 + interactions) within the page float64[7], variance of the latter).

    Least squares on the blocks. The post's own quality, which a simulation knows, stands beside them: it
    changes no effect on average and takes most of the noise away.
    """
    y = np.log1p(o.interactions.astype(np.float64))
    dummies = _hour_dummies(o)
    quality = o.quality - o.quality.mean(axis=0)
    found, *_ = np.linalg.lstsq(np.hstack([dummies, quality, quality**2]), y, rcond=None)
    return found[: len(HOUR_BLOCKS)], float(y.var(ddof=1))


def evening_gain(o: Observation) -> float:
    """Interactions of a post of 18-24 h over one of 9-18 h, hours weighted as pages publish."""
    effect, _ = hour_effects(o)
    share = np.array(POSTS_IN_BLOCK)

    def mean(blocks: tuple[int, ...]) -> float:
        rows = np.array(blocks)
        return float(np.average(effect[rows], weights=share[rows]))

    return float(np.exp(mean(EVENING) - mean(OFFICE)))


def hour_variance(o: Observation) -> float:
    """Share of the variance of ln(1 + interactions) between hour blocks, weighted as pages publish."""
    effect, total = hour_effects(o)
    share = np.array(POSTS_IN_BLOCK) / sum(POSTS_IN_BLOCK)
    used = np.abs(effect) > 0
    mean = np.average(effect[used], weights=share[used])
    return float(np.average((effect[used] - mean) ** 2, weights=share[used]) / total)


def delays(o: Observation, action: int = INTERACTION, hours: tuple[int, int] = (0, 24)) -> F64:
    """Minutes from publication to each reaction within 24 h (the data are cut there), float64[n].

    ``hours``: only posts of these local hours.
    """
    hour = o.hour[o.post]
    asked = (hour >= hours[0]) & (hour < hours[1])
    mine = (o.done & action > 0) & (o.delay_min <= DAY_MIN) & asked
    return np.maximum(o.delay_min[mine], 1 / 60)


def delay_median(o: Observation) -> float:
    """Median delay of reactions, minutes."""
    return float(np.median(delays(o)))


def _within(o: Observation, hours: float) -> float:
    return float((delays(o, hours=KLOUT_HOURS) <= hours * 60).mean())


def delay_sd(o: Observation) -> float:
    """Standard deviation of ln(minutes) of the delays."""
    return float(np.log(delays(o)).std(ddof=1))


def depth_one(o: Observation) -> float:
    """Share of all shares made by people who had the post from the account itself."""
    return float(o.share_depth[1] / o.share_depth.sum())


def reacting_followers(o: Observation) -> float:
    """Share of followers who like, comment or share at least once in four weeks, mean over such months."""
    month = (o.at_min // (4 * WEEK_MIN)).astype(np.int64)
    mine = (o.done & INTERACTION > 0) & o.follows
    months = (len(o.followers) - 1) // 4
    found = [len(np.unique(o.by[mine & (month == m)])) / o.followers[4 * m] for m in range(months)]
    return float(np.mean(found))


def monthly_growth(o: Observation) -> float:
    """Growth of followers in % a month, compound over the horizon."""
    months = (len(o.followers) - 1) / WEEKS_IN_MONTH
    return float(100 * ((o.followers[-1] / o.followers[0]) ** (1 / months) - 1))


def followers_by_inhabitant(o: Observation) -> float:
    """Followers at the end, % of inhabitants."""
    return float(100 * o.followers[-1] / o.inhabitants)


def same_age_ties(o: Observation) -> float:
    """Share of friendships within one of six equal age classes of users / one sixth.

    Facebook100 compares class years, of which a college holds about six (random share .16 to .19).
    """
    city, n = o.city, o.city.n_residents
    users = city.users(city.platforms[o.platform])
    limits = np.quantile(city.age_years[users], np.arange(1, 6) / 6)
    cell = np.searchsorted(limits, city.age_years[:n], side="right").astype(np.int8)
    source = np.repeat(np.arange(city.n_rows, dtype=np.int32), np.diff(city.ties.indptr))
    alive = (city.ties.mask >> np.uint16(o.platform)) & np.uint16(1) > 0
    return float((cell[source[alive]] == cell[city.ties.target[alive]]).mean() * 6)


def cascade_size(o: Observation) -> float:
    """Mean over posts of people reached first through a friend (of the simulated residents)."""
    return float(o.friend_reach.mean())


def largest_cascade(o: Observation) -> float:
    """People whom friends brought to the post that was passed on most, per 1000 followers of the page."""
    return float(1000 * o.friend_reach.max() / o.followers[0])


def friend_share(o: Observation) -> float:
    """Share of the people reached whom a friend brought."""
    return float(o.friend_reach.sum() / o.reach.sum())


STATISTICS: dict[str, Callable[[Observation], float]] = {
    f.__name__: f
    for f in (
        reach_by_follower, audience_share, reach_sd, interactions_sd, top_tenth, pareto_exponent,
        engaged_by_reach, impressions_by_reach, evening_gain, hour_variance, delay_median, delay_sd,
        depth_one, reacting_followers, monthly_growth, followers_by_inhabitant, same_age_ties, cascade_size,
        largest_cascade, friend_share,
    )
} | {
    "likes_share": lambda o: _mix(o, "likes"),
    "comments_share": lambda o: _mix(o, "comments"),
    "shares_share": lambda o: _mix(o, "shares"),
    "evening_within_1_h": lambda o: _within(o, 1),
    "evening_within_3_h": lambda o: _within(o, 3),
    "evening_within_12_h": lambda o: _within(o, 12),
}  # fmt: skip
