"""What the team can carry: which posts go out on time, late or never, and the minutes left for answers.

Known before the first draw: the calendar meets the team's hours once, when the schedule is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.calendar import Draft
from sim.changes import ChangeTeam
from sim.figures import WEEKDAYS
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN, rounded
from sim.staff import DAY_MIN, DEFAULT, WEEK_HOURS, Team

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Work:
    """What the team does over the horizon.

    ``spare_min`` float64[hours] person-minutes left for answers (0 if the team does not answer); by week,
    float64[weeks]: ``posts_min`` spent on posts that went out, contributors' included, ``answer_min``,
    ``answer_validation_min``, ``frank`` share of answers, ``eur`` a year of budget and agency spread over its
    weeks, ``eur_per_min``; ``late_min`` float64[posts] by how much each post is late; ``dropped`` (account,
    week) of each post that never went out.
    """

    spare_min: F64
    posts_min: F64
    answer_min: F64
    answer_validation_min: F64
    frank: F64
    eur: F64
    eur_per_min: F64
    late_min: F64
    dropped: tuple[tuple[str, int], ...]


def teams(scenario: Scenario) -> list[Team] | None:
    """The team of each week, changes applied in the order they are stated; None for a city without one."""
    first = scenario.city.team
    if first is None:
        return None
    weeks = [first] * scenario.horizon_weeks
    for change in scenario.change.values():
        if isinstance(change, ChangeTeam):
            start = change.from_week - 1
            weeks[start:] = [team.model_copy(update=change.stated()) for team in weeks[start:]]
    return weeks


def available(team: Team, people: float, minutes_each: float) -> F64:
    """Person-minutes by hour of the week, float64[168]: ``people`` of ``minutes_each`` a week, spread over
    the hours of presence, at most 60 minutes an hour each."""
    present = np.zeros(7 * DAY_MIN)
    for window in team.presence:
        for day in window.days:
            start = WEEKDAYS.index(day) * DAY_MIN
            present[start + window.start : start + window.last] = 1.0
    per_min = people * min(minutes_each / team.presence_min, 1.0)
    return np.asarray(rounded(present.reshape(WEEK_HOURS, HOUR_MIN).sum(axis=1) * per_min))


def carried(scenario: Scenario, drafts: list[Draft]) -> tuple[list[Draft], Work | None]:
    """The posts that the team gets out, at the instants at which it does, in order; and its work.

    ``drafts`` in order of (minute, slot), within the horizon. First come, first served by hour of
    publication; independent accounts and posts of no appeal cost nothing.
    """
    weeks = teams(scenario)
    if weeks is None:
        return drafts, None
    bench = _Bench(weeks)
    out: list[tuple[Draft, float]] = []
    dropped: list[tuple[str, int]] = []
    for d in drafts:
        if d.rel_appeal == 0 or _is_independent(scenario, d.account):
            out.append((d, 0.0))
            continue
        ready = bench.prepare(d)
        if ready is None:
            dropped.append((d.account, int(d.minute // WEEK_MIN)))
        else:
            late = max(ready - d.minute, 0.0)
            out.append((replace(d, minute=d.minute + late), late))
    out.sort(key=lambda pair: (pair[0].minute, pair[0].slot))
    late_min = np.array([late for _, late in out])
    return [d for d, _ in out], bench.work(late_min, tuple(dropped))


def _is_independent(scenario: Scenario, account: str) -> bool:
    return bool(getattr(scenario.city.accounts.get(account), "independent", False))


class _Bench:
    """The minutes of every hour, used up by one post after the other.

    Hours before the first week (in which its posts are prepared) repeat those of the first team.
    """

    def __init__(self, weeks: list[Team]) -> None:
        self.weeks = weeks
        self.before = int(np.ceil(weeks[0].lead_days.value / 7))
        all_weeks = [weeks[0]] * self.before + weeks
        tables = {id(team): team for team in all_weeks}
        own = {i: available(t, t.people.value, t.hours_per_week.value * 60) for i, t in tables.items()}
        help_ = {
            i: available(t, t.contributors.value, t.contributor_min_per_week.value) for i, t in tables.items()
        }
        self.own = np.concatenate([own[id(team)] for team in all_weeks])
        self.help = np.concatenate([help_[id(team)] for team in all_weeks])
        self.posts_min = np.zeros(len(weeks))

    def prepare(self, d: Draft) -> float | None:
        """Minute at which a post is ready, its minutes taken from the bench; None, and none taken, if it
        would be later than the team's patience or the horizon."""
        week = min(int(d.minute // WEEK_MIN), len(self.weeks) - 1)
        team = self.weeks[week]
        need = team.prepare_min.get(d.format, team.prepare_min[DEFAULT]).value
        validation = team.validation_h.value * HOUR_MIN
        latest = d.minute + team.patience_h.value * HOUR_MIN - validation
        start = d.minute - team.lead_days.value * DAY_MIN
        taken: list[tuple[int, float, float]] = []
        offset = self.before * WEEK_MIN
        hour = max(int((start + offset) // HOUR_MIN), 0)
        left, done = need, max(start, -float(offset))
        while left > 0:
            closes = float((hour + 1) * HOUR_MIN - offset)
            opens = max(closes - HOUR_MIN, done)
            if hour >= len(self.own) or opens > latest:
                return None
            part = (closes - opens) / HOUR_MIN
            free = part * (self.own[hour] + self.help[hour])
            use = min(free, left)
            if use > 0:
                by_help = min(use, part * self.help[hour])
                taken.append((hour, use - by_help, by_help))
                left -= use
                done = opens + (closes - opens) * use / free
            hour += 1
        ready = float(np.ceil(done + validation))
        if ready > d.minute and (ready > latest + validation or ready >= len(self.weeks) * WEEK_MIN):
            return None
        for hour, mine, theirs in taken:
            self.own[hour] -= mine
            self.help[hour] -= theirs
        self.posts_min[week] += need
        return ready

    def work(self, late_min: F64, dropped: tuple[tuple[str, int], ...]) -> Work:
        """What is left of the bench, and its account."""

        def by_week(get) -> F64:  # type: ignore[no-untyped-def]
            return np.array([float(get(team)) for team in self.weeks])

        spare = self.own[self.before * WEEK_HOURS :]
        answering = np.repeat(by_week(lambda t: t.answers), WEEK_HOURS)
        return Work(
            spare_min=np.asarray(rounded(np.maximum(spare, 0.0) * answering)),
            posts_min=self.posts_min,
            answer_min=by_week(lambda t: t.answer_min.value),
            answer_validation_min=by_week(lambda t: t.answer_validation_h.value * HOUR_MIN),
            frank=by_week(lambda t: t.frank.value),
            eur=by_week(lambda t: (t.budget_eur_per_year.value + t.agency_eur_per_year.value) * 7 / 365.25),
            eur_per_min=by_week(lambda t: t.eur_per_hour.value / 60),
            late_min=late_min,
            dropped=dropped,
        )
