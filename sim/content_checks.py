"""What each change of content (``sim.content``) asks of its scenario; registered on ``sim.checks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.accounts import opened_by, own_on
from sim.changes import LeavePlatform, closed_weeks
from sim.checks import check_account, check_has, check_kind, check_themes, opened, opens_in, present
from sim.content import CopyContent, Countdown, EditorialLine, Publish, ReopenAccount
from sim.figures import WEEKDAYS

if TYPE_CHECKING:
    from sim.scenario import Scenario


@check_kind.register(Publish)
def _(change: Publish, key: str, scenario: Scenario) -> None:
    for i, post in enumerate(change.posts):
        where = f"{key}.posts[{i}]"
        account = _check_account(post.platform, post.account, where, scenario)
        _check_date(change.from_week + post.week - 1, post.platform, account, where, scenario)


@check_kind.register(Countdown)
def _(change: Countdown, key: str, scenario: Scenario) -> None:
    account = _check_account(change.platform, change.account, key, scenario)
    date = 7 * (change.from_week + change.week - 2) + WEEKDAYS.index(change.day)
    days = change.every_days * (change.posts - 1)
    if date - days < 7 * (change.from_week - 1):
        most = 1 + (date - 7 * (change.from_week - 1)) // change.every_days
        raise ValueError(
            f"{key}.posts: {change.posts} posts, one every {change.every_days} days, begin before week "
            f"{change.from_week}; allowed: at most {most}"
        )
    for day in range(date - days, date + 1, change.every_days):
        _check_date(day // 7 + 1, change.platform, account, key, scenario)


@check_kind.register(EditorialLine)
def _(change: EditorialLine, key: str, scenario: Scenario) -> None:
    check_themes(change.themes, key, scenario)
    if change.fit.value == change.offer.value == 1:
        raise ValueError(f"{key}: changes nothing; say fit or offer (multipliers other than 1)")


@check_kind.register(CopyContent)
def _(change: CopyContent, key: str, scenario: Scenario) -> None:
    check_has(change.from_platform, key, scenario, "from_platform")
    if not (present(scenario) | opened(scenario)) - {change.from_platform}:
        raise ValueError(
            f"{key}.from_platform: the city has no account anywhere but on {change.from_platform}"
        )


@check_kind.register(ReopenAccount)
def _(change: ReopenAccount, key: str, scenario: Scenario) -> None:
    """A return follows a departure, and there are habits to return to."""
    check_account(change.platform, change.account, key, scenario)
    here = own_on(change.platform, scenario)
    names = here if change.account is None else [change.account]
    left = [
        c.from_week
        for c in scenario.change.values()
        if isinstance(c, LeavePlatform)
        and c.platform == change.platform
        and (not c.accounts or set(c.accounts) & set(names))
    ]
    closed = [w for name in names for w in closed_weeks(scenario.change.values(), change.platform, name)]
    if change.from_week not in [back for first, back in closed if back is not None and back > first]:
        told, todo = "the city never leaves it", "add a leave_platform"
        if left:
            told, last = f"the city leaves {change.platform} in week {min(left)}", scenario.horizon_weeks
            todo = (
                f"allowed: {min(left) + 1} to {last}"
                if min(left) < last
                else (f"allowed: none with horizon_weeks {last}; lengthen it, or leave sooner")
            )
        raise ValueError(
            f"{key}.from_week: a reopening before a closing: {change.from_week}, but {told}; {todo}"
        )
    habits = {name: account.slots for name, account in scenario.city.accounts.items()}
    habits |= {name: c.slots for name, c in opened_by(scenario.change.values()).items()}
    if change.slots and len(names) > 1:
        raise ValueError(
            f"{key}.account: is missing; the city has several accounts on {change.platform}: say whose slots "
            f"these are; allowed: {', '.join(names)}"
        )
    if not change.slots and not any(habits[name] for name in names):
        raise ValueError(f"{key}.slots: the account had no habits to come back to; give at least one slot")


def _check_account(platform: str, account: str | None, key: str, scenario: Scenario) -> str:
    """As ``check_account``; a single post may also be of an independent page that is named."""
    stated = scenario.city.accounts.get(account or "")
    if stated is not None and stated.independent and stated.platform == platform:
        return str(account)
    return check_account(platform, account, key, scenario)


def _check_date(week: int, platform: str, account: str, key: str, scenario: Scenario) -> None:
    """The week is in the horizon and the account is open then."""
    if week > scenario.horizon_weeks:
        raise ValueError(
            f"{key}.week: week {week} is after the last week; "
            f"allowed: up to {scenario.horizon_weeks} (horizon_weeks)"
        )
    if week < opens_in(account, scenario):
        raise ValueError(
            f"{key}.week: week {week} is before the account on {platform} opens; "
            f"allowed: {opens_in(account, scenario)} to {scenario.horizon_weeks}"
        )
    for first, back in closed_weeks(scenario.change.values(), platform, account):
        if week >= first and (back is None or week < back):
            raise ValueError(
                f"{key}.week: the city is away from {platform} in week {week} (it leaves in week {first})"
            )
