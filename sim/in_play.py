"""Platforms in play: a card that no account and no change of a comparison names is not simulated.

Every card is checked first, so that a mistake in one is told whatever the scenario; then what is left out
costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.changes import platforms_named as named_by
from sim.recipe import REFERENCE_LAYER
from sim.scenario import Scenario


def platforms_named(scenario: Scenario) -> set[str]:
    """Platforms that an account or a change of ``scenario`` names."""
    named = {account.platform for account in scenario.city.accounts.values()}
    for change in scenario.change.values():
        named |= {platform for _, platform in named_by(change)}
    return named


def only_in_play(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The same scenarios on the platforms that one of them names; a comparison gives all of its own.

    The platform on which friendship was measured stays, for the graph is grown from it.
    """
    wanted = {REFERENCE_LAYER}.union(*(platforms_named(scenario) for scenario in scenarios))
    return tuple(_on(scenario, wanted) for scenario in scenarios)


def _on(scenario: Scenario, wanted: Iterable[str]) -> Scenario:
    kept = {name: card for name, card in scenario.platform.items() if name in wanted}
    scale = {name: factor for name, factor in scenario.city.use_scale.items() if name in kept}
    city = scenario.city.model_copy(update={"use_scale": scale})
    return scenario.model_copy(update={"platform": kept, "city": city})
