"""Residents: exact margins, keyed draws, laws across people, first followers."""

from __future__ import annotations

import numpy as np
import pytest

from sim.figures import BANDS, InputError
from sim.population import ATTACHMENT_CAP, People, build_people, largest_remainder
from sim.quantiles import gamma_table, lognormal_table
from tests.inputs import small_scenario

PERCENT = (14.6, 32.1, 21.3, 15.0, 10.5, 6.5)


@pytest.fixture(scope="module")
def town() -> People:
    return build_people(small_scenario(20_000), seed=3)


def uses(people: People, name: str) -> np.ndarray:
    bit = people.platforms.index(name)
    return (people.platform_mask[: people.n_residents] >> bit) & 1 == 1


def test_largest_remainder_adds_up_and_stays_within_one() -> None:
    assert largest_remainder([1.5, 1.5, 1.0]).tolist() == [2, 1, 1]
    assert largest_remainder([0.2, 0.2, 0.2, 0.4]).tolist() == [0, 0, 0, 1]
    for size in (1, 7, 599, 475_400):
        targets = size * np.array(PERCENT) / sum(PERCENT)
        counts = largest_remainder(targets)
        assert counts.sum() == size
        assert np.abs(targets - counts).max() < 1


@pytest.mark.parametrize("residents", [53, 600, 20_000])
def test_margins_are_exact(residents: int) -> None:
    scenario = small_scenario(residents)
    people = build_people(scenario, seed=1)
    n, band = people.n_residents, people.age_band[: people.n_residents]
    assert n == residents
    sizes = np.bincount(band, minlength=6)
    assert np.array_equal(sizes, largest_remainder(residents * np.array(PERCENT) / 100))
    for name, card in scenario.platform.items():
        targets = np.array(card.use.at(2019)) / 100 * sizes
        targets[0] = 0
        counts = np.bincount(band[uses(people, name)], minlength=6)
        assert np.array_equal(counts, largest_remainder(targets))
        assert np.abs(targets - counts).max() < 1
        told = people.residuals[people.residuals["platform"] == name].set_index("age_band").loc[list(BANDS)]
        assert np.array_equal(told["count"], counts)
        assert np.allclose(told["residual"], targets - counts)
    assert (people.residuals["residual"].abs() < 1).all()
    assert not people.platform_mask[:n][band == 0].any()


def test_use_scale_is_applied_and_capped_at_everyone() -> None:
    people = build_people(small_scenario(600, city={"use_scale": {"facebook": 1.3}}), seed=1)
    band = people.age_band[: people.n_residents]
    assert uses(people, "facebook")[band == 2].all()
    assert not uses(people, "facebook")[band == 5].all()
    assert [set(w) for w in people.warnings] == [{"fr", "en"}]


def test_a_thinned_city_is_a_city_of_fewer_residents() -> None:
    people = build_people(small_scenario(6000, sampling=0.1), seed=1)
    assert people.n_residents == 600
    assert len(people.followers["town_facebook"]) == 150
    with pytest.raises(InputError, match="sampling"):
        build_people(small_scenario(100, sampling=0.001), seed=1)


def test_rows_are_drawn_by_their_number_alone(town: People) -> None:
    again = build_people(small_scenario(20_000), seed=3)
    other = build_people(small_scenario(20_000), seed=4)
    for name in ("age_band", "age_years", "platform_mask", "activity", "attachment", "interest"):
        assert np.array_equal(getattr(town, name), getattr(again, name))
        assert not np.array_equal(getattr(town, name)[..., :20_000], getattr(other, name)[..., :20_000])
    larger = build_people(small_scenario(22_000), seed=3)
    for name in ("expressiveness", "attachment"):
        assert np.array_equal(getattr(town, name)[:20_000], getattr(larger, name)[:20_000])


def test_another_platform_or_account_leaves_the_rest_untouched(town: People) -> None:
    more = build_people(
        small_scenario(
            20_000,
            platform={"facebook": {"use": {"values": {2019: {"15-29": 10}}}}},
            city={"accounts": {"town_facebook": {"followers": 10}}},
        ),
        seed=3,
    )
    for name in ("twitter", "snapchat"):
        assert np.array_equal(uses(town, name), uses(more, name))
        k = town.platforms.index(name)
        assert np.array_equal(town.activity[k, :20_000], more.activity[k, :20_000])
    kept = more.followers["town_twitter"]
    assert np.array_equal(town.followers["town_twitter"][:100], kept[:100])


def test_platforms_go_together_by_the_common_appetite() -> None:
    """Share of Instagram users among Snapchat users of one band: by chance without correlation."""
    shares = {}
    for correlation in (0.0, 0.4):
        people = build_people(small_scenario(20_000, behaviour={"appetite_correlation": correlation}), seed=2)
        young = people.age_band[:20_000] == 2
        snapchat, instagram = uses(people, "snapchat") & young, uses(people, "instagram") & young
        shares[correlation] = (snapchat & instagram).sum() / snapchat.sum()
        alone = instagram.sum() / young.sum()
        error = np.sqrt(alone * (1 - alone) / snapchat.sum())
    assert abs(shares[0.0] - alone) < 4 * error
    assert shares[0.4] > alone + 8 * error


