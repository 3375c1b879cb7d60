"""A scenario: everything that a simulation is asked, checked, with one clear sentence for each mistake.

Nothing below this file knows Hydra or YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from sim.cards import Behaviour, City, Label, Platform, Slot
from sim.changes import CHANGE_KINDS, Change, ChangeMix, LeavePlatform, OpenAccount
from sim.figures import Figure, InputError, Sourced, Strict, nearest


class Scenario(Strict):
    """One full input of a simulation."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,60}$")
    label: Label
    city: City
    platform: dict[str, Platform] = Field(min_length=1)
    behaviour: Behaviour
    change: dict[str, Change] = {}
    horizon_weeks: int = Field(ge=1, le=520)
    sampling: float = Field(default=1.0, gt=0, le=1)
    graph: str | None = None

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
            if isinstance(change, OpenAccount | LeavePlatform):
                named.append((f"change.{key}.platform", change.platform))
            else:
                named += [(f"change.{key}.platforms", p) for p in change.platforms]
        return named

    def _slots(self) -> list[tuple[str, str, Slot]]:
        slots = [
            (f"city.accounts.{a}.slots[{i}]", spec.platform, slot)
            for a, spec in self.city.accounts.items()
            for i, slot in enumerate(spec.slots)
        ]
        for key, change in self.change.items():
            if isinstance(change, OpenAccount):
                slots += [
                    (f"change.{key}.slots[{i}]", change.platform, s) for i, s in enumerate(change.slots)
                ]
        return slots

    def _check_changes(self) -> None:
        if not any(spec.slots for spec in self.city.accounts.values()) and not any(
            isinstance(c, OpenAccount) for c in self.change.values()
        ):
            raise ValueError(
                "city.accounts: the calendar is empty: no account has any slot; give at least one"
            )
        present = {spec.platform for spec in self.city.accounts.values()}
        opened = {c.platform for c in self.change.values() if isinstance(c, OpenAccount)}
        for key, change in self.change.items():
            if change.from_week > self.horizon_weeks:
                raise ValueError(
                    f"change.{key}.from_week: {change.from_week} is after the last week; "
                    f"allowed: 1 to {self.horizon_weeks} (horizon_weeks)"
                )
            if isinstance(change, OpenAccount) and change.platform in present:
                raise ValueError(
                    f"change.{key}.platform: the city already has an account on {change.platform}"
                )
            named = getattr(change, "platforms", ())
            if named and not set(named) & (present | opened):
                raise ValueError(
                    f"change.{key}.platforms: the city has no account on {', '.join(named)}; "
                    f"it has: {', '.join(sorted(present | opened))}"
                )
            if isinstance(change, LeavePlatform) and change.platform not in present | opened:
                raise ValueError(
                    f"change.{key}.platform: the city has no account on {change.platform}"
                    f"{nearest(change.platform, sorted(present))}"
                )
            if isinstance(change, ChangeMix):
                self._check_mix(key, change)

    def _check_mix(self, key: str, change: ChangeMix) -> None:
        touched = change.platforms or tuple(spec.platform for spec in self.city.accounts.values())
        for fmt in change.formats:
            for platform in touched:
                if fmt not in self.platform[platform].formats:
                    raise ValueError(
                        f"change.{key}.formats: unknown format '{fmt}' on {platform}"
                        f"{nearest(fmt, self.platform[platform].formats)}"
                    )
        for theme in change.themes:
            if theme not in self.behaviour.interest:
                raise ValueError(
                    f"change.{key}.themes: unknown theme '{theme}'{nearest(theme, self.behaviour.interest)}"
                )

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
