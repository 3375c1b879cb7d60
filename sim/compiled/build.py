"""How functions are compiled: once for each version of these sources, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

KEPT_BUILDS = 4
# A change in any of these files changes what is compiled, also where it is called from another file.
_SOURCES = (*sorted(Path(__file__).parent.glob("*.py")), Path(__file__).parents[1] / "behaviour.py")


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` compiled without the interpreter's lock, kept on disk where that can be written."""
    before = numba.config.CACHE_DIR
    folder = _folder()
    numba.config.CACHE_DIR = str(folder) if folder is not None else before
    try:
        dispatcher = numba.njit(nogil=True, cache=folder is not None, error_model="numpy", _nrt=False)(function)
    finally:
        numba.config.CACHE_DIR = before
    return dispatcher  # type: ignore[no-any-return]


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` written out where it is called: handing many arrays over costs more than the work."""
    return numba.njit(inline="always", error_model="numpy", _nrt=False)(function)  # type: ignore[no-any-return]


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
