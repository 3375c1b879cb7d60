"""Sessions: rate, hour profile, independence of residents, identity across posts, exact inverse."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cards import HourProfile
from sim.figures import ProfileFigure, WeekFigure
from sim.sessions import WEEK_MIN, Rhythm, rounded, session_key, session_time, sessions_between

HOURS = (0.42, 0.22, 0.11, 0.07, 0.07, 0.12, 0.25, 0.42, 0.52, 0.55, 0.58, 0.62)
HOURS += (0.76, 0.79, 0.68, 0.65, 0.7, 0.8, 0.9, 0.88, 0.93, 1.0, 0.86, 0.65)
PROFILE = HourProfile(
    hours=ProfileFigure(values={"all": HOURS}),
    weekdays=WeekFigure(values=(1, 1.01, 1.02, 1.02, 1, 0.95, 0.93)),
)
RHYTHM = Rhythm.of([PROFILE])
KEY = session_key(1, 0, "facebook")


def _sessions(who: int, activity: float, weeks: int, key: np.uint64 = KEY) -> np.ndarray:
    return sessions_between(RHYTHM, key, who, 2, activity, 0.0, weeks * float(WEEK_MIN))[1]


def test_rate_is_the_activity() -> None:
    """One session a unit cell: over whole weeks the count differs from 7 a weeks by at most 2."""
    for activity in (0.3, 1.0, 8.5, 40.0):
        n = len(_sessions(5, activity, 10))
        assert abs(n - 70 * activity) <= 2


def test_hours_follow_the_profile() -> None:
    times = np.concatenate([_sessions(i, 6.0, 4) for i in range(600)])
    observed = np.bincount((times // 60 % 24).astype(int), minlength=24) / len(times)
    expected = np.array(HOURS) / sum(HOURS)
    # Cells thin the variance of a Poisson process, so its standard error is an upper bound.
    error = np.sqrt(expected * (1 - expected) / len(times))
    assert (np.abs(observed - expected) < 4 * error).all()
    weekend = (times // 1440 % 7 >= 5).mean()
    assert abs(weekend - (0.95 + 0.93) / 6.93) < 4 * np.sqrt(0.2 / len(times))


def test_residents_are_independent_and_platforms_too() -> None:
    """Where in its cell a session falls: no correlation between neighbours, platforms or cells."""
    who = np.arange(20_000)
    place = np.full(len(who), 2), np.full(len(who), 4.0)

    def at(key: np.uint64, cell: int) -> np.ndarray:
        return session_time(RHYTHM, key, who, *place, np.full(len(who), cell))

    here, there, later = at(KEY, 30), at(session_key(1, 0, "twitter"), 30), at(KEY, 31)
    bound = 4 / np.sqrt(len(who))
    assert abs(np.corrcoef(here, there)[0, 1]) < bound
    assert abs(np.corrcoef(here, later)[0, 1]) < bound
    assert abs(np.corrcoef(here[:-1], here[1:])[0, 1]) < bound
    assert np.corrcoef(here, at(KEY, 30))[0, 1] > 0.999  # negative control


def test_same_session_whatever_is_asked_around_it() -> None:
    """Identity: the sessions of a window are those of the whole, at the bit."""
    whole = _sessions(9, 7.3, 3)
    for start in (0.0, 777.7, 5000.0, 20000.0):
        part = sessions_between(RHYTHM, KEY, 9, 2, 7.3, start, start + 4000.0)[1]
        assert np.array_equal(part, whole[(whole >= start) & (whole < start + 4000.0)])
    cells = np.arange(50)
    batch = session_time(RHYTHM, KEY, np.full(50, 9), np.full(50, 2), np.full(50, 7.3), cells)
    single = [
        session_time(RHYTHM, KEY, np.array([9]), np.array([2]), np.array([7.3]), np.array([c]))[0]
        for c in cells
    ]
    assert np.array_equal(batch, single)


@settings(max_examples=60)
@given(st.floats(0, 520 * WEEK_MIN, allow_nan=False), st.integers(0, 5))
def test_instant_inverts_operational_time(t: float, band: int) -> None:
    """Up to the clock's grid: within the hour where the two meet, linear on both sides elsewhere."""
    at = np.array([t])
    back = RHYTHM.instant(np.array([band]), RHYTHM.operational(np.array([band]), at))
    step = np.diff(RHYTHM.clock[band]).max()
    assert step < 25
    assert abs(back[0] - t) < step
    middle = np.floor(at / 60) * 60 + 30  # half an hour from where the intensity changes
    back = RHYTHM.instant(np.array([band]), RHYTHM.operational(np.array([band]), middle))
    assert abs(back[0] - middle[0]) < 1e-5


@given(st.floats(1e-30, 1e30))
def test_rounding_keeps_24_bits_and_is_idempotent(x: float) -> None:
    assert abs(rounded(x) / x - 1) <= 2.0**-24
    assert rounded(rounded(x)) == rounded(x)
    assert rounded(x) == rounded(np.array([x]))[0]  # one number as among many
