"""Model against data as a page: one row and one small figure for each fact."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.report.words import NNBSP, check_lang, number, typography

if TYPE_CHECKING:
    from sim.facts import Fact
    from sim.validate import Judged, Validation

WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "title": "Le modèle face aux données",
        "eyebrow": "city-audience validate",
        "all_pass": "Les {n} faits sont retrouvés",
        "some_fail": "{failed} faits sur {n} ne sont pas retrouvés",
        "one_fails": "Un fait sur {n} n'est pas retrouvé",
        "reduced": "Version courte : moins de semaines et de tirages, mêmes faits.",
        "lead": "Chaque ligne refait sur le modèle la mesure des auteurs des données, avec les réglages "
        "livrés.",
        "rule": "Un fait passe quand la valeur du modèle, moyenne de plusieurs tirages indépendants, est "
        "dans "
        "l'intervalle des données. L'erreur de Monte-Carlo (±) est l'erreur type de cette "
        "moyenne. Elle n'élargit "
        "jamais l'intervalle ; au-delà de sa demi-largeur, le fait échoue, car rien n'est montré. "
        "Le signe ~ "
        "marque une valeur à moins de deux erreurs d'un bord : un autre hasard pourrait changer "
        "le verdict.",
        "scale_rule": "Pour les lignes « un habitant sur dix », la valeur est l'écart entre les deux "
        "tailles de ville, "
        "en erreurs types (avec une tolérance de 2 % : les villes elles-mêmes diffèrent).",
        "use_fitted": "ajusté", "use_check": "contrôle",
        "use_note": "« ajusté » : des paramètres ont été réglés sur ce fait ; « contrôle » : gardé hors de "
        "tout réglage.",
        "fact": "Fait", "target": "Cible", "model": "Modèle", "use": "Usage", "source": "Source",
        "verdict": "Verdict", "figure": "Figure", "situation": "Situation", "set_by": "réglé par",
        "own_settings": "les réglages propres à la situation",
        "situations": "Situations de référence", "runs": "{n} tirages de {weeks} semaines",
        "thinned": "un échantillon de {share} des habitants", "everybody": "tous les habitants",
        "told": "Ce qui ne change pas d'échelle",
        "told_lead": "La taille des plus longues cascades ne se lit pas sur une ville réduite : elle dépend "
        "du nombre "
        "d'habitants, et non d'un rapport. Ces lignes ne sont pas jugées.",
        "full": "ville entière", "small": "un habitant sur dix",
        "alt": "{label} : cible {target}, modèle {model}, {verdict}",
        "seed": "Hasard : seed={seed}. Chaque point gris est un tirage, le trait noir l'erreur à 95 %, la "
        "bande la cible. Les dispersions, le meilleur dixième, la queue et la portée moyenne sont "
        "débarrassés de la chance des qualités propres des publications, qu'une simulation connaît.",
        "at_least": "au moins {}", "at_most": "au plus {}", "written": "Page",
        "run": "Situation : {}",
    },
    "en": {
        "title": "The model against the data",
        "eyebrow": "city-audience validate",
        "all_pass": "All {n} facts are met",
        "some_fail": "{failed} of {n} facts are not met",
        "one_fails": "One of {n} facts is not met",
        "reduced": "Short version: fewer weeks and draws, the same facts.",
        "lead": "Each row makes on the model the measurement that the authors of the data made, with the "
        "shipped defaults.",
        "rule": "A fact passes when the model's value, the mean of several independent draws, lies in the "
        "data's band. "
        "The Monte Carlo error (±) is the standard error of that mean. It never widens the band; "
        "above half of its "
        "width the fact fails, for nothing has been shown. The sign ~ marks a value within two "
        "errors of an edge: "
        "another seed might change the verdict.",
        "scale_rule": "For the rows “one resident in ten” the value is the difference between the two "
        "sizes of the city "
        "in standard errors (with a tolerance of 2 %: the cities themselves differ).",
        "use_fitted": "fitted", "use_check": "check",
        "use_note": "“fitted”: parameters were set on this fact; “check”: kept out of every fit.",
        "fact": "Fact", "target": "Target", "model": "Model", "use": "Use", "source": "Source",
        "verdict": "Verdict", "figure": "Figure", "situation": "Situation", "set_by": "set by",
        "own_settings": "the situation's own settings",
        "situations": "Reference situations", "runs": "{n} draws of {weeks} weeks",
        "thinned": "a sample of {share} of the residents", "everybody": "all residents",
        "told": "What does not change scale",
        "told_lead": "The size of the longest cascades cannot be read on a thinned city: it depends on how "
        "many residents "
        "there are, not on a ratio. These rows are not judged.",
        "full": "whole city", "small": "one resident in ten",
        "alt": "{label}: target {target}, model {model}, {verdict}",
        "seed": "Randomness: seed={seed}. Each grey dot is one draw, the black line the 95 % error, the "
        "band the target. Spreads, the best tenth, the tail and mean reach are freed of the luck of the "
        "posts' own qualities, which a simulation knows.",
        "at_least": "at least {}", "at_most": "at most {}", "written": "Page",
        "run": "Situation: {}",
    },
}  # fmt: skip

_WIDTH, _HEIGHT, _PAD, _Y = 240.0, 44.0, 8.0, 16.0


@dataclass(frozen=True)
class Row:
    """One fact in words."""

    id: str
    label: str
    situation: str
    target: str
    model: str
    use: str
    source: str
    verdict: str
    note: str
    set_by: str
    by_situation: bool
    figure: Markup


def rows(validation: Validation, lang: str, sources: Mapping[str, str] | None = None) -> list[Row]:
    """Every judged fact in words; ``sources``: titles by key, the key itself where there is none."""
    words = WORDS[check_lang(lang)]
    out = []
    for judged in validation.judged:
        fact = judged.fact
        target, model = target_text(fact, lang), model_text(judged, lang)
        label = typography(fact.label[lang], lang)
        alt = words["alt"].format(label=label, target=target, model=model, verdict=judged.verdict)
        titles = [(sources or {}).get(key, key) for key in fact.source]
        out.append(
            Row(
                id=fact.id,
                label=label,
                situation=fact.situation,
                target=target,
                model=model,
                use=words[f"use_{fact.use}"],
                source="; ".join(titles),
                verdict=judged.verdict,
                note=typography(fact.note[lang], lang),
                set_by=fact.set_by,
                by_situation="." not in fact.set_by,
                figure=Markup(figure(judged, lang, alt)),
            )
        )
    return out


def target_text(fact: Fact, lang: str) -> str:
    """The band of a fact."""
    words = WORDS[lang]
    ends = [None if end is None else number(end, lang, "", fact.digits) for end in (fact.low, fact.high)]
    if ends[0] is None:
        return words["at_most"].format(ends[1])
    if ends[1] is None:
        return words["at_least"].format(ends[0])
    return f"{ends[0]} – {ends[1]}"


def model_text(judged: Judged, lang: str) -> str:
    """The model's value with its error; ~ where an edge of the band is near."""
    digits = judged.fact.digits
    value = number(judged.value, lang, "", digits)
    if judged.fact.against is not None:
        return value
    sign = f"~{NNBSP}" if judged.near_edge else ""
    return f"{sign}{value} ±{NNBSP}{number(judged.error, lang, '', digits + 1)}"


