"""What people do with what they see: count it, react, pass it on, start or stop following.

The state is read as of the start of the hour; what the hour changes is noted in ``Writes``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.audience import Followers, Memory, group_of
from sim.cards import ACTIONS
from sim.city import City
from sim.dialogue import Dialogue
from sim.displays import DISPLAY, F64, I64, NONE, Turn, joined, places
from sim.laws import CLICK, COMMENT, HIDE, SHARE, Laws, Posts, build_posts
from sim.lending import is_lent
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import MAX_DEPTH, MEASURES, WORK, Tally

ENDORSED = np.uint8(1 << 7)
ACTION_BITS = (1 << np.arange(len(ACTIONS))).astype(np.uint8)
FIRST_MEASURE = MEASURES.index(ACTIONS[0])


@dataclass
class State:
    """Per-resident arrays that change. ``fatigue`` by account, ``affinity`` excess over attachment;
    ``times_seen`` and ``flags`` uint8[active posts, n_rows] (bits 0-4: reactions done, 7: endorsed).
    """

    followers: Followers
    fatigue: Memory
    affinity: Memory
    times_seen: NDArray[np.uint8]
    flags: NDArray[np.uint8]


class Writes:
    """What an hour will write at its end: rows of people who get warmer or colder; ids (account * n_rows +
    row) of followings that begin, also those that a friend brought about, or end; ``won`` rows by account."""

    def __init__(self, joins: I64, leaves: I64, won: dict[int, I64]) -> None:
        self.joins, self.leaves, self.won = [joins], [leaves], won
        self.through_friends: list[I64] = []
        self.warmer: list[I64] = []
        self.colder: list[I64] = []


class Viewers:
    """The people of a city in one replicate of one scenario, and what they do with what they see."""

    dialogue_of: type[Dialogue] = Dialogue

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int) -> None:
        self.laws, self.city, self.seed, self.replicate = laws, city, seed, replicate
        self.posts: Posts = build_posts(laws, city, seed, replicate)
        self.hour = 0
        self.group = group_of(city)
        self.band = city.age_band
        schedule = laws.schedule
        n_accounts = len(schedule.accounts)
        self.tally = Tally.empty(
            n_accounts, len(city.platforms), len(schedule), schedule.n_weeks, city.n_rows
        )
        self.is_lent = is_lent(schedule)
        self.is_own = np.array([plan.is_own for plan in schedule.accounts], dtype=bool)
        self.place = places(laws)
        self.state = self._blank_state(int(self.place.max(initial=0)) + 1)
        self._shared = np.empty(0, dtype=DISPLAY)
        self.dialogue = (
            self.dialogue_of(laws, laws.talk, city, seed, replicate, self.tally)
            if laws.talk is not None
            else None
        )

    def _blank_state(self, n_active: int) -> State:
        """Nobody has seen anything; ``n_active``: most posts that live at one time."""
        laws, city = self.laws, self.city
        return State(
            followers=Followers(laws, city, self.group),
            fatigue=Memory.blank((len(laws.schedule.accounts), city.n_rows), laws.fatigue_decay, np.float32),
            affinity=Memory.blank(city.n_rows, laws.affinity_decay),
            times_seen=np.zeros((n_active, city.n_rows), dtype=np.uint8),
            flags=np.zeros((n_active, city.n_rows), dtype=np.uint8),
        )

    def linked(self) -> NDArray[np.bool_]:
        """Who follows an account of the city now; bool[n_rows]."""
        return np.asarray(self.state.followers.is_following[self.is_own].any(axis=0))

    def _affinity(self, who: I64) -> F64:
        return self.city.attachment[who] * (1.0 + self.state.affinity.read(who, self.hour))

    def _liking(self, account: I64, who: I64) -> F64:
        """Affinity of each viewer, lower towards an account that bought the viewer's following."""
        affinity = self._affinity(who)
        for a, liking in self.state.followers.liking.items():
            here = np.flatnonzero(account == a)
            affinity[here] *= liking[who[here]]
        return affinity

    def _tired(self, account: I64 | int, who: I64) -> F64:
        recent = self.state.fatigue.read(self.state.fatigue.at(account, who), self.hour)
        return behaviour.tiredness(recent, self.laws.fatigue_slope)

    def _display(self, turn: Turn, written: Writes) -> NDArray[np.void]:
        """Impressions, reach and reactions of displays of which each (post, person) occurs once.

        Returns the displays after which the post will reappear.
        """
        times_seen, flags = (
            self.state.times_seen.reshape(-1),
            self.state.flags.reshape(-1),
        )  # of the same memory
        at = self.place[turn.post] * self.city.n_rows + turn.who
        n = times_seen.take(at)
        first = n == 0
        n = np.minimum(n, 254) + np.uint8(1)
        times_seen[at] = n
        mark = flags.take(at) | np.where(turn.endorsed, ENDORSED, np.uint8(0))
        self._count_displays(turn, first)
        flags[at] = self._react(turn, mark, n, written)
        self._follow_or_leave(turn, first, written)
        return turn.rows.take(np.flatnonzero(first | (turn.rows["again"] > 0)))

    def _react(
        self, turn: Turn, flags: NDArray[np.uint8], n: NDArray[np.uint8], written: Writes
    ) -> NDArray[np.uint8]:
        """Reactions of one turn; ``flags`` uint8[n] what each pair has done before, ``n`` times seen. Returns
        what each pair has done."""
        laws, city, post, who = self.laws, self.city, turn.post, turn.who
        account, k = laws.schedule.account[post], laws.platform[post]
        follows = self.state.followers.is_following[account, who]
        standing = behaviour.standing(
            follows,
            flags & ENDORSED > 0,
            laws.stranger[k],
            laws.endorsement[k],
        )
        base, repeat = self.posts.react[post, self.band[who]], laws.repeat[n]
        viewer = (
            city.expressiveness[who],
            self._liking(account, who) * laws.schedule.understood[post, city.circle[who]],
            city.interest[laws.theme[post], who],
            self._tired(account, who),
            standing,
            repeat,
        )
        chance = behaviour.reaction_chance(base, *(column[:, None] for column in viewer))
        chance[:, HIDE] = behaviour.hide_chance(base[:, HIDE], repeat)
        luck = draws.uniform(self.posts.key_act[post], who[:, None])
        done = (luck < chance) & (flags[:, None] & ACTION_BITS == 0)
        flags = flags | np.bitwise_or.reduce(np.where(done, ACTION_BITS, np.uint8(0)), axis=1)
        row, action = np.nonzero(done)
        self._count_reactions(post[row], who[row], action)
        own = self.is_own[account[row]]
        engaged = row[(action != CLICK) & (action != HIDE) & own]
        faithful = engaged[follows[engaged]]
        np.bitwise_or.at(self.tally.engaged, who[faithful], (1 << k[faithful]).astype(np.uint16))
        self._climb(account[row], who[row], action, flags[row] & ENDORSED > 0)
        spoken = row[(action == COMMENT) & own]
        if self.dialogue is not None and len(spoken):
            self.dialogue.hear(self.hour, post[spoken], who[spoken])
        written.warmer.append(who[engaged])
        written.colder.append(who[row[(action == HIDE) & own]])
        self._queue_shares(turn.rows[row[action == SHARE]])
        return flags

    def _climb(self, account: I64, who: I64, action: I64, is_endorsed: NDArray[np.bool_]) -> None:
        """Rungs of the ladder of link reached by reacting to posts of the city."""
        own = self.is_own[account]
        who, action, is_endorsed = who[own], action[own], is_endorsed[own]
        self.tally.climb("in_dialogue", who[action == COMMENT])
        self.tally.climb("promoting", who[action == SHARE])
        self.tally.climb("influenced", who[is_endorsed & (action != HIDE)])

    def _count_reactions(self, post: I64, who: I64, action: I64) -> None:
        week, measure = self.hour * HOUR_MIN // WEEK_MIN, FIRST_MEASURE + action
        account = self.laws.schedule.account[post]
        np.add.at(self.tally.weekly[:, :, week], (account, self.group[who], measure), 1)
        np.add.at(self.tally.posts, (post, measure), 1)

    def _count_displays(self, turn: Turn, first: NDArray[np.bool_]) -> None:
        tally, laws, post, who = self.tally, self.laws, turn.post, turn.who
        account, week, clock = laws.schedule.account[post], self.hour * HOUR_MIN // WEEK_MIN, self.hour % 24
        tally.work[WORK.index("displays")] += len(post)
        tally.count("impressions", account, self.group[who], week, post)
        tally.count("reach", account[first], self.group[who[first]], week, post[first])
        by_account = np.bincount(account, minlength=len(tally.hourly))
        tally.hourly[:, clock, 0] += by_account
        tally.hourly[:, clock, 1] += np.bincount(account[first], minlength=len(tally.hourly))
        own = np.flatnonzero(self.is_own[account])
        mark = (1 << laws.platform[post[own]]).astype(np.uint16)
        np.bitwise_or.at(tally.reached, who[own], mark)
        np.bitwise_or.at(tally.this_week, who[own], mark)
        by_friend = first & (turn.rows["depth"] > 0)
        tally.friend_reach += np.bincount(post[by_friend], minlength=len(tally.friend_reach))

    def _queue_shares(self, shared: NDArray[np.void]) -> None:
        """Pass shares on at the next hour, one generation deeper."""
        if not len(shared):
            return
        deeper, account = shared.copy(), self.laws.schedule.account[shared["post"]]
        deeper["depth"] += 1
        self._shared = joined([self._shared, deeper])
        depth = np.minimum(deeper["depth"], MAX_DEPTH).astype(np.int64)
        np.add.at(self.tally.share_depth, (account, depth), 1)
        np.maximum.at(self.tally.depth, deeper["post"].astype(np.int64), deeper["depth"].astype(np.int64))

    def _follow_or_leave(self, turn: Turn, first: NDArray[np.bool_], written: Writes) -> None:
        """Who starts or stops following because of what was just displayed (first displays only)."""
        if not first.any():
            return
        laws, followers = self.laws, self.state.followers
        post, who = turn.post[first], turn.who[first]
        by_friend = turn.rows["depth"][first] > 0
        account = laws.schedule.account[post]
        through = self._won_over(post, who, by_friend, account, laws.follow_if_shared)
        written.through_friends.append(through)
        mention = laws.schedule.mention[post]
        shown = self.is_lent[post] & ~by_friend
        written.joins += [
            through,
            self._won_over(post, who, mention >= 0, mention, laws.follow_if_mentioned),
            self._won_over(post, who, shown, account, laws.follow_if_mentioned),
        ]
        tired = laws.is_overposting[post] & followers.is_following[account, who]
        post, who, account = post[tired], who[tired], account[tired]
        u = draws.uniform(self.posts.key_leave[post], who)
        gone = u < laws.unfollow_if_overposted[laws.platform[post]]
        written.leaves.append(account[gone] * self.city.n_rows + who[gone])

    def _won_over(self, post: I64, who: I64, might: NDArray[np.bool_], account: I64, chance: F64) -> I64:
        """Ids (account * n_rows + row) of those who start to follow, of those who ``might``."""
        if not might.any():
            return NONE
        post, who, account = post[might], who[might], account[might]
        k = self.laws.account_platform[account]
        inclined = self.laws.follow_weight[k, self.band[who]] * self._affinity(who)
        u = draws.uniform(self.posts.key_follow[post], who, self.laws.account_id[account])
        new = (u < chance[k] * inclined) & (self.city.activity[k, who] > 0)
        return np.asarray(account[new] * self.city.n_rows + who[new])
