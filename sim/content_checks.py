"""What each change of content (``sim.content``) asks of its scenario; registered on ``sim.checks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.changes import LeavePlatform, OpenAccount, closed_weeks
from sim.checks import check_has, check_kind, check_themes, opened, present
from sim.content import CopyContent, Countdown, EditorialLine, Publish, ReopenAccount
from sim.figures import WEEKDAYS, nearest

if TYPE_CHECKING:
    from sim.scenario import Scenario


@check_kind.register(Publish)
def _(change: Publish, key: str, scenario: Scenario) -> None:
    for i, post in enumerate(change.posts):
        where = f"{key}.posts[{i}]"
        _check_account(post.platform, post.account, where, scenario)
        _check_date(change.from_week + post.week - 1, post.platform, where, scenario)


@check_kind.register(Countdown)
def _(change: Countdown, key: str, scenario: Scenario) -> None:
    _check_account(change.platform, change.account, key, scenario)
    date = 7 * (change.from_week + change.week - 2) + WEEKDAYS.index(change.day)
    days = change.every_days * (change.posts - 1)
    if date - days < 7 * (change.from_week - 1):
        most = 1 + (date - 7 * (change.from_week - 1)) // change.every_days
        raise ValueError(
            f"{key}.posts: {change.posts} posts, one every {change.every_days} days, begin before week "
            f"{change.from_week}; allowed: at most {most}"
        )
    for day in range(date - days, date + 1, change.every_days):
        _check_date(day // 7 + 1, change.platform, key, scenario)


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
    check_has(change.platform, key, scenario)
    closed = closed_weeks(scenario.change.values(), change.platform)
    left = [
        c.from_week
        for c in scenario.change.values()
        if isinstance(c, LeavePlatform) and c.platform == change.platform
    ]
    if change.from_week not in [back for _, back in closed]:
        told = (
            f"the city leaves {change.platform} in week {min(left)}" if left else "the city never leaves it"
        )
        raise ValueError(
            f"{key}.from_week: a reopening before a closing: {change.from_week}, but {told}; "
            + (f"allowed: {min(left) + 1} to {scenario.horizon_weeks}" if left else "add a leave_platform")
        )
    kept = [a.slots for a in scenario.city.accounts.values() if a.platform == change.platform]
    kept += [
        c.slots
        for c in scenario.change.values()
        if isinstance(c, OpenAccount) and c.platform == change.platform
    ]
    if not change.slots and not any(kept):
        raise ValueError(f"{key}.slots: the account had no habits to come back to; give at least one slot")


def _check_account(platform: str, account: str | None, key: str, scenario: Scenario) -> None:
    check_has(platform, key, scenario)
    if account is None:
        return
    here = [name for name, a in scenario.city.accounts.items() if a.platform == platform]
    here += [platform] if platform in opened(scenario) else []
    if account not in here:
        raise ValueError(
            f"{key}.account: the city has no account '{account}' on {platform}{nearest(account, here)}"
        )


def _check_date(week: int, platform: str, key: str, scenario: Scenario) -> None:
    """The week is in the horizon and the account is open then."""
    if week > scenario.horizon_weeks:
        raise ValueError(
            f"{key}.week: week {week} is after the last week; "
            f"allowed: up to {scenario.horizon_weeks} (horizon_weeks)"
        )
    for change in scenario.change.values():
        if isinstance(change, OpenAccount) and change.platform == platform and week < change.from_week:
            raise ValueError(
                f"{key}.week: week {week} is before the account on {platform} opens; "
                f"allowed: {change.from_week} to {scenario.horizon_weeks}"
            )
    for first, back in closed_weeks(scenario.change.values(), platform):
        if week >= first and (back is None or week < back):
            raise ValueError(
                f"{key}.week: the city is away from {platform} in week {week} (it leaves in week {first})"
            )
