"""Complete valid inputs for tests: a made-up town of a few hundred residents with everything on.

Numbers have the size of real ones (so laws can be checked) but the town is not a real place.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sim.scenario import Scenario

_ADULTS = ("15-29", "30-44", "45-59", "60-74", "75+")
_FLAT_HOURS = [1.0] * 24
_DAY_HOURS = [0.2] * 6 + [0.6, 0.9, 1.0, 1.0, 1.0, 1.1, 1.3, 1.2, 1.0]
_DAY_HOURS += [1.0, 1.1, 1.3, 1.5, 1.6, 1.7, 1.6, 1.2, 0.6]
_OFFICE_HOURS = [0.1] * 7 + [0.5, 1.0, 1.6, 1.7, 1.5, 1.0, 1.1]
_OFFICE_HOURS += [1.4, 1.5, 1.5, 1.4, 1.0, 0.7, 0.5, 0.4, 0.3, 0.2]


def _by_band(*values: float) -> dict[str, Any]:
    return {"values": dict(zip(_ADULTS, values, strict=True))}


def _use(*percents: float) -> dict[str, Any]:
    return {"values": {2019: dict(zip(_ADULTS, percents, strict=True))}}


def _platform(
    label: str, use: tuple[float, ...], sessions: tuple[float, ...], formats: dict[str, Any], **other: Any
) -> dict[str, Any]:
    card: dict[str, Any] = {
        "label": label,
        "use": _use(*use),
        "sessions_per_day": _by_band(*sessions),
        "session_gamma_shape": 0.9,
        "hour_profile": "ordinary",
        "reach": {
            "share": {"values": {2013: 0.16, 2019: 0.07}}, "fan_share": 0.8,
            "at_followers": 30000, "size_exponent": -0.15,
        },
        "display": {
            "visibility": 0.15, "fast_min": 45, "fast_exponent": 1.5, "slow_share": 0.2,
            "slow_halflife_min": 600, "life_h": 72, "redisplay": 0.05, "competition_exponent": 1.2,
            "competition_floor": 0.05, "crowding": 0.9,
        },
        "reactions": {"click": 0.03, "like": 0.04, "comment": 0.01, "share": 0.02, "hide": 0.0003},
        "react_by_band": _by_band(1.1, 1.0, 1.0, 0.9, 0.8),
        "formats": formats,
        "passing_on": {"friend_offer": 0.3, "divided_attention": 0.6, "endorsement": 3.0, "stranger": 0.5},
        "audience": {
            "discovery_per_month": 0.01, "follow_if_shared": 0.02, "follow_if_mentioned": 0.05,
            "unfollow_per_month": 0.003, "unfollow_if_overposted": 3e-3, "overpost_threshold_per_day": 2,
            "follow_by_band": _by_band(1.0, 1.2, 1.0, 0.7, 0.4),
            "cost_per_fan_eur": 0.5, "paid_fan_activity": 0.4, "cost_per_1000_reached_eur": 5,
        },
    }  # fmt: skip
    return merged(card, other)


def _platforms() -> dict[str, Any]:
    feed = {"photo": {}, "link": {"offer": 0.8, "click": 2.0}, "video": {"offer": 1.4, "share": 1.2}}
    return {
        "facebook": _platform("Facebook", (74, 82, 70, 50, 18), (6, 7, 6, 5, 4), feed),
        "instagram": _platform(
            "Instagram",
            (72, 38, 19, 8, 1.5),
            (8, 6, 4, 3, 2),
            {"photo": {}, "story": {"offer": 1.2, "share": 0.3}},
            theme_fit={"culture": 1.3},
            passing_on={"relays": {"per_1000_users": 10, "follows_per_user": 4, "exponent": 2.28}},
        ),
        "snapchat": _platform(
            "Snapchat",
            (75, 33, 12, 4, 0.5),
            (12, 8, 5, 3, 2),
            {"story": {}},
            hour_profile="young",
            passing_on={"friend_offer": 0.1, "contacts": 30},
            display={"life_h": 24},
        ),
        "twitter": _platform(
            "Twitter",
            (30, 18, 11, 5, 1),
            (7, 6, 5, 4, 3),
            {"text": {}, "photo": {"offer": 1.2}, "link": {"click": 2.0}},
            display={"fast_min": 20, "life_h": 24},
            passing_on={
                "friend_offer": 0.4,
                "relays": {"per_1000_users": 10, "follows_per_user": 5, "exponent": 2.28},
            },
        ),
    }


def _city(residents: int) -> dict[str, Any]:
    return {
        "name": "smallville_2019",
        "label": {"fr": "Petite-Ville", "en": "Smallville"},
        "year": 2019,
        "population": {
            "total": residents,
            "percent_by_band": {
                "values": {
                    "0-14": 14.6, "15-29": 32.1, "30-44": 21.3, "45-59": 15.0, "60-74": 10.5, "75+": 6.5,
                }
            },
        },
        "in_city_ties": 0.5,
        "accounts": {
            "town_facebook": {
                "platform": "facebook",
                "followers": round(residents * 0.25),
                "nonresident_share": 0.2,
                "slots": [
                    {"days": ["mon", "tue", "wed", "thu", "fri"], "at": "11:00", "theme": "services",
                     "format": "link"},
                    {"days": ["mon", "wed", "sat"], "at": "18:30", "theme": "culture", "format": "photo"},
                    {"days": ["thu"], "at": 14, "theme": "daily_life", "format": "video",
                     "target_ages": ["15-29", "30-44"], "rel_appeal": 1.2},
                ],
            },
            "town_twitter": {
                "platform": "twitter",
                "followers": round(residents * 0.06),
                "nonresident_share": 0.3,
                "slots": [
                    {"days": ["mon", "tue", "wed", "thu", "fri"], "at": "09:15", "theme": "services",
                     "format": "text"},
                    {"days": ["tue", "sun"], "at": "20:45", "theme": "daily_life", "format": "photo",
                     "every_weeks": 2},
                ],
            },
        },
    }  # fmt: skip


def _behaviour(residents: int) -> dict[str, Any]:
    weekdays = [1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.1]
    return {
        "appetite_correlation": 0.4,
        "expressiveness_share": {"active": 0.01, "occasional": 0.09, "silent": 0.9},
        "expressiveness_level": {"active": 30.0, "occasional": 5.0, "silent": 0.3},
        "attachment_sd": 0.5,
        "interest_sd": 0.4,
        "interest": {
            "services": _by_band(0.8, 1.0, 1.1, 1.1, 1.0),
            "culture": _by_band(1.1, 1.0, 1.0, 1.0, 0.8),
            "daily_life": _by_band(1.0, 1.0, 1.0, 1.0, 1.0),
        },
        "appeal": {"reach_sd": 0.9, "reaction_sd": 0.6, "reaction_on_reach": 0.3},
        "memory": {
            "fatigue_elasticity": -0.3, "fatigue_reference_exposures": 5, "fatigue_halflife_days": 7,
            "affinity_gain": 0.1, "affinity_loss_if_hidden": 0.5, "affinity_ceiling": 1.0,
            "affinity_floor": -0.9,
            "affinity_halflife_days": 60, "novelty_depth": 0.2, "novelty_halflife_days": 10,
            "exposure_exponent": 0.4, "exposure_cap": 4,
        },
        "ties": {
            "friends_by_band": _by_band(455, 247, 169, 104, 58),
            # more than a town can offer would be looked for in vain, and at length
            "friends_mean": min(195, max(residents // 4, 10)), "friends_sd_ln": 1.1,
            "group_density": 0.5, "group_size_mean": 30,
            "kin_and_school_share": 0.7, "age_spread_years": 3,
        },
        "hour_profiles": {
            "ordinary": {"hours": {"values": {"all": _DAY_HOURS}}, "weekdays": weekdays},
            "young": {"hours": {"values": {"all": _FLAT_HOURS, "15-29": _DAY_HOURS}}, "weekdays": weekdays},
        },
        "supply": {"hours": {"values": {"all": _OFFICE_HOURS}}, "weekdays": [1.0] * 5 + [0.5, 0.5]},
        "elsewhere": {
            "understands_french": {"resident": 1, "around": 1, "country": 1, "abroad": 0.2},
            "understands_english": {"resident": 0.4, "around": 0.4, "country": 0.4, "abroad": 0.7},
            "rival_post": 0.8,
        },
        "planning": {"same_hour_min": 20, "copies_min": 120, "announced_weeks": 8, "review_weeks": 4},
        "reference_hours": ["09:00", "11:00", "14:00", "17:00"],
        "reference_days": ["mon", "tue", "wed", "thu", "fri"],
    }  # fmt: skip


TEAM: dict[str, Any] = {
    "people": 1,
    "hours_per_week": 20,
    "presence": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "19:00"},
        {"days": ["sat"], "from": "10:00", "to": "12:00"},
    ],
    "prepare_min": {"default": 30},
    "answer_min": 5,
    "lead_days": 7,
    "patience_h": 24,
    "frank": 0.5,
    "eur_per_hour": 30,
}


CONVERSATION: dict[str, Any] = {
    "question_share": 0.2,
    "questions_per_follower_day": 0.01,
    "negative_share": 0.2,
    "negative_share_crisis": 0.5,
    "negative_contagion": 1.5,
    "owned_position_effect": 0.8,
    "disappointed_negativity": 1.5,
    "satisf_halflife_h": 2,
    "patience_h": 24,
    "noreply_negative": 0.38,
    "noreply_affinity_loss": 0.1,
    "reply_reengage": 1.2,
    "unfollow_noreply": 1.3,
    "peer_answer_rate": 0.3,
    "peer_delay_h": 2,
}


def small_tree(residents: int = 600) -> dict[str, Any]:
    """Plain data of a complete scenario: 4 platforms, accounts town_facebook and town_twitter, 2 weeks."""
    return {
        "name": "baseline",
        "label": {"fr": "Habitudes de la ville", "en": "The town's habits"},
        "city": _city(residents),
        "platform": _platforms(),
        "behaviour": _behaviour(residents),
        "change": {},
        "horizon_weeks": 2,
        "sampling": 1.0,
    }


def merged(tree: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``tree`` with ``changes`` laid over it, dictionary by dictionary; lists and numbers are replaced."""
    out = dict(copy.deepcopy(dict(tree)))
    for name, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(out.get(name), Mapping)
        out[name] = merged(out[name], value) if both else copy.deepcopy(value)
    return out


def small_scenario(residents: int = 600, **overrides: Any) -> Scenario:
    """A complete scenario. ``overrides`` are laid over ``small_tree``, at any depth:

    ``small_scenario(300, horizon_weeks=1, behaviour={"interest_sd": 0.0})``.
    """
    return Scenario.from_dict(merged(small_tree(residents), overrides))


def open_snapchat(from_week: int = 1, **other: Any) -> dict[str, Any]:
    """A change for ``small_scenario(change={"open_snapchat": open_snapchat()})``."""
    return {
        "kind": "open_account",
        "platform": "snapchat",
        "from_week": from_week,
        "slots": [
            {"days": ["wed", "fri", "sat"], "at": "18:00", "theme": "daily_life", "format": "story"},
        ],
        "cross_promotion": 0.05,
        **other,
    }
