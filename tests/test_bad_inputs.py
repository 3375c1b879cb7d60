"""Bad inputs from end to end: a person's folder, the command, one sentence with file, key, value and range.

The files are those of a made-up town; it says of the shipped ones what it says of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import catalogue
from sim.cli import main
from tests.inputs import TEAM, merged, small_tree
from tests.tree import FakeStudy, make_tree, write

Ask = Callable[..., tuple[int, str, str]]
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}
SNOW = {
    "label": {"fr": "Neige", "en": "Snow"}, "week": 1, "day": "sun", "at": "06:00", "hours": 24,
    "themes": ["services"], "attention": 2,
}  # fmt: skip
LEAVE = {"kind": "leave_platform", "platform": "twitter", "from_week": 2}
BACK = {"kind": "reopen_account", "platform": "twitter", "from_week": 1}
ABROAD = {"kind": "target_place", "platforms": ["twitter"], "circles": ["abroad"]}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("config") / "scenarios")


@pytest.fixture
def ask(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    """Write the files of ``mine/`` and give the command: exit code, standard output, standard error."""
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.setitem(sys.modules, "sim.study", FakeStudy())
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(files: dict[str, Any], *words: str) -> tuple[int, str, str]:
        for name, data in files.items():
            write(tmp_path / "mine", f"{name}.yaml", data)
        code = main([*words, "scenarios_dir=mine", "lang=en"])
        out = capsys.readouterr()
        return code, out.out, out.err.strip()

    return call


def _city(**other: Any) -> dict[str, Any]:
    """The file of a city of one's own."""
    town = {**small_tree(300)["city"], "name": "mytown", "team": TEAM}
    return {"city/mytown": merged(town, other)}


def _change(**changes: dict[str, Any]) -> dict[str, Any]:
    return {f"change/{name}": {name: change} for name, change in changes.items()}


