"""The kernel's side of the conversation: who says what in an hour, and what comes back from the desk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.audience import Timetable
from sim.city import City
from sim.conversation import QUESTION, Talk, Voices, asking_times, leaving_disappointed, negative_chance, tone
from sim.desk import Desk, Echo
from sim.laws import Laws
from sim.sessions import HOUR_MIN, WEEK_MIN
from sim.tally import Tally

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Dialogue:
    """Comments and questions of one replicate.

    ``is_disappointed`` bool[n_rows]: whom silence disappointed, as of the start of the hour.
    """

    def __init__(self, laws: Laws, talk: Talk, city: City, seed: int, replicate: int, tally: Tally) -> None:
        self.laws, self.talk, self.city, self.tally = laws, talk, city, tally
        self.seed, self.replicate = seed, replicate
        self.voices = Voices.of(laws.schedule, seed, replicate)
        self.desk = Desk(laws, talk, tally)
        self.is_disappointed = np.zeros(city.n_rows, dtype=bool)
        self._asks = Timetable()

    def welcome(self, account: I64, who: I64, since_min: float) -> None:
        """People who follow an account from ``since_min`` on will ask it things. Arrays of one length."""
        where = account, who, since_min
        t, at = asking_times(self.laws, self.city, self.seed, self.replicate, *where)
        self._asks.add(t, account[at] * self.city.n_rows + who[at])

    def hear(self, hour: int, post: I64, who: I64) -> None:
        """Comments of this hour: ``post``, ``who`` int64, each pair once."""
        talk, desk, voices = self.talk, self.desk, self.voices
        negative = negative_chance(
            talk.negative[post],
            np.where(desk.left_alone[post] > 0, talk.contagion, 1.0),
            np.where(desk.is_calmed[post], talk.calming, 1.0),
            np.where(self.is_disappointed[who], talk.disappointed, 1.0),
        )
        said = tone(draws.uniform(voices.tone[post], who), talk.question_share, negative)
        account, week = self.laws.schedule.account[post], hour * HOUR_MIN // WEEK_MIN
        np.add.at(self.tally.talk[:, week], (account, said), 1)
        t = hour * HOUR_MIN + HOUR_MIN * draws.uniform(voices.minute[post], who)
        desk.receive(account, post, who, t, said, voices.request[post])

    def close_hour(self, hour: int, is_following: NDArray[np.bool_]) -> Echo:
        """Followers ask, the desk answers. ``is_following`` bool[A, n_rows] as of the start of the hour."""
        ids = self._asks.at(hour)
        if len(ids):
            self._ask(hour, ids, is_following)
        echo = self.desk.close_hour(hour)
        if echo.answered:
            self.tally.climb("in_dialogue", np.array(echo.answered, dtype=np.int64))
        if echo.disappointed:
            self.is_disappointed[[who for _, who, _ in echo.disappointed]] = True
        return echo

    def _ask(self, hour: int, ids: I64, is_following: NDArray[np.bool_]) -> None:
        """Questions that come to the minds of ``ids`` (account * n_rows + row) reach the desk."""
        account, who = np.divmod(ids, self.city.n_rows)
        still = is_following[account, who]
        account, who = account[still], who[still]
        minute = draws.uniform(self.voices.asked_minute[account], who, hour)
        self.desk.receive(
            account, np.full(len(who), -1), who, hour * HOUR_MIN + HOUR_MIN * minute,
            np.full(len(who), QUESTION), self.voices.asked[account],
        )  # fmt: skip
        self.tally.climb("in_dialogue", who)

    def losses(self, echo: Echo, is_following: NDArray[np.bool_], since_min: float) -> list[tuple[F64, I64]]:
        """When disappointed residents who follow will leave for it (see ``leavers``)."""
        lost = [x for x in echo.disappointed if x[1] < self.city.n_residents and is_following[x[0], x[1]]]
        if not lost:
            return []
        account, who, luck = (np.array(column) for column in zip(*lost, strict=True))
        return self.leavers(account, who, luck, since_min)

    def leavers(self, account: I64, who: I64, luck: F64, since_min: float) -> list[tuple[F64, I64]]:
        """When people whom silence disappointed will leave, within the horizon: (minutes float64, account *
        n_rows + row int64) by account. Arrays of one length; ``luck`` in [0, 1)."""
        found = []
        for a in np.unique(account).tolist():
            mine = account == a
            t = leaving_disappointed(self.laws, a, luck[mine], since_min)
            soon = t < self.laws.n_hours * HOUR_MIN
            found.append((t[soon], a * self.city.n_rows + who[mine][soon].astype(np.int64)))
        return found
