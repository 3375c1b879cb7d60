"""Independent implementations agree: other people's tools, closed forms, direct numerical integration.

The reduced model (test_cascade.py) against every tool of ``tools.py`` on the same graph, probability and
seeds; the session law against its closed form; offer and display against sums over
a grid, written here from the numbers of the cards with numpy alone.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from graphs import rows_of
from test_cascade import STANDARD_ERRORS, _sizes, _within
from test_sessions import HOURS, KEY, PROFILE, RHYTHM
from tools import TOOLS

from sim import draws, load
from sim.city import City, build_city
from sim.feed import Exposures, FeedTables, Tails, first_display
from sim.figures import BANDS, WEEKDAYS
from sim.kernel import Kernel
from sim.laws import Laws, build_laws
from sim.population import build_people
from sim.scenario import Scenario
from sim.sessions import WEEK_MIN, session_key, sessions_between
from sim.spread import Spread
from sim.tally import MEASURES
from sim.ties import Ties

OFFERED, REACH = MEASURES.index("offered"), MEASURES.index("reach")
DAY_MIN = 1440


# --- cascades: other tools ------------------------------------------------------------------------------


# How many cascades a tool is asked for, and with which seed of its own.
ASKED = {
    "networkx": (1500, 21), "igraph": (2500, 22), "cynetdiff": (5000, 23), "eon": (1200, 24),
    "scipy": (2500, 25), "ndlib": (1200, 26), "mesa": (1200, 27), "starsim": (120, 28),
}  # fmt: skip
ONE_CASE = ["starsim"]  # a fifth of a second for each cascade, however small
QUICK = [tool for tool in ASKED if tool not in ONE_CASE]
DIRECTED = [tool for tool in QUICK if TOOLS[tool].is_cascade]
CASES = [("dense", 0.12), ("dense", 0.2), ("small_world", 0.5), ("preferential", 0.25)]
PAIRS = [(tool, *case) for tool in QUICK for case in CASES]
PAIRS += [(tool, "directed", 0.75) for tool in DIRECTED]
PAIRS += [pytest.param(tool, "dense", 0.2, marks=pytest.mark.slow) for tool in ONE_CASE]


def _ask(tool: str, graph: Any, seeds: list[int], p: float) -> np.ndarray:
    why = TOOLS[tool].missing()
    if why:
        pytest.skip(f"peer {tool} cannot be used ({why}): pip install -e '.[bench]'")
    n, seed = ASKED[tool]
    return np.fromiter(TOOLS[tool].sizes(rows_of(graph), seeds, p, n, seed), dtype=float, count=n)


def _mean_error(sizes: np.ndarray) -> float:
    return float(sizes.std(ddof=1) / np.sqrt(len(sizes)))


@pytest.mark.parametrize(("tool", "name", "p"), PAIRS)
def test_sizes_agree_with_other_tools(tool: str, name: str, p: float) -> None:
    graph, seeds, sizes = _sizes(name, p)
    expected = _ask(tool, graph, seeds, p)
    assert _within(sizes, expected.mean(), _mean_error(expected))
    # Not only the mean: how many cascades die early, how many are large.
    for mark in np.quantile(expected, [0.2, 0.5, 0.9]):
        chance = (expected > mark).mean()
        error = np.sqrt(chance * (1 - chance) * (1 / len(sizes) + 1 / len(expected)))
        assert abs((sizes > mark).mean() - chance) < STANDARD_ERRORS * error


@pytest.mark.parametrize("tool", QUICK)
def test_a_rate_taken_for_a_probability_is_seen(tool: str) -> None:
    """Negative control, and a known trap of peers: 1 - exp(-p) instead of p."""
    graph, seeds, sizes = _sizes("dense", 0.2)
    expected = _ask(tool, graph, seeds, float(1 - np.exp(-0.2)))
    assert not _within(sizes, expected.mean(), _mean_error(expected))


@pytest.mark.parametrize("tool", DIRECTED)
def test_ties_turned_round_are_seen(tool: str) -> None:
    """Negative control: the tools follow the direction of a tie, and so does the model."""
    graph, seeds, sizes = _sizes("directed", 0.75)
    expected = _ask(tool, graph.reverse(), seeds, 0.75)
    assert not _within(sizes, expected.mean(), _mean_error(expected))


@pytest.mark.parametrize("tool", DIRECTED)
def test_shares_alone_agree_with_other_tools(tool: str) -> None:
    """``sim.spread`` where everybody passes it on; negative control: the ties turned round."""
    graph, seeds, _ = _sizes("directed", 0.75)
    expected = _ask(tool, graph, seeds, 0.75)
    for ties, agrees in ((graph, True), (graph.reverse(), False)):
        rows = rows_of(ties)
        mask = np.ones(len(rows.target), dtype=np.uint16)
        spread = Spread(Ties(rows.indptr, rows.target, mask), 0, 0.75)
        sizes = np.array([spread.run(seeds, 1.0, 1, r).seen for r in range(1500)], dtype=float)
        assert _within(sizes, expected.mean(), _mean_error(expected)) is agrees


# --- sessions: closed form --------------------------------------------------------------------------------

# Activity, start and end (minutes): parts of an evening, a night, a day, and across the end of the week.
WINDOWS = {
    "an hour of an evening": (9.0, 20 * 60 + 17, 21 * 60 + 22),
    "an evening": (3.0, DAY_MIN + 18 * 60 + 41, DAY_MIN + 23 * 60 + 13),
    "a night": (6.0, 3 * DAY_MIN + 23 * 60 + 35, 4 * DAY_MIN + 7 * 60 + 5),
    "a day of a rare visitor": (0.6, 2 * DAY_MIN + 90, 3 * DAY_MIN + 90),
    "across two weeks": (1.3, WEEK_MIN - 400, WEEK_MIN + 500),
}


def _profile_days(t: Any) -> Any:
    """Lambda(t): days of profile time since the first Monday, from the profile's numbers."""
    week = np.outer(PROFILE.weekdays.values, HOURS).ravel()
    passed = np.concatenate([[0.0], np.cumsum(week * 7 / week.sum())])
    return t // WEEK_MIN * 7 + np.interp(t % WEEK_MIN / 60, np.arange(169), passed)


