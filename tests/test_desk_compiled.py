"""The compiled desk: hour by hour the same answers, silences and marks as the desk told in Python."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_kernel import _with_a_desk

from sim.city import build_city
from sim.conversation import LEAVING, N_DRAWS
from sim.desk import Desk, Request
from sim.laws import Laws, build_laws
from sim.tally import LADDER, Tally

pytest.importorskip("numba", reason="numba is not installed: the numpy kernel is the only one")

from sim.compiled.requests import LET_DOWN, NEW
from sim.kernel_compiled import CompiledKernel

HOURS, PEOPLE = 40, 12
Asked = st.lists(
    st.tuples(
        st.integers(0, HOURS - 1),  # hour
        st.integers(0, 8).map(lambda eighth: eighth * 7.25),  # minutes into it: some come at one instant
        st.integers(-1, 3),  # post
        st.integers(0, PEOPLE - 1),
        st.integers(0, 1),  # tone
        st.one_of(st.just(np.inf), st.floats(0.0, 400.0)),  # minutes until other residents answer
    ),
    max_size=60,
)


@cache
def _town() -> tuple[Any, Laws]:
    scenario = _with_a_desk()
    city = build_city(scenario, 1)
    return city, build_laws(scenario, city, 1)


class Pair:
    """One conversation at both desks."""

    def __init__(self, **terms: Any) -> None:
        city, laws = _town()
        assert laws.talk is not None
        laws = replace(laws, talk=replace(laws.talk, noreply_negative=0.6, **terms))
        self.kernel = CompiledKernel(laws, city, 1, 0)
        self.tally = Tally.empty(
            len(laws.schedule.accounts), len(city.platforms), len(laws.schedule), 2, city.n_rows
        )
        assert laws.talk is not None
        self.told, self.city = Desk(laws, laws.talk, self.tally), city

    def hour(self, hour: int, asked: list[Request]) -> None:
        """Both close an hour in which ``asked`` came; what they say of it is the same."""
        talking, h = self.kernel.dialogue, self.kernel._handed
        requests = talking._requests.with_room(*talking._room(hour, 0, len(asked)))
        talking._requests = requests
        before = talking.is_disappointed.copy()
        for i, r in enumerate(asked):
            new = requests.new[i]
            for name in ("t", "account", "post", "who", "tone", "peers_at", "others_min"):
                new[name] = getattr(r, name)
            new["luck"] = r.luck
        requests.n[NEW] = len(asked)
        n_lost = talking._closing(
            talking._terms,
            talking._speech,
            requests,
            h.moods,
            self.kernel.tally.delays,
            h.counts.deeds,
            hour,
            0,
        )
        self.told._new += asked
        echo = self.told.close_hour(hour)
        is_following = self.kernel.state.followers.is_following
        followers = [
            (a, who, luck)
            for a, who, luck in echo.disappointed
            if who < self.city.n_residents and is_following[a, who]
        ]
        lost = requests.let_down[:n_lost]
        found = zip(lost["account"], lost["who"], lost["luck"][:, LEAVING], strict=True)
        assert sorted(followers) == sorted((int(a), int(who), float(luck)) for a, who, luck in found)
        before[[who for _, who, _ in echo.disappointed]] = True
        assert np.array_equal(before, talking.is_disappointed)
        assert requests.n[LET_DOWN] == len(echo.disappointed)
        assert np.array_equal(talking._speech.left_alone, self.told.left_alone)
        assert np.array_equal(talking._speech.is_calmed, self.told.is_calmed)
        self.tally.climb("in_dialogue", np.array(echo.answered, dtype=np.int64))


@settings(deadline=None, max_examples=50)
@given(
    asked=Asked,
    spare=st.lists(st.sampled_from([0.0, 3.0, 30.0, 60.0, 240.0]), min_size=HOURS, max_size=HOURS),
    each=st.sampled_from([1.0, 6.5, 45.0]),
    validation=st.sampled_from([0.0, 90.0]),
    patience=st.sampled_from([45.0, 180.0, 600.0]),
    cost=st.sampled_from([1.0, 1.7, 12.0]),
    seed=st.integers(0, 9),
)
def test_whatever_is_asked(
    asked: list[tuple[int, float, int, int, int, float]],
    spare: list[float],
    each: float,
    validation: float,
    patience: float,
    cost: float,
    seed: int,
) -> None:
    laws = _town()[1]
    minutes = np.zeros(laws.n_hours)
    minutes[:HOURS] = spare
    weeks = np.ones(laws.schedule.n_weeks)
    pair = Pair(
        spare_min=minutes, answer_min=each * weeks, validation_min=validation * weeks, frank=0.5 * weeks,
        patience_min=patience, cost=cost,
    )  # fmt: skip
    luck = np.random.default_rng(seed).random((len(asked), N_DRAWS)).tolist()
    for hour in range(HOURS):
        requests = [
            Request(60.0 * hour + minute, 0, post, who, tone, draws, 60.0 * hour + minute + peers)
            for (its, minute, post, who, tone, peers), draws in zip(asked, luck, strict=True)
            if its == hour
        ]
        pair.hour(hour, requests)
    found = pair.kernel.tally
    for name in ("talk", "delays"):
        assert np.array_equal(getattr(found, name), getattr(pair.tally, name)), name
    bit = np.uint8(1 << LADDER.index("in_dialogue"))
    assert np.array_equal(found.ladder & bit, pair.tally.ladder & bit)


def test_another_patience_is_another_conversation() -> None:
    """Negative control: the comparison can fail."""
    pair = Pair(spare_min=np.zeros(_town()[1].n_hours), patience_min=75.0)
    pair.told.talk = replace(pair.told.talk, patience_min=400.0)
    pair.hour(0, [Request(0.0, 0, -1, 3, 0, [0.0] * N_DRAWS)])
    with pytest.raises(AssertionError):
        pair.hour(1, [])
