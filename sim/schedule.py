"""Calendar and changes become a Schedule: which posts go out when.

A post is identified by its place in the calendar (account, entry, day, week), never by its hour: a post
that a scenario moves keeps its identity, hence its appeal and its readers' luck.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws, editing  # noqa: F401 - editing registers the changes of content
from sim.accounts import is_own, largest_on, opened_by, own_on
from sim.aiming import Boost, boosts, circle_flags, partners, understood
from sim.calendar import SCHEDULE_SEED, Draft, drafts
from sim.changes import BuyFollowers, OpenAccount, closed_weeks
from sim.content import ReopenAccount
from sim.figures import BANDS
from sim.occasions import is_silent
from sim.planning import settled
from sim.scenario import Scenario
from sim.sessions import WEEK_MIN, rounded
from sim.team import Work, carried


@dataclass(frozen=True)
class AccountPlan:
    """One account over the horizon; ``opens_min``/``closes_min`` bound its life, in which ``pauses`` (first
    minute, first minute after) are times when the city was away; ``is_own``: not an independent page."""

    name: str
    platform: str
    opens_min: float
    closes_min: float
    is_new: bool
    pauses: tuple[tuple[float, float], ...] = ()
    is_own: bool = True


@dataclass(frozen=True)
class Campaign:
    """Followers to buy for one account: ``wanted`` of the simulated residents, in the age bands ``ages``
    (six flags), at instants of [``start_min``, ``end_min``); ``activity`` multiplies their affinity."""

    account: int
    start_min: float
    end_min: float
    wanted: int
    ages: tuple[bool, ...]
    activity: float


@dataclass(frozen=True)
class Schedule:
    """Posts in order of publication (then of identity), one row each.

    ``slot`` names; ``key`` uint64 identity; ``account``, ``theme`` int64; ``format`` names; ``t_min``
    float64; ``week``, int64 from 0; ``rel_appeal``, ``novelty``, ``target_gain``, ``fit`` float64; ``target``
    bool[n, 6] age bands; ``mention`` int64 account that the post mentions, or -1; ``target_circle``
    bool[n, 4] and ``understood`` float64[n, 4] (share who can read it) by circle; ``partner`` int64 account
    that relays it, or -1; ``campaigns`` followers to buy, ``boosts`` posts to push, in the order stated.
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
    fit: NDArray[np.float64]
    mention: NDArray[np.int64]
    target_circle: NDArray[np.bool_]
    understood: NDArray[np.float64]
    partner: NDArray[np.int64]
    n_weeks: int = field(default=0)
    campaigns: tuple[Campaign, ...] = ()
    boosts: tuple[Boost, ...] = ()
    work: Work | None = None
    controversial: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __len__(self) -> int:
        return len(self.slot)


def build_schedule(scenario: Scenario) -> Schedule:
    """All posts of the scenario within its horizon, changes applied in the order they are stated."""
    plan = drafts(scenario)
    end = scenario.horizon_weeks * WEEK_MIN
    # A post pushed over either end of the horizon stays at that end: no scenario loses posts by moving them.
    plan = [replace(d, minute=min(max(d.minute, 0.0), end - 1.0)) for d in plan]
    others = {name for name, account in scenario.city.accounts.items() if account.independent}
    plan = [d for d in plan if d.account in others or not is_silent(scenario.occasion, d.theme, d.minute)]
    plan, work = carried(scenario, sorted(plan, key=lambda d: (d.minute, d.slot)))
    return replace(_freeze(scenario, plan, _accounts(scenario)), work=work)


def _accounts(scenario: Scenario) -> tuple[AccountPlan, ...]:
    end = float(scenario.horizon_weeks * WEEK_MIN)

    def life(platform: str, account: str) -> tuple[float, tuple[tuple[float, float], ...]]:
        closed = [
            (float((a - 1) * WEEK_MIN), b and float((b - 1) * WEEK_MIN))
            for a, b in closed_weeks(scenario.change.values(), platform, account)
        ]
        closes = next((a for a, b in closed if b is None), end)
        return closes, tuple((a, b) for a, b in closed if b is not None)

    plans = []
    for name, account in scenario.city.accounts.items():
        own = not account.independent
        closes, pauses = life(account.platform, name) if own else (end, ())
        plans.append(AccountPlan(name, account.platform, -np.inf, closes, False, pauses, own))
    for name, c in opened_by(scenario.change.values()).items():
        opens = float((c.from_week - 1) * WEEK_MIN)
        closes, pauses = life(c.platform, name)
        plans.append(AccountPlan(name, c.platform, opens, closes, True, pauses))
    return tuple(plans)


def _freeze(scenario: Scenario, drafts: list[Draft], accounts: tuple[AccountPlan, ...]) -> Schedule:
    index = {plan.name: i for i, plan in enumerate(accounts)}
    fit = {name: account.fit.value for name, account in scenario.city.accounts.items()}
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
        fit=rounded(np.array([d.fit * fit.get(d.account, 1.0) for d in drafts], dtype=np.float64)),
        mention=_mentions(scenario, drafts, index),
        target_circle=circle_flags(drafts),
        understood=understood(scenario, drafts),
        partner=partners(drafts, index),
        n_weeks=scenario.horizon_weeks,
        campaigns=_campaigns(scenario, accounts),
        controversial=np.array([d.controversial for d in drafts], dtype=bool),
        boosts=boosts(scenario, drafts),
    )


def _campaigns(scenario: Scenario, accounts: tuple[AccountPlan, ...]) -> tuple[Campaign, ...]:
    """What is bought for which account; a budget too small for one follower buys none."""
    index = {plan.name: i for i, plan in enumerate(accounts)}
    found = []
    for change in scenario.change.values():
        if not isinstance(change, BuyFollowers):
            continue
        audience = scenario.platform[change.platform].audience
        price = (change.cost_per_fan or audience.cost_per_fan_eur).value
        wanted = int(change.budget_eur.value / price * scenario.sampling + 0.5)
        start = float((change.from_week - 1) * WEEK_MIN)
        ages = tuple(not change.target_ages or band in change.target_ages for band in BANDS)
        account = index[change.account or largest_on(change.platform, scenario)]
        end = start + change.weeks * WEEK_MIN
        if wanted:
            found.append(Campaign(account, start, end, wanted, ages, audience.paid_fan_activity.value))
    return tuple(found)


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
    for stated in scenario.change.values():
        if not isinstance(stated, OpenAccount | ReopenAccount) or stated.cross_promotion.value == 0:
            continue
        change = settled(stated, scenario.behaviour.planning)
        start = (change.from_week - 1) * WEEK_MIN
        end = start + (change.cross_promotion_weeks or 0) * WEEK_MIN
        told, silent = _announced(change, scenario)
        key = draws.key(SCHEDULE_SEED, 0, "mention", change.account or change.platform)
        for row, d in enumerate(drafts):
            if d.account in silent or not is_own(d.account, scenario):
                continue
            if start <= d.minute < end and mention[row] < 0:
                u = float(draws.uniform(key, np.array([draws.name_id(d.slot)]))[0])
                if u < change.cross_promotion.value:
                    mention[row] = index[told]
    return mention


def _announced(change: OpenAccount | ReopenAccount, scenario: Scenario) -> tuple[str, list[str]]:
    """The account that the others' posts mention, and those that do not: itself, or all that come back."""
    if isinstance(change, OpenAccount):
        return change.opens, [change.opens]
    here = own_on(change.platform, scenario)
    return (here[0], here) if change.account is None else (change.account, [change.account])
