"""What enters feeds, compiled: when each person will first have a post displayed."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.arithmetic import (
    display_chance,
    fold,
    instant,
    operational,
    unit,
)
from sim.compiled.build import compiled, inlined
from sim.compiled.room import PAGE
from sim.feed import LEAST, STEPS
from sim.figures import BANDS
from sim.sessions import GRID, HOUR_MIN
from sim.tally import WORK

BLOCK = 512  # followers examined together
DESK = 256  # readers whose sessions are worked out together: all of the desk stays in the nearest memory
FEW = DESK // 8  # so many wait for others to join them
_BANDS = len(BANDS)
_HOUR_MIN = float(HOUR_MIN)
_HOUR = np.uint64(HOUR_MIN)
_LAST = len(LEAST) - 2.0
_PAGE = np.uint64(PAGE)
EXPOSURES, WALKED, DISPLAYS = (WORK.index(name) for name in ("exposures", "sessions_walked", "displays"))


@inlined
def ever_warm(moods: Any, who: Any) -> Any:
    """Whether someone's affinity was ever changed."""
    return moods.is_warm[who >> np.uint64(3)] >> np.uint8(who & np.uint64(7)) & np.uint8(1) > 0


@inlined
def seat_of(seating: Any, account: Any, who: Any) -> Any:
    """Seat uint64 of a row (uint64) with an account."""
    row = seating.seated_as[account]
    return who if row < 0 else np.uint64(seating.seat_of[row, who])


@inlined
def warmth_of(moods: Any, who: Any, hour: Any) -> Any:
    """Excess of affinity, a share of attachment, of a row whose affinity was changed."""
    warmth = moods.warmth[who]
    return warmth.excess * moods.affinity_decay[np.uint64(hour - warmth.warm_at)]


@inlined
def fatigue_of(moods: Any, relation: Any, hour: Any) -> Any:
    """Recent displays, a number that fades, of the account whose ``relation`` (a record) it is."""
    return np.float64(relation.fatigue) * moods.fatigue_decay[np.uint64(hour - np.int64(relation.tired_at))]


@compiled
def put_all(
    sessions: Any, shown: Any, calendar: Any, counts: Any, readers: Any, n: Any, feeding: Any, desk: Any
) -> None:
    """Put a post in the feeds of all of the first ``n`` readers (see ``put``)."""
    put(sessions, shown, calendar, counts, readers, n, feeding, desk, 0, True)


