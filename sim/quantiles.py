"""Draws of a law by its quantiles: tables of 2**16 equal-chance values.

Tables are rounded to a grid when they are built, so that the last bit of a mathematical library cannot
matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from sim import draws

F64 = NDArray[np.float64]

_TABLE = 2**16
_GRID = 2.0**20


def unit_mean_table(quantile: Callable[[F64], F64], cap: float = 1.0) -> F64:
    """2**16 equal-chance values of a law, capped at its quantile ``cap``, of mean 1. float64[65536]."""
    chances = (np.arange(_TABLE) + 0.5) / _TABLE
    values = quantile(chances)
    if cap < 1.0:
        values = np.minimum(values, quantile(np.array([cap])))
    table = np.round(values / values.mean() * _GRID) / _GRID
    table.setflags(write=False)
    return table


@lru_cache(maxsize=32)
def lognormal_table(sd: float, cap: float = 1.0) -> F64:
    """Log-normal of mean 1; ``sd`` is that of the logarithm. float64[65536], see ``unit_mean_table``."""
    return unit_mean_table(lambda p: np.exp(sd * ndtri(p)), cap)


@lru_cache(maxsize=32)
def gamma_table(shape: float) -> F64:
    """Gamma of mean 1 and the given ``shape``. float64[65536], see ``unit_mean_table``."""
    return unit_mean_table(lambda p: gammaincinv(shape, p))


def from_table(table: F64, key: np.uint64, *ids: Any) -> F64:
    """One value of ``table`` for each id, by the top 16 bits of its keyed draw."""
    return table[(draws.bits(key, *ids) >> np.uint64(48)).astype(np.int64)]


def standard_normal(key: np.uint64, *ids: Any) -> F64:
    """Standard normal draws, float64, one for each id."""
    return ndtri(draws.uniform(key, *ids) + 2.0**-54)
