"""A tiny tree of scenario files for tests, and a study that computes nothing."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim import catalogue
from sim.request import Comparison, Options
from sim.scenario import Scenario
from tests.inputs import open_snapchat, small_tree

CITY = "smallville_2019"
GLOBAL = "# @package _global_\n"
ACCOUNT_SLOTS = [{"days": ["mon"], "at": "12:00", "theme": "culture", "format": "photo"}]


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def write(root: Path, name: str, data: Any, head: str = "") -> Path:
    """``data`` as the YAML file ``name`` below ``root``."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = data if isinstance(data, str) else yaml.dump(data, Dumper=_Plain, sort_keys=False)
    path.write_text(head + text, encoding="utf-8")
    return path


def make_tree(root: Path) -> Path:
    """A complete config root: two cities, four platforms, three changes, a scenario, a comparison."""
    data = small_tree(300)
    write(root, "base.yaml", _base(list(data["platform"])))
    write(root, f"city/{CITY}.yaml", data["city"])
    write(root, "city/bigville_2019.yaml", {**data["city"], "name": "bigville_2019", "label": "Bigville"})
    for name, card in data["platform"].items():
        write(root, f"platform/{name}.yaml", {name: card})
    write(root, "behaviour/public_body.yaml", data["behaviour"])
    write(root, "calendar/habits.yaml", {"slots": {}})
    write(root, "calendar/once.yaml", {"slots": {"town_twitter": ACCOUNT_SLOTS}})
    write(root, "change/open_snapchat.yaml", {"open_snapchat": open_snapchat()})
    write(root, "change/evening.yaml", {"evening": {"kind": "shift_hours", "to": ["18:30", "20:00"]}})
    write(
        root, "change/double.yaml", {"double": {"kind": "change_frequency", "factor": 2, "label": "Double"}}
    )
    for path in (catalogue.tree() / "engine").glob("*.yaml"):
        write(root, f"engine/{path.name}", path.read_text(encoding="utf-8"))
    chosen = [{"override /city": "bigville_2019"}, {"override /change": ["open_snapchat"]}]
    write(root, "scenario/snap.yaml", {"defaults": chosen, "name": "snap", "label": "Snap"}, GLOBAL)
    write(root, "comparison/small.yaml", _comparison(), GLOBAL)
    return root


def _base(platforms: list[str]) -> dict[str, Any]:
    groups = [{"city": CITY}, {"platform": platforms}, {"behaviour": "public_body"}, {"calendar": "habits"}]
    groups += [{"occasion": []}, {"change": []}, {"engine": "auto"}]
    return {
        "defaults": [*groups, "_self_", {"scenario": None}, {"comparison": None}],
        "name": "baseline",
        "label": {"fr": "Situation actuelle", "en": "Today"},
        "horizon_weeks": 2,
        "sampling": 1.0,
        "seed": 1,
        "replicates": "auto",
        "min_replicates": 6,
        "max_replicates": 12,
        "lang": "fr",
        "results_dir": "./results",
    }


def _comparison() -> dict[str, Any]:
    alternatives = {
        "snapchat": {"label": "Snapchat", "changes": ["open_snapchat"]},
        "both": {"label": {"fr": "Les deux", "en": "Both"}, "changes": ["evening", "open_snapchat"]},
    }
    return {
        "defaults": [{"override /city": CITY}],
        "horizon_weeks": 1,
        "comparison": {
            "name": "small",
            "label": {"fr": "Petite comparaison", "en": "Small comparison"},
            "baseline": {"name": "baseline", "label": "Base", "changes": []},
            "alternatives": alternatives,
        },
    }


class FakeStudy(types.ModuleType):
    """Stands for ``sim.study``: notes what it is asked, computes nothing."""

    def __init__(self) -> None:
        super().__init__("sim.study")
        self.asked: list[tuple[Scenario, Options]] = []
        self.compared: list[Comparison] = []

    def run_one(self, scenario: Scenario, options: Options) -> pd.DataFrame:
        """Two rows; ValueError at seed 13, Ctrl-C at seed 14."""
        self.asked.append((scenario, options))
        if options.seed == 13:
            raise ValueError("thirteen\nis unlucky")
        if options.seed == 14:
            raise KeyboardInterrupt
        row = {
            "scenario": scenario.name, "kpi": "coverage_of_residents", "platform": "all", "age_band": "all",
            "mean": 0.25, "spread_sd": 0.01, "ci_low": 0.2, "ci_high": 0.3, "replicates": 4,
            "unit": "share of residents",
        }  # fmt: skip
        return pd.DataFrame([row, {**row, "age_band": "15-29", "mean": 0.5}])

    def run_study(self, comparison: Comparison, announce: Any = None) -> Any:
        """A study that is finished."""
        if announce is not None:
            announce()
        self.compared.append(comparison)
        report = Path(comparison.options.results_dir) / "x" / "report.html"
        return types.SimpleNamespace(
            reused=False,
            stop_reason="stopped",
            verdict="The verdict.",
            report=report,
            folder=report.parent,
            warnings=(),
            gain_sentence=lambda kpi, lang: "",
        )
