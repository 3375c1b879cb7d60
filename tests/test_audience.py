"""What changes over time: followers who come and go, accounts that are found, memories that fade."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import merged, open_snapchat, small_scenario

from sim.audience import Followers, Memory, Timetable, discovery_times, group_of, leaving_times
from sim.city import City, build_city
from sim.kernel import Kernel
from sim.laws import MONTH_MIN, Laws, build_laws
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import MEASURES

SEED = 2
STANDARD_ERRORS = 4.0


def _scenario(
    residents: int, weeks: int, from_week: int = 1, discovery: float = 0.2, **change: Any
) -> Scenario:
    """A town that opens Snapchat."""
    return small_scenario(
        residents,
        horizon_weeks=weeks,
        change={"open_snapchat": open_snapchat(from_week=from_week, **change)},
        platform={"snapchat": {"audience": {"discovery_per_month": discovery}}},
    )


@cache
def _town(
    weeks: int = 9, from_week: int = 1, discovery: float = 0.2, residents: int = 4000
) -> tuple[Laws, City]:
    scenario = _scenario(residents, weeks, from_week, discovery)
    city = build_city(scenario, SEED)
    return build_laws(scenario, city, SEED), city


def _account(laws: Laws, name: str = "snapchat") -> int:
    return [plan.name for plan in laws.schedule.accounts].index(name)


# --- discovery ----------------------------------------------------------------------------------------


def _rates(laws: Laws, city: City, discovery: float) -> np.ndarray:
    """Rate of discovery a minute of each resident who uses the platform, from the model's sentence."""
    k = city.platforms.index("snapchat")
    users = city.users("snapchat")
    weight = np.array(laws.scenario.platform["snapchat"].audience.follow_by_band.row())[city.age_band[users]]
    base = -np.log(1 - discovery) / MONTH_MIN
    assert (city.activity[k, users] > 0).all()
    return base * weight / weight.mean() * city.attachment[users]


@pytest.mark.parametrize("months", [0.25, 1.0, 2.0])
def test_number_found_in_some_months(months: float) -> None:
    """1 - exp(-rate t), averaged over the people."""
    laws, city = _town()
    chance = 1 - np.exp(-_rates(laws, city, 0.2) * months * MONTH_MIN)
    found = []
    for replicate in range(8):
        t, _ = discovery_times(laws, city, SEED, replicate, _account(laws))
        found.append((t < months * MONTH_MIN).sum())
    error = np.sqrt((chance * (1 - chance)).sum() / len(found))
    assert abs(np.mean(found) - chance.sum()) < STANDARD_ERRORS * error
    wrong = 1 - np.exp(-_rates(laws, city, 0.24) * months * MONTH_MIN)  # negative control
    assert abs(np.mean(found) - wrong.sum()) > STANDARD_ERRORS * error


def test_who_is_attached_or_young_finds_sooner() -> None:
    laws, city = _town(discovery=0.05)
    who = np.concatenate([discovery_times(laws, city, SEED, r, _account(laws))[1] for r in range(8)])
    users = city.users("snapchat")
    rate = _rates(laws, city, 0.05)
    chance = 1 - np.exp(-rate * laws.n_hours * HOUR_MIN)
    for group in (rate > np.median(rate), rate <= np.median(rate)):
        expected = chance[group].sum() * 8
        found = np.isin(who, users[group]).sum()
        assert abs(found - expected) < STANDARD_ERRORS * np.sqrt(expected)


def test_each_user_finds_once_and_only_users_do() -> None:
    laws, city = _town()
    t, who = discovery_times(laws, city, SEED, 0, _account(laws))
    assert len(set(who.tolist())) == len(who)
    assert set(who.tolist()) <= set(city.users("snapchat").tolist())
    assert (who < city.n_residents).all()
    assert (t < laws.n_hours * HOUR_MIN).all()


@pytest.mark.parametrize("from_week", [1, 3, 6])
def test_never_before_the_opening(from_week: int) -> None:
    laws, city = _town(from_week=from_week)
    t, _ = discovery_times(laws, city, SEED, 0, _account(laws))
    assert len(t) > 100
    assert t.min() >= (from_week - 1) * WEEK_MIN
    assert t.min() < from_week * WEEK_MIN  # and soon after it


def test_opening_later_finds_the_first_of_the_same_people() -> None:
    """Common draws: whoever finds a late account would have found it earlier too, by the same delay."""
    early, city = _town(from_week=1)
    late, _ = _town(from_week=4)
    t1, who1 = discovery_times(early, city, SEED, 0, _account(early))
    t4, who4 = discovery_times(late, city, SEED, 0, _account(late))
    assert len(who4) < len(who1)
    first = dict(zip(who1.tolist(), t1.tolist(), strict=True))
    delay = [t - first[who] for t, who in zip(t4.tolist(), who4.tolist(), strict=True)]
    assert np.allclose(delay, 3 * WEEK_MIN)


