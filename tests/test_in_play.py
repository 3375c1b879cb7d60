"""Platforms in play: what no account and no change names is left out, and nothing else notices."""

from __future__ import annotations

import numpy as np
import pytest
from inputs import open_snapchat, small_scenario

import sim
from sim.city import build_city
from sim.figures import InputError
from sim.in_play import only_in_play, platforms_named
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.tally import Tally

SEED = 5


def _run(scenario: Scenario) -> Tally:
    city = build_city(scenario, SEED)
    return Kernel(build_laws(scenario, city, SEED), city, SEED, 0).run()


def test_platforms_that_nobody_names_are_left_out() -> None:
    scenario = small_scenario(city={"use_scale": {"snapchat": 1.1, "twitter": 0.9}})
    (kept,) = only_in_play((scenario,))
    assert set(kept.platform) == {"facebook", "twitter"}
    assert set(kept.city.use_scale) == {"twitter"}
    assert Scenario.from_dict(kept.model_dump(mode="json")) == kept


def test_a_comparison_keeps_what_one_of_its_scenarios_names() -> None:
    base = small_scenario()
    opened = small_scenario(change={"open": open_snapchat()})
    assert platforms_named(opened) - platforms_named(base) == {"snapchat"}
    kept = only_in_play((base, opened))
    assert [set(s.platform) for s in kept] == [{"facebook", "snapchat", "twitter"}] * 2
    assert "snapchat" not in only_in_play((base,))[0].platform  # negative control


def test_a_card_out_of_play_changes_no_count() -> None:
    """Without friends' shares; with them the graph is grown among the users of platforms in play."""
    nobody_shares = {name: {"reactions": {"share": 0.0}} for name in ("facebook", "twitter")}
    scenario = small_scenario(400, platform=nobody_shares)
    every, kept = _run(scenario), _run(only_in_play((scenario,))[0])
    for name in ("weekly", "posts", "hourly", "followers"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(every, name), err_msg=name)
    assert kept.weekly.sum() > 0


def test_shipped_scenarios_run_on_their_own_platforms() -> None:
    assert set(sim.load(city="grenoble_2013").platform) == {"facebook", "twitter"}
    comparison = sim.load_comparison("saint_dizier_snapchat")
    assert all("snapchat" in s.platform and "youtube" not in s.platform for s in comparison.scenarios)


def test_a_mistake_in_a_card_out_of_play_is_told() -> None:
    with pytest.raises(InputError, match=r"platform\.youtube\.session_gamma_shape"):
        sim.load(city="grenoble_2013", overrides=["platform.youtube.session_gamma_shape=-1"])
