"""Writes the tables of docs/odd.md from the code and the scenario files: ``python -m sim.odd``.

Each part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; the rest of the page is written
by hand and left as it is.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim import catalogue, changes
from sim.cards import Behaviour, Platform, Slot
from sim.content import Post
from sim.facts import read_facts
from sim.figures import ADULT_BANDS, Figure, Sourced, Strict, Tag
from sim.indicators import INDICATORS
from sim.occasions import Occasion

PAGE = Path(__file__).resolve().parent.parent / "docs" / "odd.md"
COMMAND = "python -m sim.odd"
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
WORDS = ("label", "note")  # what a card tells people, not a setting
TAGS: tuple[Tag, ...] = ("measured", "borrowed", "assumed")
BEHAVIOUR = "public_body"
# Numbers that stand in the code: file, name, what it is.
CONSTANTS = (
    ("sessions", "GRID", "steps of a week's profile time in the table of the inverse clock"),
    ("behaviour", "MAX_REDISPLAY_GAP", "sessions after which a seen post is taken never to reappear"),
    ("behaviour", "CROWD_STEPS", "steps per expected newer post in the table of crowding"),
    ("feed", "_REFERENCE_USERS", "users drawn for the reference display chance of a platform"),
    ("quantiles", "_TABLE", "equal-chance values in the table of a law (gamma, log-normal)"),
    ("population", "ATTACHMENT_CAP", "quantile at which attachment is cut"),
    ("groups", "_SAMPLE", "residents whose distinct acquaintances are counted to set the number of groups"),
    ("groups", "_LIFE_SPAN", "years that the map of the town is long, on the scale of ages"),
    ("laws", "MONTH_MIN", "minutes in a month (for hazards stated per month)"),
    ("tally", "INFORMED_WEEKS", "weeks for which who was reached counts as informed (ladder of link)"),
    ("tally", "MAX_DEPTH", "deepest generation of shares told apart"),
    ("tally", "MAX_DELAY_MIN", "longest delay of an answer told apart, minutes"),
    ("desk", "RECENT", "last requests whose mean gap says when those come whom a sample does not simulate"),
    ("takeoff", "FIRST_SHARERS", "first sharers of a cascade by shares alone, where there are as many users"),
    ("takeoff", "CASCADES", "cascades whose mean is told by `spread`"),
    ("intervals", "LEVEL", "level of every interval of a mean"),
)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = ([str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def cards() -> dict[str, Strict]:
    """The platform and behaviour cards that come with the program, by dotted name."""
    known = catalogue.all_options((catalogue.tree(),))
    read = [catalogue.inherited("platform", option, known) for option in known["platform"]]
    found: dict[str, Strict] = {
        f"platform.{name}": Platform.model_validate(card) for each in read for name, card in each.items()
    }
    habits = catalogue.inherited("behaviour", BEHAVIOUR, known)
    return {**found, "behaviour": Behaviour.model_validate(habits)}


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Figures and plain settings below ``node`` with their dotted path; texts for people are left out."""
    if isinstance(node, Strict) and not isinstance(node, Sourced):
        node = {name: getattr(node, name) for name in type(node).model_fields if name not in WORDS}
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    elif node is not None and not (isinstance(node, Sourced) and node.tag == "given"):
        yield path, node


