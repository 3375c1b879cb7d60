"""People who come and go: who might find an account, leave it or ask it something before the end.

What is found here is a little too many people, never too few: their instants are then the reference's own
formulas. An exponential waiting time is -ln(1 - u) / rate >= u / rate, so one comparison settles most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.accounts import renown
from sim.audience import Followers, account_keys
from sim.city import City
from sim.compiled.arithmetic import fold, unit
from sim.compiled.build import compiled
from sim.conversation import processes, surely_over
from sim.draws import key
from sim.figures import BANDS
from sim.sessions import HOUR_MIN, WEEK_MIN

if TYPE_CHECKING:
    from sim.laws import Laws

I64 = NDArray[np.int64]

_BANDS, _HOUR_MIN, _WEEK_MIN = len(BANDS), float(HOUR_MIN), float(WEEK_MIN)
_MORE = 1.0 + 2.0**-19  # beyond any rounding of the bounds
_ROOM = 1024


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

    @classmethod
    def of(cls, laws: Laws, city: City, seed: int, replicate: int) -> Moves:
        """The keys of a replicate and the rates of its laws."""
        rhythm, asked = laws.feed.rhythm, processes(laws.talk)
        keys = [account_keys(laws, seed, replicate, purpose) for purpose, _, _ in asked]
        n_accounts = len(laws.schedule.accounts)
        return cls(
            leaving=account_keys(laws, seed, replicate, "leaving"),
            leaves=laws.unfollow_per_min[laws.account_platform],
            asking=np.array(keys, dtype=np.uint64).reshape(-1, n_accounts),
            asks=np.array([rate for _, rate, _ in asked], dtype=np.float64),
            is_own=np.array([plan.is_own for plan in laws.schedule.accounts], dtype=bool),
            runs_on=laws.account_platform,
            per_hour=rhythm.per_hour,
            cumulative=rhythm.cumulative,
            ended=surely_over(rhythm, float(laws.n_hours * HOUR_MIN)),
            band=city.age_band,
        )


@compiled
def restless(ids: Any, since: float, end: float, n_rows: int, n_residents: int, m: Moves) -> Any:
    """Move those of ``ids`` (account * n_rows + row) who might leave or ask something in [since, end) to the
    start, in their order; their number."""
    kept, left = 0, (end - since) * _MORE
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if who >= n_residents:
            continue
        moves = unit(fold(m.leaving[account], who)) < m.leaves[account] * left
        if not moves and m.is_own[account]:
            row = m.runs_on[account] * _BANDS + np.int64(m.band[who])
            days = (m.ended[row] - _elapsed(m, row, since)) * _MORE
            for q in range(len(m.asks)):
                luck = unit(fold(fold(m.asking[q, account], who), np.uint64(0)))
                moves = moves or luck < m.asks[q] * days
        ids[kept] = ids[i]
        kept += moves
    return kept


@compiled
def _elapsed(m: Any, row: Any, t: float) -> Any:
    """``Rhythm.operational`` of one row."""
    week = np.floor(t / _WEEK_MIN)
    hours = (t - week * _WEEK_MIN) / _HOUR_MIN
    hour = np.int64(hours)
    return week * m.cumulative[row, -1] + m.cumulative[row, hour] + (hours - hour) * m.per_hour[row, hour]


def finders(laws: Laws, city: City, seed: int, replicate: int, account: int) -> I64:
    """Residents who might find an account before the end, int64, ascending."""
    plan, k, n = laws.schedule.accounts[account], int(laws.account_platform[account]), city.n_residents
    span = laws.n_hours * HOUR_MIN - max(plan.opens_min, 0.0)
    rate = laws.discovery_per_min[k] * renown(plan.name, laws.scenario) * laws.follow_weight[k]
    found = np.empty(n, np.int64)
    its_key = key(seed, replicate, "discovery", plan.name)
    most = rate * max(span, 0.0) * _MORE
    m = _find(its_key, most, city.activity[k, :n], city.attachment, city.age_band, found)
    return found[:m].copy()


@compiled
def _find(its_key: Any, most: Any, activity: Any, attachment: Any, band: Any, found: Any) -> Any:
    """``most`` float64[6]: by age band, the largest draw in reach of an attachment of 1."""
    m = 0
    for who in range(len(activity)):
        found[m] = who
        near = unit(fold(its_key, who)) < most[band[who]] * np.float64(attachment[who])
        m += near and activity[who] > 0
    return m


class Following(Followers):
    """``Followers`` of whom few move at a time."""

    def _let_in(self, ids: I64) -> I64:
        return self._those(ids, _let_in)

    def _let_out(self, ids: I64) -> I64:
        return self._those(ids, _let_out)

    def _those(self, ids: I64, move: Callable[..., int]) -> I64:
        moved = ids.copy()
        n = move(moved, self.is_following, self.has_left, self._group, self.count, self.by_group)
        moved = moved[:n]
        moved.sort()
        return moved


@compiled
def _let_in(ids: Any, is_following: Any, has_left: Any, group: Any, count: Any, by_group: Any) -> Any:
    """Those of ``ids`` who can join do, and are moved to the start; their number."""
    n, n_rows = 0, is_following.shape[1]
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if is_following[account, who] or has_left[account, who]:
            continue
        is_following[account, who] = True
        count[account] += 1
        by_group[account, group[who]] += 1
        ids[n] = ids[i]
        n += 1
    return n


@compiled
def _let_out(ids: Any, is_following: Any, has_left: Any, group: Any, count: Any, by_group: Any) -> Any:
    """Those of ``ids`` who follow leave, and are moved to the start; their number."""
    n, n_rows = 0, is_following.shape[1]
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if not is_following[account, who]:
            continue
        is_following[account, who], has_left[account, who] = False, True
        count[account] -= 1
        by_group[account, group[who]] -= 1
        ids[n] = ids[i]
        n += 1
    return n


class Newcomers:
    """Everyone who has joined each account since the start, in the order of their coming."""

    def __init__(self, n_accounts: int, n_rows: int) -> None:
        self._n_rows, self._n = n_rows, np.zeros(n_accounts, np.int64)
        self._rows = np.empty((n_accounts, _ROOM), np.int64)
        self._waiting: list[I64] = []

    def add(self, ids: I64) -> None:
        """People who join (account * n_rows + row), int64."""
        self._waiting.append(ids)

    def of(self, account: int) -> I64:
        """Rows of those of one account, int64, read-only until the next call."""
        if self._waiting:
            ids, self._waiting = np.concatenate(self._waiting), []
            need = int(self._n.max()) + len(ids)
            if need > self._rows.shape[1]:
                longer = np.empty((len(self._n), 2 * need), np.int64)
                longer[:, : self._rows.shape[1]] = self._rows
                self._rows = longer
            _note(self._rows, self._n, ids, self._n_rows)
        return self._rows[account, : self._n[account]]


@compiled
def _note(rows: Any, n: Any, ids: Any, n_rows: int) -> None:
    for i in range(len(ids)):
        account = ids[i] // n_rows
        rows[account, n[account]] = ids[i] - account * n_rows
        n[account] += 1
