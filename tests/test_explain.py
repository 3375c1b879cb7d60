"""A scenario in words: every kind of change, both languages."""

from __future__ import annotations

from typing import Any

import pytest

from sim.changes import CHANGE_KINDS
from sim.explain import phrase, sentence, sentences
from sim.report.words import NNBSP
from sim.scenario import Scenario
from tests.inputs import open_snapchat, small_scenario

HOURS = {"kind": "shift_hours", "to": ["18:30", "20:00"], "platforms": ["facebook", "twitter"]}
EARLIER = {"kind": "shift_hours", "by_hours": -1.5}
LEAVE = {"kind": "leave_platform", "platform": "twitter", "from_week": 2}
MORE = {"kind": "change_frequency", "factor": 1.5, "platforms": ["twitter"]}
MIX = {
    "kind": "change_mix",
    "formats": {"link": 0.4, "photo": 0.6},
    "themes": {"culture": 0.125, "services": 0.875},
}
AGES = {"kind": "target_age", "bands": ["15-29", "75+"], "gain": 1.2, "platforms": ["facebook"]}
POSTS = {
    "kind": "publish",
    "posts": [
        {"platform": "twitter", "week": 2, "day": "fri", "at": 18, "theme": "culture", "format": "text"},
        {"platform": "facebook", "day": "sun", "at": "07:30", "theme": "culture", "format": "photo",
         "controversial": True},
    ],
}  # fmt: skip
LINE = {
    "kind": "editorial_line", "platforms": ["facebook"], "themes": ["culture"], "fit": 1.5, "from_week": 2,
}  # fmt: skip
COPY = {"kind": "copy_content", "from_platform": "facebook", "fit": 0.5}
TRAIN = {"kind": "train_team", "gain": 1.2, "halflife_weeks": 8}
COUNT = {
    "kind": "countdown", "platform": "facebook", "week": 2, "day": "tue", "at": "11:00", "posts": 5,
    "theme": "culture", "format": "photo", "rising_to": 1.4,
}  # fmt: skip
ADS = {"kind": "buy_followers", "platform": "facebook", "weeks": 6, "budget_eur": 5000}
ELSEWHERE = {"reopen_account", "change_team", "partner_with"}  # told in tests of their own
WORDS: list[tuple[dict[str, Any], str, str]] = [
    (
        open_snapchat(cross_promotion=0.2),
        "plus un compte Snapchat ouvert en semaine 1 (3 publications par semaine, à 18 h), annoncé par 20 % "
        "des publications des autres comptes pendant 8 semaines.",
        "plus a Snapchat account opened in week 1 (3 posts a week, at 18:00), announced in 20% of the other "
        "accounts' posts for 8 weeks.",
    ),
    (
        open_snapchat(2, cross_promotion=0),
        "plus un compte Snapchat ouvert en semaine 2 (3 publications par semaine, à 18 h).",
        "plus a Snapchat account opened in week 2 (3 posts a week, at 18:00).",
    ),
    (
        LEAVE,
        "avec l’arrêt des publications sur Twitter à partir de la semaine 2.",
        "with no more posts on Twitter from week 2 on.",
    ),
    (
        HOURS,
        "avec les publications sur Facebook et Twitter placées à 18 h 30 et 20 h.",
        "with posts on Facebook and Twitter placed at 18:30 and 20:00.",
    ),
    (
        EARLIER,
        "avec les publications de tous les comptes avancées de 1,5 heure.",
        "with posts of all accounts 1.5 hours earlier.",
    ),
    (
        {"kind": "shift_hours", "by_hours": 3},
        "avec les publications de tous les comptes retardées de 3 heures.",
        "with posts of all accounts 3 hours later.",
    ),
    (
        MORE,
        "avec un nombre de publications sur Twitter multiplié par 1,5.",
        "with 1.5 times as many posts on Twitter.",
    ),
    (
        MIX,
        "avec les publications de tous les comptes réparties autrement (60 % de photos et 40 % de liens, "
        "87,5 % de services et 12,5 % de culture).",
        "with another mix of posts of all accounts (60% photos and 40% links, "
        "87.5% services and 12.5% culture).",
    ),
    (
        AGES,
        "avec les publications sur Facebook proposées seulement aux 15-29 ans et 75 ans et plus, avec un "
        "attrait multiplié par 1,2.",
        "with posts on Facebook offered only to people aged 15 to 29 and 75 and over, "
        "with 1.2 times the appeal.",
    ),
    (
        POSTS,
        "avec 2 publications à date fixe sur Facebook et Twitter (à partir du dimanche de la semaine 1 à "
        "7 h 30), dont 1 qui divise.",
        "with 2 posts at a fixed date on Facebook and Twitter (from Sunday of week 1 at 7:30), "
        "1 of which divides.",
    ),
    (
        LINE,
        "avec une ligne éditoriale propre sur Facebook pour culture (réactions multipliées par 1,5) "
        "à partir de la semaine 2.",
        "with an editorial line of its own on Facebook for culture (reactions times 1.5) from week 2 on.",
    ),
    (
        COPY,
        "avec le contenu de Facebook repris tel quel sur tous les autres comptes "
        "(réactions multipliées par 0,5).",
        "with Facebook’s content copied as it is on all other accounts (reactions times 0.5).",
    ),
    (
        TRAIN,
        "avec une équipe formée sur tous les comptes (réactions multipliées peu à peu jusqu’à 1,2, à moitié "
        "après 8 semaines).",
        "with a team trained on all accounts (reactions grow towards 1.2 times, half of it after 8 weeks).",
    ),
    (
        COUNT,
        "avec un compte à rebours de 5 publications sur Facebook jusqu’au mardi de la semaine 2 à 11 h "
        "(intérêt croissant, multiplié par 1,4 à la fin).",
        "with a countdown of 5 posts on Facebook until Tuesday of week 2 at 11:00 "
        "(rising interest, 1.4 times at the end).",
    ),
    (
        ADS,
        "avec 5 000 € de publicité sur Facebook pendant 6 semaines (au plus 10 000 abonnés à 0,50 € l’un).",
        "with EUR 5,000 of advertising on Facebook for 6 weeks (at most 10,000 followers at EUR 0.50 each).",
    ),
    (
        {**ADS, "from_week": 2, "weeks": 1, "target_ages": ["15-29"], "cost_per_fan": 0.25},
        "avec 5 000 € de publicité sur Facebook auprès des 15-29 ans pendant 1 semaine à partir de la "
        "semaine 2 (au plus 20 000 abonnés à 0,25 € l’un).",
        "with EUR 5,000 of advertising on Facebook to people aged 15 to 29 for 1 week from week 2 on "
        "(at most 20,000 followers at EUR 0.25 each).",
    ),
    (
        {"kind": "open_forum", "platforms": ["facebook"], "from_week": 2},
        "avec un forum où les habitants se répondent dans les commentaires sur Facebook à partir de la "
        "semaine 2.",
        "with a forum where residents answer each other in the comments on Facebook from week 2 on.",
    ),
    (
        {
            "kind": "digital_help",
            "bands": ["60-74", "75+"],
            "platforms": ["facebook"],
            "more_users_percent": 30,
            "following": 0.3,
        },
        "avec une aide au numérique (30 % d’utilisateurs de plus sur Facebook parmi les 60-74 ans et "
        "75 ans et plus), dont 30 % sont abonnés d’emblée.",
        "with digital help (30% more users on Facebook among people aged 60 to 74 and 75 and over), "
        "30% of whom follow the city at once.",
    ),
    (
        {
            "kind": "monthly_review",
            "every_weeks": 1,
            "moves": "formats",
            "step": 0.25,
            "least_posts": 3,
            "indicator": "engagement_rate_by_reach",
        },
        "avec une revue chaque semaine qui déplace 25 % des autres publications de tous les comptes vers "
        "le format qui a le meilleur taux d’engagement.",
        "with a review every week that moves 25% of the other posts of all accounts to the format that has "
        "the best engagement rate.",
    ),
    (
        {
            "kind": "target_place",
            "platforms": ["facebook"],
            "themes": ["culture"],
            "from_week": 2,
            "gain": 1.5,
            "circles": ["resident", "around"],
        },
        "avec les publications (culture) sur Facebook proposées seulement aux habitants et voisins de la "
        "commune à partir de la semaine 2, avec un attrait multiplié par 1,5.",
        "with posts about culture on Facebook offered only to residents and people around the city from "
        "week 2 on, with 1.5 times the appeal.",
    ),
    (
        {"kind": "write_in", "platforms": ["facebook"], "languages": ["fr", "en"]},
        "avec les publications sur Facebook écrites en français et anglais.",
        "with posts on Facebook written in French and English.",
    ),
    (
        {
            "kind": "boost_posts",
            "platforms": ["facebook"],
            "budget_eur_per_week": 50,
            "target_ages": ["15-29"],
        },
        "avec 50 € par semaine pour montrer les publications sur Facebook aux habitants de 15-29 ans.",
        "with 50 EUR a week to show posts on Facebook to residents aged 15 to 29.",
    ),
]


