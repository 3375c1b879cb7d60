"""The only writer of ``results/``: atomic, content-addressed, resumable, with provenance.

A result lives in ``results/<name>-<hash>/`` where the hash is that of the request. It is written into a
hidden sibling folder, each file fsynced, ``manifest.json`` last, and renamed into place: a folder with its
final name is complete whenever the process or the machine stopped. A finished result is never overwritten.
Single runs of a long comparison survive in ``results/.partial-<hash>/`` (see ``Checkpoint``).

Errors that a person can mend are ``StoreError``, one sentence in English and in French.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MANIFEST = "manifest.json"
SHORT = 12
TABLE_FILES: Mapping[str, tuple[str, ...]] = {
    "kpis": ("kpis.parquet", "kpis.csv"),
    "differences": ("differences.csv",),
    "posts": ("posts.parquet",),
    "hours": ("hours.csv",),
}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "kpis": ("scenario", "replicate", "kpi", "platform", "age_band", "week", "value", "unit"),
    "differences": (
        "kpi", "platform", "age_band", "baseline", "alternative", "mean_baseline", "mean_alternative",
        "difference", "ci_low", "ci_high", "p_better", "replicates", "verdict", "unit",
    ),
    "posts": (
        "scenario", "replicate", "post", "platform", "published", "week", "hour", "weekday", "theme",
        "format", "offered", "reach", "impressions", "clicks", "likes", "comments", "shares", "hides",
        "cascade_size", "cascade_depth",
    ),
    "hours": ("scenario", "replicate", "platform", "hour", "impressions", "reach"),
}  # fmt: skip
PACKAGES = (
    "city-audience", "numpy", "scipy", "pandas", "pyarrow", "networkx", "mesa", "hydra-core", "pydantic",
)  # fmt: skip
TEMPORARY_AGE_S = 24 * 3600.0
PARTIAL_AGE_S = 30 * 24 * 3600.0


class StoreError(Exception):
    """A results folder that cannot be used; ``en`` and ``fr`` are one sentence each."""

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.en, self.fr = en, fr

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.en, self.fr)


def _unusable(folder: Path, error: OSError | ValueError) -> StoreError:
    why = getattr(error, "strerror", None) or str(error)
    return StoreError(
        f"results_dir={folder}: cannot write in this folder ({why}); "
        "choose a folder where you may write, for example results_dir=./results",
        f"results_dir={folder} : impossible d'écrire dans ce dossier ({why}) ; "
        "choisissez un dossier où vous pouvez écrire, par exemple results_dir=./results",
    )


# --- names and hashes --------------------------------------------------------------------------------


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


def slug(name: str) -> str:
    """``name`` if it can name a folder: 1 to 60 of a-z, 0-9, _ and -. StoreError otherwise."""
    if not re.fullmatch(r"[a-z0-9_-]{1,60}", name):
        rule = "a-z 0-9 _ -"
        raise StoreError(
            f"name {name!r} cannot name a results folder; use 1 to 60 characters of {rule}",
            f"le nom {name!r} ne peut pas nommer un dossier de résultats ; 1 à 60 caractères parmi {rule}",
        )
    return name


def result_folder(results_dir: Path | str, name: str, digest: str) -> Path:
    """``results_dir/<name>-<first 12 hex of digest>``. ``digest``: from ``canonical_hash``."""
    return Path(results_dir) / f"{slug(name)}-{_short(digest)}"


def _short(digest: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"not a SHA-256 in hex: {digest!r}")
    return digest[:SHORT]


# --- before computing --------------------------------------------------------------------------------


def ensure_writable(results_dir: Path | str) -> Path:
    """Make ``results_dir`` if need be and prove that a folder can be written and renamed in it.

    Call it before any computing. Leaves nothing but the folder itself; on failure leaves nothing at all
    and raises StoreError. Permissions are tried, not read: they lie on network drives and for root.
    """
    folder = Path(results_dir)
    made: list[Path] = []
    try:
        missing = [p for p in (folder, *folder.parents) if not os.path.lexists(p)]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            made.append(path)
        _probe(folder)
    except (OSError, ValueError) as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()
        raise _unusable(folder, error) from None
    return folder


def _probe(folder: Path) -> None:
    token = secrets.token_hex(6)
    probe, moved = folder / f".tmp-probe-{token}", folder / f".tmp-moved-{token}"
    try:
        probe.mkdir()
        _write_file(probe / "probe", b"probe")
        probe.rename(moved)
    finally:
        shutil.rmtree(probe, ignore_errors=True)
        shutil.rmtree(moved, ignore_errors=True)


# --- finished results --------------------------------------------------------------------------------


def find_finished(folder: Path | str) -> dict[str, Any] | None:
    """The manifest of a finished result, or None.

    Finished: ``manifest.json`` is there, its config has the hash that it states and that the folder's name
    ends with, and each file it lists has its size and SHA-256. A folder that someone edited is not.
    """
    folder = Path(folder)
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        digest = canonical_hash(found["config"])
        if digest != found["config_hash"] or not folder.name.endswith(f"-{_short(digest)}"):
            return None
        for name, facts in found["files"].items():
            path = folder / name
            if path.stat().st_size != facts["bytes"] or hash_file(path) != facts["sha256"]:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(found)


def write_result(
    folder: Path | str,
    *,
    tables: Mapping[str, pd.DataFrame],
    report_html: str,
    config_yaml: str,
    manifest: Mapping[str, Any],
    extra: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Write a result into ``folder`` (from ``result_folder``) and return the manifest that stands there.

    ``tables``: the four of ``COLUMNS`` with at least those columns; any other becomes ``<name>.csv``.
    ``extra``: more text files by file name. ``manifest``: from ``manifest``; gets ``files`` (bytes, SHA-256).
    If ``folder`` holds a finished result, now or by the time ours is ready, that one stays and ours is
    dropped. An unfinished or edited folder of that name is set aside as ``<folder>.aside-<k>``, not deleted.
    StoreError: disk full, no permission. Needs ``folder.parent`` to exist (``ensure_writable``).
    """
    folder = Path(folder)
    digest = canonical_hash(manifest["config"])
    if digest != manifest["config_hash"] or not folder.name.endswith(f"-{_short(digest)}"):
        raise ValueError("the manifest's config, its hash and the folder's name do not belong together")
    standing = find_finished(folder)
    if standing is not None:
        return standing
    temporary = folder.parent / f".tmp-{folder.name}-{secrets.token_hex(6)}"
    try:
        temporary.mkdir()
        contents = _contents(tables, report_html, config_yaml, extra or {})
        files = {name: _write_file(temporary / name, data) for name, data in contents.items()}
        full = plain({**manifest, "files": files}, keep_finite=True)
        text = json.dumps(full, indent=1, ensure_ascii=False, allow_nan=False)
        _write_file(temporary / MANIFEST, (text + "\n").encode())
        _sync_folder(temporary)
        return _publish(temporary, folder) or full
    except OSError as error:
        raise _unusable(folder.parent, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _contents(
    tables: Mapping[str, pd.DataFrame], report_html: str, config_yaml: str, extra: Mapping[str, str]
) -> dict[str, bytes]:
    """Bytes of every file but the manifest, by file name. ValueError: a table or column is missing."""
    out = {"config.yaml": config_yaml.encode(), "report.html": report_html.encode()}
    for name in (*COLUMNS, *(t for t in tables if t not in COLUMNS)):
        if name not in tables:
            raise ValueError(f"table {name!r} is missing")
        wanted = COLUMNS.get(name, ())
        absent = [c for c in wanted if c not in tables[name].columns]
        if absent:
            raise ValueError(f"table {name!r} lacks {', '.join(absent)}")
        table = tables[name][[*wanted, *(c for c in tables[name].columns if c not in wanted)]]
        for file in TABLE_FILES.get(name, (f"{slug(name)}.csv",)):
            out[file] = _parquet(table) if file.endswith(".parquet") else _csv(table)
    for file, text in extra.items():
        if not re.fullmatch(r"[a-z0-9_-]{1,60}\.[a-z]{2,5}", file) or file in {*out, MANIFEST}:
            raise ValueError(f"{file!r} cannot be the name of a further file")
        out[file] = text.encode()
    return out


def _csv(table: pd.DataFrame) -> bytes:
    return str(table.to_csv(index=False, lineterminator="\n")).encode()


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
    return buffer.getvalue()


def _write_file(path: Path, data: bytes) -> dict[str, Any]:
    """Write and fsync a new file; returns its ``bytes`` and ``sha256``."""
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable; Windows cannot open a folder and does not need it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _publish(temporary: Path, folder: Path) -> dict[str, Any] | None:
    """Rename into place; the manifest of another process's finished result if that was faster."""
    for _ in range(5):
        try:
            os.rename(temporary, folder)
            _sync_folder(folder.parent)
            return None
        except OSError:
            standing = find_finished(folder)
            if standing is not None:
                return standing
            if not os.path.lexists(folder):
                raise
        _set_aside(folder)
    raise OSError(f"{folder.name} keeps coming back")


def _set_aside(folder: Path) -> None:
    k = 1
    while os.path.lexists(aside := folder.with_name(f"{folder.name}.aside-{k}")):
        k += 1
    try:
        os.rename(folder, aside)
    except FileNotFoundError:
        return


def clean_leftovers(
    results_dir: Path | str,
    temporary_age_s: float = TEMPORARY_AGE_S,
    partial_age_s: float = PARTIAL_AGE_S,
) -> list[str]:
    """Remove what killed processes left behind, and return the names removed.

    ``.tmp-*`` untouched for ``temporary_age_s`` seconds (a younger one may belong to a living process) and
    ``.partial-<hash>`` untouched for ``partial_age_s`` or whose result is finished. Never raises.
    """
    root, now = Path(results_dir), time.time()
    gone: list[str] = []
    try:
        ours = re.compile(r"\.(tmp-[a-z0-9_-]+-|partial-)[0-9a-f]{12}")
        candidates = [p for p in root.iterdir() if ours.fullmatch(p.name)]
    except OSError:
        return gone
    for path in candidates:
        try:
            age = now - path.stat().st_mtime
        except OSError:
            continue
        partial = path.name.startswith(".partial-")
        digest = path.name.removeprefix(".partial-")
        done = partial and any(find_finished(p) is not None for p in root.glob(f"[!.]*-{digest}"))
        if done or age > (partial_age_s if partial else temporary_age_s):
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path.name)
    return sorted(gone)


