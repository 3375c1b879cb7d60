"""Shares of the last hour, compiled: which friends they reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.arithmetic import fold, friend_offer_chance, threshold
from sim.compiled.arrays import Feeding
from sim.compiled.build import bring_near, compiled, inlined
from sim.compiled.feeding import BLOCK, put_all, seat_of
from sim.compiled.seeing import SHARED
from sim.compiled.sorting import sort
from sim.tally import WORK

AHEAD = 8  # sharers whose ties are brought near before their turn
FRIENDS = WORK.index("friends_examined")
_S11 = np.uint64(11)


@compiled
def deliver(
    people: Any,
    sessions: Any,
    shown: Any,
    plan: Any,
    offered: Any,
    seating: Any,
    calendar: Any,
    counts: Any,
    events: Any,
    now: Any,
    tails: Any,
    most: Any,
    rest: Any,
    hour: Any,
    desk: Any,
    out: Any,
    first: Any,
) -> Any:
    """Put the shares of ``events`` (Events) in the feeds of friends, post by post.

    ``tails`` int64[K]: bounds as of ``now`` (minutes); ``out`` (Readers): room for the
    friends of the one who has most. Begins with share ``first``; returns the share to go on with when the
    calendar has more room (for as many displays as ``out`` has), or their number when all are done.
    """
    shared, order, n, last = events.shared, events.order, 0, events.n[SHARED] - 1
    if first == 0:
        for s in range(last + 1):
            order[s] = s
        sort(is_earlier_post, shared, order, events.spare, 0, last + 1)
    for s in range(first, last + 1):
        share = shared[order[s]]
        post = np.int64(share.post)
        k = plan.platform[post]
        if shown.expiry[post] > now:
            ahead = offered.indptr[shared[order[min(s + AHEAD, last)]].sharer]
            bring_near(offered.friend, ahead)
            bring_near(offered.mask, ahead)
            n = ask_friends(people, offered, counts, post, k, share.sharer, share.depth, desk, out, n)
        following = shared[order[min(s + 1, last)]]
        more = offered.indptr[following.sharer + 1] - offered.indptr[following.sharer]
        if s == last or following.post != post or n + more > len(out.who):
            n = admit(people, offered, seating, plan.account[post], k, out, n)
            feeding = Feeding(post, k, now, shown.shared_at[post], tails[k], most, rest, hour)
            put_all(sessions, shown, calendar, counts, out, n, feeding, desk)
            n = 0
            if calendar.room - calendar.used[2] < len(out.who):
                return s + 1
    return last + 1


@compiled
def is_earlier_post(a: Any, b: Any) -> Any:
    """Whether a share is of an earlier post than another."""
    return a.post < b.post


@inlined
def ask_friends(
    people: Any,
    offered: Any,
    counts: Any,
    post: Any,
    k: Any,
    sharer: Any,
    depth: Any,
    desk: Any,
    out: Any,
    n: Any,
) -> Any:
    """Append to ``out``, from place ``n`` on, the friends whose draw might let a share in; their number."""
    bit, key, bits = np.uint16(1) << np.uint16(k), fold(offered.key_friend[post], sharer), desk.bits
    limit, alive, first = threshold(offered.friend_offer[k]), 0, n
    start, end = np.uint64(offered.indptr[sharer]), np.uint64(offered.indptr[sharer + 1])
    while start < end:
        size = min(end - start, np.uint64(BLOCK))
        for i in range(size):
            bits[i] = fold(key, offered.friend[start + i]) >> _S11
        near = np.uint64(0)
        for i in range(size):
            is_alive = offered.mask[start + i] & bit != 0
            alive += is_alive
            desk.chosen[near] = i
            near += np.uint64(is_alive & (bits[i] < limit))
        for j in range(near):
            i = desk.chosen[j]
            friend = offered.friend[start + i]
            bring_near(people.band, friend)
            bring_near(people.activity, (k, friend))
            bring_near(offered.attention, (k, friend))
            out.who[n], out.luck[n] = friend, np.float64(bits[i]) * 2.0**-53
            n += 1
        start += size
    for i in range(first, n):
        out.source[i], out.depth[i] = sharer + 1, depth
    counts.work[FRIENDS] += alive
    return n


@inlined
def admit(people: Any, offered: Any, seating: Any, account: Any, k: Any, out: Any, n: Any) -> Any:
    """Keep those of the first ``n`` of ``out`` in whose feeds a share is put; their number."""
    kept = np.uint64(0)
    for i in range(np.uint64(n)):
        friend, luck = np.uint64(out.who[i]), out.luck[i]
        out.who[kept], out.source[kept], out.depth[kept] = friend, out.source[i], out.depth[i]
        out.seat[kept] = seat_of(seating, account, friend)
        out.band[kept], out.activity[kept] = people.band[friend], people.activity[k, friend]
        chance = friend_offer_chance(offered.friend_offer[k], offered.attention[k, friend])
        kept += np.uint64(luck < chance)
    return np.int64(kept)
