"""Cards: the team that publishes and answers, and how residents talk to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.figures import WEEKDAYS, Figure, NonNegative, Positive, Share, Strict, Weekday
from sim.notation import Dated, Minute

DAY_MIN = 1440
DEFAULT = "default"
WEEK_HOURS = 168


def _some_people(figure: Figure) -> Figure:
    if figure.value <= 0:
        raise ValueError(
            f"a team of {figure.value:g} people cannot publish; give a number above 0, "
            "or leave out the whole team if its time does not matter"
        )
    return figure


class Window(Strict):
    """Hours of presence on each of ``days``; ``to`` 00:00 is the midnight that ends the day."""

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    start: Minute = Field(alias="from")
    end: Minute = Field(alias="to")

    @model_validator(mode="after")
    def _within_a_day(self) -> Window:
        if self.end == self.start != 0:
            raise ValueError(
                f"from {_clock(self.start)} to {_clock(self.end)} is no time; give a later end, or "
                'from "00:00" to "00:00" for the whole day'
            )
        if self.last <= self.start:
            raise ValueError(
                f"from {_clock(self.start)} to {_clock(self.end)} passes midnight; write two windows: "
                f'one to "00:00", and one from "00:00" on the next day'
            )
        return self

    @property
    def last(self) -> int:
        """Minute of the day at which the window ends, 1 to 1440."""
        return self.end or DAY_MIN


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def check_windows(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """``windows`` if no two of them hold the same minute. ValueError: two overlap."""
    taken: dict[str, list[Window]] = {}
    for window in windows:
        for day in window.days:
            for other in taken.setdefault(day, []):
                if window.start < other.last and other.start < window.last:
                    raise ValueError(
                        f"two windows overlap on {day}: from {_clock(other.start)} to {_clock(other.end)} "
                        f"and from {_clock(window.start)} to {_clock(window.end)}; join them"
                    )
            taken[day].append(window)
    return windows


def _has_default(minutes: dict[str, NonNegative]) -> dict[str, NonNegative]:
    if DEFAULT not in minutes:
        raise ValueError(f"'{DEFAULT}' is missing: the minutes of a post of any other format")
    return minutes


People = Annotated[Figure, AfterValidator(_some_people)]
Presence = Annotated[tuple[Window, ...], Field(min_length=1), AfterValidator(check_windows)]
Minutes = Annotated[dict[str, NonNegative], AfterValidator(_has_default)]


class Team(Strict):
    """Who prepares the posts of a city and answers its residents.

    ``people``, of ``hours_per_week`` each for social networks, spread evenly over the hours of ``presence``.
    A post of a format takes ``prepare_min`` minutes, begun at most ``lead_days`` before its hour, then
    ``validation_h`` hours of clock time (for an answer ``answer_validation_h``); a post not ready at its hour
    goes out when it is, and is dropped beyond ``patience_h``. ``contributors`` (colleagues who may publish)
    give ``contributor_min_per_week`` each, to posts only. An answer takes ``answer_min``; ``frank`` is the
    share of answers that own the city's position. Money: ``eur_per_hour`` of work, and by the year.
    """

    people: People
    hours_per_week: Positive
    presence: Presence
    prepare_min: Minutes
    answer_min: Positive
    lead_days: NonNegative
    patience_h: NonNegative
    validation_h: NonNegative = Figure(value=0.0)
    answer_validation_h: NonNegative = Figure(value=0.0)
    contributors: NonNegative = Figure(value=0.0)
    contributor_min_per_week: NonNegative = Figure(value=0.0)
    answers: bool = True
    frank: Share = Figure(value=0.0)
    eur_per_hour: NonNegative = Figure(value=0.0)
    budget_eur_per_year: NonNegative = Figure(value=0.0)
    agency_eur_per_year: NonNegative = Figure(value=0.0)

    @property
    def presence_min(self) -> float:
        """Minutes of presence in a week."""
        return float(sum((w.last - w.start) * len(w.days) for w in self.presence))


class Conversation(Strict):
    """How residents talk to the city, and what an answer or silence does to them.

    Of comments, ``question_share`` ask something; of the others ``negative_share`` are negative (of a
    controversial post ``negative_share_crisis``), times ``negative_contagion`` while an unanswered negative
    comment is visible, ``owned_position_effect`` once a frank answer is, ``disappointed_negativity`` from
    someone whom silence disappointed. Followers also ask ``questions_per_follower_day`` by themselves.
    Satisfaction with an answer halves every ``satisf_halflife_h``; who is satisfied gains
    ``reply_reengage`` - 1 of affinity. Without an answer in ``patience_h``, ``noreply_negative`` of them are
    disappointed: they lose ``noreply_affinity_loss``, and leave ``unfollow_noreply`` times as often. In a
    forum, ``peer_answer_rate`` of the questions find another resident, after ``peer_delay_h`` on average.
    """

    question_share: Share
    questions_per_follower_day: Share
    negative_share: Share
    negative_share_crisis: Share
    negative_contagion: Annotated[Figure, AfterValidator(lambda f: at_least_one(f))]  # noqa: PLW0108
    owned_position_effect: Share
    disappointed_negativity: Annotated[Figure, AfterValidator(lambda f: at_least_one(f))]  # noqa: PLW0108
    satisf_halflife_h: Positive
    patience_h: Positive
    noreply_negative: Share
    noreply_affinity_loss: NonNegative
    reply_reengage: Annotated[Figure, AfterValidator(lambda f: at_least_one(f))]  # noqa: PLW0108
    unfollow_noreply: Annotated[Figure, AfterValidator(lambda f: at_least_one(f))]  # noqa: PLW0108
    peer_answer_rate: Share
    peer_delay_h: Positive


def at_least_one(figure: Figure) -> Figure:
    """``figure`` if its value is 1 or more; ValueError otherwise."""
    if figure.value < 1:
        raise ValueError(f"{figure.value:g} is out of range: must be at least 1")
    return figure


class ChangeTeam(Dated):
    """Another team from a week on: what is stated replaces that of the team before, the rest stays."""

    kind: Literal["change_team"]
    people: People | None = None
    hours_per_week: Positive | None = None
    presence: Presence | None = None
    prepare_min: Minutes | None = None
    answer_min: Positive | None = None
    validation_h: NonNegative | None = None
    answer_validation_h: NonNegative | None = None
    lead_days: NonNegative | None = None
    patience_h: NonNegative | None = None
    contributors: NonNegative | None = None
    contributor_min_per_week: NonNegative | None = None
    answers: bool | None = None
    frank: Share | None = None
    eur_per_hour: NonNegative | None = None
    budget_eur_per_year: NonNegative | None = None
    agency_eur_per_year: NonNegative | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ChangeTeam:
        if not self.stated():
            raise ValueError(f"say what changes in the team; allowed: {', '.join(Team.model_fields)}")
        return self

    def stated(self) -> dict[str, Any]:
        """The fields of the team that change, with their new values."""
        known = {name: getattr(self, name) for name in Team.model_fields}
        return {name: value for name, value in known.items() if value is not None}


class OpenForum(Dated):
    """Invite residents to answer each other's questions (on every platform if none is named)."""

    kind: Literal["open_forum"]
    platforms: tuple[str, ...] = ()
