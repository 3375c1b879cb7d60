"""Groups that make acquaintances: everyone belongs to some, in proportion to sociability.

Groups are age-bound (school, work, household) or place-bound (neighbourhood, association). Affiliation
networks: Breiger, Social Forces 53, 1974; Lattanzi & Sivakumar, STOC 2009.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.quantiles import from_table, lognormal_table, standard_normal
from sim.recipe import Crowd, Recipe

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_SAMPLE = 1500
_YEAR_GRID = 2.0**12
_MAX_YEARS = 2.0**14
_LIFE_SPAN = 95.0


@dataclass(frozen=True)
class Groups:
    """Consecutive groups of residents: group g is ``member[start[g]:start[g + 1]]``."""

    member: NDArray[np.int32]
    start: I64

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        for first, last in zip(self.start[:-1], self.start[1:], strict=True):
            yield self.member[first:last]


def friendship_groups(recipe: Recipe, crowd: Crowd) -> Groups:
    """Groups of everyone who uses a platform, as many as the target degree of the reference layer needs.

    A resident's number of memberships is proportional to sociability (log-normal; mean by age band). The
    common factor is found by counting distinct acquaintances in the groups themselves, before any tie.
    """
    ids = np.arange(crowd.size)
    sociable = from_table(lognormal_table(recipe.sd_ln), draws.key(recipe.seed, 0, "sociability"), ids)
    sociable = sociable * np.array(recipe.friends_by_band)[crowd.age_band] * crowd.uses(None)
    users = crowd.uses(recipe.reference) & (sociable > 0)
    if users.sum() < 2 or recipe.density == 0:
        return Groups(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64))
    per_membership = recipe.density * max(recipe.group_size - 1, 1)
    scale = recipe.mean_degree / per_membership / float(np.mean(sociable[users]))
    for _ in range(5):
        groups = _affiliate(recipe, crowd, scale * sociable)
        found = recipe.density * _acquaintances(recipe, groups, users)
        ratio = recipe.mean_degree / max(found, recipe.mean_degree / 4)
        if abs(ratio - 1) < 0.003:
            break
        scale = float(np.round(scale * ratio * 2.0**30) / 2.0**30)
    return groups


def _affiliate(recipe: Recipe, crowd: Crowd, expected: F64) -> Groups:
    """Groups in which resident i holds ``expected[i]`` memberships on average.

    Each membership has a position: age plus noise (age-bound) or place plus noise (place-bound). People
    next to one another make a group. Place is the row number on a scale as long as a life, so a circle
    spans the same share of the town as of the age pyramid.
    """
    seed, n = recipe.seed, crowd.size
    ids = np.arange(n)
    count = np.floor(expected + draws.uniform(draws.key(seed, 0, "memberships"), ids)).astype(np.int64)
    who = np.repeat(ids, count)
    which = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    by_age = draws.uniform(draws.key(seed, 0, "kind of group"), who, which) < recipe.age_share
    place = np.floor((ids + 0.5) / n * _LIFE_SPAN * _YEAR_GRID) / _YEAR_GRID
    centre = np.where(by_age, crowd.age_years[who], place[who])
    position = centre + recipe.age_spread * standard_normal(draws.key(seed, 0, "position"), who, which)
    position = np.clip(position, -_MAX_YEARS, _MAX_YEARS) + _MAX_YEARS
    order = np.round(position * _YEAR_GRID).astype(np.int64) << 32 | np.arange(len(who))
    members, starts, total = [], [np.zeros(1, dtype=np.int64)], 0
    for kind, chosen in (("age", by_age), ("place", ~by_age)):
        queue = order[chosen]
        queue.sort()
        members.append(who[queue & 0xFFFFFFFF])
        ends = _group_ends(draws.key(seed, 0, "group size", kind), len(queue), recipe.group_size)
        starts.append(ends + total)
        total += len(queue)
    return Groups(np.concatenate(members).astype(np.int32), np.concatenate(starts))


def _group_ends(key: np.uint64, total: int, mean: float) -> I64:
    """Ends of consecutive groups of keyed sizes, uniform from half the mean to one and a half of it."""
    if total == 0:
        return np.empty(0, dtype=np.int64)
    least = max(2, int(np.ceil(mean / 2)))
    most = max(least, int(np.floor(mean * 1.5)))
    n_groups = total // least + 1
    sizes = least + np.floor(draws.uniform(key, np.arange(n_groups)) * (most - least + 1)).astype(np.int64)
    ends = np.cumsum(sizes)
    ends = ends[ends < total]
    return np.append(ends, total)


def _acquaintances(recipe: Recipe, groups: Groups, users: NDArray[np.bool_]) -> float:
    """Mean number of distinct users of the reference layer that such a user meets in the groups.

    Meetings are counted exactly; the share that are distinct people, on a keyed sample of residents.
    """
    inside = users[groups.member].astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(inside)])
    per_group = np.diff(sums[groups.start])
    meetings = float((per_group * (per_group - 1)).sum())
    rows = np.flatnonzero(users)
    lot = np.argsort(draws.bits(draws.key(recipe.seed, 0, "sampled resident"), rows), kind="stable")
    sampled = np.zeros(len(users), dtype=bool)
    sampled[rows[lot[:_SAMPLE]]] = True
    spot = np.flatnonzero(sampled[groups.member])
    group = np.searchsorted(groups.start, spot, side="right") - 1
    size = np.diff(groups.start)[group]
    who = np.repeat(groups.member[spot].astype(np.int64), size)
    step = np.arange(len(who)) - np.repeat(np.cumsum(size) - size, size)
    other = groups.member[np.repeat(groups.start[group], size) + step]
    met = users[other] & (other != who)
    pairs = np.sort(who[met] * len(users) + other[met])
    distinct = np.count_nonzero(np.diff(pairs, prepend=-1))
    return meetings / len(rows) * distinct / max(int(per_group[group].sum()) - len(spot), 1)
