"""The team: what it carries on time, late or never; its hours; and what a bad team gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import TEAM, merged, small_scenario

from sim.explain import sentence
from sim.figures import LANGUAGES, InputError
from sim.schedule import Schedule, build_schedule
from sim.sessions import WEEK_MIN
from sim.staff import Team
from sim.team import available, teams

OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}


def _plan(weeks: int = 3, change: dict[str, Any] | None = None, **team: Any) -> Schedule:
    return build_schedule(
        small_scenario(horizon_weeks=weeks, city={"team": merged(TEAM, team)}, change=change or {})
    )


def _bare(weeks: int = 3) -> Schedule:
    return build_schedule(small_scenario(horizon_weeks=weeks))


# --- hours ------------------------------------------------------------------------------------------


def test_minutes_are_spread_over_the_hours_of_presence() -> None:
    team = Team.model_validate(merged(TEAM, {"presence": [OFFICE], "people": 2, "hours_per_week": 20}))
    week = available(team, 2, 20 * 60)
    assert week.sum() == pytest.approx(2 * 20 * 60)
    present = np.zeros(168, dtype=bool)
    for day in range(5):
        present[24 * day + 9 : 24 * day + 17] = True
    assert week[present] == pytest.approx(2 * 20 * 60 / 40)
    assert (week[~present] == 0).all()


def test_nobody_works_more_than_an_hour_an_hour() -> None:
    team = Team.model_validate(merged(TEAM, {"presence": [OFFICE], "people": 2}))
    assert available(team, 2, 60 * 60).sum() == 2 * 40 * 60


def test_half_an_hour_of_presence_is_half_an_hour() -> None:
    window = {"days": ["tue"], "from": "08:30", "to": "10:00"}
    team = Team.model_validate(merged(TEAM, {"presence": [window], "people": 1, "hours_per_week": 9}))
    week = available(team, 1, 9 * 60)
    assert week[24 + 8] == 30
    assert week[24 + 9] == 60
    assert week.sum() == 90


def test_a_window_to_midnight_lasts_to_the_end_of_the_day() -> None:
    late = {"days": ["sat"], "from": "22:00", "to": "00:00"}
    early = {"days": ["sun"], "from": "00:00", "to": "02:00"}
    team = Team.model_validate(merged(TEAM, {"presence": [late, early], "hours_per_week": 4}))
    assert np.flatnonzero(available(team, 1, 240)).tolist() == [142, 143, 144, 145]


# --- what is carried -----------------------------------------------------------------------------------


def test_a_team_with_time_publishes_as_if_time_did_not_matter() -> None:
    plan, bare = _plan(people=20), _bare()
    assert plan.slot == bare.slot
    np.testing.assert_array_equal(plan.t_min, bare.t_min)
    assert plan.work is not None
    assert bare.work is None
    assert plan.work.late_min.sum() == 0
    assert plan.work.dropped == ()
    assert plan.work.posts_min.sum() == 30 * len(plan)


def test_minutes_are_conserved() -> None:
    plan = _plan()
    work = plan.work
    assert work is not None
    team = Team.model_validate(TEAM)
    week = available(team, team.people.value, team.hours_per_week.value * 60).sum()
    before = week  # the first week's posts may be prepared in the week before
    spent = work.posts_min.sum()
    assert 0 < spent <= week * 3 + before
    assert week * 3 - spent <= work.spare_min.sum() + 1e-6 <= week * 3 + 1e-6


def test_by_hand_a_late_post_and_a_dropped_one() -> None:
    """Presence on Monday from 9 to 12, 30 minutes a post begun the same day: what is due at 9:15 is late."""
    window = {"days": ["mon"], "from": "09:00", "to": "12:00"}
    how: dict[str, Any] = {
        "people": 1,
        "hours_per_week": 3,
        "presence": [window],
        "lead_days": 0.25,
        "patience_h": 4,
    }
    plan = _plan(weeks=2, **how)
    assert plan.work is not None
    at = dict(zip(plan.slot, zip(plan.t_min, plan.work.late_min, strict=True), strict=True))
    # Twitter is due at 9:15, ready at 9:30; the link of 11:00 is ready before; the photo of 18:30 (6 h
    # after half past twelve) finds nobody and is dropped, like every post of the other days.
    assert at["town_twitter/0.mon/w1"] == (9 * 60 + 30, 15)
    assert at["town_facebook/0.mon/w1"] == (11 * 60, 0)
    assert "town_facebook/1.mon/w1" not in at
    assert len(at) == 2 * 2
    assert len(plan.work.dropped) + len(at) == len(_bare(2))
    assert plan.work.posts_min.tolist() == [60, 60]
    assert plan.work.spare_min.sum() == 2 * (180 - 60)


def test_validation_delays_every_post_prepared_at_the_last_minute() -> None:
    how: dict[str, Any] = {
        "people": 30,
        "lead_days": 0.0,
        "presence": [{"from": "00:00", "to": "00:00"}],
        "patience_h": 48,
    }
    fast, slow = _plan(**how), _plan(**how, validation_h=6)
    assert slow.work is not None
    assert fast.work is not None
    kept = [i for i, slot in enumerate(fast.slot) if slot in slow.slot]
    late = dict(zip(slow.slot, slow.work.late_min, strict=True))
    assert len(kept) >= len(fast) - 2  # a post of the last hours may miss the horizon
    for i in kept:
        assert late[fast.slot[i]] == fast.work.late_min[i] + 360


def test_contributors_add_to_posts_only() -> None:
    alone = _plan(hours_per_week=2)
    helped = _plan(hours_per_week=2, contributors=6, contributor_min_per_week=120)
    assert alone.work is not None
    assert helped.work is not None
    assert len(helped) > len(alone)
    assert helped.work.spare_min.sum() >= alone.work.spare_min.sum()
    assert helped.work.spare_min.max() <= available(Team.model_validate(TEAM), 1, 120).max()


def test_a_team_that_does_not_answer_has_no_minutes_for_answers() -> None:
    plan = _plan(answers=False)
    assert plan.work is not None
    assert plan.work.spare_min.sum() == 0
    assert plan.work.posts_min.sum() > 0


@settings(max_examples=25, deadline=None)
@given(hours=st.floats(0.5, 40), more=st.floats(0, 40))
def test_more_hours_never_carry_fewer_posts(hours: float, more: float) -> None:
    few, many = _plan(hours_per_week=hours), _plan(hours_per_week=hours + more)
    assert len(few) <= len(many) <= len(_bare())
    assert few.work is not None
    assert len(few) + len(few.work.dropped) == len(_bare())
    assert (np.diff(few.t_min) >= 0).all()
    assert few.t_min.max(initial=0) < 3 * WEEK_MIN


def test_a_post_of_no_appeal_costs_nothing() -> None:
    scenario = small_scenario(city={"team": TEAM})
    tree = scenario.model_dump(mode="json")
    dull = {"days": ["mon"], "at": "08:00", "theme": "services", "format": "link", "rel_appeal": 0.0}
    tree["city"]["accounts"]["town_facebook"]["slots"].append(dull)
    plan, with_it = build_schedule(scenario), build_schedule(type(scenario).from_dict(tree))
    assert plan.work is not None
    assert with_it.work is not None
    assert len(with_it) == len(plan) + 2
    np.testing.assert_array_equal(plan.work.posts_min, with_it.work.posts_min)


# --- another team ----------------------------------------------------------------------------------------


def test_the_team_changes_from_its_week_on() -> None:
    change = {"less": {"kind": "change_team", "from_week": 2, "hours_per_week": 0.1, "answers": False}}
    plan, before = _plan(change=change), _plan()
    assert plan.work is not None
    first = [s for s in before.slot if s.endswith("/w1")]
    assert [s for s in plan.slot if s.endswith("/w1")] == first
    assert len(plan) < len(before)
    assert plan.work.spare_min[168:].sum() == 0 < plan.work.spare_min[:168].sum()
    scenario = small_scenario(horizon_weeks=3, city={"team": TEAM}, change=change)
    weeks = teams(scenario)
    assert weeks is not None
    assert [t.hours_per_week.value for t in weeks] == [20, 0.1, 0.1]
    assert [t.people.value for t in weeks] == [1, 1, 1]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_change_of_team_says_itself(lang: str) -> None:
    stated = {
        "people": 2, "hours_per_week": 35, "presence": [OFFICE],
        "prepare_min": {"default": 20}, "answer_min": 4, "validation_h": 24, "answers": True, "frank": 0.5,
        "contributors": 6, "contributor_min_per_week": 30, "eur_per_hour": 30, "budget_eur_per_year": 75000,
        "answer_validation_h": 2, "lead_days": 1, "patience_h": 3, "agency_eur_per_year": 12000,
    }  # fmt: skip
    change = {"team": {"kind": "change_team", "from_week": 2, **stated}}
    text = sentence(small_scenario(city={"team": TEAM}, change=change), lang)
    told = {"fr": ("2 personnes", "6 collègues", "du lundi au vendredi"),
            "en": ("2 people", "6 colleagues", "from Monday to Friday")}[lang]  # fmt: skip
    assert all(part in text.replace("\u202f", " ").replace("\u00a0", " ") for part in told), text


# --- bad input --------------------------------------------------------------------------------------------

BAD: dict[str, dict[str, Any]] = {
    "a team of 0 people cannot publish": {"people": 0},
    "passes midnight; write two windows": {"presence": [{"from": "18:00", "to": "02:00"}]},
    "two windows overlap on mon": {"presence": [OFFICE, {"days": ["mon"], "from": "16:00", "to": "18:00"}]},
    "'default' is missing": {"prepare_min": {"photo": 20}},
    "unknown key 'peple'; did you mean 'people'": {"peple": 2},
    "unknown key 'form'; did you mean 'from'": {"presence": [{"form": "09:00", "to": "10:00"}]},
    "must be above 0": {"answer_min": 0},
}


@pytest.mark.parametrize("told", BAD)
def test_a_bad_team_gets_one_sentence(told: str) -> None:
    team = merged(TEAM, BAD[told])
    if told.startswith("'default'"):
        team["prepare_min"] = BAD[told]["prepare_min"]
    with pytest.raises(InputError) as error:
        small_scenario(city={"team": team})
    assert told in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_change_of_team_wants_a_team_and_something_to_change() -> None:
    change = {"team": {"kind": "change_team", "people": 2}}
    with pytest.raises(InputError, match=r"change\.team: the city states no team"):
        small_scenario(change=change)
    assert small_scenario(city={"team": TEAM}, change=change)
    with pytest.raises(InputError, match="say what changes in the team; allowed: people, "):
        small_scenario(city={"team": TEAM}, change={"team": {"kind": "change_team"}})
    with pytest.raises(InputError, match=r"change\.team\.people: a team of 0 people"):
        small_scenario(city={"team": TEAM}, change={"team": {"kind": "change_team", "people": 0}})


def test_a_scenario_with_a_team_reads_back_the_same() -> None:
    scenario = small_scenario(city={"team": TEAM})
    assert type(scenario).from_dict(scenario.model_dump(mode="json")) == scenario