def _inside(activity: float, start: float, end: float) -> np.ndarray:
    """Part of each unit cell that the window covers: the chance that the cell's session falls in it."""
    low, high = (activity * float(_profile_days(t)) for t in (start, end))
    edges = np.clip(np.arange(np.floor(low), np.ceil(high) + 1), low, high)
    return np.diff(edges)


def _counts(activity: float, start: float, end: float, who: range) -> np.ndarray:
    row = BANDS.index("30-44")  # every band has the same hours here
    return np.array(
        [len(sessions_between(RHYTHM, KEY, i, row, activity, start, end)[0]) for i in who], dtype=float
    )


@pytest.mark.parametrize("name", WINDOWS)
def test_number_of_sessions_in_a_window(name: str) -> None:
    """Mean, variance and chance of none: one session a cell, each falling in the window by itself."""
    activity, start, end = WINDOWS[name]
    inside, counts = _inside(activity, start, end), _counts(activity, start, end, range(3000))
    passed = activity * (_profile_days(end) - _profile_days(start))
    assert inside.sum() == pytest.approx(passed)
    assert _within(counts, passed)
    assert _within((counts - passed) ** 2, (inside * (1 - inside)).sum())
    assert counts.var() < 0.75 * passed  # less than a Poisson process, whose variance is its mean
    none = np.prod(1 - inside)
    if none > 0:
        assert _within((counts == 0).astype(float), none)
    else:
        assert counts.min() >= 1
    assert not _within((counts == 0).astype(float), np.exp(-passed))  # negative control: Poisson
    if end - start != DAY_MIN:  # negative control: no hours
        assert not _within(counts, activity * (end - start) / DAY_MIN)


def test_sessions_of_any_window_and_activity() -> None:
    """Windows and activities at random: the sum over residents against its own mean and variance."""
    rng = np.random.Generator(np.random.PCG64(5))
    scores = []
    for n in range(40):
        start = rng.uniform(0, 2 * WEEK_MIN)
        end = start + rng.uniform(30, 2 * DAY_MIN)
        mean = variance = found = 0.0
        for i in range(100 * n, 100 * n + 100):
            activity = float(rng.gamma(1.0, 6.0) + 0.01)
            inside = _inside(activity, start, end)
            mean, variance = mean + inside.sum(), variance + (inside * (1 - inside)).sum()
            found += len(sessions_between(RHYTHM, KEY, i, 2, activity, start, end)[0])
        scores.append((found - mean) / np.sqrt(variance))
    assert np.abs(scores).max() < STANDARD_ERRORS
    assert abs(np.mean(scores)) < STANDARD_ERRORS / np.sqrt(len(scores))
    assert abs(np.var(scores) - 1) < STANDARD_ERRORS * np.sqrt(2 / len(scores))


