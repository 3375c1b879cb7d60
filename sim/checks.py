"""What each kind of change asks of the scenario it stands in: one sentence for each mistake."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from sim.accounts import largest_on, opened_by, own_on, platform_of
from sim.adaptive import DigitalHelp, MonthlyReview
from sim.changes import BuyFollowers, ChangeMix, LeavePlatform, OpenAccount, closed_weeks
from sim.figures import nearest
from sim.planning import settled
from sim.staff import ChangeTeam

if TYPE_CHECKING:
    from sim.scenario import Scenario


def check(change: Any, key: str, scenario: Scenario) -> None:
    """Raise ValueError ("key: what is wrong; what is allowed") where ``change`` cannot be made.

    ``key``: its dotted name in the scenario.
    """
    if change.from_week > scenario.horizon_weeks:
        raise ValueError(
            f"{key}.from_week: {change.from_week} is after the last week; "
            f"allowed: 1 to {scenario.horizon_weeks} (horizon_weeks)"
        )
    named, here = getattr(change, "platforms", ()), present(scenario) | opened(scenario)
    if named and not set(named) & here:
        raise ValueError(
            f"{key}.platforms: the city has no account on {', '.join(named)}; "
            f"it has: {', '.join(sorted(here))}"
        )
    check_accounts(change, key, scenario)
    check_kind(change, key, scenario)


def present(scenario: Scenario) -> set[str]:
    """Platforms on which the city has an account at the start."""
    return {spec.platform for spec in scenario.city.accounts.values() if not spec.independent}


def opened(scenario: Scenario) -> set[str]:
    """Platforms on which a change opens an account."""
    return {c.platform for c in scenario.change.values() if isinstance(c, OpenAccount)}


def check_themes(themes: Iterable[str], key: str, scenario: Scenario) -> None:
    """ValueError where a theme is none of the behaviour card's, with the nearest right name."""
    known = scenario.behaviour.interest
    for theme in themes:
        if theme not in known:
            raise ValueError(f"{key}.themes: unknown theme '{theme}'{nearest(theme, known)}")


@singledispatch
def check_kind(change: object, key: str, scenario: Scenario) -> None:
    """What is particular to one kind; nothing for most."""


@check_kind.register(OpenAccount)
def _(change: OpenAccount, key: str, scenario: Scenario) -> None:
    """Every account has a name of its own; without one, the platform's."""
    accounts = scenario.city.accounts
    here = [n for n, a in accounts.items() if a.platform == change.platform and not a.independent]
    if change.account is None and here:
        raise ValueError(
            f"{key}.platform: the city already has an account on {change.platform} ({', '.join(here)}); "
            "name the one that opens (account: NAME)"
        )
    if change.opens in accounts:
        raise ValueError(
            f"{key}.account: '{change.opens}' is the name of another account; give a name other than "
            f"{', '.join(accounts)}"
        )
    for name, other in scenario.change.items():
        if other is change:
            break
        if isinstance(other, OpenAccount) and other.opens == change.opens:
            raise ValueError(
                f"{key}.account: change.{name} opens an account called '{change.opens}' too; "
                "give one of them another name (account: NAME)"
            )


@check_kind.register(LeavePlatform)
def _(change: LeavePlatform, key: str, scenario: Scenario) -> None:
    check_has(change.platform, key, scenario)
    for name in change.accounts:
        check_account(change.platform, name, key, scenario)


def check_accounts(change: Any, key: str, scenario: Scenario) -> None:
    """ValueError where a change names an account that does not exist, or none on the platforms it names."""
    known, named = platform_of(scenario), getattr(change, "accounts", ())
    for name in named:
        if name not in known:
            raise ValueError(f"{key}.accounts: unknown account '{name}'{nearest(name, known)}")
    platforms = getattr(change, "platforms", ())
    if named and platforms and not {known[name] for name in named} & set(platforms):
        where = ", ".join(f"{name} is on {known[name]}" for name in named)
        raise ValueError(f"{key}.accounts: none is on {', '.join(platforms)}: {where}")


