"""Composes scenario files: what Hydra does for this program, and the only file that runs Hydra.

Files are scanned before Hydra sees them (``sim.scan``), nothing is ever instantiated, and every mistake is
an InputError of one line per problem: file, key, value, and what is allowed or the nearest right name.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra import main as hydra_main
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim import catalogue
from sim.figures import InputError, nearest
from sim.origins import MISSING, Composed, lookup
from sim.overrides import COMMAND_LINE, LIST_GROUPS, Typed, parse_all
from sim.request import Options
from sim.scan import forbidden_text
from sim.scenario import Scenario

OTHER_KEYS = ("calendar", "comparison", "scenario")
_LOCK = threading.RLock()
_own: list[Path] = []


class _OwnFolder(SearchPathPlugin):
    """Puts the person's own folder in front of the scenarios that come with the program."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in _own:
            search_path.prepend(provider="own", path=f"file://{folder}", anchor="main")


@contextlib.contextmanager
def _searching(folders: tuple[Path, ...]) -> Iterator[None]:
    """Hydra's process-wide state for the time of one composition, restored afterwards."""
    with _LOCK:
        before, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None
        Plugins.instance().register(_OwnFolder)
        _own[:] = folders[:-1]
        try:
            yield
        finally:
            _own.clear()
            GlobalHydra.instance().hydra = before


def compose(overrides: Sequence[str] = (), scenarios_dir: str | os.PathLike[str] | None = None) -> Composed:
    """Plain data from the files chosen by ``overrides``. Raises InputError."""
    return compose_typed(*parse_all(overrides, scenarios_dir))


def compose_typed(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> Composed:
    texts = _with_platforms(typed, known)
    with _searching(folders), _translated():
        with initialize_config_dir(str(folders[-1]), job_name="city-audience", version_base="1.3"):
            cfg = hydra_compose(catalogue.PRIMARY, overrides=texts, return_hydra_config=True)
        choices = dict(cfg.hydra.runtime.choices)
        tree = _plain(cfg)
    _mark_given(tree, typed)
    composed = Composed(tree, choices, typed, folders, known)
    _check_names(composed)
    return composed


def _with_platforms(typed: tuple[Typed, ...], known: Mapping[str, Collection[str]]) -> list[str]:
    """Every platform card is composed unless some were named: a new platform is one new file."""
    every = [] if any(t.key == "platform" for t in typed) else [f"platform=[{','.join(known['platform'])}]"]
    return every + [t.text for t in typed]


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
    missing = re.search(r"Could not find '([\w/]+)/([^/']+)'", str(error))
    if missing:
        listed = re.findall(r"^\t(\w+)$", str(error), flags=re.MULTILINE)
        return f"{COMMAND_LINE}: {missing[1]}: unknown name '{missing[2]}'{nearest(missing[2], listed)}"
    key = next((ln.removeprefix("full_key: ") for ln in kept if ln.startswith("full_key: ")), "")
    if "Missing mandatory value" in str(error):
        return f"scenario files: {key}: '???' stands for a value that is still to be written"
    told = "; ".join(dict.fromkeys(ln for ln in kept if not ln.startswith("full_key:")))
    return f"scenario files: {key + ': ' if key else ''}cannot be put together: {told[:300]}"


def _plain(cfg: DictConfig) -> dict[str, Any]:
    """Plain data without Hydra's own node; references resolved, each to one plain value."""
    own = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
    raw = OmegaConf.to_container(own, resolve=False)
    _check_references(raw, raw, "")
    tree = OmegaConf.to_container(own, resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in tree.items()} if isinstance(tree, dict) else {}


def _check_references(node: Any, root: Any, key: str) -> None:
    """References to references could grow without end; references to code or the environment read them."""
    if isinstance(node, dict | list):
        for name, child in node.items() if isinstance(node, dict) else enumerate(node):
            _check_references(child, root, f"{key}.{name}" if key else str(name))
    if not isinstance(node, str) or "${" not in node:
        return
    problem = forbidden_text(node)
    for target in re.findall(r"\$\{([^}]*)\}", node):
        value = lookup(root, target)
        if isinstance(value, dict | list) or (isinstance(value, str) and "${" in value):
            problem = problem or f"'${{{target}}}' must refer to one plain value"
        elif value is MISSING:
            problem = problem or f"'${{{target}}}' refers to nothing"
    if problem:
        raise InputError(f"scenario files: {key}: {problem}")


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


@dataclass(frozen=True)
class Job:
    """One job of a sweep: where to write, what was asked, and its composed data."""

    folder: Path
    overrides: tuple[str, ...]
    composed: Composed


def check_overrides(
    typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> Composed:
    """The part of a sweep that all jobs share, composed: finds what is wrong before any job starts."""
    shared = [t for t in typed if not t.several and not t.key.startswith("hydra")]
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


def multirun(
    typed: tuple[Typed, ...],
    known: dict[str, dict[str, Path]],
    folders: tuple[Path, ...],
    folder: Path,
    task: Callable[[Job], None],
) -> None:
    """Run ``task`` once for each combination, by Hydra's own sweeper and launcher, below ``folder``.

    Raises InputError where a combination cannot even be composed.
    """

    def job(cfg: DictConfig) -> None:
        task(_job(cfg, typed, folders, known))

    job.__module__ = __name__
    arguments = ["--multirun", f"hydra.sweep.dir={_quoted(folder)}", "hydra.sweep.subdir=${hydra.job.num}"]
    arguments += ["hydra/job_logging=none", "hydra/hydra_logging=none"]
    program = hydra_main(config_path=str(folders[-1]), config_name=catalogue.PRIMARY, version_base="1.3")(job)
    with _searching(folders), _translated(), _arguments(arguments + _with_platforms(typed, known)):
        program()


def _job(
    cfg: DictConfig, typed: tuple[Typed, ...], folders: tuple[Path, ...], known: dict[str, dict[str, Path]]
) -> Job:
    own = HydraConfig.get()
    tree = _plain(cfg)
    _mark_given(tree, typed)
    composed = Composed(tree, dict(own.runtime.choices), typed, folders, known)
    given = (str(text).lstrip("+") for text in own.overrides.task)
    overrides = tuple(text for text in given if not text.startswith(("platform=[", "results_dir=")))
    return Job(Path(own.runtime.output_dir), overrides, composed)


def _quoted(folder: Path) -> str:
    escaped = str(folder.resolve()).replace("\\", "/").replace("'", "\\'")
    return f"'{escaped}'"


@contextlib.contextmanager
def _arguments(arguments: list[str]) -> Iterator[None]:
    """Hydra reads the process's arguments, and tells errors by raising only if it is asked to."""
    before, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["city-audience", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = before
        if full is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full
