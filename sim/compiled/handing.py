"""What a kernel knows, under the names of ``sim.compiled.arrays``: laws, posts, state and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.compiled import seeing
from sim.compiled.arrays import Counts, Moods, Offered, People, Plan, Response, Seating, Sessions, Shown
from sim.compiled.packing import Packed, Seats, traits
from sim.figures import BANDS
from sim.sessions import GRID, HOUR_MIN

if TYPE_CHECKING:
    from sim.kernel import Kernel
    from sim.laws import Laws


@dataclass(frozen=True)
class Handed:
    """All that does not change hands during a run."""

    people: People
    sessions: Sessions
    shown: Shown
    plan: Plan
    offered: Offered
    response: Response
    moods: Moods
    counts: Counts

    @classmethod
    def of(cls, kernel: Kernel, session_key: NDArray[np.uint64], packed: Packed, seats: Seats) -> Handed:
        """The arrays of a kernel whose state is ``packed``."""
        rhythm = kernel.laws.feed.rhythm
        return cls(
            people=_people(kernel),
            sessions=Sessions(
                key=session_key,
                clock=rhythm.clock.reshape(-1),
                per_day=rhythm.per_day,
                cumulative=rhythm.cumulative,
                per_hour=rhythm.per_hour,
            ),
            shown=_shown(kernel),
            plan=_plan(kernel),
            offered=_offered(kernel),
            response=_response(kernel),
            moods=_moods(kernel, packed, seats),
            counts=_counts(kernel, packed),
        )


def _people(kernel: Kernel) -> People:
    return People(kernel.city.activity, traits(kernel.city), kernel.city.age_band)


def _shown(kernel: Kernel) -> Shown:
    laws, posts, feed = kernel.laws, kernel.posts, kernel.laws.feed
    starts = np.arange(seeing.GUIDES) / seeing.GUIDES
    guide = [np.searchsorted(gaps, starts, side="right") for gaps in feed.gaps]
    return Shown(
        fresh=feed.fresh,
        fresh_at=feed.fresh_at,
        openness=posts.openness,
        own_at=posts.own_at,
        shared_at=posts.shared_at,
        gaps=feed.gaps,
        guide=np.stack(guide).astype(np.int16),
        life=feed.tails.length(np.arange(len(feed.life_min))),
        expiry=laws.expiry,
        ended=_ended(laws),
        horizon=float(laws.n_hours * HOUR_MIN),
        key=posts.key_display,
        again=posts.key_again,
    )


def _ended(laws: Laws) -> NDArray[np.float64]:
    """Profile time at the end of each post's life or of the run, by age band, float64[P, 6]."""
    rhythm, bands = laws.feed.rhythm, np.arange(len(BANDS))
    end = np.minimum(laws.expiry, float(laws.n_hours * HOUR_MIN))[:, None]
    row = laws.platform[:, None] * len(BANDS) + bands
    # two steps of the clock's own grid on top: its inverse is linear between grid points
    return np.asarray(rhythm.operational(row, end) + rhythm.cumulative[row, -1] * (2.0 / GRID))


def _plan(kernel: Kernel) -> Plan:
    laws, schedule = kernel.laws, kernel.laws.schedule
    return Plan(
        account=schedule.account,
        platform=laws.platform,
        theme=laws.theme,
        place=kernel.place,
        mention=schedule.mention,
        is_own=kernel.is_own,
        runs_on=laws.account_platform,
        id=laws.account_id,
    )


def _offered(kernel: Kernel) -> Offered:
    laws, posts, schedule, ties = kernel.laws, kernel.posts, kernel.laws.schedule, kernel.city.ties
    return Offered(
        key=posts.key_offer,
        key_friend=posts.key_friend,
        target=schedule.target,
        target_circle=schedule.target_circle,
        understood=schedule.understood,
        friend_offer=laws.friend_offer,
        attention=laws.attention,
        indptr=ties.indptr,
        friend=ties.target,
        mask=ties.mask,
    )


def _response(kernel: Kernel) -> Response:
    laws, posts, schedule = kernel.laws, kernel.posts, kernel.laws.schedule
    return Response(
        react=posts.react,
        key_act=posts.key_act,
        key_follow=posts.key_follow,
        key_leave=posts.key_leave,
        understood=schedule.understood,
        is_lent=kernel.is_lent,
        is_overposting=laws.is_overposting,
        stranger=laws.stranger,
        endorsement=laws.endorsement,
        if_shared=laws.follow_if_shared,
        if_mentioned=laws.follow_if_mentioned,
        if_overposted=laws.unfollow_if_overposted,
        inclined=laws.follow_weight,
        repeat=laws.repeat,
    )


def _moods(kernel: Kernel, packed: Packed, seats: Seats) -> Moods:
    laws, state, names = kernel.laws, kernel.state, list(seats.opening)
    plans, memory = laws.schedule.accounts, laws.scenario.behaviour.memory
    rows = [-1 if plan.is_new else names.index(plan.name) for plan in plans]
    liking_of = np.full(len(plans), -1)
    for row, account in enumerate(state.followers.liking):
        liking_of[account] = row
    return Moods(
        seating=Seating(packed.relation, seats.seat_of, np.array(rows)),
        is_following=state.followers.is_following,
        warmth=packed.warmth,
        sights=packed.sights,
        is_warm=np.zeros(len(packed.warmth) // 8 + 1, np.uint8),
        liking=state.followers.likings,
        liking_of=liking_of,
        slope=laws.fatigue_slope,
        fatigue_decay=laws.fatigue_decay,
        affinity_decay=laws.affinity_decay,
        affinity_gain=memory.affinity_gain.value,
        affinity_loss=memory.affinity_loss_if_hidden.value,
        affinity_floor=memory.affinity_floor.value,
        affinity_ceiling=memory.affinity_ceiling.value,
    )


def _counts(kernel: Kernel, packed: Packed) -> Counts:
    names = [name for name in Counts._fields if name != "deeds"]
    return Counts(deeds=packed.deeds, **{name: getattr(kernel.tally, name) for name in names})
