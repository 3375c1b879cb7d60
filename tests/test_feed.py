"""The feed: first display against walking session by session, and against laws with a closed form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import floor
from typing import Any

import numpy as np
import pytest
from inputs import small_scenario

from sim import draws, load
from sim.behaviour import MAX_REDISPLAY_GAP
from sim.city import build_city
from sim.feed import Exposures, FeedTables, Tails, first_display, next_display, reference_display
from sim.figures import BANDS
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN, session_key, sessions_between

STANDARD_ERRORS = 4.0
HOUR_OF_POST = {"at the week's start": 0.0, "evening": 20 * 60.0, "sunday night": 6 * 1440 + 23 * 60 + 59.0}


@dataclass(frozen=True)
class World:
    """Tables of one scenario, and exposures made up on them."""

    tables: FeedTables
    e: Exposures
    openness: np.ndarray
    platform: np.ndarray
    resident: np.ndarray
    keys: np.ndarray

    def tails(self) -> Tails:
        return Tails(self.tables)


def _tables(scenario: Scenario) -> FeedTables:
    return FeedTables.of(scenario.platform, scenario.behaviour, scenario.horizon_weeks)


def _world(
    tables: FeedTables, n: int, since: Any = None, activity: Any = None, platforms: tuple[str, ...] = ()
) -> World:
    """``n`` exposures of residents of every age, on every platform unless some are named."""
    rng = np.random.Generator(np.random.PCG64(7))
    used = np.array([tables.platforms.index(name) for name in platforms or tables.platforms])
    k = used[np.arange(n) % len(used)]
    band = 1 + np.arange(n) // len(used) % (len(BANDS) - 1)
    since = np.round(rng.uniform(0, 1.9 * WEEK_MIN, n)) if since is None else np.broadcast_to(since, n) * 1.0
    activity = rng.gamma(0.8, 8.0, n) + 2**-8 if activity is None else np.broadcast_to(activity, n) * 1.0
    keys = np.array([session_key(1, 0, name) for name in tables.platforms])
    resident = np.arange(n)
    return World(
        tables=tables,
        e=Exposures(
            row=k * len(BANDS) + band,
            activity=activity,
            session=draws.bits(keys[k], resident),
            since=since,
            expiry=since + tables.life_min[k],
            luck=draws.uniform(draws.key(1, 0, "luck"), resident),
            fresh_at=tables.fresh_at[k],
            open_at=k * tables.open.shape[1],
            tail_at=_tail_at(tables, Tails(tables), k, since, band),
        ),
        openness=tables.open.ravel(),
        platform=k,
        resident=resident,
        keys=keys,
    )


def _tail_at(tables: FeedTables, tails: Tails, k: np.ndarray, since: np.ndarray, band: np.ndarray) -> Any:
    at = np.array([tails.at(int(j), float(s)) for j, s in zip(k, since, strict=True)], dtype=np.int64)
    return at + band * tails.length(k)


def _shown(world: World, block: int = 8192) -> dict[int, tuple[float, int]]:
    """First display by exposure: (instant, cell)."""
    tails = world.tails()
    for k, since in zip(world.platform, world.e.since, strict=True):
        tails.at(int(k), float(since))
    index, t, cell, _ = first_display(world.tables, tails, world.openness, world.e, block)
    assert len(set(index.tolist())) == len(index)
    return {int(i): (float(a), int(c)) for i, a, c in zip(index, t, cell, strict=True)}


def _chance(world: World, i: int, t: float) -> float:
    k, age = world.platform[i], t - world.e.since[i]
    fresh = world.tables.fresh[world.tables.fresh_at[k] + int(age)]
    return min(float(fresh * world.tables.open[k, int(t / HOUR_MIN)]), 1.0)


def _naive(world: World, i: int) -> tuple[float, int] | None:
    """One exposure in plain Python: every session of its life in turn, until its luck is met."""
    e, missed = world.e, 1.0
    cells, times = sessions_between(
        world.tables.rhythm, world.keys[world.platform[i]], int(world.resident[i]), int(e.row[i]),
        float(e.activity[i]), float(e.since[i]), float(e.expiry[i]) + 1.0,
    )  # fmt: skip
    for cell, t in zip(cells, times, strict=True):
        if e.since[i] < t <= e.expiry[i]:
            missed *= 1.0 - _chance(world, i, float(t))
            if missed <= e.luck[i]:
                return float(t), int(cell)
    return None


# --- against walking ----------------------------------------------------------------------------------


@cache
def _small() -> FeedTables:
    """Cards of the test town: every platform has its own life, freshness and hours."""
    return _tables(small_scenario(platform={"facebook": {"display": {"visibility": 0.6}}}))


@cache
def _walked() -> tuple[World, dict[int, tuple[float, int]]]:
    world = _world(_small(), 500)
    naive = {i: _naive(world, i) for i in range(500)}
    return world, {i: sight for i, sight in naive.items() if sight is not None}


@pytest.mark.parametrize("block", [1, 7, 300, 8192, 10**6])
def test_first_display_is_that_of_walking_session_by_session(block: int) -> None:
    world, naive = _walked()
    assert 50 < len(naive) < 450  # both outcomes are common
    assert _shown(world, block) == naive


def test_one_exposure_alone_is_the_same_as_in_company() -> None:
    world, naive = _walked()
    for i in [*list(naive)[:20], *[j for j in range(500) if j not in naive][:20]]:
        alone = replace(
            world,
            e=world.e.take(np.array([i])),
            platform=world.platform[[i]],
            resident=world.resident[[i]],
        )
        tails = alone.tails()
        alone.e.tail_at = _tail_at(
            world.tables, tails, alone.platform, alone.e.since, alone.e.row % len(BANDS)
        )
        index, t, cell, _ = first_display(world.tables, tails, world.openness, alone.e)
        assert [(float(t[0]), int(cell[0]))] == [naive[i]] if i in naive else len(index) == 0


@pytest.mark.parametrize("name", HOUR_OF_POST)
def test_posts_at_the_edges_of_the_week(name: str) -> None:
    since = HOUR_OF_POST[name]
    world = _world(_small(), 160, since=since)
    naive = {i: _naive(world, i) for i in range(160)}
    assert _shown(world) == {i: sight for i, sight in naive.items() if sight is not None}


def test_no_display_before_publication_or_after_expiry() -> None:
    world = _world(_small(), 3000)
    for i, (t, _) in _shown(world).items():
        assert world.e.since[i] < t <= world.e.expiry[i]


def test_nobody_is_given_up_who_would_have_seen_the_post() -> None:
    """The bounds of what is left to come: shipped cards, luck spread over the doubtful range.

    Chances are walked for all exposures without any bound; whoever is shown by walking is shown.
    """
    tables = _tables(load(city="grenoble_2013", overrides=["horizon_weeks=2"]))
    world = _world(tables, 6000, since=np.tile([0.0, 540.0, 1215.0, 8700.0, 10075.0], 1200))
    missed = _missed(world)
    # Luck just above the chance of missing everything: the last sessions decide; just below: none does.
    edge = np.where(world.resident % 2 == 0, missed * (1 + 1e-9), missed * (1 - 1e-9))
    luck = np.minimum(edge, 1 - 2.0**-53)
    world = replace(world, e=replace(world.e, luck=luck))
    assert 1000 < (missed <= luck).sum() < 5000
    assert set(_shown(world)) == set(np.flatnonzero(missed <= luck).tolist())


@pytest.mark.parametrize("activity", [0.05, 0.2, 0.7])
def test_rare_visitors_are_not_given_up_either(activity: float) -> None:
    """Few sessions: two may follow each other closely just after the post, and both at the best instant."""
    tables = _tables(load(city="grenoble_2013", overrides=["horizon_weeks=2"]))
    world = _world(tables, 6000, activity=activity, since=np.tile([540.0, 1080.0, 5000.0, 8700.0], 1500))
    missed = _missed(world)
    luck = np.minimum(missed * (1 + 1e-9), 1 - 2.0**-53)
    world = replace(world, e=replace(world.e, luck=luck))
    assert set(_shown(world, 1)) == set(np.flatnonzero(missed <= luck).tolist())


def test_bounds_that_are_too_narrow_would_be_seen() -> None:
    """Negative control of the test above: bounds a third as wide give people up."""
    tables = _tables(load(city="grenoble_2013", overrides=["horizon_weeks=2"]))
    world = _world(tables, 1000, since=np.tile([0.0, 540.0], 500))
    world = replace(world, e=replace(world.e, luck=np.minimum(_missed(world) * (1 + 1e-9), 1 - 2.0**-53)))
    tails = world.tails()
    for k, since in zip(world.platform, world.e.since, strict=True):
        tails.at(int(k), float(since))
    before = len(first_display(tables, tails, world.openness, world.e, block=1)[0])
    tails.most, tails.rest = tails.most / 3, tails.rest / 3
    assert len(first_display(tables, tails, world.openness, world.e, block=1)[0]) < before


def _missed(world: World) -> np.ndarray:
    """Chance of missing every session of the post's life, one session after the other for all at once."""
    e, rhythm = world.e, world.tables.rhythm
    cell = np.maximum(np.floor(e.activity * rhythm.operational(e.row, e.since)).astype(np.int64) - 2, 0)
    missed, going = np.ones(len(cell)), np.arange(len(cell))
    while len(going):
        t = rhythm.instant(
            e.row[going],
            (cell[going] + draws.uniform(e.session[going], cell[going])) / e.activity[going],
        )
        live = (t > e.since[going]) & (t <= e.expiry[going])
        who, when = going[live], t[live]
        minute = (when - e.since[who]).astype(np.int64)
        fresh = world.tables.fresh[e.fresh_at[who] + minute]
        chance = np.minimum(
            fresh * world.tables.open[world.platform[who], (when / HOUR_MIN).astype(np.int64)], 1
        )
        missed[who] *= 1 - chance
        cell[going] += 1
        going = going[t <= e.expiry[going]]
    return missed


