"""What one resident of the specification holds: posts in the feed, displays, memories, the hour's writes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim import draws


def one_draw(key: np.uint64, *ids: int) -> float:
    """The draw of one event, in [0, 1)."""
    return float(draws.uniform(key, *ids)[0])


@dataclass
class Exposure:
    """A post in one feed, put there by the account (source 0) or a friend (the friend's row + 1)."""

    post: int
    since: float
    source: int
    depth: int
    luck: float
    missed: float = 1.0


@dataclass
class Sight:
    """One display; ``again``: the post comes back to someone who has seen it."""

    post: int
    cell: int
    depth: int
    again: bool = False


@dataclass
class Fading:
    """A memory of one resident."""

    value: float = 0.0
    last: int = 0

    def read(self, decay: np.ndarray, hour: int) -> float:
        return self.value * float(decay[hour - self.last])

    def bring_to(self, decay: np.ndarray, hour: int) -> None:
        self.value, self.last = self.read(decay, hour), hour


@dataclass
class Hour:
    """What the hour will write at its end, for one resident."""

    sights: list[int] = field(default_factory=list)
    engagements: int = 0
    hides: int = 0
    joins: set[int] = field(default_factory=set)
    leaves: set[int] = field(default_factory=set)
    satisfied: int = 0
    let_down: list[tuple[int, float]] = field(default_factory=list)
    through_friends: set[int] = field(default_factory=set)
