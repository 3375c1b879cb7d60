"""The command: verbs, help, exit codes, one line for each mistake, completion, sweeps, and the Python API."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim import catalogue
from sim.cli import main
from sim.completion import complete, script
from sim.figures import InputError
from sim.usage import PROGRAM, SHELLS, VERB, VERBS
from tests.tree import FakeStudy, make_tree, write

Command = Callable[..., tuple[int, str, str]]
PROJECT = Path(sim.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("config") / "scenarios")


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> FakeStudy:
    fake = FakeStudy()
    monkeypatch.setitem(sys.modules, "sim.study", fake)
    return fake


@pytest.fixture
def command(
    shipped: Path,
    study: FakeStudy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run the command in an empty folder: exit code, standard output, standard error."""
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out = capsys.readouterr()
        assert "Traceback" not in out.err
        return code, out.out, out.err

    return call


def written() -> list[Path]:
    return list(Path.cwd().iterdir())


# --- verbs -------------------------------------------------------------------------------------------


def test_run_shows_a_table_and_writes_nothing(command: Command, study: FakeStudy) -> None:
    code, out, err = command("run", "scenario=snap", "seed=3", "replicates=4")
    assert code == 0
    assert "Habitants touchés sur la période" in out
    assert "25,00\u202f%" in out
    assert "15-29" not in out
    assert err.startswith("«\u202fSnap\u202f» = la situation actuelle, plus un compte Snapchat")
    scenario, options = study.asked[0]
    assert (scenario.city.name, options.seed, options.replicates) == ("bigville_2019", 3, 4)
    assert written() == []


def test_run_in_english(command: Command) -> None:
    _, out, err = command("run", "lang=en")
    assert "Residents reached over the period" in out
    assert "the present situation" in err


def test_compare_ends_with_one_sentence_and_the_report(command: Command, study: FakeStudy) -> None:
    code, out, err = command("compare", "comparison=small", "lang=en", "horizon_weeks=2")
    assert code == 0
    assert out.splitlines()[-2] == "The verdict."
    assert out.splitlines()[-1].startswith("Report: ")
    assert out.splitlines()[-1].endswith("report.html")
    assert len(err.splitlines()) == 3
    assert [s.name for s in study.compared[0].scenarios] == ["baseline", "snapchat", "both"]
    assert {s.horizon_weeks for s in study.compared[0].scenarios} == {2}


def test_explain_runs_nothing(command: Command, study: FakeStudy) -> None:
    code, out, _ = command("explain", "comparison=small", "lang=en")
    assert code == 0
    assert out.splitlines()[0] == "Small comparison"
    assert "“Both” = the present situation, with posts of all accounts placed at 18:30 and 20:00; and" in out
    assert "plus un compte Snapchat" in command("explain", "change=[open_snapchat]")[1]
    assert study.asked == []
    assert written() == []


def test_listings_name_everything_with_sources(command: Command, tmp_path: Path, shipped: Path) -> None:
    figure = {"value": 5, "source": "insee_2019", "tag": "measured"}
    write(
        tmp_path / "own",
        "city/mine.yaml",
        {"defaults": ["smallville_2019", "_self_"], "in_city_ties": figure},
    )
    own = f"scenarios_dir={tmp_path / 'own'}"
    cities = command("cities", own, "lang=en")[1]
    assert all(
        word in cities for word in ("smallville_2019", "bigville_2019", "mine", "insee_2019", "1 measured")
    )
    assert "town_facebook 75" in cities
    platforms = command("platforms")[1]
    assert all(word in platforms for word in ("facebook", "snapchat", "story", "2019"))
    scenarios = command("scenarios")[1]
    assert all(word in scenarios for word in ("small", "snap", "evening", "shift_hours", "snapchat, both"))


def test_own_folder_by_option_and_by_environment(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "own", "change/later.yaml", {"later": {"kind": "shift_hours", "by_hours": 1}})
    assert "retardées" in command("explain", f"scenarios_dir={tmp_path / 'own'}", "change=later")[1]
    monkeypatch.setenv(catalogue.ENVIRONMENT, str(tmp_path / "own"))
    assert "retardées" in command("explain", "change=later")[1]


# --- help --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_help_of_the_program_and_of_every_verb(command: Command, lang: str) -> None:
    code, out, _ = command("--help", f"lang={lang}")
    assert (code, out) == (0, PROGRAM[lang])
    assert all(verb in out for verb in VERBS)
    for verb in VERBS:
        code, out, _ = command(verb, "--help", f"lang={lang}")
        assert (code, out) == (0, VERB[verb][lang])
        assert f"city-audience {verb}" in out


