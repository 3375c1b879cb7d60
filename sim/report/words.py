"""Numbers and typography in French and English: the only place where a value becomes text.

French: decimal comma, narrow no-break space for thousands and before ``; : ! ? %`` and inside guillemets.
English: decimal point, comma for thousands, nothing before ``%``.
"""

from __future__ import annotations

import math
import re

NNBSP = "\u202f"
MINUS = "\u2212"
LANGS = ("fr", "en")
MAX_DECIMALS = 4

# unit -> language -> (singular, plural); a unit that is not listed is written as it is
UNIT_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "points": {"fr": ("point", "points"), "en": ("point", "points")},
    "residents": {"fr": ("habitant", "habitants"), "en": ("resident", "residents")},
    "people": {"fr": ("personne", "personnes"), "en": ("person", "people")},
    "followers": {"fr": ("abonné", "abonnés"), "en": ("follower", "followers")},
    "posts": {"fr": ("publication", "publications"), "en": ("post", "posts")},
    "impressions": {"fr": ("affichage", "affichages"), "en": ("display", "displays")},
    "clicks": {"fr": ("clic", "clics"), "en": ("click", "clicks")},
    "interactions": {"fr": ("interaction", "interactions"), "en": ("interaction", "interactions")},
    "visits": {"fr": ("visite", "visites"), "en": ("visit", "visits")},
    "contributions": {"fr": ("contribution", "contributions"), "en": ("contribution", "contributions")},
    "likes": {"fr": ("« j'aime »", "« j'aime »"), "en": ("like", "likes")},
    "comments": {"fr": ("commentaire", "commentaires"), "en": ("comment", "comments")},
    "shares": {"fr": ("partage", "partages"), "en": ("share", "shares")},
    "weeks": {"fr": ("semaine", "semaines"), "en": ("week", "weeks")},
    "minutes": {"fr": ("minute", "minutes"), "en": ("minute", "minutes")},
    "sessions per day": {
        "fr": ("ouverture par jour", "ouvertures par jour"),
        "en": ("session per day", "sessions per day"),
    },
}
_PERCENT_UNITS = {"share", "percent", "%"}


def check_lang(lang: str) -> str:
    """Return `lang` or raise ValueError when it is neither "fr" nor "en"."""
    if lang not in LANGS:
        raise ValueError(f"lang is {lang!r}; it must be one of {', '.join(LANGS)}")
    return lang


def _rounded(value: float, digits: int) -> float:
    out = round(value, digits)
    return 0.0 if out == 0 else out


def _is_plural(value: float, lang: str) -> bool:
    return abs(value) >= 2 if lang == "fr" else abs(value) != 1


def unit_word(unit: str, lang: str, value: float = 2.0) -> str:
    """The unit in words, singular or plural by the rule of the language; "%" for shares and percentages."""
    if unit in _PERCENT_UNITS:
        return "%"
    words = UNIT_WORDS.get(unit)
    if words is None:
        return unit
    return words[lang][1 if _is_plural(value, lang) else 0]


def number(value: float, lang: str, unit: str = "", digits: int = 0, signed: bool = False) -> str:
    """`value` as text.

    `unit`: "" (none), "share" (0..1, written in per cent), "percent", "points", a key of UNIT_WORDS, or any
    words, written as they are. `digits`: decimals of the number shown; negative rounds to tens, hundreds...
    `signed` writes "+" before positive numbers. NaN and infinities give a dash.
    """
    check_lang(lang)
    if not math.isfinite(value):
        return "–"
    shown = _rounded(value * 100 if unit == "share" else value, digits)
    decimals = max(0, digits)
    text = f"{abs(shown):,.{decimals}f}"
    if lang == "fr":
        text = text.replace(",", NNBSP).replace(".", ",")
    sign = MINUS if shown < 0 else "+" if signed and shown > 0 else ""
    word = unit_word(unit, lang, shown)
    if word == "%":
        return f"{sign}{text}{NNBSP}%" if lang == "fr" else f"{sign}{text}%"
    return f"{sign}{text}{NNBSP}{word}" if word else f"{sign}{text}"


def digits_for(half_width: float, fallback: float = math.nan) -> int:
    """Decimals worth writing for a number known to within `half_width` (same unit).

    The half-width keeps one significant digit; without a usable half-width the number `fallback` keeps
    two. The answer lies between -6 and MAX_DECIMALS.
    """
    size = abs(half_width)
    if math.isfinite(size) and size > 0:
        digits = -math.floor(math.log10(size))
    elif math.isfinite(fallback) and fallback != 0:
        digits = 1 - math.floor(math.log10(abs(fallback)))
    else:
        digits = 0
    return max(-6, min(MAX_DECIMALS, digits))


def probability(value: float, lang: str, words: bool = True) -> str:
    """A probability in per cent that never claims certainty ("plus de 99 %", or "> 99 %" without `words`)."""
    if not math.isfinite(value):
        return "–"
    over, under = (
        (("plus de ", "moins de ") if lang == "fr" else ("over ", "under ")) if words else (">", "<")
    )
    gap = "" if words else NNBSP
    if value > 0.99:
        return over + gap + number(0.99, lang, "share")
    if value < 0.01:
        return under + gap + number(0.01, lang, "share")
    return number(value, lang, "share")


def interval(low: float, high: float, lang: str, unit: str = "", digits: int = 0, signed: bool = True) -> str:
    """Both ends with the same decimals, the unit once ("+2,6 à +3,6 points"); a dash without an end."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    middle = " à " if lang == "fr" else " to "
    factor = 100 if unit == "share" else 1
    first = number(low * factor, lang, "", digits, signed)
    return first + middle + number(high, lang, unit, digits, signed)


def decimal(value: object, lang: str) -> str:
    """A figure of a table of inputs, written as precisely as it was given (four significant digits)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return number(value, lang, "", max(0, min(8, _natural_digits(float(value)))))


def _natural_digits(value: float) -> int:
    text = f"{value:.4g}"
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return decimals - int(exponent or 0)


def listing(items: list[str], lang: str) -> str:
    """Items in one phrase: "a, b et c" or "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + (" et " if lang == "fr" else " and ") + items[-1]


def quoted(text: str, lang: str) -> str:
    """`text` between the quotation marks of the language."""
    return f"«{NNBSP}{text}{NNBSP}»" if lang == "fr" else f"“{text}”"


def typography(text: str, lang: str) -> str:
    """Curly apostrophes and, in French, narrow no-break spaces where the rule asks for one.

    Only a space that is already there is changed, so hours, addresses and identifiers keep their form.
    """
    out = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    out = re.sub(r"± (?=\d)", "±" + NNBSP, out)
    if lang != "fr":
        return out
    out = re.sub(r"[ \u00a0]+([;:!?%»])", NNBSP + r"\1", out)
    return re.sub(r"«[ \u00a0]+", "«" + NNBSP, out)
