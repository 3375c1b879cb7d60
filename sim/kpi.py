"""KPIs: named ratios of counts, each with its denominator in its name. One table for every reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from sim import community, service
from sim.book import ALL, Book, Cell, Row, ratio
from sim.city import City
from sim.figures import ADULT_BANDS, BANDS
from sim.indicators import UNITS
from sim.laws import Laws
from sim.tally import MEASURES, Tally

Direction = Literal["up", "down", "neutral"]


def _simple(c: Cell) -> dict[str, float]:
    """KPIs that are defined in every cell."""
    n = c.count
    interactions = n["like"] + n["comment"] + n["share"]
    reach = n["reach"]
    mean_followers = (c.followers_start + c.followers) / 2
    return {
        "followers": c.followers,
        "followers_per_100_residents": ratio(100 * c.followers, c.population),
        "new_followers": n["follows"],
        "unfollows": n["unfollows"],
        "follower_growth_percent": ratio(100 * (c.followers - c.followers_start), c.followers_start),
        "impressions": n["impressions"],
        "reach": reach,
        "reach_per_post": ratio(reach, c.posts),
        "reach_rate_by_follower": ratio(ratio(reach, c.posts), mean_followers),
        "frequency_impressions_per_person_reached": ratio(n["impressions"], c.people),
        "interactions": interactions,
        "likes": n["like"],
        "comments": n["comment"],
        "shares": n["share"],
        "engagement_rate_by_reach": ratio(interactions, reach),
        "engagement_rate_by_follower": ratio(ratio(interactions, c.posts), mean_followers),
        "clicks_per_1000_reached": ratio(1000 * n["click"], reach),
        "likes_per_1000_reached": ratio(1000 * n["like"], reach),
        "comments_per_1000_reached": ratio(1000 * n["comment"], reach),
        "shares_per_1000_reached": ratio(1000 * n["share"], reach),
        "shares_per_like": ratio(n["share"], n["like"]),
        "hides_per_10000_reached": ratio(10_000 * n["hide"], reach),
    }


def kpi_table(tally: Tally, laws: Laws, city: City, scenario: str, replicate: int) -> pd.DataFrame:
    """Tidy KPIs of one run: scenario, replicate, kpi, platform, age_band, week, value, unit.

    Every KPI by platform and week, and by platform and age band over the whole horizon. Counts of people
    are at the scale of the whole city when it is simulated on a sample.
    """
    book = Book(tally, laws, city)
    rows = [
        *_cells(book),
        *_coverage(book),
        *_overlap(book),
        *_cascades(book),
        *community.rows(book),
        *_voice(book),
        *service.rows(book),
    ]
    table = pd.DataFrame(rows, columns=["kpi", "platform", "age_band", "week", "value"])
    table.insert(0, "scenario", scenario)
    table.insert(1, "replicate", replicate)
    table["unit"] = table["kpi"].map(UNITS)
    return table


def _named(book: Book) -> list[tuple[str, int | None]]:
    return [(ALL, None), *((book.city.platforms[k], k) for k in book.used)]


def _cells(book: Book) -> Iterator[Row]:
    everyone = slice(None)
    for name, k in _named(book):
        weeks: list[int | None] = [None, *range(book.laws.schedule.n_weeks)]
        for week in weeks:
            cell = book.cell(k, everyone, week)
            label = ALL if week is None else str(week + 1)
            yield "posts_published", name, ALL, label, cell.posts
            for kpi, value in _simple(cell).items():
                yield kpi, name, ALL, label, value
        for b, band in enumerate(BANDS):
            if band not in ADULT_BANDS:
                continue
            for kpi, value in _simple(book.cell(k, slice(b, b + 1), None)).items():
                yield kpi, name, band, ALL, value
        residents = slice(0, len(BANDS))
        whole, local = book.cell(k, everyone, None), book.cell(k, residents, None)
        yield "local_share_of_reach", name, ALL, ALL, ratio(local.count["reach"], whole.count["reach"])
        if k is not None:
            engaged = book.distinct(book.tally.engaged, k).sum() * book.up
            yield "engaged_share_of_followers", name, ALL, ALL, ratio(engaged, whole.followers)


def _coverage(book: Book) -> Iterator[Row]:
    """Residents reached at least once: over the horizon and in a week, by platform and age band."""
    residents = book.population[: len(BANDS)]
    weekly = book.tally.weekly_reached[:, :, : len(BANDS)].astype(float)
    for name, k in _named(book):
        reached = book.distinct(book.tally.reached, k)[: len(BANDS)]
        mean_week = weekly[:, -1 if k is None else k].mean(axis=0)
        for band, who in [(ALL, slice(None)), *((b, slice(i, i + 1)) for i, b in enumerate(BANDS))]:
            n, met, met_weekly = residents[who].sum(), reached[who].sum(), mean_week[who].sum()
            yield "residents_reached", name, band, ALL, met * book.up
            yield "coverage_of_residents", name, band, ALL, ratio(met, n)
            yield "weekly_coverage_of_residents", name, band, ALL, ratio(met_weekly, n)
            yield "residents_never_reached", name, band, ALL, (n - met) * book.up
            yield "never_reached_share_of_residents", name, band, ALL, ratio(n - met, n)
        for week in range(len(weekly)):
            share = ratio(weekly[week, -1 if k is None else k].sum(), residents.sum())
            yield "weekly_coverage_of_residents", name, ALL, str(week + 1), share
        adults = [ratio(reached[BANDS.index(b)], residents[BANDS.index(b)]) for b in ADULT_BANDS]
        known = [share for share in adults if not np.isnan(share)]
        yield "digital_divide_gap", name, ALL, ALL, max(known) - min(known) if known else float("nan")


def _overlap(book: Book) -> Iterator[Row]:
    """Residents reached on both platforms of a pair, as a share of all residents reached."""
    marks = book.tally.reached[: book.city.n_residents]
    reached = (marks > 0).sum()
    for a, b in combinations(book.used, 2):
        both = np.uint16(1 << a | 1 << b)
        pair = f"{book.city.platforms[a]}+{book.city.platforms[b]}"
        met_on_both = float((marks & both == both).sum())
        yield "overlap_share_of_reached", pair, ALL, ALL, ratio(met_on_both, float(reached))


def _cascades(book: Book) -> Iterator[Row]:
    tally, laws = book.tally, book.laws
    for name, k in _named(book):
        posts = book.own_posts if k is None else book.own_posts & (laws.platform == k)
        accounts = book.own if k is None else book.own & (laws.account_platform == k)
        by_depth = tally.share_depth[accounts].sum(axis=0)
        size = tally.friend_reach[posts]
        shared = tally.depth[posts] > 0
        depth = float(tally.depth[posts][shared].mean()) if shared.any() else float("nan")
        yield (
            "cascade_size_mean",
            name,
            ALL,
            ALL,
            float(size.mean() * book.up) if posts.any() else float("nan"),
        )
        yield "cascade_depth_mean", name, ALL, ALL, depth
        yield "reshares_at_depth_1_share", name, ALL, ALL, ratio(float(by_depth[1]), float(by_depth.sum()))


def _voice(book: Book) -> Iterator[Row]:
    """The city's share of what residents see of it and of the independent pages, where there is one."""
    if book.own.all():
        return
    shown = book.tally.weekly[:, : len(BANDS), :, MEASURES.index("impressions")].sum(axis=(1, 2))
    for name, k in _named(book):
        here = np.ones(len(book.own), bool) if k is None else book.laws.account_platform == k
        everyone = float(shown[here].sum())
        yield "share_of_voice", name, ALL, ALL, ratio(float(shown[here & book.own].sum()), everyone)


