"""KPIs of the team and the conversation: by hand on made-up counts, and what holds on a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from inputs import CONVERSATION, TEAM, small_scenario

from sim.city import build_city
from sim.kernel import Kernel
from sim.kpi import kpi_table
from sim.laws import Laws, build_laws
from sim.service_indicators import SERVICE
from sim.tally import MEASURES, TALK, Tally

FB, TW = 0, 1
Cells = dict[tuple[str, str], float]


def _laws(sampling: float = 1.0, change: dict[str, Any] | None = None, **team: Any) -> tuple[Laws, Any]:
    scenario = small_scenario(
        300, city={"team": {**TEAM, **team}}, behaviour={"conversation": CONVERSATION}, sampling=sampling,
        change=change or {},
    )  # fmt: skip
    city = build_city(scenario, 1)
    return build_laws(scenario, city, 1), city


def _cells(tally: Tally, laws: Laws, city: Any) -> Cells:
    table = kpi_table(tally, laws, city, "hand", 0)
    whole = table[(table["week"] == "all") & (table["age_band"] == "all")]
    return {
        (kpi, platform): v for kpi, platform, v in whole[["kpi", "platform", "value"]].itertuples(index=False)
    }


def _put(tally: Tally, account: int, week: int, **counts: int) -> None:
    for name, n in counts.items():
        tally.talk[account, week, TALK.index(name)] = n


def _hand(**how: Any) -> tuple[Cells, Laws]:
    laws, city = _laws(**how)
    tally = Tally.empty(2, 4, len(laws.schedule), 2, city.n_rows)
    _put(tally, FB, 0, question=2, negative=3, positive=5, requests=8, answered=4, by_residents=1, resolved=2)
    _put(tally, FB, 1, negative=1, positive=9, requests=2)
    _put(tally, TW, 1, question=1, requests=2, answered=2, resolved=1)
    tally.delays[FB, [10, 20, 30, 400]] = 1
    tally.delays[TW, [5, 7]] = 1
    tally.weekly[FB, 1, 0, MEASURES.index("like")] = 30
    tally.reached[:20] = 1
    return _cells(tally, laws, city), laws


def test_by_hand() -> None:
    cells, laws = _hand()
    work = laws.schedule.work
    assert work is not None
    hours = (30 * len(laws.schedule) + 5 * 6) / 60
    expected = {
        "negative_share_of_comments": (4 / 20, 0 / 1, 4 / 21),
        "requests_received": (10, 2, 12),
        "answer_rate": (0.4, 1.0, 0.5),
        "answered_by_residents_share": (0.1, 0.0, 1 / 12),
        "median_answer_time_min": (25, 6, 15),
        "resolved_requests_share": (0.2, 0.5, 3 / 12),
        "satisfaction_with_answers": (2 / 5, 1 / 2, 3 / 7),
    }
    for kpi, values in expected.items():
        assert [cells[kpi, p] for p in ("facebook", "twitter", "all")] == pytest.approx(values), kpi
    assert cells["staff_hours", "all"] == pytest.approx(hours)
    assert cells["engagement_per_staff_hour", "all"] == pytest.approx(30 / hours)
    assert cells["cost_eur", "all"] == pytest.approx(30 * hours)
    assert cells["cost_per_resident_reached_eur", "all"] == pytest.approx(30 * hours / 20)
    assert cells["posts_dropped", "all"] == len(work.dropped)
    assert {kpi for kpi, _ in cells} >= set(SERVICE)


def test_a_sample_stands_for_the_whole_city() -> None:
    whole, half = _hand()[0], _hand(sampling=0.5)[0]
    assert half["requests_received", "all"] == 2 * whole["requests_received", "all"]
    assert half["answer_rate", "all"] == whole["answer_rate", "all"]
    assert half["staff_hours", "all"] - whole["staff_hours", "all"] == pytest.approx(5 * 6 / 60)


def test_money_by_the_year_and_for_advertising() -> None:
    ads = {
        "ads": {
            "kind": "buy_followers",
            "platform": "facebook",
            "weeks": 4,
            "budget_eur": 400,
            "from_week": 2,
        }
    }
    plain = _hand()[0]["cost_eur", "all"]
    dear = _hand(budget_eur_per_year=36525, agency_eur_per_year=3652.5, change=ads)[0]["cost_eur", "all"]
    assert dear - plain == pytest.approx(1400 + 140 + 100)  # two weeks of a year; one week of four


def test_late_and_dropped_posts_are_counted_on_their_platform() -> None:
    window = {"days": ["mon"], "from": "09:00", "to": "12:00"}
    how: dict[str, Any] = {
        "people": 1,
        "hours_per_week": 3,
        "presence": [window],
        "lead_days": 0.25,
        "patience_h": 4,
    }
    cells, laws = _hand(**how)
    assert [cells["posts_late", p] for p in ("facebook", "twitter", "all")] == [0, 2, 2]
    # Of 18 and 12 planned posts, the Monday mornings' four go out (tests/test_team.py).
    assert [cells["posts_dropped", p] for p in ("facebook", "twitter", "all")] == [16, 10, 26]
    assert len(laws.schedule) == 4


def test_without_a_team_or_a_conversation_nothing_is_claimed() -> None:
    scenario = small_scenario(300)
    city = build_city(scenario, 1)
    laws = build_laws(scenario, city, 1)
    cells = _cells(Kernel(laws, city, 1, 0).run(), laws, city)
    assert cells["requests_received", "all"] == 0
    assert cells["posts_late", "all"] == cells["posts_dropped", "all"] == 0
    unknown = set(SERVICE) - {"requests_received", "posts_late", "posts_dropped"}
    for kpi in unknown:
        assert np.isnan(cells[kpi, "all"]), kpi
