"""Install what the benchmarks compare with, one by one where the whole extra does not install.

A peer that cannot be had here is named and left: the benchmark's table says so again.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def installs(*what: str) -> bool:
    """Whether pip could install it at the versions of ``constraints.txt``."""
    return subprocess.run([*PIP, "-c", "constraints.txt", *what], cwd=ROOT, check=False).returncode == 0


def requirements() -> list[str]:
    """The extra's packages and those of the extra it builds on."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    return [r for name in ("peers", "bench") for r in extras[name] if not r.startswith("city-audience")]


if __name__ == "__main__" and not installs("-e", ".[bench]"):
    missing = [what for what in requirements() if not installs(what)]
    print(f"could not install: {', '.join(missing)}", file=sys.stderr)