def post_table(tally: Tally, laws: Laws, scenario: str, replicate: int) -> pd.DataFrame:
    """Counts of every post of the city in one run (people of the simulated sample, not scaled)."""
    s = laws.schedule
    minute = s.t_min.astype(np.int64)
    day, hour = minute // 1440 % 7, minute // 60 % 24
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    columns = {m: tally.posts[:, i] for i, m in enumerate(MEASURES)}
    own = np.array([plan.is_own for plan in s.accounts], dtype=bool)[s.account]
    table = pd.DataFrame(
        {
            "scenario": scenario,
            "replicate": replicate,
            "post": list(s.slot),
            "platform": [s.accounts[a].platform for a in s.account],
            "published": [
                f"w{w + 1} {names[d]} {h:02d}:{m:02d}"
                for w, d, h, m in zip(s.week, day, hour, minute % 60, strict=True)
            ],
            "week": s.week + 1,
            "hour": hour,
            "weekday": day,
            "theme": list(s.theme),
            "format": list(s.format),
            "offered": columns["offered"],
            "reach": columns["reach"],
            "impressions": columns["impressions"],
            "clicks": columns["click"],
            "likes": columns["like"],
            "comments": columns["comment"],
            "shares": columns["share"],
            "hides": columns["hide"],
            "cascade_size": tally.friend_reach,
            "cascade_depth": tally.depth,
        }
    )
    return table[own].reset_index(drop=True)


def hour_table(tally: Tally, laws: Laws, scenario: str, replicate: int) -> pd.DataFrame:
    """Impressions and first displays by platform and local hour of one run, at the scale of the city."""
    rows, accounts = [], [(plan.platform, a) for a, plan in enumerate(laws.schedule.accounts) if plan.is_own]
    for platform in dict.fromkeys(name for name, _ in accounts):
        counts = tally.hourly[[a for name, a in accounts if name == platform]].sum(axis=0)
        for hour in range(24):
            impressions, reach = counts[hour] / laws.scenario.sampling
            rows.append((scenario, replicate, platform, hour, round(impressions), round(reach)))
    return pd.DataFrame(rows, columns=["scenario", "replicate", "platform", "hour", "impressions", "reach"])
