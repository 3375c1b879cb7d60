"""The executable specification: the model told resident by resident.

Every rule stands here as a sentence about one resident; the kernel must give the same counts. Slow by
nature: a few hundred residents, a few weeks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mesa
import numpy as np

from sim import behaviour, draws
from sim.audience import discovery_times, group_of, leaving_times
from sim.cards import ACTIONS
from sim.city import City
from sim.laws import HIDE, SHARE, Laws, build_laws, build_posts
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key, session_time, sessions_between
from sim.tally import MAX_DEPTH, MEASURES, Tally


def _one(key: np.uint64, *ids: int) -> float:
    return float(draws.uniform(key, *ids)[0])


@dataclass
class Exposure:
    """A post in one feed, put there by the account (source 0) or a friend (the friend's row + 1)."""

    post: int
    since: float
    source: int
    depth: int
    luck: float
    missed: float = 1.0


@dataclass
class Sight:
    """One display."""

    post: int
    cell: int
    depth: int


@dataclass
class Fading:
    """A memory of one resident."""

    value: float = 0.0
    last: int = 0

    def read(self, decay: np.ndarray, hour: int) -> float:
        return self.value * float(decay[hour - self.last])

    def bring_to(self, decay: np.ndarray, hour: int) -> None:
        self.value, self.last = self.read(decay, hour), hour


@dataclass
class Hour:
    """What the hour will write at its end, for one resident."""

    sights: list[int] = field(default_factory=list)
    engagements: int = 0
    hides: int = 0
    joins: set[int] = field(default_factory=set)
    leaves: set[int] = field(default_factory=set)


class SpecifiedResident(mesa.Agent):
    """One resident (or outside follower) who opens platforms, sees, reacts, passes on, comes and goes."""

    model: AgentCity

    def __init__(self, model: AgentCity, row: int) -> None:
        super().__init__(model)
        city = model.city
        self.row, self.band = row, int(city.age_band[row])
        self.group = int(model.group[row])
        self.activity = [float(a) for a in city.activity[:, row]]
        self.follows: set[int] = set()
        self.left: set[int] = set()
        self.finds: dict[int, float] = {}
        self.quits: dict[int, float] = {}
        self.fatigue = [Fading() for _ in model.laws.schedule.accounts]
        self.excess = Fading()
        self.feed: list[Exposure] = []
        self.again: list[tuple[float, Sight]] = []
        self.times_seen: dict[int, int] = {}
        self.done: set[tuple[int, int]] = set()
        self.endorsed: set[int] = set()
        self.now = Hour()

    # --- offer ---

    def affinity(self) -> float:
        """Attachment with what the last weeks added, as of the start of the hour."""
        excess = self.excess.read(self.model.laws.affinity_decay, self.model.hour)
        return float(self.model.city.attachment[self.row]) * (1.0 + excess)

    def tired_of(self, account: int) -> float:
        """Fatigue multiplier for one account, as of the start of the hour."""
        recent = self.fatigue[account].read(self.model.laws.fatigue_decay, self.model.hour)
        return behaviour.tiredness(recent, self.model.laws.fatigue_slope)

    def consider(self, post: int, base: float) -> None:
        """The platform decides whether a post of an account that I follow enters my feed."""
        model = self.model
        account = int(model.laws.schedule.account[post])
        chance = behaviour.offer_chance(base, self.affinity(), self.tired_of(account))
        if _one(model.posts.key_offer[post], self.row) < chance and model.laws.schedule.target[post, self.band]:
            model.count("offered", account, self.group, post)
            self.expose(post, float(model.laws.schedule.t_min[post]), 0, 0)

    def expose(self, post: int, since: float, source: int, depth: int) -> None:
        """A post enters my feed."""
        luck = _one(self.model.posts.key_display[post], self.row, source)
        self.feed.append(Exposure(post, since, source, depth, luck))

    # --- see ---

    def open_platforms(self) -> None:
        """My sessions of this hour: what is in the feed may come under my eyes."""
        model = self.model
        start, end = model.hour * HOUR_MIN, (model.hour + 1) * HOUR_MIN
        wave = [sight for t, sight in self.again if start <= t < end]
        self.again = [(t, sight) for t, sight in self.again if t >= end]
        for k in {int(model.laws.platform[e.post]) for e in self.feed}:
            cells, times = sessions_between(
                model.laws.feed.rhythm, model.session_keys[k], self.row, 6 * k + self.band,
                self.activity[k], start, end,
            )  # fmt: skip
            for cell, t in zip(cells, times, strict=True):
                wave += self._look(k, int(cell), float(t))
        self.feed = [e for e in self.feed if model.laws.expiry[e.post] >= end]
        self._take_in(wave)
        wave = [sight for t, sight in self.again if t < end]
        self.again = [(t, sight) for t, sight in self.again if t >= end]
        self._take_in(wave)

    def _look(self, k: int, cell: int, t: float) -> list[Sight]:
        """One session: which posts of my feed are displayed for the first time."""
        model, sights = self.model, []
        for e in [e for e in self.feed if int(model.laws.platform[e.post]) == k]:
            if not e.since < t <= model.laws.expiry[e.post]:
                continue
            chance = behaviour.display_chance(self._fresh(e, k, t), self._openness(e))
            e.missed *= 1.0 - float(chance)
            if e.missed <= e.luck and chance > 0:
                self.feed.remove(e)
                sights.append(Sight(e.post, cell, e.depth))
        return sights

    def _fresh(self, e: Exposure, k: int, t: float) -> float:
        feed = self.model.laws.feed
        return float(feed.fresh[feed.fresh_at[k] + int(t - e.since)])

    def _openness(self, e: Exposure) -> float:
        """Visibility against the rivals of this hour; newer posts of the account crowd its own, not a share."""
        posts = self.model.posts
        at = posts.shared_at if e.source else posts.own_at
        return float(posts.openness[at[e.post] + self.model.hour])

    def _take_in(self, wave: list[Sight]) -> None:
        """Displays in the order of time; two sources in one session are one display, the account's first."""
        merged: dict[tuple[int, int], Sight] = {}
        for sight in sorted(wave, key=lambda s: (s.post, s.cell, s.depth)):
            if sight.depth > 0:
                self.now_endorsed.add((sight.post, sight.cell))
            merged.setdefault((sight.post, sight.cell), sight)
        for sight in merged.values():
            if (sight.post, sight.cell) in self.now_endorsed:
                self.endorsed.add(sight.post)
            self.see(sight)
        self.now_endorsed.clear()

    @property
    def now_endorsed(self) -> set[tuple[int, int]]:
        """Displays of this wave that a friend is a source of."""
        return self.__dict__.setdefault("_now_endorsed", set())

    # --- react ---

    def see(self, sight: Sight) -> None:
        """One display: I may react, start or stop following, and the post may come back."""
        model, post = self.model, sight.post
        laws = model.laws
        account, k = int(laws.schedule.account[post]), int(laws.platform[post])
        first = post not in self.times_seen
        self.times_seen[post] = self.times_seen.get(post, 0) + 1
        self.now.sights.append(account)
        model.count_display(account, self, sight, first, k)
        for a, action in enumerate(ACTIONS):
            if (post, a) not in self.done and self._would(a, post, account, k):
                self.done.add((post, a))
                self._act(a, action, sight, account, k)
        if first:
            self._maybe_follow(sight, account, k)
            self._come_back(sight, k)

    def _would(self, a: int, post: int, account: int, k: int) -> bool:
        model = self.model
        laws, city = model.laws, model.city
        repeat = laws.repeat[min(self.times_seen[post], 255)]
        base = model.posts.react[post, a, self.band]
        if a == HIDE:
            chance = behaviour.hide_chance(base, repeat)
        else:
            chance = behaviour.reaction_chance(
                base,
                city.expressiveness[self.row],
                self.affinity(),
                city.interest[laws.theme[post], self.row],
                self.tired_of(account),
                behaviour.standing(
                    account in self.follows, post in self.endorsed, laws.stranger[k], laws.endorsement[k]
                ),
                repeat,
            )
        return _one(model.posts.key_act[post, a], self.row) < chance

    def _act(self, a: int, action: str, sight: Sight, account: int, k: int) -> None:
        model = self.model
        model.count(action, account, self.group, sight.post)
        if action in ("like", "comment", "share"):
            self.now.engagements += 1
            model.tally.engaged[self.row] |= np.uint16(1 << k)
        if a == HIDE:
            self.now.hides += 1
        if a == SHARE:
            depth = sight.depth + 1
            model.tally.share_depth[account, min(depth, MAX_DEPTH)] += 1
            model.tally.depth[sight.post] = max(model.tally.depth[sight.post], depth)
            model.shares.append((sight.post, self.row, depth))

    def _come_back(self, sight: Sight, k: int) -> None:
        """Every later display of a post that I have seen: a geometric number of sessions apart."""
        model, cell = self.model, sight.cell
        rhythm, gaps = model.laws.feed.rhythm, model.laws.feed.gaps[k]
        while True:
            luck = _one(model.posts.key_again[sight.post], self.row, cell)
            gap = int(np.searchsorted(gaps, luck, side="right")) + 1
            if gap > behaviour.MAX_REDISPLAY_GAP:
                return
            cell += gap
            row = 6 * k + self.band
            at = np.array([row]), np.array([self.activity[k]]), np.array([cell])
            t = float(session_time(rhythm, model.session_keys[k], np.array([self.row]), *at)[0])
            if t > model.laws.expiry[sight.post]:
                return
            self.again.append((t, Sight(sight.post, cell, sight.depth)))

    # --- come and go ---

    def _maybe_follow(self, sight: Sight, account: int, k: int) -> None:
        model, post = self.model, sight.post
        laws = model.laws
        if sight.depth > 0 and self._inclined(post, account, laws.follow_if_shared):
            self.now.joins.add(account)
        mention = int(laws.schedule.mention[post])
        if mention >= 0 and self._inclined(post, mention, laws.follow_if_mentioned):
            self.now.joins.add(mention)
        if laws.is_overposting[post] and account in self.follows:
            if _one(model.posts.key_leave[post], self.row) < laws.unfollow_if_overposted[k]:
                self.now.leaves.add(account)

    def _inclined(self, post: int, account: int, chance: np.ndarray) -> bool:
        model = self.model
        k = int(model.laws.account_platform[account])
        if self.activity[k] <= 0:
            return False
        weight = model.laws.follow_weight[k, self.band] * self.affinity()
        return _one(model.posts.key_follow[post], self.row, int(model.laws.account_id[account])) < chance[k] * weight

    def end_hour(self) -> None:
        """Write what the hour did: memories, then followings."""
        model, now = self.model, self.now
        laws, hour = model.laws, model.hour
        for account in set(now.sights):
            self.fatigue[account].bring_to(laws.fatigue_decay, hour)
            for _ in range(now.sights.count(account)):
                self.fatigue[account].value += 1.0
        memory = laws.scenario.behaviour.memory
        for n, step in (
            (now.engagements, memory.affinity_gain.value),
            (now.hides, -memory.affinity_loss_if_hidden.value),
        ):
            if n:
                self.excess.bring_to(laws.affinity_decay, hour)
                for _ in range(n):
                    self.excess.value += step
                self.excess.value = min(max(self.excess.value, -0.9), memory.affinity_ceiling.value)
        self._come_and_go()
        self.now = Hour()

    def _come_and_go(self) -> None:
        model, end = self.model, (self.model.hour + 1) * HOUR_MIN
        start = model.hour * HOUR_MIN
        quits = {a for a, t in self.quits.items() if start <= t < end}
        for a in (self.now.leaves | quits) & self.follows:
            self.follows.remove(a)
            self.left.add(a)
            model.count("unfollows", a, self.group)
        found = {a for a, t in self.finds.items() if start <= t < end}
        for a in (self.now.joins | found) - self.follows - self.left:
            self.follows.add(a)
            model.count("follows", a, self.group)
            t, _ = leaving_times(model.laws, model.seed_, model.replicate, a, np.array([self.row]), float(end))
            if len(t):
                self.quits[a] = float(t[0])


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
                if alive and _one(self.posts.key_friend[post], sharer, friend) < chance:
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
