"""Beyond one machine: the same bytes from Dask and from Slurm, and what is lost there is made again."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import clusters
import pytest
from benches import Square
from clusters import PROJECT, Dask, environment, killed, until

from sim.engine import Engine
from sim.figures import InputError
from sim.pool import Means, workers


def _absent(*names: str) -> str:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


NO_DASK = _absent("distributed")
NO_SLURM = _absent("distributed", "dask_jobqueue") or clusters.no_slurm()
needs_dask = pytest.mark.skipif(bool(NO_DASK), reason=f"Dask: {NO_DASK}")
needs_slurm = pytest.mark.skipif(bool(NO_SLURM), reason=f"Slurm: {NO_SLURM}")
pytestmark = pytest.mark.slow

SWEEP = (
    "sweep", "city=saint_dizier_2018", "sampling=0.05", "horizon_weeks=1,2", "replicates=3",
    "change=[evening_hours],[lunch_hours]",
)  # fmt: skip
COMPARE = ("compare", "comparison=young_workshop", "sampling=0.1", "horizon_weeks=1", "replicates=2")
LOOK = (
    "sensitivity", "comparison=young_workshop", "only=[platform.snapchat]", "horizon_weeks=1", "sampling=0.1",
    "trajectories=2", "samples=8",
)  # fmt: skip
TABLES = {
    "sweep": ("jobs.csv", "kpis.csv", "kpis.parquet"),
    "sensitivity": ("designs.parquet",),
    "compare": ("kpis.csv", "kpis.parquet", "posts.parquet", "hours.csv", "differences.csv"),
}


def command(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The command, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "sim.cli", *words],
        env=env or environment(), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finished(process: subprocess.Popen[bytes], code: int = 0) -> str:
    """What a command said on standard error; it must end with ``code``."""
    _, err = process.communicate()
    assert process.returncode == code, err.decode()
    return err.decode()


def tables(results: Path, verb: str) -> dict[str, bytes]:
    """The tables of the one result of a folder."""
    [folder] = [path for path in results.iterdir() if path.name[0] != "."]
    assert (folder / "manifest.json").is_file()
    return {name: (folder / name).read_bytes() for name in TABLES[verb]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What each verb writes, serial."""
    out = {}
    for words in (SWEEP, COMPARE, LOOK):
        folder = tmp_path_factory.mktemp("plain")
        finished(command(*words, "engine=serial", f"results_dir={folder}"))
        out[words[0]] = tables(folder, words[0])
    return out


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """A scheduler and two workers."""
    (tmp_path / "dask").mkdir()
    cluster = Dask(tmp_path / "dask")
    try:
        for _ in range(2):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


def means(cluster: Dask) -> Means:
    return Means(Engine(kind="dask", address=cluster.address), 0, "numpy")


def on(cluster: Dask) -> tuple[str, str]:
    return "engine=dask", f"engine.address={cluster.address}"


# --- Dask --------------------------------------------------------------------------------------------


