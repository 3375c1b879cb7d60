"""Who follows each account at the start, and where those who do not live in the city live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.cards import Account
from sim.figures import CIRCLES
from sim.scenario import Scenario

I64 = NDArray[np.int64]
Warnings = list[dict[str, str]]

AROUND = CIRCLES.index("around")
_GRID = 2.0**20


def largest_remainder(targets: Any) -> I64:
    """Whole numbers that add up to the rounded sum of ``targets``, each less than 1 away from its own.

    Largest-remainder rounding (controlled rounding of one margin); ties go to the first cell.
    """
    targets = np.asarray(targets, dtype=np.float64)
    exact = np.round(targets * _GRID).astype(np.int64)
    unit = int(_GRID)
    counts = exact // unit
    short = (int(exact.sum()) + unit // 2) // unit - int(counts.sum())
    order = np.argsort(-(exact % unit), kind="stable")
    counts[order[:short]] += 1
    return counts


def first_followers(
    scenario: Scenario,
    seed: int,
    residents: dict[str, NDArray[Any]],
    platforms: Sequence[str],
    warnings: Warnings,
) -> dict[str, tuple[I64, int, int]]:
    """By account: rows of its resident followers (sorted), non-residents stated, and those there is no
    resident left for.

    An account whose ``overlap`` names another one comes after it.
    """
    found: dict[str, tuple[I64, int, int]] = {}
    accounts = scenario.city.accounts
    for name in sorted(accounts, key=lambda name: (bool(accounts[name].overlap), name)):
        bit = platforms.index(accounts[name].platform)
        shared = [(found[other][0], share.value, other) for other, share in accounts[name].overlap.items()]
        found[name] = _followers(scenario, seed, name, residents, bit, shared, warnings)
    return found


def _followers(
    scenario: Scenario,
    seed: int,
    name: str,
    residents: dict[str, NDArray[Any]],
    bit: int,
    shared: Sequence[tuple[I64, float, str]],
    warnings: Warnings,
) -> tuple[I64, int, int]:
    """Weighted sampling without replacement by exponential keys (Efraimidis & Spirakis, Inf. Proc. Letters
    97, 2006) among users of the platform; weight = ``follow_by_band`` x attachment."""
    account = scenario.city.accounts[name]
    total = int(np.floor(account.followers.value * scenario.sampling + 0.5))
    outside = int(np.floor(total * account.nonresident_share.value + 0.5))
    by_band = np.array(scenario.platform[account.platform].audience.follow_by_band.row())
    weight = by_band[residents["age_band"]] * residents["attachment"]
    able = np.flatnonzero(((residents["platform_mask"] >> bit) & 1 == 1) & (weight > 0))
    asked, over = total - outside, 0
    if asked > len(able):
        warnings.append(_too_many(name, account, asked, len(able)))
        over = asked - len(able)
        asked = len(able)
    wait = -np.log(draws.uniform(draws.key(seed, 0, "first followers", name), able) + 2.0**-54) / weight[able]
    in_turn = able[np.argsort(np.round(wait * 2.0**30), kind="stable")]
    for theirs, share, other in shared:
        in_turn = _overlapping(in_turn, theirs, asked, share, (name, other), warnings)
    return np.sort(in_turn[:asked]), outside, over


def _overlapping(
    in_turn: I64, theirs: I64, asked: int, share: float, names: tuple[str, str], warnings: Warnings
) -> I64:
    """``in_turn`` reordered so that its first ``asked`` hold ``share`` of another account's followers."""
    is_theirs = np.isin(in_turn, theirs)
    both, alone = in_turn[is_theirs], in_turn[~is_theirs]
    wanted = int(np.floor(share * len(theirs) + 0.5))
    n = max(min(wanted, len(both), asked), asked - len(alone))
    if n != wanted:
        mine, other = names
        warnings.append(
            {
                "fr": f"{mine} : {wanted} abonnés communs avec {other} demandés ; {n} sont possibles.",
                "en": f"{mine}: {wanted} followers in common with {other} asked; {n} are possible.",
            }
        )
    return np.concatenate([both[:n], alone, both[n:]])


def _too_many(name: str, account: Account, asked: int, able: int) -> dict[str, str]:
    over = asked - able
    return {
        "fr": f"{name} : {asked} abonnés habitants demandés, mais {able} habitants seulement peuvent suivre "
        f"un compte sur {account.platform} ; tous suivent, les {over} autres sont comptés hors commune.",
        "en": f"{name}: {asked} resident followers asked, but only {able} residents can follow an account on "
        f"{account.platform}; all of them do, and the other {over} are counted as living around the city.",
    }


def circles_of(account: Account, seed: int, name: str, stated: int, over: int) -> NDArray[np.uint8]:
    """Circle of each non-resident follower of an account, uint8[stated + over], whatever the age.

    Exact counts by the account's ``circles`` (all around if it says none); the ``over`` are around.
    """
    out = np.full(stated + over, AROUND, dtype=np.uint8)
    if account.circles and stated:
        names = list(account.circles)
        counts = largest_remainder(stated * np.array([account.circles[c].value for c in names]))
        luck = draws.bits(draws.key(seed, 0, "circle", name), np.arange(stated + over))
        places = np.array([CIRCLES.index(c) for c in names], dtype=np.uint8)
        out[np.argsort(luck, kind="stable")[:stated]] = np.repeat(places, counts)
    return out
