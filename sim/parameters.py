"""Which figures of a comparison are varied over their plausible range, and which are held fixed, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.city import ingredients
from sim.figures import Figure, InputError, nearest
from sim.planning import left_open
from sim.request import Comparison
from sim.scenario import Scenario, walk
from sim.schedule import Schedule, build_schedule

TIMES = "x the whole table"
REASONS = {
    "together": {
        "fr": "parts dont la somme doit faire 1 : aucune ne bouge seule",
        "en": "shares that must sum to 1: none of them moves by itself",
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
    """A figure with its plausible range: ``low`` < ``high``, ``value`` as stated, all in ``unit``.

    A table (by year, age or both) is one parameter: the factor of all its values, 1 as stated.
    ``shapes_city``: the city (residents, ties, followers) depends on it.
    """

    path: str
    value: float
    low: float
    high: float
    unit: str = ""
    tag: str = "given"
    source: str = "given"
    shapes_city: bool = False

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
    """``scenario`` with other values for some of its figures, by dotted path.

    A table gets all its values times the number given (shares of a band stop at 100 %); nothing else is
    clipped. Raises InputError: no such figure, or a value that the scenario does not allow.
    """
    known = {path: f for path, f in walk(scenario) if isinstance(f, Figure) or hasattr(f, "times")}
    for path in values:
        if path not in known:
            raise InputError(f"'{path}' is not a figure of '{scenario.name}'{nearest(path, known)}")
    tree = scenario.model_dump(mode="json")
    for path, value in values.items():
        node: Any = tree
        for part in _parts(path, tree):
            node = node[part]
        figure = known[path]
        if isinstance(figure, Figure):
            node["value"] = float(value)
        else:
            node["values"] = figure.times(float(value))
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
    post has it; what advertising does where there is some; a habit of planning where a change leaves it open.
    """
    parts = path.split(".")
    if parts[:2] == ["city", "use_scale"]:
        parts = ["platform", parts[2], "use"]
    if parts[:2] == ["behaviour", "planning"]:
        return any(parts[2] in left_open(change).values() for change in scenario.change.values())
    if parts[0] != "platform":
        return True
    accounts = {i for i, account in enumerate(schedule.accounts) if account.platform == parts[1]}
    posts = [i for i, account in enumerate(schedule.account.tolist()) if account in accounts]
    if parts[-1] in ("cost_per_fan_eur", "paid_fan_activity"):
        return any(campaign.account in accounts for campaign in schedule.campaigns)
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
    users = _users(comparison, owner)
    varied: list[Parameter] = []
    held: list[Held] = []
    for path, (scenario, figure) in owner.items():
        span = _span(figure, comparison.baseline.city.year)
        reason, shapes_city = _reason(scenario, path, figure, span, any(path in p for p in users.values()))
        if not reason and only and not any(path == o or path.startswith(f"{o}.") for o in only):
            reason = "not_asked"
        if reason:
            held.append(Held(path, figure.tag, reason))
        else:
            varied.append(replace(span, path=path, shapes_city=shapes_city))
    _check(comparison, varied, held, only)
    by_scenario = {
        name: tuple(p.path for p in varied if p.shapes_city or p.path in paths)
        for name, paths in users.items()
    }
    return tuple(varied), tuple(held), by_scenario


def _users(comparison: Comparison, paths: Iterable[str]) -> dict[str, set[str]]:
    """Scenario name -> paths of its figures that can matter in it."""
    out = {}
    for scenario in comparison.scenarios:
        schedule, mine = build_schedule(scenario), {path for path, _ in walk(scenario)}
        out[scenario.name] = {p for p in paths if p in mine and uses(scenario, schedule, p)}
    return out


def _span(figure: Any, year: int) -> Parameter:
    """Value and range of a figure; an empty range if none is stated."""
    if isinstance(figure, Figure):
        low, high = figure.low, figure.high
        if low is None or high is None:
            low = high = figure.value
        return Parameter("", figure.value, low, high, figure.unit, figure.tag, figure.source)
    spread = getattr(figure, "spread", None)
    if spread is None:
        return Parameter("", 1.0, 1.0, 1.0)
    low, high = spread.at(year)
    return Parameter("", 1.0, low, high, TIMES, spread.tag, spread.source)


def _reason(scenario: Scenario, path: str, figure: Any, span: Parameter, is_used: bool) -> tuple[str, bool]:
    """(why the figure is held fixed, empty if it is varied; whether the city depends on it)."""
    if span.low == span.high:
        return ("range" if isinstance(figure, Figure) else "table"), False
    if not is_used:
        return "unused", False
    other = span.low if span.low != span.value else span.high
    try:
        moved = with_values(scenario, {path: other})
    except InputError:  # shares that must sum to 1 cannot be moved one by one
        if path.startswith("behaviour.expressiveness_share") or ".circles." in path:
            return "together", False
        raise
    return "", ingredients(moved) != ingredients(scenario)


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
        mine = {path for path, _ in walk(scenario)}
        for end in ("low", "high"):
            with_values(scenario, {p.path: getattr(p, end) for p in varied if p.path in mine})
