"""Relays: users whom many follow without knowing them, so that ties also go one way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.recipe import Crowd, Recipe, Relay

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def relay_follows(recipe: Recipe, relay: Relay, crowd: Crowd) -> tuple[I64, I64]:
    """Directed ties (relay, fan) of one platform, int64 rows, each pair once.

    Relays are users drawn by lot. Their followings are a power law, cut so that none exceeds the users;
    each user follows ``follows`` of them, picked systematically along the scale of followings.
    """
    users = np.flatnonzero(crowd.uses(relay.bit))
    n_relays = min(len(users), int(np.floor(len(users) * relay.per_user + 0.5)))
    if n_relays == 0 or relay.follows == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    def key(purpose: str) -> np.uint64:
        return draws.key(recipe.seed, 0, purpose, relay.name)

    lot = np.argsort(draws.bits(key("relay"), users), kind="stable")
    relays = users[lot[:n_relays]]
    tail = draws.uniform(key("following"), relays) + 2.0**-54
    most = int(np.ceil(relay.follows))
    scale = _cumulated_shares(np.exp(-np.log(tail) / (relay.exponent - 1)), most)
    count = np.floor(relay.follows + draws.uniform(key("follows"), users)).astype(np.int64)
    fan = np.repeat(users, count)
    which = np.arange(len(fan)) - np.repeat(np.cumsum(count) - count, count)
    start = np.repeat(draws.uniform(key("first follow"), users), count)
    spot = (which + start) / np.repeat(np.maximum(count, 1), count)
    found = np.minimum(np.searchsorted(scale, spot, side="right"), n_relays - 1)
    pairs = np.sort(relays[found] * crowd.size + fan)
    source, fan = np.divmod(pairs[np.diff(pairs, prepend=-1) != 0], crowd.size)
    return source[source != fan], fan[source != fan]


def _cumulated_shares(weights: F64, most: int) -> F64:
    """Cumulated shares of ``weights``, none above 1 / ``most`` where there are enough of them."""
    share = weights / weights.sum()
    for _ in range(50):
        capped = share >= 1 / most
        room = 1 - capped.sum() / most
        if not capped.any() or room <= 0 or capped.all():
            break
        rest = share[~capped].sum()
        share = np.where(capped, 1 / most, share * room / rest)
        if share.max() <= 1 / most * (1 + 1e-12):
            break
    share = np.minimum(share, 1 / most) if len(share) >= most else np.full(len(share), 1 / len(share))
    cumulated = np.cumsum(np.round(share * 2.0**40))
    return np.asarray(cumulated / cumulated[-1])
