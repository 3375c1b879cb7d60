"""Conversation: tones, questions, the desk's queue by hand, what silence and frankness do; with controls."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from inputs import CONVERSATION, TEAM, merged, small_scenario

from sim.audience import leaving_times
from sim.city import City, build_city
from sim.conversation import Talk, asking_times, negative_chance, tone
from sim.desk import Desk, Echo
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import Laws, build_laws
from sim.tally import TALK, Tally

LOUD = {
    "platform": {
        "facebook": {
            "display": {"visibility": 0.7},
            "reactions": {"comment": 0.5},
            "reach": {"share": {"values": {2013: 0.5, 2019: 0.5}}},
        }
    }
}
# A desk that answers everything at once, frankly.
ALWAYS = {"presence": [{"from": "00:00", "to": "00:00"}], "hours_per_week": 168, "people": 9, "frank": 1}
NEUTRAL = {
    "negative_contagion": 1, "owned_position_effect": 1, "disappointed_negativity": 1, "reply_reengage": 1,
    "noreply_affinity_loss": 0, "unfollow_noreply": 1,
}  # fmt: skip


def _scenario(residents: int = 1200, **other: Any) -> Any:
    tree = merged({**LOUD, "behaviour": {"conversation": CONVERSATION}, "city": {"team": TEAM}}, other)
    return small_scenario(residents, **tree)


@cache
def _town(residents: int = 1200) -> City:
    return build_city(_scenario(residents), 1)


@cache
def _plain_laws() -> Laws:
    return build_laws(_scenario(), _town(), 1)


def _run(seed: int = 1, replicate: int = 0, **other: Any) -> Tally:
    city = _town()
    return Kernel(build_laws(_scenario(**other), city, seed), city, seed, replicate).run()


def _n(tally: Tally, name: str) -> int:
    return int(tally.talk[..., TALK.index(name)].sum())


# --- equations ----------------------------------------------------------------------------------------


def test_a_tone_is_one_draw_against_two_thresholds() -> None:
    luck = np.array([0.0, 0.19, 0.2, 0.359, 0.361, 0.999])
    assert tone(luck, 0.2, 0.2).tolist() == [0, 0, 1, 1, 2, 2]


def test_negatives_are_multiplied_and_never_exceed_one() -> None:
    assert negative_chance(0.2, 1.5, 0.8, 1.0) == pytest.approx(0.24)
    assert negative_chance(0.5, 3.0, 1.0, 1.5) == 1.0


# --- the desk by hand -----------------------------------------------------------------------------------


def _desk(spare: dict[int, float], **how: Any) -> tuple[Desk, Tally]:
    """A desk with person-minutes in the hours named, 10 minutes an answer, patience of 5 hours."""
    city, laws = _town(), _plain_laws()
    assert laws.talk is not None
    minutes = np.zeros(laws.n_hours)
    for hour, n in spare.items():
        minutes[hour] = n
    talk: Talk = replace(
        laws.talk, spare_min=minutes, answer_min=np.full(2, 10.0), patience_min=300.0, frank=np.ones(2),
        validation_min=np.zeros(2), noreply_negative=1.0,
    )  # fmt: skip
    talk = replace(talk, **how)
    tally = Tally.empty(2, 4, len(laws.schedule), 2, city.n_rows)
    return Desk(laws, talk, tally), tally


def _ask(desk: Desk, t: float, who: int, post: int = -1, said: int = 0) -> None:
    desk.receive(
        np.array([0]), np.array([post]), np.array([who]), np.array([t]), np.array([said]),
        np.array([77 + who], dtype=np.uint64),
    )  # fmt: skip


def _hours(desk: Desk, first: int, last: int) -> dict[int, Echo]:
    return {hour: desk.close_hour(hour) for hour in range(first, last)}


def _delays(tally: Tally) -> list[int]:
    return np.repeat(np.arange(tally.delays.shape[1]), tally.delays.sum(axis=0)).tolist()


def test_first_come_first_served_at_the_pace_of_the_desk() -> None:
    """60 minutes in an hour, 10 an answer: asked at 0, 5 and 30, answered at 10, 20 and 40."""
    desk, tally = _desk({0: 60})
    for t, who in ((30, 3), (0, 1), (5, 2)):
        _ask(desk, t, who)
    echo = _hours(desk, 0, 1)[0]
    assert sorted(_delays(tally)) == [10, 10, 15]
    assert echo.answered == [1, 2, 3]


def test_half_a_person_takes_twice_as_long_and_carries_the_rest_over() -> None:
    desk, tally = _desk({0: 30, 1: 30})
    for who in range(4):
        _ask(desk, 0, who)
    told = _hours(desk, 0, 3)
    assert sorted(_delays(tally)) == [20, 40, 60, 80]
    assert [len(told[h].answered) for h in range(3)] == [2, 2, 0]


def test_a_request_of_a_sample_stands_for_others_without_blocking_the_desk() -> None:
    """One of four: answered at once; the three others' 30 minutes lie on the hours since the day before.

    At half past two 30 / 24 + 30 / 26 + 30 / 27 minutes of others come just before the third.
    """
    desk, tally = _desk(dict.fromkeys(range(48), 60.0), cost=4.0)
    _ask(desk, 0, 1)
    _hours(desk, 0, 2)
    _ask(desk, 120, 2)
    _ask(desk, 151, 3)
    _hours(desk, 2, 48)
    assert sorted(_delays(tally)) == [10, 10, int(150 + 30 / 24 + 30 / 26 + 30 / 27 + 10 - 151)]
    assert desk.owed_min == 0
    assert desk.queue == []


def test_answers_take_as_long_in_a_sample_as_in_the_whole_town() -> None:
    ask = {"conversation": {"questions_per_follower_day": 0.04, "question_share": 0, "negative_share": 0}}
    median = {}
    for sampling in (1.0, 0.25):
        scenario = _scenario(4000, behaviour=ask, sampling=sampling, city={"team": {"people": 2}})
        city = build_city(scenario, 1)
        tally = Kernel(build_laws(scenario, city, 1), city, 1, 0).run()
        median[sampling] = float(np.median(_delays(tally)))
        answered = _n(tally, "answered") / _n(tally, "requests")
        assert answered > 0.5
    assert 0.7 < median[0.25] / median[1.0] < 1.4, median


def _answered_share(asked: int, seed: int, sampling: float = 1.0, cost: float = 1.0) -> float:
    """Share answered of the requests of two weeks, ``asked`` in the whole town at random instants, by one
    person there from 9 to 17."""
    desk, tally = _desk({h: 60.0 for h in range(336) if 9 <= h % 24 < 17}, cost=cost)
    times = np.sort(np.random.default_rng(seed).uniform(0, 300 * 60, int(asked * sampling)))
    for hour in range(336):
        who = np.flatnonzero((times >= hour * 60) & (times < hour * 60 + 60))
        nothing = np.zeros(len(who), dtype=np.int64)
        desk.receive(nothing, nothing - 1, who, times[who], nothing, who.astype(np.uint64))
        desk.close_hour(hour)
    return _n(tally, "answered") / len(times)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [400, 1200, 4000])
def test_a_sample_has_the_answer_rate_of_the_whole_town(asked: int) -> None:
    """With little to do, with as much as the desk can carry, and with three times that; one in ten simulated.

    Four standard errors, and 0.03: those who are simulated find an eighth more people around them.
    """
    whole = np.array([_answered_share(asked, seed) for seed in range(4)])
    thinned = np.array([_answered_share(asked, 100 + seed, 0.1, 10.0) for seed in range(16)])
    se = np.hypot(whole.std(ddof=1) / np.sqrt(4), thinned.std(ddof=1) / np.sqrt(16))
    assert abs(thinned.mean() - whole.mean()) < 4 * se + 0.03


def test_a_sample_that_stood_for_nobody_else_would_be_answered_more() -> None:
    """Control: requests of one in ten, served by the whole team."""
    whole, alone = _answered_share(4000, 0), np.mean([_answered_share(4000, 100 + s, 0.1) for s in range(4)])
    assert alone > 2 * whole


def test_questions_of_the_night_wait_for_the_morning() -> None:
    desk, tally = _desk({4: 60})
    _ask(desk, 30, 1)
    _hours(desk, 0, 6)
    assert _delays(tally) == [4 * 60 + 10 - 30]


def test_nobody_answers_and_patience_runs_out() -> None:
    desk, tally = _desk({})
    _ask(desk, 30, 1)
    told = _hours(desk, 0, 8)
    assert [hour for hour, echo in told.items() if echo.disappointed] == [5]
    assert told[5].disappointed[0][:2] == (0, 1)
    assert _n(tally, "requests") == 1
    assert _n(tally, "answered") == 0
    assert desk.queue == []


def test_an_answer_validated_too_late_disappoints_first() -> None:
    desk, tally = _desk({0: 60}, validation_min=np.full(2, 400.0))
    _ask(desk, 0, 1)
    told = _hours(desk, 0, 9)
    assert [h for h, e in told.items() if e.disappointed] == [5]
    assert [h for h, e in told.items() if e.answered] == [6]
    assert _delays(tally) == [410]


def test_a_complaint_stands_until_it_is_answered_and_frankness_stays() -> None:
    desk, _ = _desk({2: 60})
    _ask(desk, 10, 1, post=3, said=1)
    _ask(desk, 20, 2, post=3, said=0)
    desk.close_hour(0)
    assert (desk.left_alone[3], desk.is_calmed[3]) == (1, False)
    desk.close_hour(1)
    desk.close_hour(2)
    assert (desk.left_alone[3], desk.is_calmed[3]) == (0, True)
    assert desk.left_alone.sum() == 0


def test_an_answer_that_is_not_frank_calms_nobody() -> None:
    desk, _ = _desk({0: 60}, frank=np.zeros(2))
    _ask(desk, 10, 1, post=3, said=1)
    desk.close_hour(0)
    assert (desk.left_alone[3], desk.is_calmed[3]) == (0, False)


def test_other_residents_answer_questions_in_a_forum_only() -> None:
    forum = {"forum": np.ones((2, 2), dtype=bool), "peer_rate": 1.0, "peer_delay_min": 1e-9}
    desk, tally = _desk({}, **forum)
    _ask(desk, 10, 1)
    _ask(desk, 10, 2, post=0, said=1)
    told = _hours(desk, 0, 1)[0]
    assert told.answered == [1]
    assert told.satisfied == [1]
    assert _n(tally, "by_residents") == 1
    alone, tally = _desk({}, **{**forum, "forum": np.zeros((2, 2), dtype=bool)})
    _ask(alone, 10, 1)
    assert _hours(alone, 0, 1)[0].answered == []


def test_positive_comments_and_other_peoples_pages_ask_for_nothing() -> None:
    desk, tally = _desk({0: 60})
    _ask(desk, 10, 1, post=0, said=2)
    assert _n(tally, "requests") == 0
    other, tally = _desk({0: 60}, is_own=np.array([False, True]))
    _ask(other, 10, 1)
    assert _n(tally, "requests") == 0


def test_the_order_in_which_requests_are_told_does_not_matter() -> None:
    asked = [(3, 1), (50, 2), (7, 3), (7, 4), (31, 5)]
    tallies = []
    for order in (asked, asked[::-1]):
        desk, tally = _desk({0: 20, 1: 60})
        for t, who in order:
            _ask(desk, t, who)
        _hours(desk, 0, 3)
        tallies.append(tally)
    assert tallies[0].same_as(tallies[1]) == []


# --- what people ask by themselves ---------------------------------------------------------------------


def test_followers_ask_at_their_rate_and_when_they_are_present() -> None:
    city = _town()
    rate = 0.2
    scenario = _scenario(horizon_weeks=8, behaviour={"conversation": {"questions_per_follower_day": rate}})
    laws = build_laws(scenario, city, 1)
    who = np.flatnonzero(city.activity[0, : city.n_residents] > 0)
    t, at = asking_times(laws, city, 1, 0, 0, who, 0.0)
    asker = who[at]
    mean = rate * 56 * len(who)
    assert abs(len(t) - mean) < 4 * np.sqrt(mean)
    assert set(asker.tolist()) <= set(who.tolist())
    hour = (t / 60).astype(int) % 24
    night, evening = (hour < 6).mean(), ((hour >= 18) & (hour < 24)).mean()
    assert night < 0.15  # a uniform clock would give .25
    assert evening > 0.25
    twice = np.bincount(asker, minlength=city.n_rows)[who]
    assert abs(twice.mean() - rate * 56) < 4 * np.sqrt(rate * 56 / len(who))


def test_several_accounts_at_once_are_each_account_alone() -> None:
    """What followers ask, and when they leave, does not depend on who else is asked about."""
    moving = {"audience": {"unfollow_per_month": 0.3}}
    asking = {"behaviour": {"conversation": {"questions_per_follower_day": 0.2}}}
    scenario = _scenario(platform={"facebook": moving, "twitter": moving}, **asking)
    city, laws = _town(), build_laws(scenario, _town(), 1)
    who = np.flatnonzero(city.activity[0, : city.n_residents] > 0)
    account = np.arange(len(who)) % len(laws.schedule.accounts)
    for draw in (
        lambda account, who: asking_times(laws, city, 1, 0, account, who, 300.0),
        lambda account, who: leaving_times(laws, 1, 0, account, who, 300.0),
    ):
        t, at = draw(account, who)
        assert len(t) > 0
        found = sorted(zip(t.tolist(), account[at].tolist(), who[at].tolist(), strict=True))
        apart = []
        for a in range(len(laws.schedule.accounts)):
            its = who[account == a]
            t, at = draw(a, its)
            apart += [(m, a, person) for m, person in zip(t.tolist(), its[at].tolist(), strict=True)]
        assert found == sorted(apart)


def test_an_occasion_multiplies_questions_in_its_hours_and_leaves_the_others() -> None:
    city = _town()
    snow = {
        "label": {"fr": "Neige", "en": "Snow"}, "week": 1, "day": "wed", "at": "00:00", "hours": 48,
        "themes": ["services"], "questions": 5,
    }  # fmt: skip
    calm: dict[str, Any] = {"behaviour": {"conversation": {"questions_per_follower_day": 0.3}}}
    occasions: tuple[dict[str, Any], ...] = ({}, {"occasion": {"snow": snow}})
    who = np.flatnonzero(city.activity[0, : city.n_residents] > 0)
    plain, snowy = (
        asking_times(build_laws(_scenario(**calm, **more), city, 1), city, 1, 0, 0, who, 0.0)
        for more in occasions
    )
    assert set(zip(*plain, strict=True)) <= set(zip(*snowy, strict=True))
    inside = [(t >= 2 * 1440) & (t < 4 * 1440) for t, _ in (plain, snowy)]
    assert (~inside[0]).sum() == (~inside[1]).sum()
    n, m = inside[0].sum(), inside[1].sum()
    assert abs(m - 5 * n) < 4 * np.sqrt(m + 25 * n)


# --- what answers and silence do ---------------------------------------------------------------------------


def test_a_conversation_without_consequences_changes_nothing_else() -> None:
    silent = small_scenario(1200, **merged(LOUD, {"city": {"team": TEAM}}))
    city = _town()
    mute = Kernel(build_laws(silent, city, 1), city, 1, 0).run()
    talk = _run(behaviour={"conversation": {**NEUTRAL}})
    assert set(mute.same_as(talk)) == {"talk", "delays", "ladder"}
    assert mute.talk.sum() == 0 < talk.talk.sum()


def test_tones_have_the_shares_stated() -> None:
    tally = _run(behaviour={"conversation": {**NEUTRAL}})
    q, neg, pos = (_n(tally, name) for name in ("question", "negative", "positive"))
    n = q + neg + pos
    assert n > 300
    assert abs(q / n - 0.2) < 4 * np.sqrt(0.16 / n)
    assert abs(neg / n - 0.16) < 4 * np.sqrt(0.16 * 0.84 / n)


def _negative_share(**other: Any) -> tuple[float, int]:
    runs = [_run(replicate=r, **other) for r in range(4)]
    neg = sum(_n(t, "negative") for t in runs)
    n = neg + sum(_n(t, "positive") for t in runs)
    return neg / n, n


@pytest.mark.slow
def test_complaints_left_alone_draw_others_and_frank_answers_calm() -> None:
    alone, n = _negative_share(city={"team": {"answers": False}})
    answered, m = _negative_share(city={"team": ALWAYS})
    se = np.sqrt(0.25 * (1 / n + 1 / m))
    assert alone - answered > 5 * se
    without = {"behaviour": {"conversation": NEUTRAL}}  # control: no contagion, no calming
    alone, n = _negative_share(city={"team": {"answers": False}}, **without)
    answered, m = _negative_share(city={"team": ALWAYS}, **without)
    assert abs(alone - answered) < 4 * np.sqrt(0.25 * (1 / n + 1 / m))


def test_a_controversial_post_draws_more_negatives() -> None:
    city = _town()
    tree = _scenario(behaviour={"conversation": NEUTRAL}).model_dump(mode="json")
    for account in tree["city"]["accounts"].values():
        for slot in account["slots"]:
            slot["controversial"] = True
    laws = build_laws(type(_scenario()).from_dict(tree), city, 1)
    tally = Kernel(laws, city, 1, 0).run()
    neg, pos = _n(tally, "negative"), _n(tally, "positive")
    assert abs(neg / (neg + pos) - 0.5) < 4 * np.sqrt(0.25 / (neg + pos))


def test_silence_makes_people_leave_and_only_through_its_consequences() -> None:
    asked = {"questions_per_follower_day": 0.3, "noreply_negative": 1.0, "unfollow_noreply": 200}
    stay = {"facebook": {"audience": {"unfollow_if_overposted": 0}}}
    left = [
        int(
            _run(platform=stay, behaviour={"conversation": {**asked, **more}}, city={"team": team})
            .weekly[..., -1]
            .sum()
        )
        for team, more in (
            (ALWAYS, {}),
            ({"answers": False}, {}),
            ({"answers": False}, {"unfollow_noreply": 1}),
        )
    ]
    assert left[1] > 4 * (left[0] + 1)
    assert left[2] <= left[0] + 1  # control: without that consequence nobody leaves for it


# --- bad input -----------------------------------------------------------------------------------------


def test_bad_figures_get_a_sentence() -> None:
    with pytest.raises(
        InputError, match=r"conversation\.negative_contagion: 0\.5 is out of range: .* least 1"
    ):
        _scenario(behaviour={"conversation": {"negative_contagion": 0.5}})
    with pytest.raises(InputError, match="no account on snapchat"):
        _scenario(change={"forum": {"kind": "open_forum", "platforms": ["snapchat"]}})
