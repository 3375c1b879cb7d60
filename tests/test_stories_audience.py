"""Stories about audiences and content: shipped comparisons on thinned cities, each with its cause removed.

Only the platforms that a story is about are simulated, for a few weeks; full-size outcomes are in the README.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from stories import Effect, Story, tell

from sim.scenario import Scenario

pytestmark = pytest.mark.slow

Control = Callable[[Scenario], Scenario]
WEEKLY = "weekly_coverage_of_residents"


def on(*platforms: str, **stated: Any) -> Control:
    """The scenario with accounts on ``platforms`` only; ``stated``: values by dotted path (``__``)."""

    def narrowed(scenario: Scenario) -> Scenario:
        tree = scenario.model_dump(mode="json")
        accounts = tree["city"]["accounts"]
        tree["city"]["accounts"] = {k: a for k, a in accounts.items() if a["platform"] in platforms}
        tree["platform"] = {k: card for k, card in tree["platform"].items() if k in platforms}
        for table in ("use_scale", "peers"):
            told = tree["city"].get(table, {})
            tree["city"][table] = {k: v for k, v in told.items() if k in platforms}
        for path, value in stated.items():
            head, name, *rest = path.split("__")
            if head != "change" or name in tree["change"]:
                _put(tree[head], [name, *rest], value)
        return Scenario.from_dict(tree)

    return narrowed


def _put(node: Any, path: list[str], value: Any) -> None:
    """State ``value`` at ``path``, which must exist; "*" is every key."""
    head, *rest = path
    for key in list(node) if head == "*" else [head]:
        assert key in node, f"{key} is not one of {list(node)}"
        if rest:
            _put(node[key], rest, value)
        else:
            node[key] = value


def _late(story: Story, scenario: str, kpi: str, platform: str, first: int) -> np.ndarray:
    """The KPI from week ``first`` on, the mean of those weeks, by replicate."""
    t = story.kpis[story.kpis["week"] != "all"]
    t = t[(t["scenario"] == scenario) & (t["kpi"] == kpi) & (t["platform"] == platform)]
    return t[t["week"].astype(int) >= first].groupby("replicate")["value"].mean().to_numpy()


def _effect(here: np.ndarray, there: np.ndarray) -> Effect:
    paired = here - there
    return Effect(float(paired.mean()), float(paired.std(ddof=1) / np.sqrt(len(paired))))


# --- Toulouse 2012: a page far ahead of the city's ----------------------------------------------------


@cache
def partner(fans: int | None = None) -> Story:
    small = {} if fans is None else {"city__accounts__i_love_toulouse__followers__value": fans,
                                     "city__accounts__i_love_toulouse__followers__low": fans}  # fmt: skip
    thinned = ("sampling=0.05", "horizon_weeks=4")
    return tell("toulouse_2012_partner", *thinned, control=on("facebook", **small))


def test_toulouse_a_page_that_relays_the_city_reaches_more_residents() -> None:
    assert partner().effect("partner", WEEKLY).is_up()
    gained = partner().effect("partner", "residents_reached")
    assert gained.is_up()
    assert gained.mean > 0.2 * partner().mean("baseline", "residents_reached")


def test_toulouse_a_page_that_few_follow_brings_hardly_anybody() -> None:
    """The cause is the page's audience: with 1,000 fans, a tenth of the gain at most is left."""
    small = partner(1000).effect("partner", "residents_reached")
    assert small.mean < 0.1 * partner().effect("partner", "residents_reached").mean


# --- Toulouse 2019: a platform for each age, and the evening -------------------------------------------


@cache
def by_age(alike: bool = False) -> Story:
    """``alike``: every age uses and follows both platforms as much; Facebook is for everybody, gain 1.

    Every post of Facebook mentions Snapchat, in both: a few weeks are then enough to see who comes.
    """
    bands = ("15-29", "30-44", "45-59", "60-74", "75+")
    same = {
        "platform__*__use__values__*__*": 50.0,
        "platform__*__sessions_per_day__values__*": 6.0,
        "platform__*__react_by_band__values__*": 1.0,
        "platform__*__audience__follow_by_band__values__*": 1.0,
    }
    often = {"change__open_snapchat_good_fit__cross_promotion": 1.0}
    every = {
        "change__target_seniors_facebook__bands": list(bands),
        "change__target_seniors_facebook__gain": 1.0,
    }
    return tell(
        "toulouse_2019_by_age",
        "sampling=0.05",
        "horizon_weeks=5",
        sides=("snapchat_young", "facebook_seniors"),
        control=on("facebook", "snapchat", **(often | same | every if alike else often)),
    )


def _young_share_of_snapchat(story: Story) -> float:
    """Share of Snapchat's resident followers who are 15 to 29."""
    bands = ("15-29", "30-44", "45-59", "60-74", "75+")
    count = [story.mean("snapchat_young", "followers", "snapchat", b) for b in bands]
    return count[0] / sum(count)


