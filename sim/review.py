"""A team that reviews its own figures: read what has worked, move a share of the coming posts there, go on.

A review is planning, not a rule of the world. The run goes to the review, the counts of the posts published
so far are read, the remaining calendar is rebuilt, and everything runs again from the start: draws are keyed,
so the past comes out the same to the last count. Each replicate has its own history, hence its own decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.adaptive import MonthlyReview
from sim.calendar import DAY_MIN, SCHEDULE_SEED, Draft, applied
from sim.cards import ACTIONS
from sim.city import City
from sim.kernel import Kernel
from sim.laws import Laws, build_laws
from sim.planning import settled
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import MEASURES, Tally

WEEK_HOURS = WEEK_MIN // HOUR_MIN
Group = int | str


@dataclass(frozen=True)
class Decision:
    """What one review decided for one platform: from a week on, a share of the posts that are not at ``to``
    (an hour, a format or a theme) goes there."""

    from_week: int
    platforms: tuple[str, ...]
    moves: str
    to: Group
    step: float
    spacing_min: float


def play(
    laws: Laws, city: City, seed: int, replicate: int, kernel: type[Kernel] = Kernel
) -> tuple[Tally, Laws]:
    """Counts of one replicate, and the laws of the plan that was followed in the end."""
    laws = reviewed(laws, city, seed, replicate, kernel)
    return kernel(laws, city, seed, replicate).run(), laws


def reviewed(laws: Laws, city: City, seed: int, replicate: int, kernel: type[Kernel] = Kernel) -> Laws:
    """The laws after every review of this replicate; ``laws`` itself where nobody reviews anything."""
    scenario = laws.scenario
    habits = scenario.behaviour.planning
    reviews = {k: settled(c, habits) for k, c in scenario.change.items() if isinstance(c, MonthlyReview)}
    decided: dict[str, Any] = {}
    for week in sorted({w for review in reviews.values() for w in weeks_of(review, scenario.horizon_weeks)}):
        past = kernel(laws, city, seed, replicate)
        while past.hour < week * WEEK_HOURS:
            past.step()
        for key, review in reviews.items():
            if week in weeks_of(review, scenario.horizon_weeks):
                found = decisions(review, week, laws, past.tally)
                decided |= {f"{key}.{week}.{decision.platforms[0]}": decision for decision in found}
        changes = {**scenario.change, **decided}
        laws = build_laws(scenario.model_copy(update={"change": changes}), city, seed)
    return laws


def weeks_of(review: MonthlyReview, horizon_weeks: int) -> range:
    """Weeks after which the team reviews (1: after the first), each with a week left to act on; ``review`` is
    settled."""
    every = review.every_weeks or 1
    return range(review.from_week - 1 + every, horizon_weeks, every)


def decisions(review: MonthlyReview, week: int, laws: Laws, tally: Tally) -> Iterator[Decision]:
    """One decision for each platform where at least two hours (formats, themes) can be compared."""
    accounts = laws.schedule.accounts
    review = settled(review, laws.scenario.behaviour.planning)
    for platform in sorted({plan.platform for plan in accounts if plan.is_own}):
        if review.platforms and platform not in review.platforms:
            continue
        here = np.array([plan.is_own and plan.platform == platform for plan in accounts], dtype=bool)
        rows = np.flatnonzero(here[laws.schedule.account] & (laws.schedule.t_min < week * WEEK_MIN))
        found = evidence(review, rows, laws, tally)
        if len(found) > 1:
            best = max(sorted(found, key=str), key=lambda group: found[group])
            step, gap = review.step.value, review.spacing_min or 0.0
            yield Decision(week + 1, (platform,), review.moves, best, step, gap)


def evidence(review: MonthlyReview, rows: NDArray[np.int64], laws: Laws, tally: Tally) -> dict[Group, float]:
    """The indicator by hour, format or theme over the posts ``rows``, where there are enough of them."""
    found = {}
    groups = [_group(review.moves, laws, int(row)) for row in rows]
    for group in dict.fromkeys(groups):
        mine = rows[[g == group for g in groups]]
        if len(mine) >= review.least_posts.value:
            found[group] = _indicator(review.indicator, tally.posts[mine])
    return found


def _group(moves: str, laws: Laws, row: int) -> Group:
    schedule = laws.schedule
    if moves == "hours":
        return int(schedule.t_min[row]) % DAY_MIN // HOUR_MIN
    return (schedule.format if moves == "formats" else schedule.theme)[row]


def _indicator(name: str, counts: NDArray[np.int64]) -> float:
    """Mean over posts, or interactions over reach; ``counts`` int64[posts, measures]."""

    def total(*measures: str) -> int:
        return int(counts[:, [MEASURES.index(m) for m in measures]].sum())

    interactions = total(*(a for a in ACTIONS if a in ("like", "comment", "share")))
    if name == "engagement_rate_by_reach":
        return interactions / max(total("reach"), 1)
    what = {"interactions": interactions, "reach": total("reach"), "clicks": total("click")}
    return what[name] / len(counts)


@applied.register
def _(change: Decision, drafts: list[Draft]) -> list[Draft]:
    """Posts drawn by their slot move; those that share an hour of a day follow each other."""
    key = draws.key(SCHEDULE_SEED, 0, "review", change.moves, str(change.from_week))
    full: dict[tuple[str, int], int] = {}
    moved = []
    for d in sorted(drafts, key=lambda d: (_at(change.moves, d) != change.to, d.minute, d.slot)):
        day = (d.account, int(d.minute // DAY_MIN))
        stays = _at(change.moves, d) == change.to
        luck = float(draws.uniform(key, np.array([draws.name_id(d.slot)]))[0])
        if not stays and luck >= change.step:
            moved.append(d)
            continue
        n = full[day] = full.get(day, -1) + 1
        moved.append(d if stays else _moved(change, d, n))
    return moved


def _at(moves: str, d: Draft) -> Group:
    if moves == "hours":
        return int(d.minute) % DAY_MIN // HOUR_MIN
    return d.format if moves == "formats" else d.theme


def _moved(change: Decision, d: Draft, place: int) -> Draft:
    if change.moves == "formats":
        return replace(d, format=str(change.to))
    if change.moves == "themes":
        return replace(d, theme=str(change.to))
    minute = min(int(change.to) * HOUR_MIN + place * change.spacing_min, DAY_MIN - 1.0)
    return replace(d, minute=d.minute // DAY_MIN * DAY_MIN + minute)
