"""Where the time of a run goes: stages that add up, both kernels, both languages. No time is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import main
from sim.stages import PARTS, ROOT, STAGES, WORDS, watched


@pytest.mark.parametrize("kernel", ["compiled", "numpy"])
def test_a_profile_names_the_stages(kernel: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "city=saint_dizier_2018", "sampling=0.05", "horizon_weeks=1", f"kernel={kernel}"]
    assert main([*words, "lang=en", "--profile"]) == 0
    told = capsys.readouterr().out
    assert f"One replicate, {kernel} kernel" in told
    feeds = {"compiled": ("posts put in feeds",), "numpy": ("followers examined", "first displays found")}
    for stage in ("feeds", *feeds[kernel], "displays", "reactions", "indicators"):
        assert stage in told, stage
    assert "168" in told  # hours of a week


def test_stages_and_their_rest_are_all_the_time() -> None:
    def work() -> int:
        return sum(range(1000))

    result, rows, total = watched(work)
    assert result == 499500
    assert [row.stage for row in rows] == ["rest"]  # negative control: nothing of the model was entered
    assert sum(row.seconds for row in rows) == pytest.approx(total)


@pytest.mark.parametrize("place", [*STAGES, *PARTS])
def test_every_stage_is_a_function_that_exists(place: tuple[str, str]) -> None:
    file, function = place
    assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


def test_words_in_both_languages() -> None:
    assert set(WORDS["fr"]) == set(WORDS["en"])
    assert {*STAGES.values(), *(part for _, part in PARTS.values())} <= set(WORDS["fr"])


def test_profile_is_for_run_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["compare", "comparison=young_workshop", f"results_dir={tmp_path}", "--profile"]) == 2
    assert "--profile" in capsys.readouterr().err
