"""What a sweep asks for: every combination of what was typed, composed and checked before anything is run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim import provenance
from sim.compose import check_overrides, combinations, compose_typed
from sim.figures import InputError
from sim.in_play import only_in_play
from sim.loading import check_decision, files_read, options_of, scenario_of
from sim.overrides import COMMAND_LINE, Typed, parse_all
from sim.request import MEANS, Options
from sim.scenario import Scenario

DISPLAY_ONLY = ("lang", *MEANS)


@dataclass(frozen=True)
class Asked:
    """One job of a sweep. ``overrides``: what was typed; ``problem``: why it cannot be run ("" if it can)."""

    number: int
    overrides: tuple[str, ...]
    scenario: Scenario | None
    options: Options
    problem: str = ""

    @property
    def name(self) -> str:
        """Under which its runs are known."""
        return str(self.number)

    def content(self) -> dict[str, Any]:
        """What decides its numbers."""
        if self.scenario is None:
            return {"overrides": list(self.overrides), "problem": self.problem}
        options = self.options.model_dump(mode="json", exclude=set(DISPLAY_ONLY))
        scenario = self.scenario.model_dump(mode="json")
        digest = provenance.canonical_hash({"scenario": scenario, "options": options})
        return {"overrides": list(self.overrides), "digest": digest}


@dataclass(frozen=True)
class Request:
    """All jobs of a sweep; ``options``: how it is run; ``config``: what decides the content of its result."""

    jobs: tuple[Asked, ...]
    options: Options
    config: Mapping[str, Any]


def request_of(overrides: Sequence[str], scenarios_dir: str | os.PathLike[str] | None = None) -> Request:
    """Every combination that ``overrides`` name. InputError: what is wrong with all of them."""
    typed, folders, known = parse_all(overrides, scenarios_dir, sweep=True)
    for key in ("comparison", *DISPLAY_ONLY):
        if any(t.several and t.key.partition(".")[0] == key for t in typed):
            raise InputError(f"{COMMAND_LINE}: {key}: cannot take several values in a sweep")
    if any(t.key == "comparison" and t.names for t in typed):
        raise InputError(
            f"{COMMAND_LINE}: comparison: is for the verb compare; sweep over scenario= or change="
        )
    options = options_of(check_overrides(typed, folders, known))
    jobs: list[Asked] = []
    inputs: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for number, job in enumerate(combinations(typed, folders, known)):
        asked = Asked(number, _words(job), None, options)
        try:
            composed = compose_typed(job, folders, known)
            scenario, own = only_in_play((scenario_of(composed),))[0], options_of(composed)
            check_decision(own, scenario, composed.origin)
            inputs |= files_read(composed)
            asked = replace(asked, scenario=_sharing(scenario, kept), options=own)
        except InputError as error:
            asked = replace(asked, problem=" | ".join(str(error).split("\n")))
        jobs.append(asked)
    if not jobs:
        raise InputError(f"{COMMAND_LINE}: no combination: glob(...) finds no name")
    config = {"jobs": [job.content() for job in jobs], "inputs": inputs, "code": provenance.code_hash()}
    return Request(tuple(jobs), options, config)


def _words(job: tuple[Typed, ...]) -> tuple[str, ...]:
    """What was typed, without what changes no number."""
    return tuple(t.text.lstrip("+") for t in job if t.key.partition(".")[0] not in DISPLAY_ONLY)


def _sharing(scenario: Scenario, kept: dict[str, Any]) -> Scenario:
    """The same scenario, its cards one object with the equal cards of the scenarios before."""
    platform = {n: kept.setdefault(f"{n} {hash_of(c)}", c) for n, c in scenario.platform.items()}
    behaviour = kept.setdefault(f"behaviour {hash_of(scenario.behaviour)}", scenario.behaviour)
    city = kept.setdefault(f"city {hash_of(scenario.city)}", scenario.city)
    return scenario.model_copy(update={"platform": platform, "behaviour": behaviour, "city": city})


def hash_of(card: Any) -> int:
    """Same number for equal cards, within this process."""
    return hash(card.model_dump_json())
