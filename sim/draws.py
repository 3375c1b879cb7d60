"""Keyed random draws: every draw is a pure function of what it decides about.

``key(seed, replicate, purpose, ...)`` names a kind of decision; ``uniform(key, ids)`` answers it for
each id. There is no stream and no state, so results do not depend on order, batching, workers or on
what else is drawn, and two scenarios share every draw that concerns the same residents and posts.

The mixer is the SplitMix64 finaliser (Steele, Lea & Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014; variant 13 of Stafford's constants), applied once per id. A uniform is an
exact multiple of 2**-53, so comparing it with a probability has one answer on every machine.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(s) for s in (30, 27, 31, 11))
_UNIT = 2.0**-53


def name_id(name: str) -> int:
    """Stable 63-bit id of a name (first 8 bytes of its SHA-256, top bit cleared)."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def mix(x: U64) -> U64:
    """SplitMix64 finaliser, in place. ``x``: uint64 array owned by the caller; returned mixed."""
    x ^= x >> _S30
    x *= _M1
    x ^= x >> _S27
    x *= _M2
    x ^= x >> _S31
    return x


def _fold(state: U64, ids: Any) -> U64:
    """One mixing round: ``state`` (uint64) combined with ``ids`` (non-negative integers)."""
    ids = np.asarray(ids)
    scaled = ids.astype(np.uint64, copy=True)
    scaled *= _GOLDEN
    scaled += _GOLDEN
    if state.size == 1 or state.shape == scaled.shape:
        scaled += state.reshape(-1)[0] if state.size == 1 else state
    else:
        scaled = scaled + state
    return mix(scaled)


def key(seed: int, replicate: int, purpose: str, *names: str | int) -> np.uint64:
    """Key of one kind of decision.

    ``seed``, ``replicate``: any non-negative integers. ``purpose`` and ``names``: what is decided and
    for which account, post or platform; strings are hashed, integers used as they are.
    """
    return _key(seed, replicate, purpose, *names)


@lru_cache(maxsize=4096)
def _key(*parts: str | int) -> np.uint64:
    """The key of ``seed, replicate, purpose, names``, by the arithmetic of ``mix`` on whole numbers."""
    seed, replicate, purpose, *names = parts
    state = name_id(str(purpose))
    for part in (seed, replicate, *names):
        number = name_id(part) if isinstance(part, str) else int(part)
        state = (number * int(_GOLDEN) + int(_GOLDEN) + state) % 2**64
        state = (state ^ state >> 30) * int(_M1) % 2**64
        state = (state ^ state >> 27) * int(_M2) % 2**64
        state ^= state >> 31
    return np.uint64(state)


def bits(k: np.uint64 | U64, ids: Any, *more: Any) -> U64:
    """64 random bits for each id. ``k``: a key, or an array of keys aligned with ``ids``.

    ``ids`` and ``more``: non-negative integer arrays that broadcast together; a draw belongs to the
    whole tuple, so ``bits(k, i, j)`` and ``bits(k, j, i)`` differ. Returns uint64, at least 1-d.
    """
    state = _fold(np.atleast_1d(np.asarray(k, dtype=np.uint64)), np.atleast_1d(ids))
    for extra in more:
        state = _fold(state, np.atleast_1d(extra))
    return state


def uniform(k: np.uint64 | U64, ids: Any, *more: Any) -> F64:
    """Uniform draws in [0, 1), exact multiples of 2**-53, float64, one for each id (see ``bits``)."""
    state = bits(k, ids, *more)
    state >>= _S11
    out = state.astype(np.float64)
    out *= _UNIT
    return out
