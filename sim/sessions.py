"""When residents open a platform.

Resident i opens platform k about ``activity[k, i]`` times a day, following the hour-of-week profile of the
age band. Operational time x = activity * Lambda(t) is cut into unit cells, and each cell holds exactly one
session at a keyed uniform position. Any session is therefore found without state, and it is the same
session for every post and in every scenario.

Times are minutes since Monday 00:00 of week 0 (float64). Only + - * / and comparisons act on them here,
so the same session has the same bits on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.cards import HourProfile
from sim.figures import BANDS

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

WEEK_MIN = 10_080
HOUR_MIN = 60
GRID = 4096


def rounded(x: Any) -> Any:
    """``x`` with its significand rounded to 24 bits.

    Tables are built with logarithms and powers, whose last bit differs between machines; rounding them
    once makes every later comparison machine-independent.
    """
    if isinstance(x, float) and math.isfinite(x):  # one number: the same steps, without arrays
        fraction, power = math.frexp(x)
        return math.ldexp(round(fraction * 2.0**24) / 2.0**24, power)
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    return np.ldexp(np.round(mantissa * 2.0**24) / 2.0**24, exponent)


def week_intensity(profile: HourProfile, band: str) -> F64:
    """Relative presence in the 168 hours of the week, float64[168], mean 1/24 a day (sums to 7)."""
    day = np.array(profile.hours.row(band), dtype=np.float64)
    week = np.concatenate([day * weight for weight in profile.weekdays.values])
    total = week.sum()
    if total <= 0:
        raise ValueError("an hour profile must hold a number above 0")
    # A floor keeps the inverse defined in hours when nobody is online; 2**-26 of a session an hour.
    scaled = np.maximum(np.round(week * (7.0 / total) * 2.0**30) / 2.0**30, 2.0**-26)
    return scaled


@dataclass(frozen=True)
class Rhythm:
    """Cumulative hour-of-week profiles, one row for each platform and age band (row = 6 * platform + band).

    ``per_hour`` float64[rows, 168] and ``cumulative`` float64[rows, 169] in days of profile time; ``clock``
    float64[rows, 4097]: minute of the week at which each 4096th of the week's profile time has passed (the
    inverse, linear in between); ``per_day`` float64[rows]: weeks of the calendar in a day of profile time.
    """

    per_hour: F64
    cumulative: F64
    clock: F64
    per_day: F64

    @classmethod
    def of(cls, profiles: Sequence[HourProfile]) -> Rhythm:
        """Tables of the platforms' hour profiles, in order."""
        per_hour = np.stack([week_intensity(profile, band) for profile in profiles for band in BANDS])
        cumulative = np.concatenate([np.zeros((len(per_hour), 1)), np.cumsum(per_hour, axis=1)], axis=1)
        hours = np.arange(169) * float(HOUR_MIN)
        grid = np.arange(GRID + 1) / GRID
        clock = np.stack([np.interp(grid * row[-1], row, hours) for row in cumulative])
        return cls(per_hour, cumulative, np.round(clock * 2.0**20) / 2.0**20, 1.0 / cumulative[:, -1])

    def operational(self, row: Any, t_min: Any) -> Any:
        """Lambda(t): profile time in days elapsed at ``t_min`` for each row; same shape as the inputs."""
        week = np.floor_divide(t_min, WEEK_MIN)
        hours = (t_min - week * WEEK_MIN) / HOUR_MIN
        hour = np.asarray(hours).astype(np.int64)
        return (
            week * self.cumulative[row, -1]
            + self.cumulative[row, hour]
            + (hours - hour) * self.per_hour[row, hour]
        )

    def instant(self, row: Any, y: Any) -> Any:
        """Inverse of ``operational``: minutes at which Lambda reaches ``y`` (days of profile time)."""
        weeks = y * self.per_day[row]
        week = np.floor(weeks)
        steps = (weeks - week) * GRID
        step = steps.astype(np.int64)
        at = step + row * (GRID + 1)
        flat = self.clock.reshape(-1)
        before = flat.take(at)
        return week * WEEK_MIN + before + (steps - step) * (flat.take(at + 1) - before)


def session_key(seed: int, replicate: int, platform: str) -> np.uint64:
    """Key of the sessions of one platform."""
    return draws.key(seed, replicate, "session", platform)


def session_time(rhythm: Rhythm, key: np.uint64, resident: Any, row: Any, activity: Any, cell: Any) -> F64:
    """Instant (minutes) of the session in operational ``cell`` of each resident; arrays broadcast."""
    position = draws.uniform(key, resident, cell)
    return rhythm.instant(row, (cell + position) / activity)


def sessions_between(
    rhythm: Rhythm, key: np.uint64, resident: int, row: int, activity: float, start: float, end: float
) -> tuple[I64, F64]:
    """All sessions of one resident in [start, end): cells int64[n] and instants float64[n], in order."""
    if activity <= 0:
        return np.empty(0, np.int64), np.empty(0)
    # One cell more at each end: the clock is linear between grid points, Lambda between hours.
    first, last = (int(activity * rhythm.operational(row, np.float64(t))) for t in (start, end))
    cells = np.arange(max(first - 1, 0), last + 2, dtype=np.int64)
    who = np.full(len(cells), resident, dtype=np.int64)
    same = np.full(len(cells), row, dtype=np.int64)
    times = session_time(rhythm, key, who, same, np.full(len(cells), activity), cells)
    keep = (times >= start) & (times < end)
    return cells[keep], times[keep]
