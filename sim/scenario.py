"""A scenario: everything that a simulation is asked, checked, with one clear sentence for each mistake.

Nothing below this file knows Hydra or YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from sim import content_checks, outreach_checks  # noqa: F401 - register the checks of their changes
from sim.cards import Behaviour, City, Platform, Slot
from sim.changes import CHANGE_KINDS, Change, OpenAccount, platforms_named
from sim.checks import check
from sim.content import Countdown, Post, Publish, ReopenAccount
from sim.figures import Figure, InputError, Sourced, Strict, nearest
from sim.names import misnamed
from sim.notation import Label
from sim.occasions import Occasion, misplaced, named_themes


class Scenario(Strict):
    """One full input of a simulation."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,60}$")
    label: Label
    city: City
    platform: dict[str, Platform] = Field(min_length=1)
    behaviour: Behaviour
    occasion: dict[str, Occasion] = {}
    change: dict[str, Change] = {}
    horizon_weeks: int = Field(ge=1, le=520)
    sampling: float = Field(default=1.0, gt=0, le=1)
    graph: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _sampling_of_the_city(cls, tree: Any) -> Any:
        if not isinstance(tree, Mapping) or tree.get("sampling") is not None:
            return tree
        city = tree.get("city")
        own = city.get("sampling") if isinstance(city, Mapping) else getattr(city, "sampling", None)
        return {**tree, "sampling": 1.0 if own is None else own}

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        for where, name in self._named_platforms():
            if name not in self.platform:
                raise ValueError(f"{where}: unknown platform '{name}'{nearest(name, self.platform)}")
        for where, platform, slot in self._slots():
            card = self.platform[platform]
            if slot.format not in card.formats:
                hint = nearest(slot.format, card.formats)
                raise ValueError(f"{where}: unknown format '{slot.format}' on {platform}{hint}")
            if slot.theme not in self.behaviour.interest:
                raise ValueError(
                    f"{where}: unknown theme '{slot.theme}'{nearest(slot.theme, self.behaviour.interest)}"
                )
        for name, card in self.platform.items():
            if card.hour_profile not in self.behaviour.hour_profiles:
                raise ValueError(
                    f"platform.{name}.hour_profile: unknown profile '{card.hour_profile}'"
                    f"{nearest(card.hour_profile, self.behaviour.hour_profiles)}"
                )
        for problem in misnamed(self):
            raise ValueError(problem)
        self._check_occasions()
        self._check_changes()
        residents = round(self.city.population.total.value * self.sampling)
        if residents < 1:
            least = 1 / self.city.population.total.value
            raise ValueError(f"sampling: {self.sampling:g} leaves no resident; allowed: {least:.2g} to 1")
        return self

    def _named_platforms(self) -> list[tuple[str, str]]:
        named = [(f"city.accounts.{a}.platform", spec.platform) for a, spec in self.city.accounts.items()]
        named += [(f"city.use_scale.{p}", p) for p in self.city.use_scale]
        for key, change in self.change.items():
            named += [(f"change.{key}.{field}", p) for field, p in platforms_named(change)]
        return named

    def _slots(self) -> list[tuple[str, str, Slot | Post | Countdown]]:
        slots: list[tuple[str, str, Slot | Post | Countdown]] = [
            (f"city.accounts.{a}.slots[{i}]", spec.platform, slot)
            for a, spec in self.city.accounts.items()
            for i, slot in enumerate(spec.slots)
        ]
        for key, change in self.change.items():
            if isinstance(change, OpenAccount | ReopenAccount):
                slots += [
                    (f"change.{key}.slots[{i}]", change.platform, s) for i, s in enumerate(change.slots)
                ]
            elif isinstance(change, Publish):
                slots += [(f"change.{key}.posts[{i}]", p.platform, p) for i, p in enumerate(change.posts)]
            elif isinstance(change, Countdown):
                slots.append((f"change.{key}", change.platform, change))
        return slots

    def _check_occasions(self) -> None:
        for where, theme in named_themes(self.occasion):
            if theme not in self.behaviour.interest:
                raise ValueError(f"{where}: unknown theme '{theme}'{nearest(theme, self.behaviour.interest)}")
        for problem in misplaced(self.occasion, self.horizon_weeks):
            raise ValueError(problem)

    def _check_changes(self) -> None:
        for problem in outreach_checks.misplaced_accounts(self):
            raise ValueError(problem)
        own = [spec for spec in self.city.accounts.values() if not spec.independent]
        if not any(spec.slots for spec in own) and not any(
            isinstance(c, OpenAccount) for c in self.change.values()
        ):
            raise ValueError(
                "city.accounts: the calendar is empty: no account has any slot; give at least one"
            )
        for key, change in self.change.items():
            check(change, f"change.{key}", self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any], origin: Callable[[str], str] | None = None) -> Scenario:
        """Scenario from plain data. ``origin(key)`` names the file where a dotted key was written.

        Raises InputError: one sentence for each mistake, with file, key, value and what is allowed.
        """
        try:
            return cls.model_validate(dict(tree))
        except ValidationError as error:
            raise InputError("\n".join(sentences(error, origin or (lambda _: "scenario")))) from None

    def figures(self) -> list[tuple[str, Figure]]:
        """Every scalar figure with its dotted path, in a stable order."""
        return [(path, figure) for path, figure in walk(self) if isinstance(figure, Figure)]


def walk(node: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every sourced figure below ``node`` with its dotted path."""
    if isinstance(node, Sourced):
        return [(path, node)]
    if isinstance(node, Strict):
        items: list[tuple[Any, Any]] = [(name, getattr(node, name)) for name in type(node).model_fields]
    elif isinstance(node, Mapping):
        items = list(node.items())
    elif isinstance(node, tuple):
        items = list(enumerate(node))
    else:
        return []
    return [found for name, value in items for found in walk(value, f"{path}.{name}" if path else str(name))]


def sentences(error: ValidationError, origin: Callable[[str], str]) -> list[str]:
    """One sentence for each mistake: file (by ``origin``), key, value and what is allowed."""
    found = []
    places = [problem["loc"] for problem in error.errors()]
    for problem in error.errors():
        here = problem["loc"]
        if problem["type"] == "too_short" and any(p[: len(here)] == here and p != here for p in places):
            continue  # too short only because one of its items is wrong, which is told
        key = ".".join(str(part) for part in problem["loc"] if part not in (*CHANGE_KINDS, "[key]"))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            message = "is missing"
        elif problem["type"] == "union_tag_not_found":
            key, message = f"{key}.kind", f"is missing; allowed: {', '.join(CHANGE_KINDS)}"
        elif problem["type"] == "union_tag_invalid":
            tag = problem["ctx"]["tag"]
            key, message = f"{key}.kind", f"unknown kind '{tag}'{nearest(tag, CHANGE_KINDS)}"
        elif not problem["type"].startswith("value_error"):
            message = f"{repr(problem['input'])[:60]} is not allowed: {message[0].lower()}{message[1:]}"
        if not key:
            key, message = _key_of(message)
        found.append(": ".join(part for part in (origin(key), key, message) if part))
    return found


def _key_of(message: str) -> tuple[str, str]:
    """Key and rest of a message that begins with the key it is about."""
    head, _, rest = message.partition(": ")
    return (head, rest) if rest and " " not in head else ("", message)
