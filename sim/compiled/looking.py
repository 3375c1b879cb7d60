"""What people see in an hour and what they do about it, compiled (``reactions.Viewers`` tells the rules)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.cards import ACTIONS
from sim.compiled.arithmetic import (
    fold,
    hide_chance,
    instant,
    reaction_chance,
    standing,
    tiredness,
    unit,
)
from sim.compiled.build import compiled, inlined
from sim.compiled.feeding import DISPLAYS, enter
from sim.tally import LADDER, MAX_DEPTH, MEASURES

WARMER, COLDER, SPOKEN, SHARED, JOINS, JOINS_THROUGH_FRIEND, LEAVES = range(7)
EVENTS_A_DISPLAY = 10  # at most: three engagements, a comment heard, a share, a hide, three joins, a departure
CLICK, COMMENT, SHARE, HIDE = (ACTIONS.index(name) for name in ("click", "comment", "share", "hide"))
IMPRESSIONS, REACH, FIRST = (MEASURES.index(name) for name in ("impressions", "reach", ACTIONS[0]))
_DIALOGUE, _PROMOTES, _INFLUENCED = (
    np.uint8(1 << LADDER.index(rung)) for rung in ("in_dialogue", "promoting", "influenced")
)
_N_ACTIONS = len(ACTIONS)
_ENDORSED, _SEVERAL, _THERE = np.uint8(1 << 7), np.uint8(1 << 6), np.uint8(1 << 5)
_BANDS = 6
AT_ONCE = 64  # displays whose memory is touched together
_HOUR_MIN = 60.0


@compiled
def take(calendar: Any, hour: Any, post: Any, who: Any, cell: Any, depth: Any) -> Any:
    """Move the displays entered for ``hour`` out of the calendar into the four columns; their number."""
    at, n = calendar.head[hour], 0
    while at >= 0:
        post[n], who[n] = calendar.post[at], calendar.who[at]
        cell[n], depth[n] = calendar.cell[at], calendar.depth[at]
        n += 1
        after = calendar.next[at]
        calendar.next[at] = calendar.free[0]
        calendar.free[0] = at
        at = after
    calendar.head[hour] = -1
    calendar.count[hour] = 0
    return n


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
    post: Any,
    who: Any,
    cell: Any,
    depth: Any,
    merged: Any,
    order: Any,
    keys: Any,
    n: Any,
    hour: Any,
    week: Any,
) -> Any:
    """Displays of one wave: count, react, follow or leave, and enter what will reappear. Number of events.

    ``post``, ``who``, ``depth`` int32, ``cell`` int64: the first ``n`` rows; depth is negative (-1 - depth)
    for a post that was seen before. ``merged`` bool: rows that turn out to be one display with another; ``order``,
    ``keys`` int64: room to work.
    Displays of one post to one person go in the order of their cells, two
    sources in one session are one display, the account's own first; all others are independent.
    """
    in_turn(plan, flags, post, who, cell, depth, n, order, keys)
    n_events, i, fetched = 0, 0, 0
    while i < n:
        if i >= fetched:
            fetched = min(fetched + AT_ONCE, n)
            keys[0] = fetch(people, plan, moods, counts, post, who, order, i, fetched)
        at = order[i]
        generation = generation_of(depth[at])
        endorsed, again = generation > 0, depth[at] < 0
        i += 1
        while i < n and same_display(post, who, cell, at, order[i]):
            other = order[i]
            again |= depth[other] < 0
            endorsed |= generation_of(depth[other]) > 0
            merged[other] = True
            i += 1
        n_events = see(
            people, sessions, shown, plan, response, moods, calendar, counts, events, times_seen, flags,
            post[at], who[at], cell[at], generation, endorsed, again, hour, week, n_events,
        )  # fmt: skip
    return n_events


@inlined
def same_display(post: Any, who: Any, cell: Any, a: Any, b: Any) -> Any:
    """Whether two rows are one post in one session of one person."""
    return post[a] == post[b] and who[a] == who[b] and cell[a] == cell[b]


@inlined
def fetch(
    people: Any, plan: Any, moods: Any, counts: Any, post: Any, who: Any, order: Any, start: Any, end: Any
) -> Any:
    """Touch the memory of those who come next, all at once, so that it is near when their turn comes."""
    touched = 0
    for i in range(start, end):
        person, shown = np.uint64(who[order[i]]), np.uint64(post[order[i]])
        account = plan.account[shown]
        touched += moods.tired_at[account, person] + moods.warm_at[person] + counts.reached[person]
        touched += np.int64(people.interest[plan.theme[shown], person] > 0.0)
        touched += np.int64(people.activity[plan.platform[shown], person] > 0.0)
    return touched


@compiled
def in_turn(
    plan: Any, flags: Any, post: Any, who: Any, cell: Any, depth: Any, n: Any, order: Any, keys: Any
) -> None:
    """Row numbers into ``order`` int64[n]: first whoever sees a post once, then the others by post, person,
    cell and generation. ``keys`` int64[n]: room to work.

    Two bits of ``flags`` tell them apart; ``see`` takes the bits away.
    """
    several = False
    for i in range(n):
        place = plan.place[post[i]]
        mark = flags[place, who[i]]
        several |= mark & _THERE != 0
        flags[place, who[i]] = mark | (_SEVERAL if mark & _THERE else _THERE)
        order[i] = i
    if not several:
        return
    first, last = 0, n
    for i in range(n):
        if flags[plan.place[post[i]], who[i]] & _SEVERAL:
            last -= 1
            keys[last] = i
        else:
            order[first] = i
            first += 1
    for i in range(first, n):
        order[i] = keys[i]
    sort(post, who, cell, depth, order, keys, first, n)


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
def see(
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
    post: Any,
    who: Any,
    cell: Any,
    depth: Any,
    is_endorsed: Any,
    again: Any,
    hour: Any,
    week: Any,
    n_events: Any,
) -> Any:
    """One display to one person; ``depth`` generation of the share that brought it. Number of events."""
    place, account, k = plan.place[post], plan.account[post], plan.platform[post]
    group, band, circle = people.group[who], people.band[who], people.circle[who]
    own = plan.is_own[account]
    before = times_seen[place, who]
    first = before == 0
    times = min(before, np.uint8(254)) + np.uint8(1)
    times_seen[place, who] = times
    mark = flags[place, who] & ~(_SEVERAL | _THERE)
    if is_endorsed:
        mark |= _ENDORSED
    clock = hour % 24
    counts.work[DISPLAYS] += 1
    counts.weekly[account, group, week, IMPRESSIONS] += 1
    counts.posts[post, IMPRESSIONS] += 1
    counts.hourly[account, clock, 0] += 1
    bit = np.uint16(1) << np.uint16(k)
    if first:
        counts.weekly[account, group, week, REACH] += 1
        counts.posts[post, REACH] += 1
        counts.hourly[account, clock, 1] += 1
        if depth > 0:
            counts.friend_reach[post] += 1
    if own:
        counts.reached[who] |= bit
        counts.this_week[who] |= bit
    follows = moods.is_following[account, who]
    excess = moods.excess[who]
    if excess != 0.0:
        excess *= moods.affinity_decay[hour - moods.warm_at[who]]
    affinity = np.float64(people.attachment[who]) * (1.0 + excess)
    liking = affinity
    if moods.liking_of[account] >= 0:
        liking *= moods.liking[moods.liking_of[account], who]
    liking *= response.understood[post, circle]
    recent = moods.fatigue[account, who]
    if recent > 0.0:
        recent *= moods.fatigue_decay[hour - moods.tired_at[account, who]]
    tired = tiredness(recent, moods.slope)
    stand = standing(follows, mark & _ENDORSED != 0, response.stranger[k], response.endorsement[k])
    repeat = response.repeat[times]
    expressive = np.float64(people.expressiveness[who])
    interest = np.float64(people.interest[plan.theme[post], who])
    done = mark
    for action in range(_N_ACTIONS):
        if mark >> np.uint8(action) & np.uint8(1):
            continue
        base = response.react[post, band, action]
        if action == HIDE:
            chance = hide_chance(base, repeat)
        else:
            chance = reaction_chance(base, expressive, liking, interest, tired, stand, repeat)
        if unit(fold(response.key_act[post, action], who)) >= chance:
            continue
        done |= np.uint8(1 << action)
        counts.weekly[account, group, week, FIRST + action] += 1
        counts.posts[post, FIRST + action] += 1
        n_events = act(
            counts, events, account, post, who, depth, action, own, follows, mark & _ENDORSED != 0, bit, n_events
        )
    flags[place, who] = done
    if first:
        n_events = come_or_go(
            people, plan, response, events, post, who, account, band, depth > 0, follows, affinity, n_events
        )
    if first or again:
        reappear(people, sessions, shown, calendar, post, who, cell, depth, k, band, hour)
    return n_events


@inlined
def act(
    counts: Any,
    events: Any,
    account: Any,
    post: Any,
    who: Any,
    depth: Any,
    action: Any,
    own: Any,
    follows: Any,
    is_endorsed: Any,
    bit: Any,
    n: Any,
) -> Any:
    """One reaction: the ladder, what the hour will write, the share to pass on. Number of events."""
    if own:
        if action == HIDE:
            n = note(events, COLDER, post, who, depth, n)
        else:
            if is_endorsed:
                counts.ladder[who] |= _INFLUENCED
            if action != CLICK:
                n = note(events, WARMER, post, who, depth, n)
                if follows:
                    counts.engaged[who] |= bit
        if action == COMMENT:
            counts.ladder[who] |= _DIALOGUE
            n = note(events, SPOKEN, post, who, depth, n)
        elif action == SHARE:
            counts.ladder[who] |= _PROMOTES
    if action == SHARE:
        deeper = depth + 1
        counts.share_depth[account, min(deeper, MAX_DEPTH)] += 1
        counts.depth[post] = max(counts.depth[post], deeper)
        n = note(events, SHARED, post, who, deeper, n)
    return n


@inlined
def note(events: Any, kind: Any, post: Any, who: Any, depth: Any, n: Any) -> Any:
    """Write one event; their number."""
    events.kind[n], events.post[n], events.who[n], events.depth[n] = kind, post, who, depth
    return n + 1


@inlined
def come_or_go(
    people: Any,
    plan: Any,
    response: Any,
    events: Any,
    post: Any,
    who: Any,
    account: Any,
    band: Any,
    by_friend: Any,
    follows: Any,
    affinity: Any,
    n: Any,
) -> Any:
    """Whether someone starts or stops following after a first display; ``post`` of the event: the account."""
    mention = plan.mention[post]
    key = response.key_follow[post]
    if by_friend and _follows(people, plan, response.if_shared, response, key, who, account, band, affinity):
        n = note(events, JOINS_THROUGH_FRIEND, account, who, 0, n)
    if mention >= 0 and _follows(
        people, plan, response.if_mentioned, response, key, who, mention, band, affinity
    ):
        n = note(events, JOINS, mention, who, 0, n)
    if (
        response.is_lent[post]
        and not by_friend
        and _follows(people, plan, response.if_mentioned, response, key, who, account, band, affinity)
    ):
        n = note(events, JOINS, account, who, 0, n)
    if response.is_overposting[post] and follows:
        k = plan.platform[post]
        if unit(fold(response.key_leave[post], who)) < response.if_overposted[k]:
            n = note(events, LEAVES, account, who, 0, n)
    return n


@inlined
def _follows(
    people: Any,
    plan: Any,
    chance: Any,
    response: Any,
    key: Any,
    who: Any,
    account: Any,
    band: Any,
    affinity: Any,
) -> Any:
    """Whether someone is won for an account (``reactions.Viewers._follow``)."""
    k = plan.runs_on[account]
    luck = unit(fold(fold(key, who), plan.id[account]))
    return luck < chance[k] * (response.inclined[k, band] * affinity) and people.activity[k, who] > 0


@inlined
def reappear(
    people: Any,
    sessions: Any,
    shown: Any,
    calendar: Any,
    post: Any,
    who: Any,
    cell: Any,
    depth: Any,
    k: Any,
    band: Any,
    hour: Any,
) -> None:
    """Enter the next display of a post seen: a geometric number of sessions later (``feed.next_display``)."""
    luck = unit(fold(fold(shown.again[post], who), cell))
    gaps, row = shown.gaps.shape[1], k * _BANDS + band
    if luck >= shown.gaps[k, gaps - 1]:
        return
    low, high = 0, gaps  # the first place whose chance is above the luck
    while low < high:
        middle = (low + high) // 2
        if luck < shown.gaps[k, middle]:
            high = middle
        else:
            low = middle + 1
    later = cell + low + 1
    position = unit(fold(fold(sessions.key[k], who), later))
    activity = np.float64(people.activity[k, who])
    t = instant(sessions.clock, sessions.per_day, row, (later + position) / activity)
    enter(calendar, shown, post, who, later, -1 - depth, t, hour)


@compiled
def tire(plan: Any, moods: Any, post: Any, who: Any, merged: Any, hour: Any) -> None:
    """End of the hour: one more recent display of the account for each display."""
    for i in range(len(post)):
        if merged[i]:
            continue
        account, person = plan.account[post[i]], who[i]
        recent = moods.fatigue[account, person]
        if recent > 0.0:
            recent *= moods.fatigue_decay[hour - moods.tired_at[account, person]]
        moods.fatigue[account, person] = recent + 1.0
        moods.tired_at[account, person] = hour
