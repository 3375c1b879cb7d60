"""Who may import whom: the architecture's directions, read from the source, and what a bare import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SIM = ROOT / "sim"
FILES = sorted(SIM.rglob("*.py"))
NAMES = [path.relative_to(SIM).as_posix() for path in FILES]

# The rooms in which a library may be named; everywhere else its import is a mistake.
ROOMS = {
    "hydra": {"compose.py", "config_source.py", "overrides.py"},
    "omegaconf": {"compose.py", "config_source.py", "overrides.py"},
    "mesa": {"model.py", "specification.py", "specified_resident.py"},
    "networkx": {"graph_io.py", "city.py", "ties.py"},
    "yaml": {
        "catalogue.py",
        "config_source.py",
        "scan.py",
        "study.py",
        "reporting.py",
        "provenance.py",
        "store.py",
        "loading.py",
        "sweep.py",
    },
    "numba": {"compiled/build.py"},
    "llvmlite": {"compiled/build.py"},
    "distributed": {"cluster.py"},
    "dask_jobqueue": {"cluster.py"},
    "SALib": {"screening.py"},
}
# Rooms that may import, of this package, only what is named.
INWARD = {
    "figures": set(),
    "draws": set(),
    "indicator": set(),
    "community_indicators": {"indicator"},
    "service_indicators": {"indicator"},
    "indicators": {"community_indicators", "indicator", "service_indicators"},
    "adaptive": {"figures", "notation"},
    "helped": {"adaptive", "draws", "figures", "recipe", "relays", "scenario", "ties"},
    "notation": {"figures"},
    "cards": {"elsewhere", "figures", "notation", "planning", "staff"},
    "staff": {"figures", "notation"},
    "elsewhere": {"figures", "notation"},
    "outreach": {"elsewhere", "figures", "notation"},
    "outreach_checks": {"accounts", "cards", "checks", "figures", "outreach", "scenario"},
    "aiming": {"accounts", "calendar", "draws", "figures", "outreach", "scenario", "sessions"},
    "fans": {"cards", "draws", "figures", "scenario"},
    "lending": {"aiming", "behaviour", "city", "draws", "laws", "schedule", "sessions"},
    "offers": {
        "aiming", "behaviour", "city", "displays", "draws", "feed", "laws", "lending", "reactions",
        "sessions", "tally",
    },
    "unmatched": {"accounts", "cards", "figures", "outreach_words", "scenario", "schedule"},
    "team": {"calendar", "changes", "figures", "scenario", "sessions", "staff"},
    "conversation": {"changes", "draws", "figures", "occasions", "scenario", "schedule", "sessions", "tally"},
    "desk": {"conversation", "draws", "sessions", "tally"},
    "dialogue": {"audience", "city", "conversation", "desk", "draws", "laws", "sessions", "tally"},
    "content": {"cards", "figures", "notation"},
    "occasions": {"figures", "notation", "sessions"},
    "changes": {"adaptive", "cards", "content", "figures", "notation", "outreach", "staff"},
    "checks": {"accounts", "adaptive", "changes", "figures", "planning", "scenario", "staff"},
    "content_checks": {"accounts", "changes", "checks", "content", "figures", "scenario"},
    "scenario": {
        "cards", "changes", "checks", "content", "content_checks", "figures", "names", "notation",
        "occasions", "outreach_checks",
    },
    "engine": {"figures"},
    "worker": set(),
    "machine": set(),
    "local": {"worker"},
    "request": {"cards", "engine", "figures", "notation", "scenario"},
    "sessions": {"cards", "draws", "figures"},
    "behaviour": {"cards", "sessions"},
    "feed": {"behaviour", "cards", "draws", "figures", "sessions"},
    "planning": {"figures"},
    "names": {"catalogue", "figures", "scenario", "staff"},
    "accounts": {"changes", "scenario"},
    "calendar": {
        "accounts", "cards", "changes", "draws", "elsewhere", "figures", "planning", "scenario", "sessions",
    },
    "editing": {"accounts", "calendar", "content", "figures", "scenario", "sessions"},
    "schedule": {
        "accounts", "aiming", "behaviour", "calendar", "changes", "content", "draws", "editing", "figures",
        "occasions", "planning", "scenario", "sessions", "team",
    },
    "tally": {"cards", "figures"},
    "laws": {
        "behaviour", "cards", "city", "conversation", "draws", "feed", "figures", "occasions", "scenario",
        "schedule", "sessions",
    },
    "audience": {
        "accounts", "behaviour", "cards", "city", "draws", "figures", "laws", "schedule", "sessions",
    },
    "displays": {"behaviour", "laws", "sessions"},
    "reactions": {
        "audience", "behaviour", "cards", "city", "dialogue", "displays", "draws", "laws", "lending",
        "sessions", "tally",
    },
    "kernel": {
        "audience", "behaviour", "city", "displays", "draws", "feed", "figures", "laws", "offers",
        "reactions", "sessions", "tally",
    },
    "kpi": {"book", "city", "community", "figures", "indicators", "laws", "service", "tally"},
    "book": {"city", "laws", "tally"},
    "community": {"book", "figures", "tally"},
    "kernels": {"figures", "kernel", "kernel_compiled"},
    "spread": {"compiled", "draws", "figures", "kernels", "ties"},
    "takeoff": {"behaviour", "city", "draws", "intervals", "laws", "spread"},
    "kernel_compiled": {
        "city", "compiled", "displays", "figures", "kernel", "laws", "lending", "reactions", "sessions",
        "tally",
    },
    "review": {
        "adaptive", "calendar", "cards", "city", "draws", "kernel", "laws", "planning", "sessions", "tally",
    },
}  # fmt: skip
NUMERIC = (
    "kernel",
    "kernel_compiled",
    "offers",
    "lending",
    "reactions",
    "displays",
    "feed",
    "behaviour",
    "sessions",
    "draws",
    "tally",
    "laws",
    "audience",
    "spread",
    "takeoff",
)
NOT_IN_NUMERIC = {
    "pandas",
    "pydantic",
    "yaml",
    "json",
    "csv",
    "io",
    "pathlib",
    "os",
    "rich",
    "matplotlib",
    "jinja2",
}
ENTRANCES = {
    "cli",
    "sweep",
    "asked",
    "plan",
    "study",
    "loading",
    "reporting",
    "report",
    "terminal",
    "store",
    "compose",
    "model",
    "validate",
    "sensitivity",
    "examined",
    "pages",
    "figure_verbs",
    "spread_verb",
    "stages",
}


@cache
def _imports(path: Path, typing_too: bool = False) -> frozenset[str]:
    """Dotted names of everything that ``path`` imports, also inside functions; ``if TYPE_CHECKING`` apart."""
    found: set[str] = set()
    package = ["sim", *path.relative_to(SIM).parent.parts] if path.is_relative_to(SIM) else []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing_too:
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


def _libraries(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def _rooms(path: Path) -> set[str]:
    """Modules of this package that ``path`` imports."""
    known = {p.stem for p in SIM.glob("*.py")} | {p.name for p in SIM.iterdir() if p.is_dir()}
    return {n.split(".")[1] for n in _imports(path) if n.startswith("sim.")} & known


def _file(stem: str) -> Path:
    return SIM / f"{stem}.py"


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    users = {name for name, path in zip(NAMES, FILES, strict=True) if library in _libraries(path)}
    assert users <= ROOMS[library]


def test_the_reader_of_imports_reads(tmp_path: Path) -> None:
    """Negative control: imports in functions are seen, those that only serve types are not."""
    path = tmp_path / "x.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n"
        "def f():\n    import hydra.core\n    from numpy import random\n"
    )
    assert {"hydra.core", "numpy.random"} <= _imports(path)
    assert "pandas" not in _imports(path)
    assert "pandas" in _imports(path, typing_too=True)
    assert _libraries(SIM / "compose.py") >= {"hydra", "omegaconf"}
    assert _libraries(SIM / "model.py") >= {"mesa"}


@pytest.mark.parametrize("stem", INWARD)
def test_a_room_imports_inwards_only(stem: str) -> None:
    assert _rooms(_file(stem)) <= INWARD[stem]


@pytest.mark.parametrize("stem", NUMERIC)
def test_the_hot_rooms_know_no_tables_and_no_files(stem: str) -> None:
    assert _libraries(_file(stem)) & NOT_IN_NUMERIC == set()


COMPILED = {  # the inner loops know equations, tables and counts; only who calls them, cities and states
    "__init__": set(),
    "build": set(),
    "arrays": set(),
    "room": {"figures"},
    "arithmetic": {"behaviour", "compiled", "sessions"},
    "feeding": {"compiled", "feed", "figures", "sessions", "tally"},
    "publishing": {"compiled", "figures", "tally"},
    "sorting": {"compiled"},
    "requests": {"conversation", "desk"},
    "answering": {"compiled", "conversation", "desk", "sessions", "tally"},
    "sharing": {"compiled", "tally"},
    "spreading": {"compiled", "spread"},
    "seeing": {"cards", "compiled", "figures", "tally"},
    "looking": {"compiled"},
    "moving": {"compiled", "figures", "tally"},
    "speaking": {"compiled", "conversation", "sessions", "tally"},
    "weekly": {"compiled", "tally"},
    "coming": {"accounts", "audience", "city", "compiled", "conversation", "draws", "laws", "sessions"},
    "talking": {"city", "compiled", "conversation", "dialogue", "laws", "sessions", "tally"},
    "packing": {"audience", "city", "compiled", "laws", "reactions", "tally"},
    "handing": {"compiled", "figures", "sessions"},
}


def test_the_compiled_rooms_import_inwards_only() -> None:
    assert {path.stem for path in (SIM / "compiled").glob("*.py")} == set(COMPILED)
    for stem, allowed in COMPILED.items():
        assert _rooms(SIM / "compiled" / f"{stem}.py") <= allowed, stem


@pytest.mark.parametrize("name", NAMES)
def test_nothing_imports_tests_or_the_calibration(name: str) -> None:
    assert _libraries(SIM / name) & {"tests", "calibration", "pytest", "hypothesis"} == set()


def test_the_calibration_is_above_the_simulator() -> None:
    for path in (ROOT / "calibration").rglob("*.py"):
        assert "tests" not in _libraries(path)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if Path(n).stem not in ENTRANCES and not n.startswith("report/")]
)
def test_inner_rooms_do_not_know_the_entrances(name: str) -> None:
    """What a person types, what is stored and how it is drawn is no business of the model."""
    allowed = {"__init__.py": {"loading", "study"}, "checkpoint.py": {"store"}, "explain.py": {"report"},
               "completion.py": ENTRANCES, "phrases.py": {"report"}}.get(name, set())  # fmt: skip
    if name.endswith("_words.py"):  # what a kind of change is called
        allowed = {"report"}
    assert _rooms(SIM / name) & ENTRANCES <= allowed


def test_imports_have_no_circle() -> None:
    """Top-level imports can be ordered: each room after those that it imports (functions may look back)."""
    edges: dict[str, set[str]] = {}
    for path in SIM.glob("*.py"):
        if path.stem == "__init__":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sim":
                parts = (node.module or "").split(".")
                top |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        edges[path.stem] = top & {p.stem for p in SIM.glob("*.py")}
    done: set[str] = set()
    while len(done) < len(edges):
        free = {room for room, needs in edges.items() if room not in done and needs <= done}
        assert free, f"a circle among {sorted(set(edges) - done)}"
        done |= free


@pytest.mark.parametrize("name", NAMES)
def test_no_randomness_but_the_keyed_draws(name: str) -> None:
    """No stream, no global state, no clock as a seed: ``random`` and ``numpy.random`` are never named."""
    path = SIM / name
    assert not {n for n in _imports(path) if n == "random" or n.startswith(("random.", "numpy.random"))}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr == "random":
            assert ast.unparse(node.value) not in ("np", "numpy"), f"line {node.lineno}"


def _loaded(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


HEAVY = {
    "numpy",
    "pandas",
    "scipy",
    "hydra",
    "omegaconf",
    "mesa",
    "networkx",
    "pydantic",
    "matplotlib",
    "yaml",
    "rich",
}


def test_importing_the_package_is_light() -> None:
    assert _loaded("import sim") & HEAVY == set()
    assert _loaded("from sim import load, run, compare") & HEAVY == set()
    assert _loaded("import sim.kernel") & HEAVY >= {"numpy", "pydantic"}  # negative control


def test_a_run_needs_neither_mesa_nor_hydra() -> None:
    """Sweeps and studies never build a Mesa model; below the entrance nobody knows Hydra."""
    loaded = _loaded("import sim.study")
    assert loaded & {"mesa", "hydra", "omegaconf", "networkx"} == set()
    assert "numpy" in loaded


def test_source_has_the_files_that_the_rules_name() -> None:
    """A rule about a room that no longer exists would hold for ever."""
    for stem in (*INWARD, *NUMERIC):
        assert _file(stem).is_file(), stem
    for library in ("hydra", "mesa", "networkx"):
        assert any(library in _libraries(SIM / room) for room in ROOMS[library] if (SIM / room).is_file())