def _number(value: float) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _by_name(values: Mapping[Any, Any]) -> str:
    if tuple(values) == ADULT_BANDS and all(isinstance(v, float) for v in values.values()):
        return " / ".join(map(_number, values.values()))
    same: dict[str, list[str]] = {}
    for name, value in values.items():
        same.setdefault(_shown(value), []).append(str(name))
    return "; ".join(f"{', '.join(names)}: {value}" for value, names in same.items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return _by_name(value)
    return " ".join(map(_number, value)) if isinstance(value, tuple) else _number(value)


def _parameter(path: str, leaf: Any) -> tuple[str, ...]:
    if not isinstance(leaf, Sourced):
        is_clock = path.endswith("_hours")
        value = " ".join(f"{m // 60:02d}:{m % 60:02d}" for m in leaf) if is_clock else _shown(leaf)
        return f"`{path}`", value, "", "", "", "setting"
    origin = (f"[{leaf.source}]", leaf.tag)
    if not isinstance(leaf, Figure):
        return f"`{path}`", _shown(getattr(leaf, "values")), leaf.unit, "", *origin  # noqa: B009
    known = leaf.low is not None and leaf.high is not None
    span = f"{leaf.low:.10g} to {leaf.high:.10g}" if known else ""
    return f"`{path}`", _number(leaf.value), leaf.unit, span, *origin


def parameters() -> str:
    """One table for each card: path, value, unit, range, source, tag."""
    heads = ("parameter", "value", "unit", "range", "source", "tag")
    return "\n\n".join(
        f"#### Card `{name}`\n\n" + table(heads, [_parameter(*leaf) for leaf in leaves(card, name)])
        for name, card in cards().items()
    )


def trust() -> str:
    """How many figures of each card are measured, borrowed, assumed."""
    rows = []
    for name, card in cards().items():
        tags = Counter(leaf.tag for _, leaf in leaves(card) if isinstance(leaf, Sourced))
        rows.append((f"`{name}`", *(tags[tag] for tag in TAGS), sum(tags.values())))
    return table(("card", *TAGS, "figures"), rows)


def cities() -> str:
    """The cities, and how well their figures are known."""
    rows = []
    for city in catalogue.cities((catalogue.tree(),)):
        accounts = ", ".join(f"{name} {count:,}" for name, count in city["accounts"].items())
        posts = f"{city['posts_per_week']:g}"
        tags = [city["tags"][tag] for tag in TAGS]
        rows.append((f"`{city['name']}`", city["year"], f"{city['residents']:,}", accounts, posts, *tags))
    return table(("city", "year", "residents", "accounts, with followers", "posts a week", *TAGS), rows)


def constants() -> str:
    """Numbers that stand in the code."""
    rows = []
    for file, name, what in CONSTANTS:
        value = getattr(importlib.import_module(f"sim.{file}"), name)
        rows.append((f"`sim/{file}.py: {name}`", _number(value), what))
    return table(("where", "value", "what it is"), rows)


def kpis() -> str:
    """Every KPI: name, unit, good direction, definition."""
    return table(
        ("KPI", "unit", "good direction", "definition"),
        [(f"`{name}`", i.unit, i.direction, i.definition_en) for name, i in INDICATORS.items()],
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """What a JSON schema lets through, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "any")).replace("null", "none")
    if kind == "array":
        kind = f"list of {_kind(schema.get('items', {}))}"
    elif kind == "object":
        kind = f"{_kind(schema['additionalProperties'])} by name"
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "minItems": "at least"}
    return " ".join([kind, *(f"{word} {schema[key]:g}" for key, word in words.items() if key in schema)])


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    default = default.get("value") if isinstance(default, dict) else default
    items = default if isinstance(default, list) else [] if default is None else [default]
    return ", ".join(map(str, items)) or "none"


def _fields(model: type[Strict]) -> Iterator[tuple[str, str, str]]:
    schema = model.model_json_schema()
    for name, field in schema["properties"].items():
        if name not in ("kind", *WORDS):
            default = "required" if name in schema.get("required", ()) else _default(field)
            yield f"`{name}`", _kind(field), default


def changes_allowed() -> str:
    """Every kind of change with its fields, the slot of a calendar, a single post and an occasion."""
    models = [getattr(changes, "".join(w.title() for w in k.split("_"))) for k in changes.CHANGE_KINDS]
    return "\n\n".join(
        f"#### `{model.__name__}`\n\n{inspect.getdoc(model)}\n\n"
        + table(("field", "takes", "default"), _fields(model))
        for model in (*models, Slot, Post, Occasion)
    )


def patterns() -> str:
    """The facts that the model is held against, and whether a parameter was set on them."""
    rows = []
    for fact in read_facts():
        low, high = ("" if x is None else _number(x) for x in (fact.low, fact.high))
        band = {"told": "shown only"}.get(fact.use, f"{low} to {high}")
        source = " ".join(f"[{key}]" for key in fact.source)
        set_by = f"`{fact.set_by}`" if "." in fact.set_by else fact.set_by
        rows.append((f"`{fact.id}`", fact.label["en"], band, fact.unit, source, fact.use, set_by))
    return table(("fact", "what", "band", "unit", "source", "use", "set by"), rows)


def _named(node: Any) -> Iterator[str]:
    """Every source key that plain data name."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in ("source", "habits_source"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)


def sources() -> str:
    """The bibliography, how many entries of the scenario files rest on each source, and link targets."""
    files = catalogue.tree().rglob("*.yaml")
    uses = Counter(key for path in files for key in _named(catalogue.read(path)))
    listed = catalogue.read(catalogue.tree() / "sources.yaml")
    items = []
    for key, entry in sorted(listed.items()):
        said = ". ".join(str(entry[k]) for k in ("title", "publisher", "year", "address") if entry.get(k))
        count = f"{uses[key]}" if uses[key] else "named in notes only"
        items.append(f'- <a id="source-{key}"></a>**{key}** ({count}): {said}')
    return "\n".join([*items, "", *(f"[{key}]: #source-{key}" for key in sorted(listed))])


PARTS: dict[str, Callable[[], str]] = {
    "patterns": patterns, "parameters": parameters, "trust": trust, "cities": cities,
    "constants": constants, "kpis": kpis, "changes": changes_allowed, "sources": sources,
}  # fmt: skip


def rewritten(text: str) -> str:
    """``text`` with every generated part as the code and the files have it now. ValueError: parts amiss."""
    found = [match[2] for match in PART.finditer(text)]
    if sorted(found) != sorted(PARTS) or text.count("<!-- generated:") != len(found):
        raise ValueError(f"parts of {PAGE.name}: found {found}; needed, once each: {list(PARTS)}")
    return PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}\n{match[4]}", text)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
