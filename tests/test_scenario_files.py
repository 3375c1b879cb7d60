"""The scenario files: they compose, every figure has a source, and what they say holds together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from inputs import merged
from omegaconf import OmegaConf

from sim.cards import NEVER, Slot
from sim.changes import CHANGE_KINDS
from sim.figures import BANDS, InputError
from sim.request import Options
from sim.scenario import Scenario

ROOT = Path(__file__).parent.parent / "scenarios"
SCENARIO_KEYS = set(Scenario.model_fields)
OPTION_KEYS = set(Options.model_fields)
ALTERNATIVES = {
    "toulouse_2019": {"snapchat", "evening", "both"},
    "grenoble_2013_twitter": {"more_tweets", "photos", "more_tweets_and_photos"},
    "saint_dizier_snapchat": {"poor_fit", "plain", "good_fit"},
    "grenoble_2012_ads": {"town_hall", "observer", "ordinary_price"},
    "young_workshop": {"snapchat", "instagram", "target", "evening"},
}


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / group).glob("*.yaml"))


CITIES, CHANGES, PLATFORMS = names("city"), names("change"), names("platform")
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.yaml"))


@cache
def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@cache
def first_city() -> Scenario:
    return Scenario.from_dict(tree(CITIES[0]))


@cache
def sources() -> dict[str, dict[str, Any]]:
    return read("sources.yaml")


def group(folder: str, chosen: list[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in chosen:
        merged |= read(f"{folder}/{name}.yaml")
    return merged


def tree(city: str, changes: tuple[str, ...] = (), calendar: str = "habits") -> dict[str, Any]:
    """Plain data of one scenario, put together without Hydra."""
    base = {key: value for key, value in read("base.yaml").items() if key in SCENARIO_KEYS}
    place = dict(read(f"city/{city}.yaml"))
    slots = read(f"calendar/{calendar}.yaml")["slots"]
    place["accounts"] = {
        name: account | ({"slots": slots[name]} if name in slots else {})
        for name, account in place["accounts"].items()
    }
    return base | {
        "city": place,
        "platform": group("platform", PLATFORMS),
        "behaviour": read("behaviour/public_body.yaml"),
        "change": group("change", list(changes)),
    }


def from_hydra(*overrides: str) -> dict[str, Any]:
    """What Hydra composes. The cards, four fifths of its time, are read beside unless they are chosen: that
    Hydra composes them alike is a test of its own."""
    apart = not any(override.startswith("platform=") for override in overrides)
    with initialize_config_dir(str(ROOT), version_base="1.3"):
        config = compose("base", overrides=[*overrides, *(["platform=[]"] if apart else [])])
    plain = OmegaConf.to_container(config, resolve=True)
    assert apart != ("platform" in plain), "no scenario or comparison changes a card"
    return plain | ({"platform": group("platform", PLATFORMS)} if apart else {})


def scenario_of(config: dict[str, Any]) -> Scenario:
    return Scenario.from_dict({key: value for key, value in config.items() if key in SCENARIO_KEYS})


def chosen(config_path: str, wanted: str) -> Any:
    for entry in read(config_path).get("defaults", []):
        for key, value in entry.items():
            if key.removeprefix("override ").lstrip("/") == wanted:
                return value
    return None


def figures_in(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping that states a number (``value`` or ``values``), with its dotted path."""
    if isinstance(node, dict):
        if "value" in node or "values" in node:
            yield path, node
        for key, value in node.items():
            yield from figures_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from figures_in(value, f"{path}[{index}]")


