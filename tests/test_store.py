"""Results on disk: hashes, atomic writes under SIGKILL, never overwritten, resume, provenance."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import provenance, store
from sim.checkpoint import Checkpoint, clean_leftovers
from sim.differences import DIFFERENCE_COLUMNS
from sim.provenance import canonical_hash
from sim.replicates import gather, replicate_until
from sim.store import StoreError, find_finished, result_folder, write_result

ROOT = Path(__file__).resolve().parent.parent
CONFIG = {"seed": 7, "city": {"residents": 24_900, "share": 0.1}, "platforms": ["facebook", "twitter"]}
DIGEST = canonical_hash(CONFIG)
EXPECTED_FILES = {
    "config.yaml",
    "differences.csv",
    "hours.csv",
    "kpis.csv",
    "kpis.parquet",
    "manifest.json",
    "posts.parquet",
    "report.html",
}


def tables(value: float = 0.1) -> dict[str, pd.DataFrame]:
    """Two rows of each table: text columns hold text, numbers hold numbers."""
    text = {"scenario", "kpi", "platform", "age_band", "week", "unit", "baseline", "alternative", "verdict"}
    text |= {"post", "published", "theme", "format"}
    return {
        name: pd.DataFrame({c: ["é x", "y,z"] if c in text else [value, 1 / 3] for c in columns})
        for name, columns in store.COLUMNS.items()
    }


def about(**more) -> dict:
    return provenance.manifest(
        CONFIG, seed=7, replicates=2, stop_reason="fixed", wall_time_s=1.23456, inputs={"b.yaml": "0"}, **more
    )


def write(folder: Path, value: float = 0.1, **more) -> dict:
    return write_result(
        folder, tables=tables(value), report_html="<p>é", config_yaml="a: 1\n", manifest=about(), **more
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return result_folder(tmp_path, "toulouse_2019", DIGEST)


# --- names and hashes --------------------------------------------------------------------------------


def test_hash_by_hand():
    # printf '{"a":[1,0.1,null,true],"b":"é"}' | sha256sum
    expected = "d47575e084580a996edec90099bd95b175b486f96ad16048c0a8eb27e1a27850"
    assert canonical_hash({"b": "é", "a": (1, 0.1, None, True)}) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_hash_ignores_order_and_survives_json(config):
    backwards = dict(reversed(list(config.items())))
    assert (
        canonical_hash(config) == canonical_hash(backwards) == canonical_hash(json.loads(json.dumps(config)))
    )


def test_hash_sees_every_change_and_takes_numpy():
    assert canonical_hash({"a": 0.1}) != canonical_hash({"a": 0.1 + 2**-56})
    assert canonical_hash({"a": 1}) != canonical_hash({"a": "1"})
    assert canonical_hash({"a": np.float64(0.5), "b": np.arange(2)}) == canonical_hash(
        {"a": 0.5, "b": [0, 1]}
    )
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no place"):
            canonical_hash({"a": bad})
    with pytest.raises(TypeError, match="text"):
        canonical_hash({"a": {1: 2}})
    with pytest.raises(TypeError, match="set"):
        canonical_hash({"a": {1}})


@pytest.mark.parametrize("name", ["../x", "", "a/b", "A", "é", "a b", "x" * 61, ".hidden", "a\n", "a\0"])
def test_names_cannot_leave_the_folder(name, tmp_path):
    with pytest.raises(StoreError, match="cannot name") as caught:
        result_folder(tmp_path, name, DIGEST)
    assert "ne peut pas" in caught.value.fr


def test_folder_name(tmp_path):
    assert result_folder(tmp_path, "a-b_1", DIGEST) == tmp_path / f"a-b_1-{DIGEST[:12]}"
    with pytest.raises(ValueError, match="SHA-256"):
        result_folder(tmp_path, "a", "../../etc")


# --- before computing --------------------------------------------------------------------------------


def test_writable_folder_is_made_and_left_empty(tmp_path):
    assert store.ensure_writable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []
    store.ensure_writable(tmp_path / "a" / "b")


@pytest.mark.parametrize("where", ["file", "file/below", "dangling", "x" * 300, "a/" + "x" * 300, "nul\0l"])
def test_impossible_folder_is_one_sentence_and_leaves_nothing(where, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError) as caught:
        store.ensure_writable(tmp_path / where)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"
    for sentence in (caught.value.en, caught.value.fr):
        assert "\n" not in sentence
        assert sentence.startswith("results_dir=")
    assert "choose a folder" in str(caught.value)


@pytest.fixture
def _nobody():
    """Permissions do not bind root: be somebody else for a while."""
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("root that may not become another user")
    yield
    os.seteuid(0)


@pytest.fixture
def locked(tmp_path):
    """A folder in which nobody but root may write."""
    tmp_path.chmod(0o500)
    yield tmp_path
    tmp_path.chmod(0o700)


@pytest.mark.usefixtures("locked", "_nobody")
def test_folder_without_permission(tmp_path):
    for folder in (tmp_path, tmp_path / "results", tmp_path / "a" / "b"):
        with pytest.raises(StoreError, match=r"ermission|denied"):
            store.ensure_writable(folder)


def test_full_disk(tmp_path, folder, monkeypatch):
    def full(path, data):
        Path(path).write_bytes(data[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store, "write_file", full)
    with pytest.raises(StoreError, match="No space"):
        store.ensure_writable(tmp_path / "new")
    with pytest.raises(StoreError, match="No space"):
        write(folder)
    points = Checkpoint(tmp_path, DIGEST)
    with pytest.raises(StoreError, match="No space"):
        points.put("a", 0, tables())
    points.remove()
    assert list(tmp_path.iterdir()) == []


# --- finished results --------------------------------------------------------------------------------


def test_files_and_contents(folder):
    stated = write(folder, extra={"report_en.html": "<p>"})
    assert {p.name for p in folder.iterdir()} == EXPECTED_FILES | {"report_en.html"}
    assert find_finished(folder) == stated == json.loads((folder / "manifest.json").read_text())
    assert set(stated["files"]) == (EXPECTED_FILES | {"report_en.html"}) - {"manifest.json"}
    for name, files in store.TABLE_FILES.items():
        for file in files:
            read = pd.read_parquet if file.endswith("parquet") else pd.read_csv
            back = read(folder / file)
            assert list(back.columns) == list(store.COLUMNS[name])
            pd.testing.assert_frame_equal(back, tables()[name], check_exact=True)
    assert (folder / "report.html").read_text(encoding="utf-8") == "<p>é"
    assert {p.name for p in folder.parent.iterdir()} == {folder.name}
    assert folder.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_differences_table_fits():
    assert tuple(DIFFERENCE_COLUMNS) == store.COLUMNS["differences"]


def test_a_finished_result_is_never_overwritten(folder, monkeypatch):
    first = write(folder, 0.1)
    bytes_before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}
    assert write(folder, 0.9) == first
    monkeypatch.setattr(store, "write_file", None)  # not even tried
    assert write(folder, 0.9) == first
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()} == bytes_before


def test_the_faster_of_two_processes_wins(folder, monkeypatch):
    publish, theirs = store._publish, {}

    def overtaken(temporary, final):
        monkeypatch.setattr(store, "_publish", publish)
        theirs.update(write(folder, 0.5))
        return publish(temporary, final)

    monkeypatch.setattr(store, "_publish", overtaken)
    assert write(folder, 0.9) == theirs == find_finished(folder)
    assert pd.read_csv(folder / "kpis.csv")["value"].iat[0] == 0.5
    assert {p.name for p in folder.parent.iterdir()} == {folder.name}


@pytest.mark.parametrize("name", sorted(EXPECTED_FILES))
@pytest.mark.parametrize("how", ["missing", "cut", "changed"])
def test_a_damaged_result_is_not_finished_and_is_set_aside(name, how, folder):
    write(folder)
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if how == "cut":
        (folder / name).write_bytes(data[: len(data) // 2])
    if how == "changed":
        middle = len(data) // 2
        (folder / name).write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    if name == "manifest.json" and how == "changed":
        (folder / name).write_bytes(data.replace(b'"seed": 7', b'"seed": 8', 1))
    assert find_finished(folder) is None
    (folder / "note.txt").write_text("mine")
    write(folder, 0.9)
    assert find_finished(folder) is not None
    assert (folder.with_name(folder.name + ".aside-1") / "note.txt").read_text() == "mine"


def test_a_copy_under_another_hash_is_not_finished(folder):
    write(folder)
    other = folder.with_name("toulouse_2019-" + "0" * 12)
    folder.rename(other)
    assert find_finished(other) is None
    assert find_finished(folder) is None


def test_a_file_in_the_way_is_set_aside(folder):
    folder.write_text("mine")
    write(folder)
    assert find_finished(folder)
    assert folder.with_name(folder.name + ".aside-1").read_text() == "mine"


def test_wrong_tables_and_names_are_refused_and_leave_nothing(folder):
    good = {"tables": tables(), "report_html": "", "config_yaml": "", "manifest": about()}
    lacking = {**tables(), "kpis": tables()["kpis"].drop(columns="unit")}
    absent = {k: v for k, v in tables().items() if k != "hours"}
    bad_name = {**tables(), "../x": tables()["kpis"]}
    for change, error, match in (
        ({"tables": lacking}, ValueError, "lacks unit"),
        ({"tables": absent}, ValueError, "'hours' is missing"),
        ({"tables": bad_name}, StoreError, "cannot name"),
        ({"extra": {"../x.txt": ""}}, ValueError, "further file"),
        ({"extra": {"manifest.json": ""}}, ValueError, "further file"),
        ({"manifest": {**about(), "config": {}}}, ValueError, "belong together"),
    ):
        with pytest.raises(error, match=match):
            write_result(folder, **{**good, **change})
    with pytest.raises(ValueError, match="belong together"):
        write_result(folder.with_name("x-" + "0" * 12), **good)
    assert list(folder.parent.iterdir()) == []


def test_further_tables_are_csv(folder):
    more = {**tables(), "gain": pd.DataFrame({"kpi": ["a"], "gain": [np.inf]})}
    write_result(folder, tables=more, report_html="", config_yaml="", manifest=about())
    assert pd.read_csv(folder / "gain.csv")["gain"].iat[0] == np.inf


# --- kill -9 -----------------------------------------------------------------------------------------

KILL_EVERYWHERE = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests import test_store as t
from sim import store
from sim.checkpoint import Checkpoint, clean_leftovers

base, real = Path(sys.argv[1]), dict(fsync=os.fsync, rename=os.rename, replace=os.replace)

def work(folder):
    points = Checkpoint(folder.parent, t.DIGEST, "stamp")
    for r in range(2):
        if points.get("a", r) is None:
            points.put("a", r, t.tables(r))
    t.write(folder)
    points.remove()

def child(folder, stop):
    seen = 0
    def counted(name):
        def call(*args):
            nonlocal seen
            seen += 1
            if seen == stop:
                os.kill(os.getpid(), signal.SIGKILL)
            return real[name](*args)
        return call
    for name in real:
        setattr(os, name, counted(name))
    work(folder)
    os._exit(0)

for stop in range(1, 100):
    results = base / str(stop)
    results.mkdir()
    folder = store.result_folder(results, "toulouse_2019", t.DIGEST)
    pid = os.fork()
    if pid == 0:
        child(folder, stop)
    status = os.waitpid(pid, 0)[1]
    print(stop, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


@pytest.mark.skipif(os.name != "posix", reason="fork and SIGKILL")
def test_killed_at_every_step(tmp_path):
    script = KILL_EVERYWHERE.format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    ends = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert [e[1] for e in ends[:-1]] == [signal.SIGKILL] * (len(ends) - 1)
    assert ends[-1][1] == 0
    assert len(ends) > len(EXPECTED_FILES) + 4
    states = set()
    for stop, _ in ends:
        results = tmp_path / str(stop)
        folder = result_folder(results, "toulouse_2019", DIGEST)
        states.add(folder.exists())
        assert folder.exists() == (find_finished(folder) is not None)
        points = Checkpoint(results, DIGEST, "stamp")
        for r in range(2):
            saved = points.get("a", r)
            if saved is not None:
                pd.testing.assert_frame_equal(saved["kpis"], tables(r)["kpis"], check_exact=True)
        write(folder)
        assert find_finished(folder) is not None
        clean_leftovers(results, temporary_age_s=-1)
        assert {p.name for p in results.iterdir()} == {folder.name}
    assert states == {True, False}


KILL_ANY_TIME = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests import test_store as t
from sim import store
for i in range(10_000):
    t.write(store.result_folder(Path(sys.argv[1]), f"n{{i}}", t.DIGEST), i)
"""


