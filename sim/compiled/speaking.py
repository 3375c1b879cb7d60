"""What is said in an hour, compiled: the tone of comments, and the draws of what people ask.

``dialogue.Dialogue`` tells the rules.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.compiled.arithmetic import fold, unit
from sim.compiled.build import compiled, inlined
from sim.compiled.requests import NEW
from sim.compiled.seeing import SPOKEN
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


@compiled
def speak(
    speech: Speech,
    events: Any,
    asking: Any,
    is_following: Any,
    deeds: Any,
    requests: Any,
    hour: int,
    week: int,
) -> Any:
    """What is said in an hour: the comments of ``events`` (Events), then what followers ask by themselves,
    ``asking`` int64 account * n_rows + row. What asks for something is written in ``requests`` (Requests),
    which have room for all; returns how much that is."""
    for i in range(events.n[SPOKEN]):
        hear(speech, events.spoken_post[i], events.spoken_who[i], requests, hour, week)
    n_rows = is_following.shape[1]
    for i in range(len(asking)):
        account = asking[i] // n_rows
        who = asking[i] - account * n_rows
        if is_following[account, who]:
            deeds[who].ladder |= _DIALOGUE
            if speech.is_own[account]:
                minute = unit(fold(fold(speech.asked_minute[account], who), hour))
                write(
                    speech, requests, hour, week, minute, speech.asked[account], account, -1, who, _QUESTION
                )
    return requests.n[NEW]


@inlined
def hear(speech: Any, post: Any, who: Any, requests: Any, hour: Any, week: Any) -> None:
    """A comment: its tone is counted, and it is a request if it asks for something."""
    s, account = speech, speech.account[post]
    question_share, contagion, calming, disappointed = s.odds[0], s.odds[1], s.odds[2], s.odds[3]
    negative = s.negative[post] * (contagion if s.left_alone[post] > 0 else 1.0)
    negative = negative * (calming if s.is_calmed[post] else 1.0)
    negative = min(negative * (disappointed if s.is_disappointed[who] else 1.0), 1.0)
    luck = unit(fold(s.tone[post], who))
    tone = _POSITIVE
    if luck < question_share:
        tone = _QUESTION
    elif luck < question_share + (1.0 - question_share) * negative:
        tone = _NEGATIVE
    s.talk[account, week, tone] += 1
    if tone != _POSITIVE and s.is_own[account]:
        minute = unit(fold(s.minute[post], who))
        write(s, requests, hour, week, minute, s.request[post], account, post, who, tone)


@inlined
def write(
    speech: Any,
    requests: Any,
    hour: Any,
    week: Any,
    minute: Any,
    key: Any,
    account: Any,
    post: Any,
    who: Any,
    tone: Any,
) -> None:
    """One more request of this hour, with its draws."""
    r = requests.new[requests.n[NEW]]
    r.t, r.peers_at, r.others_min = np.float64(hour) * _HOUR_MIN + _HOUR_MIN * minute, np.inf, 0.0
    r.account, r.post, r.who, r.tone = account, post, who, tone
    first, number = fold(key, who), np.int64(r.t / _HOUR_MIN) * _N_DRAWS
    for j in range(_N_DRAWS):
        r.luck[j] = unit(fold(first, number + j))
    speech.talk[account, week, _REQUESTS] += 1
    requests.n[NEW] += 1
