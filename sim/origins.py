"""Plain data of a composition, and the file in which each of its keys was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import catalogue
from sim.overrides import COMMAND_LINE, LIST_GROUPS, OPTIONAL_GROUPS, Typed

MISSING = object()


@dataclass(frozen=True)
class Composed:
    """Plain data of one composition, and where each key comes from."""

    tree: dict[str, Any]
    choices: dict[str, Any]
    typed: tuple[Typed, ...]
    folders: tuple[Path, ...]
    known: dict[str, dict[str, Path]] = field(repr=False)

    def origin(self, key: str) -> str:
        """The file in which a dotted key was written, or "command line"."""
        return _Origins(self)(key)


def lookup(node: Any, key: str) -> Any:
    """The value at a dotted key of plain data (list places as numbers), or ``MISSING``."""
    for part in [p for p in re.sub(r"\[(\d+)\]", r".\1", key).split(".") if p]:
        if isinstance(node, Mapping):
            node = next((v for k, v in node.items() if str(k) == part), MISSING)
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return MISSING
    return node


class _Origins:
    """Which file holds a dotted key: the one that names the longest part of it, the last one merged."""

    def __init__(self, composed: Composed) -> None:
        self.typed = [t.key for t in composed.typed if not t.is_group]
        self.layers: list[tuple[str, Any]] = []
        self._composed = composed
        primary = composed.folders[-1] / f"{catalogue.PRIMARY}.yaml"
        self._add(primary, catalogue.read(primary))
        for group in ("city", "behaviour", "engine", *LIST_GROUPS, "calendar", *OPTIONAL_GROUPS):
            for name in self._chosen(group):
                self._layer(group, name)

    def _chosen(self, group: str) -> list[str]:
        if group in LIST_GROUPS:
            return [str(name) for name in self._composed.tree.get(group) or {}]
        return [str(self._composed.choices.get(group))]

    def _layer(self, group: str, name: str) -> None:
        known = self._composed.known
        if name not in known[group]:
            return
        data = catalogue.inherited(group, name, known)
        if group == "calendar":
            slots = data.get("slots") or {}
            data = {"calendar": data, "city": {"accounts": {a: {"slots": s} for a, s in slots.items()}}}
        elif group not in OPTIONAL_GROUPS:
            data = {group: data}
        self._add(known[group][name], data)

    def _add(self, path: Path, data: Any) -> None:
        self.layers.append((catalogue.label_of(path, self._composed.folders), data))

    def __call__(self, key: str) -> str:
        key = re.sub(r"\[(\d+)\]", r".\1", key)
        if any(f"{key}.".startswith(f"{typed}.") for typed in self.typed) or (self.typed and not key):
            return COMMAND_LINE
        parts = key.split(".")
        best, depth = self.layers[0][0], 0
        for label, data in self.layers:
            here = max((i for i in range(1, len(parts) + 1) if _has(data, parts[:i])), default=0)
            whole = here == len(parts) and not isinstance(lookup(data, key), dict)
            if here > depth or (here == depth and whole):
                best, depth = label, here
        changed = any(f"{typed}.".startswith(f"{key}.") for typed in self.typed)
        return f"{best} (changed on the command line)" if changed else best


def _has(data: Any, parts: list[str]) -> bool:
    return parts != [""] and lookup(data, ".".join(parts)) is not MISSING
