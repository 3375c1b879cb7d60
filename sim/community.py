"""KPIs of the community: ladder of link, make-up of the audience, participation, visits, jobs, rank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.book import ALL, Book, Row, ratio
from sim.figures import ADULT_BANDS, BANDS
from sim.tally import LADDER, MEASURES

Purpose = Literal["site", "views", "jobs", "participation"]
PURPOSES: tuple[Purpose, ...] = ("views", "site", "jobs", "participation")
YOUNG, SENIORS = ("15-29",), ("60-74", "75+")


def rows(book: Book) -> Iterator[Row]:
    """Every KPI of this file, over the whole horizon."""
    yield from _ladder(book)
    platforms: list[tuple[str, int | None]] = [(ALL, None)]
    platforms += [(book.city.platforms[k], k) for k in book.used]
    for name, k in platforms:
        found = {**_segments(book, k), **_purposes(book, k)}
        found["followers_per_100_residents_over_15"] = _per_adult(book, k)
        for kpi, value in found.items():
            yield kpi, name, ALL, ALL, value
        if k is not None and name in book.laws.scenario.city.peers:
            yield "rank_among_known_cities", name, ALL, ALL, _rank(book, name, k)


def _ladder(book: Book) -> Iterator[Row]:
    """Residents on each rung, as a share of residents: all of them and by age band."""
    n = book.city.n_residents
    ladder, band = book.tally.ladder[:n], book.city.age_band[:n]
    residents = book.population[: len(BANDS)]
    for bit, rung in enumerate(LADDER):
        there = np.bincount(band[ladder >> np.uint8(bit) & np.uint8(1) > 0], minlength=len(BANDS))
        yield f"ladder_{rung}", ALL, ALL, ALL, ratio(float(there.sum()), float(residents.sum()))
        for b, name in enumerate(BANDS):
            yield f"ladder_{rung}", ALL, name, ALL, ratio(float(there[b]), float(residents[b]))


def _segments(book: Book, k: int | None) -> dict[str, float]:
    """Who the reach falls on: the young, the old, people from elsewhere."""
    reach = [book.cell(k, slice(b, b + 1), None).count["reach"] for b in range(len(BANDS) + 1)]
    whole = sum(reach)

    def share(bands: tuple[str, ...]) -> float:
        return ratio(sum(reach[BANDS.index(b)] for b in bands), whole)

    return {
        "young_share_of_reach": share(YOUNG),
        "senior_share_of_reach": share(SENIORS),
        "nonresident_share_of_reach": ratio(reach[-1], whole),
    }


def _per_adult(book: Book, k: int | None) -> float:
    """Followers per 100 residents over 15 (the ranking of Adverbia)."""
    adults = sum(float(book.population[BANDS.index(b)]) for b in ADULT_BANDS) * book.up
    return ratio(100 * book.cell(k, slice(None), None).followers, adults)


def _purposes(book: Book, k: int | None) -> dict[str, float]:
    """What posts with a purpose brought, at the scale of the whole city."""
    views, site, jobs, play = (_serving(book, purpose, k) for purpose in PURPOSES)

    def total(posts: NDArray[np.bool_], measure: str) -> float:
        return float(book.tally.posts[posts, MEASURES.index(measure)].sum() * book.up)

    contributions = total(play, "comment")
    return {
        "video_and_story_views": total(views, "impressions"),
        "site_visits": total(site, "click"),
        "job_offers_reach": total(jobs, "reach"),
        "contributions": contributions,
        "contributions_per_1000_reached": ratio(1000 * contributions, total(play, "reach")),
    }


def _serving(book: Book, purpose: Purpose, k: int | None) -> NDArray[np.bool_]:
    """Which posts serve a purpose, by their format or theme; bool[posts]."""
    schedule, names = book.laws.schedule, book.laws.scenario.behaviour.counts_as.get(purpose, ())
    on = book.own_posts & np.array(
        [f in names or t in names for f, t in zip(schedule.format, schedule.theme, strict=True)], bool
    )
    return on if k is None else on & (book.laws.platform == k)


def _rank(book: Book, name: str, k: int) -> float:
    """Place by followers at the end among the cities whose number is known; they are taken not to move."""
    mine = book.cell(k, slice(None), None).followers
    return 1.0 + sum(peer.value > mine for peer in book.laws.scenario.city.peers[name].values())
