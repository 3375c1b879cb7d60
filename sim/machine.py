"""Memory of this machine and of this process, in bytes; None where the system does not tell."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

UNITS = {"fr": ("ko", "Mo", "Go"), "en": ("kB", "MB", "GB")}
_STATUS = Path("/proc/self/status")


def size(n_bytes: int, lang: str) -> str:
    """Bytes in words: 79 ko, 143 Mo, 2,1 Go."""
    power = 0 if n_bytes < 1e6 else 1 if n_bytes < 1e9 else 2
    value = n_bytes / 1000 ** (power + 1)
    text = f"{value:.1f}" if power == 2 else f"{max(1, round(value))}"
    return f"{text.replace('.', ',') if lang == 'fr' else text} {UNITS[lang][power]}"


def available_bytes() -> int | None:
    """Memory that can still be taken: what the machine has free, or what a container leaves if less."""
    found = [n for n in (_free(), _left_in_container()) if n is not None]
    return min(found) if found else None


def _free() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_container(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    try:
        limit, used = ((group / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return None if limit == "max" else max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return None


def resident_bytes(kind: str = "VmRSS") -> int | None:
    """Memory of this process now; ``kind``: VmRSS (all), RssAnon (its own), VmHWM (the highest so far)."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
    except (OSError, ValueError, StopIteration):
        return None


def _give_back() -> None:
    """Return freed memory to the system, or what reuses it would seem to need none."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Peak:
    """``with Peak() as peak``: afterwards ``peak.bytes`` is how much higher this process stood at most."""

    bytes: int | None = None

    def __enter__(self) -> Peak:
        _give_back()
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest so far is now
            self._before = resident_bytes()
        except OSError:
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        highest = resident_bytes("VmHWM")
        if self._before is not None and highest is not None:
            self.bytes = max(0, highest - self._before)
