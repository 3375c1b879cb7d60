"""A second account on a platform: its own audience and posts, words, and what other changes do with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from inputs import CONVERSATION, TEAM, merged, open_snapchat, small_scenario, small_tree

from sim.accounts import is_own, largest_on, own_on, platform_of, renown
from sim.city import build_city
from sim.explain import sentence
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.schedule import build_schedule
from sim.specification import AgentCity
from sim.tally import MEASURES, Tally
from sim.unmatched import unmatched

SEED = 3
SLOTS = [{"days": ["tue", "thu", "sat"], "at": "12:00", "theme": "culture", "format": "photo"}]
POST = {"platform": "facebook", "day": "mon", "at": 9, "theme": "culture", "format": "photo"}
BUY = {"kind": "buy_followers", "platform": "facebook", "weeks": 1, "budget_eur": 5}
LEAVE = {"kind": "leave_platform", "platform": "facebook"}
BACK = {"kind": "reopen_account", "platform": "facebook", "from_week": 2}
HEARD = {"audience": {"discovery_per_month": 0.4, "follow_if_mentioned": 0.5}}


def _museum(**other: Any) -> dict[str, Any]:
    """Open a second Facebook account."""
    return {"kind": "open_account", "platform": "facebook", "account": "museum", "slots": SLOTS, **other}


def _scenario(residents: int = 300, **changes: dict[str, Any]) -> Scenario:
    return small_scenario(residents, change=changes, platform={"facebook": HEARD})


def _index(scenario: Scenario, name: str) -> int:
    return [plan.name for plan in build_schedule(scenario).accounts].index(name)


def _run(scenario: Scenario, seed: int = SEED) -> Tally:
    city = build_city(scenario, seed)
    return Kernel(build_laws(scenario, city, seed), city, seed, 0).run()


# --- the account -------------------------------------------------------------------------------------------


def test_accounts_by_name() -> None:
    scenario = _scenario(open_snapchat=open_snapchat(), museum=_museum(renown=0.5))
    assert platform_of(scenario) == {
        "town_facebook": "facebook", "town_twitter": "twitter", "snapchat": "snapchat", "museum": "facebook",
    }  # fmt: skip
    assert own_on("facebook", scenario) == ["town_facebook", "museum"]
    assert largest_on("facebook", scenario) == "town_facebook"
    assert is_own("museum", scenario)
    assert [renown(name, scenario) for name in ("town_facebook", "snapchat", "museum")] == [1, 1, 0.5]


def test_it_climbs_from_zero_with_an_audience_of_its_own() -> None:
    scenario = _scenario(museum=_museum(from_week=2, cross_promotion=0.5))
    tally = _run(scenario)
    town, museum = (
        tally.followers[_index(scenario, name)].sum(axis=0) for name in ("town_facebook", "museum")
    )
    assert museum[0] == museum[1] == 0
    assert 0 < museum[2] < town[2]
    reach = tally.weekly[_index(scenario, "museum"), :, :, MEASURES.index("reach")].sum(axis=0)
    assert reach[0] == 0
    assert reach[1] > 0


def test_the_other_accounts_announce_it_those_of_the_platform_included() -> None:
    schedule = build_schedule(_scenario(museum=_museum(cross_promotion=1.0)))
    names = np.array([plan.name for plan in schedule.accounts])[schedule.account]
    told = np.where(schedule.mention >= 0, [plan.name for plan in schedule.accounts][-1], "")
    assert set(told[names != "museum"]) == {"museum"}
    assert set(told[names == "museum"]) == {""}


def test_mentions_bring_followers_and_renown_does() -> None:
    def joined(**other: Any) -> int:
        scenario = _scenario(museum=_museum(**other))
        return int(_run(scenario).followers[_index(scenario, "museum"), :, -1].sum())

    found, unknown = joined(), joined(renown=0.0)
    assert found > joined(renown=0.2) > unknown == 0
    assert joined(renown=0.0, cross_promotion=1.0) > unknown


def test_the_name_is_the_identity() -> None:
    """Another name is another account with another luck; a platform's own name is the default."""
    named = open_snapchat(account="snapchat")
    assert _run(_scenario(a=named)).same_as(_run(_scenario(a=open_snapchat()))) == []
    other = build_schedule(_scenario(a=open_snapchat(account="museum")))
    assert "museum/0.wed/w1" in other.slot


