"""A scenario in one sentence, French or English, made from what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch

from sim.cards import Slot
from sim.changes import (
    ChangeFrequency,
    ChangeMix,
    LeavePlatform,
    OpenAccount,
    ShiftHours,
    TargetAge,
)
from sim.figures import LANGUAGES
from sim.report.words import NNBSP, decimal, listing, number, quoted, typography
from sim.scenario import Scenario

MAX_HOURS_LISTED = 4
_THEMES_FR = {
    "services": "services", "mobility": "déplacements", "culture": "culture", "sport": "sport",
    "youth": "jeunesse", "solidarity": "solidarité", "heritage": "patrimoine", "jobs": "emploi",
}  # fmt: skip
_FORMATS = {
    "fr": {"link": "liens", "photo": "photos", "video": "vidéos", "status": "textes", "text": "textes",
           "story": "stories", "job_offer": "offres d'emploi"},
    "en": {"link": "links", "photo": "photos", "video": "videos", "status": "texts", "text": "texts",
           "story": "stories", "job_offer": "job offers"},
}  # fmt: skip


def sentence(scenario: Scenario, lang: str, baseline: Scenario | None = None) -> str:
    """What ``scenario`` is, in one sentence: relative to ``baseline``, or to the city as it is.

    ValueError: ``lang`` is neither "fr" nor "en".
    """
    if lang not in LANGUAGES:
        raise ValueError(f"lang is {lang!r}; it must be one of {', '.join(LANGUAGES)}")
    name = quoted(scenario.label[lang], lang)
    known = baseline.change if baseline is not None else {}
    added = [change for key, change in scenario.change.items() if known.get(key) != change]
    dropped = [change for key, change in known.items() if key not in scenario.change]
    if not added and not dropped and (baseline is None or _same_calendar(scenario, baseline)):
        return typography(f"{name} = {_as_it_is(scenario, lang)}.", lang)
    start = "la situation actuelle" if lang == "fr" else "the present situation"
    if baseline is not None and baseline.change:
        start = quoted(baseline.label[lang], lang)
    parts = [phrase(change, scenario, lang) for change in added]
    if baseline is not None and not _same_calendar(scenario, baseline):
        parts.append(_calendar(scenario, baseline, lang))
    without = "sans ce changement : " if lang == "fr" else "without this change: "
    parts += [without + phrase(change, scenario, lang) for change in dropped]
    link = _link(added[0] if added else None, lang) if added or not dropped else ""
    return typography(f"{name} = {start}, {link}{_join(parts, lang)}.", lang)


def sentences(scenarios: Sequence[Scenario], lang: str) -> list[str]:
    """One sentence for each scenario; the first is the baseline of the others."""
    baseline = scenarios[0]
    return [sentence(baseline, lang), *(sentence(s, lang, baseline) for s in scenarios[1:])]


def _link(first: object, lang: str) -> str:
    if isinstance(first, OpenAccount):
        return "plus "
    return "avec " if lang == "fr" else "with "


def _same_calendar(scenario: Scenario, baseline: Scenario) -> bool:
    return _slots(scenario) == _slots(baseline)


def _slots(scenario: Scenario) -> dict[str, tuple[Slot, ...]]:
    return {name: account.slots for name, account in scenario.city.accounts.items()}


def _calendar(scenario: Scenario, baseline: Scenario, lang: str) -> str:
    after, before = (_rate(sum(_slots(s).values(), ()), lang) for s in (scenario, baseline))
    if lang == "fr":
        return f"un autre calendrier ({after} au lieu de {before.split()[0]})"
    return f"another calendar ({after} instead of {before.split()[0]})"


def _join(parts: list[str], lang: str) -> str:
    if len(parts) == 1:
        return parts[0]
    last = " ; et " if lang == "fr" else "; and "
    return (" ; " if lang == "fr" else "; ").join(parts[:-1]) + last + parts[-1]


def _as_it_is(scenario: Scenario, lang: str) -> str:
    accounts = [account for account in scenario.city.accounts.values() if account.slots]
    names = _platform_names(scenario, sorted({a.platform for a in accounts}), lang)
    rate = _rate([slot for account in accounts for slot in account.slots], lang)
    where = f"{rate} {'sur' if lang == 'fr' else 'on'} {names}" if accounts else rate
    city = scenario.city.label[lang]
    if lang == "fr":
        return f"la situation actuelle ({city}), sans rien changer : {where}"
    return f"the present situation ({city}), nothing changed: {where}"


@singledispatch
def phrase(change: object, scenario: Scenario, lang: str) -> str:
    """What one change does, as a part of a sentence."""
    raise TypeError(f"no words for {type(change).__name__}")


@phrase.register
def _(change: OpenAccount, scenario: Scenario, lang: str) -> str:
    platform = scenario.platform[change.platform].label
    rate, when = _rate(change.slots, lang), _hours([slot.at for slot in change.slots], lang)
    if lang == "fr":
        text = f"un compte {platform} ouvert en semaine {change.from_week} ({rate}, {when})"
    else:
        text = f"{_a(platform)} {platform} account opened in week {change.from_week} ({rate}, {when})"
    if not change.cross_promotion.value or not change.cross_promotion_weeks:
        return text
    share = _percent(change.cross_promotion.value, lang)
    weeks = _count(change.cross_promotion_weeks, lang, ("semaine", "semaines"), ("week", "weeks"))
    if lang == "fr":
        return f"{text}, annoncé par {share} des publications des autres comptes pendant {weeks}"
    return f"{text}, announced in {share} of the other accounts' posts for {weeks}"


@phrase.register
def _(change: LeavePlatform, scenario: Scenario, lang: str) -> str:
    platform = scenario.platform[change.platform].label
    if lang == "fr":
        return f"l'arrêt des publications sur {platform}{_from_week(change.from_week, lang)}"
    return f"no more posts on {platform}{_from_week(change.from_week, lang)}"


@phrase.register
def _(change: ShiftHours, scenario: Scenario, lang: str) -> str:
    where, since = _on(change.platforms, scenario, lang), _from_week(change.from_week, lang)
    if change.by_hours is None:
        hours = _hours(list(change.to), lang)
        if lang == "fr":
            return f"les publications{where} placées {hours}{since}"
        return f"posts{where} placed {hours}{since}"
    size = _duration(abs(change.by_hours), lang)
    if lang == "fr":
        way = "avancées" if change.by_hours < 0 else "retardées"
        return f"les publications{where} {way} de {size}{since}"
    return f"posts{where} {size} {'earlier' if change.by_hours < 0 else 'later'}{since}"


@phrase.register
def _(change: ChangeFrequency, scenario: Scenario, lang: str) -> str:
    where, since = _on(change.platforms, scenario, lang), _from_week(change.from_week, lang)
    factor = decimal(change.factor, lang)
    if lang == "fr":
        return f"un nombre de publications{where} multiplié par {factor}{since}"
    return f"{factor} times as many posts{where}{since}"


@phrase.register
def _(change: ChangeMix, scenario: Scenario, lang: str) -> str:
    where, since = _on(change.platforms, scenario, lang), _from_week(change.from_week, lang)
    formats = _mix(change.formats, _FORMATS[lang], lang)
    themes = _mix(change.themes, _THEMES_FR if lang == "fr" else {}, lang)
    told = ", ".join(mix for mix in (formats, themes) if mix)
    if lang == "fr":
        return f"les publications{where} réparties autrement ({told}){since}"
    return f"another mix of posts{where} ({told}){since}"


@phrase.register
def _(change: TargetAge, scenario: Scenario, lang: str) -> str:
    where, since = _on(change.platforms, scenario, lang), _from_week(change.from_week, lang)
    bands = listing([_band(band, lang) for band in change.bands], lang)
    gain = change.gain.value
    factor = decimal(gain, lang)
    if lang == "fr":
        text = f"les publications{where} proposées seulement aux {bands}{since}"
        return text if gain == 1 else f"{text}, avec un attrait multiplié par {factor}"
    text = f"posts{where} offered only to people aged {bands}{since}"
    return text if gain == 1 else f"{text}, with {factor} times the appeal"


def _a(noun: str) -> str:
    return "an" if noun[:1].upper() in "AEIOU" else "a"


def _band(band: str, lang: str) -> str:
    if band.endswith("+"):
        return f"{band[:-1]} ans et plus" if lang == "fr" else f"{band[:-1]} and over"
    low, high = band.split("-")
    return f"{low}-{high} ans" if lang == "fr" else f"{low} to {high}"


def _count(n: float, lang: str, french: tuple[str, str], english: tuple[str, str]) -> str:
    singular, plural = french if lang == "fr" else english
    is_plural = n >= 2 if lang == "fr" else n != 1
    return f"{decimal(n, lang)} {plural if is_plural else singular}"


def _rate(slots: Sequence[Slot], lang: str) -> str:
    """Posts per week of the slots, in words."""
    per_week = sum(len(slot.days) / slot.every_weeks for slot in slots)
    text = _count(round(per_week, 2), lang, ("publication", "publications"), ("post", "posts"))
    return f"{text} par semaine" if lang == "fr" else f"{text} a week"


def _clock(minute: int, lang: str) -> str:
    hour, rest = divmod(minute, 60)
    if lang == "en":
        return f"{hour}:{rest:02d}"
    return f"{hour}{NNBSP}h{NNBSP}{rest:02d}" if rest else f"{hour}{NNBSP}h"


def _hours(minutes: Iterable[int], lang: str) -> str:
    """ "à 18 h 30", or the span when there are many different hours."""
    times = sorted(set(minutes))
    if len(times) <= MAX_HOURS_LISTED:
        clocks = [_clock(minute, lang) for minute in times]
        return f"à {listing(clocks, lang)}" if lang == "fr" else f"at {listing(clocks, lang)}"
    first, last = _clock(times[0], lang), _clock(times[-1], lang)
    return f"entre {first} et {last}" if lang == "fr" else f"between {first} and {last}"


def _duration(hours: float, lang: str) -> str:
    return _count(hours, lang, ("heure", "heures"), ("hour", "hours"))


def _from_week(week: int, lang: str) -> str:
    if week == 1:
        return ""
    return f" à partir de la semaine {week}" if lang == "fr" else f" from week {week} on"


def _platform_names(scenario: Scenario, platforms: Iterable[str], lang: str) -> str:
    return listing([scenario.platform[platform].label for platform in platforms], lang)


def _on(platforms: Sequence[str], scenario: Scenario, lang: str) -> str:
    if not platforms:
        return " de tous les comptes" if lang == "fr" else " of all accounts"
    names = _platform_names(scenario, platforms, lang)
    return f" sur {names}" if lang == "fr" else f" on {names}"


def _mix(shares: dict[str, float], words: dict[str, str], lang: str) -> str:
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    told = [
        f"{_percent(share, lang)} {_of(words.get(name, name.replace('_', ' ')), lang)}"
        for name, share in ordered
    ]
    return listing(told, lang)


def _of(noun: str, lang: str) -> str:
    if lang == "en":
        return noun
    return f"d'{noun}" if noun[:1].lower() in "aeiouéèêh" else f"de {noun}"


def _percent(share: float, lang: str) -> str:
    """0.2 is "20 %", 0.125 is "12.5 %"."""
    return number(share, lang, "share", 0 if round(share * 100, 6) == round(share * 100) else 1)
