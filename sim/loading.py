"""From composed plain data to a Scenario, a Comparison and Options, checked; knows nothing of Hydra."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from sim import catalogue
from sim.compose import compose, compose_typed
from sim.figures import BANDS, InputError, Strict, nearest
from sim.in_play import only_in_play
from sim.notation import Label
from sim.origins import Composed
from sim.overrides import COMMAND_LINE, Typed, parse_all
from sim.provenance import hash_file
from sim.request import Comparison, Options
from sim.scan import option_problem
from sim.scenario import Scenario, sentences

HABITS = "habits"


def options_of(composed: Composed) -> Options:
    """How to run, from the composed data. Raises InputError."""
    chosen = {key: composed.tree[key] for key in Options.model_fields if key in composed.tree}
    return checked_options(chosen, composed.origin)


def checked_options(chosen: Mapping[str, Any], origin: Callable[[str], str]) -> Options:
    """``Options`` from plain data. Raises InputError, ``origin`` naming where a key was written."""
    try:
        return Options.model_validate(dict(chosen))
    except ValidationError as error:
        raise InputError("\n".join(sentences(error, origin))) from None


def scenario_of(composed: Composed, **replaced: Any) -> Scenario:
    """The scenario of the composed data; ``replaced``: name, label, city, occasion or
    change put in their place."""
    tree = {key: composed.tree[key] for key in Scenario.model_fields if key in composed.tree}
    tree["city"] = _with_calendar(composed)
    tree |= {group: tree.get(group) or {} for group in ("occasion", "change")}
    if not replaced and not composed.choices.get("scenario"):
        replaced = _named_after(composed)
    return Scenario.from_dict({**tree, **replaced}, composed.origin)


def _with_calendar(composed: Composed) -> Any:
    city, calendar = composed.tree.get("city"), composed.tree.get("calendar")
    slots = calendar.get("slots") if isinstance(calendar, dict) else None
    if not slots or not isinstance(city, dict):
        return city
    accounts = dict(city.get("accounts") or {})
    for account, its_slots in slots.items() if isinstance(slots, dict) else ():
        if account not in accounts:
            where = composed.origin(f"calendar.slots.{account}")
            raise InputError(f"{where}: slots: unknown account '{account}'{nearest(account, accounts)}")
        accounts[account] = {**accounts[account], "slots": its_slots}
    return {**city, "accounts": accounts}


def _named_after(composed: Composed) -> dict[str, Any]:
    """Name and label of a scenario that is only stated by its calendar, its occasions and its changes."""
    primary = catalogue.read(composed.folders[-1] / f"{catalogue.PRIMARY}.yaml")
    calendar = composed.choices.get("calendar")
    parts = {} if calendar in (None, HABITS) else {str(calendar): None}
    parts |= {**(composed.tree.get("occasion") or {}), **(composed.tree.get("change") or {})}
    if composed.tree.get("name") != primary.get("name") or not parts:
        return {}
    labels = [_change_label(str(name), change) for name, change in parts.items()]
    label = {lang: " + ".join(each[lang] for each in labels) for lang in ("fr", "en")}
    return {"name": "-".join(map(str, parts)).lower()[:60], "label": label}


def _change_label(name: str, change: Any) -> dict[str, str]:
    label = change.get("label") if isinstance(change, dict) else None
    if isinstance(label, dict) and {"fr", "en"} <= set(label):
        return {lang: str(label[lang]) for lang in ("fr", "en")}
    return dict.fromkeys(("fr", "en"), str(label or name.replace("_", " ")))


def load_scenario(
    overrides: Sequence[str] = (), scenarios_dir: str | os.PathLike[str] | None = None
) -> tuple[Scenario, Options]:
    """One scenario and how to run it. Raises InputError."""
    composed = _single(overrides, scenarios_dir)
    options = options_of(composed)
    return only_in_play((scenario_of(composed),))[0], options


def load_with_baseline(
    overrides: Sequence[str] = (), scenarios_dir: str | os.PathLike[str] | None = None
) -> tuple[Scenario, Scenario, Options]:
    """The city as it is, one scenario of it, and how to run. Raises InputError."""
    composed = _single(overrides, scenarios_dir)
    options = options_of(composed)
    scenario = scenario_of(composed)
    baseline, scenario = only_in_play((_as_it_is(composed), scenario))
    return baseline, scenario, options


def _single(overrides: Sequence[str], scenarios_dir: str | os.PathLike[str] | None) -> Composed:
    composed = compose(overrides, scenarios_dir)
    if composed.choices.get("comparison"):
        raise InputError(
            f"{COMMAND_LINE}: comparison: is for the verb compare; here use scenario= or change="
        )
    return composed


def _as_it_is(composed: Composed) -> Scenario:
    """The same city with its own habits, no occasion and no change, under the name of the primary file."""
    primary = catalogue.read(composed.folders[-1] / f"{catalogue.PRIMARY}.yaml")
    named = {"name": primary["name"], "label": primary["label"]}
    return scenario_of(composed, **named, city=composed.tree.get("city"), occasion={}, change={})


class _Side(Strict):
    """One scenario of a comparison: the base with these changes; ``occasions`` absent: all those chosen."""

    name: str = "baseline"
    label: Label | None = None
    changes: tuple[str, ...] = ()
    occasions: tuple[str, ...] | None = None


class _Sides(Strict):
    """What the key ``comparison`` holds."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,60}$")
    label: Label
    baseline: _Side = _Side()
    alternatives: dict[str, _Side] = Field(min_length=1)


