"""What changes of outreach do, as a part of a sentence, in French or English."""

from __future__ import annotations

from collections.abc import Sequence

from sim.figures import BANDS, CIRCLES
from sim.outreach import BoostPosts, PartnerWith, TargetPlace, WriteIn
from sim.phrases import _THEMES_FR as THEMES_FR
from sim.phrases import _band as band
from sim.phrases import _from_week as from_week
from sim.phrases import _percent as percent
from sim.phrases import account_word, phrase, posts_of
from sim.report.words import decimal, listing
from sim.scenario import Scenario

_CIRCLES = {
    "fr": {"resident": "habitants", "around": "voisins de la commune", "country": "abonnés du reste du pays",
           "abroad": "abonnés de l'étranger"},
    "en": {"resident": "residents", "around": "people around the city",
           "country": "people elsewhere in the country", "abroad": "people abroad"},
}  # fmt: skip
_LANGUAGES = {"fr": {"fr": "français", "en": "anglais"}, "en": {"fr": "French", "en": "English"}}


def circles_in_words(circles: Sequence[str], lang: str) -> str:
    """The circles as a list of people."""
    return listing([_CIRCLES[lang][circle] for circle in circles], lang)


def target_in_words(ages: Sequence[bool], circles: Sequence[bool], lang: str) -> str:
    """The people of some age bands (six flags) and circles (four flags)."""
    everyone = "tous" if lang == "fr" else "people"
    places = [circle for circle, wanted in zip(CIRCLES, circles, strict=True) if wanted]
    the = "les " if lang == "fr" else ""
    who = everyone if all(circles) else the + circles_in_words(places, lang)
    bands = [band(name, lang) for name, wanted in zip(BANDS, ages, strict=True) if wanted]
    return who if all(ages) else f"{who} ({listing(bands, lang)})"


def _about(themes: Sequence[str], lang: str) -> str:
    if not themes:
        return ""
    names = [
        THEMES_FR.get(theme, theme.replace("_", " ")) if lang == "fr" else theme.replace("_", " ")
        for theme in themes
    ]
    return f" ({listing(names, lang)})" if lang == "fr" else f" about {listing(names, lang)}"


@phrase.register
def _(change: TargetPlace, scenario: Scenario, lang: str) -> str:
    about, where = _about(change.themes, lang), posts_of(change, scenario, lang)
    people, since = circles_in_words(change.circles, lang), from_week(change.from_week, lang)
    gain, everyone = change.gain.value, set(change.circles) == set(CIRCLES)
    if lang == "fr":
        who = "à tous les abonnés, où qu'ils vivent" if everyone else f"seulement aux {people}"
        text = f"les publications{about}{where} proposées {who}{since}"
        return text if gain == 1 else f"{text}, avec un attrait multiplié par {decimal(gain, lang)}"
    who = "to all followers, wherever they live" if everyone else f"only to {people}"
    text = f"posts{about}{where} offered {who}{since}"
    return text if gain == 1 else f"{text}, with {decimal(gain, lang)} times the appeal"


@phrase.register
def _(change: WriteIn, scenario: Scenario, lang: str) -> str:
    where, since = posts_of(change, scenario, lang), from_week(change.from_week, lang)
    languages = listing([_LANGUAGES[lang][language] for language in change.languages], lang)
    if lang == "fr":
        return f"les publications{where} écrites en {languages}{since}"
    return f"posts{where} written in {languages}{since}"


@phrase.register
def _(change: PartnerWith, scenario: Scenario, lang: str) -> str:
    share, since = percent(change.share_of_posts.value, lang), from_week(change.from_week, lang)
    platform = scenario.city.accounts[change.account].platform
    label, page = scenario.platform[platform].label, account_word(change.account)
    if lang == "fr":
        return f"{share} des publications sur {label} relayées par la page indépendante {page}{since}"
    return f"{share} of the posts on {label} relayed by the independent page {page}{since}"


@phrase.register
def _(change: BoostPosts, scenario: Scenario, lang: str) -> str:
    about, where = _about(change.themes, lang), posts_of(change, scenario, lang)
    since, euros = from_week(change.from_week, lang), decimal(change.budget_eur_per_week.value, lang)
    aimed = [band(name, lang) for name in change.target_ages]
    who = circles_in_words(change.target_circles, lang)
    if lang == "fr":
        ages = f" de {listing(aimed, lang)}" if aimed else ""
        return f"{euros} € par semaine pour montrer les publications{about}{where} aux {who}{ages}{since}"
    ages = f" aged {listing(aimed, lang)}" if aimed else ""
    return f"{euros} EUR a week to show posts{about}{where} to {who}{ages}{since}"
