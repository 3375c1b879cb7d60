"""The reduced model is the independent cascade: exactly, and in distribution.

Sessions come at once, one platform, constant probabilities: everything is said in the data, nothing in the
code. Each post is then one independent cascade from the account's followers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import networkx as nx
import numpy as np
import pytest
from graphs import rows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from reduced import reduced_scenario, run_reduced, seeds_of
from tools import TOOLS

from sim.city import build_city
from sim.specification import AgentCity
from sim.tally import MEASURES, Tally

REACH, IMPRESSIONS, SHARES = (MEASURES.index(m) for m in ("reach", "impressions", "share"))
STANDARD_ERRORS = 4.0


def _reached(tally: Tally) -> set[int]:
    return set(np.flatnonzero(tally.reached).tolist())


def _within(observed: np.ndarray, expected: float, extra_error: float = 0.0) -> bool:
    """Whether the mean of ``observed`` lies within four standard errors of ``expected``."""
    error = np.hypot(observed.std(ddof=1) / np.sqrt(len(observed)), extra_error)
    return bool(abs(observed.mean() - expected) < STANDARD_ERRORS * error)


# --- exactly ----------------------------------------------------------------------------------------

GRAPHS = {
    "sparse": lambda n: nx.gnp_random_graph(n, 1.2 / n, seed=1),
    "disconnected": lambda n: nx.gnp_random_graph(n, 0.6 / n, seed=2),
    "dense": lambda n: nx.gnp_random_graph(n, 8 / n, seed=3),
    "directed": lambda n: nx.gnp_random_graph(n, 1.5 / n, seed=4, directed=True),
    "directed_disconnected": lambda n: nx.gnp_random_graph(n, 0.7 / n, seed=5, directed=True),
    "ring": lambda n: nx.cycle_graph(40),
    "one_way_path": lambda n: nx.path_graph(60, create_using=nx.DiGraph),
    "no_tie": nx.empty_graph,
    "small_world": lambda n: nx.connected_watts_strogatz_graph(n, 4, 0.05, seed=6),
    "preferential": lambda n: nx.barabasi_albert_graph(n, 2, seed=7),
}


def _descendants(graph: Any, seeds: list[int]) -> set[int]:
    found = set(seeds)
    for seed in seeds:
        found |= nx.descendants(graph, seed) if seed in graph else set()
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_at_probability_one_the_reach_is_the_descendants(name: str) -> None:
    graph = GRAPHS[name](200)
    scenario = reduced_scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    tally = run_reduced(scenario, city)
    assert _reached(tally) == _descendants(graph, seeds_of(city))
    assert tally.posts[0, REACH] == tally.posts[0, SHARES] == len(_reached(tally))


@pytest.mark.parametrize("name", ["directed", "directed_disconnected"])
def test_the_direction_of_a_tie_matters(name: str) -> None:
    """Negative control: the descendants along the ties turned round are somebody else."""
    graph = GRAPHS[name](200)
    scenario = reduced_scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    assert _reached(run_reduced(scenario, city)) != _descendants(graph.reverse(), seeds_of(city))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), directed=st.booleans(), ties=st.floats(0.5, 2.0))
def test_descendants_of_any_random_graph(seed: int, directed: bool, ties: float) -> None:
    graph = nx.gnp_random_graph(60, ties / 60, seed=seed, directed=directed)
    scenario = reduced_scenario(60, seeds=2, p=1.0)
    city = build_city(scenario, seed, graph)
    assert _reached(run_reduced(scenario, city, seed=seed)) == _descendants(graph, seeds_of(city))


def test_at_probability_zero_the_reach_is_theseeds_of() -> None:
    graph = GRAPHS["dense"](200)
    scenario = reduced_scenario(200, seeds=7, p=0.0)
    city = build_city(scenario, 1, graph)
    assert _reached(run_reduced(scenario, city)) == set(seeds_of(city))


def test_the_agents_tell_the_same_cascade() -> None:
    graph = GRAPHS["preferential"](200)
    scenario = reduced_scenario(200, seeds=3, p=0.4)
    city = build_city(scenario, 1, graph)
    assert AgentCity(scenario, city, 1, 0).run().same_as(run_reduced(scenario, city)) == []


def test_depth_is_the_farthest_shortest_path() -> None:
    """At probability one with a session at once, generations are breadth-first levels."""
    graph = GRAPHS["small_world"](200)
    scenario = reduced_scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    tally = run_reduced(scenario, city)
    levels = nx.multi_source_dijkstra_path_length(graph, set(seeds_of(city)))
    # Everyone shares, so the last share is one generation below the last display.
    assert tally.depth[0] == max(levels.values()) + 1
    by_depth = np.bincount(list(levels.values()))
    assert tally.share_depth[0, 1 : len(by_depth) + 1].tolist() == by_depth.tolist()[:15]


# --- monotone ---------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    probabilities=st.lists(st.floats(0, 1), min_size=2, max_size=4),
    directed=st.booleans(),
)
def test_raising_the_probability_never_loses_a_resident(
    seed: int, probabilities: list[float], directed: bool
) -> None:
    graph = nx.gnp_random_graph(80, 2.5 / 80, seed=seed, directed=directed)
    before: set[int] = set()
    for p in sorted(probabilities):
        scenario = reduced_scenario(80, seeds=2, p=p)
        city = build_city(scenario, seed, graph)
        now = _reached(run_reduced(scenario, city, seed=seed))
        assert before <= now
        before = now
    assert before <= _descendants(graph, seeds_of(city))


def test_two_seeds_do_lose_residents() -> None:
    """Negative control: without common draws the larger probability does lose somebody."""
    graph = GRAPHS["dense"](200)
    low, high = reduced_scenario(200, 2, 0.30), reduced_scenario(200, 2, 0.35)
    city = build_city(low, 1, graph)
    lost = [
        _reached(run_reduced(low, city, r)) - _reached(run_reduced(high, city, r + 100)) for r in range(5)
    ]
    assert any(lost)


# --- bond percolation -------------------------------------------------------------------------------

POSTS = 600


def _percolation(graph: Any, seeds: list[int], p: float, n: int) -> np.ndarray:
    """Sizes of the seeds' components when each undirected edge is kept with probability ``p``."""
    return np.fromiter(TOOLS["percolation"].sizes(rows_of(graph), seeds, p, n, seed=11), dtype=float)


