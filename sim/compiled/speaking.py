"""What is said in an hour, compiled: the tone of comments, and the draws of what people ask.

``dialogue.Dialogue`` tells the rules.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.compiled.arithmetic import fold, unit
from sim.compiled.build import compiled, inlined
from sim.conversation import N_DRAWS, NEGATIVE, POSITIVE, QUESTION
from sim.sessions import HOUR_MIN
from sim.tally import LADDER, TALK

_HOUR_MIN = float(HOUR_MIN)
_QUESTION, _NEGATIVE, _POSITIVE, _N_DRAWS = QUESTION, NEGATIVE, POSITIVE, N_DRAWS
_REQUESTS = TALK.index("requests")
_DIALOGUE = np.uint8(1 << LADDER.index("in_dialogue"))


class Speech(NamedTuple):
    """What comments and questions depend on: ``conversation.Voices`` and ``Talk``, the desk and the tally.

    By post: ``tone``, ``minute``, ``request`` uint64[P], ``negative`` float64[P], ``account``, ``left_alone``
    int64[P], ``is_calmed`` bool[P]; by account: ``asked_minute``, ``asked`` uint64[A], ``is_own`` bool[A];
    ``is_disappointed`` bool[n]; ``talk`` int64[A, weeks, 7]; ``odds`` float64[4]: share of questions, then
    what an unanswered complaint, a frank answer and one's own disappointment do to the negative ones.
    """

    tone: Any
    minute: Any
    request: Any
    negative: Any
    account: Any
    left_alone: Any
    is_calmed: Any
    asked_minute: Any
    asked: Any
    is_own: Any
    is_disappointed: Any
    talk: Any
    odds: Any


class Heard(NamedTuple):
    """Room for requests: ``luck`` float64[n, 6] draws, ``t`` float64[n] minutes; ``account``, ``post``,
    ``who``, ``tone`` int64[n]."""

    luck: Any
    t: Any
    account: Any
    post: Any
    who: Any
    tone: Any

    @classmethod
    def of(cls, size: int) -> Heard:
        """Room for ``size`` requests."""
        columns = (np.empty(size, np.int64) for _ in range(4))
        return cls(np.empty((size, N_DRAWS)), np.empty(size), *columns)


@compiled
def hear(speech: Speech, post: Any, who: Any, hour: int, week: int, heard: Heard) -> Any:
    """Comments ``who`` made under ``post``, int64: their tones are counted, and what asks for something is
    written in ``heard``; returns how much."""
    s, n = speech, 0
    question_share, contagion, calming, disappointed = s.odds[0], s.odds[1], s.odds[2], s.odds[3]
    for i in range(len(post)):
        p, account = post[i], s.account[post[i]]
        negative = s.negative[p] * (contagion if s.left_alone[p] > 0 else 1.0)
        negative = negative * (calming if s.is_calmed[p] else 1.0)
        negative = min(negative * (disappointed if s.is_disappointed[who[i]] else 1.0), 1.0)
        luck = unit(fold(s.tone[p], who[i]))
        tone = _POSITIVE
        if luck < question_share:
            tone = _QUESTION
        elif luck < question_share + (1.0 - question_share) * negative:
            tone = _NEGATIVE
        s.talk[account, week, tone] += 1
        if tone != _POSITIVE and s.is_own[account]:
            minute = unit(fold(s.minute[p], who[i]))
            _write(heard, n, hour, minute, s.request[p], account, p, who[i], tone)
            s.talk[account, week, _REQUESTS] += 1
            n += 1
    return n


@compiled
def ask(speech: Speech, ids: Any, is_following: Any, ladder: Any, hour: int, week: int, heard: Heard) -> Any:
    """Questions of followers, ``ids`` int64 account * n_rows + row: as ``hear``."""
    s, n, n_rows = speech, 0, is_following.shape[1]
    for i in range(len(ids)):
        account = ids[i] // n_rows
        who = ids[i] - account * n_rows
        if not is_following[account, who]:
            continue
        ladder[who] |= _DIALOGUE
        if s.is_own[account]:
            minute = unit(fold(fold(s.asked_minute[account], who), hour))
            _write(heard, n, hour, minute, s.asked[account], account, -1, who, _QUESTION)
            s.talk[account, week, _REQUESTS] += 1
            n += 1
    return n


@inlined
def _write(
    heard: Any, n: Any, hour: Any, minute: Any, key: Any, account: Any, post: Any, who: Any, tone: Any
) -> None:
    t = np.float64(hour) * _HOUR_MIN + _HOUR_MIN * minute
    heard.t[n], heard.account[n], heard.post[n] = t, account, post
    heard.who[n], heard.tone[n] = who, tone
    first, number = fold(key, who), np.int64(t / _HOUR_MIN) * _N_DRAWS
    for j in range(_N_DRAWS):
        heard.luck[n, j] = unit(fold(first, number + j))