# --- resuming a comparison ---------------------------------------------------------------------------


class Checkpoint:
    """Finished runs of an unfinished comparison: one file per (scenario, replicate), all or nothing.

    Each file is a zip of parquet tables (no pickle: reading one runs no code) with the request's ``digest``
    and a ``stamp`` of what else the numbers depend on (by default ``code_hash()`` and the versions); a file
    that is damaged, or of another digest or stamp, counts as absent and is computed again. Only the parent
    process writes. Values, dtypes and order come back as they went in.
    """

    def __init__(self, results_dir: Path | str, digest: str, stamp: str | None = None) -> None:
        self.folder = Path(results_dir) / f".partial-{_short(digest)}"
        default = canonical_hash({"code": code_hash(), "versions": versions()}) if stamp is None else stamp
        self._about = {"digest": digest, "stamp": default}

    def _path(self, scenario: str, replicate: int) -> Path:
        name = hashlib.sha256(scenario.encode()).hexdigest()[:SHORT]
        return self.folder / f"{name}-{replicate:06d}.zip"

    def get(self, scenario: str, replicate: int) -> dict[str, pd.DataFrame] | None:
        """The saved tables of a run, or None."""
        about = {**self._about, "scenario": scenario, "replicate": replicate}
        try:
            with zipfile.ZipFile(self._path(scenario, replicate)) as archive:
                if json.loads(archive.read("about.json")) != about:
                    return None
                names = json.loads(archive.read("tables.json"))
                return {n: pd.read_parquet(io.BytesIO(archive.read(f"{n}.parquet"))) for n in names}
        except Exception:  # whatever a damaged file makes zipfile or pyarrow say, the answer is: run it again
            return None

    def put(self, scenario: str, replicate: int, result: Mapping[str, pd.DataFrame]) -> None:
        """Save the tables of a run. StoreError: no room or no permission."""
        about = {**self._about, "scenario": scenario, "replicate": int(replicate)}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("about.json", json.dumps(about))
            archive.writestr("tables.json", json.dumps(list(result)))
            for name, table in result.items():
                archive.writestr(f"{name}.parquet", _parquet(table))
        path = self._path(scenario, replicate)
        try:
            self._replace(path, buffer.getvalue())
        except OSError as error:
            raise _unusable(self.folder.parent, error) from error

    def _replace(self, path: Path, data: bytes, attempts: int = 2) -> None:
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        try:
            self.folder.mkdir(exist_ok=True)
            _write_file(temporary, data)
            os.replace(temporary, path)
        except FileNotFoundError:  # the same request, finished by another process, removed the folder
            if attempts == 1:
                raise
            self._replace(path, data, attempts - 1)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget the runs: the comparison is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


# --- provenance --------------------------------------------------------------------------------------


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
    further entries. ``files`` is added by ``write_result``.
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
