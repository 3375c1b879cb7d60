"""What each kind of change does, as a part of a sentence, in French or English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

from sim.accounts import own_on
from sim.cards import Slot
from sim.changes import (
    BuyFollowers,
    ChangeFrequency,
    ChangeMix,
    LeavePlatform,
    OpenAccount,
    ShiftHours,
    TargetAge,
)
from sim.content import ReopenAccount
from sim.planning import settled
from sim.report.words import NNBSP, decimal, listing, number, quoted
from sim.scenario import Scenario

MAX_HOURS_LISTED = 4
_THEMES_FR = {
    "services": "services", "mobility": "déplacements", "culture": "culture", "sport": "sport",
    "youth": "jeunesse", "solidarity": "solidarité", "heritage": "patrimoine", "jobs": "emploi",
    "civic": "vie municipale",
}  # fmt: skip
_FORMATS = {
    "fr": {"link": "liens", "photo": "photos", "video": "vidéos", "status": "textes", "text": "textes",
           "story": "stories", "job_offer": "offres d'emploi", "fan_photo": "photos d'abonnés",
           "contest": "concours", "game": "jeux", "countdown": "comptes à rebours", "list": "listes",
           "live_video": "vidéos en direct", "bitmoji": "stories à bitmoji"},
    "en": {"link": "links", "photo": "photos", "video": "videos", "status": "texts", "text": "texts",
           "story": "stories", "job_offer": "job offers", "fan_photo": "followers' photos",
           "contest": "contests", "game": "games", "countdown": "countdowns", "list": "lists",
           "live_video": "live videos", "bitmoji": "bitmoji stories"},
}  # fmt: skip


@singledispatch
def phrase(change: object, scenario: Scenario, lang: str) -> str:
    """What one change does, as a part of a sentence."""
    raise TypeError(f"no words for {type(change).__name__}")


@phrase.register
def _(change: OpenAccount, scenario: Scenario, lang: str) -> str:
    platform, week = scenario.platform[change.platform].label, change.from_week
    told = [rate(change.slots, lang), _hours([slot.at for slot in change.slots], lang)]
    found = 1.0 if change.renown is None else change.renown.value
    name = f" ({quoted(account_word(change.account), lang)})" if change.account else ""
    more = len(own_on(change.platform, scenario)) > 1
    if lang == "fr":
        told += [f"trouvé {decimal(found, lang)} fois aussi vite"] if found != 1 else []
        text = f"un {'autre ' if more else ''}compte {platform}{name} ouvert en semaine {week}"
    else:
        told += [f"found {decimal(found, lang)} times as fast"] if found != 1 else []
        one = "another" if more else _a(platform)
        text = f"{one} {platform} account{name} opened in week {week}"
    return f"{text} ({', '.join(told)}){announced(change, scenario, lang)}"


def account_word(account: str) -> str:
    """An account's name for people."""
    return account.replace("_", " ")


def announced(change: OpenAccount | ReopenAccount, scenario: Scenario, lang: str) -> str:
    """How the other accounts announce the one that opens; empty if they do not."""
    weeks_told = settled(change, scenario.behaviour.planning).cross_promotion_weeks
    if not change.cross_promotion.value or not weeks_told:
        return ""
    share = _percent(change.cross_promotion.value, lang)
    weeks = _count(weeks_told, lang, ("semaine", "semaines"), ("week", "weeks"))
    if lang == "fr":
        return f", annoncé par {share} des publications des autres comptes pendant {weeks}"
    return f", announced in {share} of the other accounts' posts for {weeks}"


def theme_word(theme: str, lang: str) -> str:
    """A theme's name for people."""
    return _THEMES_FR.get(theme, theme) if lang == "fr" else theme.replace("_", " ")


