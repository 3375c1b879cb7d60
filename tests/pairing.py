"""How much common random numbers save: replicates of two scenarios, paired and not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

RESAMPLES = 4000


@dataclass(frozen=True)
class Gain:
    """``gain``: how many times fewer replicates the paired difference needs for the same precision, with a
    bootstrap interval of 95 % (``low``, ``high``); ``apart``: the same ratio when replicate r of one scenario
    meets replicate r + 1 of the other, whose draws are independent (near 1: the control)."""

    gain: float
    low: float
    high: float
    apart: float
    difference: float
    se: float


def gain_of(baseline: F64, alternative: F64, seed: int = 1) -> Gain:
    """From one value a replicate of each scenario, in the same order.

    gain = (variance of the baseline + variance of the alternative) / variance of the paired difference: the
    variance of a difference of independent runs is the sum. The bootstrap draws replicates (pairs) with
    replacement. ValueError: fewer than three replicates, or a difference that does not vary.
    """
    n = len(baseline)
    if n < 3 or len(alternative) != n:
        raise ValueError(f"{n} and {len(alternative)} replicates; allowed: the same number, three or more")
    if np.ptp(alternative - baseline) == 0:
        raise ValueError("the difference is the same in every replicate: there is no variance to compare")
    rng = np.random.Generator(np.random.PCG64(seed))
    again = rng.integers(0, n, (RESAMPLES, n))
    many = _ratio(baseline[again], alternative[again])
    low, high = np.nanquantile(many, [0.025, 0.975])
    difference = alternative - baseline
    return Gain(
        gain=float(_ratio(baseline, alternative)),
        low=float(low),
        high=float(high),
        apart=float(_ratio(baseline, np.roll(alternative, 1))),
        difference=float(difference.mean()),
        se=float(difference.std(ddof=1) / np.sqrt(n)),
    )


def _ratio(a: F64, b: F64) -> F64:
    """Over the last axis; NaN where a resample has one value only."""
    together = (b - a).var(axis=-1, ddof=1)
    separate = a.var(axis=-1, ddof=1) + b.var(axis=-1, ddof=1)
    return np.divide(separate, together, out=np.full_like(separate, np.nan), where=together > 0)
