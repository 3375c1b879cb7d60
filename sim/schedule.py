"""Calendar and changes become a Schedule: which posts go out when.

A post is identified by its place in the calendar (account, entry, day, week), never by its hour: a post
that a scenario moves keeps its identity, hence its appeal and its readers' luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.cards import Slot
from sim.changes import ChangeFrequency, ChangeMix, LeavePlatform, OpenAccount, ShiftHours, TargetAge
from sim.figures import BANDS, WEEKDAYS
from sim.scenario import Scenario
from sim.sessions import WEEK_MIN, rounded

DAY_MIN = 1440
SCHEDULE_SEED = 0  # what a mix or a mention falls on is part of the plan, not of chance between replicates


@dataclass(frozen=True)
class AccountPlan:
    """One account over the horizon; ``opens_min``/``closes_min`` bound its life."""

    name: str
    platform: str
    opens_min: float
    closes_min: float
    is_new: bool


@dataclass(frozen=True)
class Draft:
    """One planned post before it becomes a row."""

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


@dataclass(frozen=True)
class Schedule:
    """Posts in order of publication (then of identity), one row each.

    ``slot`` names; ``key`` uint64 identity; ``account``, ``theme`` int64; ``format`` names; ``t_min``
    float64; ``week``, int64 from 0; ``rel_appeal``, ``novelty``, ``target_gain`` float64; ``target``
    bool[n, 6] age bands; ``mention`` int64 account that the post mentions, or -1.
    """

    accounts: tuple[AccountPlan, ...]
    slot: tuple[str, ...]
    key: NDArray[np.uint64]
    account: NDArray[np.int64]
    t_min: NDArray[np.float64]
    week: NDArray[np.int64]
    theme: tuple[str, ...]
    format: tuple[str, ...]
    rel_appeal: NDArray[np.float64]
    novelty: NDArray[np.float64]
    target: NDArray[np.bool_]
    target_gain: NDArray[np.float64]
    mention: NDArray[np.int64]
    n_weeks: int = field(default=0)

    def __len__(self) -> int:
        return len(self.slot)


def build_schedule(scenario: Scenario) -> Schedule:
    """All posts of the scenario within its horizon, changes applied in the order they are stated."""
    weeks = scenario.horizon_weeks
    drafts = [d for name, a in scenario.city.accounts.items() for d in expand(name, a.slots, 0, weeks)]
    platform_of = {name: a.platform for name, a in scenario.city.accounts.items()}
    for change in scenario.change.values():
        if isinstance(change, OpenAccount):
            platform_of[change.platform] = change.platform
            drafts += expand(change.platform, change.slots, change.from_week - 1, weeks)
            continue
        named = (change.platform,) if isinstance(change, LeavePlatform) else change.platforms
        touched = {a for a, p in platform_of.items() if not named or p in named}
        drafts = _apply(change, drafts, touched)
    end = weeks * WEEK_MIN
    # A post pushed over either end of the horizon stays at that end: no scenario loses posts by moving them.
    drafts = [replace(d, minute=min(max(d.minute, 0.0), end - 1.0)) for d in drafts]
    return _freeze(scenario, sorted(drafts, key=lambda d: (d.minute, d.slot)), _accounts(scenario))


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
        )
        for week in range(from_week, weeks)
        for entry, slot in enumerate(slots)
        if (week - from_week) % slot.every_weeks == 0
        for day in slot.days
    ]


def _apply(change: object, drafts: list[Draft], touched: set[str]) -> list[Draft]:
    first = change.from_week - 1  # type: ignore[attr-defined]
    mine = [d for d in drafts if d.account in touched and d.week >= first]
    rest = [d for d in drafts if not (d.account in touched and d.week >= first)]
    if isinstance(change, LeavePlatform):
        return rest
    if isinstance(change, ShiftHours):
        return rest + _shifted(change, mine)
    if isinstance(change, ChangeFrequency):
        return rest + _thinned_or_doubled(change, mine)
    if isinstance(change, ChangeMix):
        return rest + [_remixed(change, d) for d in mine]
    if isinstance(change, TargetAge):
        bands = tuple(change.bands)
        return rest + [replace(d, target_ages=bands, target_gain=change.gain.value) for d in mine]
    raise TypeError(f"no rule for {type(change).__name__}")


def _by_account_and_day(drafts: list[Draft]) -> dict[tuple[str, int], list[Draft]]:
    days: dict[tuple[str, int], list[Draft]] = {}
    for d in sorted(drafts, key=lambda d: (d.minute, d.slot)):
        days.setdefault((d.account, int(d.minute // DAY_MIN)), []).append(d)
    return days


def _shifted(change: ShiftHours, drafts: list[Draft]) -> list[Draft]:
    if change.by_hours is not None:
        return [replace(d, minute=max(d.minute + 60.0 * change.by_hours, 0.0)) for d in drafts]
    grid = sorted(change.to)
    moved = []
    for (_, day), posts in _by_account_and_day(drafts).items():
        for n, d in enumerate(posts):
            round_, place = divmod(n, len(grid))
            later = grid[place] + round_ * change.spacing_min
            moved.append(replace(d, minute=day * DAY_MIN + min(later, DAY_MIN - 1.0)))
    return moved


def _thinned_or_doubled(change: ChangeFrequency, drafts: list[Draft]) -> list[Draft]:
    """Each post becomes floor((n + 1) f) - floor(n f) posts: evenly thinned or copied, originals first."""
    kept: list[Draft] = []
    counter: dict[str, int] = {}
    for d in sorted(drafts, key=lambda d: (d.minute, d.slot)):
        n = counter.get(d.account, 0)
        counter[d.account] = n + 1
        copies = int((n + 1) * change.factor + 1e-9) - int(n * change.factor + 1e-9)
        for copy in range(copies):
            name = d.slot if copy == 0 else f"{d.slot}+{copy}"
            kept.append(replace(d, slot=name, minute=d.minute + copy * change.spacing_min))
    return kept


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


def _accounts(scenario: Scenario) -> tuple[AccountPlan, ...]:
    end = float(scenario.horizon_weeks * WEEK_MIN)
    closes = {
        c.platform: float((c.from_week - 1) * WEEK_MIN)
        for c in scenario.change.values()
        if isinstance(c, LeavePlatform)
    }
    plans = [
        AccountPlan(name, a.platform, -np.inf, closes.get(a.platform, end), False)
        for name, a in scenario.city.accounts.items()
    ]
    for c in scenario.change.values():
        if isinstance(c, OpenAccount):
            opens = float((c.from_week - 1) * WEEK_MIN)
            plans.append(AccountPlan(c.platform, c.platform, opens, closes.get(c.platform, end), True))
    return tuple(plans)


def _freeze(scenario: Scenario, drafts: list[Draft], accounts: tuple[AccountPlan, ...]) -> Schedule:
    index = {plan.name: i for i, plan in enumerate(accounts)}
    target = np.ones((len(drafts), len(BANDS)), dtype=bool)
    for row, d in enumerate(drafts):
        if d.target_ages:
            target[row] = [band in d.target_ages for band in BANDS]
    return Schedule(
        accounts=accounts,
        slot=tuple(d.slot for d in drafts),
        key=np.array([draws.name_id(d.slot) for d in drafts], dtype=np.uint64),
        account=np.array([index[d.account] for d in drafts], dtype=np.int64),
        t_min=np.array([d.minute for d in drafts], dtype=np.float64),
        week=np.array([int(d.minute // WEEK_MIN) for d in drafts], dtype=np.int64),
        theme=tuple(d.theme for d in drafts),
        format=tuple(d.format for d in drafts),
        rel_appeal=rounded(np.array([d.rel_appeal for d in drafts], dtype=np.float64)),
        novelty=_novelty(scenario, drafts),
        target=target,
        target_gain=np.array([d.target_gain for d in drafts], dtype=np.float64),
        mention=_mentions(scenario, drafts, index),
        n_weeks=scenario.horizon_weeks,
    )


def _novelty(scenario: Scenario, drafts: list[Draft]) -> NDArray[np.float64]:
    last: dict[tuple[str, str], float] = {}
    out = np.ones(len(drafts))
    for row, d in enumerate(drafts):
        if d.rel_appeal == 0:
            continue
        before = last.get((d.account, d.theme))
        if before is not None:
            out[row] = behaviour.novelty(scenario.behaviour.memory, d.minute - before)
        last[d.account, d.theme] = d.minute
    return out


def _mentions(scenario: Scenario, drafts: list[Draft], index: dict[str, int]) -> NDArray[np.int64]:
    mention = np.full(len(drafts), -1, dtype=np.int64)
    for change in scenario.change.values():
        if not isinstance(change, OpenAccount) or change.cross_promotion.value == 0:
            continue
        start = (change.from_week - 1) * WEEK_MIN
        end = start + change.cross_promotion_weeks * WEEK_MIN
        key = draws.key(SCHEDULE_SEED, 0, "mention", change.platform)
        for row, d in enumerate(drafts):
            if d.account != change.platform and start <= d.minute < end and mention[row] < 0:
                u = float(draws.uniform(key, np.array([draws.name_id(d.slot)]))[0])
                if u < change.cross_promotion.value:
                    mention[row] = index[change.platform]
    return mention