def test_nobody_finds_what_cannot_be_found() -> None:
    laws, city = _town(discovery=0.0)
    assert len(discovery_times(laws, city, SEED, 0, _account(laws))[1]) == 0
    closed, _ = _town()
    plans = tuple(replace(p, closes_min=0.0) for p in closed.schedule.accounts)
    gone = replace(closed, schedule=replace(closed.schedule, accounts=plans))
    assert len(discovery_times(gone, city, SEED, 0, _account(closed))[1]) == 0


# --- leaving ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("since_weeks", [0, 5])
def test_followers_leave_by_themselves_at_the_stated_rate(since_weeks: int) -> None:
    scenario = small_scenario(
        200, horizon_weeks=14, platform={"facebook": {"audience": {"unfollow_per_month": 0.3}}}
    )
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    who = np.arange(20_000)
    since = since_weeks * float(WEEK_MIN)
    t, left = leaving_times(laws, SEED, 0, _account(laws, "town_facebook"), who, since)
    assert t.min() >= since
    assert t.max() < laws.n_hours * HOUR_MIN
    assert len(set(left.tolist())) == len(left)
    for months in (0.5, 1.0, 2.0):
        p = 1 - 0.7**months
        share = (t < since + months * MONTH_MIN).mean() * len(t) / len(who)
        assert abs(share - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / len(who))


def test_nobody_leaves_without_a_rate() -> None:
    scenario = small_scenario(100, platform={"facebook": {"audience": {"unfollow_per_month": 0}}})
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    assert len(leaving_times(laws, SEED, 0, 0, np.arange(100), 0.0)[0]) == 0


# --- the list of followers ----------------------------------------------------------------------------

ROWS = 40
GROUP = (np.arange(ROWS) % 7).astype(np.uint8)
Moves = st.lists(
    st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 1), st.lists(st.integers(0, ROWS - 1))),
    max_size=30,
)


def _followers(start: list[int], kind: type[Followers] = Followers) -> Followers:
    """An account with ``start`` and a new one."""
    plans = (SimpleNamespace(name="old", is_new=False), SimpleNamespace(name="new", is_new=True))
    laws = SimpleNamespace(schedule=SimpleNamespace(accounts=plans, campaigns=()))
    city = SimpleNamespace(n_rows=ROWS, followers={"old": np.array(sorted(start), dtype=np.int32)})
    return kind(laws, city, GROUP)  # type: ignore[arg-type]


@settings(deadline=None)
@given(start=st.sets(st.integers(0, ROWS - 1)), moves=Moves)
def test_followers_are_a_set_that_nobody_rejoins(
    start: set[int], moves: list[tuple[str, int, list[int]]]
) -> None:
    moved_as_told(_followers(sorted(start)), start, moves)


def moved_as_told(followers: Followers, start: set[int], moves: list[tuple[str, int, list[int]]]) -> None:
    """Assert that two accounts, the first with the followers ``start``, stay what sets say of them."""
    now, left = [set(start), set()], [set(), set()]
    for move, account, people in moves:
        who = np.array(people, dtype=np.int64)
        if move == "join":
            expected = set(people) - now[account] - left[account]
            now[account] |= expected
            moved = followers.join(account * ROWS + who)
        else:
            expected = set(people) & now[account]
            now[account] -= expected
            left[account] |= expected
            moved = followers.leave(account * ROWS + who)
        assert (moved - account * ROWS).tolist() == sorted(expected)
        for a in (0, 1):
            rows = followers.rows(a).tolist()
            assert len(rows) == len(set(rows)) == followers.count[a]
            assert set(rows) == now[a] == set(np.flatnonzero(followers.is_following[a]).tolist())
            assert set(np.flatnonzero(followers.has_left[a]).tolist()) == left[a]
            assert np.array_equal(followers.by_group[a], np.bincount(GROUP[sorted(now[a])], minlength=7))


def test_a_long_list_is_tidied_and_stays_right() -> None:
    """Beyond the slack that the list tolerates, those who left are taken out of it."""
    plans = (SimpleNamespace(name="old", is_new=False),)
    n = 5000
    laws = SimpleNamespace(schedule=SimpleNamespace(accounts=plans, campaigns=()))
    city = SimpleNamespace(n_rows=n, followers={"old": np.arange(n)})
    followers = Followers(laws, city, np.zeros(n, np.uint8))  # type: ignore[arg-type]
    for start in range(0, n, 100):
        followers.leave(np.arange(start, min(start + 50, n)))
        assert np.array_equal(np.sort(followers.rows(0)), np.flatnonzero(followers.is_following[0]))
        assert len(followers.rows(0)) == followers.count[0]


