"""The social graph: identical by both authors, symmetric, cut to close contacts, and like real ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from sim.figures import InputError
from sim.graph_io import friendship_graph, read_graph, ties_from_networkx
from sim.groups import Groups, friendship_groups
from sim.population import People, build_people
from sim.recipe import Crowd, Recipe
from sim.relays import _cumulated_shares, relay_follows
from sim.scenario import Scenario
from sim.ties import Ties, compressed_rows, grow_ties
from tests.inputs import small_scenario

PLATFORMS = ("facebook", "instagram", "snapchat", "twitter")
NO_RELAYS = {name: {"passing_on": {"relays": None}} for name in ("instagram", "twitter")}


def crowd_of(people: People) -> Crowd:
    n = people.n_residents
    return Crowd(people.age_band[:n], people.age_years[:n], people.platform_mask[:n])


@cache
def grown(residents: int, seed: int = 1, **ties: float) -> tuple[Scenario, People, Ties]:
    scenario = small_scenario(residents, behaviour={"ties": ties}, city={"in_city_ties": 0.35})
    people = build_people(scenario, seed)
    return scenario, people, grow_ties(Recipe.of(scenario, seed), crowd_of(people), people.n_rows)


def edges(ties: Ties) -> dict[tuple[int, int], int]:
    source = np.repeat(np.arange(len(ties.indptr) - 1), np.diff(ties.indptr))
    keys = zip(source.tolist(), ties.target.tolist(), strict=True)
    return dict(zip(keys, ties.mask.tolist(), strict=True))


def same(a: Ties, b: Ties) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("indptr", "target", "mask"))


# --- two authors, one graph -------------------------------------------------------------------------


@pytest.mark.parametrize(("residents", "seed"), [(40, 1), (250, 2), (250, 3), (600, 1)])
def test_networkx_route_and_array_route_are_identical(residents: int, seed: int) -> None:
    scenario = small_scenario(residents, behaviour={"ties": {"friends_mean": 60}})
    people = build_people(scenario, seed)
    recipe = Recipe.of(scenario, seed)
    graph = friendship_graph(recipe, crowd_of(people), people.platforms)
    by_hand, warnings = ties_from_networkx(graph, people.platforms, people.platform_mask)
    ties = grow_ties(recipe, crowd_of(people), people.n_rows)
    assert warnings == []
    assert ties.n_ties == graph.number_of_edges() > residents
    assert same(ties, by_hand)
    other = grow_ties(Recipe.of(scenario, seed + 10), crowd_of(people), people.n_rows)
    assert not same(ties, other)


def test_the_order_and_the_batches_of_groups_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, people, ties = grown(2000)
    recipe, crowd = Recipe.of(scenario, 1), crowd_of(people)
    groups = friendship_groups(recipe, crowd)
    reversed_groups = [g[::-1] for g in groups][::-1]
    start = np.concatenate([[0], np.cumsum([len(g) for g in reversed_groups])])
    shuffled = Groups(np.concatenate(reversed_groups), start)
    monkeypatch.setattr("sim.ties.friendship_groups", lambda *_: shuffled)
    monkeypatch.setattr("sim.ties._CHUNK", 700)
    monkeypatch.setattr("sim.ties._BLOCK", 1000)
    assert same(ties, grow_ties(recipe, crowd, people.n_rows))


def test_equal_keys_merge_their_platforms() -> None:
    entries = [(0, 2, 1), (0, 2, 4), (1, 0, 2), (0, 1, 1), (0, 2, 1), (3, 3, 8)]
    packed = np.array([(u << 2 | v) << 16 | mask for u, v, mask in entries], dtype=np.int64)
    ties = compressed_rows(packed, 5, 2)
    assert edges(ties) == {(0, 1): 1, (0, 2): 5, (1, 0): 2, (3, 3): 8}
    assert ties.indptr.tolist() == [0, 2, 3, 3, 4, 4]
    assert (ties.indptr.dtype, ties.target.dtype, ties.mask.dtype) == (np.int64, np.int32, np.uint16)
    assert ties.degree().tolist() == [2, 1, 0, 1, 0]
    assert ties.degree(2).tolist() == [1, 0, 0, 0, 0]
    empty = compressed_rows(np.empty(0, dtype=np.int64), 3, 2)
    assert empty.indptr.tolist() == [0, 0, 0, 0]


def test_merging_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    packed = rng.integers(0, 2**8, 500) << 16 | 1 << rng.integers(0, 4, 500)
    whole = compressed_rows(packed.copy(), 16, 4)
    for block in (1, 2, 3, 7, 64):
        monkeypatch.setattr("sim.ties._BLOCK", block)
        assert same(whole, compressed_rows(packed.copy(), 16, 4))


# --- what a tie is ----------------------------------------------------------------------------------


def test_friendships_are_symmetric_and_live_where_both_ends_are() -> None:
    scenario = small_scenario(2000, platform=NO_RELAYS)
    people = build_people(scenario, 1)
    ties = grow_ties(Recipe.of(scenario, 1), crowd_of(people), people.n_rows)
    found = edges(ties)
    assert len(found) == ties.n_ties
    snapchat = 1 << PLATFORMS.index("snapchat")
    for (a, b), mask in found.items():
        assert a != b
        assert found[b, a] == mask > 0
        common = int(people.platform_mask[a] & people.platform_mask[b])
        assert mask in (common, common & ~snapchat)
    for row in range(people.n_rows):
        assert (np.diff(ties.target[ties.indptr[row] : ties.indptr[row + 1]]) > 0).all()
    assert ties.indptr[people.n_residents] == ties.n_ties


def test_close_contacts_keep_min_of_contacts_and_ties_on_average() -> None:
    """Snapchat keeps about 30 x in-city share of each resident's ties; without the cut it keeps all."""
    _, people, ties = grown(8000)
    bit = PLATFORMS.index("snapchat")
    everyone = small_scenario(
        8000, platform={"snapchat": {"passing_on": {"contacts": None}}}, city={"in_city_ties": 0.35}
    )
    loose = grow_ties(Recipe.of(everyone, 1), crowd_of(people), people.n_rows)
    users = crowd_of(people).uses(bit)
    every, kept = loose.degree(bit)[: len(users)][users], ties.degree(bit)[: len(users)][users]
    expected = np.minimum(every, 30 * 0.35)
    share = expected.sum() / every.sum()
    error = np.sqrt(2 * every.sum() * share * (1 - share)) / len(every)
    assert every.mean() > 3 * kept.mean()
    assert abs(kept.mean() - expected.mean()) < 4 * error
    facebook = PLATFORMS.index("facebook")
    assert np.array_equal(ties.degree(facebook), loose.degree(facebook))


