"""Every figure with its source: the table, its filter, the CSV and the summary line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim import catalogue
from sim.cli import main
from sim.figure_verbs import summary
from sim.figures import WeekFigure
from sim.loading import load_comparison, load_scenario
from sim.reporting import bibliography, figures_used
from sim.scenario import walk
from sim.sources import COLUMNS, citations, figure_table, habit_rows, with_tags, written_out
from tests.inputs import open_snapchat, small_scenario

CITY = "city=saint_dizier_2018"


@pytest.fixture(scope="module")
def town() -> pd.DataFrame:
    scenario, _ = load_scenario([CITY])
    return figure_table((scenario,))


def test_every_figure_appears_once_in_order(town: pd.DataFrame) -> None:
    scenario, _ = load_scenario([CITY])
    assert list(town["path"]) == [path for path, _ in walk(scenario)]
    assert list(town.columns) == COLUMNS
    row = town.set_index("path").loc["city.in_city_ties"]
    assert (row["value"], row["low"], row["high"]) == (0.35, 0.25, 0.55)
    assert (row["source"], row["tag"], row["unit"]) == ("model", "assumed", "share of friendships")


def test_tables_are_written_out_and_ranges_may_be_absent(town: pd.DataFrame) -> None:
    row = town.set_index("path").loc["platform.facebook.reach.share"]
    assert row["value"].startswith("2013: 0.17; 2015: 0.08")
    assert row["low"] is None
    assert row["note"].endswith("range: every value x 0.445 to 2.66 (hootsuite2020, borrowed)")
    assert written_out({2019: {"15-29": 1.5}, "all": (1.0, 2.5)}) == "2019: 15-29: 1.5; all: 1, 2.5"


def test_levels_by_day_of_the_week_are_figures(town: pd.DataFrame) -> None:
    row = town.set_index("path").loc["behaviour.supply.weekdays"]
    assert row["value"] == "0.91, 1.01, 1.04, 1.05, 1, 0.62, 0.58"
    assert (row["source"], row["tag"]) == ("quebec_media", "assumed")
    assert WeekFigure.model_validate([1] * 7).tag == "given"
    for wrong in ([1] * 6, [0] * 7, [1, 1, 1, 1, 1, 1, -1]):
        with pytest.raises(ValueError, match=r"seven numbers|required"):
            WeekFigure.model_validate(wrong)


def test_how_well_a_story_fits_is_a_figure_of_the_change() -> None:
    comparison = load_comparison(["comparison=saint_dizier_snapchat"])
    table = figure_table(comparison.scenarios).set_index("path")
    for fit, span in (("poor", (0.5, 0.2, 0.8)), ("good", (1.6, 1.0, 3.0))):
        row = table.loc[f"change.open_snapchat_{fit}_fit.rel_appeal"]
        assert (row["value"], row["low"], row["high"]) == span
        assert (row["source"], row["tag"]) == ("seed_gazette", "assumed")


def test_figures_of_changes_join_those_of_the_baseline() -> None:
    other = small_scenario(300, change={"snap": open_snapchat()})
    table = figure_table((small_scenario(300), other))
    assert list(table["path"])[-1] == "change.snap.cross_promotion"
    assert not table["path"].duplicated().any()


def test_the_calendar_is_a_figure_too() -> None:
    scenario, _ = load_scenario([CITY])
    rows = habit_rows(scenario).set_index("path")
    assert rows.loc["city.accounts.facebook.slots", "value"] == 7
    assert rows.loc["city.accounts.facebook.slots", "source"] == "ideose2015"


def test_filter_by_tag(town: pd.DataFrame) -> None:
    assert set(with_tags(town, ["assumed"])["tag"]) == {"assumed"}
    parts = [len(with_tags(town, [tag])) for tag in catalogue.TAGS]
    assert sum(parts) == len(with_tags(town, [])) == len(town)


def test_citations_name_every_key() -> None:
    known = {"a": "Title A", "b": "Title B"}
    assert citations("a, b", known) == "Title A; Title B"
    assert citations("nobody", known) == "nobody"


def test_every_source_of_the_shipped_figures_is_in_the_bibliography(town: pd.DataFrame) -> None:
    keys = {key.strip() for source in town["source"] for key in source.split(",")} - {"given"}
    assert keys <= set(bibliography())


def test_the_report_names_the_same_figures() -> None:
    """One table for the verb and for the report."""
    comparison = load_comparison(["comparison=young_workshop"])
    mine = figure_table(comparison.scenarios).set_index("path")
    used = figures_used(comparison)
    assert set(used["path"]) <= set(mine.index)
    assert list(used["value"]) == list(mine.loc[used["path"], "value"])
    assert not any(path.startswith("platform.youtube") for path in used["path"])


@pytest.mark.parametrize(
    ("lang", "told"),
    [("fr", "3 chiffres\u202f: 1 mesurés, 0 empruntés, 2 supposés, 0 donnés"),
     ("en", "3 figures: 1 measured, 0 borrowed, 2 assumed, 0 given")],
)  # fmt: skip
def test_summary_counts_by_tag(lang: str, told: str) -> None:
    assert summary(pd.DataFrame({"tag": ["assumed", "measured", "assumed"]}), lang) == told


def test_the_verb_lists_and_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", CITY, "lang=en"]) == 0
    out = capsys.readouterr().out
    assert "platform.facebook.display.visibility" in out
    assert "0.4 – 1.2" in out
    assert "klout2015: " in out
    assert out.splitlines()[-1].endswith("given")
    assert main(["sources", CITY, "tag=measured"]) == 0
    out = capsys.readouterr().out
    assert "city.population.total" in out
    assert "visibility" not in out
    assert out.splitlines()[-1].endswith("0 supposés, 0 donnés")


def test_the_verb_writes_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.csv"
    assert (
        main(["sources", "comparison=young_workshop", f"csv={file}", "tag=assumed,borrowed", "lang=en"]) == 0
    )
    out = capsys.readouterr().out.splitlines()
    table = pd.read_csv(file)
    assert out[0] == f"Table: {file}"
    assert out[1].startswith(f"{len(table)} figures: 0 measured, ")
    assert list(table.columns) == [*COLUMNS, "citation"]
    assert "change.target_young.gain" in set(table["path"])
    first = table.set_index("path").loc["platform.facebook.display.visibility"]
    assert (first["low"], first["high"]) == (0.4, 1.2)
    assert first["citation"] != "klout2015"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tag=assum"], "did you mean 'assumed'?"),
        (["csv=/no/such/folder/x.csv"], "cannot be written"),
        (["city=nowhere"], "unknown city 'nowhere'"),
    ],
)
def test_mistakes_are_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", *words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.strip().splitlines()) == 1
