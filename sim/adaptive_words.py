"""Words of digital help and of the team's reviews, in French and English."""

from __future__ import annotations

from sim.adaptive import DigitalHelp, MonthlyReview
from sim.phrases import _band as band
from sim.phrases import _from_week as from_week
from sim.phrases import _on as on
from sim.phrases import _percent as percent
from sim.phrases import phrase, platform_names
from sim.planning import settled
from sim.report.words import decimal, listing
from sim.scenario import Scenario

_MOVES = {
    "fr": {"hours": "l'heure", "formats": "le format", "themes": "le thème"},
    "en": {"hours": "hour", "formats": "format", "themes": "theme"},
}
_BEST = {
    "fr": {
        "interactions": "suscite le plus d'interactions", "reach": "touche le plus de monde",
        "clicks": "suscite le plus de clics", "engagement_rate_by_reach": "a le meilleur taux d'engagement",
    },
    "en": {
        "interactions": "draws the most interactions", "reach": "reaches the most people",
        "clicks": "draws the most clicks", "engagement_rate_by_reach": "has the best engagement rate",
    },
}  # fmt: skip


@phrase.register
def _(change: DigitalHelp, scenario: Scenario, lang: str) -> str:
    bands = listing([band(name, lang) for name in change.bands], lang)
    names = platform_names(scenario, change.platforms, lang)
    more, shown = f"{decimal(change.more_users_percent.value, lang)}", change.following.value
    if lang == "fr":
        where = f" sur {names}" if names else " sur tous les réseaux"
        text = f"une aide au numérique ({more} % d'utilisateurs de plus{where} parmi les {bands})"
        return f"{text}, dont {percent(shown, lang)} sont abonnés d'emblée" if shown else text
    where = f" on {names}" if names else " on every platform"
    text = f"digital help ({more}% more users{where} among people aged {bands})"
    return f"{text}, {percent(shown, lang)} of whom follow the city at once" if shown else text


@phrase.register
def _(change: MonthlyReview, scenario: Scenario, lang: str) -> str:
    where, since = on(change.platforms, scenario, lang), from_week(change.from_week, lang)
    what, best = _MOVES[lang][change.moves], _BEST[lang][change.indicator]
    every = settled(change, scenario.behaviour.planning).every_weeks
    is_weekly = every == 1
    step = percent(change.step.value, lang)
    if lang == "fr":
        review = "une revue chaque semaine" if is_weekly else f"une revue toutes les {every} semaines"
        return f"{review} qui déplace {step} des autres publications{where} vers {what} qui {best}{since}"
    review = "a review every week" if is_weekly else f"a review every {every} weeks"
    return f"{review} that moves {step} of the other posts{where} to the {what} that {best}{since}"
