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

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws, feed
from sim.audience import Timetable, bought, discovery_times, leaving_times, may_be_asked
from sim.city import City
from sim.displays import DISPLAY, F64, I64, NONE, by_hour, joined, turns
from sim.figures import BANDS
from sim.laws import Laws
from sim.offers import Offering, Offers
from sim.reactions import Writes
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key
from sim.tally import MEASURES, WORK, Tally

FOLLOWS, UNFOLLOWS = MEASURES.index("follows"), MEASURES.index("unfollows")


class Kernel(Offering):
    """One replicate of one scenario on a city; ``step`` advances one hour, ``run`` the whole horizon."""

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int, block: int = feed.BLOCK) -> None:
        super().__init__(laws, city, seed, replicate)
        self.block = block
        schedule, n_accounts = laws.schedule, len(laws.schedule.accounts)
        self._session_keys = np.array([session_key(seed, replicate, name) for name in city.platforms])
        self._expired = by_hour(laws.expiry + HOUR_MIN)
        self._calendar: dict[int, list[NDArray[np.void]]] = {}
        self._discover, self._leave = Timetable(), Timetable()  # of account * n_rows + row
        self._win = {c.account: Timetable() for c in schedule.campaigns}
        followers = []
        for a in range(n_accounts):
            t, who = discovery_times(laws, city, seed, replicate, a, self._finders(a))
            self._discover.add(t, a * city.n_rows + who)
            followers.append(a * city.n_rows + self.state.followers.rows(a))
        self.tally.followers[:, :, 0] = self.state.followers.by_group
        self._welcome(np.concatenate(followers), 0.0)

    def run(self) -> Tally:
        """Advance to the end of the horizon and return the counts."""
        while self.hour < self.laws.n_hours:
            self.step()
        return self.tally

    def step(self) -> None:
        """Advance one hour."""
        hour = self.hour
        written = Writes(self._discover.at(hour), self._leave.at(hour), self._advertise())
        self._fill_feeds()
        self._look(written)
        self._write(written)
        for post in self._expired.get(hour, NONE):
            self._forget(int(self.place[post]))
        self.hour += 1
        if self.hour * HOUR_MIN % WEEK_MIN == 0:
            week = self.hour * HOUR_MIN // WEEK_MIN
            self._close_week(week - 1)
            self.tally.followers[:, :, week] = self.state.followers.by_group

    def _close_week(self, week: int) -> None:
        self.tally.close_week(week, self.group, self.linked())

    # --- advertise ----------------------------------------------------------------------------------

    def _advertise(self) -> dict[int, I64]:
        """Start the campaigns of this hour; who is won in this hour, by account that advertises."""
        followers = self.state.followers
        for plan in self.laws.schedule.campaigns:
            if int(plan.start_min) // HOUR_MIN != self.hour:
                continue
            a = plan.account
            busy = followers.is_following[a] | followers.has_left[a] | followers.asked[a]
            free = may_be_asked(self.city, plan, int(self.laws.account_platform[a]), busy)
            t, who = bought(self.laws, self.city, self.seed, self.replicate, plan, free)
            followers.asked[a][who] = True
            self._win[a].add(t, who)
        return {a: timetable.at(self.hour) for a, timetable in self._win.items()}

    def _finders(self, account: int) -> I64 | None:
        """Residents among whom those who find an account by themselves are; None for all."""
        return None

    def _forget(self, place: int) -> None:
        """Nobody has seen the next post that will have this place."""
        self.state.times_seen[place] = 0
        self.state.flags[place] = 0

    # --- see ----------------------------------------------------------------------------------------

    def _fill_feeds(self) -> None:
        """Offer the posts of this hour and the shares of the last one; enter their first displays."""
        self._expose([*self._publish(), *self._deliver()])

    def _look(self, written: Writes) -> None:
        """All displays of this hour, those that reappear within it included; then they tire their viewers."""
        seen: list[NDArray[np.void]] = []
        wave = self._due()
        while len(wave):
            for turn in turns(wave, self.city.n_rows):
                self._reappear(self._display(turn, written))
                seen.append(turn.rows)
            wave = self._due()
        if seen:
            rows = joined(seen)
            fatigue, account = self.state.fatigue, self.laws.schedule.account[rows["post"]]
            fatigue.add(fatigue.at(account, rows["who"]), 1.0, self.hour)

    def _expose(self, offers: list[Offers]) -> None:
        """Find the first display of new exposures."""
        if not offers:
            return
        post, who, since, depth, source, tail = (
            np.concatenate([getattr(o, f.name) for o in offers]) for f in fields(Offers)
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
        return joined(self._calendar.pop(self.hour, []))

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

    # --- write --------------------------------------------------------------------------------------

    def _write(self, written: Writes) -> None:
        """End of the hour: affinity, then followers."""
        memory = self.laws.scenario.behaviour.memory
        for people, step in (
            (written.warmer, memory.affinity_gain.value),
            (written.colder, -memory.affinity_loss_if_hidden.value),
            *self._converse(),
        ):
            who = np.concatenate(people) if len(people) > 1 else people[0] if people else NONE
            if len(who):
                self._warm(who, step)
        self._come_and_go(written)

    def _warm(self, who: I64, step: float) -> None:
        """``step`` more affinity for each time that someone is in ``who``, within its bounds."""
        state, memory = self.state, self.laws.scenario.behaviour.memory
        state.affinity.add(who, step, self.hour)
        state.affinity.value[who] = np.clip(
            state.affinity.value[who], memory.affinity_floor.value, memory.affinity_ceiling.value
        )

    def _come_and_go(self, written: Writes) -> None:
        """Followers of the hour: who leaves, who joins, and when these will leave or ask something."""
        followers, n_rows, week = self.state.followers, self.city.n_rows, self.hour * HOUR_MIN // WEEK_MIN
        leaving = np.concatenate(written.leaves)
        if len(leaving):
            before = followers.by_group.copy()
            followers.leave(leaving)
            self.tally.weekly[:, :, week, UNFOLLOWS] += before - followers.by_group
        before = followers.by_group.copy()
        came = [followers.welcome(a, won) for a, won in written.won.items() if len(won)]
        came.append(followers.join(np.concatenate(written.joins)))
        new = np.concatenate(came) if len(came) > 1 else came[0]
        if not len(new):
            return
        self.tally.weekly[:, :, week, FOLLOWS] += followers.by_group - before
        for through in filter(len, written.through_friends):
            won = set(new.tolist()).intersection(through.tolist())  # both are short
            account, who = np.divmod(np.array(sorted(won), dtype=np.int64), n_rows)
            self.tally.climb("influenced", who[self.is_own[account]])
        self._welcome(new, float((self.hour + 1) * HOUR_MIN))

    def _welcome(self, ids: I64, since_min: float) -> None:
        """People who follow an account from now on: when they will leave or ask something by themselves."""
        if not len(ids):
            return
        account, who = np.divmod(ids, self.city.n_rows)
        # outsiders neither find nor leave an account on their own
        here = np.flatnonzero(who < self.city.n_residents)
        t, at = leaving_times(self.laws, self.seed, self.replicate, account[here], who[here], since_min)
        self._leave.add(t, ids[here][at])
        if self.dialogue is not None:
            self.dialogue.welcome(account, who, since_min)

    def _converse(self) -> list[tuple[list[I64], float]]:
        """What the desk's answers and silences do to people: rows, and the step of their affinity."""
        if self.dialogue is None:
            return []
        talk, follows = self.dialogue.talk, self.state.followers.is_following
        echo = self.dialogue.close_hour(self.hour, follows)
        done: list[tuple[list[I64], float]] = []
        if echo.satisfied:
            done.append(([np.array(echo.satisfied, dtype=np.int64)], talk.affinity_gain))
        if echo.disappointed:
            for t, ids in self.dialogue.losses(echo, follows, float((self.hour + 1) * HOUR_MIN)):
                self._leave.add(t, ids)
            let_down = [who for _, who, _ in echo.disappointed]
            done.append(([np.array(let_down, dtype=np.int64)], -talk.affinity_loss))
        return done
