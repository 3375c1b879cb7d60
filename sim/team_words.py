"""What changes of the team and of the conversation do, as a part of a sentence, in French or English."""

from __future__ import annotations

from typing import Any

from sim.figures import WEEKDAYS
from sim.phrases import _clock as clock
from sim.phrases import _count as count
from sim.phrases import _from_week as from_week
from sim.phrases import _on as on
from sim.phrases import _percent as percent
from sim.phrases import phrase
from sim.report.words import listing, number
from sim.scenario import Scenario
from sim.staff import ChangeTeam, OpenForum, Window

_FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS = {
    "fr": dict(zip(WEEKDAYS, _FRENCH_DAYS, strict=True)),
    "en": dict(zip(WEEKDAYS, _ENGLISH_DAYS, strict=True)),
}
# field: (French, English) around the number in words
_SAID = {
    "people": ("{} dans l'équipe", "a team of {}"),
    "hours_per_week": ("{} par semaine et par personne", "{} a week for each person"),
    "answer_min": ("{} pour une réponse", "{} for an answer"),
    "validation_h": ("{} de validation avant de publier", "{} of validation before a post"),
    "answer_validation_h": ("{} de validation avant de répondre", "{} of validation before an answer"),
    "lead_days": ("une préparation au plus {} avant", "work begun at most {} before"),
    "patience_h": ("une publication abandonnée après {} de retard", "a post given up when {} late"),
    "contributors": ("{} qui peuvent aussi publier", "{} who may publish too"),
    "contributor_min_per_week": ("{} par semaine et par contributeur", "{} a week for each contributor"),
    "frank": ("{} de réponses franches", "{} of frank answers"),
    "eur_per_hour": ("{} l'heure de travail", "{} an hour of work"),
    "budget_eur_per_year": ("un budget de {} par an", "a budget of {} a year"),
    "agency_eur_per_year": ("{} d'agence par an", "{} of agency a year"),
}
_UNITS = {
    "people": (("personne", "personnes"), ("person", "people")),
    "contributors": (("collègue", "collègues"), ("colleague", "colleagues")),
    "lead_days": (("jour", "jours"), ("day", "days")),
}
_HOURS = (("heure", "heures"), ("hour", "hours"))
_MINUTES = (("minute", "minutes"), ("minute", "minutes"))


@phrase.register
def _(change: ChangeTeam, scenario: Scenario, lang: str) -> str:
    parts = [part for name, value in change.stated().items() for part in _told(name, value, lang)]
    since = from_week(change.from_week, lang)
    return f"{listing(parts, lang)}{since}"


@phrase.register
def _(change: OpenForum, scenario: Scenario, lang: str) -> str:
    where, since = on(change.platforms, scenario, lang), from_week(change.from_week, lang)
    if lang == "fr":
        return f"un forum où les habitants se répondent dans les commentaires{where}{since}"
    return f"a forum where residents answer each other in the comments{where}{since}"


def _told(name: str, value: Any, lang: str) -> list[str]:
    french = lang == "fr"
    if name == "presence":
        hours = listing([_window(window, lang) for window in value], lang)
        return [f"une présence {hours}" if french else f"presence {hours}"]
    if name == "answers":
        if french:
            return ["des réponses aux habitants" if value else "une équipe qui ne répond à personne"]
        return ["answers to residents" if value else "a team that answers nobody"]
    if name == "contributors" and not value.value:
        return ["aucun collègue qui publie" if french else "no colleague who publishes"]
    if name == "prepare_min":
        return ["d'autres temps de préparation" if french else "other times to prepare a post"]
    return [_SAID[name][not french].format(_quantity(name, value.value, lang))]


def _quantity(name: str, value: float, lang: str) -> str:
    if name == "frank":
        return percent(value, lang)
    if "eur" in name:
        return f"{number(value, lang)} €" if lang == "fr" else f"EUR {number(value, lang)}"
    words = _UNITS.get(name, _MINUTES if "_min" in name else _HOURS)
    return count(value, lang, *words)


def _window(window: Window, lang: str) -> str:
    day = _DAYS[lang]
    start, end = clock(window.start, lang), clock(window.last % 1440, lang)
    if len(window.days) == 7:
        days = "tous les jours" if lang == "fr" else "every day"
    elif list(window.days) == list(WEEKDAYS[: len(window.days)]) and len(window.days) > 2:
        last = day[window.days[-1]]
        days = f"du {day['mon']} au {last}" if lang == "fr" else f"from {day['mon']} to {last}"
    else:
        names = listing([day[d] for d in window.days], lang)
        days = f"le {names}" if lang == "fr" else f"on {names}"
    if lang == "fr":
        return f"{days} de {start} à {end}"
    return f"{days} from {start} to {end}"
