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
from sim.adaptive import DigitalHelp, MonthlyReview
from sim.changes import LeavePlatform, OpenAccount
from sim.city import City, build_city, ingredients
from sim.compose import compose
from sim.figures import Figure, InputError
from sim.in_play import only_in_play
from sim.indicators import INDICATORS
from sim.kernel import Kernel
from sim.kpi import kpi_table
from sim.laws import build_laws
from sim.review import reviewed
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule
from sim.staff import OpenForum
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


_BUILT: dict[tuple[str, ...], City] = {}


def _built(scenario: Scenario) -> City:
    """One thinned city for all the changes on its platforms, as scenarios of a comparison share one."""
    key = scenario.city.name, *sorted(scenario.platform), str(ingredients(scenario)["help"])
    if key not in _BUILT:
        _BUILT[key] = build_city(scenario, SEED, cache_dir=None)
    return _BUILT[key]


def _for_a_week(compose: Callable[[list[str]], Any], city: str) -> Any:
    """What ``compose`` makes of a thinned week, or of a longer time if a change only begins later."""
    try:
        return compose(_thin(city))
    except InputError as error:
        if "horizon_weeks" not in str(error):
            raise
        return compose(_thin(city, 12))


def _run(scenario: Scenario) -> tuple[Tally, pd.DataFrame]:
    """One replicate of a week, and its KPIs."""
    city = _built(scenario)
    laws = build_laws(scenario, city, SEED)
    tally = Kernel(laws, city, SEED, 0).run()
    return tally, kpi_table(tally, laws, city, scenario.name, 0)


def _check(scenario: Scenario) -> dict[str, float]:
    """What every run must satisfy; returns the KPIs of the whole."""
    city = _built(scenario)
    assert 500 <= city.n_residents <= 1500
    tally, kpis = _run(scenario)
    assert set(kpis["kpi"]) <= set(INDICATORS)
    assert not np.isinf(kpis["value"]).any()
    whole = kpis.query("platform == 'all' and age_band == 'all' and week == 'all'").set_index("kpi")["value"]
    assert 0 < whole["coverage_of_residents"] < 1
    assert whole["coverage_of_residents"] + whole["never_reached_share_of_residents"] == pytest.approx(1)
    totals = dict(zip(MEASURES, tally.weekly.sum(axis=(0, 1, 2)), strict=True))
    assert totals["impressions"] >= totals["reach"] > 0
    schedule = build_schedule(scenario)
    own = sum(schedule.accounts[a].is_own for a in schedule.account)
    assert len(tally.posts) >= whole["posts_published"] == own > 0
    assert _platforms(kpis) == _expected_platforms(scenario)
    return whole.to_dict()


def _platforms(kpis: pd.DataFrame) -> set[str]:
    return {name for name in kpis["platform"] if name != "all" and "+" not in name}


def _expected_platforms(scenario: Scenario) -> set[str]:
    opened = {c.platform for c in scenario.change.values() if isinstance(c, OpenAccount)}
    return {a.platform for a in scenario.city.accounts.values() if not a.independent} | opened


@pytest.mark.parametrize("city", CITIES)
def test_every_city_runs(city: str) -> None:
    assert _as_it_is(city).city.name == city
    _check(_as_it_is(city))


@pytest.mark.parametrize("city", CITIES)
def test_every_city_carries_its_own_calendar_on_time(city: str) -> None:
    """Nobody knows of a city whose team cannot keep its habits; half an hour a week would not carry them."""
    scenario = _as_it_is(city).model_copy(update={"horizon_weeks": 4})
    team, work = scenario.city.team, build_schedule(scenario).work
    assert team is not None
    assert work is not None
    assert work.late_min.sum() == 0
    assert work.dropped == ()
    assert work.spare_min.sum() > 0
    tired = team.model_copy(update={"hours_per_week": Figure(value=0.5), "contributors": Figure(value=0)})
    town = scenario.city.model_copy(update={"team": tired})
    less = build_schedule(scenario.model_copy(update={"city": town})).work
    assert less is not None
    assert len(less.dropped) > 0


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
    given = {name: getattr(base, name) for name in Scenario.model_fields} | {"platform": _cards()}
    chosen = _before(_changes()[change]) | {change: _changes()[change]}
    for weeks in (max(base.horizon_weeks, _changes()[change].get("from_week", 1)), 12):
        try:
            whole = Scenario.from_dict({**given, "horizon_weeks": weeks, "change": chosen})
            return only_in_play((whole,))[0]
        except InputError:
            continue
    return None


@cache
def _cards() -> dict[str, Any]:
    """Every platform card, those that no account of the city is on included."""
    return dict(compose([]).tree["platform"])


