"""The ladder of link: each rung in a world where only it can be climbed; what posts with a purpose bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from inputs import merged, small_scenario, small_tree

from sim import odd
from sim.cards import Behaviour, Platform
from sim.city import City, build_city
from sim.indicators import FAMILIES, INDICATORS, OTHER, by_family, family
from sim.kernel import Kernel
from sim.kpi import kpi_table
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.tally import INFORMED_WEEKS, LADDER, MEASURES, Tally

SEED = 2
NO_REACTION = {"click": 0.0, "like": 0.0, "comment": 0.0, "share": 0.0, "hide": 0.0}
Rungs = dict[str, np.ndarray]


def _scenario(
    residents: int = 300, weeks: int = 1, audience: dict[str, float] | None = None, **acts: float
) -> Scenario:
    """Facebook alone, well seen; people do only what ``acts`` says, and nobody comes or leaves by himself."""
    still = {
        "discovery_per_month": 0.0, "unfollow_per_month": 0.0, "unfollow_if_overposted": 0.0,
        "follow_if_shared": 0.0, "follow_if_mentioned": 0.0, **(audience or {}),
    }  # fmt: skip
    facebook = {
        "display": {"visibility": 0.7},
        "reach": {"share": {"values": {2019: 0.3}}},
        "reactions": {**NO_REACTION, **acts},
        "audience": still,
        "passing_on": {"friend_offer": 0.6, "stranger": 1.0},
    }
    tree = merged(small_tree(residents), {"platform": {"facebook": facebook}, "horizon_weeks": weeks})
    tree["city"]["accounts"].pop("town_twitter")
    return Scenario.from_dict(tree)


def _run(scenario: Scenario) -> tuple[Tally, City]:
    city = build_city(scenario, SEED)
    return Kernel(build_laws(scenario, city, SEED), city, SEED, 0).run(), city


def _rungs(tally: Tally) -> Rungs:
    return {rung: tally.ladder >> np.uint8(bit) & np.uint8(1) > 0 for bit, rung in enumerate(LADDER)}


# --- kernel and agents -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("replicate", [0, 1])
def test_kernel_equals_agents_and_every_rung_is_climbed(replicate: int) -> None:
    scenario = _scenario(
        250, weeks=2,
        audience={"follow_if_shared": 0.4, "unfollow_per_month": 0.3, "discovery_per_month": 0.3},
        like=0.3, comment=0.2, share=0.3, hide=0.1,
    )  # fmt: skip
    city = build_city(scenario, SEED)
    fast = Kernel(build_laws(scenario, city, SEED), city, SEED, replicate).run()
    told = AgentCity(scenario, city, SEED, replicate).run()
    assert np.array_equal(fast.ladder, told.ladder)
    assert np.array_equal(fast.last_week, told.last_week)
    assert all(rung.any() for rung in _rungs(fast).values())
    other = AgentCity(scenario, city, SEED, replicate + 2).run()
    assert not np.array_equal(fast.ladder, other.ladder)  # negative control


# --- each rung -------------------------------------------------------------------------------------------


def test_linked_are_the_followers_at_the_end() -> None:
    tally, city = _run(_scenario(audience={"unfollow_per_month": 0.5, "discovery_per_month": 0.5}))
    linked = _rungs(tally)["linked"]
    assert linked.sum() == tally.followers[0, :, -1].sum()
    assert not np.array_equal(np.flatnonzero(linked), city.followers["town_facebook"])


def test_nobody_reacts_nobody_climbs_further_than_informed() -> None:
    tally, city = _run(_scenario())
    rungs = _rungs(tally)
    assert np.array_equal(np.flatnonzero(rungs["linked"]), city.followers["town_facebook"])
    assert np.array_equal(rungs["informed"], tally.reached > 0)
    assert rungs["informed"].sum() > 20
    assert not any(rungs[rung].any() for rung in LADDER[2:])


@pytest.mark.parametrize(("action", "rung"), [("comment", "in_dialogue"), ("share", "promoting")])
def test_one_action_leads_to_its_rung(action: str, rung: str) -> None:
    acts: dict[str, Any] = {action: 0.3}
    scenario = _scenario(**acts)
    if action == "share":  # passed on to nobody, so that nobody is influenced
        tree = scenario.model_dump(mode="json")
        tree["platform"]["facebook"]["passing_on"]["friend_offer"]["value"] = 0.0
        scenario = Scenario.from_dict(tree)
    tally, _ = _run(scenario)
    rungs = _rungs(tally)
    assert 0 < rungs[rung].sum() <= tally.posts[:, MEASURES.index(action)].sum()
    assert not any(rungs[other].any() for other in LADDER[2:] if other != rung)


def test_influenced_are_those_whom_friends_moved() -> None:
    tally, city = _run(_scenario(share=0.4, like=0.4))
    influenced = _rungs(tally)["influenced"]
    assert influenced.sum() > 10
    assert (tally.reached[influenced] > 0).all()
    strangers = np.setdiff1d(np.flatnonzero(influenced), city.followers["town_facebook"])
    assert len(strangers) > 0


def test_following_because_of_a_friend_is_influence_and_discovery_is_not() -> None:
    """With the control: people who find the account by themselves are linked, not influenced."""
    joined, city = _run(_scenario(share=0.4, audience={"follow_if_shared": 0.5}))
    found, _ = _run(_scenario(audience={"discovery_per_month": 0.9}))
    new = np.setdiff1d(np.flatnonzero(_rungs(joined)["linked"]), city.followers["town_facebook"])
    assert len(new) > 0
    assert _rungs(joined)["influenced"][new].all()
    assert _rungs(found)["linked"].sum() > len(city.followers["town_facebook"])
    assert not _rungs(found)["influenced"].any()


def test_informed_forgets_after_four_weeks() -> None:
    """One post in the first week: informed until the fourth week closes, forgotten with the fifth."""
    tree = _scenario(weeks=6).model_dump(mode="json")
    slots = [{"days": ["mon"], "at": "10:00", "theme": "services", "format": "link", "every_weeks": 52}]
    tree["city"]["accounts"]["town_facebook"]["slots"] = slots
    scenario = Scenario.from_dict(tree)
    city = build_city(scenario, SEED)
    kernel = Kernel(build_laws(scenario, city, SEED), city, SEED, 0)
    informed = []
    for hour in range(1, 6 * 168 + 1):
        kernel.step()
        if hour % 168 == 0:
            informed.append(int(_rungs(kernel.tally)["informed"].sum()))
    assert informed[0] > 5
    assert informed[:INFORMED_WEEKS] == [informed[0]] * INFORMED_WEEKS
    assert informed[INFORMED_WEEKS:] == [0, 0]
    assert (kernel.tally.reached > 0).sum() == informed[0]


def test_an_independent_page_makes_no_link() -> None:
    tree = _scenario(comment=0.4, share=0.4, like=0.4).model_dump(mode="json")
    own = tree["city"]["accounts"]["town_facebook"]
    dull = [{**slot, "rel_appeal": 0.0} for slot in own["slots"]]
    tree["city"]["accounts"] = {
        "town_facebook": {**own, "followers": 1, "slots": dull},
        "i_love_town": {**own, "independent": True},
    }
    tally, _ = _run(Scenario.from_dict(tree))
    rungs = _rungs(tally)
    assert tally.posts[:, MEASURES.index("comment")].sum() > 5
    assert rungs["linked"].sum() <= 1
    assert not any(rungs[rung].any() for rung in LADDER[2:])


# --- posts with a purpose --------------------------------------------------------------------------------


def test_purposes_count_their_own_posts_only() -> None:
    purposes = {"site": ["link"], "views": ["video"], "jobs": ["culture"], "participation": ["photo"]}
    scenario = small_scenario(
        300,
        behaviour={"counts_as": purposes},
        platform={"facebook": {"display": {"visibility": 0.6}, "reactions": {"click": 0.3, "comment": 0.3}}},
    )
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    tally = Kernel(laws, city, SEED, 0).run()
    kpis = kpi_table(tally, laws, city, "a", 0).query("age_band == 'all' and week == 'all'")
    got = kpis.set_index(["kpi", "platform"])["value"]
    formats, themes = np.array(laws.schedule.format), np.array(laws.schedule.theme)

    def sum_of(measure: str, posts: np.ndarray) -> int:
        return int(tally.posts[posts, MEASURES.index(measure)].sum())

    expected: dict[str, Any] = {
        "site_visits": sum_of("click", formats == "link"),
        "video_and_story_views": sum_of("impressions", formats == "video"),
        "job_offers_reach": sum_of("reach", themes == "culture"),
        "contributions": sum_of("comment", formats == "photo"),
    }
    assert all(value > 0 for value in expected.values())
    for kpi, value in expected.items():
        assert got[kpi, "all"] == value
        assert got[kpi, "facebook"] + got[kpi, "twitter"] == value


def test_no_purpose_stated_counts_nothing() -> None:
    scenario = small_scenario(200, horizon_weeks=1)
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    kpis = kpi_table(Kernel(laws, city, SEED, 0).run(), laws, city, "a", 0)
    assert (kpis.query("kpi in ('site_visits', 'contributions', 'job_offers_reach')")["value"] == 0).all()


def test_purposes_that_are_shipped_name_formats_and_themes_that_exist() -> None:
    cards = odd.cards()
    behaviour = cards["behaviour"]
    assert isinstance(behaviour, Behaviour)
    formats = {name for card in cards.values() if isinstance(card, Platform) for name in card.formats}
    named = {name for names in behaviour.counts_as.values() for name in names}
    assert len(named) > 5
    assert named <= formats | set(behaviour.interest)


# --- families --------------------------------------------------------------------------------------------


def test_every_indicator_has_one_family() -> None:
    members = [kpi for _, _, kpis in FAMILIES for kpi in kpis]
    assert len(members) == len(set(members))
    assert set(INDICATORS) <= set(members)
    assert family("ladder_linked", "fr") == "Lien avec les habitants"
    assert family("unheard_of", "en") == OTHER[1]


def test_families_begin_with_the_residents_reached() -> None:
    ordered = by_family(["unheard_of", *reversed(INDICATORS)])
    assert ordered[0] == "weekly_coverage_of_residents"
    assert ordered[-1] == "unheard_of"
    labels = [family(kpi, "en") for kpi in ordered]
    assert len(list(dict.fromkeys(labels))) == sum(
        a != b for a, b in zip(labels, ["", *labels], strict=False)
    )
