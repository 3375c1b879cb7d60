"""What the benchmarks rest on: exact counts of our cascades, a peer's failure told, what shared draws save.

No test here looks at a clock.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from exact_counts import GRAPHS, cascades, counted, stored
from graphs import chung_lu
from inputs import small_scenario
from pairing import gain_of
from reduced import TRIALS
from tools import TOOLS, Ready, Tool

from sim.figures import InputError
from sim.kernel import Kernel
from sim.kernels import kernel_named
from sim.replicates import Job
from sim.study import Bench

SHIFT = {"one_hour_later": {"kind": "shift_hours", "by_hours": 1}}
COVERAGE = "weekly_coverage_of_residents"


def _kernel(choice: str) -> type[Kernel]:
    try:
        return kernel_named(choice)
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def peers() -> ModuleType:
    """The benchmark's own file, which is a script."""
    path = Path(__file__).parent / "benchmarks" / "peers.py"
    spec = importlib.util.spec_from_file_location("benchmark_peers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


# --- our cascades, to the last count --------------------------------------------------------------------


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("choice", ["numpy", "compiled"])
def test_cascades_have_the_stored_counts(choice: str, name: str) -> None:
    assert [counted(*one) for one in cascades(_kernel(choice), name)] == stored()[name]


@pytest.mark.parametrize("choice", ["numpy", "compiled"])
def test_every_directed_tie_of_whoever_is_reached_is_tried_once(choice: str) -> None:
    runs = list(cascades(_kernel(choice), "800 residents, p 0.1"))
    expected = [int(rows.degree()[tally.reached > 0].sum()) for rows, tally in runs]
    assert [int(tally.work[TRIALS]) for _, tally in runs] == expected
    assert len(set(expected)) == len(runs)  # negative control: another replicate's people have other ties


# --- the table of peers ------------------------------------------------------------------------------------


def _asked(**other: Any) -> argparse.Namespace:
    asked = {"residents": 500, "degree": 8.0, "exponent": 2.8, "p": 0.15, "seeds": 10, "repeats": 8}
    return argparse.Namespace(**asked | {"tools": ["networkx", "scipy"], "markdown": True} | other)


def test_sizes_that_agree_pass(peers: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert peers.compare(_asked()) == 0
    told = capsys.readouterr().out
    assert "| networkx (networkx " in told
    assert ", shares alone |" in told
    assert "times shares alone" in told
    assert "Final sizes that differ from ours: none" in told


def test_a_rate_taken_for_a_probability_fails(
    peers: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a tool that tries each tie with another probability is named."""
    right = TOOLS["scipy"].load
    wrong = Tool(lambda rows, seeds, p, seed: right(rows, seeds, 1 - np.exp(-2 * p), seed), "scipy", "scipy")
    monkeypatch.setitem(TOOLS, "scipy", wrong)
    assert peers.compare(_asked()) == 1
    assert "differ from ours: scipy (scipy " in capsys.readouterr().out


@pytest.mark.parametrize("fails", ["import", "load", "run"])
def test_a_peer_that_fails_is_told(
    peers: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
) -> None:
    def broken(*_: Any) -> Any:
        raise ArithmeticError("it does not work")

    load = broken if fails == "load" else lambda *_: Ready(broken)
    monkeypatch.setitem(TOOLS, "scipy", Tool(load, "no_such_tool" if fails == "import" else "scipy", "scipy"))
    assert peers.compare(_asked(repeats=3)) == 0
    told = capsys.readouterr().out
    assert "not measured" in told
    assert ("No module named 'no_such_tool'" if fails == "import" else "it does not work") in told


def test_the_graph_is_the_one_asked_for() -> None:
    rows = chung_lu(4000, 20.0)
    degree = rows.degree()
    assert degree.mean() == pytest.approx(20, rel=0.03)
    assert degree.max() < 1.3 * np.sqrt(4000 * 20)
    assert degree.max() > 10 * np.median(degree)
    low, high = rows.edges()
    assert (low < high).all()
    assert len(set(zip(low.tolist(), high.tolist(), strict=True))) == len(low) == len(rows.target) // 2


def test_goals_are_set_against_shares_alone(peers: ModuleType) -> None:
    """Ratios to both of ours are told; the goal is met or missed by those to shares alone."""

    def method(name: str, seconds: float, in_a_row: float) -> Any:
        ready, times = Ready(lambda: 0), {"runs": [seconds], "row": [in_a_row], "resets": [0.0]}
        return peers.Method(name, name, lambda: ready, ready, sizes=[1, 1], **times)

    ours, alone = method("compiled", 0.02, 0.02), method(peers.ALONE, 0.001, 0.0005)
    for seconds, in_a_row, told in (
        (0.004, 0.004, "met"),
        (0.002, 0.0015, "met in a row only"),
        (0.003, 0.001, "missed in a row"),
        (0.002, 0.001, "missed"),
    ):
        theirs = method("cynetdiff", seconds, in_a_row)
        row = dict(zip(peers.COLUMNS, peers.line(theirs, ours, alone), strict=True))
        assert row["goal"] == f"3 ({told})"
        assert row["times ours"] == f"{seconds / 0.02:.2f}"
        assert row["times shares alone"] == f"{seconds / 0.001:.2f}"
        assert row["in a row, times"] == f"{in_a_row / 0.0005:.2f}"


# --- what shared draws save -----------------------------------------------------------------------------


def test_the_gain_is_the_ratio_of_variances() -> None:
    """Two replicates' values with correlation rho and one variance: gain 1 / (1 - rho); unpaired, 1."""
    rng = np.random.Generator(np.random.PCG64(3))
    rho, covered, apart = 0.9, 0, []
    for n in range(100):
        shared, one, other = rng.standard_normal((3, 60))
        before, after = (np.sqrt(rho) * shared + np.sqrt(1 - rho) * x for x in (one, other))
        g = gain_of(before, after, seed=n)
        covered += g.low <= 1 / (1 - rho) <= g.high
        apart.append(g.apart)
    assert covered >= 85  # of 100 intervals of 95 %: a bootstrap of 60 is a little narrow
    assert np.mean(apart) == pytest.approx(1, abs=0.1)


def test_a_gain_needs_replicates_and_a_difference_that_varies() -> None:
    with pytest.raises(ValueError, match="three or more"):
        gain_of(np.arange(2.0), np.arange(2.0))
    with pytest.raises(ValueError, match="same in every replicate"):
        gain_of(np.arange(5.0), np.arange(5.0) + 1)


@pytest.mark.slow
def test_shared_draws_save_replicates_for_a_shifted_hour() -> None:
    """Far above 1 for the shift; about 1 for the same runs mispaired."""
    scenarios = [small_scenario(3000), small_scenario(3000, name="later", change=SHIFT)]
    bench = Bench(scenarios, 1)
    values = []
    for scenario in scenarios:
        tables = [bench.run(Job(scenario.name, replicate))["kpis"] for replicate in range(30)]
        rows = [t[(t["kpi"] == COVERAGE) & (t["week"] == "all")] for t in tables]
        whole = [r[(r["platform"] == "all") & (r["age_band"] == "all")]["value"] for r in rows]
        values.append(np.array([float(v.iloc[0]) for v in whole]))
    g = gain_of(*values)
    assert g.gain > 3
    assert g.low > 2
    assert g.apart < 2
