"""Targets that nobody matches: told with the number, before anything is run."""

from __future__ import annotations

from collections import Counter

from sim.accounts import platform_of
from sim.cards import Account
from sim.figures import BANDS, CIRCLES
from sim.outreach_words import target_in_words
from sim.scenario import Scenario
from sim.schedule import Schedule, build_schedule

FEWEST = 0.5  # fewer followers than this are nobody


def unmatched(scenario: Scenario, schedule: Schedule | None = None) -> list[dict[str, str]]:
    """A warning (fr, en) for each target of an account that no follower matches, with the number of posts.

    Followers are those expected at the start by age and circle, from the cards; for an account that opens,
    who may come to follow it: residents who use the platform.
    """
    schedule = schedule if schedule is not None else build_schedule(scenario)
    targets = Counter(
        (int(a), tuple(map(bool, ages)), tuple(map(bool, circles)))
        for a, ages, circles in zip(schedule.account, schedule.target, schedule.target_circle, strict=True)
    )
    told = []
    for (a, ages, circles), posts in sorted(targets.items()):
        name = schedule.accounts[a].name
        people = expected(scenario, name, ages, circles)
        if people * scenario.sampling < FEWEST and not (all(ages) and all(circles)):
            told.append(_warning(name, posts, people, ages, circles, scenario.sampling))
    return told


def expected(scenario: Scenario, name: str, ages: tuple[bool, ...], circles: tuple[bool, ...]) -> float:
    """Followers of an account at the start in these age bands (six flags) and circles (four flags)."""
    account = scenario.city.accounts.get(name)
    card = scenario.platform[platform_of(scenario)[name]]
    population = scenario.city.population
    users = [
        population.total.value * percent / 100 * use / 100 * (band != BANDS[0])
        for band, percent, use in zip(
            BANDS, population.percent_by_band.row(), card.use.at(scenario.city.year), strict=True
        )
    ]
    if account is None:
        return sum(n for n, wanted in zip(users, ages, strict=True) if wanted) * circles[0]
    fans = [n * w for n, w in zip(users, card.audience.follow_by_band.row(), strict=True)]
    by_circle = _by_circle(account)
    resident = account.followers.value * by_circle[0] * _part(fans, ages) * circles[0]
    outside = sum(share for share, wanted in zip(by_circle[1:], circles[1:], strict=True) if wanted)
    return resident + account.followers.value * outside * _part(users, ages)


def _by_circle(account: Account) -> list[float]:
    outside = account.nonresident_share.value
    shares = {name: share.value for name, share in account.circles.items()} or {"around": 1.0}
    return [1 - outside, *(outside * shares.get(circle, 0.0) for circle in CIRCLES[1:])]  # type: ignore[call-overload]


def _part(by_band: list[float], ages: tuple[bool, ...]) -> float:
    total = sum(by_band)
    return sum(n for n, wanted in zip(by_band, ages, strict=True) if wanted) / total if total else 0.0


def _warning(
    name: str,
    posts: int,
    people: float,
    ages: tuple[bool, ...],
    circles: tuple[bool, ...],
    sampling: float,
) -> dict[str, str]:
    fr, en = (target_in_words(ages, circles, lang) for lang in ("fr", "en"))
    thin_fr = thin_en = ""
    if people >= FEWEST:
        thin_fr = f", dont aucun parmi les habitants simulés (sampling={sampling:g})"
        thin_en = f", none of them among the residents simulated (sampling={sampling:g})"
    plural = "s" if people >= 2 else ""
    return {
        "fr": f"{name} : {posts} publications sont pour {fr}, parmi lesquels le compte a "
        f"{people:.0f} abonné{plural}{thin_fr} : elles ne sont proposées à personne.",
        "en": f"{name}: {posts} posts are for {en}, among whom the account has {people:.0f} "
        f"followers{thin_en}: they are offered to nobody.",
    }