def test_relays_have_the_asked_followings_with_a_heavy_tail() -> None:
    scenario, people, _ = grown(20_000)
    recipe, crowd = Recipe.of(scenario, 1), crowd_of(people)
    relay = recipe.relays[1]
    users = int(crowd.uses(relay.bit).sum())
    source, fan = relay_follows(recipe, relay, crowd)
    assert crowd.uses(relay.bit)[source].all()
    assert crowd.uses(relay.bit)[fan].all()
    assert (source != fan).all()
    relays, followings = np.unique(source, return_counts=True)
    assert abs(len(relays) - users / 100) <= 2
    per_fan = np.bincount(fan, minlength=crowd.size)[crowd.uses(relay.bit)]
    assert per_fan.max() == 5
    assert per_fan.mean() == pytest.approx(5, abs=0.02)
    assert followings.max() < users
    assert followings.max() > 6 * np.median(followings)
    ties = grow_ties(recipe, crowd, people.n_rows)
    found = edges(ties)
    assert all(found[pair] >> relay.bit & 1 for pair in zip(source.tolist(), fan.tolist(), strict=True))


@pytest.mark.parametrize("exponent", [2.28, 4.0])
def test_followings_are_a_power_law_of_the_asked_exponent(exponent: float) -> None:
    """Maximum likelihood (Clauset, Shalizi & Newman 2009): exponent = 1 + n / sum ln(x / least)."""
    scenario, people, _ = grown(20_000)
    recipe = Recipe.of(scenario, 1)
    many = replace(recipe.relays[1], per_user=0.05, follows=40.0, exponent=exponent)
    source, _ = relay_follows(recipe, many, crowd_of(people))
    followings = np.unique(source, return_counts=True)[1]
    found = 1 + len(followings) / np.log(followings / (followings.min() - 0.5)).sum()
    assert abs(found - exponent) < 4 * (exponent - 1) / np.sqrt(len(followings))


def test_shares_of_followings_are_cut_where_one_would_take_all() -> None:
    cut = np.diff(_cumulated_shares(np.array([1000.0, 10.0, 5.0, 5.0, 1.0, 1.0]), 4), prepend=0)
    assert cut.max() <= 0.25 + 1e-9
    assert cut.sum() == pytest.approx(1)
    assert np.diff(_cumulated_shares(np.array([9.0, 1.0]), 5), prepend=0) == pytest.approx([0.5, 0.5])


