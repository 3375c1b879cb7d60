"""What each change of outreach (``sim.outreach``) and each account ask of their scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.accounts import opened_by, platform_of
from sim.cards import NEVER
from sim.checks import check_kind, check_themes, opened, present
from sim.figures import nearest
from sim.outreach import BoostPosts, PartnerWith, TargetPlace

if TYPE_CHECKING:
    from sim.scenario import Scenario


def misplaced_accounts(scenario: Scenario) -> Iterator[str]:
    """What is wrong with how accounts refer to one another ("key: sentence")."""
    accounts = scenario.city.accounts
    for name, account in accounts.items():
        for other in account.overlap:
            where = f"city.accounts.{name}.overlap"
            others = [n for n, a in accounts.items() if a.platform == account.platform and n != name]
            if other not in others:
                yield f"{where}: no other account on {account.platform} is called '{other}'" + (
                    nearest(other, others) or "; there is none"
                )
            elif accounts[other].overlap:
                yield f"{where}: '{other}' states an overlap of its own; only one of two accounts may"
    for name in sorted(set(opened_by(scenario.change.values())) & set(accounts)):
        if accounts[name].independent:
            where = f"city.accounts.{name}"
            yield f"{where}: the city opens an account of this name; give the independent page another"


@check_kind.register(TargetPlace)
def _(change: TargetPlace, key: str, scenario: Scenario) -> None:
    check_themes(change.themes, key, scenario)


@check_kind.register(PartnerWith)
def _(change: PartnerWith, key: str, scenario: Scenario) -> None:
    pages = {name: a.platform for name, a in scenario.city.accounts.items() if a.independent}
    if change.account not in pages:
        hint = nearest(change.account, pages) or "; this city has none (an account with independent: true)"
        raise ValueError(f"{key}.account: no independent page is called '{change.account}'{hint}")
    platform = pages[change.account]
    if change.platforms and platform not in change.platforms:
        raise ValueError(f"{key}.platforms: '{change.account}' is on {platform}; allowed: {platform}")
    if platform not in present(scenario) | opened(scenario):
        raise ValueError(f"{key}.account: '{change.account}' is on {platform}, where the city has no account")


@check_kind.register(BoostPosts)
def _(change: BoostPosts, key: str, scenario: Scenario) -> None:
    check_themes(change.themes, key, scenario)
    known, here = platform_of(scenario), present(scenario) | opened(scenario)
    if change.accounts:
        here = {known[name] for name in change.accounts}
    for platform in sorted(set(change.platforms) & here if change.platforms else here):
        audience = scenario.platform[platform].audience
        if not audience.sells_boosts(scenario.city.year):
            raise ValueError(f"{key}.platforms: {_unsold(platform, scenario)}")
        if change.cost_per_1000_reached is None and audience.cost_per_1000_reached_eur is None:
            raise ValueError(
                f"{key}.cost_per_1000_reached: is missing, for the card of {platform} does not say what "
                "reaching a thousand people costs"
            )


def _unsold(platform: str, scenario: Scenario) -> str:
    """Why no post can be boosted on a platform in the city's year, and where it can."""
    year, figure = scenario.city.year, scenario.platform[platform].audience.no_boosts_until
    until = "" if figure is None or figure.value >= NEVER else f" until {figure.value:.0f}"
    why = f" ({figure.note})" if figure is not None and figure.note else ""
    able = [p for p in sorted(present(scenario) | opened(scenario))
            if scenario.platform[p].audience.sells_boosts(year)]  # fmt: skip
    return (
        f"{scenario.platform[platform].label} sold no boosted posts{until}{why}, and the city is in {year}; "
        f"allowed: {', '.join(able) or 'none of its platforms'}"
    )
