"""City: frozen, reproducible, cached by content, shared by the scenarios of a comparison."""

from __future__ import annotations

import dataclasses
import json
import resource
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sim.city
from sim.city import City, build_city, fingerprint
from sim.figures import InputError, Sourced
from sim.scenario import Scenario, walk
from tests.inputs import merged, open_snapchat, small_scenario, small_tree


@pytest.fixture(scope="module")
def town() -> City:
    return build_city(small_scenario(400), seed=1)


def same(a: City, b: City) -> bool:
    mine, other = a.arrays(), b.arrays()
    return mine.keys() == other.keys() and all(
        mine[name].dtype == other[name].dtype and np.array_equal(mine[name], other[name]) for name in mine
    )


def test_the_city_holds_what_the_contract_says(town: City) -> None:
    n, k = town.n_rows, len(town.platforms)
    assert town.platforms == ("facebook", "instagram", "snapchat", "twitter")
    assert town.themes == ("culture", "daily_life", "services")
    shapes = {
        "age_band": ((n,), np.uint8),
        "age_years": ((n,), np.float32),
        "circle": ((n,), np.uint8),
        "platform_mask": ((n,), np.uint16),
        "activity": ((k, n), np.float32),
        "expressiveness": ((n,), np.float32),
        "attachment": ((n,), np.float32),
        "interest": ((3, n), np.float32),
        "ties.indptr": ((n + 1,), np.int64),
        "ties.target": ((town.ties.n_ties,), np.int32),
        "ties.mask": ((town.ties.n_ties,), np.uint16),
    }
    arrays = town.arrays()
    assert {name: (arrays[name].shape, arrays[name].dtype) for name in shapes} == shapes
    assert set(town.followers) == {"town_facebook", "town_twitter"}
    assert town.n_residents == 400 < n
    ages = (0, 15, 30, 45, 60, 75, 95)
    first, last = np.array(ages[:-1])[town.age_band], np.array(ages[1:])[town.age_band]
    assert ((town.age_years >= first) & (town.age_years < last)).all()


def test_the_city_is_frozen(town: City) -> None:
    for array in town.arrays().values():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        town.seed = 2  # type: ignore[misc]


def test_same_inputs_same_city_other_seed_other_city(town: City) -> None:
    assert same(town, build_city(small_scenario(400), seed=1))
    assert not same(town, build_city(small_scenario(400), seed=2))


def test_changes_slots_and_horizon_leave_the_city_alone(town: City) -> None:
    other = small_scenario(
        400,
        name="other",
        horizon_weeks=5,
        change={"open_snapchat": open_snapchat(from_week=2)},
        behaviour={"memory": {"affinity_gain": 0.9}},
        city={"accounts": {"town_twitter": {"slots": []}}},
    )
    assert same(town, build_city(other, seed=1))
    assert fingerprint(other, 1) == fingerprint(small_scenario(400), 1)


def test_every_figure_that_alters_the_city_alters_its_fingerprint() -> None:
    """Each figure of a tiny town is moved in turn. Those that leave the cache's name as it was, moved all
    together, leave the town as it was."""
    scenario, tree = small_scenario(60), small_tree(60)
    name, altering, neutral = fingerprint(scenario, 1), set(), tree
    for path, figure in walk(scenario):
        change = moved(path, figure)
        try:
            other = Scenario.from_dict(merged(tree, change))
        except InputError:
            continue
        if fingerprint(other, 1) == name:
            neutral = merged(neutral, change)
        else:
            altering.add(path.split(".")[-1])
    assert same(build_city(scenario, 1), build_city(Scenario.from_dict(neutral), 1))
    assert altering >= {
        "total", "in_city_ties", "followers", "nonresident_share", "use", "sessions_per_day", "contacts",
        "session_gamma_shape", "per_1000_users", "follows_per_user", "exponent", "follow_by_band",
        "friends_mean", "appetite_correlation", "attachment_sd", "interest_sd", "friends_sd_ln",
        "group_density", "group_size_mean", "kin_and_school_share", "age_spread_years", "friends_by_band",
        "percent_by_band",
    }  # fmt: skip


def moved(path: str, figure: Sourced) -> dict[str, Any]:
    """A change of the tree that moves the figure at ``path`` a little."""
    change = figure.model_dump()
    if "value" in change:
        change["value"] *= 0.7
    elif isinstance(change["values"], tuple):
        change["values"] = [number * 0.7 for number in change["values"]]
    else:
        first = next(iter(change["values"]))
        value = change["values"][first]
        if isinstance(value, dict):
            change["values"][first] = {name: number * 0.7 for name, number in value.items()}
        elif isinstance(value, float):
            change["values"][first] = value + 0.5 if path.endswith("percent_by_band") else value * 0.7
    for part in reversed(path.split(".")):
        change = {part: change}
    return change


# --- cache ------------------------------------------------------------------------------------------


def test_a_cached_city_is_the_same_byte_for_byte(tmp_path: Path, monkeypatch: Any) -> None:
    scenario = small_scenario(100)
    town = build_city(scenario, 1, cache_dir=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [fingerprint(scenario, 1)]
    monkeypatch.setattr(sim.city, "_build", lambda *_: pytest.fail("the cache was not used"))
    again = build_city(scenario, 1, cache_dir=tmp_path)
    assert same(town, again)
    assert (again.name, again.seed, again.n_residents) == (town.name, 1, 100)
    assert (again.platforms, again.themes, again.warnings) == (town.platforms, town.themes, town.warnings)
    pd.testing.assert_frame_equal(again.residuals, town.residuals)
    assert not any(array.flags.writeable for array in again.arrays().values())


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "json", "empty"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, damage: str) -> None:
    scenario = small_scenario(100)
    town = build_city(scenario, 1, cache_dir=tmp_path)
    folder = tmp_path / fingerprint(scenario, 1)
    file = folder / "ties.target.npy"
    content = file.read_bytes()
    if damage == "flip":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "cut":
        file.write_bytes(content[:-40])
    elif damage == "remove":
        file.unlink()
    else:
        (folder / "city.json").write_text("{" if damage == "json" else "{}")
    assert same(town, build_city(scenario, 1, cache_dir=tmp_path))
    assert file.read_bytes() == content
    assert sim.city._load(folder) is not None


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    town = build_city(small_scenario(100), 1)
    assert same(town, build_city(small_scenario(100), 1, cache_dir=tmp_path / "file"))