# --- laws with a closed form --------------------------------------------------------------------------


def _constant(q: float, life_h: float = 48) -> FeedTables:
    """The same chance ``q`` at every session: no ageing, no competition."""
    flat = {"slow_share": 1, "slow_halflife_min": 1e12, "competition_exponent": 0}
    display = {"visibility": q, "life_h": life_h, **flat}
    return _tables(small_scenario(platform={"facebook": {"display": display}}))


def _chance_within_life(world: World, q: float) -> np.ndarray:
    """Each unit cell holds one session, uniform in it: P(missed) is a product over the cells touched."""
    rhythm, e = world.tables.rhythm, world.e
    start, end = (e.activity * rhythm.operational(e.row, t) for t in (e.since, e.expiry))
    out = np.empty(len(start))
    for i in range(len(start)):
        cells = np.arange(floor(start[i]), floor(end[i]) + 1)
        inside = np.minimum(cells + 1, end[i]) - np.maximum(cells, start[i])
        out[i] = 1 - np.prod(1 - q * inside)
    return out


@pytest.mark.parametrize(("q", "activity"), [(0.15, 6.0), (0.4, 2.0), (0.05, 20.0), (0.9, 0.3)])
def test_chance_of_display_within_the_life(q: float, activity: float) -> None:
    since = 3 * 1440.0 + 615.0
    world = _world(_constant(q), 4000, since=since, activity=activity, platforms=("facebook",))
    shown = len(_shown(world))
    right, wrong = _chance_within_life(world, q), _chance_within_life(world, 0.85 * q)
    error = np.sqrt((right * (1 - right)).sum())
    assert abs(shown - right.sum()) < STANDARD_ERRORS * error
    assert abs(shown - wrong.sum()) > STANDARD_ERRORS * error  # negative control