@needs_dask
@pytest.mark.parametrize("words", [SWEEP, COMPARE, LOOK], ids=lambda words: words[0])
def test_dask_writes_the_same_bytes(
    words: tuple[str, ...], dask: Dask, plain: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    finished(command(*words, *on(dask), f"results_dir={tmp_path / 'r'}"))
    assert tables(tmp_path / "r", words[0]) == plain[words[0]]
    assert not list((tmp_path / "dask").glob("**/*.parquet"))  # workers write nothing


@needs_dask
def test_both_workers_work_in_any_order(dask: Dask, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    bench = Square(tmp_path / "notes", slow_s=0.05)
    with workers(bench, means(dask), together=2, in_order=True) as over:

        def both() -> bool:
            assert list(over(over.run, range(20))) == [j * j for j in range(20)]
            return bench.processes() == {worker.pid for worker in dask.workers}

        until(both, "both workers")


@needs_dask
def test_jobs_of_a_killed_worker_are_made_by_another(dask: Dask, tmp_path: Path) -> None:
    """The process that takes job 5 first is ended by it, SIGKILL."""
    (tmp_path / "notes").mkdir()
    bench = Square(tmp_path / "notes", fatal=(5,), slow_s=0.02)
    with workers(bench, means(dask)) as over:
        assert sorted(over(over.run, range(30))) == [j * j for j in range(30)]
    assert [worker.poll() for worker in dask.workers].count(-signal.SIGKILL) == 1
    assert len(list((tmp_path / "notes").glob("5-by-*"))) == 2


@needs_dask
def test_a_job_that_ends_every_worker_is_named(dask: Dask, tmp_path: Path) -> None:
    for _ in range(3):
        dask.add_worker()
    (tmp_path / "notes").mkdir()
    with workers(Square(tmp_path / "notes", fatal=(5,), deaths=99), means(dask)) as over:
        assert sorted(over(over.run, range(10), lost=lambda job: -job)) == sorted(
            [j * j for j in range(10) if j != 5] + [-5]
        )


@needs_dask
def test_a_worker_that_joins_later_knows_the_bench(dask: Dask, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    bench = Square(tmp_path / "notes", slow_s=0.1)
    with workers(bench, means(dask)) as over:
        assert list(over(over.run, [2])) == [4]
        late = dask.add_worker()
        until(lambda: len(list(over(over.run, range(12)))) == 12 and late.pid in bench.processes(), "late")


@needs_dask
def test_a_worker_killed_in_a_sweep_changes_no_byte(
    dask: Dask, plain: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    running = command(*SWEEP, *on(dask), f"results_dir={tmp_path / 'r'}")
    until(lambda: bool(list((tmp_path / "r").glob(".partial-*/*.zip"))), "a first run", running)
    killed(dask.workers[0])
    finished(running)
    assert tables(tmp_path / "r", "sweep") == plain["sweep"]


@needs_dask
@pytest.mark.parametrize("words", [SWEEP, COMPARE], ids=lambda words: words[0])
def test_a_killed_command_goes_on_to_the_same_bytes(
    words: tuple[str, ...], dask: Dask, plain: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    results = tmp_path / "r"
    running = command(*words, *on(dask), f"results_dir={results}")
    until(lambda: len(list(results.glob(".partial-*/*.zip"))) >= 2, "two runs", running)
    killed(running)
    kept = {path.name: path.stat().st_mtime_ns for path in results.glob(".partial-*/*.zip")}
    assert not list(results.glob("[a-z]*"))
    again = command(*words, *on(dask), f"results_dir={results}")
    until(lambda: len(list(results.glob(".partial-*/*.zip"))) > len(kept) or again.poll() is not None, "more")
    for path in results.glob(".partial-*/*.zip"):
        assert kept.get(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns  # none is made again
    finished(again)
    assert tables(results, words[0]) == plain[words[0]]
    assert len(list(results.iterdir())) == 1


@needs_dask
def test_other_code_on_a_worker_is_refused(dask: Dask, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "sim", tmp_path / "other" / "sim")
    shutil.copytree(PROJECT / "scenarios", tmp_path / "other" / "scenarios")
    with open(tmp_path / "other" / "sim" / "draws.py", "a", encoding="utf-8") as stream:
        stream.write("# another version\n")
    with workers(Square(tmp_path), means(dask)):
        pass
    odd = dask.add_worker(tmp_path / "other")
    said: list[str] = []

    def refused() -> bool:
        try:
            with workers(Square(tmp_path), means(dask)):
                return False
        except InputError as error:
            said.append(str(error))
            return True

    until(refused, "a refusal", None)
    assert odd.poll() is None
    assert "has another version: code" in said[0]
    assert "\n" not in said[0]


@needs_dask
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("engine.address=tcp://127.0.0.1:9",), "no Dask scheduler answers at tcp://127.0.0.1:9"),
        (("engine.address=tcp://nowhere.invalid:8786",), "no Dask scheduler answers"),
        (("engine.address=127.0.0.1:8786",), "engine.address: '127.0.0.1:8786' is not allowed"),
        ((), "engine: address: is missing"),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_one_line(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    said = finished(command(*SWEEP, "engine=dask", *words, f"results_dir={tmp_path / 'r'}"), code=2)
    assert told in said.splitlines()[-1]
    assert "Traceback" not in said
    assert not (tmp_path / "r").exists()


@needs_dask
def test_no_worker_is_one_line(tmp_path: Path) -> None:
    cluster = Dask(tmp_path)
    try:
        words = (*on(cluster), "engine.wait_s=0.5", f"results_dir={tmp_path / 'r'}")
        assert "engine.wait_s: no worker came within 0.5 s" in finished(command(*SWEEP, *words), code=2)
    finally:
        cluster.close()


# --- Slurm -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """Environment of a Slurm of two nodes."""
    with clusters.slurm() as env:
        yield env


def queued(env: dict[str, str]) -> list[str]:
    """Number and node of each job that runs."""
    asked = ["squeue", "--noheader", "--states=R", "--format=%i %N"]
    return subprocess.run(asked, env=env, capture_output=True, text=True, check=True).stdout.splitlines()


ON_SLURM = ("engine=slurm", "engine.queue=short", "engine.memory_gb=1", "engine.wait_s=120", "workers=2")


@needs_slurm
@pytest.mark.parametrize("words", [SWEEP, COMPARE], ids=lambda words: words[0])
def test_slurm_writes_the_same_bytes(
    words: tuple[str, ...], slurm: dict[str, str], plain: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    finished(command(*words, *ON_SLURM, f"results_dir={tmp_path / 'r'}", env=slurm))
    assert tables(tmp_path / "r", words[0]) == plain[words[0]]


@needs_slurm
def test_a_job_that_slurm_ends_is_submitted_again(
    slurm: dict[str, str], plain: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    running = command(*SWEEP, *ON_SLURM, f"results_dir={tmp_path / 'r'}", env=slurm)
    until(lambda: bool(list((tmp_path / "r").glob(".partial-*/*.zip"))), "a first run", running)
    first = queued(slurm)
    subprocess.run(["scancel", "--signal=KILL", first[0].split()[0]], env=slurm, check=True)
    finished(running)
    assert tables(tmp_path / "r", "sweep") == plain["sweep"]


@needs_slurm
def test_no_job_is_left_behind(slurm: dict[str, str], tmp_path: Path) -> None:
    finished(command(*COMPARE, *ON_SLURM, f"results_dir={tmp_path / 'r'}", env=slurm))
    until(lambda: not queued(slurm), "an empty queue")


@needs_slurm
def test_an_unknown_queue_is_one_line(slurm: dict[str, str], tmp_path: Path) -> None:
    words = ("engine=slurm", "engine.queue=long", f"results_dir={tmp_path / 'r'}")
    said = finished(command(*SWEEP, *words, env=slurm), code=2)
    assert said.splitlines()[-1] == "engine.queue: unknown queue 'long'; allowed: short"


@pytest.mark.skipif(bool(_absent("distributed", "dask_jobqueue")), reason="the extra is not installed")
def test_no_slurm_is_one_line(tmp_path: Path) -> None:
    env = {**environment(), "PATH": str(tmp_path)}
    said = finished(command(*SWEEP, "engine=slurm", f"results_dir={tmp_path / 'r'}", env=env), code=2)
    assert "needs the command 'sbatch'" in said.splitlines()[-1]
