"""What a killed process leaves: finished runs to go on from, and leftovers to remove."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim import store
from sim.provenance import canonical_hash, code_hash, versions

TEMPORARY_AGE_S = 24 * 3600.0
PARTIAL_AGE_S = 30 * 24 * 3600.0


class Checkpoint:
    """Finished runs of an unfinished comparison: one file per (scenario, replicate), all or nothing.

    Each file is a zip of parquet tables (no pickle: reading one runs no code) with the request's ``digest``
    and a ``stamp`` of what else the numbers depend on (by default ``code_hash()`` and the versions); a file
    that is damaged, or of another digest or stamp, counts as absent and is computed again. Only the parent
    process writes. Values, dtypes and order come back as they went in.
    """

    def __init__(self, results_dir: Path | str, digest: str, stamp: str | None = None) -> None:
        self.folder = Path(results_dir) / f".partial-{store.short(digest)}"
        default = canonical_hash({"code": code_hash(), "versions": versions()}) if stamp is None else stamp
        self._about = {"digest": digest, "stamp": default}

    def _path(self, scenario: str, replicate: int) -> Path:
        name = hashlib.sha256(scenario.encode()).hexdigest()[: store.SHORT]
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
                archive.writestr(f"{name}.parquet", store.parquet_bytes(table))
        path = self._path(scenario, replicate)
        try:
            self._write(path, buffer.getvalue())
        except OSError as error:
            raise store.unusable(self.folder.parent, error) from error

    def _write(self, path: Path, data: bytes, attempts: int = 2) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
            store.replace_file(path, data)
        except FileNotFoundError:  # the same request, finished by another process, removed the folder
            if attempts == 1:
                raise
            self._write(path, data, attempts - 1)

    def remove(self) -> None:
        """Forget the runs: the comparison is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


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
        done = partial and any(store.find_finished(p) is not None for p in root.glob(f"[!.]*-{digest}"))
        if done or age > (partial_age_s if partial else temporary_age_s):
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path.name)
    return sorted(gone)