def test_toulouse_snapchat_is_the_young_ones() -> None:
    story = by_age()
    assert story.effect("snapchat_young", WEEKLY, age_band="15-29").is_up()
    assert _young_share_of_snapchat(story) > 0.75
    young, old = (story.mean("snapchat_young", WEEKLY, "snapchat", b) for b in ("15-29", "60-74"))
    assert young > 10 * old


def test_toulouse_with_equal_use_snapchat_is_not_the_young_ones() -> None:
    """The 15-29 are 38 % of the residents of 15 and over."""
    assert _young_share_of_snapchat(by_age(alike=True)) < 0.6


def test_toulouse_facebook_for_seniors_gives_up_the_young_for_livelier_elders() -> None:
    story = by_age()
    assert story.effect("facebook_seniors", WEEKLY, "facebook", "15-29").is_down()
    assert story.effect("facebook_seniors", "interactions", "facebook", "45-59").is_up(2.0)


def test_toulouse_facebook_for_everybody_is_the_present_situation() -> None:
    story = by_age(alike=True)
    for kpi in (WEEKLY, "interactions"):
        for band in ("all", "15-29", "45-59"):
            assert story.effect("facebook_seniors", kpi, "facebook", band) == Effect(0.0, 0.0)


@cache
def evening(flat: bool = False) -> Story:
    """``flat``: residents as present, and other pages as busy, at any hour."""
    hours: dict[str, Any] = {
        "behaviour__hour_profiles__*__hours__values__*": [1.0] * 24,
        "behaviour__supply__hours__values__*": [1.0] * 24,
    }
    return tell(
        "toulouse_2019",
        "sampling=0.03",
        "horizon_weeks=4",
        sides=("evening",),
        control=on("facebook", "instagram", "twitter", **(hours if flat else {})),
    )


def test_toulouse_posts_of_the_evening_find_more_people() -> None:
    assert evening().effect("evening", "reach").is_up()
    assert evening().effect("evening", WEEKLY).is_up()


def test_toulouse_hours_do_not_matter_when_people_are_there_at_any_hour() -> None:
    flat, story = evening(flat=True).effect("evening", "reach"), evening().effect("evening", "reach")
    assert abs(flat.mean) < 0.25 * story.mean
    assert not flat.is_up()


# --- Romans-sur-Isère 2019: job offers, games -----------------------------------------------------------


@cache
def jobs(fans: int | None = None) -> Story:
    few = {} if fans is None else {
        f"city__accounts__facebook__followers__{k}": fans for k in ("value", "low")
    }  # fmt: skip
    return tell("romans_2019_jobs", "sampling=1", control=on("facebook", "linkedin", **few))


def test_romans_linkedin_makes_job_offers_visible() -> None:
    """Without LinkedIn nobody sees an offer on these two platforms; Facebook shows them to more people."""
    assert jobs().mean("nowhere", "job_offers_reach") == 0
    assert jobs().effect("nowhere", "job_offers_reach").is_down()
    assert jobs().effect("facebook", "job_offers_reach").is_up()
    assert jobs().effect("both", "job_offers_reach", against="facebook").is_up()


def test_romans_linkedin_shows_an_offer_to_more_of_its_followers() -> None:
    here = jobs().mean("baseline", "reach_rate_by_follower", "linkedin")
    assert here > jobs().mean("facebook", "job_offers_reach") / 8 / jobs().mean(
        "facebook", "followers", "facebook"
    )


def test_romans_facebook_wins_by_its_followers_only() -> None:
    """With as few fans on Facebook as on LinkedIn, Facebook shows the offers to no more people."""
    assert not jobs(500).effect("facebook", "job_offers_reach").is_up()


@cache
def games(multiplier: float | None = None) -> Story:
    plain = {} if multiplier is None else {"platform__instagram__formats__game__comment": multiplier}
    return tell(
        "romans_2019_games", "sampling=1", "horizon_weeks=4", replicates=12, control=on("instagram", **plain)
    )


def test_romans_games_bring_comments() -> None:
    assert games().effect("games", "comments", "instagram").is_up()
    assert games().effect("games", "contributions", "instagram").is_up()
    assert games().effect("both", "comments", "instagram").is_up()


def test_romans_games_that_ask_nothing_bring_fewer() -> None:
    asked = games().values("games", "contributions", "instagram")
    plain = games(1.0).values("games", "contributions", "instagram")
    assert _effect(asked, plain).is_up()
    assert plain.mean() < 0.75 * asked.mean()


# --- Val-de-Marne 2019: adapted or copied ---------------------------------------------------------------


@cache
def copied(fit: float | None = None) -> Story:
    as_good = {} if fit is None else {"change__copied_content__fit": fit}
    return tell(
        "val_de_marne_2019_adapted",
        "sampling=0.02",
        "horizon_weeks=4",
        control=on("facebook", "instagram", "twitter", **as_good),
    )


