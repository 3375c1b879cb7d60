"""Posts as they appear, compiled: to which followers the platform offers each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.arithmetic import fold, offer_chance, threshold, tiredness
from sim.compiled.build import bring_near, compiled, inlined
from sim.compiled.feeding import BLOCK, ever_warm, fatigue_of, put, seat_of, warmth_of
from sim.figures import BANDS
from sim.tally import MEASURES

_BANDS = len(BANDS)
_S11 = np.uint64(11)
OFFERED = MEASURES.index("offered")


@compiled
def publish(
    sessions: Any,
    shown: Any,
    plan: Any,
    offered: Any,
    moods: Any,
    calendar: Any,
    counts: Any,
    queue: Any,
    feeding: Any,
    offer: Any,
    desk: Any,
    out: Any,
    first: Any,
) -> Any:
    """Offer a post to the people of ``queue`` and put it in the feeds of those whom the platform chooses.

    ``out`` (Readers): room for three blocks. Begins with block ``first``; returns the block to go on with
    when the calendar has more room (for as many displays as ``out`` has), or the number of blocks when all
    are done.
    """
    n = waiting = 0
    for block in range(first, len(queue.ceiling)):
        n = sift(plan, offered, moods, queue, feeding, offer, block, desk, n)
        is_last = block + 1 == len(queue.ceiling)
        if n >= BLOCK or is_last:
            n = choose(plan, offered, moods, queue, feeding, offer, desk, n, out)
            count_offers(plan, counts, offer, out, n, feeding.post)
            # Another round for those who wait, and for as many as may come, takes no more room than ``out``.
            is_last |= calendar.room - calendar.used[2] < 2 * len(out.who)
            waiting = go_on(sessions, shown, calendar, counts, out, n, feeding, desk, waiting, is_last)
            if is_last:
                return block + 1
            n = 0
    return len(queue.ceiling)


@inlined
def sift(
    plan: Any,
    offered: Any,
    moods: Any,
    queue: Any,
    feeding: Any,
    offer: Any,
    block: Any,
    desk: Any,
    n: Any,
) -> Any:
    """Note on the desk, from place ``n`` on, the people of a block of ``queue`` whom a post might be offered
    to, and have what must be known of them brought near; returns how many there are then.

    One comparison of whole numbers with the threshold of the block settles most.
    """
    base, warmest = offer.base, offer.warmest
    key, account = offered.key[feeding.post], plan.account[feeding.post]
    bits, near, chosen, drawn = desk.bits, desk.near, desk.chosen, desk.drawn
    start = np.uint64(block) * np.uint64(BLOCK)
    size = min(np.uint64(len(queue.who)) - start, np.uint64(BLOCK))
    for i in range(size):
        bits[i] = fold(key, queue.who[start + i]) >> _S11
    limit = threshold(np.float64(queue.ceiling[np.uint64(block)]) * (base * warmest))
    m = np.uint64(0)
    for i in range(size):
        near[m] = i
        m += np.uint64(bits[i] < limit)
    # No branch from here on, so that many people are worked out at the same time.
    kept = np.uint64(n)
    for j in range(m):
        at, of = start + near[j], bits[near[j]]
        luck, attachment = np.float64(of) * 2.0**-53, np.float64(queue.attachment[at])
        chosen[kept], drawn[kept] = at, of
        is_warm = ever_warm(moods, np.uint64(queue.who[at]))
        kept += np.uint64((luck < attachment * base) | (is_warm & (luck < attachment * (base * warmest))))
    in_order = queue.is_opening and offer.page == account
    for j in range(np.uint64(n), kept):
        who = np.uint64(queue.who[chosen[j]])
        if not in_order:
            bring_near(moods.seating.relation, (account, seat_of(moods.seating, account, who)))
        bring_near(moods.warmth, who * np.uint64(ever_warm(moods, who)))
    return np.int64(kept)


@inlined
def choose(
    plan: Any,
    offered: Any,
    moods: Any,
    queue: Any,
    feeding: Any,
    offer: Any,
    desk: Any,
    n: Any,
    out: Any,
) -> Any:
    """Write to ``out`` (Readers) to whom of the first ``n`` on the desk a post is offered; their number."""
    post, hour, base = feeding.post, feeding.hour, offer.base
    page, avoid, rivals, factors = offer.page, offer.avoid, offer.rivals, offer.factors
    account, chosen, drawn, kept = plan.account[post], desk.chosen, desk.drawn, np.uint64(0)
    liked, in_order = moods.liking_of[account], queue.is_opening and page == account
    for j in range(np.uint64(n)):
        at = chosen[j]
        who, circle, band = np.uint64(queue.who[at]), np.uint64(queue.circle[at]), queue.band[at]
        luck, affinity = np.float64(drawn[j]) * 2.0**-53, np.float64(queue.attachment[at])
        if ever_warm(moods, who):
            affinity *= 1.0 + warmth_of(moods, who, hour)
        if liked >= 0:
            affinity *= moods.liking[liked, who]
        affinity *= offered.understood[post, circle]
        for r in range(len(rivals)):
            affinity *= factors[r] if moods.is_following[rivals[r], who] else 1.0
        seat = at if in_order else seat_of(moods.seating, account, who)
        relation = moods.seating.relation[account, seat]
        tired = tiredness(fatigue_of(moods, relation, hour), moods.slope)
        is_meant = relation.is_following if in_order else moods.is_following[page, who]
        is_meant &= offered.target_circle[post, circle]
        is_meant &= offered.target[post, np.uint64(band)]
        if avoid >= 0:
            is_meant &= not moods.is_following[avoid, who]
        out.seat[kept] = seat
        out.who[kept], out.band[kept], out.activity[kept] = who, band, queue.activity[at]
        kept += np.uint64(is_meant & (luck < offer_chance(base, affinity, tired)))
    return np.int64(kept)


@inlined
def count_offers(plan: Any, counts: Any, offer: Any, readers: Any, n: Any, post: Any) -> None:
    """Count the first ``n`` readers as offered a post."""
    account = plan.account[post]
    for i in range(n):
        group = np.int64(readers.band[i]) if readers.who[i] < offer.n_residents else _BANDS
        counts.weekly[account, group, offer.week, OFFERED] += 1
    counts.posts[post, OFFERED] += n


# Called by ``publish`` alone: while ``sharing.deliver`` called the same function, ``publish`` took a quarter
# longer whenever its machine code was read back from the cache (measured; why is not established).
@compiled
def go_on(
    sessions: Any,
    shown: Any,
    calendar: Any,
    counts: Any,
    readers: Any,
    n: Any,
    feeding: Any,
    desk: Any,
    waiting: Any,
    is_last: Any,
) -> Any:
    """``put`` as a function of its own, which is faster than written out in a large one."""
    return put(sessions, shown, calendar, counts, readers, n, feeding, desk, waiting, is_last)
