"""How functions are compiled: once for each version of these sources, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

KEPT_BUILDS = 4
# ``_nrt=False``: nothing is allocated inside, so that arrays need no counting of who refers to them, which
# costs more than the work where a function is handed sixty of them.
_HOW: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
# A change in any of these files may change what is compiled, also where it is called from another file: their
# functions and constants become part of the machine code.
COMPILED_IN = ("behaviour", "cards", "conversation", "desk", "feed", "figures", "sessions", "spread", "tally")
_READ, _NEAREST, _DATA = 0, 3, 1  # how llvm.prefetch is told what for, how near and what
_HERE = Path(__file__).parent
_SOURCES = (*sorted(_HERE.glob("*.py")), *(_HERE.parent / f"{name}.py" for name in COMPILED_IN))


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` compiled without the interpreter's lock, kept on disk where that can be written."""
    folder, settings = _folder(), vars(config)
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = str(folder) if folder is not None else before
    try:
        return numba.njit(nogil=True, cache=folder is not None, **_HOW)(function)
    finally:
        settings["CACHE_DIR"] = before


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` written out where it is called: handing many arrays over costs more than the work."""
    return numba.njit(inline="always", **_HOW)(function)


class Settled:
    """A compiled function that asks for the types of its arguments at the first call only.

    For calls whose types never change: asking takes several times as long as handing the arguments over.
    Raises TypeError for an array of another kind, or not contiguous; what tuples hold is not looked at.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self._call: Callable[..., Any] | None = None
        self._arrays: list[tuple[int, np.dtype[Any], int]] = []

    def __call__(self, *arguments: Any) -> Any:
        """The function of ``arguments``."""
        if self._call is None:
            result = self._function(*arguments)
            self._settle(arguments)
            return result
        for place, kind, n_dimensions in self._arrays:
            given = arguments[place]
            if given.dtype != kind or given.ndim != n_dimensions or not given.flags.c_contiguous:
                name = self._function.__name__
                raise TypeError(f"{name}: argument {place} is another kind of array than at the first call")
        return self._call(*arguments)

    def _settle(self, arguments: tuple[Any, ...]) -> None:
        """Keep the machine code of a first call."""
        known = self._function.signatures
        if len(known) > 1:  # naming types takes a hundred times as long as the call itself asked for them
            known = [tuple(numba.typeof(argument) for argument in arguments)]
            self._function.compile(known[0])
        given = enumerate(arguments)
        self._arrays = [(i, a.dtype, a.ndim) for i, a in given if isinstance(a, np.ndarray)]
        self._call = self._function.get_overload(known[0])


def _bring_near(typing: Any, array: Any, index: Any) -> Any:
    """Ask for ``array[index]`` (a number, or one for each dimension) to be in the nearest memory when it is
    needed.

    Unlike a read it is not waited for. ``index`` may lie beyond the end: nothing is read there.
    """

    def asked(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, where = signature.args
        held = context.make_array(kind)(context, builder, arguments[0])
        several = isinstance(where, types.BaseTuple)
        places = cgutils.unpack_tuple(builder, arguments[1]) if several else [arguments[1]]
        numbers = zip(places, where if several else [where], strict=True)
        places = [context.cast(builder, value, its, types.intp) for value, its in numbers]
        item = cgutils.get_item_pointer(context, builder, kind, held, places)
        place = builder.bitcast(item, cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], kind)
        builder.call(ask, [place, *(number(n) for n in (_READ, _NEAREST, _DATA))])
        return context.get_dummy_value()

    return types.void(array, index), asked


bring_near: Any = intrinsic(_bring_near)


def _folder() -> Path | None:
    """Folder of this version's machine code; None where no folder can be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "city-audience"
    folder = base / f"compiled-{_digest()}"
    if folder.is_dir():
        return folder if os.access(folder, os.W_OK) else None
    try:
        folder.mkdir(parents=True)
    except OSError:
        return folder if folder.is_dir() else None
    builds = sorted(base.glob("compiled-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in builds[KEPT_BUILDS:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _digest() -> str:
    total = hashlib.sha256(numba.__version__.encode())
    for path in _SOURCES:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
