"""How residents talk to the city: the tone of comments, what people ask by themselves, their equations.

``Talk`` is what does not depend on chance; ``Voices`` the keys of one replicate. Comments are rare: their
cost is that of the people who speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws, occasions
from sim.changes import OpenForum
from sim.figures import BANDS
from sim.scenario import Scenario
from sim.schedule import Schedule
from sim.sessions import GRID, HOUR_MIN, WEEK_MIN, Rhythm, rounded
from sim.tally import TONES

if TYPE_CHECKING:
    from sim.city import City
    from sim.laws import Laws

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

DAY_MIN = 1440
QUESTION, NEGATIVE, POSITIVE = range(len(TONES))
SATISFIED, FRANK, DISAPPOINTED, LEAVING, BY_PEERS, PEERS_AFTER = range(
    6
)  # what each draw of a request decides
N_DRAWS = 6


@dataclass(frozen=True)
class Talk:
    """The conversation of one scenario, in minutes.

    Per post (P): ``negative`` float64 share of negative comments among those that ask nothing. Per hour:
    ``spare_min`` person-minutes for answers, ``asking`` multiplier of what followers ask. Per week:
    ``answer_min``, ``validation_min``, ``frank``. ``forum`` bool[A, weeks]; ``is_own`` bool[A]: the city
    answers there; ``satisfied`` float64 chance of being satisfied by an answer after so many whole minutes;
    ``cost`` answers that one simulated request stands for.
    """

    negative: F64
    question_share: float
    contagion: float
    calming: float
    disappointed: float
    asked_per_min: float
    asking: F64
    spare_min: F64
    answer_min: F64
    validation_min: F64
    frank: F64
    forum: NDArray[np.bool_]
    is_own: NDArray[np.bool_]
    satisfied: F64
    patience_min: float
    noreply_negative: float
    affinity_gain: float
    affinity_loss: float
    leave_more: float
    peer_rate: float
    peer_delay_min: float
    cost: float


def build_talk(scenario: Scenario, schedule: Schedule) -> Talk | None:
    """The conversation of ``scenario``; None if its behaviour card says nothing of it."""
    card = scenario.behaviour.conversation
    if card is None:
        return None
    hours, work = schedule.n_weeks * WEEK_MIN // HOUR_MIN, schedule.work
    nothing = np.zeros(schedule.n_weeks)
    patience = card.patience_h.value * HOUR_MIN
    delay = np.arange(WEEK_MIN, dtype=np.float64)
    return Talk(
        negative=_negative(scenario, schedule),
        question_share=card.question_share.value,
        contagion=card.negative_contagion.value,
        calming=card.owned_position_effect.value,
        disappointed=card.disappointed_negativity.value,
        asked_per_min=card.questions_per_follower_day.value / DAY_MIN,
        asking=occasions.questions(scenario.occasion, hours),
        spare_min=np.zeros(hours) if work is None else work.spare_min,
        answer_min=nothing if work is None else work.answer_min,
        validation_min=nothing if work is None else work.answer_validation_min,
        frank=nothing if work is None else work.frank,
        forum=_forum(scenario, schedule),
        is_own=np.array([plan.is_own for plan in schedule.accounts], dtype=bool),
        satisfied=rounded(2.0 ** (-delay / (card.satisf_halflife_h.value * HOUR_MIN))),
        patience_min=patience,
        noreply_negative=card.noreply_negative.value,
        affinity_gain=card.reply_reengage.value - 1.0,
        affinity_loss=card.noreply_affinity_loss.value,
        leave_more=card.unfollow_noreply.value - 1.0,
        peer_rate=card.peer_answer_rate.value,
        peer_delay_min=card.peer_delay_h.value * HOUR_MIN,
        cost=1.0 / scenario.sampling,
    )


def _negative(scenario: Scenario, schedule: Schedule) -> F64:
    """Share of negative comments by post: controversial or ordinary, or that of an occasion if larger."""
    card = scenario.behaviour.conversation
    assert card is not None
    base = np.where(schedule.controversial, card.negative_share_crisis.value, card.negative_share.value)
    mood = occasions.moods(scenario.occasion, schedule.theme, schedule.t_min).negative_share
    return rounded(np.where(np.isnan(mood), base, np.fmax(base, mood)))


def _forum(scenario: Scenario, schedule: Schedule) -> NDArray[np.bool_]:
    out = np.zeros((len(schedule.accounts), schedule.n_weeks), dtype=bool)
    for change in scenario.change.values():
        if isinstance(change, OpenForum):
            here = [not change.platforms or plan.platform in change.platforms for plan in schedule.accounts]
            out[np.array(here), change.from_week - 1 :] = True
    return out


@dataclass(frozen=True)
class Voices:
    """Keys of what is said in one replicate.

    By post, uint64[P]: ``tone`` and ``minute`` of a comment, ``request`` of what follows from it; by account,
    uint64[A]: ``asked_minute`` and ``asked`` of what followers ask.
    """

    tone: U64
    minute: U64
    request: U64
    asked_minute: U64
    asked: U64

    @classmethod
    def of(cls, schedule: Schedule, seed: int, replicate: int) -> Voices:
        """Keys of the posts and accounts of ``schedule``."""

        def posts(purpose: str) -> U64:
            return draws.bits(draws.key(seed, replicate, purpose), schedule.key)

        def accounts(purpose: str) -> U64:
            return np.array([draws.key(seed, replicate, purpose, a.name) for a in schedule.accounts])

        return cls(
            posts("tone"), posts("comment-minute"), posts("comment-request"),
            accounts("question-minute"), accounts("question-request"),
        )  # fmt: skip


def negative_chance(base: Any, contagion: Any, calming: Any, disappointed: Any) -> Any:
    """Chance that a comment which asks nothing is negative, at most 1.

    ``contagion``: multiplier of an unanswered negative comment under the post, ``calming`` that of a frank
    answer, ``disappointed`` that of an author whom silence disappointed; 1 where there is none.
    """
    return np.minimum(base * contagion * calming * disappointed, 1.0)


def tone(luck: Any, question_share: float, negative: Any) -> Any:
    """Tone of a comment (0 question, 1 negative, 2 positive) from its draw in [0, 1)."""
    asks = luck < question_share
    complains = luck < question_share + (1.0 - question_share) * negative
    return np.where(asks, QUESTION, np.where(complains, NEGATIVE, POSITIVE))


def asking_times(
    laws: Laws, city: City, seed: int, replicate: int, account: int | I64, who: I64, since_min: float
) -> tuple[F64, I64]:
    """When followers since ``since_min`` ask something by themselves: (minutes, places in ``who``), one row a
    question. ``account``: one for all, or int64 aligned with ``who``.

    A Poisson process in the profile time of each resident's age on the platform, so that questions come when
    people are present; an occasion adds a second process, thinned to its hours (and thins the first where it
    makes people ask less). Residents only, within the account's life.
    """
    talk, plans = laws.talk, laws.schedule.accounts
    account = np.broadcast_to(np.asarray(account), np.shape(who))
    asked = processes(talk)
    if talk is None or not asked:
        return np.empty(0), np.empty(0, np.int64)
    asker = np.flatnonzero((who < city.n_residents) & talk.is_own[account])
    found = []
    for purpose, rate, kept in asked:
        keys = np.array([draws.key(seed, replicate, purpose, plan.name) for plan in plans])
        found.append(_arrivals(laws, city, keys, rate, kept, account, who, asker, since_min))
    t, at = (np.concatenate(parts) for parts in zip(*found, strict=True))
    closes = np.array([plan.closes_min for plan in plans])
    open_ = t < np.minimum(closes[account[at]], laws.n_hours * HOUR_MIN)
    for a, plan in enumerate(plans):
        for start, end in plan.pauses:
            open_ &= (account[at] != a) | (t < start) | (t >= end)
    return t[open_], at[open_]


def processes(talk: Talk | None) -> list[tuple[str, float, F64]]:
    """What followers ask by themselves, as processes: (name of their draws, rate per day of profile time,
    chance that an event is kept by hour)."""
    if talk is None or not talk.asked_per_min:
        return []
    rate, peak = talk.asked_per_min * DAY_MIN, float(talk.asking.max(initial=1.0))
    found = [("asking", rate, np.minimum(talk.asking, 1.0))]
    if peak > 1:
        more = np.maximum(talk.asking - 1.0, 0.0) / (peak - 1.0)
        found.append(("asking-more", rate * (peak - 1.0), more))
    return found


def surely_over(rhythm: Rhythm, t_min: float) -> F64:
    """Profile time (days) of which the instant is surely after ``t_min``, by row of the rhythm, float64."""
    row = np.arange(len(rhythm.cumulative))
    # two steps of the clock's own grid on top: its inverse is linear between grid points
    over = rhythm.operational(row, np.full(len(row), t_min)) + rhythm.cumulative[:, -1] * (2.0 / GRID)
    return np.asarray(over)


def _arrivals(
    laws: Laws,
    city: City,
    keys: U64,
    rate: float,
    kept: F64,
    account: I64,
    who: I64,
    asker: I64,
    since_min: float,
) -> tuple[F64, I64]:
    """Events of a process of ``rate`` per day of profile time, each kept with the chance of its hour.

    ``asker``: places in ``account`` and ``who`` of those concerned; ``keys`` uint64[A].
    """
    rhythm, end = laws.feed.rhythm, float(laws.n_hours * HOUR_MIN)
    over = surely_over(rhythm, end)
    row = laws.account_platform[account[asker]] * len(BANDS) + city.age_band[who[asker]].astype(np.int64)
    y = rhythm.operational(np.arange(len(over)), np.full(len(over), since_min))[row]
    times, places, n = [np.empty(0)], [np.empty(0, np.int64)], 0
    while len(asker):
        u = draws.uniform(keys[account[asker]], who[asker], 2 * n)
        # -ln(1 - u) >= u: most would come after the horizon, whatever the logarithm
        might = np.flatnonzero(u < rate * (over[row] - y) * (1.0 + 2.0**-20))
        asker, row = asker[might], row[might]
        y = y[might] + rounded(-np.log1p(-u[might]) / rate)
        t = np.maximum(rhythm.instant(row, y), since_min)
        soon = np.flatnonzero(t < end)
        asker, row, y, t = asker[soon], row[soon], y[soon], t[soon]
        chance = kept[(t / HOUR_MIN).astype(np.int64)]
        keep = np.flatnonzero(draws.uniform(keys[account[asker]], who[asker], 2 * n + 1) < chance)
        times.append(t[keep])
        places.append(asker[keep])
        n += 1
    return np.concatenate(times), np.concatenate(places)


def peers_after(talk: Talk, luck: F64) -> F64:
    """Minutes until another resident answers a question whose draws are ``luck`` in [0, 1), float64[n];
    infinite beyond the patience of who asks."""
    minutes = rounded(-np.log1p(-luck) * talk.peer_delay_min)
    return np.where(minutes <= talk.patience_min, minutes, np.inf)


def leaving_disappointed(laws: Laws, account: int, luck: Any, since_min: float) -> Any:
    """Minute at which someone disappointed leaves for that reason: the platform's own hazard, times what
    silence adds. ``luck``: draws in [0, 1); infinite where nothing is added."""
    assert laws.talk is not None
    rate = laws.unfollow_per_min[int(laws.account_platform[account])] * laws.talk.leave_more
    if rate <= 0:
        return np.full(np.shape(luck), np.inf)
    return since_min + rounded(-np.log1p(-np.asarray(luck)) / rate)
