"""What changes of content (``sim.content``) do to the planned posts, registered on the calendar's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sim.accounts import own_on, platform_of
from sim.calendar import DAY_MIN, Draft, applied, at_stake, expand, replanned
from sim.content import CopyContent, Countdown, EditorialLine, Publish, ReopenAccount, TrainTeam
from sim.figures import WEEKDAYS, Weekday
from sim.scenario import Scenario
from sim.sessions import WEEK_MIN

SINGLE = -1  # the entry of a post that is in no weekly slot


def _minute(first: int, week: int, day: Weekday, at: int) -> float:
    """Minute of the horizon; ``first`` week of the change from 0, ``week`` of it from 1."""
    return float((first + week - 1) * WEEK_MIN + WEEKDAYS.index(day) * DAY_MIN + at)


def _account(platform: str, account: str | None, scenario: Scenario) -> str:
    """The account that is named, else the city's first one on the platform."""
    return account or own_on(platform, scenario)[0]


def _single(account: str, kind: str, minute: float, plan: list[Draft], **said: Any) -> Draft:
    """A post that belongs to no weekly slot; ``said``: the fields of the draft that are its own."""
    return Draft(
        slot=_named(account, kind, minute, plan),
        account=account,
        week=int(minute // WEEK_MIN),
        minute=minute,
        entry=SINGLE,
        **said,
    )


def _named(account: str, what: str, minute: float, plan: Sequence[Draft]) -> str:
    """The name of the next single post of its week: moving it within the week keeps it."""
    week = int(minute // WEEK_MIN) + 1
    taken = {d.slot for d in plan}
    n = next(n for n in range(len(plan) + 1) if f"{account}/{what}.{n}/w{week}" not in taken)
    return f"{account}/{what}.{n}/w{week}"


@replanned.register
def _(change: Publish, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """Single posts added; each is the n-th of its account and week, whatever its hour."""
    plan = list(plan)
    for post in change.posts:
        account = _account(post.platform, post.account, scenario)
        minute = _minute(change.from_week - 1, post.week, post.day, post.at)
        plan.append(
            _single(
                account,
                "post",
                minute,
                plan,
                theme=post.theme,
                format=post.format,
                rel_appeal=post.rel_appeal,
                target_ages=post.target_ages,
                fit=post.fit.value,
                controversial=post.controversial,
                target_circles=post.target_circles,
                languages=post.languages,
            )
        )
    return plan


@replanned.register
def _(change: Countdown, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """A series that ends on the date, its chance to be offered rising in equal steps."""
    plan = list(plan)
    account = _account(change.platform, change.account, scenario)
    last = _minute(change.from_week - 1, change.week, change.day, change.at)
    for k in range(change.posts):
        minute = last - (change.posts - 1 - k) * change.every_days * DAY_MIN
        rise = k / (change.posts - 1)
        plan.append(
            _single(
                account,
                "countdown",
                minute,
                plan,
                theme=change.theme,
                format=change.format,
                rel_appeal=1.0 + rise * (change.rising_to.value - 1.0),
            )
        )
    return plan


@applied.register
def _(change: EditorialLine, drafts: list[Draft]) -> list[Draft]:
    return [
        replace(d, fit=d.fit * change.fit.value, rel_appeal=d.rel_appeal * change.offer.value)
        if not change.themes or d.theme in change.themes
        else d
        for d in drafts
    ]


@applied.register
def _(change: TrainTeam, drafts: list[Draft]) -> list[Draft]:
    """Half of the way that is left to the full gain is made in every ``halflife_weeks``."""
    start = (change.from_week - 1) * WEEK_MIN
    halves = [max(d.minute - start, 0.0) / WEEK_MIN / change.halflife_weeks.value for d in drafts]
    return [
        replace(d, fit=d.fit * (1.0 + (change.gain.value - 1.0) * (1.0 - 2.0**-n)))
        for d, n in zip(drafts, halves, strict=True)
    ]


@replanned.register
def _(change: CopyContent, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """The n-th post of a week elsewhere becomes the n-th of the source's in that week, in turn."""
    first = change.from_week - 1
    mine, rest = at_stake(plan, scenario, change.platforms, first, change.accounts)
    source, _ = at_stake(mine + rest, scenario, (change.from_platform,), first)
    where = platform_of(scenario)
    models: dict[int, list[Draft]] = {}
    for d in sorted(source, key=lambda d: (d.minute, d.slot)):
        models.setdefault(d.week, []).append(d)
    turn: dict[tuple[str, int], int] = {}
    copied = []
    for d in sorted(mine, key=lambda d: (d.minute, d.slot)):
        if where[d.account] == change.from_platform or d.week not in models:
            copied.append(d)
            continue
        n = turn.get((d.account, d.week), 0)
        turn[d.account, d.week] = n + 1
        model = models[d.week][n % len(models[d.week])]
        formats = scenario.platform[where[d.account]].formats
        copied.append(
            replace(
                d,
                theme=model.theme,
                format=model.format if model.format in formats else d.format,
                target_ages=model.target_ages,
                target_circles=model.target_circles,
                controversial=model.controversial,
                fit=d.fit * change.fit.value,
            )
        )
    return rest + copied


@replanned.register
def _(change: ReopenAccount, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """Habits from the week of return on: the stated slots, or those of before; single posts stay."""
    named = () if change.account is None else (change.account,)
    mine, rest = at_stake(plan, scenario, (change.platform,), change.from_week - 1, named)
    if change.slots:
        account = _account(change.platform, change.account, scenario)
        again = expand(account, change.slots, change.from_week - 1, scenario.horizon_weeks)
        mine = [d for d in mine if d.entry == SINGLE] + again
    return rest + [
        replace(d, fit=d.fit * change.fit.value, rel_appeal=d.rel_appeal * change.rel_appeal.value)
        for d in mine
    ]
