"""One run's counts arranged for KPIs: by platform, age band and week, at the scale of the whole city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.city import City
from sim.laws import Laws
from sim.tally import MEASURES, N_GROUPS, Tally

F64 = NDArray[np.float64]
ALL = "all"
Row = tuple[str, str, str, str, float]  # kpi, platform, age band, week, value


@dataclass(frozen=True)
class Cell:
    """Counts of one platform (or all), one age band (or all) and one week (or all)."""

    count: dict[str, float]
    posts: float
    followers_start: float
    followers: float
    people: float
    population: float


def ratio(a: float, b: float) -> float:
    """``a / b``, NaN where there is nothing to divide by."""
    return a / b if b else float("nan")


class Book:
    """One run's counts, arranged by platform, at the scale of the whole city.

    Of the city's own accounts (``own`` bool[accounts], ``own_posts`` bool[posts]) unless said otherwise.
    """

    def __init__(self, tally: Tally, laws: Laws, city: City) -> None:
        self.tally, self.laws, self.city = tally, laws, city
        self._distinct: dict[tuple[int, int | None], F64] = {}
        self.up = 1.0 / laws.scenario.sampling
        self.own = np.array([plan.is_own for plan in laws.schedule.accounts], dtype=bool)
        self.own_posts = self.own[laws.schedule.account]
        k_of = laws.account_platform[self.own]
        self.used = sorted({int(k) for k in k_of}, key=lambda k: city.platforms[k])
        n_platforms, n_weeks = len(city.platforms), laws.schedule.n_weeks
        self.weekly = np.zeros((n_platforms, N_GROUPS, n_weeks, len(MEASURES)))
        self.followers = np.zeros((n_platforms, N_GROUPS, n_weeks + 1))
        self.posts = np.zeros((n_platforms, n_weeks))
        np.add.at(self.weekly, k_of, tally.weekly[self.own])
        np.add.at(self.followers, k_of, tally.followers[self.own])
        np.add.at(self.posts, (laws.platform[self.own_posts], laws.schedule.week[self.own_posts]), 1.0)
        self.group = np.where(city.circle > 0, N_GROUPS - 1, city.age_band).astype(np.int64)
        self.population = np.bincount(self.group[: city.n_residents], minlength=N_GROUPS).astype(float)

    def distinct(self, mask: NDArray[np.uint16], k: int | None) -> F64:
        """Distinct people marked on platform ``k`` (any if None), float64[7]."""
        key = id(mask), k
        if key not in self._distinct:
            self._distinct[key] = self._count(mask, k)
        return self._distinct[key]

    def _count(self, mask: NDArray[np.uint16], k: int | None) -> F64:
        on = mask > 0 if k is None else mask >> np.uint16(k) & np.uint16(1) > 0
        return np.bincount(self.group[on], minlength=N_GROUPS).astype(float)

    def cell(self, k: int | None, groups: slice, week: int | None) -> Cell:
        """Counts of a cell, at the scale of the whole city (posts are not scaled)."""
        ks = self.used if k is None else [k]
        weeks = slice(None) if week is None else slice(week, week + 1)
        counts = self.weekly[ks][:, groups, weeks].sum(axis=(0, 1, 2)) * self.up
        first, last = (0, -1) if week is None else (week, week + 1)
        if week is None:
            people = self.distinct(self.tally.reached, k)
        else:
            people = self.tally.weekly_reached[week, -1 if k is None else k].astype(float)
        return Cell(
            count=dict(zip(MEASURES, counts, strict=True)),
            posts=float(self.posts[ks][:, weeks].sum()),
            followers_start=float(self.followers[ks][:, groups, first].sum() * self.up),
            followers=float(self.followers[ks][:, groups, last].sum() * self.up),
            people=float(people[groups].sum() * self.up),
            population=float(self.population[groups].sum() * self.up),
        )
