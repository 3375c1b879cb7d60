"""How likely: every equation of the model, written once in plain arithmetic.

The functions work on scalars and on arrays alike; the kernel calls them on arrays, the agents of the
specification on single numbers. Tables (freshness, competition, ...) are where powers and logarithms
happen; they are built once and rounded (``sessions.rounded``).
"""

from __future__ import annotations

from math import erfc, exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from sim.cards import Appeal, Display, Memory, Supply
from sim.sessions import HOUR_MIN, rounded

F64 = NDArray[np.float64]
MAX_REDISPLAY_GAP = 4096
CROWD_STEPS = 64
_HAIR = 1e-9  # so that rounding cannot leave a root outside its bracket


# --- tables ---------------------------------------------------------------------------------------


def freshness(display: Display) -> F64:
    """Visibility of a post by its age in whole minutes, float64[life + 1], 1 at age 0.

    Two components, because one alone has either too slow a start or too light a tail:
    (1 - w) (1 + d / fast_min)^-fast_exponent + w 2^(-d / slow_halflife_min).
    """
    age = np.arange(int(display.life_h.value * 60) + 1, dtype=np.float64)
    fast = (1 + age / display.fast_min.value) ** -display.fast_exponent.value
    slow = 2.0 ** (-age / display.slow_halflife_min.value)
    w = display.slow_share.value
    return rounded((1 - w) * fast + w * slow)


def competition(display: Display, supply: Supply) -> F64:
    """Fresh posts of other sources by hour of the week, float64[168], mean 1, to its exponent.

    The supply of the other pages by hour is convolved with the platform's own freshness; a floor keeps the
    feed from being empty (friends' posts, advertising).
    """
    day = np.array(supply.hours.row("all"))
    week = np.concatenate([day * weight for weight in supply.weekdays.values])
    fresh = freshness(display)
    hours = len(fresh) // HOUR_MIN
    by_age = fresh[: hours * HOUR_MIN].reshape(hours, HOUR_MIN).mean(axis=1) if hours else fresh[:1]
    wall = np.zeros(168)
    for age, weight in enumerate(by_age):
        wall += weight * np.roll(week, age % 168)
    wall = wall / wall.mean()
    floor = display.competition_floor.value
    return rounded((floor + (1 - floor) * wall) ** display.competition_exponent.value)


def redisplay_gaps(chance: float) -> F64:
    """Cumulative chance that a seen post reappears within n sessions, float64[4096] (geometric law)."""
    return rounded(1 - (1 - chance) ** np.arange(1, MAX_REDISPLAY_GAP + 1, dtype=np.float64))


def crowding_table(crowding: float) -> F64:
    """crowding^n for n newer posts in the feed, float64[4096], in steps of 1/64 of a post."""
    return rounded(crowding ** (np.arange(4096, dtype=np.float64) / CROWD_STEPS))


def repeat_factor(memory: Memory) -> F64:
    """Multiplier of the reaction chance at the n-th display, float64[256]: n^exponent up to a cap.

    Exponent 0 is simple contagion, 1 is one independent chance a display (Romero et al. 2011; Hodas &
    Lerman 2012).
    """
    n = np.minimum(np.arange(256, dtype=np.float64), memory.exposure_cap.value)
    return rounded(np.maximum(n, 1.0) ** memory.exposure_exponent.value)


def halving(halflife_h: float, hours: int) -> F64:
    """Decay of a memory after whole hours, float64[hours + 1]."""
    return rounded(2.0 ** (-np.arange(hours + 1, dtype=np.float64) / halflife_h))


# --- a post's own quality -------------------------------------------------------------------------


def appeal(law: Appeal, u_reach: Any, u_reaction: Any) -> tuple[Any, Any]:
    """(appeal for reach, appeal for reactions given reach) of a post from its two keyed uniforms.

    Reach: exp(s z1), median 1. Reactions: exp(b s z1 + r w) with w = (z2 + k (z2^2 - 1)) / sqrt(1 + 2 k^2),
    of mean 0 and sd 1, scaled so that the mean over people reached is 1, then cut at the ceiling. Moro et
    al. 2016: sd of ln reach 1.1, slope of ln interactions on ln reach 0.65.
    """
    s, r, b = law.reach_sd.value, law.reaction_sd.value, law.reaction_on_reach.value
    k = 0.0 if law.reaction_skew is None else law.reaction_skew.value
    a, c = r / np.sqrt(1 + 2 * k * k), r * k / np.sqrt(1 + 2 * k * k)
    z1, z2 = ndtri(np.clip(u_reach, 1e-12, 1 - 1e-12)), ndtri(np.clip(u_reaction, 1e-12, 1 - 1e-12))
    mean = np.exp(a * a / (2 * (1 - 2 * c)) - c) / np.sqrt(1 - 2 * c)  # of exp(a z + c (z^2 - 1))
    scale = np.exp(s * s / 2 - ((1 + b) * s) ** 2 / 2) / mean
    ceiling = np.inf if law.reaction_ceiling is None else law.reaction_ceiling.value
    react = scale * np.exp(b * s * z1 + a * z2 + c * (z2 * z2 - 1))
    return rounded(np.exp(s * z1)), rounded(np.minimum(react, ceiling))