def scenario(name: str = "x", **changes: dict[str, Any]) -> Scenario:
    return small_scenario(300, name=name, label={"fr": name, "en": name}, change=changes)


def plain(text: str) -> str:
    return text.replace(NNBSP, " ")


def test_every_kind_of_change_has_its_words_here() -> None:
    told = {change["kind"] for change, _, _ in WORDS}
    assert told | ELSEWHERE == set(CHANGE_KINDS)
    assert not told & ELSEWHERE


@pytest.mark.parametrize(("change", "french", "english"), WORDS)
def test_one_change(change: dict[str, Any], french: str, english: str) -> None:
    asked, baseline = scenario("test", c=change), scenario("baseline")
    assert plain(sentence(asked, "fr", baseline)) == f"« test » = la situation actuelle, {french}"
    assert sentence(asked, "en", baseline) == f"“test” = the present situation, {english}"
    assert sentence(asked, "fr") == sentence(asked, "fr", baseline)


def test_a_return_after_a_pause() -> None:
    """Told apart: a return alone is not allowed."""
    back = {"kind": "reopen_account", "platform": "twitter", "from_week": 2}
    back |= {"fit": 1.6, "cross_promotion": 0.1}
    left = {**LEAVE, "from_week": 1}
    asked, baseline = scenario("x", leave=left, back=back), scenario("b", leave=left)
    assert plain(sentence(asked, "fr", baseline)).endswith(
        "avec le retour sur Twitter en semaine 2 (les habitudes d’avant, réactions multipliées par 1,6), "
        "annoncé par 10 % des publications des autres comptes pendant 8 semaines."
    )
    told = "with a return to Twitter in week 2 (the habits of before, reactions times 1.6), announced in 10%"
    assert told in sentence(asked, "en", baseline)


