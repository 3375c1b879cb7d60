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
from sim.compiled.arrays import Queue, Seating
from sim.compiled.build import Settled
from sim.compiled.feeding import BLOCK
from sim.compiled.moving import Came, Follows, Moves
from sim.conversation import processes, surely_over
from sim.draws import key
from sim.laws import Laws
from sim.sessions import HOUR_MIN

I64 = NDArray[np.int64]

_ROOM = 2 * BLOCK


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
        self.follows = Follows(self.is_following, self.has_left, group, self.count, self.by_group)

    def arrive(self, ids: I64) -> None:
        """Note people who have joined (account * n_rows + row)."""
        self._arrived.append(ids)

    def _let_in(self, ids: I64) -> I64:
        return self._those(ids, self._letting_in)

    def _let_out(self, ids: I64) -> I64:
        return self._those(ids, self._letting_out)

    def _those(self, ids: I64, move: Callable[..., int]) -> I64:
        moved = ids.copy()
        n = move(moved, self.seating, self.follows)
        moved = moved[:n]
        moved.sort()
        return moved


class Newcomers:
    """Everyone who has joined each account since the start, in the order of their coming."""

    def __init__(self, n_accounts: int, city: City) -> None:
        self._room, self._most = _ROOM, 0
        size = n_accounts, self._room
        row = Queue(
            who=np.empty(size, np.int32),
            attachment=np.empty(size, city.attachment.dtype),
            activity=np.empty(size, city.activity.dtype),
            band=np.empty(size, np.uint8),
            circle=np.empty(size, np.uint8),
            ceiling=np.zeros((n_accounts, self._room // BLOCK), city.attachment.dtype),
            is_opening=False,
        )
        self._came = Came(np.zeros(n_accounts, np.int64), row)

    def with_room(self, n: int) -> Came:
        """All of them, with room for ``n`` more."""
        self._most += n
        if self._most > self._room:
            before, self._room = self._room, 2 * self._most // BLOCK * BLOCK + BLOCK
            longer = []
            for column in self._came.row[:-1]:
                size = self._room * column.shape[1] // before
                longer.append(np.zeros((len(column), size), column.dtype))
                longer[-1][:, : column.shape[1]] = column
            self._came = Came(self._came.n, Queue._make([*longer, False]))
        return self._came

    def queue(self, account: int) -> Queue:
        """Those of one account."""
        n, (*columns, ceiling, is_opening) = int(self._came.n[account]), self._came.row
        blocks = -(-n // BLOCK)
        return Queue._make([*(c[account, :n] for c in columns), ceiling[account, :blocks], is_opening])
