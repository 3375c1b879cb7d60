"""Put together in memory what is read together: one or two cache lines for each person.

The state and the counts of a kernel keep their names; they become views of the packed records.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim.audience import Followers, Memory, group_of
from sim.city import City
from sim.compiled.arrays import Queue
from sim.compiled.feeding import BLOCK
from sim.laws import Laws
from sim.reactions import State
from sim.tally import Tally

# what changes of a person, and between a person and an account: as small as can be, for memory is what waits
DEEDS = np.dtype(
    [("ladder", "u1"), ("unused", "u1"), ("reached", "u2"), ("this_week", "u2"), ("engaged", "u2")]
)
SIGHTS = np.dtype([("times_seen", "u1"), ("flags", "u1")])
WARMTH = np.dtype([("excess", "f8"), ("warm_at", "i4"), ("unused", "i4")])
LINE = 64  # bytes that memory hands over at a time


class Seats(NamedTuple):
    """``opening`` account -> rows that follow at the start, in the order of their seats; ``seat_of`` int32[B,
    n] seats of everyone by account, in the order of the names."""

    opening: dict[str, NDArray[Any]]
    seat_of: NDArray[np.int32]


_seats: WeakKeyDictionary[City, Seats] = WeakKeyDictionary()
_traits: WeakKeyDictionary[City, NDArray[Any]] = WeakKeyDictionary()


class Packed(NamedTuple):
    """``deeds`` DEEDS[n]; ``relation`` records[A, n] (``relation_of``) by ``seats``; ``sights``
    SIGHTS[places, n]; ``warmth`` WARMTH[n]."""

    deeds: NDArray[Any]
    relation: NDArray[Any]
    sights: NDArray[Any]
    warmth: NDArray[Any]


def pack(city: City, tally: Tally, followers: Followers, n_hours: int, n_active: int) -> Packed:
    """Records of a run in which nothing has happened yet but for who follows; ``n_active``: most posts that
    live at one time. The counts of ``tally`` become views of ``deeds``."""
    deeds: NDArray[Any] = np.zeros(city.n_rows, DEEDS)
    for name in ("reached", "this_week", "engaged", "ladder"):
        setattr(tally, name, deeds[name])
    relation: NDArray[Any] = np.zeros((len(followers.count), city.n_rows), relation_of(n_hours))
    for account, n_followers in enumerate(followers.count.tolist()):
        relation["is_following"][account, :n_followers] = True  # they have the first seats
    sights: NDArray[Any] = np.zeros((n_active, city.n_rows), SIGHTS)
    return Packed(deeds, relation, sights, np.zeros(city.n_rows, WARMTH))


def state_of(packed: Packed, followers: Followers, laws: Laws) -> State:
    """The state whose columns are views of ``packed``; fatigue, which is kept by seat, is not among them."""
    return State(
        followers=followers,
        fatigue=Memory.blank((0, 0), laws.fatigue_decay, np.float32),
        affinity=Memory(packed.warmth["excess"], packed.warmth["warm_at"], laws.affinity_decay),
        times_seen=packed.sights["times_seen"],
        flags=packed.sights["flags"],
    )


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


def seats(city: City) -> Seats:
    """Where each account of the city keeps its relation with everyone: those whom it has at the start in the
    order in which they are offered its posts, so that memory is read in a row, then all others."""
    if city not in _seats:
        opening = {name: by_attachment(city, rows) for name, rows in sorted(city.followers.items())}
        seat_of = np.empty((len(opening), city.n_rows), np.int32)
        for mine, rows in zip(seat_of, opening.values(), strict=True):
            others = np.ones(city.n_rows, bool)
            others[rows] = False
            mine[rows] = np.arange(len(rows))
            mine[others] = np.arange(len(rows), city.n_rows)
        _seats[city] = Seats(opening, seat_of)
    return _seats[city]


def in_blocks(city: City, platform: int, rows: NDArray[Any], is_opening: bool) -> Queue:
    """People (``rows`` int[...]) as a queue, with the largest attachment of each block of them."""
    attachment = city.attachment[rows]
    starts = np.arange(0, len(rows), BLOCK)
    return Queue(
        who=rows.astype(np.int32),
        attachment=attachment,
        activity=city.activity[platform][rows],
        band=city.age_band[rows],
        circle=city.circle[rows],
        ceiling=np.maximum.reduceat(attachment, starts) if len(rows) else attachment,
        is_opening=is_opening,
    )


def by_attachment(city: City, rows: NDArray[Any]) -> NDArray[Any]:
    """``rows`` in classes of falling attachment, each of a few blocks and in the order of memory."""
    order = rows[np.argsort(-city.attachment[rows], kind="stable")]
    classes = np.array_split(order, max(1, len(rows) // (4 * BLOCK)))
    return np.concatenate([np.sort(members) for members in classes])
