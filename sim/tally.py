"""Tally: the counts of one run, integers only, so that sums do not depend on order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.cards import ACTIONS
from sim.figures import BANDS

I64 = NDArray[np.int64]

MEASURES = ("offered", "impressions", "reach", *ACTIONS, "follows", "unfollows")
OUTSIDE = len(BANDS)  # audience row of people who are not residents
N_GROUPS = len(BANDS) + 1
MAX_DEPTH = 15
LADDER = ("linked", "informed", "in_dialogue", "promoting", "influenced")
INFORMED_WEEKS = 4
TONES = ("question", "negative", "positive")
TALK = (*TONES, "requests", "answered", "by_residents", "resolved")
MAX_DELAY_MIN = 4320
WORK = ("followers_examined", "friends_examined", "exposures", "sessions_walked", "displays")


@dataclass
class Tally:
    """Counts of one run of one scenario.

    ``weekly`` int64[accounts, 7, weeks, measures] (six age bands of residents, then outsiders);
    ``posts`` int64[posts, measures]; ``friend_reach`` int64[posts] people whose first display came from a
    friend; ``depth`` int64[posts] deepest share; ``share_depth`` int64[accounts, 16]; ``hourly``
    int64[accounts, 24, 2] impressions and first displays by local hour; ``followers``
    int64[accounts, 7, weeks + 1]; ``reached`` uint16[n_rows] platforms on which a person was ever reached
    (bit mask); ``weekly_reached`` int64[weeks, K + 1, 7] distinct people reached in each week by platform
    (last: any); ``engaged`` uint16[n_rows] platforms on which a follower liked, commented or shared;
    ``ladder`` uint8[n_rows] rungs of the ladder of link (bit of ``LADDER``), of which "linked" and "informed"
    are as of the last week closed; ``last_week`` int16[n_rows] last week in which one was reached, or -1;
    ``talk`` int64[accounts, weeks, 7] comments by tone, then requests and what became of them (``TALK``);
    ``delays`` int64[accounts, 4321] answers of the team by whole minutes waited (last: longer);
    ``work`` int64[5] operations counted.
    """

    weekly: I64
    posts: I64
    friend_reach: I64
    depth: I64
    share_depth: I64
    hourly: I64
    followers: I64
    reached: NDArray[np.uint16]
    this_week: NDArray[np.uint16]
    weekly_reached: I64
    engaged: NDArray[np.uint16]
    ladder: NDArray[np.uint8]
    last_week: NDArray[np.int16]
    talk: I64
    delays: I64
    work: I64

    @classmethod
    def empty(cls, n_accounts: int, n_platforms: int, n_posts: int, n_weeks: int, n_rows: int) -> Tally:
        """All counts at zero."""

        def zeros(*shape: int) -> I64:
            return np.zeros(shape, dtype=np.int64)

        return cls(
            weekly=zeros(n_accounts, N_GROUPS, n_weeks, len(MEASURES)),
            posts=zeros(n_posts, len(MEASURES)),
            friend_reach=zeros(n_posts),
            depth=zeros(n_posts),
            share_depth=zeros(n_accounts, MAX_DEPTH + 1),
            hourly=zeros(n_accounts, 24, 2),
            followers=zeros(n_accounts, N_GROUPS, n_weeks + 1),
            reached=np.zeros(n_rows, dtype=np.uint16),
            this_week=np.zeros(n_rows, dtype=np.uint16),
            weekly_reached=zeros(n_weeks, n_platforms + 1, N_GROUPS),
            engaged=np.zeros(n_rows, dtype=np.uint16),
            ladder=np.zeros(n_rows, dtype=np.uint8),
            last_week=np.full(n_rows, -1, dtype=np.int16),
            talk=zeros(n_accounts, n_weeks, len(TALK)),
            delays=zeros(n_accounts, MAX_DELAY_MIN + 1),
            work=zeros(len(WORK)),
        )

    def count(self, measure: str, account: I64, group: I64, week: int, post: I64 | None = None) -> None:
        """Add one of ``measure`` for each row; also by post where posts are given."""
        m = MEASURES.index(measure)
        n = self.weekly.shape[0] * N_GROUPS
        added = np.bincount(account * N_GROUPS + group, minlength=n).reshape(-1, N_GROUPS)
        self.weekly[:, :, week, m] += added
        if post is not None:
            self.posts[:, m] += np.bincount(post, minlength=len(self.posts))

    def climb(self, rung: str, who: I64) -> None:
        """Note that people have been on a rung of ``LADDER``."""
        self.ladder[who] |= np.uint8(1 << LADDER.index(rung))

    def close_week(self, week: int, group: I64, linked: NDArray[np.bool_]) -> None:
        """Turn the week's marks into distinct people, then forget them.

        ``group`` int64[n_rows]; ``linked`` bool[n_rows]: who follows an account of the city now.
        """
        n_platforms = self.weekly_reached.shape[1] - 1
        touched = np.flatnonzero(self.this_week)
        marks, who = self.this_week[touched], group[touched]
        for k in range(n_platforms):
            on = (marks >> np.uint16(k)) & np.uint16(1) > 0
            self.weekly_reached[week, k] = np.bincount(who[on], minlength=N_GROUPS)
        self.weekly_reached[week, -1] = np.bincount(who, minlength=N_GROUPS)
        self.last_week[touched] = week
        informed = (self.last_week >= 0) & (week - self.last_week < INFORMED_WEEKS)
        now = {"linked": linked, "informed": informed}
        bits = {rung: np.uint8(1 << LADDER.index(rung)) for rung in now}
        self.ladder &= ~(bits["linked"] | bits["informed"])
        for rung, is_there in now.items():
            self.ladder |= is_there * bits[rung]
        self.this_week[:] = 0

    def same_as(self, other: Tally) -> list[str]:
        """Names of the counts that differ (work is how, not what, and is left out)."""
        names = [name for name in self.__dataclass_fields__ if name != "work"]
        return [name for name in names if not np.array_equal(getattr(self, name), getattr(other, name))]
