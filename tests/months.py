"""Months of a city at any size: what the benchmark times and what CI counts."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np

from sim import load
from sim.city import City
from sim.compiled.arithmetic import fold, unit
from sim.displays import Turn
from sim.kernel import Kernel
from sim.kernel_compiled import CompiledKernel
from sim.laws import Laws
from sim.offers import Offers
from sim.reactions import Writes
from sim.scenario import Scenario
from sim.tally import WORK, Tally

FILE = Path(__file__).with_suffix(".json")
SEED = 1
SAME = ("followers_examined", "friends_examined", "exposures", "displays")  # by whatever kernel


def month(residents: int | None = None, weeks: int = 4, city: str = "toulouse_2019") -> Scenario:
    """Four weeks of a city's own calendar; ``residents``: the same city at another size, followers in
    proportion."""
    scenario = load(city=city, overrides=[f"horizon_weeks={weeks}"])
    if residents is None:
        return scenario
    stated = scenario.city
    factor = residents / stated.population.total.value

    def scaled(figure: Any, by: float = factor) -> Any:
        return figure.model_copy(update={"value": round(figure.value * by)})

    population = stated.population.model_copy(update={"total": scaled(stated.population.total)})
    accounts = {
        name: account.model_copy(update={"followers": scaled(account.followers)})
        for name, account in stated.accounts.items()
    }
    update = {"population": population, "accounts": accounts, "name": f"{stated.name}_{residents}"}
    return scenario.model_copy(update={"city": stated.model_copy(update=update)})


def seconds(run: Callable[[], Any]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def in_turns(runs: Sequence[Callable[[], Any]], times: int) -> list[float]:
    """Median seconds of each of ``runs`` (see ``taken``)."""
    return [statistics.median(mine) for mine in taken(runs, times)]


def taken(runs: Sequence[Callable[[], Any]], times: int) -> list[list[float]]:
    """Seconds of each of ``runs``, called A B C, A B C, ... so that they share the machine's moods."""
    found: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for mine, run in zip(found, runs, strict=True):
            mine.append(seconds(run))
    return found


def reference() -> int:
    """A fixed piece of plain numpy work, to set times of one run against: hash and sort a million numbers."""
    x = np.arange(1_000_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    return int(np.sort(x)[-1] & np.uint64(1))


# --- the floor: the same work with nothing decided ---------------------------------------------------


class Recorder(Kernel):
    """Which people a run examines, exposes and shows posts to, in order: told by the reference."""

    def __init__(self, laws: Laws, city: City) -> None:
        self.queues: list[np.ndarray] = []
        self.exposed: list[np.ndarray] = []
        self.shown: list[tuple[np.ndarray, np.ndarray]] = []
        super().__init__(laws, city, SEED, 0)
        self.run()
        self.walked = int(run(CompiledKernel, laws, city).work[WORK.index("sessions_walked")])
        self.sights = np.zeros(self.state.times_seen.shape, np.uint8)
        self.counter = np.zeros(city.n_rows, np.int32)

    def _chosen(self, post: int, rows: np.ndarray, account: int, page: int) -> np.ndarray:
        self.queues.append(rows.astype(np.int32))
        return super()._chosen(post, rows, account, page)

    def _expose(self, offers: list[Offers]) -> None:
        self.exposed += [offer.who.astype(np.int32) for offer in offers]
        super()._expose(offers)

    def _display(self, turn: Turn, written: Writes) -> np.ndarray:
        self.shown.append((self.place[turn.post], turn.who.astype(np.int32)))
        return super()._display(turn, written)

    def replay(self) -> float:
        """The same ids in the same order, a hash for each draw, a byte and a counter for each display."""
        total = sum(_examine(rows, np.uint64(7)) for rows in self.queues)
        total += sum(_expose(rows, np.uint64(7)) for rows in self.exposed)
        total += _walk(self.walked, np.uint64(7))
        for place, who in self.shown:
            total += _show(place, who, self.sights, self.counter, np.uint64(7))
        return float(total)


@numba.njit(nogil=True, cache=False, error_model="numpy")
def _examine(rows: Any, key: Any) -> Any:
    total = np.uint64(0)
    for i in range(len(rows)):
        total += fold(key, rows[i])
    return total


@numba.njit(nogil=True, cache=False, error_model="numpy")
def _expose(rows: Any, key: Any) -> Any:
    total = 0.0
    for i in range(len(rows)):
        total += unit(fold(fold(key, rows[i]), 0)) + unit(fold(key, rows[i]))
    return total


@numba.njit(nogil=True, cache=False, error_model="numpy")
def _walk(n: Any, key: Any) -> Any:
    total = 0.0
    for i in range(n):
        total += unit(fold(key, i))
    return total


@numba.njit(nogil=True, cache=False, error_model="numpy")
def _show(place: Any, who: Any, sights: Any, counter: Any, key: Any) -> Any:
    total = 0.0
    for i in range(len(who)):
        for action in range(9):  # five reactions, the tie of a reappearance and its session (two each)
            total += unit(fold(key + np.uint64(action), who[i]))
        sights[place[i], who[i]] += 1
        counter[who[i]] += 1
    return total


# --- counts that no change of speed may change ---------------------------------------------------------


def counted(tally: Tally) -> dict[str, int]:
    """What is stored of one month."""
    work = {name: int(tally.work[WORK.index(name)]) for name in SAME}
    return {
        **work,
        "people reached": int((tally.reached > 0).sum()),
        "posts": int(tally.posts.sum()),
        "conversation": int(tally.talk.sum()),
        "followers": int(tally.followers[:, :, -1].sum()),
    }


def stored() -> dict[str, Any]:
    """Counts by city, and the ratios of times that were measured beside them."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def run(kernel: type[Kernel], laws: Laws, city: City, replicate: int = 0) -> Tally:
    """One month."""
    return kernel(laws, city, SEED, replicate).run()
