"""The hot loop: one hour at a time, all posts and residents of that hour together.

In each hour, with the state read at its start:

1. people who discover or leave an account by themselves are noted;
2. posts of the hour are offered to followers, shares of the last hour to friends;
3. for each new exposure the instant of first display is found once (``feed.first_display``) and entered in
   the calendar of the hour where it falls;
4. displays of the hour become impressions, reach and reactions; sharers are queued for the next hour; a
   seen post may reappear;
5. the state is written: fatigue, affinity, followers.

Cost follows exposures. Every draw is keyed by what it decides, so neither the order of posts and people
nor the size of a batch matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws, feed
from sim.audience import Followers, Memory, Timetable, discovery_times, group_of, leaving_times
from sim.cards import ACTIONS
from sim.city import City
from sim.figures import BANDS
from sim.laws import CLICK, HIDE, SHARE, Laws, Posts, build_posts
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key
from sim.tally import MAX_DEPTH, MEASURES, WORK, Tally

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DISPLAY = np.dtype([("post", "i4"), ("who", "i4"), ("cell", "i8"), ("depth", "i4"), ("again", "i4")])
ENDORSED = np.uint8(1 << 7)
ACTION_BITS = (1 << np.arange(len(ACTIONS))).astype(np.uint8)
FIRST_MEASURE = MEASURES.index(ACTIONS[0])


@dataclass
class State:
    """Per-resident arrays that change. ``fatigue`` by account, ``affinity`` excess over attachment;
    ``times_seen`` and ``flags`` uint8[active posts, n_rows] (bits 0-4: reactions done, 7: endorsed)."""

    followers: Followers
    fatigue: Memory
    affinity: Memory
    times_seen: NDArray[np.uint8]
    flags: NDArray[np.uint8]


class Kernel:
    """One replicate of one scenario on a city; ``step`` advances one hour, ``run`` the whole horizon."""

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int, block: int = feed.BLOCK) -> None:
        self.laws, self.city, self.seed, self.replicate, self.block = laws, city, seed, replicate, block
        self.posts: Posts = build_posts(laws, city, seed, replicate)
        schedule = laws.schedule
        self.hour = 0
        self.group = group_of(city)
        self.band = city.age_band.astype(np.int64)
        n_accounts = len(schedule.accounts)
        self.tally = Tally.empty(
            n_accounts, len(city.platforms), len(schedule), schedule.n_weeks, city.n_rows
        )
        self._session_keys = np.array([session_key(seed, replicate, name) for name in city.platforms])
        self._place = _places(laws)
        n_active = int(self._place.max(initial=0)) + 1
        self.state = State(
            followers=Followers(laws, city),
            fatigue=Memory.blank((n_accounts, city.n_rows), laws.fatigue_decay),
            affinity=Memory.blank(city.n_rows, laws.affinity_decay),
            times_seen=np.zeros((n_active, city.n_rows), dtype=np.uint8),
            flags=np.zeros((n_active, city.n_rows), dtype=np.uint8),
        )
        self._tails = feed.Tails(laws.feed)
        # a hair above, so that rounding cannot exclude anyone
        self._warmest = (1.0 + laws.scenario.behaviour.memory.affinity_ceiling.value) * (1.0 + 2.0**-40)
        self._published = _by_hour(schedule.t_min)
        self._expired = _by_hour(laws.expiry + HOUR_MIN)
        self._calendar: dict[int, list[NDArray[np.void]]] = {}
        self._shared = np.empty(0, dtype=DISPLAY)
        self._discover = [Timetable() for _ in range(n_accounts)]
        self._leave = [Timetable() for _ in range(n_accounts)]
        for a in range(n_accounts):
            self._discover[a].add(*discovery_times(laws, city, seed, replicate, a))
            rows = self.state.followers.rows(a)
            self._leave[a].add(*leaving_times(laws, seed, replicate, a, rows, 0.0))
            self._count_followers(a, 0)

    def run(self) -> Tally:
        """Advance to the end of the horizon and return the counts."""
        while self.hour < self.laws.n_hours:
            self.step()
        return self.tally

    def step(self) -> None:
        """Advance one hour."""
        hour = self.hour
        joins = [self._discover[a].at(hour) for a in range(len(self._discover))]
        leaves = [self._leave[a].at(hour) for a in range(len(self._leave))]
        self._expose([*self._publish(), *self._deliver()])
        seen: list[NDArray[np.void]] = []
        wave = self._due()
        written = _Writes(joins, leaves)
        while len(wave):
            for turn in _turns(wave, self.city.n_rows):
                seen.append(self._display(turn, written))
            wave = self._due()
        self._write(seen, written)
        for post in self._expired.get(hour, _NONE):
            self.state.times_seen[self._place[post]] = 0
            self.state.flags[self._place[post]] = 0
        self.hour += 1
        if self.hour * HOUR_MIN % WEEK_MIN == 0:
            week = self.hour * HOUR_MIN // WEEK_MIN
            self.tally.close_week(week - 1, self.group)
            for a in range(len(joins)):
                self._count_followers(a, week)

    # --- offer --------------------------------------------------------------------------------------

    def _affinity(self, who: I64) -> F64:
        return self.city.attachment[who] * (1.0 + self.state.affinity.read(who, self.hour))

    def _tired(self, account: I64 | int, who: I64) -> F64:
        recent = self.state.fatigue.read((account, who), self.hour)
        return behaviour.tiredness(recent, self.laws.fatigue_slope)

    def _publish(self) -> Iterator[_Offers]:
        """Decide for each follower of each post of this hour whether it is put in the feed."""
        laws, week = self.laws, self.hour * HOUR_MIN // WEEK_MIN
        for post in self._published.get(self.hour, _NONE):
            account = int(laws.schedule.account[post])
            k = int(laws.platform[post])
            rows = self.state.followers.rows(account)
            self.tally.work[WORK.index("followers_examined")] += len(rows)
            size = self.state.followers.count[account] / laws.scenario.sampling
            base = laws.scale(k, size) * self.posts.offer[post]
            luck = draws.uniform(self.posts.key_offer[post], rows)
            # Affinity cannot exceed this multiple of attachment, so one comparison settles most followers.
            near = np.flatnonzero(luck < self.city.attachment[rows] * (base * self._warmest))
            rows, luck = rows[near], luck[near]
            chance = behaviour.offer_chance(base, self._affinity(rows), self._tired(account, rows))
            offered = (luck < chance) & laws.schedule.target[post][self.band[rows]]
            rows = rows[offered]
            same, none = np.full(len(rows), post), np.zeros(len(rows), dtype=np.int64)
            self.tally.count("offered", np.full(len(rows), account), self.group[rows], week, same)
            since = float(laws.schedule.t_min[post])
            tail = np.full(len(rows), self._tails.at(k, since))
            yield _Offers(same, rows, np.full(len(rows), since), none, none, tail)

    def _deliver(self) -> Iterator[_Offers]:
        """Put the shares of the last hour in the feeds of the sharers' friends."""
        shared, self._shared = self._shared, np.empty(0, dtype=DISPLAY)
        now = float(self.hour * HOUR_MIN)
        shared = shared[self.laws.expiry[shared["post"]] > now]
        if not len(shared):
            return
        ties = self.city.ties
        sharer = shared["who"].astype(np.int64)
        n = ties.indptr[sharer + 1] - ties.indptr[sharer]
        row = np.repeat(np.arange(len(shared)), n)
        edge = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n) + ties.indptr[sharer][row]
        k = self.laws.platform[shared["post"]][row]
        alive = (ties.mask[edge] >> k.astype(np.uint16)) & np.uint16(1) > 0
        row, edge, k = row[alive], edge[alive], k[alive]
        post, friend = shared["post"][row].astype(np.int64), ties.target[edge].astype(np.int64)
        self.tally.work[WORK.index("friends_examined")] += len(row)
        luck = draws.uniform(self.posts.key_friend[post], sharer[row], friend)
        offered = luck < behaviour.friend_offer_chance(
            self.laws.friend_offer[k], self.laws.attention[k, friend]
        )
        depth = shared["depth"][row][offered].astype(np.int64)
        since = np.full(len(depth), now)
        tail_of = np.zeros(len(self.city.platforms), dtype=np.int64)
        for j in np.unique(k[offered]):
            tail_of[j] = self._tails.at(int(j), now)
        tail = tail_of[k[offered]]
        yield _Offers(post[offered], friend[offered], since, depth, sharer[row][offered] + 1, tail)

    # --- see ----------------------------------------------------------------------------------------

    def _expose(self, offers: list[_Offers]) -> None:
        """Find the first display of new exposures."""
        if not offers:
            return
        post, who, since, depth, source, tail = (
            np.concatenate([getattr(o, f.name) for o in offers]) for f in fields(_Offers)
        )
        k = self.laws.platform[post]
        band = self.band[who]
        exposures = feed.Exposures(
            row=k * len(BANDS) + band,
            activity=self.city.activity[k, who].astype(np.float64),
            session=draws.bits(self._session_keys[k], who),
            since=since,
            expiry=self.laws.expiry[post],
            luck=draws.uniform(self.posts.key_display[post], who, source),
            fresh_at=self.laws.feed.fresh_at[k],
            open_at=np.where(source == 0, self.posts.own_at[post], self.posts.shared_at[post]),
            tail_at=tail + band * self._tails.length(k),
        )
        index, t, cell, walked = feed.first_display(
            self.laws.feed, self._tails, self.posts.openness, exposures, self.block
        )
        self.tally.work[WORK.index("exposures")] += len(post)
        self.tally.work[WORK.index("sessions_walked")] += walked
        self._enter(post[index], who[index], t, cell, depth[index], again=0)

    def _enter(self, post: I64, who: I64, t: F64, cell: I64, depth: I64, again: int) -> None:
        """Write displays into the calendar of the hours where they fall."""
        keep = np.flatnonzero((t <= self.laws.expiry[post]) & (t < self.laws.n_hours * HOUR_MIN))
        if not len(keep):
            return
        hour = np.maximum(behaviour.hour_of(t[keep]), self.hour)
        order = np.argsort(hour.astype(np.int32), kind="stable")
        hour, keep = hour[order], keep[order]
        rows = np.empty(len(keep), dtype=DISPLAY)
        for name, column in (("post", post), ("who", who), ("cell", cell), ("depth", depth)):
            rows[name] = column[keep]
        rows["again"] = again
        starts = np.flatnonzero(np.diff(hour, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            self._calendar.setdefault(int(hour[start]), []).append(rows[start:end])

    def _due(self) -> NDArray[np.void]:
        """Displays entered for this hour; they are removed."""
        return _joined(self._calendar.pop(self.hour, []))

    # --- react --------------------------------------------------------------------------------------

    def _display(self, turn: _Turn, written: _Writes) -> NDArray[np.void]:
        """Impressions, reach and reactions of displays of which each (post, person) occurs once."""
        shown, state = turn.rows, self.state
        post, who = shown["post"].astype(np.int64), shown["who"].astype(np.int64)
        place = self._place[post]
        n = state.times_seen[place, who]
        first = n == 0
        n = np.minimum(n, 254) + np.uint8(1)
        state.times_seen[place, who] = n
        flags = state.flags[place, who] | np.where(turn.endorsed, ENDORSED, np.uint8(0))
        self._count_displays(shown, first)
        self._react(turn, flags, n, written)
        self._follow_or_leave(shown, first, written)
        self._reappear(shown[first | (shown["again"] > 0)])
        return shown

    def _react(self, turn: _Turn, flags: NDArray[np.uint8], n: NDArray[np.uint8], written: _Writes) -> None:
        """Reactions of one turn; ``flags`` uint8[n] what each pair has done, ``n`` times seen."""
        laws, city = self.laws, self.city
        post, who = turn.rows["post"].astype(np.int64), turn.rows["who"].astype(np.int64)
        account, k = laws.schedule.account[post], laws.platform[post]
        standing = behaviour.standing(
            self.state.followers.is_following[account, who],
            flags & ENDORSED > 0,
            laws.stranger[k],
            laws.endorsement[k],
        )
        base, repeat = self.posts.react[post, self.band[who]], laws.repeat[n]
        viewer = (
            city.expressiveness[who],
            self._affinity(who),
            city.interest[laws.theme[post], who],
            self._tired(account, who),
            standing,
            repeat,
        )
        chance = behaviour.reaction_chance(base, *(column[:, None] for column in viewer))
        chance[:, HIDE] = behaviour.hide_chance(base[:, HIDE], repeat)
        luck = draws.uniform(self.posts.key_act[post], who[:, None])
        done = (luck < chance) & (flags[:, None] & ACTION_BITS == 0)
        flags |= np.bitwise_or.reduce(np.where(done, ACTION_BITS, np.uint8(0)), axis=1)
        self.state.flags[self._place[post], who] = flags
        row, action = np.nonzero(done)
        self._count_reactions(post[row], who[row], action)
        engaged = row[(action != CLICK) & (action != HIDE)]
        np.bitwise_or.at(self.tally.engaged, who[engaged], (1 << k[engaged]).astype(np.uint16))
        written.warmer.append(who[engaged])
        written.colder.append(who[row[action == HIDE]])
        self._queue_shares(turn.rows[row[action == SHARE]])

    def _count_reactions(self, post: I64, who: I64, action: I64) -> None:
        week, measure = self.hour * HOUR_MIN // WEEK_MIN, FIRST_MEASURE + action
        account = self.laws.schedule.account[post]
        np.add.at(self.tally.weekly[:, :, week], (account, self.group[who], measure), 1)
        np.add.at(self.tally.posts, (post, measure), 1)

    def _count_displays(self, shown: NDArray[np.void], first: NDArray[np.bool_]) -> None:
        tally, laws = self.tally, self.laws
        post, who = shown["post"].astype(np.int64), shown["who"].astype(np.int64)
        account, week, clock = laws.schedule.account[post], self.hour * HOUR_MIN // WEEK_MIN, self.hour % 24
        tally.work[WORK.index("displays")] += len(shown)
        tally.count("impressions", account, self.group[who], week, post)
        tally.count("reach", account[first], self.group[who[first]], week, post[first])
        by_account = np.bincount(account, minlength=len(tally.hourly))
        tally.hourly[:, clock, 0] += by_account
        tally.hourly[:, clock, 1] += np.bincount(account[first], minlength=len(tally.hourly))
        mark = (1 << laws.platform[post]).astype(np.uint16)
        np.bitwise_or.at(tally.reached, who, mark)
        np.bitwise_or.at(tally.this_week, who, mark)
        by_friend = first & (shown["depth"] > 0)
        tally.friend_reach += np.bincount(post[by_friend], minlength=len(tally.friend_reach))

    def _queue_shares(self, shared: NDArray[np.void]) -> None:
        """Pass shares on at the next hour, one generation deeper."""
        if not len(shared):
            return
        deeper, account = shared.copy(), self.laws.schedule.account[shared["post"]]
        deeper["depth"] += 1
        self._shared = _joined([self._shared, deeper])
        depth = np.minimum(deeper["depth"], MAX_DEPTH).astype(np.int64)
        np.add.at(self.tally.share_depth, (account, depth), 1)
        np.maximum.at(self.tally.depth, deeper["post"].astype(np.int64), deeper["depth"].astype(np.int64))

    def _reappear(self, shown: NDArray[np.void]) -> None:
        """Enter the next display of posts seen: a geometric number of sessions later."""
        if not len(shown):
            return
        post, who, cell = shown["post"].astype(np.int64), shown["who"].astype(np.int64), shown["cell"]
        k = self.laws.platform[post]
        t, cell = feed.next_display(
            self.laws.feed,
            k,
            k * len(BANDS) + self.band[who],
            self.city.activity[k, who].astype(np.float64),
            draws.bits(self._session_keys[k], who),
            cell,
            draws.uniform(self.posts.key_again[post], who, cell),
        )
        self._enter(post, who, t, cell, shown["depth"].astype(np.int64), again=1)

    # --- follow -------------------------------------------------------------------------------------

    def _follow_or_leave(self, shown: NDArray[np.void], first: NDArray[np.bool_], written: _Writes) -> None:
        """Who starts or stops following because of what was just displayed (first displays only)."""
        if not first.any():
            return
        laws, followers = self.laws, self.state.followers
        post, who = shown["post"].astype(np.int64)[first], shown["who"].astype(np.int64)[first]
        by_friend = shown["depth"][first] > 0
        self._follow(post, who, by_friend, laws.schedule.account[post], laws.follow_if_shared, written)
        mention = laws.schedule.mention[post]
        self._follow(post, who, mention >= 0, mention, laws.follow_if_mentioned, written)
        account = laws.schedule.account[post]
        tired = laws.is_overposting[post] & followers.is_following[account, who]
        post, who, account = post[tired], who[tired], account[tired]
        u = draws.uniform(self.posts.key_leave[post], who)
        gone = u < laws.unfollow_if_overposted[laws.platform[post]]
        for a in np.unique(account[gone]):
            written.leaves[a] = np.concatenate([written.leaves[a], who[gone & (account == a)]])

    def _follow(
        self, post: I64, who: I64, might: NDArray[np.bool_], account: I64, chance: F64, written: _Writes
    ) -> None:
        if not might.any():
            return
        post, who, account = post[might], who[might], account[might]
        k = self.laws.account_platform[account]
        inclined = self.laws.follow_weight[k, self.band[who]] * self._affinity(who)
        u = draws.uniform(self.posts.key_follow[post], who, self.laws.account_id[account])
        new = (u < chance[k] * inclined) & (self.city.activity[k, who] > 0)
        for a in np.unique(account[new]):
            written.joins[a] = np.concatenate([written.joins[a], who[new & (account == a)]])

    # --- write --------------------------------------------------------------------------------------

    def _write(self, seen: list[NDArray[np.void]], written: _Writes) -> None:
        """End of the hour: memories, then followers."""
        state, hour, week = self.state, self.hour, self.hour * HOUR_MIN // WEEK_MIN
        memory = self.laws.scenario.behaviour.memory
        if seen:
            rows = _joined(seen)
            index = (self.laws.schedule.account[rows["post"]], rows["who"])
            state.fatigue.fade(index, hour)
            np.add.at(state.fatigue.value, index, 1.0)
        for people, step in (
            (written.warmer, memory.affinity_gain.value),
            (written.colder, -memory.affinity_loss_if_hidden.value),
        ):
            who = np.concatenate(people) if people else _NONE
            state.affinity.fade(who, hour)
            np.add.at(state.affinity.value, who, step)
            state.affinity.value[who] = np.clip(
                state.affinity.value[who], memory.affinity_floor.value, memory.affinity_ceiling.value
            )
        end = float((hour + 1) * HOUR_MIN)
        for a, (joins, leaves) in enumerate(zip(written.joins, written.leaves, strict=True)):
            if not len(joins) + len(leaves):
                continue
            gone = state.followers.leave(a, leaves)
            new = state.followers.join(a, joins)
            for name, who in (("unfollows", gone), ("follows", new)):
                self.tally.count(name, np.full(len(who), a), self.group[who], week)
            if len(new):
                self._leave[a].add(*leaving_times(self.laws, self.seed, self.replicate, a, new, end))

    def _count_followers(self, account: int, week: int) -> None:
        rows = self.state.followers.rows(account)
        self.tally.followers[account, :, week] = np.bincount(
            self.group[rows], minlength=self.tally.followers.shape[1]
        )


_NONE = np.empty(0, np.int64)


@dataclass
class _Offers:
    """Posts put in feeds: ``source`` 0 for the account, else sharer + 1; ``tail`` offset of the bounds."""

    post: I64
    who: I64
    since: F64
    depth: I64
    source: I64
    tail: I64


@dataclass
class _Turn:
    """Displays in which each (post, person) occurs once; ``endorsed``: a friend showed it."""

    rows: NDArray[np.void]
    endorsed: NDArray[np.bool_]


class _Writes:
    """What an hour will write at its end."""

    def __init__(self, joins: list[I64], leaves: list[I64]) -> None:
        self.joins, self.leaves = joins, leaves
        self.warmer: list[I64] = []
        self.colder: list[I64] = []


def _turns(wave: NDArray[np.void], n_rows: int) -> list[_Turn]:
    """Cut displays into turns: the first of each (post, person) in time, then the second, ...

    Two sources of one post in one session are one display, the account's own first.
    """
    pair = wave["post"].astype(np.int64) * n_rows + wave["who"]
    order = np.lexsort((wave["depth"], wave["cell"], pair))
    wave, pair = wave[order], pair[order]
    opens = np.ones(len(wave), dtype=bool)
    opens[1:] = (pair[1:] != pair[:-1]) | (wave["cell"][1:] != wave["cell"][:-1])
    starts = np.flatnonzero(opens)
    endorsed = np.maximum.reduceat(wave["depth"], starts) > 0
    again = np.maximum.reduceat(wave["again"], starts)
    wave, pair = wave[starts], pair[starts]
    wave["again"] = again
    new = np.ones(len(wave), dtype=bool)
    new[1:] = pair[1:] != pair[:-1]
    at = np.arange(len(wave))
    rank = at - np.maximum.accumulate(np.where(new, at, 0))
    return [_Turn(wave[rank == r], endorsed[rank == r]) for r in range(int(rank.max()) + 1)]


def _joined(parts: list[NDArray[np.void]]) -> NDArray[np.void]:
    """Displays one after the other (numpy's own concatenation is slow on records)."""
    if len(parts) == 1:
        return parts[0]
    out = np.empty(sum(map(len, parts)), dtype=DISPLAY)
    at = 0
    for part in parts:
        out[at : at + len(part)] = part
        at += len(part)
    return out


def _by_hour(t_min: F64) -> dict[int, I64]:
    """Row numbers by absolute hour, ascending."""
    hours = behaviour.hour_of(t_min)
    return {int(h): np.flatnonzero(hours == h) for h in np.unique(hours)}


def _places(laws: Laws) -> I64:
    """A place in the pool of active posts for each post; a place is free again an hour after expiry."""
    place = np.zeros(len(laws.schedule), dtype=np.int64)
    busy_until: list[float] = []
    for post, t in enumerate(laws.schedule.t_min):
        free = next((p for p, until in enumerate(busy_until) if until < t), None)
        if free is None:
            free = len(busy_until)
            busy_until.append(0.0)
        place[post] = free
        busy_until[free] = laws.expiry[post] + 3 * HOUR_MIN
    return place
