"""Composes scenario files: what Hydra does for this program, and the only file that runs Hydra.

Files are scanned before Hydra sees them (``sim.scan``), nothing is ever instantiated, and every mistake is
an InputError of one line per problem: file, key, value, and what is allowed or the nearest right name.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim import catalogue
from sim.config_source import CARDS, SCHEME, ScenarioSource, laid_under, plain
from sim.figures import InputError, nearest
from sim.origins import MISSING, Composed, lookup
from sim.overrides import COMMAND_LINE, LIST_GROUPS, Typed, parse_all
from sim.request import Options
from sim.scan import forbidden_text
from sim.scenario import Scenario

OTHER_KEYS = ("calendar", "comparison", "scenario")
MAX_JOBS = 10_000
_LOCK = threading.RLock()
_searched: list[Path] = []


class _Folders(SearchPathPlugin):
    """Puts the person's own folder in front of the scenarios that come with the program."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in reversed(_searched):
            search_path.prepend(provider="own", path=f"{SCHEME}://{folder}")


@contextlib.contextmanager
def _searching(folders: tuple[Path, ...]) -> Iterator[None]:
    """Hydra's process-wide state for the time of one composition, restored afterwards."""
    with _LOCK:
        before, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None
        for plugin in (_Folders, ScenarioSource):
            Plugins.instance().register(plugin)
        _searched[:] = folders
        try:
            yield
        finally:
            _searched.clear()
            ScenarioSource.empty = ()
            GlobalHydra.instance().hydra = before


def compose(overrides: Sequence[str] = (), scenarios_dir: str | os.PathLike[str] | None = None) -> Composed:
    """Plain data from the files chosen by ``overrides``. Raises InputError."""
    return compose_typed(*parse_all(overrides, scenarios_dir))


