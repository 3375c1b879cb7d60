"""Calendar: weekly slots written out as drafts of posts, and what each change does to them.

A draft keeps the name of its slot wherever a change moves it: identity is the place in the plan, not the
hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import numpy as np

from sim import draws
from sim.accounts import is_own, platform_of
from sim.cards import Slot
from sim.changes import (
    ChangeFrequency,
    ChangeMix,
    LeavePlatform,
    OpenAccount,
    ShiftHours,
    TargetAge,
    closed_weeks,
)
from sim.elsewhere import Language
from sim.figures import WEEKDAYS
from sim.planning import settled
from sim.scenario import Scenario
from sim.sessions import WEEK_MIN

DAY_MIN = 1440
SCHEDULE_SEED = 0  # what a mix or a mention falls on is part of the plan, not of chance between replicates


@dataclass(frozen=True)
class Draft:
    """One planned post before it becomes a row.

    ``fit`` multiplies reactions (editorial line, training); ``target_circles`` and ``languages`` empty mean
    everyone; ``partner`` an account that relays the post, "" for none.
    """

    slot: str
    account: str
    week: int
    minute: float
    entry: int
    theme: str
    format: str
    rel_appeal: float
    target_ages: tuple[str, ...] = ()
    target_gain: float = 1.0
    fit: float = 1.0
    controversial: bool = False
    target_circles: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    partner: str = ""


def drafts(scenario: Scenario) -> list[Draft]:
    """Every planned post of the scenario, changes applied in the order they are stated; unsorted."""
    weeks = scenario.horizon_weeks
    plan = [d for name, a in scenario.city.accounts.items() for d in expand(name, a.slots, 0, weeks)]
    for change in scenario.change.values():
        plan = replanned(change, plan, scenario)
    return plan


def at_stake(
    plan: list[Draft], scenario: Scenario, platforms: Sequence[str], first: int, accounts: Sequence[str] = ()
) -> tuple[list[Draft], list[Draft]]:
    """(posts on ``platforms`` (all if empty) from week ``first`` (0 = the first) on, all other posts).

    Only those of ``accounts``, or of every account of the city if empty: an independent page is touched only
    where it is named.
    """
    where = platform_of(scenario)
    mine: list[Draft] = []
    rest: list[Draft] = []
    for d in plan:
        named = d.account in accounts if accounts else is_own(d.account, scenario)
        is_mine = named and d.week >= first and (not platforms or where[d.account] in platforms)
        (mine if is_mine else rest).append(d)
    return mine, rest


@singledispatch
def replanned(change: Any, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    """The whole plan after one change: most kinds rework the posts that they touch, one by one."""
    platforms, accounts = getattr(change, "platforms", ()), getattr(change, "accounts", ())
    mine, rest = at_stake(plan, scenario, platforms, change.from_week - 1, accounts)
    return rest + applied(settled(change, scenario.behaviour.planning), mine)


@replanned.register
def _(change: OpenAccount, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    appeal = 1.0 if change.rel_appeal is None else change.rel_appeal.value
    opened = expand(change.opens, change.slots, change.from_week - 1, scenario.horizon_weeks)
    return plan + [replace(d, rel_appeal=d.rel_appeal * appeal) for d in opened]


@replanned.register
def _(change: LeavePlatform, plan: list[Draft], scenario: Scenario) -> list[Draft]:
    mine, rest = at_stake(plan, scenario, (change.platform,), change.from_week - 1, change.accounts)
    away = {
        account: closed_weeks(scenario.change.values(), change.platform, account)
        for account in {d.account for d in mine}
    }
    return rest + [d for d in mine if not any(a <= d.week + 1 < (b or np.inf) for a, b in away[d.account])]


def expand(account: str, slots: Sequence[Slot], from_week: int, weeks: int) -> list[Draft]:
    """Weekly slots written out: one draft for each day and week from ``from_week`` (0 = the first)."""
    return [
        Draft(
            slot=f"{account}/{entry}.{day}/w{week + 1}",
            account=account,
            week=week,
            minute=float(week * WEEK_MIN + WEEKDAYS.index(day) * DAY_MIN + slot.at),
            entry=entry,
            theme=slot.theme,
            format=slot.format,
            rel_appeal=slot.rel_appeal,
            target_ages=slot.target_ages,
            controversial=slot.controversial,
            target_circles=slot.target_circles,
            languages=slot.languages,
        )
        for week in range(from_week, weeks)
        for entry, slot in enumerate(slots)
        if (week - from_week) % slot.every_weeks == 0
        for day in slot.days
    ]


@singledispatch
def applied(change: object, drafts: list[Draft]) -> list[Draft]:
    """What a change makes of the posts that it touches; a change that is not about posts leaves them."""
    return drafts


@applied.register
def _(change: TargetAge, drafts: list[Draft]) -> list[Draft]:
    return [replace(d, target_ages=tuple(change.bands), target_gain=change.gain.value) for d in drafts]


@applied.register
def _(change: ChangeMix, drafts: list[Draft]) -> list[Draft]:
    return [_remixed(change, d) for d in drafts]


@applied.register
def _(change: ShiftHours, drafts: list[Draft]) -> list[Draft]:
    if change.by_hours is not None:
        return [replace(d, minute=max(d.minute + 60.0 * change.by_hours, 0.0)) for d in drafts]
    grid = sorted(change.to)
    moved = []
    for (_, day), posts in _by_account_and_day(drafts).items():
        for n, d in enumerate(posts):
            round_, place = divmod(n, len(grid))
            later = grid[place] + round_ * (change.spacing_min or 0.0)
            moved.append(replace(d, minute=day * DAY_MIN + min(later, DAY_MIN - 1.0)))
    return moved


@applied.register
def _(change: ChangeFrequency, drafts: list[Draft]) -> list[Draft]:
    """Each post becomes floor((n + 1) f) - floor(n f) posts: evenly thinned or copied, originals first."""
    kept: list[Draft] = []
    counter: dict[str, int] = {}
    for d in sorted(drafts, key=lambda d: (d.minute, d.slot)):
        n = counter.get(d.account, 0)
        counter[d.account] = n + 1
        copies = int((n + 1) * change.factor + 1e-9) - int(n * change.factor + 1e-9)
        for copy in range(copies):
            name = d.slot if copy == 0 else f"{d.slot}+{copy}"
            kept.append(replace(d, slot=name, minute=d.minute + copy * (change.spacing_min or 0.0)))
    return kept


def _by_account_and_day(drafts: list[Draft]) -> dict[tuple[str, int], list[Draft]]:
    days: dict[tuple[str, int], list[Draft]] = {}
    for d in sorted(drafts, key=lambda d: (d.minute, d.slot)):
        days.setdefault((d.account, int(d.minute // DAY_MIN)), []).append(d)
    return days


def _remixed(change: ChangeMix, d: Draft) -> Draft:
    def pick(kind: str, shares: dict[str, float], now: str) -> str:
        if not shares:
            return now
        u = float(draws.uniform(draws.key(SCHEDULE_SEED, 0, f"mix-{kind}", d.slot), 0)[0])
        edge = 0.0
        for name, share in shares.items():
            edge += share
            if u < edge:
                return name
        return name

    return replace(
        d,
        format=pick("format", change.formats, d.format),
        theme=pick("theme", change.themes, d.theme),
    )
