"""Changes: what a scenario alters in the city's habits, each from a week on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.adaptive import DigitalHelp, MonthlyReview
from sim.cards import Slot
from sim.content import CopyContent, Countdown, EditorialLine, Publish, ReopenAccount, TrainTeam
from sim.figures import Figure, NonNegative, Positive, Share
from sim.notation import AccountName, AdultBand, Minute
from sim.notation import Dated as _Change
from sim.outreach import BoostPosts, PartnerWith, TargetPlace, WriteIn
from sim.staff import ChangeTeam, OpenForum


class OpenAccount(_Change):
    """Open an account; it starts from zero followers.

    ``account``: its name (that of the platform if absent), needed where the city has one there already;
    ``renown``: how fast residents find it, relative to the platform's figure, and ``rel_appeal``, which
    multiplies that of every slot (both 1 if absent). ``cross_promotion``: share of the posts of the city's
    other accounts that mention it, for so many weeks (those of the habits of planning if absent).
    """

    kind: Literal["open_account"]
    platform: str
    account: AccountName | None = None
    renown: NonNegative | None = None
    slots: tuple[Slot, ...] = Field(min_length=1)
    rel_appeal: NonNegative | None = None
    cross_promotion: Share = Figure(value=0.0)
    cross_promotion_weeks: int | None = Field(default=None, ge=0)

    @property
    def opens(self) -> str:
        """The name of the account that opens."""
        return self.account or self.platform


class LeavePlatform(_Change):
    """Stop publishing on a platform; ``accounts``: only with these of the city's accounts there."""

    kind: Literal["leave_platform"]
    platform: str
    accounts: tuple[str, ...] = ()


class ShiftHours(_Change):
    """Move posts: by a number of hours, or onto an explicit grid of hours.

    A day with more posts than hours goes round the grid again, ``spacing_min`` minutes later each time
    (those of the habits of planning if absent).
    """

    kind: Literal["shift_hours"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    by_hours: float | None = Field(default=None, ge=-24, le=24)
    to: tuple[Minute, ...] = ()
    spacing_min: float | None = Field(default=None, ge=0, le=240)

    @model_validator(mode="after")
    def _one_way(self) -> ShiftHours:
        if (self.by_hours is None) == (not self.to):
            raise ValueError("say either by_hours (a number) or to (a list of hours), not both or neither")
        return self


class ChangeFrequency(_Change):
    """Publish more (factor above 1) or less (below 1).

    A post that is added follows the one it is added to by ``spacing_min`` minutes (those of the habits of
    planning if absent).
    """

    kind: Literal["change_frequency"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    factor: float = Field(gt=0, le=20)
    spacing_min: float | None = Field(default=None, gt=0, le=1440)


class ChangeMix(_Change):
    """Give the posts another mix of formats or themes (shares that sum to 1)."""

    kind: Literal["change_mix"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
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
    accounts: tuple[str, ...] = ()
    bands: tuple[AdultBand, ...] = Field(min_length=1)
    gain: NonNegative = Figure(value=1.0)


class BuyFollowers(_Change):
    """Buy followers by targeted advertising, for ``account`` (the city's largest on the platform if absent).

    ``weeks`` the money is spread over; ``target_ages`` who sees the advertisement (everybody if empty);
    ``cost_per_fan`` in EUR, the platform's ``audience.cost_per_fan_eur`` if absent.
    """

    kind: Literal["buy_followers"]
    platform: str
    account: str | None = None
    weeks: int = Field(ge=1, le=520)
    budget_eur: NonNegative
    target_ages: tuple[AdultBand, ...] = ()
    cost_per_fan: Positive | None = None


Change = Annotated[
    OpenAccount
    | LeavePlatform
    | ShiftHours
    | ChangeFrequency
    | ChangeMix
    | TargetAge
    | BuyFollowers
    | Publish
    | EditorialLine
    | CopyContent
    | TrainTeam
    | ReopenAccount
    | Countdown
    | ChangeTeam
    | OpenForum
    | TargetPlace
    | WriteIn
    | PartnerWith
    | BoostPosts
    | DigitalHelp
    | MonthlyReview,
    Field(discriminator="kind"),
]
CHANGE_KINDS = (
    "open_account",
    "leave_platform",
    "shift_hours",
    "change_frequency",
    "change_mix",
    "target_age",
    "buy_followers",
    "publish",
    "editorial_line",
    "copy_content",
    "train_team",
    "reopen_account",
    "countdown",
    "change_team",
    "open_forum",
    "target_place",
    "write_in",
    "partner_with",
    "boost_posts",
    "digital_help",
    "monthly_review",
)


def platforms_named(change: Any) -> Iterator[tuple[str, str]]:
    """(key below the change, platform) of every platform that a change names."""
    for key in ("platform", "from_platform"):
        if hasattr(change, key):
            yield key, getattr(change, key)
    yield from (("platforms", name) for name in getattr(change, "platforms", ()))
    yield from (
        (f"posts[{i}].platform", post.platform)
        for i, post in enumerate(change.posts if isinstance(change, Publish) else ())
    )


def closed_weeks(changes: Iterable[Any], platform: str, account: str = "") -> list[tuple[int, int | None]]:
    """When the city is away from a platform: (first week, first week back or None for ever), from 1.

    A departure or return that names its accounts counts for them only (``account``).
    """

    def concerns(change: LeavePlatform | ReopenAccount) -> bool:
        if isinstance(change, LeavePlatform):
            return not change.accounts or account in change.accounts
        return change.account in (None, account)

    moves = sorted(
        (change.from_week, isinstance(change, ReopenAccount))
        for change in changes
        if isinstance(change, LeavePlatform | ReopenAccount)
        and change.platform == platform
        and concerns(change)
    )
    closed: list[tuple[int, int | None]] = []
    for week, is_back in moves:
        away = bool(closed) and closed[-1][1] is None
        if is_back and away:
            closed[-1] = (closed[-1][0], week)
        elif not is_back and not away:
            closed.append((week, None))
    return closed
