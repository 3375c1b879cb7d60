"""The replicate loop: when it stops, what it runs, and that no order of completion shows."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy import special

from sim import draws
from sim.differences import Zone, paired_differences
from sim.replicates import Job, Precision, StopReason, gather, replicate_until

NO_ZONE = Zone(0.0)


def only(frame: pd.DataFrame) -> pd.Series:
    assert len(frame) == 1
    return frame.iloc[0]


def serial(fn, jobs):
    return map(fn, jobs)


def backwards(fn, jobs):
    return (fn(j) for j in reversed(jobs))


class Toy:
    """value = 100 + effect of the scenario + noise * luck of the run; keeps a list of what it ran."""

    row: ClassVar = {"kpi": "reach", "platform": "all", "age_band": "all", "week": "all", "unit": "residents"}

    def __init__(self, noise: float, trial: int = 0, effects: dict | None = None):
        self.noise, self.trial, self.effects, self.ran = noise, trial, effects or {}, []

    def value(self, job: Job) -> float:
        u = draws.uniform(draws.key(3, self.trial, "toy", job.scenario), [job.replicate])
        return 100 + self.effects.get(job.scenario, 0) + self.noise * special.ndtri(u[0] + 2.0**-54)

    def __call__(self, job: Job) -> dict[str, pd.DataFrame]:
        self.ran.append(job)
        value = self.value(job)
        kpis = pd.DataFrame(
            {**self.row, "scenario": [job.scenario], "replicate": job.replicate, "value": value}
        )
        return {"kpis": kpis, "posts": kpis[["scenario", "replicate"]]}


ASK = Precision("reach", half_width=0.01, minimum=5, maximum=40, batch=5)


def test_fixed_number():
    seen = []
    results, why = replicate_until(Toy(1), ["a", "b"], 3, serial, lambda d, p: seen.append((d, p)))
    assert why == StopReason("fixed", 3)
    assert seen == [(i, 6) for i in range(1, 7)]
    tables = gather(results)
    assert list(zip(tables["posts"]["scenario"], tables["posts"]["replicate"], strict=True)) == list(
        itertools.product("ab", range(3))
    )


def test_stops_when_precise_and_not_before():
    toy = Toy(1.5)
    results, why = replicate_until(toy, ["a", "b"], ASK, serial)
    assert why.kind == "precision"
    assert len(set(toy.ran)) == len(toy.ran) == len(results)
    assert ASK.minimum < why.replicates < ASK.maximum
    assert len(results) == 2 * why.replicates
    kpis = gather(results)["kpis"]
    row = only(paired_differences(kpis, "a", {"reach": "up"}, NO_ZONE))
    assert (row.ci_high - row.ci_low) / 2 == pytest.approx(why.half_width)
    assert why.half_width <= 0.01 * row.mean_baseline == pytest.approx(why.asked)
    earlier = kpis[kpis["replicate"] < why.replicates - ASK.batch]
    row = only(paired_differences(earlier, "a", {"reach": "up"}, NO_ZONE))
    assert (row.ci_high - row.ci_low) / 2 > 0.01 * row.mean_baseline


def test_every_alternative_must_be_precise():
    class Uneven(Toy):
        def __call__(self, job):
            self.noise = 20 if job.scenario == "wild" else 0.01
            return super().__call__(job)

    assert replicate_until(Uneven(0), ["a", "b"], ASK, serial)[1].replicates == ASK.minimum
    why = replicate_until(Uneven(0), ["a", "b", "wild", "c"], ASK, serial)[1]
    assert (why.kind, why.widest, why.replicates) == ("maximum", "wild", ASK.maximum)


def test_absolute_precision_and_one_scenario():
    ask = Precision("reach", half_width=0.0, minimum=5, maximum=40, batch=5, absolute=2.0)
    why = replicate_until(Toy(3), ["a"], ask, serial)[1]
    assert (why.kind, why.widest) == ("precision", "a")
    assert why.half_width <= 2
    assert replicate_until(Toy(0), ["a", "b"], Precision("reach", 0.0, 2, 9, 1), serial)[1].replicates == 2


def test_order_of_completion_does_not_matter():
    one, two = (replicate_until(Toy(1.5), ["b", "a"], ASK, m) for m in (serial, backwards))
    assert one[1] == two[1]
    pd.testing.assert_frame_equal(gather(one[0])["kpis"], gather(two[0])["kpis"], check_exact=True)
    assert list(gather(one[0])["kpis"]["scenario"].unique()) == ["b", "a"]


def test_saved_runs_are_not_run_again():
    class Memory(dict):
        def get(self, scenario, replicate):
            return super().get((scenario, replicate))

        def put(self, scenario, replicate, result):
            self[scenario, replicate] = result

    fresh, memory = Toy(1.5), Memory()
    expected = replicate_until(fresh, ["a", "b"], ASK, serial, saved=memory)
    kept = Memory(list(memory.items())[:7])
    again = Toy(1.5)
    resumed = replicate_until(again, ["a", "b"], ASK, backwards, saved=kept)
    assert len(again.ran) == len(fresh.ran) - 7
    assert resumed[1] == expected[1]
    pd.testing.assert_frame_equal(gather(resumed[0])["kpis"], gather(expected[0])["kpis"], check_exact=True)


def test_loop_errors():
    with pytest.raises(ValueError, match=r"decision KPI 'nothing'.*scenario 'a'"):
        replicate_until(Toy(1), ["a", "b"], Precision("nothing", 0.1, 2, 3, 1), serial)
    with pytest.raises(ValueError, match="minimum"):
        Precision("reach", 0.1, 1, 3, 1)
    with pytest.raises(ValueError, match="1 or more"):
        replicate_until(Toy(1), ["a"], 0, serial)
    with pytest.raises(ValueError, match="different names"):
        replicate_until(Toy(1), ["a", "a"], 1, serial)
    with pytest.raises(RuntimeError, match="answered 1 of 2"):
        replicate_until(Toy(1), ["a", "b"], 1, lambda fn, jobs: map(fn, jobs[:1]))


def test_stop_reason_in_both_languages():
    why = StopReason("maximum", 40, "reach", "late", 3.0, 1.0, 200.0)
    assert "± 1,5 % de la référence" in why.sentence("fr")
    assert "'late' (asked: ± 0.5 % of the baseline)" in why.sentence("en")
    assert "portée" in StopReason("precision", 9, "reach", "late", 3.0, 4.0, 0.0).sentence("fr", "portée")
    assert "± 3 (asked: ± 4)" in StopReason("precision", 9, "reach", "late", 3.0, 4.0, 0.0).sentence("en")
    assert StopReason("fixed", 1).as_dict()["fr"] == "1 répétition, comme demandé."


def test_stopping_on_width_keeps_the_coverage():
    """Nominal 95 %, a little less is expected of any sequential rule: at least 92 % within 4 s.e."""

    class Light(Toy):
        """One row as a dict of columns: building 15 000 frames would take most of the test's time."""

        row: ClassVar = {name: pd.Series([text], dtype=object) for name, text in Toy.row.items()}

        def __call__(self, job):
            return {"kpis": {**self.row, "value": pd.Series([self.value(job)])}}

    trials, true = 300, 0.5
    ask = Precision("reach", half_width=0.0, minimum=6, maximum=60, batch=6, absolute=0.8)
    covered, looks = 0, set()
    for trial in range(trials):
        results, why = replicate_until(Light(1, trial, {"b": true}), ["a", "b"], ask, serial)
        value = np.array([r["kpis"]["value"].iat[0] for r in results]).reshape(2, why.replicates)
        covered += abs((value[1] - value[0]).mean() - true) <= why.half_width
        looks.add(why.replicates)
    assert len(looks) > 3  # the rule did stop at different times
    assert covered / trials > 0.92 - 4 * math.sqrt(0.92 * 0.08 / trials)
