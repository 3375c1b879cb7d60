"""What enters feeds in an hour: posts offered to followers and to those who are lent, shares to friends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim import behaviour, draws
from sim.aiming import Boost
from sim.city import City
from sim.displays import DISPLAY, F64, I64, NONE, by_hour
from sim.laws import Laws
from sim.lending import boosted, rivals
from sim.reactions import Viewers
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import WORK


@dataclass
class Offers:
    """Posts put in feeds: ``source`` 0 for the account, else sharer + 1; ``tail`` offset of the bounds."""

    post: I64
    who: I64
    since: F64
    depth: I64
    source: I64
    tail: I64


class Offering(Viewers):
    """The people of a city, and what the platform puts in their feeds."""

    def __init__(self, laws: Laws, city: City, seed: int, replicate: int) -> None:
        super().__init__(laws, city, seed, replicate)
        self._tails = laws.feed.tails
        # a hair above, so that rounding cannot exclude anyone
        self._warmest = (1.0 + laws.scenario.behaviour.memory.affinity_ceiling.value) * (1.0 + 2.0**-40)
        self._published = by_hour(laws.schedule.t_min)
        self._boosts: dict[int, list[Boost]] = {}
        for boost in laws.schedule.boosts:
            self._boosts.setdefault(boost.post, []).append(boost)
        self._rivals = rivals(laws, city)

    def _publish(self) -> Iterator[Offers]:
        """Decide for each follower of each post of this hour whether it is put in the feed; then for those
        whom a partner or money lends."""
        schedule, followers = self.laws.schedule, self.state.followers
        for post in self._published.get(self.hour, NONE):
            account, partner = int(schedule.account[post]), int(schedule.partner[post])
            yield self._put(post, self._chosen(post, followers.rows(account), account, account))
            busy = followers.is_following[account]
            if partner >= 0:
                others = followers.rows(partner)
                yield self._put(post, self._chosen(post, others[~busy[others]], account, partner))
                busy = busy | followers.is_following[partner]
            for boost in self._boosts.get(int(post), ()):
                won = boosted(self.laws, self.city, self.seed, self.replicate, boost, busy)
                busy = busy.copy()
                busy[won] = True
                yield self._put(post, won)

    def _chosen(self, post: int, rows: I64, account: int, page: int) -> I64:
        """Those of ``rows``, followers of ``page`` (the account or a partner), who are offered the post."""
        laws, schedule = self.laws, self.laws.schedule
        self.tally.work[WORK.index("followers_examined")] += len(rows)
        size = self.state.followers.count[page] / laws.scenario.sampling
        base = laws.scale(int(laws.platform[post]), size) * self.posts.offer[post]
        luck = draws.uniform(self.posts.key_offer[post], rows)
        # Affinity cannot exceed this multiple of attachment, so one comparison settles most followers.
        near = np.flatnonzero(luck < self.city.attachment.take(rows) * (base * self._warmest))
        rows, luck = rows[near], luck[near]
        affinity = self._affinity(rows)
        if account in self.state.followers.liking:
            affinity *= self.state.followers.liking[account][rows]
        circle, week = self.city.circle[rows], self.hour * HOUR_MIN // WEEK_MIN
        affinity *= schedule.understood[post][circle]
        for rival, factor in self._rivals.get(account, ()) if page == account else ():
            affinity[self.state.followers.is_following[rival, rows]] *= factor[week]
        chance = behaviour.offer_chance(base, affinity, self._tired(account, rows))
        aimed_at = schedule.target[post][self.band[rows]] & schedule.target_circle[post][circle]
        return np.asarray(rows[(luck < chance) & aimed_at])

    def _put(self, post: int, rows: I64) -> Offers:
        """A post in the feeds of ``rows``."""
        laws, k = self.laws, int(self.laws.platform[post])
        account = int(laws.schedule.account[post])
        same, none = np.full(len(rows), post), np.zeros(len(rows), dtype=np.int64)
        week = self.hour * HOUR_MIN // WEEK_MIN
        self.tally.count("offered", np.full(len(rows), account), self.group[rows], week, same)
        since = float(laws.schedule.t_min[post])
        tail = np.full(len(rows), self._tails.at(k, since))
        return Offers(same, rows, np.full(len(rows), since), none, none, tail)

    def _deliver(self) -> Iterator[Offers]:
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
        yield Offers(post[offered], friend[offered], since, depth, sharer[row][offered] + 1, tail)