def figure(judged: Judged, lang: str, alt: str) -> str:
    """The band, each draw, the mean and its 95 % error, as one SVG element."""
    fact = judged.fact
    values = [judged.value] if fact.against is not None else [*judged.runs, judged.value]
    known = [v for v in (*values, fact.low, fact.high) if v is not None and math.isfinite(v)]
    low, high = min(known), max(known)
    room = (high - low or abs(high) or 1.0) * 0.12
    low, high = low - room, high + room

    def x(value: float) -> float:
        return _PAD + (value - low) / (high - low) * (_WIDTH - 2 * _PAD)

    start = x(fact.low) if fact.low is not None else _PAD
    end = x(fact.high) if fact.high is not None else _WIDTH - _PAD
    colour = "#0a4578" if judged.passes else "#b23b00"
    parts = [
        f'<path d="M{_PAD:.1f} {_Y}H{_WIDTH - _PAD:.1f}" stroke="#b9c0ca" stroke-width=".8"/>',
        f'<rect x="{start:.1f}" y="{_Y - 9}" width="{max(end - start, 1):.1f}" height="18" fill="#cfe3f5"/>',
    ]
    if fact.against is None:
        dots = "".join(
            f'<circle cx="{x(v):.1f}" cy="{_Y}" r="1.8"/>' for v in judged.runs if math.isfinite(v)
        )
        parts.append(f'<g fill="#5a6472" fill-opacity=".55">{dots}</g>')
    if math.isfinite(judged.value):
        reach = 1.96 * judged.error if math.isfinite(judged.error) else 0.0
        left, right = (min(max(x(judged.value + s * reach), 0), _WIDTH) for s in (-1, 1))
        parts.append(f'<path d="M{left:.1f} {_Y}H{right:.1f}" stroke="#1c2430" stroke-width="1.6"/>')
        parts.append(_marker(x(judged.value), judged.passes, colour))
    for value, at in ((fact.low, start), (fact.high, end)):
        if value is not None:
            text = html.escape(number(value, lang, "", fact.digits))
            parts.append(f'<text x="{at:.1f}" y="{_HEIGHT - 5}" text-anchor="middle">{text}</text>')
    return (
        f'<svg class="fact" role="img" aria-label="{html.escape(alt, quote=True)}" '
        f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}">{"".join(parts)}</svg>'
    )