def check_has(platform: str, key: str, scenario: Scenario, field: str = "platform") -> None:
    """ValueError where the city has no account on ``platform``, neither at the start nor by a change."""
    here = present(scenario)
    if platform not in here | opened(scenario):
        raise ValueError(
            f"{key}.{field}: the city has no account on {platform}{nearest(platform, sorted(here))}"
        )


def check_account(platform: str, account: str | None, key: str, scenario: Scenario) -> str:
    """The city's account on ``platform`` that is named, else its first one. ValueError: there is none."""
    check_has(platform, key, scenario)
    here = own_on(platform, scenario)
    if account is not None and account not in here:
        raise ValueError(
            f"{key}.account: the city has no account '{account}' on {platform}{nearest(account, here)}"
        )
    return account or here[0]


def opens_in(account: str, scenario: Scenario) -> int:
    """The week in which an account opens, 1 for one that is there at the start."""
    opened = opened_by(scenario.change.values()).get(account)
    return 1 if opened is None else opened.from_week


@check_kind.register(DigitalHelp)
def _(change: DigitalHelp, key: str, scenario: Scenario) -> None:
    if change.from_week != 1:
        raise ValueError(
            f"{key}.from_week: {change.from_week} is not allowed: who is helped is online from the start; "
            "allowed: 1 (lengthen the horizon to see what follows)"
        )


@check_kind.register(MonthlyReview)
def _(change: MonthlyReview, key: str, scenario: Scenario) -> None:
    every = settled(change, scenario.behaviour.planning).every_weeks or 1
    if change.from_week + every > scenario.horizon_weeks:
        raise ValueError(
            f"{key}.every_weeks: {every} leaves no week after the first review; "
            f"allowed: at most {scenario.horizon_weeks - change.from_week} with horizon_weeks "
            f"{scenario.horizon_weeks}"
        )


@check_kind.register(BuyFollowers)
def _(change: BuyFollowers, key: str, scenario: Scenario) -> None:
    """Advertising is for an account that is open when it starts."""
    check_account(change.platform, change.account, key, scenario)
    account = change.account or largest_on(change.platform, scenario)
    opens = opens_in(account, scenario)
    if change.from_week < opens:
        raise ValueError(
            f"{key}.from_week: {change.from_week} is before the account on {change.platform} "
            f"opens; allowed: {opens} to {scenario.horizon_weeks}"
        )
    for left, back in closed_weeks(scenario.change.values(), change.platform, account):
        if left <= change.from_week and (back is None or change.from_week < back):
            raise ValueError(
                f"{key}.from_week: {change.from_week} is too late, the city leaves {change.platform} in week "
                f"{left}; begin before{'' if back is None else f', or from week {back} on'}"
            )


@check_kind.register(ChangeMix)
def _(change: ChangeMix, key: str, scenario: Scenario) -> None:
    for fmt in change.formats:
        for platform in _touched(change, scenario):
            known = scenario.platform[platform].formats
            if fmt not in known:
                raise ValueError(f"{key}.formats: unknown format '{fmt}' on {platform}{nearest(fmt, known)}")
    check_themes(change.themes, key, scenario)


def _touched(change: ChangeMix, scenario: Scenario) -> list[str]:
    """Platforms of the posts that a mix changes: those it names, of its accounts, or of all of the city's."""
    known, here = platform_of(scenario), present(scenario) | opened(scenario)
    if change.accounts:
        here = {known[name] for name in change.accounts}
    return sorted(here & set(change.platforms) if change.platforms else here)


@check_kind.register(ChangeTeam)
def _(change: ChangeTeam, key: str, scenario: Scenario) -> None:
    if scenario.city.team is None:
        raise ValueError(
            f"{key}: the city states no team to change; give it one (city.team), or leave this change out"
        )
