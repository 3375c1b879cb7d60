"""The verbs about figures: ``sources`` lists them, ``sensitivity`` asks which of them matter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.terminal import WORDS, labelled, number_text, show, table_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.request import Comparison
    from sim.scenario import Scenario
    from sim.sensitivity import Sensitivity


def sources(overrides: list[str], own: str | None) -> int:
    """List the figures of a scenario, or of all scenarios of a comparison. Raises InputError."""
    import pandas as pd

    from sim.reporting import bibliography
    from sim.sources import citations, figure_table, habit_rows, with_tags

    asked, rest = _taken(overrides, ("tag", "csv"))
    tags = _tags(asked.get("tag", ""))
    scenarios, lang = _scenarios(rest, own)
    whole = pd.concat([figure_table(scenarios), habit_rows(scenarios[0])], ignore_index=True)
    table, cited = with_tags(whole, tags), bibliography()
    table = table.assign(citation=[citations(s, cited) for s in table["source"]])
    if "csv" in asked:
        _write_csv(table, asked["csv"])
        print(labelled("table", asked["csv"], lang))
    else:
        _show(table, lang)
        for key in sorted({k.strip() for s in table["source"] for k in s.split(",")} & set(cited)):
            print(f"{key}: {cited[key]}")
    print(summary(table, lang))
    return 0


def summary(table: pd.DataFrame, lang: str) -> str:
    """How many figures there are of each tag, in one line."""
    from sim.catalogue import TAGS
    from sim.report.words import number, typography

    counts = [(tag, int((table["tag"] == tag).sum())) for tag in TAGS]
    told = ", ".join(f"{number(n, lang)} {WORDS[lang][tag]}" for tag, n in counts)
    total = number(len(table), lang)
    return typography(f"{total} chiffres : {told}" if lang == "fr" else f"{total} figures: {told}", lang)


def sensitivity(overrides: list[str], own: str | None) -> int:
    """Examine a comparison; ends with one sentence and the path of the page. Raises InputError."""
    from sim.loading import load_comparison
    from sim.sensitivity import run_sensitivity, split_settings, thinned

    settings, rest = split_settings(overrides)
    comparison = thinned(load_comparison(rest, own), rest)
    lang, words = comparison.options.lang, WORDS[comparison.options.lang]
    if comparison.baseline.sampling < 1:
        residents = comparison.baseline.city.population.total.value * comparison.baseline.sampling
        print(words["thinned"].format(number_text(residents, lang)), file=sys.stderr)
    found = run_sensitivity(comparison, settings)
    if found.reused:
        print(words["reused"])
    _show_effects(comparison, found, lang)
    print(found.sentence)
    for page in found.shown_in:
        print(labelled("shown_in", page, lang))
    print(labelled("report", found.page, lang))
    return 0


def _taken(overrides: Sequence[str], names: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """(values of ``names``, the other overrides)."""
    found, rest = {}, []
    for text in overrides:
        name, equals, value = text.partition("=")
        if equals and name in names:
            found[name] = value.strip("'\"")
        else:
            rest.append(text)
    return found, rest


def _tags(text: str) -> list[str]:
    from sim.catalogue import TAGS
    from sim.figures import InputError, nearest

    tags = [tag.strip() for tag in text.strip("[]").split(",") if tag.strip()]
    for tag in tags:
        if tag not in TAGS:
            raise InputError(f"command line: tag: unknown tag '{tag[:60]}'{nearest(tag, TAGS)}")
    return tags


def _scenarios(overrides: list[str], own: str | None) -> tuple[tuple[Scenario, ...], str]:
    from sim.loading import load_comparison, load_scenario

    if any(text.startswith("comparison=") for text in overrides):
        comparison = load_comparison(overrides, own)
        return comparison.scenarios, comparison.options.lang
    scenario, options = load_scenario(overrides, own)
    return (scenario,), options.lang


def _write_csv(table: pd.DataFrame, file: str) -> None:
    from sim.figures import InputError
    from sim.store import csv_bytes, replace_file

    path = Path(file).expanduser()
    try:
        replace_file(path, csv_bytes(table))
    except OSError as error:
        raise InputError(f"command line: csv: {file}: cannot be written ({error.strerror})") from None


def _show(table: pd.DataFrame, lang: str) -> None:
    from sim.report.words import decimal

    words = WORDS[lang]
    shown = table_of([words[w] for w in ("figure", "value", "unit", "range", "trust", "source", "note")])
    shown.columns[0].no_wrap = True  # a path that is cut cannot be searched or copied
    for row in table.itertuples():
        low, high = row.low, row.high
        ends = [decimal(x, lang) if x is not None else "…" for x in (low, high)]
        span = "" if low is None and high is None else " – ".join(ends)
        shown.add_row(
            row.path, decimal(row.value, lang), row.unit, span, words[f"one_{row.tag}"], row.source, row.note
        )
    show(shown)


def _show_effects(comparison: Comparison, found: Sensitivity, lang: str) -> None:
    from sim.report.sensitivity import effect_rows, ranking_rows

    words = WORDS[lang]
    effects = table_of(
        [words[w] for w in ("figure", "trust", "range", "effect", "spread", "about_what", "variance")]
    )
    effects.columns[0].no_wrap = True
    for r in effect_rows(comparison, found.analysis, lang):
        tag = words[f"one_{r['tag']}"]
        effects.add_row(r["path"], tag, r["range"], r["effect"], r["sigma"], r["alternative"], r["total"])
    show(effects)
    ranks = table_of([words[w] for w in ("scenario_one", "first", "better", "same", "worse")])
    for r in ranking_rows(comparison, found.analysis, lang):
        ranks.add_row(r["label"], *r["shares"])
    show(ranks)