def offer_scale(mean_chance: float, reach_sd: float) -> float:
    """c such that E[min(1, c exp(s Z))] = ``mean_chance`` for Z standard normal.

    Closed form of the censored log-normal mean; ``mean_chance`` above .99 is taken as .99.
    """
    goal, s = min(mean_chance, 0.99), reach_sd
    if goal <= 0:
        return 0.0
    if s == 0:
        return float(rounded(min(mean_chance, 1.0)))

    root = s * sqrt(2.0)

    def beyond(ln_c: float) -> float:
        """Censored mean above the goal; the normal distribution is erfc(-z / sqrt 2) / 2."""
        uncensored = exp(ln_c + s * s / 2) * erfc((ln_c + s * s) / root)
        return (uncensored + erfc(-ln_c / root)) / 2 - goal

    # E[min(1, x)] is at most E[x] and at least P(x >= 1)
    low, high = log(goal) - s * s / 2, s * float(ndtri(goal))
    return float(rounded(exp(brentq(beyond, low - _HAIR, high + _HAIR, xtol=1e-12))))


def reach_share(anchor_share: float, followers: float, at_followers: float, exponent: float) -> float:
    """Mean share of followers reached by a page of this size: anchor (followers / size)^exponent."""
    return float(rounded(anchor_share * (max(followers, 1.0) / at_followers) ** exponent))


def novelty(memory: Memory, minutes_since_theme: float) -> float:
    """Interest left in a theme published ``minutes_since_theme`` ago: 1 - depth 2^(-days / half-life)."""
    days = minutes_since_theme / 1440.0
    faded = 2.0 ** (-days / memory.novelty_halflife_days.value)
    return float(rounded(1 - memory.novelty_depth.value * faded))


# --- chances (plain arithmetic; scalars or arrays) ---------------------------------------------------


def display_chance(fresh: Any, openness: Any) -> Any:
    """Chance that an offered post is displayed at one session, at most 1.

    ``fresh``: freshness at its age; ``openness``: visibility * crowding / competition at that hour.
    """
    return np.minimum(fresh * openness, 1.0)


def friend_offer_chance(friend_offer: Any, attention: Any) -> Any:
    """Chance that a friend's share enters one's feed: platform's base x divided attention."""
    return friend_offer * attention


def offer_chance(base: Any, affinity: Any, tiredness: Any) -> Any:
    """Chance that the platform puts a post in one follower's feed (unclipped; compared with a uniform)."""
    return base * affinity * tiredness


def tiredness(recent_exposures: Any, slope: float) -> Any:
    """Fatigue multiplier 1 / (1 + slope * recent exposures)."""
    return 1.0 / (1.0 + slope * recent_exposures)


def fatigue_slope(memory: Memory) -> float:
    """Slope at which ``tiredness`` has the stated elasticity at the reference number of exposures."""
    e = -memory.fatigue_elasticity.value
    return float(rounded(e / ((1 - e) * memory.fatigue_reference_exposures.value)))


def reaction_chance(
    base: Any,
    expressiveness: Any,
    affinity: Any,
    interest: Any,
    tired: Any,
    standing: Any,
    repeat: Any,
) -> Any:
    """Chance of one kind of reaction when a post is displayed (unclipped; compared with a uniform).

    ``base`` holds what belongs to the post and the age band: platform base x format x theme fit x appeal
    x novelty x age x targeting; ``standing`` how the viewer stands to it (see ``standing``).
    """
    return base * expressiveness * affinity * interest * tired * standing * repeat


def standing(is_follower: Any, is_endorsed: Any, stranger: Any, endorsement: Any) -> Any:
    """1 for a follower, ``stranger`` for someone who does not follow; times ``endorsement`` if a friend
    showed the post."""
    return np.where(is_follower, 1.0, stranger) * np.where(is_endorsed, endorsement, 1.0)


def hide_chance(base: Any, repeat: Any) -> Any:
    """Chance of hiding a displayed post: a matter of the post and of seeing it again, not of liking it."""
    return base * repeat


def hour_of(t_min: Any) -> Any:
    """Absolute hour (bucket) of an instant at or after 0, int64."""
    return (np.asarray(t_min) / HOUR_MIN).astype(np.int64)
