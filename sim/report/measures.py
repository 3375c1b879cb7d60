"""An effect written as a person reads it: rounded by its own interval, in points, residents or per cent."""

from __future__ import annotations

import math

from sim.report.data import PERCENT_UNITS, Effect, View
from sim.report.words import MAX_DECIMALS, digits_for, interval, number

PEOPLE_KPIS = frozenset({"residents_reached", "residents_never_reached"})


def factor(unit: str) -> float:
    """Factor from the stored value to the number shown (100 for a share)."""
    return 100.0 if unit == "share" else 1.0


def is_percentage(unit: str) -> bool:
    return unit == "share" or unit in PERCENT_UNITS


def digits_of(effect: Effect) -> int:
    """Decimals of the number shown: the interval decides; exact counts stay exact.

    An interval that excludes 0 gets one or two more where an end would otherwise be written as 0.
    """
    k = factor(effect.unit)
    if not effect.has_interval:
        return digits_for(math.nan, effect.diff * k if effect.diff else effect.base * k)
    if effect.half_width <= 0:
        return max(0, digits_for(math.nan, effect.base * k))
    digits, ends = digits_for(effect.half_width * k), (effect.low * k, effect.high * k)
    if ends[0] * ends[1] > 0:
        near = digits_for(math.nan, min(ends, key=abs)) - 1
        digits = max(digits, min(near, digits + 2, MAX_DECIMALS))
    return digits


def mean_text(effect: Effect, value: float, lang: str, most: int = MAX_DECIMALS) -> str:
    """A mean of one scenario ("24,3 %", "1 240"), with the decimals of the difference, `most` of them."""
    unit = "percent" if is_percentage(effect.unit) else ""
    shown = value * factor(effect.unit)
    two_digits = digits_for(math.nan, shown) + 1 if shown and math.isfinite(shown) else 0
    return number(shown, lang, unit, min(most, max(digits_of(effect), two_digits)))


def difference_text(effect: Effect, lang: str, words: bool = True) -> str:
    """The difference ("+3,1 points"); percentages differ by points. `words` False leaves the unit out."""
    unit = "points" if is_percentage(effect.unit) else ""
    return number(
        effect.diff * factor(effect.unit), lang, unit if words else "", digits_of(effect), signed=True
    )


def interval_text(effect: Effect, lang: str) -> str:
    """The interval without its unit ("+2,6 à +3,6"), a dash when there is none."""
    k = factor(effect.unit)
    return interval(effect.low * k, effect.high * k, lang, "", digits_of(effect))


def relative_text(effect: Effect, lang: str) -> str:
    """The difference in per cent of the baseline, a dash when the baseline is zero."""
    rel = effect.relative()
    if rel is None:
        return "–"
    value, low, high = rel
    return number(value, lang, "percent", max(0, min(1, digits_for((high - low) / 2, value))), signed=True)


def residents(effect: Effect, view: View) -> tuple[float, float, float] | None:
    """(difference, low, high) in residents of the real city; None for a KPI that does not count residents."""
    if effect.kpi in PEOPLE_KPIS:
        k = 1.0
    elif effect.kpi.endswith("_of_residents") and is_percentage(effect.unit):
        k = view.population(effect.age_band) * (1.0 if effect.unit == "share" else 0.01)
    else:
        return None
    return effect.diff * k, effect.low * k, effect.high * k


def who_text(effect: Effect, lang: str) -> str:
    """Whom the effect counts: "habitants", "habitants de 15–29 ans"."""
    band = effect.age_band
    if band == "all":
        return "habitants" if lang == "fr" else "residents"
    if band.endswith("+"):
        age = band.removesuffix("+")
        return f"habitants de {age} ans et plus" if lang == "fr" else f"residents aged {age} and over"
    ages = band.replace("-", "–")
    return f"habitants de {ages} ans" if lang == "fr" else f"residents aged {ages}"


def people_text(effect: Effect, view: View, lang: str) -> tuple[str, str] | None:
    """("14 700", "12 400 à 17 000"): the size of the difference in residents and its range, without signs
    when the range lies on one side of zero. None for a KPI that does not count residents."""
    found = residents(effect, view)
    if found is None:
        return None
    diff, low, high = found
    digits = min(0, digits_for((high - low) / 2, diff), digits_for(math.nan, diff) + 1)
    if math.isfinite(low) and low * high < 0:
        return number(abs(diff), lang, "", digits), interval(low, high, lang, "", digits)
    ends = sorted((abs(low), abs(high)))
    return number(abs(diff), lang, "", digits), interval(ends[0], ends[1], lang, "", digits, signed=False)
