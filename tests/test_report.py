"""The comparison report: what it must contain, in both languages, on good, thin and hostile input."""

from __future__ import annotations

import dataclasses
import re
import string
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.report import KpiText, ReportInput, ScenarioText, render, verdict_sentence
from sim.report.data import VERDICTS, View
from sim.report.page import MAX_CARDS
from sim.report.rests import figure_rows
from sim.report.texts import TEXTS
from sim.report.verdict import decide
from sim.report.words import decimal, digits_for, interval, number, probability, typography

BANDS = ("0-14", "15-29", "30-44", "45-59", "60-74", "75+")
PEOPLE = dict(zip(BANDS, (74_000, 152_000, 98_000, 71_000, 51_000, 29_400), strict=True))
N_RESIDENTS = sum(PEOPLE.values())
NB = "\u202f"

# name -> unit, direction, baseline value, {scenario: relative effect}, relative noise of one run
KPIS: dict[str, tuple[str, str, float, tuple[float, float, float], float]] = {
    "weekly_coverage_of_residents": ("share", "up", 0.152, (0.105, 0.041, 0.146), 0.02),
    "coverage_of_residents": ("share", "up", 0.318, (0.083, 0.022, 0.101), 0.012),
    "never_reached_share_of_residents": ("share", "down", 0.682, (-0.038, -0.010, -0.047), 0.006),
    "residents_reached": ("residents", "up", 151_180, (0.083, 0.022, 0.101), 0.012),
    "residents_never_reached": ("residents", "down", 324_220, (-0.038, -0.010, -0.047), 0.006),
    "digital_divide_gap": ("share", "down", 0.331, (0.16, 0.01, 0.17), 0.02),
    "local_share_of_reach": ("share", "up", 0.612, (0.012, 0.002, 0.013), 0.006),
    "reach_per_post": ("people", "up", 9_140, (-0.06, 0.28, 0.19), 0.03),
    "frequency_impressions_per_person_reached": (
        "displays per person",
        "neutral",
        4.31,
        (0.03, 0.07, 0.09),
        0.015,
    ),
    "engagement_rate_by_reach": ("share", "up", 0.118, (0.004, 0.015, 0.012), 0.02),
    "clicks_per_1000_reached": ("clicks per 1000 people reached", "up", 21.4, (-0.02, 0.01, -0.01), 0.03),
    "new_followers": ("followers", "up", 3_420, (0.92, 0.06, 1.01), 0.05),
    "hides_per_10000_reached": ("hides per 10000 people reached", "down", 3.2, (0.01, 0.05, 0.06), 0.08),
    "posts_published": ("posts", "neutral", 208, (0.1154, 0.0, 0.1154), 0.0),
    "impressions": ("impressions", "up", 2_310_000, (0.09, 0.21, 0.27), 0.02),
    "followers": ("followers", "up", 311_400, (0.011, 0.001, 0.012), 0.001),
}
LABELS = {
    "weekly_coverage_of_residents": ("Habitants touchés chaque semaine", "Residents reached every week"),
    "coverage_of_residents": ("Habitants touchés au moins une fois", "Residents reached at least once"),
    "never_reached_share_of_residents": ("Habitants jamais touchés", "Residents never reached"),
    "residents_reached": ("Nombre d'habitants touchés", "Number of residents reached"),
    "residents_never_reached": ("Nombre d'habitants jamais touchés", "Number of residents never reached"),
    "digital_divide_gap": (
        "Écart entre l'âge le mieux et le moins bien touché",
        "Gap between best and worst reached age",
    ),
    "local_share_of_reach": ("Part locale de l'audience", "Local share of the audience"),
    "reach_per_post": ("Personnes touchées par publication", "People reached per post"),
    "frequency_impressions_per_person_reached": (
        "Affichages par personne touchée",
        "Displays per person reached",
    ),
    "engagement_rate_by_reach": (
        "Taux d'engagement des personnes touchées",
        "Engagement rate of people reached",
    ),
    "clicks_per_1000_reached": ("Clics pour 1 000 personnes touchées", "Clicks per 1,000 people reached"),
    "new_followers": ("Nouveaux abonnés", "New followers"),
    "hides_per_10000_reached": (
        "Masquages pour 10 000 personnes touchées",
        "Hides per 10,000 people reached",
    ),
    "posts_published": ("Publications", "Posts published"),
    "impressions": ("Affichages", "Displays"),
    "followers": ("Abonnés", "Followers"),
    "overlap_share_of_reached": ("Recouvrement", "Overlap"),
}
DEFINITIONS = {
    "weekly_coverage_of_residents": (
        "Part de tous les habitants qui voient au moins une publication dans la semaine, en moyenne.",
        "Share of all residents who see at least one post in the week, on average.",
    ),
    "coverage_of_residents": (
        "Part de tous les habitants touchés au moins une fois sur la période.",
        "Share of all residents reached at least once over the period.",
    ),
    "overlap_share_of_reached": (
        "Une case : parmi les personnes touchées par l'un ou l'autre réseau, la part touchée par les deux.",
        "A cell: among the people reached by either platform, the share reached by both.",
    ),
}
SCENARIOS = {
    "reference": (
        "Stratégie actuelle",
        "Current strategy",
        "Quatre réseaux, 26 publications par semaine, surtout entre 9 h et 17 h.",
        "Four platforms, 26 posts a week, mostly between 9:00 and 17:00.",
    ),
    "snapchat": (
        "Ouvrir Snapchat",
        "Open Snapchat",
        "B = A + un compte Snapchat dès la semaine 1, trois stories par semaine pour les 15-29 ans.",
        "B = A + a Snapchat account from week 1, three stories a week for ages 15-29.",
    ),
    "evening": (
        "Publier le soir",
        "Post in the evening",
        "C = A, mais les publications de bureau passent entre 18 h et 21 h.",
        "C = A, but office-hour posts move to between 18:00 and 21:00.",
    ),
    "both": (
        "Snapchat et le soir",
        "Snapchat and evening",
        "D = B + C : les deux changements ensemble.",
        "D = B + C: both changes together.",
    ),
}
AGE_COVERAGE = {"15-29": 0.49, "30-44": 0.43, "45-59": 0.36, "60-74": 0.24, "75+": 0.09}
OVERLAPS = {
    "facebook+instagram": 0.34,
    "facebook+twitter": 0.17,
    "facebook+linkedin": 0.12,
    "instagram+twitter": 0.19,
    "instagram+linkedin": 0.11,
    "linkedin+twitter": 0.14,
}
FOLLOWERS = {"facebook": 118_000, "twitter": 124_000, "instagram": 61_000, "linkedin": 8_400}
T_975 = {2: 12.706, 8: 2.365}


