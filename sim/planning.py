"""Habits of planning that a change need not repeat: how far posts stand apart, how long an opening is told.

They are figures of the behaviour card; a change that states its own wins.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sim.figures import NonNegative, Positive, Strict

Change = TypeVar("Change", bound=Strict)


class Planning(Strict):
    """What holds where a change says nothing else.

    ``same_hour_min``: minutes between posts that are moved to one hour of a day; ``copies_min``: between a
    post and those that a higher frequency adds to it; ``announced_weeks``: weeks for which the other accounts
    mention one that opens or returns; ``review_weeks``: between two reviews.
    """

    same_hour_min: NonNegative
    copies_min: Positive
    announced_weeks: NonNegative
    review_weeks: Positive


# kind of change -> its field that may be left open -> the habit that holds then
_OPEN: dict[str, dict[str, str]] = {
    "shift_hours": {"spacing_min": "same_hour_min"},
    "change_frequency": {"spacing_min": "copies_min"},
    "open_account": {"cross_promotion_weeks": "announced_weeks"},
    "reopen_account": {"cross_promotion_weeks": "announced_weeks"},
    "monthly_review": {"spacing_min": "same_hour_min", "every_weeks": "review_weeks"},
}


def left_open(change: Any) -> dict[str, str]:
    """Field -> habit, of what a change leaves to the habits."""
    known = _OPEN.get(getattr(change, "kind", ""), {})
    return {field: habit for field, habit in known.items() if getattr(change, field) is None}


def settled(change: Change, planning: Planning) -> Change:
    """``change`` with the habits where it leaves something open; whole weeks between reviews."""
    found: dict[str, float] = {}
    for field, habit in left_open(change).items():
        value = getattr(planning, habit).value
        found[field] = max(round(value), 1) if field == "every_weeks" else value
    return change.model_copy(update=found) if found else change
