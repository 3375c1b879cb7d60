"""The executable specification: the model told resident by resident.

``sim.specified_resident`` says what one resident does; the kernel must give the same counts. Slow by
nature: a few hundred residents, a few weeks.
"""

from __future__ import annotations

import mesa
import numpy as np

from sim import behaviour
from sim.audience import bought, discovery_times, group_of, leaving_times, may_be_asked
from sim.city import City
from sim.conversation import QUESTION, Voices, asking_times
from sim.desk import Desk
from sim.laws import Laws, build_laws, build_posts
from sim.lending import boosted, is_lent, rivals
from sim.moments import Sight, one_draw
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key
from sim.specified_resident import SpecifiedResident
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
        self.rivals, self.lent = rivals(self.laws, city), is_lent(schedule)
        self.voices = Voices.of(schedule, seed, replicate)
        talk = self.laws.talk
        self.desk = Desk(self.laws, talk, self.tally) if talk is not None else None
        self.people = [SpecifiedResident(self, row) for row in range(city.n_rows)]
        for a, plan in enumerate(schedule.accounts):
            followers = np.empty(0, np.int64) if plan.is_new else city.followers[plan.name]
            for row in followers:
                self.people[row].follows.add(a)
            for t, row in zip(*discovery_times(self.laws, city, seed, replicate, a), strict=True):
                self.people[row].finds[a] = float(t)
            rows = np.asarray(followers, dtype=np.int64)
            rows = rows[rows < city.n_residents]
            for t, at in zip(*leaving_times(self.laws, seed, replicate, a, rows, 0.0), strict=True):
                self.people[rows[at]].quits[a] = float(t)
            for t, at in zip(*asking_times(self.laws, city, seed, replicate, a, rows, 0.0), strict=True):
                self.people[rows[at]].asks.append((a, float(t)))
        self._count_followers(0)

    def run(self) -> Tally:
        """Advance to the end of the horizon and return the counts."""
        while self.hour < self.laws.n_hours:
            self.step()
        return self.tally

    def step(self) -> None:
        """One hour: advertise, publish, pass on, open platforms, write."""
        self._advertise()
        self._publish()
        self._pass_on()
        self.agents.do("open_platforms")
        self.agents.do("ask")
        self._answer()
        self.agents.do("end_hour")
        self.hour += 1
        if self.hour * HOUR_MIN % WEEK_MIN == 0:
            week = self.hour * HOUR_MIN // WEEK_MIN
            linked = np.array([any(map(self.is_own, person.follows)) for person in self.people])
            self.tally.close_week(week - 1, self.group, linked)
            self._count_followers(week)

    def hear(self, person: SpecifiedResident, account: int, post: int, said: int) -> None:
        """A comment: count its tone; a question or complaint goes to the desk."""
        self.tally.talk[account, self.hour * HOUR_MIN // WEEK_MIN, said] += 1
        minute = one_draw(self.voices.minute[post], person.row)
        self._receive(account, post, person.row, minute, said, self.voices.request[post])

    def asked(self, person: SpecifiedResident, account: int) -> None:
        """A follower's own question."""
        minute = one_draw(self.voices.asked_minute[account], person.row, self.hour)
        self._receive(account, -1, person.row, minute, QUESTION, self.voices.asked[account])
        self.climb("in_dialogue", account, person)

    def _receive(self, account: int, post: int, row: int, minute: float, said: int, key: np.uint64) -> None:
        t = self.hour * HOUR_MIN + HOUR_MIN * minute
        if self.desk is not None:
            self.desk.receive(*(np.array([x]) for x in (account, post, row, t, said, key)))

    def _answer(self) -> None:
        """The desk's hour: who is satisfied or disappointed will know at its end."""
        if self.desk is None:
            return
        echo = self.desk.close_hour(self.hour)
        for row in echo.answered:
            self.tally.climb("in_dialogue", np.array([row]))
        for row in echo.satisfied:
            self.people[row].now.satisfied += 1
        for account, row, luck in echo.disappointed:
            self.people[row].now.let_down.append((account, luck))

    def _advertise(self) -> None:
        """Campaigns that start now choose, among those who may be asked, whom they will win and when."""
        for plan in self.laws.schedule.campaigns:
            if int(plan.start_min) // HOUR_MIN != self.hour:
                continue
            a = plan.account
            busy = np.array([a in p.follows or a in p.left or a in p.asked for p in self.people])
            free = may_be_asked(self.city, plan, int(self.laws.account_platform[a]), busy)
            for t, row in zip(
                *bought(self.laws, self.city, self.seed_, self.replicate, plan, free), strict=True
            ):
                self.people[row].asked[a] = float(t), plan.activity

    def _publish(self) -> None:
        schedule = self.laws.schedule
        for post in range(len(schedule)):
            if int(schedule.t_min[post] // HOUR_MIN) != self.hour:
                continue
            account, partner = int(schedule.account[post]), int(schedule.partner[post])
            for person, base in self._followers(post, account):
                person.consider(post, base)
            busy = np.array([account in p.follows for p in self.people])
            for person, base in self._followers(post, partner):
                if not busy[person.row]:
                    person.consider(post, base)
            busy |= np.array([partner in p.follows for p in self.people])
            for boost in [b for b in schedule.boosts if b.post == post]:
                for row in boosted(self.laws, self.city, self.seed_, self.replicate, boost, busy):
                    self.people[row].receive(post)
                    busy[row] = True

    def _followers(self, post: int, page: int) -> list[tuple[SpecifiedResident, float]]:
        """Followers of a page (none if -1), each with a post's offer chance at the page's size."""
        followers = [p for p in self.people if page in p.follows]
        size = len(followers) / self.laws.scenario.sampling
        base = self.laws.scale(int(self.laws.platform[post]), size) * self.posts.offer[post]
        return [(person, base) for person in followers]

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

    def is_own(self, account: int) -> bool:
        """Whether an account is the city's."""
        return self.laws.schedule.accounts[account].is_own

    def climb(self, rung: str, account: int, person: SpecifiedResident) -> None:
        """One resident has been on a rung of the ladder of link, if the account is the city's."""
        if self.is_own(account):
            self.tally.climb(rung, np.array([person.row]))

    def count_display(
        self, account: int, person: SpecifiedResident, sight: Sight, first: bool, k: int
    ) -> None:
        """Count one display."""
        self.count("impressions", account, person.group, sight.post)
        self.tally.hourly[account, self.hour % 24, 0] += 1
        mark = np.uint16(1 << k if self.is_own(account) else 0)
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
