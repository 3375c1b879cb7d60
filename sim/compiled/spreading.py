"""Shares alone, compiled: the cascade of ``sim.spread``, wave after wave of people.

A wave is some people of one generation, in three plain loops: all their friends are hashed; the few whose
draw might let the share in are sifted out; of these, who sees it for the first time joins the queue. A
person's friends are rounded up to whole blocks: what is beyond cannot pass the sieve.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiled.arithmetic import WHOLE, fold, threshold, unit
from sim.compiled.build import bring_near, compiled, inlined
from sim.spread import BLOCK, WAVE

AHEAD = 12  # people whose ties are brought near before their turn; twice as many whose place is
LINES, LINE = 8, 16  # how much of them: lines of memory, friends in a line
_BEYOND = np.uint64(BLOCK - 1)
_BLOCKS = ~_BEYOND
_S11 = np.uint64(11)


@compiled
def pass_on(web: Any, desk: Any, n: Any, mark: Any, key: Any, key_share: Any, share: Any) -> Any:
    """``spread.pass_on``: the list of who saw the post is the queue of who might pass it on."""
    limit, passes = threshold(web.most), threshold(share)
    s, bound, end, sharers, trials, generations = 0, n, n, 0, np.int64(0), 0
    while s < end:
        if s == bound:
            generations, bound = generations + 1, end
        hashed = np.uint64(0)
        while s < bound and hashed < WAVE:
            prepare(web, desk, s, end)
            person = desk.reached[s]
            if s < n or fold(key_share, person) >> _S11 < passes:
                first = np.uint64(web.indptr[person])
                friends = np.uint64(web.indptr[person + 1]) - first
                hashed = hash_friends(web, desk, first, friends, fold(key, person), hashed)
                sharers, trials = sharers + 1, trials + np.int64(friends)
            s += 1
        end = sift(web, desk, hashed, limit, mark, end)
    return end, sharers, trials, generations


@inlined
def prepare(web: Any, desk: Any, s: Any, end: Any) -> Any:
    """Have the ties of those who come after place ``s`` of the queue brought near, as many lines for each:
    the last one again where there are fewer, which costs less than to ask how many there are."""
    bring_near(web.indptr, desk.reached[min(s + 2 * AHEAD, end - 1)])
    person = np.uint64(desk.reached[min(s + AHEAD, end - 1)])
    first, last = web.indptr[person], web.indptr[person + np.uint64(1)]
    for line in range(LINES):
        bring_near(web.target, min(first + line * LINE, last))


@inlined
def hash_friends(web: Any, desk: Any, first: Any, friends: Any, key: Any, hashed: Any) -> Any:
    """The draws of one person's friends, from place ``hashed`` of the wave on; the next free place."""
    blocks = (friends + _BEYOND) & _BLOCKS
    for i in range(blocks):
        friend = web.target[first + i]
        desk.friend[hashed + i] = friend
        desk.luck[hashed + i] = fold(key, friend) >> _S11 | np.uint64(i >= friends) * WHOLE
    return hashed + blocks


@inlined
def sift(web: Any, desk: Any, hashed: Any, limit: Any, mark: Any, end: Any) -> Any:
    """Append to ``desk.reached``, from place ``end`` on, who of a wave sees it for the first time."""
    near = np.uint64(0)
    for i in range(hashed):
        desk.near[near] = i
        near += np.uint64(desk.luck[i] < limit)
    for j in range(near):
        at = np.uint64(desk.near[j])
        friend, luck = np.uint64(desk.friend[at]), unit(desk.luck[at] << _S11)
        was = desk.mark[friend]
        is_new = was != mark
        if not web.is_even:
            is_new &= luck < web.shown[friend]
        desk.reached[end] = friend
        desk.mark[friend] = mark if is_new else was
        end += is_new
    return end
