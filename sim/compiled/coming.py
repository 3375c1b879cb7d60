"""The audience of the compiled kernel: who might move, and is looked at; who follows; who is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.accounts import renown
from sim.audience import Followers, account_keys
from sim.city import City
from sim.compiled import moving
from sim.compiled.arrays import Seating
from sim.compiled.build import Settled
from sim.compiled.moving import Moves
from sim.conversation import processes, surely_over
from sim.draws import key
from sim.laws import Laws
from sim.sessions import HOUR_MIN

I64 = NDArray[np.int64]

_ROOM = 1024


def moves_of(laws: Laws, city: City, seed: int, replicate: int) -> Moves:
    """The keys of a replicate and the rates of its laws."""
    rhythm, asked = laws.feed.rhythm, processes(laws.talk)
    keys = [account_keys(laws, seed, replicate, purpose) for purpose, _, _ in asked]
    n_accounts = len(laws.schedule.accounts)
    return Moves(
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


def finders(laws: Laws, city: City, seed: int, replicate: int, account: int) -> I64:
    """Residents who might find an account before the end, int64, ascending."""
    plan, k, n = laws.schedule.accounts[account], int(laws.account_platform[account]), city.n_residents
    span = laws.n_hours * HOUR_MIN - max(plan.opens_min, 0.0)
    rate = laws.discovery_per_min[k] * renown(plan.name, laws.scenario) * laws.follow_weight[k]
    found = np.empty(n, np.int64)
    its_key = key(seed, replicate, "discovery", plan.name)
    most = rate * max(span, 0.0) * moving.MORE
    m = moving.find(its_key, most, city.activity[k, :n], city.attachment, city.age_band, found)
    return found[:m].copy()


class Following(Followers):
    """``Followers`` of whom few move at a time; what is kept of them by seat goes with them."""

    seating: Seating  # whose ``is_following`` is kept in step

    def __init__(self, laws: Laws, city: City, group: NDArray[Any]) -> None:
        super().__init__(laws, city, group)
        self._letting_in, self._letting_out = Settled(moving.let_in), Settled(moving.let_out)

    def _let_in(self, ids: I64) -> I64:
        return self._those(ids, self._letting_in)

    def _let_out(self, ids: I64) -> I64:
        return self._those(ids, self._letting_out)

    def _those(self, ids: I64, move: Callable[..., int]) -> I64:
        moved = ids.copy()
        follows = self.is_following, self.has_left, self._group, self.count, self.by_group
        n = move(moved, self.seating, *follows)
        moved = moved[:n]
        moved.sort()
        return moved


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
            moving.note(self._rows, self._n, ids, self._n_rows)
        return self._rows[account, : self._n[account]]
