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
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import merged, small_tree
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sim.city import City, build_city
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.tally import MEASURES, Tally

ADULTS = ("15-29", "30-44", "45-59", "60-74", "75+")
REACH, IMPRESSIONS, SHARES = (MEASURES.index(m) for m in ("reach", "impressions", "share"))
STANDARD_ERRORS = 4.0


def _everyone(value: float) -> dict[str, Any]:
    return {"values": dict.fromkeys(ADULTS, value)}


def _platform(p: float) -> dict[str, Any]:
    """Always visible, always passed on; a friend's share enters a feed with probability ``p``."""
    return {
        "label": "Facebook",
        "use": {"values": {2019: dict.fromkeys(ADULTS, 100)}},
        "sessions_per_day": _everyone(1e5),
        "session_gamma_shape": 1e6,
        "hour_profile": "flat",
        "reach": {"share": {"values": {2019: 1}}, "fan_share": 1, "at_followers": 1, "size_exponent": 0},
        "display": {
            "visibility": 2.0, "fast_min": 1, "fast_exponent": 1, "slow_share": 1, "slow_halflife_min": 1e9,
            "life_h": 240, "redisplay": 0, "competition_exponent": 0, "competition_floor": 1, "crowding": 1,
        },
        "reactions": {"click": 0, "like": 0, "comment": 0, "share": 1, "hide": 0},
        "react_by_band": _everyone(1),
        "formats": {"link": {}},
        "passing_on": {"friend_offer": p, "divided_attention": 0, "endorsement": 1, "stranger": 1},
        "audience": {
            "discovery_per_month": 0, "follow_if_shared": 0, "follow_if_mentioned": 0,
            "unfollow_per_month": 0, "unfollow_if_overposted": 0,
            "overpost_threshold_per_day": 1e3, "follow_by_band": _everyone(1),
            "cost_per_fan_eur": 1, "paid_fan_activity": 1,
        },
    }  # fmt: skip


def _scenario(residents: int, seeds: int, p: float, posts: int = 1) -> Scenario:
    """``posts`` posts of one account (at most 48 of each minute of the day, on Monday and Tuesday)."""
    days = ["mon", "tue"] if posts > 1 else ["mon"]
    slots = [
        {
            "days": days,
            "at": f"{n % 24:02d}:{n // 24:02d}",
            "theme": "services",
            "format": "link",
            "every_weeks": 52,
        }
        for n in range(max(posts // 2, 1))
    ]
    tree = small_tree(residents)
    behaviour = {
        "attachment_sd": 0, "interest_sd": 0,
        "interest": {"services": _everyone(1)},
        "expressiveness_share": {"active": 1.0, "occasional": 0.0, "silent": 0.0},
        "expressiveness_level": {"active": 1.0, "occasional": 1.0, "silent": 1.0},
        "appeal": {"reach_sd": 0, "reaction_sd": 0, "reaction_on_reach": 0},
        "memory": {"fatigue_elasticity": 0, "affinity_gain": 0, "affinity_loss_if_hidden": 0,
                   "novelty_depth": 0, "exposure_exponent": 0},
    }  # fmt: skip
    tree = merged(tree, {"behaviour": behaviour})
    tree["behaviour"]["interest"] = {"services": _everyone(1)}
    tree["behaviour"]["hour_profiles"] = {
        "flat": {"hours": {"values": {"all": [1] * 24}}, "weekdays": [1] * 7}
    }
    tree["platform"] = {"facebook": _platform(p)}
    tree["city"]["population"]["percent_by_band"]["values"] = {"0-14": 0, **dict.fromkeys(ADULTS, 20)}
    tree["city"]["accounts"] = {"town": {"platform": "facebook", "followers": seeds, "slots": slots}}
    return Scenario.from_dict(tree)


def _run(scenario: Scenario, city: City, replicate: int = 0, seed: int = 1) -> Tally:
    return Kernel(build_laws(scenario, city, seed), city, seed, replicate).run()


def _reached(tally: Tally) -> set[int]:
    return set(np.flatnonzero(tally.reached).tolist())


def _seeds(city: City) -> list[int]:
    return city.followers["town"].tolist()


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
    scenario = _scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    tally = _run(scenario, city)
    assert _reached(tally) == _descendants(graph, _seeds(city))
    assert tally.posts[0, REACH] == tally.posts[0, SHARES] == len(_reached(tally))


@pytest.mark.parametrize("name", ["directed", "directed_disconnected"])
def test_the_direction_of_a_tie_matters(name: str) -> None:
    """Negative control: the descendants along the ties turned round are somebody else."""
    graph = GRAPHS[name](200)
    scenario = _scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    assert _reached(_run(scenario, city)) != _descendants(graph.reverse(), _seeds(city))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), directed=st.booleans(), ties=st.floats(0.5, 2.0))
