"""Scenario files read as text from a stranger: what is refused before anything composes them.

A composed file can name code to run (``_target_``, ``()``, anything under ``hydra``), read the environment
(``${oc.env:HOME}``) or grow without end (aliases). None of this is needed to state a scenario, so none of it
is let through. A stranger's file is parsed by the very parser that composes it later, so both see the same
keys; the files that come with the program may be parsed by a faster one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sim.figures import nearest

MAX_BYTES = 1_000_000
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 30
GLOBAL_GROUPS = ("scenario", "comparison")
NAMED_GROUPS = ("platform", "occasion", "change")
OPTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_REFERENCE = re.compile(r"\$\{(?!hydra)[A-Za-z_][\w-]*(?:\.[\w+-]+)*\}")
_ENTRY = re.compile(r"(?:(?:override|optional)\s+)*/?([\w-]+)")
_HEADER = re.compile(r"#\s*@\s*(\S*)\s*(\S*)")


def forbidden_key(key: str) -> str | None:
    """Why ``key`` may not stand in a scenario, or None."""
    if re.fullmatch(r"_[a-z]+_", key):
        return f"'{key}' is not allowed: a scenario holds data, it cannot name code to run"
    if "(" in key or ")" in key:
        return f"'{key}' is not allowed: a scenario holds data, it cannot name code to run"
    if re.split(r"[./@:]", key.strip().lower())[0] == "hydra":
        return f"'{key}' is not allowed: a scenario cannot change how the program itself runs"
    if "${" in key:
        return f"'{key}' is not allowed: a name cannot hold a reference"
    return None


def forbidden_text(value: str) -> str | None:
    """Why ``value`` may not stand in a scenario, or None: only ``${plain.references}`` pass."""
    if "${" in _REFERENCE.sub("", value):
        return (
            f"'{value[:60]}' is not allowed: only a reference to another value of the scenario, "
            "such as ${horizon_weeks}"
        )
    return None


def scan_file(
    path: Path, label: str, group: str, known: Mapping[str, Collection[str]], is_ours: bool = False
) -> list[str]:
    """Sentences on what is wrong with a scenario file; empty when it may be composed.

    ``group`` is the folder it lies in ("" for the primary file), ``known`` the options of every group;
    ``is_ours``: it comes with the program.
    """
    if group and not OPTION_NAME.fullmatch(path.stem):
        return [f"{label}: file names hold only letters, digits, _ and - (60 at most); rename it"]
    try:
        if not path.is_file():
            return [f"{label}: is not a file"]
        if path.stat().st_size > MAX_BYTES:
            return [f"{label}: {path.stat().st_size} bytes; allowed: at most {MAX_BYTES}"]
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        return [f"{label}: cannot be read ({error.strerror})"]
    except UnicodeDecodeError:
        return [f"{label}: is not UTF-8 text; save it as UTF-8"]
    return scan_text(text, label, group, known, path.stem, is_ours)


def scan_text(
    text: str,
    label: str,
    group: str,
    known: Mapping[str, Collection[str]],
    name: str = "",
    is_ours: bool = False,
) -> list[str]:
    """As ``scan_file``, on the text of the file ``name``.yaml."""
    walk = _Walk(label)
    try:
        for event in yaml.parse(text, Loader=_FAST if is_ours else yaml.SafeLoader):
            walk.see(event)
            if len(walk.stack) > MAX_DEPTH:
                return [f"{label}: line {walk.line}: nested more than {MAX_DEPTH} deep"]
    except yaml.MarkedYAMLError as error:
        return [f"{label}: {_syntax(error)}"]
    except yaml.YAMLError as error:
        return [f"{label}: is not readable as YAML: {' '.join(str(error).split())[:120]}"]
    problems = walk.problems + _header_problems(text, label, group)
    return problems or _content_problems(text, label, group, known, name)


@dataclass
class _Frame:
    mapping: bool
    line: int
    expects_key: bool = True
    keys: set[str] = field(default_factory=set)


class _Walk:
    """Follows the parser's events and keeps what is not allowed."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.stack: list[_Frame] = []
        self.problems: list[str] = []
        self.documents = 0
        self.line = 1

    def refuse(self, message: str) -> None:
        self.problems.append(f"{self.label}: line {self.line}: {message}")

    def see(self, event: yaml.Event) -> None:
        if event.start_mark is not None:
            self.line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                self.refuse("one file holds one document; remove the second '---'")
        elif isinstance(event, yaml.AliasEvent):
            self.refuse(f"alias '*{event.anchor}' is not allowed; write the value again")
            self._value_done()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self._value_done()

    def _node(self, event: Any) -> None:
        if event.anchor:
            self.refuse(f"anchor '&{event.anchor}' is not allowed; write the value again where it is needed")
        if event.tag is not None:
            self.refuse(f"tag '{event.tag}' is not allowed; write plain values")
        is_key = bool(self.stack) and self.stack[-1].mapping and self.stack[-1].expects_key
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event.value, is_key)
            return
        if is_key:
            self.refuse("a name must be plain text")
        if not self.stack and not isinstance(event, yaml.MappingStartEvent):
            self.refuse("a scenario file holds lines of the form 'name: value'")
        self.stack.append(_Frame(isinstance(event, yaml.MappingStartEvent), self.line))

    def _scalar(self, value: str, is_key: bool) -> None:
        if is_key:
            frame = self.stack[-1]
            if value in frame.keys:
                self.refuse(f"'{value}' is written twice in the same place")
            frame.keys.add(value)
            frame.expects_key = False
            problem = forbidden_key(value)
        else:
            problem = forbidden_text(value)
            if not self.stack and value:
                problem = "a scenario file holds lines of the form 'name: value'"
            self._value_done()
        if problem:
            self.refuse(problem)

    def _value_done(self) -> None:
        if self.stack and self.stack[-1].mapping:
            self.stack[-1].expects_key = not self.stack[-1].expects_key


