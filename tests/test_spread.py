"""Shares alone: the compiled twin, exact reach, monotone draws, other laws; then what the verb says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from graphs import Rows, chung_lu, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import TOOLS

from sim import behaviour, catalogue, kernels, takeoff
from sim.cards import ACTIONS
from sim.city import build_city
from sim.cli import main
from sim.figures import InputError
from sim.laws import build_laws
from sim.spread import Spread
from sim.spread_verb import sentence
from sim.takeoff import Takeoff, Ways, share_rate, takeoffs, ways
from sim.ties import Ties
from tests.inputs import small_scenario
from tests.tree import make_tree

STANDARD_ERRORS = 4.0
SHARE = ACTIONS.index("share")
needs_numba = pytest.mark.skipif(not kernels.can_compile(), reason="numba is not installed")


def ties_of(rows: Rows, mask: Any = 1) -> Ties:
    """The graph as ties; ``mask``: the platforms of every tie, or of each."""
    return Ties(
        rows.indptr, rows.target, np.broadcast_to(np.uint16(mask), len(rows.target)).astype(np.uint16)
    )


def random_ties(n: int, degree: float, seed: int, directed: bool = False) -> tuple[Any, Ties]:
    graph = nx.gnp_random_graph(n, min(degree / n, 1.0), seed=seed, directed=directed)
    return graph, ties_of(rows_of(graph))


def people(spread: Spread) -> set[int]:
    return set(spread.reached.tolist())


def _within(observed: np.ndarray, expected: float, extra_error: float = 0.0) -> bool:
    """Whether the mean of ``observed`` lies within four standard errors of ``expected``."""
    error = np.hypot(observed.std(ddof=1) / np.sqrt(len(observed)), extra_error)
    return bool(abs(observed.mean() - expected) < STANDARD_ERRORS * error)


# --- the compiled twin ------------------------------------------------------------------------------


@needs_numba
@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    degree=st.floats(0, 12),
    seed=st.integers(0, 10**6),
    bit=st.integers(0, 15),
    directed=st.booleans(),
    share=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
    even=st.sampled_from([None, 0.0, 0.4, 1.0]),
    first=st.lists(st.integers(0, 59), max_size=5),
)
def test_compiled_and_numpy_reach_the_same_people_in_the_same_order(
    n: int, degree: float, seed: int, bit: int, directed: bool, share: float, even: Any, first: list[int]
) -> None:
    ties = random_ties(n, degree, seed, directed)[1]
    rng = np.random.default_rng(seed)
    ties = Ties(ties.indptr, ties.target, rng.integers(0, 2**16, len(ties.target)).astype(np.uint16))
    shown = rng.random(n) if even is None else even
    twins = [Spread(ties, bit, shown, kernel) for kernel in ("numpy", "compiled")]
    for replicate in range(3):
        counts = [twin.run([u % n for u in first], share, seed, replicate) for twin in twins]
        assert counts[0] == counts[1]
        assert twins[0].reached.tolist() == twins[1].reached.tolist()


@needs_numba
def test_rows_longer_than_a_wave_and_many_waves() -> None:
    """A hub of 6,000 friends, and generations of thousands."""
    star = ties_of(rows_of(nx.star_graph(6000)))
    wide = ties_of(chung_lu(4000, 20.0))
    for ties, shown in ((star, 0.7), (wide, 0.3)):
        twins = [Spread(ties, 0, shown, kernel) for kernel in ("numpy", "compiled")]
        assert twins[0].run([0], 0.9, 1) == twins[1].run([0], 0.9, 1)
        assert twins[0].reached.tolist() == twins[1].reached.tolist()
        assert len(people(twins[0])) > 2000


@pytest.mark.parametrize("kernel", ["numpy", pytest.param("compiled", marks=needs_numba)])
def test_a_cascade_does_not_depend_on_those_before_it(kernel: str) -> None:
    """Marks come round after 255 cascades."""
    ties = random_ties(80, 4, 1)[1]
    one = Spread(ties, 0, 0.4, kernel)
    for replicate in range(600):
        counts = one.run([replicate % 80], 0.8, 1, replicate)
        if replicate % 50 < 3:
            assert counts == Spread(ties, 0, 0.4, kernel).run([replicate % 80], 0.8, 1, replicate)


# --- exactly ----------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), directed=st.booleans(), degree=st.floats(0.3, 4))
def test_if_all_see_and_all_share_everybody_who_can_be_reached_is(
    seed: int, directed: bool, degree: float
) -> None:
    graph, ties = random_ties(60, degree, seed, directed)
    spread = Spread(ties, 0, 1.0)
    counts = spread.run([3, 7], 1.0, seed)
    levels = nx.multi_source_dijkstra_path_length(graph, {3, 7})
    assert people(spread) == set(levels)
    assert counts.seen == counts.sharers == len(levels)
    assert counts.trials == ties.degree()[list(levels)].sum()
    assert counts.generations == max(levels.values())


def test_what_nobody_sees_stays_with_the_first_sharers() -> None:
    ties = random_ties(60, 5, 1)[1]
    spread = Spread(ties, 0, 0.0)
    assert spread.run([3, 9, 3], 1.0, 1) == (2, 2, ties.degree()[[3, 9]].sum(), 0)
    assert people(spread) == {3, 9}
    assert Spread(ties, 0, 1.0).run([], 1.0, 1) == (0, 0, 0, 0)


def test_if_nobody_passes_it_on_it_stays_with_the_friends_of_the_first() -> None:
    graph, ties = random_ties(60, 5, 1)
    spread = Spread(ties, 0, 1.0)
    counts = spread.run([3], 0.0, 1)
    assert people(spread) == {3, *graph[3]}
    assert (counts.sharers, counts.generations) == (1, 1)


def test_only_ties_of_the_platform_count() -> None:
    rows = rows_of(nx.path_graph(4))
    mask = [0b01, 0b01, 0b11, 0b11, 0b10, 0b10]  # 0-1 on the first platform, 1-2 on both, 2-3 on the second
    for bit, expected in ((0, {0, 1, 2}), (1, {1, 2, 3}), (2, {1})):
        spread = Spread(ties_of(rows, mask), bit, 1.0)
        spread.run([1], 1.0, 1)
        assert people(spread) == expected


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    share=st.lists(st.floats(0, 1), min_size=2, max_size=2),
    shown=st.lists(st.floats(0, 1), min_size=2, max_size=2),
)
def test_more_sharing_and_more_seeing_never_lose_anybody(
    seed: int, share: list[float], shown: list[float]
) -> None:
    ties = random_ties(80, 4, seed)[1]
    scarce = np.random.default_rng(seed).random(80)
    found = {}
    for chance in sorted(shown):
        for rate in sorted(share):
            spread = Spread(ties, 0, chance * scarce)
            spread.run([1, 2], rate, seed)
            found[chance, rate] = people(spread)
    (low, high), (rare, often) = sorted(shown), sorted(share)
    assert found[low, rare] <= found[low, often] <= found[high, often]
    assert found[low, rare] <= found[high, rare] <= found[high, often]


def test_without_shared_draws_people_are_lost() -> None:
    """Negative control: another replicate does lose somebody at a higher chance."""
    ties = random_ties(200, 8, 1)[1]
    low, high = Spread(ties, 0, 0.30), Spread(ties, 0, 0.35)
    lost = []
    for replicate in range(5):
        low.run([1, 2], 1.0, 1, replicate)
        high.run([1, 2], 1.0, 1, replicate + 100)
        lost.append(people(low) - people(high))
    assert any(lost)


# --- in distribution --------------------------------------------------------------------------------


def _sizes(ties: Ties, shown: float, share: float, first: list[int], n: int = 1500) -> np.ndarray:
    spread = Spread(ties, 0, shown)
    return np.array([spread.run(first, share, 1, replicate).seen for replicate in range(n)], dtype=float)


@pytest.mark.parametrize(("degree", "p"), [(8, 0.12), (8, 0.2), (3, 0.5)])
def test_if_all_share_sizes_agree_with_bond_percolation(degree: float, p: float) -> None:
    graph, ties = random_ties(300, degree, 3)
    sizes = _sizes(ties, p, 1.0, [0, 1])
    for chance, agrees in ((p, True), (0.9 * p, False)):  # the second is the negative control
        other = np.fromiter(TOOLS["percolation"].sizes(rows_of(graph), [0, 1], chance, 2500, 11), float)
        assert _within(sizes, other.mean(), other.std() / np.sqrt(len(other))) is agrees


def test_if_some_share_sizes_agree_with_a_branching_process() -> None:
    """On a tree: Binomial(3, shown) see it, each passes it on with chance ``share``; one sharer to begin."""
    tree = nx.balanced_tree(3, 8, create_using=nx.DiGraph)
    sizes = _sizes(ties_of(rows_of(tree)), 0.4, 0.3, [0], 3000)
    assert _within(sizes, 1 + 3 * 0.4 / (1 - 3 * 0.4 * 0.3))
    assert not _within(sizes, 1 + 3 * 0.4 / (1 - 3 * 0.4 * 0.4))  # negative control


# --- whether it takes off ---------------------------------------------------------------------------


def test_means_over_sharers_by_hand() -> None:
    """A path a - b - c, chance 1/2: a share leads to b twice as often as to a or c."""
    web = Spread(ties_of(rows_of(nx.path_graph(3))), 0, 0.5).web
    assert ways(web) == pytest.approx((1.5, 0.5, 0.25))
    nobody = Spread(ties_of(rows_of(nx.empty_graph(3))), 0, 0.5).web
    assert ways(nobody) == (0, 0, 0)


def test_means_over_sharers_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    ties = ties_of(chung_lu(2000, 6.0))
    whole = ways(Spread(ties, 0, 0.3).web)
    monkeypatch.setattr("sim.spread._ROWS", 64)
    monkeypatch.setattr("sim.spread._TIES", 100)
    monkeypatch.setattr(takeoff, "_PIECE", 64)
    assert ways(Spread(ties, 0, 0.3).web) == pytest.approx(whole)


def test_new_sharers_and_where_it_takes_off() -> None:
    """Below R = 1 the mean size is that of a branching process with R; above, some cascades reach a good part
    of everybody, below none does. Negative control: R by the friends of a user, not of a sharer."""
    rows = chung_lu(20000, 8.0)
    ties, shown = ties_of(rows), 0.1
    found = ways(Spread(ties, 0, shown).web)
    share = 0.4 / found.viewers
    spread, users = Spread(ties, 0, shown), np.arange(rows.n)
    sizes = np.array([spread.run([users[r * 7 % rows.n]], share, 1, r).seen for r in range(6000)], float)
    mean = rows.degree().mean()
    assert _within(sizes, 1 + shown * mean / (1 - share * found.viewers))
    assert not _within(sizes, 1 + shown * mean / (1 - share * shown * (mean - 1)))
    largest = {times: _sizes(ties, shown, times / found.viewers, [5], 200).max() for times in (0.5, 2)}
    assert largest[0.5] < 0.01 * rows.n
    assert largest[2] > 0.05 * rows.n


def test_the_share_rate_is_that_of_the_law() -> None:
    """Post by post and person by person, in plain numbers."""
    scenario = small_scenario(200)
    city = build_city(scenario, 1, cache_dir=None)
    laws, k = build_laws(scenario, city, 1), city.platforms.index("facebook")
    chances = [
        behaviour.reaction_chance(
            laws.react_base[post, city.age_band[u], SHARE], city.expressiveness[u], 1.0,
            city.interest[laws.theme[post], u], 1.0, laws.stranger[k] * laws.endorsement[k], 1.0,
        )
        for post in np.flatnonzero(laws.platform == k)
        for u in city.users("facebook")
    ]  # fmt: skip
    assert share_rate(laws, city, k, city.users("facebook")) == pytest.approx(np.mean(chances))
    assert np.isnan(share_rate(laws, city, city.platforms.index("snapchat"), city.users("snapchat")))


def test_takeoffs_of_a_town() -> None:
    scenario = small_scenario(600)
    city = build_city(scenario, 1, cache_dir=None)
    laws = build_laws(scenario, city, 1)
    found = {one.platform: one for one in takeoffs(laws, city, 1)}
    assert list(found) == ["facebook", "twitter"]
    for name, one in found.items():
        degree = city.ties.degree(city.platforms.index(name))[city.users(name)]
        assert one.friends == pytest.approx(degree.mean())
        assert one.ways.friends > one.friends
        assert one.first <= one.low <= one.reach <= one.high
        assert one.new_sharers == pytest.approx(one.share / one.takes_off_at)
    assert list(takeoffs(laws, city, 1)) == list(takeoffs(laws, city, 1, "numpy"))


# --- the verb ---------------------------------------------------------------------------------------


def _one(viewers: float, share: float = 0.005, reach: float = 900.0) -> Takeoff:
    return Takeoff("facebook", 20.0, Ways(30.0, 0.1, viewers), share, 100, reach, reach - 30, reach + 30)


def test_the_sentence_in_both_languages() -> None:
    scenario = small_scenario()
    told = sentence([_one(12.5)], scenario, "fr").replace("\u202f", " ")
    assert told == (
        "Sur Facebook, 100 premiers partages atteignent environ 900 personnes ; il faudrait qu’au moins "
        "8,0 % des gens partagent pour que cela s’emballe ; aujourd’hui 0,50 %."
    )
    told = sentence([_one(12.5), _one(2.0, reach=300.0)], scenario, "en")
    assert told == (
        "On Facebook, where it goes farthest, 100 first shares reach about 900 people; at least 8.0% of "
        "people would have to share for it to take off; today 0.50% do."
    )
    assert "even if everybody shared it would not take off" in sentence([_one(0.5)], scenario, "en")
    for silent in ([_one(0.5, np.nan, np.nan)], []):
        assert "publishes nothing" in sentence(silent, scenario, "en")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The verb in an empty folder, on the small tree: exit code, standard output, standard error."""
    shipped = make_tree(tmp_path / "scenarios")
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["spread", *words])
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        assert list(Path.cwd().iterdir()) == []
        return code, out.out, out.err

    return call


