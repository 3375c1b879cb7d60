"""The social graph: one friendship graph grown from groups, a bit mask of platforms on each tie.

People know a share of the other members of their groups (``sim.groups``). Clustering and age homophily are
consequences, not patches. A tie, and its strength, is one keyed draw on its two ends: the order in which
groups are visited, their batches and the author (arrays here, networkx in ``graph_io``) cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sim import draws
from sim.figures import InputError
from sim.groups import Groups, friendship_groups
from sim.recipe import Crowd, Recipe
from sim.relays import relay_follows

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
U16 = NDArray[np.uint16]

_CHUNK = 2**16
_BLOCK = 2**20
_MASK_BITS = 16


@dataclass(frozen=True)
class Ties:
    """Directed ties in compressed rows: v in ``target[indptr[u]:indptr[u + 1]]`` sees what u shares.

    ``indptr`` int64[n_rows + 1], ``target`` int32[m] sorted within a row, ``mask`` uint16[m]: bit k set when
    the tie lives on platform k. Friendships appear in both directions, relay -> fan in one.
    """

    indptr: I64
    target: NDArray[np.int32]
    mask: U16

    @property
    def n_ties(self) -> int:
        """Directed ties."""
        return len(self.target)

    @cached_property
    def most(self) -> int:
        """Ties of the row that has most."""
        return int(np.diff(self.indptr).max(initial=0))

    def degree(self, bit: int | None = None) -> I64:
        """Ties that leave each row, on platform ``bit`` or on any. int64[n_rows]."""
        if bit is None:
            return np.diff(self.indptr)
        alive = np.concatenate([[0], np.cumsum((self.mask >> bit) & 1, dtype=np.int64)])
        return np.asarray(np.diff(alive[self.indptr]))


def grow_ties(recipe: Recipe, crowd: Crowd, n_rows: int) -> Ties:
    """The city's graph as compressed rows. ``n_rows`` >= residents: rows without ties close the table.

    Raises InputError for a city of more than 2**23 rows (a key must fit 63 bits).
    """
    if n_rows >= 2**23:
        raise InputError(f"city: {n_rows} residents and followers; allowed: fewer than {2**23}")
    low, high = _friendships(recipe, crowd, friendship_groups(recipe, crowd))
    mask = np.concatenate(list(_masks(recipe, crowd, low, high)) or [np.empty(0, dtype=np.uint16)])
    if not mask.all():
        low, high, mask = low[mask != 0], high[mask != 0], mask[mask != 0]
    follows = [(relay.bit, *relay_follows(recipe, relay, crowd)) for relay in recipe.relays]
    shift = _shift(n_rows)
    n = len(low)
    packed = np.empty(2 * n + sum(len(fan) for _, _, fan in follows), dtype=np.int64)
    pack(packed[:n], low, high, mask, shift)
    pack(packed[n : 2 * n], *turned_round(low, high, mask, n_rows), shift)
    del low, high, mask
    first = 2 * n
    for bit, source, fan in follows:
        pack(packed[first : first + len(fan)], source, fan, np.uint16(1 << bit), shift)
        first += len(fan)
    return compressed_rows(packed, n_rows, shift)


def pack(out: I64, source: Any, end: Any, mask: Any, shift: int) -> None:
    """Write the keys ``((source << shift | end) << 16) | mask`` into ``out``, without other copies."""
    out[:] = source
    out <<= shift
    out |= end
    out <<= _MASK_BITS
    out |= mask


def turned_round(low: Any, high: Any, mask: U16, n_rows: int) -> tuple[Any, Any, U16]:
    """Ties (low, high), sorted, as (high, low), sorted: a transposed matrix, which is counted, not sorted."""
    start = np.concatenate([[0], np.cumsum(np.bincount(low, minlength=n_rows))])
    turned = sparse.csr_array((mask, high, start), shape=(n_rows, n_rows)).T.tocsr()
    return np.repeat(np.arange(n_rows, dtype=low.dtype), np.diff(turned.indptr)), turned.indices, turned.data


def _masks(recipe: Recipe, crowd: Crowd, low: Any, high: Any) -> Iterator[U16]:
    reach = contact_limits(recipe, crowd, low, high)
    for first in range(0, len(low), _BLOCK):
        part = slice(first, first + _BLOCK)
        yield friendship_mask(recipe, crowd, low[part], high[part], reach)


def compressed_rows(packed: I64, n_rows: int, shift: int) -> Ties:
    """Ties from keys ``((u << shift | v) << 16) | mask``, sorted here in place; equal (u, v) merge masks.

    The keys may come in a few sorted runs: the stable sort only merges them.
    """
    packed.sort(kind="stable")
    target = np.empty(len(packed), dtype=np.int32)
    mask = np.empty(len(packed), dtype=np.uint16)
    degree = np.zeros(n_rows, dtype=np.int64)
    last, end = -1, 0
    for first in range(0, len(packed), _BLOCK):
        pair = packed[first : first + _BLOCK] >> _MASK_BITS
        bits = packed[first : first + _BLOCK].astype(np.uint16)
        starts = np.flatnonzero(np.diff(pair, prepend=last))
        last = pair[-1]
        if len(starts) == 0 or starts[0] > 0:
            mask[end - 1] |= np.bitwise_or.reduce(bits[: starts[0] if len(starts) else None])
        if len(starts) == 0:
            continue
        ends = end + len(starts)
        mask[end:ends] = np.bitwise_or.reduceat(bits, starts)
        pair = pair[starts]
        target[end:ends] = pair & ((1 << shift) - 1)
        row = pair >> shift
        degree[row[0] : row[-1] + 1] += np.bincount(row - row[0])
        end = ends
    return Ties(np.concatenate([[0], np.cumsum(degree)]), target[:end], mask[:end])


def pair_strength(recipe: Recipe, low: Any, high: Any) -> F64:
    """The one draw of a pair (``low`` < ``high``, residents): a tie if below ``density``; the lower the
    stronger. float64 in [0, 1)."""
    return draws.uniform(draws.key(recipe.seed, 0, "friendship"), low, high)


def _friendships(recipe: Recipe, crowd: Crowd, groups: Groups) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ties (low, high), sorted, once each: groups of equal size together, pairs by triangle. int32[m]."""
    shift, end = _shift(crowd.size), 0
    sizes = np.diff(groups.start)
    keys = np.empty(int((sizes * (sizes - 1) // 2).sum()), dtype=np.int64)
    for size in np.unique(sizes[sizes > 1]).tolist():
        starts = groups.start[:-1][sizes == size]
        left, right = np.triu_indices(size, 1)
        step = max(1, _CHUNK // len(left))
        for first in range(0, len(starts), step):
            member = groups.member[np.arange(size)[:, None] + starts[first : first + step]]
            uses = crowd.platform_mask[member]
            a, b = member[left], member[right]
            low, high = np.minimum(a, b), np.maximum(a, b)
            tied = pair_strength(recipe, low, high) < recipe.density
            tied &= (uses[left] & uses[right]) != 0
            tied &= a != b
            found = low[tied].astype(np.int64) << shift | high[tied]
            keys[end : end + len(found)] = found
            end += len(found)
    keys = keys[:end]
    keys.sort()
    return _ends_of_distinct(keys, shift)


def _shift(n: int) -> int:
    """Bits that hold any of ``n`` rows."""
    return max(1, int(n - 1).bit_length())


def _ends_of_distinct(keys: I64, shift: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Both ends of each distinct key ``low << shift | high`` of a sorted array, block by block. int32[m]."""
    low, high = np.empty(len(keys), dtype=np.int32), np.empty(len(keys), dtype=np.int32)
    end = 0
    for first in range(0, len(keys), _BLOCK):
        block = keys[first : first + _BLOCK]
        new = np.diff(block, prepend=keys[first - 1] if first else -1) != 0
        ends = end + int(new.sum())
        pair = block[new]
        low[end:ends], high[end:ends] = pair >> shift, pair & ((1 << shift) - 1)
        end = ends
    return low[:end], high[:end]


def contact_limits(recipe: Recipe, crowd: Crowd, low: Any, high: Any) -> dict[int, F64]:
    """For each platform that keeps only close contacts: the share of ties that each resident keeps.

    ``contacts`` inside the city divided by the resident's ties there, at most 1. float64[n] by bit.
    """
    reach = {}
    for bit, contacts in recipe.contacts:
        uses = crowd.uses(bit)
        degree = np.zeros(crowd.size, dtype=np.int64)
        for first in range(0, len(low), _BLOCK):
            a, b = low[first : first + _BLOCK], high[first : first + _BLOCK]
            both = uses[a] & uses[b]
            degree += np.bincount(a[both], minlength=crowd.size)
            degree += np.bincount(b[both], minlength=crowd.size)
        reach[bit] = np.minimum(1.0, contacts / np.maximum(degree, 1))
    return reach


def friendship_mask(recipe: Recipe, crowd: Crowd, low: Any, high: Any, reach: dict[int, F64]) -> U16:
    """Platforms on which each tie lives: both ends use it and the tie is strong enough there.

    A tie passes the cut of a platform when its strength is within the mean of the shares that its two
    ends keep: symmetric, and a resident keeps min(contacts, ties) on average over residents.
    """
    mask = crowd.platform_mask[low] & crowd.platform_mask[high]
    for bit, keeps in reach.items():
        here = np.flatnonzero((mask >> bit) & 1)
        a, b = low[here], high[here]
        weak = pair_strength(recipe, a, b) >= recipe.density * ((keeps[a] + keeps[b]) / 2)
        mask[here[weak]] &= np.uint16(0xFFFF ^ (1 << bit))
    return mask
