"""What a person types behind a verb: ``name=value``, read by Hydra's own grammar and checked.

Only what belongs to a scenario or to the options passes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString
from hydra.errors import HydraException

from sim import catalogue
from sim.figures import InputError, nearest
from sim.scan import forbidden_key, forbidden_text, option_problem

COMMAND_LINE = "command line"
LIST_GROUPS = ("platform", "occasion", "change")
OPTIONAL_GROUPS = ("scenario", "comparison")


@dataclass(frozen=True)
class Typed:
    """One override of the command line, checked; ``text`` is what Hydra is given."""

    text: str
    key: str
    names: tuple[str, ...] = ()
    several: bool = False
    is_group: bool = False


def parse_override(text: str, known: Mapping[str, Collection[str]], sweep: bool = False) -> Typed:
    """Check one ``name=value``. ``known``: options of every group; ``sweep``: several values are welcome.

    Raises InputError.
    """
    match = re.fullmatch(r"(\+\+|\+|~)?([^=\s~+'\"@:,]+)(?:=(.*))?", text, flags=re.DOTALL)
    if not match or (match[3] is None and match[1] != "~"):
        raise InputError(_not_an_override(text, known))
    sign, key, value = match[1] or "", match[2], match[3]
    if key in known:
        return _group_override(sign, key, value, known, sweep)
    _refuse_machinery(key, value or "")
    if value is None:
        return Typed(text, key)
    parsed = _parse_value(key, value)
    if parsed.is_sweep_override() and not sweep:
        raise InputError(
            f"{COMMAND_LINE}: {key}: several values ({value}) are for the verb sweep; "
            f"for a list write '{key}=[{value}]'"
        )
    return Typed(_force(key, value, parsed), key, several=parsed.is_sweep_override())


def _not_an_override(text: str, known: Mapping[str, Collection[str]]) -> str:
    for group, names in known.items():
        if text in names:
            return f"{COMMAND_LINE}: '{text}': write {group}={text}"
    if text.startswith("-"):
        return f"{COMMAND_LINE}: unknown option '{text[:60]}'; options are written name=value, without dashes"
    return f"{COMMAND_LINE}: '{text[:60]}' is not of the form name=value"


def _refuse_machinery(key: str, value: str) -> None:
    problem = None
    for part in (key, *key.split(".")):
        problem = problem or forbidden_key(part)
    problem = problem or forbidden_text(value)
    if "_target_" in value:
        problem = problem or f"'{value[:60]}' is not allowed: a value cannot name code to run"
    if key.lower().startswith("hydra"):
        problem = problem or forbidden_key("hydra")
    if "/" in key:
        problem = problem or f"unknown group '{key}'{nearest(key, catalogue.GROUPS)}"
    if problem:
        raise InputError(f"{COMMAND_LINE}: {key}: {problem}")


def _parse_value(key: str, value: str) -> Override:
    try:
        parsed = OverridesParser.create().parse_override(f"x={value}")
    except (HydraException, ValueError, RecursionError, OverflowError):
        raise InputError(
            f"{COMMAND_LINE}: {key}: the value {value[:60]!r} cannot be read; "
            f"""put it in quotes, for example '{key}="..."'"""
        ) from None
    for name in _names_inside(parsed._value):
        problem = forbidden_key(name)
        if problem:
            raise InputError(f"{COMMAND_LINE}: {key}: {problem}")
    return parsed


def _names_inside(value: Any) -> Iterator[str]:
    if isinstance(value, ChoiceSweep):
        value = value.list
    if isinstance(value, dict):
        for name, child in value.items():
            yield name.text if isinstance(name, QuotedString) else str(name)
            yield from _names_inside(child)
    elif isinstance(value, list):
        for child in value:
            yield from _names_inside(child)


def _force(key: str, value: str, parsed: Override) -> str:
    """The override that sets ``key`` whether the files name it or not.

    Hydra's names hold no hyphen and its years are text; below ``values`` braces say both.
    """
    head, found, tail = f"{key}.".partition(".values.")
    if not found or not tail:
        return f"++{key}={value}"
    parts = tail.removesuffix(".").split(".")
    single = parsed.is_sweep_override()
    values = list(parsed.sweep_string_iterator()) if single and parsed.is_discrete_sweep() else [value]
    braced = ["{" + ": {".join(parts) + f": {v}" + "}" * len(parts) for v in values]
    return f"++{head}.values={','.join(braced)}"


def _group_override(
    sign: str, group: str, value: str | None, known: Mapping[str, Collection[str]], sweep: bool
) -> Typed:
    if sign or not value:
        raise InputError(f"{COMMAND_LINE}: {sign}{group}: write {group}=NAME{nearest('', known[group])}")
    parsed = _parse_value(group, value)
    if not parsed.is_sweep_override():
        choices: list[Any] = [parsed._value]
    elif isinstance(parsed._value, ChoiceSweep):
        choices = list(parsed._value.list)
    elif sweep:
        return Typed(f"{group}={value}", group, several=True, is_group=True)
    else:
        choices = [value]
    for choice in choices:
        _check_choice(group, choice, known)
    names = tuple(str(n) for c in choices for n in (c if isinstance(c, list) else [c]) if n is not None)
    if not parsed.is_sweep_override() or sweep:
        return Typed(f"{group}={value}", group, names, parsed.is_sweep_override(), is_group=True)
    if group in LIST_GROUPS:
        return Typed(f"{group}=[{','.join(names)}]", group, names, is_group=True)
    raise InputError(f"{COMMAND_LINE}: {group}: one at a time; several ({value}) are for the verb sweep")


def _written(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _check_choice(group: str, choice: Any, known: Mapping[str, Collection[str]]) -> None:
    if choice is None and group in OPTIONAL_GROUPS:
        return
    if isinstance(choice, list) and group not in LIST_GROUPS:
        raise InputError(f"{COMMAND_LINE}: {group}: one name is expected, not a list")
    for name in choice if isinstance(choice, list) else [choice]:
        plain = name.text if isinstance(name, QuotedString) else name
        problem = option_problem(group, plain if isinstance(plain, str) else _written(plain), known)
        if problem:
            raise InputError(f"{COMMAND_LINE}: {group}: {problem}")


def parse_all(
    overrides: Sequence[str], scenarios_dir: str | os.PathLike[str] | None = None, sweep: bool = False
) -> tuple[tuple[Typed, ...], tuple[Path, ...], dict[str, dict[str, Path]]]:
    """Checked overrides, folders of scenarios and their options. InputError: one line per problem."""
    folders = catalogue.roots(scenarios_dir)
    known = catalogue.check(folders)
    problems, typed = [], []
    for text in overrides:
        try:
            typed.append(parse_override(text, known, sweep))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return tuple(typed), folders, known
