"""Circles, languages, independent pages, several accounts, a partner, a boost: equal in both tellings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from inputs import merged, small_tree

from sim.city import City, build_city
from sim.explain import sentence
from sim.figures import BANDS, CIRCLES, InputError
from sim.kernel import Kernel
from sim.kpi import hour_table, kpi_table, post_table
from sim.laws import Laws, build_laws
from sim.lending import boosted, rivals
from sim.scenario import Scenario
from sim.schedule import build_schedule
from sim.specification import AgentCity
from sim.study import Bench
from sim.tally import MEASURES, Tally
from sim.unmatched import expected, unmatched

SEED = 4
REACH, OFFERED = (MEASURES.index(name) for name in ("reach", "offered"))
BUSY = {
    "platform": {
        "facebook": {
            "display": {"visibility": 0.7, "redisplay": 0.3},
            "reactions": {"click": 0.3, "like": 0.3, "comment": 0.2, "share": 0.3, "hide": 0.1},
            "audience": {"follow_if_mentioned": 0.4, "discovery_per_month": 0.2},
            "reach": {"share": {"values": {2019: 0.3}}},
        },
    },
}  # fmt: skip
PAGE = {
    "platform": "facebook",
    "followers": 90,
    "nonresident_share": 0.2,
    "independent": True,
    "overlap": {"town_facebook": 0.4},
    "slots": [{"days": ["mon", "tue", "sat"], "at": "10:30", "theme": "culture", "format": "photo"}],
}
MUSEUM = {
    "platform": "facebook",
    "followers": 40,
    "slots": [{"days": ["wed", "fri"], "at": "15:00", "theme": "culture", "format": "photo"}],
}
BOTH = {"i_love_smallville": PAGE, "museum": MUSEUM}
CIRCLES_OF = {"nonresident_share": 0.5, "circles": {"around": 0.3, "country": 0.2, "abroad": 0.5}}


def _tree(residents: int = 250, **overrides: Any) -> dict[str, Any]:
    return merged(merged(small_tree(residents), BUSY), overrides)


def _scenario(residents: int = 250, **overrides: Any) -> Scenario:
    return Scenario.from_dict(_tree(residents, **overrides))


def _everything(**overrides: Any) -> Scenario:
    """Every change of outreach at once, at rates that make each happen."""
    accounts = {"town_facebook": CIRCLES_OF, "i_love_smallville": PAGE, "museum": MUSEUM}
    change = {
        "place": {"kind": "target_place", "themes": ["services"], "circles": ["resident", "around"]},
        "words": {"kind": "write_in", "platforms": ["facebook"], "languages": ["en"], "from_week": 2},
        "partner": {"kind": "partner_with", "account": "i_love_smallville", "share_of_posts": 0.7},
        "boost": {
            "kind": "boost_posts", "platforms": ["facebook"], "themes": ["culture"],
            "budget_eur_per_week": 1.0, "target_ages": ["15-29", "30-44"],
        },
        "more": {"kind": "boost_posts", "accounts": ["town_twitter"], "budget_eur_per_week": 0.2},
    }  # fmt: skip
    return _scenario(**merged({"city": {"accounts": accounts}, "change": change}, overrides))


def _laws(scenario: Scenario, city: City) -> Laws:
    return build_laws(scenario, city, SEED)


def _run(scenario: Scenario, city: City | None = None, replicate: int = 0) -> Tally:
    city = city if city is not None else build_city(scenario, SEED)
    return Kernel(_laws(scenario, city), city, SEED, replicate).run()


@pytest.mark.slow
@pytest.mark.parametrize("replicate", [0, 2])
def test_kernel_equals_agents_with_everything_on(replicate: int) -> None:
    scenario = _everything()
    city = build_city(scenario, SEED)
    laws = _laws(scenario, city)
    fast = Kernel(laws, city, SEED, replicate).run()
    assert fast.same_as(AgentCity(scenario, city, SEED, replicate, laws).run()) == []
    assert (laws.schedule.partner >= 0).any()
    assert {CIRCLES[c] for c in city.circle} == set(CIRCLES)
    assert len(laws.schedule.boosts) > 4


@pytest.mark.parametrize("without", ["place", "words", "partner", "boost", "more"])
def test_each_change_of_outreach_counts(without: str) -> None:
    """Negative control of the equality: leaving one change out gives other counts."""
    scenario = _everything()
    kept = {key: change for key, change in scenario.change.items() if key != without}
    city = build_city(scenario, SEED)
    assert _run(scenario, city).same_as(_run(scenario.model_copy(update={"change": kept}), city)) != []


# --- circles -----------------------------------------------------------------------------------------


def test_outsiders_live_in_the_circles_stated() -> None:
    city = build_city(_scenario(city={"accounts": {"town_facebook": CIRCLES_OF}}), SEED)
    rows = city.followers["town_facebook"]
    outside = city.circle[rows[rows >= city.n_residents]]
    n = len(outside)
    assert n == round(round(250 * 0.25) * 0.5)
    counts = np.bincount(outside, minlength=4)
    assert np.abs(counts - n * np.array([0, 0.3, 0.2, 0.5])).max() < 1
    plain = build_city(_scenario(), SEED)
    assert set(plain.circle[plain.n_residents :].tolist()) == {CIRCLES.index("around")}


def test_circles_do_not_go_with_age() -> None:
    """Outsiders stand in blocks of ages; each has the circles of the whole (4 standard errors)."""
    account = {**CIRCLES_OF, "followers": 1000, "nonresident_share": 0.9}
    city = build_city(_scenario(1500, city={"accounts": {"town_facebook": account}}), SEED)
    rows = city.followers["town_facebook"]
    rows = rows[rows >= city.n_residents]
    assert len(rows) == 900
    for band in (1, 2, 3):
        circle = city.circle[rows][city.age_band[rows] == band]
        assert len(circle) > 100
        assert abs((circle == CIRCLES.index("abroad")).mean() - 0.5) < 4 * np.sqrt(0.25 / len(circle))


@pytest.mark.parametrize(
    ("circles", "told"),
    [
        ({"around": 0.2, "abroad": 0.5}, "circles that do not add up: around 0.2, abroad 0.5 make 0.7"),
        ({"mars": 1.0}, "mars"),
        ({"around": 2.0}, "at most 1"),
    ],
)
def test_circles_that_do_not_add_up_are_told(circles: dict[str, float], told: str) -> None:
    with pytest.raises(InputError, match=told):
        _scenario(city={"accounts": {"town_facebook": {"circles": circles}}})


def _feeds(scenario: Scenario, city: City) -> list[tuple[int, int]]:
    """(post, circle) of everything that accounts put in feeds in one run."""
    found: list[tuple[int, int]] = []

    class Watched(Kernel):
        def _put(self, post: int, rows: Any) -> Any:
            found.extend((int(post), int(c)) for c in self.city.circle[rows])
            return super()._put(post, rows)

    Watched(_laws(scenario, city), city, SEED, 0).run()
    return found


def test_a_targeted_post_is_offered_to_its_circles_only() -> None:
    base = {"city": {"accounts": {"town_facebook": {**CIRCLES_OF, "followers": 200}}}}
    aim = {"kind": "target_place", "platforms": ["facebook"], "themes": ["services"], "circles": ["abroad"]}
    free, aimed = _scenario(**base), _scenario(**base, change={"aim": aim})
    city = build_city(free, SEED)
    schedule = build_schedule(aimed)
    hit = [
        s.startswith("town_facebook") and t == "services"
        for s, t in zip(schedule.slot, schedule.theme, strict=True)
    ]
    seen = {circle for post, circle in _feeds(aimed, city) if hit[post]}
    assert seen == {CIRCLES.index("abroad")}
    assert len({circle for post, circle in _feeds(free, city) if hit[post]}) > 1  # negative control


def test_posts_of_other_themes_are_not_targeted() -> None:
    aim = {
        "kind": "target_place",
        "themes": ["services"],
        "circles": ["resident"],
        "gain": 1.5,
        "from_week": 2,
    }
    schedule = build_schedule(_scenario(change={"aim": aim}))
    for row, theme in enumerate(schedule.theme):
        hit = theme == "services" and schedule.week[row] >= 1
        assert schedule.target_circle[row].tolist() == [True, *([not hit] * 3)]
        assert schedule.target_gain[row] == (1.5 if hit else 1.0)


# --- languages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "abroad", "resident"),
    [((), 0.2, 1.0), (("fr",), 0.2, 1.0), (("en",), 0.7, 0.4), (("fr", "en"), 1 - 0.8 * 0.3, 1.0)],
)
def test_who_understands_a_post(languages: tuple[str, ...], abroad: float, resident: float) -> None:
    change = {"words": {"kind": "write_in", "languages": list(languages)}} if languages else {}
    table = build_schedule(_scenario(change=change)).understood
    np.testing.assert_allclose(table[:, CIRCLES.index("abroad")], abroad, rtol=1e-6)
    np.testing.assert_allclose(table[:, 0], resident, rtol=1e-6)
    assert languages not in ((), ("fr",)) or (table[:, 0] == 1.0).all()  # exactly nothing for residents


@pytest.mark.slow
def test_english_reaches_more_followers_abroad_and_fewer_residents() -> None:
    base = {"city": {"accounts": {"town_facebook": {**CIRCLES_OF, "followers": 400}}}}
    french = _scenario(600, **base)
    english = _scenario(600, **base, change={"words": {"kind": "write_in", "languages": ["en"]}})
    city = build_city(french, SEED)
    a, b = (
        sum(_run(s, city, r).weekly[0, :, :, OFFERED].sum(axis=1) for r in range(4))
        for s in (french, english)
    )
    assert b[-1] > a[-1]  # outsiders, half of them abroad
    assert b[:-1].sum() < a[:-1].sum()


# --- independent pages, several accounts --------------------------------------------------------------


def _with_page(**overrides: Any) -> Scenario:
    return _scenario(400, **merged({"city": {"accounts": BOTH}}, overrides))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_overlap_is_exact(share: float) -> None:
    city = build_city(
        _with_page(city={"accounts": {"i_love_smallville": {"overlap": {"town_facebook": share}}}}), SEED
    )
    theirs, page = (
        {int(r) for r in city.followers[name] if r < city.n_residents}
        for name in ("town_facebook", "i_love_smallville")
    )
    assert len(page) == 72
    assert len(theirs & page) == min(round(share * len(theirs)), 72)


def test_an_overlap_that_cannot_be_is_told_with_the_number() -> None:
    small = {
        "i_love_smallville": {"followers": 10, "nonresident_share": 0, "overlap": {"town_facebook": 1.0}}
    }
    city = build_city(_with_page(city={"accounts": small}), SEED)
    assert any("80 followers in common" in w["en"] and "10 are possible" in w["en"] for w in city.warnings)


def test_a_change_touches_an_independent_page_only_where_it_is_named() -> None:
    def hours(**change: Any) -> dict[str, set[float]]:
        schedule = build_schedule(
            _with_page(change={"it": {"kind": "shift_hours", "to": ["21:00"], **change}})
        )
        names = [schedule.accounts[a].name for a in schedule.account]
        return {
            n: {float(t % 1440) for t, m in zip(schedule.t_min, names, strict=True) if m == n}
            for n in set(names)
        }

    everyone = hours()
    assert min(everyone["museum"] | everyone["town_facebook"] | everyone["town_twitter"]) >= 21 * 60
    assert everyone["i_love_smallville"] == {10.5 * 60}
    named = hours(accounts=["i_love_smallville", "museum"])
    assert named["i_love_smallville"] | named["museum"] == {21.0 * 60}
    assert 11.0 * 60 in named["town_facebook"]
    with pytest.raises(InputError, match="unknown account 'musem'; did you mean 'museum'"):
        hours(accounts=["musem"])


def test_leaving_with_one_account_leaves_the_other() -> None:
    leave = {"kind": "leave_platform", "platform": "facebook", "from_week": 2}
    for accounts, left in (([], {"town_facebook", "museum"}), (["museum"], {"museum"})):
        schedule = build_schedule(_with_page(change={"it": {**leave, "accounts": accounts}}))
        names = {plan.name: plan for plan in schedule.accounts}
        assert {n for n, plan in names.items() if plan.closes_min == 7 * 1440} == left
        late = {schedule.accounts[a].name for a in schedule.account[schedule.week >= 1]}
        assert late == set(names) - left


def test_an_independent_page_counts_for_no_indicator_of_the_city() -> None:
    """Where it takes no attention and nobody shares: counts of the city are those without the page."""
    quiet = {
        "platform": {"facebook": {"reactions": {"share": 0.0}}, "twitter": {"reactions": {"share": 0.0}}},
        "behaviour": {"elsewhere": {"rival_post": 1.0}},
    }
    alone, beside = _scenario(400, **quiet), _scenario(400, **quiet, city={"accounts": {"zzz_page": PAGE}})
    a, b = _run(alone), _run(beside)
    np.testing.assert_array_equal(a.weekly[:2, :6], b.weekly[:2, :6])
    n = build_city(alone, SEED).n_residents
    for name in ("reached", "engaged", "ladder"):
        np.testing.assert_array_equal(getattr(a, name)[:n], getattr(b, name)[:n], err_msg=name)
    np.testing.assert_array_equal(a.weekly_reached[:, :, :6], b.weekly_reached[:, :, :6])
    assert b.weekly[2, :, :, REACH].sum() > 0


def test_a_follower_of_both_is_offered_fewer_posts_while_the_page_publishes() -> None:
    busy = {
        **PAGE,
        "slots": [{"at": f"{h:02d}:00", "theme": "culture", "format": "photo"} for h in range(8, 20)],
    }
    scenario = _scenario(400, city={"accounts": {"zzz_page": busy}})
    city = build_city(scenario, SEED)
    laws = _laws(scenario, city)
    ((page, factor),) = rivals(laws, city)[0]
    assert laws.schedule.accounts[page].name == "zzz_page"
    share = laws.reach_anchor[0] * (90 / laws.at_followers[0]) ** laws.size_exponent[0] / laws.displayed[0]
    np.testing.assert_allclose(factor, 0.8 ** (12 * min(share, 1)), rtol=1e-6)
    assert 1 not in rivals(laws, city)  # Twitter has no such page
    free = _scenario(400, city={"accounts": {"zzz_page": busy}}, behaviour={"elsewhere": {"rival_post": 1.0}})
    taken, left = (_run(s, city).weekly[0, :, :, OFFERED].sum() for s in (scenario, free))
    assert taken < left
    silent = _scenario(400, city={"accounts": {"zzz_page": {**busy, "slots": []}}})
    assert (rivals(_laws(silent, city), city)[0][0][1] == 1.0).all()  # negative control: nothing published


# --- partner and boost --------------------------------------------------------------------------------


def test_a_partner_shows_the_posts_to_its_own_followers() -> None:
    def offered(share: float) -> tuple[int, int]:
        partner = {"kind": "partner_with", "account": "i_love_smallville", "share_of_posts": share}
        scenario = _with_page(change={"p": partner})
        tally, laws = _run(scenario), _laws(scenario, build_city(scenario, SEED))
        return int(tally.weekly[0, :, :, OFFERED].sum()), int((laws.schedule.partner >= 0).sum())

    none, some, every = offered(0.0), offered(0.5), offered(1.0)
    assert none[1] == 0 < some[1] < every[1]
    assert none[0] < some[0] < every[0]


def test_relayed_posts_are_chosen_by_slot() -> None:
    partner = {"p": {"kind": "partner_with", "account": "i_love_smallville", "share_of_posts": 0.5}}
    moved = {**partner, "later": {"kind": "shift_hours", "by_hours": 2}}

    def relayed(change: dict[str, Any]) -> set[str]:
        s = build_schedule(_with_page(change=change))
        return {slot for slot, p in zip(s.slot, s.partner, strict=True) if p >= 0}

    assert relayed(partner) == relayed(moved)
    assert all(not slot.startswith(("town_twitter", "i_love")) for slot in relayed(partner))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"account": "museum"},
            "no independent page is called 'museum'; did you mean|allowed: i_love_smallville",
        ),
        ({"account": "i_love_smallville", "platforms": ["twitter"]}, "is on facebook; allowed: facebook"),
    ],
)
def test_a_partner_that_cannot_be_is_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        _with_page(change={"p": {"kind": "partner_with", "share_of_posts": 0.5, **change}})


def test_a_boost_spends_its_budget_and_reaches_those_it_pays_for() -> None:
    """At the reference's hours, where nobody shares or follows: reach among strangers is what is paid for,
    within 3 standard errors over replicates, of which the display chance itself is known to a few percent."""
    boost = {
        "kind": "boost_posts", "platforms": ["facebook"], "themes": ["services"], "budget_eur_per_week": 1.5,
    }  # fmt: skip
    still = {"follow_if_mentioned": 0.0, "discovery_per_month": 0.0}
    quiet = {"platform": {"facebook": {"reactions": {"share": 0.0}, "audience": still}}}
    plain, paid = _scenario(2000, **quiet), _scenario(2000, **quiet, change={"b": boost})
    city = build_city(plain, SEED)
    bought = _laws(paid, city).schedule.boosts
    assert sum(b.eur for b in bought) == pytest.approx(1.5 * 2)
    assert [b.people for b in bought] == pytest.approx([0.3 / 5 * 1000] * 10)
    rows = [b.post for b in bought]
    more = [
        (_run(paid, city, r).posts[rows, REACH] - _run(plain, city, r).posts[rows, REACH]).mean()
        for r in range(5)
    ]
    error = np.std(more, ddof=1) / np.sqrt(len(more))
    assert abs(np.mean(more) - 60) < 3 * error + 0.05 * 60, more


def test_a_larger_boost_reaches_the_same_people_and_more() -> None:
    scenario = _everything()
    city = build_city(scenario, SEED)
    laws = _laws(scenario, city)
    first, busy = laws.schedule.boosts[0], np.zeros(city.n_rows, dtype=bool)
    small = boosted(laws, city, SEED, 0, first, busy)
    large = boosted(laws, city, SEED, 0, replace(first, people=first.people * 2), busy)
    assert set(small.tolist()) < set(large.tolist())
    ages = {BANDS[b] for b in city.age_band[large]}
    assert ages == {"15-29", "30-44"}
    assert (city.circle[large] == 0).all()
    assert not set(boosted(laws, city, SEED, 0, first, city.age_band == 1).tolist()) & set(
        np.flatnonzero(city.age_band == 1).tolist()
    )


def test_a_boost_without_a_price_is_told() -> None:
    free = {"platform": {"twitter": {"audience": {"cost_per_1000_reached_eur": None}}}}
    boost = {"kind": "boost_posts", "platforms": ["twitter"], "budget_eur_per_week": 5}
    with pytest.raises(
        InputError, match="the card of twitter does not say what reaching a thousand people costs"
    ):
        _scenario(**free, change={"b": boost})
    _scenario(**free, change={"b": {**boost, "cost_per_1000_reached": 4}})


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (
            2019,
            r"Twitter sold no boosted posts until 2019 \(it came later\), and the city is in 2019; allowed",
        ),
        (
            2100,
            r"Twitter sold no boosted posts \(it came later\), and the city is in 2019; allowed: facebook$",
        ),
        (2018, ""),
    ],
)
def test_a_boost_where_none_is_sold_is_told_even_with_a_price(until: int, told: str) -> None:
    unsold = {"value": until, "note": "it came later"}
    card = {"platform": {"twitter": {"audience": {"no_boosts_until": unsold}}}}
    boost = {"kind": "boost_posts", "budget_eur_per_week": 5, "cost_per_1000_reached": 4}
    if not told:
        assert _scenario(**card, change={"b": boost}).change
        return
    for named in ({}, {"platforms": ["twitter"]}, {"accounts": ["town_twitter"]}):
        with pytest.raises(InputError, match=told):
            _scenario(**card, change={"b": {**boost, **named}})
    assert _scenario(**card, change={"b": {**boost, "accounts": ["town_facebook"]}}).change


@pytest.mark.parametrize(
    ("overlap", "told"),
    [
        ({"town_facebok": 0.1}, "no other account on facebook is called 'town_facebok'; did you mean"),
        ({"town_twitter": 0.1}, "no other account on facebook is called 'town_twitter'"),
    ],
)
def test_an_overlap_with_nobody_is_told(overlap: dict[str, float], told: str) -> None:
    page = {**PAGE, "overlap": overlap}
    with pytest.raises(InputError, match=told):
        _scenario(city={"accounts": {"page": page}})


# --- a target that nobody matches, words, share of voice -----------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "target_place", "platforms": ["facebook"], "circles": ["abroad"]}, "people abroad"),
        ({"kind": "target_age", "platforms": ["twitter"], "bands": ["0-14"]}, "0 to 14"),
    ],
)
def test_a_target_that_nobody_matches_is_told_with_the_number(change: dict[str, Any], told: str) -> None:
    scenario = _scenario(change={"it": {**change, "from_week": 2}})
    (name,) = {a for a, s in scenario.city.accounts.items() if s.platform in change["platforms"]}
    posts = sum(s.startswith(name) and s.endswith("w2") for s in build_schedule(scenario).slot)
    warnings = unmatched(scenario)
    assert sum(int(w["en"].split()[1]) for w in warnings) == posts
    assert all(told in w["en"] and "has 0 followers" in w["en"] for w in warnings), warnings
    assert all("a 0 abonné" in w["fr"] for w in warnings)
    assert warnings[0] in Bench((scenario,), SEED).warnings()
    assert unmatched(_scenario()) == []  # the video for two age bands has followers


def test_followers_expected_in_a_target_are_those_of_the_city() -> None:
    scenario = _scenario(2000, city={"accounts": {"town_facebook": {**CIRCLES_OF, "followers": 800}}})
    city = build_city(scenario, SEED)
    rows = city.followers["town_facebook"]
    for circles in ((True, False, False, False), (False, False, False, True), (True,) * 4):
        for ages in ((True,) * 6, (False, True, False, False, False, False)):
            n = int((np.array(ages)[city.age_band[rows]] & np.array(circles)[city.circle[rows]]).sum())
            guess = expected(scenario, "town_facebook", ages, circles)
            assert abs(n - guess) < 5 * np.sqrt(guess) + 0.1 * guess


@pytest.mark.parametrize(
    ("key", "fr", "en"),
    [
        ("place", "les publications (services) de tous les comptes proposées seulement aux habitants et",
         "posts about services of all accounts offered only to residents and people around the city"),
        ("words", "les publications sur Facebook écrites en anglais à partir de la semaine 2",
         "posts on Facebook written in English from week 2 on"),
        ("partner", "70 % des publications sur Facebook relayées par la page indépendante i love smallville",
         "70% of the posts on Facebook relayed by the independent page i love smallville"),
        ("boost", "1 € par semaine pour montrer les publications (culture) sur Facebook aux habitants de",
         "1 EUR a week to show posts about culture on Facebook to residents aged 15 to 29 and 30 to 44"),
        ("more", "pour montrer les publications de town twitter aux habitants",
         "0.2 EUR a week to show posts of town twitter to residents"),
    ],
)  # fmt: skip
def test_changes_of_outreach_in_words(key: str, fr: str, en: str) -> None:
    scenario = _everything()
    one = scenario.model_copy(update={"change": {key: scenario.change[key]}})
    plain = [sentence(one, lang).replace("\u00a0", " ").replace("\u202f", " ") for lang in ("fr", "en")]
    assert fr in plain[0]
    assert en in plain[1]


def test_share_of_voice_is_the_citys_part_of_displays_to_residents() -> None:
    scenario = _with_page()
    city = build_city(scenario, SEED)
    laws = _laws(scenario, city)
    tally = Kernel(laws, city, SEED, 0).run()
    shown = tally.weekly[:, :6, :, MEASURES.index("impressions")].sum(axis=(1, 2))
    names = [plan.name for plan in laws.schedule.accounts]
    table = kpi_table(tally, laws, city, "x", 0).set_index(["kpi", "platform", "age_band", "week"])["value"]
    page, facebook = shown[names.index("i_love_smallville")], shown[laws.account_platform == 0].sum()
    assert table["share_of_voice", "facebook", "all", "all"] == pytest.approx(1 - page / facebook)
    assert table["share_of_voice", "all", "all", "all"] == pytest.approx(1 - page / shown.sum())
    assert table["share_of_voice", "twitter", "all", "all"] == 1
    assert 0 < page < facebook
    own = [n for n in names if n != "i_love_smallville"]
    assert set(post_table(tally, laws, "x", 0)["post"].str.split("/").str[0]) == set(own)
    hours = hour_table(tally, laws, "x", 0)
    assert len(hours) == 2 * 24  # two platforms, whatever the number of accounts
    mine = [names.index(n) for n in ("town_facebook", "museum")]
    assert hours[hours["platform"] == "facebook"]["reach"].sum() == tally.hourly[mine, :, 1].sum()
    assert "share_of_voice" not in set(kpi_table(*_plain(), "x", 0)["kpi"])


def _plain() -> tuple[Tally, Laws, City]:
    scenario = _scenario()
    city = build_city(scenario, SEED)
    laws = _laws(scenario, city)
    return Kernel(laws, city, SEED, 0).run(), laws, city
