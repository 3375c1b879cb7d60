"""The command ``city-audience VERB [name=value ...]``.

Heavy imports are inside the verbs, so that ``--help`` and tab completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.usage import PROGRAM, SHELLS, VERB, VERBS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.request import Options

EXIT_FAILED_JOB, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130
HELP = ("--help", "-h", "help")
WIDE = 200

WORDS = {
    "fr": {
        "report": "Rapport", "folder": "Dossier", "table": "Tableau", "interrupted": "Interrompu.",
        "reused": "Déjà calculé : résultat repris tel quel.",
        "failed": "{failed} calcul(s) sur {all} en échec ; la même commande les reprendra.",
        "city": "Ville", "year": "Année", "residents": "Habitants", "accounts": "Comptes (abonnés)",
        "posts": "Publications par semaine", "figures": "Chiffres", "sources": "Sources", "name": "Nom",
        "platform": "Réseau", "formats": "Formats", "years": "Usage connu en", "label": "Libellé",
        "about": "Contenu", "kpi": "Indicateur", "mean": "Moyenne", "sd": "Écart-type d'un tirage",
        "interval": "Intervalle à 95 %", "unit": "Unité", "age": "Âge",
        "comparison": "Comparaisons (compare comparison=NOM)", "scenario": "Scénarios (run scenario=NOM)",
        "change": "Changements (run change=[NOM])", "all": "tous",
        "measured": "mesurés", "borrowed": "empruntés", "assumed": "supposés", "given": "donnés",
        "draws": "{} tirages",
    },
    "en": {
        "report": "Report", "folder": "Folder", "table": "Table", "interrupted": "Interrupted.",
        "reused": "Already computed: the result is reused as it is.",
        "failed": "{failed} of {all} job(s) failed; the same command will take them up again.",
        "city": "City", "year": "Year", "residents": "Residents", "accounts": "Accounts (followers)",
        "posts": "Posts a week", "figures": "Figures", "sources": "Sources", "name": "Name",
        "platform": "Platform", "formats": "Formats", "years": "Use known in", "label": "Label",
        "about": "Content", "kpi": "Indicator", "mean": "Mean", "sd": "Standard deviation of a draw",
        "interval": "95 % interval", "unit": "Unit", "age": "Age",
        "comparison": "Comparisons (compare comparison=NAME)", "scenario": "Scenarios (run scenario=NAME)",
        "change": "Changes (run change=[NAME])", "all": "all",
        "measured": "measured", "borrowed": "borrowed", "assumed": "assumed", "given": "given",
        "draws": "{} draws",
    },
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Entry point: exit code 0; 1 a job of a sweep failed; 2 bad input (one line per problem); 130 Ctrl-C."""
    arguments = sys.argv[1:] if argv is None else argv
    lang = _language(arguments)
    try:
        code = _dispatch(arguments, lang)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print(WORDS[lang]["interrupted"], file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        told = _told(error, lang)
        if told is None:
            raise
        print(told, file=sys.stderr)
        return EXIT_BAD_INPUT


def _told(error: Exception, lang: str) -> str | None:
    """The words for a person's mistake; None for a mistake of the program."""
    from sim.figures import InputError

    if isinstance(error, InputError):
        return str(error)
    if "sim.store" in sys.modules and isinstance(error, sys.modules["sim.store"].StoreError):
        return str(getattr(error, lang, error))
    return None


def _language(arguments: list[str]) -> str:
    named = [a.partition("=")[2] for a in arguments if a.startswith("lang=")]
    return named[-1] if named and named[-1] in WORDS else "fr"


def _dispatch(arguments: list[str], lang: str) -> int:
    words = [a for a in arguments if not a.startswith("lang=")]
    if not words or words[0] in HELP:
        print(PROGRAM[lang], end="")
        return 0 if words else EXIT_BAD_INPUT
    verb, rest = arguments[0], arguments[1:]
    if verb == "--version":
        from sim import __version__

        print(__version__)
        return 0
    if verb == "__complete":
        from sim.completion import complete

        print("\n".join(complete(" ".join(rest))))
        return 0
    if verb not in VERBS:
        from sim.figures import InputError, nearest

        raise InputError(f"unknown verb '{verb[:60]}'{nearest(verb, VERBS)} (city-audience --help)")
    if any(a in HELP for a in rest):
        print(VERB[verb][lang], end="")
        return 0
    overrides, own = _own_folder(rest)
    return _VERBS[verb](overrides, own, lang)


def _own_folder(arguments: list[str]) -> tuple[list[str], str | None]:
    """Overrides without ``scenarios_dir=``, and the folder that it names."""
    from sim.figures import InputError

    own = [a.partition("=")[2].strip("'\"") for a in arguments if a.startswith("scenarios_dir=")]
    if own and not own[-1]:
        raise InputError("command line: scenarios_dir: write scenarios_dir=FOLDER")
    return [a for a in arguments if not a.startswith("scenarios_dir=")], own[-1] if own else None


# --- verbs -------------------------------------------------------------------------------------------


def _run(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentence
    from sim.loading import load_with_baseline

    baseline, scenario, options = load_with_baseline(overrides, own)
    from sim.study import run_one

    print(sentence(scenario, options.lang, baseline), file=sys.stderr)
    _show(_kpi_table(run_one(scenario, options), options, _title(scenario, options)))
    return 0


def _compare(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentences
    from sim.loading import load_comparison

    comparison = load_comparison(overrides, own)
    from sim.study import run_study

    words = WORDS[comparison.options.lang]
    print("\n".join(sentences(comparison.scenarios, comparison.options.lang)), file=sys.stderr)
    study = run_study(comparison)
    if study.reused:
        print(words["reused"])
    print(study.stop_reason)
    print(study.verdict)
    print(f"{words['report']}{_colon(comparison.options.lang)} {study.report}")
    return 0


def _sweep(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.sweep import run_sweep

    sweep = run_sweep(overrides, own, announce=lambda line: print(line, file=sys.stderr))
    words = WORDS[sweep.options.lang]
    if sweep.reused:
        print(words["reused"])
    if sweep.failed:
        print(words["failed"].format(failed=sweep.failed, all=len(sweep.jobs)), file=sys.stderr)
        for row in sweep.jobs[sweep.jobs["status"] != "ok"].itertuples():
            print(f"{row.overrides}: {row.reason}", file=sys.stderr)
    print(f"{words['table']}{_colon(sweep.options.lang)} {sweep.folder / 'kpis.csv'}")
    return EXIT_FAILED_JOB if sweep.failed else 0


def _explain(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentence, sentences
    from sim.loading import load_comparison, load_with_baseline

    if any(text.startswith("comparison=") for text in overrides):
        comparison = load_comparison(overrides, own)
        print(comparison.label[lang])
        print("\n".join(sentences(comparison.scenarios, lang)))
    else:
        baseline, scenario, _ = load_with_baseline(overrides, own)
        print(sentence(scenario, lang, baseline))
    return 0


def _listing(overrides: list[str]) -> None:
    from sim.figures import InputError, nearest

    for text in overrides:
        name, _, value = text.partition("=")
        if name != "lang":
            raise InputError(f"command line: '{text[:60]}'{nearest(name, ('lang', 'scenarios_dir'))}")
        if value not in WORDS:
            raise InputError(f"command line: lang: '{value[:60]}'; allowed: fr, en")


def _cities(overrides: list[str], own: str | None, lang: str) -> int:
    from sim import catalogue

    _listing(overrides)
    words = WORDS[lang]
    table = _table(
        [words[w] for w in ("name", "city", "residents", "accounts", "posts", "figures", "sources")]
    )
    for row in catalogue.cities(catalogue.roots(own)):
        accounts = ", ".join(f"{name} {_number(n, lang)}" for name, n in row["accounts"].items())
        cells = [row["name"], row["label"][lang], _number(row["residents"], lang), accounts]
        table.add_row(*cells, _number(row["posts_per_week"], lang), *_provenance(row, lang))
    _show(table)
    return 0


def _platforms(overrides: list[str], own: str | None, lang: str) -> int:
    from sim import catalogue

    _listing(overrides)
    words = WORDS[lang]
    table = _table([words[w] for w in ("name", "platform", "formats", "years", "figures", "sources")])
    for row in catalogue.platforms(catalogue.roots(own)):
        years = ", ".join(map(str, row["years"]))
        cells = [row["name"], row["label"][lang], ", ".join(row["formats"]), years]
        table.add_row(*cells, *_provenance(row, lang))
    _show(table)
    return 0


def _scenarios(overrides: list[str], own: str | None, lang: str) -> int:
    from sim import catalogue

    _listing(overrides)
    words = WORDS[lang]
    rows = catalogue.scenarios(catalogue.roots(own))
    for group in ("comparison", "scenario", "change"):
        table = _table([words[w] for w in ("name", "label", "about", "sources")], title=words[group])
        for row in rows:
            if row["group"] == group:
                about = ", ".join(row["about"])
                table.add_row(row["name"], row["label"].get(lang, ""), about, ", ".join(row["sources"]))
        _show(table)
    return 0


def _completion(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.completion import script
    from sim.figures import InputError, nearest

    if len(overrides) != 1 or overrides[0] not in SHELLS:
        asked = overrides[0] if overrides else ""
        raise InputError(f"completion: unknown shell '{asked[:60]}'{nearest(asked, SHELLS)}")
    print(script(overrides[0]), end="")
    return 0


_VERBS: dict[str, Callable[[list[str], str | None, str], int]] = {
    "run": _run,
    "compare": _compare,
    "sweep": _sweep,
    "explain": _explain,
    "cities": _cities,
    "platforms": _platforms,
    "scenarios": _scenarios,
    "completion": _completion,
}


# --- tables ------------------------------------------------------------------------------------------


def _table(columns: list[str], title: str = "") -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _show(table: Table) -> None:
    """To the terminal's width; wide elsewhere, so that lines can be searched."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else WIDE, markup=False, highlight=False).print(table)


def _number(value: Any, lang: str) -> str:
    from sim.report.words import number

    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return number(float(value), lang) if numeric else "–"


def _provenance(row: dict[str, Any], lang: str) -> list[str]:
    figures = ", ".join(f"{n} {WORDS[lang][tag]}" for tag, n in row["tags"].items() if n)
    return [figures, ", ".join(row["sources"])]


def _colon(lang: str) -> str:
    from sim.report.words import NNBSP

    return f"{NNBSP}:" if lang == "fr" else ":"


def _title(scenario: Any, options: Options) -> str:
    return f"{scenario.label[options.lang]} · {scenario.city.label[options.lang]}"


def _kpi_table(kpis: pd.DataFrame, options: Options, title: str) -> Table:
    """Indicators of the whole city and of each platform; by age only in the result files."""
    from sim.indicators import INDICATORS

    lang, words = options.lang, WORDS[options.lang]
    heads = [words[w] for w in ("kpi", "platform", "mean", "sd", "interval", "unit")]
    draws = int(kpis["replicates"].max()) if len(kpis) else 0
    table = _table(heads, title=f"{title} · {words['draws'].format(draws)}")
    whole = kpis[kpis["age_band"] == "all"]
    order = {name: i for i, name in enumerate(INDICATORS)}
    for row in sorted(whole.itertuples(), key=lambda r: (order.get(r.kpi, len(order)), r.platform != "all")):
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


if __name__ == "__main__":
    sys.exit(main())
