"""Accounts of a scenario by name: those of the city's file, then those that changes open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sim.changes import OpenAccount

if TYPE_CHECKING:
    from sim.scenario import Scenario


def opened_by(changes: Iterable[Any]) -> dict[str, OpenAccount]:
    """The change that opens each new account, by the account's name."""
    return {change.opens: change for change in changes if isinstance(change, OpenAccount)}


def platform_of(scenario: Scenario) -> dict[str, str]:
    """Platform of every account, those that a change opens included."""
    opened = {name: change.platform for name, change in opened_by(scenario.change.values()).items()}
    return {name: account.platform for name, account in scenario.city.accounts.items()} | opened


def is_own(account: str, scenario: Scenario) -> bool:
    """Whether an account is the city's, not an independent page."""
    stated = scenario.city.accounts.get(account)
    return stated is None or not stated.independent


def own_on(platform: str, scenario: Scenario) -> list[str]:
    """The city's accounts on a platform, in order."""
    return [name for name, p in platform_of(scenario).items() if p == platform and is_own(name, scenario)]


def largest_on(platform: str, scenario: Scenario) -> str:
    """The city's account with most followers at the start on a platform (the last name among equals)."""

    def size(name: str) -> float:
        known = scenario.city.accounts.get(name)
        return known.followers.value if known is not None else 0.0

    return max(own_on(platform, scenario), key=lambda name: (size(name), name))


def renown(account: str, scenario: Scenario) -> float:
    """How fast residents find an account, relative to its platform's figure."""
    opened = opened_by(scenario.change.values()).get(account)
    known = scenario.city.accounts[account] if opened is None else opened
    return 1.0 if known.renown is None else known.renown.value
