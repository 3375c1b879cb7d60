"""Followers bought by advertising: how many, who, when, and what they are worth; agents and kernel agree."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from inputs import merged, open_snapchat, small_scenario

from sim import load_comparison
from sim.audience import Followers, bought, group_of, may_be_asked, shortfalls
from sim.city import City, build_city
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import Laws, build_laws
from sim.scenario import Scenario
from sim.schedule import build_schedule
from sim.sessions import WEEK_MIN
from sim.specification import AgentCity
from sim.tally import MEASURES, Tally

SEED = 5
STILL = {"discovery_per_month": 0.0, "follow_if_shared": 0.0, "follow_if_mentioned": 0.0,
         "unfollow_per_month": 0.0, "unfollow_if_overposted": 0.0}  # fmt: skip
RESTLESS = {"discovery_per_month": 0.3, "follow_if_shared": 0.3, "unfollow_per_month": 0.2,
            "unfollow_if_overposted": 0.2, "overpost_threshold_per_day": 1}  # fmt: skip
LOUD: dict[str, Any] = {"reactions": {"click": 0.3, "like": 0.3, "comment": 0.2, "share": 0.4, "hide": 0.05},
        "display": {"visibility": 0.7}, "reach": {"share": {"values": {2019: 0.3}}}}  # fmt: skip

AWAY = {"kind": "leave_platform", "platform": "facebook", "from_week": 2}
BACK = {"kind": "reopen_account", "platform": "facebook", "from_week": 3}


def ads(euros: float, **other: Any) -> dict[str, Any]:
    """A campaign on Facebook at 0.50 EUR a follower, over the first week."""
    return {"kind": "buy_followers", "platform": "facebook", "weeks": 1, "budget_eur": euros, **other}


def town(audience: dict[str, Any], residents: int = 300, change: Any = None, **other: Any) -> Scenario:
    card = merged(LOUD, {"audience": audience})
    return small_scenario(residents, platform={"facebook": card}, change=change or {}, **other)


@cache
def the_city(residents: int = 300) -> City:
    return build_city(town(STILL, residents), SEED, cache_dir=None)


def ready(change: Any, residents: int = 300, audience: Any = None, **other: Any) -> tuple[Laws, City]:
    city = the_city(residents)
    return build_laws(town(audience or STILL, residents, change, **other), city, SEED), city


def fans(change: Any, residents: int = 300, **other: Any) -> list[int]:
    """Facebook followers at the start and at the end of each week."""
    tally = Kernel(*ready(change, residents, **other), SEED, 0).run()
    return [int(n) for n in tally.followers[0].sum(axis=0)]


def pool(residents: int = 300, bands: tuple[int, ...] = (1, 2, 3, 4, 5)) -> int:
    """Residents who use Facebook and do not follow."""
    city = the_city(residents)
    uses = city.activity[city.platforms.index("facebook"), : city.n_residents] > 0
    uses[city.followers["town_facebook"][city.followers["town_facebook"] < city.n_residents]] = False
    return int(uses[np.isin(city.age_band[: city.n_residents], bands)].sum())


# --- how many ---------------------------------------------------------------------------------------


def test_budget_over_price_is_the_number_won() -> None:
    start, first, second = fans({"ads": ads(20.0)})
    assert first - start == 40
    assert second == first
    assert fans({"ads": ads(20.0, cost_per_fan=0.25)})[-1] - start == 80
    assert fans({"ads": ads(20.0)}, audience={**STILL, "cost_per_fan_eur": 2.0})[-1] - start == 10
    assert fans({})[-1] == start


def test_twice_the_budget_wins_twice_as_many_until_nobody_is_left() -> None:
    start = fans({})[0]
    won = [fans({"ads": ads(euros)})[-1] - start for euros in (5, 10, 20, 40, 80, 160, 1e6)]
    assert won == [min(n, pool()) for n in (10, 20, 40, 80, 160, 320, 2_000_000)]
    assert won[-1] == pool() < 320


def test_two_campaigns_never_win_the_same_person() -> None:
    """Two halves at the same time, or one after the other, win what the whole wins."""
    start, *_, end = fans({"ads": ads(40.0)})
    assert end - start == 80
    assert fans({"a": ads(20.0), "b": ads(20.0)})[-1] == end
    assert fans({"a": ads(20.0), "b": ads(20.0, from_week=2)})[-1] == end
    assert fans({"a": ads(1e6), "b": ads(1e6)})[-1] - start == pool()


def test_only_the_ages_aimed_at() -> None:
    laws, city = ready({"ads": ads(1e6, target_ages=["15-29", "60-74"])})
    tally = Kernel(laws, city, SEED, 0).run()
    gained = tally.followers[0, :, -1] - tally.followers[0, :, 0]
    assert np.flatnonzero(gained).tolist() == [1, 4]
    assert gained.sum() == pool(bands=(1, 4))


def test_a_thinned_city_buys_its_share() -> None:
    """The budget is the whole city's: with a tenth of the residents, a tenth of the followers."""
    scenario = town(STILL, 6000, {"ads": ads(600.0)}, sampling=0.1)
    assert build_schedule(scenario).campaigns[0].wanted == 120


