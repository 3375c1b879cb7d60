"""Changes of content: single posts, editorial line, copies, training, a return after a pause, a series."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sim.cards import Slot
from sim.figures import Figure, NonNegative, Positive, Share, Strict, Weekday
from sim.notation import AdultBand, Circle, Dated, Minute, Week


class Post(Strict):
    """One post at one date; ``week`` 1 is the first week of the change.

    ``account``: the city's first account on the platform if absent. ``fit`` multiplies reactions,
    ``rel_appeal`` the chance to be offered; the others are those of a slot.
    """

    platform: str
    account: str | None = None
    week: Week = 1
    day: Weekday
    at: Minute
    theme: str
    format: str
    target_ages: tuple[AdultBand, ...] = ()
    target_circles: tuple[Circle, ...] = ()
    languages: tuple[Literal["fr", "en"], ...] = ()
    controversial: bool = False
    rel_appeal: float = Field(default=1.0, ge=0, le=100)
    fit: NonNegative = Figure(value=1.0)


class Publish(Dated):
    """Publish single posts besides the weekly habits."""

    kind: Literal["publish"]
    posts: tuple[Post, ...] = Field(min_length=1, max_length=500)


class EditorialLine(Dated):
    """Give some posts a line of their own: ``fit`` multiplies reactions, ``offer`` the chance to be offered.

    ``accounts``: those it is about (the city's own if empty), as for every change of content; ``themes``: the
    posts that it is about (all if empty).
    """

    kind: Literal["editorial_line"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    fit: NonNegative = Figure(value=1.0)
    offer: NonNegative = Figure(value=1.0)


class CopyContent(Dated):
    """Publish elsewhere what was made for one platform, at the hours of each.

    The n-th post of a week takes the theme, the format (where the platform has it) and the targets of the
    n-th post of ``from_platform`` in that week; its reactions are multiplied by ``fit``. ``platforms``: all
    the others if empty.
    """

    kind: Literal["copy_content"]
    from_platform: str
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    fit: NonNegative

    @model_validator(mode="after")
    def _elsewhere(self) -> CopyContent:
        if self.from_platform in self.platforms:
            raise ValueError(f"platforms names {self.from_platform}, where the content comes from")
        return self


class TrainTeam(Dated):
    """Train the team: reactions grow towards ``gain`` times, half of the way after ``halflife_weeks``."""

    kind: Literal["train_team"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    gain: NonNegative
    halflife_weeks: Positive


class ReopenAccount(Dated):
    """Publish again on a platform that was left; those who followed the account still do.

    ``account``: which one comes back (all that were left there if absent). ``slots``: the habits from then on
    (those before the pause if empty). ``fit`` multiplies reactions,
    ``rel_appeal`` the chance to be offered; announced as an account that opens is.
    """

    kind: Literal["reopen_account"]
    platform: str
    account: str | None = None
    slots: tuple[Slot, ...] = ()
    fit: NonNegative = Figure(value=1.0)
    rel_appeal: NonNegative = Figure(value=1.0)
    cross_promotion: Share = Figure(value=0.0)
    cross_promotion_weeks: int | None = Field(default=None, ge=0)


class Countdown(Dated):
    """A series of posts until a date, one every ``every_days`` days, the last one on the date itself.

    ``rising_to`` multiplies the last one's chance to be offered; the first has 1, the others are between.
    ``week`` 1 is the first week of the change; ``account``: the city's first one on the platform if absent.
    """

    kind: Literal["countdown"]
    platform: str
    account: str | None = None
    week: Week
    day: Weekday
    at: Minute
    posts: int = Field(ge=2, le=60)
    every_days: int = Field(default=1, ge=1, le=28)
    theme: str
    format: str
    rising_to: NonNegative
