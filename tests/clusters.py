"""Real clusters on this machine for tests: a Dask scheduler with its workers, and a Slurm of two nodes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120  # a daemon that does not come up by then will not


def until(is_so: Callable[[], bool], what: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for ``is_so()``; RuntimeError when it never comes, or ``process``, which makes it so, ends."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: ended with {process.returncode}")
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {PATIENCE_S} s")
        time.sleep(0.1)


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, and wait for it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment(*first: Path) -> dict[str, str]:
    """This process's, with ``first``, this project and its tests on the path of Python."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*first, PROJECT, PROJECT / "tests")))}


class Dask:
    """A scheduler at ``address`` and worker processes without a nanny: one that is killed stays away."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, contextlib.ExitStack()
        self.workers: list[subprocess.Popen[bytes]] = []
        stated = folder / "scheduler.json"
        self._start("scheduler", "--host=127.0.0.1", "--port=0", "--dashboard-address=127.0.0.1:0",
                    f"--scheduler-file={stated}")  # fmt: skip
        until(lambda: _is_json(stated), "dask scheduler")
        self.address = str(json.loads(stated.read_text())["address"])

    def _start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        path = self._folder / f"{len(self.workers)}-{words[0]}.log"
        log = self._started.enter_context(path.open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            stdout=log, stderr=log, cwd=self._folder, env=env or environment(),
        )  # fmt: skip
        self._started.callback(ended, process)
        return process

    def add_worker(self, *first: Path) -> subprocess.Popen[bytes]:
        """One more worker; ``first``: folders in front of its path of Python."""
        words = ("worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard", "--memory-limit=0")
        self.workers.append(self._start(*words, env=environment(*first)))
        return self.workers[-1]

    def close(self) -> None:
        """End the workers and the scheduler."""
        self._started.close()


def _is_json(path: Path) -> bool:
    try:
        return "address" in json.loads(path.read_text())
    except (OSError, ValueError):
        return False


# --- Slurm -------------------------------------------------------------------------------------------


def no_slurm() -> str:
    """Why there can be no Slurm here; empty when there can."""
    wanted = ("slurmctld", "slurmd", "munged", "sbatch")
    absent = [name for name in wanted if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: slurm-wlm munge)"
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "its daemons must be started by root"


_PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"

CONF = """
ClusterName=two
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=1 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=1 RealMemory=4000 State=UNKNOWN
PartitionName=short Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


@contextlib.contextmanager
def slurm() -> Iterator[dict[str, str]]:
    """Two nodes on this machine; yields the environment in which ``sbatch`` speaks to them."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as made:  # below /tmp: munge may look at every parent
        Path(made).chmod(0o755)
        with _slurm_in(Path(made)) as env:
            yield env


@contextlib.contextmanager
def _slurm_in(folder: Path) -> Iterator[dict[str, str]]:
    ports = [_free_port() for _ in range(3)]
    host = socket.gethostname().partition(".")[0]
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(folder=folder, host=host, port=ports[0], port1=ports[1], port2=ports[2]))
    for name in ("state", "spool-n1", "spool-n2"):
        (folder / name).mkdir()
    env = {**environment(), "SLURM_CONF": str(conf), "PATH": _PATH}
    with contextlib.ExitStack() as started:
        _munge(folder, env, started)
        for words in (["slurmctld", "-D"], ["slurmd", "-D", "-N", "n1"], ["slurmd", "-D", "-N", "n2"]):
            log = started.enter_context((folder / f"{''.join(words)}.out").open("wb"))
            process = subprocess.Popen([*words, "-f", str(conf)], stdout=log, stderr=log, env=env)
            started.callback(ended, process)
        until(lambda: _idle(env) == 2, "slurm")
        yield env


def _munge(folder: Path, env: Mapping[str, str], started: contextlib.ExitStack) -> None:
    """The daemon that vouches for users, as the user of its package, with a key of its own."""
    home = folder / "munge"
    home.mkdir(mode=0o755)
    (home / "key").write_bytes(os.urandom(128))
    (home / "key").chmod(0o400)
    for path in (home, home / "key"):
        shutil.chown(path, "munge", "munge")
    words = [
        "munged", "--foreground", "--force", f"--socket={home}/socket", f"--key-file={home}/key",
        f"--pid-file={home}/pid", f"--log-file={home}/log", f"--seed-file={home}/seed",
    ]  # fmt: skip
    log = started.enter_context((folder / "munged.out").open("wb"))
    process = subprocess.Popen(words, stdout=log, stderr=log, env=dict(env), user="munge", group="munge")
    started.callback(ended, process)
    until((home / "socket").exists, "munged", process)


def _idle(env: Mapping[str, str]) -> int:
    asked = subprocess.run(
        ["sinfo", "-h", "-N", "-o", "%t"], capture_output=True, text=True, env=dict(env), check=False
    )
    return asked.stdout.split().count("idle")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def killed(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, as the system does when memory ends."""
    process.send_signal(signal.SIGKILL)
    process.wait()