def test_a_town_of_one_and_a_city_without_friends() -> None:
    for scenario in (small_scenario(1), small_scenario(300, behaviour={"ties": {"group_density": 0}})):
        people = build_people(scenario, 1)
        recipe = Recipe.of(scenario, 1)
        ties = grow_ties(recipe, crowd_of(people), people.n_rows)
        assert len(ties.indptr) == people.n_rows + 1
        assert same(
            ties,
            ties_from_networkx(
                friendship_graph(recipe, crowd_of(people), people.platforms),
                people.platforms,
                people.platform_mask,
            )[0],
        )


def test_a_city_too_large_for_its_keys_is_refused() -> None:
    scenario, people, _ = grown(2000)
    with pytest.raises(InputError, match="allowed: fewer than 8388608"):
        grow_ties(Recipe.of(scenario, 1), crowd_of(people), 2**23)


# --- like real graphs -------------------------------------------------------------------------------


def degrees(people: People, ties: Ties, bit: int) -> np.ndarray:
    return ties.degree(bit)[: people.n_residents][crowd_of(people).uses(bit)]


def homophily(people: People, ties: Ties, bit: int) -> tuple[float, float]:
    """Same-age share of the ties over the random share, users cut in six equal cells; standard error."""
    n = people.n_residents
    uses = crowd_of(people).uses(bit)
    limits = np.quantile(people.age_years[:n][uses], np.arange(1, 6) / 6)
    cell = np.searchsorted(limits, people.age_years[:n], side="right")
    source = np.repeat(np.arange(people.n_rows), np.diff(ties.indptr))
    here = (ties.mask >> bit) & 1 == 1
    equal = cell[source[here]] == cell[ties.target[here]]
    return float(equal.mean() * 6), float(equal.std() * 6 / np.sqrt(uses.sum()))


def clustering(people: People, ties: Ties, bit: int, sample: int) -> tuple[float, float]:
    """Mean local clustering of sampled users with two ties or more; standard error."""
    here = (ties.mask >> bit) & 1 == 1

    def friends(row: int) -> np.ndarray:
        part = slice(ties.indptr[row], ties.indptr[row + 1])
        return ties.target[part][here[part]]

    found = []
    rows = np.flatnonzero(crowd_of(people).uses(bit))
    for row in np.random.default_rng(1).choice(rows, sample, replace=False):
        mine = friends(row)
        if len(mine) >= 2:
            closed = sum(np.isin(friends(v), mine, assume_unique=True).sum() for v in mine)
            found.append(closed / len(mine) / (len(mine) - 1))
    return float(np.mean(found)), float(np.std(found) / np.sqrt(len(found)))


def check_targets(people: People, ties: Ties, in_city: float, sample: int) -> None:
    bit = people.platforms.index("facebook")
    friends = degrees(people, ties, bit) / in_city
    assert 190 < friends.mean() < 200
    assert 85 < np.median(friends) < 125
    assert 0.9 < np.log(friends[friends > 0]).std() < 1.3
    ratio, error = homophily(people, ties, bit)
    assert 2.6 + 2 * error < ratio < 3.5 - 2 * error
    closed, error = clustering(people, ties, bit, sample)
    assert 0.15 + 2 * error < closed < 0.30 - 2 * error


def test_targets_of_a_small_city_are_met() -> None:
    _, people, ties = grown(24_900)
    check_targets(people, ties, 0.35, 400)
    friends = degrees(people, ties, 0)
    band = people.age_band[: people.n_residents][crowd_of(people).uses(0)]
    means = [friends[band == b].mean() for b in range(1, 6)]
    assert means == sorted(means, reverse=True)
    assert means[0] > 3 * means[3]


def test_without_age_bound_groups_ages_mix() -> None:
    """Negative control: the same measure on the same residents, groups bound to places only.

    What is left above 1 is that sociable young people meet one another more.
    """
    _, people, ties = grown(24_900, kin_and_school_share=0.0)
    flat = {"friends_by_band": {"values": dict.fromkeys(("15-29", "30-44", "45-59", "60-74", "75+"), 1.0)}}
    scenario = small_scenario(
        24_900, behaviour={"ties": {"kin_and_school_share": 0.0, **flat}}, city={"in_city_ties": 0.35}
    )
    mixed = grow_ties(Recipe.of(scenario, 1), crowd_of(people), people.n_rows)
    assert homophily(people, ties, 0)[0] < 1.5
    ratio, error = homophily(people, mixed, 0)
    assert abs(ratio - 1) < 4 * error


def test_without_groups_there_is_no_clustering() -> None:
    """Negative control: in groups of a hundred where one pair in ten is tied, few triangles close."""
    _, people, ties = grown(12_000, group_size_mean=100.0, group_density=0.1)
    assert clustering(people, ties, 0, 150)[0] < 0.10
    assert degrees(people, ties, 0).mean() / 0.35 == pytest.approx(195, abs=10)


