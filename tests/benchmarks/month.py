"""A month of Toulouse with its real calendar, at five sizes, by both kernels, and what the goals ask.

    PYTHONPATH=tests python tests/benchmarks/month.py [--sizes 25000 ...] [--cities paris_2013] [--markdown]
    PYTHONPATH=tests python tests/benchmarks/month.py --store     rewrites tests/months.json

Methods take turns and medians are told. Times are for reading, never for passing or failing.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from months import FILE, SEED, Recorder, counted, in_turns, month, reference, run, seconds, taken
from printed import machine, print_table

from sim.city import City, build_city
from sim.kernel import Kernel
from sim.kernel_compiled import CompiledKernel
from sim.laws import Laws, build_laws
from sim.scenario import Scenario
from sim.tally import WORK

SIZES = (25_000, 100_000, 475_400, 1_000_000, 2_200_000)
TOULOUSE = 475_400
GOALS = {
    "compiled": {TOULOUSE: 0.5, 2_200_000: 3.0},
    "numpy": {TOULOUSE: 4.0},
    "build": {TOULOUSE: 10.0, 2_200_000: 60.0},
    "reload": {TOULOUSE: 1.0},
}
COLUMNS = (
    "city", "residents", "build s", "reload s", "exposures", "compiled s", "numpy s", "numpy / compiled",
    "ns an exposure", "memory MB",
)  # fmt: skip


def main(asked: argparse.Namespace) -> None:
    """Print the tables."""
    print(machine())
    scenarios = [month(size) for size in asked.sizes] + [month(city=name) for name in asked.cities]
    rows, measured = [], []
    for scenario in scenarios:
        row, figures = _size(scenario, asked)
        rows.append(row)
        measured.append(figures)
    print_table(COLUMNS, rows, asked.markdown)
    scaled = [m for m in measured if m["scaled"]]
    _slopes(scaled)
    if asked.figure:
        draw(scaled, asked.figure)
    _details(asked)


def _cities(scenario: Scenario) -> tuple[City, float, float]:
    """The city, seconds to build it and to read it back."""
    with tempfile.TemporaryDirectory() as cache:
        built = seconds(lambda: build_city(scenario, SEED, cache_dir=cache))
        reloaded = seconds(lambda: build_city(scenario, SEED, cache_dir=cache))
        return build_city(scenario, SEED, cache_dir=cache), built, reloaded


def _size(scenario: Scenario, asked: argparse.Namespace) -> tuple[list[str], dict[str, Any]]:
    city, built, reloaded = _cities(scenario)
    laws = build_laws(scenario, city, SEED)
    run(CompiledKernel, laws, city)
    months = taken([lambda: run(CompiledKernel, laws, city), lambda: run(Kernel, laws, city)], asked.repeats)
    (compiled, numpy), least = (
        map(median, months),
        dict(zip(("compiled", "numpy"), map(min, months), strict=True)),
    )
    exposures = int(run(CompiledKernel, laws, city).work[WORK.index("exposures")])
    size = round(scenario.city.population.total.value)
    told = {"build": built, "reload": reloaded, "compiled": compiled, "numpy": numpy}

    def with_goal(what: str) -> str:
        goal = GOALS[what].get(size)
        missed = goal is not None and told[what] > goal
        best = f", least {least[what]:.2f}" if what in least else ""
        return f"{told[what]:.2f}{best}" + ("" if goal is None else f" ({'>' if missed else '<='} {goal:g})")

    row = [
        scenario.city.label["en"], f"{city.n_residents:,}", with_goal("build"), with_goal("reload"),
        f"{exposures:,}", with_goal("compiled"), with_goal("numpy"), f"{numpy / compiled:.1f}",
        f"{1e9 * compiled / exposures:.0f}", _memory(scenario),
    ]  # fmt: skip
    scaled = scenario.city.name.rpartition("_")[2].isdigit() and "toulouse" in scenario.city.name
    return row, {**told, "exposures": exposures, "residents": size, "scaled": scaled}


def _memory(scenario: Scenario) -> str:
    """Memory of a fresh process that read the city from the cache and ran the month, MB: its own, and pages
    of the city's files that it has mapped (shared with other processes, given back when memory is short).
    """
    code = (
        "import sys, pickle\n"
        "from sim.city import build_city; from sim.laws import build_laws\n"
        "from sim.kernel_compiled import CompiledKernel\n"
        "scenario, cache = pickle.load(sys.stdin.buffer)\n"
        "city = build_city(scenario, 1, cache_dir=cache)\n"
        "kernel = CompiledKernel(build_laws(scenario, city, 1), city, 1, 0); kernel.run()\n"
        "held = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "print(held['RssAnon'].split()[0], held['RssFile'].split()[0])\n"
    )
    if not Path("/proc/self/status").is_file():
        return "not told"
    with tempfile.TemporaryDirectory() as cache:
        build_city(scenario, SEED, cache_dir=cache)
        given = pickle.dumps((scenario, cache))
        done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=True)
    own, mapped = (int(kilobytes) // 1024 for kilobytes in done.stdout.split())
    return f"{own:,} + {mapped:,}"


def _slopes(measured: list[dict[str, Any]]) -> None:
    if len(measured) < 2:
        return
    x = np.log([m["exposures"] for m in measured])
    for kernel in ("compiled", "numpy"):
        y = np.log([m[kernel] for m in measured])
        print(
            f"slope of log time on log exposures, {kernel}: {np.polyfit(x, y, 1)[0]:.2f} (goal: at most 1.1)"
        )


def draw(measured: list[dict[str, Any]], file: str) -> None:
    """Time against exposures, both kernels, on logarithmic axes, with a line of slope 1."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    x = np.array([m["exposures"] for m in measured], dtype=float)
    for kernel, mark in (("numpy", "s"), ("compiled", "o")):
        axes.loglog(x, [m[kernel] for m in measured], marker=mark, label=f"{kernel} kernel, one core")
    last = measured[-1]
    axes.loglog(
        x, last["compiled"] * x / x[-1], color="0.6", linestyle=":", label="in proportion to exposures"
    )
    for m in measured:
        label = f"{m['residents']:,}"
        axes.annotate(
            label, (m["exposures"], m["compiled"]), (4, -12), textcoords="offset points", fontsize=7
        )
    axes.set_xlabel("exposures in four weeks (posts put in feeds)")
    axes.set_ylabel("seconds")
    axes.grid(which="both", alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=130)