def test_examples_of_the_help_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.overrides import parse_override

    known = catalogue.all_options((catalogue.tree(),))
    texts = [PROGRAM["en"], *(VERB[verb]["en"] for verb in VERBS)]
    lines = [ln.strip() for text in texts for ln in text.splitlines() if ln.startswith("  city-audience ")]
    assert len(lines) > 12
    for line in lines:
        verb, *words = line.split("   ")[0].replace("'", "").split()[1:]
        for word in words:
            if "=" in word:
                parse_override(word, known, sweep=verb == "sweep")


def test_no_verb_shows_the_help_and_is_not_a_success(command: Command) -> None:
    assert command()[0] == 2
    assert command("--version")[1].strip() == sim.__version__


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu"], "unknown verb 'rnu'; did you mean 'run'?"),
        (["compare", "comparison=smal"], "unknown comparison 'smal'; did you mean 'small'?"),
        (["run", "city=smalvile_2019"], "did you mean 'smallville_2019'?"),
        (["run", "horizn_weeks=2"], "did you mean 'horizon_weeks'?"),
        (["run", "--verbose"], "options are written name=value"),
        (["run", "lang=de"], "'fr' or 'en'"),
        (["run", "scenarios_dir=/no/such/folder"], "/no/such/folder"),
        (["run", "scenarios_dir="], "scenarios_dir=FOLDER"),
        (["run", "hydra.run.dir=x"], "not allowed"),
        (["cities", "lang=de"], "allowed: fr, en"),
        (["cities", "city=x"], "command line: 'city=x'"),
        (["completion", "tcsh"], "unknown shell 'tcsh'"),
        (["completion"], "allowed: bash, zsh, fish"),
        (["sweep", "city=smallville_2019,big"], "unknown city 'big'"),
        (["sweep", "horizn=1,2"], "unknown key"),
        (["sweep", "platform.facebok.reactions.share=0.1,0.2"], "did you mean 'facebook'?"),
        (["sweep", "comparison=small"], "for the verb compare"),
        (["sweep", "lang=fr,en"], "several values"),
        (["sweep", "hydra/launcher=slurm"], "not allowed"),
        (["sweep", "hydra.callbacks.x._target_=os.system"], "not allowed"),
    ],
)
def test_a_mistake_is_one_line_exit_code_2_and_nothing_written(
    command: Command, study: FakeStudy, words: list[str], told: str
) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.strip().splitlines()) == 1
    assert study.asked == []
    assert [p for p in Path.cwd().rglob("*") if p.is_file()] == []


def test_an_unusable_results_folder_is_told_in_the_language(
    command: Command, study: FakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.store import ensure_writable

    Path("file").write_text("x")
    monkeypatch.setattr(study, "run_study", lambda c, _: ensure_writable(c.options.results_dir))
    code, _, err = command("compare", "comparison=small", "results_dir=file/results")
    assert code == 2
    assert "impossible d'écrire" in err
    assert "cannot write" in command("sweep", "seed=1,2", "results_dir=file/results", "lang=en")[2]


def test_interrupting_is_one_line_and_130(command: Command) -> None:
    code, _, err = command("run", "seed=14")
    assert code == 130
    assert err.splitlines()[-1] == "Interrompu."


def test_a_mistake_of_the_program_is_not_hidden(command: Command) -> None:
    with pytest.raises(ValueError, match="thirteen"):
        command("run", "seed=13")


# --- completion --------------------------------------------------------------------------------------


@pytest.fixture
def _shipped_tree(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "tree", lambda: shipped)
    monkeypatch.delenv(catalogue.ENVIRONMENT, raising=False)


@pytest.mark.usefixtures("_shipped_tree")
@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("city-audience ", [*sorted(["--help ", *(f"{v} " for v in VERBS)])]),
        ("city-audience co", ["compare ", "completion "]),
        ("city-audience compare compa", ["comparison="]),
        ("city-audience compare comparison=", ["comparison=small"]),
        ("city-audience run city=s", ["city=smallville_2019"]),
        ("city-audience run change=[ev", ["change=[evening"]),
        ("city-audience run change=[evening,", ["change=[evening,double", "change=[evening,open_snapchat"]),
        ("city-audience sweep city=bigville_2019,s", ["city=bigville_2019,smallville_2019"]),
        ("city-audience run lang=", ["lang=en", "lang=fr"]),
        ("city-audience run engine=s", ["engine=serial", "engine=slurm"]),
        ("city-audience run see", ["seed="]),
        ("city-audience cities la", ["lang="]),
        ("city-audience completion z", ["zsh"]),
        ("city-audience run compar", []),
        ("city-audience run nothing=", []),
        ("", []),
    ],
)
def test_completion_answers(line: str, answers: list[str]) -> None:
    assert complete(line) == answers


