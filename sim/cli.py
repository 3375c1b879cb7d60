"""The command ``city-audience VERB [name=value ...]``.

Heavy imports are inside the verbs, so that ``--help`` and tab completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from sim import terminal
from sim.terminal import WORDS, kpi_table, labelled, number_text, provenance_cells, show, table_of
from sim.usage import PROGRAM, SHELLS, VERB, VERBS

EXIT_FAILED_JOB, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130
HELP = ("--help", "-h", "help")
PROFILE = "--profile"


def main(argv: list[str] | None = None) -> int:
    """Entry point: exit code 0; 1 a job or a fact failed; 2 bad input (one line per problem); 130 Ctrl-C."""
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


def _dry_run(overrides: list[str]) -> tuple[bool, list[str]]:
    """Whether ``dry_run=true`` is among the words, and the others."""
    from sim.figures import InputError

    asked = [text.partition("=")[2] for text in overrides if text.startswith("dry_run=")]
    if set(asked) - {"true", "false"}:
        raise InputError(f"command line: dry_run: '{asked[-1][:60]}'; allowed: true, false")
    return asked[-1:] == ["true"], [text for text in overrides if not text.startswith("dry_run=")]


# --- verbs -------------------------------------------------------------------------------------------


def _run(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentence
    from sim.loading import load_with_baseline

    profile, overrides = PROFILE in overrides, [text for text in overrides if text != PROFILE]
    baseline, scenario, options = load_with_baseline(overrides, own)
    print(sentence(scenario, options.lang, baseline), file=sys.stderr)
    terminal.warn_of_targets((scenario,), options.lang)
    terminal.announce_thinning(scenario, options.lang)
    if profile:
        from sim.stages import stage_table

        show(stage_table(scenario, options))
        return 0
    from sim.study import run_one

    show(kpi_table(run_one(scenario, options), scenario, options.lang))
    return 0


def _compare(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentences
    from sim.loading import load_comparison

    dry, overrides = _dry_run(overrides)
    comparison = load_comparison(overrides, own)
    if dry:
        from sim.plan import plan_of_comparison
        from sim.plan import sentences as planned

        print("\n".join(planned(plan_of_comparison(comparison), comparison.options)))
        return 0
    from sim.study import run_study

    lang, kpi = comparison.options.lang, comparison.options.decision.kpi
    told = "\n".join(sentences(comparison.scenarios, lang))
    terminal.announce_thinning(comparison.baseline, lang)
    study = run_study(comparison, lambda: print(told, file=sys.stderr))
    if study.reused:
        print(WORDS[lang]["reused"])
    for line in (*study.warnings, study.stop_reason, study.gain_sentence(kpi, lang), study.verdict):
        if line:
            print(line)
    print(labelled("report", study.report, lang))
    return 0


def _sweep(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.asked import request_of
    from sim.sweep import run_sweep

    dry, overrides = _dry_run(overrides)
    request = request_of(overrides, own)
    if dry:
        from sim.plan import plan_of_sweep
        from sim.plan import sentences as planned

        print("\n".join(planned(plan_of_sweep(request), request.options)))
        return 0
    words = WORDS[lang]

    def announce(status: str, asked: Sequence[str], reason: str) -> None:
        print(f"{words[f'job_{status}']:6}  {' '.join(asked)}  {reason}".rstrip(), file=sys.stderr)

    sweep = run_sweep(request, announce)
    if sweep.reused:
        print(words["reused"])
    if sweep.failed:
        print(words["failed"].format(failed=sweep.failed, all=len(sweep.jobs)), file=sys.stderr)
        for row in sweep.jobs[sweep.jobs["status"] != "ok"].itertuples():
            print(f"{row.overrides}: {row.reason}", file=sys.stderr)
    print(labelled("table", sweep.folder / "kpis.csv", lang))
    return EXIT_FAILED_JOB if sweep.failed else 0


def _explain(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.explain import sentence, sentences
    from sim.loading import load_comparison, load_with_baseline

    if any(text.startswith("comparison=") for text in overrides):
        comparison = load_comparison(overrides, own)
        print(comparison.label[comparison.options.lang])
        print("\n".join(sentences(comparison.scenarios, comparison.options.lang)))
        terminal.warn_of_targets(comparison.scenarios, comparison.options.lang)
        terminal.announce_thinning(comparison.baseline, comparison.options.lang)
    else:
        baseline, scenario, options = load_with_baseline(overrides, own)
        print(sentence(scenario, options.lang, baseline))
        terminal.warn_of_targets((scenario,), options.lang)
        terminal.announce_thinning(scenario, options.lang)
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
    table = table_of(
        [words[w] for w in ("name", "city", "residents", "accounts", "posts", "figures", "sources")]
    )
    for row in catalogue.cities(catalogue.roots(own)):
        accounts = ", ".join(f"{name} {number_text(n, lang)}" for name, n in row["accounts"].items())
        cells = [row["name"], row["label"][lang], number_text(row["residents"], lang), accounts]
        table.add_row(*cells, number_text(row["posts_per_week"], lang), *provenance_cells(row, lang))
    show(table)
    return 0


def _platforms(overrides: list[str], own: str | None, lang: str) -> int:
    from sim import catalogue

    _listing(overrides)
    words = WORDS[lang]
    table = table_of([words[w] for w in ("name", "platform", "formats", "years", "figures", "sources")])
    for row in catalogue.platforms(catalogue.roots(own)):
        years = ", ".join(map(str, row["years"]))
        cells = [row["name"], row["label"][lang], ", ".join(row["formats"]), years]
        table.add_row(*cells, *provenance_cells(row, lang))
    show(table)
    return 0


def _scenarios(overrides: list[str], own: str | None, lang: str) -> int:
    from sim import catalogue

    _listing(overrides)
    words = WORDS[lang]
    rows = catalogue.scenarios(catalogue.roots(own))
    for group in ("comparison", "scenario", "change", "occasion"):
        table = table_of([words[w] for w in ("name", "label", "about", "sources")], title=words[group])
        for row in rows:
            if row["group"] == group:
                about = ", ".join(row["about"])
                table.add_row(row["name"], row["label"].get(lang, ""), about, ", ".join(row["sources"]))
        show(table)
    return 0


def _validate(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.figures import InputError

    if own is not None:
        raise InputError("command line: scenarios_dir: validate runs the program's own situations")
    from sim.validate import asked, validate, write

    options = asked(overrides)
    from sim.report.validation import WORDS as SAID
    from sim.report.validation import rows, summary

    validation = validate(options.reduced, options.seed, _announcer(lang), folder=options.results_dir)
    heads = ("fact", "situation", "target", "model", "use", "source", "verdict")
    table = table_of([SAID[lang][head] for head in heads])
    for row in rows(validation, lang):
        table.add_row(row.label, row.situation, row.target, row.model, row.use, row.source, row.verdict)
    show(table)
    print(SAID[lang]["rule"])
    print(summary(validation, lang))
    print(labelled("report", write(validation, options), lang))
    return EXIT_FAILED_JOB if validation.failed else 0


def _announcer(lang: str) -> Callable[[str, int, int], None]:
    """Says on standard error which situation is being run, and how far it is."""
    from sim.report.validation import WORDS as SAID

    said: list[str] = []

    def told(situation: str, done: int, planned: int) -> None:
        if situation not in said:
            said.append(situation)
            print(SAID[lang]["run"].format(f"{situation} ({done}/{planned})"), file=sys.stderr)

    return told


def _sources(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.figure_verbs import sources

    return sources(overrides, own)


def _sensitivity(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.figure_verbs import sensitivity

    return sensitivity(overrides, own)


def _spread(overrides: list[str], own: str | None, lang: str) -> int:
    from sim.spread_verb import spread

    return spread(overrides, own)


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
    "spread": _spread,
    "cities": _cities,
    "platforms": _platforms,
    "scenarios": _scenarios,
    "validate": _validate,
    "sources": _sources,
    "sensitivity": _sensitivity,
    "completion": _completion,
}


if __name__ == "__main__":
    sys.exit(main())
