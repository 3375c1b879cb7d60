"""What enters the feed of one resident of the executable specification, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim import behaviour
from sim.moments import Exposure, Fading, one_draw
from sim.sessions import HOUR_MIN, WEEK_MIN

if TYPE_CHECKING:
    from sim.specification import AgentCity


class Reader:
    """One resident in front of a feed: how much I like an account, and what the platform offers me."""

    model: AgentCity
    row: int
    band: int
    group: int
    circle: int
    follows: set[int]
    bought: dict[int, float]
    fatigue: list[Fading]
    excess: Fading
    feed: list[Exposure]

    def affinity(self) -> float:
        """Attachment with what the last weeks added, as of the start of the hour."""
        excess = self.excess.read(self.model.laws.affinity_decay, self.model.hour)
        return float(self.model.city.attachment[self.row]) * (1.0 + excess)

    def liking(self, account: int) -> float:
        """Affinity towards one account: weaker if an advertisement made me follow it."""
        return self.affinity() * self.bought.get(account, 1.0)

    def tired_of(self, account: int) -> float:
        """Fatigue multiplier for one account, as of the start of the hour."""
        recent = self.fatigue[account].read(self.model.laws.fatigue_decay, self.model.hour)
        return behaviour.tiredness(recent, self.model.laws.fatigue_slope)

    def consider(self, post: int, base: float) -> None:
        """The platform decides whether a post of an account that I follow (or its partner) enters my feed."""
        model, schedule = self.model, self.model.laws.schedule
        account = int(schedule.account[post])
        liking = self.liking(account) * self.reads(post)
        for rival, factor in model.rivals.get(account, ()) if account in self.follows else ():
            if rival in self.follows:
                liking *= factor[model.hour * HOUR_MIN // WEEK_MIN]
        chance = behaviour.offer_chance(base, liking, self.tired_of(account))
        luck = one_draw(model.posts.key_offer[post], self.row)
        aimed_at = schedule.target[post, self.band] and schedule.target_circle[post, self.circle]
        if luck < chance and aimed_at:
            self.receive(post)

    def reads(self, post: int) -> float:
        """How far the languages of a post are understood where I live."""
        return float(self.model.laws.schedule.understood[post, self.circle])

    def receive(self, post: int) -> None:
        """The account's own post enters my feed."""
        schedule = self.model.laws.schedule
        self.model.count("offered", int(schedule.account[post]), self.group, post)
        self.expose(post, float(schedule.t_min[post]), 0, 0)

    def expose(self, post: int, since: float, source: int, depth: int) -> None:
        """A post enters my feed."""
        luck = one_draw(self.model.posts.key_display[post], self.row, source)
        self.feed.append(Exposure(post, since, source, depth, luck))