# files, chosen, what is said
BAD: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "presence that passes midnight": (
        _city(team={"presence": [{"from": "18:00", "to": "02:00"}]}),
        ["city=mytown"],
        'mine/city/mytown.yaml: city.team.presence.0: from 18:00 to 02:00 passes midnight; write two '
        'windows: one to "00:00", and one from "00:00" on the next day',
    ),
    "presence of no length": (
        _city(team={"presence": [{"from": "09:00", "to": "09:00"}]}),
        ["city=mytown"],
        "city.team.presence.0: from 09:00 to 09:00 is no time; give a later end",
    ),
    "two windows of presence that overlap": (
        _city(team={"presence": [OFFICE, {"days": ["mon"], "from": "16:00", "to": "18:00"}]}),
        ["city=mytown"],
        "mine/city/mytown.yaml: city.team.presence: two windows overlap on mon: from 09:00 to 17:00 and from "
        "16:00 to 18:00; join them",
    ),
    "a change of presence that passes midnight": (
        _city() | _change(watch={"kind": "change_team", "presence": [{"from": "22:00", "to": "06:00"}]}),
        ["city=mytown", "change=[watch]"],
        "mine/change/watch.yaml: change.watch.presence.0: from 22:00 to 06:00 passes midnight",
    ),
    "a team of nobody": (
        _city(team={"people": 0}),
        ["city=mytown"],
        "mine/city/mytown.yaml: city.team.people: a team of 0 people cannot publish; give a number above 0, "
        "or leave out the whole team",
    ),
    "a team that becomes nobody": (
        _city() | _change(gone={"kind": "change_team", "people": 0, "from_week": 2}),
        ["city=mytown", "change=[gone]"],
        "mine/change/gone.yaml: change.gone.people: a team of 0 people cannot publish",
    ),
    "an occasion after the horizon": (
        {"occasion/snow": {"snow": {**SNOW, "week": 9}}},
        ["occasion=[snow]"],
        "mine/occasion/snow.yaml: occasion.snow.week: 9 is after the last week: the occasion is outside the "
        "horizon; allowed: 1 to 2 (horizon_weeks)",
    ),
    "an occasion before the horizon": (
        {"occasion/snow": {"snow": {**SNOW, "week": 0}}},
        ["occasion=[snow]"],
        "mine/occasion/snow.yaml: occasion.snow.week: 0 is not allowed: input should be greater "
        "than or equal to 1",
    ),
    "an occasion of no length": (
        {"occasion/snow": {"snow": {**SNOW, "hours": 0}}},
        ["occasion=[snow]"],
        "occasion.snow.hours: 0 is not allowed: input should be greater than 0",
    ),
    "a reopening without a closing": (
        _change(back={**BACK, "from_week": 2}),
        ["change=[back]"],
        "mine/change/back.yaml: change.back.from_week: a reopening before a closing: 2, but the city "
        "never leaves it; add a leave_platform",
    ),
    "a reopening before its closing": (
        _change(leave=LEAVE, back=BACK),
        ["change=[leave,back]"],
        "mine/change/back.yaml: change.back.from_week: a reopening before a closing: 1, but the city leaves "
        "twitter in week 2; allowed: none with horizon_weeks 2; lengthen it, or leave sooner",
    ),
    "a reopening in the week of the closing": (
        _change(leave=LEAVE, back={**BACK, "from_week": 2}),
        ["change=[leave,back]", "horizon_weeks=5"],
        "change.back.from_week: a reopening before a closing: 2, but the city leaves twitter in week 2; "
        "allowed: 3 to 5",
    ),
    "circles that do not add up": (
        _city(accounts={"town_facebook": {"circles": {"around": 0.5, "abroad": 0.4}}}),
        ["city=mytown"],
        "mine/city/mytown.yaml: city.accounts.town_facebook.circles: circles that do not add up: around 0.5, "
        "abroad 0.4 make 0.9; they must make 1",
    ),
    "a circle that is none": (
        _city(accounts={"town_facebook": {"circles": {"region": 1}}}),
        ["city=mytown"],
        "city.accounts.town_facebook.circles.region: 'region' is not allowed: input should be 'around', "
        "'country' or 'abroad'",
    ),
    "minutes of a format that is none": (
        _city(team={"prepare_min": {"vidoe": 40}}),
        ["city=mytown"],
        "mine/city/mytown.yaml: city.team.prepare_min: unknown format 'vidoe'; did you mean 'video'?",
    ),
    "a second account without a name": (
        _change(more={"kind": "open_account", "platform": "twitter", "slots": [
            {"days": ["mon"], "at": "12:00", "theme": "culture", "format": "text"}]}),
        ["change=[more]"],
        "mine/change/more.yaml: change.more.platform: the city already has an account on twitter "
        "(town_twitter); name the one that opens (account: NAME)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("verb", ["explain", "run"])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_input_is_one_sentence_and_exit_code_2(ask: Ask, case: str, verb: str) -> None:
    files, words, said = BAD[case]
    code, out, err = ask(files, verb, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            _city(team={"presence": [{"from": "18:00", "to": "00:00"}, {"from": "00:00", "to": "02:00"}]}),
            ["city=mytown"],
        ),
        ({"occasion/snow": {"snow": {**SNOW, "week": 2}}}, ["occasion=[snow]"]),
        (
            _change(leave={**LEAVE, "from_week": 1}, back={**BACK, "from_week": 2}),
            ["change=[leave,back]"],
        ),
        (
            _city(accounts={"town_facebook": {"circles": {"around": 0.6, "abroad": 0.4}}}),
            ["city=mytown"],
        ),
    ],
    ids=[
        "presence in two windows",
        "an occasion in the last week",
        "leave then return",
        "circles that add up",
    ],
)
def test_the_same_put_right_is_taken(ask: Ask, files: dict[str, Any], words: list[str]) -> None:
    code, out, err = ask(files, "explain", *words)
    assert (code, err) == (0, "")
    assert "the present situation" in out


def test_a_target_that_nobody_matches_is_a_warning_with_the_number(ask: Ask) -> None:
    code, out, _ = ask(_change(abroad=ABROAD), "explain", "change=[abroad]")
    assert code == 0
    assert "town_twitter: 12 posts are for people abroad, among whom the account has 0 followers: they" in out


def test_a_target_that_nobody_matches_in_a_thinned_city_says_why(ask: Ask) -> None:
    """Six followers of eighteen, one resident in thirty: a fifth of a follower is nobody."""
    elsewhere = {"town_twitter": {"circles": {"abroad": 1.0}, "nonresident_share": 0.3}}
    files = _city(accounts=elsewhere) | _change(abroad=ABROAD)
    code, out, _ = ask(files, "explain", "city=mytown", "change=[abroad]", "sampling=0.03")
    assert code == 0
    assert (
        "has 5 followers, none of them among the residents simulated (sampling=0.03): they are offered" in out
    )
    assert "none of them" not in ask(files, "explain", "city=mytown", "change=[abroad]")[1]


def test_the_command_itself_ends_with_2(tmp_path: Path) -> None:
    """A process of its own, on the shipped files."""
    gone = {"kind": "change_team", "people": 0}
    write(tmp_path / "mine", "change/gone.yaml", {"gone": gone})
    words = ["-m", "sim.cli", "explain", "scenarios_dir=mine", "change=[gone]", "lang=en"]
    place = os.fspath(Path(sim.__file__).resolve().parent.parent)
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "mine/change/gone.yaml: change.gone.people: a team of 0 people cannot publish" in done.stderr
