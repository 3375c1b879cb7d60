"""The kernel: equal to the agents, indifferent to order, batch and workers, honest about paired worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from inputs import CONVERSATION, TEAM, merged, open_snapchat, small_scenario, small_tree

from sim.city import City, Ties, build_city
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.specification import AgentCity
from sim.tally import MEASURES, TALK, WORK, Tally

SEED = 3
BUSY = {
    "platform": {
        "facebook": {
            "display": {"visibility": 0.7, "redisplay": 0.3},
            "reactions": {"click": 0.3, "like": 0.3, "comment": 0.2, "share": 0.4, "hide": 0.1},
            "audience": {
                "unfollow_if_overposted": 0.2, "overpost_threshold_per_day": 1, "follow_if_shared": 0.3,
                "discovery_per_month": 0.2, "unfollow_per_month": 0.1,
            },
            "reach": {"share": {"values": {2019: 0.3}}},
        },
        "snapchat": {"audience": {"discovery_per_month": 0.2, "follow_if_mentioned": 0.5}},
    },
}  # fmt: skip


def _scenario(residents: int = 300, **overrides: Any) -> Scenario:
    """Everything on, at rates that make every branch happen often."""
    change = {"open_snapchat": open_snapchat(cross_promotion=0.6)}
    return Scenario.from_dict(merged(small_tree(residents), merged({**BUSY, "change": change}, overrides)))


def _run(scenario: Scenario, city: City, seed: int = SEED, replicate: int = 0, **how: Any) -> Tally:
    return Kernel(build_laws(scenario, city, seed), city, seed, replicate, **how).run()


@pytest.mark.parametrize(("seed", "replicate"), [(1, 0), (1, 1), (20, 3)])
def test_kernel_equals_agents_count_by_count(seed: int, replicate: int) -> None:
    scenario = _scenario()
    city = build_city(scenario, seed)
    fast = _run(scenario, city, seed, replicate)
    told = AgentCity(scenario, city, seed, replicate).run()
    assert fast.same_as(told) == []
    happened = dict(zip(MEASURES, fast.weekly.sum(axis=(0, 1, 2)), strict=True))
    assert all(n > 0 for n in happened.values()), happened
    assert fast.depth.max() >= 2


TALKATIVE = {
    "questions_per_follower_day": 0.05, "unfollow_noreply": 20, "patience_h": 6, "noreply_negative": 0.6,
    "negative_contagion": 3, "owned_position_effect": 0.3, "peer_answer_rate": 0.6,
}  # fmt: skip
DESK: dict[str, Any] = {
    "forum": {"kind": "open_forum", "platforms": ["facebook"], "from_week": 2},
    "team": {
        "kind": "change_team", "from_week": 2,
        "presence": [{"days": ["tue"], "from": "08:00", "to": "20:00"}],
    },
}  # fmt: skip


def _with_a_desk(**other: Any) -> Scenario:
    """A team that answers, some posts that divide, a forum, an occasion on which people ask more."""
    tree = merged(small_tree(300), {**BUSY, "change": {"open_snapchat": open_snapchat(), **DESK}})
    talk = {"conversation": {**CONVERSATION, **TALKATIVE}}
    tree = merged(tree, {"behaviour": talk, "city": {"team": TEAM}})
    for slot in tree["city"]["accounts"]["town_facebook"]["slots"][:1]:
        slot["controversial"] = True
    tree["occasion"] = {
        "snow": {"label": {"fr": "Neige", "en": "Snow"}, "week": 1, "day": "wed", "at": "08:00", "hours": 30,
                 "themes": ["services"], "questions": 4, "negative_share": 0.6},
        "calm": {"label": {"fr": "Calme", "en": "Calm"}, "week": 2, "day": "mon", "at": "08:00", "hours": 72,
                 "themes": ["culture"], "questions": 0.3},
    }  # fmt: skip
    return Scenario.from_dict(merged(tree, other))


@pytest.mark.parametrize(("seed", "replicate"), [(1, 0), (5, 2)])
def test_kernel_equals_agents_in_conversation(seed: int, replicate: int) -> None:
    scenario = _with_a_desk()
    city = build_city(scenario, seed)
    fast = _run(scenario, city, seed, replicate)
    told = AgentCity(scenario, city, seed, replicate).run()
    assert fast.same_as(told) == []
    happened = dict(zip(TALK, fast.talk.sum(axis=(0, 1)), strict=True))
    assert all(n > 0 for n in happened.values()), happened
    assert fast.delays.sum() == happened["answered"]


@pytest.mark.slow
def test_kernel_differs_from_agents_of_another_seed() -> None:
    """Negative control of the equality."""
    scenario = _scenario()
    city = build_city(scenario, 1)
    assert _run(scenario, city, 1, 0).same_as(AgentCity(scenario, city, 1, 1).run()) != []


@pytest.mark.parametrize("block", [1, 7, 300, 100_000])
def test_any_batch_size_gives_the_same_counts(block: int) -> None:
    scenario = _scenario()
    city = build_city(scenario, SEED)
    assert _run(scenario, city, block=block).same_as(_run(scenario, city)) == []


def test_order_of_posts_does_not_matter() -> None:
    """Accounts and their entries named in another order: same posts, same people reached."""
    tree = merged(small_tree(300), BUSY)
    other = merged(tree, {})
    other["city"]["accounts"] = dict(reversed(tree["city"]["accounts"].items()))
    a, b = Scenario.from_dict(tree), Scenario.from_dict(other)
    city = build_city(a, SEED)
    mine, yours = _run(a, city), _run(b, city)
    assert np.array_equal(mine.reached, yours.reached)
    assert np.array_equal(mine.engaged, yours.engaged)
    assert np.array_equal(mine.weekly, yours.weekly[::-1])
    assert np.array_equal(mine.posts, yours.posts)


def test_order_of_residents_does_not_matter() -> None:
    """The followers' list and the neighbours of each resident may stand in any order."""
    scenario = _scenario()
    city = build_city(scenario, SEED)
    rng = np.random.Generator(np.random.PCG64(0))
    followers = {name: rng.permutation(rows) for name, rows in city.followers.items()}
    target, mask = city.ties.target.copy(), city.ties.mask.copy()
    for row in range(city.n_rows):
        part = slice(int(city.ties.indptr[row]), int(city.ties.indptr[row + 1]))
        order = rng.permutation(part.stop - part.start)
        target[part], mask[part] = target[part][order], mask[part][order]
    shuffled = replace(city, followers=followers, ties=Ties(city.ties.indptr, target, mask))
    assert _run(scenario, shuffled).same_as(_run(scenario, city)) == []


