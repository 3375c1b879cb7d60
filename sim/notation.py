"""How hours, weeks, ages, circles and labels are written in scenario files."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from sim.figures import LANGUAGES, Strict, check_band


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
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
AdultBand = Annotated[str, AfterValidator(check_band)]
Circle = Literal["resident", "around", "country", "abroad"]
Week = Annotated[int, Field(ge=1)]


class Dated(Strict):
    """What every kind of change says: the week it begins (1 = the first) and how it is called."""

    from_week: Week = 1
    label: Label | None = None
