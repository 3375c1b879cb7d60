"""Changes that are no plan: residents helped to go online, and a team that reviews its own figures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.figures import Figure, NonNegative, Positive, Share
from sim.notation import AdultBand, Dated


class DigitalHelp(Dated):
    """Help residents of some ages to use platforms (every platform simulated if none is named).

    ``more_users_percent``: users added in those bands, per cent of the users there are; ``following``: share
    of them to whom the helper shows how to follow the city's accounts there. In force from the first week.
    """

    kind: Literal["digital_help"]
    bands: tuple[AdultBand, ...] = Field(min_length=1)
    platforms: tuple[str, ...] = ()
    more_users_percent: NonNegative
    following: Share = Figure(value=0.0)


class MonthlyReview(Dated):
    """Every few weeks, move a share of the posts to the hour, format or theme that has done best so far.

    ``indicator``: what is compared, a mean over posts; ``step``: share of the other posts that moves;
    ``least_posts``: posts below which nothing is said of an hour, format or theme.
    ``every_weeks`` and ``spacing_min``: those of the habits of planning if absent.
    """

    kind: Literal["monthly_review"]
    platforms: tuple[str, ...] = ()
    every_weeks: int | None = Field(default=None, ge=1, le=52)
    indicator: Literal["interactions", "reach", "clicks", "engagement_rate_by_reach"] = "interactions"
    moves: Literal["hours", "formats", "themes"]
    step: Share
    least_posts: Positive
    spacing_min: float | None = Field(default=None, ge=0, le=240)