def labels_in(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "label" or (key == "note" and isinstance(value, dict)):
                yield value
            else:
                yield from labels_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from labels_in(value)


# --- composition -----------------------------------------------------------------------------------


@pytest.mark.parametrize("city", CITIES)
def test_city_alone_is_a_scenario(city: str) -> None:
    scenario = Scenario.from_dict(tree(city))
    assert scenario.city.name == city
    assert sorted(scenario.platform) == PLATFORMS


def refusal(spec: dict[str, Any], accounts: dict[str, dict[str, Any]]) -> str:
    """What a city says to a change that it cannot take; empty if it can."""
    present = {account["platform"] for account in accounts.values()}
    posts = spec["posts"] if isinstance(spec.get("posts"), list) else []
    named = {spec["platform"]} if "platform" in spec else {post["platform"] for post in posts}
    if spec["kind"] == "open_account":
        taken = spec["account"] in accounts if "account" in spec else bool(named & present)
        return ("name of another account" if "account" in spec else "already has an account on") * taken
    if not named <= present or (spec.get("platforms") and not set(spec["platforms"]) & present):
        return "account on"
    if spec["kind"] == "partner_with" and spec["account"] not in accounts:
        return "no independent page is called"
    return "a reopening before a closing" if spec["kind"] == "reopen_account" else ""


# The present city takes every change in the fast tests, the others in the slow ones.
HOSTS = [pytest.param(c, marks=() if c == "toulouse_2019" else pytest.mark.slow) for c in CITIES]


@pytest.mark.parametrize("city", HOSTS)
@pytest.mark.parametrize("change", CHANGES)
def test_city_takes_the_change_or_says_why_not(city: str, change: str) -> None:
    plain, spec = tree(city, (change,)), read(f"change/{change}.yaml")[change]
    words = f"{spec} {plain['city']['accounts']} {plain['city'].get('use_scale')} facebook twitter"
    plain["platform"] = {name: card for name, card in plain["platform"].items() if name in words}
    expected = refusal(spec, plain["city"]["accounts"])
    if expected:
        with pytest.raises(InputError, match=expected):
            Scenario.from_dict(plain)
    else:
        assert list(Scenario.from_dict(plain).change) == [change]


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("calendar", names("calendar"))
def test_every_calendar_fits_every_city(city: str, calendar: str) -> None:
    accounts = Scenario.from_dict(tree(city, calendar=calendar)).city.accounts
    unknown = set(read(f"calendar/{calendar}.yaml")["slots"]) - set(accounts)
    assert not unknown, f"{calendar} names accounts that {city} does not have: {unknown}"


@pytest.mark.parametrize("name", names("scenario"))
def test_scenario_composes_with_and_without_hydra(name: str) -> None:
    path = f"scenario/{name}.yaml"
    city, changes = chosen(path, "city"), tuple(chosen(path, "change") or ())
    calendar = chosen(path, "calendar") or "habits"
    plain = tree(city, changes, calendar) | {"name": name, "label": read(path)["label"]}
    config = from_hydra(f"scenario={name}")
    slots = config["calendar"]["slots"]
    for account, spec in config["city"]["accounts"].items():
        spec["slots"] = slots.get(account, spec["slots"])
    assert scenario_of(config) == Scenario.from_dict(plain)
    assert read(path)["name"] == name, "a scenario is called like its file"


def occasions_of(side: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """What happens on a side of a comparison: everything chosen, unless it names its own."""
    wanted = side.get("occasions")
    return {k: o for k, o in config.get("occasion", {}).items() if wanted is None or k in wanted}


@pytest.mark.parametrize("name", names("comparison"))
def test_comparison_composes_and_each_alternative_is_a_scenario(name: str) -> None:
    config = from_hydra(f"comparison={name}")
    comparison = config["comparison"]
    assert comparison["name"] == name
    city = chosen(f"comparison/{name}.yaml", "city")
    assert config["city"] == merged(
        read(f"city/{city}.yaml"), read(f"comparison/{name}.yaml").get("city", {})
    )
    assert set(comparison["alternatives"]) == ALTERNATIVES.get(name, set(comparison["alternatives"]))
    sides = [comparison["baseline"], *comparison["alternatives"].values()]
    assert not config.get("change"), "a comparison's changes belong to its sides"
    for side in sides:
        stated = {"change": group("change", side["changes"]), "occasion": occasions_of(side, config)}
        scenario = scenario_of(config | stated)
        assert list(scenario.change) == side["changes"]
        assert scenario.city == scenario_of(config).city
    told = {(tuple(side["changes"]), tuple(occasions_of(side, config))) for side in sides}
    assert len(told) == len(sides), "two sides of the comparison are the same"


def test_hydra_selects_groups_by_name() -> None:
    platforms = f"platform=[{','.join(PLATFORMS)}]"
    config = from_hydra("city=saint_dizier_2018", platforms, "change=[open_snapchat,evening_hours]", "seed=7")
    assert scenario_of(config) == Scenario.from_dict(
        tree("saint_dizier_2018", ("open_snapchat", "evening_hours"))
    )
    assert config["seed"] == 7


def test_options_of_a_comparison_win_over_the_base() -> None:
    config = from_hydra("comparison=young_workshop")
    assert config["horizon_weeks"] == 4
    assert config["decision"] == {
        "kpi": "weekly_coverage_of_residents",
        "platform": "all",
        "age_band": "15-29",
    }


def test_base_states_every_option_and_nothing_else() -> None:
    base = read("base.yaml")
    stated = OPTION_KEYS - {"engine"}
    assert {"engine": "auto"} in base["defaults"]
    options = {key: base[key] for key in stated} | {"engine": read("engine/auto.yaml")}
    assert Options.model_validate(options) == Options()
    assert set(base) == stated | {"defaults", "name", "label", "horizon_weeks", "sampling", "graph"}
    listed = next(e["platform"] for e in base["defaults"] if isinstance(e, dict) and "platform" in e)
    assert sorted(listed) == PLATFORMS


# --- figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES)
def test_every_figure_has_unit_source_and_tag(path: str) -> None:
    for where, figure in figures_in(read(path)):
        assert figure.get("unit"), f"{path}: {where} has no unit"
        assert figure.get("source") in sources(), f"{path}: {where}: unknown source {figure.get('source')}"
        assert figure.get("tag") in {"measured", "borrowed", "assumed"}, f"{path}: {where}: tag"
        if figure["tag"] != "assumed":
            assert figure["source"] != "model", f"{path}: {where}: our own judgement is always assumed"


@pytest.mark.parametrize("path", FILES)
def test_a_figure_lies_inside_its_own_range(path: str) -> None:
    for where, figure in figures_in(read(path)):
        low, value, high = figure.get("low"), figure.get("value"), figure.get("high")
        assert (low is None) == (high is None), f"{path}: {where} has one bound only"
        assert low is None or low <= value <= high, f"{path}: {where}: {value} outside {low}..{high}"


@pytest.mark.parametrize("city", CITIES)
def test_no_number_of_behaviour_is_bare(city: str) -> None:
    neutral = {0.0, 1.0}  # what the schema fills in when a file says nothing
    for path, figure in Scenario.from_dict(tree(city, ("evening_hours",))).figures():
        assert figure.tag != "given" or figure.value in neutral, f"{city}: {path} is a number without source"


@pytest.mark.parametrize("path", FILES)
def test_source_keys_named_in_notes_exist(path: str) -> None:
    if path == "sources.yaml":
        return
    words = set(re.findall(r"\b[a-z_]*[a-z]_?\d{4}\b", (ROOT / path).read_text(encoding="utf-8")))
    unknown = words - set(sources()) - set(CITIES) - set(names("comparison"))
    assert not unknown, f"{path} names sources that are not listed: {unknown}"


def test_sources_are_complete_and_used() -> None:
    everything = "\n".join((ROOT / p).read_text(encoding="utf-8") for p in FILES if p != "sources.yaml")
    for key, entry in sources().items():
        assert set(entry) == {"title", "publisher", "year", "address"}, key
        assert entry["title"], key
        assert entry["publisher"], key
        assert re.search(rf"\b{re.escape(key)}\b", everything), f"{key} is listed and never used"


# --- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [p for p in FILES if p != "sources.yaml"])
def test_labels_are_in_both_languages(path: str) -> None:
    for label in labels_in(read(path)):
        if path.startswith("platform/") and isinstance(label, str):
            continue  # a platform's own name
        assert set(label) == {"fr", "en"}, f"{path}: {label}"
        assert all(label.values()), f"{path}: {label}"


@pytest.mark.parametrize("path", [p for p in FILES if p.split("/")[0] in {"city", "platform", "change"}])
def test_files_carry_the_name_of_what_they_hold(path: str) -> None:
    stem, data = Path(path).stem, read(path)
    assert (data["name"] == stem) if path.startswith("city/") else (list(data) == [stem])
    if path.startswith("change/"):
        assert data[stem]["label"]


def test_every_kind_of_change_has_an_example() -> None:
    assert {read(f"change/{name}.yaml")[name]["kind"] for name in CHANGES} == set(CHANGE_KINDS)


# --- what the numbers say together -----------------------------------------------------------------


def users(scenario: Scenario, platform: str) -> float:
    """Residents who use the platform, expected."""
    shares = scenario.city.population.percent_by_band.row()
    total = scenario.city.population.total.value * 100 / sum(shares)
    scale = scenario.city.use_scale[platform].value if platform in scenario.city.use_scale else 1.0
    use = scenario.platform[platform].use.at(scenario.city.year)
    return total * scale * sum(s * u for s, u in zip(shares, use, strict=True)) / 1e4


@pytest.mark.parametrize("city", CITIES)
def test_resident_followers_are_fewer_than_users(city: str) -> None:
    scenario = Scenario.from_dict(tree(city))
    for name, account in scenario.city.accounts.items():
        residents = account.followers.value * (1 - account.nonresident_share.value)
        assert residents < 0.8 * users(scenario, account.platform), f"{city}: {name}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_under_15_hold_no_account(platform: str) -> None:
    card = first_city().platform[platform]
    for row in (
        *(card.use.at(year) for year in (2013, 2019, 2025)),
        card.audience.follow_by_band.row(),
        card.sessions_per_day.row(),
    ):
        assert row[BANDS.index("0-14")] == 0


@pytest.mark.parametrize(
    ("city", "account", "low", "high"),
    [
        ("toulouse_2019", "facebook", 1.0, 2.0),
        ("toulouse_2019", "twitter", 6.0, 8.0),
        ("toulouse_2019", "instagram", 0.4, 1.0),
        ("toulouse_2019", "linkedin", 0.2, 0.4),
        ("toulouse_2019", "youtube", 0.1, 0.2),
        ("grenoble_2013", "facebook", 1.0, 1.5),
        ("grenoble_2013", "twitter", 1.0, 2.5),
        ("saint_dizier_2018", "facebook", 0.8, 1.2),
        ("saint_dizier_2018", "twitter", 0.5, 2.5),
        ("toulouse_2012", "facebook", 1.0, 1.5),
        ("toulouse_2012", "twitter", 2.0, 18.0),
        ("toulouse_2012", "dailymotion", 1 / 7, 2 / 7),
        ("romans_sur_isere_2019", "facebook", 0.8, 1.2),
        ("val_de_marne_2019", "twitter", 2.0, 3.0),
        ("grand_est_2019", "facebook", 1.0, 2.0),
        ("grand_est_2019", "twitter", 2.0, 3.0),
        ("caen_la_mer_2013", "facebook", 0.8, 1.2),
        ("caen_la_mer_2013", "twitter", 2.0, 3.0),
        ("paris_2013", "facebook", 0.8, 1.3),
        ("paris_2013", "twitter", 2.0, 18.0),
        ("paris_2013", "instagram", 1.0, 1.0),
    ],
)
def test_posts_per_day_are_those_of_real_practice(city: str, account: str, low: float, high: float) -> None:
    slots: tuple[Slot, ...] = Scenario.from_dict(tree(city)).city.accounts[account].slots
    assert low <= sum(len(s.days) / s.every_weeks for s in slots) / 7 <= high


@pytest.mark.parametrize(
    ("year", "low", "high"), [(2013, 0.15, 0.17), (2019, 0.055, 0.08), (2024, 0.02, 0.025)]
)
def test_facebook_reach_by_year(year: int, low: float, high: float) -> None:
    reach = first_city().platform["facebook"].reach
    assert low <= reach.share.at(year) <= high
    assert reach.at_followers.value == 30000


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_card_says_what_a_boost_costs_or_that_none_is_sold(platform: str) -> None:
    audience = first_city().platform[platform].audience
    price, unsold = audience.cost_per_1000_reached_eur, audience.no_boosts_until
    assert price is not None or (unsold is not None and unsold.value == NEVER)
    assert unsold is None or unsold.note, "why, for the sentence that refuses"


@pytest.mark.parametrize(
    ("city", "platform", "said"),
    [
        ("paris_2013", "vine", "Vine sold no boosted posts (its owner placed no advertisements there"),
        (
            "paris_2013",
            "pinterest",
            "Pinterest sold no boosted posts until 2018 (promoted pins date from 2014",
        ),
        ("paris_2013", "foursquare", "Foursquare sold no boosted posts until 2013"),
        ("paris_2013", "vimeo", "Vimeo sold no boosted posts (it lived on its authors' subscriptions"),
        ("toulouse_2012", "flickr", "Flickr sold no boosted posts (banners stood beside the photographs"),
        ("toulouse_2012", "scoopit", "Scoop.it sold no boosted posts"),
        ("toulouse_2012", "dailymotion", ""),
        ("val_de_marne_2019", "viadeo", ""),
    ],
)
def test_a_boost_on_a_lesser_platform(city: str, platform: str, said: str) -> None:
    plain = tree(city)
    plain["change"] = {"b": {"kind": "boost_posts", "platforms": [platform], "budget_eur_per_week": 50}}
    if said:
        with pytest.raises(InputError, match=re.escape(said)):
            Scenario.from_dict(plain)
    else:
        assert Scenario.from_dict(plain).change


def test_public_body_mix_of_reactions() -> None:
    base = first_city().platform["facebook"].reactions
    total = sum(base[action].value for action in ("like", "comment", "share"))
    mix = [base[action].value / total for action in ("like", "comment", "share")]
    assert mix == pytest.approx([0.5, 0.2, 0.3], abs=0.02)


def test_facebook_formats_give_the_measured_interactions_a_post() -> None:
    card = first_city().platform["facebook"]
    weights = {"like": 0.495, "comment": 0.203, "share": 0.303}
    for name, effect in {"photo": 0.28, "status": 0.17, "link": -0.30, "video": -0.53}.items():
        spec = card.formats[name]
        given_reach = sum(w * getattr(spec, action).value for action, w in weights.items())
        assert math.log(spec.offer.value * given_reach) == pytest.approx(effect, abs=0.05), name


def test_behaviour_is_normalised() -> None:
    laws = first_city().behaviour
    level = {name: figure.value for name, figure in laws.expressiveness_level.items()}
    mean = sum(share.value * level[name] for name, share in laws.expressiveness_share.items())
    assert mean == pytest.approx(1.0, abs=0.01)
    slope, reach_sd = 1 + laws.appeal.reaction_on_reach.value, laws.appeal.reach_sd.value
    assert 1.05 <= math.hypot(slope * reach_sd, laws.appeal.reaction_sd.value) <= 1.25
    themes = [figure.row()[1:] for figure in laws.interest.values()]
    assert 0.9 <= sum(map(sum, themes)) / (len(themes) * 5) <= 1.1
    assert len(laws.interest) == 9


def test_a_snapchat_account_climbs_as_toulouse_did() -> None:
    """Discovery alone brings .1 to 3 % of inhabitants in a year."""
    scenario = Scenario.from_dict(tree("toulouse_2019"))
    monthly = scenario.platform["snapchat"].audience.discovery_per_month.value
    share = 12 * monthly * users(scenario, "snapchat") / scenario.city.population.total.value
    assert 0.001 <= share <= 0.03
