"""What there is: cities, platforms, scenarios, comparisons, changes and occasions, with their sources.

Reads the scenario files directly, without composing them. Importing this file is quick (tab completion).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

GROUPS = (
    "city", "platform", "behaviour", "calendar", "occasion", "change", "engine", "scenario", "comparison",
)  # fmt: skip
PRIMARY = "base"
ENVIRONMENT = "CITY_AUDIENCE_SCENARIOS"
TAGS = ("measured", "borrowed", "assumed", "given")
_safe: dict[Path, Any] = {}  # files in which nothing was found, and what they were then


def tree() -> Path:
    """The scenarios that come with the program: next to the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "scenarios"
    return checkout if (checkout / f"{PRIMARY}.yaml").is_file() else package / "_scenarios"


def roots(scenarios_dir: str | os.PathLike[str] | None = None) -> tuple[Path, ...]:
    """Folders to look in, first match wins: the person's own folder, then what comes with the program.

    The own folder is ``scenarios_dir``, else that of the environment variable CITY_AUDIENCE_SCENARIOS.
    Raises InputError if it is not a folder with at least one of the groups.
    """
    named = os.fspath(scenarios_dir) if scenarios_dir else os.environ.get(ENVIRONMENT, "")
    if not named:
        return (tree(),)
    own = Path(named).expanduser()
    problem = _own_folder_problem(own)
    if problem:
        from sim.figures import InputError

        origin = "command line: scenarios_dir" if scenarios_dir else ENVIRONMENT
        raise InputError(f"{origin}: {named}: {problem}")
    return (own.resolve(), tree()) if own.resolve() != tree() else (tree(),)


def _own_folder_problem(own: Path) -> str | None:
    try:
        names = [entry.name for entry in os.scandir(own) if entry.is_dir()]
        has_primary = (own / f"{PRIMARY}.yaml").exists() and own.resolve() != tree()
    except (OSError, ValueError) as error:
        return f"is not a folder that can be read ({getattr(error, 'strerror', None) or error})"
    if any(name.lower() == "hydra" for name in names):
        return "holds a folder 'hydra', which is not allowed in a folder of scenarios"
    if has_primary:
        return f"holds {PRIMARY}.yaml, which cannot be replaced; put what differs in scenario/"
    if not set(names) & set(GROUPS):
        return f"holds none of the folders {', '.join(g + '/' for g in GROUPS)}"
    return None


def options(group: str, folders: tuple[Path, ...]) -> dict[str, Path]:
    """Name -> file of everything that can be chosen in ``group``, by name."""
    found: dict[str, Path] = {}
    for folder in folders:
        try:
            entries = sorted(os.listdir(folder / group))
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".yaml"):
                found.setdefault(entry.removesuffix(".yaml"), folder / group / entry)
    return dict(sorted(found.items()))


def all_options(folders: tuple[Path, ...]) -> dict[str, dict[str, Path]]:
    """``options`` of every group."""
    return {group: options(group, folders) for group in GROUPS}


def label_of(path: Path, folders: tuple[Path, ...]) -> str:
    """How a file is called in messages: from its group on, or its whole path in a person's own folder."""
    for folder in folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix() if folder == tree() else str(path)
    return str(path)


def read(path: Path) -> dict[str, Any]:
    """A scenario file as plain data; {} when it is empty. Call ``check`` first."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}


def formats() -> frozenset[str]:
    """Every format of a platform card that comes with the program or is in the person's own folder."""
    return _formats(roots())


@cache
def _formats(folders: tuple[Path, ...]) -> frozenset[str]:
    cards = (card for path in options("platform", folders).values() for card in read(path).values())
    return frozenset(
        name for card in cards if isinstance(card, Mapping) for name in card.get("formats") or ()
    )