# --- paired worlds ----------------------------------------------------------------------------------


def test_two_scenarios_are_identical_until_the_first_difference() -> None:
    later = {"later": {"kind": "shift_hours", "by_hours": 3, "from_week": 3}}
    base, moved = _scenario(horizon_weeks=4), _scenario(horizon_weeks=4, change=later)
    city = build_city(base, SEED)
    a = Kernel(build_laws(base, city, SEED), city, SEED, 0)
    b = Kernel(build_laws(moved, city, SEED), city, SEED, 0)
    for _ in range(2 * 168):
        a.step()
        b.step()
    assert a.tally.same_as(b.tally) == []
    assert np.array_equal(a.state.fatigue.value, b.state.fatigue.value)
    assert np.array_equal(a.state.affinity.value, b.state.affinity.value)
    assert np.array_equal(a.state.followers.is_following, b.state.followers.is_following)
    assert a.run().same_as(b.run()) != []


def test_a_post_of_zero_appeal_changes_nothing_else() -> None:
    base = _scenario()
    tree = merged(
        small_tree(300), merged(BUSY, {"change": {"open_snapchat": open_snapchat(cross_promotion=0.6)}})
    )
    dull = {"days": ["tue", "thu"], "at": "10:00", "theme": "services", "format": "link", "rel_appeal": 0.0}
    tree["city"]["accounts"]["town_facebook"]["slots"].append(dull)
    with_dull = Scenario.from_dict(tree)
    city = build_city(base, SEED)
    a, b = _run(base, city), _run(with_dull, city)
    assert len(b.posts) == len(a.posts) + 4
    assert a.posts.sum() == b.posts.sum()
    for name in ("weekly", "reached", "engaged", "weekly_reached", "followers", "hourly", "share_depth"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name


def test_an_added_account_leaves_the_other_platforms_untouched() -> None:
    """Opening Snapchat without announcing it: the other accounts' counts are those of before."""
    base = _scenario(change={"open_snapchat": open_snapchat(cross_promotion=0.0)})
    tree = merged(small_tree(300), BUSY)
    alone = Scenario.from_dict(tree)
    city = build_city(base, SEED)
    with_snap = _run(base, city)
    impressions = MEASURES.index("impressions")
    assert with_snap.weekly[2, ..., impressions].sum() > 0
    # Affinity is to the city, so a snap that is liked may later warm a reaction elsewhere; display is not.
    assert np.array_equal(
        Kernel(build_laws(base, city, SEED), city, SEED, 0)._session_keys,
        Kernel(build_laws(alone, city, SEED), city, SEED, 0)._session_keys,
    )
    cold = {"behaviour": {"memory": {"affinity_gain": 0.0, "affinity_loss_if_hidden": 0.0}}}
    a = _run(Scenario.from_dict(merged(tree, cold)), city)
    quiet = {"change": {"open_snapchat": open_snapchat(cross_promotion=0.0)}, **cold}
    b = _run(Scenario.from_dict(merged(tree, quiet)), city)
    assert np.array_equal(a.weekly, b.weekly[:2])


# --- event-count law ------------------------------------------------------------------------------


def test_work_follows_exposures_not_the_population() -> None:
    """Ten times the residents, the same followers: the work counted stays that of the exposed."""

    def work(residents: int) -> np.ndarray:
        accounts = {
            name: {"followers": 60, "nonresident_share": 0.0} for name in ("town_facebook", "town_twitter")
        }
        quiet = {"reactions": {"share": 0.0}, "audience": {"discovery_per_month": 0.0}}
        scenario = small_scenario(
            residents, city={"accounts": accounts}, platform={"facebook": quiet, "twitter": quiet}
        )
        return _run(scenario, build_city(scenario, SEED)).work

    few, many = work(400), work(4000)
    examined = WORK.index("followers_examined")
    assert few[examined] == many[examined]
    assert 0.5 < many.sum() / few.sum() < 2.0
    assert few[WORK.index("sessions_walked")] > few[WORK.index("exposures")]


def test_work_is_proportional_to_exposures() -> None:
    """Twice the offers: twice the exposures, and as many sessions examined for each."""

    def work(share: float) -> np.ndarray:
        reach = {"reach": {"share": {"values": {2019: share}}}, "reactions": {"share": 0.0}}
        scenario = small_scenario(
            3000,
            platform={"facebook": reach, "twitter": reach},
            behaviour={
                "appeal": {"reach_sd": 0.0},
                "attachment_sd": 0.0,
                "memory": {"fatigue_elasticity": 0.0},
            },
        )
        return _run(scenario, build_city(scenario, SEED)).work

    one, two = work(0.01), work(0.02)
    exposures, walked = WORK.index("exposures"), WORK.index("sessions_walked")
    n = one[exposures]
    assert two[exposures] / n == pytest.approx(2, abs=6 * 2 / np.sqrt(n))
    assert (two[walked] / two[exposures]) == pytest.approx(one[walked] / n, rel=8 / np.sqrt(n))