def test_the_largest_account_of_the_platform_gets_the_money() -> None:
    second = {"platform": "facebook", "followers": 10, "nonresident_share": 0.0, "slots": []}
    scenario = town(STILL, 300, {"ads": ads(10.0)}, city={"accounts": {"a_small_one": second}})
    schedule = build_schedule(scenario)
    assert schedule.accounts[schedule.campaigns[0].account].name == "town_facebook"


# --- nothing bought, nothing changed ----------------------------------------------------------------


@pytest.mark.parametrize("euros", [0.0, 0.24])
def test_no_budget_is_no_change(euros: float) -> None:
    plain = Kernel(*ready({}, audience=RESTLESS), SEED, 0).run()
    with_it = Kernel(*ready({"ads": ads(euros)}, audience=RESTLESS), SEED, 0).run()
    assert with_it.same_as(plain) == []
    for name in vars(plain):
        ours, theirs = getattr(with_it, name), getattr(plain, name)
        assert ours.tobytes() == theirs.tobytes(), name
    assert Kernel(*ready({"ads": ads(10.0)}, audience=RESTLESS), SEED, 0).run().same_as(plain) != []


def test_worlds_are_the_same_until_the_campaign_starts() -> None:
    runs = []
    for change in ({}, {"ads": ads(40.0, from_week=2)}):
        kernel = Kernel(*ready(change, audience=RESTLESS), SEED, 0)
        while kernel.hour < 168:
            kernel.step()
        runs.append((kernel, kernel.tally.weekly[:, :, 0].copy()))
    (plain, before), (paid, same) = runs
    assert np.array_equal(before, same)
    assert np.array_equal(plain.state.followers.is_following, paid.state.followers.is_following)
    assert paid.run().same_as(plain.run()) != []


# --- who and when -------------------------------------------------------------------------------------


def _won(euros: float, replicate: int = 0) -> dict[int, float]:
    laws, city = ready({"ads": ads(euros)}, 3000)
    plan = laws.schedule.campaigns[0]
    followers = Followers(laws, city, group_of(city))
    free = may_be_asked(city, plan, int(laws.account_platform[0]), followers.is_following[0])
    t, who = bought(laws, city, SEED, replicate, plan, free)
    return dict(zip(who.tolist(), t.tolist(), strict=True))


def test_a_larger_budget_wins_the_same_people_at_the_same_instants_and_more() -> None:
    small, large = _won(50.0), _won(200.0)
    assert len(small) == 100
    assert len(large) == 400
    assert small.items() <= large.items()
    assert not small.items() <= _won(200.0, replicate=1).items()


def test_instants_are_uniform_over_the_campaign() -> None:
    t = np.array(list(_won(300.0).values()))
    assert t.min() >= 0
    assert t.max() < WEEK_MIN
    se = WEEK_MIN / np.sqrt(12 * len(t))
    assert abs(t.mean() - WEEK_MIN / 2) < 4 * se
    assert abs(np.mean(t < WEEK_MIN / 4) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(t))


def test_every_user_is_as_likely_to_be_won() -> None:
    """Share of each age band among those won = its share among users who do not follow (four s.e.)."""
    city, n = the_city(3000), pool(3000)
    won = np.array(list(_won(300.0)))
    for band in (1, 2, 3, 4):
        share = pool(3000, (band,)) / n
        se = np.sqrt(share * (1 - share) / len(won))
        assert abs(np.mean(city.age_band[won] == band) - share) < 4 * se


