"""The table of levers: each of the 38 is there, and names kinds, fields, formats and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sim.cards import Account, Slot
from sim.changes import CHANGE_KINDS
from sim.staff import Team

ROOT = Path(__file__).parent.parent
LINES = (ROOT / "docs" / "levers.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("|")][2:]


def _formats() -> set[str]:
    cards = [
        yaml.safe_load(p.read_text(encoding="utf-8")) for p in (ROOT / "scenarios/platform").glob("*.yaml")
    ]
    return {name for card in cards for platform in card.values() for name in platform["formats"]}


def test_every_lever_of_the_source_documents_has_a_row() -> None:
    assert len(ROWS) == 38
    assert len({row[0] for row in ROWS}) == 38


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_exists(row: list[str]) -> None:
    _, who, how, shipped = row
    assert who
    files = re.findall(r"`([a-z0-9_/]+)`", shipped)
    assert files
    for name in files:
        assert (ROOT / "scenarios" / f"{name}.yaml").is_file(), name
    if how.startswith(("kind ", "kinds ")):
        head = re.match(r"kinds? ((?:`\w+`(?:, | then |, then )?)+)", how)
        assert head, how
        assert set(re.findall(r"`(\w+)`", head[1])) <= set(CHANGE_KINDS)
    if how.startswith("team "):
        assert set(re.findall(r"`(\w+)`", how.split(";")[0])) <= set(Team.model_fields)
    for wanted in re.findall(r"format: (\w+)", how):
        assert wanted in _formats(), wanted


def test_every_kind_of_change_serves_a_lever() -> None:
    told = " ".join(row[2] for row in ROWS)
    assert [kind for kind in CHANGE_KINDS if f"`{kind}`" not in told] == []


def test_fields_that_the_text_speaks_of_exist() -> None:
    assert {"target_ages", "target_circles", "languages", "controversial", "every_weeks"} <= set(
        Slot.model_fields
    )
    assert {"circles", "overlap", "independent", "renown"} <= set(Account.model_fields)
