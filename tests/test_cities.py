"""The authorities of the source documents: what their files say against what is known of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from inputs import small_scenario, small_tree
from test_scenario_files import CITIES, tree

from sim.audience import discovery_times
from sim.city import build_city
from sim.cli import main
from sim.figures import InputError
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.schedule import build_schedule
from sim.team import Work

SEED = 4
AUTHORITIES = {
    "caen_la_mer_2013": {"facebook", "twitter", "instagram", "viadeo", "linkedin"},
    "paris_2013": {
        "facebook", "twitter", "pinterest", "foursquare", "instagram",
        "dailymotion", "youtube", "vimeo", "vine",
    },
    "toulouse_2012": {"facebook", "twitter", "dailymotion", "flickr", "foursquare", "instagram", "scoopit"},
    "val_de_marne_2019": {"facebook", "twitter", "instagram", "snapchat", "linkedin", "viadeo", "youtube"},
}  # fmt: skip


@cache
def city(name: str) -> Scenario:
    return Scenario.from_dict(tree(name))


def work(name: str, **team: Any) -> Work:
    plain = tree(name) | {"horizon_weeks": 4}
    stated = plain["city"]["team"] | team
    done = build_schedule(Scenario.from_dict(plain | {"city": plain["city"] | {"team": stated}})).work
    assert done is not None
    return done


# --- who is where -----------------------------------------------------------------------------------


def test_all_nine_authorities_have_a_file() -> None:
    places = {name.rpartition("_")[0] for name in CITIES}
    assert places >= {
        "grenoble", "toulouse", "romans_sur_isere", "val_de_marne", "saint_dizier", "grand_est",
        "caen_la_mer", "paris",
    }  # fmt: skip
    assert {"toulouse_2012", "toulouse_2019"} <= set(CITIES)


@pytest.mark.parametrize("name", AUTHORITIES)
def test_an_authority_is_on_the_networks_that_it_names(name: str) -> None:
    own = [account for account in city(name).city.accounts.values() if not account.independent]
    assert {account.platform for account in own} == AUTHORITIES[name]


def test_grand_est_is_on_six_networks_with_two_and_a_half_posts() -> None:
    place = city("grand_est_2019").city
    assert len({account.platform for account in place.accounts.values()}) == 6
    assert place.team is not None
    assert place.team.people.value == 2.5


def test_networks_of_the_time_are_gone_afterwards() -> None:
    for platform, year in (("vine", 2017), ("foursquare", 2025), ("viadeo", 2025)):
        use = city("paris_2013").platform[platform].use
        assert sum(use.at(year)) == 0
        assert sum(use.at(2013)) > 0


# --- what is known of them --------------------------------------------------------------------------


def test_the_independent_page_of_toulouse_was_eighty_times_the_citys_in_2010() -> None:
    accounts = city("toulouse_2012").city.accounts
    page = accounts["i_love_toulouse"]
    assert page.independent
    assert round(page.followers.value / 1713) == 80
    assert page.followers.value / accounts["facebook"].followers.value == pytest.approx(18.4, abs=0.1)
    assert [name for name, a in accounts.items() if a.independent] == ["i_love_toulouse"]


def test_fans_of_paris_are_abroad() -> None:
    page = city("paris_2013").city.accounts["facebook"]
    outside = page.followers.value * page.nonresident_share.value
    abroad = outside * page.circles["abroad"].value
    assert abroad == pytest.approx(1_700_000, rel=0.05)
    assert page.followers.value - abroad == pytest.approx(335_000, rel=0.05)


def test_paris_shows_parisian_matters_to_parisians_and_photos_to_everyone() -> None:
    slots = city("paris_2013").city.accounts["facebook"].slots
    assert {slot.theme for slot in slots if slot.target_circles == ("resident",)} == {"services", "youth"}
    assert all(not slot.target_circles for slot in slots if slot.theme == "heritage")


def test_romans_has_two_accounts_on_instagram() -> None:
    accounts = city("romans_sur_isere_2019").city.accounts
    assert [name for name, a in accounts.items() if a.platform == "instagram"] == [
        "instagram",
        "museum_instagram",
    ]
    assert list(accounts["museum_instagram"].overlap) == ["instagram"]


@pytest.mark.parametrize("name", CITIES)
def test_those_who_follow_two_accounts_fit_into_both(name: str) -> None:
    accounts = city(name).city.accounts
    for account in accounts.values():
        for other, share in account.overlap.items():
            residents = {
                key: a.followers.value * (1 - a.nonresident_share.value) for key, a in accounts.items()
            }
            assert accounts[other].platform == account.platform
            assert share.value * residents[other] <= account.followers.value * (
                1 - account.nonresident_share.value
            )


# --- teams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CITIES)
def test_the_team_carries_its_own_calendar(name: str) -> None:
    done = work(name)
    assert not done.dropped
    assert done.late_min.max() == 0
    assert done.spare_min.sum() > 0


def test_a_twentieth_of_the_team_does_not() -> None:
    """Negative control of the test above."""
    done = work("paris_2013", people=0.05, contributors=0)
    assert done.dropped


# --- a part of the residents ------------------------------------------------------------------------


def test_a_large_territory_is_simulated_in_part_unless_asked() -> None:
    stated = {"grand_est_2019": 0.04, "paris_2013": 0.1, "val_de_marne_2019": 0.2}
    assert {name: city(name).sampling for name in CITIES} == {name: stated.get(name, 1.0) for name in CITIES}
    whole = Scenario.from_dict(tree("grand_est_2019") | {"sampling": 1.0})
    assert whole.sampling == 1.0
    assert whole.city == city("grand_est_2019").city


def test_without_a_stated_part_everybody_is_simulated() -> None:
    tree = small_tree()
    del tree["sampling"]
    assert Scenario.from_dict(tree).sampling == 1.0
    assert Scenario.from_dict(tree | {"sampling": None}).sampling == 1.0


@pytest.mark.parametrize("part", [0.0, 1.5, "half"])
def test_a_part_that_is_none_is_refused(part: Any) -> None:
    tree = small_tree()
    with pytest.raises(InputError, match=r"city\.sampling"):
        Scenario.from_dict(tree | {"city": tree["city"] | {"sampling": part}})


def test_the_part_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "city=grand_est_2019", "lang=en"]) == 0
    assert "City thinned to 222,016 residents (sampling= to choose)" in capsys.readouterr().err
    assert main(["explain", "city=grand_est_2019", "lang=en", "sampling=1"]) == 0
    assert "thinned" not in capsys.readouterr().err


# --- renown -----------------------------------------------------------------------------------------


def _found(renown: float | None, weeks: int = 12) -> tuple[np.ndarray, np.ndarray]:
    stated = {} if renown is None else {"renown": renown}
    scenario = small_scenario(
        1500, horizon_weeks=weeks, city={"accounts": {"town_facebook": stated}},
        platform={"facebook": {"audience": {"discovery_per_month": 0.2}}},
    )  # fmt: skip
    town = build_city(scenario, SEED)
    laws = build_laws(scenario, town, SEED)
    account = [plan.name for plan in laws.schedule.accounts].index("town_facebook")
    return discovery_times(laws, town, SEED, 0, account)


def test_half_the_renown_is_found_twice_as_late() -> None:
    when, who = _found(1.0)
    later, found = _found(0.5)
    assert len(found) > 50
    assert set(found) < set(who)
    first = dict(zip(who.tolist(), when.tolist(), strict=True))
    assert later == pytest.approx([2 * first[row] for row in found.tolist()], abs=1e-3)


def test_the_fit_of_an_account_multiplies_that_of_its_posts_only() -> None:
    plain = build_schedule(small_scenario())
    halved = build_schedule(small_scenario(city={"accounts": {"town_facebook": {"fit": 0.5}}}))
    own = np.array([plain.accounts[a].name == "town_facebook" for a in plain.account])
    assert own.any()
    assert not own.all()
    assert np.array_equal(halved.fit, np.where(own, 0.5 * plain.fit, plain.fit))


def test_no_renown_is_never_found_and_renown_unsaid_is_the_platforms() -> None:
    assert len(_found(0.0)[1]) == 0
    for said, unsaid in zip(_found(1.0), _found(None), strict=True):
        assert np.array_equal(said, unsaid)