def _syntax(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    hint = "; YAML wants spaces, not tabs" if "'\\t'" in str(error.problem) else ""
    return f"{where}not readable as YAML: {error.problem or error.context}{hint}"


def _header_problems(text: str, label: str, group: str) -> list[str]:
    problems, package = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        match = _HEADER.match(line.strip())
        if not match:
            continue
        if match[1] == "package" and match[2] in ("_global_", "_group_", group):
            package = match[2]
        fits = (match[2] == "_global_") == (group in GLOBAL_GROUPS)
        if match[1] != "package" or package != match[2] or not fits:
            problems.append(f"{label}: line {number}: '{line.strip()[:60]}' is not allowed here")
    if group in GLOBAL_GROUPS and package != "_global_" and not problems:
        problems.append(f"{label}: line 1: must be '# @package _global_' in the folder {group}/")
    return problems


def _content_problems(
    text: str, label: str, group: str, known: Mapping[str, Collection[str]], name: str
) -> list[str]:
    try:
        data = yaml.load(text, Loader=_FAST)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [f"{label}: is not readable as YAML: {' '.join(str(error).split())[:120]}"]
    if group in NAMED_GROUPS and isinstance(data, dict) and list(data) != [name]:
        held = ", ".join(map(str, data))[:60] or "nothing"
        return [f"{label}: holds {held}; one name is allowed, that of the file: '{name}:'"]
    entries = data.get("defaults", []) if isinstance(data, dict) else []
    if not isinstance(entries, list):
        return [f"{label}: defaults: must be a list"]
    problems = (_entry_problem(entry, group, known) for entry in entries)
    return [f"{label}: defaults: {problem}" for problem in problems if problem]


def _entry_problem(entry: Any, group: str, known: Mapping[str, Collection[str]]) -> str | None:
    if entry == "_self_":
        return None
    if isinstance(entry, str):
        return option_problem(group, entry, known) if group else f"'{entry}' is not allowed"
    if not isinstance(entry, dict) or len(entry) != 1:
        return f"'{str(entry)[:60]}' is not allowed; write 'override /city: toulouse_2019'"
    [(key, value)] = entry.items()
    match = _ENTRY.fullmatch(str(key))
    if not match or match[1] not in known:
        name = match[1] if match else key
        return f"'{str(key)[:60]}' is not a group of scenario files{nearest(name, known)}"
    names = value if isinstance(value, list) else [value]
    found = (option_problem(match[1], name, known) for name in names if name is not None)
    return next((problem for problem in found if problem), None)


def option_problem(group: str, name: object, known: Mapping[str, Collection[str]]) -> str | None:
    """Why ``name`` cannot be chosen in ``group``, with the nearest right name; None when it can."""
    if isinstance(name, str) and name in known.get(group, ()):
        return None
    return f"unknown {group} '{str(name)[:60]}'{nearest(name, sorted(known.get(group, ())))}"
