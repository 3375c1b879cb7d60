"""The compiled twin: the same integers as the kernel and as the agents, with everything on."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inputs import merged, open_snapchat, small_tree
from reduced import reduced_scenario
from test_audience import ROWS, Moves, _followers, moved_as_told
from test_kernel import BUSY, SEED, _scenario, _with_a_desk
from test_outreach import _everything

from sim import kernels
from sim.audience import discovery_times, leaving_times
from sim.city import build_city
from sim.conversation import asking_times
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.tally import WORK, Tally

pytest.importorskip("numba", reason="numba is not installed: the numpy kernel is the only one")

import numba

from sim import kernel_compiled
from sim.compiled import build, coming, moving, talking
from sim.compiled.arrays import Seating
from sim.compiled.handing import _people
from sim.compiled.packing import in_blocks, relation_of, seats
from sim.compiled.room import Calendar
from sim.kernel_compiled import CompiledKernel

COMPILED = (
    "arithmetic",
    "feeding",
    "publishing",
    "seeing",
    "looking",
    "sharing",
    "spreading",
    "moving",
    "requests",
    "speaking",
    "answering",
    "sorting",
    "weekly",
)
SAME_WORK = [WORK.index(name) for name in ("followers_examined", "friends_examined", "exposures", "displays")]


def _campaign(**overrides: Any) -> Scenario:
    """Followers bought, whose liking is weak."""
    buy = {"buy": {"kind": "buy_followers", "platform": "facebook", "weeks": 1, "budget_eur": 15}}
    return _scenario(change=buy, **overrides)


SCENARIOS = {
    "everything that spreads": _scenario,
    "a desk that answers": _with_a_desk,
    "a desk in a sample": lambda: _with_a_desk(sampling=0.5),
    "circles, partner, boosts": _everything,
    "bought followers": _campaign,
    "nothing shared": lambda: _scenario(platform={"facebook": {"reactions": {"share": 0}}}),
}


def _pair(scenario: Scenario, seed: int = SEED, replicate: int = 0) -> tuple[Tally, Tally]:
    city = build_city(scenario, seed)
    laws = build_laws(scenario, city, seed)
    return (
        CompiledKernel(laws, city, seed, replicate).run(),
        Kernel(laws, city, seed, replicate).run(),
    )


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("seed", "replicate"), [(3, 0), (8, 2)])
def test_the_twin_counts_what_the_kernel_counts(name: str, seed: int, replicate: int) -> None:
    compiled, reference = _pair(SCENARIOS[name](), seed, replicate)
    assert compiled.same_as(reference) == []
    assert np.array_equal(compiled.work[SAME_WORK], reference.work[SAME_WORK])


def test_another_replicate_counts_otherwise() -> None:
    """Negative control of the equality."""
    scenario = _scenario()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    assert CompiledKernel(laws, city, SEED, 0).run().same_as(Kernel(laws, city, SEED, 1).run()) != []


@pytest.mark.parametrize("name", ["everything that spreads", "a desk that answers", "bought followers"])
def test_the_twin_counts_what_the_agents_count(name: str) -> None:
    scenario = SCENARIOS[name]()
    city = build_city(scenario, SEED)
    compiled = CompiledKernel(build_laws(scenario, city, SEED), city, SEED, 1).run()
    assert compiled.same_as(AgentCity(scenario, city, SEED, 1).run()) == []


@settings(deadline=None)
@given(start=st.sets(st.integers(0, ROWS - 1)), moves=Moves)
def test_followers_of_the_twin_are_a_set_too(
    start: set[int], moves: list[tuple[str, int, list[int]]]
) -> None:
    following = _followers(sorted(start), coming.Following)
    seat_of = np.random.default_rng(len(moves)).permutation(ROWS).astype(np.int32)[None]
    relation = np.zeros((2, ROWS), relation_of(1))
    relation["is_following"][0, seat_of[0]] = following.is_following[0]
    following.seating = Seating(relation, seat_of, np.array([0, -1]))  # a new account's seats are its rows
    moved_as_told(following, start, moves)
    assert np.array_equal(relation["is_following"][0, seat_of[0]], following.is_following[0])
    assert np.array_equal(relation["is_following"][1], following.is_following[1])


@pytest.mark.parametrize("name", ["a desk that answers", "bought followers"])
@pytest.mark.parametrize("since", [0.0, 4321.0, 20_160.0])
def test_nobody_who_will_move_is_overlooked(name: str, since: float) -> None:
    """Those whom the twin leaves out neither find an account nor leave it nor ask anything in time."""
    scenario = SCENARIOS[name]()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    moves = coming.moves_of(laws, city, SEED, 0)
    moved = looked_at = 0
    for a in range(len(laws.schedule.accounts)):
        near = coming.finders(laws, city, SEED, 0, a)
        everyone, those = (discovery_times(laws, city, SEED, 0, a, among) for among in (None, near))
        assert all(map(np.array_equal, everyone, those))
        who = np.arange(city.n_residents)
        ids = a * city.n_rows + np.arange(city.n_rows)
        n = moving.restless(ids, since, laws.n_hours * 60.0, city.n_rows, city.n_residents, moves)
        _, leave = leaving_times(laws, SEED, 0, a, who, since)
        _, ask = asking_times(laws, city, SEED, 0, a, who, since)
        assert set(leave.tolist()) | set(ask.tolist()) <= set((ids[:n] - a * city.n_rows).tolist())
        moved, looked_at = moved + len({*leave.tolist(), *ask.tolist()}), looked_at + n
    assert (moved > 0) == (since < laws.n_hours * 60)
    assert moved <= looked_at


def by_row(kernel: CompiledKernel) -> np.ndarray:
    """What a kernel keeps of accounts and people by seat, in the order of the people's rows."""
    seating = kernel._handed.moods.seating
    rows = np.arange(kernel.city.n_rows)
    seats = [rows if at < 0 else seating.seat_of[at] for at in seating.seated_as]
    return np.stack([mine[its] for mine, its in zip(seating.relation, seats, strict=True)])


