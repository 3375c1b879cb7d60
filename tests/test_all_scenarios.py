"""Every file in ``scenarios/`` composes, is a valid input and runs, on a city thinned to about a thousand.

Files are found, not listed: a new city, change, scenario or comparison is tested by being there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sim import compare, load, load_comparison
from sim.changes import LeavePlatform, OpenAccount
from sim.city import City, build_city
from sim.compose import compose
from sim.figures import InputError
from sim.indicators import INDICATORS
from sim.kernel import Kernel
from sim.kpi import kpi_table
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule
from sim.tally import MEASURES, Tally

ROOT = Path(__file__).parent.parent / "scenarios"
RESIDENTS = 600
SEED = 1


def _names(group: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / group).glob("*.yaml"))


CITIES = _names("city")


@cache
def _population(city: str) -> float:
    total = yaml.safe_load((ROOT / "city" / f"{city}.yaml").read_text(encoding="utf-8"))["population"][
        "total"
    ]
    return float(total["value"] if isinstance(total, dict) else total)


def _city_of(group: str, name: str) -> str:
    """The city that a scenario or comparison overrides, else that of the primary file."""
    for path in (ROOT / group / f"{name}.yaml", ROOT / "base.yaml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get("defaults", []):
            for key in ("override /city", "city"):
                if isinstance(entry, dict) and key in entry:
                    return str(entry[key])
    raise AssertionError(f"no city for {group}/{name}")


def _thin(city: str, weeks: int = 1) -> list[str]:
    return [f"sampling={min(1.0, RESIDENTS / _population(city)):.6f}", f"horizon_weeks={weeks}"]


@cache
def _as_it_is(city: str) -> Scenario:
    """The thinned city with its own habits, for one week."""
    return load(city=city, overrides=_thin(city))


@cache
def _built(city: str) -> City:
    """One thinned city for all its changes: they share it, as scenarios of a comparison do."""
    return build_city(_as_it_is(city), SEED, cache_dir=None)


def _for_a_week(compose: Callable[[list[str]], Any], city: str) -> Any:
    """What ``compose`` makes of a thinned week, or of a longer time if a change only begins later."""
    try:
        return compose(_thin(city))
    except InputError as error:
        if "from_week" not in str(error):
            raise
        return compose(_thin(city, 12))


def _run(scenario: Scenario) -> tuple[Tally, pd.DataFrame]:
    """One replicate of a week, and its KPIs."""
    city = _built(scenario.city.name)
    laws = build_laws(scenario, city, SEED)
    tally = Kernel(laws, city, SEED, 0).run()
    return tally, kpi_table(tally, laws, city, scenario.name, 0)


def _check(scenario: Scenario) -> dict[str, float]:
    """What every run must satisfy; returns the KPIs of the whole."""
    city = _built(scenario.city.name)
    assert 500 <= city.n_residents <= 1500
    tally, kpis = _run(scenario)
    assert set(kpis["kpi"]) <= set(INDICATORS)
    assert not np.isinf(kpis["value"]).any()
    whole = kpis.query("platform == 'all' and age_band == 'all' and week == 'all'").set_index("kpi")["value"]
    assert 0 < whole["coverage_of_residents"] < 1
    assert whole["coverage_of_residents"] + whole["never_reached_share_of_residents"] == pytest.approx(1)
    totals = dict(zip(MEASURES, tally.weekly.sum(axis=(0, 1, 2)), strict=True))
    assert totals["impressions"] >= totals["reach"] > 0
    assert whole["posts_published"] == len(tally.posts) > 0
    assert _platforms(kpis) == _expected_platforms(scenario)
    return whole.to_dict()


def _platforms(kpis: pd.DataFrame) -> set[str]:
    return {name for name in kpis["platform"] if name != "all" and "+" not in name}


def _expected_platforms(scenario: Scenario) -> set[str]:
    opened = {c.platform for c in scenario.change.values() if isinstance(c, OpenAccount)}
    return {account.platform for account in scenario.city.accounts.values()} | opened


@pytest.mark.parametrize("city", CITIES)
def test_every_city_runs(city: str) -> None:
    assert _as_it_is(city).city.name == city
    _check(_as_it_is(city))


@pytest.mark.parametrize("name", _names("scenario"))
def test_every_scenario_runs(name: str) -> None:
    city = _city_of("scenario", name)
    scenario = _for_a_week(lambda thin: load(scenario=name, overrides=thin), city)
    assert scenario.change or scenario.city != _as_it_is(city).city
    _check(scenario)


@cache
def _changes() -> dict[str, Any]:
    """Every change as Hydra composes it (a multi-select: they need not go together in one scenario)."""
    return dict(compose([f"change=[{','.join(_names('change'))}]"]).tree["change"])


def _changed(city: str, change: str) -> Scenario | None:
    """The thinned city with one change, or None where it cannot be made."""
    base = _as_it_is(city)
    given = {name: getattr(base, name) for name in Scenario.model_fields}
    weeks = max(base.horizon_weeks, _changes()[change].get("from_week", 1))
    try:
        return Scenario.from_dict({**given, "horizon_weeks": weeks, "change": {change: _changes()[change]}})
    except InputError:
        return None


@pytest.mark.parametrize("change", _names("change"))
def test_every_change_runs_and_changes_something(change: str) -> None:
    fitting = [scenario for city in CITIES if (scenario := _changed(city, change))]
    assert fitting, f"{change} fits no city"
    scenario = min(fitting, key=lambda s: s.city.population.total.value)
    _check(scenario)
    with_it = build_schedule(scenario)
    tree = {name: getattr(scenario, name) for name in Scenario.model_fields}
    without = build_schedule(Scenario.from_dict({**tree, "change": {}}))
    assert _plan(with_it) != _plan(without)
    only = next(iter(scenario.change.values()))
    if isinstance(only, LeavePlatform):
        assert len(with_it) < len(without)
    if isinstance(only, OpenAccount):
        assert with_it.accounts[-1].is_new
        assert len(with_it) > len(without)


def _plan(schedule: Schedule) -> list[tuple[Any, ...]]:
    """What goes out, when, to whom."""
    columns = (schedule.slot, schedule.t_min, schedule.theme, schedule.format, schedule.target.tolist())
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("calendar", _names("calendar"))
def test_every_calendar_runs_where_it_fits(calendar: str) -> None:
    for city in CITIES:
        try:
            scenario = load(city=city, overrides=[f"calendar={calendar}", *_thin(city)])
        except InputError:
            continue
        _check(scenario)
        return
    pytest.fail(f"{calendar} fits no city")


@pytest.mark.parametrize("name", _names("comparison"))
def test_every_comparison_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Composed, thinned, run, compared, written; the page itself is drawn for the small one."""
    small = name == "young_workshop"
    if not small:
        monkeypatch.setattr("sim.report.render", lambda data, lang: f"<html lang={lang}>")
    city = _city_of("comparison", name)
    comparison = _for_a_week(lambda thin: load_comparison(name, overrides=thin), city)
    runs = 2 if small else 1
    study = compare(comparison, replicates=runs, engine="serial", results_dir=str(tmp_path))
    assert list(study.kpis["scenario"].unique()) == [s.name for s in comparison.scenarios]
    assert set(study.differences["alternative"]) == {s.name for s in comparison.scenarios[1:]}
    assert study.verdict.endswith(".")
    assert (study.folder / "manifest.json").is_file()
    whole = study.kpis.query("kpi == 'coverage_of_residents' and platform == 'all' and age_band == 'all'")
    assert len(whole) == runs * len(comparison.scenarios)
    assert whole["value"].between(0.001, 0.999).all()


def test_the_files_are_found() -> None:
    """A rename of the folders would leave nothing to test."""
    assert len(CITIES) >= 3
    assert len(_names("comparison")) >= 4
    assert len(_names("change")) >= 6
    assert len(_names("scenario")) >= 1
    assert len(_names("calendar")) >= 1