def _kpi_rows(names: list[str], replicates: int, weeks: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows: list[tuple[Any, ...]] = []
    for r in range(replicates):
        luck = {k: rng.normal() for k in KPIS}
        for s in names:
            i = list(SCENARIOS).index(s) - 1
            for k, (unit, _, base, effects, noise) in KPIS.items():
                effect = 1 + (effects[i] if i >= 0 else 0.0)
                value = base * effect * (1 + noise * luck[k]) * (1 + 0.8 * noise * rng.normal() * (i >= 0))
                rows.append((s, r, k, "all", "all", "all", value, unit))
            rows += _age_rows(s, r, rng) + _platform_rows(s, r, rng, weeks)
    return pd.DataFrame(
        rows, columns=["scenario", "replicate", "kpi", "platform", "age_band", "week", "value", "unit"]
    )


def _age_rows(s: str, r: int, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    lift = {"snapchat": 0.079, "both": 0.094}.get(s, 0.0)
    rows: list[tuple[Any, ...]] = []
    for b in BANDS:
        share = AGE_COVERAGE.get(b, 0.0)
        if share:
            share += lift * (b == "15-29") + 0.008 * (s in ("evening", "both")) + 0.002 * rng.normal()
        rows.append((s, r, "coverage_of_residents", "all", b, "all", share, "share"))
        rows.append(
            (s, r, "residents_never_reached", "all", b, "all", round((1 - share) * PEOPLE[b]), "residents")
        )
    return rows


def _platform_rows(s: str, r: int, rng: np.random.Generator, weeks: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    opened = s in ("snapchat", "both")
    for p, n in FOLLOWERS.items():
        rows.append((s, r, "followers", p, "all", "all", n * 1.011 + 40 * rng.normal(), "followers"))
        rows += [
            (s, r, "followers", p, "all", str(w), n * (1 + 0.011 * w / weeks), "followers")
            for w in range(1, weeks + 1)
        ]
    if opened:
        for w in range(1, weeks + 1):
            count = 1_310 * (1 - np.exp(-w / 5)) * (1.06 if s == "both" else 1) + 9 * rng.normal()
            rows.append((s, r, "followers", "snapchat", "all", str(w), count, "followers"))
        rows.append((s, r, "followers", "snapchat", "all", "all", count, "followers"))
    pairs = OVERLAPS | ({"instagram+snapchat": 0.023, "facebook+snapchat": 0.008} if opened else {})
    for pair, share in pairs.items():
        rows.append(
            (s, r, "overlap_share_of_reached", pair, "all", "all", share * (1 + 0.02 * rng.normal()), "share")
        )
    return rows


def _differences(kpis: pd.DataFrame, names: list[str], zone: float) -> pd.DataFrame:
    wide = kpis[(kpis.week == "all") & (kpis.platform == "all") & (kpis.age_band == "all")]
    table = wide.pivot_table(index="replicate", columns=["kpi", "scenario"], values="value")
    n = len(table)
    rows = []
    for k, (unit, direction, *_) in KPIS.items():
        for s in names[1:]:
            d = table[k][s] - table[k][names[0]]
            half = T_975[n] * d.std(ddof=1) / np.sqrt(n) if n > 1 else np.inf
            low, high = d.mean() - half, d.mean() + half
            width = zone * abs(table[k][names[0]].mean())
            rows.append(
                (
                    k,
                    "all",
                    "all",
                    names[0],
                    s,
                    table[k][names[0]].mean(),
                    table[k][s].mean(),
                    d.mean(),
                    low,
                    high,
                    float((d > 0).mean()) if n > 1 else np.nan,
                    n,
                    _verdict(low, high, width, direction),
                    unit,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "kpi",
            "platform",
            "age_band",
            "baseline",
            "alternative",
            "mean_baseline",
            "mean_alternative",
            "difference",
            "ci_low",
            "ci_high",
            "p_better",
            "replicates",
            "verdict",
            "unit",
        ],
    )


def _verdict(low: float, high: float, zone: float, direction: str) -> str:
    if not np.isfinite([low, high]).all() or (low <= 0 <= high and not (-zone <= low and high <= zone)):
        return "cannot_tell"
    if -zone <= low and high <= zone:
        return "no_difference"
    if direction == "neutral":
        return "changed"
    return "better" if (low > 0) == (direction == "up") else "worse"


def _hours(names: list[str], replicates: int) -> pd.DataFrame:
    hour = np.arange(24)
    day = np.exp(-(((hour - 12.5) / 3.4) ** 2)) + 0.45 * np.exp(-(((hour - 20.5) / 2.2) ** 2))
    late = 0.55 * np.exp(-(((hour - 12.5) / 3.6) ** 2)) + 1.35 * np.exp(-(((hour - 20) / 2.0) ** 2))
    rows = []
    for s in names:
        curve = late if s in ("evening", "both") else day
        for r in range(replicates):
            for platform, size in (("facebook", 60_000), ("instagram", 41_000)):
                extra = 1.1 if s in ("snapchat", "both") else 1.0
                rows += [
                    (
                        s,
                        r,
                        platform,
                        int(h),
                        int(2 * v * size * extra),
                        int(v * size * extra * (1 + 0.01 * r)),
                    )
                    for h, v in zip(hour, curve, strict=True)
                ]
    return pd.DataFrame(rows, columns=["scenario", "replicate", "platform", "hour", "impressions", "reach"])


FIGURES = pd.DataFrame(
    [
        (
            "platforms.snapchat.story_seen",
            {
                "fr": "Part des abonnés qui ouvrent une story Snapchat",
                "en": "Share of subscribers who open a Snapchat story",
            },
            0.35,
            "share",
            "lci2014",
            "borrowed",
            "",
            True,
        ),
        (
            "platforms.snapchat.discovery_per_day",
            {
                "fr": "Abonnements spontanés à un nouveau compte Snapchat",
                "en": "Spontaneous follows of a new Snapchat account",
            },
            0.00021,
            "per resident and day",
            "",
            "assumed",
            {"fr": "aucune donnée publique", "en": "no public data"},
            True,
        ),
        (
            "behaviour.competition_exponent",
            {"fr": "Poids de la concurrence dans le fil", "en": "Weight of competition in the feed"},
            1.2,
            "",
            "",
            "assumed",
            "",
            True,
        ),
        (
            "behaviour.cross_promotion",
            {"fr": "Effet d'une annonce sur un autre réseau", "en": "Effect of a cross-promotion"},
            0.004,
            "share",
            "",
            "assumed",
            "",
            True,
        ),
        (
            "platforms.facebook.organic_reach",
            {"fr": "Portée naturelle sur Facebook", "en": "Organic reach on Facebook"},
            0.065,
            "share",
            "locowise2019, hootsuite2019",
            "borrowed",
            "",
            True,
        ),
        (
            "city.pyramid",
            {"fr": "Pyramide des âges", "en": "Age pyramid"},
            [0.156, 0.32, 0.206, 0.149, 0.107, 0.062],
            "",
            "insee_7633062",
            "measured",
            "",
            False,
        ),
        ("city.accounts.facebook.followers", None, 118000, "followers", "", "given", "", False),
    ],
    columns=["path", "label", "value", "unit", "source", "tag", "note", "drives"],
)
SOURCES = {
    "lci2014": "LCI, « Toulouse sur Snapchat », novembre 2014",
    "insee_7633062": "INSEE, recensement 2020",
    "locowise2019": "Locowise 2019",
    "hootsuite2019": "Hootsuite, Digital 2019 (https://example.org/digital)",
}


def make(
    names: tuple[str, ...] = tuple(SCENARIOS),
    replicates: int = 8,
    weeks: int = 8,
    zone: float = 0.02,
    **changes: Any,
) -> ReportInput:
    """A realistic comparison of invented numbers; `changes` replace fields."""
    listed = list(names)
    kpis = _kpi_rows(listed, replicates, weeks)
    p_best = {"reference": 0.0, "snapchat": 0.02, "evening": 0.0, "both": 0.98}
    defs = {
        k: KpiText(
            k,
            dict(zip(("fr", "en"), LABELS[k], strict=True)),
            dict(zip(("fr", "en"), DEFINITIONS.get(k, ("", "")), strict=True)),
            KPIS[k][0] if k in KPIS else "share",
            KPIS[k][1] if k in KPIS else "down",
        )
        for k in LABELS
    }
    data = ReportInput(
        title={
            "fr": "Toulouse 2019 : ouvrir Snapchat, publier le soir, ou les deux ?",
            "en": "Toulouse 2019: open Snapchat, post in the evening, or both?",
        },
        city_label="Toulouse",
        year=2019,
        n_residents=N_RESIDENTS,
        sampling=1.0,
        horizon_weeks=weeks,
        scenarios=tuple(
            ScenarioText(
                n,
                {"fr": SCENARIOS[n][0], "en": SCENARIOS[n][1]},
                {"fr": SCENARIOS[n][2], "en": SCENARIOS[n][3]},
            )
            for n in listed
        ),
        decision_kpi="weekly_coverage_of_residents",
        kpi_definitions=defs,
        kpis=kpis,
        posts=pd.DataFrame(),
        hours=_hours(listed, replicates),
        differences=_differences(kpis, listed, zone),
        best=pd.DataFrame(
            {
                "scenario": listed,
                "mean": 0.15,
                "p_best": [p_best[n] for n in listed],
                "p_within_zone_of_best": [{"both": 1.0, "snapchat": 0.03}.get(n, 0.0) for n in listed],
            }
        ),
        gain=pd.DataFrame({"kpi": "weekly_coverage_of_residents", "alternative": listed[1:], "gain": 11.6}),
        zone_relative=zone,
        replicates=replicates,
        stop_reason={
            "fr": "Arrêt à 8 répétitions : l'écart est connu à ± 1 % de la référence près.",
            "en": "Stopped at 8 replicates: the difference is known to within ± 1% of the baseline.",
        },
        figures_used=FIGURES,
        sources=SOURCES,
        warnings=(
            {
                "fr": "Snapchat : aucune donnée publique sur les villes ; les défauts sont des hypothèses.",
                "en": "Snapchat: no public data on cities; the defaults are assumptions.",
            },
        ),
        provenance={
            "config_hash": "9f2c61ab0d",
            "seed": 20190101,
            "commit": "4be1d2c",
            "numpy": "2.4.6",
            "wall_time_s": 148.2,
        },
    )
    return dataclasses.replace(data, **changes)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    data = make()
    return {lang: render(data, lang) for lang in ("fr", "en")}


class Balance(HTMLParser):
    """Open and closed tags, ids and external references of a page."""

    VOID = frozenset({"meta", "br", "wbr", "link", "img", "input", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def check_page(page: str) -> Balance:
    """Well formed, self-contained, ids unique, every reference answered."""
    b = Balance(page)
    assert not b.problems
    assert not b.open
    assert len(b.ids) == len(set(b.ids))
    names = {tag for tag, _ in b.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base"}
    for tag, attrs in b.tags:
        for key, value in attrs.items():
            assert not key.startswith("on"), f"{tag} {key}"
            if key in ("href", "src", "xlink:href", "srcset", "action", "data"):
                assert (value or "").startswith("#"), f"{tag} {key}={value}"
                assert (value or "")[1:] in b.ids
    for target in re.findall(r"url\(#([^)]+)\)", page):
        assert target in b.ids
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    return b


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_page_is_whole_and_loads_nothing(pages: dict[str, str], lang: str) -> None:
    page = pages[lang]
    b = check_page(page)
    assert page.startswith("<!DOCTYPE html>")
    assert f'<html lang="{lang}">' in page
    assert len(page.encode()) < 1_000_000
    for key in (
        "answer",
        "change",
        "effects",
        "who",
        "when",
        "overlap",
        "followers",
        "sure",
        "rests",
        "provenance",
    ):
        assert key in b.ids
    text = "".join(b.text)
    for heading in (
        "h_change",
        "h_effects",
        "h_who",
        "h_when",
        "h_overlap",
        "h_followers",
        "h_sure",
        "h_rests",
    ):
        assert typography(TEXTS[lang][heading], lang) in text
    for fr, en, *_ in SCENARIOS.values():
        assert (fr if lang == "fr" else en) in text
    assert "9f2c61ab0d" in text
    assert "https://example.org" in text, "citations are text, never links"


def test_svgs_are_described_and_do_not_share_ids(pages: dict[str, str]) -> None:
    svgs = re.findall(r"<svg[^>]*>", pages["fr"])
    figures = [s for s in svgs if 'class="figure' in s]
    assert len(figures) == 10, "five figures, each for the page and for the phone"
    assert all('role="img"' in s and re.search(r'aria-label="[^"]{20,}"', s) for s in figures)
    assert all('aria-hidden="true"' in s for s in svgs if s not in figures)
    assert "xmlns" not in pages["fr"]


def test_tables_have_captions_and_scoped_headers(pages: dict[str, str]) -> None:
    b = Balance(pages["fr"])
    assert all("scope" in attrs for tag, attrs in b.tags if tag == "th")
    count = [tag for tag, _ in b.tags]
    assert count.count("table") == count.count("caption") > 5


def test_numbers_follow_the_language(pages: dict[str, str]) -> None:
    fr, en = ("".join(Balance(pages[lang]).text) for lang in ("fr", "en"))
    assert f"475{NB}400{NB}habitants" in fr
    assert f"475,400{NB}residents" in en
    assert re.search(rf"\+\d,\d{NB}points", fr)
    assert re.search(rf"\+\d\.\d{NB}points", en)
    assert not re.search(r"\d %| [;:!?]", fr.replace("\n", "")), "French marks take a narrow no-break space"
    assert not re.search(rf"[\d]{NB}%", en)


def test_same_input_same_bytes(pages: dict[str, str]) -> None:
    assert render(make(), "fr") == pages["fr"]


def test_assumptions_that_drive_the_result_come_first(pages: dict[str, str]) -> None:
    rests = pages["fr"].split('id="rests"')[1]
    order = [
        rests.index(x) for x in ("Poids de la conc", "Abonnements spont", "ouvrent une story", "Pyramide")
    ]
    assert max(order[:2]) < order[2] < order[3]
    assert "3 des 5 chiffres" in rests
    assert "INSEE, recensement 2020" in rests


def test_cards_show_at_most_the_likeliest_alternatives() -> None:
    data = make()
    base = data.scenarios[0]
    extra = tuple(
        dataclasses.replace(base, name=f"x{i}", label={"fr": f"X{i}", "en": f"X{i}"}) for i in range(4)
    )
    rows = [
        data.differences[data.differences.alternative == "evening"].assign(alternative=f"x{i}")
        for i in range(4)
    ]
    many = dataclasses.replace(
        data,
        scenarios=data.scenarios + extra,
        differences=pd.concat([data.differences, *rows], ignore_index=True),
    )
    page = render(many, "fr")
    check_page(page)
    cards = page.split('<ul class="cards many">')[1].split("</ul>")[0]
    assert cards.count("<li") == 1 + MAX_CARDS
    assert "Snapchat et le soir" in cards


# --- edge cases -----------------------------------------------------------------------------------


def test_thin_city_says_so_and_is_not_scaled_again() -> None:
    thin = make(sampling=0.05)
    text = "".join(Balance(render(thin, "fr")).text)
    assert f"5{NB}% des habitants simulés" in text
    assert View(thin).mean("reference", "new_followers") == View(make()).mean("reference", "new_followers")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_one_replicate_has_no_interval(lang: str) -> None:
    data = make(("reference", "evening"), replicates=1, best=pd.DataFrame(), gain=pd.DataFrame())
    page = render(data, lang)
    check_page(page)
    text = "".join(Balance(page).text)
    assert not re.search(r"\b(nan|inf)\b", text)
    assert ("une seule simulation" if lang == "fr" else "a single simulation") in verdict_sentence(data, lang)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_missing_frames_leave_a_sentence(lang: str) -> None:
    empty = pd.DataFrame()
    data = make(
        kpis=empty,
        hours=empty,
        differences=empty,
        best=empty,
        gain=empty,
        figures_used=empty,
        warnings=(),
        sources={},
        provenance={},
    )
    text = "".join(Balance(render(data, lang)).text)
    check_page(render(data, lang))
    for key in (
        "verdict_empty",
        "effects_empty",
        "who_empty",
        "when_empty",
        "overlap_empty",
        "followers_empty",
        "rests_empty",
    ):
        assert typography(TEXTS[lang][key], lang) in text


def test_nan_values_are_dashes() -> None:
    data = make()
    diffs = data.differences.copy()
    diffs.loc[
        diffs.kpi == "new_followers", ["mean_baseline", "difference", "ci_low", "ci_high", "p_better"]
    ] = np.nan
    diffs.loc[diffs.kpi == "reach_per_post", "mean_baseline"] = 0.0
    page = render(dataclasses.replace(data, differences=diffs), "fr")
    check_page(page)
    assert not re.search(r"\bnan\b", "".join(Balance(page).text))


def test_hostile_and_long_words_are_escaped() -> None:
    evil = "<script>alert(1)</script>\"' & $x^2$ {{ 7*7 }}"
    words = {"fr": evil, "en": evil}
    data = make()
    kpi = dataclasses.replace(data.kpi_definitions["reach_per_post"], label=words, definition=words)
    long = {"fr": "Anticonstitutionnellement" * 12, "en": "x" * 400}
    scenarios = (
        data.scenarios[0],
        dataclasses.replace(data.scenarios[1], label=words, sentence=words),
        dataclasses.replace(data.scenarios[2], label=long),
        data.scenarios[3],
    )
    page = render(
        dataclasses.replace(
            data,
            title=words,
            city_label=evil,
            scenarios=scenarios,
            warnings=(words,),
            sources={"lci2014": evil},
            kpi_definitions={**data.kpi_definitions, "reach_per_post": kpi},
            provenance={evil: evil},
        ),
        "fr",
    )
    check_page(page)
    assert "<script" not in page
    assert "{{ 7*7 }}" in page


def test_a_frame_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the columns ci_low"):
        render(make(differences=make().differences.drop(columns="ci_low")), "fr")


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'de'"):
        render(make(), "de")


# --- the verdict ----------------------------------------------------------------------------------


def with_verdicts(*verdicts: str, **best: tuple[float, float]) -> ReportInput:
    """A comparison whose decision KPI has these verdicts; `best`: scenario = (p_best, p_within_zone)."""
    names = ("reference", "snapchat", "evening", "both")[: len(verdicts) + 1]
    data = make(names)
    diffs = data.differences.copy()
    decision = diffs.kpi == data.decision_kpi
    size = {
        "better": (0.016, 0.013, 0.019),
        "worse": (-0.016, -0.019, -0.013),
        "no_difference": (0.0, -0.001, 0.001),
        "cannot_tell": (0.004, -0.003, 0.011),
        "changed": (0.016, 0.013, 0.019),
    }
    for name, v in zip(names[1:], verdicts, strict=True):
        row = decision & (diffs.alternative == name)
        diffs.loc[row, ["difference", "ci_low", "ci_high"]] = size[v]
        diffs.loc[row, "verdict"] = v
    table = data.best.copy()
    for name, (p, near) in best.items():
        table.loc[table.scenario == name, ["p_best", "p_within_zone_of_best"]] = p, near
    return dataclasses.replace(data, differences=diffs, best=table)


CASES = [
    (("better",), "Ouvrir Snapchat » fait mieux"),
    (("worse",), "Mieux vaut garder"),
    (("no_difference",), "ne change rien de sensible"),
    (("cannot_tell",), "On ne peut pas trancher entre"),
    (("changed",), "à vous d’en juger"),
    (("worse", "worse"), "les 2 changements font moins bien"),
    (("no_difference", "no_difference"), "Aucun changement ne fait mieux"),
    (("cannot_tell", "cannot_tell"), "On ne peut pas trancher : aucun"),
    (("cannot_tell", "worse"), "moins bien"),
    (("no_difference", "worse"), "Aucun changement ne fait mieux"),
    (("changed", "changed"), "Le changement le plus net"),
    (("better", "worse", "cannot_tell"), "fait mieux"),
]


@pytest.mark.parametrize(("verdicts", "expected"), CASES)
def test_verdict_sentence_of_each_kind(verdicts: tuple[str, ...], expected: str) -> None:
    data = with_verdicts(*verdicts)
    assert typography(expected, "fr") in verdict_sentence(data, "fr")
    for lang in ("fr", "en"):
        sentence = verdict_sentence(data, lang)
        assert sentence.endswith(".")
        assert not re.search(r"[{}]|\bnan\b", sentence)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_page_opens_with_the_verdict(verdict: str) -> None:
    data = with_verdicts(verdict)
    page = render(data, "fr")
    text = "".join(check_page(page).text)
    assert verdict_sentence(data, "fr") in text
    assert TEXTS["fr"][f"kind_{verdict}"] in text
    assert f'class="verdict k-{verdict}"' in page


def test_every_verdict_word_is_covered() -> None:
    assert {v for verdicts, _ in CASES for v in verdicts} == set(VERDICTS)


def test_winner_is_told_in_residents() -> None:
    sentence = verdict_sentence(with_verdicts("better"), "fr")
    assert f"environ 8{NB}000 habitants de plus touchés chaque semaine" in sentence
    assert f"de 6{NB}000 à 9{NB}000" in sentence
    assert "about 8,000 more residents reached every week" in verdict_sentence(with_verdicts("better"), "en")


def test_equals_and_rivals_are_named() -> None:
    equal = with_verdicts("better", "worse", "better", both=(0.6, 1.0), snapchat=(0.4, 0.97))
    assert decide(View(equal)).equal == ("snapchat",)
    assert "se valent" in verdict_sentence(equal, "fr")
    rival = with_verdicts("better", "worse", "better", both=(0.7, 0.9), snapchat=(0.3, 0.5))
    assert decide(View(rival)).rivals == ("snapchat",)
    assert "départager" in verdict_sentence(rival, "fr")
    clear = with_verdicts("better", "worse", "better")
    assert decide(View(clear)).leader.alternative == "both"
    assert not decide(View(clear)).rivals


def test_less_is_better_picks_the_largest_drop() -> None:
    data = make(decision_kpi="never_reached_share_of_residents", best=pd.DataFrame())
    assert decide(View(data)).leader.alternative == "both"
    assert "de moins jamais touchés" in verdict_sentence(data, "fr")


# --- words ----------------------------------------------------------------------------------------


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words() -> None:
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()
    for key in TEXTS["fr"]:
        assert _fields(TEXTS["fr"][key]) == _fields(TEXTS["en"][key]), key
        assert TEXTS["fr"][key].strip()
        assert TEXTS["en"][key].strip()


@pytest.mark.parametrize(
    ("value", "lang", "unit", "digits", "expected"),
    [
        (475400, "fr", "", 0, f"475{NB}400"),
        (475400, "en", "", 0, "475,400"),
        (0.2434, "fr", "share", 1, f"24,3{NB}%"),
        (0.2434, "en", "share", 1, "24.3%"),
        (-3.14, "fr", "points", 1, f"\u22123,1{NB}points"),
        (1.0, "en", "residents", 0, f"1{NB}resident"),
        (1.5, "fr", "points", 1, f"1,5{NB}point"),
        (14_683, "fr", "residents", -2, f"14{NB}700{NB}habitants"),
        (-0.004, "fr", "", 1, "0,0"),
        (float("nan"), "fr", "share", 1, "–"),
        (float("inf"), "en", "", 0, "–"),
        (3.0, "en", "per 1000 reached", 0, f"3{NB}per 1000 reached"),
    ],
)
def test_number(value: float, lang: str, unit: str, digits: int, expected: str) -> None:
    assert number(value, lang, unit, digits) == expected


def test_the_interval_decides_the_digits() -> None:
    assert [digits_for(h) for h in (2300, 500, 0.5, 0.12, 0.031)] == [-3, -2, 1, 1, 2]
    assert digits_for(float("nan"), 151_180) == -4
    assert digits_for(0.0) == 0


def test_small_words() -> None:
    assert interval(2.64, 3.61, "fr", "points", 1) == f"+2,6 à +3,6{NB}points"
    assert interval(-np.inf, np.inf, "fr") == "–"
    assert probability(0.9999, "fr") == f"plus de 99{NB}%"
    assert probability(0.0, "en") == "under 1%"
    assert probability(1.0, "fr", words=False) == f">{NB}99{NB}%"
    assert decimal(0.00021, "fr") == "0,00021"
    assert decimal(118000, "en") == "118,000"
    assert typography("l'écart : 18:30 « oui » ?", "fr") == f"l’écart{NB}: 18:30 «{NB}oui{NB}»{NB}?"


# --- what moves the result -----------------------------------------------------------------------------


def test_the_page_says_how_to_examine_it() -> None:
    command = "city-audience sensitivity comparison=toulouse_2019"
    for lang in ("fr", "en"):
        page = render(make(how_to_examine=command), lang)
        assert page.count(command) == 1
        assert 'href="#moves"' in page
        assert 'id="moves"' not in render(make(), lang)  # nothing to rank


def test_the_figures_that_move_the_result_come_by_effect_the_assumed_first() -> None:
    rows = [
        ("measured.first", "measured", 1.0, True),
        ("assumed.third", "assumed", 3.0, True),
        ("assumed.second", "assumed", 2.0, True),
        ("assumed.other", "assumed", float("nan"), False),
    ]
    used = pd.DataFrame(rows, columns=["path", "tag", "rank", "drives"]).assign(value=1.0, unit="", source="")
    first, more = figure_rows(View(make(figures_used=used)), "en")
    assert [r["path"] for r in first] == ["assumed.second", "assumed.third", "measured.first"]
    assert [r["path"] for r in more] == ["assumed.other"]
    without, _ = figure_rows(View(make(figures_used=used.drop(columns="rank"))), "en")
    assert [r["path"] for r in without] == ["assumed.second", "assumed.third", "measured.first"]
