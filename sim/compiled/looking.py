"""All that people see in an hour, compiled: waves of displays, in the right order where order counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.build import bring_near, compiled, inlined
from sim.compiled.feeding import ever_warm, fatigue_of, warmth_of
from sim.compiled.room import PAGE
from sim.compiled.seeing import COLDER, SEVERAL, THERE, TIRED, WARMER, note, see
from sim.compiled.sorting import sort

AHEAD = 24  # displays whose memory is brought near before their turn
_PAGE = np.uint64(PAGE)


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
    wave: Any,
    hour: Any,
    week: Any,
) -> Any:
    """All displays of an hour, wave after wave, those that reappear within it included; then people are tired
    by them, and like the city more or less for what they did.

    Returns 0, or the size of a wave that ``wave`` or ``events`` have no room for: call again with more.
    """
    while calendar.count[hour] > 0:
        n = calendar.count[hour]
        if n > len(wave.entry) or events.n[TIRED] + n > len(events.tired_seat):
            return n
        take(calendar, plan, moods.sights, hour, wave)
        show(
            people, sessions, shown, plan, response, moods, calendar, counts, events, wave, n,
            hour, week,
        )  # fmt: skip
    tire(moods, events, hour)
    warm(moods, events.warmer, events.n[WARMER], moods.affinity_gain, hour)
    warm(moods, events.colder, events.n[COLDER], -moods.affinity_loss, hour)
    return 0


@inlined
def take(calendar: Any, plan: Any, sights: Any, hour: Any, wave: Any) -> None:
    """Move the displays entered for ``hour`` out of the calendar and have their sights brought near."""
    left, page, n = np.uint64(calendar.count[hour]), calendar.page[hour], np.uint64(0)
    calendar.used[2] -= calendar.count[hour]
    while left > 0:
        size = (left - np.uint64(1)) % _PAGE + np.uint64(1)
        first = np.uint64(page) * _PAGE
        for i in range(size):
            entry = calendar.entry[first + i]
            wave.entry[n] = entry
            bring_near(sights, (plan.place[np.uint64(entry.post)], np.uint64(entry.who)))
            n += np.uint64(1)
        left -= size
        before = calendar.before[page]
        calendar.before[page] = calendar.used[0]
        calendar.used[0] = page
        page = before
    calendar.page[hour] = -1
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
    entries, order = wave.entry, wave.order
    in_turn(plan, moods.sights, wave, n)
    i, fetched = 0, 0
    while i < n:
        while fetched < min(i + AHEAD, n):
            fetch(people, plan, moods, counts, entries[order[fetched]])
            fetched += 1
        entry = entries[order[i]]
        generation = generation_of(entry)
        endorsed, again = generation > 0, entry.depth < 0
        i += 1
        while i < n and same_display(entry, entries[order[i]]):
            other = entries[order[i]]
            again |= other.depth < 0
            endorsed |= generation_of(other) > 0
            i += 1
        see(
            people, sessions, shown, plan, response, moods, calendar, counts, events,
            np.uint64(entry.post), np.uint64(entry.who), np.uint64(entry.seat), np.int64(entry.cell),
            generation, np.float64(entry.activity), endorsed, again, hour, week,
        )  # fmt: skip
        events.tired_account[events.n[TIRED]] = plan.account[entry.post]
        note(events.tired_seat, events.n, TIRED, entry.seat)


@inlined
def same_display(a: Any, b: Any) -> Any:
    """Whether two entries are one post in one session of one person."""
    return a.post == b.post and a.who == b.who and a.cell == b.cell


@inlined
def fetch(people: Any, plan: Any, moods: Any, counts: Any, entry: Any) -> None:
    """Have the memory of someone whose turn comes soon brought near."""
    person = np.uint64(entry.who)
    bring_near(moods.seating.relation, (plan.account[np.uint64(entry.post)], np.uint64(entry.seat)))
    bring_near(people.traits, person)
    bring_near(counts.deeds, person)
    bring_near(moods.warmth, person * np.uint64(ever_warm(moods, person)))


@compiled
def in_turn(plan: Any, sights: Any, wave: Any, n: Any) -> None:
    """Row numbers into ``order``: first whoever sees a post once, then the others by post, person, cell and
    generation.

    Two bits of its flags tell them apart; ``see`` takes the bits away.
    """
    entries, order, spare = wave.entry, wave.order, wave.spare
    several, first, last = False, 0, n
    for i in range(n):
        place, who = plan.place[np.uint64(entries[i].post)], np.uint64(entries[i].who)
        sight = sights[place, who]
        mark = sight.flags
        several |= mark & THERE != 0
        sight.flags = mark | (SEVERAL if mark & THERE else THERE)
        order[i] = i
    if not several:
        return
    for i in range(n):
        if sights[plan.place[entries[i].post], entries[i].who].flags & SEVERAL:
            last -= 1
            spare[last] = i
        else:
            order[first] = i
            first += 1
    for i in range(first, n):
        order[i] = spare[i]
    sort(before, entries, order, spare, first, n)


@compiled
def before(a: Any, b: Any) -> Any:
    """Whether entry ``a`` comes before entry ``b``."""
    if a.post != b.post:
        return a.post < b.post
    if a.who != b.who:
        return a.who < b.who
    if a.cell != b.cell:
        return a.cell < b.cell
    return generation_of(a) < generation_of(b)


@inlined
def generation_of(entry: Any) -> Any:
    """Generation of the share that brought a post; a negative ``depth`` says that it was seen before."""
    return entry.depth if entry.depth >= 0 else -1 - entry.depth


@inlined
def tire(moods: Any, events: Any, hour: Any) -> None:
    """End of the hour: one more recent display of the account for each display."""
    for i in range(events.n[TIRED]):
        account, seat = events.tired_account[i], events.tired_seat[i]
        relation = moods.seating.relation[account, np.uint64(seat)]
        recent = np.float32(fatigue_of(moods, relation, hour))
        relation.fatigue, relation.tired_at = recent + np.float32(1.0), hour


@compiled
def warm(moods: Any, who: Any, n: Any, step: Any, hour: Any) -> None:
    """End of the hour: ``step`` more affinity for each of the first ``n`` of ``who`` (``Kernel._warm``)."""
    for i in range(n):
        person = who[i]
        warmth = moods.warmth[person]
        warmth.excess, warmth.warm_at = warmth_of(moods, person, hour) + step, hour
        moods.is_warm[person >> 3] |= np.uint8(1 << (person & 7))
    for i in range(n):
        warmth = moods.warmth[who[i]]
        warmth.excess = min(max(warmth.excess, moods.affinity_floor), moods.affinity_ceiling)
