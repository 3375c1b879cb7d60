"""Draws, clocks and equations on single numbers: the formulas of ``sim.draws``, ``sim.sessions`` and
``sim.behaviour``, operation by operation, so that the last bit is the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import behaviour
from sim.compiled.build import compiled
from sim.sessions import GRID, HOUR_MIN, WEEK_MIN

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(s) for s in (30, 27, 31, 11))
_UNIT = 2.0**-53
_WEEK_MIN = float(WEEK_MIN)
WHOLE = np.uint64(2**53)

display_chance = compiled(behaviour.display_chance)
friend_offer_chance = compiled(behaviour.friend_offer_chance)
offer_chance = compiled(behaviour.offer_chance)
tiredness = compiled(behaviour.tiredness)
reaction_chance = compiled(behaviour.reaction_chance)
hide_chance = compiled(behaviour.hide_chance)


@compiled
def fold(state: Any, number: Any) -> Any:
    """One mixing round (``draws.bits`` of one id): uint64."""
    x = np.uint64(number) * _GOLDEN + _GOLDEN + state
    x ^= x >> _S30
    x *= _M1
    x ^= x >> _S27
    x *= _M2
    x ^= x >> _S31
    return x


@compiled
def unit(bits: Any) -> Any:
    """Uniform draw in [0, 1) of 64 bits, an exact multiple of 2**-53."""
    return np.float64(bits >> _S11) * _UNIT


@compiled
def threshold(chance: Any) -> Any:
    """Least whole number t such that (bits >> 11) < t is the comparison unit(bits) < ``chance``."""
    if chance >= 1.0:
        return WHOLE
    return np.uint64(np.ceil(chance * 2.0**53)) if chance > 0.0 else np.uint64(0)


@compiled
def instant(clock: Any, per_day: Any, row: Any, y: Any) -> Any:
    """``Rhythm.instant`` of one session: minutes at which profile time reaches ``y`` days."""
    weeks = y * per_day[row]
    week = np.floor(weeks)
    steps = (weeks - week) * GRID
    step = np.int64(steps)
    at = np.uint64(step + np.int64(row) * (GRID + 1))
    before = clock[at]
    return week * _WEEK_MIN + before + (steps - step) * (clock[at + np.uint64(1)] - before)


@compiled
def operational(cumulative: Any, per_hour: Any, row: Any, t: Any) -> Any:
    """``Rhythm.operational`` of one instant (minutes): profile time in days."""
    week = np.floor(t / _WEEK_MIN)
    hours = (t - week * _WEEK_MIN) / HOUR_MIN
    hour = np.int64(hours)
    return week * cumulative[row, -1] + cumulative[row, hour] + (hours - hour) * per_hour[row, hour]


@compiled
def standing(is_follower: Any, is_endorsed: Any, stranger: Any, endorsement: Any) -> Any:
    """``behaviour.standing`` of one viewer."""
    return (1.0 if is_follower else stranger) * (endorsement if is_endorsed else 1.0)