@cache
def _sizes(name: str, p: float) -> tuple[Any, list[int], np.ndarray]:
    graph = GRAPHS[name](300)
    scenario = reduced_scenario(300, seeds=2, p=p, posts=POSTS)
    city = build_city(scenario, 1, graph)
    return graph, seeds_of(city), run_reduced(scenario, city).posts[:, REACH].astype(float)


@pytest.mark.parametrize(
    ("name", "p"), [("dense", 0.12), ("dense", 0.2), ("small_world", 0.5), ("preferential", 0.25)]
)
def test_sizes_agree_with_bond_percolation(name: str, p: float) -> None:
    graph, seeds, sizes = _sizes(name, p)
    expected = _percolation(graph, seeds, p, 2500)
    assert len(sizes) == POSTS
    assert _within(sizes, expected.mean(), expected.std() / np.sqrt(len(expected)))
    # Not only the mean: the share of cascades above the median and of those that die at once.
    for mark in (np.median(expected), np.quantile(expected, 0.2), np.quantile(expected, 0.9)):
        chance = (expected > mark).mean()
        error = np.sqrt(chance * (1 - chance) * (1 / POSTS + 1 / len(expected)))
        assert abs((sizes > mark).mean() - chance) < STANDARD_ERRORS * error


@pytest.mark.parametrize("wrong", [0.18, 0.22])
def test_a_wrong_probability_is_seen_by_percolation(wrong: float) -> None:
    graph, seeds, sizes = _sizes("dense", 0.2)
    expected = _percolation(graph, seeds, wrong, 2500)
    assert not _within(sizes, expected.mean(), expected.std() / np.sqrt(len(expected)))


# --- branching process --------------------------------------------------------------------------------


def _tree_sizes(arity: int, depth: int, p: float, posts: int) -> np.ndarray:
    """Sizes of cascades from the root of a directed tree of the given arity and depth."""
    tree = nx.balanced_tree(arity, depth, create_using=nx.DiGraph)
    n = tree.number_of_nodes()
    scenario = reduced_scenario(n, seeds=1, p=p, posts=posts)
    root = seeds_of(build_city(scenario, 1, nx.empty_graph(1)))[0]
    swapped = nx.relabel_nodes(tree, {0: root, root: 0})
    city = build_city(scenario, 1, swapped)
    assert seeds_of(city) == [root]
    return run_reduced(scenario, city).posts[:, REACH].astype(float)


@pytest.mark.parametrize(("arity", "depth", "p"), [(2, 11, 0.25), (3, 7, 0.1)])
def test_sizes_agree_with_a_branching_process(arity: int, depth: int, p: float) -> None:
    """Galton-Watson with Binomial(arity, p) children: mean total size 1 / (1 - m), sizes 1 and 2, spread."""
    sizes = _tree_sizes(arity, depth, p, 800)
    m = arity * p
    assert m ** (depth + 1) / (1 - m) < 0.1 * sizes.std() / np.sqrt(len(sizes))  # the tree is deep enough
    assert _within(sizes, 1 / (1 - m))
    assert _within((sizes == 1).astype(float), (1 - p) ** arity)
    # Dwass: P(total = 2) = P(two Binomials sum to 1) / 2.
    assert _within((sizes == 2).astype(float), 2 * arity * p * (1 - p) ** (2 * arity - 1) / 2)
    variance = arity * p * (1 - p) / (1 - m) ** 3
    assert _within((sizes - sizes.mean()) ** 2, variance)


def test_a_wrong_probability_is_seen_by_the_branching_process() -> None:
    sizes = _tree_sizes(2, 11, 0.3, 800)
    assert not _within(sizes, 1 / (1 - 2 * 0.25))
    assert _within(sizes, 1 / (1 - 2 * 0.3))