def test_activity_is_gamma_across_users_with_the_mean_of_the_band(town: People) -> None:
    scenario = small_scenario(20_000)
    n = town.n_residents
    for k, name in enumerate(town.platforms):
        card, rate = scenario.platform[name], town.activity[k, :n].astype(float)
        assert np.array_equal(rate > 0, uses(town, name))
        assert rate[rate > 0].min() >= 2.0**-10
        assert np.array_equal(rate, np.round(rate * 1024) / 1024)
        users = uses(town, name) & (town.age_band[:n] == 1)
        mean, shape = card.sessions_per_day.values["15-29"], card.session_gamma_shape.value
        relative = rate[users] / mean
        assert abs(relative.mean() - 1) < 4 / np.sqrt(shape * users.sum())
        assert relative.var() == pytest.approx(1 / shape, rel=0.12)


def test_tables_have_mean_one_and_their_spread() -> None:
    assert gamma_table(0.9).mean() == pytest.approx(1, abs=1e-6)
    assert gamma_table(0.9).var() == pytest.approx(1 / 0.9, rel=0.01)
    assert np.log(lognormal_table(0.7)).std() == pytest.approx(0.7, rel=0.01)
    assert (lognormal_table(0.0) == 1).all()
    capped = lognormal_table(0.7, ATTACHMENT_CAP)
    assert capped.mean() == pytest.approx(1, abs=1e-6)
    assert (capped == capped.max()).mean() == pytest.approx(1 - ATTACHMENT_CAP, rel=0.03)


def test_expressiveness_classes_and_interest_by_band(town: People) -> None:
    levels, counts = np.unique(town.expressiveness, return_counts=True)
    raw = np.array([0.3, 5.0, 30.0])
    share = np.array([0.9, 0.09, 0.01])
    assert levels == pytest.approx(raw / (raw * share).sum(), rel=1e-5)
    error = np.sqrt(share * (1 - share) / town.n_rows)
    assert (np.abs(counts / town.n_rows - share) < 4 * error).all()
    table = small_scenario().behaviour.interest
    for k, theme in enumerate(town.themes):
        for b, expected in enumerate(table[theme].row()):
            found = town.interest[k][town.age_band == b].astype(float)
            spread = found.std() / np.sqrt(len(found))
            assert abs(found.mean() - expected) <= 4 * spread


def test_first_followers_are_users_and_counted_exactly(town: People) -> None:
    assert {name: len(rows) for name, rows in town.followers.items()} == {
        "town_facebook": 5000,
        "town_twitter": 1200,
    }
    for account, platform, outside in (("town_facebook", "facebook", 1000), ("town_twitter", "twitter", 360)):
        rows = town.followers[account]
        assert rows.dtype == np.int32
        assert (np.diff(rows) > 0).all()
        assert (town.platform_mask[rows] >> town.platforms.index(platform) & 1).all()
        assert (rows >= town.n_residents).sum() == outside
        assert (town.circle[rows[rows >= town.n_residents]] == 1).all()
        assert (
            town.platform_mask[rows[rows >= town.n_residents]] == 1 << town.platforms.index(platform)
        ).all()
    assert town.n_rows == 20_000 + 1360
    assert not town.circle[:20_000].any()
    users = np.bincount(town.age_band[:20_000][uses(town, "facebook")], minlength=6)
    away = np.bincount(town.age_band[20_000:21_000], minlength=6)
    assert np.abs(away - 1000 * users / users.sum()).max() < 1


def test_followers_are_drawn_by_band_and_attachment(town: People) -> None:
    """Share of followers by band among users: ratios close to the weights; equal weights as control."""
    equal = dict.fromkeys(BANDS[1:], 1.0)
    flat = build_people(
        small_scenario(
            20_000,
            platform={"facebook": {"audience": {"follow_by_band": {"values": equal}}}},
            behaviour={"attachment_sd": 0.0},
        ),
        seed=3,
    )

    def share(people: People, band: int) -> tuple[float, int]:
        able = uses(people, "facebook") & (people.age_band[:20_000] == band)
        rows = people.followers["town_facebook"]
        return float(np.isin(np.flatnonzero(able), rows).mean()), int(able.sum())

    for band in (1, 2, 4):
        found, count = share(flat, band)
        overall = 4000 / uses(flat, "facebook").sum()
        assert abs(found - overall) < 4 * np.sqrt(overall * (1 - overall) / count)
    assert share(town, 4)[0] < 0.8 * share(town, 2)[0]
    able = np.flatnonzero(uses(town, "facebook"))
    follows = np.isin(able, town.followers["town_facebook"])
    assert town.attachment[able][follows].mean() > 1.15 * town.attachment[able][~follows].mean()


def test_more_followers_than_users_are_counted_around_the_city() -> None:
    people = build_people(
        small_scenario(600, city={"accounts": {"town_twitter": {"followers": 500}}}), seed=1
    )
    rows = people.followers["town_twitter"]
    inside = rows[rows < 600]
    assert np.array_equal(inside, np.flatnonzero(uses(people, "twitter")))
    assert len(rows) == 500
    assert len(people.warnings) == 1
    assert "350" in people.warnings[0]["en"]
    assert str(len(inside)) in people.warnings[0]["fr"]


def test_an_account_without_followers_and_a_platform_without_users() -> None:
    nobody = {"use": {"values": {2019: dict.fromkeys(BANDS, 0)}}}
    people = build_people(
        small_scenario(
            200, platform={"twitter": nobody}, city={"accounts": {"town_facebook": {"followers": 0}}}
        ),
        seed=1,
    )
    assert len(people.followers["town_facebook"]) == 0
    rows = people.followers["town_twitter"]
    assert len(rows) == 12
    assert (rows >= 200).all()
    assert (people.age_band[rows] > 0).all()
