"""Cards: the city, its platforms and the laws of behaviour, as frozen and checked data."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from sim.figures import (
    LANGUAGES,
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
    YearBandFigure,
    YearFigure,
    check_band,
    within,
)

ACTIONS = ("click", "like", "comment", "share", "hide")


def _minute_of_day(value: Any) -> int:
    """Minutes after midnight of "HH:MM" or a whole hour; explains the YAML trap of an unquoted time."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f'{value!r} is not an hour; write it in quotes, "18:30"')
    if isinstance(value, int):
        if 0 <= value <= 23:
            return value * 60
        if 60 <= value < 24 * 60:
            raise ValueError(
                f"{value} is not an hour: YAML reads an unquoted {value // 60}:{value % 60:02d} as {value}; "
                f'write "{value // 60:02d}:{value % 60:02d}" in quotes'
            )
        raise ValueError(f'{value} is not an hour; allowed: "00:00" to "23:59" in quotes, or 0 to 23')
    match = re.fullmatch(r"([01]?\d|2[0-3])(?::|h)([0-5]\d)", value.strip())
    if not match:
        raise ValueError(f'\'{value}\' is not an hour; allowed: "00:00" to "23:59" in quotes')
    return int(match[1]) * 60 + int(match[2])


def _label(value: Any) -> Any:
    return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value


def _both_languages(value: dict[str, str]) -> dict[str, str]:
    for lang in LANGUAGES:
        if lang not in value:
            raise ValueError(f"text in '{lang}' is missing")
    return value


Minute = Annotated[
    int,
    BeforeValidator(_minute_of_day),
    PlainSerializer(lambda m: f"{m // 60:02d}:{m % 60:02d}", when_used="json"),
]
Label = Annotated[dict[str, str], BeforeValidator(_label), AfterValidator(_both_languages)]
AdultBand = Annotated[str, AfterValidator(check_band)]
Week = Annotated[int, Field(ge=1)]


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
    """A place in the weekly calendar: same days, hour, theme and format every week."""

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    at: Minute
    theme: str
    format: str
    every_weeks: int = Field(default=1, ge=1, le=52)
    target_ages: tuple[AdultBand, ...] = ()
    rel_appeal: float = Field(default=1.0, ge=0, le=100)


class Account(Strict):
    """The city's presence on one platform, with its followers and posting habits."""

    platform: str
    followers: Annotated[Figure, AfterValidator(within(0, 1_000_000_000))]
    nonresident_share: Share = Figure(value=0.0)
    slots: tuple[Slot, ...] = ()
    habits_source: str = "given"
    habits_tag: Tag = "given"


class City(Strict):
    """A real place at one date."""

    name: str
    label: Label
    year: int = Field(ge=2000, le=2100)
    population: Population
    in_city_ties: Share
    use_scale: dict[str, Positive] = {}
    accounts: dict[str, Account] = Field(min_length=1)
    note: Label = {"fr": "", "en": ""}


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
    """How people start and stop following an account."""

    discovery_per_month: Share
    follow_if_shared: Share
    follow_if_mentioned: Share
    unfollow_per_month: Share
    unfollow_if_overposted: Share
    overpost_threshold_per_day: Positive
    follow_by_band: Bands


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
    weekdays: tuple[float, float, float, float, float, float, float]


class Supply(Strict):
    """When the other pages publish: share of a day's posts by hour, and weekend volume."""

    hours: ProfileFigure
    weekdays: tuple[float, float, float, float, float, float, float]


class Appeal(Strict):
    """Posts differ by their own quality: one part moves reach, another moves reactions given reach."""

    reach_sd: NonNegative
    reaction_sd: NonNegative
    reaction_on_reach: Free


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
    """The laws that do not belong to one platform."""

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
    reference_hours: tuple[Minute, ...] = Field(min_length=1)
    reference_days: tuple[Weekday, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _expressiveness(self) -> Behaviour:
        if set(self.expressiveness_share) != set(self.expressiveness_level):
            raise ValueError("expressiveness_share and expressiveness_level must name the same classes")
        total = sum(f.value for f in self.expressiveness_share.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"expressiveness_share sums to {total:g}; it must sum to 1")
        return self
