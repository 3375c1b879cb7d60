"""The social graph: one friendship graph grown from groups, a bit mask of platforms on each tie.

People belong to groups (age-bound: school, work, household; place-bound: neighbourhood, association) in
proportion to their sociability, and know a share of the other members. Clustering and age homophily are
consequences, not patches. Affiliation networks: Breiger, Social Forces 53, 1974; Lattanzi & Sivakumar,
STOC 2009. A tie, and its strength, is one keyed draw on its two ends: the order in which groups are
visited, their batches and the author (arrays here, networkx in ``graph_io``) cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.figures import InputError
from sim.population import from_table, lognormal_table, standard_normal
from sim.scenario import Scenario

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
U16 = NDArray[np.uint16]

REFERENCE_LAYER = "facebook"
_CHUNK = 2**16
_BLOCK = 2**20
_SAMPLE = 1500
_MASK_BITS = 16
_YEAR_GRID = 2.0**12
_MAX_YEARS = 2.0**14
_LIFE_SPAN = 95.0


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

    def degree(self, bit: int | None = None) -> I64:
        """Ties that leave each row, on platform ``bit`` or on any. int64[n_rows]."""
        if bit is None:
            return np.diff(self.indptr)
        alive = np.concatenate([[0], np.cumsum((self.mask >> bit) & 1, dtype=np.int64)])
        return np.asarray(np.diff(alive[self.indptr]))


@dataclass(frozen=True)
class Relay:
    """Relays of one platform: ``bit``, relays per user, follows per user, exponent of followings."""

    bit: int
    name: str
    per_user: float
    follows: float
    exponent: float


@dataclass(frozen=True)
class Recipe:
    """Every number that the graph needs, read from a scenario (see ``Recipe.of``)."""

    seed: int
    n_platforms: int
    reference: int | None
    contacts: tuple[tuple[int, float], ...]
    relays: tuple[Relay, ...]
    friends_by_band: tuple[float, ...]
    mean_degree: float
    sd_ln: float
    density: float
    group_size: float
    age_share: float
    age_spread: float

    @classmethod
    def of(cls, scenario: Scenario, seed: int) -> Recipe:
        """Recipe of ``scenario``. Degrees are those inside the city: friends x ``in_city_ties``."""
        card, inside = scenario.behaviour.ties, scenario.city.in_city_ties.value
        names = sorted(scenario.platform)
        passing = [scenario.platform[name].passing_on for name in names]
        return cls(
            seed=seed,
            n_platforms=len(names),
            reference=names.index(REFERENCE_LAYER) if REFERENCE_LAYER in names else None,
            contacts=tuple((k, p.contacts.value * inside) for k, p in enumerate(passing) if p.contacts),
            relays=tuple(
                Relay(
                    k,
                    names[k],
                    p.relays.per_1000_users.value / 1000,
                    p.relays.follows_per_user.value,
                    p.relays.exponent.value,
                )
                for k, p in enumerate(passing)
                if p.relays
            ),
            friends_by_band=tuple(card.friends_by_band.row()),
            mean_degree=card.friends_mean.value * inside,
            sd_ln=card.friends_sd_ln.value,
            density=card.group_density.value,
            group_size=card.group_size_mean.value,
            age_share=card.kin_and_school_share.value,
            age_spread=card.age_spread_years.value,
        )


@dataclass(frozen=True)
class Crowd:
    """Residents as the graph sees them; row = place on the map of the town (columns of ``People``)."""

    age_band: NDArray[np.uint8]
    age_years: NDArray[np.float32]
    platform_mask: U16

    @property
    def size(self) -> int:
        """Residents."""
        return len(self.age_band)

    def uses(self, bit: int | None) -> NDArray[np.bool_]:
        """Who uses platform ``bit`` (any platform if None). bool[n]."""
        return self.platform_mask != 0 if bit is None else (self.platform_mask >> bit) & 1 == 1


@dataclass(frozen=True)
class Groups:
    """Consecutive groups of residents: group g is ``member[start[g]:start[g + 1]]``."""

    member: NDArray[np.int32]
    start: I64

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        for first, last in zip(self.start[:-1], self.start[1:], strict=True):
            yield self.member[first:last]


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
    shift = max(1, int(n_rows - 1).bit_length())
    n = len(low)
    packed = np.empty(2 * n + sum(len(fan) for _, _, fan in follows), dtype=np.int64)
    _pack(packed[:n], low, high, mask, shift)
    _pack(packed[n : 2 * n], high, low, mask, shift)
    del low, high, mask
    packed[n : 2 * n].sort()
    first = 2 * n
    for bit, source, fan in follows:
        _pack(packed[first : first + len(fan)], source, fan, np.uint16(1 << bit), shift)
        first += len(fan)
    return compressed_rows(packed, n_rows, shift)


def _pack(out: I64, source: Any, end: Any, mask: Any, shift: int) -> None:
    """Write the keys ``((source << shift | end) << 16) | mask`` into ``out``, without other copies."""
    out[:] = source
    out <<= shift
    out |= end
    out <<= _MASK_BITS
    out |= mask


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


def friendship_groups(recipe: Recipe, crowd: Crowd) -> Groups:
    """Groups of everyone who uses a platform, as many as the target degree of the reference layer needs.

    A resident's number of memberships is proportional to sociability (log-normal; mean by age band). The
    common factor is found by counting distinct acquaintances in the groups themselves, before any tie.
    """
    ids = np.arange(crowd.size)
    sociable = from_table(lognormal_table(recipe.sd_ln), draws.key(recipe.seed, 0, "sociability"), ids)
    sociable = sociable * np.array(recipe.friends_by_band)[crowd.age_band] * crowd.uses(None)
    users = crowd.uses(recipe.reference) & (sociable > 0)
    if users.sum() < 2 or recipe.density == 0:
        return Groups(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64))
    per_membership = recipe.density * max(recipe.group_size - 1, 1)
    scale = recipe.mean_degree / per_membership / float(np.mean(sociable[users]))
    for _ in range(5):
        groups = _affiliate(recipe, crowd, scale * sociable)
        found = recipe.density * _acquaintances(recipe, groups, users)
        ratio = recipe.mean_degree / max(found, recipe.mean_degree / 4)
        if abs(ratio - 1) < 0.003:
            break
        scale = float(np.round(scale * ratio * 2.0**30) / 2.0**30)
    return groups


def _affiliate(recipe: Recipe, crowd: Crowd, expected: F64) -> Groups:
    """Groups in which resident i holds ``expected[i]`` memberships on average.

    Each membership has a position: age plus noise (age-bound) or place plus noise (place-bound). People
    next to one another make a group. Place is the row number on a scale as long as a life, so a circle
    spans the same share of the town as of the age pyramid.
    """
    seed, n = recipe.seed, crowd.size
    ids = np.arange(n)
    count = np.floor(expected + draws.uniform(draws.key(seed, 0, "memberships"), ids)).astype(np.int64)
    who = np.repeat(ids, count)
    which = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    by_age = draws.uniform(draws.key(seed, 0, "kind of group"), who, which) < recipe.age_share
    place = np.floor((ids + 0.5) / n * _LIFE_SPAN * _YEAR_GRID) / _YEAR_GRID
    centre = np.where(by_age, crowd.age_years[who], place[who])
    position = centre + recipe.age_spread * standard_normal(draws.key(seed, 0, "position"), who, which)
    position = np.clip(position, -_MAX_YEARS, _MAX_YEARS) + _MAX_YEARS
    order = np.round(position * _YEAR_GRID).astype(np.int64) << 32 | np.arange(len(who))
    members, starts, total = [], [np.zeros(1, dtype=np.int64)], 0
    for kind, chosen in (("age", by_age), ("place", ~by_age)):
        queue = order[chosen]
        queue.sort()
        members.append(who[queue & 0xFFFFFFFF])
        ends = _group_ends(draws.key(seed, 0, "group size", kind), len(queue), recipe.group_size)
        starts.append(ends + total)
        total += len(queue)
    return Groups(np.concatenate(members).astype(np.int32), np.concatenate(starts))


def _group_ends(key: np.uint64, total: int, mean: float) -> I64:
    """Ends of consecutive groups of keyed sizes, uniform from half the mean to one and a half of it."""
    if total == 0:
        return np.empty(0, dtype=np.int64)
    least = max(2, int(np.ceil(mean / 2)))
    most = max(least, int(np.floor(mean * 1.5)))
    n_groups = total // least + 1
    sizes = least + np.floor(draws.uniform(key, np.arange(n_groups)) * (most - least + 1)).astype(np.int64)
    ends = np.cumsum(sizes)
    ends = ends[ends < total]
    return np.append(ends, total)


def _acquaintances(recipe: Recipe, groups: Groups, users: NDArray[np.bool_]) -> float:
    """Mean number of distinct users of the reference layer that such a user meets in the groups.

    Meetings are counted exactly; the share that are distinct people, on a keyed sample of residents.
    """
    inside = users[groups.member].astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(inside)])
    per_group = np.diff(sums[groups.start])
    meetings = float((per_group * (per_group - 1)).sum())
    rows = np.flatnonzero(users)
    lot = np.argsort(draws.bits(draws.key(recipe.seed, 0, "sampled resident"), rows), kind="stable")
    sampled = np.zeros(len(users), dtype=bool)
    sampled[rows[lot[:_SAMPLE]]] = True
    spot = np.flatnonzero(sampled[groups.member])
    group = np.searchsorted(groups.start, spot, side="right") - 1
    size = np.diff(groups.start)[group]
    who = np.repeat(groups.member[spot].astype(np.int64), size)
    step = np.arange(len(who)) - np.repeat(np.cumsum(size) - size, size)
    other = groups.member[np.repeat(groups.start[group], size) + step]
    met = users[other] & (other != who)
    pairs = np.sort(who[met] * len(users) + other[met])
    distinct = np.count_nonzero(np.diff(pairs, prepend=-1))
    return meetings / len(rows) * distinct / max(int(per_group[group].sum()) - len(spot), 1)


def pair_strength(recipe: Recipe, low: Any, high: Any) -> F64:
    """The one draw of a pair (``low`` < ``high``, residents): a tie if below ``density``; the lower the
    stronger. float64 in [0, 1)."""
    return draws.uniform(draws.key(recipe.seed, 0, "friendship"), low, high)


def _friendships(recipe: Recipe, crowd: Crowd, groups: Groups) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ties (low, high), sorted, once each: groups of equal size together, pairs by triangle. int32[m]."""
    n, end = crowd.size, 0
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
            found = low[tied].astype(np.int64) * n + high[tied]
            keys[end : end + len(found)] = found
            end += len(found)
    keys = keys[:end]
    keys.sort()
    return _ends_of_distinct(keys, n)


def _ends_of_distinct(keys: I64, n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Both ends of each distinct key ``low * n + high`` of a sorted array, block by block. int32[m]."""
    low, high = np.empty(len(keys), dtype=np.int32), np.empty(len(keys), dtype=np.int32)
    end = 0
    for first in range(0, len(keys), _BLOCK):
        block = keys[first : first + _BLOCK]
        new = np.diff(block, prepend=keys[first - 1] if first else -1) != 0
        ends = end + int(new.sum())
        low[end:ends], high[end:ends] = np.divmod(block[new], n)
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
