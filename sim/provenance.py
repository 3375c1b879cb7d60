"""What a result rests on: hashes of the request, of the inputs and of the code; versions; the manifest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "city-audience", "numpy", "scipy", "pandas", "pyarrow", "networkx", "mesa", "hydra-core", "pydantic",
)  # fmt: skip


def plain(value: Any, keep_finite: bool = False) -> Any:
    """``value`` as JSON types. TypeError: no such form. NaN and infinities: ValueError, or None if
    ``keep_finite`` (what a manifest needs)."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if np.isfinite(value):
            return value
        if keep_finite:
            return None
        raise ValueError(f"{value} has no place in a config")
    if isinstance(value, Mapping):
        if not all(isinstance(k, str) for k in value):
            raise TypeError(f"config keys must be text, found {[k for k in value if not isinstance(k, str)]}")
        return {k: plain(v, keep_finite) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, keep_finite) for v in value]
    raise TypeError(f"{type(value).__name__} has no place in a config: {value!r}")


def canonical_hash(mapping: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex) of the canonical JSON: sorted keys, no spaces, UTF-8, floats by ``repr``."""
    text = json.dumps(plain(mapping), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_file(path: Path | str) -> str:
    """SHA-256 (64 hex) of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def code_hash() -> str:
    """SHA-256 of the package's Python sources (relative names and contents): which code ran."""
    root = Path(__file__).resolve().parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(f"{path.relative_to(root).as_posix()} {hash_file(path)}\n".encode())
    return total.hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of ``PACKAGES``; "not installed" for what runs from a source folder."""
    out = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            out[name] = "not installed"
    return out


def checkout() -> dict[str, Any]:
    """``commit`` and ``dirty`` of the checkout this package is tracked in, else "not a git checkout".

    An installed copy inside another project's checkout is not tracked there and does not count.
    """
    here = Path(__file__).resolve()
    unset = {"commit": "not a git checkout", "dirty": None}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}

    def git(*words: str) -> str:
        command = ["git", "-C", str(here.parent), *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)
        return {"commit": git("rev-parse", "HEAD"), "dirty": git("status", "--porcelain") != ""}
    except (OSError, subprocess.SubprocessError):
        return unset


def manifest(
    config: Mapping[str, Any],
    *,
    seed: int,
    replicates: int,
    stop_reason: Mapping[str, Any] | str,
    wall_time_s: float,
    inputs: Mapping[str, str],
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a result rests on, free of host names and of absolute paths.

    ``config``: the validated request, without where to write it; its hash is the result's. ``inputs``:
    SHA-256 of each file read, by a name relative to its root (an absolute one is a ValueError). ``extra``:
    further entries. ``files`` is added by ``store.write_result``.
    """
    for name in inputs:
        if Path(name).is_absolute() or ".." in Path(name).parts or re.match(r"[A-Za-z]:|[\\~]", name):
            raise ValueError(f"input {name!r} must be named relative to its root")
    out = {
        "config": plain(config),
        "config_hash": canonical_hash(config),
        "seed": seed,
        "replicates": replicates,
        "stop_reason": stop_reason,
        "versions": versions(),
        "code_hash": code_hash(),
        **checkout(),
        "inputs": dict(sorted(inputs.items())),
        "wall_time_s": round(wall_time_s, 3),
    }
    clash = set(out) & set(extra or {})
    if clash:
        raise ValueError(f"the manifest already has {', '.join(sorted(clash))}")
    return dict(plain({**out, **(extra or {})}, keep_finite=True))
