"""Occasions: what changes in their window, and that nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import occasions
from sim.cards import ACTIONS
from sim.city import City, build_city
from sim.explain import sentence
from sim.figures import InputError
from sim.kernel import Kernel
from sim.laws import HIDE, SHARE, Laws, build_laws
from sim.loading import load_comparison, load_scenario, load_with_baseline
from sim.occasions import Occasion
from sim.report.words import NNBSP
from sim.scenario import Scenario
from sim.sessions import HOUR_MIN, WEEK_MIN
from tests.inputs import open_snapchat, small_scenario
from tests.tree import GLOBAL, make_tree, write

SEED = 4
SNOW: dict[str, Any] = {
    "label": {"fr": "Dimanche de neige", "en": "Snow Sunday"},
    "week": 1,
    "day": "wed",
    "at": "10:00",
    "hours": 30,
    "themes": ["services"],
}
STRONG = {**SNOW, "attention": 4, "interest": 2, "sharing": 3, "other_themes": 0.5, "questions": 6}


def scenario(**occasion: Any) -> Scenario:
    return small_scenario(400, occasion={"snow": {**SNOW, **occasion}} if occasion else {})


def city(of: Scenario) -> City:
    return build_city(of, SEED, cache_dir=None)


CITY = city(scenario())


def laws(**occasion: Any) -> Laws:
    return build_laws(scenario(**occasion), CITY, SEED)


BASE, NEUTRAL, SNOWY = laws(), laws(hours=30), laws(**STRONG)
T = BASE.schedule.t_min
NOW = (T >= 2 * 1440 + 600) & (T < 2 * 1440 + 600 + 30 * 60)
ABOUT = NOW & np.array([theme == "services" for theme in BASE.schedule.theme])


def test_the_window_has_posts_on_its_theme_and_on_others() -> None:
    """Otherwise the tests below would hold for nothing."""
    assert ABOUT.sum() >= 2
    assert (NOW & ~ABOUT).sum() >= 1
    assert (~NOW).sum() > 10


def test_an_occasion_that_multiplies_nothing_gives_the_same_bytes() -> None:
    assert NEUTRAL.offer_factor.tobytes() == BASE.offer_factor.tobytes()
    assert NEUTRAL.react_base.tobytes() == BASE.react_base.tobytes()
    counts = [Kernel(each, CITY, SEED, 0).run().weekly.tobytes() for each in (BASE, NEUTRAL)]
    assert counts[0] == counts[1]


def test_slots_keep_their_identity_and_hours() -> None:
    assert SNOWY.schedule.slot == BASE.schedule.slot
    assert SNOWY.schedule.key.tobytes() == BASE.schedule.key.tobytes()
    assert SNOWY.schedule.t_min.tobytes() == T.tobytes()


def test_the_chance_to_be_offered_changes_in_the_window_only() -> None:
    ratio = SNOWY.offer_factor / BASE.offer_factor
    np.testing.assert_allclose(ratio, np.where(ABOUT, 4.0, np.where(NOW, 0.5, 1.0)), rtol=1e-6)
    assert SNOWY.offer_factor[~NOW].tobytes() == BASE.offer_factor[~NOW].tobytes()


@pytest.mark.parametrize("action", range(len(ACTIONS)))
def test_reactions_change_on_its_themes_only(action: int) -> None:
    factor = {SHARE: 3.0, HIDE: 1.0}.get(action, 2.0)
    before, after = BASE.react_base[:, :, action], SNOWY.react_base[:, :, action]
    np.testing.assert_allclose(after[ABOUT], factor * before[ABOUT], rtol=1e-6)
    assert after[~ABOUT].tobytes() == before[~ABOUT].tobytes()


def test_the_window_ends_before_its_last_minute() -> None:
    occasion = Occasion.model_validate(SNOW)
    start = 2 * 1440 + 600
    assert [occasion.covers(start + m) for m in (-1, 0, 30 * 60 - 1, 30 * 60)] == [False, True, True, False]


def test_occasions_at_the_same_time_multiply_and_the_worst_tone_holds() -> None:
    one = Occasion.model_validate({**STRONG, "negative_share": 0.3})
    two = Occasion.model_validate({**SNOW, "attention": 2, "negative_share": 0.5})
    t = np.array([2 * 1440 + 700.0, 2 * 1440 + 700.0, 0.0])
    mood = occasions.moods({"a": one, "b": two}, ["services", "culture", "services"], t)
    assert mood.offer.tolist() == [8.0, 0.5, 1.0]
    assert mood.sharing.tolist() == [3.0, 1.0, 1.0]
    assert mood.negative_share[0] == 0.5
    assert np.isnan(mood.negative_share[1:]).all()


def test_questions_are_more_in_the_hours_of_the_window() -> None:
    rate = occasions.questions({"snow": Occasion.model_validate(STRONG)}, WEEK_MIN // HOUR_MIN)
    assert set(np.flatnonzero(rate == 6)) == set(range(58, 88))
    assert (np.delete(rate, np.arange(58, 88)) == 1).all()
    assert (occasions.questions({}, 5) == 1).all()


def test_a_silent_theme_is_not_published_in_the_window() -> None:
    silent = laws(themes=[], silent=["services"]).schedule
    kept = [slot for slot, gone in zip(BASE.schedule.slot, ABOUT, strict=True) if not gone]
    assert list(silent.slot) == kept


def test_more_people_are_reached_in_the_window_than_without() -> None:
    """Counts, with a control: posts that nobody sees any more are not touched by what happens later."""
    before, after = (Kernel(each, CITY, SEED, 0).run().posts for each in (BASE, SNOWY))
    reach = [posts[:, 0].astype(float) for posts in (before, after)]
    assert reach[1][ABOUT].sum() > reach[0][ABOUT].sum()
    early = BASE.expiry < T[NOW].min()
    assert early.any()
    assert reach[0][early].sum() > 0
    assert reach[1][early].tolist() == reach[0][early].tolist()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"week": 3},
            r"occasion\.snow\.week: 3 is after the last week: the occasion is outside the horizon; ",
        ),
        (
            {"themes": ["servces"]},
            r"occasion\.snow\.themes\[0\]: unknown theme 'servces'; did you mean 'serv",
        ),
        ({"silent": ["none"]}, r"occasion\.snow\.silent\[0\]: unknown theme 'none'"),
        ({"themes": []}, "say themes"),
        ({"hours": 0}, r"occasion\.snow\.hours: 0 is not allowed"),
        ({"week": 0}, r"occasion\.snow\.week: 0 is not allowed"),
        ({"at": 1110}, "quotes"),
        ({"attention": -1}, "at least 0"),
        ({"negative_share": 1.5}, "at most 1"),
        ({"attentoin": 2}, "unknown key 'attentoin'; did you mean 'attention'"),
    ],
)
def test_bad_input_is_one_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        scenario(**wrong)
    assert "\n" not in str(error.value)


def test_the_last_week_is_inside() -> None:
    assert scenario(week=2).occasion["snow"].week == 2


def test_words() -> None:
    told = {lang: sentence(scenario(**STRONG), lang) for lang in ("fr", "en")}
    assert (
        told["fr"]
        .replace(NNBSP, " ")
        .endswith(
            " ; avec l’occasion « Dimanche de neige » (mercredi de la semaine 1 à 10 h, pendant 30 heures ; "
            "thèmes attendus : services)."
        )
    )
    assert told["en"].endswith(
        "; with the occasion “Snow Sunday” (Wednesday of week 1 at 10:00, for 30 hours; "
        "themes awaited: services)."
    )
    quiet = scenario(themes=[], silent=["culture"], hours=336)
    assert "for 2 weeks; nothing published on: culture" in sentence(quiet, "en")
    ended = sentence(scenario(), "en", scenario(**STRONG))
    assert "without the occasion “Snow Sunday”" in ended
    both = small_scenario(400, occasion={"snow": SNOW}, change={"open": open_snapchat()})
    assert "and the occasion “Snow Sunday”" in sentence(both, "en")


# --- the group of files ------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Path:
    root = make_tree(tmp_path / "conf")
    write(root, "occasion/snow.yaml", {"snow": STRONG})
    write(root, "occasion/late.yaml", {"late": {**SNOW, "week": 9}})
    return root


@pytest.fixture(autouse=True)
def _own_tree(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.catalogue.tree", lambda: files)


def test_an_occasion_is_chosen_by_name() -> None:
    found, _ = load_scenario(["occasion=[snow]"])
    assert list(found.occasion) == ["snow"]
    assert found.name == "snow"
    changed, _ = load_scenario(["occasion=[snow]", "occasion.snow.hours=12"])
    assert changed.occasion["snow"].hours == 12
    baseline, _, _ = load_with_baseline(["occasion=[snow]"])
    assert baseline.occasion == {}


def test_a_mistake_names_its_file() -> None:
    with pytest.raises(InputError, match=r"late\.yaml: occasion\.late\.week: 9 is after the last week"):
        load_scenario(["occasion=[late]"])
    with pytest.raises(InputError, match="unknown occasion 'snwo'; did you mean 'snow'"):
        load_scenario(["occasion=[snwo]"])
    with pytest.raises(InputError, match="unknown key 'hour'"):
        load_scenario(["occasion=[snow]", "occasion.snow.hour=12"])


def test_a_comparison_compares_decisions_in_the_same_world() -> None:
    alone = load_comparison(["occasion=[snow]"]).scenarios
    assert [list(s.occasion) for s in alone] == [[], ["snow"]]
    decided = load_comparison(["occasion=[snow]", "change=[evening]"])
    assert [list(s.occasion) for s in decided.scenarios] == [["snow"], ["snow"]]
    assert "occasion/snow.yaml" in decided.inputs


def test_a_side_of_a_comparison_may_be_without_the_occasion(files: Path) -> None:
    sides = {
        "name": "answer",
        "label": "Answer",
        "baseline": {"changes": []},
        "alternatives": {"calm": {"changes": [], "occasions": []}, "evening": {"changes": ["evening"]}},
    }
    chosen = {"defaults": [{"override /occasion": ["snow"]}], "comparison": sides}
    write(files, "comparison/answer.yaml", chosen, GLOBAL)
    found = load_comparison(["comparison=answer"])
    assert [list(s.occasion) for s in found.scenarios] == [["snow"], [], ["snow"]]
    sides["alternatives"] = {"calm": {"changes": [], "occasions": ["late"]}}
    write(files, "comparison/answer.yaml", chosen, GLOBAL)
    with pytest.raises(InputError, match=r"answer\.yaml: .*occasions: 'late' is not chosen"):
        load_comparison(["comparison=answer"])
