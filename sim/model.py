"""The Mesa model: a city whose agents are its residents.

``CityModel`` runs on the vectorised kernel, with agents as windows onto the arrays (``Resident``; above
``RESIDENT_LIMIT`` rows one ``Segment`` for each age band and set of platforms, and residents on demand).
``AgentCity`` is the executable specification: the same laws and draws, told resident by resident, one
session after the other, with no array of residents anywhere. A test demands equal counts.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import mesa
import numpy as np

from sim.city import City, build_city
from sim.figures import BANDS
from sim.kernels import kernel_named
from sim.laws import build_laws
from sim.review import reviewed
from sim.scenario import Scenario
from sim.tally import MEASURES, Tally

RESIDENT_LIMIT = 25_000


class CityModel(mesa.Model):
    """A city over the horizon of a scenario; one ``step`` is one hour.

    ``scenario``: what is asked; ``city``: built from it when not given; ``seed`` and ``replicate``: keys of
    all chance. ``datacollector`` keeps followers, reach and interactions hour by hour if ``collect``.
    """

    running: bool

    def __init__(
        self,
        scenario: Scenario,
        city: City | None = None,
        seed: int = 1,
        replicate: int = 0,
        collect: bool = True,
    ) -> None:
        super().__init__(rng=seed)
        self.scenario = scenario
        self.city = city if city is not None else build_city(scenario, seed)
        self.laws = reviewed(build_laws(scenario, self.city, seed), self.city, seed, replicate)
        self.kernel = kernel_named()(self.laws, self.city, seed, replicate)
        self._views: WeakValueDictionary[int, Resident] = WeakValueDictionary()
        if self.city.n_rows <= RESIDENT_LIMIT:
            for row in range(self.city.n_rows):
                Resident(self, row)
        else:
            for band, mask, rows in segments(self.city):
                Segment(self, band, mask, rows)
        self.datacollector = mesa.DataCollector(model_reporters=REPORTERS)
        self._collects = collect
        if collect:
            self.datacollector.collect(self)

    @property
    def tally(self) -> Tally:
        """Counts so far."""
        return self.kernel.tally

    @property
    def hour(self) -> int:
        """Hours elapsed."""
        return self.kernel.hour

    def step(self) -> None:
        """Advance one hour; ``running`` turns False at the end of the horizon."""
        if not self.running:
            return
        self.kernel.step()
        if self._collects:
            self.datacollector.collect(self)
        self.running = self.kernel.hour < self.laws.n_hours

    def resident(self, row: int) -> Resident:
        """The agent of one row; made on demand in a city too large to hold them all."""
        if not 0 <= row < self.city.n_rows:
            raise IndexError(f"resident {row} does not exist; rows are 0 to {self.city.n_rows - 1}")
        view = self._views.get(row)
        if view is None:
            view = Resident(self, row)
            view.remove()  # a window opened on demand is not one of the model's agents
        return view


def segments(city: City) -> list[tuple[int, int, np.ndarray]]:
    """(age band, platform mask, rows int64) of every segment that exists, in order."""
    code = city.age_band.astype(np.int64) << 16 | city.platform_mask
    order = np.argsort(code, kind="stable")
    cuts = np.flatnonzero(np.diff(code[order])) + 1
    return [(int(code[r[0]] >> 16), int(code[r[0]] & 0xFFFF), r) for r in np.split(order, cuts) if len(r)]


class Resident(mesa.Agent):
    """A window onto one row of the city: nothing is stored here but the row number."""

    model: CityModel

    def __init__(self, model: CityModel, row: int) -> None:
        super().__init__(model)
        self.row = row
        model._views[row] = self

    @property
    def age_band(self) -> str:
        """Age band, e.g. "15-29"."""
        return BANDS[self.model.city.age_band[self.row]]

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platforms that the resident uses."""
        mask = int(self.model.city.platform_mask[self.row])
        return tuple(name for k, name in enumerate(self.model.city.platforms) if mask >> k & 1)

    @property
    def friends(self) -> np.ndarray:
        """Rows of those who can see what this resident shares, int32."""
        ties = self.model.city.ties
        return ties.target[ties.indptr[self.row] : ties.indptr[self.row + 1]]

    @property
    def follows(self) -> tuple[str, ...]:
        """Accounts followed now."""
        following = self.model.kernel.state.followers.is_following[:, self.row]
        accounts = self.model.laws.schedule.accounts
        return tuple(account.name for account, yes in zip(accounts, following, strict=True) if yes)

    @property
    def reached_on(self) -> tuple[str, ...]:
        """Platforms on which the resident has seen a post of the city."""
        mask = int(self.model.tally.reached[self.row])
        return tuple(name for k, name in enumerate(self.model.city.platforms) if mask >> k & 1)

    @property
    def affinity(self) -> float:
        """Attachment to the city, with what the last weeks added to it."""
        kernel = self.model.kernel
        excess = kernel.state.affinity.read(np.array([self.row]), min(kernel.hour, kernel.laws.n_hours))
        return float(self.model.city.attachment[self.row] * (1 + excess[0]))


class Segment(mesa.Agent):
    """All residents of one age band and one set of platforms."""

    model: CityModel

    def __init__(self, model: CityModel, band: int, mask: int, rows: np.ndarray) -> None:
        super().__init__(model)
        self.age_band, self.mask, self.rows = BANDS[band], mask, rows

    @property
    def size(self) -> int:
        """Number of residents."""
        return len(self.rows)

    @property
    def n_reached(self) -> int:
        """Residents of the segment reached so far."""
        return int((self.model.tally.reached[self.rows] > 0).sum())


def _measure(name: str) -> Any:
    at = MEASURES.index(name)
    return lambda model: int(model.tally.weekly[..., at].sum())


REPORTERS = {
    "followers": lambda model: int(model.kernel.state.followers.count.sum()),
    "reached": lambda model: int((model.tally.reached[: model.city.n_residents] > 0).sum()),
    "impressions": _measure("impressions"),
    "likes": _measure("like"),
    "comments": _measure("comment"),
    "shares": _measure("share"),
}
