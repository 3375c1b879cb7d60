"""The compiled twin of the kernel: the same hours, the same integers; the loops run as machine code.

What is rare (advertising, the desk, instants at which people come, go or ask) is the reference's own code;
offers, displays, reactions, shares, what is said, and who might move are ``sim.compiled``'s.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

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
        self._looking, self._warming = Settled(looking.look), Settled(looking.warm)
        self._restless = Settled(moving.restless)
        self._moves = coming.moves_of(laws, city, seed, replicate)
        self._came = coming.Newcomers(len(laws.schedule.accounts), city.n_rows)
        self._passed_on: NDArray[np.int32] | None = None
        super().__init__(laws, city, seed, replicate)
        self._seats = seats(city)
        self._handed = Handed.of(self, self._session_keys, self._packed, self._seats)
        self._following.seating = self._handed.moods.seating
        n_followers = int(self.state.followers.count.sum())  # memory that is not used costs nothing
        life_h = int(laws.feed.life_min.max()) // HOUR_MIN + 2
        self._entries = Calendar.of(max(_ROOM, 2 * n_followers), laws.n_hours, min(life_h, laws.n_hours))
        self._desk = Desk.of(feeding.BLOCK)
        self._readers, self._friends = Readers.of(3 * feeding.BLOCK), Readers.of(_ROOM)
        self._wave, self._events = Wave.of(_ROOM), Events.of(_ROOM, seeing.MOST)
        self._most_ties = int(np.diff(city.ties.indptr).max(initial=0))
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
        for queue in (self._opening[page], self._newcomers(page)):
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

    def _newcomers(self, account: int) -> Queue:
        """Everyone who has joined an account since the start."""
        rows = self._came.of(account)
        return in_blocks(self.city, int(self.laws.account_platform[account]), rows, False)

    def _pass_on(self) -> None:
        """Shares of the last hour in the feeds of friends."""
        if self._passed_on is None:
            return
        (post, sharer, depth), self._passed_on = self._passed_on, None
        now = float(self.hour * HOUR_MIN)
        if self._most_ties > len(self._friends.who):
            self._friends = Readers.of(2 * self._most_ties)
        tails = np.zeros(len(self.city.platforms), np.int64)
        for k in set(self.laws.platform[post].tolist()):
            tails[k] = self._tails.at(k, now)
        h, at = self._handed, 0
        while at < len(post):
            self._reserve(len(self._friends.who))
            at = self._delivering(
                h.people, h.sessions, h.shown, h.plan, h.offered, h.moods.seating, self._entries, h.counts,
                post, sharer, depth, now, tails, self._tails.most, self._tails.rest, self.hour, self._desk,
                self._friends, at,
            )  # fmt: skip

    # --- displays ------------------------------------------------------------------------------------

    def _look(self, written: Writes) -> None:
        h, week = self._handed, self.hour * HOUR_MIN // WEEK_MIN
        self._events.n[:] = 0
        n = int(self._entries.count[self.hour])
        while n:
            self._room_to_look(n)
            n = self._looking(
                h.people, h.sessions, h.shown, h.plan, h.response, h.moods, self._entries, h.counts,
                self._events, self._wave, self.hour, week,
            )  # fmt: skip
        self._hear(self._events, self._events.n.tolist(), written)

    def _hear(self, events: Events, n: list[int], written: Writes) -> None:
        """What the hour's displays led to, for the rest of it; ``n``: how many events of each kind."""
        written.warmer.append(events.warmer[: n[seeing.WARMER]])
        written.colder.append(events.colder[: n[seeing.COLDER]])
        written.joins.append(events.joins[: n[seeing.JOINS]])
        written.through_friends.append(events.through_friends[: n[seeing.THROUGH_FRIENDS]])
        written.leaves.append(events.leaves[: n[seeing.LEAVES]])
        spoken, shared = n[seeing.SPOKEN], n[seeing.SHARED]
        if self.dialogue is not None and spoken:
            self.dialogue.hear(self.hour, events.spoken_post[:spoken], events.spoken_who[:spoken])
        if shared:
            order = np.argsort(events.shared[0, :shared], kind="stable")
            self._passed_on = events.shared.take(order, axis=1)

    def _warm(self, who: I64, step: float) -> None:
        memory = self.laws.scenario.behaviour.memory
        bounds = memory.affinity_floor.value, memory.affinity_ceiling.value
        self._warming(self._handed.moods, who, len(who), step, *bounds, self.hour)

    def _welcome(self, ids: I64, since_min: float) -> None:
        if since_min > 0:  # the first followers stand in the opening queues
            self._came.add(ids)
        end, city, restless = float(self.laws.n_hours * HOUR_MIN), self.city, ids.copy()
        n = self._restless(restless, since_min, end, city.n_rows, city.n_residents, self._moves)
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

    def _room_to_look(self, n: int) -> None:
        """Room for a wave of ``n`` displays and what it leads to, besides the hour's events so far."""
        if n > len(self._wave.entry):
            self._wave = Wave.of(2 * n)
        so_far = int(self._events.n[seeing.TIRED])
        if so_far + n > len(self._events.tired_seat):
            longer = Events.of(2 * (so_far + n), seeing.MOST)
            for column, before in zip(longer, self._events, strict=True):
                column[..., : before.shape[-1]] = before
            self._events = longer

    def _reserve(self, n: int) -> None:
        """Room for ``n`` more entries in the calendar."""
        used = int(self._entries.used[2])
        if used + n > self._entries.room:
            self._entries = self._entries.longer(max(2 * self._entries.room, used + n))