def test_descendants_of_any_random_graph(seed: int, directed: bool, ties: float) -> None:
    graph = nx.gnp_random_graph(60, ties / 60, seed=seed, directed=directed)
    scenario = _scenario(60, seeds=2, p=1.0)
    city = build_city(scenario, seed, graph)
    assert _reached(_run(scenario, city, seed=seed)) == _descendants(graph, _seeds(city))


def test_at_probability_zero_the_reach_is_the_seeds() -> None:
    graph = GRAPHS["dense"](200)
    scenario = _scenario(200, seeds=7, p=0.0)
    city = build_city(scenario, 1, graph)
    assert _reached(_run(scenario, city)) == set(_seeds(city))


def test_the_agents_tell_the_same_cascade() -> None:
    graph = GRAPHS["preferential"](200)
    scenario = _scenario(200, seeds=3, p=0.4)
    city = build_city(scenario, 1, graph)
    assert AgentCity(scenario, city, 1, 0).run().same_as(_run(scenario, city)) == []


def test_depth_is_the_farthest_shortest_path() -> None:
    """At probability one with a session at once, generations are breadth-first levels."""
    graph = GRAPHS["small_world"](200)
    scenario = _scenario(200, seeds=3, p=1.0)
    city = build_city(scenario, 1, graph)
    tally = _run(scenario, city)
    levels = nx.multi_source_dijkstra_path_length(graph, set(_seeds(city)))
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
        scenario = _scenario(80, seeds=2, p=p)
        city = build_city(scenario, seed, graph)
        now = _reached(_run(scenario, city, seed=seed))
        assert before <= now
        before = now
    assert before <= _descendants(graph, _seeds(city))


def test_two_seeds_do_lose_residents() -> None:
    """Negative control: without common draws the larger probability does lose somebody."""
    graph = GRAPHS["dense"](200)
    low, high = _scenario(200, 2, 0.30), _scenario(200, 2, 0.35)
    city = build_city(low, 1, graph)
    lost = [_reached(_run(low, city, r)) - _reached(_run(high, city, r + 100)) for r in range(5)]
    assert any(lost)


# --- bond percolation -------------------------------------------------------------------------------

POSTS = 600


def _percolation(graph: Any, seeds: list[int], p: float, n: int) -> np.ndarray:
    """Sizes of the seeds' components when each undirected edge is kept with probability ``p``."""
    rng = np.random.Generator(np.random.PCG64(11))
    ends = np.array(graph.edges).T
    size = graph.number_of_nodes()
    out = np.empty(n)
    for i in range(n):
        kept = ends[:, rng.random(ends.shape[1]) < p]
        matrix = coo_array((np.ones(kept.shape[1]), (kept[0], kept[1])), shape=(size, size))
        _, label = connected_components(matrix, directed=False)
        out[i] = np.isin(label, label[seeds]).sum()
    return out


@cache
def _sizes(name: str, p: float) -> tuple[Any, list[int], np.ndarray]:
    graph = GRAPHS[name](300)
    scenario = _scenario(300, seeds=2, p=p, posts=POSTS)
    city = build_city(scenario, 1, graph)
    return graph, _seeds(city), _run(scenario, city).posts[:, REACH].astype(float)


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
    scenario = _scenario(n, seeds=1, p=p, posts=posts)
    root = _seeds(build_city(scenario, 1, nx.empty_graph(1)))[0]
    swapped = nx.relabel_nodes(tree, {0: root, root: 0})
    city = build_city(scenario, 1, swapped)
    assert _seeds(city) == [root]
    return _run(scenario, city).posts[:, REACH].astype(float)


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
