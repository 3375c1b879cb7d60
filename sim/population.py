"""Residents: an age pyramid and tables of platform use become one row for each inhabitant.

Margins are met exactly (controlled rounding), platforms go together by a Gaussian copula (a latent
digital appetite), activity is Gamma across people, and the followers that an account has at the start
are drawn among the users of its platform.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim import draws
from sim.fans import Warnings, circles_of, first_followers, largest_remainder
from sim.figures import BANDS, InputError
from sim.helped import help_on, is_helped, next_users, shown_followers
from sim.quantiles import from_table, gamma_table, lognormal_table, standard_normal
from sim.scenario import Scenario

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

FIRST_AGE = (0, 15, 30, 45, 60, 75)
LAST_AGE = (15, 30, 45, 60, 75, 95)
_GRID = 2.0**20
_AGE_GRID = 2.0**10
_SCORE_GRID = 2.0**24
_ACTIVITY_GRID = 2.0**10
ATTACHMENT_CAP = 0.999


@dataclass(frozen=True)
class People:
    """Columns of all rows (residents first, then non-resident followers) and the accounts' followers.

    ``age_band`` uint8[n], ``age_years`` float32[n], ``circle`` uint8[n], ``platform_mask`` uint16[n] (bit k:
    uses ``platforms[k]``), ``activity`` float32[K, n] sessions a day, ``expressiveness`` and ``attachment``
    float32[n] (laws of mean 1), ``interest`` float32[n_themes, n], ``followers`` account -> sorted int32;
    ``helped`` uint16[n]: platforms used thanks to digital help (None if nobody is helped).
    """

    n_residents: int
    platforms: tuple[str, ...]
    themes: tuple[str, ...]
    age_band: NDArray[np.uint8]
    age_years: NDArray[np.float32]
    circle: NDArray[np.uint8]
    platform_mask: NDArray[np.uint16]
    activity: NDArray[np.float32]
    expressiveness: NDArray[np.float32]
    attachment: NDArray[np.float32]
    interest: NDArray[np.float32]
    followers: dict[str, NDArray[np.int32]]
    residuals: pd.DataFrame
    warnings: Warnings
    helped: NDArray[np.uint16] | None = None

    @property
    def n_rows(self) -> int:
        """Residents and non-resident followers."""
        return len(self.age_band)


def build_people(scenario: Scenario, seed: int) -> People:
    """Rows of the city of ``scenario``; a pure function of its cards and ``seed``.

    Raises InputError when sampling leaves nobody or there are more than 16 platforms.
    """
    platforms = tuple(sorted(scenario.platform))
    if len(platforms) > 16:
        raise InputError(f"platform: {len(platforms)} platforms; allowed: at most 16")
    warnings: Warnings = []
    band, residuals = _age_bands(scenario, seed)
    rows = np.arange(len(band))
    mask = np.zeros(len(band), dtype=np.uint16)
    latent = standard_normal(draws.key(seed, 0, "digital appetite"), rows)
    for bit, name in enumerate(platforms):
        users, cells = _users(scenario, seed, name, band, latent, warnings)
        mask[users] |= np.uint16(1 << bit)
        residuals += cells
    residents = _columns(scenario, seed, "", band, mask)
    blocks, followers, first = [residents], {}, len(band)
    fans = first_followers(scenario, seed, residents, platforms, warnings)
    for name, account in sorted(scenario.city.accounts.items()):
        bit = platforms.index(account.platform)
        chosen, outside, over = fans[name]
        block = _non_residents(scenario, seed, name, band[(mask >> bit) & 1 == 1], outside + over, bit)
        block["circle"] = circles_of(account, seed, name, outside, over)
        followers[name] = np.concatenate([chosen, first + np.arange(outside + over)]).astype(np.int32)
        blocks.append(block)
        first += outside + over
    residents["circle"] = np.zeros(len(band), dtype=np.uint8)
    helped = _help(scenario, seed, residents, latent, followers) if is_helped(scenario) else None
    columns = {c: np.concatenate([b[c] for b in blocks], axis=-1) for c in residents}
    frame = pd.DataFrame(residuals, columns=["platform", "age_band", "target", "count"])
    frame["residual"] = frame["target"] - frame["count"]
    return People(
        n_residents=len(band),
        platforms=platforms,
        themes=tuple(sorted(scenario.behaviour.interest)),
        followers=followers,
        residuals=frame,
        warnings=warnings,
        helped=helped if helped is None else np.concatenate([helped, np.zeros(first - len(band), np.uint16)]),
        **columns,
    )


def _help(
    scenario: Scenario,
    seed: int,
    residents: dict[str, NDArray[Any]],
    latent: F64,
    followers: dict[str, NDArray[np.int32]],
) -> NDArray[np.uint16]:
    """Add what digital help adds to the residents' columns and the accounts' followers.

    uint16[residents]: platforms used thanks to help.
    """
    band, mask = residents["age_band"], residents["platform_mask"]
    platforms = tuple(sorted(scenario.platform))
    helped = np.zeros(len(band), dtype=np.uint16)
    for bit, name in enumerate(platforms):
        appetite = _appetite(scenario, seed, name, latent)
        rows = next_users(help_on(scenario, name)[0], band, (mask >> bit) & 1 == 1, appetite)
        helped[rows] |= np.uint16(1 << bit)
    circle = residents["circle"]
    residents |= {**_columns(scenario, seed, "", band, mask | helped), "circle": circle}
    for name, rows in shown_followers(scenario, seed, platforms, band, helped).items():
        followers[name] = np.sort(np.concatenate([followers[name], rows.astype(np.int32)]))
    return helped


def _age_bands(scenario: Scenario, seed: int) -> tuple[NDArray[np.uint8], list[tuple[Any, ...]]]:
    """Age band of each resident with exact counts. Rows follow the map of the town, ages do not."""
    population = scenario.city.population
    size = int(np.floor(population.total.value * scenario.sampling + 0.5))
    if size < 1:
        raise InputError(
            f"sampling: {scenario.sampling:g} of {population.total.value:g} residents leaves nobody"
        )
    percent = np.array(population.percent_by_band.row())
    targets = size * percent / percent.sum()
    counts = largest_remainder(targets)
    order = np.argsort(draws.bits(draws.key(seed, 0, "age band"), np.arange(size)), kind="stable")
    band = np.empty(size, dtype=np.uint8)
    band[order] = np.repeat(np.arange(len(BANDS), dtype=np.uint8), counts)
    cells = [("residents", b, t, c) for b, t, c in zip(BANDS, targets.tolist(), counts.tolist(), strict=True)]
    return band, cells


def _users(
    scenario: Scenario, seed: int, name: str, band: NDArray[np.uint8], latent: F64, warnings: Warnings
) -> tuple[I64, list[tuple[Any, ...]]]:
    """Rows that use platform ``name``: in each band those with the highest appetite for it.

    Gaussian copula: a share of the appetite is common to all platforms. Under-15s hold no account.
    """
    scale = scenario.city.use_scale
    factor = scale[name].value if name in scale else 1.0
    percent = np.array(scenario.platform[name].use.at(scenario.city.year)) * factor
    percent[0] = 0.0
    if percent.max() > 100:
        warnings.append(
            {
                "fr": f"{name} : l'usage dépasse 100 % d'une tranche d'âge "
                f"(use_scale {factor:g}) ; ramené à 100 %.",
                "en": f"{name}: use exceeds 100 % of an age band (use_scale {factor:g}); taken as 100 %.",
            }
        )
    sizes = np.bincount(band, minlength=len(BANDS))
    targets = percent / 100 * sizes
    counts = largest_remainder(np.minimum(targets, sizes))
    score = _appetite(scenario, seed, name, latent)
    chosen = []
    for b, count in enumerate(counts):
        rows = np.flatnonzero(band == b)
        chosen.append(rows[np.argsort(-score[rows], kind="stable")[:count]])
    cells = [(name, b, t, c) for b, t, c in zip(BANDS, targets.tolist(), counts.tolist(), strict=True)]
    return np.concatenate(chosen), cells


def _appetite(scenario: Scenario, seed: int, name: str, latent: F64) -> I64:
    """Appetite of each resident for platform ``name``: a common part and its own. int64[n], comparable."""
    common = scenario.behaviour.appetite_correlation.value
    own = standard_normal(draws.key(seed, 0, "platform appetite", name), np.arange(len(latent)))
    return np.asarray(
        np.round((np.sqrt(common) * latent + np.sqrt(1 - common) * own) * _SCORE_GRID).astype(np.int64)
    )


def _columns(
    scenario: Scenario, seed: int, where: str, band: NDArray[np.uint8], mask: NDArray[np.uint16]
) -> dict[str, NDArray[Any]]:
    """Columns of one block of rows, drawn by their number in the block (``where`` names the block)."""
    behaviour = scenario.behaviour
    ids = np.arange(len(band))

    def key(purpose: str, name: str = "") -> np.uint64:
        return draws.key(seed, 0, purpose, name, where)

    first, last = np.array(FIRST_AGE, dtype=np.float64), np.array(LAST_AGE, dtype=np.float64)
    years = first[band] + (last - first)[band] * draws.uniform(key("age in years"), ids)
    activity = [
        _activity(scenario, bit, name, key, band, mask) for bit, name in enumerate(sorted(scenario.platform))
    ]
    individual = lognormal_table(behaviour.interest_sd.value)
    interest = [
        np.array(behaviour.interest[theme].row())[band] * from_table(individual, key("interest", theme), ids)
        for theme in sorted(behaviour.interest)
    ]
    attachment = lognormal_table(behaviour.attachment_sd.value, ATTACHMENT_CAP)
    return {
        "age_band": band,
        "age_years": (np.floor(years * _AGE_GRID) / _AGE_GRID).astype(np.float32),
        "platform_mask": mask,
        "activity": np.stack(activity),
        "expressiveness": _expressiveness(scenario, draws.uniform(key("expressiveness"), ids)),
        "attachment": from_table(attachment, key("attachment"), ids).astype(np.float32),
        "interest": (np.round(np.stack(interest) * _GRID) / _GRID).astype(np.float32),
    }


def _activity(
    scenario: Scenario,
    bit: int,
    name: str,
    key: Callable[[str, str], np.uint64],
    band: NDArray[np.uint8],
    mask: NDArray[np.uint16],
) -> NDArray[np.float32]:
    """Sessions a day on platform ``name``: Gamma across its users, 0 for the others. float32[n]."""
    card = scenario.platform[name]
    table = gamma_table(card.session_gamma_shape.value)
    users = np.flatnonzero((mask >> bit) & 1)
    mean = np.array(card.sessions_per_day.row())[band[users]]
    rate = np.round(mean * from_table(table, key("activity", name), users) * _ACTIVITY_GRID) / _ACTIVITY_GRID
    out = np.zeros(len(band), dtype=np.float32)
    out[users] = np.maximum(rate, 1 / _ACTIVITY_GRID)
    return out


def _expressiveness(scenario: Scenario, chance: F64) -> NDArray[np.float32]:
    """Readiness to react: classes by share, levels scaled to mean 1 (the 90-9-1 rule). float32[n]."""
    behaviour = scenario.behaviour
    classes = sorted(behaviour.expressiveness_share)
    share = np.array([behaviour.expressiveness_share[c].value for c in classes])
    level = np.array([behaviour.expressiveness_level[c].value for c in classes])
    mean = float((share * level).sum())
    level = np.round((level / mean if mean > 0 else np.ones(len(level))) * _GRID) / _GRID
    limits = np.round(np.cumsum(share) * _GRID) / _GRID
    found = np.minimum(np.searchsorted(limits, chance, side="right"), len(classes) - 1)
    return level[found].astype(np.float32)


def _non_residents(
    scenario: Scenario, seed: int, name: str, user_bands: NDArray[np.uint8], count: int, bit: int
) -> dict[str, NDArray[Any]]:
    """Columns of ``count`` non-resident followers of one account: users of its platform only.

    Ages are distributed like those of the platform's users in the city (all adults if it has none).
    """
    weights = np.bincount(user_bands, minlength=len(BANDS)).astype(np.float64)
    if weights.sum() == 0:
        weights = np.array([0.0, *scenario.city.population.percent_by_band.row()[1:]])
    per_band = largest_remainder(count * weights / weights.sum()) if count else np.zeros(len(BANDS), int)
    band = np.repeat(np.arange(len(BANDS), dtype=np.uint8), per_band)
    return _columns(scenario, seed, name, band, np.full(len(band), 1 << bit, dtype=np.uint16))
