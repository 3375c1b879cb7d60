"""One display to one person, compiled: counted, reacted to, followed or left for, and perhaps seen again.

``reactions.Viewers`` tells the rules.
"""

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
from sim.compiled.build import inlined
from sim.compiled.feeding import DISPLAYS, enter, ever_warm, fatigue_of, warmth_of
from sim.figures import BANDS
from sim.tally import LADDER, MAX_DEPTH, MEASURES

# places in Events.n
WARMER, COLDER, SPOKEN, SHARED, JOINS, THROUGH_FRIENDS, LEAVES, TIRED, PLATFORMS = range(9)
MOST = 3  # engagements, or followings, that one display can lead to
CLICK, COMMENT, SHARE, HIDE = (ACTIONS.index(name) for name in ("click", "comment", "share", "hide"))
IMPRESSIONS, REACH, FIRST = (MEASURES.index(name) for name in ("impressions", "reach", ACTIONS[0]))
_DIALOGUE, _PROMOTES, _INFLUENCED = (
    np.uint8(1 << LADDER.index(rung)) for rung in ("in_dialogue", "promoting", "influenced")
)
_N_ACTIONS = len(ACTIONS)
_ENDORSED, SEVERAL, THERE = np.uint8(1 << 7), np.uint8(1 << 6), np.uint8(1 << 5)
_BANDS = len(BANDS)
GUIDES = 1024  # places of the guide into the gaps between displays


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
    post: Any,
    who: Any,
    seat: Any,
    cell: Any,
    depth: Any,
    activity: Any,
    is_endorsed: Any,
    again: Any,
    hour: Any,
    week: Any,
) -> None:
    """One display to one person; ``depth`` generation of the share that brought it; ``activity`` the person's
    sessions a day."""
    place, account, k = plan.place[post], plan.account[post], plan.platform[post]
    trait = people.traits[who]
    group, band, circle = trait.group, trait.band, trait.circle
    own = plan.is_own[account]
    sight, deed = moods.sights[place, who], counts.deeds[who]
    before = sight.times_seen
    first = before == 0
    times = min(before, np.uint8(254)) + np.uint8(1)
    sight.times_seen = times
    mark = sight.flags & ~(SEVERAL | THERE)
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
        deed.reached |= bit
        deed.this_week |= bit
    relation = moods.seating.relation[account, seat]
    follows = relation.is_following
    affinity = np.float64(trait.attachment)
    if ever_warm(moods, who):
        affinity *= 1.0 + warmth_of(moods, who, hour)
    liking = affinity
    if moods.liking_of[account] >= 0:
        liking *= moods.liking[moods.liking_of[account], who]
    liking *= response.understood[post, circle]
    tired = tiredness(fatigue_of(moods, relation, hour), moods.slope)
    stand = standing(follows, mark & _ENDORSED != 0, response.stranger[k], response.endorsement[k])
    repeat = response.repeat[times]
    expressive = np.float64(trait.expressiveness)
    interest = np.float64(trait.interest[plan.theme[post]])
    done = np.uint8(0)
    for action in range(_N_ACTIONS):
        base = response.react[post, band, action]
        chance = reaction_chance(base, expressive, liking, interest, tired, stand, repeat)
        if action == HIDE:
            chance = hide_chance(base, repeat)
        done |= np.uint8(unit(fold(response.key_act[post, action], who)) < chance) << np.uint8(action)
    done &= ~mark
    sight.flags = mark | done
    if done:
        for action in range(_N_ACTIONS):
            if done >> np.uint8(action) & np.uint8(1):
                counts.weekly[account, group, week, FIRST + action] += 1
                counts.posts[post, FIRST + action] += 1
                act(
                    counts, deed, events, account, post, who, depth, action, own, follows,
                    mark & _ENDORSED != 0, bit,
                )  # fmt: skip
    if first:
        come_or_go(people, plan, response, events, post, who, account, band, depth > 0, follows, affinity)
    if first or again:
        reappear(sessions, shown, calendar, post, who, seat, cell, depth, activity, k, band, hour)


@inlined
def act(
    counts: Any,
    deed: Any,
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
) -> None:
    """One reaction: the ladder, what the hour will write, the share to pass on."""
    if own:
        if action == HIDE:
            note(events.colder, events.n, COLDER, who)
        else:
            if is_endorsed:
                deed.ladder |= _INFLUENCED
            if action != CLICK:
                note(events.warmer, events.n, WARMER, who)
                if follows:
                    deed.engaged |= bit
        if action == COMMENT:
            deed.ladder |= _DIALOGUE
            events.spoken_post[events.n[SPOKEN]] = post
            note(events.spoken_who, events.n, SPOKEN, who)
        elif action == SHARE:
            deed.ladder |= _PROMOTES
    if action == SHARE:
        deeper = depth + 1
        counts.share_depth[account, min(deeper, MAX_DEPTH)] += 1
        counts.depth[post] = max(counts.depth[post], deeper)
        share = events.shared[events.n[SHARED]]
        share.post, share.sharer, share.depth = post, who, deeper
        events.n[SHARED] += 1
        events.n[PLATFORMS] |= np.int64(bit)


@inlined
def note(column: Any, n: Any, kind: Any, value: Any) -> None:
    """Write one event of a kind."""
    column[n[kind]] = value
    n[kind] += 1


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
) -> None:
    """Whether someone starts or stops following after a first display."""
    mention, n_rows = plan.mention[post], len(people.traits)
    key = response.key_follow[post]
    if by_friend and _follows(people, plan, response.if_shared, response, key, who, account, band, affinity):
        note(events.through_friends, events.n, THROUGH_FRIENDS, account * n_rows + who)
        note(events.joins, events.n, JOINS, account * n_rows + who)
    if mention >= 0 and _follows(
        people, plan, response.if_mentioned, response, key, who, mention, band, affinity
    ):
        note(events.joins, events.n, JOINS, mention * n_rows + who)
    if (
        response.is_lent[post]
        and not by_friend
        and _follows(people, plan, response.if_mentioned, response, key, who, account, band, affinity)
    ):
        note(events.joins, events.n, JOINS, account * n_rows + who)
    if response.is_overposting[post] and follows:
        k = plan.platform[post]
        if unit(fold(response.key_leave[post], who)) < response.if_overposted[k]:
            note(events.leaves, events.n, LEAVES, account * n_rows + who)


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
    sessions: Any,
    shown: Any,
    calendar: Any,
    post: Any,
    who: Any,
    seat: Any,
    cell: Any,
    depth: Any,
    activity: Any,
    k: Any,
    band: Any,
    hour: Any,
) -> None:
    """Enter the next display of a post seen: a geometric number of sessions later (``feed.next_display``)."""
    luck = unit(fold(fold(shown.again[post], who), cell))
    row, left = k * _BANDS + band, activity * shown.ended[post, band] - np.float64(cell)
    # later sessions are after the post's life, or the horizon
    if left < 0.0 or luck >= shown.gaps[k, np.uint64(min(left, shown.gaps.shape[1] - 1.0))]:
        return
    gap = np.int64(shown.guide[k, np.uint64(luck * GUIDES)])
    while shown.gaps[k, gap] <= luck:
        gap += 1
    later = cell + gap + 1
    position = unit(fold(fold(sessions.key[k], who), later))
    t = instant(sessions.clock, sessions.per_day, row, (later + position) / activity)
    enter(calendar, shown, post, who, seat, later, -1 - depth, activity, t, hour)
