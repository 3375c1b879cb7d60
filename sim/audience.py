"""What changes over time: memories, followers who come and go.

Memories are read at the start of an hour and written at its end. Who discovers an account, and when, is
drawn once for each resident and account by inverting the cumulative hazard; so is the day on which a
follower would leave by himself. Cost follows the people who move, not the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.city import City
from sim.figures import BANDS
from sim.laws import Laws
from sim.sessions import HOUR_MIN, rounded

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass
class Memory:
    """A quantity that fades: ``value`` float64[...] as of hour ``last`` int32[...]; ``decay`` by hours."""

    value: F64
    last: NDArray[np.int32]
    decay: F64

    @classmethod
    def blank(cls, shape: int | tuple[int, ...], decay: F64) -> Memory:
        """Nothing remembered."""
        return cls(np.zeros(shape), np.zeros(shape, dtype=np.int32), decay)

    def read(self, index: Any, hour: int) -> F64:
        """Values at ``hour``."""
        return self.value[index] * self.decay[hour - self.last[index]]

    def fade(self, index: Any, hour: int) -> None:
        """Bring the values at ``index`` to ``hour`` before something is added."""
        self.value[index] = self.read(index, hour)
        self.last[index] = hour


class Timetable:
    """Events known beforehand: ``at(hour)`` gives the ids due in that hour, in ascending order."""

    def __init__(self) -> None:
        self._due: dict[int, list[I64]] = {}

    def add(self, t_min: F64, ids: I64) -> None:
        """Enter ``ids`` (int64) at instants ``t_min`` (minutes)."""
        if not len(ids):
            return
        hour = np.floor_divide(t_min, HOUR_MIN).astype(np.int64)
        order = np.lexsort((ids, hour))
        hour, ids = hour[order], ids[order]
        cuts = np.flatnonzero(np.diff(hour)) + 1
        for part_hour, part in zip(hour[np.concatenate([[0], cuts])], np.split(ids, cuts), strict=True):
            self._due.setdefault(int(part_hour), []).append(part)

    def at(self, hour: int) -> I64:
        """Ids due in ``hour`` (int64, ascending); they are removed."""
        parts = self._due.pop(hour, None)
        return np.empty(0, np.int64) if parts is None else np.sort(np.concatenate(parts))


def discovery_times(laws: Laws, city: City, seed: int, replicate: int, account: int) -> tuple[F64, I64]:
    """When residents find an account by themselves: (minutes float64[m], residents int64[m]).

    Exponential waiting time of rate discovery * inclination of the age band * attachment, from the day the
    account opens; only residents who use the platform, and only instants within the account's life.
    """
    plan = laws.schedule.accounts[account]
    k = int(laws.account_platform[account])
    who = np.flatnonzero(city.activity[k, : city.n_residents] > 0)
    rate = laws.discovery_per_min[k] * laws.follow_weight[k, city.age_band[who]] * city.attachment[who]
    who, rate = who[rate > 0], rate[rate > 0]
    u = draws.uniform(draws.key(seed, replicate, "discovery", plan.name), who)
    start = max(plan.opens_min, 0.0)
    t = start + rounded(-np.log1p(-u) / rate)
    soon = t < min(plan.closes_min, laws.n_hours * HOUR_MIN)
    return t[soon], who[soon].astype(np.int64)


def leaving_times(
    laws: Laws, seed: int, replicate: int, account: int, who: I64, since_min: float
) -> tuple[F64, I64]:
    """When followers since ``since_min`` leave by themselves: (minutes, people), within the horizon."""
    plan = laws.schedule.accounts[account]
    rate = laws.unfollow_per_min[int(laws.account_platform[account])]
    if rate <= 0 or not len(who):
        return np.empty(0), np.empty(0, np.int64)
    u = draws.uniform(draws.key(seed, replicate, "leaving", plan.name), who)
    t = since_min + rounded(-np.log1p(-u) / rate)
    soon = t < laws.n_hours * HOUR_MIN
    return t[soon], who[soon].astype(np.int64)


class Followers:
    """Who follows each account: ``is_following`` bool[A, n_rows], ``has_left`` bool[A, n_rows], and lists."""

    def __init__(self, laws: Laws, city: City) -> None:
        plans = laws.schedule.accounts
        self.is_following = np.zeros((len(plans), city.n_rows), dtype=bool)
        self.has_left = np.zeros((len(plans), city.n_rows), dtype=bool)
        self.count = np.zeros(len(plans), dtype=np.int64)
        self._rows: list[I64] = []
        self._new: list[list[I64]] = [[] for _ in plans]
        for a, plan in enumerate(plans):
            rows = np.empty(0, np.int64) if plan.is_new else city.followers[plan.name].astype(np.int64)
            self.is_following[a, rows] = True
            self.count[a] = len(rows)
            self._rows.append(rows)

    def rows(self, account: int) -> I64:
        """Followers of an account now, int64."""
        if self._new[account]:
            self._rows[account] = np.concatenate([self._rows[account], *self._new[account]])
            self._new[account] = []
        if len(self._rows[account]) > self.count[account]:
            rows = self._rows[account]
            self._rows[account] = rows[self.is_following[account, rows]]
        return self._rows[account]

    def join(self, account: int, who: I64) -> I64:
        """People who start to follow (those who do not yet and never left); returns them, ascending."""
        who = np.unique(who)
        who = who[~self.is_following[account, who] & ~self.has_left[account, who]]
        self.is_following[account, who] = True
        self.count[account] += len(who)
        if len(who):
            self._new[account].append(who)
        return who

    def leave(self, account: int, who: I64) -> I64:
        """Followers who stop, for good; returns those who did follow, ascending."""
        who = np.unique(who)
        who = who[self.is_following[account, who]]
        self.is_following[account, who] = False
        self.has_left[account, who] = True
        self.count[account] -= len(who)
        return who


def group_of(city: City) -> I64:
    """Audience row of everyone: the age band of a resident, 6 for an outsider; int64[n_rows]."""
    group = city.age_band.astype(np.int64)
    group[city.circle > 0] = len(BANDS)
    return group
