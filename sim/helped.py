"""Residents helped to go online: more users than the city has without help, and none of them replaced.

Users are taken from the same queue (the appetite for the platform), one after the other: a larger help adds
people to a smaller one. Whoever needed no help keeps platforms, activity, followings and ties.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.adaptive import DigitalHelp
from sim.figures import BANDS
from sim.recipe import Crowd, Recipe
from sim.relays import relay_follows
from sim.scenario import Scenario
from sim.ties import Ties, compressed_rows, contact_limits, friendship_mask, grow_ties, pack

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U16 = NDArray[np.uint16]


def is_helped(scenario: Scenario) -> bool:
    """Whether the scenario helps anybody."""
    return any(isinstance(change, DigitalHelp) for change in scenario.change.values())


def help_on(scenario: Scenario, platform: str) -> tuple[F64, F64]:
    """(users added, per cent of users; share of them shown the city's accounts) by age band, float64[6]."""
    more, shown = np.zeros(len(BANDS)), np.zeros(len(BANDS))
    for change in scenario.change.values():
        if isinstance(change, DigitalHelp) and (not change.platforms or platform in change.platforms):
            here = np.array([band in change.bands for band in BANDS])
            more[here] += change.more_users_percent.value
            shown[here] = np.maximum(shown[here], change.following.value)
    return more, shown


def next_users(more: F64, band: NDArray[np.uint8], is_user: NDArray[np.bool_], appetite: I64) -> I64:
    """Rows that help makes users: those of each band with the highest ``appetite`` who are none yet."""
    found = [np.empty(0, dtype=np.int64)]
    for b in np.flatnonzero(more > 0):
        users = int((is_user & (band == b)).sum())
        waiting = np.flatnonzero(~is_user & (band == b))
        count = int(np.floor(users * more[b] / 100 + 0.5))
        found.append(waiting[np.argsort(-appetite[waiting], kind="stable")[:count]])
    return np.sort(np.concatenate(found))


def shown_followers(
    scenario: Scenario, seed: int, platforms: tuple[str, ...], band: NDArray[np.uint8], helped: U16
) -> dict[str, I64]:
    """By account of the city: helped residents who follow it from the start, sorted rows."""
    found = {}
    for name, account in scenario.city.accounts.items():
        _, shown = help_on(scenario, account.platform)
        rows = np.flatnonzero(helped >> platforms.index(account.platform) & 1).astype(np.int64)
        luck = draws.uniform(draws.key(seed, 0, "shown by the helper", name), rows)
        found[name] = rows[(luck < shown[band[rows]]) & (not account.independent)]
    return found


def help_recipe(scenario: Scenario) -> list[Any]:
    """The numbers of help on which the City depends (JSON-ready); empty where there is none."""
    return [
        [list(c.bands), sorted(c.platforms), c.more_users_percent.value, c.following.value]
        for c in scenario.change.values()
        if isinstance(c, DigitalHelp)
    ]


def helped_ties(recipe: Recipe, before: Crowd, after: Crowd, n_rows: int) -> Ties:
    """The graph of ``before`` with what help adds: no tie, and no platform of a tie, is lost.

    Friends who now share a platform meet there too; people who had no platform in common before are tied as
    in a city grown with ``after``; the helped follow relays.
    """
    alone = replace(recipe, relays=())
    parts = [_old_friends(recipe, before, after, grow_ties(alone, before, n_rows))]
    parts.append(_new_friends(before, grow_ties(alone, after, n_rows)))
    for relay in recipe.relays:
        bit = np.uint16(1 << relay.bit)
        source, fan = relay_follows(recipe, relay, before)
        parts.append((source, fan, np.full(len(fan), bit)))
        source, fan = relay_follows(recipe, relay, after)
        is_new = after.uses(relay.bit)[fan] & ~before.uses(relay.bit)[fan]
        parts.append((source[is_new], fan[is_new], np.full(int(is_new.sum()), bit)))
    shift = max(1, int(n_rows - 1).bit_length())
    packed = np.empty(sum(len(fan) for _, fan, _ in parts), dtype=np.int64)
    first = 0
    for source, fan, mask in parts:
        pack(packed[first : first + len(fan)], source, fan, mask, shift)
        first += len(fan)
    return compressed_rows(packed, n_rows, shift)


def _ends(ties: Ties) -> tuple[I64, I64]:
    degree = np.diff(ties.indptr)
    return np.repeat(np.arange(len(degree)), degree), ties.target.astype(np.int64)


def _old_friends(recipe: Recipe, before: Crowd, after: Crowd, ties: Ties) -> tuple[I64, I64, U16]:
    source, target = _ends(ties)
    low, high = np.minimum(source, target), np.maximum(source, target)
    once = source < target
    limits = contact_limits(recipe, after, low[once], high[once])
    could = friendship_mask(recipe, after, low, high, limits)
    had = before.platform_mask[low] & before.platform_mask[high]
    return source, target, ties.mask | (could & ~had)


def _new_friends(before: Crowd, ties: Ties) -> tuple[I64, I64, U16]:
    source, target = _ends(ties)
    new = before.platform_mask[source] & before.platform_mask[target] == 0
    return source[new], target[new], ties.mask[new]
