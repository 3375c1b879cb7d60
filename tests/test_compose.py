"""Scenario files and overrides become checked objects, or one clear line for each mistake."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import catalogue
from sim.compose import compose
from sim.figures import InputError
from sim.loading import load_comparison, load_scenario, load_with_baseline
from sim.overrides import parse_override
from sim.scan import MAX_BYTES, scan_text
from tests.tree import GLOBAL, make_tree, write

KNOWN = {
    "city": ["a_2019", "b_2013"],
    "change": ["open_snapchat", "evening"],
    "scenario": [],
    "platform": ["x"],
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("config") / "scenarios")


@pytest.fixture(autouse=True)
def _tree(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)


def refused(*overrides: str, own: Path | None = None, compare: bool = False) -> str:
    """The words with which the overrides are refused."""
    with pytest.raises(InputError) as error:
        (load_comparison if compare else load_scenario)(overrides, own)
    assert "Traceback" not in str(error.value)
    return str(error.value)


# --- what composes -----------------------------------------------------------------------------------


def test_the_base_is_a_scenario_with_the_platforms_in_play(shipped: Path) -> None:
    scenario, options = load_scenario()
    assert (scenario.name, scenario.city.name, scenario.change) == ("baseline", "smallville_2019", {})
    in_play = {account.platform for account in scenario.city.accounts.values()}
    assert set(scenario.platform) == in_play
    assert in_play < set(catalogue.options("platform", (shipped,)))
    assert (options.seed, options.replicates, options.lang) == (1, "auto", "fr")


def test_a_scenario_file_chooses_city_and_changes() -> None:
    scenario, _ = load_scenario(["scenario=snap"])
    assert (scenario.name, scenario.city.name) == ("snap", "bigville_2019")
    assert list(scenario.change) == ["open_snapchat"]
    assert load_scenario(["scenario=snap", "city=smallville_2019"])[0].city.name == "smallville_2019"


@pytest.mark.parametrize("typed", ["change=[evening,double]", "change=evening,double"])
def test_changes_on_the_command_line_keep_their_order_and_name_the_scenario(typed: str) -> None:
    scenario, _ = load_scenario([typed])
    assert list(scenario.change) == ["evening", "double"]
    assert scenario.name == "evening-double"
    assert scenario.label["en"] == "evening + Double"


def test_overrides_reach_every_kind_of_place() -> None:
    scenario, options = load_scenario(
        [
            "seed=7",
            "horizon_weeks=3",
            "platform.facebook.reactions.share=0.5",
            "platform.facebook.reach.share.values.2019=0.5",
            "platform.facebook.use.values.2019.15-29=44",
            "city.accounts.town_facebook.slots.0.at='09:15'",
            "city.accounts.town_facebook.slots.0.every_weeks=2",
            "change=[evening]",
            "change.evening.from_week=2",
        ]
    )
    card, slot = scenario.platform["facebook"], scenario.city.accounts["town_facebook"].slots[0]
    assert (options.seed, scenario.horizon_weeks) == (7, 3)
    assert card.reactions["share"].value == 0.5
    assert card.reach.share.values == {2013: 0.16, 2019: 0.5}
    assert card.use.values[2019]["15-29"] == 44
    assert card.use.values[2019]["30-44"] == 82
    assert (slot.at, slot.every_weeks) == (555, 2)
    assert scenario.change["evening"].from_week == 2


def test_a_typed_number_no_longer_carries_the_source_of_the_file(shipped: Path, tmp_path: Path) -> None:
    city = yaml.safe_load((shipped / "city/smallville_2019.yaml").read_text())
    city["in_city_ties"] = {"value": 0.5, "low": 0.4, "high": 0.6, "source": "insee", "tag": "measured"}
    write(tmp_path, "city/mine.yaml", city)
    kept, _ = load_scenario(["city=mine"], tmp_path)
    typed, _ = load_scenario(["city=mine", "city.in_city_ties.value=0.9"], tmp_path)
    assert (kept.city.in_city_ties.source, kept.city.in_city_ties.tag) == ("insee", "measured")
    assert (typed.city.in_city_ties.value, typed.city.in_city_ties.tag) == (0.9, "given")
    assert typed.city.in_city_ties.source == "command line"


def test_a_calendar_replaces_the_slots_of_the_accounts_it_names() -> None:
    habits, _ = load_scenario()
    once, _ = load_scenario(["calendar=once"])
    assert [slot.at for slot in once.city.accounts["town_twitter"].slots] == [720]
    assert once.city.accounts["town_facebook"] == habits.city.accounts["town_facebook"]


def test_a_comparison_is_the_base_with_each_list_of_changes() -> None:
    comparison = load_comparison(["comparison=small", "seed=3", "platform.facebook.reactions.share=0.5"])
    assert [s.name for s in comparison.scenarios] == ["baseline", "snapchat", "both"]
    assert [list(s.change) for s in comparison.scenarios] == [
        [],
        ["open_snapchat"],
        ["evening", "open_snapchat"],
    ]
    assert {s.horizon_weeks for s in comparison.scenarios} == {1}
    assert {s.platform["facebook"].reactions["share"].value for s in comparison.scenarios} == {0.5}
    assert (comparison.options.seed, comparison.label["en"]) == (3, "Small comparison")


def test_a_change_can_be_tuned_in_a_comparison_whose_baseline_lacks_it() -> None:
    comparison = load_comparison(["comparison=small", "change.open_snapchat.cross_promotion=0.4"])
    assert comparison.scenarios[0].change == {}
    assert comparison.scenario("snapchat").change["open_snapchat"].cross_promotion.value == 0.4


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["change=[evening,double]"], ["baseline", "evening-double"]),
        (["scenario=snap"], ["baseline", "snap"]),
        (["calendar=once"], ["baseline", "once"]),
    ],
)
def test_without_a_comparison_the_city_as_it_is_stands_against_the_change(
    typed: list[str], names: list[str]
) -> None:
    comparison = load_comparison(typed)
    assert [s.name for s in comparison.scenarios] == names
    assert comparison.baseline.change == {}
    assert len(comparison.baseline.city.accounts["town_twitter"].slots) == 2
    assert "changes nothing" in refused("calendar=habits", compare=True)


def test_references_to_plain_values_are_followed() -> None:
    assert load_scenario(["seed=${horizon_weeks}"])[1].seed == 2


def test_composing_in_threads_and_inside_another_hydra_program() -> None:
    from hydra import initialize
    from hydra.core.global_hydra import GlobalHydra

    found: list[str] = []
    with initialize(config_path=None, version_base="1.3"):
        before = GlobalHydra.instance().hydra
        threads = [
            threading.Thread(target=lambda: found.append(load_scenario(["scenario=snap"])[0].name))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert GlobalHydra.instance().hydra is before
    assert found == ["snap"] * 3


# --- a person's own folder ---------------------------------------------------------------------------


def test_own_folder_adds_and_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "change/evening.yaml", {"evening": {"kind": "shift_hours", "to": ["21:00"]}})
    write(tmp_path, "change/later.yaml", {"later": {"kind": "shift_hours", "by_hours": 1}})
    scenario, _ = load_scenario(["change=[evening,later]"], tmp_path)
    assert scenario.change["evening"].to == (1260,)  # type: ignore[union-attr]
    monkeypatch.setenv(catalogue.ENVIRONMENT, str(tmp_path))
    assert load_scenario(["change=[later]"])[0].name == "later"
    monkeypatch.delenv(catalogue.ENVIRONMENT)
    assert load_scenario(["change=[evening]"])[0].change["evening"].to == (1110, 1200)  # type: ignore[union-attr]


def test_a_new_platform_and_a_variant_of_a_city_are_one_file_each(shipped: Path, tmp_path: Path) -> None:
    card = yaml.safe_load((shipped / "platform/twitter.yaml").read_text())["twitter"]
    write(tmp_path, "platform/mastodon.yaml", {"mastodon": {**card, "label": "Mastodon"}})
    account = {"platform": "mastodon", "followers": 10}
    mine = {"defaults": ["smallville_2019", "_self_"], "year": 2021, "accounts": {"mastodon": account}}
    write(tmp_path, "city/mine.yaml", mine)
    scenario, _ = load_scenario(["city=mine"], tmp_path)
    assert scenario.platform["mastodon"].label == "Mastodon"
    assert (scenario.city.year, scenario.city.population.total.value) == (2021, 300)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("base.yaml", "name: x\n", "cannot be replaced"),
        ("hydra/launcher/basic.yaml", "_target_: os.system\n", "not allowed"),
    ],
)
def test_own_folder_cannot_reach_the_program(tmp_path: Path, name: str, content: str, words: str) -> None:
    write(tmp_path, "change/later.yaml", {"later": {"kind": "shift_hours", "by_hours": 1}})
    write(tmp_path, name, content)
    message = refused(own=tmp_path)
    assert words in message
    assert str(tmp_path) in message


def test_own_folder_must_exist_and_hold_a_group(tmp_path: Path) -> None:
    assert "No such file" in refused(own=tmp_path / "nowhere")
    assert "holds none of the folders city/" in refused(own=tmp_path)


# --- bad files: file, key, value, what is allowed ----------------------------------------------------


def city_with(shipped: Path, **changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load((shipped / "city/smallville_2019.yaml").read_text()), **changes}


BANDS = {"0-14": 20, "15-29": 20, "30-44": 20, "45-59": 20, "60-74": 10, "75+": 5}
SLOT = {"at": "11:00", "theme": "services", "format": "link"}


def account(**slot: Any) -> dict[str, Any]:
    return {"town": {"platform": "facebook", "followers": 10, "slots": [{**SLOT, **slot}]}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"yeer": 2019}, ["city: unknown key 'yeer'", "'year'"]),
        ({"year": "soon"}, ["city.year", "'soon'", "integer"]),
        ({"year": 19}, ["city.year", "19", "2000"]),
        ({"population": {"total": 300, "percent_by_band": {"values": BANDS}}}, ["sums to 95", "sum to 100"]),
        (
            {"population": {"total": 300, "percent_by_band": {"values": {"15-30": 100}}}},
            ["city.population.percent_by_band", "unknown age band '15-30'", "'15-29'"],
        ),
        ({"population": {"total": -5, "percent_by_band": {"values": BANDS}}}, ["total", "-5", "at least 1"]),
        ({"in_city_ties": 1.5}, ["city.in_city_ties", "1.5", "at most 1"]),
        ({"accounts": account(at=1110)}, ["slots.0.at", "1110", 'write "18:30" in quotes']),
        ({"accounts": account(at="25:00")}, ["slots.0.at", "25:00", "00:00"]),
        ({"accounts": account(format="vidoe")}, ["unknown format 'vidoe'", "'video'"]),
        ({"accounts": account(theme="cultur")}, ["unknown theme 'cultur'", "'culture'"]),
        (
            {"accounts": {"town": {"platform": "facebok", "followers": 10}}},
            ["city.accounts.town.platform", "unknown platform 'facebok'", "'facebook'"],
        ),
        (
            {"accounts": {"town": {"platform": "facebook", "followers": 10, "slots": []}}},
            ["city.accounts", "the calendar is empty"],
        ),
    ],
)
def test_a_bad_city_file(shipped: Path, tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    path = write(tmp_path, "city/mine.yaml", city_with(shipped, **changes))
    message = refused("city=mine", own=tmp_path)
    assert message.startswith(f"{path}: ")
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"x": {"kind": "shift_hour", "by_hours": 1}}, ["change.x.kind", "'shift_hour'", "'shift_hours'"]),
        ({"x": {"by_hours": 1}}, ["change.x.kind", "is missing", "open_account"]),
        ({"x": {"kind": "shift_hours"}}, ["change.x", "by_hours", "to"]),
        ({"x": {"kind": "change_frequency", "factor": -1}}, ["change.x.factor", "-1", "greater than 0"]),
        ({"x": {"kind": "change_mix", "formats": {"photo": 0.5}}}, ["sums to 0.5", "sum to 1"]),
        ({"x": {"kind": "leave_platform", "platform": "snapchat"}}, ["no account on snapchat"]),
        ({"x": {"kind": "change_frequency", "factor": 2, "from_week": 9}}, ["from_week", "9", "1 to 2"]),
        ({"y": {"kind": "change_frequency", "factor": 2}}, ["holds y", "'x:'"]),
        ("x: {kind: shift_hours,\n  to: [18:30]\n", ["line 3", "not readable as YAML"]),
        ("x:\n\tkind: shift_hours\n", ["line 2", "spaces, not tabs"]),
        ("x:\n  kind: a\n  kind: b\n", ["line 3", "'kind' is written twice"]),
        ("- x\n", ["line 1", "'name: value'"]),
        ("just text\n", ["line 1", "'name: value'"]),
        ("x: 1\n---\nx: 2\n", ["one document"]),
        ("x:\n  kind: shift_hours\n  by_hours: ???\n", ["by_hours", "???"]),
    ],
)
def test_a_bad_change_file(tmp_path: Path, content: Any, words: list[str]) -> None:
    path = write(tmp_path, "change/x.yaml", content)
    message = refused("change=[x]", own=tmp_path)
    for word in words:
        assert word in message
    assert message.startswith("scenario files: " if "???" in content else f"{path}: ")


def test_every_problem_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, "change/x.yaml", {"x": {"kind": "shift_hours", "to": [1110, "27:00"], "from_week": 0}})
    lines = refused("change=[x]", own=tmp_path).splitlines()
    assert len(lines) == 3
    assert all(str(tmp_path) in line for line in lines)


def test_files_that_are_not_text_too_large_or_badly_named(tmp_path: Path) -> None:
    write(tmp_path, "change/x.yaml", "x: 1\n").write_bytes(b"\xff\xfe\x00x")
    assert "not UTF-8" in refused(own=tmp_path)
    write(tmp_path, "change/x.yaml", "#" * (MAX_BYTES + 1))
    assert f"at most {MAX_BYTES}" in refused(own=tmp_path)
    (tmp_path / "change/x.yaml").unlink()
    write(tmp_path, "change/my change.yaml", "x: 1\n")
    assert "rename it" in refused(own=tmp_path)
    (tmp_path / "change/my change.yaml").rename(tmp_path / "change/x.yml")
    assert "must end in .yaml" in refused(own=tmp_path)


def test_a_bad_comparison(tmp_path: Path) -> None:
    good = {"name": "mine", "label": "Mine", "alternatives": {"a": {"changes": ["evening"]}}}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"alternatives": {"a": {"changes": ["evning"]}}}, ["alternatives.a", "'evning'", "'evening'"]),
        ({"alternatives": {}}, ["comparison", "alternatives"]),
        ({"alternatives": {"Été": {"changes": []}}}, ["Été", "a-z"]),
        ({"name": "../../etc"}, ["name", "../../etc"]),
        ({"baselin": {}}, ["unknown key 'baselin'", "'baseline'"]),
        ({"alternatives": {"baseline": {"changes": ["evening"]}}}, ["names must differ"]),
    ]
    for changes, words in cases:
        write(tmp_path, "comparison/mine.yaml", {"comparison": {**good, **changes}}, GLOBAL)
        message = refused("comparison=mine", own=tmp_path, compare=True)
        assert all(word in message for word in [*words, "mine"]), message


def test_a_file_for_everything_needs_its_first_line(tmp_path: Path) -> None:
    write(tmp_path, "scenario/mine.yaml", {"name": "mine"})
    assert "must be '# @package _global_'" in refused("scenario=mine", own=tmp_path)
    write(tmp_path, "scenario/mine.yaml", {"horizn_weeks": 3}, GLOBAL)
    message = refused("scenario=mine", own=tmp_path)
    assert message.startswith(f"{tmp_path}/scenario/mine.yaml: horizn_weeks: unknown key")


def test_names_that_files_choose_are_checked(tmp_path: Path) -> None:
    write(tmp_path, "scenario/mine.yaml", {"defaults": [{"override /city": "smalvile_2019"}]}, GLOBAL)
    assert "unknown city 'smalvile_2019'; did you mean 'smallville_2019'?" in refused(own=tmp_path)
    write(tmp_path, "scenario/mine.yaml", {"defaults": [{"override /citty": "smallville_2019"}]}, GLOBAL)
    assert "did you mean 'city'?" in refused(own=tmp_path)


def test_defaults_in_a_circle(tmp_path: Path, shipped: Path) -> None:
    write(tmp_path, "city/a.yaml", {"defaults": ["b"]})
    write(tmp_path, "city/b.yaml", {"defaults": ["a"]})
    assert refused("city=a", own=tmp_path)


# --- bad overrides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("city=smalvile_2019", ["city", "'smalvile_2019'", "'smallville_2019'"]),
        ("citty=smallville_2019", ["unknown key", "'city'"]),
        ("horizn_weeks=3", ["unknown key", "'horizon_weeks'"]),
        ("horizon_weeks=abc", ["horizon_weeks", "'abc'", "integer"]),
        ("horizon_weeks=-1", ["horizon_weeks", "-1", "greater than or equal to 1"]),
        ("sampling=1e400", ["sampling", "inf"]),
        ("seed=1.5", ["seed", "1.5"]),
        ("replicates=many", ["replicates", "'many'", "1 to 10000, or auto"]),
        ("lang=de", ["lang", "'de'", "'fr' or 'en'"]),
        ("min_replicates=50", ["min_replicates 50", "max_replicates 12"]),
        ("platform.facebok.reactions.share=1", ["unknown key 'facebok'", "'facebook'"]),
        ("platform.facebook.reactons.share=1", ["unknown key 'reactons'", "'reactions'"]),
        ("platform.facebook.reactions.share=3", ["platform.facebook.reactions.share", "3", "at most 1"]),
        ("platform.facebook.reactions.shar=1", ["platform.facebook.reactions.shar", "'share'"]),
        ("city.accounts.town_facebook.slots.0.at=1110", ["slots.0.at", '"18:30" in quotes']),
        ("change=[evning]", ["change", "'evning'", "'evening'"]),
        ("seed=1,2", ["seed", "sweep"]),
        ("city=smallville_2019,bigville_2019", ["city", "sweep"]),
        ("city=[smallville_2019]", ["city", "not a list"]),
        ("city=", ["city=NAME"]),
        ("seed=[1", ["seed", "'[1'", "quotes"]),
        ("smallville_2019", ["write city=smallville_2019"]),
        ("--multirun", ["'--multirun'", "without dashes"]),
        ("", ["name=value"]),
        ("comparison=small", ["comparison", "verb compare"]),
        ("seed=${nowhere}", ["seed", "refers to nothing"]),
        ("seed=${city}", ["seed", "one plain value"]),
    ],
)
def test_a_bad_override(typed: str, words: list[str]) -> None:
    message = refused(typed)
    assert "command line: " in message or "scenario files: " in message
    for word in words:
        assert word in message
    assert "\n" not in message


def test_where_a_mistake_was_made_is_named(tmp_path: Path) -> None:
    message = refused("city.population.percent_by_band.values.15-29=60")
    assert message.startswith("city/smallville_2019.yaml (changed on the command line): city.population")
    assert refused("horizon_weeks=0").startswith("command line: horizon_weeks: ")
    write(tmp_path, "calendar/mine.yaml", {"slots": {"town_twiter": []}})
    assert "unknown account 'town_twiter'; did you mean 'town_twitter'" in refused(
        "calendar=mine", own=tmp_path
    )
    write(tmp_path, "calendar/mine.yaml", {"slots": {"town_twitter": [{**SLOT, "at": 1110}]}})
    assert refused("calendar=mine", own=tmp_path).startswith(f"{tmp_path}/calendar/mine.yaml: ")


def test_comparisons_refuse_what_is_ambiguous() -> None:
    assert "cannot be given together" in refused("comparison=small", "change=[evening]", compare=True)
    assert "small" in refused(compare=True)
    message = refused("comparison=small", "++decision.kpi=coverage", compare=True)
    assert "decision.kpi: unknown name 'coverage'" in message


# --- nothing in a scenario is run --------------------------------------------------------------------

EXPLOITS = [
    "hydra:\n  callbacks:\n    x:\n      _target_: os.system\n      command: touch {flag}\n",
    "hydra:\n  job_logging:\n    filters:\n      f:\n        (): os.system\n        command: touch {flag}\n",
    "name: ${{oc.env:HOME}}\n",
    "name: x${{oc.decode:'1'}}\n",
    "name: ${{a.${{b}}}}\n",
    "name: ${{hydra.job.name}}\n",
    'name: {{"\\x5ftarget_": os.system}}\n',
    "name: {{_partial_: true}}\n",
    "name: !!python/object/apply:os.system ['touch {flag}']\n",
    "name: !!str x\n",
    "a: &a [x, x]\nb: &b [*a, *a]\nname: [*b, *b]\n",
    "name: &anchor x\n",
    "defaults:\n  - override hydra/launcher: joblib\n",
    "defaults:\n  - /change@hydra.callbacks: evening\n",
    "defaults:\n  - evening@hydra.callbacks\n",
    "defaults:\n  - /hydra/job_logging/default\n",
    "defaults:\n  - override /city: ../../secret\n",
    "defaults: hydra\n",
    "hydra.run.dir: /tmp\n",
    "Hydra: {{}}\n",
    "? [a, b]\n: c\n",
]


@pytest.mark.parametrize("text", EXPLOITS)
@pytest.mark.parametrize("used", [True, False])
def test_a_scenario_cannot_run_code_or_read_the_environment(tmp_path: Path, text: str, used: bool) -> None:
    flag = tmp_path / "flag"
    path = write(tmp_path, "scenario/x.yaml", text.format(flag=flag), GLOBAL)
    message = refused(*(["scenario=x"] if used else []), own=tmp_path)
    assert message.startswith(f"{path}: ")
    assert re.search(r"not allowed|must be|unknown (city|scenario) '|not a group|name must", message)
    assert not flag.exists()


def test_a_header_cannot_move_a_file_into_hydra(tmp_path: Path) -> None:
    for head in (
        "# @package hydra.callbacks\n",
        "#@package hydra\n",
        "# @package _global_\n",
        "# @hydra x\n",
    ):
        path = write(tmp_path, "change/x.yaml", {"x": {"kind": "shift_hours", "by_hours": 1}}, head)
        assert refused(own=tmp_path).startswith(f"{path}: line 1: ")


@pytest.mark.parametrize(
    "typed",
    [
        "hydra.run.dir=/tmp/x",
        "+hydra.callbacks.x._target_=os.system",
        "hydra.job_logging.filters.f.()=os.system",
        "hydra/job_logging=default",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
        "++city._target_=os.system",
        "city.note={_target_: os.system}",
        "+change@hydra.callbacks=evening",
        "change@hydra=evening",
        "name=${oc.env:HOME}",
        "name='${oc.env:HOME}'",
        "hydra.searchpath=[file:///tmp]",
        "~hydra.launcher",
        "city/../x=y",
    ],
)
def test_an_override_cannot_reach_the_program(typed: str) -> None:
    assert "command line: " in refused(typed)


@pytest.mark.parametrize("typed", ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "+hydra.launcher.x=1"])
def test_nor_can_a_sweep(typed: str) -> None:
    with pytest.raises(InputError, match=r"not allowed|unknown group"):
        parse_override(typed, KNOWN, sweep=True)


YAML_BITS = st.sampled_from(
    ["x", ":", ": ", "\n", "  ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!str ", "${", "}", "hydra", "'",
     "_target_", "()", "#", "# @package hydra\n", "defaults:\n", "? ", "|", ">", "\t", "%", "@", "\\",
     '"', "---\n", "name", "é", "1110", "18:30", "~", "\x00", "\ufeff"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(YAML_BITS, max_size=25).map("".join)))
def test_any_text_is_accepted_or_refused_in_words(text: str) -> None:
    for group in ("scenario", "change"):
        for line in scan_text(text, "f.yaml", group, KNOWN, "x"):
            assert line.startswith("f.yaml: ")
            assert "\n" not in line


@settings(max_examples=150, deadline=None)
@given(st.lists(YAML_BITS, max_size=20).map("".join))
def test_what_the_scan_lets_through_names_no_code(text: str) -> None:
    if scan_text(text, "f.yaml", "city", KNOWN, "x"):
        return
    keys = [str(key) for key in _keys(yaml.safe_load(text))]
    assert not [key for key in keys if key in ("hydra", "_target_", "()")]


def _keys(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from _keys(value)


OVERRIDE_BITS = st.sampled_from(
    ["=", "city", "change", "hydra", ".", "/", "@", "+", "~", "[", "]", "{", "}", ",", "a_2019", "${", "'",
     "oc.env:X", '"', "_target_", "seed", "1", "-", " ", "range(", "glob(*", ")", "x", "null", ":", "2019",
     "values.", "\\", "é", "()", "launcher"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=40), st.lists(OVERRIDE_BITS, max_size=12).map("".join)), st.booleans())
def test_any_override_is_accepted_or_refused_in_words(text: str, sweep: bool) -> None:
    try:
        typed = parse_override(text, KNOWN, sweep)
    except InputError as error:
        if str(error).startswith("command line: "):
            return
        raise
    words = re.split(r"[^A-Za-z0-9_]+", typed.text)
    assert "_target_" not in words
    assert re.split(r"[./@]", typed.key)[0] != "hydra"


# --- the files that come with the program ------------------------------------------------------------


def test_the_shipped_tree_is_found_next_to_the_package_or_inside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (catalogue.tree() / "base.yaml").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(catalogue.options("comparison", (catalogue.tree(),))))
def test_every_shipped_comparison_loads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    comparison = load_comparison([f"comparison={name}"])
    assert len(comparison.scenarios) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(catalogue.options("scenario", (catalogue.tree(),))))
def test_every_shipped_scenario_loads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    baseline, scenario, _ = load_with_baseline([f"scenario={name}"])
    assert scenario.change or scenario.city != baseline.city


# --- quick composition -------------------------------------------------------------------------------

TYPED = [
    [],
    ["city=bigville_2019", "change=[evening,open_snapchat]"],
    ["scenario=snap"],
    ["comparison=small"],
    ["platform=[facebook,twitter]"],
    ["platform.facebook.reactions.share=0.02"],
    ["platform.snapchat.use.values.2019={15-29: 0.5}"],
    ["label.en='${horizon_weeks} weeks'", "seed=${horizon_weeks}"],
    ["label.en='${platform.snapchat.label} for ${platform.facebook.label}'"],
    ["++platform.facebook.label={fr: x, en: y}", "city=bigville_2019"],
]


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: " ".join(typed) or "base")
def test_cards_laid_under_give_what_composing_them_gives(typed: list[str]) -> None:
    """The same data, in the same order, as when Hydra reads every card itself."""
    quick = compose(typed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.compose._left_out", lambda typed, known: {})
        whole = compose(typed)
    assert (quick.tree, quick.choices) == (whole.tree, whole.choices)
    assert repr(quick.tree) == repr(whole.tree)


def test_own_cards_and_settings_of_cards_in_a_scenario(shipped: Path, tmp_path: Path) -> None:
    """A person's card replaces ours; a scenario's file changes a figure of one; an empty value leaves it."""
    card = yaml.safe_load((shipped / "platform/twitter.yaml").read_text())["twitter"]
    write(tmp_path, "platform/twitter.yaml", {"twitter": {**card, "label": {"fr": "À moi", "en": "Mine"}}})
    settings = {"facebook": {"display": {"visibility": 0.3, "fast_min": "???"}}}
    write(tmp_path, "scenario/mine.yaml", {"name": "mine", "label": "Mine", "platform": settings}, GLOBAL)
    tree = compose(["scenario=mine"], tmp_path).tree["platform"]
    ours = compose().tree["platform"]
    assert tree["twitter"]["label"] == {"fr": "À moi", "en": "Mine"}
    assert tree["facebook"]["display"] == {**ours["facebook"]["display"], "visibility": 0.3}
    assert tree["snapchat"] == ours["snapchat"]


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    for hour in ("18:30", "19:00"):
        path = write(tmp_path, "change/late.yaml", {"late": {"kind": "shift_hours", "to": [hour, "20:00"]}})
        os.utime(path, ns=(int(hour[:2]), int(hour[:2])))
        assert load_scenario(["change=[late]"], tmp_path)[0].change["late"].to[0] is not None
        assert compose(["change=[late]"], tmp_path).tree["change"]["late"]["to"][0] == hour


def test_what_is_composed_can_be_changed_without_harm() -> None:
    first = compose().tree
    first["platform"]["snapchat"].clear()
    assert compose().tree["platform"]["snapchat"]


def test_an_unfinished_value_is_told(tmp_path: Path) -> None:
    write(tmp_path, "scenario/x.yaml", {"name": "x", "label": "???", "city": {"year": "???"}}, GLOBAL)
    write(tmp_path, "platform/vine.yaml", {"vine": {"label": "???"}})
    assert "'???' stands for a value that is still to be written" in refused(own=tmp_path)


def test_a_file_that_was_safe_is_looked_at_again_once_it_changed(tmp_path: Path) -> None:
    """Within one process: the first composition finds nothing in it, then somebody writes code into it."""
    own = tmp_path / "own"
    write(own, "change/mine.yaml", {"mine": {"kind": "shift_hours", "to": ["18:30"]}})
    for _ in range(2):
        assert "mine" in compose(["change=[mine]"], own).tree["change"]
    write(
        own, "change/mine.yaml", {"mine": {"kind": "shift_hours", "to": ["18:30"], "_target_": "os.system"}}
    )
    with pytest.raises(InputError, match="_target_"):
        compose(["change=[mine]"], own)