def _marker(x: float, passes: bool, colour: str) -> str:
    """A disc when it passes, a cross when it fails: told apart without colour."""
    if passes:
        return f'<circle cx="{x:.1f}" cy="{_Y}" r="4.2" fill="{colour}"/>'
    return f'<path d="M{x - 4:.1f} {_Y - 4}l8 8m0-8l-8 8" stroke="{colour}" stroke-width="2.4"/>'


def summary(validation: Validation, lang: str) -> str:
    """How many facts are met."""
    words, n, failed = WORDS[lang], len(validation.judged), validation.failed
    key = "all_pass" if not failed else "one_fails" if failed == 1 else "some_fail"
    return typography(words[key].format(n=n, failed=failed), lang)


def render(validation: Validation, lang: str, sources: Mapping[str, str] | None = None) -> str:
    """The page, which loads nothing; the same input gives the same bytes."""
    words = {key: typography(text, lang) for key, text in WORDS[check_lang(lang)].items()}
    env = Environment(
        loader=PackageLoader("sim.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = env.get_template("validation.html.j2").render(
        lang=lang,
        t=words,
        summary=summary(validation, lang),
        passes=validation.failed == 0,
        reduced=validation.reduced,
        rows=rows(validation, lang, sources),
        situations=_situations(validation, lang),
        told=_told(validation, lang),
        seed=words["seed"].format(seed=validation.seed),
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _situations(validation: Validation, lang: str) -> list[dict[str, Any]]:
    words, out = WORDS[lang], []
    for name in validation.measured:
        situation = validation.situations[name]
        weeks = situation.set.get("horizon_weeks", 8)
        share = float(situation.set.get("sampling", 1.0))
        part = words["thinned"].format(share=number(share, lang, "share"))
        size = part if share < 1 else words["everybody"]
        runs = words["runs"].format(n=situation.replicates, weeks=weeks)
        label = typography(situation.label[lang], lang)
        out.append({"name": name, "label": label, "runs": f"{runs}, {size}"})
    return out


def _told(validation: Validation, lang: str) -> list[dict[str, str]]:
    """What is only told: mean over draws at both scales."""
    out = []
    for fact in validation.told:
        cells = []
        for name in (fact.against, fact.situation):
            values = validation.measured[str(name)][fact.statistic]
            cells.append(number(sum(values) / len(values), lang, "", fact.digits))
        out.append({"label": typography(fact.label[lang], lang), "full": cells[0], "small": cells[1]})
    return out
