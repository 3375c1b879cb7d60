"""The laws of one scenario on one city, as arrays ready for the kernel and for the agents.

``Laws`` is what does not depend on chance; ``Posts`` is what one replicate's luck makes of the schedule
(the appeal of each post). Both are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import behaviour, draws
from sim.cards import ACTIONS
from sim.city import City
from sim.conversation import Talk, build_talk
from sim.feed import FeedTables, reference_display
from sim.figures import BANDS
from sim.occasions import moods
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule
from sim.sessions import HOUR_MIN, WEEK_MIN, rounded

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

MONTH_MIN = 365.25 / 12 * 1440
CLICK = ACTIONS.index("click")
COMMENT = ACTIONS.index("comment")
HIDE = ACTIONS.index("hide")
SHARE = ACTIONS.index("share")


@dataclass(frozen=True)
class Laws:
    """Everything that is decided before the first draw of a replicate.

    Per account (A): ``account_platform``, ``account_id`` (of its name) int64. Per platform (K), float64:
    ``endorsement``, ``stranger``, ``friend_offer``, ``follow_if_shared``, ``follow_if_mentioned``,
    ``unfollow_if_overposted``, ``reach_anchor``, ``at_followers``, ``size_exponent``, ``displayed`` (mean
    chance of display of an offered post), ``discovery_per_min``, ``unfollow_per_min``; ``follow_weight``
    float64[K, 6]; ``attention`` float32[K, n_rows]. Per post (P): ``platform`` int64, ``expiry`` float64
    minutes, ``theme`` int64, ``offer_factor`` float64 (format and novelty), ``react_base`` float64[P, 6, 5]
    by age band and action, without appeal, ``is_overposting`` bool.
    """

    scenario: Scenario
    schedule: Schedule
    feed: FeedTables
    account_platform: I64
    account_id: I64
    platform: I64
    expiry: F64
    theme: I64
    offer_factor: F64
    react_base: F64
    is_overposting: NDArray[np.bool_]
    endorsement: F64
    stranger: F64
    friend_offer: F64
    attention: NDArray[np.float32]
    follow_if_shared: F64
    follow_if_mentioned: F64
    unfollow_if_overposted: F64
    discovery_per_min: F64
    unfollow_per_min: F64
    follow_weight: F64
    reach_anchor: F64
    at_followers: F64
    size_exponent: F64
    displayed: F64
    repeat: F64
    fatigue_slope: float
    fatigue_decay: F64
    affinity_decay: F64
    talk: Talk | None = None

    @property
    def n_hours(self) -> int:
        """Hours of the horizon."""
        return self.schedule.n_weeks * WEEK_MIN // HOUR_MIN

    def scale(self, platform: int, followers: float) -> float:
        """Factor from a post's appeal to its offer chance, for an account of this many followers."""
        share = behaviour.reach_share(
            self.reach_anchor[platform], followers, self.at_followers[platform], self.size_exponent[platform]
        )
        law = self.scenario.behaviour.appeal
        return behaviour.offer_scale(share / self.displayed[platform], law.reach_sd.value)


def build_laws(scenario: Scenario, city: City, seed: int) -> Laws:
    """Laws of ``scenario`` on ``city`` (whose platforms must be the scenario's cards)."""
    schedule = build_schedule(scenario)
    cards = scenario.platform
    names = tuple(sorted(cards))
    if names != city.platforms:
        raise ValueError(f"the city was built for {city.platforms}, the scenario has {names}")
    feed = FeedTables.of(cards, scenario.behaviour, schedule.n_weeks)
    account_platform = np.array([names.index(a.platform) for a in schedule.accounts], dtype=np.int64)
    platform = account_platform[schedule.account] if len(schedule) else np.empty(0, np.int64)
    memory = scenario.behaviour.memory
    hours = schedule.n_weeks * WEEK_MIN // HOUR_MIN

    def per(get) -> F64:  # type: ignore[no-untyped-def]
        return np.array([float(get(cards[name])) for name in names])

    def hazard(share: F64) -> F64:
        return rounded(-np.log1p(-np.minimum(share, 0.999)) / MONTH_MIN)

    return Laws(
        scenario=scenario,
        schedule=schedule,
        feed=feed,
        account_platform=account_platform,
        account_id=np.array([draws.name_id(a.name) for a in schedule.accounts], dtype=np.int64),
        platform=platform,
        expiry=schedule.t_min + feed.life_min[platform],
        theme=np.array([city.themes.index(t) for t in schedule.theme], dtype=np.int64),
        offer_factor=_offer_factor(scenario, schedule),
        react_base=_react_base(scenario, schedule),
        is_overposting=_overposting(scenario, schedule),
        endorsement=per(lambda c: c.passing_on.endorsement.value),
        stranger=per(lambda c: c.passing_on.stranger.value),
        friend_offer=per(lambda c: c.passing_on.friend_offer.value),
        attention=_attention(city, per(lambda c: c.passing_on.divided_attention.value)),
        follow_if_shared=per(lambda c: c.audience.follow_if_shared.value),
        follow_if_mentioned=per(lambda c: c.audience.follow_if_mentioned.value),
        unfollow_if_overposted=per(lambda c: c.audience.unfollow_if_overposted.value),
        discovery_per_min=hazard(per(lambda c: c.audience.discovery_per_month.value)),
        unfollow_per_min=hazard(per(lambda c: c.audience.unfollow_per_month.value)),
        follow_weight=_follow_weight(scenario, city),
        reach_anchor=per(lambda c: c.reach.share.at(scenario.city.year) * c.reach.fan_share.value),
        at_followers=per(lambda c: c.reach.at_followers.value),
        size_exponent=per(lambda c: c.reach.size_exponent.value),
        displayed=reference_display(feed, scenario.behaviour, seed, lambda k: _users(city, k)),
        repeat=behaviour.repeat_factor(memory),
        fatigue_slope=behaviour.fatigue_slope(memory),
        fatigue_decay=behaviour.halving(memory.fatigue_halflife_days.value * 24, hours),
        affinity_decay=behaviour.halving(memory.affinity_halflife_days.value * 24, hours),
        talk=build_talk(scenario, schedule),
    )