def test_killed_from_outside(tmp_path):
    script = KILL_ANY_TIME.format(root=str(ROOT))
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("n*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.003)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    finished = list(tmp_path.glob("n*"))
    assert len(finished) >= 3
    assert all(find_finished(p) for p in finished)


def test_leftovers_are_cleaned_when_old_and_never_the_results(tmp_path, folder):
    write(folder)
    for name in (
        ".tmp-x-0123456789ab",
        ".partial-000000000000",
        f".partial-{DIGEST[:12]}",
        ".tmp-mine",
        "mine",
    ):
        (tmp_path / name).mkdir()
    assert clean_leftovers(tmp_path) == [f".partial-{DIGEST[:12]}"]
    os.utime(tmp_path / ".tmp-x-0123456789ab", (0, 0))
    os.utime(tmp_path / ".tmp-mine", (0, 0))
    os.utime(tmp_path / ".partial-000000000000", (0, 0))
    assert clean_leftovers(tmp_path) == [".partial-000000000000", ".tmp-x-0123456789ab"]
    assert {p.name for p in tmp_path.iterdir()} == {folder.name, ".tmp-mine", "mine"}
    assert clean_leftovers(tmp_path / "nowhere") == []


# --- resuming ----------------------------------------------------------------------------------------


def awkward() -> dict[str, pd.DataFrame]:
    kpis = pd.DataFrame({"value": [0.1, np.nan, -np.inf, 5e-324], "week": ["all", "1", "é", ""]})
    counts = pd.DataFrame(
        {"reach": np.array([1, 2**31], dtype=np.int64), "hour": np.array([0, 23], np.uint8)}
    )
    label = pd.DataFrame({"band": pd.Categorical(["b", "a"], categories=["b", "a", "c"], ordered=True)})
    return {"kpis": kpis, "posts": counts, "hours": label, "none": kpis.iloc[:0]}


def test_a_saved_run_comes_back_as_it_was(tmp_path):
    points = Checkpoint(tmp_path, DIGEST)
    assert points.get("a", 0) is None
    points.put("a", 0, awkward())
    back = Checkpoint(tmp_path, DIGEST).get("a", 0)
    assert list(back) == list(awkward())
    for name, frame in awkward().items():
        pd.testing.assert_frame_equal(back[name], frame, check_exact=True)
    assert points.get("a", 1) is None
    assert points.get("b", 0) is None
    points.remove()
    points.remove()
    assert list(tmp_path.iterdir()) == []


def test_another_request_or_other_code_does_not_see_it(tmp_path):
    points = Checkpoint(tmp_path, DIGEST, "one")
    points.put("a", 0, awkward())
    assert points.get("a", 0) is not None
    assert Checkpoint(tmp_path, DIGEST, "two").get("a", 0) is None
    twin = DIGEST[:12] + "0" * 52  # same folder, other request
    assert Checkpoint(tmp_path, twin, "one").get("a", 0) is None
    points._path("a", 0).rename(points._path("a", 1))
    assert points.get("a", 1) is None


def test_another_process_may_finish_and_remove_the_folder(tmp_path, monkeypatch):
    points, write_file = Checkpoint(tmp_path, DIGEST, "stamp"), store.write_file

    def overtaken(path, data):
        monkeypatch.setattr(store, "write_file", write_file)
        points.remove()
        return write_file(path, data)

    monkeypatch.setattr(store, "write_file", overtaken)
    points.put("a", 0, awkward())
    assert points.get("a", 0) is not None


def test_a_damaged_file_is_computed_again_or_harmless(tmp_path):
    points = Checkpoint(tmp_path, DIGEST, "stamp")
    points.put("a", 0, {"kpis": awkward()["kpis"]})
    path = points._path("a", 0)
    data = path.read_bytes()
    lost = 0
    for position in range(0, len(data), 13):
        for damaged in (
            data[:position],
            data[:position] + bytes([data[position] ^ 255]) + data[position + 1 :],
        ):
            path.write_bytes(damaged)
            back = points.get("a", 0)
            lost += back is None
            if back is not None:
                pd.testing.assert_frame_equal(back["kpis"], awkward()["kpis"], check_exact=True)
    assert lost > len(data) / 13
    points.put("a", 0, {"kpis": awkward()["kpis"]})
    assert points.get("a", 0) is not None


def test_a_killed_comparison_resumes_to_the_same_result(tmp_path):
    def run_one(job):
        ran.append(job)
        if len(ran) == 4:
            raise KeyboardInterrupt
        row = {c: ["x"] for c in store.COLUMNS["kpis"]}
        return {
            "kpis": pd.DataFrame({**row, "scenario": job.scenario, "replicate": job.replicate, "value": 0.1})
        }

    def go():
        points = Checkpoint(tmp_path, DIGEST)
        return replicate_until(run_one, ["a", "b"], 3, map, saved=points)

    ran: list = []
    with pytest.raises(KeyboardInterrupt):
        go()
    resumed = gather(go()[0])["kpis"]
    assert len(ran) == 4 + 3
    again = gather(go()[0])["kpis"]
    assert len(ran) == 7
    pd.testing.assert_frame_equal(resumed, again, check_exact=True)
    assert list(resumed["scenario"]) == list("aaabbb")


# --- provenance --------------------------------------------------------------------------------------


def test_manifest_says_what_and_not_where():
    stated = about(extra={"engine": "numpy", "half_width": float("inf")})
    assert stated["config_hash"] == DIGEST
    assert stated["config"] == CONFIG
    assert (stated["seed"], stated["replicates"], stated["wall_time_s"]) == (7, 2, 1.235)
    assert stated["half_width"] is None
    assert stated["versions"]["numpy"] == np.__version__
    assert {"python", "scipy", "pandas", "networkx", "mesa", "hydra-core", "city-audience"} <= set(
        stated["versions"]
    )
    text = json.dumps(stated, allow_nan=False)
    assert f'"{socket.gethostname()}"' not in text
    for place in (str(ROOT), str(Path.home()) + os.sep, sys.prefix):
        assert place not in text
    for bad in ("/etc/x.yaml", "../x.yaml", "C:\\x.yaml", "~/x.yaml"):
        with pytest.raises(ValueError, match="relative"):
            provenance.manifest(CONFIG, seed=1, replicates=1, stop_reason="", wall_time_s=0, inputs={bad: ""})
    with pytest.raises(ValueError, match="already has seed"):
        about(extra={"seed": 1})


def _git(where: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    hooks = ("-c", f"core.hooksPath={where / 'none'}")
    command = ["git", "-C", str(where), *identity, *hooks, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_checkout_only_counts_where_the_package_is_tracked(tmp_path, monkeypatch):
    package = tmp_path / "sim"
    package.mkdir()
    (package / "provenance.py").write_text("x = 1\n")
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    none = {"commit": "not a git checkout", "dirty": None}
    assert provenance.checkout() == none
    _git(tmp_path, "init", "-q")
    (tmp_path / "other.txt").write_text("x")
    _git(tmp_path, "add", "other.txt")
    _git(tmp_path, "commit", "-qm", "other")
    assert provenance.checkout() == none
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "package")
    head = _git(tmp_path, "rev-parse", "HEAD")
    assert provenance.checkout() == {"commit": head, "dirty": False}
    before = provenance.code_hash()
    (package / "provenance.py").write_text("x = 2\n")
    assert provenance.checkout() == {"commit": head, "dirty": True}
    assert provenance.code_hash() != before
    monkeypatch.setenv("PATH", "")
    assert provenance.checkout() == none


def test_hash_of_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")  # the example of FIPS 180-2
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.hash_file(tmp_path / "x") == expected


def test_readme_explains_every_file_and_column():
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    for name in EXPECTED_FILES | set(about()) | {"files"}:
        assert f"`{name}`" in text, name
    for columns in store.COLUMNS.values():
        for column in columns:
            assert f"`{column}`" in text, column
    for said in ("better", "worse", "no_difference", "cannot_tell", "changed"):
        assert f"`{said}`" in text, said


# --- pages ---------------------------------------------------------------------------------------------


def test_a_page_written_again_leaves_a_finished_result(folder: Path):
    before = write(folder)
    store.rewrite_page(folder, "report.html", "<p>new", {"examined": "x"})
    after = find_finished(folder)
    assert after is not None
    assert (folder / "report.html").read_text(encoding="utf-8") == "<p>new"
    assert after["examined"] == "x"
    assert {n: f for n, f in after["files"].items() if n != "report.html"} == {
        n: f for n, f in before["files"].items() if n != "report.html"
    }
    (folder / "report.html").write_text("<p>edited", encoding="utf-8")
    assert find_finished(folder) is None


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_page_half_written_again_is_still_a_finished_result(folder: Path, step: int, monkeypatch):
    write(folder)
    real, done = store.replace_file, []

    def dying(path: Path, data: bytes) -> None:
        done.append(path)
        if len(done) == step:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(store, "replace_file", dying)
    with pytest.raises(KeyboardInterrupt):
        store.rewrite_page(folder, "report.html", "<p>new", {"examined": "x"})
    monkeypatch.undo()
    found = find_finished(folder)
    assert found is not None
    assert "examined" not in found
    store.rewrite_page(folder, "report.html", "<p>new", {"examined": "x"})
    assert find_finished(folder)["files"]["report.html"].keys() == {"bytes", "sha256"}