def test_a_campaign_cut_short_by_the_horizon_wins_its_part() -> None:
    """Two of eight weeks are simulated: a quarter of the instants fall in them."""
    start, *_, end = fans({"ads": ads(400.0, weeks=8)}, 3000)
    assert abs((end - start) - 200) < 4 * np.sqrt(800 * 0.25 * 0.75)


def test_nobody_is_won_while_the_city_is_away() -> None:
    """Six weeks of advertising, of which the second is a pause: five sixths of the instants remain."""
    change = {"ads": ads(400.0, weeks=6), "l": AWAY, "back": BACK}
    won = np.diff(fans(change, 3000, horizon_weeks=6))
    assert won[1] == 0
    assert abs(won.sum() - 800 * 5 / 6) < 4 * np.sqrt(800 * 5 / 36)
    assert (won[[0, 2, 3, 4, 5]] > 80).all()


# --- what a bought follower is worth ----------------------------------------------------------------


def _likes_per_offer(activity: float) -> tuple[float, float]:
    """Offers and reactions after the campaign's week, with this activity of bought followers."""
    change, audience = {"ads": ads(1e6)}, {**STILL, "paid_fan_activity": activity}
    laws, city = ready(change, 3000, audience)
    tally = Kernel(laws, city, SEED, 0).run()
    week = tally.weekly[0, :, 1].sum(axis=0)
    done = week[[MEASURES.index(m) for m in ("click", "like", "comment", "share")]].sum()
    return float(week[MEASURES.index("offered")]), float(done)


def test_bought_followers_are_less_active() -> None:
    """None of it: only organic followers count; all of it: like organic ones; half lies between."""
    none, half, full = (_likes_per_offer(a) for a in (0.0, 0.5, 1.0))
    organic = Kernel(*ready({}, 3000), SEED, 0).run().weekly[0, :, 1].sum(axis=0)[MEASURES.index("offered")]
    assert none[0] < half[0] < full[0]
    assert none[1] < half[1] < full[1]
    # a page with more followers offers each post to a smaller share of them (reach share by size)
    assert none[0] <= organic < half[0]


def test_only_the_advertised_account_knows_them_as_bought() -> None:
    """Without shares the other platforms' counts are those of no campaign; likes still move affinity."""
    quiet = {"platform": {"facebook": {"reactions": dict.fromkeys(LOUD["reactions"], 0.0)}}}
    tallies = []
    for change in ({}, {"ads": ads(40.0)}):
        scenario = Scenario.from_dict(merged(town(STILL, 300, change).model_dump(mode="json"), quiet))
        tallies.append(Kernel(build_laws(scenario, the_city(), SEED), the_city(), SEED, 0).run())
    assert np.array_equal(tallies[0].weekly[1:], tallies[1].weekly[1:])
    assert not np.array_equal(tallies[0].weekly[0], tallies[1].weekly[0])


# --- kernel and specification -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "replicate"), [(1, 0), (7, 2)])
def test_kernel_equals_agents_with_campaigns_on(seed: int, replicate: int) -> None:
    """Two overlapping campaigns, one on an account that opens meanwhile, among people who come and go."""
    change = {
        "snap": open_snapchat(cross_promotion=0.5),
        "first": ads(30.0),
        "second": ads(25.0, from_week=2, target_ages=["15-29", "30-44"]),
        "other": {**ads(15.0), "platform": "snapchat"},
    }
    scenario = town(RESTLESS, 300, change)
    city = build_city(scenario, seed, cache_dir=None)
    laws = build_laws(scenario, city, seed)
    fast = Kernel(laws, city, seed, replicate).run()
    agents = AgentCity(scenario, city, seed, replicate)
    assert fast.same_as(agents.run()) == []
    joined = [a for p in agents.people for a in p.bought]
    assert len(set(joined)) == 2
    assert 60 < len(joined) <= 140
    left = sum(bool(set(p.bought) & p.left) for p in agents.people)
    assert left > 0
    assert _without_activity(scenario, city, seed, replicate).same_as(fast) != []