# --- offer and display: direct integration ----------------------------------------------------------------


def _freshness(card: Any, age_min: np.ndarray) -> np.ndarray:
    d = card.display
    fast = (1 + age_min / d.fast_min.value) ** -d.fast_exponent.value
    slow = 0.5 ** (age_min / d.slow_halflife_min.value)
    return (1 - d.slow_share.value) * fast + d.slow_share.value * slow


def _rivals(card: Any, supply: Any) -> np.ndarray:
    """Competition by hour of the week: what others published before, weighted by how fresh it still is."""
    d = card.display
    week = np.outer(supply.weekdays.values, supply.hours.row("all")).ravel()
    hours = int(d.life_h.value)
    weight = _freshness(card, np.arange(60.0 * hours)).reshape(hours, 60).mean(axis=1)
    wall = week[(np.arange(168)[:, None] - np.arange(hours)) % 168] @ weight
    floor = d.competition_floor.value
    return (floor + (1 - floor) * wall / wall.mean()) ** d.competition_exponent.value


def _accumulated(
    scenario: Scenario, since: int, band: int, visibility: float
) -> tuple[np.ndarray, np.ndarray]:
    """Profile time Lambda by minute of age, and the integral of the chance of display over it."""
    card, behaviour = scenario.platform["facebook"], scenario.behaviour
    profile = behaviour.hour_profiles[card.hour_profile]
    week = np.outer(profile.weekdays.values, profile.hours.row(BANDS[band])).ravel()
    per_minute = np.repeat(week * 7 / week.sum() / 60, 60)
    minute = since + np.arange(int(card.display.life_h.value * 60))
    passing = per_minute[minute % WEEK_MIN]
    rivals = _rivals(card, behaviour.supply)[minute // 60 % 168]
    chance = visibility * card.display.visibility.value * _freshness(card, minute - since) / rivals
    lam = 7.0 * (since // WEEK_MIN) + per_minute[: since % WEEK_MIN].sum()
    lam = lam + np.concatenate([[0.0], np.cumsum(passing)])
    return lam, np.concatenate([[0.0], np.cumsum(np.minimum(chance, 1) * passing)])


def _displayed(
    scenario: Scenario,
    since: int,
    band: int,
    activity: np.ndarray,
    within_min: int | None = None,
    visibility: float = 1.0,
    poisson: bool = False,
) -> np.ndarray:
    """Chance that an offered post is displayed within a delay, for each activity.

    A cell's session is uniform in it and cells are independent, so the chance of missing the post is a
    product over cells of 1 - the mean chance of display in the cell.
    """
    lam, integral = (a[: None if within_min is None else within_min + 1] for a in
                     _accumulated(scenario, since, band, visibility))  # fmt: skip
    if poisson:
        return 1 - np.exp(-activity * integral[-1])
    low, high = np.floor(activity * lam[0]), np.ceil(activity * lam[-1])
    edges = low[:, None] + np.arange(int((high - low).max()) + 1)
    mean_chance = activity[:, None] * np.diff(np.interp(edges / activity[:, None], lam, integral), axis=1)
    return 1 - np.prod(1 - mean_chance, axis=1)


def _gamma_classes(shape: float, n: int = 2000) -> np.ndarray:
    """Middles of ``n`` equal-chance classes of a Gamma law of mean 1: sums of its density, v = x^shape."""
    edges = np.linspace(0, (shape * 60) ** shape, 200_001)
    middles = (edges[1:] + edges[:-1]) / 2
    passed = np.concatenate([[0.0], np.cumsum(np.exp(-(middles ** (1 / shape))))])
    return np.interp((np.arange(n) + 0.5) / n, passed / passed[-1], edges) ** (1 / shape) / shape


POST_HOURS = {"monday 9:30": 570, "thursday 14:00": 3 * DAY_MIN + 840, "saturday 21:05": 5 * DAY_MIN + 1265,
              "sunday 23:59": 7 * DAY_MIN - 1}  # fmt: skip
DELAYS = (20, 180, None)


@cache
def _readers() -> tuple[Scenario, FeedTables, np.ndarray, np.ndarray, np.ndarray]:
    """The shipped city and card: tables, and rows, bands and activity of its 70,000 Facebook users."""
    scenario = load(city="grenoble_2013", overrides=["horizon_weeks=2"])
    people = build_people(scenario, 1)
    k = people.platforms.index("facebook")
    rows = np.flatnonzero((people.platform_mask[: people.n_residents] >> k) & 1)
    tables = FeedTables.of(scenario.platform, scenario.behaviour, scenario.horizon_weeks)
    return (
        scenario, tables, rows, people.age_band[rows].astype(np.int64),
        people.activity[k, rows].astype(float),
    )  # fmt: skip


@cache
def _delays(name: str) -> np.ndarray:
    """Minutes until each reader is shown a post of that hour (inf: never), by ``first_display``."""
    _, tables, rows, band, activity = _readers()
    k, since, n = tables.platforms.index("facebook"), float(POST_HOURS[name]), len(rows)
    tails = Tails(tables)
    e = Exposures(
        row=k * len(BANDS) + band,
        activity=activity,
        session=draws.bits(session_key(1, 0, "facebook"), rows),
        since=np.full(n, since),
        expiry=np.full(n, since + tables.life_min[k]),
        luck=draws.uniform(draws.key(1, 0, "luck", name), rows),
        fresh_at=np.full(n, tables.fresh_at[k]),
        open_at=np.zeros(n, dtype=np.int64),
        tail_at=tails.at(k, since) + band * tails.length(np.array([k]))[0],
    )
    index, t, *_ = first_display(tables, tails, tables.open[k], e)
    out = np.full(n, np.inf)
    out[index] = t - since
    return out


def _score(name: str, delay: int | None, band: int | None = None, **how: Any) -> tuple[float, float, float]:
    """(share displayed, integral, standard error) within a delay; all bands in their mix, or one."""
    scenario, _, _, bands, _ = _readers()
    card = scenario.platform["facebook"]
    classes = _gamma_classes(card.session_gamma_shape.value)
    shown, integral, variance = 0.0, 0.0, 0.0
    for b in range(1, len(BANDS)) if band is None else [band]:
        mine = bands == b
        share = mine.mean() if band is None else 1.0
        activity = card.sessions_per_day.row()[b] * classes
        chance = _displayed(scenario, POST_HOURS[name], b, activity, delay, **how).mean()
        after = _delays(name)[mine]
        shown += share * (np.isfinite(after) & (after <= (delay or np.inf))).mean()
        integral += share * chance
        variance += share**2 * chance * (1 - chance) / mine.sum()
    return float(shown), float(integral), float(np.sqrt(variance))


@pytest.mark.parametrize("name", POST_HOURS)
def test_display_agrees_with_direct_integration(name: str) -> None:
    for delay in DELAYS:
        for band in (None, *range(1, len(BANDS))):
            shown, integral, error = _score(name, delay, band)
            assert abs(shown - integral) < STANDARD_ERRORS * error, (delay, band)


@pytest.mark.parametrize("name", POST_HOURS)
def test_a_slightly_lower_visibility_is_seen(name: str) -> None:
    """Negative control: a tenth less visible."""
    shown, integral, error = _score(name, None, visibility=0.9)
    assert abs(shown - integral) > STANDARD_ERRORS * error


@pytest.mark.parametrize("name", ["saturday 21:05", "sunday 23:59"])
def test_poisson_sessions_would_be_seen(name: str) -> None:
    """Negative control: no cells, where display is likely enough for them to matter."""
    shown, integral, error = _score(name, None, poisson=True)
    assert abs(shown - integral) > STANDARD_ERRORS * error


# --- reach of a page ----------------------------------------------------------------------------------------

REPLICATES = 24
NO_SHARING_NO_MEMORY = [
    "platform.facebook.reactions.share=0",
    "platform.facebook.display.crowding=1",
    *(f"behaviour.memory.{name}=0" for name in
      ("fatigue_elasticity", "affinity_gain", "affinity_loss_if_hidden", "novelty_depth")),
    *(f"platform.facebook.audience.{name}=0" for name in
      ("discovery_per_month", "follow_if_shared", "follow_if_mentioned", "unfollow_per_month",
       "unfollow_if_overposted")),
]  # fmt: skip


@cache
def _page() -> tuple[Scenario, City, Laws, np.ndarray]:
    """A thinned Grenoble whose page posts every hour of one week; counts by replicate, post and measure."""
    slots = ",".join(f"{{at:'{h:02d}:30',theme:heritage,format:status,every_weeks:52}}" for h in range(24))
    scenario = load(
        city="grenoble_2013",
        overrides=["horizon_weeks=2", "sampling=0.01", f"city.accounts.facebook.slots=[{slots}]",
                   "city.accounts.twitter.slots=[]", *NO_SHARING_NO_MEMORY],
    )  # fmt: skip
    city = build_city(scenario, 1, cache_dir=None)
    laws = build_laws(scenario, city, 1)
    posts = np.stack([Kernel(laws, city, 1, r).run().posts for r in range(REPLICATES)])
    return scenario, city, laws, posts.astype(float)


def _offered(mean_chance: float, sd: float, multiplier: np.ndarray, censored: bool = True) -> np.ndarray:
    """Mean over appeal of min(1, c e^(sd Z) x multiplier), c such that it is ``mean_chance`` for 1."""
    z = (np.arange(8000) + 0.5) / 500 - 8
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        too_low = (np.minimum(1, np.exp(middle + sd * z)) * weight).sum() < mean_chance
        low, high = (middle, high) if too_low else (low, middle)
    chance = multiplier[:, None] * np.exp(low + sd * z)
    return (np.minimum(chance, 1) if censored else chance) @ weight


def _page_by_integration(**how: Any) -> tuple[np.ndarray, np.ndarray]:
    """Expected number of followers who are offered, and reached by, each post of the page; float64[P]."""
    scenario, city, laws, _ = _page()
    card, k = scenario.platform["facebook"], city.platforms.index("facebook")
    rows = city.followers["facebook"]
    size = len(rows) / scenario.sampling
    share = card.reach.share.at(scenario.city.year) * card.reach.fan_share.value
    share *= (size / card.reach.at_followers.value) ** card.reach.size_exponent.value
    multiplier = city.attachment[rows].astype(float) * card.formats["status"].offer.value
    sd = scenario.behaviour.appeal.reach_sd.value
    offered = _offered(share / laws.displayed[k], sd, multiplier, how.pop("censored", True))
    band, activity = city.age_band[rows], city.activity[k, rows].astype(float)
    reach = np.zeros(len(laws.schedule))
    for post, since in enumerate(laws.schedule.t_min.astype(int).tolist()):
        for b in np.unique(band):
            mine = band == b
            reach[post] += offered[mine] @ _displayed(scenario, since, int(b), activity[mine], **how)
    return np.full(len(reach), offered.sum()), reach


@pytest.mark.slow
def test_chance_of_display_at_the_reference_hours() -> None:
    """The Monte-Carlo mean that anchors the reach of pages, against integration over the city's users."""
    scenario, city, laws, _ = _page()
    k, behaviour = city.platforms.index("facebook"), scenario.behaviour
    users = city.users("facebook")
    band, activity = city.age_band[users], city.activity[k, users].astype(float)
    chances = []
    for day in behaviour.reference_days:
        for at in behaviour.reference_hours:
            since = int(DAY_MIN * WEEKDAYS.index(day) + at)
            for b in np.unique(band):
                chances.append(_displayed(scenario, since, int(b), activity[band == b]))
    expected = float(np.concatenate(chances).mean())
    error = np.sqrt(expected * (1 - expected) / 3000)
    assert abs(laws.displayed[k] - expected) < STANDARD_ERRORS * error
    assert abs(laws.displayed[k] - 0.85 * expected) > STANDARD_ERRORS * error  # negative control


@pytest.mark.slow
def test_reach_of_a_page_agrees_with_direct_integration() -> None:
    laws, posts = _page()[2:]
    assert posts.shape[:2] == (REPLICATES, 168)
    offered, reach = _page_by_integration()
    assert _within(posts[:, :, OFFERED].mean(axis=1), offered.mean())
    assert _within(posts[:, :, REACH].mean(axis=1), reach.mean())
    # Display given the offer, where the luck of appeal cancels: over the week, and by part of the day.
    left = posts[:, :, REACH] - posts[:, :, OFFERED] * (reach / offered)
    hour = laws.schedule.t_min // 60 % 24
    for first, last in pairwise([0, 6, 12, 18, 24]):
        assert _within(left[:, (hour >= first) & (hour < last)].mean(axis=1), 0)
    assert _within(left.mean(axis=1), 0)


@pytest.mark.slow
def test_a_wrong_reach_of_a_page_is_seen() -> None:
    """Negative controls: offers above certainty, sessions that come as a Poisson process."""
    posts = _page()[3]
    uncensored, _ = _page_by_integration(censored=False)
    assert not _within(posts[:, :, OFFERED].mean(axis=1), uncensored.mean())
    offered, reach = _page_by_integration(poisson=True)
    left = posts[:, :, REACH] - posts[:, :, OFFERED] * (reach / offered)
    assert not _within(left.mean(axis=1), 0)
