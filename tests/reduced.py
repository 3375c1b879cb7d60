"""The reduced model: the simulator with everything off but passing on, so that each post is one cascade.

Sessions come at once, one platform, constant probabilities: everything is said in the data, nothing in the
code. Each post is then one independent cascade from the account's followers: one trial for each directed
tie of whoever is reached.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
from graphs import Rows
from inputs import merged, small_tree

from sim.city import City, build_city
from sim.kernel import Kernel
from sim.laws import build_laws
from sim.scenario import Scenario
from sim.tally import MEASURES, WORK, Tally
from sim.ties import Ties

ADULTS = ("15-29", "30-44", "45-59", "60-74", "75+")
TRIALS, EXPOSURES = WORK.index("friends_examined"), WORK.index("exposures")
REACH = MEASURES.index("reach")


def everyone(value: float) -> dict[str, Any]:
    """A table by age band with one value."""
    return {"values": dict.fromkeys(ADULTS, value)}


def reduced_platform(p: float) -> dict[str, Any]:
    """Always visible, always passed on; a friend's share enters a feed with probability ``p``."""
    return {
        "label": "Facebook",
        "use": {"values": {2019: dict.fromkeys(ADULTS, 100)}},
        "sessions_per_day": everyone(1e5),
        "session_gamma_shape": 1e6,
        "hour_profile": "flat",
        "reach": {"share": {"values": {2019: 1}}, "fan_share": 1, "at_followers": 1, "size_exponent": 0},
        "display": {
            "visibility": 2.0, "fast_min": 1, "fast_exponent": 1, "slow_share": 1, "slow_halflife_min": 1e9,
            "life_h": 240, "redisplay": 0, "competition_exponent": 0, "competition_floor": 1, "crowding": 1,
        },
        "reactions": {"click": 0, "like": 0, "comment": 0, "share": 1, "hide": 0},
        "react_by_band": everyone(1),
        "formats": {"link": {}},
        "passing_on": {"friend_offer": p, "divided_attention": 0, "endorsement": 1, "stranger": 1},
        "audience": {
            "discovery_per_month": 0, "follow_if_shared": 0, "follow_if_mentioned": 0,
            "unfollow_per_month": 0, "unfollow_if_overposted": 0,
            "overpost_threshold_per_day": 1e3, "follow_by_band": everyone(1),
            "cost_per_fan_eur": 1, "paid_fan_activity": 1,
        },
    }  # fmt: skip


def reduced_scenario(residents: int, seeds: int, p: float, posts: int = 1) -> Scenario:
    """``posts`` posts of one account (at most 48 of each minute of the day, on Monday and Tuesday)."""
    days = ["mon", "tue"] if posts > 1 else ["mon"]
    slots = [
        {
            "days": days,
            "at": f"{n % 24:02d}:{n // 24:02d}",
            "theme": "services",
            "format": "link",
            "every_weeks": 52,
        }
        for n in range(max(posts // 2, 1))
    ]
    tree = small_tree(residents)
    behaviour = {
        "attachment_sd": 0, "interest_sd": 0,
        "interest": {"services": everyone(1)},
        "expressiveness_share": {"active": 1.0, "occasional": 0.0, "silent": 0.0},
        "expressiveness_level": {"active": 1.0, "occasional": 1.0, "silent": 1.0},
        "appeal": {"reach_sd": 0, "reaction_sd": 0, "reaction_on_reach": 0},
        "memory": {"fatigue_elasticity": 0, "affinity_gain": 0, "affinity_loss_if_hidden": 0,
                   "novelty_depth": 0, "exposure_exponent": 0},
    }  # fmt: skip
    tree = merged(tree, {"behaviour": behaviour})
    tree["behaviour"]["interest"] = {"services": everyone(1)}
    tree["behaviour"]["hour_profiles"] = {
        "flat": {"hours": {"values": {"all": [1] * 24}}, "weekdays": [1] * 7}
    }
    tree["platform"] = {"facebook": reduced_platform(p)}
    tree["city"]["population"]["percent_by_band"]["values"] = {"0-14": 0, **dict.fromkeys(ADULTS, 20)}
    tree["city"]["accounts"] = {"town": {"platform": "facebook", "followers": seeds, "slots": slots}}
    return Scenario.from_dict(tree)


def run_reduced(scenario: Scenario, city: City, replicate: int = 0, seed: int = 1) -> Tally:
    """The whole horizon of one replicate."""
    return Kernel(build_laws(scenario, city, seed), city, seed, replicate).run()


def seeds_of(city: City) -> list[int]:
    """The account's followers: where every cascade starts."""
    return city.followers["town"].tolist()


# --- a graph of any size, and one cascade from its kernel to its extinction ---------------------------------


def city_on(rows: Rows, scenario: Scenario, seed: int = 1) -> City:
    """The scenario's people with exactly these edges as ties, all on the one platform."""
    ties = Ties(rows.indptr, rows.target, np.ones(len(rows.target), dtype=np.uint16))
    return replace(build_city(scenario, seed, nx.empty_graph(1), cache_dir=None), ties=ties)


def to_extinction(kernel: Kernel) -> Kernel:
    """Step until an hour puts the post in nobody's feed: nothing is left that could be passed on.

    The post goes out in the first hour, everybody sees what is in the feed within that hour and passes it
    on in the next, so the first hour without an exposure is the end.
    """
    before = -1
    while before != kernel.tally.work[EXPOSURES]:
        before = int(kernel.tally.work[EXPOSURES])
        kernel.step()
    return kernel
