"""What changes of content and occasions are, as a part of a sentence, in French or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.content import CopyContent, Countdown, EditorialLine, Publish, ReopenAccount, TrainTeam
from sim.figures import WEEKDAYS, Figure
from sim.occasions import Occasion
from sim.phrases import _clock as clock
from sim.phrases import _count as count
from sim.phrases import _from_week as from_week
from sim.phrases import _hours as hours
from sim.phrases import account_word, announced, phrase, platform_names, rate, theme_word
from sim.report.words import decimal, listing, quoted
from sim.scenario import Scenario

_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@phrase.register
def _(change: Publish, scenario: Scenario, lang: str) -> str:
    posts = sorted(change.posts, key=lambda p: (p.week, WEEKDAYS.index(p.day), p.at))
    first = posts[0]
    number = count(len(posts), lang, ("publication", "publications"), ("post", "posts"))
    where = platform_names(scenario, sorted({p.platform for p in posts}), lang)
    when = _date(change.from_week + first.week - 1, first.day, first.at, lang)
    divides = sum(p.controversial for p in posts)
    if lang == "fr":
        begin = "" if len(posts) == 1 else "à partir du "
        more = f", dont {divides} qui divise{'nt' if divides > 1 else ''}" if divides else ""
        return f"{number} à date fixe sur {where} ({begin}{when}){more}"
    begin = "" if len(posts) == 1 else "from "
    more = f", {divides} of which divide{'s' if divides == 1 else ''}" if divides else ""
    return f"{number} at a fixed date on {where} ({begin}{when}){more}"


@phrase.register
def _(change: EditorialLine, scenario: Scenario, lang: str) -> str:
    themes = listing([theme_word(theme, lang) for theme in change.themes], lang)
    told = _times(change.fit, lang, "réactions", "reactions")
    told += _times(change.offer, lang, "chance d'être proposée", "chance to be offered")
    where, since = _of(change, scenario, lang), from_week(change.from_week, lang)
    about = f"{' pour ' if lang == 'fr' else ' for '}{themes}" if themes else ""
    name = "une ligne éditoriale propre" if lang == "fr" else "an editorial line of its own"
    return f"{name}{where}{about} ({', '.join(told)}){since}"


@phrase.register
def _(change: CopyContent, scenario: Scenario, lang: str) -> str:
    source = platform_names(scenario, [change.from_platform], lang)
    since = from_week(change.from_week, lang)
    told = ", ".join(_times(change.fit, lang, "réactions", "reactions"))
    more = f" ({told})" if told else ""
    if lang == "fr":
        where = _of(change, scenario, lang, "sur tous les autres comptes")
        return f"le contenu de {source} repris tel quel{where}{more}{since}"
    where = _of(change, scenario, lang, "on all other accounts")
    return f"{source}'s content copied as it is{where}{more}{since}"


@phrase.register
def _(change: TrainTeam, scenario: Scenario, lang: str) -> str:
    where, since = _of(change, scenario, lang), from_week(change.from_week, lang)
    gain = decimal(change.gain.value, lang)
    half = count(change.halflife_weeks.value, lang, ("semaine", "semaines"), ("week", "weeks"))
    if lang == "fr":
        told = f"réactions multipliées peu à peu jusqu'à {gain}, à moitié après {half}"
        return f"une équipe formée{where}{since} ({told})"
    return f"a team trained{where}{since} (reactions grow towards {gain} times, half of it after {half})"


@phrase.register
def _(change: ReopenAccount, scenario: Scenario, lang: str) -> str:
    platform = scenario.platform[change.platform].label
    habits = "les habitudes d'avant" if lang == "fr" else "the habits of before"
    if change.slots:
        habits = f"{rate(change.slots, lang)}, {hours([slot.at for slot in change.slots], lang)}"
    told = [habits, *_times(change.fit, lang, "réactions", "reactions")]
    told += _times(change.rel_appeal, lang, "chance d'être proposée", "chance to be offered")
    if change.account:
        platform = f"{platform} ({quoted(account_word(change.account), lang)})"
    if lang == "fr":
        text = f"le retour sur {platform} en semaine {change.from_week} ({', '.join(told)})"
    else:
        text = f"a return to {platform} in week {change.from_week} ({', '.join(told)})"
    return text + announced(change, scenario, lang)


@phrase.register
def _(change: Countdown, scenario: Scenario, lang: str) -> str:
    platform = scenario.platform[change.platform].label
    when = _date(change.from_week + change.week - 1, change.day, change.at, lang)
    rise = decimal(change.rising_to.value, lang)
    if lang == "fr":
        return (
            f"un compte à rebours de {change.posts} publications sur {platform} jusqu'au {when} "
            f"(intérêt croissant, multiplié par {rise} à la fin)"
        )
    return (
        f"a countdown of {change.posts} posts on {platform} until {when} "
        f"(rising interest, {rise} times at the end)"
    )


def occasions(happening: Mapping[str, Occasion], lang: str) -> list[str]:
    """What happens, one part of a sentence for each occasion."""
    return [_occasion(occasion, lang) for occasion in happening.values()]


def _occasion(occasion: Occasion, lang: str) -> str:
    name, when = quoted(occasion.label[lang], lang), _date(occasion.week, occasion.day, occasion.at, lang)
    themes, silent = (
        listing([theme_word(t, lang) for t in named], lang) for named in (occasion.themes, occasion.silent)
    )
    lasts, themes = _lasting(occasion.hours, lang), "" if themes == silent else themes
    if lang == "fr":
        told = [f"{when}, pendant {lasts}"] + ([f"thèmes attendus : {themes}"] if themes else [])
        told += [f"rien de publié sur : {silent}"] if silent else []
        return f"l'occasion {name} ({' ; '.join(told)})"
    told = [f"{when}, for {lasts}"] + ([f"themes awaited: {themes}"] if themes else [])
    told += [f"nothing published on: {silent}"] if silent else []
    return f"the occasion {name} ({'; '.join(told)})"


def _lasting(n_hours: float, lang: str) -> str:
    if n_hours % 168 == 0:
        return count(n_hours / 168, lang, ("semaine", "semaines"), ("week", "weeks"))
    if n_hours % 24 == 0:
        return count(n_hours / 24, lang, ("jour", "jours"), ("day", "days"))
    return count(n_hours, lang, ("heure", "heures"), ("hour", "hours"))


def _date(week: int, day: Any, at: int, lang: str) -> str:
    name, hour = _DAYS[lang][WEEKDAYS.index(day)], clock(at, lang)
    return f"{name} de la semaine {week} à {hour}" if lang == "fr" else f"{name} of week {week} at {hour}"


def _times(figure: Figure, lang: str, french: str, english: str) -> list[str]:
    """ "réactions multipliées par 1,6", or nothing where nothing is multiplied."""
    if figure.value == 1:
        return []
    factor = decimal(figure.value, lang)
    if lang == "fr":
        return [f"{french} {'multipliées' if french == 'réactions' else 'multipliée'} par {factor}"]
    return [f"{english} times {factor}"]


def _at(platforms: Sequence[str], scenario: Scenario, lang: str, everywhere: str = "") -> str:
    if not platforms:
        return (
            f" {everywhere}"
            if everywhere
            else " sur tous les comptes"
            if lang == "fr"
            else " on all accounts"
        )
    return f" {'sur' if lang == 'fr' else 'on'} {platform_names(scenario, platforms, lang)}"


def _of(change: Any, scenario: Scenario, lang: str, everywhere: str = "") -> str:
    """On which of the accounts that a change names, else on which platforms."""
    if not change.accounts:
        return _at(change.platforms, scenario, lang, everywhere)
    names = listing([account_word(name) for name in change.accounts], lang)
    return f" {'sur' if lang == 'fr' else 'on'} {names}"