def test_french_typography_has_no_ordinary_space_where_a_line_must_not_break() -> None:
    text = sentence(scenario("both", a=open_snapchat(cross_promotion=0.2), b=HOURS), "fr")
    assert text.startswith(f"«{NNBSP}both{NNBSP}» = ")
    assert f"20{NNBSP}%" in text
    assert f"18{NNBSP}h{NNBSP}30" in text
    assert f"{NNBSP}; et " in text
    assert "'" not in text


def test_many_hours_are_a_span() -> None:
    change = {**HOURS, "to": ["08:00", "10:00", "12:00", "18:30", "21:00"]}
    assert "placées entre 8 h et 21 h" in plain(sentence(scenario(c=change), "fr"))
    assert "placed between 8:00 and 21:00" in sentence(scenario(c=change), "en")


def test_the_baseline_says_what_the_city_does() -> None:
    text = plain(sentence(scenario("baseline"), "fr"))
    assert text.startswith("« baseline » = la situation actuelle (Petite-Ville), sans rien changer : ")
    assert text.endswith("15 publications par semaine sur Facebook et Twitter.")
    assert "15 posts a week on Facebook and Twitter" in sentence(scenario("baseline"), "en")


def test_relative_to_a_baseline_that_has_changes_of_its_own() -> None:
    baseline = scenario("base", hours=HOURS, more=MORE)
    text = plain(sentence(scenario("x", hours=HOURS, leave=LEAVE), "fr", baseline))
    assert text.startswith("« x » = « base », avec l’arrêt")
    assert "sans ce changement : un nombre de publications" in text
    assert "18 h 30" not in text


def test_another_calendar_is_told() -> None:
    slot = {"days": ["mon"], "at": 9, "theme": "culture", "format": "photo"}
    sober = small_scenario(300, name="sober", city={"accounts": {"town_facebook": {"slots": [slot]}}})
    text = plain(sentence(sober, "fr", scenario("baseline")))
    assert "avec un autre calendrier (7 publications par semaine au lieu de 15)." in text
    assert "another calendar (7 posts a week instead of 15)" in sentence(sober, "en", scenario("baseline"))


def test_all_sentences_of_a_comparison() -> None:
    told = sentences([scenario("baseline"), scenario("a", c=HOURS), scenario("b", c=LEAVE)], "en")
    assert [text.split(" ")[0] for text in told] == ["“baseline”", "“a”", "“b”"]


def test_words_are_needed_for_every_change_and_language() -> None:
    with pytest.raises(ValueError, match="fr, en"):
        sentence(scenario(), "de")
    with pytest.raises(TypeError, match="no words for int"):
        phrase(3, scenario(), "fr")
