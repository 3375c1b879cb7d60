"""What the social graph is grown from: numbers of a scenario, and residents as the graph sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario

REFERENCE_LAYER = "facebook"


@dataclass(frozen=True)
class Relay:
    """Relays of one platform: ``bit``, relays per user, follows per user, exponent of followings."""

    bit: int
    name: str
    per_user: float
    follows: float
    exponent: float


@dataclass(frozen=True)
class Recipe:
    """Every number that the graph needs, read from a scenario (see ``Recipe.of``)."""

    seed: int
    n_platforms: int
    reference: int | None
    contacts: tuple[tuple[int, float], ...]
    relays: tuple[Relay, ...]
    friends_by_band: tuple[float, ...]
    mean_degree: float
    sd_ln: float
    density: float
    group_size: float
    age_share: float
    age_spread: float

    @classmethod
    def of(cls, scenario: Scenario, seed: int) -> Recipe:
        """Recipe of ``scenario``. Degrees are those inside the city: friends x ``in_city_ties``."""
        card, inside = scenario.behaviour.ties, scenario.city.in_city_ties.value
        names = sorted(scenario.platform)
        passing = [scenario.platform[name].passing_on for name in names]
        return cls(
            seed=seed,
            n_platforms=len(names),
            reference=names.index(REFERENCE_LAYER) if REFERENCE_LAYER in names else None,
            contacts=tuple((k, p.contacts.value * inside) for k, p in enumerate(passing) if p.contacts),
            relays=tuple(
                Relay(
                    k,
                    names[k],
                    p.relays.per_1000_users.value / 1000,
                    p.relays.follows_per_user.value,
                    p.relays.exponent.value,
                )
                for k, p in enumerate(passing)
                if p.relays
            ),
            friends_by_band=tuple(card.friends_by_band.row()),
            mean_degree=card.friends_mean.value * inside,
            sd_ln=card.friends_sd_ln.value,
            density=card.group_density.value,
            group_size=card.group_size_mean.value,
            age_share=card.kin_and_school_share.value,
            age_spread=card.age_spread_years.value,
        )


@dataclass(frozen=True)
class Crowd:
    """Residents as the graph sees them; row = place on the map of the town (columns of ``People``)."""

    age_band: NDArray[np.uint8]
    age_years: NDArray[np.float32]
    platform_mask: NDArray[np.uint16]

    @property
    def size(self) -> int:
        """Residents."""
        return len(self.age_band)

    def uses(self, bit: int | None) -> NDArray[np.bool_]:
        """Who uses platform ``bit`` (any platform if None). bool[n]."""
        return self.platform_mask != 0 if bit is None else (self.platform_mask >> bit) & 1 == 1
