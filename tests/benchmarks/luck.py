"""What common random numbers save: a shifted hour, an added platform, a changed format.

    PYTHONPATH=tests python tests/benchmarks/luck.py [--city toulouse_2019] [--replicates 60] ...

The shipped changes are simulated on a thinned city with draws shared between the scenarios. Printed: how many
times fewer replicates a paired difference needs than independent seeds would, with a bootstrap interval, and
the same ratio for runs deliberately mispaired (near 1, or the measure is wrong). Nothing here is timed.
"""

from __future__ import annotations

import argparse
import os

from pairing import gain_of
from printed import machine, print_table

from sim import load
from sim.differences import gain_over_independent
from sim.intervals import wide_table
from sim.pool import means_of, workers
from sim.replicates import gather, replicate_until
from sim.request import Options
from sim.study import Bench

KPIS = ("weekly_coverage_of_residents", "interactions")
CHANGES = ("one_hour_later", "open_snapchat", "more_video", "more_photos")
GOALS = {("one_hour_later", "weekly_coverage_of_residents"): 10}
COLUMNS = ("change", "indicator", "difference (s.e.)", "gain", "95 %", "mispaired", "goal")


def measure(asked: argparse.Namespace) -> None:
    """Simulate every change, print the table."""
    common = [f"sampling={asked.sampling}", f"horizon_weeks={asked.weeks}"]
    scenarios = [load(city=asked.city, overrides=common)]
    scenarios += [load(city=asked.city, change=[change], overrides=common) for change in asked.changes]
    names = [scenario.name for scenario in scenarios]
    bench = Bench(scenarios, asked.seed, kernel=asked.kernel)
    means = means_of(Options(workers=asked.workers, kernel=asked.kernel))
    with workers(bench, means) as over:
        results, _ = replicate_until(over.run, names, asked.replicates, over)
    kpis = gather(results)["kpis"]
    wide, _, _ = wide_table(kpis, additive=())
    told = gain_over_independent(kpis, names[0]).set_index(["kpi", "alternative"])["gain"]
    print(machine())
    thinned = f"one resident in {1 / asked.sampling:.0f} ({bench.city.n_residents:,})"
    print(
        f"{asked.city}, {thinned}, {asked.weeks} weeks, {asked.replicates} replicates of each scenario,"
        f" seed {asked.seed}"
    )
    rows = []
    for change in asked.changes:
        for kpi in KPIS:
            before, after = (wide.loc[(kpi, "all", "all"), name].to_numpy() for name in (names[0], change))
            g, goal = gain_of(before, after), GOALS.get((change, kpi))
            assert abs(g.gain / told[kpi, change] - 1) < 1e-9  # what a report would say
            rows.append([
                change, kpi,
                f"{100 * g.difference / before.mean():+.2f} % ({100 * g.se / before.mean():.2f})",
                f"{g.gain:,.1f}", f"{g.low:,.1f} to {g.high:,.1f}", f"{g.apart:.2f}",
                "" if goal is None else f"{goal} ({'met' if g.gain >= goal else 'missed'})",
            ])  # fmt: skip
    print_table(COLUMNS, rows, asked.markdown)
    print("gain: times fewer replicates than with independent seeds, for the same standard error.")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--city", default="toulouse_2019")
    parser.add_argument("--changes", nargs="+", default=list(CHANGES))
    parser.add_argument("--sampling", type=float, default=0.05, help="share of the residents simulated")
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--replicates", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", default="auto", choices=("auto", "compiled", "numpy"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--markdown", action="store_true", help="a table for a document")
    return parser.parse_args()


if __name__ == "__main__":
    measure(arguments())
