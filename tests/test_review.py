"""The team's review: the past stands, the future follows the evidence, and noise brings no gain."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from inputs import merged, small_scenario, small_tree
from scipy.stats import norm

from sim.adaptive import MonthlyReview
from sim.behaviour import appeal
from sim.cards import Appeal
from sim.city import City, build_city
from sim.explain import sentence
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import Laws, build_laws
from sim.model import CityModel
from sim.replicates import Job
from sim.review import Decision, decisions, evidence, play, reviewed, weeks_of
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.study import Bench
from sim.tally import MEASURES, Tally

SEED = 5
WEEKS = 6
INTERACTIONS = [MEASURES.index(m) for m in ("like", "comment", "share")]
NIGHT = {"values": {"all": [0.0] * 17 + [1.0] * 6 + [0.0]}}
ALL_DAY = {"values": {"all": [1.0] * 24}}


def _review(**other: Any) -> dict[str, Any]:
    return {
        "kind": "monthly_review",
        "every_weeks": 2,
        "moves": "hours",
        "step": 1.0,
        "least_posts": 3,
        **other,
    }


def _scenario(presence: dict[str, Any], review: dict[str, Any] | None, residents: int = 300) -> Scenario:
    """One page, a post each morning and on two evenings; people are there at the hours of ``presence``.

    Posts are alike and live four hours: whether the hour matters is decided by ``presence`` alone.
    """
    slot = {"theme": "services", "format": "link"}
    slots = [
        {**slot, "days": ["mon", "tue", "thu", "fri", "sun"], "at": "08:00"},
        {**slot, "days": ["wed", "sat"], "at": "18:00"},
    ]
    profile = {"hours": presence, "weekdays": [1.0] * 7}
    tree = merged(
        small_tree(residents),
        {
            "city": {"accounts": {"town_facebook": {"slots": slots, "followers": residents * 0.5}}},
            "platform": {
                "facebook": {
                    "display": {"life_h": 4, "visibility": 0.5},
                    "reach": {"share": {"values": {2019: 0.3}}},
                    "reactions": {"like": 0.2, "comment": 0.1, "share": 0.0},
                }
            },
            "behaviour": {
                "appeal": {"reach_sd": 0.0, "reaction_sd": 0.0},
                "memory": {"novelty_depth": 0.0},
                "hour_profiles": {"ordinary": profile},
                "supply": {"hours": ALL_DAY, "weekdays": [1.0] * 7},
            },
            "change": {"review": review} if review else {},
            "horizon_weeks": WEEKS,
        },
    )
    tree["city"]["accounts"].pop("town_twitter")
    return Scenario.from_dict(tree)


def _stated(presence: dict[str, Any], review: dict[str, Any]) -> MonthlyReview:
    change = _scenario(presence, review).change["review"]
    assert isinstance(change, MonthlyReview)
    return change


def _world(presence: dict[str, Any], review: dict[str, Any] | None) -> tuple[Laws, City]:
    scenario = _scenario(presence, review)
    city = build_city(scenario, SEED)
    return build_laws(scenario, city, SEED), city


def _interactions(tally: Tally) -> int:
    return int(tally.posts[:, INTERACTIONS].sum())


# --- the past ----------------------------------------------------------------------------------------------


def test_the_past_is_identical_to_the_last_count() -> None:
    laws, city = _world(NIGHT, _review())
    plan = reviewed(laws, city, SEED, 0)
    a, b = Kernel(laws, city, SEED, 0), Kernel(plan, city, SEED, 0)
    for _ in range(2 * 168):
        a.step()
        b.step()
    assert a.tally.same_as(b.tally) == []
    assert np.array_equal(a.state.fatigue.value, b.state.fatigue.value)
    assert np.array_equal(a.state.followers.is_following, b.state.followers.is_following)
    assert a.run().same_as(b.run()) != []


def test_the_plan_before_the_first_review_stands_and_no_post_is_lost() -> None:
    laws, city = _world(NIGHT, _review())
    plan = reviewed(laws, city, SEED, 0).schedule
    early = laws.schedule.week < 2
    assert plan.slot[: early.sum()] == laws.schedule.slot[: early.sum()]
    assert np.array_equal(plan.t_min[plan.week < 2], laws.schedule.t_min[early])
    assert sorted(plan.slot) == sorted(laws.schedule.slot)
    assert np.array_equal(np.sort(plan.t_min // 1440), np.sort(laws.schedule.t_min // 1440))


def test_without_a_review_the_laws_are_the_same_object() -> None:
    laws, city = _world(NIGHT, None)
    assert reviewed(laws, city, SEED, 0) is laws


# --- the future --------------------------------------------------------------------------------------------


def _gains(presence: dict[str, Any], replicates: int = 6) -> np.ndarray:
    """Relative gain of the review in interactions, one for each replicate."""
    with_it, city = _world(presence, _review())
    without = build_laws(_scenario(presence, None), city, SEED)
    found = []
    for r in range(replicates):
        base = _interactions(Kernel(without, city, SEED, r).run())
        found.append(_interactions(play(with_it, city, SEED, r)[0]) / base - 1)
    return np.array(found)


@pytest.mark.slow
def test_a_review_of_the_hours_gains_where_hours_matter() -> None:
    gains = _gains(NIGHT)
    se = gains.std(ddof=1) / np.sqrt(len(gains))
    assert gains.mean() > 0.2
    assert gains.mean() > 4 * se


@pytest.mark.slow
def test_a_review_of_the_hours_gains_nothing_where_they_do_not() -> None:
    """Control: the same review, people there at all hours alike."""
    gains = _gains(ALL_DAY)
    se = gains.std(ddof=1) / np.sqrt(len(gains))
    assert abs(gains.mean()) < 4 * se + 0.02
    assert gains.mean() < 0.1


def test_posts_go_to_the_evening_where_people_are_there_then() -> None:
    laws, city = _world(NIGHT, _review())
    plan = reviewed(laws, city, SEED, 0).schedule
    hours = plan.t_min.astype(int) // 60 % 24
    assert set(hours[plan.week < 2]) == {8, 18}
    assert set(hours[plan.week >= 2]) == {18}


@pytest.mark.parametrize(("step", "moved"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_the_step_is_the_share_that_moves(step: float, moved: float) -> None:
    laws, city = _world(NIGHT, _review(step=step, every_weeks=1, from_week=WEEKS - 2))
    plan = reviewed(laws, city, SEED, 0).schedule
    late = plan.week >= WEEKS - 2
    was = dict(zip(laws.schedule.slot, laws.schedule.t_min, strict=True))
    at_stake = [s for s, w in zip(plan.slot, late, strict=True) if w and was[s] // 60 % 24 == 8]
    now = dict(zip(plan.slot, plan.t_min, strict=True))
    share = np.mean([now[s] != was[s] for s in at_stake])
    assert abs(share - moved) <= 4 * np.sqrt(moved * (1 - moved) / len(at_stake))


# --- the evidence ------------------------------------------------------------------------------------------


def _hand() -> tuple[Laws, Tally]:
    """Reach 10 and 2 interactions for every morning post, reach 20 and 3 for every evening one."""
    laws, city = _world(ALL_DAY, _review())
    tally = Tally.empty(1, len(city.platforms), len(laws.schedule), WEEKS, city.n_rows)
    evening = laws.schedule.t_min // 60 % 24 == 18
    tally.posts[:, MEASURES.index("reach")] = np.where(evening, 20, 10)
    tally.posts[:, MEASURES.index("like")] = np.where(evening, 2, 2)
    tally.posts[:, MEASURES.index("share")] = np.where(evening, 1, 0)
    tally.posts[:, MEASURES.index("click")] = np.where(evening, 5, 4)
    return laws, tally


@pytest.mark.parametrize(
    ("indicator", "morning", "evening"),
    [("interactions", 2, 3), ("reach", 10, 20), ("clicks", 4, 5), ("engagement_rate_by_reach", 0.2, 0.15)],
)
def test_evidence_by_hand(indicator: str, morning: float, evening: float) -> None:
    laws, tally = _hand()
    change = _stated(ALL_DAY, _review(indicator=indicator))
    rows = np.arange(14)
    assert evidence(change, rows, laws, tally) == pytest.approx({8: morning, 18: evening})
    best = next(decisions(change, 2, laws, tally))
    assert best.to == (18 if evening > morning else 8)
    assert best == Decision(3, ("facebook",), "hours", best.to, 1.0, 20.0)


def test_too_few_posts_say_nothing() -> None:
    laws, tally = _hand()
    change = _stated(ALL_DAY, _review(least_posts=5))
    assert set(evidence(change, np.arange(14), laws, tally)) == {8}
    assert list(decisions(change, 2, laws, tally)) == []


def test_posts_after_the_review_are_not_read() -> None:
    laws, tally = _hand()
    change = _stated(ALL_DAY, _review())
    tally.posts[laws.schedule.week >= 2] = 1000
    assert next(decisions(change, 2, laws, tally)).to == 18


@pytest.mark.parametrize("moves", ["formats", "themes"])
def test_formats_and_themes_move_too(moves: str) -> None:
    one, other = {"formats": ("photo", "link"), "themes": ("culture", "services")}[moves]
    key = moves[:-1]
    slots = [
        {"days": [day], "at": "11:00", "theme": "services", "format": "link", key: name}
        for days, name in ((("mon", "tue", "wed"), one), (("thu", "fri", "sat"), other))
        for day in days
    ]
    scenario = small_scenario(
        300,
        city={"accounts": {"town_facebook": {"slots": slots}}},
        change={"review": _review(moves=moves, platforms=["facebook"], every_weeks=1)},
    )
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    plan = reviewed(laws, city, SEED, 0).schedule
    page = [a.name for a in plan.accounts].index("town_facebook")
    names = np.array(plan.format if moves == "formats" else plan.theme)
    assert set(names[(plan.account == page) & (plan.week == 0)]) == {one, other}
    assert len(set(names[(plan.account == page) & (plan.week == 1)])) == 1
    assert np.array_equal(plan.t_min, laws.schedule.t_min)


def test_posts_that_share_an_hour_follow_each_other() -> None:
    slot = {"theme": "services", "format": "link", "days": ["mon", "tue", "wed", "thu"]}
    slots = [{**slot, "at": at} for at in ("08:00", "09:00", "18:00")]
    tree = _scenario(NIGHT, _review(spacing_min=15)).model_dump(mode="json")
    tree["city"]["accounts"]["town_facebook"]["slots"] = slots
    scenario = Scenario.from_dict(tree)
    city = build_city(scenario, SEED)
    plan = reviewed(build_laws(scenario, city, SEED), city, SEED, 0).schedule
    monday = plan.t_min[plan.week == WEEKS - 1][:3] % 1440
    assert monday.tolist() == [18 * 60, 18 * 60 + 15, 18 * 60 + 30]


# --- what a month can tell ---------------------------------------------------------------------------------


@cache
def _appeal() -> Appeal:
    """How posts differ, as shipped."""
    card = Path(__file__).parent.parent / "scenarios" / "behaviour" / "public_body.yaml"
    return Appeal.model_validate(yaml.safe_load(card.read_text(encoding="utf-8"))["appeal"])


def _right(posts: int, gain: float = 1.3) -> float:
    """How often the better of two hours has the larger mean over ``posts`` posts each, by their qualities."""
    luck = np.random.default_rng(1).random((2, 2, 120_000 // posts, posts))
    reach, react = appeal(_appeal(), luck[0], luck[1])
    mean = (reach * react).mean(axis=2)
    return float((gain * mean[1] > mean[0]).mean())


def test_how_many_posts_it_takes_to_tell_two_hours_apart() -> None:
    """+30 % against the spread between posts: a month shows the better hour more often than not, and proves
    nothing."""
    law = _appeal()
    sd = np.hypot((1 + law.reaction_on_reach.value) * law.reach_sd.value, law.reaction_sd.value)
    explained = np.log(1.3) ** 2 / 4 / (np.log(1.3) ** 2 / 4 + sd**2)
    proof = 2 * ((norm.ppf(0.975) + norm.ppf(0.8)) * sd / np.log(1.3)) ** 2
    assert 0.01 < explained < 0.025
    assert 300 < proof < 360
    assert 2 * ((norm.ppf(0.975) + norm.ppf(0.8)) * 1.1 / np.log(1.3)) ** 2 == pytest.approx(276, abs=1)
    assert 0.55 < _right(6) < 0.68
    assert 0.63 < _right(20) < 0.76
    assert _right(330) > 0.93
    assert abs(_right(20, gain=1.0) - 0.5) < 0.03  # control: hours alike


# --- where it is used --------------------------------------------------------------------------------------


def test_weeks_of_review() -> None:
    change = _stated(NIGHT, _review(every_weeks=2, from_week=2))
    assert list(weeks_of(change, WEEKS)) == [3, 5]


@pytest.mark.slow
def test_study_model_and_agents_follow_the_same_plan() -> None:
    scenario = _scenario(NIGHT, _review(), residents=120)
    city = build_city(scenario, SEED)
    tally, plan = play(build_laws(scenario, city, SEED), city, SEED, 1)
    assert AgentCity(scenario, city, SEED, 1, laws=plan).run().same_as(tally) == []
    model = CityModel(scenario, city, SEED, 1, collect=False)
    while model.running:
        model.step()
    assert model.tally.same_as(tally) == []
    posts = Bench([scenario], SEED, city).run(Job(scenario.name, 1))["posts"]
    assert posts["reach"].tolist() == tally.posts[:, MEASURES.index("reach")].tolist()


def test_a_review_in_words() -> None:
    scenario = _scenario(NIGHT, _review(step=0.5))
    assert "a review every 2 weeks that moves 50% of the other posts" in sentence(scenario, "en")
    assert "revue toutes les 2" in sentence(scenario, "fr").replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"every_weeks": WEEKS}, f"allowed: at most {WEEKS - 1}"),
        ({"moves": "colours"}, "colours"),
        ({"step": 2}, "2"),
        ({"indicator": "likes"}, "likes"),
        ({"platforms": ["snapchat"]}, "no account on snapchat"),
    ],
)
def test_a_bad_review_is_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        _scenario(NIGHT, _review(**change))