def _before(change: dict[str, Any]) -> dict[str, Any]:
    """What has to happen first: an account is open before the city leaves, left before it returns."""
    if change["kind"] not in ("leave_platform", "reopen_account"):
        return {}
    names = [name for name, c in _changes().items() if c.get("platform") == change["platform"]]
    kinds = ("open_account",) if change["kind"] == "leave_platform" else ("open_account", "leave_platform")
    first = (next((n for n in names if _changes()[n]["kind"] == kind), None) for kind in kinds)
    return {name: _changes()[name] for name in first if name is not None}


@pytest.mark.parametrize("change", _names("change"))
def test_every_change_runs_and_changes_something(change: str) -> None:
    # What Paris does to change its own habits changes nothing where they are no habit.
    by_size = sorted(CITIES, key=_population)
    fitting = (scenario for city in by_size if (scenario := _changed(city, change)))
    tried = ((s, build_schedule(s), _without(s, change)) for s in fitting)
    found = None
    is_no_plan = _changes()[change]["kind"] in ("digital_help", "open_forum", "monthly_review")
    for found in tried:
        if is_no_plan or _plan(found[1]) != _plan(found[2]):
            break
    assert found is not None, f"{change} fits no city"
    scenario, with_it, without = found
    _check(scenario)
    only = scenario.change[change]
    if isinstance(only, DigitalHelp):
        assert _built(scenario).helped is not None
        return
    if isinstance(only, OpenForum):
        talk = build_laws(scenario, _built(scenario), SEED).talk
        assert talk is not None
        assert talk.forum.any()
        return
    if isinstance(only, MonthlyReview):  # what it changes, it decides from the counts of each replicate
        city = _built(scenario)
        with_it = reviewed(build_laws(scenario, city, SEED), city, SEED, 0).schedule
    assert _plan(with_it) != _plan(without)
    if isinstance(only, LeavePlatform):
        assert len(with_it) < len(without)
    if isinstance(only, OpenAccount):
        assert with_it.accounts[-1].is_new
        assert len(with_it) > len(without)


def _without(scenario: Scenario, change: str) -> Schedule:
    """The schedule of ``scenario`` but for one change."""
    tree = {name: getattr(scenario, name) for name in Scenario.model_fields}
    others = {name: made for name, made in scenario.change.items() if name != change}
    return build_schedule(Scenario.from_dict({**tree, "change": others}))


def _plan(schedule: Schedule) -> list[tuple[Any, ...]]:
    """What goes out, when, to whom, and what is bought."""
    columns = (
        schedule.slot, schedule.t_min, schedule.theme, schedule.format, schedule.target.tolist(),
        schedule.fit, schedule.rel_appeal, schedule.target_circle.tolist(), schedule.understood.tolist(),
        schedule.partner,
    )  # fmt: skip
    work = schedule.work
    minutes = () if work is None else (work.spare_min, work.answer_validation_min, work.frank)
    team = [tuple(column.tolist()) for column in minutes]
    bought = [(each,) for each in (*schedule.campaigns, *schedule.boosts)]
    return [*zip(*columns, strict=True), *bought, *team]


@pytest.mark.parametrize("occasion", _names("occasion"))
def test_every_occasion_runs_and_changes_something(occasion: str) -> None:
    """On a city that publishes once on each theme that the occasion is about."""
    city = min(CITIES, key=_population)
    happening = compose([f"occasion=[{occasion}]"]).tree["occasion"]
    about = happening[occasion]
    at = {"platform": "facebook", "format": "photo", "at": "23:00"} | {k: about[k] for k in ("week", "day")}
    themes = {*(about.get("themes") or ()), *(about.get("silent") or ())}
    posts = [{**at, "theme": theme} for theme in sorted(themes)]
    base = _as_it_is(city)
    given = {name: getattr(base, name) for name in Scenario.model_fields}
    given |= {"horizon_weeks": about["week"], "change": {"posts": {"kind": "publish", "posts": posts}}}
    with_it, without = (Scenario.from_dict({**given, "occasion": each}) for each in (happening, {}))
    _check(with_it)
    laws = [build_laws(scenario, _built(scenario), SEED) for scenario in (with_it, without)]
    plans = [(_plan(each.schedule), each.offer_factor.tobytes()) for each in laws]
    assert plans[0] != plans[1]


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


# The oldest questions in the fast tests, the stories in the slow ones.
QUICK = {"young_workshop", "toulouse_2019", "grenoble_2013_twitter"}
COMPARISONS = [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in _names("comparison")]


@pytest.mark.parametrize("name", COMPARISONS)
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
    assert len(_names("occasion")) >= 6
    assert len(_names("scenario")) >= 1
    assert len(_names("calendar")) >= 1
