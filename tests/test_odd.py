"""The ODD page: its tables are those of the code, and what it names exists."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sim import behaviour, catalogue, odd
from sim.cards import Behaviour, Platform
from sim.figures import Sourced, Strict
from sim.indicators import INDICATORS

ROOT = Path(__file__).parent.parent
TEXT = odd.PAGE.read_text(encoding="utf-8")
BY_HAND = odd.PART.sub("", TEXT)
SPAN = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"^(sim/[a-z_/]+\.py): ([A-Za-z_][A-Za-z_.]*)$")


def spans(text: str) -> set[str]:
    """What stands between backquotes, blocks of code left out."""
    return set(SPAN.findall(BLOCK.sub("", text)))


# --- up to date -----------------------------------------------------------------------------------


def test_the_page_is_up_to_date() -> None:
    now = odd.rewritten(TEXT)
    stale = [
        name
        for (_, name, old, _), (_, _, new, _) in zip(
            odd.PART.findall(TEXT), odd.PART.findall(now), strict=True
        )
        if old != new
    ]
    assert not stale, f"docs/odd.md is out of date ({', '.join(stale)}); run: {odd.COMMAND}"
    assert now == TEXT


def test_a_page_that_has_drifted_is_noticed_and_mended() -> None:
    """Negative control."""
    drifted = TEXT.replace("`behaviour.appeal.reach_sd` | 1.1", "`behaviour.appeal.reach_sd` | 1.2", 1)
    assert drifted != TEXT
    assert odd.rewritten(drifted) == TEXT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<!-- generated: kpis -->", "<!-- generated: kpi -->"),
        ("<!-- generated: kpis -->", ""),
        ("<!-- generated: trust -->", "<!-- generated: trust -->\n<!-- generated: trust -->"),
    ],
)
def test_missing_or_unknown_parts_are_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="needed, once each"):
        odd.rewritten(TEXT.replace(old, new))


# --- complete -------------------------------------------------------------------------------------


def fields_of(model: type[Strict], path: str = "") -> Iterator[str]:
    """Dotted path of every field of a card; ``*`` stands for a name that the person chooses."""
    for name, field in model.model_fields.items():
        inner = [t for t in types_in(field.annotation) if not issubclass(t, Sourced)]
        if not inner:
            yield f"{path}{name}"
        star = ".*" if typing.get_origin(field.annotation) is dict else ""
        for each in inner:
            yield from fields_of(each, f"{path}{name}{star}.")


def types_in(annotation: object) -> list[type[Strict]]:
    """The input classes in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return [annotation]
    return [found for part in typing.get_args(annotation) for found in types_in(part)]


def test_the_reader_of_fields_reads() -> None:
    paths = {*fields_of(Platform), *fields_of(Behaviour)}
    assert {"reach.share", "formats.*.hide", "passing_on.relays.exponent", "reactions"} <= paths
    assert {"hour_profiles.*.hours", "memory.affinity_floor", "interest"} <= paths
    assert not {"reach", "formats", "reach.share.value"} & paths


@pytest.mark.parametrize("card", [Platform, Behaviour])
def test_every_field_of_a_card_is_explained_by_hand(card: type[Strict]) -> None:
    assert set(fields_of(card)) - spans(BY_HAND) == set()


def test_every_equation_is_described() -> None:
    public = {
        name
        for name, function in inspect.getmembers(behaviour, inspect.isfunction)
        if function.__module__ == behaviour.__name__ and not name.startswith("_")
    }
    assert len(public) > 15
    assert {f"sim/behaviour.py: {name}" for name in public} - spans(BY_HAND) == set()


def test_tables_hold_every_parameter_indicator_and_city() -> None:
    named = spans(TEXT)
    for name, card in odd.cards().items():
        assert {path for path, _ in odd.leaves(card, name)} <= named
    assert set(INDICATORS) <= named
    assert set(catalogue.options("city", (catalogue.tree(),))) <= named


# --- true -----------------------------------------------------------------------------------------


@cache
def names_in(file: str) -> frozenset[str]:
    """Functions, classes, methods and constants of a source file, dotted."""
    found: set[str] = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [*targets, node.target] if isinstance(node, ast.AnnAssign) else targets
        found.update(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found.update(f"{node.name}.{f.name}" for f in node.body if isinstance(f, ast.FunctionDef))
    return frozenset(found)


def test_every_place_in_the_code_exists() -> None:
    named = [span for span in spans(TEXT) if span.startswith("sim/") and ":" in span]
    places = [PLACE.match(span) for span in named]
    assert len(places) > 60
    wrong = [
        span
        for span, place in zip(named, places, strict=True)
        if place is None or not (ROOT / place[1]).is_file() or place[2] not in names_in(place[1])
    ]
    assert wrong == []


def test_the_reader_of_places_reads() -> None:
    """Negative control."""
    assert {"Kernel", "Kernel.step", "Kernel._expose"} <= names_in("sim/kernel.py")
    assert {"BLOCK", "first_display"} <= names_in("sim/feed.py")
    assert not {"step", "Kernel.leap", "np"} & names_in("sim/kernel.py")


def test_the_hour_is_told_in_the_order_of_the_kernel() -> None:
    def calls(node: ast.AST) -> Iterator[str]:
        """Own methods called below ``node``, arguments before the call that takes them."""
        for child in ast.iter_child_nodes(node):
            yield from calls(child)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self._"):
            yield ast.unparse(node.func).removeprefix("self.")

    tree = ast.parse((ROOT / "sim/kernel.py").read_text(encoding="utf-8"))
    methods = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    stages = ("_fill_feeds", "_look")  # parts of the hour that the twin replaces whole
    names = [
        n for name in calls(methods["step"]) for n in (calls(methods[name]) if name in stages else [name])
    ]
    done = [name for name in dict.fromkeys(names) if "." not in name]
    chapter = BY_HAND.partition("in the order of `sim/kernel.py: Kernel.step`")[2].partition("\n## ")[0]
    told = [
        m.rpartition(".")[2] for m in SPAN.findall(chapter) if re.search(r"(Kernel|Offering|Viewers)\._", m)
    ]
    assert len(done) > 6
    assert list(dict.fromkeys(told)) == done


def test_links_lead_somewhere() -> None:
    text = SPAN.sub("", BLOCK.sub("", TEXT))
    anchors = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ (.+)$", BLOCK.sub("", TEXT), re.MULTILINE):
        anchors.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    defined = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
    used = set(re.findall(r"\[([^\]\[]+)\](?![(:])", text))
    targets = [*defined.values(), *re.findall(r"\]\(([^)]+)\)", text)]
    assert used - set(defined) == set()
    assert len(used) > 40
    for target in targets:
        file, _, anchor = target.partition("#")
        assert not file or (odd.PAGE.parent / file).exists(), target
        assert file or anchor in anchors, target


def test_the_page_is_linked_from_the_first_page() -> None:
    assert "(docs/odd.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
