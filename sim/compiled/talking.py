"""The conversation of the compiled kernel: the reference's, whose draws are ``sim.compiled.speaking``'s."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.city import City
from sim.compiled import speaking
from sim.compiled.build import Settled
from sim.compiled.speaking import Heard, Speech
from sim.conversation import Talk
from sim.dialogue import Dialogue
from sim.laws import Laws
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import Tally

I64 = NDArray[np.int64]


class Talking(Dialogue):
    """``Dialogue`` whose draws are compiled."""

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
        self._heard, self._hear = Heard.of(0), Settled(speaking.hear)

    def hear(self, hour: int, post: I64, who: I64) -> None:
        """As ``Dialogue.hear``."""
        week = hour * HOUR_MIN // WEEK_MIN
        self._take(week, self._hear(self._speech, post, who, hour, week, self._room(len(who))))

    def _ask(self, hour: int, ids: I64, is_following: NDArray[np.bool_]) -> None:
        week, room = hour * HOUR_MIN // WEEK_MIN, self._room(len(ids))
        self._take(week, speaking.ask(self._speech, ids, is_following, self.tally.ladder, hour, week, room))

    def _room(self, n: int) -> Heard:
        if n > len(self._heard.t):
            self._heard = Heard.of(2 * n)
        return self._heard

    def _take(self, week: int, n: int) -> None:
        if n:
            self.desk.take(week, *(column[:n].tolist() for column in self._heard))
