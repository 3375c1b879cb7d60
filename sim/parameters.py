"""Which figures of a comparison are varied over their plausible range, and which are held fixed, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.city import ingredients
from sim.figures import Figure, InputError, nearest
from sim.request import Comparison
from sim.scenario import Scenario, walk
from sim.schedule import Schedule, build_schedule

REASONS = {
    "city": {
        "fr": "il faudrait rebâtir la ville (habitants, liens ou abonnés), commune à tous les réglages",
        "en": "the city (residents, ties or followers), shared by all settings, would have to be rebuilt",
    },
    "unused": {
        "fr": "ne sert dans aucun scénario de la comparaison",
        "en": "no scenario of the comparison uses it",
    },
    "range": {"fr": "aucune plage plausible n'est donnée", "en": "no plausible range is stated"},
    "table": {
        "fr": "tableau (par année, âge ou heure), sans plage",
        "en": "table (by year, age or hour), without a range",
    },
    "not_asked": {"fr": "écarté par only=", "en": "left out by only="},
}


@dataclass(frozen=True)
class Parameter:
    """A figure with its plausible range: ``low`` < ``high``, ``value`` as stated, all in ``unit``."""

    path: str
    value: float
    low: float
    high: float
    unit: str = ""
    tag: str = "given"
    source: str = "given"

    def at(self, u: float) -> float:
        """Value at the quantile ``u`` (0 to 1) of the prior.

        Uniform below and above the stated value, which is the median; uniform from ``low`` to ``high`` where
        the stated value is one of the ends or lies outside.
        """
        if not self.low < self.value < self.high:
            return self.low + (self.high - self.low) * u
        if u < 0.5:
            return self.low + (self.value - self.low) * (2 * u)
        return self.value + (self.high - self.value) * (2 * u - 1)


@dataclass(frozen=True)
class Held:
    """A figure that is not varied; ``reason``: a key of ``REASONS``."""

    path: str
    tag: str
    reason: str


def with_values(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """``scenario`` with other values for some of its scalar figures, by dotted path.

    Nothing is clipped. Raises InputError: no such figure, or a value that the scenario does not allow.
    """
    known = dict(scenario.figures())
    for path in values:
        if path not in known:
            raise InputError(f"'{path}' is not a figure of '{scenario.name}'{nearest(path, known)}")
    tree = scenario.model_dump(mode="json")
    for path, value in values.items():
        node: Any = tree
        for part in _parts(path, tree):
            node = node[part]
        node["value"] = float(value)
    return Scenario.from_dict(tree, lambda _: "sensitivity")


def _parts(path: str, tree: Any) -> list[Any]:
    """Keys that lead to ``path``; names may themselves hold dots."""
    if not path:
        return []
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
    for name, child in items:
        if path == str(name):
            return [name]
        if path.startswith(f"{name}.") and isinstance(child, Mapping | list):
            rest = _parts(path[len(str(name)) + 1 :], child)
            if rest:
                return [name, *rest]
    return []


def uses(scenario: Scenario, schedule: Schedule, path: str) -> bool:
    """Whether anything in ``scenario`` can depend on the figure at ``path``.

    A platform's card matters where the city has an account in this scenario; a format or a theme where a
    post has it.
    """
    parts = path.split(".")
    if parts[0] != "platform":
        return True
    accounts = {i for i, account in enumerate(schedule.accounts) if account.platform == parts[1]}
    posts = [i for i, account in enumerate(schedule.account.tolist()) if account in accounts]
    if parts[2] == "formats":
        return parts[3] in {schedule.format[i] for i in posts}
    if parts[2] == "theme_fit":
        return parts[3] in {schedule.theme[i] for i in posts}
    return bool(accounts)


def parameters_of(
    comparison: Comparison, only: Sequence[str] = ()
) -> tuple[tuple[Parameter, ...], tuple[Held, ...], dict[str, tuple[str, ...]]]:
    """(what is varied, what is held fixed, scenario name -> paths varied that can matter in it).

    ``only``: beginnings of paths to keep. Raises InputError: one of them leads nowhere, nothing is left to
    vary, or an end of a range is not allowed.
    """
    owner: dict[str, tuple[Scenario, Any]] = {}
    for scenario in comparison.scenarios:
        for path, figure in walk(scenario):
            owner.setdefault(path, (scenario, figure))
    users = _users(comparison)
    varied: list[Parameter] = []
    held: list[Held] = []
    for path, (scenario, figure) in owner.items():
        reason = _reason(scenario, path, figure, any(path in paths for paths in users.values()))
        if not reason and only and not any(path == o or path.startswith(f"{o}.") for o in only):
            reason = "not_asked"
        if reason:
            held.append(Held(path, figure.tag, reason))
        else:
            low, high = figure.low, figure.high
            varied.append(Parameter(path, figure.value, low, high, figure.unit, figure.tag, figure.source))
    _check(comparison, varied, held, only)
    by_scenario = {name: tuple(p.path for p in varied if p.path in paths) for name, paths in users.items()}
    return tuple(varied), tuple(held), by_scenario


def _users(comparison: Comparison) -> dict[str, set[str]]:
    """Scenario name -> paths of its scalar figures that can matter in it."""
    out = {}
    for scenario in comparison.scenarios:
        schedule = build_schedule(scenario)
        out[scenario.name] = {p for p, _ in scenario.figures() if uses(scenario, schedule, p)}
    return out


def _reason(scenario: Scenario, path: str, figure: Any, is_used: bool) -> str:
    """Why the figure is held fixed; empty if it is varied."""
    if not isinstance(figure, Figure):
        return "table"
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return "range"
    if not is_used:
        return "unused"
    other = figure.low if figure.low != figure.value else figure.high
    try:
        moved = with_values(scenario, {path: other})
    except InputError:  # shares that must sum to 1 cannot be moved one by one
        if path.startswith("behaviour.expressiveness_share"):
            return "city"
        raise
    return "city" if ingredients(moved) != ingredients(scenario) else ""


def _check(
    comparison: Comparison, varied: Sequence[Parameter], held: Sequence[Held], only: Sequence[str]
) -> None:
    every = [p.path for p in varied] + [h.path for h in held]
    for asked in only:
        if not any(path == asked or path.startswith(f"{asked}.") for path in every):
            raise InputError(
                f"command line: only: no figure begins with '{asked[:60]}'{nearest(asked, every)}"
            )
    if not varied:
        raise InputError("sensitivity: no figure is left to vary; each is held fixed (see only=)")
    for scenario in comparison.scenarios:
        mine = dict(scenario.figures())
        for end in ("low", "high"):
            with_values(scenario, {p.path: getattr(p, end) for p in varied if p.path in mine})
