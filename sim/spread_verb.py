"""The verb ``spread``: how far a post would travel by sharing alone, platform by platform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.terminal import WORDS as TERMINAL
from sim.terminal import announce_thinning, number_text, show, table_of

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.takeoff import Takeoff

HEADS = ("friends", "of_sharer", "seen", "share", "new", "reach", "interval", "takeoff")
WORDS = {
    "fr": {
        "friends": "Amis d'un usager", "of_sharer": "Amis de qui partage",
        "seen": "Chance qu'un ami voie un partage", "share": "Taux de partage",
        "new": "R : nouveaux partages par partage", "reach": "Touchés par {} premiers partages",
        "interval": "Intervalle à 95 %", "takeoff": "S'emballe à partir de",
        "fewer": " (par {}, tous ses usagers)",
        "silent": "La ville ne publie rien : rien ne peut être partagé.",
        "far": "Sur {platform}{farthest}, {first} premiers partages atteignent environ {reach} personnes ; "
        "{needed} ; aujourd'hui {share}.",
        "farthest": ", où cela va le plus loin",
        "needed": "il faudrait qu'au moins {} des gens partagent pour que cela s'emballe",
        "never": "même si tout le monde partageait, cela ne s'emballerait pas",
        "left_out": "Par les seuls partages : ni heures, ni fatigue, ni affinité ; le mois entier est "
        "simulé par « run ».\nTaux de partage : celui d'un non-abonné à qui un ami montre une publication "
        "de la ville, en moyenne.\nLe seuil ne déduit pas les amis communs : le vrai est plutôt plus haut.",
    },
    "en": {
        "friends": "Friends of a user", "of_sharer": "Friends of a sharer",
        "seen": "Chance that a friend sees a share", "share": "Share rate",
        "new": "R: new shares per share", "reach": "Reached by {} first shares",
        "interval": "95% interval", "takeoff": "Takes off from",
        "fewer": " (by {}, all its users)",
        "silent": "The city publishes nothing: nothing can be shared.",
        "far": "On {platform}{farthest}, {first} first shares reach about {reach} people; {needed}; "
        "today {share} do.",
        "farthest": ", where it goes farthest",
        "needed": "at least {} of people would have to share for it to take off",
        "never": "even if everybody shared it would not take off",
        "left_out": "By sharing alone: no hours, no fatigue, no affinity; the whole month is simulated by "
        "“run”.\nShare rate: of somebody who does not follow and is shown a post of the city by a friend, "
        "on average.\nThe threshold does not deduct friends in common: the true one is rather higher.",
    },
}  # fmt: skip


def spread(overrides: list[str], own: str | None) -> int:
    """Table and one sentence for a scenario. Raises InputError."""
    from sim.loading import load_with_baseline

    _, scenario, options = load_with_baseline(overrides, own)
    announce_thinning(scenario, options.lang)
    from sim.city import build_city
    from sim.laws import build_laws
    from sim.report.words import typography
    from sim.takeoff import takeoffs

    city = build_city(scenario, options.seed)
    found = list(takeoffs(build_laws(scenario, city, options.seed), city, options.seed, options.kernel))
    if found:
        _show(found, scenario, options.lang)
    print(sentence(found, scenario, options.lang))
    print(typography(WORDS[options.lang]["left_out"], options.lang))
    return 0


def sentence(found: Sequence[Takeoff], scenario: Scenario, lang: str) -> str:
    """What a mayor should know: of the platform on which shares go farthest."""
    from sim.report.words import digits_for, number, typography

    words = WORDS[lang]
    told = [one for one in found if math.isfinite(one.reach)]
    if not told:
        return typography(words["silent"], lang)
    one = max(told, key=lambda each: each.reach)
    needed = words["needed"].format(_percent(one.takes_off_at, lang))
    text = words["far"].format(
        platform=scenario.platform[one.platform].label,
        farthest=words["farthest"] if len(told) > 1 else "",
        first=one.first,
        reach=number(one.reach, lang, digits=min(0, digits_for(one.high - one.reach, one.reach))),
        needed=needed if one.takes_off_at <= 1 else words["never"],
        share=_percent(one.share, lang),
    )
    return typography(text, lang)


def _show(found: Sequence[Takeoff], scenario: Scenario, lang: str) -> None:
    from sim.report.words import digits_for, interval, number

    words = WORDS[lang]
    most = max(one.first for one in found)
    heads = [words[head].format(most) for head in HEADS]
    title = f"{scenario.label[lang]} · {scenario.city.label[lang]}"
    table = table_of([TERMINAL[lang]["platform"], *heads], title=title)
    for one in found:
        r = one.new_sharers
        table.add_row(
            scenario.platform[one.platform].label,
            number_text(one.friends, lang),
            number_text(one.ways.friends, lang),
            _percent(one.ways.seen, lang),
            _percent(one.share, lang),
            number(r, lang, digits=digits_for(math.nan, r)),
            number_text(one.reach, lang) + (words["fewer"].format(one.first) if one.first < most else ""),
            interval(one.low, one.high, lang, signed=False),
            _percent(one.takes_off_at, lang) if one.takes_off_at <= 1 else "–",
        )
    show(table)


def _percent(share: float, lang: str) -> str:
    """Two significant digits."""
    from sim.report.words import digits_for, number

    return number(share, lang, "share", max(0, digits_for(math.nan, 100 * share)))
