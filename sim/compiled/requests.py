"""What residents ask of the city and what becomes of it, as records: those of this hour, those that wait for
an answer, and what will become visible."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.conversation import DAY_MIN, N_DRAWS, Talk
from sim.desk import RECENT

# a request (``desk.Request``); ``what`` (``answering``) will become visible at ``at_min``, with a chance
# ``frank`` of a frank answer
REQUEST = np.dtype(
    [
        ("t", "f8"), ("peers_at", "f8"), ("others_min", "f8"), ("at_min", "f8"), ("frank", "f8"),
        ("luck", "f8", (N_DRAWS,)), ("account", "i4"), ("post", "i4"), ("who", "i4"), ("tone", "i4"),
        ("what", "i4"), ("unused", "i4"),
    ]
)  # fmt: skip
NEW, WAITING, DUE, CAME, SATISFIED, LET_DOWN, LOST = range(7)  # places in Requests.n
OWED, SOONEST = range(2)  # places in Requests.clock


class Terms(NamedTuple):
    """``conversation.Talk`` as far as answers depend on it; ``n_residents`` as of the city.

    float64: ``spare_min`` by hour; ``answer_min``, ``validation_min``, ``frank`` by week; ``satisfied`` by
    minute; the rest single numbers.
    """

    spare_min: Any
    answer_min: Any
    validation_min: Any
    frank: Any
    satisfied: Any
    patience_min: float
    cost: float
    noreply_negative: float
    affinity_gain: float
    affinity_loss: float
    n_residents: int

    @classmethod
    def of(cls, talk: Talk, n_residents: int) -> Terms:
        """The terms of a scenario's conversation."""
        said = {name: getattr(talk, name) for name in cls._fields[:-1]}
        numbers = {name: float(x) for name, x in said.items() if not isinstance(x, np.ndarray)}
        return cls(**{**said, **numbers}, n_residents=n_residents)


class Requests(NamedTuple):
    """One replicate's requests, REQUEST: ``new`` of this hour, ``waiting`` in turn, ``due`` later.

    ``order``, ``spare`` int64 room to sort; ``satisfied`` int64 rows whom this hour's answers satisfied;
    ``let_down`` REQUEST those whom silence disappointed, of whom the followers come first. ``n`` int64[7] how
    many there are of each, ``CAME`` of those noted in ``came`` float64[RECENT] (minutes, in turn). ``unseen``
    float64[hours] minutes for people who are not simulated; ``clock`` float64[2]: minutes that the desk owes,
    and the instant before which nobody's wait is over.
    """

    new: Any
    waiting: Any
    due: Any
    order: Any
    spare: Any
    satisfied: Any
    let_down: Any
    n: Any
    came: Any
    unseen: Any
    clock: Any

    @classmethod
    def of(cls, n_hours: int) -> Requests:
        """Nothing asked yet, and no room for anything."""
        return cls(
            new=np.empty(0, REQUEST), waiting=np.empty(0, REQUEST), due=np.empty(0, REQUEST),
            order=np.empty(0, np.int64), spare=np.empty(0, np.int64), satisfied=np.empty(0, np.int64),
            let_down=np.empty(0, REQUEST), n=np.array([0, 0, 0, 1, 0, 0, 0]),
            came=np.full(RECENT, -float(DAY_MIN)), unseen=np.zeros(n_hours),
            clock=np.array([0.0, np.inf]),
        )  # fmt: skip

    def with_room(self, n: int, others: int) -> Requests:
        """The same requests, with room for ``n`` more of this hour and ``others`` of people not simulated."""
        new, waiting = n + others, int(self.n[WAITING]) + n + others
        due = int(self.n[DUE]) + 2 * waiting
        if new <= len(self.new) and waiting <= len(self.waiting) and due <= len(self.due):
            return self
        room = {
            "new": 2 * new,
            "waiting": 2 * waiting,
            "due": 2 * due,
            "satisfied": 2 * due,
            "let_down": 2 * due,
        }
        longer = {name: np.empty(size, getattr(self, name).dtype) for name, size in room.items()}
        for name, count in (("waiting", WAITING), ("due", DUE)):
            longer[name][: self.n[count]] = getattr(self, name)[: self.n[count]]
        return self._replace(**longer, order=np.empty(2 * new, np.int64), spare=np.empty(2 * new, np.int64))