def test_every_hour_ends_in_the_same_state() -> None:
    scenario = _scenario()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    a, b = CompiledKernel(laws, city, SEED, 0), Kernel(laws, city, SEED, 0)
    while a.hour < laws.n_hours:
        a.step()
        b.step()
        assert np.array_equal(a.state.affinity.value, b.state.affinity.value)
        assert np.array_equal(a.state.affinity.last, b.state.affinity.last)
        relation = by_row(a)
        assert np.array_equal(relation["fatigue"], b.state.fatigue.value)
        assert np.array_equal(relation["tired_at"], b.state.fatigue.last)
        assert np.array_equal(relation["is_following"], b.state.followers.is_following)
        for name in ("times_seen", "flags"):
            assert np.array_equal(getattr(a.state, name), getattr(b.state, name)), (a.hour, name)
        assert np.array_equal(a.state.followers.is_following, b.state.followers.is_following)
    assert b.tally.posts.sum() > 1000


def test_cascades_of_many_generations_are_the_same() -> None:
    """Everybody exposed by several friends in one hour: the order of displays of one person decides."""
    compiled, reference = _pair(reduced_scenario(500, seeds=20, p=0.2))
    assert compiled.same_as(reference) == []
    assert compiled.depth.max() >= 4


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_scenario_says(data: st.DataObject) -> None:
    """Rates and levers drawn at random, from never to nearly always."""

    def rate(*values: float) -> float:
        return data.draw(st.sampled_from(values))

    facebook = {
        "display": {"visibility": rate(0.05, 0.7, 2.0), "redisplay": rate(0.0, 0.3, 0.9),
                    "life_h": rate(2, 24, 100), "crowding": rate(0.3, 1.0)},
        "reactions": {name: rate(0.0, 0.05, 0.6) for name in ("click", "like", "comment", "share", "hide")},
        "reach": {"share": {"values": {2019: rate(0.02, 0.4)}}},
        "passing_on": {"friend_offer": rate(0.0, 0.3, 1.0), "endorsement": rate(1.0, 5.0)},
        "audience": {"unfollow_if_overposted": rate(0.0, 0.3), "overpost_threshold_per_day": rate(0.2, 2),
                     "follow_if_shared": rate(0.0, 0.4), "discovery_per_month": rate(0.0, 0.3),
                     "unfollow_per_month": rate(0.0, 0.3)},
        "session_gamma_shape": rate(0.3, 2.0),
    }  # fmt: skip
    change = {"open_snapchat": open_snapchat(cross_promotion=rate(0.0, 1.0))}
    tree = merged(small_tree(int(rate(60, 300))), merged(BUSY, {"platform": {"facebook": facebook}}))
    scenario = Scenario.from_dict(merged(tree, {"change": change, "horizon_weeks": int(rate(1, 3))}))
    compiled, reference = _pair(scenario, seed=data.draw(st.integers(0, 5)))
    assert compiled.same_as(reference) == []


def test_threads_do_not_disturb_each_other() -> None:
    """Kernels that run at the same time on one city and one set of laws."""
    scenario = _scenario()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)

    def run(replicate: int) -> Tally:
        return CompiledKernel(laws, city, SEED, replicate).run()

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(8)))
    fresh = build_laws(scenario, city, SEED)
    for replicate, tally in enumerate(together):
        assert tally.same_as(Kernel(fresh, city, SEED, replicate).run()) == []


