"""The conversation of the compiled kernel: who says what, what the desk answers, what that does to people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.city import City
from sim.compiled import answering, speaking
from sim.compiled.arrays import Counts, Moods
from sim.compiled.build import Settled
from sim.compiled.requests import Requests, Terms
from sim.compiled.room import Events
from sim.compiled.speaking import Speech
from sim.conversation import BY_PEERS, LEAVING, PEERS_AFTER, QUESTION, Talk, peers_after
from sim.dialogue import Dialogue
from sim.laws import Laws
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import Tally

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Talking(Dialogue):
    """``Dialogue`` whose draws and desk are compiled."""

    def __init__(self, laws: Laws, talk: Talk, city: City, seed: int, replicate: int, tally: Tally) -> None:
        super().__init__(laws, talk, city, seed, replicate, tally)
        voices, desk = self.voices, self.desk
        self._speech = Speech(
            tone=voices.tone,
            minute=voices.minute,
            request=voices.request,
            negative=talk.negative,
            account=laws.schedule.account,
            left_alone=desk.left_alone,
            is_calmed=desk.is_calmed,
            asked_minute=voices.asked_minute,
            asked=voices.asked,
            is_own=talk.is_own,
            is_disappointed=self.is_disappointed,
            talk=tally.talk,
            odds=np.array([talk.question_share, talk.contagion, talk.calming, talk.disappointed]),
        )
        self._terms, self._requests = Terms.of(talk, city.n_residents), Requests.of(laws.n_hours)
        self._speaking, self._closing = Settled(speaking.speak), Settled(answering.close)
        self._is_forum = [bool(week.any()) for week in talk.forum.T]

    def converse(
        self, hour: int, events: Events, n_spoken: int, moods: Moods, counts: Counts
    ) -> list[tuple[F64, I64]]:
        """What is said in an hour, and all that comes of it at its end. Returns who will leave because
        silence disappointed them: (minutes, account * n_rows + row)."""
        week, asking = hour * HOUR_MIN // WEEK_MIN, self._asks.at(hour)
        self._requests = self._requests.with_room(*self._room(hour, week, n_spoken + len(asking)))
        requests, deeds = self._requests, counts.deeds
        n = self._speaking(self._speech, events, asking, moods.is_following, deeds, requests, hour, week)
        if self._is_forum[week] and n:
            self._help(requests.new[:n], week)
        n = self._closing(self._terms, self._speech, requests, moods, self.tally.delays, deeds, hour, week)
        if not n:
            return []
        lost = requests.let_down[:n]
        luck = lost["luck"][:, LEAVING]
        return self.leavers(lost["account"], lost["who"], luck, float((hour + 1) * HOUR_MIN))

    def _room(self, hour: int, week: int, n: int) -> tuple[int, int]:
        """Most requests of this hour, and most of people who are not simulated."""
        if self.talk.cost <= 1:
            return n, 0
        minutes, each = float(self._requests.unseen[hour]), float(self.talk.answer_min[week])
        return n, int((minutes / each if minutes else 0.0) + n * (self.talk.cost - 1.0)) + 2

    def _help(self, new: NDArray[np.void], week: int) -> None:
        """When other residents would answer a question (``Desk.receive``)."""
        talk, luck = self.talk, new["luck"]
        is_open = talk.forum[new["account"], week]
        helped = np.flatnonzero((new["tone"] == QUESTION) & is_open & (luck[:, BY_PEERS] < talk.peer_rate))
        new["peers_at"][helped] = new["t"][helped] + peers_after(talk, luck[helped, PEERS_AFTER])
