"""KPIs: every one by hand on ten residents, conservation on a real run, words in two languages."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inputs import merged, open_snapchat, small_scenario, small_tree

from sim.city import City, Ties, build_city
from sim.figures import ADULT_BANDS, BANDS
from sim.indicators import ADDITIVE, DIRECTIONS, INDICATORS, UNITS
from sim.kernel import Kernel
from sim.kpi import hour_table, kpi_table, post_table
from sim.laws import Laws, build_laws
from sim.scenario import Scenario
from sim.service_indicators import SERVICE
from sim.tally import MEASURES, Tally

COUNTS = {
    "followers", "new_followers", "unfollows", "impressions", "reach", "reach_per_post", "interactions",
    "residents_reached", "residents_never_reached", "cascade_size_mean", "likes", "comments", "shares",
    "site_visits", "contributions", "job_offers_reach", "video_and_story_views",
}  # fmt: skip
Cells = dict[tuple[str, str, str, str], float]


# --- ten residents and two outsiders, all numbers by hand ----------------------------------------------

BAND_OF_ROW = [0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 1, 1]
FB, TW = 0, 1


def _hand_scenario(sampling: float = 1.0) -> Scenario:
    """Four posts on Facebook in two weeks, one on Twitter."""
    tree = small_tree(10)
    tree["platform"] = {name: tree["platform"][name] for name in ("facebook", "twitter")}
    slot = {"at": "10:00", "theme": "services", "format": "link"}
    tree["city"]["accounts"] = {
        "page": {"platform": "facebook", "followers": 5, "slots": [{**slot, "days": ["mon", "wed"]}]},
        "bird": {
            "platform": "twitter",
            "followers": 1,
            "slots": [{**slot, "days": ["tue"], "every_weeks": 2}],
        },
    }
    purposes = {"site": ["link"], "participation": ["services"], "jobs": ["services"], "views": ["link"]}
    peers = {"facebook": {"Larger": 100, "Smaller": 3}}
    return Scenario.from_dict(
        merged(tree, {"sampling": sampling, "behaviour": {"counts_as": purposes}, "city": {"peers": peers}})
    )


def _hand_city(scenario: Scenario) -> City:
    n = len(BAND_OF_ROW)
    ones = np.ones(n, dtype=np.float32)
    themes = tuple(sorted(scenario.behaviour.interest))
    return City(
        name="tiny",
        seed=1,
        n_residents=10,
        platforms=("facebook", "twitter"),
        themes=themes,
        age_band=np.array(BAND_OF_ROW, dtype=np.uint8),
        age_years=40 * ones,
        circle=np.array([0] * 10 + [1, 1], dtype=np.uint8),
        platform_mask=np.full(n, 3, dtype=np.uint16),
        activity=np.stack([ones, ones]),
        expressiveness=ones.copy(),
        attachment=ones.copy(),
        interest=np.ones((len(themes), n), dtype=np.float32),
        ties=Ties(np.zeros(n + 1, dtype=np.int64), np.empty(0, np.int32), np.empty(0, np.uint16)),
        followers={
            "page": np.array([1, 2, 4, 10, 11], dtype=np.int32),
            "bird": np.array([3], dtype=np.int32),
        },
        residuals=pd.DataFrame(),
        warnings=[],
    )


def _hand_tally() -> Tally:
    tally = Tally.empty(n_accounts=2, n_platforms=2, n_posts=5, n_weeks=2, n_rows=12)

    def put(account: int, group: int, week: int, **counts: int) -> None:
        for measure, n in counts.items():
            tally.weekly[account, group, week, MEASURES.index(measure)] = n

    put(FB, 1, 0, reach=4, impressions=6, click=1, like=2, comment=1, share=1, follows=1)
    put(FB, 6, 0, reach=2, impressions=2, like=1)
    put(FB, 2, 1, reach=2, impressions=5, click=1, like=1, share=1, hide=1, follows=1)
    put(FB, 1, 1, follows=1)
    put(FB, 6, 1, unfollows=1)
    put(TW, 1, 0, reach=1, impressions=1, like=1)
    put(TW, 3, 0, reach=1, impressions=2, follows=1)
    tally.followers[FB, 1], tally.followers[FB, 2], tally.followers[FB, 6] = [2, 3, 4], [1, 1, 2], [2, 2, 1]
    tally.followers[TW, 1], tally.followers[TW, 3] = [1, 1, 1], [0, 1, 1]
    for row, mask in {1: 0b11, 2: 0b01, 4: 0b01, 6: 0b10, 10: 0b01}.items():
        tally.reached[row] = mask
    tally.engaged[1], tally.engaged[4] = 0b11, 0b01
    tally.weekly_reached[0, FB] = [0, 2, 0, 0, 0, 0, 1]
    tally.weekly_reached[0, TW] = [0, 1, 0, 1, 0, 0, 0]
    tally.weekly_reached[0, 2] = [0, 2, 0, 1, 0, 0, 1]
    tally.weekly_reached[1, FB] = tally.weekly_reached[1, 2] = [0, 0, 1, 0, 0, 0, 0]
    # Posts in order of time: Facebook Monday, Twitter Tuesday, Facebook Wednesday, Monday, Wednesday.
    tally.friend_reach[:] = [2, 0, 0, 1, 0]
    tally.depth[:] = [2, 0, 0, 1, 0]
    tally.share_depth[FB, 1:3] = [2, 1]
    tally.posts[0, MEASURES.index("reach")] = 6
    tally.hourly[FB, 20] = [13, 8]
    tally.posts[0, MEASURES.index("impressions")] = 7
    tally.posts[[0, 2], MEASURES.index("click")], tally.posts[3, MEASURES.index("comment")] = 1, 3
    # Row 1 has climbed everything, row 4 is linked, row 6 informed; row 10 is no resident.
    for row, rungs in {1: 0b11111, 4: 0b00001, 6: 0b00010, 10: 0b11111}.items():
        tally.ladder[row] = rungs
    return tally


@cache
def _hand(sampling: float = 1.0) -> tuple[Tally, Laws, City, Cells]:
    scenario = _hand_scenario(sampling)
    city = _hand_city(scenario)
    laws, tally = build_laws(scenario, city, 1), _hand_tally()
    return tally, laws, city, _cells(kpi_table(tally, laws, city, "hand", 0))


def _cells(table: pd.DataFrame) -> Cells:
    keys = ["kpi", "platform", "age_band", "week"]
    assert not table.duplicated(keys).any()
    return {tuple(row[:4]): row[4] for row in table[[*keys, "value"]].itertuples(index=False)}


BY_HAND = {
    # counts of the whole horizon: Facebook, Twitter, all
    "posts_published": (4, 1, 5),
    "followers": (7, 2, 9),
    "followers_per_100_residents": (70, 20, 90),
    "new_followers": (3, 1, 4),
    "unfollows": (1, 0, 1),
    "follower_growth_percent": (40, 100, 50),
    "impressions": (13, 3, 16),
    "reach": (8, 2, 10),
    "reach_per_post": (8 / 4, 2 / 1, 10 / 5),
    "reach_rate_by_follower": (2 / 6, 2 / 1.5, 2 / 7.5),
    "frequency_impressions_per_person_reached": (13 / 4, 3 / 2, 16 / 5),
    "interactions": (7, 1, 8),
    "engagement_rate_by_reach": (7 / 8, 1 / 2, 8 / 10),
    "engagement_rate_by_follower": (7 / 4 / 6, 1 / 1.5, 8 / 5 / 7.5),
    "clicks_per_1000_reached": (250, 0, 200),
    "likes_per_1000_reached": (500, 500, 500),
    "comments_per_1000_reached": (125, 0, 100),
    "shares_per_1000_reached": (250, 0, 200),
    "shares_per_like": (2 / 4, 0, 2 / 5),
    "hides_per_10000_reached": (1250, 0, 1000),
    "likes": (4, 1, 5),
    "comments": (1, 0, 1),
    "shares": (2, 0, 2),
    "followers_per_100_residents_over_15": (700 / 9, 200 / 9, 100),
    "young_share_of_reach": (4 / 8, 1 / 2, 5 / 10),
    "senior_share_of_reach": (0, 0, 0),
    "nonresident_share_of_reach": (2 / 8, 0, 2 / 10),
    # by post: every one is a link about services, the counts are those of two posts on Facebook
    "site_visits": (2, 0, 2),
    "contributions": (3, 0, 3),
    "contributions_per_1000_reached": (500, np.nan, 500),
    "job_offers_reach": (6, 0, 6),
    "video_and_story_views": (7, 0, 7),
    # distinct residents: rows 1, 2, 4 on Facebook, 1 and 6 on Twitter; row 10 is no resident
    "residents_reached": (3, 2, 4),
    "coverage_of_residents": (0.3, 0.2, 0.4),
    "weekly_coverage_of_residents": ((0.2 + 0.1) / 2, 0.2 / 2, (0.3 + 0.1) / 2),
    "residents_never_reached": (7, 8, 6),
    "never_reached_share_of_residents": (0.7, 0.8, 0.6),
    "digital_divide_gap": (2 / 3, 1 / 2, 2 / 3),
    "local_share_of_reach": (6 / 8, 1, 8 / 10),
    "cascade_size_mean": (3 / 4, 0, 3 / 5),
    "cascade_depth_mean": (1.5, np.nan, 1.5),
    "reshares_at_depth_1_share": (2 / 3, np.nan, 2 / 3),
}


@pytest.mark.parametrize("kpi", BY_HAND)
def test_by_hand(kpi: str) -> None:
    cells = _hand()[3]
    got = [cells[kpi, platform, "all", "all"] for platform in ("facebook", "twitter", "all")]
    assert got == pytest.approx(BY_HAND[kpi], nan_ok=True)


def test_by_hand_of_one_platform_or_of_a_pair() -> None:
    cells = _hand()[3]
    assert cells["engaged_share_of_followers", "facebook", "all", "all"] == pytest.approx(2 / 7)
    assert cells["engaged_share_of_followers", "twitter", "all", "all"] == pytest.approx(1 / 2)
    assert ("engaged_share_of_followers", "all", "all", "all") not in cells
    assert cells["overlap_share_of_reached", "facebook+twitter", "all", "all"] == pytest.approx(1 / 4)
    assert [key for key in cells if key[0] == "overlap_share_of_reached"] == [
        ("overlap_share_of_reached", "facebook+twitter", "all", "all")
    ]


def test_rank_among_the_cities_that_are_known() -> None:
    cells = _hand()[3]
    assert cells["rank_among_known_cities", "facebook", "all", "all"] == 2
    assert ("rank_among_known_cities", "twitter", "all", "all") not in cells


@pytest.mark.parametrize(
    ("kpi", "platform", "band", "expected"),
    [
        ("ladder_linked", "all", "all", 2 / 10),
        ("ladder_informed", "all", "all", 2 / 10),
        ("ladder_in_dialogue", "all", "all", 1 / 10),
        ("ladder_promoting", "all", "15-29", 1 / 3),
        ("ladder_influenced", "all", "15-29", 1 / 3),
        ("ladder_linked", "all", "30-44", 1 / 2),
        ("ladder_informed", "all", "45-59", 1 / 2),
        ("ladder_linked", "all", "75+", 0),
        ("followers", "facebook", "15-29", 4),
        ("followers_per_100_residents", "facebook", "15-29", 400 / 3),
        ("new_followers", "all", "15-29", 2),
        ("new_followers", "all", "45-59", 1),
        ("impressions", "facebook", "30-44", 5),
        ("impressions", "all", "15-29", 7),
        ("frequency_impressions_per_person_reached", "facebook", "15-29", 6 / 2),
        ("engagement_rate_by_reach", "facebook", "15-29", 4 / 4),
        ("follower_growth_percent", "facebook", "30-44", 100),
        ("coverage_of_residents", "all", "15-29", 2 / 3),
        ("coverage_of_residents", "all", "0-14", 0),
        ("coverage_of_residents", "twitter", "45-59", 1 / 2),
        ("weekly_coverage_of_residents", "all", "15-29", 1 / 3),
        ("weekly_coverage_of_residents", "all", "30-44", 1 / 4),
        ("residents_never_reached", "all", "75+", 1),
        ("never_reached_share_of_residents", "facebook", "30-44", 1 / 2),
        ("reach_per_post", "facebook", "60-74", 0),
        ("engagement_rate_by_reach", "all", "60-74", np.nan),
    ],
)
def test_by_hand_and_age_band(kpi: str, platform: str, band: str, expected: float) -> None:
    assert _hand()[3][kpi, platform, band, "all"] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("kpi", "platform", "week", "expected"),
    [
        ("posts_published", "facebook", "2", 2),
        ("posts_published", "twitter", "2", 0),
        ("followers", "facebook", "1", 6),
        ("followers", "all", "2", 9),
        ("new_followers", "facebook", "2", 2),
        ("follower_growth_percent", "facebook", "1", 20),
        ("impressions", "all", "1", 11),
        ("frequency_impressions_per_person_reached", "facebook", "1", 8 / 3),
        ("frequency_impressions_per_person_reached", "all", "1", 11 / 4),
        ("reach_rate_by_follower", "facebook", "1", 6 / 2 / 5.5),
        ("engagement_rate_by_reach", "facebook", "2", 2 / 2),
        ("weekly_coverage_of_residents", "all", "1", 0.3),
        ("weekly_coverage_of_residents", "all", "2", 0.1),
        ("weekly_coverage_of_residents", "twitter", "2", 0),
    ],
)
def test_by_hand_and_week(kpi: str, platform: str, week: str, expected: float) -> None:
    assert _hand()[3][kpi, platform, "all", week] == pytest.approx(expected)


def test_a_sample_scales_counts_of_people_and_leaves_ratios() -> None:
    whole, half = _hand(1.0)[3], _hand(0.5)[3]
    assert whole.keys() == half.keys()
    for key, value in whole.items():
        times = 2.0 if key[0] in COUNTS else 1.0
        assert half[key] == pytest.approx(times * value, nan_ok=True), key


def test_an_account_that_nobody_follows_has_no_ratio() -> None:
    """A ratio with nothing below is unknown, neither zero nor infinite, and says nothing on the console."""
    _, laws, city, _ = _hand()
    empty = Tally.empty(2, 2, 5, 2, 12)
    cells = _cells(kpi_table(empty, laws, city, "empty", 0))
    for kpi in (
        "engagement_rate_by_reach",
        "shares_per_like",
        "reach_rate_by_follower",
        "follower_growth_percent",
    ):
        assert np.isnan(cells[kpi, "all", "all", "all"])
    assert cells["coverage_of_residents", "all", "all", "all"] == 0
    assert cells["residents_never_reached", "all", "all", "all"] == 10
    assert not np.isinf(list(cells.values())).any()


# --- the table ------------------------------------------------------------------------------------------


def test_every_indicator_appears_and_nothing_else() -> None:
    kpis = {key[0] for key in _hand()[3]}
    assert kpis == set(INDICATORS) - {"share_of_voice"}  # only where there is an independent page
    assert len(kpis) >= 20
    elsewhere = {"engaged_share_of_followers", "overlap_share_of_reached", "rank_among_known_cities"}
    elsewhere |= {kpi for kpi in kpis if kpi.startswith("ladder_")}  # tests/test_ladder.py
    assert set(BY_HAND) | elsewhere | set(SERVICE) == kpis


@pytest.mark.parametrize("kpi", INDICATORS)
def test_words_in_both_languages(kpi: str) -> None:
    words = INDICATORS[kpi]
    for text in (words.fr, words.en, words.definition_fr, words.definition_en, words.unit):
        assert text.strip()
    assert words.definition_fr != words.definition_en
    assert words.definition_fr.endswith(".")
    assert words.definition_en.endswith(".")
    assert words.direction in ("up", "down", "neutral")
    assert (UNITS[kpi], DIRECTIONS[kpi], kpi in ADDITIVE) == (words.unit, words.direction, words.is_additive)


def test_labels_tell_indicators_apart() -> None:
    for lang in ("fr", "en"):
        assert len({getattr(i, lang) for i in INDICATORS.values()}) == len(INDICATORS)


def test_columns_and_places() -> None:
    tally, laws, city, _ = _hand()
    table = kpi_table(tally, laws, city, "name", 7)
    assert list(table.columns) == [
        "scenario",
        "replicate",
        "kpi",
        "platform",
        "age_band",
        "week",
        "value",
        "unit",
    ]
    assert set(table["scenario"]) == {"name"}
    assert set(table["replicate"]) == {7}
    assert set(table["platform"]) == {"all", "facebook", "twitter", "facebook+twitter"}
    assert set(table["age_band"]) == {"all", *BANDS}
    assert set(table["week"]) == {"all", "1", "2"}
    assert (table["unit"] == table["kpi"].map(UNITS)).all()


def test_posts_and_hours_by_hand() -> None:
    tally, laws, _, _ = _hand(0.5)
    posts = post_table(tally, laws, "hand", 0)
    assert list(posts["published"]) == [
        "w1 mon 10:00", "w1 tue 10:00", "w1 wed 10:00", "w2 mon 10:00", "w2 wed 10:00"
    ]  # fmt: skip
    assert list(posts["platform"]) == ["facebook", "twitter", "facebook", "facebook", "facebook"]
    assert list(posts["weekday"]) == [0, 1, 2, 0, 2]
    assert posts.loc[0, ["reach", "cascade_size", "cascade_depth"]].tolist() == [6, 2, 2]
    hours = hour_table(tally, laws, "hand", 0)
    assert len(hours) == 2 * 24
    evening = hours[(hours["platform"] == "facebook") & (hours["hour"] == 20)]
    assert evening[["impressions", "reach"]].to_numpy().tolist() == [[26, 16]]  # a half was simulated
    assert hours["impressions"].sum() == 26


# --- conservation on a real run ---------------------------------------------------------------------------


@cache
def _real() -> tuple[Tally, Laws, City, Cells, pd.DataFrame, pd.DataFrame]:
    lively: dict[str, Any] = {
        "reactions": {"like": 0.2, "share": 0.2, "comment": 0.1, "hide": 0.05},
        "audience": {"discovery_per_month": 0.2, "unfollow_per_month": 0.2, "follow_if_shared": 0.2},
        "reach": {"share": {"values": {2019: 0.3}}},
        "display": {"visibility": 0.6, "redisplay": 0.2},
    }
    scenario = small_scenario(
        800,
        horizon_weeks=3,
        platform={"facebook": lively, "twitter": lively, "snapchat": lively},
        change={"open_snapchat": open_snapchat(from_week=2)},
    )
    city = build_city(scenario, 5)
    laws = build_laws(scenario, city, 5)
    tally = Kernel(laws, city, 5, 0).run()
    cells = _cells(kpi_table(tally, laws, city, "real", 0))
    return tally, laws, city, cells, post_table(tally, laws, "real", 0), hour_table(tally, laws, "real", 0)


NAMES = ("all", "facebook", "twitter", "snapchat")


@pytest.mark.parametrize("name", NAMES)
def test_posts_sum_to_the_platform(name: str) -> None:
    *_, cells, posts, _ = _real()
    mine = posts if name == "all" else posts[posts["platform"] == name]
    total = mine[["reach", "impressions", "likes", "comments", "shares"]].sum()
    assert total["reach"] == cells["reach", name, "all", "all"] > 0
    assert total["impressions"] == cells["impressions", name, "all", "all"] > total["reach"]
    assert total[["likes", "comments", "shares"]].sum() == cells["interactions", name, "all", "all"]
    assert len(mine) == cells["posts_published", name, "all", "all"]
    assert (posts["offered"] + posts["cascade_size"] >= posts["reach"]).all()
    assert (posts["impressions"] >= posts["reach"]).all()
    assert (posts["cascade_size"] <= posts["reach"]).all()
    assert (posts["likes"] <= posts["reach"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_hours_sum_to_the_platform(name: str) -> None:
    *_, cells, _, hours = _real()
    mine = hours if name == "all" else hours[hours["platform"] == name]
    assert mine["impressions"].sum() == cells["impressions", name, "all", "all"]
    assert mine["reach"].sum() == cells["reach", name, "all", "all"]


@pytest.mark.parametrize("name", NAMES)
def test_followers_are_kept_account_of(name: str) -> None:
    tally, laws, _, cells, *_ = _real()
    k = [i for i, a in enumerate(laws.schedule.accounts) if name in ("all", a.platform)]
    start = tally.followers[k, :, 0].sum()
    moves = [cells[kpi, name, "all", "all"] for kpi in ("new_followers", "unfollows")]
    assert cells["followers", name, "all", "all"] == start + moves[0] - moves[1]
    assert moves[0] > 0
    before = start
    for week in ("1", "2", "3"):
        after = cells["followers", name, "all", week]
        assert (
            after
            == before + cells["new_followers", name, "all", week] - cells["unfollows", name, "all", week]
        )
        before = after


def test_weeks_and_platforms_sum_to_the_whole() -> None:
    *_, cells, _, _ = _real()
    for kpi in ("impressions", "reach", "interactions", "new_followers", "unfollows", "posts_published"):
        for name in NAMES:
            weeks = sum(cells[kpi, name, "all", week] for week in ("1", "2", "3"))
            assert weeks == cells[kpi, name, "all", "all"]
        assert sum(cells[kpi, name, "all", "all"] for name in NAMES[1:]) == cells[kpi, "all", "all", "all"]


@pytest.mark.parametrize("name", NAMES)
def test_coverage(name: str) -> None:
    _, _, city, cells, *_ = _real()
    for band in ("all", *BANDS):
        covered, never = (
            cells[kpi, name, band, "all"]
            for kpi in ("coverage_of_residents", "never_reached_share_of_residents")
        )
        assert covered + never == pytest.approx(1)
        assert cells["weekly_coverage_of_residents", name, band, "all"] <= covered
        both = (
            cells["residents_reached", name, band, "all"]
            + cells["residents_never_reached", name, band, "all"]
        )
        assert both == (
            city.n_residents
            if band == "all"
            else (city.age_band[: city.n_residents] == BANDS.index(band)).sum()
        )
    reached = sum(cells["residents_reached", name, band, "all"] for band in BANDS)
    assert reached == cells["residents_reached", name, "all", "all"]
    assert cells["coverage_of_residents", name, "0-14", "all"] == 0
    assert cells["residents_reached", name, "all", "all"] <= cells["reach", name, "all", "all"]
    shares = [cells["coverage_of_residents", name, band, "all"] for band in ADULT_BANDS]
    assert cells["digital_divide_gap", name, "all", "all"] == pytest.approx(max(shares) - min(shares))


def test_reach_across_platforms_counts_each_resident_once() -> None:
    """Inclusion and exclusion over three platforms, from the table and from the marks."""
    tally, _, city, cells, *_ = _real()
    alone = [cells["residents_reached", name, "all", "all"] for name in NAMES[1:]]
    union = cells["residents_reached", "all", "all", "all"]
    assert max(alone) < union < sum(alone)
    pairs = [v for (kpi, *_), v in cells.items() if kpi == "overlap_share_of_reached"]
    assert len(pairs) == 3
    marks = tally.reached[: city.n_residents].astype(int)
    used = [city.platforms.index(name) for name in NAMES[1:]]
    three = sum(all(m >> k & 1 for k in used) for m in marks)
    assert union == pytest.approx(sum(alone) - sum(pairs) * union + three)


def test_weekly_distinct_people_are_no_more_than_over_the_horizon() -> None:
    tally, _, city, *_ = _real()
    outsiders = tally.reached[city.n_residents :]
    for k in range(len(city.platforms)):
        ever = (tally.reached >> k & 1).sum()
        weeks = tally.weekly_reached[:, k].sum(axis=1)
        assert weeks.max() <= ever <= weeks.sum()
    assert tally.weekly_reached[:, -1, 6].max() <= (outsiders > 0).sum()
    assert (tally.this_week == 0).all()


def test_a_broken_tally_would_be_seen() -> None:
    """Negative control: one display too many breaks the sums."""
    tally, laws, city, *_ = _real()
    weekly = tally.weekly.copy()
    weekly[0, 1, 0, MEASURES.index("reach")] += 1
    cells = _cells(kpi_table(replace(tally, weekly=weekly), laws, city, "real", 0))
    assert cells["reach", "all", "all", "all"] != post_table(tally, laws, "real", 0)["reach"].sum()
