"""Occasions: what happens to the whole city for some hours, whatever its accounts publish.

An occasion is a state of the world, not a decision: it changes what people need and pass on for a window, and
leaves the identity of every post as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from sim.figures import WEEKDAYS, Figure, NonNegative, Share, Strict, Weekday
from sim.notation import Label, Minute, Week
from sim.sessions import HOUR_MIN, WEEK_MIN, rounded

F64 = NDArray[np.float64]


class Occasion(Strict):
    """A window of ``hours`` from ``day`` of ``week`` at ``at``, about some themes.

    Multipliers for posts published in the window: ``attention`` of the chance to be offered for posts on its
    themes, ``other_themes`` of the others'; ``interest`` of clicks, likes and comments on its themes and
    ``sharing`` of their shares. ``questions`` multiplies what residents ask; ``negative_share`` is the share
    of comments that are negative, on its themes. ``silent``: themes on which the city publishes nothing.
    """

    label: Label
    week: Week
    day: Weekday
    at: Minute
    hours: float = Field(gt=0, le=8760)
    themes: tuple[str, ...] = Field(default=(), max_length=20)
    attention: NonNegative = Figure(value=1.0)
    interest: NonNegative = Figure(value=1.0)
    sharing: NonNegative = Figure(value=1.0)
    other_themes: NonNegative = Figure(value=1.0)
    questions: NonNegative = Figure(value=1.0)
    negative_share: Share | None = None
    silent: tuple[str, ...] = Field(default=(), max_length=20)
    note: Label = Field(default={"fr": "", "en": ""})

    @model_validator(mode="after")
    def _about_something(self) -> Occasion:
        if not self.themes and not self.silent:
            raise ValueError(
                "say themes (what people need then) or silent (what the city does not talk about)"
            )
        return self

    @property
    def start_min(self) -> float:
        """First minute of the window, from the start of the horizon."""
        return float((self.week - 1) * WEEK_MIN + WEEKDAYS.index(self.day) * 24 * HOUR_MIN + self.at)

    @property
    def end_min(self) -> float:
        """First minute after the window."""
        return self.start_min + self.hours * HOUR_MIN

    def covers(self, minute: float) -> bool:
        """Whether ``minute`` (from the start of the horizon) lies in the window."""
        return self.start_min <= minute < self.end_min


@dataclass(frozen=True)
class Moods:
    """What the occasions of a scenario make of each post: multipliers float64[n], 1 where nothing happens.

    ``offer`` of the chance to be offered; ``interest`` of clicks, likes and comments; ``sharing`` of shares;
    ``negative_share`` of comments, NaN where no occasion says it.
    """

    offer: F64
    interest: F64
    sharing: F64
    negative_share: F64


def moods(occasions: Mapping[str, Occasion], themes: Sequence[str], t_min: F64) -> Moods:
    """Effect of ``occasions`` on posts with ``themes`` published at ``t_min`` (float64[n] minutes).

    Occasions at the same time multiply; the largest ``negative_share`` holds.
    """
    n = len(themes)
    offer, interest, sharing = np.ones(n), np.ones(n), np.ones(n)
    negative = np.full(n, np.nan)
    for occasion in occasions.values():
        now = (occasion.start_min <= t_min) & (t_min < occasion.end_min)
        about = now & np.array([theme in occasion.themes for theme in themes], dtype=bool)
        offer[about] *= occasion.attention.value
        offer[now & ~about] *= occasion.other_themes.value
        interest[about] *= occasion.interest.value
        sharing[about] *= occasion.sharing.value
        if occasion.negative_share is not None:
            negative[about] = np.fmax(negative[about], occasion.negative_share.value)
    return Moods(rounded(offer), rounded(interest), rounded(sharing), negative)


def questions(occasions: Mapping[str, Occasion], n_hours: int) -> F64:
    """Multiplier of what residents ask in each hour of the horizon, float64[n_hours]."""
    out = np.ones(n_hours)
    start = np.arange(n_hours) * float(HOUR_MIN)
    for occasion in occasions.values():
        inside = (start + HOUR_MIN > occasion.start_min) & (start < occasion.end_min)
        out[inside] *= occasion.questions.value
    return rounded(out)


def is_silent(occasions: Mapping[str, Occasion], theme: str, minute: float) -> bool:
    """Whether an occasion keeps the city from publishing on ``theme`` at ``minute``."""
    return any(theme in occasion.silent and occasion.covers(minute) for occasion in occasions.values())


def named_themes(occasions: Mapping[str, Occasion]) -> Iterator[tuple[str, str]]:
    """(dotted key, theme) of every theme that occasions name."""
    for name, occasion in occasions.items():
        for field in ("themes", "silent"):
            for i, theme in enumerate(getattr(occasion, field)):
                yield f"occasion.{name}.{field}[{i}]", theme


def misplaced(occasions: Mapping[str, Occasion], horizon_weeks: int) -> Iterator[str]:
    """One sentence for each occasion that begins after the last week."""
    for name, occasion in occasions.items():
        if occasion.week > horizon_weeks:
            yield (
                f"occasion.{name}.week: {occasion.week} is after the last week: the occasion is outside the "
                f"horizon; allowed: 1 to {horizon_weeks} (horizon_weeks)"
            )
