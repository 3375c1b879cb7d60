"""Sensitivity indices by SALib, on the unit cube. Knows nothing of the simulator.

Morris, Technometrics 33, 1991; Campolongo, Cariboni & Saltelli, Environ. Model. Softw. 22, 2007; Saltelli et
al., Comput. Phys. Commun. 181, 2010. Every design and bootstrap is seeded; the same seed gives the same rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

F64 = NDArray[np.float64]
LEVELS = 4
REST = "(others)"


def _problem(names: Sequence[str], groups: Sequence[str] | None = None) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "num_vars": len(names),
        "names": list(names),
        "bounds": [[0.0, 1.0]] * len(names),
    }
    return problem if groups is None or list(groups) == list(names) else {**problem, "groups": list(groups)}


def _seed(seed: int) -> int:
    return seed + 1  # SALib takes a seed of 0 for none


def morris_design(
    names: Sequence[str], trajectories: int, seed: int, groups: Sequence[str] | None = None
) -> F64:
    """Points of ``trajectories`` random walks, float64[trajectories * (steps + 1), k] in [0, 1].

    A step moves one name, or all the names of one group (``groups``: that of each name).
    """
    from SALib.sample import morris

    problem = _problem(names, groups)
    design = morris.sample(problem, trajectories, num_levels=LEVELS, seed=_seed(seed))
    return np.asarray(design, dtype=np.float64)


def morris_indices(names: Sequence[str], design: F64, y: F64, seed: int) -> pd.DataFrame:
    """``path, mu, mu_star, sigma, mu_star_conf``: elementary effects over the whole range of each figure.

    ``mu``: mean, ``mu_star``: mean absolute value with the half-width of its 95 % bootstrap interval,
    ``sigma``: standard deviation (interactions and curvature), all in the unit of ``y``.
    """
    from SALib.analyze import morris

    found = morris.analyze(_problem(names), design, y, num_levels=LEVELS, seed=_seed(seed))
    columns = {c: np.asarray(found[c], dtype=np.float64) for c in ("mu", "mu_star", "sigma", "mu_star_conf")}
    return pd.DataFrame({"path": list(names), **columns})


def group_effects(
    names: Sequence[str], groups: Sequence[str], design: F64, y: F64, seed: int
) -> pd.DataFrame:
    """``group, mu_star``: mean absolute effect of moving all the figures of a group at once."""
    from SALib.analyze import morris

    found = morris.analyze(_problem(names, groups), design, y, num_levels=LEVELS, seed=_seed(seed))
    return pd.DataFrame(
        {"group": list(found["names"]), "mu_star": np.asarray(found["mu_star"], dtype=np.float64)}
    )


def grouped(names: Sequence[str], chosen: Sequence[str]) -> tuple[list[str], list[str]]:
    """(group of every name, groups in order): each chosen name by itself, all the others together."""
    own = set(chosen)
    of = [name if name in own else REST for name in names]
    return of, list(dict.fromkeys(of))


def sobol_design(names: Sequence[str], chosen: Sequence[str], samples: int, seed: int) -> F64:
    """Saltelli's points, float64[samples * (groups + 2), k]: for each sample A, A with one group from B, B.

    All figures move: those that are not ``chosen`` together, as one group.
    """
    from SALib.sample import sobol

    of, _ = grouped(names, chosen)
    with warnings.catch_warnings():  # scipy has renamed the argument that SALib passes
        warnings.simplefilter("ignore", DeprecationWarning)
        design = sobol.sample(_problem(names, of), samples, calc_second_order=False, seed=_seed(seed))
    return np.asarray(design, dtype=np.float64)


def sobol_indices(names: Sequence[str], chosen: Sequence[str], y: F64, seed: int) -> pd.DataFrame:
    """``group, S1, S1_conf, ST, ST_conf``: shares of the variance of ``y``, alone and with interactions.

    ``_conf``: half-widths of 95 % bootstrap intervals. All 0 where ``y`` does not vary.
    """
    from SALib.analyze import sobol

    of, groups = grouped(names, chosen)
    columns = ("S1", "S1_conf", "ST", "ST_conf")
    if np.ptp(y) == 0:
        return pd.DataFrame({"group": groups, **dict.fromkeys(columns, 0.0)})
    with warnings.catch_warnings():  # an indicator may be constant in a resample; SALib then answers 0
        warnings.simplefilter("ignore")
        found = sobol.analyze(_problem(names, of), y, calc_second_order=False, seed=_seed(seed))
    return pd.DataFrame({"group": groups, **{c: np.asarray(found[c], dtype=np.float64) for c in columns}})
