"""Which kernel runs: the numpy reference, or its compiled twin where that is asked for or possible.

Both give the same integers; only the time differs.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from sim.figures import InputError
from sim.kernel import Kernel


@cache
def can_compile() -> bool:
    """Whether numba is installed."""
    return find_spec("numba") is not None


def kernel_named(choice: str = "auto") -> type[Kernel]:
    """The kernel for "auto", "compiled" or "numpy". InputError: compiled is asked and cannot be had."""
    if choice == "numpy" or (choice == "auto" and not can_compile()):
        return Kernel
    if not can_compile():
        raise InputError("kernel: compiled needs numba, which is not installed; write kernel=numpy")
    from sim.kernel_compiled import CompiledKernel

    return CompiledKernel
