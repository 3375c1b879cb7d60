"""Where the time of a run goes, by stage: the interpreter's own profiler under the model's names."""

from __future__ import annotations

import cProfile
import pstats
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from sim.request import Options
    from sim.scenario import Scenario

ROOT = Path(__file__).parent
_COMPILED = re.compile(r"<built-in method sim\.compiled\.(\w+)\.(\w+)>")
WORDS = {
    "fr": {
        "stage": "Étape",
        "calls": "Appels",
        "seconds": "Secondes",
        "share": "Part",
        "city": "ville (construite ou relue)",
        "laws": "lois et calendrier",
        "start": "début d'un tirage",
        "advertise": "publicité",
        "feeds": "fils d'actualité",
        "displays": "affichages",
        "write": "fin d'heure",
        "weeks": "fin de semaine",
        "tables": "indicateurs",
        "rest": "autres",
        "posts put in feeds": "posts mis dans les fils",
        "followers examined": "abonnés examinés",
        "first displays found": "premier affichage trouvé",
        "shares to friends": "partages aux amis",
        "reactions": "réactions",
        "comments heard": "commentaires entendus",
        "conversation": "conversation",
        "followers": "abonnés qui viennent et partent",
        "title": "Un tirage, noyau {} : {:.1f} s sous le profileur, qui ralentit ; lire les parts",
    },
    "en": {
        "stage": "Stage",
        "calls": "Calls",
        "seconds": "Seconds",
        "share": "Share",
        "city": "city (built or read back)",
        "laws": "laws and calendar",
        "start": "start of a replicate",
        "advertise": "advertising",
        "feeds": "feeds",
        "displays": "displays",
        "write": "end of the hour",
        "weeks": "end of the week",
        "tables": "indicators",
        "rest": "other",
        "posts put in feeds": "posts put in feeds",
        "followers examined": "followers examined",
        "first displays found": "first displays found",
        "shares to friends": "shares to friends",
        "reactions": "reactions",
        "comments heard": "comments heard",
        "conversation": "conversation",
        "followers": "followers who come and go",
        "title": "One replicate, {} kernel: {:.1f} s under the profiler, which slows it; read the shares",
    },
}
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
    ("kernel_compiled.py", "_write"): "write",
    ("tally.py", "close_week"): "weeks",
    ("kernel_compiled.py", "_close_week"): "weeks",
    ("kpi.py", "kpi_table"): "tables",
    ("kpi.py", "post_table"): "tables",
    ("kpi.py", "hour_table"): "tables",
}
PARTS: dict[tuple[str, str], tuple[str, str]] = {
    ("compiled/publishing.py", "publish"): ("feeds", "posts put in feeds"),
    ("offers.py", "_chosen"): ("feeds", "followers examined"),
    ("feed.py", "first_display"): ("feeds", "first displays found"),
    ("compiled/sharing.py", "deliver"): ("feeds", "shares to friends"),
    ("offers.py", "_deliver"): ("feeds", "shares to friends"),
    ("compiled/looking.py", "look"): ("displays", "reactions"),
    ("reactions.py", "_display"): ("displays", "reactions"),
    ("dialogue.py", "hear"): ("displays", "comments heard"),
    ("dialogue.py", "close_hour"): ("write", "conversation"),
    ("compiled/talking.py", "converse"): ("write", "conversation"),
    ("kernel.py", "_come_and_go"): ("write", "followers"),
    ("kernel_compiled.py", "_come_and_go"): ("write", "followers"),
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
        place = _place(file, function)
        where = PARTS.get(place) or ((STAGES[place], "") if place in STAGES else None)
        if where is not None:
            row = found.setdefault(where, [0, 0.0])
            # the compiled kernel's start contains the reference's
            again = place[1] == "__init__"
            row[0] = max(row[0], calls) if again else row[0] + calls
            row[1] = max(row[1], cumulative) if again else row[1] + cumulative
    total = float(stats.total_tt)  # type: ignore[attr-defined]
    return result, _in_order(found, total), total


def _place(file: str, function: str) -> tuple[str, str]:
    """File within the program, and function; a compiled one is known by its full name alone."""
    if compiled := _COMPILED.fullmatch(function):
        return f"compiled/{compiled[1]}.py", compiled[2]
    path = Path(file)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else "", function


def _in_order(found: dict[tuple[str, str], list[float]], total: float) -> list[Row]:
    rows = []
    for stage in dict.fromkeys(STAGES.values()):
        if (stage, "") not in found:
            continue
        calls, seconds = found[stage, ""]
        rows.append(Row(stage, "", int(calls), seconds))
        for of, part in dict.fromkeys(PARTS.values()):
            if of == stage and (of, part) in found:
                n, inside = found[of, part]
                rows.append(Row(stage, part, int(n), inside))
    rest = total - sum(row.seconds for row in rows if not row.part)
    return [*rows, Row("rest", "", 1, max(rest, 0.0))]


def stage_table(scenario: Scenario, options: Options) -> Table:
    """One replicate of ``scenario``, watched: stages and their parts with calls, seconds and shares."""
    from sim.kernel import Kernel
    from sim.replicates import Job
    from sim.study import Bench
    from sim.terminal import table_of

    def work() -> None:
        bench = Bench((scenario,), options.seed, kernel=options.kernel)
        bench.run(Job(scenario.name, 0))

    words, bench = WORDS[options.lang], Bench((scenario,), options.seed, kernel=options.kernel)
    bench.run(Job(scenario.name, 0))  # compiled once, the city in the cache
    _, rows, total = watched(work)
    kind = "numpy" if bench.kernel is Kernel else {"fr": "compilé", "en": "compiled"}[options.lang]
    table = table_of(
        [words[w] for w in ("stage", "calls", "seconds", "share")], title=words["title"].format(kind, total)
    )
    for row in rows:
        name = f"    {words[row.part]}" if row.part else words[row.stage]
        table.add_row(name, f"{row.calls}", f"{row.seconds:.3f}", f"{100 * row.seconds / total:.0f} %")
    return table