@pytest.mark.usefixtures("_shipped_tree")
def test_completion_knows_own_scenarios_and_folders(tmp_path: Path) -> None:
    write(tmp_path / "own", "change/zebra.yaml", {"zebra": {}})
    assert complete(f"city-audience run scenarios_dir={tmp_path}/own change=z") == ["change=zebra"]
    assert complete(f"city-audience run scenarios_dir={tmp_path}/o") == [f"scenarios_dir={tmp_path}/own/"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_script(command: Command, shell: str) -> None:
    code, out, _ = command("completion", shell)
    assert code == 0
    assert out == script(shell)
    assert "city-audience __complete" in out


def test_the_bash_script_completes_in_bash(tmp_path: Path) -> None:
    text = f"""
    city-audience() {{ PYTHONPATH='{PROJECT}' '{sys.executable}' -m sim.cli "$@"; }}
    {script("bash")}
    ask() {{ COMP_LINE="$1"; COMP_POINT=${{#1}}; _city_audience; echo "${{COMPREPLY[*]}}"; }}
    ask "city-audience comp"
    ask "city-audience compare comparison=youn"
    ask "city-audience compare lan"
    """
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines() == ["compare  completion ", "young_workshop", "lang="]


def test_help_and_completion_import_nothing_heavy() -> None:
    code = """
import sys
from sim.cli import main
main(["--help"]); main(["__complete", "city-audience run city="])
heavy = {"numpy", "pandas", "hydra", "omegaconf", "pydantic", "yaml", "rich", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr


# --- from elsewhere, and from Python -----------------------------------------------------------------


def from_elsewhere(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    arguments = [sys.executable, "-m", "sim.cli", *words]
    return subprocess.run(arguments, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_the_command_works_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    done = from_elsewhere(tmp_path, "explain", "comparison=young_workshop", "lang=en")
    assert done.returncode == 0, done.stderr
    assert "the present situation" in done.stdout
    done = from_elsewhere(tmp_path, "run", "city=toulose_2019")
    assert done.returncode == 2
    assert done.stderr == "command line: city: unknown city 'toulose_2019'; did you mean 'toulouse_2019'?\n"


@pytest.mark.usefixtures("_shipped_tree")
def test_the_python_api(study: FakeStudy, tmp_path: Path) -> None:
    from sim import compare, load, load_comparison, run

    scenario = load(city="bigville_2019", change=["evening"], overrides=["horizon_weeks=1"])
    assert (scenario.name, scenario.horizon_weeks) == ("evening", 1)
    assert load(scenario="snap").name == "snap"
    table = run(scenario, seed=9, replicates=3, lang="en")
    assert isinstance(table, pd.DataFrame)
    assert (study.asked[0][1].seed, study.asked[0][1].replicates, study.asked[0][1].lang) == (9, 3, "en")
    assert compare(load_comparison("small"), seed=4, results_dir=str(tmp_path)).verdict == "The verdict."
    assert study.compared[0].options.seed == 4
    with pytest.raises(InputError, match=r"run: seed: -1 is not allowed"):
        run(scenario, seed=-1)
    with pytest.raises(InputError, match="did you mean 'bigville_2019'"):
        load(city="bigvile_2019")


def test_no_module_takes_the_name_of_a_public_function() -> None:
    package = Path(sim.__file__).resolve().parent
    assert not {path.stem for path in package.iterdir()} & set(sim.__all__)


def test_compare_checks_its_options(study: FakeStudy) -> None:
    from sim import compare

    with pytest.raises(InputError, match="compare: engine"):
        compare(_comparison(), engine="thread")


def _comparison() -> object:
    from sim.request import Comparison, Options
    from tests.inputs import small_scenario

    label = {"fr": "x", "en": "x"}
    return Comparison("x", label, (small_scenario(300),), Options())
