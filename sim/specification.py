"""The executable specification: the model told resident by resident.

``sim.specified_resident`` says what one resident does; the kernel must give the same counts. Slow by
nature: a few hundred residents, a few weeks.
"""

from __future__ import annotations

import mesa
import numpy as np

from sim import behaviour
from sim.audience import discovery_times, group_of, leaving_times
from sim.city import City
from sim.laws import Laws, build_laws, build_posts
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key
from sim.specified_resident import Sight, SpecifiedResident, one_draw
from sim.tally import MEASURES, Tally


class AgentCity(mesa.Model):
    """The specification at work: every row of the city is a ``SpecifiedResident``."""

    def __init__(
        self, scenario: Scenario, city: City, seed: int = 1, replicate: int = 0, laws: Laws | None = None
    ) -> None:
        super().__init__(rng=seed)
        self.city, self.seed_, self.replicate = city, seed, replicate
        self.laws = laws if laws is not None else build_laws(scenario, city, seed)
        self.posts = build_posts(self.laws, city, seed, replicate)
        self.session_keys = [session_key(seed, replicate, name) for name in city.platforms]
        self.group = group_of(city)
        schedule = self.laws.schedule
        self.tally = Tally.empty(
            len(schedule.accounts), len(city.platforms), len(schedule), schedule.n_weeks, city.n_rows
        )
        self.hour = 0
        self.shares: list[tuple[int, int, int]] = []
        self.people = [SpecifiedResident(self, row) for row in range(city.n_rows)]
        for a, plan in enumerate(schedule.accounts):
            followers = np.empty(0, np.int64) if plan.is_new else city.followers[plan.name]
            for row in followers:
                self.people[row].follows.add(a)
            for t, row in zip(*discovery_times(self.laws, city, seed, replicate, a), strict=True):
                self.people[row].finds[a] = float(t)
            rows = np.asarray(followers, dtype=np.int64)
            rows = rows[rows < city.n_residents]
            for t, row in zip(*leaving_times(self.laws, seed, replicate, a, rows, 0.0), strict=True):
                self.people[row].quits[a] = float(t)
        self._count_followers(0)

    def run(self) -> Tally:
        """Advance to the end of the horizon and return the counts."""
        while self.hour < self.laws.n_hours:
            self.step()
        return self.tally

    def step(self) -> None:
        """One hour: publish, pass on, open platforms, write."""
        self._publish()
        self._pass_on()
        self.agents.do("open_platforms")
        self.agents.do("end_hour")
        self.hour += 1
        if self.hour * HOUR_MIN % WEEK_MIN == 0:
            week = self.hour * HOUR_MIN // WEEK_MIN
            self.tally.close_week(week - 1, self.group)
            self._count_followers(week)

    def _publish(self) -> None:
        schedule = self.laws.schedule
        for post in range(len(schedule)):
            if int(schedule.t_min[post] // HOUR_MIN) != self.hour:
                continue
            account = int(schedule.account[post])
            followers = [p for p in self.people if account in p.follows]
            size = len(followers) / self.laws.scenario.sampling
            base = self.laws.scale(int(self.laws.platform[post]), size) * self.posts.offer[post]
            for person in followers:
                person.consider(post, base)

    def _pass_on(self) -> None:
        shares, self.shares = self.shares, []
        ties, now = self.city.ties, float(self.hour * HOUR_MIN)
        for post, sharer, depth in shares:
            k = int(self.laws.platform[post])
            if self.laws.expiry[post] <= now:
                continue
            for edge in range(ties.indptr[sharer], ties.indptr[sharer + 1]):
                friend = int(ties.target[edge])
                chance = behaviour.friend_offer_chance(
                    self.laws.friend_offer[k], self.laws.attention[k, friend]
                )
                alive = ties.mask[edge] >> k & 1
                if alive and one_draw(self.posts.key_friend[post], sharer, friend) < chance:
                    self.people[friend].expose(post, now, sharer + 1, depth)

    def count(self, measure: str, account: int, group: int, post: int | None = None) -> None:
        """Add one."""
        m, week = MEASURES.index(measure), self.hour * HOUR_MIN // WEEK_MIN
        self.tally.weekly[account, group, week, m] += 1
        if post is not None:
            self.tally.posts[post, m] += 1

    def count_display(
        self, account: int, person: SpecifiedResident, sight: Sight, first: bool, k: int
    ) -> None:
        """Count one display."""
        self.count("impressions", account, person.group, sight.post)
        self.tally.hourly[account, self.hour % 24, 0] += 1
        mark = np.uint16(1 << k)
        self.tally.reached[person.row] |= mark
        self.tally.this_week[person.row] |= mark
        if first:
            self.count("reach", account, person.group, sight.post)
            self.tally.hourly[account, self.hour % 24, 1] += 1
            if sight.depth > 0:
                self.tally.friend_reach[sight.post] += 1

    def _count_followers(self, week: int) -> None:
        for person in self.people:
            for a in person.follows:
                self.tally.followers[a, person.group, week] += 1
