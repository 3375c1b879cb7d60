"""Speed and memory of one month of Toulouse with its real calendar, numpy only, on one core.

Prints one table: city build, cached reload, the month, exposures, nanoseconds an exposure, peak memory.
Times are for reading, never for passing or failing.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time

from sim import load
from sim.city import build_city
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.tally import WORK


def main() -> None:
    """Run the benchmark once for each city named on the command line (default: toulouse_2019)."""
    for name in sys.argv[1:] or ["toulouse_2019"]:
        scenario = load(city=name, overrides=["horizon_weeks=4"])
        with tempfile.TemporaryDirectory() as cache:
            started = time.perf_counter()
            city = build_city(scenario, 1, cache_dir=cache)
            built = time.perf_counter() - started
            started = time.perf_counter()
            build_city(scenario, 1, cache_dir=cache)
            reloaded = time.perf_counter() - started
        laws = build_laws(scenario, city, 1)
        times = []
        for replicate in range(3):
            started = time.perf_counter()
            tally = Kernel(laws, city, 1, replicate).run()
            times.append(time.perf_counter() - started)
        month = sorted(times)[1]
        work = dict(zip(WORK, tally.work.tolist(), strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}: {city.n_residents:,} residents, {len(laws.schedule)} posts in 4 weeks")
        print(f"  city build {built:.1f} s, cached reload {reloaded:.2f} s")
        each = 1e9 * month / work["exposures"]
        print(f"  four weeks {month:.2f} s (median of {len(times)}), {each:.0f} ns an exposure")
        print("  " + ", ".join(f"{key} {value:,}" for key, value in work.items()))
        print(f"  peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
