"""What changes over time: memories, followers who come and go.

Memories are read at the start of an hour and written at its end. Who discovers an account, and when, is
drawn once for each resident and account by inverting the cumulative hazard; so is the day on which a
follower would leave by himself. Cost follows the people who move, not the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.accounts import renown
from sim.city import City
from sim.figures import BANDS
from sim.laws import Laws
from sim.schedule import AccountPlan, Campaign
from sim.sessions import HOUR_MIN, rounded

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_NOBODY = np.empty(0, np.int64)
_groups: WeakKeyDictionary[City, NDArray[Any]] = WeakKeyDictionary()


@dataclass
class Memory:
    """A quantity that fades: ``value`` float64[...] (or float32[...], where there are many) as of hour
    ``last`` int32[...]; ``decay`` by hours."""

    value: NDArray[np.floating[Any]]
    last: NDArray[np.int32]
    decay: F64

    @classmethod
    def blank(cls, shape: int | tuple[int, ...], decay: F64, kind: type[np.floating] = np.float64) -> Memory:
        """Nothing remembered."""
        return cls(np.zeros(shape, kind), np.zeros(shape, dtype=np.int32), decay)

    def __post_init__(self) -> None:
        # One index for each place: numpy is several times as fast with that as with a pair of them.
        self._value, self._last = self.value.reshape(-1), self.last.reshape(-1)

    def at(self, account: I64 | int, who: I64) -> I64:
        """Places (``index``) of accounts and rows in a memory of both."""
        return account * self.value.shape[1] + who

    def read(self, index: I64, hour: int) -> F64:
        """Values at ``hour``; ``index`` int64: rows, or places (``at``)."""
        return np.asarray(self._value.take(index) * self.decay.take(hour - self._last.take(index)))

    def add(self, index: I64, step: float, hour: int) -> None:
        """``step`` more, as of ``hour``, for each time that a place is in ``index``."""
        self._value[index] = self.read(index, hour)
        self._last[index] = hour
        np.add.at(self._value, index, self._value.dtype.type(step))


class Timetable:
    """Events known beforehand: ``at(hour)`` gives the ids due in that hour, in ascending order."""

    def __init__(self) -> None:
        self._due: dict[int, list[I64]] = {}

    def add(self, t_min: F64, ids: I64) -> None:
        """Enter ``ids`` (int64) at instants ``t_min`` (minutes)."""
        if not len(ids):
            return
        hour = t_min.astype(np.int64) // HOUR_MIN
        if (ids[1:] < ids[:-1]).any():
            order = np.argsort(ids)
            hour, ids = hour[order], ids[order]
        # whole numbers of 16 bits are sorted in a few passes, whatever their order
        order = np.argsort(hour.astype(np.min_scalar_type(hour.max())), kind="stable")
        hour, ids = hour[order], ids[order]
        starts = np.flatnonzero(np.diff(hour, prepend=-1))
        ends = [*starts[1:].tolist(), len(ids)]
        for its_hour, start, end in zip(hour[starts].tolist(), starts.tolist(), ends, strict=True):
            self._due.setdefault(its_hour, []).append(ids[start:end])

    def at(self, hour: int) -> I64:
        """Ids due in ``hour`` (int64, ascending); they are removed."""
        parts = self._due.pop(hour, None)
        if parts is None:
            return _NOBODY
        return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))


def discovery_times(
    laws: Laws, city: City, seed: int, replicate: int, account: int, among: I64 | None = None
) -> tuple[F64, I64]:
    """When residents find an account by themselves: (minutes float64[m], residents int64[m]).

    Exponential waiting time of rate discovery * the account's renown * inclination of the age band *
    attachment, from the day the account opens (the clock stands still while the city is away); only
    residents who use the platform, and only instants within the account's life. ``among``: residents to look
    at, int64, ascending (all by default).
    """
    plan = laws.schedule.accounts[account]
    k = int(laws.account_platform[account])
    who = np.arange(city.n_residents) if among is None else among
    who = who[city.activity[k, : city.n_residents][who] > 0]
    per_min = laws.discovery_per_min[k] * renown(plan.name, laws.scenario)
    rate = per_min * laws.follow_weight[k, city.age_band[who]] * city.attachment[who]
    who, rate = who[rate > 0], rate[rate > 0]
    u = draws.uniform(draws.key(seed, replicate, "discovery", plan.name), who)
    start = max(plan.opens_min, 0.0)
    # -ln(1 - u) >= u: most would come after the horizon, whatever the logarithm
    might = np.flatnonzero(u < rate * (laws.n_hours * HOUR_MIN - start) * (1.0 + 2.0**-20))
    who, rate, u = who[might], rate[might], u[might]
    t = start + rounded(-np.log1p(-u) / rate)
    for first, after in plan.pauses:
        t = np.where(t >= first, t + (after - first), t)
    soon = t < min(plan.closes_min, laws.n_hours * HOUR_MIN)
    return t[soon], who[soon].astype(np.int64)


def leaving_times(
    laws: Laws, seed: int, replicate: int, account: int | I64, who: I64, since_min: float
) -> tuple[F64, I64]:
    """When followers since ``since_min`` leave by themselves: (minutes, places in ``who``), in the horizon.

    ``account``: one for all, or int64 aligned with ``who``.
    """
    account, end = np.broadcast_to(np.asarray(account), np.shape(who)), laws.n_hours * HOUR_MIN
    rate = laws.unfollow_per_min[laws.account_platform[account]]
    u = draws.uniform(account_keys(laws, seed, replicate, "leaving")[account], who)
    # as for discoveries, most would leave after the horizon
    might = np.flatnonzero(u < rate * (end - since_min) * (1.0 + 2.0**-20))
    t = since_min + rounded(-np.log1p(-u[might]) / rate[might])
    soon = t < end
    return t[soon], might[soon]


def account_keys(laws: Laws, seed: int, replicate: int, purpose: str) -> NDArray[np.uint64]:
    """Keys of one kind of decision about each account, uint64[A]."""
    return np.array([draws.key(seed, replicate, purpose, plan.name) for plan in laws.schedule.accounts])


def bought(laws: Laws, city: City, seed: int, replicate: int, plan: Campaign, free: I64) -> tuple[F64, I64]:
    """Who a campaign wins, and when: (minutes float64[m], residents int64[m]), within the account's life.

    ``free`` int64: who may be asked at the campaign's first hour (see ``may_be_asked``). The ``wanted``
    residents of smallest keyed draw are won (all of them if there are fewer), each at a keyed instant,
    uniform over the campaign: a larger budget wins the same people at the same instants, and more.
    """
    account = laws.schedule.accounts[plan.account]
    luck = draws.uniform(draws.key(seed, replicate, "bought", account.name), free)
    who = np.sort(free[np.argsort(luck, kind="stable")[: plan.wanted]])
    u = draws.uniform(draws.key(seed, replicate, "bought-when", account.name), who)
    t = plan.start_min + u * (plan.end_min - plan.start_min)
    soon = (t < laws.n_hours * HOUR_MIN) & is_open(account, t)
    return t[soon], who[soon]


def is_open(plan: AccountPlan, t_min: F64) -> NDArray[np.bool_]:
    """Whether the account is in use at instants ``t_min`` (minutes): open, not left, not in a pause."""
    out = (t_min >= plan.opens_min) & (t_min < plan.closes_min)
    for start, end in plan.pauses:
        out &= (t_min < start) | (t_min >= end)
    return out


def may_be_asked(city: City, plan: Campaign, platform: int, busy: NDArray[np.bool_]) -> I64:
    """Residents whom a campaign may win: users of the platform in its age bands; int64, ascending.

    ``busy`` bool[n_rows]: who follows the account, has left it or was won by an earlier campaign.
    """
    n = city.n_residents
    able = np.array(plan.ages)[city.age_band[:n]] & (city.activity[platform, :n] > 0) & ~busy[:n]
    return np.flatnonzero(able).astype(np.int64)


def shortfalls(laws: Laws, city: City) -> list[dict[str, str]]:
    """What to tell, in French and English, of accounts that buy more followers than there are to be won.

    Counted at the start, on the simulated residents, and told at the size of the whole city.
    """
    followers, told = Followers(laws, city, group_of(city)), []
    for a in sorted(followers.liking):
        plans = [c for c in laws.schedule.campaigns if c.account == a]
        able = np.zeros(city.n_rows, dtype=bool)
        for plan in plans:
            able[may_be_asked(city, plan, int(laws.account_platform[a]), followers.is_following[a])] = True
        asked, free = sum(plan.wanted for plan in plans), int(able.sum())
        if asked > free:
            up, name = 1.0 / laws.scenario.sampling, laws.schedule.accounts[a].name
            told.append(_too_few(laws.scenario.label, name, asked * up, free * up))
    return told


def _too_few(label: dict[str, str], name: str, asked: float, free: float) -> dict[str, str]:
    n, m = f"{asked:,.0f}", f"{free:,.0f}"
    n_fr, m_fr = (text.replace(",", "\u202f") for text in (n, m))
    return {
        "fr": f"{label['fr']}, {name} : le budget paierait {n_fr} abonnés, mais la publicité ne peut gagner "
        f"que {m_fr} habitants ; le reste de l'argent ne sert pas.",
        "en": f"{label['en']}, {name}: the budget would pay for {n} followers, but advertising can only win "
        f"{m} residents; the rest of the money is not used.",
    }


class Followers:
    """Who follows each account: ``is_following`` bool[A, n_rows], ``has_left`` bool[A, n_rows], and lists;
    how many: ``count`` int64[A], ``by_group`` int64[A, 7] by audience row.

    Only for accounts that advertise, by account: ``liking`` float64[n_rows], multiplier of affinity towards
    the account (below 1 for who was bought; rows of ``likings``, in the order of the accounts); ``asked``
    bool[n_rows], won by a campaign, joined yet or not. ``group``: see ``group_of``.
    """

    def __init__(self, laws: Laws, city: City, group: NDArray[Any]) -> None:
        plans = laws.schedule.accounts
        self.is_following = np.zeros((len(plans), city.n_rows), dtype=bool)
        self.has_left = np.zeros((len(plans), city.n_rows), dtype=bool)
        self.count = np.zeros(len(plans), dtype=np.int64)
        self.by_group = np.zeros((len(plans), len(BANDS) + 1), dtype=np.int64)
        self._group = group
        buyers = sorted({c.account for c in laws.schedule.campaigns})
        self.likings = np.ones((len(buyers), city.n_rows))
        self.liking = dict(zip(buyers, self.likings, strict=True))
        self._activity = {c.account: c.activity for c in laws.schedule.campaigns}
        self.asked = {c.account: np.zeros(city.n_rows, dtype=bool) for c in laws.schedule.campaigns}
        self._n_rows = city.n_rows
        self._rows: list[I64] = []
        self._arrived: list[I64] = []
        for a, plan in enumerate(plans):
            rows = np.empty(0, np.int64) if plan.is_new else city.followers[plan.name].astype(np.int64)
            self.is_following[a, rows] = True
            self.count[a] = len(rows)
            self.by_group[a] = np.bincount(self._group[rows], minlength=len(BANDS) + 1)
            self._rows.append(rows)

    def rows(self, account: int) -> I64:
        """Followers of an account now, int64."""
        if self._arrived:
            came = split(np.sort(np.concatenate(self._arrived)), len(self._rows), self._n_rows)
            self._rows = [np.concatenate(parts) for parts in zip(self._rows, came, strict=True)]
            self._arrived = []
        if len(self._rows[account]) > self.count[account]:
            rows = self._rows[account]
            self._rows[account] = rows[self.is_following[account, rows]]
        return self._rows[account]

    def join(self, ids: I64) -> I64:
        """People who start to follow (those who do not yet and never left); returns them, ascending.

        ``ids`` int64: account * n_rows + row.
        """
        ids = self._let_in(ids) if len(ids) else ids
        if len(ids):
            self._arrived.append(ids)
        return ids

    def welcome(self, account: int, who: I64) -> I64:
        """People who start to follow because they were bought; returns their ids, ascending."""
        ids = self.join(account * self._n_rows + who)
        self.liking[account][ids - account * self._n_rows] = self._activity[account]
        return ids

    def leave(self, ids: I64) -> I64:
        """Followers who stop, for good; returns the ids of those who did follow, ascending."""
        return self._let_out(ids) if len(ids) else ids

    def _let_in(self, ids: I64) -> I64:
        ids = np.unique(ids)
        where = np.divmod(ids, self._n_rows)
        free = ~(self.is_following[where] | self.has_left[where])
        ids, where = ids[free], (where[0][free], where[1][free])
        self.is_following[where] = True
        self._count(*where, 1)
        return ids

    def _let_out(self, ids: I64) -> I64:
        ids = np.unique(ids)
        where = np.divmod(ids, self._n_rows)
        there = self.is_following[where]
        ids, where = ids[there], (where[0][there], where[1][there])
        self.is_following[where] = False
        self.has_left[where] = True
        self._count(*where, -1)
        return ids

    def _count(self, account: I64, who: I64, step: int) -> None:
        np.add.at(self.count, account, step)
        np.add.at(self.by_group, (account, self._group[who]), step)


def split(ids: I64, n_accounts: int, n_rows: int) -> list[I64]:
    """Rows of each account from ascending ``ids`` (account * n_rows + row)."""
    cuts = np.searchsorted(ids, np.arange(n_accounts + 1) * n_rows).tolist()
    return [ids[cuts[a] : cuts[a + 1]] - a * n_rows for a in range(n_accounts)]


def group_of(city: City) -> NDArray[Any]:
    """Audience row of everyone: the age band of a resident, 6 for an outsider; uint8[n_rows], read-only."""
    if city not in _groups:
        group = np.where(city.circle > 0, np.uint8(len(BANDS)), city.age_band)
        group.setflags(write=False)
        _groups[city] = group
    return _groups[city]
