"""Tables keyed by names of formats, themes, bands, circles, platforms: a misspelt key is told."""

from __future__ import annotations

from typing import Any

import pytest
from inputs import TEAM, merged, open_snapchat, small_tree

from sim import catalogue
from sim.figures import InputError
from sim.names import formats, unknown_formats
from sim.scenario import Scenario

MIX = {"kind": "change_mix", "formats": {"video": 1.0}}


def _scenario(wrong: dict[str, Any]) -> Scenario:
    return Scenario.from_dict(merged(small_tree(300), {"city": {"team": TEAM}, **wrong}))


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"city": {"team": {**TEAM, "prepare_min": {"default": 20, "vidoe": 40}}}},
        "city.team.prepare_min: unknown format 'vidoe'; did you mean 'video'",
    ),
    (
        {"change": {"t": {"kind": "change_team", "prepare_min": {"default": 20, "phtoo": 10}}}},
        "change.t.prepare_min: unknown format 'phtoo'; did you mean 'photo'",
    ),
    (
        {"city": {"team": {**TEAM, "prepare_min": {"default": 20, "zzz": 40}}}},
        "unknown format 'zzz'; allowed: default, photo, link, video, story, text",
    ),
    (
        {"platform": {"instagram": {"theme_fit": {"cultrue": 1.3}}}},
        "platform.instagram.theme_fit: unknown theme 'cultrue'; did you mean 'culture'",
    ),
    (
        {"behaviour": {"counts_as": {"site": ["lnik"]}}},
        "behaviour.counts_as.site: unknown format or theme 'lnik'; did you mean 'link'",
    ),
    (
        {"behaviour": {"counts_as": {"jobs": ["servcies"]}}},
        "behaviour.counts_as.jobs: unknown format or theme 'servcies'; did you mean 'services'",
    ),
    ({"behaviour": {"counts_as": {"seen": ["video"]}}}, "behaviour.counts_as.seen: 'seen' is not allowed"),
    ({"city": {"use_scale": {"facebok": 1.1}}}, "city.use_scale.facebok: unknown platform 'facebok'; did"),
    ({"city": {"peers": {"facebok": {"elsewhere": 5}}}}, "city: peers: the city has no account on facebok"),
    (
        {"city": {"accounts": {"town_facebook": {"circles": {"arround": 1.0}}}}},
        "city.accounts.town_facebook.circles.arround: 'arround' is not allowed",
    ),
    (
        {"platform": {"facebook": {"react_by_band": {"values": {"15-19": 1.0}}}}},
        "platform.facebook.react_by_band: unknown age band '15-19'; did you mean",
    ),
    (
        {"behaviour": {"hour_profiles": {"ordinary": {"hours": {"values": {"75-": [1.0] * 24}}}}}},
        r"unknown age band '75-'; did you mean '75\+'",
    ),
    (
        {"behaviour": {"elsewhere": {"understands_french": {"abraod": 0.2}}}},
        "behaviour.elsewhere.understands_french.abraod: 'abraod' is not allowed",
    ),
    (
        {"behaviour": {"expressiveness_level": {"activ": 30.0}}},
        "expressiveness_share and expressiveness_level must name the same classes",
    ),
    ({"change": {"m": {**MIX, "formats": {"vidoe": 1.0}, "platforms": ["facebook"]}}}, "'vidoe' on face"),
    (
        {"change": {"m": {"kind": "change_mix", "themes": {"cultrue": 1.0}}}},
        "change.m.themes: unknown theme 'cultrue'; did you mean 'culture'",
    ),
    (
        {"platform": {"facebook": {"reactions": {"liek": 0.1}}}},
        "platform.facebook.reactions.liek: 'liek' is not allowed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[said[:60] for _, said in WRONG])
def test_a_misspelt_key_is_told_with_the_nearest_right_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _scenario(wrong)


def test_right_names_are_taken_those_of_cards_that_are_not_in_play_too() -> None:
    """The scenario has no card with a countdown or a bitmoji; the catalogue has."""
    minutes = {"default": 20, "video": 40, "bitmoji": 25, "countdown": 10}
    scenario = _scenario(
        {
            "city": {"team": {**TEAM, "prepare_min": minutes}},
            "behaviour": {"counts_as": {"site": ["link"], "jobs": ["services"], "views": ["live_video"]}},
        }
    )
    assert "bitmoji" not in formats(scenario)
    assert unknown_formats(["video", "bitmoji", "vidoe"], scenario) == ["vidoe"]


def test_the_catalogue_knows_the_formats_of_its_cards() -> None:
    assert {"photo", "story", "bitmoji", "job_offer", "live_video"} <= catalogue.formats()


def test_a_mix_is_checked_on_the_platforms_that_it_touches() -> None:
    """An account that opens is one of them, unless the mix names others; without the check it would crash."""
    snap = {"snap": open_snapchat()}
    facebook = {**MIX, "platforms": ["facebook"]}
    assert _scenario({"change": {**snap, "m": facebook}}).change
    assert _scenario({"change": {**snap, "m": {**MIX, "accounts": ["town_facebook"]}}}).change
    with pytest.raises(InputError, match=r"change\.m\.formats: unknown format 'video' on snapchat"):
        _scenario({"change": {**snap, "m": {**MIX, "platforms": ["facebook", "snapchat"]}}})
    with pytest.raises(InputError, match=r"change\.m\.formats: unknown format 'photo' on snapchat"):
        _scenario({"change": {**snap, "m": {**MIX, "formats": {"photo": 1.0}}}})
