"""Stories of teams and answers: what happened comes out, and goes with its cause."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from stories import Story, tell
from test_stories_audience import on

from sim.adaptive import DigitalHelp
from sim.changes import TargetAge
from sim.content import Publish
from sim.figures import Figure
from sim.scenario import Scenario
from sim.staff import ChangeTeam

pytestmark = pytest.mark.slow

NEGATIVE = "negative_share_of_comments"
RESOLVED = "resolved_requests_share"
MEDIAN = "median_answer_time_min"


def _conversation(scenario: Scenario, **figures: float) -> Scenario:
    """``scenario`` with other figures of the conversation."""
    card = scenario.behaviour.conversation
    assert card is not None
    told = card.model_copy(update={name: Figure(value=value) for name, value in figures.items()})
    return scenario.model_copy(
        update={"behaviour": scenario.behaviour.model_copy(update={"conversation": told})}
    )


def _changes(scenario: Scenario, kind: type, **fields: Any) -> Scenario:
    """``scenario`` with other fields in its changes of one kind."""
    changed = {
        key: c.model_copy(update=fields) if isinstance(c, kind) else c for key, c in scenario.change.items()
    }
    return scenario.model_copy(update={"change": changed})


def _team(scenario: Scenario, **figures: float) -> Scenario:
    """``scenario`` with other figures of its team."""
    team = scenario.city.team
    assert team is not None
    team = team.model_copy(update={name: Figure(value=value) for name, value in figures.items()})
    return scenario.model_copy(update={"city": scenario.city.model_copy(update={"team": team})})


def _same(story: Story, scenario: str, *kpis: str) -> None:
    """The KPIs of ``scenario`` are those of the baseline, replicate by replicate, and are numbers."""
    for kpi in kpis:
        here, there = story.values(scenario, kpi), story.values(story.baseline, kpi)
        assert np.isfinite(there).all(), kpi
        assert here.tolist() == there.tolist(), kpi


# --- Grenoble 2013: a snow Sunday -----------------------------------------------------------------


@cache
def _snow() -> Story:
    return tell("grenoble_2013_snow", "sampling=0.1", replicates=6)


def test_instructions_on_a_snow_sunday_bring_grumbling_and_answers_satisfy() -> None:
    story = _snow()
    assert story.effect("silence", NEGATIVE).is_down()
    assert story.effect("silence", "requests_received").is_down()
    assert story.effect("answers", RESOLVED).is_up()
    assert story.effect("answers", MEDIAN).is_down()
    assert story.mean("answers", "interactions") > 1.1 * story.mean("silence", "interactions")


def test_without_snow_the_same_posts_bring_no_grumbling() -> None:
    """Control: the same Sunday, no snow."""
    snow = _snow().effect("silence", NEGATIVE)
    story = tell("grenoble_2013_snow", "sampling=0.1", "occasion=[]", replicates=6, sides=["silence"])
    ordinary = story.effect("silence", NEGATIVE)
    assert abs(ordinary.mean) < 3 * ordinary.se + 0.01
    assert abs(ordinary.mean) < abs(snow.mean) / 3


def test_a_team_that_answers_nobody_satisfies_nobody_on_a_snow_sunday() -> None:
    """Control: the same presence, and no answers on either side."""
    story = tell(
        "grenoble_2013_snow", "sampling=0.05", replicates=2, sides=["answers"],
        control=lambda s: _changes(s, ChangeTeam, answers=False),
    )  # fmt: skip
    _same(story, "answers", RESOLVED, NEGATIVE, "requests_received", "interactions")
    assert story.mean("answers", RESOLVED) == 0


# --- Grenoble 2013: a photo that divides ----------------------------------------------------------


@cache
def _photo() -> Story:
    return tell(
        "grenoble_2013_controversy", "sampling=0.5", "horizon_weeks=2", replicates=8,
        sides=["away_3h", "weekend"],
    )  # fmt: skip


def _gone(story: Story, scenario: str) -> np.ndarray:
    """Negative share of comments on Facebook above that of a team that stays, float64[replicates]."""
    stays = story.values(story.baseline, NEGATIVE, "facebook")
    return story.values(scenario, NEGATIVE, "facebook") - stays


def test_to_leave_after_a_photo_that_divides_lets_the_comments_turn() -> None:
    """Away for three hours it never helps and often harms; away for the weekend it harms far more."""
    story = _photo()
    three_hours, weekend = _gone(story, "away_3h"), _gone(story, "weekend")
    assert (three_hours >= 0).all()
    assert (three_hours > 0).sum() >= 5
    assert story.effect("weekend", NEGATIVE, "facebook").is_up()
    assert weekend.mean() > 3 * three_hours.mean()


def test_where_silence_and_frankness_move_nobody_leaving_costs_nothing() -> None:
    """Control: people do not mind the comments of others, nor the silence."""
    story = tell(
        "grenoble_2013_controversy", "sampling=0.2", "horizon_weeks=2", replicates=2,
        sides=["away_3h", "weekend"],
        control=lambda s: _conversation(
            s, negative_contagion=1, owned_position_effect=1, disappointed_negativity=1, reply_reengage=1,
            noreply_affinity_loss=0, unfollow_noreply=1,
        ),
    )  # fmt: skip
    _same(story, "away_3h", NEGATIVE, "interactions")
    _same(story, "weekend", NEGATIVE, "interactions")
    assert story.mean("weekend", "answer_rate") < story.mean("baseline", "answer_rate")


def _calm(scenario: Scenario) -> Scenario:
    posts = {
        key: tuple(p.model_copy(update={"controversial": False}) for p in c.posts)
        for key, c in scenario.change.items()
        if isinstance(c, Publish)
    }
    return _changes(scenario, Publish, posts=next(iter(posts.values()))) if posts else scenario


def test_the_photo_turns_the_tone_because_it_divides() -> None:
    """Control: the same photo at the same hour, and nobody divided."""
    at = ("grenoble_2013_controversy", "sampling=0.5", "horizon_weeks=2")
    divides, pleases = (
        tell(*at, replicates=4, sides=["baseline"], control=how).values("baseline", NEGATIVE, "facebook")
        for how in (lambda s: s, _calm)
    )
    assert (divides >= pleases).all()
    assert (divides > pleases).sum() >= 3  # a photo on which nobody comments divides nobody


# --- Caen la mer 2013: everybody may publish ------------------------------------------------------


CAEN = ("caen_la_mer_2013_sharing", "sampling=0.2", "horizon_weeks=4")


@cache
def _caen() -> Story:
    return tell(*CAEN, replicates=6)


def test_one_manager_alone_drops_posts_and_answers_late() -> None:
    story = _caen()
    assert story.mean("baseline", "posts_late") == story.mean("baseline", "posts_dropped") == 0
    assert story.mean("alone", "posts_late") > 0
    dropped = story.mean("alone", "posts_dropped")
    assert dropped > 0
    published = story.mean("baseline", "posts_published") - story.mean("alone", "posts_published")
    assert published == dropped
    assert story.effect("alone", RESOLVED).is_down()
    assert story.effect("alone", "interactions").is_down()


def test_validation_and_office_hours_make_answers_late() -> None:
    story = _caen()
    for scenario in ("validated", "office_hours"):
        assert story.effect(scenario, RESOLVED).is_down(), scenario
    assert story.effect("validated", MEDIAN).is_up()
    assert story.mean("validated", MEDIAN) > 12 * 60


def test_where_posts_and_answers_take_no_time_one_manager_is_enough() -> None:
    """Control: nothing is late with him, and the answers are those of the whole service."""

    def quick(scenario: Scenario) -> Scenario:
        team = scenario.city.team
        assert team is not None
        none = {form: Figure(value=0.0) for form in team.prepare_min}
        team = team.model_copy(update={"prepare_min": none, "answer_min": Figure(value=1e-3)})
        return scenario.model_copy(update={"city": scenario.city.model_copy(update={"team": team})})

    story = tell(*CAEN, replicates=2, sides=["alone"], control=quick)
    _same(story, "alone", "posts_late", "posts_dropped", "posts_published", "interactions", "answer_rate")
    assert story.mean("alone", "posts_dropped") == 0


def test_where_nobody_minds_waiting_validated_answers_satisfy_as_much() -> None:
    """Control: still half a day late, and as satisfying."""
    story = tell(
        *CAEN, replicates=2, sides=["validated"],
        control=lambda s: _conversation(s, satisf_halflife_h=1e9, patience_h=1000),
    )  # fmt: skip
    answered = story.mean("validated", "answer_rate")
    assert story.mean("validated", "satisfaction_with_answers") == 1
    assert story.mean("baseline", "satisfaction_with_answers") == 1
    assert answered > 0.8
    assert story.mean("validated", MEDIAN) > story.mean("baseline", MEDIAN) + 11 * 60


# --- Paris 2013: the counter ----------------------------------------------------------------------


PARIS = ("paris_2013_counter", "sampling=0.03")


@cache
def _counter() -> Story:
    return tell(*PARIS, replicates=4)


def test_six_more_people_answer_more_and_a_forum_helps() -> None:
    story = _counter()
    assert story.effect("back_office", "answer_rate").is_up()
    assert story.effect("back_office", MEDIAN).is_down()
    assert story.effect("back_office", RESOLVED).is_up()
    assert story.effect("forum", "answered_by_residents_share").is_up()
    assert story.mean("baseline", "answered_by_residents_share") == 0


def test_nobody_answers_nobody() -> None:
    story = _counter()
    assert story.mean("nobody", "answer_rate") == story.mean("nobody", RESOLVED) == 0
    assert story.effect("nobody", RESOLVED).is_down()
    assert story.mean("nobody", "staff_hours") < story.mean("baseline", "staff_hours")


def test_where_residents_help_nobody_a_forum_changes_nothing() -> None:
    """Control."""
    story = tell(
        *PARIS, replicates=2, sides=["forum"], control=lambda s: _conversation(s, peer_answer_rate=0)
    )
    _same(story, "forum", "answer_rate", RESOLVED, MEDIAN, NEGATIVE, "interactions")


def test_where_an_answer_takes_no_time_six_more_people_bring_next_to_nothing() -> None:
    """Control: one person has answered everything that office hours allow."""
    many = _counter().effect("back_office", "answer_rate")
    story = tell(*PARIS, replicates=2, sides=["back_office"], control=lambda s: _team(s, answer_min=1e-3))
    assert abs(story.effect("back_office", "answer_rate").mean) < many.mean / 5


# --- Toulouse 2012: the core audience and the divide ----------------------------------------------


DIVIDE = ("toulouse_2012_divide", "horizon_weeks=3")


@cache
def _divide() -> Story:
    return tell(*DIVIDE, "sampling=0.05", replicates=4)


def test_the_core_audience_with_help_widens_the_divide_and_helping_seniors_narrows_it() -> None:
    story = _divide()
    gap, covered = "digital_divide_gap", "coverage_of_residents"
    assert story.effect("core", "interactions").is_up()
    for band in ("45-59", "60-74", "75+"):
        assert story.effect("core", covered, age_band=band).is_down(), band
    assert story.effect("all_of_it", gap).is_up()
    assert story.effect("seniors", gap).is_down()
    for band in ("60-74", "75+"):
        assert story.effect("seniors", covered, age_band=band).is_up(), band
    assert story.effect("young", covered, age_band="15-29").is_up()
    assert story.effect("young", gap).is_up()


def test_help_that_brings_nobody_and_a_target_of_everybody_leave_the_divide() -> None:
    """Control."""

    def idle(scenario: Scenario) -> Scenario:
        scenario = _changes(scenario, DigitalHelp, more_users_percent=Figure(value=0.0))
        everybody = ("15-29", "30-44", "45-59", "60-74", "75+")
        return _changes(scenario, TargetAge, bands=everybody, gain=Figure(value=1.0))

    story = tell(*DIVIDE, "sampling=0.02", replicates=2, control=idle)
    for scenario in ("core", "young", "seniors", "all_of_it"):
        _same(story, scenario, "digital_divide_gap", "coverage_of_residents", "interactions")


# --- Grand Est 2019: test and adjust every month --------------------------------------------------


REVIEW = ("grand_est_2019_review", "sampling=0.015", "horizon_weeks=8")


@cache
def _review(*, alike: bool) -> Story:
    """Facebook only; ``alike``: no format is worth more than another."""
    equal = {"platform__facebook__formats__*__*": 1.0} if alike else {}
    return tell(*REVIEW, replicates=6, sides=["formats"], control=on("facebook", **equal))


def test_a_monthly_review_of_the_formats_gains_interactions() -> None:
    """In every replicate: how much depends on which post was lucky, so that a mean says less."""
    story = _review(alike=False)
    gain = story.values("formats", "interactions") / story.values("baseline", "interactions") - 1
    assert (gain > 0).all()
    assert gain.mean() > 0.03


def test_where_formats_are_alike_a_review_gains_nothing() -> None:
    """Control: it moves posts all the same, after noise."""
    _same(_review(alike=True), "formats", "interactions", "reach", "posts_published")


ALL_DAY = {"all": [1.0] * 24}
ALIKE = {"behaviour__hour_profiles__*__hours__values": ALL_DAY, "behaviour__supply__hours__values": ALL_DAY}


@cache
def _hours(*, alike: bool) -> np.ndarray:
    """Relative gain in interactions of a review of the hours, once both office and evening hours are tried.

    Facebook only, four months; ``alike``: readers and other pages are there at all hours alike.
    """
    story = tell(
        "grand_est_2019_review",
        "sampling=0.03",
        replicates=8,
        sides=["evening", "evening_review"],
        control=on("facebook", **(ALIKE if alike else {})),
    )
    return story.values("evening_review", "interactions") / story.values("evening", "interactions") - 1


def test_a_review_of_the_hours_gains_once_the_evening_is_tried() -> None:
    """It may be wrong in a replicate, for posts differ more than hours; it is right in most."""
    gain = _hours(alike=False)
    assert gain.mean() > 0.03
    assert gain.mean() > 2.5 * gain.std(ddof=1) / np.sqrt(len(gain))
    assert (gain > 0).sum() >= 6


def test_where_hours_are_alike_a_review_of_them_gains_nothing() -> None:
    """Control: it moves posts all the same."""
    gain = _hours(alike=True)
    assert gain.any()
    assert abs(gain.mean()) < 0.02
    assert abs(gain.mean()) < 3 * gain.std(ddof=1) / np.sqrt(len(gain))
