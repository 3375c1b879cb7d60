"""networkx as the author and the oracle of the social graph: the generator in plain loops, in and out.

An edge u -> v means: v sees what u shares. Its attribute ``platforms`` ("facebook|twitter") names where.
"""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from sim.figures import BANDS, CIRCLES, InputError, nearest
from sim.groups import friendship_groups
from sim.recipe import Crowd, Recipe
from sim.relays import relay_follows
from sim.ties import Ties, compressed_rows, pair_strength

MAX_EXPORTED_TIES = 3_000_000
EDGE_LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".edges", ".edgelist")
GRAPHML_SUFFIXES = (".graphml", ".xml")
Warnings = list[dict[str, str]]


def friendship_graph(recipe: Recipe, crowd: Crowd, platforms: Sequence[str]) -> nx.DiGraph:
    """The same graph as ``ties.grow_ties``, tie for tie, written as plain loops over groups.

    Nodes are the residents 0..n-1. Meant for small cities: about 250 bytes and a microsecond a tie.
    """
    friends = nx.Graph()
    friends.add_nodes_from(range(crowd.size))
    for group in friendship_groups(recipe, crowd):
        pairs = np.array(list(combinations(sorted(set(group.tolist())), 2)), dtype=np.int64).reshape(-1, 2)
        strengths = pair_strength(recipe, pairs[:, 0], pairs[:, 1]).tolist()
        for (a, b), strength in zip(pairs.tolist(), strengths, strict=True):
            common = int(crowd.platform_mask[a] & crowd.platform_mask[b])
            if common and strength < recipe.density:
                friends.add_edge(a, b, strength=strength, mask=common)
    for bit, contacts in recipe.contacts:
        _keep_close_contacts(friends, bit, contacts, recipe.density)
    graph = nx.DiGraph()
    graph.add_nodes_from(friends)
    for a, b, mask in friends.edges(data="mask"):
        if mask:
            graph.add_edge(a, b, mask=mask)
            graph.add_edge(b, a, mask=mask)
    for relay in recipe.relays:
        for source, fan in zip(*(x.tolist() for x in relay_follows(recipe, relay, crowd)), strict=True):
            before = graph.edges[source, fan]["mask"] if graph.has_edge(source, fan) else 0
            graph.add_edge(source, fan, mask=before | 1 << relay.bit)
    for _, _, data in graph.edges(data=True):
        data["platforms"] = mask_to_names(data.pop("mask"), platforms)
    return graph


def _keep_close_contacts(friends: nx.Graph, bit: int, contacts: float, density: float) -> None:
    """Take platform ``bit`` off the ties that are too weak for it (see ``ties.friendship_mask``)."""
    here = [(a, b, data) for a, b, data in friends.edges(data=True) if data["mask"] >> bit & 1]
    degree = dict.fromkeys(friends, 0)
    for a, b, _ in here:
        degree[a] += 1
        degree[b] += 1
    for a, b, data in here:
        keeps = [min(1.0, contacts / degree[end]) for end in sorted((a, b))]
        if data["strength"] >= density * ((keeps[0] + keeps[1]) / 2):
            data["mask"] &= ~(1 << bit)


def mask_to_names(mask: int, platforms: Sequence[str]) -> str:
    """``"facebook|twitter"`` for the bits of ``mask``."""
    return "|".join(name for bit, name in enumerate(platforms) if mask >> bit & 1)


def to_networkx(city: Any, platform: str | None = None, residents: Iterable[int] | None = None) -> nx.DiGraph:
    """The ties of ``city`` as a networkx graph: those of one platform or of all, among some rows or all.

    Node attributes: age_band, age_years, circle, platforms, expressiveness, attachment, activity_<platform>,
    interest_<theme>. Edge attribute: platforms. Raises InputError for an unknown platform or row, and for a
    graph too large to be held as networkx objects (about 250 bytes a tie).
    """
    if platform is not None and platform not in city.platforms:
        raise InputError(f"unknown platform '{platform}'{nearest(platform, city.platforms)}")
    rows = np.arange(city.n_rows) if residents is None else np.unique(np.fromiter(residents, dtype=np.int64))
    if len(rows) and not 0 <= rows[0] <= rows[-1] < city.n_rows:
        bad = rows[0] if rows[0] < 0 else rows[-1]
        raise InputError(f"resident {bad} does not exist; allowed: 0 to {city.n_rows - 1}")
    ties, wanted = city.ties, np.zeros(city.n_rows, dtype=bool)
    wanted[rows] = True
    if int((ties.indptr[rows + 1] - ties.indptr[rows]).sum()) > MAX_EXPORTED_TIES and residents is None:
        raise InputError(
            f"{city.name}: {ties.n_ties} ties are too many for a networkx graph; "
            f"allowed: {MAX_EXPORTED_TIES}; name the residents you want"
        )
    graph = nx.DiGraph(name=city.name)
    graph.add_nodes_from((row, _attributes(city, row)) for row in rows.tolist())
    kept = (1 << len(city.platforms)) - 1 if platform is None else 1 << city.platforms.index(platform)
    for row in rows.tolist():
        part = slice(ties.indptr[row], ties.indptr[row + 1])
        for end, mask in zip(ties.target[part].tolist(), ties.mask[part].tolist(), strict=True):
            if wanted[end] and mask & kept:
                graph.add_edge(row, end, platforms=mask_to_names(mask & kept, city.platforms))
    return graph


