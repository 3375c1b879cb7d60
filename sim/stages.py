"""Where the time of a run goes, stage by stage: the interpreter's own profiler, read under the model's names."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
# file, function: stage. Compiled functions are seen as one call each.
STAGES: dict[tuple[str, str], str] = {
    ("city.py", "build_city"): "city",
    ("laws.py", "build_laws"): "laws",
    ("kernel.py", "__init__"): "start",
    ("kernel_compiled.py", "__init__"): "start",
    ("kernel.py", "_advertise"): "advertise",
    ("kernel.py", "_fill_feeds"): "feeds",
    ("kernel_compiled.py", "_fill_feeds"): "feeds",
    ("kernel.py", "_look"): "displays",
    ("kernel_compiled.py", "_look"): "displays",
    ("kernel.py", "_write"): "write",
    ("tally.py", "close_week"): "weeks",
    ("kpi.py", "kpi_table"): "tables",
    ("kpi.py", "post_table"): "tables",
    ("kpi.py", "hour_table"): "tables",
}
PARTS: dict[tuple[str, str], tuple[str, str]] = {
    ("compiled/feeding.py", "choose"): ("feeds", "followers examined"),
    ("offers.py", "_chosen"): ("feeds", "followers examined"),
    ("compiled/feeding.py", "put"): ("feeds", "first displays found"),
    ("feed.py", "first_display"): ("feeds", "first displays found"),
    ("compiled/feeding.py", "deliver"): ("feeds", "shares to friends"),
    ("offers.py", "_deliver"): ("feeds", "shares to friends"),
    ("compiled/looking.py", "look"): ("displays", "reactions"),
    ("reactions.py", "_display"): ("displays", "reactions"),
    ("dialogue.py", "hear"): ("displays", "comments heard"),
    ("dialogue.py", "close_hour"): ("write", "conversation"),
    ("kernel.py", "_come_and_go"): ("write", "followers"),
}


@dataclass(frozen=True)
class Row:
    """Seconds in a stage, or in a ``part`` of it, and how often it was entered."""

    stage: str
    part: str
    calls: int
    seconds: float


def watched(work: Callable[[], Any]) -> tuple[Any, list[Row], float]:
    """Result of ``work``, its stages in their order (parts below theirs), and all seconds in it.

    Times include the profiler's own cost: read shares, not absolutes. Only what runs in this thread is seen.
    """
    profile = cProfile.Profile()
    result = profile.runcall(work)
    stats = pstats.Stats(profile)
    found: dict[tuple[str, str], list[float]] = {}
    for (file, _, function), (_, calls, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        place = _place(file), function
        where = PARTS.get(place) or ((STAGES[place], "") if place in STAGES else None)
        if where is not None:
            row = found.setdefault(where, [0, 0.0])
            row[0] += calls
            row[1] = max(row[1], cumulative) if place[1] == "__init__" else row[1] + cumulative
    total = float(stats.total_tt)  # type: ignore[attr-defined]
    return result, _in_order(found, total), total


def _place(file: str) -> str:
    path = Path(file)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""


def _in_order(found: dict[tuple[str, str], list[float]], total: float) -> list[Row]:
    rows = []
    for stage in dict.fromkeys(STAGES.values()):
        if (stage, "") not in found:
            continue
        calls, seconds = found[stage, ""]
        rows.append(Row(stage, "", int(calls), seconds))
        parts = {part: row for (of, part), row in found.items() if of == stage and part}
        rows += [Row(stage, part, int(n), s) for part, (n, s) in parts.items()]
    rest = total - sum(row.seconds for row in rows if not row.part)
    return [*rows, Row("rest", "", 1, max(rest, 0.0))]
