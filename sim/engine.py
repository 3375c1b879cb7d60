"""By what means runs are made: an option that changes no number.

A scenario file is untrusted text, so nothing here is code or shell: names, sizes and one address, each
checked before anything connects or is submitted.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sim.figures import Strict

Kind = Literal["auto", "serial", "threads", "processes", "dask", "slurm"]
CLUSTERS = ("dask", "slurm")
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"


def _address(value: str | None) -> str | None:
    """``tcp://HOST:PORT`` or ``tls://HOST:PORT``."""
    match = re.fullmatch(rf"(?:tcp|tls)://{_HOST}:(\d{{1,5}})", value or "")
    if value is not None and (match is None or not 1 <= int(match[1]) <= 65535):
        raise ValueError(
            f"{value[:60]!r} is not allowed: tcp://HOST:PORT or tls://HOST:PORT, such as tcp://127.0.0.1:8786"
        )
    return value


def _word(value: str | None) -> str | None:
    """A name that a cluster gave to a queue, an account or a network card."""
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", value):
        raise ValueError(f"{value[:60]!r} is not allowed: letters, digits, _ . and - only")
    return value


def _walltime(value: str) -> str:
    if not re.fullmatch(r"(?:\d{1,3}-)?\d{1,3}:[0-5]\d:[0-5]\d", value):
        raise ValueError(
            f"{value[:60]!r} is not allowed: HOURS:MINUTES:SECONDS in quotes, such as '02:00:00'"
        )
    return value


Word = Annotated[str | None, AfterValidator(_word)]


class Engine(Strict):
    """Where runs are made.

    ``kind``: auto (threads where the compiled kernel runs, else processes), serial, threads, processes, dask
    (a scheduler at ``address``) or slurm. The rest is for Slurm: ``queue`` (partition), ``account``,
    ``interface`` (network card that workers and this program share), ``walltime``, ``cores`` and
    ``memory_gb`` of one worker. ``wait_s``: seconds to wait for the first worker of a cluster.
    """

    kind: Kind = "auto"
    address: Annotated[str | None, AfterValidator(_address)] = None
    queue: Word = None
    account: Word = None
    interface: Word = None
    walltime: Annotated[str, AfterValidator(_walltime)] = "01:00:00"
    cores: int = Field(default=1, ge=1, le=1024)
    memory_gb: float = Field(default=2.0, ge=0.25, le=4096)
    wait_s: float = Field(default=120.0, gt=0, le=86_400)

    @model_validator(mode="before")
    @classmethod
    def _by_kind(cls, data: Any) -> Any:
        return {"kind": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _complete(self) -> Engine:
        if self.kind == "dask" and self.address is None:
            raise ValueError("address: is missing; write engine=dask engine.address=tcp://HOST:PORT")
        if self.kind != "dask" and self.address is not None:
            raise ValueError(f"address: is for engine=dask, not for engine={self.kind}")
        return self

    @property
    def is_cluster(self) -> bool:
        """Whether runs are made in processes that others start."""
        return self.kind in CLUSTERS
