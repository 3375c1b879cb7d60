"""KPIs of the service: tone, requests and their answers, what the calendar cost the team, and money."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.book import ALL, Book, Row, ratio
from sim.changes import BuyFollowers
from sim.laws import Laws
from sim.tally import TALK, TONES


def rows(book: Book) -> Iterator[Row]:
    """Every KPI of this file, by platform over the whole horizon; the tone and the requests by week too."""
    for name, k in [(ALL, None), *((book.city.platforms[k], k) for k in book.used)]:
        talk = book.tally.talk[_accounts(book, k)].sum(axis=0)
        for kpi, value in _conversation(talk.sum(axis=0), book.up).items():
            yield kpi, name, ALL, ALL, value
        yield (
            "median_answer_time_min",
            name,
            ALL,
            ALL,
            _median(book.tally.delays[_accounts(book, k)].sum(axis=0)),
        )
        for week in range(book.laws.schedule.n_weeks):
            told = _conversation(talk[week], book.up)
            for kpi in ("negative_share_of_comments", "requests_received"):
                yield kpi, name, ALL, str(week + 1), told[kpi]
        for kpi, value in _missed(book, k).items():
            yield kpi, name, ALL, ALL, value
    for kpi, value in _work(book).items():
        yield kpi, ALL, ALL, ALL, value


def _accounts(book: Book, k: int | None) -> NDArray[np.bool_]:
    return book.own if k is None else book.own & (book.laws.account_platform == k)


def _conversation(counts: NDArray[np.int64], up: float) -> dict[str, float]:
    """Ratios of the counts of ``TALK``."""
    n = dict(zip(TALK, counts.astype(float).tolist(), strict=True))
    requests, replies = n["requests"], n["answered"] + n["by_residents"]
    return {
        "negative_share_of_comments": ratio(n["negative"], sum(n[tone] for tone in TONES)),
        "requests_received": requests * up,
        "answer_rate": ratio(n["answered"], requests),
        "answered_by_residents_share": ratio(n["by_residents"], requests),
        "resolved_requests_share": ratio(n["resolved"], requests),
        "satisfaction_with_answers": ratio(n["resolved"], replies),
    }


def _median(delays: NDArray[np.int64]) -> float:
    """Median of whole minutes from their counts; NaN without any."""
    total = int(delays.sum())
    if not total:
        return float("nan")
    up_to = np.cumsum(delays)
    low, high = (int(np.searchsorted(up_to, rank, side="right")) for rank in ((total - 1) // 2, total // 2))
    return (low + high) / 2


def _missed(book: Book, k: int | None) -> dict[str, float]:
    """Posts late and dropped (posts are not people: they are not scaled)."""
    work, schedule = book.laws.schedule.work, book.laws.schedule
    if work is None:
        return {"posts_late": 0.0, "posts_dropped": 0.0}
    mine = _accounts(book, k)
    names = {plan.name for plan, here in zip(schedule.accounts, mine, strict=True) if here}
    return {
        "posts_late": float((work.late_min[mine[schedule.account]] > 0).sum()),
        "posts_dropped": float(sum(account in names for account, _ in work.dropped)),
    }


def _work(book: Book) -> dict[str, float]:
    """Hours and money; unknown for a city that states no team."""
    work, laws = book.laws.schedule.work, book.laws
    nothing = float("nan")
    if work is None:
        return dict.fromkeys(
            ("staff_hours", "engagement_per_staff_hour", "cost_eur", "cost_per_resident_reached_eur"), nothing
        )
    answered = book.tally.talk[book.own, :, TALK.index("answered")].sum(axis=0) * book.up
    minutes = work.posts_min + answered * work.answer_min
    cell = book.cell(None, slice(None), None)
    interactions = sum(cell.count[action] for action in ("like", "comment", "share"))
    cost = float((minutes * work.eur_per_min + work.eur).sum()) + advertising(laws)
    reached = float(book.distinct(book.tally.reached, None)[:-1].sum() * book.up)
    hours = float(minutes.sum() / 60)
    return {
        "staff_hours": hours,
        "engagement_per_staff_hour": ratio(interactions, hours),
        "cost_eur": cost,
        "cost_per_resident_reached_eur": ratio(cost, reached),
    }


def advertising(laws: Laws) -> float:
    """EUR spent on advertising within the horizon: followers bought, posts boosted."""
    scenario, total = laws.scenario, sum(boost.eur for boost in laws.schedule.boosts)
    for change in scenario.change.values():
        if isinstance(change, BuyFollowers):
            weeks_left = scenario.horizon_weeks - change.from_week + 1
            total += change.budget_eur.value * min(weeks_left / change.weeks, 1.0)
    return total
