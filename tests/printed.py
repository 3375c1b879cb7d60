"""What benchmarks print: the machine in a line, and tables for a terminal or for a document."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table


def installed(package: str) -> str:
    """``numpy 2.4.6``, or ``numba not installed``."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed"


def machine() -> str:
    """Processor, cores, load and versions: what a time depends on."""
    cores, load = os.cpu_count(), ""
    if hasattr(os, "getloadavg"):
        load = f", load {os.getloadavg()[0]:.1f}"
    versions = ", ".join(installed(name) for name in ("numpy", "scipy", "numba"))
    return f"{_processor()}, {cores} cores{load}; Python {platform.python_version()}, {versions}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def memory_mb() -> float:
    """Resident memory of this process, MB; NaN where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], markdown: bool) -> None:
    """The first column to the left, the others to the right."""
    table = Table(box=box.MARKDOWN if markdown else box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(width=200, highlight=False).print(table)
