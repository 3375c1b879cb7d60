"""One resident of the executable specification: opens platforms, sees, reacts, passes on, comes and goes.

Every rule stands here as a sentence about one resident; ``sim.specification`` keeps the clock and counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa
import numpy as np

from sim import behaviour
from sim.audience import leaving_times
from sim.cards import ACTIONS
from sim.conversation import asking_times, leaving_disappointed, negative_chance, tone
from sim.laws import HIDE, SHARE
from sim.moments import Exposure, Fading, Hour, Sight, one_draw
from sim.sessions import HOUR_MIN, session_time, sessions_between
from sim.specified_reader import Reader
from sim.tally import MAX_DEPTH

if TYPE_CHECKING:
    from sim.specification import AgentCity


class SpecifiedResident(Reader, mesa.Agent):
    """One resident (or outside follower) who opens platforms, sees, reacts, passes on, comes and goes."""

    model: AgentCity

    def __init__(self, model: AgentCity, row: int) -> None:
        super().__init__(model)
        city = model.city
        self.row, self.band = row, int(city.age_band[row])
        self.group, self.circle = int(model.group[row]), int(city.circle[row])
        self.activity = [float(a) for a in city.activity[:, row]]
        self.follows: set[int] = set()
        self.left: set[int] = set()
        self.finds: dict[int, float] = {}
        self.quits: dict[int, float] = {}
        self.asks: list[tuple[int, float]] = []
        self.is_disappointed = False
        self.asked: dict[int, tuple[float, float]] = {}
        self.bought: dict[int, float] = {}
        self.fatigue = [Fading() for _ in model.laws.schedule.accounts]
        self.excess = Fading()
        self.feed: list[Exposure] = []
        self.again: list[tuple[float, Sight]] = []
        self.times_seen: dict[int, int] = {}
        self.done: set[tuple[int, int]] = set()
        self.endorsed: set[int] = set()
        self.now = Hour()

    # --- see ---

    def open_platforms(self) -> None:
        """My sessions of this hour: what is in the feed may come under my eyes."""
        model = self.model
        start, end = model.hour * HOUR_MIN, (model.hour + 1) * HOUR_MIN
        wave = self._back_before(end)
        for k in {int(model.laws.platform[e.post]) for e in self.feed}:
            cells, times = sessions_between(
                model.laws.feed.rhythm, model.session_keys[k], self.row, 6 * k + self.band,
                self.activity[k], start, end,
            )  # fmt: skip
            for cell, t in zip(cells, times, strict=True):
                wave += self._look(k, int(cell), float(t))
        self.feed = [e for e in self.feed if model.laws.expiry[e.post] >= end]
        while wave:
            self._take_in(wave)
            wave = self._back_before(end)

    def _back_before(self, end: float) -> list[Sight]:
        """Posts seen before that come back before ``end``."""
        back = [sight for t, sight in self.again if t < end]
        self.again = [(t, sight) for t, sight in self.again if t >= end]
        return back

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
        """Visibility against this hour's rivals; newer posts of the account crowd its own, not a share."""
        posts = self.model.posts
        at = posts.shared_at if e.source else posts.own_at
        return float(posts.openness[at[e.post] + self.model.hour])

    def _take_in(self, wave: list[Sight]) -> None:
        """Displays in the order of time; two sources in one session are one display, the account's first."""
        merged: dict[tuple[int, int], Sight] = {}
        by_friend: set[tuple[int, int]] = set()
        for sight in sorted(wave, key=lambda s: (s.post, s.cell, s.depth)):
            key = sight.post, sight.cell
            if sight.depth > 0:
                by_friend.add(key)
            merged.setdefault(key, sight).again |= sight.again
        for key, sight in merged.items():
            if key in by_friend:
                self.endorsed.add(sight.post)
            self.see(sight)

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
        if first or sight.again:
            self._come_back(sight, k)

    def _would(self, a: int, post: int, account: int, k: int) -> bool:
        model = self.model
        laws, city = model.laws, model.city
        repeat = laws.repeat[min(self.times_seen[post], 255)]
        base = model.posts.react[post, self.band, a]
        if a == HIDE:
            chance = behaviour.hide_chance(base, repeat)
        else:
            chance = behaviour.reaction_chance(
                base,
                city.expressiveness[self.row],
                self.liking(account) * self.reads(post),
                city.interest[laws.theme[post], self.row],
                self.tired_of(account),
                behaviour.standing(
                    account in self.follows, post in self.endorsed, laws.stranger[k], laws.endorsement[k]
                ),
                repeat,
            )
        return one_draw(model.posts.key_act[post, a], self.row) < chance

    def _act(self, a: int, action: str, sight: Sight, account: int, k: int) -> None:
        model = self.model
        model.count(action, account, self.group, sight.post)
        own = model.is_own(account)
        if action in ("like", "comment", "share") and own:
            self.now.engagements += 1
            if account in self.follows:
                model.tally.engaged[self.row] |= np.uint16(1 << k)
        if a == HIDE:
            self.now.hides += own
        elif sight.post in self.endorsed:
            model.climb("influenced", account, self)
        if action == "comment":
            model.climb("in_dialogue", account, self)
            if own:
                self._speak(sight.post, account)
        if a == SHARE:
            model.climb("promoting", account, self)
            depth = sight.depth + 1
            model.tally.share_depth[account, min(depth, MAX_DEPTH)] += 1
            model.tally.depth[sight.post] = max(model.tally.depth[sight.post], depth)
            model.shares.append((sight.post, self.row, depth))

    def _come_back(self, sight: Sight, k: int) -> None:
        """The next display of a post that I have seen: a geometric number of sessions later."""
        model = self.model
        luck = one_draw(model.posts.key_again[sight.post], self.row, sight.cell)
        gap = int(np.searchsorted(model.laws.feed.gaps[k], luck, side="right")) + 1
        if gap > behaviour.MAX_REDISPLAY_GAP:
            return
        cell, row = sight.cell + gap, 6 * k + self.band
        at = np.array([row]), np.array([self.activity[k]]), np.array([cell])
        t = float(session_time(model.laws.feed.rhythm, model.session_keys[k], np.array([self.row]), *at)[0])
        if t <= model.laws.expiry[sight.post]:
            self.again.append((t, Sight(sight.post, cell, sight.depth, again=True)))

    # --- talk ---

    def _speak(self, post: int, account: int) -> None:
        """My comment asks something, complains or praises; what stands under the post counts."""
        model, talk = self.model, self.model.laws.talk
        if talk is None or model.desk is None:
            return
        negative = negative_chance(
            float(talk.negative[post]),
            talk.contagion if model.desk.left_alone[post] > 0 else 1.0,
            talk.calming if model.desk.is_calmed[post] else 1.0,
            talk.disappointed if self.is_disappointed else 1.0,
        )
        luck = one_draw(model.voices.tone[post], self.row)
        model.hear(self, account, post, int(tone(luck, talk.question_share, negative)))

    def ask(self) -> None:
        """Questions that come to my mind in this hour, to accounts that I follow."""
        start = self.model.hour * HOUR_MIN
        for account, t in self.asks:
            if start <= t < start + HOUR_MIN and account in self.follows:
                self.model.asked(self, account)

    def _be_disappointed(self, account: int, luck: float) -> None:
        """Nobody answered: I shall be harsher, and may leave for it."""
        model, end = self.model, (self.model.hour + 1) * HOUR_MIN
        self.is_disappointed = True
        if account in self.follows and self.row < model.city.n_residents:
            t = float(leaving_disappointed(model.laws, account, luck, float(end)))
            self.quits[account] = min(t, self.quits.get(account, np.inf))

    # --- come and go ---

    def _maybe_follow(self, sight: Sight, account: int, k: int) -> None:
        model, post = self.model, sight.post
        laws = model.laws
        if sight.depth > 0 and self._inclined(post, account, laws.follow_if_shared):
            self.now.joins.add(account)
            self.now.through_friends.add(account)
        mention = int(laws.schedule.mention[post])
        if mention >= 0 and self._inclined(post, mention, laws.follow_if_mentioned):
            self.now.joins.add(mention)
        if sight.depth == 0 and model.lent[post] and self._inclined(post, account, laws.follow_if_mentioned):
            self.now.joins.add(account)
        too_much = laws.is_overposting[post] and account in self.follows
        if too_much and one_draw(model.posts.key_leave[post], self.row) < laws.unfollow_if_overposted[k]:
            self.now.leaves.add(account)

    def _inclined(self, post: int, account: int, chance: np.ndarray) -> bool:
        model = self.model
        k = int(model.laws.account_platform[account])
        if self.activity[k] <= 0:
            return False
        weight = model.laws.follow_weight[k, self.band] * self.affinity()
        luck = one_draw(model.posts.key_follow[post], self.row, int(model.laws.account_id[account]))
        return bool(luck < chance[k] * weight)

    def end_hour(self) -> None:
        """Write what the hour did: memories, then followings."""
        model, now = self.model, self.now
        laws, hour = model.laws, model.hour
        for account in set(now.sights):
            tired = self.fatigue[account]
            tired.bring_to(laws.fatigue_decay, hour)
            tired.value = float(np.float32(tired.value))  # as many digits as the kernels keep
            for _ in range(now.sights.count(account)):
                tired.value = float(np.float32(tired.value + 1.0))
        memory, talk = laws.scenario.behaviour.memory, laws.talk
        for n, step in (
            (now.engagements, memory.affinity_gain.value),
            (now.hides, -memory.affinity_loss_if_hidden.value),
            (now.satisfied, talk.affinity_gain if talk else 0.0),
            (len(now.let_down), -talk.affinity_loss if talk else 0.0),
        ):
            if n:
                self.excess.bring_to(laws.affinity_decay, hour)
                for _ in range(n):
                    self.excess.value += step
                self.excess.value = min(
                    max(self.excess.value, memory.affinity_floor.value), memory.affinity_ceiling.value
                )
        for account, luck in now.let_down:
            self._be_disappointed(account, luck)
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
        won = {a for a, (t, _) in self.asked.items() if start <= t < end}
        for a in (self.now.joins | found | won) - self.follows - self.left:
            if a in won:
                self.bought[a] = self.asked[a][1]
            self.follows.add(a)
            model.count("follows", a, self.group)
            if a in self.now.through_friends:
                model.climb("influenced", a, self)
            me = np.array([self.row])
            t, _ = leaving_times(model.laws, model.seed_, model.replicate, a, me, float(end))
            if len(t) and self.row < model.city.n_residents:
                self.quits[a] = float(t[0])
            asks, _ = asking_times(model.laws, model.city, model.seed_, model.replicate, a, me, float(end))
            self.asks += [(a, float(at)) for at in asks]
