"""Every figure of a scenario with its source: one table for the command, the CSV and the report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from sim.scenario import Scenario, walk

COLUMNS = ["path", "value", "unit", "low", "high", "source", "tag", "note"]


def figure_table(scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """``COLUMNS``: each figure of any of the scenarios once, by dotted path, in the order of the first that
    has it. ``value``: a number, or a table written out; ``low`` and ``high``: None where no range is
    stated, and for a table, whose range is told in its note.
    """
    rows: dict[str, tuple[Any, ...]] = {}
    for scenario in scenarios:
        for path, figure in walk(scenario):
            value = getattr(figure, "value", None)
            shown = value if value is not None else written_out(figure.values)
            low, high = getattr(figure, "low", None), getattr(figure, "high", None)
            about = (figure.unit, low, high, figure.source, figure.tag, _note(figure, scenario.city.year))
            rows.setdefault(path, (path, shown, *about))
    return pd.DataFrame(list(rows.values()), columns=COLUMNS, dtype=object)


def _note(figure: Any, year: int) -> str:
    """The note; of a table with a range also that range, its source and its trust."""
    spread = getattr(figure, "spread", None)
    if spread is None:
        return str(figure.note)
    low, high = spread.at(year)
    told = f"range: every value x {low:.3g} to {high:.3g} ({spread.source}, {spread.tag})"
    return "; ".join(part for part in (figure.note, told) if part)


def habit_rows(scenario: Scenario) -> pd.DataFrame:
    """``COLUMNS``: what the calendar of each account rests on, in posts a week."""
    rows = []
    for name, account in scenario.city.accounts.items():
        posts = sum(len(slot.days) / slot.every_weeks for slot in account.slots)
        about = ("posts per week", None, None, account.habits_source, account.habits_tag, "")
        rows.append((f"city.accounts.{name}.slots", posts, *about))
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def written_out(values: Any) -> str:
    """A table of figures on one line: "2013: 0.17; 2019: 0.07"."""
    if not isinstance(values, Mapping):
        return ", ".join(f"{v:g}" for v in values)
    return "; ".join(
        f"{k}: {written_out(v) if isinstance(v, Mapping | tuple) else v}" for k, v in values.items()
    )


def citations(source: str, bibliography: Mapping[str, str]) -> str:
    """What the keys of ``source`` stand for; a key that is not in the bibliography stands for itself."""
    keys = [key.strip() for key in source.split(",") if key.strip()]
    return "; ".join(bibliography.get(key, key) for key in keys)


def with_tags(table: pd.DataFrame, tags: Collection[str]) -> pd.DataFrame:
    """The rows of these tags; all rows if there are none."""
    return table[table["tag"].isin(list(tags))].reset_index(drop=True) if tags else table
