"""Workers of a cluster: those of a running Dask scheduler, or those that Slurm starts.

A worker is sent the bench's recipe once (also one that joins later) and builds the city itself, or reads it
from its own cache: a city is a pure function of its scenario, so nothing large travels, and a worker that is
lost takes nothing with it. Its jobs go to another; only the program that was started writes.
"""

from __future__ import annotations

import logging
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from distributed import Client, KilledWorker, WorkerPlugin, as_completed

from sim import provenance
from sim.engine import Engine
from sim.figures import InputError
from sim.pool import Lost, Means, Team
from sim.worker import Bench, adopt, forget

CONNECT_S = 20  # until a scheduler counts as unreachable
DEFAULT_JOBS = 2  # of Slurm, where workers= does not say
NUMERIC = ("python", "numpy", "scipy", "pandas", "pyarrow", "pydantic")


class BenchPlugin(WorkerPlugin):
    """Gives the recipe of a bench to every worker, present and future."""

    def __init__(self, token: str, recipe: bytes) -> None:
        self.name, self._token, self._recipe = f"city-audience-{token}", token, recipe

    def setup(self, worker: Any) -> None:
        """A worker begins to work for this bench."""
        adopt(self._token, self._recipe)

    def teardown(self, worker: Any) -> None:
        """Nobody needs the bench any more."""
        forget(self._token)


@contextmanager
def team(bench: Bench, means: Means, token: str) -> Iterator[tuple[Team, int]]:
    """Workers of the cluster that ``means`` name, checked to run this very code."""
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with _client(means) as client:
        _same_program(client)
        plugin = BenchPlugin(token, pickle.dumps(bench))
        client.register_plugin(plugin)
        try:
            yield _team_of(client), _n_threads(client)
        finally:
            client.unregister_worker_plugin(plugin.name)


def _team_of(client: Client) -> Team:
    def answers(fn: Callable[[Any], Any], tasks: Sequence[Any], lost: Lost) -> Iterator[tuple[int, Any]]:
        futures = {client.submit(fn, task, pure=False): i for i, task in enumerate(tasks)}
        try:
            for future in as_completed(list(futures), loop=client.loop):
                index = futures.pop(future)
                try:
                    yield index, future.result()
                except KilledWorker:
                    yield index, lost(tasks[index])
                future.release()
        finally:
            client.cancel(list(futures))

    return answers


@contextmanager
def _client(means: Means) -> Iterator[Client]:
    engine = means.engine
    if engine.kind == "dask":
        try:
            client = Client(engine.address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise InputError(
                f"engine.address: no Dask scheduler answers at {engine.address} ({why[:120]}); "
                "start one with: dask scheduler"
            ) from None
        with client:
            _wait(client, engine, "dask worker " + str(engine.address))
            yield client
        return
    with _slurm(engine, means.n_workers or DEFAULT_JOBS) as cluster, Client(cluster) as client:
        _wait(client, engine, "squeue")
        yield client


def _wait(client: Client, engine: Engine, hint: str) -> None:
    try:
        client.wait_for_workers(1, timeout=engine.wait_s)
    except TimeoutError:
        raise InputError(
            f"engine.wait_s: no worker came within {engine.wait_s:g} s; look at: {hint}"
        ) from None


def _n_threads(client: Client) -> int:
    return sum(w["nthreads"] for w in client.scheduler_info(n_workers=-1)["workers"].values())


def state_of_program() -> dict[str, str]:
    """What the numbers of this process rest on."""
    versions = provenance.versions()
    return {"code": provenance.code_hash(), **{name: versions[name] for name in NUMERIC}}


def _same_program(client: Client) -> None:
    """InputError: a worker runs other code, or the same with other libraries."""
    mine = state_of_program()
    try:
        theirs = client.run(state_of_program)
    except Exception as error:  # whatever a worker without this program says
        raise InputError(
            f"engine: a worker cannot run this program ({type(error).__name__}: {str(error)[:120]}); "
            "install the same version there"
        ) from None
    for worker, state in theirs.items():
        other = [name for name in mine if state.get(name) != mine[name]]
        if other:
            told = ", ".join(f"{n} {str(state.get(n))[:12]} instead of {mine[n][:12]}" for n in other)
            raise InputError(
                f"engine: worker {worker} has another version: {told}; install the same version there"
            )


# --- Slurm -------------------------------------------------------------------------------------------


def slurm_is_here() -> None:
    """ImportError: the extra is not installed; InputError: this machine cannot submit jobs."""
    import dask_jobqueue  # noqa: F401

    if shutil.which("sbatch") is None:
        raise InputError("engine: slurm needs the command 'sbatch', which is not found on this machine")


@contextmanager
def _slurm(engine: Engine, jobs: int) -> Iterator[Any]:
    from dask_jobqueue import SLURMCluster

    _check_queue(engine.queue)
    with SLURMCluster(
        queue=engine.queue,
        account=engine.account,
        interface=engine.interface,
        walltime=engine.walltime,
        cores=engine.cores,
        processes=1,
        memory=f"{engine.memory_gb:g}GB",
        python=sys.executable,
        job_name="city-audience",
        job_extra_directives=["--output=/dev/null"],
        worker_extra_args=["--death-timeout", "60"],
    ) as cluster:
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # a job that ends is submitted again
        yield cluster


def _check_queue(queue: str | None) -> None:
    """InputError: Slurm does not answer, or knows no such partition."""
    asked = subprocess.run(
        ["sinfo", "--noheader", "--format=%R"], capture_output=True, text=True, check=False, timeout=60
    )
    if asked.returncode:
        raise InputError(f"engine: slurm does not answer ({' '.join(asked.stderr.split())[:120]})")
    names = sorted(set(re.findall(r"\S+", asked.stdout)))
    if queue is not None and queue not in names:
        raise InputError(f"engine.queue: unknown queue '{queue}'; allowed: {', '.join(names)}")
