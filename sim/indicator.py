"""What one KPI is: unit, good direction, words in French and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Indicator:
    """One KPI. ``is_additive``: a count that is zero, not unknown, where there is no account."""

    unit: str
    direction: Literal["up", "down", "neutral"]
    fr: str
    en: str
    definition_fr: str
    definition_en: str
    is_additive: bool = False


def indicator(
    unit: str,
    direction: Literal["up", "down", "neutral"],
    fr: str,
    en: str,
    definition_fr: str,
    definition_en: str,
    count: bool = False,
) -> Indicator:
    """A KPI from its words."""
    return Indicator(unit, direction, fr, en, definition_fr, definition_en, is_additive=count)