def _details(asked: argparse.Namespace) -> None:
    """Toulouse alone: the floor, the second core, a whole comparison, an independent reference."""
    scenario = month()
    city = build_city(scenario, SEED)
    laws = build_laws(scenario, city, SEED)
    recorder = Recorder(laws, city)
    recorder.replay()
    compiled, floor, reference_s = in_turns(
        [lambda: run(CompiledKernel, laws, city), recorder.replay, reference], asked.repeats
    )
    serial, threads, processes = in_turns(
        [
            lambda: _many(laws, city, ThreadPoolExecutor(1), asked.batch),
            lambda: _many(laws, city, ThreadPoolExecutor(2), asked.batch),
            lambda: _many(laws, city, ProcessPoolExecutor(2, get_context("fork")), asked.batch),
        ],
        3,
    )
    rows = [
        ["month, compiled, against the replay-and-hash floor", f"{compiled / floor:.2f}", "at most 2"],
        ["second core, threads: one worker / two", f"{serial / threads:.2f}", "at least 1.8"],
        ["second core, processes: one worker / two", f"{serial / processes:.2f}", "at least 1.8"],
        ["month, compiled, in units of the reference work", f"{compiled / reference_s:.1f}", ""],
        ["the reference work itself, ms", f"{1000 * reference_s:.0f}", ""],
        ["this process's peak memory, MB", f"{_peak():,.0f}", ""],
    ]
    print_table(("Toulouse", "measured", "goal"), rows, asked.markdown)


_shared: list[tuple[Laws, City]] = []  # what forked workers inherit


def _many(laws: Laws, city: City, workers: Executor, months: int) -> None:
    _shared[:] = [(laws, city)]
    with workers:
        list(workers.map(_one, range(months)))


def _one(replicate: int) -> int:
    laws, city = _shared[0]
    return int(run(CompiledKernel, laws, city, replicate).posts.sum())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def store() -> None:
    """Rewrite the counts, and the ratios of this machine that CI compares with in wide bands."""
    scenario = month(25_000)
    city = build_city(scenario, SEED, cache_dir=None)
    laws = build_laws(scenario, city, SEED)
    run(CompiledKernel, laws, city)
    compiled, numpy, plain = in_turns(
        [lambda: run(CompiledKernel, laws, city), lambda: run(Kernel, laws, city), reference], 7
    )
    ratios = {"compiled / reference": compiled / plain, "numpy / reference": numpy / plain}
    found = {"toulouse at 25000": counted(run(Kernel, laws, city)), "ratios": ratios}
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=list(SIZES), help="residents of a scaled Toulouse"
    )
    parser.add_argument("--cities", nargs="*", default=[], help="cities as they are, besides")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=16, help="months of the second core's measure")
    parser.add_argument("--figure", help="file for time against exposures, such as docs/growth.png")
    parser.add_argument("--markdown", action="store_true", help="tables for a document")
    parser.add_argument("--store", action="store_true", help="rewrite tests/months.json instead")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    store() if given.store else main(given)
