"""The answer: which kind of verdict the comparison allows, and the sentence that says it.

The kind follows from the verdicts of the decision KPI; the probabilities of the `best` frame only say whether
the winner stands apart from the other changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.report.data import Effect, ReportInput, View
from sim.report.measures import difference_text, interval_text, people_text, who_text
from sim.report.texts import TEXTS
from sim.report.words import check_lang, listing, number, probability, quoted, typography

# The level of the intervals: a rival that is as good with this probability is called equal,
# and one that is as good with less than the complement is called beaten.
LEVEL = 0.95


@dataclass(frozen=True)
class Verdict:
    """`kind` is a word of VERDICTS or "empty"; `leader` the effect that the sentence is about;
    `equal` and `rivals` the changes that do as well, or that cannot be told from the leader."""

    kind: str
    leader: Effect | None
    equal: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


def decide(view: View) -> Verdict:
    """The verdict on the decision KPI."""
    effects = view.decision()
    if not effects:
        return Verdict("empty", None)
    better = [e for e in effects if e.verdict == "better"]
    if better:
        return _winner(view, better)
    kinds = {e.verdict for e in effects}
    for kind in ("changed", "cannot_tell", "no_difference", "worse"):
        if kind in kinds:
            group = [e for e in effects if e.verdict == kind]
            return Verdict(kind, _strongest(view, group))
    raise AssertionError("every verdict is one of VERDICTS")


def _winner(view: View, better: list[Effect]) -> Verdict:
    leader = _strongest(view, better)
    others = [e for e in better if e is not leader]
    near = {e.alternative: view.best(e.alternative, "p_within_zone_of_best") for e in others}
    equal = tuple(a for a, p in near.items() if p >= LEVEL)
    rivals = tuple(a for a, p in near.items() if math.isnan(p) or 1 - LEVEL < p < LEVEL)
    return Verdict("better", leader, equal, rivals)


def _strongest(view: View, effects: list[Effect]) -> Effect:
    """The most probable best; ties go to the larger difference in the good direction."""

    def rank(e: Effect) -> tuple[float, float]:
        p = view.best(e.alternative, "p_best")
        good = -e.diff if e.direction == "down" else e.diff
        return (p if math.isfinite(p) else -1.0, good)

    return max(effects, key=rank)


def label(view: View, name: str, lang: str) -> str:
    """The label of a scenario in quotation marks; its name when the label is missing."""
    for s in view.data.scenarios:
        if s.name == name:
            return quoted(str(s.label.get(lang) or s.name), lang)
    return quoted(name, lang)


def words_of(view: View, effect: Effect, lang: str) -> dict[str, str]:
    """The parts of a sentence about one effect: alt, base, kpi, diff, range, people..."""
    t = TEXTS[lang]
    people = people_text(effect, view, lang)
    more = effect.diff >= 0
    kpi_label = str(view.text(effect.kpi).label.get(lang, effect.kpi))
    return {
        "alt": label(view, effect.alternative, lang),
        "base": label(view, view.baseline, lang),
        "kpi": quoted(kpi_label[:1].lower() + kpi_label[1:], lang),
        "diff": difference_text(effect, lang),
        "range": interval_text(effect, lang),
        "people": people[0] if people else "",
        "who": who_text(effect, lang),
        "people_range": people[1] if people else "",
        "more": t["more"] if more else t["fewer"],
        "zone": number(view.data.zone_relative, lang, "share", _zone_digits(view)),
        "weeks": number(view.data.horizon_weeks, lang, "weeks"),
        "n": number(len(view.alternatives), lang),
    }


def _zone_digits(view: View) -> int:
    return 0 if abs(view.data.zone_relative * 100 - round(view.data.zone_relative * 100)) < 1e-9 else 1


def zone_of(view: View, effect: Effect) -> float:
    """Half-width of the zone of indifference in the unit of the effect."""
    return view.data.zone_relative * abs(effect.base)


def gain_phrase(view: View, effect: Effect, lang: str) -> str:
    """What is gained, in residents where the KPI counts them, else the bare difference; with its range."""
    t, w = TEXTS[lang], words_of(view, effect, lang)
    key = f"gain_{effect.kpi}"
    if w["people"] and key in t:
        range_ = w["people_range"]
    else:
        key, range_ = "gain_other", w["range"]
    in_range = t["gain_range"].format(range=range_) if effect.has_interval else ""
    return t[key].format(**w, in_range=in_range)


def verdict_sentence(data: ReportInput, lang: str) -> str:
    """One sentence that answers the comparison, in the language asked for.

    Raises ValueError for an unknown language or a comparison without a scenario.
    """
    check_lang(lang)
    view = View(data)
    return sentence(view, decide(view), lang)


def sentence(view: View, verdict: Verdict, lang: str) -> str:
    """The verdict in words (plain text, typography done)."""
    t = TEXTS[lang]
    e = verdict.leader
    if e is None:
        return typography(t["verdict_empty"], lang)
    w = words_of(view, e, lang) | {"gain": gain_phrase(view, e, lang)}
    if verdict.kind == "better":
        return typography(_winner_sentence(view, verdict, w, lang), lang)
    alone = len(view.decision()) == 1
    key = f"verdict_{verdict.kind}" + ("_one" if alone else "_many")
    if verdict.kind == "cannot_tell" and not e.has_interval:
        key = "verdict_single_run"
    text = t[key].format(**w)
    worse = [x.alternative for x in view.decision() if x.verdict == "worse"]
    if worse and verdict.kind in ("cannot_tell", "no_difference"):
        text += t["verdict_and_worse"].format(alts=_labels(view, worse, lang))
    return typography(text + ".", lang)


def _winner_sentence(view: View, verdict: Verdict, w: dict[str, str], lang: str) -> str:
    t = TEXTS[lang]
    if verdict.equal:
        names = listing([w["alt"], *(label(view, a, lang) for a in verdict.equal)], lang)
        text = t["verdict_equal"].format(**(w | {"alts": names}))
    else:
        text = t["verdict_better"].format(**w)
    if verdict.rivals:
        text += t["verdict_rivals"].format(alts=_labels(view, list(verdict.rivals), lang))
    return text + "."


def _labels(view: View, names: list[str], lang: str) -> str:
    return listing([label(view, n, lang) for n in names], lang)


def qualifier(view: View, verdict: Verdict, lang: str) -> str:
    """The line under the verdict: how probable, from how many runs, and what it is not."""
    t, e = TEXTS[lang], verdict.leader
    if e is None:
        return ""
    p_best = view.best(e.alternative, "p_best")
    parts = []
    if verdict.kind in ("better", "worse") and min(abs(e.low), abs(e.high)) < zone_of(view, e):
        parts.append(t["maybe_small"].format(zone=words_of(view, e, lang)["zone"]))
    if math.isfinite(e.p_better) and verdict.kind != "changed":
        chance = t["chance_better"].format(
            alt=label(view, e.alternative, lang),
            base=label(view, view.baseline, lang),
            p=probability(e.p_better, lang),
        )
        if math.isfinite(p_best) and len(view.alternatives) > 1:
            chance += t["chance_best"].format(p=probability(p_best, lang), n=number(len(view.names), lang))
        parts.append(chance + ".")
    parts.append(t["not_a_promise"])
    return typography(" ".join(parts), lang)
