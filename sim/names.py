"""Names that serve as keys: formats, themes and platforms are checked wherever a table is keyed by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sim import catalogue
from sim.figures import nearest
from sim.staff import DEFAULT, ChangeTeam

if TYPE_CHECKING:
    from sim.scenario import Scenario


def misnamed(scenario: Scenario) -> Iterator[str]:
    """One sentence ("key: sentence") for each key that names nothing."""
    tables = {
        f"change.{key}": c.prepare_min for key, c in scenario.change.items() if isinstance(c, ChangeTeam)
    }
    if scenario.city.team is not None:
        tables["city.team"] = scenario.city.team.prepare_min
    for where, minutes in tables.items():
        for name in unknown_formats([n for n in minutes or () if n != DEFAULT], scenario):
            hint = nearest(name, [DEFAULT, *formats(scenario)])
            yield f"{where}.prepare_min: unknown format '{name}'{hint}"
    themes = list(scenario.behaviour.interest)
    for platform, card in scenario.platform.items():
        for theme in card.theme_fit:
            if theme not in themes:
                yield f"platform.{platform}.theme_fit: unknown theme '{theme}'{nearest(theme, themes)}"
    for what, counted in scenario.behaviour.counts_as.items():
        for name in unknown_formats([n for n in counted if n not in themes], scenario):
            hint = nearest(name, [*formats(scenario), *themes])
            yield f"behaviour.counts_as.{what}: unknown format or theme '{name}'{hint}"


def formats(scenario: Scenario) -> list[str]:
    """Every format of the platform cards of the scenario, in order."""
    return list(dict.fromkeys(name for card in scenario.platform.values() for name in card.formats))


def unknown_formats(names: Iterable[str], scenario: Scenario) -> list[str]:
    """Those of ``names`` that are a format of no card, neither of the scenario nor of the catalogue.

    A scenario may hold fewer cards than there are: the catalogue is read where they do not suffice.
    """
    missing = [name for name in names if name not in formats(scenario)]
    return [name for name in missing if name not in catalogue.formats()] if missing else []