def test_a_thinned_city_keeps_the_degrees() -> None:
    scenario = small_scenario(24_900, sampling=0.3, city={"in_city_ties": 0.35})
    people = build_people(scenario, 1)
    ties = grow_ties(Recipe.of(scenario, 1), crowd_of(people), people.n_rows)
    assert people.n_residents == 7470
    friends = degrees(people, ties, 0) / 0.35
    assert 185 < friends.mean() < 205
    assert 85 < np.median(friends) < 130


# --- graphs that people bring -----------------------------------------------------------------------

MASK = np.array([0b0001, 0b1001, 0b1001, 0b0000], dtype=np.uint16)


def brought(graph: Any) -> tuple[dict[tuple[int, int], int], list[dict[str, str]]]:
    ties, warnings = ties_from_networkx(graph, PLATFORMS, MASK, "town.graphml")
    return edges(ties), warnings


def test_an_undirected_edge_is_a_tie_both_ways_and_a_directed_one_is_not() -> None:
    assert brought(nx.Graph([(1, 2)]))[0] == {(1, 2): 9, (2, 1): 9}
    assert brought(nx.DiGraph([("1", "2")]))[0] == {(1, 2): 9}
    assert brought(nx.MultiGraph([(1, 2), (1, 2)]))[0] == {(1, 2): 9, (2, 1): 9}


def test_platforms_of_an_edge_are_read_and_narrowed() -> None:
    graph = nx.Graph()
    graph.add_edge(1, 2, platforms="twitter")
    assert brought(graph) == ({(1, 2): 8, (2, 1): 8}, [])
    graph.add_edge(0, 1, platforms="facebook|twitter")
    graph.add_edge(0, 3)
    found, warnings = brought(graph)
    assert found[0, 1] == found[1, 0] == 1
    assert (0, 3) not in found
    assert warnings[0]["en"].startswith("town.graphml: 2 ties")


def test_self_loops_are_dropped_and_told() -> None:
    found, warnings = brought(nx.Graph([(1, 1), (1, 2)]))
    assert set(found) == {(1, 2), (2, 1)}
    assert "1 ties of a resident to themselves" in warnings[0]["en"]


@pytest.mark.parametrize("node", [4, -1, "4", "anna", 1.5, True, "²", ""])
def test_a_wrong_node_is_named_with_what_is_allowed(node: Any) -> None:
    graph = nx.Graph([(1, 2)])
    graph.add_node(node) if node is not True else graph.add_edges_from([(2, 3)])
    if node is True:
        graph = nx.Graph([(True, 2)])
    with pytest.raises(InputError) as error:
        brought(graph)
    assert str(error.value) == f"town.graphml: node {node!r} is not a row of the city; allowed: 0 to 3"


def test_an_unknown_platform_on_an_edge_names_the_nearest() -> None:
    graph = nx.Graph()
    graph.add_edge(1, 2, platforms="facebok")
    with pytest.raises(InputError, match="edge 1-2: unknown platform 'facebok'; did you mean 'facebook'"):
        brought(graph)


def test_edge_lists_and_graphml_are_read(tmp_path: Path) -> None:
    for name, text in {
        "a.csv": "source,target,platforms\n1,2,facebook\n",
        "b.txt": "# made by hand\n1 2 facebook  # neighbours\n\n",
        "c.tsv": "1\t2\tfacebook\n",
        "d.edges": "1;2;facebook",
    }.items():
        (tmp_path / name).write_text(text)
        assert brought(read_graph(tmp_path / name))[0] == {(1, 2): 1, (2, 1): 1}
    nx.write_graphml(nx.DiGraph([(0, 1)]), tmp_path / "e.graphml")
    assert brought(read_graph(tmp_path / "e.graphml"))[0] == {(0, 1): 1}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "1,2\n1\n", "line 2: '1' is not"),
        ("a.png", "", "allowed endings: .graphml"),
        ("a.graphml", "<graphml", "not a GraphML graph"),
        ("a.graphml", "<p>hello</p>", "not a GraphML graph"),
        ("a.csv", None, "cannot be read: No such file"),
    ],
)
def test_an_unreadable_graph_is_named(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as error:
        read_graph(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_targets_of_a_large_city_are_met() -> None:
    scenario = small_scenario(475_400, city={"in_city_ties": 0.55})
    people = build_people(scenario, 1)
    ties = grow_ties(Recipe.of(scenario, 1), crowd_of(people), people.n_rows)
    check_targets(people, ties, 0.55, 1000)
