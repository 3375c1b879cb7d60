"""Put together in memory what is read together: one or two cache lines for each person.

The state and the counts of a kernel keep their names; they become views of the packed records.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim.audience import group_of
from sim.city import City
from sim.compiled.arrays import Queue
from sim.reactions import State
from sim.tally import Tally

PERSON = np.dtype(
    [
        ("excess", "f8"), ("warm_at", "i4"), ("attachment", "f4"), ("expressiveness", "f4"), ("band", "u1"),
        ("circle", "u1"), ("group", "u1"), ("ladder", "u1"), ("reached", "u2"), ("this_week", "u2"),
        ("engaged", "u2"), ("unused", "u2"),
    ]
)  # fmt: skip
RELATION = np.dtype([("fatigue", "f8"), ("tired_at", "i4"), ("is_following", "?"), ("unused", "u1", 3)])
SIGHTS = np.dtype([("times_seen", "u1"), ("flags", "u1")])

_people: WeakKeyDictionary[City, NDArray[Any]] = WeakKeyDictionary()


def pack(city: City, state: State, tally: Tally) -> tuple[NDArray[Any], NDArray[Any]]:
    """Repack a state and counts that are still blank but for who follows.

    Returns (PERSON[n] records, uint16[places, n] the two bytes of ``times_seen`` and ``flags`` as one).
    """
    # as whole numbers: records are copied field by field
    person = _person(city).view(np.uint64).copy().view(PERSON)
    for name in ("reached", "this_week", "engaged", "ladder"):
        setattr(tally, name, person[name])
    state.affinity.value, state.affinity.last = person["excess"], person["warm_at"]
    relation: NDArray[Any] = np.zeros(state.fatigue.value.shape, RELATION)
    relation["is_following"] = state.followers.is_following
    state.followers.is_following = relation["is_following"]
    state.fatigue.value, state.fatigue.last = relation["fatigue"], relation["tired_at"]
    sights: NDArray[Any] = np.zeros(state.times_seen.shape, SIGHTS)
    state.times_seen, state.flags = sights["times_seen"], sights["flags"]
    return person, sights.view(np.uint16)


def _person(city: City) -> NDArray[Any]:
    """What the city says of everyone: the same for every replicate."""
    if city not in _people:
        person: NDArray[Any] = np.zeros(city.n_rows, PERSON)
        for name in ("attachment", "expressiveness", "circle"):
            person[name] = getattr(city, name)
        person["band"], person["group"] = city.age_band, group_of(city)
        _people[city] = person
    return _people[city]


def in_blocks(city: City, platform: int, rows: NDArray[Any], block: int) -> Queue:
    """People with what never changes of them, and the largest attachment of each ``block`` of them."""
    attachment = city.attachment[rows]
    starts = np.arange(0, len(rows), block)
    return Queue(
        who=rows.astype(np.int32),
        attachment=attachment,
        activity=city.activity[platform][rows],
        band=city.age_band[rows],
        circle=city.circle[rows],
        ceiling=np.maximum.reduceat(attachment, starts) if len(rows) else attachment,
    )


def by_attachment(city: City, rows: NDArray[Any], block: int) -> NDArray[Any]:
    """``rows`` in classes of falling attachment, each of a few blocks and in the order of memory."""
    order = rows[np.argsort(-city.attachment[rows], kind="stable")]
    classes = np.array_split(order, max(1, len(rows) // (4 * block)))
    return np.concatenate([np.sort(members) for members in classes])