def _users(city: City, k: int) -> tuple[I64, I64, F64]:
    """Rows, age bands and activity of a platform's resident users, those whom help brought apart."""
    n = city.n_residents
    uses = city.activity[k, :n] > 0
    if city.helped is not None:
        uses &= city.helped[:n] >> k & 1 == 0
    rows = np.flatnonzero(uses)
    return rows, city.age_band[rows].astype(np.int64), city.activity[k, rows].astype(np.float64)


def _follow_weight(scenario: Scenario, city: City) -> F64:
    """Inclination to follow by age band, mean 1 over the platform's resident users; float64[K, 6]."""
    out = np.zeros((len(city.platforms), len(BANDS)))
    for k, name in enumerate(city.platforms):
        weight = np.array(scenario.platform[name].audience.follow_by_band.row())
        _, band, _ = _users(city, k)
        mean = weight[band].mean() if len(band) else 0.0
        out[k] = rounded(weight / mean) if mean > 0 else 0.0
    return out


def _attention(city: City, exponent: F64) -> NDArray[np.float32]:
    """Multiplier of a friend's share by the friend's number of ties, float32[K, n_rows], at most 1.

    (mean ties / ties)^exponent: who has many friends sees a smaller part of what they pass on (Hodas &
    Lerman 2012; Feng et al. 2015).
    """
    ties = np.diff(np.asarray(city.ties.indptr)).astype(np.float64)
    linked = ties[ties > 0]
    scarce = np.minimum(linked.mean() / np.maximum(ties, 1.0), 1.0) if len(linked) else np.ones(len(ties))
    # a number of 24 significant bits loses nothing in 32
    return np.stack([rounded(np.minimum(scarce**e, 1.0)).astype(np.float32) for e in exponent])


def _card(scenario: Scenario, schedule: Schedule, row: int):  # type: ignore[no-untyped-def]
    return scenario.platform[schedule.accounts[schedule.account[row]].platform]


def _offer_factor(scenario: Scenario, schedule: Schedule) -> F64:
    formats = [
        _card(scenario, schedule, row).formats[name].offer.value for row, name in enumerate(schedule.format)
    ]
    mood = moods(scenario.occasion, schedule.theme, schedule.t_min)
    return rounded(np.array(formats, dtype=np.float64) * schedule.rel_appeal * schedule.novelty * mood.offer)


def _react_base(scenario: Scenario, schedule: Schedule) -> F64:
    out = np.zeros((len(schedule), len(BANDS), len(ACTIONS)))
    mood = moods(scenario.occasion, schedule.theme, schedule.t_min)
    for row, (fmt, theme) in enumerate(zip(schedule.format, schedule.theme, strict=True)):
        card = _card(scenario, schedule, row)
        by_band = np.array(card.react_by_band.row())
        fit = card.theme_fit[theme].value if theme in card.theme_fit else 1.0
        gain = fit * schedule.novelty[row] * schedule.target_gain[row] * schedule.fit[row]
        for a, action in enumerate(ACTIONS):
            base = card.reactions[action].value * getattr(card.formats[fmt], action).value
            eager = mood.sharing[row] if a == SHARE else mood.interest[row]
            out[row, :, a] = base if a == HIDE else base * gain * by_band * eager
    return rounded(out)


