"""A scenario in one sentence, French or English, made from what it changes."""

from __future__ import annotations

from collections.abc import Sequence

from sim import (  # noqa: F401 - each registers the words of its kinds of change
    adaptive_words,
    content_words,
    outreach_words,
    team_words,
)
from sim.cards import Slot
from sim.changes import OpenAccount
from sim.figures import LANGUAGES
from sim.occasions import Occasion
from sim.phrases import phrase, platform_names, rate
from sim.report.words import quoted, typography
from sim.scenario import Scenario


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
    happens = content_words.occasions(_unlike(scenario, baseline), lang)
    ended = content_words.occasions(_unlike(baseline, scenario), lang) if baseline is not None else []
    unmoved = baseline is None or (_same_calendar(scenario, baseline) and not happens + ended)
    if unmoved and not added and (not dropped or not scenario.change):
        living = "" if not happens else (" ; avec " if lang == "fr" else "; with ") + _join(happens, lang)
        return typography(f"{name} = {_as_it_is(scenario, lang)}{living}.", lang)
    start = "la situation actuelle" if lang == "fr" else "the present situation"
    if baseline is not None and baseline.change:
        start = quoted(baseline.label[lang], lang)
    parts = [phrase(change, scenario, lang) for change in added] + happens
    if baseline is not None and not _same_calendar(scenario, baseline):
        parts.append(_calendar(scenario, baseline, lang))
    without = "sans ce changement : " if lang == "fr" else "without this change: "
    parts += [without + phrase(change, scenario, lang) for change in dropped]
    parts += [("sans " if lang == "fr" else "without ") + words for words in ended]
    link = _link(added[0] if added else None, lang) if added or happens or not dropped + ended else ""
    return typography(f"{name} = {start}, {link}{_join(parts, lang)}.", lang)


def sentences(scenarios: Sequence[Scenario], lang: str) -> list[str]:
    """One sentence for each scenario; the first is the baseline of the others."""
    baseline = scenarios[0]
    return [sentence(baseline, lang), *(sentence(s, lang, baseline) for s in scenarios[1:])]


def _unlike(scenario: Scenario, other: Scenario | None) -> dict[str, Occasion]:
    """Occasions of ``scenario`` that ``other`` does not live through, or not alike."""
    known = {} if other is None else other.occasion
    return {key: occasion for key, occasion in scenario.occasion.items() if known.get(key) != occasion}


def _link(first: object, lang: str) -> str:
    if isinstance(first, OpenAccount):
        return "plus "
    return "avec " if lang == "fr" else "with "


def _same_calendar(scenario: Scenario, baseline: Scenario) -> bool:
    return _slots(scenario) == _slots(baseline)


def _slots(scenario: Scenario) -> dict[str, tuple[Slot, ...]]:
    return {name: account.slots for name, account in scenario.city.accounts.items()}


def _calendar(scenario: Scenario, baseline: Scenario, lang: str) -> str:
    after, before = (rate(sum(_slots(s).values(), ()), lang) for s in (scenario, baseline))
    if lang == "fr":
        return f"un autre calendrier ({after} au lieu de {before.split()[0]})"
    return f"another calendar ({after} instead of {before.split()[0]})"


def _join(parts: list[str], lang: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    last = " ; et " if lang == "fr" else "; and "
    return (" ; " if lang == "fr" else "; ").join(parts[:-1]) + last + parts[-1]


def _as_it_is(scenario: Scenario, lang: str) -> str:
    accounts = [a for a in scenario.city.accounts.values() if a.slots and not a.independent]
    names = platform_names(scenario, sorted({a.platform for a in accounts}), lang)
    posts = rate([slot for account in accounts for slot in account.slots], lang)
    where = f"{posts} {'sur' if lang == 'fr' else 'on'} {names}" if accounts else posts
    city = scenario.city.label[lang]
    if lang == "fr":
        return f"la situation actuelle ({city}), sans rien changer : {where}"
    return f"the present situation ({city}), nothing changed: {where}"
