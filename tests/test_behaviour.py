"""The equations against closed forms and direct numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import small_scenario
from scipy import integrate, stats

from sim import behaviour
from sim.figures import Figure

LAWS = small_scenario().behaviour
DISPLAY = small_scenario().platform["facebook"].display


@given(st.floats(0.001, 0.98), st.floats(0.0, 2.0))
def test_offer_scale_gives_the_mean_it_is_asked_for(mean: float, sd: float) -> None:
    c = behaviour.offer_scale(mean, sd)
    z = np.linspace(-9, 9, 20_001)
    got = integrate.trapezoid(np.minimum(1, c * np.exp(sd * z)) * stats.norm.pdf(z), z)
    assert got == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("skew", [0.0, 0.1, 0.2])
def test_appeal_has_the_stated_moments(skew: float) -> None:
    """ln reach appeal has its sd; the reach-weighted mean of the reaction appeal is 1."""
    n = 400_000
    u1, u2 = (np.arange(n) + 0.5) / n, (np.arange(n) * 0.6180339887498949) % 1
    law = LAWS.appeal.model_copy(update={"reaction_skew": Figure(value=skew)})
    reach, react = behaviour.appeal(law, u1, u2)
    own = np.log(react) - law.reaction_on_reach.value * np.log(reach)
    assert own.std() == pytest.approx(law.reaction_sd.value, rel=1e-3)
    assert stats.skew(own) == pytest.approx((6 * skew + 8 * skew**3) / (1 + 2 * skew**2) ** 1.5, abs=0.01)
    assert np.log(reach).std() == pytest.approx(LAWS.appeal.reach_sd.value, rel=1e-3)
    assert (reach * react).sum() / reach.sum() == pytest.approx(1, rel=0.01)
    slope = np.polyfit(np.log(reach), np.log(reach * react), 1)[0]
    assert slope == pytest.approx(1 + LAWS.appeal.reaction_on_reach.value, rel=0.01)


def test_no_post_reacts_above_the_ceiling_and_the_others_are_as_they_were() -> None:
    u = (np.arange(4000) + 0.5) / 4000
    free = behaviour.appeal(LAWS.appeal, u[::-1], u)[1]
    cut = behaviour.appeal(
        LAWS.appeal.model_copy(update={"reaction_ceiling": Figure(value=2.0)}), u[::-1], u
    )[1]
    assert free.max() > 2
    np.testing.assert_array_equal(cut, np.minimum(free, 2.0))


def test_freshness_starts_at_one_and_falls() -> None:
    fresh = behaviour.freshness(DISPLAY)
    assert fresh[0] == 1
    assert (np.diff(fresh) <= 0).all()
    assert len(fresh) == DISPLAY.life_h.value * 60 + 1


def test_competition_has_mean_one_at_exponent_one_and_peaks_in_office_hours() -> None:
    flat = DISPLAY.model_copy(
        update={"competition_exponent": DISPLAY.redisplay.model_copy(update={"value": 1.0})}
    )
    wall = behaviour.competition(flat, LAWS.supply)
    assert wall.mean() == pytest.approx(1, abs=1e-6)
    assert wall[24 + 15] > wall[24 + 22] > wall[24 + 5]


def test_fatigue_has_the_stated_elasticity_at_the_reference() -> None:
    memory = LAWS.memory
    slope, x = behaviour.fatigue_slope(memory), memory.fatigue_reference_exposures.value
    h = 1e-5
    up, down = (np.log(behaviour.tiredness(x * (1 + s), slope)) for s in (h, -h))
    assert (up - down) / (2 * h) == pytest.approx(memory.fatigue_elasticity.value, rel=1e-4)


def test_redisplay_gap_is_geometric() -> None:
    gaps = behaviour.redisplay_gaps(0.05)
    n = np.searchsorted(gaps, (np.arange(100_000) + 0.5) / 100_000, side="right") + 1
    assert n.mean() == pytest.approx(1 / 0.05, rel=1e-3)


@given(st.floats(0, 1), st.floats(0, 50))
def test_display_chance_is_a_probability(fresh: float, openness: float) -> None:
    assert 0 <= behaviour.display_chance(fresh, openness) <= 1


def test_reach_share_follows_the_size_of_the_page() -> None:
    small, large = (behaviour.reach_share(0.06, n, 30_000, -0.15) for n in (3_000, 300_000))
    assert small / large == pytest.approx(100**0.15, rel=1e-6)
    assert behaviour.reach_share(0.06, 30_000, 30_000, -0.15) == pytest.approx(0.06, rel=1e-6)
