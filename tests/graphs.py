"""Graphs as compressed rows, for the reduced model and for other people's tools alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Rows:
    """Edges u -> v for v in ``target[indptr[u]:indptr[u + 1]]``, v sorted; both ways if not ``is_directed``.

    ``indptr`` int64[n + 1], ``target`` int32[m].
    """

    indptr: NDArray[np.int64]
    target: NDArray[np.int32]
    is_directed: bool

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    def degree(self) -> NDArray[np.int64]:
        """Edges that leave each node."""
        return np.diff(self.indptr)

    def edges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Both ends of every edge; of an undirected graph each edge once, the lower end first."""
        source = np.repeat(np.arange(self.n), self.degree())
        target = self.target.astype(np.int64)
        kept = slice(None) if self.is_directed else source < target
        return source[kept], target[kept]

    def lists(self) -> list[list[int]]:
        """The neighbours of every node as plain lists."""
        ends, bounds = self.target.tolist(), self.indptr.tolist()
        return [ends[a:b] for a, b in pairwise(bounds)]

    def matrix(self) -> csr_array:
        """The adjacency matrix, rows to columns, of ones."""
        return csr_array((np.ones(len(self.target)), self.target, self.indptr), shape=(self.n, self.n))

    def networkx(self) -> Any:
        """A networkx Graph or DiGraph on nodes 0, 1, ..."""
        graph = nx.DiGraph() if self.is_directed else nx.Graph()
        graph.add_nodes_from(range(self.n))
        graph.add_edges_from(zip(*(ends.tolist() for ends in self.edges()), strict=True))
        return graph


def rows_of(graph: Any) -> Rows:
    """Compressed rows of a networkx graph whose nodes are 0, 1, ..."""
    ends = [sorted(graph.adj[u]) for u in range(graph.number_of_nodes())]
    target = np.fromiter(chain.from_iterable(ends), dtype=np.int32)
    return Rows(np.cumsum([0, *map(len, ends)], dtype=np.int64), target, graph.is_directed())


def chung_lu(n: int, degree: float, exponent: float = 2.8, seed: int = 1) -> Rows:
    """An undirected Chung-Lu graph without loops or double edges, the same on every machine.

    Expected degrees follow a power law of this ``exponent``, of mean ``degree`` (a little less where double
    edges are drawn), capped at sqrt(n * degree) so that no pair is an edge with a chance above one.
    """
    weight = (1.0 - (np.arange(n) + 0.5) / n) ** (-1.0 / (exponent - 1.0))
    for _ in range(50):
        weight = np.minimum(weight * (degree / weight.mean()), np.sqrt(n * degree))
    bounds = np.cumsum(np.round(weight * 2.0**20))  # whole numbers: their sums are exact
    rng = np.random.Generator(np.random.PCG64(seed))
    ends = np.searchsorted(bounds / bounds[-1], rng.random((2, round(n * degree / 2))), side="right")
    ends = rng.permutation(n)[np.minimum(ends, n - 1)]
    low, high = ends.min(axis=0), ends.max(axis=0)
    pair = np.unique((low * n + high)[low < high])
    return both_ways(n, pair // n, pair % n)


def both_ways(n: int, low: NDArray[np.int64], high: NDArray[np.int64]) -> Rows:
    """Compressed rows of undirected edges, each given once."""
    source, target = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.lexsort((target, source))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))]).astype(np.int64)
    return Rows(indptr, target[order].astype(np.int32), is_directed=False)
