"""The compiled twin of the kernel: the same hours, the same integers; the loops run as machine code.

What is rare (advertising, instants at which people come, go or ask) is the reference's own code; offers,
displays, reactions, shares, what is said and answered, and who comes and goes are ``sim.compiled``'s.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from sim.city import City
from sim.compiled import coming, feeding, looking, moving, publishing, seeing, sharing, weekly
from sim.compiled.arrays import Feeding, Offer, Queue
from sim.compiled.build import Settled
from sim.compiled.handing import Handed
from sim.compiled.packing import in_blocks, pack, seats, state_of
from sim.compiled.room import Calendar, Desk, Events, Readers, Wave
from sim.compiled.talking import Talking
from sim.displays import I64, NONE
from sim.kernel import Kernel
from sim.laws import Laws
from sim.lending import boosted
from sim.reactions import State, Writes
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import WORK

_ROOM = 1024
_queues: WeakKeyDictionary[City, dict[str, Queue]] = WeakKeyDictionary()


class CompiledKernel(Kernel):
    """One replicate of one scenario on a city, as ``Kernel``, many times faster."""

    dialogue_of = Talking

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int) -> None:
        self._publishing, self._delivering = Settled(publishing.publish), Settled(sharing.deliver)
        self._looking, self._moving = Settled(looking.look), Settled(moving.come_and_go)
        self._moves = coming.moves_of(laws, city, seed, replicate)
        self._came = coming.Newcomers(len(laws.schedule.accounts), city)
        super().__init__(laws, city, seed, replicate)
        self._seats = seats(city)
        self._handed = Handed.of(self, self._session_keys, self._packed, self._seats)
        self._following.seating = self._handed.moods.seating
        n_followers = int(self.state.followers.count.sum())  # memory that is not used costs nothing
        life_h = int(laws.feed.life_min.max()) // HOUR_MIN + 2
        self._entries = Calendar.of(max(_ROOM, 2 * n_followers), laws.n_hours, min(life_h, laws.n_hours))
        self._desk = Desk.of(feeding.BLOCK)
        self._readers, self._friends = (
            Readers.of(3 * feeding.BLOCK),
            Readers.of(max(_ROOM, 2 * city.ties.most)),
        )
        self._wave, self._events = Wave.of(_ROOM), Events.of(_ROOM, seeing.MOST)
        self._opening = [self._queue(a) for a in range(len(laws.schedule.accounts))]
        self._rival_rows = [
            (
                np.array([page for page, _ in self._rivals.get(a, ())], dtype=np.int64),
                np.array([factor for _, factor in self._rivals.get(a, ())], dtype=np.float64),
            )
            for a in range(len(laws.schedule.accounts))
        ]

    def _blank_state(self, n_active: int) -> State:
        self._following = coming.Following(self.laws, self.city, self.group)
        self._packed = pack(self.city, self.tally, self._following, self.laws.n_hours, n_active)
        self._sights = self._packed.sights.view(np.uint8)  # of bytes: cleared twice as fast
        return state_of(self._packed, self._following, self.laws)

    def _queue(self, account: int) -> Queue:
        """First followers of an account, those most attached first: the same for every replicate."""
        plan = self.laws.schedule.accounts[account]
        k = int(self.laws.account_platform[account])
        if plan.is_new:
            return in_blocks(self.city, k, NONE, True)
        queues = _queues.setdefault(self.city, {})
        if plan.name not in queues:
            queues[plan.name] = in_blocks(self.city, k, self._seats.opening[plan.name], True)
        return queues[plan.name]

    # --- feeds ---------------------------------------------------------------------------------------

    def _fill_feeds(self) -> None:
        for post in self._published.get(self.hour, NONE).tolist():
            self._publish_one(post)
        self._pass_on()

    def _publish_one(self, post: int) -> None:
        """A post in the feeds of followers, then of those whom a partner or money lends."""
        schedule, followers = self.laws.schedule, self.state.followers
        account, partner = int(schedule.account[post]), int(schedule.partner[post])
        where = self._feeding(post)
        self._offer(where, account, -1)
        if partner >= 0:
            self._offer(where, partner, account)
        boosts = self._boosts.get(post, ())
        if not boosts:
            return
        busy = followers.is_following[account].copy()
        if partner >= 0:
            busy |= followers.is_following[partner]
        for boost in boosts:
            won = boosted(self.laws, self.city, self.seed, self.replicate, boost, busy)
            busy[won] = True
            self._put_paid(where, won)

    def _feeding(self, post: int) -> Feeding:
        """A post as it enters feeds."""
        since, k = float(self.laws.schedule.t_min[post]), int(self.laws.platform[post])
        tail = self._tails.at(k, since)
        open_at, bounds = int(self.posts.own_at[post]), (self._tails.most, self._tails.rest)
        return Feeding(post, k, since, open_at, tail, *bounds, self.hour)

    def _offer(self, where: Feeding, page: int, avoid: int) -> None:
        """Offer a post to the followers of ``page`` who do not follow ``avoid``."""
        laws, followers = self.laws, self.state.followers
        account = int(laws.schedule.account[where.post])
        size = followers.count[page] / laws.scenario.sampling
        week = self.hour * HOUR_MIN // WEEK_MIN
        pages, factors = self._rival_rows[account]
        is_own = page == account and len(pages) > 0
        offer = Offer(
            page, avoid, float(laws.scale(where.k, size) * self.posts.offer[where.post]),
            self._warmest, pages if is_own else NONE, factors[:, week].copy() if is_own else np.empty(0),
            self.city.n_residents, week,
        )  # fmt: skip
        examined = int(followers.count[page])
        if avoid >= 0:
            rows = followers.rows(page)
            examined = int(np.count_nonzero(~followers.is_following[avoid, rows]))
        self.tally.work[WORK.index("followers_examined")] += examined
        h = self._handed
        for queue in (self._opening[page], self._came.queue(page)):
            at = 0
            while at < len(queue.ceiling):
                self._reserve(len(self._readers.who))
                at = self._publishing(
                    h.sessions, h.shown, h.plan, h.offered, h.moods, self._entries, h.counts, queue, where,
                    offer, self._desk, self._readers, at,
                )  # fmt: skip

    def _put_paid(self, where: Feeding, won: I64) -> None:
        """A post in the feeds of people whom money reaches."""
        h, n = self._handed, len(won)
        readers = Readers.of(n)
        readers.who[:], readers.band[:] = won, self.city.age_band[won]
        readers.activity[:] = self.city.activity[where.k, won]
        mine = int(self.laws.schedule.account[where.post])
        row = int(h.moods.seating.seated_as[mine])
        readers.seat[:] = h.moods.seating.seat_of[row, won] if row >= 0 else won
        account, week = np.full(n, mine), self.hour * HOUR_MIN // WEEK_MIN
        self.tally.count("offered", account, self.group[won], week, np.full(n, where.post))
        self._reserve(n)
        feeding.put_all(h.sessions, h.shown, self._entries, h.counts, readers, n, where, self._desk)

    def _pass_on(self) -> None:
        """Shares of the last hour in the feeds of friends."""
        events = self._events
        n_shared = int(events.n[seeing.SHARED])
        if not n_shared:
            return
        now = float(self.hour * HOUR_MIN)
        tails = self._tails.of(int(events.n[seeing.PLATFORMS]), now)
        h, at = self._handed, 0
        while at < n_shared:
            self._reserve(len(self._friends.who))
            at = self._delivering(
                h.people, h.sessions, h.shown, h.plan, h.offered, h.moods.seating, self._entries, h.counts,
                events, now, tails, self._tails.most, self._tails.rest, self.hour, self._desk,
                self._friends, at,
            )  # fmt: skip

    # --- displays ------------------------------------------------------------------------------------

    def _look(self, written: Writes) -> None:
        h, week, events = self._handed, self.hour * HOUR_MIN // WEEK_MIN, self._events
        events.n[:] = 0
        n = int(self._entries.count[self.hour])
        while n:
            events = self._room_to_look(n)
            n = self._looking(
                h.people, h.sessions, h.shown, h.plan, h.response, h.moods, self._entries, h.counts,
                events, self._wave, self.hour, week,
            )  # fmt: skip

    # --- write ---------------------------------------------------------------------------------------

    def _write(self, written: Writes) -> None:
        """End of the hour, after ``_look`` has warmed those who reacted."""
        if self.dialogue is not None:
            assert isinstance(self.dialogue, Talking)
            h, n_spoken = self._handed, int(self._events.n[seeing.SPOKEN])
            for t, ids in self.dialogue.converse(self.hour, self._events, n_spoken, h.moods, h.counts):
                self._leave.add(t, ids)
        self._come_and_go(written)

    def _come_and_go(self, written: Writes) -> None:
        events, h, week = self._events, self._handed, self.hour * HOUR_MIN // WEEK_MIN
        if any(map(len, written.won.values())):  # money wins people: rare
            n = events.n
            written.joins.append(events.joins[: n[seeing.JOINS]])
            written.through_friends.append(events.through_friends[: n[seeing.THROUGH_FRIENDS]])
            written.leaves.append(events.leaves[: n[seeing.LEAVES]])
            super()._come_and_go(written)
            return
        leaving, finding = written.leaves[0], written.joins[0]
        most = len(finding) + int(events.n[seeing.JOINS])
        came, joined, restless = (
            self._came.with_room(most),
            np.empty(most, np.int64),
            np.empty(most, np.int64),
        )
        since, end = float((self.hour + 1) * HOUR_MIN), float(self.laws.n_hours * HOUR_MIN)
        n_joined, n_restless = self._moving(
            leaving, finding, events, h.people, h.moods, self._following.follows, h.counts, self._moves, week,
            since, end, self.city.n_residents, came, joined, restless,
        )  # fmt: skip
        if n_joined:
            self._following.arrive(joined[:n_joined])
        if n_restless:
            super()._welcome(restless[:n_restless], since)

    def _welcome(self, ids: I64, since_min: float) -> None:
        if since_min > 0:  # the first followers stand in the opening queues
            moving.note_all(self._came.with_room(len(ids)), self._handed.people, self._moves, ids)
        end, city, restless = float(self.laws.n_hours * HOUR_MIN), self.city, ids.copy()
        n = moving.restless(restless, since_min, end, city.n_rows, city.n_residents, self._moves)
        super()._welcome(restless[:n], since_min)

    def _close_week(self, week: int) -> None:
        tally = self.tally
        weekly.close_week(
            week, self.group, self.linked(), tally.this_week, tally.last_week, tally.ladder,
            tally.weekly_reached[week],
        )  # fmt: skip

    def _finders(self, account: int) -> I64:
        return coming.finders(self.laws, self.city, self.seed, self.replicate, account)

    def _forget(self, place: int) -> None:
        self._sights[place].fill(0)

    # --- room ----------------------------------------------------------------------------------------

    def _room_to_look(self, n: int) -> Events:
        """Room for a wave of ``n`` displays and what it leads to, besides the hour's events so far."""
        if n > len(self._wave.entry):
            self._wave = Wave.of(2 * n)
        so_far = int(self._events.n[seeing.TIRED])
        if so_far + n > len(self._events.tired_seat):
            longer = Events.of(2 * (so_far + n), seeing.MOST)
            for column, before in zip(longer, self._events, strict=True):
                column[: len(before)] = before
            self._events = longer
        return self._events

    def _reserve(self, n: int) -> None:
        """Room for ``n`` more entries in the calendar."""
        used = int(self._entries.used[2])
        if used + n > self._entries.room:
            self._entries = self._entries.longer(max(2 * self._entries.room, used + n))
