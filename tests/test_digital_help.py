"""Digital help: more users, nobody replaced, two cities in a comparison, nothing where nobody is helped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inputs import small_scenario

from sim import bench, study
from sim.city import City, build_city, fingerprint, ingredients
from sim.explain import sentence
from sim.figures import BANDS, InputError
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.request import Comparison, Options
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.study import Bench
from sim.tally import Tally

SEED = 4
OLD = [BANDS.index(b) for b in ("60-74", "75+")]


def _help(more: float = 60.0, **other: Any) -> dict[str, Any]:
    return {
        "kind": "digital_help", "bands": ["60-74", "75+"], "platforms": ["facebook"],
        "more_users_percent": more, **other,
    }  # fmt: skip


def _scenario(help_: dict[str, Any] | None = None, residents: int = 500, **other: Any) -> Scenario:
    return small_scenario(residents, change={"help": help_} if help_ else {}, **other)


def _run(scenario: Scenario, city: City) -> Tally:
    return Kernel(build_laws(scenario, city, SEED), city, SEED, 0).run()


@pytest.fixture(scope="module")
def before() -> City:
    return build_city(_scenario(), SEED)


@pytest.fixture(scope="module")
def after() -> City:
    return build_city(_scenario(_help(following=0.5)), SEED)


# --- a superset ------------------------------------------------------------------------------------------


def test_users_are_a_superset_of_the_asked_size(before: City, after: City) -> None:
    for platform in before.platforms:
        old, new = before.users(platform), after.users(platform)
        assert set(old) <= set(new)
        if platform != "facebook":
            assert np.array_equal(old, new)
    added = np.setdiff1d(after.users("facebook"), before.users("facebook"))
    for b in range(len(BANDS)):
        users = (before.age_band[before.users("facebook")] == b).sum()
        expected = np.floor(users * 0.6 + 0.5) if b in OLD else 0
        assert (before.age_band[added] == b).sum() == expected
    assert len(added) > 5


def test_a_larger_help_adds_to_a_smaller_one() -> None:
    small = build_city(_scenario(_help(20.0)), SEED).users("facebook")
    large = build_city(_scenario(_help(80.0)), SEED).users("facebook")
    assert set(small) < set(large)


def test_who_needed_no_help_is_untouched(before: City, after: City) -> None:
    for name in ("age_band", "age_years", "expressiveness", "attachment", "interest", "circle"):
        assert np.array_equal(getattr(before, name), getattr(after, name)), name
    assert after.helped is not None
    same = after.helped == 0
    assert np.array_equal(before.activity[:, same], after.activity[:, same])
    assert (after.activity[before.activity > 0] == before.activity[before.activity > 0]).all()


def test_ties_are_a_superset_and_live_on_no_fewer_platforms(before: City, after: City) -> None:
    def edges(city: City) -> dict[tuple[int, int], int]:
        source = np.repeat(np.arange(city.n_rows), np.diff(city.ties.indptr))
        pairs = zip(source.tolist(), city.ties.target.tolist(), strict=True)
        return dict(zip(pairs, city.ties.mask.tolist(), strict=True))

    old, new = edges(before), edges(after)
    assert set(old) < set(new)
    assert all(new[pair] & mask == mask for pair, mask in old.items())
    assert after.helped is not None
    grown = {pair for pair, mask in new.items() if old.get(pair) != mask}
    assert all(after.helped[u] or after.helped[v] for u, v in grown)
    assert len(grown) > 20


def test_followers_are_a_superset_shown_by_the_helper(before: City, after: City) -> None:
    old, new = before.followers["town_facebook"], after.followers["town_facebook"]
    assert set(old) < set(new)
    assert after.helped is not None
    assert all(after.helped[row] for row in set(new) - set(old))
    assert np.array_equal(before.followers["town_twitter"], after.followers["town_twitter"])
    alone = build_city(_scenario(_help()), SEED)
    assert np.array_equal(alone.followers["town_facebook"], old)


def test_help_that_adds_nobody_changes_no_byte(before: City) -> None:
    none = build_city(_scenario(_help(0.0)), SEED)
    for name, array in before.arrays().items():
        assert np.array_equal(array, none.arrays()[name]), name


def test_laws_are_those_of_the_city_without_help(before: City, after: City) -> None:
    """What a platform shows, and who is inclined to follow, is measured on the users who needed no help."""
    a, b = (build_laws(_scenario(), city, SEED) for city in (before, after))
    assert np.array_equal(a.displayed, b.displayed)
    assert np.array_equal(a.follow_weight, b.follow_weight)


# --- a run -----------------------------------------------------------------------------------------------


def test_more_of_the_helped_ages_are_reached_and_none_is_lost_among_the_others(
    before: City, after: City
) -> None:
    a, b = _run(_scenario(), before), _run(_scenario(_help(following=0.5)), after)
    n = before.n_residents
    old = np.isin(before.age_band[:n], OLD)
    assert (b.reached[:n][old] > 0).sum() > (a.reached[:n][old] > 0).sum()
    lost = (a.reached[:n] > 0) & (b.reached[:n] == 0)
    assert lost.sum() <= 0.02 * (a.reached[:n] > 0).sum()


def test_help_where_the_city_publishes_nothing_changes_no_count(before: City) -> None:
    """Control: new users of Twitter meet no post when the city is only on Facebook."""
    quiet: dict[str, Any] = {"city": {"accounts": {"town_twitter": {"slots": []}}}}
    base, helped = (
        _scenario(**quiet),
        _scenario(_help(platforms=["twitter"], more_users_percent=90.0), **quiet),
    )
    city = build_city(helped, SEED)
    assert len(city.users("twitter")) > len(before.users("twitter"))
    a, b = _run(base, before), _run(helped, city)
    assert np.array_equal(a.posts, b.posts)
    assert np.array_equal(a.reached, b.reached)


def test_kernel_equals_agents_on_a_helped_city() -> None:
    scenario = _scenario(_help(following=0.5), residents=200, horizon_weeks=1)
    city = build_city(scenario, SEED)
    assert _run(scenario, city).same_as(AgentCity(scenario, city, SEED, 0).run()) == []


# --- a comparison ----------------------------------------------------------------------------------------


def _three() -> tuple[Scenario, ...]:
    shift = {"late": {"kind": "shift_hours", "by_hours": 2}}
    named = [("base", {}), ("late", shift), ("help", {"help": _help(following=0.5)})]
    return tuple(small_scenario(300, name=name, change=change, horizon_weeks=1) for name, change in named)


def test_each_city_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    real = bench.build_city

    def counted(scenario: Scenario, *args: Any, **how: Any) -> City:
        built.append(scenario.name)
        return real(scenario, *args, **how)

    monkeypatch.setattr(bench, "build_city", counted)
    made = Bench(_three(), SEED)
    assert built == ["base", "help"]
    assert made.cities["base"] is made.cities["late"] is not made.cities["help"]


def test_a_comparison_runs_with_two_cities(tmp_path: Path) -> None:
    options = Options(seed=SEED, replicates=2, engine="serial", results_dir=str(tmp_path), lang="en")
    label = {"fr": "Aide", "en": "Help"}
    done = study.run_study(Comparison("help", label, _three(), options))
    whole = done.differences.query("kpi == 'coverage_of_residents' and platform == 'all'")
    gap = whole.query("alternative == 'help' and age_band == '60-74'")
    assert gap["difference"].item() > 0


def test_fingerprints_tell_the_cities_apart() -> None:
    base, late, helped = _three()
    assert fingerprint(base, SEED) == fingerprint(late, SEED) != fingerprint(helped, SEED)
    assert ingredients(base)["help"] == []


def test_a_helped_city_survives_the_cache(tmp_path: Path, after: City) -> None:
    scenario = _scenario(_help(following=0.5))
    for _ in range(2):
        city = build_city(scenario, SEED, cache_dir=tmp_path)
        assert city.helped is not None
        for name, array in after.arrays().items():
            assert np.array_equal(array, city.arrays()[name]), name


# --- words -----------------------------------------------------------------------------------------------


def test_help_in_words() -> None:
    helped = _scenario(_help(30, following=0.25), name="helped", label={"fr": "Aide", "en": "Help"})
    assert "30 % d'utilisateurs de plus sur Facebook" in sentence(helped, "fr").replace(
        "\u202f", " "
    ).replace("\xa0", " ").replace("’", "'")
    assert "30% more users on Facebook among people aged" in sentence(helped, "en")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from_week": 2}, "from_week: 2 is not allowed"),
        ({"bands": ["60+"]}, "unknown age band"),
        ({"more_users_percent": -1}, "-1"),
        ({"platforms": ["snapchat"]}, "no account on snapchat"),
    ],
)
def test_bad_help_is_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        _scenario({**_help(), **change})