def test_val_de_marne_copied_content_engages_less() -> None:
    assert copied().effect("copied", "engagement_rate_by_reach").is_down()
    assert copied().effect("copied", "engagement_rate_by_reach", "instagram").is_down()


def test_val_de_marne_copied_content_that_fits_engages_no_less() -> None:
    for platform in ("all", "instagram"):
        assert not copied(1.0).effect("copied", "engagement_rate_by_reach", platform).is_down(2.0)


# --- Saint-Dizier: Snapchat opened, dropped, reopened ----------------------------------------------------


@cache
def reopened(codes: bool = True) -> Story:
    """``codes`` False: the return misses the codes like the first try.

    Every post of Facebook mentions Snapchat, on every side: subscribers enough to measure a share.
    """
    often = {
        f"change__{name}__cross_promotion": 1.0 for name in ("open_snapchat_poor_fit", "reopen_snapchat")
    }
    missed = {
        "change__reopen_snapchat__rel_appeal": 0.5,
        "platform__snapchat__formats__bitmoji__offer": 1.0,
    }
    return tell(
        "saint_dizier_2016_reopened",
        "sampling=0.5",
        "horizon_weeks=10",
        control=on("facebook", "snapchat", **(often if codes else often | missed)),
    )


def _last_weeks(story: Story) -> Effect:
    """Share of the subscribers who open a story: the return against the first try, in the same weeks."""
    return _effect(
        *(_late(story, side, "reach_rate_by_follower", "snapchat", 7) for side in ("reopened", "baseline"))
    )


def test_saint_dizier_dropped_then_reopened_with_its_codes() -> None:
    story = reopened()
    assert not _late(story, "dropped", WEEKLY, "snapchat", 4).any()
    assert _late(story, "reopened", WEEKLY, "snapchat", 6).all()
    assert _last_weeks(story).is_up()


def test_saint_dizier_a_return_without_codes_is_no_better_than_the_first_try() -> None:
    assert not _last_weeks(reopened(codes=False)).is_up(2.0)


# --- Paris 2013: whom posts are for ----------------------------------------------------------------------


@cache
def paris(alike: bool = False) -> Story:
    """``alike``: everybody reads French, and the services are offered to all followers after all."""
    same = {
        "behaviour__elsewhere__understands_french__abroad": 1.0,
        "behaviour__elsewhere__understands_english__abroad": 1.0,
        "change__services_for_residents__gain": 1.0,
        "change__services_for_residents__circles": ["resident", "around", "country", "abroad"],
    }
    return tell(
        "paris_2013_targeting",
        "sampling=0.02",
        "horizon_weeks=3",
        control=on("facebook", **(same if alike else {})),
        sides=("residents", "bilingual"),
    )


def test_paris_services_for_parisians_lose_foreigners_and_no_parisian() -> None:
    assert paris().effect("residents", "local_share_of_reach", "facebook").is_up()
    lost = paris().effect("residents", WEEKLY, "facebook")
    assert abs(lost.mean) < 0.02 * paris().mean("baseline", WEEKLY, "facebook")


def test_paris_two_languages_engage_the_foreigners() -> None:
    assert paris().effect("bilingual", "interactions", "facebook").is_up()


def test_paris_if_all_read_french_and_nobody_is_kept_out_nothing_moves() -> None:
    story = paris(alike=True)
    assert story.effect("residents", "local_share_of_reach", "facebook") == Effect(0.0, 0.0)
    assert story.effect("bilingual", "interactions", "facebook") == Effect(0.0, 0.0)


# --- Grenoble 2013: Twitter ------------------------------------------------------------------------------


@cache
def twitter(followers: int | None = None) -> Story:
    many = {} if followers is None else {
        f"city__accounts__twitter__followers__{k}": followers for k in ("value", "high")
    }  # fmt: skip
    return tell(
        "grenoble_2013_twitter",
        "sampling=0.1",
        "horizon_weeks=4",
        sides=("more_tweets",),
        control=on("facebook", "twitter", **many),
    )


def test_grenoble_more_tweets_reach_more_on_twitter_and_change_little_overall() -> None:
    assert twitter().effect("more_tweets", WEEKLY, "twitter").is_up()
    assert twitter().effect("more_tweets", WEEKLY).mean < 0.05 * twitter().mean("baseline", WEEKLY)


def test_grenoble_with_as_many_followers_as_fans_more_tweets_would_count() -> None:
    """The cause is the audience of Twitter: the same push, on twelve times as many followers."""
    few, many = (s.effect("more_tweets", WEEKLY) for s in (twitter(), twitter(45_000)))
    assert many.is_up()
    assert many.mean > 4 * max(few.mean, 0.0)
