"""Cards: the city, its platforms and the laws of behaviour, as frozen and checked data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.elsewhere import CircleShares, Elsewhere, Language
from sim.figures import (
    WEEKDAYS,
    BandFigure,
    Bands,
    Correlation,
    Figure,
    Free,
    NonNegative,
    Positive,
    ProfileFigure,
    Share,
    Strict,
    Tag,
    Weekday,
    WeekFigure,
    YearBandFigure,
    YearFigure,
    nearest,
    within,
)
from sim.notation import AdultBand, Circle, Label, Minute
from sim.planning import Planning
from sim.staff import Conversation, Team

NEVER = 2100  # the last year that a city can be in
ACTIONS = ("click", "like", "comment", "share", "hide")


class Population(Strict):
    """Inhabitants of the commune and their ages."""

    total: Annotated[Figure, AfterValidator(within(1, 50_000_000))]
    percent_by_band: Bands

    @model_validator(mode="after")
    def _sums(self) -> Population:
        total = sum(self.percent_by_band.values.values())
        if not 99.0 <= total <= 101.0:
            raise ValueError(
                f"percent_by_band sums to {total:g}; it must sum to 100 (99 to 101 for rounding)"
            )
        return self


class Slot(Strict):
    """A place in the weekly calendar: same days, hour, theme and format every week.

    ``target_circles``: who may be offered it (everyone if empty); ``languages``: those it is written in
    (French if empty); ``controversial``: it divides, and draws negative comments.
    """

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    at: Minute
    theme: str
    format: str
    every_weeks: int = Field(default=1, ge=1, le=52)
    target_ages: tuple[AdultBand, ...] = ()
    target_circles: tuple[Circle, ...] = ()
    languages: tuple[Language, ...] = ()
    controversial: bool = False
    rel_appeal: float = Field(default=1.0, ge=0, le=100)


class Account(Strict):
    """The city's presence on one platform, with its followers and posting habits.

    ``circles``: where the non-resident followers live (all around the city if empty); ``independent``: a page
    that is not the city's, which no change touches unless it is named and which counts for no indicator of
    the city; ``overlap``: another account of the platform and the share of its resident followers who also
    follow this one (chance decides if empty); ``renown`` and ``fit``: how fast residents find it, and how
    much people react to its posts, relative to the platform's figures.
    """

    platform: str
    followers: Annotated[Figure, AfterValidator(within(0, 1_000_000_000))]
    nonresident_share: Share = Figure(value=0.0)
    circles: CircleShares = {}
    independent: bool = False
    overlap: dict[str, Share] = Field(default={}, max_length=1)
    renown: NonNegative = Figure(value=1.0)
    fit: NonNegative = Figure(value=1.0)
    slots: tuple[Slot, ...] = ()
    habits_source: str = "given"
    habits_tag: Tag = "given"


class City(Strict):
    """A real place at one date.

    ``peers``: followers of other cities at that date, by platform and city, where they are known;
    ``sampling``: share of the residents that is simulated if nobody asks for another (everybody if absent).
    """

    name: str
    label: Label
    year: int = Field(ge=2000, le=2100)
    population: Population
    in_city_ties: Share
    sampling: float | None = Field(default=None, gt=0, le=1)
    use_scale: dict[str, Positive] = {}
    accounts: dict[str, Account] = Field(min_length=1)
    team: Team | None = None
    peers: dict[str, dict[str, NonNegative]] = {}
    note: Label = {"fr": "", "en": ""}

    @model_validator(mode="after")
    def _peers(self) -> City:
        here = sorted({account.platform for account in self.accounts.values()})
        for platform in self.peers:
            if platform not in here:
                raise ValueError(f"peers: the city has no account on {platform}{nearest(platform, here)}")
        return self


class Reach(Strict):
    """People reached by an organic post as a share of followers, by year, at a page size; ``fan_share`` of
    them are followers, the others are reached through friends."""

    share: YearFigure
    fan_share: Share
    at_followers: Positive
    size_exponent: Free


class Display(Strict):
    """How an offered post comes under the eyes of a resident who opens the platform."""

    visibility: NonNegative
    fast_min: Positive
    fast_exponent: Positive
    slow_share: Share
    slow_halflife_min: Positive
    life_h: Positive
    redisplay: Share
    competition_exponent: NonNegative
    competition_floor: Share
    crowding: Share


class Format(Strict):
    """Multipliers of a format, relative to the platform's ordinary post."""

    offer: NonNegative = Figure(value=1.0)
    click: NonNegative = Figure(value=1.0)
    like: NonNegative = Figure(value=1.0)
    comment: NonNegative = Figure(value=1.0)
    share: NonNegative = Figure(value=1.0)
    hide: NonNegative = Figure(value=1.0)


class Relays(Strict):
    """Local media, associations and elected officials whose posts are widely followed."""

    per_1000_users: NonNegative
    follows_per_user: NonNegative
    exponent: Annotated[Figure, AfterValidator(lambda f: _above(f, 1.5))]


def _above(figure: Figure, low: float) -> Figure:
    if figure.value <= low:
        raise ValueError(f"{figure.value:g} is out of range: must be above {low:g}")
    return figure


