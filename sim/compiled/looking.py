"""All that people see in an hour, compiled: waves of displays, in the right order where order counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.build import bring_near, compiled, inlined
from sim.compiled.seeing import SEVERAL, THERE, TIRED, note, see

AT_ONCE = 64  # displays whose memory is brought near together


@compiled
def look(
    people: Any,
    sessions: Any,
    shown: Any,
    plan: Any,
    response: Any,
    moods: Any,
    calendar: Any,
    counts: Any,
    events: Any,
    times_seen: Any,
    flags: Any,
    wave: Any,
    hour: Any,
    week: Any,
) -> Any:
    """All displays of an hour, wave after wave, those that reappear within it included; then they tire.

    Returns 0, or the size of a wave that ``wave`` or ``events`` have no room for: call again with more.
    """
    while calendar.count[hour] > 0:
        n = calendar.count[hour]
        if n > len(wave.post) or events.n[TIRED] + n > len(events.tired_who):
            return n
        take(calendar, plan, flags, hour, wave)
        show(
            people, sessions, shown, plan, response, moods, calendar, counts, events, times_seen, flags, wave,
            n, hour, week,
        )  # fmt: skip
    tire(moods, events, hour)
    return 0


@inlined
def take(calendar: Any, plan: Any, flags: Any, hour: Any, wave: Any) -> None:
    """Move the displays entered for ``hour`` out of the calendar and have their sights brought near."""
    at, n = calendar.head[hour], 0
    while at >= 0:
        wave.post[n], wave.who[n], wave.cell[n] = calendar.post[at], calendar.who[at], calendar.cell[at]
        wave.depth[n], wave.activity[n] = calendar.depth[at], calendar.activity[at]
        bring_near(flags, (plan.place[np.uint64(wave.post[n])], wave.who[n]))
        n += 1
        after = calendar.next[at]
        calendar.next[at] = calendar.free[0]
        calendar.free[0] = at
        calendar.free[2] += 1
        at = after
    calendar.head[hour] = -1
    calendar.count[hour] = 0


@inlined
def show(
    people: Any,
    sessions: Any,
    shown: Any,
    plan: Any,
    response: Any,
    moods: Any,
    calendar: Any,
    counts: Any,
    events: Any,
    times_seen: Any,
    flags: Any,
    wave: Any,
    n: Any,
    hour: Any,
    week: Any,
) -> None:
    """The ``n`` displays of one wave: count, react, follow or leave, enter what will reappear.

    ``depth`` is negative (-1 - depth) for a post that was seen before. Displays of one post to one person go
    in the order of their cells, two sources in one session are one display, the account's own first; all
    others are independent.
    """
    post, who, cell, depth, order = wave.post, wave.who, wave.cell, wave.depth, wave.order
    in_turn(plan, flags, wave, n)
    i, fetched = 0, 0
    while i < n:
        if i >= fetched:
            fetched = min(fetched + AT_ONCE, n)
            fetch(people, plan, moods, counts, post, who, order, i, fetched)
        at = order[i]
        generation = generation_of(depth[at])
        endorsed, again = generation > 0, depth[at] < 0
        i += 1
        while i < n and same_display(post, who, cell, at, order[i]):
            other = order[i]
            again |= depth[other] < 0
            endorsed |= generation_of(depth[other]) > 0
            i += 1
        see(
            people, sessions, shown, plan, response, moods, calendar, counts, events, times_seen, flags,
            np.uint64(post[at]), np.uint64(who[at]), np.int64(cell[at]), generation,
            np.float64(wave.activity[at]), endorsed, again, hour, week,
        )  # fmt: skip
        events.tired_account[events.n[TIRED]] = plan.account[post[at]]
        note(events.tired_who, events.n, TIRED, who[at])


@inlined
def same_display(post: Any, who: Any, cell: Any, a: Any, b: Any) -> Any:
    """Whether two rows are one post in one session of one person."""
    return post[a] == post[b] and who[a] == who[b] and cell[a] == cell[b]


@inlined
def fetch(
    people: Any, plan: Any, moods: Any, counts: Any, post: Any, who: Any, order: Any, start: Any, end: Any
) -> None:
    """Have the memory of those who come next brought near, all at once, before their turn comes."""
    for i in range(start, end):
        person = np.uint64(who[order[i]])
        bring_near(moods.tired_at, (plan.account[np.uint64(post[order[i]])], person))
        bring_near(people.band, person)
        bring_near(counts.ladder, person)


@compiled
def in_turn(plan: Any, flags: Any, wave: Any, n: Any) -> None:
    """Row numbers into ``order``: first whoever sees a post once, then the others by post, person, cell and
    generation.

    Two bits of ``flags`` tell them apart; ``see`` takes the bits away.
    """
    post, who, order, spare = wave.post, wave.who, wave.order, wave.spare
    several, first, last = False, 0, n
    for i in range(n):
        place = plan.place[post[i]]
        mark = flags[place, who[i]]
        several |= mark & THERE != 0
        flags[place, who[i]] = mark | (SEVERAL if mark & THERE else THERE)
        order[i] = i
    if not several:
        return
    for i in range(n):
        if flags[plan.place[post[i]], who[i]] & SEVERAL:
            last -= 1
            spare[last] = i
        else:
            order[first] = i
            first += 1
    for i in range(first, n):
        order[i] = spare[i]
    sort(post, who, wave.cell, wave.depth, order, spare, first, n)


@compiled
def sort(post: Any, who: Any, cell: Any, depth: Any, order: Any, spare: Any, first: Any, end: Any) -> None:
    """Merge sort of ``order[first:end]`` by post, person, cell and generation, upwards from pairs."""
    width = 1
    while width < end - first:
        for low in range(first, end, 2 * width):
            middle, high = min(low + width, end), min(low + 2 * width, end)
            i, j = low, middle
            for at in range(low, high):
                if j >= high or (i < middle and not before(post, who, cell, depth, order[j], order[i])):
                    spare[at] = order[i]
                    i += 1
                else:
                    spare[at] = order[j]
                    j += 1
        for at in range(first, end):
            order[at] = spare[at]
        width *= 2


@inlined
def before(post: Any, who: Any, cell: Any, depth: Any, a: Any, b: Any) -> Any:
    """Whether row ``a`` comes before row ``b``."""
    if post[a] != post[b]:
        return post[a] < post[b]
    if who[a] != who[b]:
        return who[a] < who[b]
    if cell[a] != cell[b]:
        return cell[a] < cell[b]
    return generation_of(depth[a]) < generation_of(depth[b])


@inlined
def generation_of(depth: Any) -> Any:
    """Generation of the share that brought a post; a negative ``depth`` says that it was seen before."""
    return depth if depth >= 0 else -1 - depth


@inlined
def tire(moods: Any, events: Any, hour: Any) -> None:
    """End of the hour: one more recent display of the account for each display."""
    for i in range(events.n[TIRED]):
        account, person = events.tired_account[i], events.tired_who[i]
        decay = moods.fatigue_decay[np.uint64(hour - np.int64(moods.tired_at[account, person]))]
        recent = np.float32(np.float64(moods.fatigue[account, person]) * decay)
        moods.fatigue[account, person] = recent + np.float32(1.0)
        moods.tired_at[account, person] = hour


@compiled
def warm(moods: Any, who: Any, n: Any, step: Any, least: Any, most: Any, hour: Any) -> None:
    """End of the hour: ``step`` more affinity for each of the first ``n`` of ``who`` (``Kernel._warm``)."""
    for i in range(n):
        person = who[i]
        excess = moods.excess[person] * moods.affinity_decay[hour - moods.warm_at[person]]
        moods.excess[person] = excess + step
        moods.warm_at[person] = hour
        moods.is_warm[person >> 3] |= np.uint8(1 << (person & 7))
    for i in range(n):
        moods.excess[who[i]] = min(max(moods.excess[who[i]], least), most)
