"""Followers who move, compiled: who might leave or ask something before the end, who joins, who leaves.

What is found beforehand is a little too many people, never too few: their instants are then the reference's
own formulas. An exponential waiting time is -ln(1 - u) / rate >= u / rate, so one comparison settles most.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.compiled.arithmetic import fold, operational, unit
from sim.compiled.build import compiled, inlined
from sim.compiled.feeding import seat_of
from sim.figures import BANDS

_BANDS = len(BANDS)
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


@compiled
def restless(ids: Any, since: float, end: float, n_rows: int, n_residents: int, m: Moves) -> Any:
    """Move those of ``ids`` (account * n_rows + row) who might leave or ask something in [since, end) to the
    start, in their order; their number."""
    kept, left = 0, (end - since) * MORE
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if who >= n_residents:
            continue
        moves = unit(fold(m.leaving[account], who)) < m.leaves[account] * left
        if not moves and m.is_own[account]:
            row = m.runs_on[account] * _BANDS + np.int64(m.band[who])
            days = (m.ended[row] - operational(m.cumulative, m.per_hour, row, since)) * MORE
            for q in range(len(m.asks)):
                luck = unit(fold(fold(m.asking[q, account], who), np.uint64(0)))
                moves = moves or luck < m.asks[q] * days
        ids[kept] = ids[i]
        kept += moves
    return kept


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
def let_in(
    ids: Any, seating: Any, is_following: Any, has_left: Any, group: Any, count: Any, by_group: Any
) -> Any:
    """Those of ``ids`` int64 (account * n_rows + row) who can join do, and are moved to the start; their
    number. The rest as ``Followers``."""
    return _change(True, ids, seating, is_following, has_left, group, count, by_group)


@compiled
def let_out(
    ids: Any, seating: Any, is_following: Any, has_left: Any, group: Any, count: Any, by_group: Any
) -> Any:
    """Those of ``ids`` who follow leave: as ``let_in``."""
    return _change(False, ids, seating, is_following, has_left, group, count, by_group)


@inlined
def _change(
    joins: Any,
    ids: Any,
    seating: Any,
    is_following: Any,
    has_left: Any,
    group: Any,
    count: Any,
    by_group: Any,
) -> Any:
    n, n_rows, step = 0, is_following.shape[1], 1 if joins else -1
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if is_following[account, who] == joins or (joins and has_left[account, who]):
            continue
        is_following[account, who] = joins
        seating.relation[account, seat_of(seating, account, np.uint64(who))].is_following = joins
        has_left[account, who] = not joins
        count[account] += step
        by_group[account, group[who]] += step
        ids[n] = ids[i]
        n += 1
    return n


@compiled
def note(rows: Any, n: Any, ids: Any, n_rows: int) -> None:
    """Write the row of each of ``ids`` after the ``n`` int64[A] that ``rows`` int64[A, room] holds."""
    for i in range(len(ids)):
        account = ids[i] // n_rows
        rows[account, n[account]] = ids[i] - account * n_rows
        n[account] += 1
