"""What enters feeds, compiled: who is offered a post, and when each will first have it displayed."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.arithmetic import (
    display_chance,
    fold,
    instant,
    offer_chance,
    threshold,
    tiredness,
    unit,
)
from sim.compiled.build import compiled, inlined
from sim.feed import LEAST, STEPS
from sim.figures import BANDS
from sim.sessions import GRID, HOUR_MIN
from sim.tally import MEASURES, WORK

BLOCK = 512  # followers examined together
_BANDS = len(BANDS)
_HOUR_MIN = float(HOUR_MIN)
_LAST = len(LEAST) - 2.0
_S11 = np.uint64(11)
OFFERED = MEASURES.index("offered")
EXPOSURES, WALKED, DISPLAYS = (WORK.index(name) for name in ("exposures", "sessions_walked", "displays"))


@compiled
def choose(
    plan: Any,
    offered: Any,
    moods: Any,
    queue: Any,
    post: Any,
    page: Any,
    avoid: Any,
    base: Any,
    warmest: Any,
    rivals: Any,
    factors: Any,
    hour: Any,
    desk: Any,
    out: Any,
    n: Any,
) -> Any:
    """Append to ``out`` (Readers), from place ``n`` on, the people of ``queue`` whom a post is offered to.

    One comparison of whole numbers with the threshold of a block settles most. Those who follow ``page`` (the
    account itself or a partner) and not ``avoid`` (-1: nobody) count. ``rivals`` int64, ``factors`` float64:
    pages that take attention. Returns the number of readers.
    """
    key, account = offered.key[post], plan.account[post]
    liked, bits, near = moods.liking_of[account], desk.bits, desk.near
    length = np.uint64(len(queue.who))
    for block in range(np.uint64(len(queue.ceiling))):
        start = block * np.uint64(BLOCK)
        size = min(length - start, np.uint64(BLOCK))
        for i in range(size):
            bits[i] = fold(key, queue.who[start + i]) >> _S11
        limit = threshold(np.float64(queue.ceiling[block]) * (base * warmest))
        m = np.uint64(0)
        for i in range(size):
            near[m] = i
            m += np.uint64(bits[i] < limit)
        # No branch from here on: the memory of many people is then read at the same time.
        kept = np.uint64(0)
        for j in range(m):
            at = near[j]
            luck, attachment = np.float64(bits[at]) * 2.0**-53, np.float64(queue.attachment[start + at])
            near[kept] = at
            is_warm = warm(moods, np.uint64(queue.who[start + at]))
            kept += np.uint64((luck < attachment * base) | (is_warm & (luck < attachment * (base * warmest))))
        m, kept = kept, np.uint64(0)
        for j in range(m):
            near[kept] = near[j]
            kept += np.uint64(moods.is_following[page, np.uint64(queue.who[start + near[j]])])
        for j in range(kept):
            at = start + near[j]
            who, circle, band = np.uint64(queue.who[at]), np.uint64(queue.circle[at]), queue.band[at]
            luck, affinity = np.float64(bits[near[j]]) * 2.0**-53, np.float64(queue.attachment[at])
            if warm(moods, who):
                affinity *= (
                    1.0 + moods.excess[who] * moods.affinity_decay[np.uint64(hour - moods.warm_at[who])]
                )
            if liked >= 0:
                affinity *= moods.liking[liked, who]
            affinity *= offered.understood[post, circle]
            for r in range(len(rivals)):
                affinity *= factors[r] if moods.is_following[rivals[r], who] else 1.0
            decay = moods.fatigue_decay[np.uint64(hour - moods.tired_at[account, who])]
            tired = tiredness(moods.fatigue[account, who] * decay, moods.slope)
            is_meant = offered.target_circle[post, circle] & offered.target[post, np.uint64(band)]
            if avoid >= 0:
                is_meant &= not moods.is_following[avoid, who]
            out.who[n], out.band[n], out.activity[n] = who, band, queue.activity[at]
            out.source[n], out.depth[n] = 0, 0
            n += is_meant & (luck < offer_chance(base, affinity, tired))
    return n


@inlined
def warm(moods: Any, who: Any) -> Any:
    """Whether someone's affinity was ever changed."""
    return moods.is_warm[who >> np.uint64(3)] >> np.uint8(who & np.uint64(7)) & np.uint8(1) > 0


@compiled
def offer(plan: Any, counts: Any, readers: Any, n: Any, n_residents: Any, post: Any, week: Any) -> None:
    """Count the first ``n`` readers as offered a post."""
    account = plan.account[post]
    for i in range(n):
        group = np.int64(readers.band[i]) if readers.who[i] < n_residents else _BANDS
        counts.weekly[account, group, week, OFFERED] += 1
    counts.posts[post, OFFERED] += n


