"""Benches for tests of engines: importable by every worker process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Square:
    """``job`` squared. Of ``fatal`` jobs, each ends its own process the first ``deaths`` times."""

    folder: Path
    fatal: tuple[int, ...] = ()
    deaths: int = 1
    slow_s: float = 0.0

    def run(self, job: int) -> int:
        """The square; leaves a note of the process that made it."""
        (self.folder / f"{job}-by-{os.getpid()}").touch()
        if job in self.fatal and len(list(self.folder.glob(f"{job}-by-*"))) <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.slow_s)
        if job < 0:
            raise ValueError(f"{job} is negative")
        return job * job

    def processes(self) -> set[int]:
        """Those that made runs."""
        return {int(path.name.rpartition("-")[2]) for path in self.folder.iterdir()}
