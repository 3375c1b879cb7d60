"""The seam for parallel work: the same answers by every engine; what a killed worker or program leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benches import Square
from clusters import environment, until

from sim import machine, pilot, pool
from sim.engine import Engine
from sim.figures import InputError
from sim.kernel import Kernel
from sim.pilot import measured, memory
from sim.pool import Means, means_of, workers
from sim.request import Options

KINDS = ("serial", "threads", "processes")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def means(kind: Any, n_workers: int = 2) -> Means:
    return Means(Engine(kind=kind), n_workers, "numpy")


# --- answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("together", [1, 3])
def test_every_job_is_answered_once(kind: str, together: int, tmp_path: Path) -> None:
    jobs = list(range(10))
    with workers(Square(tmp_path), means(kind), together=together) as over:
        assert sorted(over(over.run, jobs)) == [j * j for j in jobs]
        assert list(over(over.run, [])) == []
    with workers(Square(tmp_path), means(kind), together=together, in_order=True) as over:
        assert list(over(over.run, jobs)) == [j * j for j in jobs]


def test_who_makes_the_runs(tmp_path: Path) -> None:
    made: dict[str, set[int]] = {}
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        bench = Square(tmp_path / kind, slow_s=0.05)
        with workers(bench, means(kind)) as over:
            list(over(over.run, range(8)))
        made[kind] = bench.processes()
    assert made["serial"] == made["threads"] == {os.getpid()}
    assert os.getpid() not in made["processes"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_of_the_program_is_not_hidden(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="-1 is negative"), workers(Square(tmp_path), means(kind)) as over:
        list(over(over.run, [1, -1, 2]))


def test_two_benches_at_a_time_do_not_meet(tmp_path: Path) -> None:
    """As on a page that several people use: each thread of the program has its own workers."""
    found: dict[int, list[int]] = {}

    def work(k: int) -> None:
        (tmp_path / str(k)).mkdir()
        with workers(Square(tmp_path / str(k), slow_s=0.01), means("threads")) as over:
            found[k] = sorted(over(over.run, range(k, k + 5)))

    asked = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert found == {k: [j * j for j in range(k, k + 5)] for k in range(4)}


# --- killed ------------------------------------------------------------------------------------------


@POSIX
def test_a_killed_process_is_replaced_and_its_jobs_are_given_out_again(tmp_path: Path) -> None:
    with workers(Square(tmp_path, fatal=(3, 7)), means("processes")) as over:
        assert sorted(over(over.run, range(10))) == [j * j for j in range(10)]
    assert len(list(tmp_path.glob("3-by-*"))) > 1


@POSIX
def test_a_job_that_ends_every_process_is_named_and_the_others_are_answered(tmp_path: Path) -> None:
    with workers(Square(tmp_path, fatal=(3,), deaths=99), means("processes")) as over:
        answers = list(over(over.run, range(6), lost=lambda job: -job))
    assert sorted(answers) == sorted([0, 1, 4, -3, 16, 25])
    with (
        pytest.raises(InputError, match="ended each time"),
        workers(Square(tmp_path, fatal=(3,), deaths=99), means("processes")) as over,
    ):
        list(over(over.run, [3]))


ORPHANS = """
from pathlib import Path
from benches import Square
from sim.engine import Engine
from sim.pool import Means, workers
with workers(Square(Path({folder!r}), slow_s=60), Means(Engine(kind="processes"), 2, "numpy")) as over:
    list(over(over.run, range(2)))