def _without_activity(scenario: Scenario, city: City, seed: int, replicate: int) -> Tally:
    """Negative control: were bought followers like the others, the counts would differ."""
    card = {"facebook": {"audience": {"paid_fan_activity": 1.0}}}
    other = Scenario.from_dict(merged(scenario.model_dump(mode="json"), {"platform": card}))
    return Kernel(build_laws(other, city, seed), city, seed, replicate).run()


# --- what is said ------------------------------------------------------------------------------------


def test_a_budget_for_more_people_than_there_are_is_told() -> None:
    laws, city = ready({"ads": ads(1e4)})
    (told,) = shortfalls(laws, city)
    assert f"{20_000:,}" in told["en"]
    assert f"{pool():,}" in told["en"]
    assert "town_facebook" in told["fr"]
    assert shortfalls(*ready({"ads": ads(10.0)})) == []
    assert len(shortfalls(*ready({"a": ads(0.4 * pool()), "b": ads(0.4 * pool())}))) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ads": {**ads(5), "platform": "snapchat"}}, "no account on snapchat"),
        ({"ads": {**ads(5), "platform": "facbook"}}, "facebook"),
        ({"ads": ads(-1)}, "budget_eur"),
        ({"ads": ads(5, cost_per_fan=0)}, "cost_per_fan"),
        ({"ads": ads(5, weeks=0)}, "weeks"),
        ({"ads": ads(5, target_ages=["15-30"])}, "15-29"),
        ({"ads": ads(5, from_week=4)}, "from_week"),
        (
            {"s": open_snapchat(2), "ads": {**ads(5), "platform": "snapchat"}},
            "before the account on snapchat",
        ),
        (
            {"l": AWAY, "back": BACK, "ads": ads(5, from_week=2)},
            "the city leaves facebook in week 2; begin before, or from week 3 on",
        ),
        (
            {"l": {"kind": "leave_platform", "platform": "facebook"}, "ads": ads(5)},
            "the city leaves facebook",
        ),
    ],
)
def test_mistakes_are_refused_in_one_sentence(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        town(STILL, 300, change, horizon_weeks=3)
    assert "\n" not in str(error.value)


# --- Grenoble, autumn 2012 -----------------------------------------------------------------------------


@cache
def grenoble() -> dict[str, float]:
    """Facebook fans after eight weeks, by scenario, on a city thinned to a twentieth."""
    comparison = load_comparison("grenoble_2012_ads", overrides=["sampling=0.05"])
    city = build_city(comparison.scenarios[0], SEED, cache_dir=None)
    out = {}
    for scenario in comparison.scenarios:
        laws = build_laws(scenario, city, SEED)
        account = [plan.name for plan in laws.schedule.accounts].index("facebook")
        tally = Kernel(laws, city, SEED, 0).run()
        out[scenario.name] = float(tally.followers[account, :, -1].sum() / scenario.sampling)
        out.setdefault("start", float(tally.followers[account, :, 0].sum() / scenario.sampling))
    return out


@pytest.mark.slow
def test_what_grenoble_paid_gives_what_grenoble_got() -> None:
    """5,609 fans in September 2012, 43,000 in November; 5,000 EUR (town hall) or 20,000 (an observer).

    The price is theirs; the check is that residents enough are left to buy, and that organic growth and
    people who leave add up to little beside it.
    """
    count = grenoble()
    assert count["start"] == pytest.approx(5609, rel=0.01)
    for told in ("town_hall", "observer"):
        assert count[told] == pytest.approx(43_000, rel=0.05), count
    assert count["ordinary_price"] == pytest.approx(5609 + 5000 / 0.3, rel=0.1)


def test_both_tellings_lie_in_the_range_of_the_card() -> None:
    """5,000 or 20,000 EUR for 37,391 fans: both prices are between low and high of Facebook's card."""
    card = load_comparison("grenoble_2012_ads").baseline.platform["facebook"].audience.cost_per_fan_eur
    assert card.low is not None
    assert card.high is not None
    for euros in (5_000, 20_000):
        assert card.low <= euros / (43_000 - 5_609) <= card.high
    assert 5_609 + 5_000 / card.value < 43_000 < 5_609 + 20_000 / card.value


def test_without_advertising_grenoble_stays_far_below() -> None:
    """Negative control: organic growth alone, at a rate set elsewhere, is some per cent a month."""
    count = grenoble()
    assert count["start"] <= count["baseline"] < 2 * count["start"]