def test_number_of_sessions_until_display_is_geometric() -> None:
    q = 0.2
    tables = _constant(q, life_h=1000)
    world = _world(tables, 5000, since=0.0, activity=8.0, platforms=("facebook",))
    shown = _shown(world)
    assert len(shown) > 4990
    tries = np.array([cell + 1 for _, cell in shown.values()])  # published at 0: the first session is cell 0
    for n in range(1, 12):
        p = q * (1 - q) ** (n - 1)
        assert abs((tries == n).mean() - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / len(tries))
    assert abs(tries.mean() - 1 / q) < STANDARD_ERRORS * np.sqrt(1 - q) / q / np.sqrt(len(tries))


def test_ageing_by_direct_integration() -> None:
    """A steep freshness and the hour's competition: the mean chance against a fine sum over instants.

    With few sessions, P(displayed) = integral of chance(t) over operational time, less products of two.
    """
    tables = _small()
    activity = 0.05
    world = _world(tables, 40_000, since=2 * 1440.0 + 600, activity=activity, platforms=("twitter",))
    rows = np.unique(world.e.row)
    minutes = world.e.since[0] + np.arange(0, int(tables.life_min[world.platform[0]])) + 0.5
    k = int(world.platform[0])
    fresh = tables.fresh[tables.fresh_at[k] + (minutes - world.e.since[0]).astype(np.int64)]
    chance = np.minimum(fresh * tables.open[k, (minutes / HOUR_MIN).astype(np.int64)], 1)
    expected = 0.0
    for row in rows:
        passing = np.diff(tables.rhythm.operational(row, np.append(minutes - 0.5, minutes[-1] + 0.5)))
        expected += activity * (chance * passing).sum() / len(rows)
    shown = len(_shown(world)) / 40_000
    assert abs(shown - expected) < STANDARD_ERRORS * np.sqrt(expected / 40_000) + expected**2