# --- timetables and memories --------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(0, 600), st.integers(0, 50)), max_size=20), max_size=4),
)
def test_a_timetable_gives_everything_once_in_its_hour(parts: list[list[tuple[float, int]]]) -> None:
    table = Timetable()
    for part in parts:
        table.add(np.array([t for t, _ in part]), np.array([i for _, i in part], dtype=np.int64))
    events = [e for part in parts for e in part]
    for hour in range(11):
        expected = sorted(i for t, i in events if t // HOUR_MIN == hour)
        assert table.at(hour).tolist() == expected
        assert table.at(hour).tolist() == []


def test_a_memory_fades_by_halves_and_keeps_what_is_added() -> None:
    decay = 2.0 ** (-np.arange(101) / 10)
    memory = Memory.blank(3, decay)
    memory.add(np.array([1]), 1.0, 20)
    assert memory.read(np.arange(3), 20).tolist() == [0, 1, 0]
    assert memory.read(np.arange(3), 40).tolist() == [0, 0.25, 0]
    memory.add(np.array([1]), 1.0, 30)
    assert memory.read(np.array([1]), 30)[0] == pytest.approx(1.5)
    assert memory.read(np.array([1]), 50)[0] == pytest.approx(0.375)


def test_a_memory_of_accounts_and_people_adds_as_often_as_it_is_told() -> None:
    memory = Memory.blank((2, 3), 2.0 ** (-np.arange(11) / 10), np.float32)
    memory.add(memory.at(np.array([0, 1, 1]), np.array([2, 0, 0])), 1.0, 4)
    assert memory.value.tolist() == [[0, 0, 1], [2, 0, 0]]
    assert memory.last.tolist() == [[0, 0, 4], [4, 0, 0]]
    assert memory.read(memory.at(1, np.array([0])), 4).tolist() == [2]


def test_outsiders_are_a_group_of_their_own() -> None:
    _, city = _town()
    group = group_of(city)
    assert np.array_equal(group[: city.n_residents], city.age_band[: city.n_residents])
    assert (group[city.n_residents :] == 6).all()
    assert city.n_rows > city.n_residents


# --- a new account ------------------------------------------------------------------------------------

QUIET = {
    name: {"audience": {"unfollow_per_month": 0, "unfollow_if_overposted": 0}}
    for name in ("facebook", "twitter", "snapchat")
}


@cache
def _climb(cross_promotion: float, mentioned: float = 0.3, replicates: int = 4) -> np.ndarray:
    """Followers of a new account at the end of each week, by replicate; int64[replicates, weeks + 1]."""
    loud = {"reach": {"share": {"values": {2019: 0.3}}}, "audience": {"follow_if_mentioned": mentioned}}
    snapchat = {"audience": {"discovery_per_month": 0.05, "follow_if_mentioned": mentioned}}
    scenario = small_scenario(
        800,
        horizon_weeks=4,
        change={"open_snapchat": open_snapchat(from_week=2, cross_promotion=cross_promotion)},
        platform=merged(QUIET, {"facebook": loud, "twitter": loud, "snapchat": snapchat}),
    )
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    account = _account(laws)
    return np.stack(
        [Kernel(laws, city, SEED, r).run().followers[account].sum(axis=0) for r in range(replicates)]
    )


def test_a_new_account_starts_from_zero_and_climbs() -> None:
    climb = _climb(0.0)
    assert (climb[:, :2] == 0).all()  # until the week in which it opens
    assert (np.diff(climb, axis=1) >= 0).all()
    assert (climb[:, 2] < climb[:, -1]).all()
    assert climb[:, -1].min() > 5


def test_cross_promotion_makes_it_climb_faster() -> None:
    """The same people find it in both worlds; those who see a mention come on top."""
    plain, told = _climb(0.0)[:, -1], _climb(0.8)[:, -1]
    gain = told - plain
    assert (gain >= 0).all()
    assert gain.mean() > STANDARD_ERRORS * gain.std(ddof=1) / np.sqrt(len(gain)) > 0
    assert (_climb(0.8)[:, :2] == 0).all()


def test_mentions_that_convince_nobody_change_nothing() -> None:
    """Negative control of cross promotion."""
    told, plain = (_climb(cross, mentioned=0.0, replicates=1) for cross in (0.8, 0.0))
    assert np.array_equal(told, plain)


def test_who_left_does_not_come_back() -> None:
    """At huge rates of finding and of leaving, each person is counted at most once in each direction."""
    restless = {"discovery_per_month": 0.9, "unfollow_per_month": 0.95, "follow_if_shared": 0.5}
    scenario = small_scenario(400, horizon_weeks=5, platform={"facebook": {"audience": restless}})
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    kernel = Kernel(laws, city, SEED, 0)
    a = _account(laws, "town_facebook")
    start = set(kernel.state.followers.rows(a).tolist())
    tally = kernel.run()
    follows, unfollows = (tally.weekly[a, ..., MEASURES.index(m)].sum() for m in ("follows", "unfollows"))
    ever = np.flatnonzero(kernel.state.followers.is_following[a] | kernel.state.followers.has_left[a])
    assert len(set(ever.tolist()) - start) == follows > 50
    assert kernel.state.followers.has_left[a].sum() == unfollows > 50
    assert not (kernel.state.followers.is_following[a] & kernel.state.followers.has_left[a]).any()
