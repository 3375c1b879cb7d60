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
]


def scenario(name: str = "x", **changes: dict[str, Any]) -> Scenario:
    return small_scenario(300, name=name, label={"fr": name, "en": name}, change=changes)


def plain(text: str) -> str:
    return text.replace(NNBSP, " ")


def test_every_kind_of_change_has_its_words_here() -> None:
    assert {change["kind"] for change, _, _ in WORDS} == set(CHANGE_KINDS)


@pytest.mark.parametrize(("change", "french", "english"), WORDS)
def test_one_change(change: dict[str, Any], french: str, english: str) -> None:
    asked, baseline = scenario("test", c=change), scenario("baseline")
    assert plain(sentence(asked, "fr", baseline)) == f"« test » = la situation actuelle, {french}"
    assert sentence(asked, "en", baseline) == f"“test” = the present situation, {english}"
    assert sentence(asked, "fr") == sentence(asked, "fr", baseline)


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