"""


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_workers_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    code = ORPHANS.format(folder=str(tmp_path))
    program = subprocess.Popen([sys.executable, "-c", code], env=environment())
    bench = Square(tmp_path)
    until(lambda: len(bench.processes()) == 2, "two workers")
    program.send_signal(signal.SIGKILL)
    program.wait()
    until(lambda: not any(map(_is_alive, bench.processes())), "no worker left")


# --- what is chosen ----------------------------------------------------------------------------------


class Compiled(Kernel):
    """Stands for the compiled twin."""


@pytest.mark.parametrize(("kernel", "kind"), [(Kernel, "processes"), (Compiled, "threads")])
def test_auto_takes_threads_only_for_the_compiled_kernel(
    monkeypatch: pytest.MonkeyPatch, kernel: type[Kernel], kind: str
) -> None:
    monkeypatch.setattr(pool, "kernel_named", lambda choice: kernel)
    chosen = means_of(Options(workers=3))
    assert (chosen.engine.kind, chosen.n_workers) == (kind, 3)
    assert chosen.told()["kernel"] == ("numpy" if kernel is Kernel else "compiled")
    assert means_of(Options(engine="processes")).engine.kind == "processes"  # type: ignore[arg-type]


def test_a_manifest_names_no_machine() -> None:
    asked = Options(engine=Engine(kind="dask", address="tcp://secret.example:8786"))
    assert "secret" not in str(means_of(asked).told())


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tls://node-1.example.org:1", "tcp://[::1]:8786"]
)
def test_addresses(address: str) -> None:
    assert Engine(kind="dask", address=address).address == address


@pytest.mark.parametrize(
    "stated",
    [
        {"kind": "dask"},
        {"kind": "dask", "address": "http://127.0.0.1:8786"},
        {"kind": "dask", "address": "tcp://127.0.0.1"},
        {"kind": "dask", "address": "tcp://127.0.0.1:99999"},
        {"kind": "dask", "address": "tcp://-x:1"},
        {"kind": "dask", "address": "tcp://a:1/../x"},
        {"kind": "dask", "address": "tcp://a:1\n"},
        {"kind": "serial", "address": "tcp://a:1"},
        {"kind": "slurm", "queue": "a b"},
        {"kind": "slurm", "queue": "--wrap=x"},
        {"kind": "slurm", "account": "x;y"},
        {"kind": "slurm", "interface": "$(id)"},
        {"kind": "slurm", "walltime": "soon"},
        {"kind": "slurm", "walltime": "01:00:00\n#SBATCH x"},
        {"kind": "slurm", "cores": 0},
        {"kind": "slurm", "prologue": "rm x"},
        {"kind": "ray"},
    ],
)
def test_what_could_be_code_or_a_mistake_is_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Engine.model_validate(stated)


def test_an_extra_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("distributed", "sim.cluster"):
        monkeypatch.setitem(sys.modules, name, None)
    asked = Means(Engine(kind="dask", address="tcp://127.0.0.1:1"), 0, "numpy")
    with pytest.raises(InputError, match=r"engine: dask needs .* pip install 'city-audience\[dask\]'"):
        workers(Square(tmp_path), asked).__enter__()


# --- memory ------------------------------------------------------------------------------------------

TEN_MB = 10_000_000
TELLS = pytest.mark.skipif(machine.resident_bytes() is None, reason="the system does not tell")


@TELLS
def test_a_run_is_measured() -> None:
    """Numbers of a known size that are held and dropped."""
    one = measured(lambda n: int(np.ones(n, dtype=np.uint8).sum()), 20 * TEN_MB)
    assert one.answer == 20 * TEN_MB
    assert one.grown is not None
    assert 19 * TEN_MB < one.grown < 25 * TEN_MB
    assert one.run_s > 0


@pytest.mark.parametrize(
    ("kind", "available", "n_workers"),
    [("threads", 100, 8), ("threads", 45, 4), ("threads", 1, 1), ("processes", 100, 4), ("processes", 45, 2)],
)
def test_no_more_workers_than_memory(
    monkeypatch: pytest.MonkeyPatch, kind: str, available: int, n_workers: int
) -> None:
    """A thread needs 10 MB; a process also copies the 10 MB that are not the city's. A tenth stays free."""
    told = {"VmRSS": 5 * TEN_MB, "RssAnon": 2 * TEN_MB}
    monkeypatch.setattr(pilot.machine, "resident_bytes", lambda kind="VmRSS": told[kind])
    monkeypatch.setattr(pilot.machine, "available_bytes", lambda: available * TEN_MB // 10)
    city = np.zeros(TEN_MB, dtype=np.uint8)
    need = memory(means(kind, 8), TEN_MB, [city])
    assert need is not None
    assert (need.n_workers, need.wanted) == (n_workers, 8)
    assert need.in_all == 5 * TEN_MB + n_workers * need.per_worker
    assert need.per_worker == (TEN_MB if kind == "threads" else 2 * TEN_MB)


def test_numbers_in_a_file_are_shared(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(10))
    mapped = np.asarray(np.load(tmp_path / "a.npy", mmap_mode="r"))
    assert pilot._is_mapped(mapped)
    assert pilot._is_mapped(mapped[2:5])
    assert not pilot._is_mapped(np.arange(10)[2:5])


def test_unknown_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilot.machine, "available_bytes", lambda: None)
    assert memory(means("threads", 8), TEN_MB, []) is None
    assert memory(means("threads", 8), None, []) is None


def test_a_container_leaves_what_it_leaves(tmp_path: Path) -> None:
    assert machine._left_in_container(tmp_path) is None
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine._left_in_container(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert machine._left_in_container(tmp_path) == 700


@pytest.mark.parametrize(
    ("n_bytes", "lang", "said"),
    [
        (1, "fr", "1 ko"),
        (79_188, "en", "79 kB"),
        (143e6, "fr", "143 Mo"),
        (2.14e9, "fr", "2,1 Go"),
        (2.14e9, "en", "2.1 GB"),
    ],
)
def test_bytes_in_words(n_bytes: float, lang: str, said: str) -> None:
    assert machine.size(int(n_bytes), lang) == said