@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_kernel_equals_agents_with_a_second_account(seed: int) -> None:
    """Everything that may be aimed at one account is."""
    mine = {"accounts": ["museum"]}
    changes = {
        "museum": _museum(cross_promotion=0.3, renown=0.7),
        "fans": {**BUY, "account": "museum", "budget_eur": 15},
        "line": {"kind": "editorial_line", "fit": 1.5, **mine},
        "hours": {"kind": "shift_hours", "to": ["18:30"], **mine},
        "boost": {"kind": "boost_posts", "budget_eur_per_week": 0.2, **mine},
        "leave": {**LEAVE, "from_week": 2, **mine},
        "back": {**BACK, "from_week": 3, "account": "museum", "cross_promotion": 0.3},
    }  # fmt: skip
    tree = merged(small_tree(200), {"horizon_weeks": 3, "change": changes, "platform": {"facebook": HEARD}})
    tree = merged(tree, {"behaviour": {"conversation": CONVERSATION}, "city": {"team": TEAM}})
    scenario = Scenario.from_dict(tree)
    city = build_city(scenario, seed)
    fast = Kernel(build_laws(scenario, city, seed), city, seed, 0).run()
    assert fast.same_as(AgentCity(scenario, city, seed, 0).run()) == []
    museum = _index(scenario, "museum")
    assert (fast.followers[museum].sum(axis=0)[1:] > 0).all()
    assert fast.weekly[museum, :, :, MEASURES.index("reach")].sum(axis=0)[[0, 2]].min() > 0


# --- other changes -----------------------------------------------------------------------------------------


def _slots_of(scenario: Scenario, account: str) -> dict[str, tuple[int, int, float]]:
    """(week, minute of the day, fit) of the posts of an account."""
    schedule = build_schedule(scenario)
    here = _index(scenario, account)
    rows = np.flatnonzero(schedule.account == here)
    return {
        schedule.slot[row]: (
            int(schedule.week[row]),
            int(schedule.t_min[row]) % 1440,
            float(schedule.fit[row]),
        )
        for row in rows
    }


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "shift_hours", "to": ["21:00"]},
        {"kind": "editorial_line", "fit": 2},
        {"kind": "train_team", "gain": 2, "halflife_weeks": 1},
        {"kind": "change_frequency", "factor": 2},
        {"kind": "copy_content", "from_platform": "twitter", "fit": 0.5},
        LEAVE,
    ],
)
def test_a_change_may_be_for_one_account_or_for_its_platform(change: dict[str, Any]) -> None:
    plain = _scenario(museum=_museum())
    only = _scenario(museum=_museum(), it={**change, "accounts": ["museum"]})
    where = {} if change["kind"] == "leave_platform" else {"platforms": ["facebook"]}
    both = _scenario(museum=_museum(), it={**change, **where})
    assert _slots_of(only, "town_facebook") == _slots_of(plain, "town_facebook")
    assert _slots_of(only, "museum") != _slots_of(plain, "museum")
    assert _slots_of(both, "museum") == _slots_of(only, "museum")
    assert _slots_of(both, "town_facebook") != _slots_of(plain, "town_facebook")


def test_single_posts_go_to_the_account_that_is_named() -> None:
    count = {**POST, "kind": "countdown", "account": "museum", "week": 2, "posts": 3, "rising_to": 1.4}
    posts = {"kind": "publish", "posts": [POST, {**POST, "account": "museum"}]}
    told = _scenario(museum=_museum(), posts=posts, count=count)
    assert len(_slots_of(told, "museum")) == 2 * 3 + 1 + 3
    assert len(_slots_of(told, "town_facebook")) == 2 * 9 + 1


def test_bought_followers_are_for_the_account_that_is_named() -> None:
    for account, told in ({}, "town_facebook"), ({"account": "museum"}, "museum"):
        scenario = _scenario(museum=_museum(), buy={**BUY, **account})
        (campaign,) = build_schedule(scenario).campaigns
        assert build_schedule(scenario).accounts[campaign.account].name == told


def test_one_account_may_pause_while_the_other_goes_on() -> None:
    leave = {**LEAVE, "accounts": ["town_facebook"]}
    for named in ({}, {"account": "town_facebook"}):
        scenario = _scenario(museum=_museum(), leave=leave, back={**BACK, **named})
        plans = {plan.name: plan for plan in build_schedule(scenario).accounts}
        assert plans["town_facebook"].pauses == ((0.0, 10080.0),)
        assert plans["museum"].pauses == ()
        assert {week for week, _, _ in _slots_of(scenario, "town_facebook").values()} == {1}
        assert {week for week, _, _ in _slots_of(scenario, "museum").values()} == {0, 1}


def test_a_target_that_its_future_followers_do_not_match_is_told() -> None:
    target = {"kind": "target_place", "circles": ["abroad"], "accounts": ["museum"]}
    (told,) = unmatched(_scenario(museum=_museum(), it=target))
    assert told["en"].startswith(
        "museum: 6 posts are for people abroad, among whom the account has 0 followers"
    )


