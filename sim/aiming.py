"""What changes of outreach (``sim.outreach``) do to the planned posts: whom they are for, who carries it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.accounts import platform_of
from sim.calendar import SCHEDULE_SEED, Draft, applied, at_stake, replanned
from sim.figures import BANDS, CIRCLES
from sim.outreach import BoostPosts, PartnerWith, TargetPlace, WriteIn
from sim.scenario import Scenario
from sim.sessions import rounded


@dataclass(frozen=True)
class Boost:
    """Money behind one post: ``post`` its row, ``people`` to reach (of those simulated), in the age bands
    ``ages`` (six flags) and the ``circles`` (four flags); ``eur``; ``name`` of the change."""

    post: int
    people: float
    ages: tuple[bool, ...]
    circles: tuple[bool, ...]
    eur: float
    name: str


@applied.register
def _(change: TargetPlace, drafts: list[Draft]) -> list[Draft]:
    return [
        replace(d, target_circles=tuple(change.circles), target_gain=change.gain.value)
        if not change.themes or d.theme in change.themes
        else d
        for d in drafts
    ]


@applied.register
def _(change: WriteIn, drafts: list[Draft]) -> list[Draft]:
    return [replace(d, languages=tuple(change.languages)) for d in drafts]


@replanned.register
def _(change: PartnerWith, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """Which posts the page relays is a matter of their slot: a post that moves stays relayed."""
    platform = scenario.city.accounts[change.account].platform
    mine, rest = at_stake(plan, scenario, (platform,), change.from_week - 1)
    key = draws.key(SCHEDULE_SEED, 0, "partner", change.account)
    slots = np.array([draws.name_id(d.slot) for d in mine], dtype=np.uint64)
    chosen = draws.uniform(key, slots) < change.share_of_posts.value
    relayed = [replace(d, partner=change.account) if c else d for d, c in zip(mine, chosen, strict=True)]
    return rest + relayed


def circle_flags(drafts: Sequence[Draft]) -> NDArray[np.bool_]:
    """Who may be offered each post, bool[n, 4] by circle."""
    return np.array(
        [[not d.target_circles or c in d.target_circles for c in CIRCLES] for d in drafts], dtype=bool
    ).reshape(-1, len(CIRCLES))


def understood(scenario: Scenario, drafts: Sequence[Draft]) -> NDArray[np.float64]:
    """Share of each circle who can read each post, float64[n, 4]."""
    law = scenario.behaviour.elsewhere
    rows = {languages: law.understood(languages) for languages in {d.languages for d in drafts}}
    table = [rows[d.languages] for d in drafts]
    return np.asarray(rounded(np.array(table, dtype=np.float64).reshape(-1, len(CIRCLES))))


def partners(drafts: Sequence[Draft], index: dict[str, int]) -> NDArray[np.int64]:
    """Account that relays each post, or -1; int64[n]."""
    return np.array([index[d.partner] if d.partner else -1 for d in drafts], dtype=np.int64)


def boosts(scenario: Scenario, drafts: Sequence[Draft]) -> tuple[Boost, ...]:
    """Money on posts, in the order of the changes, then of the posts; ``drafts`` are those that go out.

    A week's budget is spread evenly over the posts that it is for, whatever their number.
    """
    found = []
    row = {d.slot: i for i, d in enumerate(drafts)}
    for name, change in scenario.change.items():
        if not isinstance(change, BoostPosts):
            continue
        mine, _ = at_stake(list(drafts), scenario, change.platforms, change.from_week - 1, change.accounts)
        mine = [d for d in mine if d.rel_appeal > 0 and (not change.themes or d.theme in change.themes)]
        ages = tuple(not change.target_ages or band in change.target_ages for band in BANDS)
        circles = tuple(circle in change.target_circles for circle in CIRCLES)
        in_week = Counter(d.week for d in mine)
        for d in mine:
            eur = change.budget_eur_per_week.value / in_week[d.week]
            people = eur / price(change, scenario, d.account) * 1000 * scenario.sampling
            found.append(Boost(row[d.slot], people, ages, circles, eur, name))
    return tuple(found)


def price(change: BoostPosts, scenario: Scenario, account: str) -> float:
    """EUR for a thousand people reached, as the change or else the platform of ``account`` says."""
    platform = platform_of(scenario)[account]
    figure = change.cost_per_1000_reached or scenario.platform[platform].audience.cost_per_1000_reached_eur
    if figure is None:
        raise ValueError(f"{platform} says no cost_per_1000_reached_eur")
    return figure.value
