"""Changes: what a scenario alters in the city's habits, each from a week on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.cards import AdultBand, Label, Minute, Slot, Week
from sim.figures import Figure, NonNegative, Share, Strict


class _Change(Strict):
    from_week: Week = 1
    label: Label | None = None


class OpenAccount(_Change):
    """Open an account on a platform where the city has none; it starts from zero followers."""

    kind: Literal["open_account"]
    platform: str
    slots: tuple[Slot, ...] = Field(min_length=1)
    cross_promotion: Share = Figure(value=0.0)
    cross_promotion_weeks: int = Field(default=8, ge=0)


class LeavePlatform(_Change):
    """Stop publishing on a platform."""

    kind: Literal["leave_platform"]
    platform: str


class ShiftHours(_Change):
    """Move posts: by a number of hours, or onto an explicit grid of hours.

    A day with more posts than hours goes round the grid again, ``spacing_min`` minutes later each time.
    """

    kind: Literal["shift_hours"]
    platforms: tuple[str, ...] = ()
    by_hours: float | None = Field(default=None, ge=-24, le=24)
    to: tuple[Minute, ...] = ()
    spacing_min: float = Field(default=20.0, ge=0, le=240)

    @model_validator(mode="after")
    def _one_way(self) -> ShiftHours:
        if (self.by_hours is None) == (not self.to):
            raise ValueError("say either by_hours (a number) or to (a list of hours), not both or neither")
        return self


class ChangeFrequency(_Change):
    """Publish more (factor above 1) or less (below 1)."""

    kind: Literal["change_frequency"]
    platforms: tuple[str, ...] = ()
    factor: float = Field(gt=0, le=20)
    spacing_min: float = Field(default=120.0, gt=0, le=1440)


class ChangeMix(_Change):
    """Give the posts another mix of formats or themes (shares that sum to 1)."""

    kind: Literal["change_mix"]
    platforms: tuple[str, ...] = ()
    formats: dict[str, float] = {}
    themes: dict[str, float] = {}

    @model_validator(mode="after")
    def _shares(self) -> ChangeMix:
        if not self.formats and not self.themes:
            raise ValueError("say formats or themes")
        for name, mix in (("formats", self.formats), ("themes", self.themes)):
            if mix and (min(mix.values()) < 0 or abs(sum(mix.values()) - 1) > 1e-6):
                raise ValueError(f"{name} sums to {sum(mix.values()):g}; shares of at least 0 must sum to 1")
        return self


class TargetAge(_Change):
    """Offer the posts to some age bands only."""

    kind: Literal["target_age"]
    platforms: tuple[str, ...] = ()
    bands: tuple[AdultBand, ...] = Field(min_length=1)
    gain: NonNegative = Figure(value=1.0)


Change = Annotated[
    OpenAccount | LeavePlatform | ShiftHours | ChangeFrequency | ChangeMix | TargetAge,
    Field(discriminator="kind"),
]
CHANGE_KINDS = (
    "open_account",
    "leave_platform",
    "shift_hours",
    "change_frequency",
    "change_mix",
    "target_age",
)
