"""Put together in memory what is read together: one or two cache lines for each person.

The state and the counts of a kernel keep their names; they become views of the packed records.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim.audience import group_of
from sim.city import City
from sim.compiled.arrays import Queue
from sim.reactions import State
from sim.tally import Tally

# what changes of a person, and between a person and an account: as small as can be, for memory is what waits
DEEDS = np.dtype(
    [("ladder", "u1"), ("unused", "u1"), ("reached", "u2"), ("this_week", "u2"), ("engaged", "u2")]
)
SIGHTS = np.dtype([("times_seen", "u1"), ("flags", "u1")])
WARMTH = np.dtype([("excess", "f8"), ("warm_at", "i4"), ("unused", "i4")])
LINE = 64  # bytes that memory hands over at a time

_traits: WeakKeyDictionary[City, NDArray[Any]] = WeakKeyDictionary()


class Packed(NamedTuple):
    """``deeds`` DEEDS[n], ``relation`` records[A, n] (``relation_of``), ``sights`` SIGHTS[places, n], ``warmth``
    WARMTH[n]."""

    deeds: NDArray[Any]
    relation: NDArray[Any]
    sights: NDArray[Any]
    warmth: NDArray[Any]


def pack(city: City, state: State, tally: Tally) -> Packed:
    """Repack a state and counts that are still blank but for who follows."""
    deeds: NDArray[Any] = np.zeros(city.n_rows, DEEDS)
    for name in ("reached", "this_week", "engaged", "ladder"):
        setattr(tally, name, deeds[name])
    relation: NDArray[Any] = np.zeros(state.fatigue.value.shape, relation_of(len(state.fatigue.decay)))
    relation["is_following"] = state.followers.is_following
    state.followers.is_following = relation["is_following"]
    state.fatigue.value, state.fatigue.last = relation["fatigue"], relation["tired_at"]
    sights: NDArray[Any] = np.zeros(state.times_seen.shape, SIGHTS)
    state.times_seen, state.flags = sights["times_seen"], sights["flags"]
    warmth: NDArray[Any] = np.zeros(city.n_rows, WARMTH)
    state.affinity.value, state.affinity.last = warmth["excess"], warmth["warm_at"]
    return Packed(deeds, relation, sights, warmth)


def relation_of(n_hours: int) -> np.dtype[Any]:
    """Record of a person and an account in a run of ``n_hours``: eight bytes, twelve beyond seven years."""
    hour, rest = ("u2", 1) if n_hours <= 2**16 else ("u4", 3)
    return np.dtype([("fatigue", "f4"), ("tired_at", hour), ("is_following", "?"), ("unused", "u1", (rest,))])


def traits(city: City) -> NDArray[Any]:
    """What never changes of everyone, a record that begins a line of memory for each; shared by all runs."""
    if city not in _traits:
        n_themes = city.interest.shape[0]
        fields: list[Any] = [("attachment", "f4"), ("expressiveness", "f4"), ("interest", "f4", (n_themes,))]
        fields += [(name, "u1") for name in ("band", "circle", "group")]
        rest = -np.dtype(fields).itemsize % LINE
        kind = np.dtype([*fields, ("unused", "u1", (rest,))])
        memory = np.zeros(city.n_rows * kind.itemsize + LINE, np.uint8)
        start = -memory.ctypes.data % LINE
        records: NDArray[Any] = memory[start : start + city.n_rows * kind.itemsize].view(kind)
        for name in ("attachment", "expressiveness", "circle"):
            records[name] = getattr(city, name)
        records["band"], records["group"] = city.age_band, group_of(city)
        records["interest"] = city.interest.T
        _traits[city] = records
    return _traits[city]


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