# --- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "french", "english"),
    [
        (
            _museum(from_week=2, renown=0.3),
            "plus un autre compte Facebook (« shoe museum ») ouvert en semaine 2 (3 publications par "
            "semaine, à 12 h, trouvé 0,3 fois aussi vite).",
            "plus another Facebook account (“shoe museum”) opened in week 2 (3 posts a week, at 12:00, "
            "found 0.3 times as fast).",
        ),
        (
            open_snapchat(account="shoe_museum", cross_promotion=0),
            "plus un compte Snapchat (« shoe museum ») ouvert en semaine 1 (3 publications par semaine, "
            "à 18 h).",
            "plus a Snapchat account (“shoe museum”) opened in week 1 (3 posts a week, at 18:00).",
        ),
    ],
)  # fmt: skip
def test_an_account_that_is_named_in_words(change: dict[str, Any], french: str, english: str) -> None:
    scenario = _scenario(it={**change, "account": "shoe_museum"})
    assert sentence(scenario, "fr").replace("\u202f", " ").endswith(french)
    assert sentence(scenario, "en").endswith(english)


@pytest.mark.parametrize(
    ("change", "french", "english"),
    [
        (
            {"kind": "shift_hours", "by_hours": 2},
            "publications de museum retardées",
            "posts of museum 2 hours later",
        ),
        ({"kind": "change_frequency", "factor": 2}, "publications de museum multiplié", "posts of museum"),
        ({"kind": "editorial_line", "fit": 2}, "ligne éditoriale propre sur museum", "of its own on museum"),
        (
            LEAVE,
            "l’arrêt des publications sur Facebook (museum).",
            "no more posts on Facebook (museum).",
        ),
    ],
)
def test_a_change_of_one_account_says_which(change: dict[str, Any], french: str, english: str) -> None:
    scenario = _scenario(museum=_museum(), it={**change, "accounts": ["museum"]})
    assert french in sentence(scenario, "fr", _scenario(museum=_museum()))
    assert english in sentence(scenario, "en", _scenario(museum=_museum()))


# --- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"it": _museum(account=None)},
            r"change.it.platform: the city already has an account on facebook \(town_facebook\); "
            r"name the one that opens \(account: NAME\)",
        ),
        (
            {"it": _museum(account="town_twitter")},
            "change.it.account: 'town_twitter' is the name of another account; give a name other than",
        ),
        (
            {"it": _museum(), "two": _museum()},
            "change.two.account: change.it opens an account called 'museum' too; give one of them another",
        ),
        ({"it": _museum(account="Musée d'art")}, "change.it.account: \"Musée d'art\" is not allowed"),
        (
            {"it": _museum(), "hours": {"kind": "shift_hours", "by_hours": 1, "accounts": ["musem"]}},
            "change.hours.accounts: unknown account 'musem'; did you mean 'museum'",
        ),
        (
            {"it": _museum(), "more": {"kind": "change_frequency", "factor": 2, "accounts": ["museum"],
                                       "platforms": ["twitter"]}},
            "change.more.accounts: none is on twitter: museum is on facebook",
        ),
        (
            {"it": _museum(), "go": {**LEAVE, "accounts": ["town_twitter"]}},
            "change.go.account: the city has no account 'town_twitter' on facebook",
        ),
        (
            {"it": _museum(from_week=2), "buy": {**BUY, "account": "museum"}},
            "change.buy.from_week: 1 is before the account on facebook opens; allowed: 2 to 2",
        ),
        (
            {"it": _museum(from_week=2),
             "posts": {"kind": "publish", "posts": [{**POST, "account": "museum"}]}},
            r"change.posts.posts\[0\].week: week 1 is before the account on facebook opens; allowed: 2 to 2",
        ),
        (
            {"it": _museum(), "go": LEAVE, "back": {**BACK, "slots": SLOTS}},
            "change.back.account: is missing; the city has several accounts on facebook: say whose slots",
        ),
        (
            {"it": _museum(), "go": {**LEAVE, "accounts": ["museum"]},
             "back": {**BACK, "account": "town_facebook"}},
            "change.back.from_week: a reopening before a closing: 2, but the city never leaves it",
        ),
    ],
)  # fmt: skip
def test_a_mistake_about_an_account_is_one_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _scenario(**changes)


def test_an_account_of_the_same_platform_that_opens_later_stops_nothing() -> None:
    changes = {"museum": _museum(from_week=2), "buy": BUY, "posts": {"kind": "publish", "posts": [POST]}}
    assert list(_scenario(**changes).change) == ["museum", "buy", "posts"]
