"""Counts of our cascades with fixed seeds, which no change of speed may change.

    PYTHONPATH=tests python tests/exact_counts.py

rewrites ``exact_counts.json``; nothing else does. To be run only when the model itself is meant to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from graphs import Rows, chung_lu
from reduced import REACH, TRIALS, city_on, reduced_scenario, to_extinction

from sim.kernel import Kernel
from sim.laws import build_laws
from sim.tally import WORK, Tally

FILE = Path(__file__).with_suffix(".json")
GRAPHS = {"800 residents, p 0.1": (800, 8.0, 0.1), "12000 residents, p 0.05": (12_000, 20.0, 0.05)}
SEEDS, REPLICATES = 20, 3
COUNTS = ("exposures", "displays")


def cascades(kernel: type[Kernel], name: str) -> Iterator[tuple[Rows, Tally]]:
    """The graph and the tally of each replicate, at extinction."""
    residents, degree, p = GRAPHS[name]
    rows, scenario = chung_lu(residents, degree), reduced_scenario(residents, SEEDS, p)
    city = city_on(rows, scenario)
    laws = build_laws(scenario, city, 1)
    for replicate in range(REPLICATES):
        yield rows, to_extinction(kernel(laws, city, 1, replicate)).tally


def counted(rows: Rows, tally: Tally) -> dict[str, int]:
    """What is stored of one cascade."""
    return {
        "directed ties": len(rows.target),
        "final size": int(tally.posts[0, REACH]),
        "edge trials": int(tally.work[TRIALS]),
        "generations": int(tally.depth[0]),
        "sum of rows reached": int(np.flatnonzero(tally.reached).sum()),
        **{name: int(tally.work[WORK.index(name)]) for name in COUNTS},
    }


def stored() -> dict[str, list[dict[str, int]]]:
    """By graph, one entry a replicate."""
    return json.loads(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    found = {name: [counted(*one) for one in cascades(Kernel, name)] for name in GRAPHS}
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