@pytest.mark.parametrize(
    ("lang", "title", "head", "left_out"),
    [
        ("fr", "Petite-Ville", "Taux de partage", "ni fatigue"),
        ("en", "Smallville", "Share rate", "no fatigue"),
    ],
)
def test_the_verb_in_both_languages(command: Any, lang: str, title: str, head: str, left_out: str) -> None:
    code, out, err = command(f"lang={lang}")
    assert (code, err) == (0, "")
    for words in (title, head, "Facebook", "Twitter", left_out, "run"):
        assert words in out
    assert "Snapchat" not in out
    assert ("(par " if lang == "fr" else "(by ") in out  # fewer than a hundred users of Twitter


def test_the_verb_takes_the_values_that_other_verbs_take(command: Any) -> None:
    more = command("lang=en", "platform.facebook.reactions.share=0.5")[1]
    assert command("lang=en")[1] != more
    silent = command("lang=en", "city.accounts.town_facebook.slots=[]")[1]
    assert silent.count("–") > 3
    assert "On Twitter, " in silent
    assert "Snapchat" in command("lang=en", "change=[open_snapchat]")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["city=smalville_2019"], "did you mean 'smallville_2019'"),
        (["comparison=small"], "comparison: is for the verb compare"),
        (["nothing=1"], "nothing"),
        (["platform.facebook.reactions.share=-1"], "share"),
    ],
)
def test_a_mistake_is_one_clear_sentence(command: Any, words: list[str], told: str) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_chances_and_rows_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    ties = random_ties(20, 3, 1)[1]
    for wrong in (1.5, -0.1, np.nan):
        with pytest.raises(ValueError, match="shown: a chance"):
            Spread(ties, 0, wrong)
        with pytest.raises(ValueError, match=r"share: .*a chance"):
            Spread(ties, 0, 0.5).run([1], wrong, 1)
    for row in (20, -1):
        with pytest.raises(ValueError, match="first sharers"):
            Spread(ties, 0, 0.5).run([row], 0.5, 1)
    monkeypatch.setattr("sim.spread.can_compile", lambda: False)
    with pytest.raises(InputError, match="numba"):
        Spread(ties, 0, 0.5, "compiled")
    assert Spread(ties, 0, 1.0).run([1], 0.0, 1).sharers == 1