class PassingOn(Strict):
    """What a share does: ``friend_offer`` chance that it enters a friend's feed, lowered
    for friends with many ties by ``divided_attention`` (exponent), ``endorsement`` multiplier
    of reactions when a friend showed the post, ``stranger`` multiplier for who does not follow the account,
    ``contacts`` number of strongest ties kept (all if absent)."""

    friend_offer: Share
    divided_attention: Share
    endorsement: NonNegative
    stranger: NonNegative
    contacts: Positive | None = None
    relays: Relays | None = None


class Audience(Strict):
    """How people start and stop following an account; ``paid_fan_activity`` is the affinity of a follower
    bought by advertising (``cost_per_fan_eur`` each), relative to one who came by himself;
    ``cost_per_1000_reached_eur`` of a boosted post; ``no_boosts_until``: last year in which the platform sold
    none (``NEVER`` if it never did)."""

    discovery_per_month: Share
    follow_if_shared: Share
    follow_if_mentioned: Share
    unfollow_per_month: Share
    unfollow_if_overposted: Share
    overpost_threshold_per_day: Positive
    follow_by_band: Bands
    cost_per_fan_eur: Positive
    paid_fan_activity: Share
    cost_per_1000_reached_eur: Positive | None = None
    no_boosts_until: Annotated[Figure, AfterValidator(within(2000, 2100))] | None = None

    def sells_boosts(self, year: int) -> bool:
        """Whether a post could be boosted there in ``year``."""
        return self.no_boosts_until is None or year > self.no_boosts_until.value


class Platform(Strict):
    """The card of one social service."""

    label: str
    note: Label = {"fr": "", "en": ""}
    use: YearBandFigure
    sessions_per_day: Bands
    session_gamma_shape: Positive
    hour_profile: str
    reach: Reach
    display: Display
    reactions: dict[Literal["click", "like", "comment", "share", "hide"], Share]
    react_by_band: Bands
    formats: dict[str, Format] = Field(min_length=1)
    theme_fit: dict[str, NonNegative] = {}
    passing_on: PassingOn
    audience: Audience

    @model_validator(mode="after")
    def _all_actions(self) -> Platform:
        for action in ACTIONS:
            if action not in self.reactions:
                raise ValueError(f"reactions lacks '{action}'")
        return self


class HourProfile(Strict):
    """Relative presence by local hour and weekday (Monday first)."""

    hours: ProfileFigure
    weekdays: WeekFigure


class Supply(Strict):
    """When the other pages publish: share of a day's posts by hour, and weekend volume."""

    hours: ProfileFigure
    weekdays: WeekFigure


class Appeal(Strict):
    """Posts differ by their own quality: one part moves reach, another moves reactions given reach, more
    widely above than below by ``reaction_skew`` (0 if absent), up to ``reaction_ceiling`` times the mean (no
    limit if absent)."""

    reach_sd: NonNegative
    reaction_sd: Annotated[Figure, AfterValidator(within(0, 2))]
    reaction_on_reach: Free
    reaction_skew: Annotated[Figure, AfterValidator(within(0, 0.2))] | None = None
    reaction_ceiling: Positive | None = None


class Memory(Strict):
    """What residents remember: fatigue by exposures, affinity by engagement, novelty of a theme."""

    fatigue_elasticity: Annotated[Figure, AfterValidator(lambda f: _fatigue(f))]  # noqa: PLW0108 - defined below
    fatigue_reference_exposures: Positive
    fatigue_halflife_days: Positive
    affinity_gain: NonNegative
    affinity_loss_if_hidden: NonNegative
    affinity_ceiling: NonNegative
    affinity_floor: Annotated[Figure, AfterValidator(within(-1, 0))]
    affinity_halflife_days: Positive
    novelty_depth: Share
    novelty_halflife_days: Positive
    exposure_exponent: Share
    exposure_cap: Annotated[Figure, AfterValidator(lambda f: _above(f, 0.999))]


def _fatigue(figure: Figure) -> Figure:
    if not -0.9 <= figure.value <= 0:
        raise ValueError(f"{figure.value:g} is out of range: must be between -0.9 and 0")
    return figure


class Ties(Strict):
    """The friendship graph."""

    friends_by_band: Bands
    friends_mean: Positive
    friends_sd_ln: Positive
    group_density: Share
    group_size_mean: Positive
    kin_and_school_share: Share
    age_spread_years: Positive


class Behaviour(Strict):
    """The laws that do not belong to one platform.

    ``counts_as``: formats and themes whose posts a KPI counts as leading to the site, showing jobs, being
    watched (views) or asking residents to take part.
    """

    appetite_correlation: Correlation
    expressiveness_share: dict[str, Share]
    expressiveness_level: dict[str, NonNegative]
    attachment_sd: NonNegative
    interest_sd: NonNegative
    interest: dict[str, BandFigure] = Field(min_length=1)
    appeal: Appeal
    memory: Memory
    ties: Ties
    hour_profiles: dict[str, HourProfile]
    supply: Supply
    elsewhere: Elsewhere
    planning: Planning
    conversation: Conversation | None = None
    reference_hours: tuple[Minute, ...] = Field(min_length=1)
    reference_days: tuple[Weekday, ...] = Field(min_length=1)
    counts_as: dict[Literal["site", "views", "jobs", "participation"], tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _expressiveness(self) -> Behaviour:
        if set(self.expressiveness_share) != set(self.expressiveness_level):
            raise ValueError("expressiveness_share and expressiveness_level must name the same classes")
        total = sum(f.value for f in self.expressiveness_share.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"expressiveness_share sums to {total:g}; it must sum to 1")
        return self
