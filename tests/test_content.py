"""Changes of content: what they do to the plan, exactly, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.audience import discovery_times
from sim.city import build_city
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import HIDE, build_laws
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule
from sim.sessions import WEEK_MIN
from sim.specification import AgentCity
from tests.inputs import open_snapchat, small_scenario

WEEKS = 6
POST = {"platform": "facebook", "week": 2, "day": "sun", "at": "07:30", "theme": "culture", "format": "photo"}
LEAVE = {"kind": "leave_platform", "platform": "twitter", "from_week": 2}
REOPEN = {"kind": "reopen_account", "platform": "twitter", "from_week": 4}
COUNTDOWN = {
    "kind": "countdown", "platform": "facebook", "week": 3, "day": "tue", "at": "11:00", "posts": 5,
    "theme": "culture", "format": "photo", "rising_to": 1.4,
}  # fmt: skip


def scenario(**changes: Any) -> Scenario:
    return small_scenario(400, horizon_weeks=WEEKS, change=changes)


def plan(**changes: Any) -> Schedule:
    return build_schedule(scenario(**changes))


def rows(schedule: Schedule) -> dict[str, tuple[Any, ...]]:
    columns = (schedule.t_min, schedule.theme, schedule.format, schedule.rel_appeal, schedule.fit)
    return dict(zip(schedule.slot, zip(*columns, strict=True), strict=True))


BASE = plan()


def test_the_fit_of_the_habits_is_one() -> None:
    assert (BASE.fit == 1).all()


# --- publish -----------------------------------------------------------------------------------------


def test_single_posts_are_added_at_their_minute_and_nothing_else_moves() -> None:
    with_posts = rows(plan(it={"kind": "publish", "posts": [POST, {**POST, "at": "20:00", "fit": 1.5}]}))
    added = {slot: row for slot, row in with_posts.items() if slot not in rows(BASE)}
    assert {slot: row for slot, row in with_posts.items() if slot in rows(BASE)} == rows(BASE)
    start = WEEK_MIN + 6 * 1440
    assert added == {
        "town_facebook/post.0/w2": (start + 450, "culture", "photo", 1.0, 1.0),
        "town_facebook/post.1/w2": (start + 1200, "culture", "photo", 1.0, 1.5),
    }


def test_another_hour_is_the_same_post_and_a_later_change_shifts_its_week() -> None:
    moved = plan(it={"kind": "publish", "posts": [{**POST, "day": "mon", "at": "18:00"}]})
    assert "town_facebook/post.0/w2" in moved.slot
    later = plan(it={"kind": "publish", "from_week": 3, "posts": [POST]})
    assert "town_facebook/post.0/w4" in later.slot


def test_two_changes_do_not_take_each_others_names() -> None:
    both = plan(a={"kind": "publish", "posts": [POST]}, b={"kind": "publish", "posts": [POST]})
    assert len(set(both.slot)) == len(both) == len(BASE) + 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"platform": "snapchat", "format": "story"},
            r"posts\[0\]\.platform: the city has no account on snap",
        ),
        ({"platform": "facebok"}, "unknown platform 'facebok'; did you mean 'facebook'"),
        (
            {"account": "facebook"},
            r"account: the city has no account 'facebook' on facebook; .*town_facebook",
        ),
        ({"week": WEEKS + 1}, "week 7 is after the last week; allowed: up to 6"),
        ({"theme": "cultur"}, "unknown theme 'cultur'; did you mean 'culture'"),
        ({"format": "story"}, "unknown format 'story' on facebook"),
    ],
)
def test_a_post_that_cannot_be_published_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        scenario(it={"kind": "publish", "posts": [{**POST, **wrong}]})


def test_a_post_on_an_account_that_is_not_open_is_refused() -> None:
    story = {**POST, "platform": "snapchat", "format": "story"}
    with pytest.raises(InputError, match="week 2 is before the account on snapchat opens; allowed: 3 to 6"):
        scenario(open=open_snapchat(3), it={"kind": "publish", "posts": [story]})
    tweet = {**POST, "platform": "twitter", "week": 3}
    with pytest.raises(InputError, match="the city is away from twitter in week 3"):
        scenario(leave=LEAVE, it={"kind": "publish", "posts": [tweet]})
    back = scenario(leave=LEAVE, back=REOPEN, it={"kind": "publish", "posts": [{**tweet, "week": 4}]})
    assert "town_twitter/post.0/w4" in build_schedule(back).slot


# --- editorial line, copies, training ----------------------------------------------------------------


def test_an_editorial_line_touches_its_themes_platforms_and_weeks() -> None:
    line = {"kind": "editorial_line", "platforms": ["facebook"], "themes": ["culture"], "from_week": 3}
    changed = rows(plan(it={**line, "fit": 1.5, "offer": 0.5}))
    touched = 0
    for slot, (t, theme, fmt, appeal, fit) in rows(BASE).items():
        mine = slot.startswith("town_facebook") and theme == "culture" and t >= 2 * WEEK_MIN
        touched += mine
        assert changed[slot] == (t, theme, fmt, appeal * (0.5 if mine else 1.0), 1.5 if mine else fit)
    assert touched == 3 * (WEEKS - 2)


def test_fit_multiplies_reactions_but_not_hiding_nor_reach() -> None:
    plain, better = scenario(), scenario(it={"kind": "editorial_line", "fit": 1.5})
    city = build_city(plain, 3, cache_dir=None)
    before, after = (build_laws(each, city, 3) for each in (plain, better))
    np.testing.assert_allclose(after.react_base[:, :, :HIDE], 1.5 * before.react_base[:, :, :HIDE], rtol=1e-6)
    assert after.react_base[:, :, HIDE].tobytes() == before.react_base[:, :, HIDE].tobytes()
    assert after.offer_factor.tobytes() == before.offer_factor.tobytes()


def test_a_line_without_effect_is_refused() -> None:
    with pytest.raises(InputError, match=r"change\.it: changes nothing; say fit or offer"):
        scenario(it={"kind": "editorial_line"})
    with pytest.raises(InputError, match="unknown theme 'sprot'"):
        scenario(it={"kind": "editorial_line", "themes": ["sprot"], "fit": 2})


def test_copied_content_keeps_hours_and_takes_the_source_in_turn() -> None:
    changed = rows(plan(it={"kind": "copy_content", "from_platform": "facebook", "fit": 0.5, "from_week": 2}))
    before = rows(BASE)
    assert list(changed) == list(before)
    for slot, row in before.items():
        if slot.startswith("town_facebook") or row[0] < WEEK_MIN:
            assert changed[slot] == row
        else:
            assert changed[slot][0] == row[0]
            assert changed[slot][4] == 0.5
    for week in range(1, WEEKS):
        here = {s: r for s, r in changed.items() if r[0] // WEEK_MIN == week}
        source = [row for slot, row in here.items() if slot.startswith("town_facebook")]
        copies = {slot: row for slot, row in here.items() if slot.startswith("town_twitter")}
        assert len(copies) >= 5
        for n, (slot, row) in enumerate(copies.items()):
            _, theme, fmt, *_ = source[n % len(source)]
            assert row[1] == theme
            assert row[2] == (fmt if fmt in ("text", "photo", "link") else before[slot][2])


def test_copies_of_nothing_and_onto_itself_are_refused() -> None:
    copy = {"kind": "copy_content", "fit": 0.5}
    with pytest.raises(InputError, match="from_platform: the city has no account on snapchat"):
        scenario(it={**copy, "from_platform": "snapchat"})
    with pytest.raises(InputError, match="platforms names facebook, where the content comes from"):
        scenario(it={**copy, "from_platform": "facebook", "platforms": ["facebook"]})


def test_training_is_half_done_after_the_half_life() -> None:
    trained = plan(it={"kind": "train_team", "gain": 1.4, "halflife_weeks": 2, "from_week": 2})
    weeks = np.maximum(trained.t_min - WEEK_MIN, 0) / WEEK_MIN
    np.testing.assert_allclose(trained.fit, 1 + 0.4 * (1 - 0.5 ** (weeks / 2)), rtol=1e-6)
    assert (trained.fit[trained.t_min < WEEK_MIN] == 1).all()
    assert trained.slot == BASE.slot


# --- pause and return --------------------------------------------------------------------------------


def test_the_habits_come_back_with_the_account_whatever_the_order() -> None:
    for changes in ({"leave": LEAVE, "back": REOPEN}, {"back": REOPEN, "leave": LEAVE}):
        changed = rows(plan(**changes))
        for slot, row in rows(BASE).items():
            away = slot.startswith("town_twitter") and WEEK_MIN <= row[0] < 3 * WEEK_MIN
            assert (slot not in changed) if away else (changed[slot] == row)


def test_new_habits_after_the_pause() -> None:
    slot = {"days": ["mon"], "at": "12:00", "theme": "culture", "format": "photo"}
    changed = rows(plan(leave=LEAVE, back={**REOPEN, "slots": [slot], "fit": 1.5, "rel_appeal": 0.5}))
    after = {s: r for s, r in changed.items() if s.startswith("town_twitter") and r[0] >= WEEK_MIN}
    assert after == {
        f"town_twitter/0.mon/w{w}": ((w - 1) * WEEK_MIN + 720.0, "culture", "photo", 0.5, 1.5)
        for w in (4, 5, 6)
    }


def test_nobody_finds_the_account_while_the_city_is_away() -> None:
    """The clock of discovery stands still in the pause: the same people come, later by its length."""
    often = {"twitter": {"audience": {"discovery_per_month": 0.3}}}
    found = []
    for changes in ({}, {"leave": LEAVE, "back": REOPEN}):
        each = small_scenario(400, horizon_weeks=WEEKS, platform=often, change=changes)
        city = build_city(each, 3, cache_dir=None)
        laws = build_laws(each, city, 3)
        account = [plan.name for plan in laws.schedule.accounts].index("town_twitter")
        t, who = discovery_times(laws, city, 3, 0, account)
        found.append(dict(zip(who.tolist(), t.tolist(), strict=True)))
    always, paused = found
    assert len(paused) > 10
    assert not any(WEEK_MIN <= t < 3 * WEEK_MIN for t in paused.values())
    assert any(WEEK_MIN <= t < 3 * WEEK_MIN for t in always.values())
    later = {who: t + 2 * WEEK_MIN * (t >= WEEK_MIN) for who, t in always.items()}
    assert paused == {who: t for who, t in later.items() if t < WEEKS * WEEK_MIN}


def test_followers_of_before_are_still_there() -> None:
    each = small_scenario(400, horizon_weeks=4, change={"leave": LEAVE, "back": {**REOPEN, "from_week": 3}})
    city = build_city(each, 3, cache_dir=None)
    laws = build_laws(each, city, 3)
    reached = Kernel(laws, city, 3, 0).run().posts[:, 0]
    late = (laws.schedule.t_min >= 2 * WEEK_MIN) & (laws.platform == sorted(each.platform).index("twitter"))
    assert late.any()
    assert reached[late].sum() > 0


def test_a_return_is_announced_by_the_other_accounts() -> None:
    told = plan(leave=LEAVE, back={**REOPEN, "cross_promotion": 1.0, "cross_promotion_weeks": 1})
    mentions = told.mention >= 0
    assert set(told.week[mentions]) == {3}
    assert {told.accounts[i].name for i in told.account[mentions]} == {"town_facebook"}
    assert {told.accounts[i].name for i in told.mention[mentions]} == {"town_twitter"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"back": REOPEN},
            "a reopening before a closing: 4, but the city never leaves it; add a leave_platform",
        ),
        (
            {"leave": {**LEAVE, "from_week": 5}, "back": REOPEN},
            "a reopening before a closing: 4, but the city leaves twitter in week 5; allowed: 6 to 6",
        ),
        ({"leave": LEAVE, "a": REOPEN, "b": {**REOPEN, "from_week": 5}}, "a reopening before a closing: 5"),
        ({"back": {**REOPEN, "platform": "snapchat"}}, "the city has no account on snapchat"),
    ],
)
def test_a_return_without_a_departure_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        scenario(**changes)


# --- countdown ---------------------------------------------------------------------------------------


def test_a_countdown_ends_on_its_date_and_rises_in_equal_steps() -> None:
    changed = rows(plan(it=COUNTDOWN))
    added = sorted(row for slot, row in changed.items() if slot not in rows(BASE))
    last = 2 * WEEK_MIN + 1440 + 660
    assert [row[0] for row in added] == [last - 1440 * k for k in (4, 3, 2, 1, 0)]
    np.testing.assert_allclose([row[3] for row in added], [1.0, 1.1, 1.2, 1.3, 1.4], rtol=1e-6)
    assert {slot: row for slot, row in changed.items() if slot in rows(BASE)} == rows(BASE)


def test_a_countdown_that_would_begin_too_early_is_refused() -> None:
    with pytest.raises(InputError, match=r"change\.it\.posts: 5 posts, .* begin before week 1; .* at most 2"):
        scenario(it={**COUNTDOWN, "week": 1})
    with pytest.raises(InputError, match="after the last week"):
        scenario(it={**COUNTDOWN, "week": WEEKS + 1})
    assert len(plan(it={**COUNTDOWN, "week": 1, "posts": 2})) == len(BASE) + 2


# --- together ----------------------------------------------------------------------------------------


EVERY = {
    "posts": {"kind": "publish", "posts": [{**POST, "fit": 2}]},
    "line": {"kind": "editorial_line", "fit": 1.5},
    "copy": {"kind": "copy_content", "from_platform": "facebook", "fit": 0.5},
    "train": {"kind": "train_team", "gain": 1.4, "halflife_weeks": 2},
    "leave": LEAVE,
    "back": {**REOPEN, "from_week": 3, "cross_promotion": 0.5},
    "count": COUNTDOWN,
}


def test_what_is_written_reads_back_the_same() -> None:
    asked = scenario(**EVERY)
    assert Scenario.from_dict(asked.model_dump(mode="json")) == asked


def test_kernel_equals_agents_with_every_lever_in_an_occasion() -> None:
    snow = {"label": "Snow", "week": 1, "day": "wed", "at": "08:00", "hours": 40, "themes": ["services"],
            "attention": 4, "interest": 2, "sharing": 3, "other_themes": 0.5}  # fmt: skip
    each = small_scenario(200, horizon_weeks=3, change=EVERY, occasion={"snow": snow})
    city = build_city(each, 3, cache_dir=None)
    fast = Kernel(build_laws(each, city, 3), city, 3, 0).run()
    assert fast.same_as(AgentCity(each, city, 3, 0).run()) == []
    assert fast.posts[:, 0].sum() > 0
