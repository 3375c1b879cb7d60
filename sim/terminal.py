"""Words and tables on the terminal, French and English."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from rich.table import Table

    from sim.scenario import Scenario

WIDE = 200

WORDS = {
    "fr": {
        "report": "Rapport", "shown_in": "Aussi dans",
        "folder": "Dossier", "table": "Tableau", "interrupted": "Interrompu.",
        "reused": "Déjà calculé : résultat repris tel quel.",
        "failed": "{failed} calcul(s) sur {all} en échec ; la même commande les reprendra.",
        "city": "Ville", "year": "Année", "residents": "Habitants", "accounts": "Comptes (abonnés)",
        "posts": "Publications par semaine", "figures": "Chiffres", "sources": "Sources", "name": "Nom",
        "platform": "Réseau", "formats": "Formats", "years": "Usage connu en", "label": "Libellé",
        "about": "Contenu", "kpi": "Indicateur", "mean": "Moyenne", "sd": "Écart-type d'un tirage",
        "interval": "Intervalle à 95 %", "unit": "Unité", "age": "Âge",
        "comparison": "Comparaisons (compare comparison=NOM)", "scenario": "Scénarios (run scenario=NOM)",
        "change": "Changements (run change=[NOM])", "occasion": "Occasions (run occasion=[NOM])",
        "all": "tous",
        "measured": "mesurés", "borrowed": "empruntés", "assumed": "supposés", "given": "donnés",
        "draws": "{} tirages", "job_ok": "fait", "job_failed": "échec",
        "figure": "Chiffre", "value": "Valeur", "range": "Plage", "trust": "Fiabilité", "source": "Source",
        "note": "Note", "one_measured": "mesuré", "one_borrowed": "emprunté", "one_assumed": "supposé",
        "one_given": "donné", "effect": "Effet sur l'écart (mu*)", "spread": "Écart-type",
        "variance": "Part de variance", "about_what": "Scénario le plus touché", "scenario_one": "Scénario",
        "first": "Premier", "better": "Mieux que la référence", "same": "Pareil", "worse": "Moins bien",
        "thinned": "Ville réduite à {} habitants (sampling= pour en décider)",
    },
    "en": {
        "report": "Report", "shown_in": "Also in",
        "folder": "Folder", "table": "Table", "interrupted": "Interrupted.",
        "reused": "Already computed: the result is reused as it is.",
        "failed": "{failed} of {all} job(s) failed; the same command will take them up again.",
        "city": "City", "year": "Year", "residents": "Residents", "accounts": "Accounts (followers)",
        "posts": "Posts a week", "figures": "Figures", "sources": "Sources", "name": "Name",
        "platform": "Platform", "formats": "Formats", "years": "Use known in", "label": "Label",
        "about": "Content", "kpi": "Indicator", "mean": "Mean", "sd": "Standard deviation of a draw",
        "interval": "95 % interval", "unit": "Unit", "age": "Age",
        "comparison": "Comparisons (compare comparison=NAME)", "scenario": "Scenarios (run scenario=NAME)",
        "change": "Changes (run change=[NAME])", "occasion": "Occasions (run occasion=[NAME])", "all": "all",
        "measured": "measured", "borrowed": "borrowed", "assumed": "assumed", "given": "given",
        "draws": "{} draws", "job_ok": "done", "job_failed": "failed",
        "figure": "Figure", "value": "Value", "range": "Range", "trust": "Trust", "source": "Source",
        "note": "Note", "one_measured": "measured", "one_borrowed": "borrowed", "one_assumed": "assumed",
        "one_given": "given", "effect": "Effect on the difference (mu*)", "spread": "Standard deviation",
        "variance": "Share of variance", "about_what": "Scenario most moved", "scenario_one": "Scenario",
        "first": "First", "better": "Better than the baseline", "same": "No difference", "worse": "Worse",
        "thinned": "City thinned to {} residents (sampling= to choose)",
    },
}  # fmt: skip


def table_of(columns: list[str], title: str = "") -> Table:
    """An empty table with these columns."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def show(table: Table) -> None:
    """To the terminal's width; wide elsewhere, so that lines can be searched."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else WIDE, markup=False, highlight=False).print(table)


def number_text(value: Any, lang: str) -> str:
    """A number as written in the language; a dash for what is not one."""
    from sim.report.words import number

    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return number(float(value), lang) if numeric else "–"


def provenance_cells(row: dict[str, Any], lang: str) -> list[str]:
    """How many figures are measured, borrowed, assumed or given; and their sources."""
    figures = ", ".join(f"{n} {WORDS[lang][tag]}" for tag, n in row["tags"].items() if n)
    return [figures, ", ".join(row["sources"])]


def labelled(word: str, value: object, lang: str) -> str:
    """``value`` after its name, with the colon of the language."""
    from sim.report.words import NNBSP

    return f"{WORDS[lang][word]}{NNBSP if lang == 'fr' else ''}: {value}"


def announce_thinning(scenario: Scenario, lang: str) -> None:
    """On standard error: how many residents are simulated, where the city's file asks for a part of them."""
    if scenario.city.sampling is not None and scenario.sampling == scenario.city.sampling < 1:
        residents = scenario.city.population.total.value * scenario.sampling
        print(WORDS[lang]["thinned"].format(number_text(residents, lang)), file=sys.stderr)


def warn_of_targets(scenarios: Iterable[Scenario], lang: str) -> None:
    """Targets that nobody matches, each once."""
    from sim.unmatched import unmatched

    for text in dict.fromkeys(w[lang] for scenario in scenarios for w in unmatched(scenario)):
        print(text)


def kpi_table(kpis: pd.DataFrame, scenario: Scenario, lang: str) -> Table:
    """Indicators of the whole city and of each platform; by age only in the result files."""
    from sim.indicators import INDICATORS, by_family, family

    words = WORDS[lang]
    heads = [words[w] for w in ("kpi", "platform", "mean", "sd", "interval", "unit")]
    draws = int(kpis["replicates"].max()) if len(kpis) else 0
    title = f"{scenario.label[lang]} · {scenario.city.label[lang]} · {words['draws'].format(draws)}"
    table = table_of(heads, title=title)
    whole = kpis[kpis["age_band"] == "all"]
    order = {name: i for i, name in enumerate(by_family(INDICATORS))}
    heading = ""
    for row in sorted(whole.itertuples(), key=lambda r: (order.get(r.kpi, len(order)), r.platform != "all")):
        if heading != (heading := family(row.kpi, lang)):
            table.add_section()
            table.add_row(f"— {heading} —")
        label = getattr(INDICATORS.get(row.kpi), lang, row.kpi)
        values = [
            _value(float(v), row.unit, lang) for v in (row.mean, row.spread_sd, row.ci_low, row.ci_high)
        ]
        platform = words["all"] if row.platform == "all" else row.platform
        table.add_row(
            label, platform, values[0], values[1], f"{values[2]} … {values[3]}", _unit(row.unit, lang)
        )
    return table


def _value(value: float, unit: str, lang: str) -> str:
    from sim.report.words import decimal, number

    return number(value, lang, "share", 2) if unit.startswith("share of") else decimal(value, lang)


def _unit(unit: str, lang: str) -> str:
    """The unit in words; none for a share, which is shown in per cent and named by its indicator."""
    from sim.report.words import unit_word

    return "" if unit.startswith("share of") else unit_word(unit, lang)