def _overposting(scenario: Scenario, schedule: Schedule) -> NDArray[np.bool_]:
    """Whether a post brings its account above the platform's threshold over the last seven days."""
    out = np.zeros(len(schedule), dtype=bool)
    for a, plan in enumerate(schedule.accounts):
        limit = scenario.platform[plan.platform].audience.overpost_threshold_per_day.value * 7
        rows = np.flatnonzero((schedule.account == a) & (schedule.rel_appeal > 0))
        t = schedule.t_min[rows]
        out[rows] = np.arange(len(t)) + 1 - np.searchsorted(t, t - WEEK_MIN, side="right") > limit
    return out


@dataclass(frozen=True)
class Posts:
    """One replicate's posts.

    ``offer`` float64[P] offer chance before the account's scale; ``react`` float64[P, 6, 5] by age band and
    action; ``openness`` float64 visibility * crowding / competition, the platforms' hours first (for shares,
    which nothing crowds), then each post's: add an absolute hour to ``own_at`` or ``shared_at`` int64[P] to
    point into it; ``key_*`` uint64[P] keys of the decisions about each post.
    """

    offer: F64
    react: F64
    openness: F64
    own_at: I64
    shared_at: I64
    key_offer: U64
    key_friend: U64
    key_display: U64
    key_again: U64
    key_act: U64
    key_follow: U64
    key_leave: U64


def appeals(laws: Laws, seed: int, replicate: int) -> tuple[F64, F64]:
    """(appeal for reach, appeal for reactions given reach) of each post in this replicate, float64[P]."""
    u1 = draws.uniform(draws.key(seed, replicate, "appeal-reach"), laws.schedule.key)
    u2 = draws.uniform(draws.key(seed, replicate, "appeal-reaction"), laws.schedule.key)
    return behaviour.appeal(laws.scenario.behaviour.appeal, u1, u2)


def build_posts(laws: Laws, city: City, seed: int, replicate: int) -> Posts:
    """Appeal of every post in this replicate, keyed by its slot, and the keys of its decisions."""
    schedule = laws.schedule
    for_reach, for_reaction = appeals(laws, seed, replicate)
    offer = laws.offer_factor * for_reach
    react = laws.react_base * for_reaction[:, None, None]
    react[:, :, HIDE] = laws.react_base[:, :, HIDE]
    openness, own_at, shared_at = _openness(laws, *_crowding(laws, city, offer))

    def keys(purpose: str) -> U64:
        return draws.bits(draws.key(seed, replicate, purpose), schedule.key)

    act = np.stack([keys(f"react-{action}") for action in ACTIONS], axis=1)
    return Posts(
        offer, react, openness, own_at, shared_at,
        keys("offer"), keys("friend-offer"), keys("display"), keys("redisplay"), act,
        keys("follow"), keys("unfollow"),
    )  # fmt: skip


def _crowding(laws: Laws, city: City, offer: F64) -> tuple[F64, F64]:
    """Expected number of offered posts so far by account and hour, and at each post's own hour.

    The expectation uses the account's size at the start (the platform's reference size for a new one), so
    that it is known before the run; a post counts from the hour after its publication.
    """
    schedule = laws.schedule
    crowd = np.zeros((len(schedule.accounts), laws.n_hours + 1))
    hour = behaviour.hour_of(schedule.t_min)
    for a, plan in enumerate(schedule.accounts):
        k = int(laws.account_platform[a])
        size = (
            laws.at_followers[k] if plan.is_new else len(city.followers[plan.name]) / laws.scenario.sampling
        )
        rows = schedule.account == a
        expected = np.minimum(laws.scale(k, size) * offer[rows], 1.0)
        newer = np.bincount(hour[rows] + 1, weights=expected, minlength=laws.n_hours + 1)
        crowd[a] = rounded(np.cumsum(newer[: laws.n_hours + 1]))
    at = np.minimum(hour + 1, laws.n_hours)
    return crowd, crowd[schedule.account, at]


def _openness(laws: Laws, crowd: F64, crowd_at: F64) -> tuple[F64, I64, I64]:
    """``openness`` of every platform's and every post's hours, with the offsets of posts and shares."""
    feed, schedule = laws.feed, laws.schedule
    first = behaviour.hour_of(schedule.t_min)
    hours = behaviour.hour_of(laws.expiry) + 1 - first
    starts = np.cumsum(hours) - hours
    post = np.repeat(np.arange(len(schedule)), hours)
    hour = np.arange(len(post)) + (first - starts)[post]
    seen = crowd[schedule.account[post], np.minimum(hour, laws.n_hours)]
    k = laws.platform[post]
    own = feed.open[k, hour] * feed.crowd_factor(k, seen - crowd_at[post])
    own_at = feed.open.size + starts - first
    return np.concatenate([feed.open.ravel(), own]), own_at, laws.platform * feed.open.shape[1]