def compose_typed(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> Composed:
    """As ``compose``, from what ``parse_all`` gives."""
    texts = _with_platforms(typed, known)
    with _searching(folders), _translated():
        left_out = _left_out(typed, known)
        ScenarioSource.empty = left_out
        with _hydra(folders):
            cfg = hydra_compose(catalogue.PRIMARY, overrides=texts, return_hydra_config=True)
        choices = dict(cfg.hydra.runtime.choices)
        tree = _plain(cfg, left_out)
    _mark_given(tree, typed)
    composed = Composed(tree, choices, typed, folders, known)
    _check_names(composed)
    return composed


def _with_platforms(typed: tuple[Typed, ...], known: Mapping[str, Collection[str]]) -> list[str]:
    """Every platform card is composed unless some were named: a new platform is one new file."""
    every = [] if any(t.key == "platform" for t in typed) else [f"platform=[{','.join(known['platform'])}]"]
    return every + [t.text for t in typed]


def _hydra(folders: tuple[Path, ...]) -> contextlib.AbstractContextManager[None]:
    return initialize_config_dir(str(folders[-1]), job_name="city-audience", version_base="1.3")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except RecursionError:
        raise InputError("scenario files: defaults that name each other in a circle") from None
    except (HydraException, OmegaConfBaseException, ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(_hydra_sentence(error)) from None


def _hydra_sentence(error: BaseException) -> str:
    """One line from what Hydra or OmegaConf say in several."""
    lines = [line.strip() for e in (error, error.__cause__) if e for line in str(e).splitlines()]
    kept = [
        ln for ln in lines if ln and not re.match(r"See |To append|object_type|Set the env|Config search", ln)
    ]
    if "does not support sweep type" in str(error):
        return f"{COMMAND_LINE}: interval(...) names no values; write x=1,2,3 or x=range(1,4)"
    missing = re.search(r"Could not find '([\w/]+)/([^/']+)'", str(error))
    if missing:
        listed = re.findall(r"^\t(\w+)$", str(error), flags=re.MULTILINE)
        return f"{COMMAND_LINE}: {missing[1]}: unknown name '{missing[2]}'{nearest(missing[2], listed)}"
    key = next((ln.removeprefix("full_key: ") for ln in kept if ln.startswith("full_key: ")), "")
    if "Missing mandatory value" in str(error):
        return f"scenario files: {key}: '???' stands for a value that is still to be written"
    told = "; ".join(dict.fromkeys(ln for ln in kept if not ln.startswith("full_key:")))
    return f"scenario files: {key + ': ' if key else ''}cannot be put together: {told[:300]}"


def _left_out(typed: tuple[Typed, ...], known: Mapping[str, Mapping[str, Path]]) -> dict[str, Path]:
    """Cards whose data Hydra need not see: those that no dotted override names."""
    named = {t.key.split(".")[1] for t in typed if t.key.startswith(f"{CARDS}.")}
    return {name: path for name, path in known[CARDS].items() if name not in named}


def _plain(cfg: DictConfig, cards: Mapping[str, Path]) -> dict[str, Any]:
    """Plain data without Hydra's own node; references resolved, each to one plain value.

    ``cards``: files of the cards that were composed without their data.
    """
    raw: Any = OmegaConf.to_container(cfg, resolve=False)
    del raw["hydra"]
    here = raw.get(CARDS)
    for name in here if isinstance(here, dict) else ():
        if name in cards:
            here[name] = laid_under(plain(cards[name]).get(name), here[name])
    if _check_references(raw, raw, ""):
        raw = OmegaConf.to_container(OmegaConf.create(raw), resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in raw.items()}


def _check_references(node: Any, root: Any, key: str) -> bool:
    """Whether there is any reference (or ``???``) below ``node``.

    References to references could grow without end; references to code or the environment read them.
    """
    if isinstance(node, dict | list):
        found = [
            _check_references(child, root, f"{key}.{name}" if key else str(name))
            for name, child in (node.items() if isinstance(node, dict) else enumerate(node))
        ]
        return any(found)
    if not isinstance(node, str) or "${" not in node:
        return node == "???"
    problem = forbidden_text(node)
    for target in re.findall(r"\$\{([^}]*)\}", node):
        value = lookup(root, target)
        if isinstance(value, dict | list) or (isinstance(value, str) and "${" in value):
            problem = problem or f"'${{{target}}}' must refer to one plain value"
        elif value is MISSING:
            problem = problem or f"'${{{target}}}' refers to nothing"
    if problem:
        raise InputError(f"scenario files: {key}: {problem}")
    return True


def _mark_given(tree: dict[str, Any], typed: tuple[Typed, ...]) -> None:
    """A figure whose number was typed is no longer the one that its source gave."""
    for override in typed:
        head, found, _ = f"{override.key}.".partition(".value" + ("s." if ".values" in override.key else "."))
        figure = lookup(tree, head) if found else MISSING
        if isinstance(figure, dict) and "tag" in figure:
            kept = {key: value for key, value in figure.items() if key in ("value", "values", "unit")}
            figure.clear()
            figure.update({**kept, "source": COMMAND_LINE, "tag": "given"})


def _check_names(composed: Composed) -> None:
    """Names at the top, and names on the command line that lead nowhere."""
    problems = _unknown_at_the_top(list(composed.tree), composed.origin) or _dead_ends(composed)
    if problems:
        raise InputError("\n".join(problems))


def _unknown_at_the_top(keys: list[str], origin: Callable[[str], str]) -> list[str]:
    allowed = [*Scenario.model_fields, *Options.model_fields, *OTHER_KEYS]
    close = [*allowed, *catalogue.GROUPS]
    return [f"{origin(key)}: {key}: unknown key{nearest(key, close)}" for key in keys if key not in allowed]


def _dead_ends(composed: Composed) -> list[str]:
    """Overrides such as ``platform.facebok.use=...`` would make a new, empty card; say the right name."""
    groups = [t for t in composed.typed if t.is_group]
    deep = [t for t in composed.typed if not t.is_group and "." in t.key]
    if not deep:
        return []
    bare = compose_typed(tuple(groups), composed.folders, composed.known).tree
    problems = []
    for typed in deep:
        parts = typed.key.split(".")
        named = {("platform",), ("occasion",), ("change",), ("city", "accounts")}
        named.add(("comparison", "alternatives"))
        for i in range(1, len(parts)):
            parent = lookup(bare, ".".join(parts[:i]))
            here = lookup(bare, ".".join(parts[: i + 1]))
            last = i == len(parts) - 1 and tuple(parts[:i]) not in named
            if here is MISSING and not last and isinstance(parent, Mapping) and "values" not in parts[:i]:
                hint = nearest(parts[i], [str(k) for k in parent])
                problems.append(f"{COMMAND_LINE}: {typed.key}: unknown key '{parts[i]}'{hint}")
                break
    return problems


# --- sweeps ------------------------------------------------------------------------------------------


def check_overrides(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> Composed:
    """The part of a sweep that all jobs share, composed: finds what is wrong before any job starts."""
    shared = [t for t in typed if not t.several]
    for swept_group in (t for t in typed if t.several and t.is_group and t.names):
        names = swept_group.names if swept_group.key in LIST_GROUPS else swept_group.names[:1]
        written = f"[{','.join(names)}]" if swept_group.key in LIST_GROUPS else names[0]
        shared.append(Typed(f"{swept_group.key}={written}", swept_group.key, names, is_group=True))
    composed = compose_typed(tuple(shared), folders, known)
    swept = [Typed(t.text, t.key) for t in typed if t.several and not t.is_group]
    problems = _unknown_at_the_top([t.key.split(".")[0] for t in swept], lambda _: COMMAND_LINE)
    groups = [t for t in shared if t.is_group]
    problems += _dead_ends(Composed(composed.tree, composed.choices, (*groups, *swept), folders, known))
    if problems:
        raise InputError("\n".join(problems))
    return composed


def combinations(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> list[tuple[Typed, ...]]:
    """What each job of a sweep is asked, in the order of Hydra's own sweeper. InputError: too many."""
    with _searching(folders), _translated(), _hydra(folders):
        parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
        parsed = parser.parse_overrides([t.text for t in typed])
        _check_number(parsed)
        jobs = BasicSweeper.split_arguments(parsed, max_batch_size=None)[0] if parsed else [[]]
    return [tuple(_typed_again(text, known) for text in texts) for texts in jobs]


def _check_number(parsed: Sequence[Override]) -> None:
    number = 1
    for override in parsed:
        if override.is_sweep_override() and override.is_discrete_sweep():
            number *= sum(1 for _ in itertools.islice(override.sweep_string_iterator(), MAX_JOBS + 1))
    if number > MAX_JOBS:
        raise InputError(f"{COMMAND_LINE}: more than {MAX_JOBS} combinations; allowed: at most {MAX_JOBS}")


def _typed_again(text: str, known: Mapping[str, Collection[str]]) -> Typed:
    key = text.partition("=")[0].lstrip("+~")
    return Typed(text, key, is_group=key in known)
