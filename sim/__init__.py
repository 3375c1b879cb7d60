"""What a change of social-media strategy would do to a city's own residents, with honest uncertainty.

    from sim import load, load_comparison, run, compare

    run(load(city="grenoble_2013"), replicates=4)                     # a table of indicators
    compare(load_comparison("toulouse_2019"), seed=3).differences     # paired differences, and a report

Importing this package is quick: everything heavy is imported by the first call that needs it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sim.request import Comparison
    from sim.scenario import Scenario
    from sim.study import Study

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "load", "load_comparison", "run"]

Folder = str | os.PathLike[str]


def load(
    *,
    city: str | None = None,
    change: Sequence[str] = (),
    scenario: str | None = None,
    overrides: Sequence[str] = (),
    scenarios_dir: Folder | None = None,
) -> Scenario:
    """A checked scenario from the names of its parts; ``overrides`` as on the command line.

    Raises sim.figures.InputError, one line for each mistake.
    """
    from sim.loading import load_scenario

    chosen = [f"scenario={scenario}"] if scenario else []
    chosen += [f"city={city}"] if city else []
    chosen += [f"change=[{','.join(change)}]"] if change else []
    return load_scenario([*chosen, *overrides], scenarios_dir)[0]


def load_comparison(
    name: str, *, overrides: Sequence[str] = (), scenarios_dir: Folder | None = None
) -> Comparison:
    """A checked comparison by its name; ``overrides`` hold for all its scenarios and for its options.

    Raises sim.figures.InputError, one line for each mistake.
    """
    from sim.loading import load_comparison as compose_comparison

    return compose_comparison([f"comparison={name}", *overrides], scenarios_dir)


def run(scenario: Scenario, seed: int = 1, replicates: int | str = 4, **options: Any) -> pd.DataFrame:
    """Simulate one scenario: a row for each kpi, platform and age_band with mean, spread_sd, ci_low, ci_high.

    ``options``: further fields of sim.request.Options (``lang``, ``engine``, ...). Writes nothing.
    """
    from sim.loading import checked_options
    from sim.study import run_one

    chosen = {"seed": seed, "replicates": replicates, **options}
    return run_one(scenario, checked_options(chosen, lambda _: "run"))


def compare(comparison: Comparison, **options: Any) -> Study:
    """Simulate a comparison, or reuse its finished result: ``.differences``, ``.kpis``, ``.best``,
    ``.verdict`` and the ``.report`` written below ``results_dir``.

    ``options``: fields of sim.request.Options put in place of the comparison's own.
    """
    from sim.loading import checked_options
    from sim.request import Comparison as Request
    from sim.study import run_study

    if options:
        chosen = {**comparison.options.model_dump(), **options}
        checked = checked_options(chosen, lambda _: "compare")
        comparison = Request(comparison.name, comparison.label, comparison.scenarios, checked)
    return run_study(comparison)
