"""Figures with their source: the only way a number of behaviour enters the simulator.

Every figure says its value, unit, source and how far it can be trusted: *measured* (read in the named
source for this very place or platform), *borrowed* (measured elsewhere), *assumed* (nobody measured it)
or *given* (stated by the person who runs the scenario).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

BANDS = ("0-14", "15-29", "30-44", "45-59", "60-74", "75+")
ADULT_BANDS = BANDS[1:]
CIRCLES = ("resident", "around", "country", "abroad")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("fr", "en")

Tag = Literal["measured", "borrowed", "assumed", "given"]


class InputError(ValueError):
    """Bad input, told in one sentence that a person can act on."""


def nearest(name: object, allowed: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the closest allowed name, or the list of allowed names."""
    names = [str(a) for a in allowed]
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; allowed: {', '.join(names)}" if names else ""


class Strict(BaseModel):
    """Frozen input: unknown keys are refused with the nearest right name."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            aliases = [field.alias for field in cls.model_fields.values() if field.alias]
            for name in data:
                if name not in cls.model_fields and name not in aliases:
                    known = [field.alias or key for key, field in cls.model_fields.items()]
                    raise ValueError(f"unknown key '{name}'{nearest(name, known)}")
        return data


class Sourced(Strict):
    """What every figure carries besides its number."""

    unit: str = ""
    source: str = "given"
    tag: Tag = "given"
    note: str = ""


class Figure(Sourced):
    """One number. A bare number in a configuration is taken as *given* by its author."""

    value: float
    low: float | None = None
    high: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, data: Any) -> Any:
        if isinstance(data, bool):
            raise ValueError(f"expected a number, got {str(data).lower()}")
        if isinstance(data, int | float):
            return {"value": data}
        if isinstance(data, str):
            raise ValueError(f"expected a number, got '{data}'")
        return data

    @model_validator(mode="after")
    def _ordered(self) -> Figure:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Spread(Sourced):
    """Plausible range of a whole table: each of its values times one number from ``low`` to ``high``.

    Both by year where they differ (interpolated between years); ``low`` at most 1, ``high`` at least 1.
    """

    low: float | dict[int, float]
    high: float | dict[int, float]

    @model_validator(mode="after")
    def _around_one(self) -> Spread:
        for end in (self.low, self.high):
            if end == {}:
                raise ValueError("give at least one year")
        if not all(0 < factor <= 1 for factor in _factors(self.low)):
            raise ValueError("low must be above 0 and at most 1 (a factor of the stated values)")
        if not all(1 <= factor <= 100 for factor in _factors(self.high)):
            raise ValueError("high must be between 1 and 100 (a factor of the stated values)")
        return self

    def at(self, year: int) -> tuple[float, float]:
        """(low, high) at ``year``: linear between years, constant outside."""
        low, high = (end if isinstance(end, float) else between(end, year) for end in (self.low, self.high))
        return low, high


def _factors(end: float | dict[int, float]) -> list[float]:
    return list(end.values()) if isinstance(end, dict) else [end]


class BandFigure(Sourced):
    """One number for each age band; bands left out count as zero."""

    values: dict[str, float]
    spread: Spread | None = None

    @model_validator(mode="after")
    def _bands(self) -> BandFigure:
        for band in self.values:
            check_band(band)
        return self

    def row(self) -> list[float]:
        """Values in the order of ``BANDS``; 0 for a band that is not named."""
        return [self.values.get(band, 0.0) for band in BANDS]

    def times(self, factor: float) -> dict[str, float]:
        """Every value times ``factor``."""
        return {band: value * factor for band, value in self.values.items()}


class YearBandFigure(Sourced):
    """Numbers by year and age band; between two years the value is interpolated."""

    values: dict[int, dict[str, float]] = Field(min_length=1)
    spread: Spread | None = None

    @model_validator(mode="after")
    def _bands(self) -> YearBandFigure:
        for bands in self.values.values():
            for band, value in bands.items():
                check_band(band)
                if not 0 <= value <= 100:
                    raise ValueError(f"{value:g} for {band} must be between 0 and 100 (percent of the band)")
        return self

    def at(self, year: int) -> list[float]:
        """Values in the order of ``BANDS`` at ``year``: linear between years, constant outside."""
        before, after, weight = _around(self.values, year)
        low, high = self.values[before], self.values[after]
        return [(1 - weight) * low.get(b, 0.0) + weight * high.get(b, 0.0) for b in BANDS]

    def times(self, factor: float) -> dict[int, dict[str, float]]:
        """Every value times ``factor``, at most 100 (percent of the band)."""
        return {
            year: {band: min(value * factor, 100.0) for band, value in bands.items()}
            for year, bands in self.values.items()
        }


class YearFigure(Sourced):
    """Numbers by year; between two years the value is interpolated."""

    values: dict[int, float] = Field(min_length=1)
    spread: Spread | None = None

    def at(self, year: int) -> float:
        """Value at ``year``: linear between years, constant outside."""
        return between(self.values, year)

    def times(self, factor: float) -> dict[int, float]:
        """Every value times ``factor``."""
        return {year: value * factor for year, value in self.values.items()}


def between(values: Mapping[int, float], year: int) -> float:
    """Value at ``year``: linear between years, constant outside."""
    before, after, weight = _around(values, year)
    return (1 - weight) * values[before] + weight * values[after]


def _around(by_year: Mapping[int, Any], year: int) -> tuple[int, int, float]:
    """(year before, year after, weight of the one after)."""
    years = sorted(by_year)
    year = min(max(year, years[0]), years[-1])
    before = max(y for y in years if y <= year)
    after = min(y for y in years if y >= year)
    return before, after, 0.0 if after == before else (year - before) / (after - before)


class ProfileFigure(Sourced):
    """24 relative intensities, one for each local hour, by group of age bands."""

    values: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _hours(self) -> ProfileFigure:
        for name, hours in self.values.items():
            if name != "all":
                check_band(name)
            if len(hours) != 24:
                raise ValueError(f"{name} has {len(hours)} hours; 24 are needed")
            if min(hours) < 0 or max(hours) <= 0:
                raise ValueError(f"{name} must hold numbers of at least 0, one of them above 0")
        if "all" not in self.values and set(self.values) < set(ADULT_BANDS):
            raise ValueError("give every age band from 15-29 on, or 'all'")
        return self

    def row(self, band: str) -> tuple[float, ...]:
        """24 intensities of ``band`` (those of 'all' when the band has none of its own)."""
        return self.values.get(band, self.values.get("all", (1.0,) * 24))


class WeekFigure(Sourced):
    """Seven relative levels, Monday first. A bare list in a configuration is *given* by its author."""

    values: tuple[float, float, float, float, float, float, float]

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, data: Any) -> Any:
        return {"values": data} if isinstance(data, list | tuple) else data

    @model_validator(mode="after")
    def _levels(self) -> WeekFigure:
        if min(self.values) < 0 or max(self.values) <= 0:
            raise ValueError("seven numbers of at least 0, one of them above 0, are needed")
        return self


def check_band(band: str) -> str:
    """``band`` if it is one of ``BANDS``; ValueError with the nearest right name otherwise."""
    if band not in BANDS:
        raise ValueError(f"unknown age band '{band}'{nearest(band, BANDS)}")
    return band


def within(low: float | None, high: float | None, *, strictly_above: bool = False) -> Callable[[Any], Any]:
    """Validator: a figure (or each of its values) lies in [low, high]."""

    def check(figure: Any) -> Any:
        values = figure.values.values() if hasattr(figure, "values") else [figure.value]
        for value in values:
            too_low = low is not None and (value <= low if strictly_above else value < low)
            if too_low or (high is not None and value > high):
                raise ValueError(f"{value:g} is out of range: {_range_words(low, high, strictly_above)}")
        return figure

    return check


def _range_words(low: float | None, high: float | None, strictly_above: bool) -> str:
    left = "" if low is None else f"above {low:g}" if strictly_above else f"at least {low:g}"
    right = "" if high is None else f"at most {high:g}" if high < 1e6 else f"at most {high:,.0f}"
    return "must be " + " and ".join(part for part in (left, right) if part)


Share = Annotated[Figure, AfterValidator(within(0, 1))]
Correlation = Annotated[Figure, AfterValidator(within(0, 0.999))]
NonNegative = Annotated[Figure, AfterValidator(within(0, None))]
Positive = Annotated[Figure, AfterValidator(within(0, None, strictly_above=True))]
Free = Figure
Bands = Annotated[BandFigure, AfterValidator(within(0, None))]