@compiled
def put(
    sessions: Any,
    shown: Any,
    calendar: Any,
    counts: Any,
    readers: Any,
    n: Any,
    post: Any,
    k: Any,
    since: Any,
    elapsed: Any,
    open_at: Any,
    tail_at: Any,
    most: Any,
    rest: Any,
    hour: Any,
    desk: Any,
) -> None:
    """Put a post in the feeds of the first ``n`` readers and enter when each first has it displayed.

    One exposure is ``feed.first_display`` of one row. ``elapsed`` float64[6]: profile time (days) at
    ``since`` by age band; ``open_at``: where the post's openness by absolute hour begins; ``tail_at``,
    ``most``, ``rest``: bounds of what is left to come (``feed.Tails``).
    """
    counts.work[EXPOSURES] += n
    key, life, session_key = shown.key[post], shown.life[k], sessions.key[k]
    for start in range(0, n, BLOCK):
        size = min(n - start, BLOCK)
        for i in range(np.uint64(size)):
            at = np.uint64(start) + i
            who, band = np.uint64(readers.who[at]), np.int64(readers.band[at])
            activity = np.float64(readers.activity[at])
            row = k * _BANDS + band
            desk.who[i], desk.activity[i], desk.row[i] = who, activity, row
            desk.tail[i] = tail_at + band * life
            desk.luck[i], desk.depth[i] = unit(fold(fold(key, who), readers.source[at])), readers.depth[at]
            desk.session[i], desk.missed[i] = fold(session_key, who), 1.0
            # Sessions surely before ``since`` are passed over: the clock's own grid is the only uncertainty.
            passed = activity * elapsed[np.uint64(band)]
            cell = np.floor(passed)
            blur = activity * sessions.days[np.uint64(row)] * (2.0 / GRID)
            desk.cell[i] = np.int64(cell) - np.int64((passed - cell <= blur) & (cell > 0.0))
            desk.near[i] = i
        waiting = np.uint64(size)
        while waiting:
            waiting, found = wait(
                sessions, shown, counts, shown.fresh_at[k], open_at, shown.expiry[post], since, most, rest,
                desk, waiting,
            )  # fmt: skip
            for i in range(found):
                at = np.uint64(desk.found[i])
                enter(
                    calendar, shown, post, desk.who[at], desk.cell[at] - 1, desk.depth[at], desk.t[at], hour
                )


@inlined
def wait(
    sessions: Any,
    shown: Any,
    counts: Any,
    fresh_at: Any,
    open_at: Any,
    expiry: Any,
    since: Any,
    most: Any,
    rest: Any,
    desk: Any,
    waiting: Any,
) -> Any:
    """The next session of those whose places on the desk stand first in ``near``: (still waiting, displayed).

    Without branches, so that the sessions of many people are worked out at the same time.
    """
    kept = found = np.uint64(0)
    live = 0
    for j in range(waiting):
        i = desk.near[j]
        cell, activity, luck = desk.cell[i], desk.activity[i], desk.luck[i]
        ahead = np.float64(cell) + unit(fold(desk.session[i], cell))
        t = instant(sessions.clock, sessions.per_day, np.uint64(desk.row[i]), ahead / activity)
        is_live = (t > since) & (t <= expiry)
        age = t - since if is_live else 0.0
        fresh = shown.fresh[np.uint64(fresh_at + np.int64(age))]
        clock = np.uint64(open_at + np.int64((t if is_live else since) / _HOUR_MIN))
        chance = display_chance(fresh, shown.openness[clock])
        missed = desk.missed[i] * (1.0 - (chance if is_live else 0.0))
        at = np.uint64(desk.tail[i] + np.int64(min(age, _HOUR_MIN - 1.0 + age / _HOUR_MIN)))
        is_shown = missed <= luck
        best = most[at] * (1.0 if t > since else 2.0)
        may_still = (t <= expiry) & (missed * least(best + activity * rest[at]) <= luck)
        live += is_live
        desk.missed[i], desk.cell[i], desk.t[i] = missed, cell + 1, t
        desk.found[found] = i
        found += np.uint64(is_shown)
        desk.near[kept] = i
        kept += np.uint64(may_still & (not is_shown))
    counts.work[WALKED] += live
    return kept, found


@inlined
def least(to_come: Any) -> Any:
    """Least chance of missing all that is left to come (``feed._may_still``)."""
    return LEAST[np.uint64(min(to_come * STEPS, _LAST)) + np.uint64(1)]


@inlined
def enter(calendar: Any, shown: Any, post: Any, who: Any, cell: Any, depth: Any, t: Any, hour: Any) -> None:
    """Enter a display at instant ``t`` (minutes), if it falls within the post's life and the horizon."""
    if not (t <= shown.expiry[post] and t < shown.horizon):
        return
    free = calendar.free
    at = free[0]
    if at >= 0:
        free[0] = calendar.next[at]
        free[2] -= 1
    else:
        at = free[1]
        free[1] += 1
    when = max(np.int64(t / _HOUR_MIN), hour)
    calendar.post[at] = post
    calendar.who[at] = who
    calendar.cell[at] = cell
    calendar.depth[at] = depth
    calendar.next[at] = calendar.head[when]
    calendar.head[when] = at
    calendar.count[when] += 1