@phrase.register
def _(change: LeavePlatform, scenario: Scenario, lang: str) -> str:
    platform = scenario.platform[change.platform].label
    names = listing([account_word(name) for name in change.accounts], lang)
    since = (f" ({names})" if names else "") + _from_week(change.from_week, lang)
    if lang == "fr":
        return f"l'arrêt des publications sur {platform}{since}"
    return f"no more posts on {platform}{since}"


@phrase.register
def _(change: ShiftHours, scenario: Scenario, lang: str) -> str:
    where, since = posts_of(change, scenario, lang), _from_week(change.from_week, lang)
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
    where, since = posts_of(change, scenario, lang), _from_week(change.from_week, lang)
    factor = decimal(change.factor, lang)
    if lang == "fr":
        return f"un nombre de publications{where} multiplié par {factor}{since}"
    return f"{factor} times as many posts{where}{since}"


@phrase.register
def _(change: ChangeMix, scenario: Scenario, lang: str) -> str:
    where, since = posts_of(change, scenario, lang), _from_week(change.from_week, lang)
    formats = _mix(change.formats, _FORMATS[lang], lang)
    themes = _mix(change.themes, _THEMES_FR if lang == "fr" else {}, lang)
    told = ", ".join(mix for mix in (formats, themes) if mix)
    if lang == "fr":
        return f"les publications{where} réparties autrement ({told}){since}"
    return f"another mix of posts{where} ({told}){since}"


@phrase.register
def _(change: TargetAge, scenario: Scenario, lang: str) -> str:
    where, since = posts_of(change, scenario, lang), _from_week(change.from_week, lang)
    bands = listing([_band(band, lang) for band in change.bands], lang)
    gain = change.gain.value
    factor = decimal(gain, lang)
    if lang == "fr":
        text = f"les publications{where} proposées seulement aux {bands}{since}"
        return text if gain == 1 else f"{text}, avec un attrait multiplié par {factor}"
    text = f"posts{where} offered only to people aged {bands}{since}"
    return text if gain == 1 else f"{text}, with {factor} times the appeal"


@phrase.register
def _(change: BuyFollowers, scenario: Scenario, lang: str) -> str:
    card = scenario.platform[change.platform]
    price = (change.cost_per_fan or card.audience.cost_per_fan_eur).value
    money, each = number(change.budget_eur.value, lang), number(price, lang, digits=2)
    fans = number(change.budget_eur.value / price, lang)
    weeks = _count(change.weeks, lang, ("semaine", "semaines"), ("week", "weeks"))
    bands = listing([_band(band, lang) for band in change.target_ages], lang)
    since = _from_week(change.from_week, lang)
    whose = account_word(change.account) if change.account else ""
    if lang == "fr":
        to = (f" pour {whose}" if whose else "") + (f" auprès des {bands}" if bands else "")
        paid = f"au plus {fans} abonnés à {each} € l'un"
        return f"{money} € de publicité sur {card.label}{to} pendant {weeks}{since} ({paid})"
    to = (f" for {whose}" if whose else "") + (f" to people aged {bands}" if bands else "")
    paid = f"at most {fans} followers at EUR {each} each"
    return f"EUR {money} of advertising on {card.label}{to} for {weeks}{since} ({paid})"


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


def rate(slots: Sequence[Slot], lang: str) -> str:
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


def platform_names(scenario: Scenario, platforms: Iterable[str], lang: str) -> str:
    return listing([scenario.platform[platform].label for platform in platforms], lang)


def _on(platforms: Sequence[str], scenario: Scenario, lang: str) -> str:
    if not platforms:
        return " de tous les comptes" if lang == "fr" else " of all accounts"
    names = platform_names(scenario, platforms, lang)
    return f" sur {names}" if lang == "fr" else f" on {names}"


def posts_of(change: Any, scenario: Scenario, lang: str) -> str:
    """The posts that a change is about: those of the accounts it names, else of its platforms."""
    if not change.accounts:
        return _on(change.platforms, scenario, lang)
    names = listing([account_word(name) for name in change.accounts], lang)
    return f" de {names}" if lang == "fr" else f" of {names}"


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