def load_comparison(
    overrides: Sequence[str] = (), scenarios_dir: str | os.PathLike[str] | None = None
) -> Comparison:
    """Baseline and alternatives, all with the same overrides. Raises InputError.

    Without ``comparison=NAME``: the city as it is against ``scenario=NAME`` or against ``change=[...]``.
    """
    typed, folders, known = parse_all(overrides, scenarios_dir)
    named = {t.key: t for t in typed if t.is_group and t.names}
    if "comparison" not in named:
        return _against_baseline(typed, folders, known, named)
    for other in ("change", "scenario"):
        if other in named:
            raise InputError(f"{COMMAND_LINE}: {other}: cannot be given together with comparison=")
    wanted = _changes_named(catalogue.inherited("comparison", named["comparison"].names[0], known))
    composed = compose_typed((*typed, _select(wanted, known)), folders, known)
    sides = _sides(composed)
    missing = [c for side in (sides.baseline, *sides.alternatives.values()) for c in side.changes]
    if set(missing) - set(wanted):
        composed = compose_typed((*typed, _select(missing, known)), folders, known)
    return _comparison(composed, sides)


def _select(changes: Sequence[str], known: Mapping[str, Collection[str]]) -> Typed:
    usable = [name for name in dict.fromkeys(changes) if name in known["change"]]
    return Typed(f"change=[{','.join(usable)}]", "change", tuple(usable), is_group=True)


def _changes_named(data: Mapping[str, Any]) -> list[str]:
    """Every change that a comparison's file names, whatever else is wrong with it."""
    node = data.get("comparison")
    sides = [node.get("baseline"), *_values(node.get("alternatives"))] if isinstance(node, dict) else []
    lists = [side.get("changes") for side in sides if isinstance(side, dict)]
    return [name for names in lists if isinstance(names, list) for name in names if isinstance(name, str)]


def _values(node: Any) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else []


def _sides(composed: Composed) -> _Sides:
    try:
        sides = _Sides.model_validate(composed.tree.get("comparison") or {})
    except ValidationError as error:
        found = sentences(error, lambda key: f"{composed.origin(f'comparison.{key}')}: comparison")
        raise InputError("\n".join(found)) from None
    problems = []
    for key, side in (
        ("baseline", sides.baseline),
        *((f"alternatives.{n}", s) for n, s in sides.alternatives.items()),
    ):
        where = f"comparison.{key}.changes"
        for name in side.changes:
            problem = option_problem("change", name, composed.known)
            if problem:
                problems.append(f"{composed.origin(where)}: {where}: {problem}")
        problems += _unchosen(composed, f"comparison.{key}.occasions", side.occasions or ())
        if not re.fullmatch(r"[a-z0-9_-]{1,60}", key.rpartition(".")[2]):
            problems.append(
                f"{composed.origin(where)}: comparison.{key}: a name holds only a-z, 0-9, _ and -"
            )
    if problems:
        raise InputError("\n".join(problems))
    return sides


def _unchosen(composed: Composed, where: str, occasions: Sequence[str]) -> list[str]:
    chosen = list(composed.tree.get("occasion") or {})
    return [
        f"{composed.origin(where)}: {where}: '{name}' is not chosen"
        f"{nearest(name, chosen) or '; write override /occasion: [' + name + '] in defaults'}"
        for name in occasions
        if name not in chosen
    ]


