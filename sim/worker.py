"""What a process that makes runs holds: benches, each under a token, whole or as a recipe."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Bench(Protocol):
    """Whatever answers jobs, also from several threads. Its pickle is a recipe, small enough to send."""

    def run(self, job: Any) -> Any: ...


_benches: dict[str, Bench | bytes] = {}
_lock = threading.Lock()


def adopt(token: str, bench: Bench | bytes) -> None:
    """Keep a bench, or the pickle of one, under ``token``."""
    _benches[token] = bench


def forget(token: str) -> None:
    """Let go of the bench under ``token``."""
    _benches.pop(token, None)


def bench_of(token: str) -> Bench:
    """The bench under ``token``; a recipe is carried out by the first who asks, and then kept."""
    with _lock:
        bench = _benches[token]
        if isinstance(bench, bytes):
            bench = _benches[token] = pickle.loads(bench)
    return bench


@dataclass(frozen=True)
class Here:
    """Answers jobs by the bench under ``token`` of whatever process it is called in."""

    token: str

    def __call__(self, job: Any) -> Any:
        return bench_of(self.token).run(job)


def each(fn: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
    """``fn`` of each job, in order."""
    return [fn(job) for job in jobs]