def check(folders: tuple[Path, ...]) -> dict[str, dict[str, Path]]:
    """``all_options``, once every scenario file is safe to compose. InputError: one line per problem.

    A file that has not changed since nothing was found in it is not looked at again.
    """
    from sim.figures import InputError
    from sim.scan import scan_file

    known = all_options(folders)
    files = [(folders[-1] / f"{PRIMARY}.yaml", "")]
    files += [(path, group) for group in GROUPS for path in known[group].values()]
    problems, names = _misplaced(folders), tuple(tuple(known[group]) for group in GROUPS)
    for path, group in files:
        label, looked_at = label_of(path, folders), (stamp(path), folders, names)
        if _safe.get(path) == looked_at:
            continue
        found = scan_file(path, label, group, known, path.is_relative_to(folders[-1]))
        problems += found
        if not found:
            _safe[path] = looked_at
    if problems:
        raise InputError("\n".join(problems))
    return known


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file does, as far as can be told without reading it; () if it cannot be found."""
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _misplaced(folders: tuple[Path, ...]) -> list[str]:
    problems = []
    for folder in folders:
        if any(entry.name.lower() == "hydra" for entry in os.scandir(folder)):
            problems.append(f"{folder}: holds 'hydra', which is not allowed in a folder of scenarios")
        for group in GROUPS:
            for path in sorted((folder / group).glob("*.yml")):
                problems.append(f"{label_of(path, folders)}: must end in .yaml; rename it")
    return problems


# --- listings ----------------------------------------------------------------------------------------


def inherited(
    group: str, name: str, known: Mapping[str, Mapping[str, Path]], depth: int = 8
) -> dict[str, Any]:
    """The data of a file laid over those of its own group that its defaults name first."""
    data = dict(read(known[group][name]))
    out: dict[str, Any] = {}
    for entry in data.pop("defaults", None) or []:
        if isinstance(entry, str) and entry in known[group] and entry != name and depth:
            out = _over(out, inherited(group, entry, known, depth - 1))
    return _over(out, data)


def _over(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _over(out[key], value) if both else value
    return out


def cities(folders: tuple[Path, ...]) -> list[dict[str, Any]]:
    """One row for each city: name, label {fr, en}, year, residents, accounts (followers by name),
    posts_per_week, tags, sources. Independent pages are none of the city's accounts."""
    known = check(folders)
    rows = []
    for name in known["city"]:
        data = inherited("city", name, known)
        stated = {key: _mapping(a) for key, a in _mapping(data.get("accounts")).items()}
        accounts = {key: a for key, a in stated.items() if a.get("independent") is not True}
        rows.append(
            {
                "name": name,
                "label": _label(data, name),
                "year": data.get("year"),
                "residents": _value(_mapping(data.get("population")).get("total")),
                "accounts": {key: _value(a.get("followers")) for key, a in accounts.items()},
                "posts_per_week": sum(_posts_per_week(a) for a in accounts.values()),
                **_provenance(data),
            }
        )
    return rows


def platforms(folders: tuple[Path, ...]) -> list[dict[str, Any]]:
    """One row for each platform: name, label {fr, en}, formats, years of the use figures, tags, sources."""
    known = check(folders)
    rows = []
    for option in known["platform"]:
        for name, card in inherited("platform", option, known).items():
            data = _mapping(card)
            use = _mapping(_mapping(data.get("use")).get("values"))
            rows.append(
                {
                    "name": name,
                    "label": _label(data, name),
                    "formats": list(_mapping(data.get("formats"))),
                    "years": sorted(year for year in use if isinstance(year, int)),
                    **_provenance(data),
                }
            )
    return rows


def scenarios(folders: tuple[Path, ...]) -> list[dict[str, Any]]:
    """One row for each comparison, scenario, change and occasion: group, name, label {fr, en}, about, tags,
    sources."""
    known = check(folders)
    rows = []
    for group in ("comparison", "scenario", "change", "occasion"):
        for name in known[group]:
            data = inherited(group, name, known)
            rows.append(
                {
                    "group": group,
                    "name": name,
                    "label": _label(_content(group, name, data), name),
                    "about": _about(group, data, read(known[group][name])),
                    **_provenance(data),
                }
            )
    return rows


def _content(group: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    if group == "comparison":
        return _mapping(data.get("comparison"))
    if group in ("change", "occasion"):
        return _mapping(data.get(name) or next(iter(data.values()), None))
    return data


def _about(group: str, data: dict[str, Any], raw: dict[str, Any]) -> list[str]:
    """Alternatives of a comparison, choices of a scenario, kinds of a change, themes of an occasion."""
    if group == "comparison":
        return [str(name) for name in _mapping(_mapping(data.get("comparison")).get("alternatives"))]
    if group == "change":
        return [str(_mapping(change).get("kind", "?")) for change in data.values()]
    if group == "occasion":
        told = [_mapping(occasion) for occasion in data.values()]
        return [str(theme) for o in told for theme in o.get("themes") or o.get("silent") or []]
    entries = [entry for entry in raw.get("defaults") or [] if isinstance(entry, dict)]
    chosen = [name for entry in entries for name in entry.values()]
    return [str(n) for name in chosen for n in (name if isinstance(name, list) else [name])]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(figure: Any) -> Any:
    return figure.get("value") if isinstance(figure, dict) else figure


def _label(data: dict[str, Any], name: str) -> dict[str, str]:
    label = data.get("label", name)
    return label if isinstance(label, dict) else {"fr": str(label), "en": str(label)}


def _posts_per_week(account: dict[str, Any]) -> float:
    slots = account.get("slots")
    return sum(
        len(slot.get("days") or range(7)) / (slot.get("every_weeks") or 1)
        for slot in (slots if isinstance(slots, list) else [])
        if isinstance(slot, dict)
    )


def _provenance(data: dict[str, Any]) -> dict[str, Any]:
    found = list(_sourced(data))
    tags = {tag: sum(t == tag for _, t in found) for tag in TAGS}
    return {"tags": tags, "sources": sorted({source for source, _ in found if source != "given"})}


def _sourced(node: Any) -> Iterator[tuple[str, str]]:
    """(source, tag) of each figure below ``node``."""
    if isinstance(node, dict):
        for prefix in ("", "habits_"):
            if f"{prefix}source" in node or f"{prefix}tag" in node:
                yield str(node.get(f"{prefix}source", "given")), str(node.get(f"{prefix}tag", "given"))
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _sourced(child)