def test_machine_code_is_kept_under_all_that_went_into_it() -> None:
    """A constant or equation of another file that changes must be compiled anew, not found in the cache."""
    root = Path(build.__file__).parent
    used: set[str] = set()
    for name in COMPILED:
        for node in ast.walk(ast.parse((root / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
                parts = (node.module or "").split(".")
                used |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    assert "tally" in used
    assert used - {"compiled"} <= set(build.COMPILED_IN)
    assert {root / "seeing.py", root.parent / "tally.py"} <= set(build._SOURCES)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    """Machine code is kept where it can be; the answer does not depend on it."""
    (tmp_path / "file").write_text("in the way")
    code = (
        "from sim.compiled.build import _folder\n"
        "assert _folder() is None\n"
        "from sim.compiled.arithmetic import fold\n"
        "import numpy as np\n"
        "print(int(fold(np.uint64(5), 7)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[1], env={"XDG_CACHE_HOME": str(tmp_path / "file"), "PATH": ""},
    )  # fmt: skip
    from sim import draws

    assert int(done.stdout) == int(draws.bits(np.uint64(5), 7)[0])


# --- which kernel runs ------------------------------------------------------------------------------


def test_the_compiled_kernel_is_taken_where_it_can_be() -> None:
    assert kernels.kernel_named() is CompiledKernel
    assert kernels.kernel_named("compiled") is CompiledKernel
    assert kernels.kernel_named("numpy") is Kernel


def test_without_numba_the_reference_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "can_compile", lambda: False)
    assert kernels.kernel_named() is Kernel
    with pytest.raises(InputError, match="kernel: compiled needs numba"):
        kernels.kernel_named("compiled")


@pytest.mark.parametrize("n_hours", [672, 2**16, 2**16 + 1, 520 * 168])
def test_the_hour_of_a_display_fits_its_place(n_hours: int) -> None:
    """Ten years are more hours than two bytes can number."""
    kind = relation_of(n_hours)
    assert np.iinfo(kind["tired_at"]).max >= n_hours - 1
    assert kind.itemsize % 4 == 0  # so that fatigue is aligned


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_handed_over_keeps_its_types(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types are asked for once a run: what tuples hold must not change them."""
    asked: dict[int, set[Any]] = {}

    class Watched(build.Settled):
        def __call__(self, *arguments: Any) -> Any:
            asked.setdefault(id(self), set()).add(tuple(map(numba.typeof, arguments)))
            kept.append(self)
            return super().__call__(*arguments)

    kept: list[Watched] = []  # so that no identity is used twice
    for room in (kernel_compiled, coming, talking):
        monkeypatch.setattr(room, "Settled", Watched)
    scenario = SCENARIOS[name]()
    city = build_city(scenario, SEED)
    CompiledKernel(build_laws(scenario, city, SEED), city, SEED, 0).run()
    assert len(asked) >= 3
    assert all(len(types) == 1 for types in asked.values())


@pytest.mark.parametrize(
    "other", [np.arange(8.0)[::2], np.arange(4), np.zeros((2, 2)), np.arange(4, dtype=np.float32)]
)
def test_a_settled_function_refuses_another_kind_of_array(other: np.ndarray) -> None:
    total = build.Settled(build.compiled(_total))
    assert total(np.arange(4.0)) == 6.0
    with pytest.raises(TypeError, match="_total: argument 0 is another kind of array"):
        total(other)
    assert total(np.arange(5.0)) == 10.0


def _total(numbers: Any) -> Any:
    total = 0.0
    for number in numbers:
        total += number
    return total


@pytest.mark.parametrize("name", ["everything that spreads", "circles, partner, boosts"])
def test_a_calendar_that_grows_loses_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    grown, of, longer = [], Calendar.of, Calendar.longer

    def grow(calendar: Calendar, size: int) -> Calendar:
        grown.append(size)
        return longer(calendar, size)

    monkeypatch.setattr(Calendar, "of", lambda size, *hours: of(1, *hours))
    monkeypatch.setattr(Calendar, "longer", grow)
    compiled, reference = _pair(SCENARIOS[name]())
    assert compiled.same_as(reference) == []
    assert len(grown) >= 1


def test_everyone_has_a_seat_with_each_account() -> None:
    city = build_city(_scenario(), SEED)
    found = seats(city)
    assert list(found.opening) == sorted(city.followers)
    for (name, rows), mine in zip(found.opening.items(), found.seat_of, strict=True):
        assert np.array_equal(np.sort(rows), city.followers[name])
        assert np.array_equal(mine[rows], np.arange(len(rows)))
        assert np.array_equal(np.sort(mine), np.arange(city.n_rows))
    assert seats(city) is found


def test_newcomers_are_a_queue_that_grows() -> None:
    """Account after account, in the order of their coming: as a queue made of all of them at once."""
    scenario = _scenario()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    kernel = CompiledKernel(laws, city, SEED, 0)
    moves, came = coming.moves_of(laws, city, SEED, 0), coming.Newcomers(len(laws.schedule.accounts), city)
    rng = np.random.default_rng(5)
    rows = rng.integers(0, city.n_rows, 3000)  # some come twice: nothing here minds
    account = rng.integers(0, 2, len(rows))
    for part in np.array_split(account * city.n_rows + rows, 7):
        moving.note_all(came.with_room(len(part)), _people(kernel), moves, part)
    for a in (0, 1):
        told = in_blocks(city, int(laws.account_platform[a]), rows[account == a], False)
        assert all(map(np.array_equal, came.queue(a), told))
        assert len(told.who) > 1024
