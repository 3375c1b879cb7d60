"""No regression unseen: exact counts of a month, and its time beside a reference of the same run."""

from __future__ import annotations

import json

import numpy as np
import pytest
from months import FILE, SEED, counted, in_turns, month, reference, run, stored

from sim.city import City, build_city
from sim.kernel import Kernel
from sim.kernels import kernel_named
from sim.laws import Laws, build_laws

SIZE = 25_000
BAND = 4.0  # a ratio of two times in one run may be this many times what was stored, not more


@pytest.fixture(scope="module")
def town() -> tuple[Laws, City]:
    """Toulouse of 2019 with its calendar, at the size of a small town."""
    scenario = month(SIZE)
    city = build_city(scenario, SEED, cache_dir=None)
    return build_laws(scenario, city, SEED), city


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["compiled", "numpy"])
def test_a_month_has_the_stored_counts(choice: str, town: tuple[Laws, City]) -> None:
    assert counted(run(kernel_named(choice), *town)) == stored()["toulouse at 25000"]


@pytest.mark.slow
def test_another_replicate_has_other_counts(town: tuple[Laws, City]) -> None:
    """Negative control."""
    assert counted(run(kernel_named(), *town, replicate=1)) != stored()["toulouse at 25000"]


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["compiled", "numpy"])
def test_a_month_costs_no_more_than_it_did(choice: str, town: tuple[Laws, City]) -> None:
    """In units of a fixed piece of numpy work that takes turns with it: the machine's speed cancels out."""
    kernel: type[Kernel] = kernel_named(choice)
    run(kernel, *town)
    mine, plain = in_turns([lambda: run(kernel, *town), reference], 3)
    assert mine / plain < BAND * stored()["ratios"][f"{choice} / reference"]


def test_what_is_stored_is_complete() -> None:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(found) == {"toulouse at 25000", "ratios"}
    assert set(found["ratios"]) == {"compiled / reference", "numpy / reference"}
    assert all(np.isfinite(ratio) and ratio > 0 for ratio in found["ratios"].values())


def test_a_city_at_another_size_keeps_its_proportions() -> None:
    small, whole = month(SIZE), month()
    factor = SIZE / whole.city.population.total.value
    assert small.city.population.total.value == SIZE
    for name, account in whole.city.accounts.items():
        scaled = small.city.accounts[name].followers.value
        assert scaled == pytest.approx(factor * account.followers.value, abs=0.51)
    assert small.city.accounts.keys() == whole.city.accounts.keys()
