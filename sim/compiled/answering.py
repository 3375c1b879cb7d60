"""The desk, compiled: what was asked is answered in turn, late, by other residents, or never.

``desk.Desk`` tells the rules, ``dialogue.Dialogue`` what comes back from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.build import compiled, inlined
from sim.compiled.looking import warm
from sim.compiled.requests import CAME, DUE, LET_DOWN, LOST, NEW, OWED, SATISFIED, SOONEST, WAITING
from sim.compiled.sorting import sort
from sim.conversation import DISAPPOINTED, FRANK, NEGATIVE, POSITIVE
from sim.conversation import SATISFIED as SATISFIED_BY
from sim.desk import RECENT
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import LADDER, MAX_DELAY_MIN, TALK

ANSWERED, BY_RESIDENTS, RESOLVED = (TALK.index(name) for name in ("answered", "by_residents", "resolved"))
SILENCE = -1  # what becomes visible, besides ANSWERED and BY_RESIDENTS
_HOUR_MIN, _MOST_HOURS = float(HOUR_MIN), WEEK_MIN // HOUR_MIN
_DIALOGUE = np.uint8(1 << LADDER.index("in_dialogue"))
_DISAPPOINTED, _FRANK, _NEGATIVE, _POSITIVE = DISAPPOINTED, FRANK, NEGATIVE, POSITIVE
_SATISFIED_BY, _RECENT, _MAX_DELAY_MIN = SATISFIED_BY, RECENT, MAX_DELAY_MIN


@compiled
def close(
    terms: Any, speech: Any, requests: Any, moods: Any, delays: Any, deeds: Any, hour: Any, week: Any
) -> Any:
    """End of the hour at the desk: serve, let the patience of some run out, show what becomes visible, and
    write what that does to people. Returns how many of ``requests.let_down`` follow and may leave for it.
    """
    n = requests.n
    n_heard = n[NEW]
    arrive(terms, requests, hour, week)
    serve(terms, requests, hour, week)
    give_up(terms, requests, hour)
    for i in range(n_heard):
        r = requests.new[i]
        if r.tone == _NEGATIVE and r.post >= 0:
            speech.left_alone[r.post] += 1
    n[NEW] = n[SATISFIED] = n[LET_DOWN] = n[LOST] = 0
    show(terms, speech, requests, moods, delays, deeds, hour, week)
    warm(moods, requests.satisfied, n[SATISFIED], terms.affinity_gain, hour)
    for i in range(n[LET_DOWN]):  # whoever was satisfied has been seen to: their room is free
        requests.satisfied[i] = requests.let_down[i].who
        speech.is_disappointed[requests.let_down[i].who] = True
    warm(moods, requests.satisfied, n[LET_DOWN], -terms.affinity_loss, hour)
    return n[LOST]


@inlined
def arrive(terms: Any, requests: Any, hour: Any, week: Any) -> None:
    """Requests of this hour, and of people for whom they stand, join those that wait, first come first."""
    n, new, order = requests.n, requests.new, requests.order
    if terms.cost > 1.0:
        in_turn(requests, n[NEW])
        for i in range(n[NEW]):
            stand_for_others(terms, requests, new[order[i]].t, hour, week)
        others(terms, requests, hour, week)
    if n[NEW] == 0:
        return
    in_turn(requests, n[NEW])
    soonest = min(requests.clock[SOONEST], new[order[0]].t + terms.patience_min)
    for i in range(n[NEW]):
        soonest = min(soonest, new[order[i]].peers_at)
        requests.waiting[n[WAITING]] = new[order[i]]
        n[WAITING] += 1
    requests.clock[SOONEST] = soonest


@inlined
def in_turn(requests: Any, n: Any) -> None:
    """Places of the first ``n`` new requests into ``order``, first come first."""
    for i in range(n):
        requests.order[i] = i
    sort(comes_before, requests.new, requests.order, requests.spare, 0, n)


@compiled
def comes_before(a: Any, b: Any) -> Any:
    """Whether request ``a`` comes before request ``b``."""
    if a.t != b.t:
        return a.t < b.t
    if a.account != b.account:
        return a.account < b.account
    if a.post != b.post:
        return a.post < b.post
    return a.who < b.who


@inlined
def stand_for_others(terms: Any, requests: Any, t: Any, hour: Any, week: Any) -> None:
    """``Desk._stand_for_others``: ``came`` is a ring, of which the next place holds the oldest."""
    n, came = requests.n, requests.came
    oldest = came[n[CAME] % _RECENT] if n[CAME] >= _RECENT else came[0]
    spread = min(np.int64(np.ceil(max(t - oldest, 1.0) / _HOUR_MIN)), _MOST_HOURS)
    minutes = terms.answer_min[week] * (terms.cost - 1.0) / spread
    for h in range(hour, min(hour + spread, len(requests.unseen))):
        requests.unseen[h] += minutes
    came[n[CAME] % _RECENT] = t
    n[CAME] += 1


@inlined
def others(terms: Any, requests: Any, hour: Any, week: Any) -> None:
    """What people who are not simulated ask in this hour, evenly spaced, an answer each."""
    n, minutes = requests.n, requests.unseen[hour]
    if minutes == 0.0:
        return
    several = np.int64(np.ceil(minutes / terms.answer_min[week]))
    for i in range(several):
        r = requests.new[n[NEW]]
        r.t, r.peers_at, r.others_min = (hour + (i + 0.5) / several) * _HOUR_MIN, np.inf, minutes / several
        r.account = r.post = r.who = -1
        r.tone = _POSITIVE
        n[NEW] += 1


@inlined
def serve(terms: Any, requests: Any, hour: Any, week: Any) -> None:
    """Answer in turn, with the minutes of this hour that posts leave (``Desk._serve``)."""
    free = terms.spare_min[hour]
    if free <= 0:
        return
    n, waiting, owed = requests.n, requests.waiting, requests.clock
    start, rate, kept = np.float64(hour) * _HOUR_MIN, free / _HOUR_MIN, 0
    end, clock, each = start + _HOUR_MIN, start + owed[OWED] / rate, terms.answer_min[week]
    for i in range(n[WAITING]):
        r = waiting[i]
        begun = max(clock, r.t)
        limit, stays = r.t + terms.patience_min, True
        if not (clock >= end or begun >= end or begun > limit or r.peers_at <= begun):
            if r.others_min > 0.0:
                worked = min(r.others_min, (end - begun) * rate)
                r.others_min -= worked
                clock, stays = begun + worked / rate, r.others_min > 0.0
            else:
                done = begun + each / min(rate, 1.0) + terms.validation_min[week]
                clock, stays = begun + each / rate, False
                expect(requests, r, ANSWERED, done, terms.frank[week])
                if done > limit:
                    expect(requests, r, SILENCE, limit, 0.0)
        if stays:
            waiting[kept] = waiting[i]
            kept += 1
    n[WAITING] = kept
    owed[OWED] = max(clock - end, 0.0) * rate


@inlined
def give_up(terms: Any, requests: Any, hour: Any) -> None:
    """Those whose patience ends, or whom another resident answers, before the end of the hour."""
    n, waiting, end = requests.n, requests.waiting, np.float64(hour + 1) * _HOUR_MIN
    if requests.clock[SOONEST] >= end:
        return
    soonest, kept = np.inf, 0
    for i in range(n[WAITING]):
        r = waiting[i]
        limit = r.t + terms.patience_min
        if min(limit, r.peers_at) >= end:
            soonest = min(soonest, limit, r.peers_at)
            waiting[kept] = waiting[i]
            kept += 1
        elif r.others_min > 0.0:
            continue
        elif r.peers_at <= limit:
            expect(requests, r, BY_RESIDENTS, r.peers_at, 0.0)
        else:
            expect(requests, r, SILENCE, np.float64(hour) * _HOUR_MIN, 0.0)
    n[WAITING] = kept
    requests.clock[SOONEST] = soonest


@inlined
def expect(requests: Any, r: Any, what: Any, at_min: Any, frank: Any) -> None:
    """Something will become visible at an instant."""
    place = requests.n[DUE]
    requests.due[place] = r
    due = requests.due[place]
    due.what, due.at_min, due.frank = what, at_min, frank
    requests.n[DUE] += 1


@inlined
def show(
    terms: Any, speech: Any, requests: Any, moods: Any, delays: Any, deeds: Any, hour: Any, week: Any
) -> None:
    """What becomes visible in this hour: answers, and silence."""
    n, kept = requests.n, 0
    for i in range(n[DUE]):
        r = requests.due[i]
        if np.int64(r.at_min / _HOUR_MIN) > hour:
            requests.due[kept] = requests.due[i]
            kept += 1
        elif r.what != SILENCE:
            answer(terms, speech, requests, delays, deeds, r, week)
        elif r.luck[_DISAPPOINTED] < terms.noreply_negative:
            disappoint(terms, requests, moods, r)
    n[DUE] = kept


@inlined
def answer(terms: Any, speech: Any, requests: Any, delays: Any, deeds: Any, r: Any, week: Any) -> None:
    """An answer becomes visible (``Desk._answer``)."""
    delay, satisfied = np.int64(r.at_min - r.t), terms.satisfied
    speech.talk[r.account, week, r.what] += 1
    if r.what == ANSWERED:
        delays[r.account, min(delay, _MAX_DELAY_MIN)] += 1
    if r.luck[_SATISFIED_BY] < satisfied[min(delay, len(satisfied) - 1)]:
        speech.talk[r.account, week, RESOLVED] += 1
        requests.satisfied[requests.n[SATISFIED]] = r.who
        requests.n[SATISFIED] += 1
    deeds[r.who].ladder |= _DIALOGUE
    if r.post >= 0:
        speech.left_alone[r.post] -= r.tone == _NEGATIVE
        speech.is_calmed[r.post] |= r.luck[_FRANK] < r.frank


@inlined
def disappoint(terms: Any, requests: Any, moods: Any, r: Any) -> None:
    """Patience ran out: noted, residents who follow first."""
    n, let_down = requests.n, requests.let_down
    place = n[LET_DOWN]
    if r.who < terms.n_residents and moods.is_following[r.account, r.who]:
        let_down[place] = let_down[n[LOST]]
        place = n[LOST]
        n[LOST] += 1
    let_down[place] = r
    n[LET_DOWN] += 1