def test_the_cache_forgets_the_oldest_cities(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sim.city, "KEPT_CITIES", 2)
    for seed in (1, 2, 3):
        build_city(small_scenario(30), seed, cache_dir=tmp_path)
        time.sleep(0.02)
    kept = {fingerprint(small_scenario(30), seed) for seed in (2, 3)}
    assert {p.name for p in tmp_path.iterdir()} == kept


def test_small_cities_are_not_kept_unless_asked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    build_city(small_scenario(100), 1)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(sim.city, "WORTH_CACHING", 50)
    build_city(small_scenario(100), 1)
    assert len(list((tmp_path / "city-audience").iterdir())) == 1


# --- tables and graphs ------------------------------------------------------------------------------


def test_segments_count_every_resident_once(town: City) -> None:
    table = town.segments()
    assert table["residents"].sum() == 400
    assert not table.duplicated(["age_band", "platforms"]).any()
    on = table[table["platforms"].str.split("|").map(lambda names: "twitter" in names)]
    assert on["residents"].sum() == len(town.users("twitter"))
    assert (table[table["age_band"] == "0-14"]["platforms"] == "").all()


def test_describe_is_plain_and_true(town: City) -> None:
    about = json.loads(json.dumps(town.describe()))
    assert about["residents"] == sum(about["by_age_band"].values()) == about["by_circle"]["resident"] == 400
    assert about["followers"]["town_facebook"] == {"residents": 80, "non_residents": 20}
    assert about["directed_ties"] == town.ties.n_ties


def test_networkx_export_has_attributes_and_comes_back(town: City, tmp_path: Path) -> None:
    graph = town.to_networkx()
    assert graph.number_of_nodes() == town.n_rows
    assert graph.number_of_edges() == town.ties.n_ties
    row = int(town.users("twitter")[0])
    node = graph.nodes[row]
    assert "twitter" in node["platforms"].split("|")
    assert node["activity_twitter"] == town.activity[3, row] > 0
    assert node["circle"] == "resident"
    nx.write_graphml(graph, tmp_path / "town.graphml")
    nx.write_edgelist(graph, tmp_path / "town.edges", data=["platforms"])
    for given in (graph, tmp_path / "town.graphml", str(tmp_path / "town.graphml")):
        assert same(town, build_city(small_scenario(400), 1, graph=given))
    directed = nx.read_edgelist(tmp_path / "town.edges", data=[("platforms", str)], create_using=nx.DiGraph)
    assert same(town, build_city(small_scenario(400), 1, graph=directed))


def test_networkx_export_of_one_platform_or_some_residents(town: City) -> None:
    layer = town.to_networkx("snapchat")
    assert set(nx.get_edge_attributes(layer, "platforms").values()) == {"snapchat"}
    assert layer.number_of_edges() == town.ties.degree(2).sum()
    rows = town.users("facebook")[:50]
    some = town.to_networkx("facebook", residents=rows)
    whole = town.to_networkx("facebook").subgraph(rows.tolist())
    assert set(some) == set(rows.tolist())
    assert set(some.edges) == set(whole.edges)
    with pytest.raises(InputError, match="did you mean 'facebook'"):
        town.to_networkx("facebok")
    with pytest.raises(InputError, match="resident 9999 does not exist; allowed: 0 to"):
        town.to_networkx(residents=[3, 9999])


def test_a_metropolis_is_not_exported_whole(town: City, monkeypatch: Any) -> None:
    monkeypatch.setattr("sim.graph_io.MAX_EXPORTED_TIES", 100)
    with pytest.raises(InputError, match="too many for a networkx graph"):
        town.to_networkx()
    assert town.to_networkx(residents=range(10)).number_of_nodes() == 10


def test_a_graph_file_that_changes_is_read_again(tmp_path: Path) -> None:
    scenario, file, cache = small_scenario(100), tmp_path / "ties.csv", tmp_path / "cache"
    a, b, c = build_city(scenario, 1).users("facebook")[:3].tolist()
    for end in (b, c, b):
        file.write_text(f"{a},{end}\n{a},{a}\n")
        city = build_city(scenario, 1, graph=file, cache_dir=cache)
        assert city.ties.target[city.ties.indptr[a] : city.ties.indptr[a + 1]].tolist() == [end]
        assert len(city.warnings) == 2  # the loop, and who has no tie
    assert len(list(cache.iterdir())) == 2
    file.write_text("0,100000\n")
    with pytest.raises(InputError, match="node '100000' is not a row of the city; allowed: 0 to"):
        build_city(scenario, 1, graph=file, cache_dir=cache)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.slow
def test_a_large_city_is_built_and_reloaded_within_memory(tmp_path: Path) -> None:
    tree = merged(small_tree(475_400), {"city": {"in_city_ties": 0.55}})
    city = build_city(Scenario.from_dict(tree), 1, cache_dir=tmp_path)
    assert city.ties.n_ties > 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1.5e6
    assert same(city, build_city(Scenario.from_dict(tree), 1, cache_dir=tmp_path))
