"""The calendar and its changes: counts, identities, hours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inputs import open_snapchat, small_scenario

from sim.explain import sentence
from sim.figures import InputError
from sim.parameters import uses
from sim.planning import Planning, left_open, settled
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule
from sim.sessions import WEEK_MIN


def _with(**change: Any) -> Schedule:
    return build_schedule(small_scenario(horizon_weeks=4, change={"it": change} if change else {}))


def _rows(schedule: Schedule) -> dict[str, tuple[Any, ...]]:
    return {
        s: (schedule.t_min[i], schedule.theme[i], schedule.format[i], tuple(schedule.target[i]))
        for i, s in enumerate(schedule.slot)
    }


BASE = _with()


def test_weekly_slots_are_written_out() -> None:
    per_week = Counter(BASE.week)
    assert per_week[0] == 5 + 3 + 1 + 5 + 2
    assert per_week[1] == 5 + 3 + 1 + 5  # the fortnightly slot rests
    assert (np.diff(BASE.t_min) >= 0).all()
    assert len(set(BASE.slot)) == len(set(BASE.key.tolist())) == len(BASE)


@given(st.integers(-6, 6), st.integers(1, 4))
def test_shifting_hours_keeps_every_identity(hours: int, week: int) -> None:
    moved = _rows(_with(kind="shift_hours", by_hours=hours, from_week=week))
    for slot, row in _rows(BASE).items():
        shift = 60.0 * hours if row[0] >= (week - 1) * WEEK_MIN else 0.0
        assert moved[slot] == (row[0] + shift, *row[1:])


def test_grid_moves_the_posts_of_a_day_in_turn() -> None:
    moved = _with(kind="shift_hours", to=["18:30", "20:15"], platforms=["facebook"])
    for i, slot in enumerate(moved.slot):
        minute = moved.t_min[i] % 1440
        if slot.startswith("town_facebook"):
            assert minute in (18 * 60 + 30, 20 * 60 + 15)
        else:
            assert moved.t_min[i] == _rows(BASE)[slot][0]


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 1.5, 3.0])
def test_frequency_multiplies_the_number_of_posts(factor: float) -> None:
    changed = _with(kind="change_frequency", factor=factor, platforms=["facebook"])
    n = sum(s.startswith("town_facebook") for s in BASE.slot)
    kept = [s for s in changed.slot if s.startswith("town_facebook")]
    assert len(kept) == int(n * factor + 1e-9)
    if factor >= 1:
        assert set(BASE.slot) <= set(changed.slot)


def test_leaving_stops_the_posts_and_only_those() -> None:
    left = _rows(_with(kind="leave_platform", platform="twitter", from_week=3))
    for slot, row in _rows(BASE).items():
        gone = slot.startswith("town_twitter") and row[0] >= 2 * WEEK_MIN
        assert (slot not in left) if gone else (left[slot] == row)


def test_mix_reaches_its_shares_and_keeps_hours() -> None:
    scenario = small_scenario(
        horizon_weeks=52, change={"it": {"kind": "change_mix", "formats": {"photo": 0.7, "link": 0.3}}}
    )
    mixed = build_schedule(scenario)
    n = len(mixed)
    share = sum(f == "photo" for f in mixed.format) / n
    assert abs(share - 0.7) < 4 * np.sqrt(0.21 / n)


def test_opening_adds_posts_from_its_week_and_mentions_on_other_accounts() -> None:
    change = {"open": open_snapchat(from_week=2, cross_promotion=0.5, cross_promotion_weeks=2)}
    opened = build_schedule(small_scenario(horizon_weeks=5, change=change))
    base = build_schedule(small_scenario(horizon_weeks=5))
    mine = [opened.t_min[i] for i, s in enumerate(opened.slot) if s.startswith("snapchat")]
    assert len(mine) == 3 * 4
    assert min(mine) >= WEEK_MIN
    assert {s: r for s, r in _rows(opened).items() if not s.startswith("snapchat")} == _rows(base)
    weeks = opened.week[opened.mention >= 0]
    assert len(weeks) > 3
    assert set(weeks) <= {1, 2}


def test_the_appeal_of_an_opened_account_multiplies_that_of_each_slot() -> None:
    plain, dull = (
        build_schedule(small_scenario(horizon_weeks=2, change={"open": open_snapchat(**appeal)}))
        for appeal in ({}, {"rel_appeal": {"value": 0.5, "low": 0.2, "high": 0.8}})
    )
    mine = np.array([slot.startswith("snapchat") for slot in plain.slot])
    assert mine.any()
    np.testing.assert_array_equal(dull.rel_appeal, np.where(mine, 0.5, 1.0) * plain.rel_appeal)


def test_target_keeps_other_bands_out() -> None:
    aimed = _with(kind="target_age", bands=["15-29"], from_week=2)
    rows = aimed.week >= 1
    assert aimed.target[rows, 1].all()
    assert not np.delete(aimed.target[rows], 1, axis=1).any()


def test_a_scenario_written_as_plain_data_reads_back_the_same() -> None:
    for at in ("00:10", "11:00", "23:59"):
        change = {"it": {"kind": "shift_hours", "to": [at]}, "open": open_snapchat()}
        scenario = small_scenario(change=change)
        assert Scenario.from_dict(scenario.model_dump(mode="json")) == scenario


@pytest.mark.parametrize("kind", ["shift_hours", "change_frequency", "change_mix", "target_age"])
def test_a_change_on_a_platform_without_account_is_refused(kind: str) -> None:
    body = {
        "shift_hours": {"by_hours": 1},
        "change_frequency": {"factor": 2},
        "change_mix": {"themes": {"culture": 1.0}},
        "target_age": {"bands": ["15-29"]},
    }[kind]
    with pytest.raises(InputError, match="no account on snapchat; it has: facebook, twitter"):
        _with(kind=kind, platforms=["snapchat"], **body)
    assert len(_with(kind=kind, platforms=["snapchat", "facebook"], **body)) > 0


# --- habits of planning ----------------------------------------------------------------------------------

LEFT_OPEN: dict[str, tuple[dict[str, Any], str, str, float]] = {
    "shift_hours": ({"to": ["18:00"]}, "spacing_min", "same_hour_min", 20),
    "change_frequency": ({"factor": 2}, "spacing_min", "copies_min", 120),
    "open_account": (open_snapchat(cross_promotion=0.5), "cross_promotion_weeks", "announced_weeks", 8),
}


@pytest.mark.parametrize("kind", LEFT_OPEN)
def test_what_a_change_leaves_open_is_a_habit_and_what_it_states_wins(kind: str) -> None:
    said, field, habit, value = LEFT_OPEN[kind]

    def plan(stated: dict[str, Any], habits: float) -> list[tuple[float, int]]:
        change = {"it": {**said, "kind": kind, **stated}}
        scenario = small_scenario(horizon_weeks=4, change=change, behaviour={"planning": {habit: habits}})
        schedule = build_schedule(scenario)
        return list(zip(schedule.t_min.tolist(), schedule.mention.tolist(), strict=True))

    assert plan({}, value) == plan({field: int(value)}, value) == plan({field: int(value)}, 1)
    assert plan({}, 1) == plan({field: 1}, value) != plan({}, value)


def test_a_habit_matters_where_a_change_leaves_it_open() -> None:
    """Which habits a sensitivity varies."""
    hours = {"kind": "shift_hours", "to": ["18:00"]}
    for stated, open_ in ({}, ["same_hour_min"]), ({"spacing_min": 5}, []):
        scenario = small_scenario(change={"it": {**hours, **stated}})
        schedule = build_schedule(scenario)
        names = type(scenario.behaviour.planning).model_fields
        assert [n for n in names if uses(scenario, schedule, f"behaviour.planning.{n}")] == open_


def test_the_habits_of_planning_that_ship_are_what_they_were() -> None:
    card = Path(__file__).parent.parent / "scenarios" / "behaviour" / "public_body.yaml"
    planning = Planning.model_validate(yaml.safe_load(card.read_text(encoding="utf-8"))["planning"])
    values = [getattr(planning, name).value for name in Planning.model_fields]
    assert values == [20, 120, 8, 4]


def test_a_review_without_a_rhythm_is_monthly() -> None:
    review = {"kind": "monthly_review", "moves": "hours", "step": 0.5, "least_posts": 3}
    scenario = small_scenario(horizon_weeks=6, change={"review": review})
    change = settled(scenario.change["review"], scenario.behaviour.planning)
    assert (change.every_weeks, change.spacing_min) == (4, 20)
    assert left_open(change) == {}
    assert settled(change, scenario.behaviour.planning) is change
    assert "every 4 weeks" in sentence(scenario, "en")
    with pytest.raises(InputError, match="every_weeks: 4 leaves no week after the first review"):
        small_scenario(horizon_weeks=4, change={"review": review})