# --- appearing again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.9])
def test_a_seen_post_reappears_after_a_geometric_number_of_sessions(chance: float) -> None:
    tables = _tables(small_scenario(platform={"facebook": {"display": {"redisplay": chance}}}))
    n = 20_000
    world = _world(tables, n, since=0.0, activity=5.0, platforms=("facebook",))
    cell = np.arange(n) % 17
    luck = draws.uniform(draws.key(1, 0, "again"), world.resident)
    t, later = next_display(
        tables, world.platform, world.e.row, world.e.activity, world.e.session, cell, luck
    )
    gap = later - cell
    assert gap.min() == 1
    for g in range(1, 8):
        p = chance * (1 - chance) ** (g - 1)
        assert abs((gap == g).mean() - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / n)
    for i in range(0, n, 997):  # it falls on that very session of the resident
        cells, times = sessions_between(
            tables.rhythm, world.keys[world.platform[i]], i, int(world.e.row[i]), 5.0, t[i] - 1, t[i] + 1
        )
        assert t[i] == times[cells == later[i]][0]


def test_a_post_that_never_reappears() -> None:
    tables = _tables(small_scenario(platform={"facebook": {"display": {"redisplay": 0}}}))
    world = _world(tables, 50, since=0.0, activity=5.0, platforms=("facebook",))
    luck = np.linspace(0, 1 - 2**-53, 50)
    t, later = next_display(
        tables, world.platform, world.e.row, world.e.activity, world.e.session, world.resident, luck
    )
    assert np.isinf(t).all()
    assert (later - world.resident > MAX_REDISPLAY_GAP).all()


# --- the evening ----------------------------------------------------------------------------------------


@cache
def _facebook() -> Any:
    """The shipped city and Facebook card, with its real residents' activity."""
    scenario = load(city="grenoble_2013", overrides=["horizon_weeks=1", "sampling=0.03"])
    city = build_city(scenario, 1, cache_dir=None)
    laws = build_laws(scenario, city, 1)
    k = city.platforms.index("facebook")
    rows = np.flatnonzero(city.activity[k, : city.n_residents] > 0)
    return scenario, city, laws.feed, k, rows


def _mean_display(hours: tuple[int, ...], tables: FeedTables | None = None) -> np.ndarray:
    """Chance of display of an offered Facebook post published at these hours of the five days; by seed."""
    scenario, city, shipped, k, rows = _facebook()
    at = scenario.behaviour.model_copy(update={"reference_hours": tuple(h * 60 for h in hours)})

    def users(j: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chosen = rows if j == k else rows[:0]
        return chosen, city.age_band[chosen].astype(np.int64), city.activity[k, chosen].astype(np.float64)

    return np.array([reference_display(tables or shipped, at, seed, users)[k] for seed in range(3)])


OFFICE, EVENING = (9, 11, 14, 16), (18, 20, 21, 22)


def _gain(tables: FeedTables | None = None) -> tuple[float, float]:
    """Evening over office hours, and its standard error (at least 3000 exposures a seed)."""
    office, evening = _mean_display(OFFICE, tables), _mean_display(EVENING, tables)
    ratio = evening.mean() / office.mean()
    error = ratio * np.sqrt(sum((1 - c.mean()) / c.mean() / (3000 * len(c)) for c in (office, evening)))
    return float(ratio), float(error)


def test_an_evening_post_gains_20_to_60_percent_roughly() -> None:
    ratio, error = _gain()
    assert error < 0.05
    assert 1.1 - 2 * error < ratio < 1.6 + 2 * error


def test_without_competition_the_evening_gains_less() -> None:
    """Negative control: the gain comes from the competing posts, not from the presence of the readers."""
    tables = _facebook()[2]
    flat = np.broadcast_to(tables.open[:, : WEEK_MIN // HOUR_MIN].mean(axis=1)[:, None], tables.open.shape)
    (ratio, error), (without, other) = _gain(), _gain(replace(tables, open=flat))
    assert without < ratio - STANDARD_ERRORS * np.hypot(error, other)
