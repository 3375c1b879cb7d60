"""Changes about whom the posts are for and who carries them: places, languages, a partner page, a boost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.elsewhere import Language
from sim.figures import Figure, NonNegative, Positive, Share
from sim.notation import AdultBand, Circle, Dated


class TargetPlace(Dated):
    """Offer some posts only to the followers who live in some circles.

    ``themes``: the posts that it is about (all if empty); ``gain`` multiplies the reactions of the targeted;
    ``accounts``: those it is about (the city's own if empty).
    """

    kind: Literal["target_place"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    circles: tuple[Circle, ...] = Field(min_length=1)
    gain: NonNegative = Figure(value=1.0)


class WriteIn(Dated):
    """Write the posts in these languages: who reads none of them is less often offered, and reacts less."""

    kind: Literal["write_in"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    languages: tuple[Language, ...] = Field(min_length=1)


class PartnerWith(Dated):
    """An independent page relays a share of the city's posts on its platform to its own followers."""

    kind: Literal["partner_with"]
    account: str
    platforms: tuple[str, ...] = ()
    share_of_posts: Share


class BoostPosts(Dated):
    """Pay for posts to be offered to residents who do not follow the account.

    ``budget_eur_per_week`` is spread evenly over the week's posts of these platforms and ``themes`` (all if
    empty); a week without such a post costs nothing. ``target_ages`` (everybody if empty) and
    ``target_circles``: who is offered them; beyond the residents, only followers of some account are
    simulated. ``cost_per_1000_reached`` in EUR: the platform's ``audience.cost_per_1000_reached_eur`` if
    absent.
    """

    kind: Literal["boost_posts"]
    platforms: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    budget_eur_per_week: NonNegative
    cost_per_1000_reached: Positive | None = None
    target_ages: tuple[AdultBand, ...] = ()
    target_circles: tuple[Circle, ...] = Field(default=("resident",), min_length=1)
