"""The compiled twin of the kernel: the same hours, the same integers; the loops run as machine code.

What is rare (advertising, discovery, conversation, affinity, followers who come and go) is the reference's own
code; offers, displays, reactions and shares are ``sim.compiled``'s.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim.audience import group_of
from sim.city import City
from sim.compiled import feeding, looking
from sim.compiled.arrays import (
    Calendar,
    Counts,
    Desk,
    Events,
    Moods,
    Offered,
    People,
    Plan,
    Response,
    Sessions,
    Shown,
)
from sim.displays import DISPLAY, F64, I64, NONE, joined
from sim.figures import BANDS
from sim.kernel import Kernel
from sim.lending import boosted
from sim.laws import Laws
from sim.reactions import Writes
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import WORK

I32 = NDArray[np.int32]
Queue = tuple[I32, NDArray[np.float32], NDArray[np.float32]]  # rows, attachment, its largest by block
PERSON = np.dtype(
    [
        ("excess", "f8"), ("warm_at", "i4"), ("attachment", "f4"), ("expressiveness", "f4"), ("band", "u1"),
        ("circle", "u1"), ("group", "u1"), ("ladder", "u1"), ("reached", "u2"), ("this_week", "u2"),
        ("engaged", "u2"), ("nothing", "u2"),
    ]
)  # fmt: skip
RELATION = np.dtype([("fatigue", "f8"), ("tired_at", "i4"), ("is_following", "?"), ("nothing", "u1", 3)])
MEMORY = np.dtype([("times_seen", "u1"), ("flags", "u1")])
_ROOM = 1024
_packed: WeakKeyDictionary[City, NDArray[np.void]] = WeakKeyDictionary()
_queues: WeakKeyDictionary[City, dict[str, Queue]] = WeakKeyDictionary()


class CompiledKernel(Kernel):
    """One replicate of one scenario on a city, as ``Kernel``, many times faster."""

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int) -> None:
        self._joined: list[list[I64]] = [[] for _ in laws.schedule.accounts]
        super().__init__(laws, city, seed, replicate)
        self._pack()
        self._hand_over()
        n_hours = laws.n_hours
        self._entries = Calendar(
            *(np.empty(_ROOM, np.int32) for _ in range(3)), np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int32),
            np.full(n_hours, -1), np.zeros(n_hours, np.int64), np.array([-1, 0]),
        )  # fmt: skip
        self._desk = Desk.of(feeding.BLOCK)
        self._chosen_rows = np.empty(_ROOM, np.int32)
        most_ties = int(np.diff(city.ties.indptr).max(initial=0))
        self._friends = np.empty(most_ties, np.int32)
        self._opening = [self._queue(a) for a in range(len(laws.schedule.accounts))]
        self._rival_rows = [
            (
                np.array([page for page, _ in self._rivals.get(a, ())], dtype=np.int64),
                np.array([factor for _, factor in self._rivals.get(a, ())], dtype=np.float64),
            )
            for a in range(len(laws.schedule.accounts))
        ]

    def _pack(self) -> None:
        """Put together in memory what is read together: one or two cache lines for each person."""
        state, tally, city = self.state, self.tally, self.city
        person = _people(city).copy()
        for name in ("reached", "this_week", "engaged", "ladder"):
            setattr(tally, name, person[name])
        state.affinity.value, state.affinity.last = person["excess"], person["warm_at"]
        relation = np.zeros(state.fatigue.value.shape, RELATION)
        relation["is_following"] = state.followers.is_following
        state.followers.is_following = relation["is_following"]
        state.fatigue.value, state.fatigue.last = relation["fatigue"], relation["tired_at"]
        memory = np.zeros(state.times_seen.shape, MEMORY)
        state.times_seen, state.flags = memory["times_seen"], memory["flags"]
        self._memory = memory.view(np.uint16)
        self._person = person

    def _hand_over(self) -> None:
        """Arrays of laws, posts, state and counts under the names of ``sim.compiled.arrays``."""
        laws, city, posts, state, tally = self.laws, self.city, self.posts, self.state, self.tally
        schedule, feed, rhythm = laws.schedule, laws.feed, laws.feed.rhythm
        life = self._tails.length(np.arange(len(feed.life_min)))
        self._people = People(
            city.activity, *(self._person[name] for name in ("attachment", "expressiveness")), city.interest,
            *(self._person[name] for name in ("band", "circle", "group")),
        )  # fmt: skip
        self._sessions = Sessions(
            self._session_keys, rhythm.clock.reshape(-1), rhythm.per_day, rhythm.cumulative[:, -1].copy()
        )
        self._shown = Shown(
            feed.fresh, feed.fresh_at, posts.openness, posts.own_at, posts.shared_at, feed.gaps, life,
            laws.expiry, float(laws.n_hours * HOUR_MIN), posts.key_display, posts.key_again,
        )  # fmt: skip
        self._plan = Plan(
            schedule.account, laws.platform, laws.theme, self._place, schedule.mention, self._own,
            laws.account_platform, laws.account_id,
        )  # fmt: skip
        self._offered = Offered(
            posts.key_offer, posts.key_friend, schedule.target, schedule.target_circle, schedule.understood,
            laws.friend_offer, laws.attention, city.ties.indptr, city.ties.target, city.ties.mask,
        )  # fmt: skip
        self._response = Response(
            posts.react, posts.key_act, posts.key_follow, posts.key_leave, schedule.understood, self._lent,
            laws.is_overposting, laws.stranger, laws.endorsement, laws.follow_if_shared,
            laws.follow_if_mentioned, laws.unfollow_if_overposted, laws.follow_weight, laws.repeat,
        )  # fmt: skip
        liking_of = np.full(len(schedule.accounts), -1)
        for row, account in enumerate(state.followers.liking):
            liking_of[account] = row
        self._moods = Moods(
            state.followers.is_following, state.fatigue.value, state.fatigue.last, state.affinity.value,
            state.affinity.last, state.followers.likings, liking_of, laws.fatigue_slope, laws.fatigue_decay,
            laws.affinity_decay,
        )  # fmt: skip
        self._counts = Counts(
            tally.weekly, tally.posts, tally.friend_reach, tally.depth, tally.share_depth, tally.hourly,
            tally.reached, tally.this_week, tally.engaged, tally.ladder, tally.work,
        )  # fmt: skip

    def _queue(self, account: int) -> Queue:
        """First followers of an account, those most attached first: the same for every replicate."""
        plan = self.laws.schedule.accounts[account]
        if plan.is_new:
            return _in_blocks(NONE.astype(np.int32), self.city)
        queues = _queues.setdefault(self.city, {})
        if plan.name not in queues:
            rows = self.city.followers[plan.name]
            order = np.argsort(-self.city.attachment[rows], kind="stable")
            classes = np.array_split(rows[order], max(1, len(rows) // (4 * feeding.BLOCK)))
            queues[plan.name] = _in_blocks(np.concatenate([np.sort(c) for c in classes]), self.city)
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
        self._put(post, self._choose(post, account, account, -1))
        if partner >= 0:
            self._put(post, self._choose(post, account, partner, account))
        boosts = self._boosts.get(post, ())
        if not boosts:
            return
        busy = followers.is_following[account].copy()
        if partner >= 0:
            busy |= followers.is_following[partner]
        for boost in boosts:
            won = boosted(self.laws, self.city, self.seed, self.replicate, boost, busy)
            busy[won] = True
            self._room_for(len(won))
            self._chosen_rows[: len(won)] = won
            self._put(post, len(won))

    def _choose(self, post: int, account: int, page: int, avoid: int) -> int:
        """Followers of ``page`` who are offered a post, at the start of ``_chosen_rows``; their number."""
        laws, followers = self.laws, self.state.followers
        size = followers.count[page] / laws.scenario.sampling
        base = float(laws.scale(int(laws.platform[post]), size) * self.posts.offer[post])
        week = self.hour * HOUR_MIN // WEEK_MIN
        pages, factors = self._rival_rows[account]
        rivals = (pages, factors[:, week].copy()) if page == account and len(pages) else (NONE, np.empty(0))
        examined = int(followers.count[page])
        if avoid >= 0:
            rows = followers.rows(page)
            examined = int(np.count_nonzero(~followers.is_following[avoid, rows]))
        self.tally.work[WORK.index("followers_examined")] += examined
        n = 0
        for rows, warmth, ceiling in (self._opening[page], self._newcomers(page)):
            self._room_for(n + len(rows))
            n = feeding.choose(
                self._people, self._plan, self._offered, self._moods, rows, warmth, ceiling, post, page,
                avoid, base, self._warmest, *rivals, self.hour, self._desk, self._chosen_rows, n,
            )  # fmt: skip
        return n

    def _newcomers(self, account: int) -> Queue:
        """Everyone who has joined an account since the start."""
        parts = self._joined[account]
        rows = np.concatenate(parts) if parts else NONE
        self._joined[account] = [rows] if parts else []
        return _in_blocks(rows.astype(np.int32), self.city)

    def _put(self, post: int, n: int) -> None:  # type: ignore[override]
        since, k = float(self.laws.schedule.t_min[post]), int(self.laws.platform[post])
        tail, week = self._tails.at(k, since), self.hour * HOUR_MIN // WEEK_MIN
        self._reserve(n)
        feeding.offer(self._people, self._plan, self._counts, self._chosen_rows, n, post, week)
        feeding.put(
            self._people, self._sessions, self._shown, self._entries, self._counts, self._chosen_rows, n, post,
            k, since, self._elapsed(k, since), 0, 0, tail, self._tails.most, self._tails.rest, self.hour,
            self._desk,
        )  # fmt: skip

    def _elapsed(self, k: int, since: float) -> F64:
        """Profile time at an instant by age band of one platform, float64[6]."""
        row = k * len(BANDS) + np.arange(len(BANDS))
        return np.asarray(self.laws.feed.rhythm.operational(row, np.full(len(BANDS), since)))

    def _pass_on(self) -> None:
        """Shares of the last hour in the feeds of friends."""
        shared, self._shared = self._shared, np.empty(0, dtype=DISPLAY)
        if not len(shared):
            return
        now, n_platforms = float(self.hour * HOUR_MIN), len(self.city.platforms)
        sharer = shared["who"]
        ties = self.city.ties.indptr
        self._reserve(int((ties[sharer + 1] - ties[sharer]).sum()))
        here = np.unique(self.laws.platform[shared["post"]]).tolist()
        tails, elapsed = np.zeros(n_platforms, np.int64), np.zeros((n_platforms, len(BANDS)))
        for k in here:
            tails[k], elapsed[k] = self._tails.at(k, now), self._elapsed(k, now)
        feeding.deliver(
            self._people, self._sessions, self._shown, self._plan, self._offered, self._entries, self._counts,
            shared["post"].copy(), sharer.copy(), shared["depth"].copy(), now, elapsed, tails,
            self._tails.most, self._tails.rest, self.hour, self._desk, self._friends,
        )  # fmt: skip

    # --- displays ------------------------------------------------------------------------------------

    def _look(self, written: Writes) -> None:
        seen: list[tuple[NDArray[Any], ...]] = []
        week = self.hour * HOUR_MIN // WEEK_MIN
        while n := int(self._entries.count[self.hour]):
            self._reserve(n)
            post, who, depth = (np.empty(n, np.int32) for _ in range(3))
            cell, order, spare = (np.empty(n, np.int64) for _ in range(3))
            merged = np.zeros(n, np.bool_)
            looking.take(self._entries, self.hour, post, who, cell, depth)
            room = looking.EVENTS_A_DISPLAY * n
            events = Events(np.empty(room, np.uint8), *(np.empty(room, np.int32) for _ in range(3)))
            happened = looking.look(
                self._people, self._sessions, self._shown, self._plan, self._response, self._moods,
                self._entries, self._counts, events, self.state.times_seen, self.state.flags, post, who,
                cell, depth, merged, order, spare, n, self.hour, week,
            )  # fmt: skip
            self._hear(Events(*(column[:happened] for column in events)), written)
            seen.append((post, who, merged))
        for post, who, merged in seen:
            looking.tire(self._plan, self._moods, post, who, merged, self.hour)

    def _hear(self, events: Events, written: Writes) -> None:
        """What displays led to, for the rest of the hour."""
        if not len(events.kind):
            return
        who = events.who.astype(np.int64)

        def of(kind: int) -> Any:
            return np.flatnonzero(events.kind == kind)

        written.warmer.append(who[of(looking.WARMER)])
        written.colder.append(who[of(looking.COLDER)])
        spoken = of(looking.SPOKEN)
        if self.dialogue is not None and len(spoken):
            self.dialogue.hear(self.hour, events.post[spoken].astype(np.int64), who[spoken])
        shared = of(looking.SHARED)
        if len(shared):
            rows = np.zeros(len(shared), dtype=DISPLAY)
            for name in ("post", "who", "depth"):
                rows[name] = getattr(events, name)[shared]
            self._shared = joined([self._shared, rows])
        for kind, lists in (
            (looking.JOINS, (written.joins,)),
            (looking.JOINS_THROUGH_FRIEND, (written.joins, written.through_friends)),
            (looking.LEAVES, (written.leaves,)),
        ):
            at = of(kind)
            for a in np.unique(events.post[at]).tolist():
                people = who[at[events.post[at] == a]]
                for each in lists:
                    each[a] = np.concatenate([each[a], people])

    def _welcome(self, account: int, who: I64) -> None:
        self._joined[account].append(who)

    def _forget(self, place: int) -> None:
        self._memory[place] = 0

    # --- room ----------------------------------------------------------------------------------------

    def _room_for(self, n: int) -> None:
        if n > len(self._chosen_rows):
            self._chosen_rows = np.resize(self._chosen_rows, 2 * n)

    def _reserve(self, n: int) -> None:
        """Room for ``n`` more entries in the calendar."""
        used, room = int(self._entries.free[1]), len(self._entries.post)
        if used + n > room:
            size = max(2 * room, used + n)
            grown = (_longer(column, size) for column in self._entries[:5])
            self._entries = Calendar(*grown, *self._entries[5:])


def _people(city: City) -> NDArray[np.void]:
    """What the city says of everyone, packed: the same for every replicate."""
    if city not in _packed:
        person = np.zeros(city.n_rows, PERSON)
        for name in ("attachment", "expressiveness", "circle"):
            person[name] = getattr(city, name)
        person["band"], person["group"] = city.age_band, group_of(city)
        _packed[city] = person
    return _packed[city]


def _longer(column: NDArray[Any], size: int) -> NDArray[Any]:
    out = np.empty(size, column.dtype)
    out[: len(column)] = column
    return out


def _in_blocks(rows: I32, city: City) -> Queue:
    """Rows with their attachment, and the largest of each block (a row less reads as none)."""
    warmth = city.attachment[rows]
    starts = np.arange(0, len(rows), feeding.BLOCK)
    ceiling = np.maximum.reduceat(warmth, starts) if len(rows) else warmth
    return rows, warmth, ceiling
