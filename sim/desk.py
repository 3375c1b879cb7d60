"""The desk: questions and complaints queue for an answer, in time, late, by other residents, or never.

The kernel and the agents of the specification share this queue; each draws who says what, and writes what an
answer or silence does to people. One queue for all accounts, first come, first served.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.conversation import (
    BY_PEERS,
    DAY_MIN,
    DISAPPOINTED,
    FRANK,
    LEAVING,
    N_DRAWS,
    NEGATIVE,
    PEERS_AFTER,
    POSITIVE,
    QUESTION,
    SATISFIED,
    Talk,
    peers_after,
)
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import MAX_DELAY_MIN, TALK, Tally

if TYPE_CHECKING:
    from sim.laws import Laws

I64 = NDArray[np.int64]
_TURN = attrgetter("t", "account", "post", "who")  # first come, first served
RECENT = 8  # one gap alone would crowd the others around those who are simulated


@dataclass
class Request:
    """A question or complaint; ``post`` -1 if under none; ``peers_at`` when another resident answers.

    ``others_min`` above 0: not a request but minutes for those whom a sample does not simulate.
    """

    t: float
    account: int
    post: int
    who: int
    tone: int
    luck: list[float]
    peers_at: float = np.inf
    others_min: float = 0.0


@dataclass
class Echo:
    """What an hour's answers and silences do to people: ``satisfied`` and ``answered`` their rows;
    ``disappointed`` (account, row, draw of when they leave)."""

    satisfied: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    disappointed: list[tuple[int, int, float]] = field(default_factory=list)


class Desk:
    """One replicate's queue. ``left_alone`` int64[P] unanswered negative comments and ``is_calmed`` bool[P] a
    frank answer under each post, as of the start of the hour."""

    def __init__(self, laws: Laws, talk: Talk, tally: Tally) -> None:
        self.laws, self.talk, self.tally = laws, talk, tally
        self.left_alone = np.zeros(len(laws.schedule), dtype=np.int64)
        self.is_calmed = np.zeros(len(laws.schedule), dtype=bool)
        self.queue: list[Request] = []
        self.owed_min = 0.0
        self._forum: list[list[bool]] = talk.forum.tolist()
        self._satisfied: list[float] = talk.satisfied.tolist()  # looked up one by one
        self._unseen = np.zeros(laws.n_hours)
        self._came = deque([-float(DAY_MIN)], maxlen=RECENT)
        self._new: list[Request] = []
        self._soonest = np.inf  # before, nobody's wait in the queue is over
        self._due: dict[int, list[tuple[str, float, float, Request]]] = {}

    def receive(
        self,
        account: I64,
        post: I64,
        who: I64,
        t_min: NDArray[np.float64],
        tone: I64,
        key: NDArray[np.uint64],
    ) -> None:
        """Take what was said in this hour; positive comments and other people's accounts ask for nothing.

        Arrays of one length; ``key`` uint64 of the post's or account's requests.
        """
        mine = np.flatnonzero((tone != POSITIVE) & self.talk.is_own[account])
        if not len(mine):
            return
        hour = (t_min[mine] / HOUR_MIN).astype(np.int64)
        numbers = hour[:, None] * N_DRAWS + np.arange(N_DRAWS)
        luck = draws.uniform(key[mine][:, None], who[mine][:, None], numbers)
        week = int(hour[0]) * HOUR_MIN // WEEK_MIN
        np.add.at(self.tally.talk[:, week, TALK.index("requests")], account[mine], 1)
        columns = (column[mine].tolist() for column in (t_min, account, post, who, tone))
        new = list(map(Request, *columns, luck.tolist()))
        helped = [
            r
            for r in new
            if r.tone == QUESTION and self._forum[r.account][week] and r.luck[BY_PEERS] < self.talk.peer_rate
        ]
        if helped:
            after = peers_after(self.talk, np.array([r.luck[PEERS_AFTER] for r in helped]))
            for r, minutes in zip(helped, after.tolist(), strict=True):
                r.peers_at = r.t + minutes
        self._new += new

    def close_hour(self, hour: int) -> Echo:
        """Serve the queue, let the patience of some run out, and write what became visible in this hour."""
        fresh, self._new = sorted(self._new, key=_TURN), []
        if self.talk.cost > 1:
            for r in fresh:
                self._stand_for_others(r, hour)
        others = self._others(hour)
        came = sorted([*fresh, *others], key=_TURN) if others else fresh
        if came:
            first = came[0].t + self.talk.patience_min
            self._soonest = min(self._soonest, first, *(r.peers_at for r in came))
            self.queue += came
        self._serve(hour)
        self._give_up(float((hour + 1) * HOUR_MIN), hour)
        echo = Echo()
        for r in fresh:
            if r.tone == NEGATIVE and r.post >= 0:
                self.left_alone[r.post] += 1
        for what, t, frank, r in self._due.pop(hour, ()):
            if what == "silence":
                self._disappoint(r, echo)
            else:
                self._answer(what, t, frank, r, hour, echo)
        return echo

    def _stand_for_others(self, r: Request, hour: int) -> None:
        """In a sample, a request stands for others too, spread over as long as the last few took to come."""
        n = min(int(np.ceil(max(r.t - self._came[0], 1.0) / HOUR_MIN)), WEEK_MIN // HOUR_MIN)
        each = float(self.talk.answer_min[hour * HOUR_MIN // WEEK_MIN])
        self._unseen[hour : hour + n] += each * (self.talk.cost - 1.0) / n
        self._came.append(r.t)

    def _others(self, hour: int) -> list[Request]:
        """What people who are not simulated ask in this hour, evenly spaced, an answer each."""
        minutes = float(self._unseen[hour])
        if not minutes:
            return []
        n = int(np.ceil(minutes / float(self.talk.answer_min[hour * HOUR_MIN // WEEK_MIN])))
        return [
            Request((hour + (i + 0.5) / n) * HOUR_MIN, -1, -1, -1, POSITIVE, [], others_min=minutes / n)
            for i in range(n)
        ]

    def _serve(self, hour: int) -> None:
        """Answer in turn, with the minutes of this hour that posts leave."""
        free = float(self.talk.spare_min[hour])
        if free <= 0:
            return
        start, week, rate = float(hour * HOUR_MIN), hour * HOUR_MIN // WEEK_MIN, free / HOUR_MIN
        end, clock = start + HOUR_MIN, start + self.owed_min / rate
        each = float(self.talk.answer_min[week])
        waiting: list[Request] = []
        for i, r in enumerate(self.queue):
            if clock >= end:
                waiting += self.queue[i:]
                break
            begun = max(clock, r.t)
            if begun >= end or begun > r.t + self.talk.patience_min or r.peers_at <= begun:
                waiting.append(r)
                continue
            if r.others_min:
                worked = min(r.others_min, (end - begun) * rate)
                r.others_min -= worked
                clock = begun + worked / rate
                waiting += [r] if r.others_min > 0 else []
                continue
            done = begun + each / min(rate, 1.0) + float(self.talk.validation_min[week])
            clock = begun + each / rate
            self._enter("answered", done, float(self.talk.frank[week]), r)
            if done > r.t + self.talk.patience_min:
                self._enter("silence", r.t + self.talk.patience_min, 0.0, r)
        self.queue = waiting
        self.owed_min = max(clock - end, 0.0) * rate

    def _give_up(self, end: float, hour: int) -> None:
        """Those whose patience ends, or whom another resident answers, before ``end`` (minutes)."""
        if self._soonest >= end:
            return
        waiting: list[Request] = []
        self._soonest = np.inf
        for r in self.queue:
            limit = r.t + self.talk.patience_min
            if min(limit, r.peers_at) >= end:
                waiting.append(r)
                self._soonest = min(self._soonest, limit, r.peers_at)
            elif r.others_min:
                continue
            elif r.peers_at <= limit:
                self._enter("by_residents", r.peers_at, 0.0, r)
            else:
                self._due.setdefault(hour, []).append(("silence", limit, 0.0, r))
        self.queue = waiting

    def _enter(self, what: str, t: float, frank: float, r: Request) -> None:
        self._due.setdefault(int(t / HOUR_MIN), []).append((what, t, frank, r))

    def _answer(self, what: str, t: float, frank: float, r: Request, hour: int, echo: Echo) -> None:
        """An answer becomes visible."""
        tally, week, delay = self.tally, hour * HOUR_MIN // WEEK_MIN, int(t - r.t)
        tally.talk[r.account, week, TALK.index(what)] += 1
        if what == "answered":
            tally.delays[r.account, min(delay, MAX_DELAY_MIN)] += 1
        table = self._satisfied
        if r.luck[SATISFIED] < table[min(delay, len(table) - 1)]:
            tally.talk[r.account, week, TALK.index("resolved")] += 1
            echo.satisfied.append(r.who)
        echo.answered.append(r.who)
        if r.post >= 0:
            self.left_alone[r.post] -= r.tone == NEGATIVE
            self.is_calmed[r.post] |= r.luck[FRANK] < frank

    def _disappoint(self, r: Request, echo: Echo) -> None:
        """Patience ran out."""
        if r.luck[DISAPPOINTED] < self.talk.noreply_negative:
            echo.disappointed.append((r.account, r.who, r.luck[LEAVING]))