def _comparison(composed: Composed, sides: _Sides) -> Comparison:
    options = options_of(composed)
    scenarios = [_side_scenario(composed, sides.baseline.name, sides.baseline)]
    scenarios += [_side_scenario(composed, name, side) for name, side in sides.alternatives.items()]
    check_decision(options, scenarios[0], composed.origin)
    return Comparison(sides.name, sides.label, only_in_play(scenarios), options, files_read(composed))


def _side_scenario(composed: Composed, name: str, side: _Side) -> Scenario:
    every = composed.tree.get("change") or {}
    change = {key: every[key] for key in side.changes if key in every}
    label = side.label or {lang: name.replace("_", " ") for lang in ("fr", "en")}
    happening = composed.tree.get("occasion") or {}
    occasion = {k: o for k, o in happening.items() if side.occasions is None or k in side.occasions}
    return scenario_of(composed, name=name, label=label, change=change, occasion=occasion)


def _against_baseline(
    typed: tuple[Typed, ...],
    folders: tuple[Path, ...],
    known: dict[str, dict[str, Path]],
    named: Mapping[str, Typed],
) -> Comparison:
    if not {"occasion", "change", "scenario", "calendar"} & set(named):
        raise InputError(
            f"{COMMAND_LINE}: comparison: is missing; write comparison=NAME"
            f"{nearest('', known['comparison'])} (or change=NAME to compare it with the city as it is)"
        )
    composed = compose_typed(typed, folders, known)
    alternative, baseline = scenario_of(composed), _as_it_is(composed)
    if alternative.change or alternative.city != baseline.city:  # else the occasion is what is compared
        baseline = baseline.model_copy(update={"occasion": alternative.occasion})
    if (alternative.change, alternative.occasion, alternative.city) == ({}, baseline.occasion, baseline.city):
        raise InputError(
            f"{COMMAND_LINE}: scenario: '{alternative.name}' changes nothing: nothing to compare"
        )
    options = options_of(composed)
    check_decision(options, baseline, composed.origin)
    name = f"{baseline.city.name}-{alternative.name}"[:60]
    scenarios = only_in_play((baseline, alternative))
    return Comparison(name, alternative.label, scenarios, options, files_read(composed))


def files_read(composed: Composed) -> dict[str, str]:
    """SHA-256 of every file that a composition rests on, by its name below the configuration root."""
    found = {"base.yaml": hash_file(composed.folders[-1] / "base.yaml")}
    named = {group: [name] for group, name in composed.choices.items() if isinstance(name, str)}
    named.pop("engine", None)  # by what means changes no number
    named |= {group: list(composed.tree.get(group) or ()) for group in ("platform", "occasion", "change")}
    for group, names in named.items():
        for name in names:
            path = composed.known.get(group, {}).get(name)
            if path is not None:
                found[f"{group}/{name}.yaml"] = hash_file(path)
    graph = composed.tree.get("graph")
    if isinstance(graph, str):
        if not Path(graph).is_file():
            raise InputError(f"{composed.origin('graph')}: graph: '{graph}' is not a file")
        found[f"graph/{Path(graph).name}"] = hash_file(Path(graph))
    return found


def check_decision(options: Options, scenario: Scenario, origin: Callable[[str], str]) -> None:
    """The indicator to decide on, and those with an indifference of their own, exist. Raises InputError."""
    from sim.indicators import INDICATORS

    kpis = list(INDICATORS)
    decision = options.decision
    named = [
        ("decision.kpi", decision.kpi, kpis),
        ("decision.platform", decision.platform, ["all", *scenario.platform]),
        ("decision.age_band", decision.age_band, ["all", *BANDS]),
    ]
    named += [(f"indifference_by_kpi.{kpi}", kpi, kpis) for kpi in options.indifference_by_kpi]
    problems = [
        f"{origin(key)}: {key}: unknown name '{name}'{nearest(name, allowed)}"
        for key, name, allowed in named
        if name not in allowed
    ]
    if decision.kpi in kpis and INDICATORS[decision.kpi].direction == "neutral":
        problems.append(
            f"{origin('decision.kpi')}: decision.kpi: '{decision.kpi}' is neither good nor bad by itself; "
            "decide on an indicator that has a good direction, such as 'reach_rate_by_follower'"
        )
    if problems:
        raise InputError("\n".join(problems))
