"""The only writer of ``results/``: atomic, content-addressed, resumable.

A result lives in ``results/<name>-<hash>/`` where the hash is that of the request. It is written into a
hidden sibling folder, each file fsynced, ``manifest.json`` last, and renamed into place: a folder with its
final name is complete whenever the process or the machine stopped. A finished result is never overwritten.
Single runs of a long comparison survive in ``results/.partial-<hash>/`` (see ``sim.checkpoint``).

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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sim.provenance import canonical_hash, hash_file, plain

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


class StoreError(Exception):
    """A results folder that cannot be used; ``en`` and ``fr`` are one sentence each."""

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.en, self.fr = en, fr

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.en, self.fr)


def unusable(folder: Path, error: OSError | ValueError) -> StoreError:
    """The sentence for an ``error`` that writing below ``folder`` raised."""
    why = getattr(error, "strerror", None) or str(error)
    return StoreError(
        f"results_dir={folder}: cannot write in this folder ({why}); "
        "choose a folder where you may write, for example results_dir=./results",
        f"results_dir={folder} : impossible d'écrire dans ce dossier ({why}) ; "
        "choisissez un dossier où vous pouvez écrire, par exemple results_dir=./results",
    )


# --- names ---------------------------------------------------------------------------------------


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
    return Path(results_dir) / f"{slug(name)}-{short(digest)}"


def short(digest: str) -> str:
    """The part of a hash that stands in names."""
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
        raise unusable(folder, error) from None
    return folder


def _probe(folder: Path) -> None:
    token = secrets.token_hex(6)
    probe, moved = folder / f".tmp-probe-{token}", folder / f".tmp-moved-{token}"
    try:
        probe.mkdir()
        write_file(probe / "probe", b"probe")
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
        if digest != found["config_hash"] or not folder.name.endswith(f"-{short(digest)}"):
            return None
        for name, facts in found["files"].items():
            if not _is(folder / name, facts) and not _is(folder / name, facts.get("next")):
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(found)


def _is(path: Path, facts: Mapping[str, Any] | None) -> bool:
    """Whether a file has the size and the SHA-256 that ``facts`` state."""
    return facts is not None and path.stat().st_size == facts["bytes"] and hash_file(path) == facts["sha256"]


def rewrite_page(folder: Path, name: str, text: str, changes: Mapping[str, Any]) -> None:
    """Put ``text`` under ``name`` in a finished result and ``changes`` into its manifest.

    For pages only: nothing that was computed changes. The manifest first allows both the old page and the
    new one, so that the result counts as finished whenever the process stops. StoreError: no room or no
    permission.
    """
    path, data = folder / MANIFEST, text.encode()
    facts = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = manifest["files"]
        now = {"bytes": (folder / name).stat().st_size, "sha256": hash_file(folder / name)}
        both = {**files, name: {**now, "next": facts}}
        _put_manifest(path, {**manifest, "files": both})
        replace_file(folder / name, data)
        _put_manifest(path, {**manifest, **changes, "files": {**files, name: facts}})
    except OSError as error:
        raise unusable(folder.parent, error) from error


def _put_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    replace_file(path, (json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


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
    ``extra``: more text files by file name. ``manifest``: from ``provenance.manifest``; gets ``files``
    (bytes, SHA-256).
    If ``folder`` holds a finished result, now or by the time ours is ready, that one stays and ours is
    dropped. An unfinished or edited folder of that name is set aside as ``<folder>.aside-<k>``, not deleted.
    StoreError: disk full, no permission. Needs ``folder.parent`` to exist (``ensure_writable``).
    """
    folder = Path(folder)
    digest = canonical_hash(manifest["config"])
    if digest != manifest["config_hash"] or not folder.name.endswith(f"-{short(digest)}"):
        raise ValueError("the manifest's config, its hash and the folder's name do not belong together")
    standing = find_finished(folder)
    if standing is not None:
        return standing
    return write_folder(folder, _contents(tables, report_html, config_yaml, extra or {}), manifest)


def write_folder(
    folder: Path, contents: Mapping[str, bytes], manifest: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Put files under ``folder``, all or none, the manifest last; returns the manifest that stands there.

    ``manifest`` gets ``files``; None: what is written does not count as finished, and a folder that already
    holds the same stays as it is. What else stood there is set aside. StoreError: disk full, no permission.
    """
    temporary = folder.parent / f".tmp-{folder.name}-{secrets.token_hex(6)}"
    try:
        if manifest is None and _holds(folder, contents):
            return {}
        temporary.mkdir()
        files = {name: write_file(temporary / name, data) for name, data in contents.items()}
        full: dict[str, Any] = {}
        if manifest is not None:
            full = plain({**manifest, "files": files}, keep_finite=True)
            text = json.dumps(full, indent=1, ensure_ascii=False, allow_nan=False)
            write_file(temporary / MANIFEST, (text + "\n").encode())
        _sync_folder(temporary)
        return _publish(temporary, folder) or full
    except OSError as error:
        raise unusable(folder.parent, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _holds(folder: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a folder holds exactly these files."""
    try:
        return {path.name: path.read_bytes() for path in folder.iterdir()} == dict(contents)
    except OSError:
        return False


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
            out[file] = parquet_bytes(table) if file.endswith(".parquet") else csv_bytes(table)
    for file, text in extra.items():
        if not re.fullmatch(r"[a-z0-9_-]{1,60}\.[a-z]{2,5}", file) or file in {*out, MANIFEST}:
            raise ValueError(f"{file!r} cannot be the name of a further file")
        out[file] = text.encode()
    return out


def csv_bytes(table: pd.DataFrame) -> bytes:
    """``table`` as UTF-8 CSV with a head and no index."""
    return str(table.to_csv(index=False, lineterminator="\n")).encode()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """``table`` as parquet without its index."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
    return buffer.getvalue()


def write_file(path: Path, data: bytes) -> dict[str, Any]:
    """Write and fsync a new file; returns its ``bytes`` and ``sha256``."""
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def replace_file(path: Path, data: bytes) -> None:
    """Put all of ``data`` under ``path``, or leave what stands there. The folder must exist."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    try:
        write_file(temporary, data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