def _attributes(city: Any, row: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "age_band": BANDS[city.age_band[row]],
        "age_years": float(city.age_years[row]),
        "circle": CIRCLES[city.circle[row]],
        "platforms": mask_to_names(int(city.platform_mask[row]), city.platforms),
        "expressiveness": float(city.expressiveness[row]),
        "attachment": float(city.attachment[row]),
    }
    out |= {f"activity_{name}": float(city.activity[k, row]) for k, name in enumerate(city.platforms)}
    out |= {f"interest_{name}": float(city.interest[k, row]) for k, name in enumerate(city.themes)}
    return out


def ties_from_networkx(
    graph: Any, platforms: Sequence[str], platform_mask: NDArray[np.uint16], origin: str = "graph"
) -> tuple[Ties, Warnings]:
    """Ties of any networkx graph whose nodes are rows of the city: 0, 1, ... or "0", "1", ...

    An undirected edge is a tie in both directions. ``platforms`` of an edge defaults to all that both ends
    use; platforms that one end does not use are left out. Self-loops are dropped; both are told in the
    warnings. Raises InputError with ``origin``, the node or edge, and what is allowed.
    """
    n_rows = len(platform_mask)
    row_of = {node: _row_of(node, n_rows, origin) for node in graph}
    uses = platform_mask.tolist()
    shift = max(1, (n_rows - 1).bit_length())
    loops = narrowed = 0
    packed: list[int] = []
    for a, b, names in graph.edges(data="platforms"):
        u, v = row_of[a], row_of[b]
        if u == v:
            loops += 1
            continue
        common = uses[u] & uses[v]
        mask = common if names is None else _names_to_mask(names, platforms, f"{origin}: edge {a!r}-{b!r}")
        narrowed += mask & common != mask or common == 0
        mask &= common
        if mask:
            packed.append((u << shift | v) << 16 | mask)
            if not graph.is_directed():
                packed.append((v << shift | u) << 16 | mask)
    ties = compressed_rows(np.array(packed, dtype=np.int64), n_rows, shift)
    return ties, _graph_warnings(origin, loops, narrowed)


def missing_nodes(graph: Any, n_residents: int, origin: str) -> Warnings:
    """Residents whom the graph does not name: told, as an edge list cannot name who has no tie.

    A GraphML file can, so there it is an InputError.
    """
    absent = n_residents - sum(1 for node in graph if int(node) < n_residents)
    if not absent:
        return []
    if origin.endswith(GRAPHML_SUFFIXES):
        raise InputError(
            f"{origin}: nodes: {n_residents - absent} of the city's {n_residents} residents are nodes; "
            f"allowed: all of 0 to {n_residents - 1} (who has no tie is a node without edges)"
        )
    return [
        {
            "fr": f"{Path(origin).name} : {absent} habitants sur {n_residents} n'y ont aucun lien.",
            "en": f"{Path(origin).name}: {absent} of {n_residents} residents have no tie in it.",
        }
    ]


def _graph_warnings(origin: str, loops: int, narrowed: int) -> Warnings:
    warnings: Warnings = []
    name = Path(origin).name
    if loops:
        warnings.append(
            {
                "fr": f"{name} : {loops} liens d'un habitant vers lui-même, écartés.",
                "en": f"{name}: {loops} ties of a resident to themselves, dropped.",
            }
        )
    if narrowed:
        warnings.append(
            {
                "fr": f"{name} : {narrowed} liens nommaient une plateforme que l'un des deux bouts "
                "n'utilise pas, ou n'en avaient aucune en commun ; ces plateformes sont retirées.",
                "en": f"{name}: {narrowed} ties named a platform that one end does not use, or had none in "
                "common; those platforms were taken off.",
            }
        )
    return warnings


def _row_of(node: Any, n_rows: int, origin: str) -> int:
    text = str(node)
    if isinstance(node, bool) or not text.isascii() or not text.isdigit() or int(text) >= n_rows:
        raise InputError(f"{origin}: node {node!r} is not a row of the city; allowed: 0 to {n_rows - 1}")
    return int(text)


def _names_to_mask(names: Any, platforms: Sequence[str], where: str) -> int:
    mask = 0
    for name in filter(None, str(names).split("|")):
        if name not in platforms:
            raise InputError(f"{where}: unknown platform '{name}'{nearest(name, platforms)}")
        mask |= 1 << platforms.index(name)
    return mask


def read_graph(path: str | Path) -> Any:
    """networkx graph of a GraphML file or an edge list, by the file's ending.

    An edge list has one tie a line: two residents and, if wanted, ``facebook|twitter``; commas, semicolons,
    tabs or spaces between them; ``#`` starts a comment. Raises InputError with the file and the line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in GRAPHML_SUFFIXES + EDGE_LIST_SUFFIXES:
        allowed = ", ".join(GRAPHML_SUFFIXES + EDGE_LIST_SUFFIXES)
        raise InputError(f"{path}: not a graph file that is known; allowed endings: {allowed}")
    try:
        if suffix in GRAPHML_SUFFIXES:
            return nx.read_graphml(path)
        return _read_edge_list(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file in UTF-8"
        raise InputError(f"{path}: cannot be read: {reason}") from None
    except (ET.ParseError, nx.NetworkXException, KeyError, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a GraphML graph: {error}") from None


def _read_edge_list(path: Path) -> nx.Graph:
    graph = nx.Graph()
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        mark = next((m for m in ",;\t" if m in text), " ")
        fields = [f.strip() for f in next(csv.reader([text], delimiter=mark)) if f.strip()]
        if not graph and number == 1 and fields[0].lower() in ("source", "from", "resident"):
            continue
        if len(fields) not in (2, 3):
            raise InputError(f"{path}: line {number}: '{text[:60]}' is not 'resident resident [platforms]'")
        graph.add_edge(fields[0], fields[1], **({"platforms": fields[2]} if len(fields) == 3 else {}))
    return graph