@inlined
def put(
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
    """Put a post in the feeds of the first ``n`` readers and enter when each first has it displayed.

    One exposure is ``feed.first_display`` of one row. Who is not settled after a few sessions stays on the
    desk, together with the ``waiting`` of before, unless these readers are the last ones. Returns how many
    wait. The calendar has room for all.
    """
    counts.work[EXPOSURES] += n
    for band in range(_BANDS):
        row = feeding.k * _BANDS + band
        desk.elapsed[band] = operational(sessions.cumulative, sessions.per_hour, row, feeding.since)
    start = 0
    while start < n or (is_last and waiting > 0):
        size = min(n - start, DESK - waiting)
        laid = lay_out(
            sessions, shown, readers, np.uint64(start), np.uint64(size), np.uint64(waiting), feeding, desk
        )
        waiting = np.int64(laid)
        start += size
        settled = 0 if is_last and start == n else FEW
        while waiting > settled:
            left, found = wait(sessions, shown, counts, feeding, desk, np.uint64(waiting))
            waiting = np.int64(left)
            for j in range(found):
                i = desk.found[j]
                enter(
                    calendar, shown, feeding.post, desk.who[i], desk.seat[i], desk.cell[i] - 1, desk.depth[i],
                    desk.activity[i], desk.t[i], feeding.hour,
                )  # fmt: skip
        move_up(desk, np.uint64(waiting))
    return waiting


@inlined
def lay_out(
    sessions: Any,
    shown: Any,
    readers: Any,
    start: Any,
    size: Any,
    first: Any,
    feeding: Any,
    desk: Any,
) -> Any:
    """Lay readers, ``size`` from ``start`` on, out on the desk, from place ``first`` on.

    Writes the places of those who may ever have the post displayed in ``near``, after those who wait there
    already, and returns their number.
    """
    key, session_key = shown.key[feeding.post], sessions.key[feeding.k]
    row, life = feeding.k * _BANDS, shown.life[feeding.k]
    for i in range(size):
        desk.luck[first + i] = unit(fold(fold(key, readers.who[start + i]), readers.source[start + i]))
    for i in range(size):
        desk.session[first + i] = fold(session_key, readers.who[start + i])
    for i in range(size):
        at, to = start + i, first + i
        band, activity = np.int64(readers.band[at]), np.float64(readers.activity[at])
        # Sessions surely before ``since`` are passed over: the clock's own grid is the only uncertainty.
        passed = activity * desk.elapsed[np.uint64(band)]
        cell = np.floor(passed)
        blur = activity * sessions.cumulative[row + band, -1] * (2.0 / GRID)
        desk.cell[to] = np.int64(cell) - np.int64((passed - cell <= blur) & (cell > 0.0))
        desk.passed[to], desk.missed[to] = passed - blur, 1.0
        desk.who[to], desk.depth[to], desk.activity[to] = readers.who[at], readers.depth[at], activity
        desk.seat[to] = readers.seat[at]
        desk.row[to], desk.tail[to] = row + band, feeding.tail_at + band * life
    for i in range(first, first + size):
        desk.t[i] = np.float64(desk.cell[i]) + unit(fold(desk.session[i], desk.cell[i]))
    for i in range(first):
        desk.near[i] = i
    kept = first
    for i in range(first, first + size):
        desk.cell[i] += desk.t[i] <= desk.passed[i]
        desk.near[kept] = i
        # As after the last session before the post is there: nobody has more to come than that.
        hopes = to_come(feeding, desk.activity[i], np.uint64(desk.tail[i]), False)
        kept += np.uint64(least(hopes) <= desk.luck[i])
    return kept


@inlined
def move_up(desk: Any, waiting: Any) -> None:
    """Move those whose places stand first in ``near`` to the first places."""
    for j in range(waiting):
        i = desk.near[j]
        desk.who[j], desk.depth[j], desk.activity[j] = desk.who[i], desk.depth[i], desk.activity[i]
        desk.seat[j] = desk.seat[i]
        desk.session[j], desk.cell[j], desk.luck[j] = desk.session[i], desk.cell[i], desk.luck[i]
        desk.row[j], desk.tail[j], desk.missed[j] = desk.row[i], desk.tail[i], desk.missed[i]


@inlined
def wait(sessions: Any, shown: Any, counts: Any, feeding: Any, desk: Any, waiting: Any) -> Any:
    """The next session of those whose places on the desk stand first in ``near``: (still waiting, displayed).

    In short loops without branches, so that the sessions of many people are worked out at the same time.
    """
    near, t = desk.near, desk.t
    for j in range(waiting):
        i = near[j]
        t[i] = np.float64(desk.cell[i]) + unit(fold(desk.session[i], desk.cell[i]))
    for j in range(waiting):
        i = near[j]
        t[i] = instant(sessions.clock, sessions.per_day, np.uint64(desk.row[i]), t[i] / desk.activity[i])
    kept = found = np.uint64(0)
    live, since, expiry = 0, feeding.since, shown.expiry[feeding.post]
    fresh_at = shown.fresh_at[feeding.k]
    for j in range(waiting):
        i = near[j]
        at, luck = t[i], desk.luck[i]
        is_live = (at > since) & (at <= expiry)
        age = at - since if is_live else 0.0
        minute = np.uint64(np.int64(age))
        fresh = shown.fresh[np.uint64(fresh_at) + minute]
        clock = np.uint64(feeding.open_at) + np.uint64(np.int64(at if is_live else since)) // _HOUR
        chance = display_chance(fresh, shown.openness[clock])
        missed = desk.missed[i] * (1.0 - (chance if is_live else 0.0))
        bound = np.uint64(desk.tail[i]) + min(minute, _HOUR - np.uint64(1) + minute // _HOUR)
        is_shown = missed <= luck
        hopes = to_come(feeding, desk.activity[i], bound, at > since)
        may_still = (at <= expiry) & (missed * least(hopes) <= luck)
        live += is_live
        desk.missed[i] = missed
        desk.cell[i] += 1
        desk.found[found] = i
        found += np.uint64(is_shown)
        near[kept] = i
        kept += np.uint64(may_still & (not is_shown))
    counts.work[WALKED] += live
    return kept, found


@inlined
def to_come(feeding: Any, activity: Any, bound: Any, is_there: Any) -> Any:
    """Most that the chances of all later sessions add up to, at place ``bound`` of the bounds
    (``feed._may_still``): before the post is there, the next two may both be at the best instant."""
    return feeding.most[bound] * (1.0 if is_there else 2.0) + activity * feeding.rest[bound]


@inlined
def least(hopes: Any) -> Any:
    """Least chance of missing all that is left to come (``feed._may_still``)."""
    return LEAST[np.uint64(min(hopes * STEPS, _LAST)) + np.uint64(1)]


@inlined
def enter(
    calendar: Any,
    shown: Any,
    post: Any,
    who: Any,
    seat: Any,
    cell: Any,
    depth: Any,
    activity: Any,
    t: Any,
    hour: Any,
) -> None:
    """Enter a display at instant ``t`` (minutes), if it falls within the post's life and the horizon."""
    if not (t <= shown.expiry[post] and t < shown.horizon):
        return
    when = max(np.int64(t / _HOUR_MIN), hour)
    at = np.uint64(calendar.count[when]) % _PAGE
    if at == 0:
        open_page(calendar, when)
    entry = calendar.entry[np.uint64(calendar.page[when]) * _PAGE + at]
    entry.post, entry.who, entry.seat = post, who, seat
    entry.cell, entry.depth, entry.activity = cell, depth, activity
    calendar.count[when] += 1
    calendar.used[2] += 1


@inlined
def open_page(calendar: Any, when: Any) -> None:
    """Give an hour one more page."""
    page = calendar.used[0]
    if page >= 0:
        calendar.used[0] = calendar.before[page]
    else:
        page = calendar.used[1]
        calendar.used[1] += 1
    calendar.before[page] = calendar.page[when]
    calendar.page[when] = page
