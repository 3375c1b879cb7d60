"""Tab completion: the scripts of three shells, and the answers they ask for. Imports nothing heavy."""

from __future__ import annotations

import os

from sim import catalogue
from sim.usage import SHELLS, VERBS

COMPOSING = ("run", "compare", "sweep", "explain", "spread", "sources", "sensitivity")
COMPARING = ("compare", "explain", "sources", "sensitivity")
OPTION_VALUES = {
    "lang": ("fr", "en"),
    "engine.address": ("tcp://127.0.0.1:8786",),
    "engine.queue": (),
    "kernel": ("auto", "compiled", "numpy"),
    "replicates": ("auto", "4", "8", "12"),
    "seed": (),
    "horizon_weeks": (),
    "sampling": (),
    "indifference": (),
    "precision": (),
    "min_replicates": (),
    "max_replicates": (),
    "workers": (),
    "results_dir": (),
    "scenarios_dir": (),
    "dry_run": ("true", "false"),
    "reduced": ("true", "false"),
}
VALIDATING = ("reduced", "seed", "lang", "results_dir")
OF_ONE_VERB: dict[str, dict[str, tuple[str, ...]]] = {
    "sources": {"tag": catalogue.TAGS, "csv": ()},
    "sensitivity": {"trajectories": (), "top": (), "samples": ("16", "32", "64"), "only": ()},
}
FOLDERS = ("results_dir", "scenarios_dir")

SCRIPTS = {
    "bash": r"""
_city_audience() {
  local line="${COMP_LINE:0:COMP_POINT}" word candidate
  word="${line##*[[:space:]]}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("${candidate#"${word%"${word##*[=:]}"}"}")
  done < <(city-audience __complete "$line" 2>/dev/null)
}
complete -o nospace -F _city_audience city-audience
""",
    "zsh": r"""
_city_audience() {
  local -a candidates
  candidates=("${(@f)$(city-audience __complete "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  compadd -Q -S '' -- ${candidates:#}
}
compdef _city_audience city-audience
""",
    "fish": r"""
complete -c city-audience -f -a '(city-audience __complete (commandline -cp) 2>/dev/null)'
""",
}


def script(shell: str) -> str:
    """What the shell has to read once. KeyError: no such shell."""
    return SCRIPTS[shell].lstrip()


def complete(line: str) -> list[str]:
    """Whole words that may stand in place of the last, unfinished word of ``line``."""
    words = line.split()
    current = "" if not words or line[-1:].isspace() else words.pop()
    if not words:
        return []
    if len(words) == 1:
        return _starting([f"{verb} " for verb in (*VERBS, "--help")], current)
    verb = words[1]
    if verb == "completion":
        return _starting(list(SHELLS), current)
    folders = _folders(words)
    if "=" in current:
        return _values(verb, current, folders)
    names = list(catalogue.GROUPS) if verb in COMPOSING else []
    if verb in COMPOSING:
        dry = () if verb in ("compare", "sweep") else ("dry_run",)
        names += [name for name in OPTION_VALUES if name not in ("reduced", *dry)]
    else:
        names += VALIDATING if verb == "validate" else ("lang", "scenarios_dir")
    names += OF_ONE_VERB.get(verb, ())
    if verb not in COMPARING and "comparison" in names:
        names.remove("comparison")
    return _starting([*(f"{name}=" for name in names), "--help "], current)


def _starting(candidates: list[str], current: str) -> list[str]:
    return sorted(c for c in candidates if c.startswith(current))


def _folders(words: list[str]) -> tuple[os.PathLike[str], ...]:
    named = [w.partition("=")[2] for w in words if w.startswith("scenarios_dir=")]
    own = (named or [os.environ.get(catalogue.ENVIRONMENT, "")])[-1]
    return (*([catalogue.Path(own).expanduser()] if own else []), catalogue.tree())


def _values(verb: str, current: str, folders: tuple[os.PathLike[str], ...]) -> list[str]:
    name, _, value = current.partition("=")
    if name in FOLDERS:
        return [f"{name}={path}/" for path in _directories(value)]
    start = value[: max(value.rfind(","), value.rfind("[")) + 1]
    taken = value[: len(start)].strip("[").split(",")
    if name in catalogue.GROUPS and (verb in COMPOSING):
        found = list(catalogue.options(name, tuple(catalogue.Path(f) for f in folders)))
    else:
        found = list(OF_ONE_VERB.get(verb, {}).get(name, OPTION_VALUES.get(name, ())))
    return _starting([f"{name}={start}{each}" for each in found if each not in taken], current)


def _directories(value: str) -> list[str]:
    head, tail = os.path.split(value)
    try:
        entries = [e.name for e in os.scandir(os.path.expanduser(head) or ".") if e.is_dir()]
    except OSError:
        return []
    hidden = tail.startswith(".")
    return sorted(
        os.path.join(head, e) for e in entries if e.startswith(tail) and (hidden or not e.startswith("."))
    )
