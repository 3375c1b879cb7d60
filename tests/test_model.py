"""CityModel: Mesa agents that are windows onto the arrays, residents below a size and segments above."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from inputs import merged, open_snapchat, small_scenario

import sim.model
from sim.city import City, build_city
from sim.figures import BANDS
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.model import REPORTERS, CityModel, Resident, Segment, segments
from sim.scenario import Scenario
from sim.tally import MEASURES

SEED = 3
LIVELY = {
    "facebook": {
        "reactions": {"like": 0.3, "share": 0.3, "comment": 0.1},
        "audience": {"discovery_per_month": 0.3, "unfollow_per_month": 0.2},
        "reach": {"share": {"values": {2019: 0.3}}},
    }
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario(
        200,
        horizon_weeks=1,
        change={"open_snapchat": open_snapchat()},
        platform=merged(LIVELY, {"snapchat": {"audience": {"discovery_per_month": 0.9}}}),
    )


@pytest.fixture(scope="module")
def city(scenario: Scenario) -> City:
    return build_city(scenario, SEED)


@pytest.fixture(scope="module")
def finished(scenario: Scenario, city: City) -> CityModel:
    model = CityModel(scenario, city, SEED, 0)
    while model.running:
        model.step()
    return model


@pytest.fixture
def in_segments(monkeypatch: pytest.MonkeyPatch, scenario: Scenario, city: City) -> CityModel:
    monkeypatch.setattr(sim.model, "RESIDENT_LIMIT", city.n_rows - 1)
    return CityModel(scenario, city, SEED, 0)


# --- the clock and the counts ----------------------------------------------------------------------------


def test_counts_are_those_of_the_kernel(finished: CityModel, scenario: Scenario, city: City) -> None:
    kernel = Kernel(build_laws(scenario, city, SEED), city, SEED, 0)
    assert finished.tally.same_as(kernel.run()) == []
    assert np.array_equal(finished.kernel.state.followers.is_following, kernel.state.followers.is_following)
    other = Kernel(build_laws(scenario, city, SEED), city, SEED, 1).run()  # negative control
    assert finished.tally.same_as(other) != []


def test_segments_count_the_same(in_segments: CityModel, finished: CityModel) -> None:
    while in_segments.running:
        in_segments.step()
    assert in_segments.tally.same_as(finished.tally) == []


def test_it_builds_its_own_city(scenario: Scenario, finished: CityModel) -> None:
    model = CityModel(scenario, seed=SEED)
    assert np.array_equal(model.city.activity, finished.city.activity)


def test_it_stops_at_the_horizon(finished: CityModel) -> None:
    assert (finished.running, finished.hour) == (False, 168)
    before = finished.tally.weekly.copy()
    finished.step()
    assert finished.hour == 168
    assert np.array_equal(before, finished.tally.weekly)


def test_the_collector_has_a_row_for_the_start_and_for_every_hour(finished: CityModel) -> None:
    frame = finished.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == list(REPORTERS)
    assert len(frame) == 168 + 1
    assert (frame.iloc[0][["reached", "impressions", "likes", "comments", "shares"]] == 0).all()
    assert frame.iloc[0]["followers"] == finished.tally.followers[:, :, 0].sum()
    for name in ("impressions", "likes", "comments", "shares", "reached"):
        assert frame[name].is_monotonic_increasing


def test_the_last_row_is_the_tally(finished: CityModel) -> None:
    last, tally = finished.datacollector.get_model_vars_dataframe().iloc[-1], finished.tally
    totals = dict(zip(MEASURES, tally.weekly.sum(axis=(0, 1, 2)), strict=True))
    assert last["impressions"] == totals["impressions"] > 0
    assert last["likes"] == totals["like"] > 0
    assert last["comments"] == totals["comment"] > 0
    assert last["shares"] == totals["share"] > 0
    assert last["followers"] == tally.followers[:, :, -1].sum()
    assert last["reached"] == (tally.reached[: finished.city.n_residents] > 0).sum() > 0


def test_collecting_can_be_left_out(scenario: Scenario, city: City) -> None:
    model = CityModel(scenario, city, SEED, 0, collect=False)
    model.step()
    assert model.datacollector.get_model_vars_dataframe().empty


# --- agents ---------------------------------------------------------------------------------------------


def test_every_row_is_an_agent(finished: CityModel) -> None:
    agents = finished.agents
    assert len(agents) == finished.city.n_rows
    assert all(type(agent) is Resident for agent in agents)
    assert sorted(agent.row for agent in agents) == list(range(finished.city.n_rows))


@pytest.mark.parametrize(("over", "kind"), [(0, Resident), (-1, Segment)])
def test_agents_are_residents_up_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, scenario: Scenario, city: City, over: int, kind: type
) -> None:
    monkeypatch.setattr(sim.model, "RESIDENT_LIMIT", city.n_rows + over)
    model = CityModel(scenario, city, SEED, 0)
    assert {type(agent) for agent in model.agents} == {kind}


def test_the_limit_is_25_000() -> None:
    assert sim.model.RESIDENT_LIMIT == 25_000


def test_select_and_groupby(finished: CityModel) -> None:
    young = finished.agents.select(lambda agent: agent.age_band == "15-29")
    assert len(young) == (finished.city.age_band == 1).sum() > 0
    by_band = finished.agents.groupby("age_band").count()
    expected = np.bincount(finished.city.age_band, minlength=6)
    assert by_band == {band: n for band, n in zip(BANDS, expected.tolist(), strict=True) if n}


def test_segments_are_a_partition(in_segments: CityModel) -> None:
    city = in_segments.city
    rows = np.concatenate([agent.rows for agent in in_segments.agents])
    assert sorted(rows.tolist()) == list(range(city.n_rows))
    for agent in in_segments.agents:
        assert agent.size == len(agent.rows) > 0
        assert {BANDS[b] for b in city.age_band[agent.rows]} == {agent.age_band}
        assert set(city.platform_mask[agent.rows].tolist()) == {agent.mask}
    kinds = {(agent.age_band, agent.mask) for agent in in_segments.agents}
    assert len(kinds) == len(in_segments.agents) == len(segments(city)) > 6
    sizes = in_segments.agents.groupby("age_band").agg("size", sum)
    assert sum(sizes.values()) == city.n_rows
    assert sizes["15-29"] == (city.age_band == 1).sum()


def test_segments_count_who_is_reached(in_segments: CityModel) -> None:
    for _ in range(60):
        in_segments.step()
    reached = sum(agent.n_reached for agent in in_segments.agents)
    assert reached == (in_segments.tally.reached > 0).sum() > 0
    some = in_segments.agents.select(lambda agent: agent.n_reached > 0)
    assert 0 < len(some) < len(in_segments.agents)


# --- residents -------------------------------------------------------------------------------------------


def test_a_resident_shows_its_row(finished: CityModel) -> None:
    city, state = finished.city, finished.kernel.state
    names = [plan.name for plan in finished.laws.schedule.accounts]
    graph = city.to_networkx()
    for row in range(0, city.n_rows, 7):
        agent = finished.resident(row)
        assert agent.row == row
        assert agent.age_band == BANDS[city.age_band[row]]
        assert set(agent.platforms) == {p for k, p in enumerate(city.platforms) if city.activity[k, row] > 0}
        assert set(agent.friends.tolist()) == set(graph.successors(row))
        assert agent.follows == tuple(
            n for n, yes in zip(names, state.followers.is_following[:, row], strict=True) if yes
        )
        reached = int(finished.tally.reached[row])
        assert agent.reached_on == tuple(p for k, p in enumerate(city.platforms) if reached >> k & 1)
        assert set(agent.reached_on) <= set(agent.platforms)
    followed = {name for agent in finished.agents for name in agent.follows}
    assert followed == {"town_facebook", "town_twitter", "snapchat"}


def test_affinity_is_attachment_with_what_the_weeks_added(
    finished: CityModel, scenario: Scenario, city: City
) -> None:
    attachment = city.attachment
    start = CityModel(scenario, city, SEED, 0)
    assert all(a.affinity == pytest.approx(attachment[a.row]) for a in start.agents)
    warm = {a.row for a in finished.agents if a.affinity > attachment[a.row] * 1.001}
    assert warm
    assert warm <= set(np.flatnonzero(finished.tally.reached).tolist())


def test_a_view_follows_the_arrays(scenario: Scenario, city: City) -> None:
    model = CityModel(scenario, city, SEED, 0)
    before = {agent.row: agent.reached_on for agent in model.agents}
    assert set(before.values()) == {()}
    while model.running:
        model.step()
    assert any(agent.reached_on for agent in model.agents)


def test_the_same_agent_each_time(finished: CityModel) -> None:
    by_row = {agent.row: agent for agent in finished.agents}
    assert all(finished.resident(row) is agent for row, agent in by_row.items())
    assert len(finished.agents) == finished.city.n_rows  # asking makes none where all are held


def test_on_demand_in_a_large_city(in_segments: CityModel) -> None:
    """The same object while somebody holds it; what it shows is its row's."""
    agent = in_segments.resident(5)
    assert in_segments.resident(5) is agent
    assert agent.age_band == BANDS[in_segments.city.age_band[5]]
    assert in_segments.resident(6) is not agent


def test_asking_for_a_resident_leaves_the_segments_alone(in_segments: CityModel) -> None:
    """Looking at residents of a large city neither adds agents to its segments nor fills the memory."""
    held = [in_segments.resident(row) for row in range(50)]
    assert {type(agent) for agent in in_segments.agents} == {Segment}
    ghost = weakref.ref(held.pop())
    gc.collect()
    assert ghost() is None


@pytest.mark.parametrize("row", [-1, 10**9])
def test_a_row_that_does_not_exist(finished: CityModel, row: int) -> None:
    last = finished.city.n_rows - 1
    with pytest.raises(IndexError, match=f"resident {row} does not exist; rows are 0 to {last}"):
        finished.resident(row)
    assert finished.resident(last).row == last
