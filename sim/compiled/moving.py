"""Followers who move, compiled: who might leave or ask something before the end, who joins, who leaves.

What is found beforehand is a little too many people, never too few: their instants are then the reference's
own formulas. An exponential waiting time is -ln(1 - u) / rate >= u / rate, so one comparison settles most.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.compiled.arithmetic import fold, operational, unit
from sim.compiled.build import compiled, inlined
from sim.compiled.feeding import BLOCK, seat_of
from sim.compiled.seeing import JOINS, LEAVES, THROUGH_FRIENDS
from sim.figures import BANDS
from sim.tally import LADDER, MEASURES

_BANDS = len(BANDS)
_FOLLOWS, _UNFOLLOWS = MEASURES.index("follows"), MEASURES.index("unfollows")
_INFLUENCED = np.uint8(1 << LADDER.index("influenced"))
MORE = 1.0 + 2.0**-19  # beyond any rounding of the bounds


class Moves(NamedTuple):
    """What moves followers. By account: ``leaving`` uint64[A] key and ``leaves`` float64[A] rate a minute;
    ``asking`` uint64[Q, A] keys and ``asks`` float64[Q] rates of each process of questions, to those
    accounts that are the city's (``is_own`` bool[A]) on their platform (``runs_on`` int64[A]). By row of the
    rhythm: ``per_hour``, ``cumulative``, and ``ended`` float64[rows], profile time (days) at which the run
    has surely ended. ``band`` uint8[n].
    """

    leaving: Any
    leaves: Any
    asking: Any
    asks: Any
    is_own: Any
    runs_on: Any
    per_hour: Any
    cumulative: Any
    ended: Any
    band: Any


class Follows(NamedTuple):
    """``audience.Followers``: ``is_following``, ``has_left`` bool[A, n]; ``group`` uint8[n]; ``count``
    int64[A], ``by_group`` int64[A, 7]."""

    is_following: Any
    has_left: Any
    group: Any
    count: Any
    by_group: Any


class Came(NamedTuple):
    """Newcomers of each account, ``n`` int64[A] of them; ``row`` (arrays.Queue) with columns [A, room] and a
    ``ceiling`` [A, blocks]."""

    n: Any
    row: Any


@compiled
def restless(ids: Any, since: float, end: float, n_rows: int, n_residents: int, m: Moves) -> Any:
    """Move those of ``ids`` (account * n_rows + row) who might leave or ask something in [since, end) to the
    start, in their order; their number."""
    kept = 0
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        ids[kept] = ids[i]
        kept += might_move(account, who, since, end, n_residents, m)
    return kept


@inlined
def might_move(account: Any, who: Any, since: Any, end: Any, n_residents: Any, m: Any) -> Any:
    """Whether someone might leave an account or ask something there in [since, end); residents only."""
    if who >= n_residents:
        return False
    moves = unit(fold(m.leaving[account], who)) < m.leaves[account] * ((end - since) * MORE)
    if not moves and m.is_own[account]:
        row = m.runs_on[account] * _BANDS + np.int64(m.band[who])
        days = (m.ended[row] - operational(m.cumulative, m.per_hour, row, since)) * MORE
        for q in range(len(m.asks)):
            luck = unit(fold(fold(m.asking[q, account], who), np.uint64(0)))
            moves = moves or luck < m.asks[q] * days
    return moves


@compiled
def find(its_key: Any, most: Any, activity: Any, attachment: Any, band: Any, found: Any) -> Any:
    """Write in ``found`` int64[n] residents who use the platform and might find an account; their number.

    ``most`` float64[6]: by age band, the largest draw in reach of an attachment of 1.
    """
    m = 0
    for who in range(len(activity)):
        found[m] = who
        near = unit(fold(its_key, who)) < most[band[who]] * np.float64(attachment[who])
        m += near and activity[who] > 0
    return m


@compiled
def let_in(ids: Any, seating: Any, follows: Follows) -> Any:
    """Those of ``ids`` int64 (account * n_rows + row) who can join do, and are moved to the start; their
    number."""
    return turn_all(True, ids, seating, follows)


@compiled
def let_out(ids: Any, seating: Any, follows: Follows) -> Any:
    """Those of ``ids`` who follow leave: as ``let_in``."""
    return turn_all(False, ids, seating, follows)


@inlined
def turn_all(joins: Any, ids: Any, seating: Any, follows: Any) -> Any:
    """Those of ``ids`` who can join, or leave, do, and are moved to the start; their number."""
    n, n_rows = 0, follows.is_following.shape[1]
    for i in range(len(ids)):
        account = ids[i] // n_rows
        ids[n] = ids[i]
        n += turn(joins, account, ids[i] - account * n_rows, seating, follows)
    return n


@inlined
def turn(joins: Any, account: Any, who: Any, seating: Any, follows: Any) -> Any:
    """Whether someone joins (who does not follow and never left), or leaves (who follows): that is done."""
    f = follows
    if f.is_following[account, who] == joins or (joins and f.has_left[account, who]):
        return False
    f.is_following[account, who] = joins
    seating.relation[account, seat_of(seating, account, np.uint64(who))].is_following = joins
    f.has_left[account, who] = not joins
    f.count[account] += 1 if joins else -1
    f.by_group[account, f.group[who]] += 1 if joins else -1
    return True


@compiled
def come_and_go(
    leaving: Any,
    finding: Any,
    events: Any,
    people: Any,
    moods: Any,
    follows: Follows,
    counts: Any,
    moves: Moves,
    week: int,
    since: float,
    end: float,
    n_residents: int,
    came: Came,
    joined: Any,
    restless: Any,
) -> Any:
    """Followers of an hour (``Kernel._come_and_go``): ``leaving`` (int64, account * n_rows + row) and those
    of ``events`` (Events) leave; then ``finding`` and those of ``events`` join.

    ``came``, and ``joined`` and ``restless`` int64, have room for all who may join; returns how many did, and
    how many of these might leave or ask something in [since, end).
    """
    n_rows, through, strangers = follows.is_following.shape[1], events.through_friends, 0
    for ids, size in ((leaving, len(leaving)), (events.leaves, events.n[LEAVES])):
        for i in range(size):
            account = ids[i] // n_rows
            who = ids[i] - account * n_rows
            if turn(False, account, who, moods.seating, follows):
                counts.weekly[account, follows.group[who], week, _UNFOLLOWS] += 1
    for i in range(events.n[THROUGH_FRIENDS]):  # who follows already is not won by a friend
        account = through[i] // n_rows
        through[strangers] = through[i]
        strangers += not follows.is_following[account, through[i] - account * n_rows]
    n = n_restless = 0
    for ids, size in ((finding, len(finding)), (events.joins, events.n[JOINS])):
        for i in range(size):
            account = ids[i] // n_rows
            who = ids[i] - account * n_rows
            if turn(True, account, who, moods.seating, follows):
                counts.weekly[account, follows.group[who], week, _FOLLOWS] += 1
                joined[n] = restless[n_restless] = ids[i]
                n += 1
                n_restless += might_move(account, who, since, end, n_residents, moves)
                note(came, people, moves, account, who)
    for i in range(strangers):
        account = through[i] // n_rows
        who = through[i] - account * n_rows
        if moves.is_own[account] and follows.is_following[account, who]:
            counts.deeds[who].ladder |= _INFLUENCED
    return n, n_restless


@compiled
def note_all(came: Came, people: Any, moves: Moves, ids: Any) -> None:
    """Note all of ``ids`` int64 (account * n_rows + row) as newcomers; ``came`` has room for them."""
    for i in range(len(ids)):
        account = ids[i] // len(people.band)
        note(came, people, moves, account, ids[i] - account * len(people.band))


@inlined
def note(came: Any, people: Any, moves: Any, account: Any, who: Any) -> None:
    """Note a newcomer."""
    place, trait, row = came.n[account], people.traits[who], came.row
    row.who[account, place] = who
    row.attachment[account, place] = trait.attachment
    row.activity[account, place] = people.activity[moves.runs_on[account], who]
    row.band[account, place], row.circle[account, place] = trait.band, trait.circle
    block = place // BLOCK
    row.ceiling[account, block] = max(row.ceiling[account, block], trait.attachment)
    came.n[account] += 1
