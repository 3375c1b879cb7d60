"""One independent cascade, this simulator and other people's tools: same graph, same probability, one run.

    PYTHONPATH=tests python tests/benchmarks/peers.py [--residents 100000] [--markdown] ...

A cascade is all that must be done again for every cascade, with the graph already in the tool's own form.
Ours is told twice: the whole kernel (sessions, feeds, reactions, followers, tallies) on the reduced model,
from the construction of a replicate's kernel to the hour in which nothing is passed on; and "shares alone"
(``sim.spread``, the verb ``spread``), which does the cascade and nothing more. A tool's is to forget the last
cascade ("of which ready": clear, reset, a new Sim of Starsim's) and to run to extinction. The tools do what
shares alone does, so the goals are ratios to that; ratios to the whole kernel stand beside them. Methods take
turns (A B C, B C A, ...), each with a few cascades: the first comes after all the others, which have driven
its graph out of the nearest memory; the last ("in a row") after its own, as in a study of many cascades.
Ratios are of medians. Sizes must agree: z is the difference from the whole kernel's in standard errors. Times
are for reading, never for passing or failing; sizes are both.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from graphs import Rows, chung_lu
from printed import machine, memory_mb, print_table
from reduced import REACH, TRIALS, city_on, reduced_scenario, seeds_of, to_extinction
from tools import TOOLS, Ready

from sim import __version__
from sim.city import City
from sim.figures import InputError
from sim.kernel import Kernel
from sim.kernels import kernel_named
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.spread import Spread

KERNELS = ("compiled", "numpy")
GOALS = {
    "cynetdiff": 3,
    "starsim": 100,
    "ndlib": 500,
    "mesa": 500,
    "mesa network": 500,
}  # times slower than shares alone
ALONE = "shares alone"
STANDARD_ERRORS = 4.0
IN_A_ROW = 4
COLUMNS = ("method", "cascades", "final size (s.e.)", "z", "ms", "in a row", "times ours",
           "times shares alone", "in a row, times", "goal", "of which ready", "load s", "MB")  # fmt: skip


@dataclass
class Method:
    """One row. Times in seconds: ``load`` (its form of the graph), ``first`` cascade (compilation included);
    of the measured cascades ``runs``, of which ``resets``, and of the last of each ``row``; ``sizes`` of all.
    ``why`` it was not."""

    name: str
    label: str
    open: Callable[[], Ready]
    ready: Ready | None = None
    why: str = ""
    load: float = np.nan
    megabytes: float = np.nan
    first: float = np.nan
    resets: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)
    row: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def prepare(self) -> None:
        """Load the graph and run one cascade that is not measured; on failure note why."""
        if self.why:
            return
        print(f"loading {self.label} ...", file=sys.stderr)
        gc.collect()
        memory, started = memory_mb(), time.perf_counter()
        try:
            self.ready = self.open()
            self.load = time.perf_counter() - started
            gc.collect()
            self.megabytes = memory_mb() - memory
            self.ready.reset()
            started = time.perf_counter()
            self.ready.run()
            self.first = time.perf_counter() - started
        except Exception as error:  # a peer may fail in any way: it is told, not left out
            self.ready, self.why = None, f"{type(error).__name__}: {error}".splitlines()[0]

    def measure(self) -> None:
        """A few cascades, one right after the other."""
        if self.ready is None:
            return
        taken = []
        for _ in range(IN_A_ROW):
            started = time.perf_counter()
            self.ready.reset()
            middle = time.perf_counter()
            self.sizes.append(self.ready.run())
            taken.append((time.perf_counter() - started, middle - started))
        self.runs.append(taken[0][0])
        self.resets.append(taken[0][1])
        self.row.append(taken[-1][0])

    @property
    def mean(self) -> float:
        return float(np.mean(self.sizes))

    @property
    def error(self) -> float:
        return float(np.std(self.sizes, ddof=1) / np.sqrt(len(self.sizes)))


class Ours:
    """Kernels of one city, replicate after replicate; ``trials`` of edges of the cascades run so far."""

    def __init__(self, kernel: type[Kernel], scenario: Scenario, city: City) -> None:
        self.kernel, self.city, self.laws = kernel, city, build_laws(scenario, city, 1)
        self.replicate = -1  # replicate 0 is for the cascade that is not measured
        self.trials: list[int] = []

    def run(self) -> int:
        """The next replicate."""
        self.replicate += 1
        tally = to_extinction(self.kernel(self.laws, self.city, 1, self.replicate)).tally
        self.trials.append(int(tally.work[TRIALS]))
        return int(tally.posts[0, REACH])


class Alone:
    """Shares alone on the same ties, replicate after replicate; ``trials`` as of ``Ours``."""

    def __init__(self, city: City, seeds: list[int], p: float) -> None:
        self.spread, self.seeds = Spread(city.ties, 0, p), np.array(seeds)
        self.replicate = -1
        self.trials: list[int] = []

    def run(self) -> int:
        """The next replicate: everybody who sees it passes it on."""
        self.replicate += 1
        found = self.spread.run(self.seeds, 1.0, 1, self.replicate)
        self.trials.append(found.trials)
        return found.seen


def alone_method(rows: Rows, scenario: Scenario, seeds: list[int], p: float) -> Method:
    """Shares alone: the very work that the tools do."""
    label = f"city-audience {__version__}, {ALONE}"
    return Method(ALONE, label, lambda: Ready(Alone(city_on(rows, scenario), seeds, p).run))


def our_methods(rows: Rows, scenario: Scenario) -> tuple[list[Method], list[Ours]]:
    """Both kernels of this simulator, each on a city of its own; one that cannot be had is told."""
    methods, made = [], []
    for choice in KERNELS:
        method = Method(choice, f"city-audience {__version__}, {choice}", lambda: Ready(lambda: 0))
        try:
            kernel = kernel_named(choice)
            if choice != "numpy" and kernel is Kernel:
                method.why = "there is no such kernel in this version"
        except InputError as error:
            kernel, method.why = Kernel, str(error)

        def opened(kernel: type[Kernel] = kernel) -> Ready:
            made.append(Ours(kernel, scenario, city_on(rows, scenario)))
            return Ready(made[-1].run)

        method.open = opened
        methods.append(method)
    return methods, made


def other_methods(rows: Rows, seeds: list[int], p: float, wanted: list[str]) -> list[Method]:
    """The tools of ``tools.py``; one that is missing is told."""
    methods = []
    for name in wanted:
        tool = TOOLS[name]
        why = tool.missing()
        label = f"{name} ({tool.name_and_version()})" if not why else name
        methods.append(Method(name, label, lambda tool=tool: tool.load(rows, seeds, p, 1), why=why))
    return methods


def score(method: Method, ours: Method) -> float:
    """Difference of the mean final size from ours, in standard errors."""
    error = np.hypot(method.error, ours.error)
    return float((method.mean - ours.mean) / error) if error > 0 else 0.0


def milliseconds(seconds: float) -> str:
    """Three figures below ten."""
    return f"{1e3 * seconds:.2f}" if seconds < 0.01 else f"{1e3 * seconds:,.1f}"


def times(method: Method, other: Method, in_a_row: bool = False) -> float:
    """Ratio of medians; NaN if the other was not measured."""
    mine, its = (method.row, other.row) if in_a_row else (method.runs, other.runs)
    return float(np.median(mine) / np.median(its)) if its else float("nan")


def verdict(goal: int | None, ratio: float, in_a_row: float) -> str:
    """What became of a goal for the ratio to shares alone, after the others and in a row."""
    if goal is None:
        return ""
    if (ratio >= goal) == (in_a_row >= goal):
        return f"{goal} ({'met' if ratio >= goal else 'missed'})"
    return f"{goal} (met in a row only)" if ratio < goal else f"{goal} (missed in a row)"


def line(method: Method, ours: Method, alone: Method) -> list[str]:
    """A row of the table."""
    if method.ready is None:
        return [method.label, "0", "not measured", *[""] * (len(COLUMNS) - 3)]
    ratios = times(method, ours), times(method, alone), times(method, alone, in_a_row=True)
    return [
        method.label,
        str(len(method.sizes)),
        f"{method.mean:,.0f} ({method.error:,.0f})",
        "" if method is ours else f"{score(method, ours):+.1f}",
        milliseconds(float(np.median(method.runs))),
        milliseconds(float(np.median(method.row))),
        *(f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}" for ratio in ratios),
        verdict(GOALS.get(method.name), *ratios[1:]),
        f"{1e3 * np.median(method.resets):,.1f}",
        f"{method.load:.2f}",
        f"{method.megabytes:,.0f}",
    ]


def compare(asked: argparse.Namespace) -> int:
    """Load everything, let the methods take turns, print; 1 if a final size differs from ours."""
    rows = chung_lu(asked.residents, asked.degree, asked.exponent)
    scenario = reduced_scenario(asked.residents, asked.seeds, asked.p)
    seeds = seeds_of(city_on(rows, scenario))
    mine, made = our_methods(rows, scenario)
    alone = alone_method(rows, scenario, seeds, asked.p)
    methods = [*mine, alone, *other_methods(rows, seeds, asked.p, asked.tools)]
    for method in methods:
        method.prepare()
    gc.collect()
    gc.freeze()  # nobody's collections walk through everybody's objects
    for turn in range(asked.repeats):
        print(f"turn {turn + 1} of {asked.repeats}", file=sys.stderr)
        first = turn % len(methods)  # nobody always comes after the same one
        for method in methods[first:] + methods[:first]:
            method.measure()
    gc.unfreeze()
    ours = next(method for method in mine if method.ready is not None)
    trials = float(np.mean(made[0].trials))
    print(machine())
    print(
        f"Chung-Lu graph, {rows.n:,} residents, {len(rows.target):,} directed ties (mean degree"
        f" {rows.degree().mean():.1f}, largest {rows.degree().max():,}), p = {asked.p}, {len(seeds)} seeds;"
        f" {trials:,.0f} edge trials a cascade"
    )
    print_table(COLUMNS, [line(method, ours, alone) for method in methods], asked.markdown)
    for method in methods:
        if method.ready is None:
            print(f"{method.label} was not measured: {method.why}")
    for method in (*mine, alone):
        if method.ready is not None:
            print(f"{method.label}: {1e9 * np.median(method.runs) / trials:.1f} ns an edge trial")
    print(f'"Times ours" is to {ours.label}, the whole model reduced by its figures to this cascade.')
    print(f"Goals are set against {ALONE}, which does what the tools do: this cascade and nothing more.")
    differ = [m.label for m in methods if m.ready and abs(score(m, ours)) > STANDARD_ERRORS]
    print(f"Final sizes that differ from ours: {', '.join(differ) or 'none'}")
    return bool(differ)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--residents", type=int, default=100_000)
    parser.add_argument("--degree", type=float, default=20.0, help="mean number of ties")
    parser.add_argument("--exponent", type=float, default=2.8, help="of the power law of degrees")
    parser.add_argument("--p", type=float, default=0.04, help="chance of passing on along a tie")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=9, help="measured cascades of each method")
    parser.add_argument("--tools", nargs="*", default=list(TOOLS), choices=list(TOOLS))
    parser.add_argument("--markdown", action="store_true", help="a table for a document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(compare(arguments()))
