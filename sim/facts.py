"""Facts of the real world and the situations in which the model is asked for them, as checked data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from sim import catalogue
from sim.figures import InputError, Strict
from sim.notation import Label
from sim.scenario import sentences

FOLDER = "validation"


class Fact(Strict):
    """One row: a ``statistic`` of a ``situation`` must lie in [``low``, ``high``].

    ``use``: *fitted* (parameters of the shipped defaults were set on it) or *check* (kept out of every fit).
    ``set_by`` names those parameters. ``against``: a second situation, whose value the first must equal
    within the error (``low`` and ``high`` then bound the difference in standard errors). A *told* fact has no
    band: both situations are shown, none is judged.
    """

    id: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    row: str
    label: Label
    situation: str
    statistic: str
    low: float | None = None
    high: float | None = None
    digits: int = Field(default=3, ge=0, le=6)
    unit: str = ""
    source: tuple[str, ...] = Field(min_length=1)
    use: Literal["fitted", "check", "told"]
    set_by: str = ""
    against: str | None = None
    note: Label = {"fr": "", "en": ""}  # noqa: RUF012 - pydantic copies it for each instance

    @model_validator(mode="after")
    def _band(self) -> Fact:
        if (self.low is None and self.high is None) != (self.use == "told"):
            raise ValueError("say low, high or both; a told fact has neither")
        if self.use == "told" and self.against is None:
            raise ValueError("against: a told fact shows two situations")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Situation(Strict):
    """A city of ours with other parameters; see scenarios/validation/situations.yaml."""

    label: Label
    city: str
    platforms: tuple[str, ...] = Field(min_length=1)
    accounts: tuple[str, ...] = ()
    about: str
    changes: tuple[str, ...] = ()
    replicates: int = Field(ge=2, le=100)
    set: dict[str, Any] = {}  # noqa: RUF012 - as above


def folder() -> Path:
    """Where the facts and the situations are kept."""
    return catalogue.tree() / FOLDER


def read_facts(path: Path | None = None) -> tuple[Fact, ...]:
    """Every fact, in the order of the file. Raises InputError, one line per mistake."""
    path = path or folder() / "facts.yaml"
    try:
        facts = TypeAdapter(tuple[Fact, ...]).validate_python(catalogue.read(path)["facts"])
    except ValidationError as error:
        raise InputError("\n".join(sentences(error, lambda _: f"{FOLDER}/{path.name}"))) from None
    repeated = {f.id for f in facts if [g.id for g in facts].count(f.id) > 1}
    if repeated:
        raise InputError(f"{FOLDER}/{path.name}: the same id twice: {', '.join(sorted(repeated))}")
    return facts


def read_situations(reduced: bool = False, path: Path | None = None) -> dict[str, Situation]:
    """Every situation by name, at full or reduced length. Raises InputError, one line per mistake."""
    path = path or folder() / "situations.yaml"
    entries = catalogue.read(path)
    try:
        return {name: Situation.model_validate(_entry(name, entries, reduced)) for name in entries}
    except ValidationError as error:
        raise InputError("\n".join(sentences(error, lambda _: f"{FOLDER}/{path.name}"))) from None


def _entry(name: str, entries: Mapping[str, Any], reduced: bool) -> dict[str, Any]:
    """An entry laid over the one that it starts ``from``; its ``reduced`` part last."""
    own = dict(entries[name])
    base = own.pop("from", None)
    shorter = own.pop("reduced", {})
    out = laid_over(_entry(base, entries, False), own) if base else own
    return laid_over(out, shorter) if reduced else out


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``below`` with the keys of ``above`` in their place; a figure (``value``) is replaced as a whole."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        merges = isinstance(value, Mapping) and isinstance(old, Mapping) and "value" not in value
        out[key] = laid_over(old, value) if merges and isinstance(old, Mapping) else value
    return out
