"""The definition table of the KPIs: name, unit, good direction, words in French and English."""

from __future__ import annotations

from collections.abc import Iterable

from sim.community_indicators import COMMUNITY
from sim.indicator import Indicator
from sim.indicator import indicator as _i
from sim.service_indicators import SERVICE

INDICATORS: dict[str, Indicator] = {
    "weekly_coverage_of_residents": _i(
        "share of residents", "up", "Habitants touchés chaque semaine", "Residents reached each week",
        "Part de tous les habitants ayant vu au moins une publication dans la semaine,"
        " en moyenne sur les semaines.",
        "Share of all residents who saw at least one post in a week, mean over the weeks.",
    ),
    "coverage_of_residents": _i(
        "share of residents", "up", "Habitants touchés sur la période", "Residents reached over the period",
        "Part de tous les habitants (hors ligne et enfants compris) ayant vu au moins une publication.",
        "Share of all residents (offline people and children included) who saw at least one post.",
    ),
    "residents_reached": _i(
        "residents", "up", "Nombre d'habitants touchés", "Number of residents reached",
        "Habitants ayant vu au moins une publication, chacun compté une fois, tous réseaux confondus.",
        "Residents who saw at least one post, each counted once across platforms.",
        count=True,
    ),
    "residents_never_reached": _i(
        "residents", "down", "Habitants jamais touchés", "Residents never reached",
        "Habitants n'ayant vu aucune publication sur la période.",
        "Residents who saw no post over the period.",
    ),
    "never_reached_share_of_residents": _i(
        "share of residents", "down", "Part d'habitants jamais touchés", "Share of residents never reached",
        "Part des habitants n'ayant vu aucune publication sur la période.",
        "Share of residents who saw no post over the period.",
    ),
    "digital_divide_gap": _i(
        "share of residents", "down", "Fracture entre âges", "Gap between ages",
        "Couverture de la tranche d'âge la mieux touchée moins celle de la moins touchée (15 ans et plus).",
        "Coverage of the best-covered age band minus that of the worst-covered one (15 and over).",
    ),
    "overlap_share_of_reached": _i(
        "share of residents reached", "neutral", "Recouvrement de deux réseaux", "Overlap of two platforms",
        "Part des habitants touchés qui l'ont été sur les deux réseaux.",
        "Share of the residents reached who were reached on both platforms.",
    ),
    "local_share_of_reach": _i(
        "share of reach", "neutral", "Part locale de la portée", "Local share of reach",
        "Part de la portée qui concerne des habitants de la commune.",
        "Share of reach that falls on residents of the city.",
    ),
    "followers": _i(
        "followers", "up", "Abonnés", "Followers",
        "Abonnés en fin de période (un abonné de deux réseaux compte deux fois).",
        "Followers at the end (someone who follows on two platforms counts twice).",
        count=True,
    ),
    "followers_per_100_residents": _i(
        "followers per 100 residents", "up", "Abonnés pour 100 habitants", "Followers per 100 residents",
        "Abonnés en fin de période rapportés à la population.",
        "Followers at the end divided by the population.",
        count=True,
    ),
    "new_followers": _i(
        "people", "up", "Nouveaux abonnés", "New followers",
        "Personnes ayant commencé à suivre un compte.", "People who started to follow an account.",
        count=True,
    ),
    "unfollows": _i(
        "people", "down", "Désabonnements", "Unfollows",
        "Personnes ayant cessé de suivre un compte.", "People who stopped following an account.",
        count=True,
    ),
    "follower_growth_percent": _i(
        "percent", "up", "Croissance des abonnés (%)", "Follower growth (%)",
        "Variation du nombre d'abonnés sur la période, en pourcentage du départ.",
        "Change of the number of followers over the period, percent of the start.",
    ),
    "posts_published": _i(
        "posts", "neutral", "Publications", "Posts published",
        "Publications de la période.", "Posts of the period.",
        count=True,
    ),
    "impressions": _i(
        "displays", "up", "Affichages", "Impressions",
        "Nombre d'affichages de publications.", "Number of displays of posts.",
        count=True,
    ),
    "reach": _i(
        "people times posts", "up", "Portée cumulée", "Cumulated reach",
        "Somme, sur les publications, des personnes touchées.", "Sum over posts of the people reached.",
        count=True,
    ),
    "reach_per_post": _i(
        "people per post", "neutral", "Portée par publication", "Reach per post",
        "Personnes touchées par une publication, en moyenne ; ajouter un petit compte la fait baisser.",
        "People reached by a post, mean; adding a small account lowers it.",
    ),
    "reach_rate_by_follower": _i(
        "share of followers", "up", "Taux de portée (par abonné)", "Reach rate (by follower)",
        "Portée moyenne d'une publication rapportée au nombre d'abonnés.",
        "Mean reach of a post divided by the number of followers.",
    ),
    "frequency_impressions_per_person_reached": _i(
        "displays per person", "neutral", "Répétition par personne touchée", "Frequency per person reached",
        "Affichages par personne touchée sur la période.", "Displays per person reached over the period.",
    ),
    "interactions": _i(
        "interactions", "up", "Interactions", "Interactions",
        "Mentions « j'aime », commentaires et partages.", "Likes, comments and shares.",
        count=True,
    ),
    "engagement_rate_by_reach": _i(
        "share of reach", "up", "Taux d'engagement (par personne touchée)", "Engagement rate by reach",
        "Interactions divisées par la portée.", "Interactions divided by reach.",
    ),
    "engagement_rate_by_follower": _i(
        "share of followers", "up", "Taux d'engagement (par abonné)", "Engagement rate by follower",
        "Interactions par publication divisées par le nombre d'abonnés.",
        "Interactions per post divided by the number of followers.",
    ),
    "clicks_per_1000_reached": _i(
        "per 1000 reached", "up", "Clics pour 1 000 touchés", "Clicks per 1,000 reached",
        "Clics pour 1 000 personnes touchées.", "Clicks per 1,000 people reached.",
    ),
    "likes_per_1000_reached": _i(
        "per 1000 reached", "up", "J'aime pour 1 000 touchés", "Likes per 1,000 reached",
        "Mentions « j'aime » pour 1 000 personnes touchées.", "Likes per 1,000 people reached.",
    ),
    "comments_per_1000_reached": _i(
        "per 1000 reached", "up", "Commentaires pour 1 000 touchés", "Comments per 1,000 reached",
        "Commentaires pour 1 000 personnes touchées.", "Comments per 1,000 people reached.",
    ),
    "shares_per_1000_reached": _i(
        "per 1000 reached", "up", "Partages pour 1 000 touchés", "Shares per 1,000 reached",
        "Partages pour 1 000 personnes touchées.", "Shares per 1,000 people reached.",
    ),
    "shares_per_like": _i(
        "shares per like", "neutral", "Partages par j'aime", "Shares per like",
        "Partages divisés par les mentions « j'aime ».", "Shares divided by likes.",
    ),
    "hides_per_10000_reached": _i(
        "per 10000 reached", "down", "Masquages pour 10 000 touchés", "Hides per 10,000 reached",
        "Publications masquées pour 10 000 personnes touchées.", "Posts hidden per 10,000 people reached.",
    ),
    "cascade_size_mean": _i(
        "people per post", "up", "Touchés par un ami, par publication", "Reached through friends, per post",
        "Personnes dont le premier affichage vient du partage d'un ami, en moyenne par publication.",
        "People whose first display came from a friend's share, mean per post.",
    ),
    "cascade_depth_mean": _i(
        "generations", "neutral", "Profondeur des partages", "Depth of sharing",
        "Génération du partage le plus lointain, moyenne des publications partagées.",
        "Generation of the farthest share, mean over the posts that were shared.",
    ),
    "reshares_at_depth_1_share": _i(
        "share of shares", "neutral", "Partages de première main", "First-hand shares",
        "Part des partages faits par des abonnés touchés par le compte lui-même.",
        "Share of shares made by people whom the account itself reached.",
    ),
    "share_of_voice": _i(
        "share of displays", "up", "Part de voix", "Share of voice",
        "Part des affichages chez les habitants qui vient de la ville, face aux pages indépendantes"
        " (seulement s'il y en a).",
        "Share of the displays to residents that comes from the city, against independent pages (only where"
        " there is one).",
    ),
    "engaged_share_of_followers": _i(
        "share of followers", "up", "Part d'abonnés actifs", "Engaged share of followers",
        "Personnes ayant réagi au moins une fois, rapportées aux abonnés.",
        "People who reacted at least once, divided by followers.",
    ),
    "likes": _i(
        "likes", "up", "J'aime", "Likes", "Mentions « j'aime » de la période.", "Likes of the period.",
        count=True,
    ),
    "comments": _i(
        "comments", "up", "Commentaires", "Comments",
        "Commentaires de la période, de quelque ton qu'ils soient.",
        "Comments of the period, whatever their tone.",
        count=True,
    ),
    "shares": _i(
        "shares", "up", "Partages", "Shares", "Partages de la période.", "Shares of the period.", count=True,
    ),
    **COMMUNITY,
    **SERVICE,
}  # fmt: skip

# Families of KPIs, in the order in which a person reads them: French and English name, then the KPIs.
FAMILIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Habitants touchés", "Residents reached", (
        "weekly_coverage_of_residents", "coverage_of_residents", "residents_reached",
        "residents_never_reached", "never_reached_share_of_residents", "digital_divide_gap",
        "overlap_share_of_reached",
    )),
    ("Lien avec les habitants", "Link with residents", (
        "ladder_linked", "ladder_informed", "ladder_in_dialogue", "ladder_promoting", "ladder_influenced",
        "contributions", "contributions_per_1000_reached",
    )),
    ("Demandes, équipe et coûts", "Requests, team and costs", (
        "negative_share_of_comments", "requests_received", "answer_rate", "answered_by_residents_share",
        "median_answer_time_min", "resolved_requests_share", "satisfaction_with_answers", "posts_late",
        "posts_dropped", "staff_hours", "engagement_per_staff_hour", "cost_eur",
        "cost_per_resident_reached_eur",
    )),
    ("Abonnés", "Followers", (
        "followers", "followers_per_100_residents", "followers_per_100_residents_over_15",
        "new_followers", "unfollows", "follower_growth_percent", "rank_among_known_cities",
        "engaged_share_of_followers",
    )),
    ("Réactions", "Reactions", (
        "interactions", "engagement_rate_by_reach", "engagement_rate_by_follower", "likes", "comments",
        "shares", "likes_per_1000_reached", "comments_per_1000_reached", "shares_per_1000_reached",
        "shares_per_like", "clicks_per_1000_reached", "hides_per_10000_reached",
    )),
    ("Usages", "Uses", (
        "site_visits", "job_offers_reach", "video_and_story_views",
    )),
    ("Portée des publications", "Reach of the posts", (
        "posts_published", "reach", "reach_per_post", "reach_rate_by_follower", "impressions",
        "frequency_impressions_per_person_reached", "share_of_voice", "local_share_of_reach",
        "nonresident_share_of_reach", "young_share_of_reach", "senior_share_of_reach",
        "cascade_size_mean", "cascade_depth_mean", "reshares_at_depth_1_share",
    )),
)  # fmt: skip
OTHER = ("Autres", "Others")


def family(kpi: str, lang: str) -> str:
    """Name of the family of a KPI in French ("fr") or English."""
    names = next(((fr, en) for fr, en, kpis in FAMILIES if kpi in kpis), OTHER)
    return names[0 if lang == "fr" else 1]


def by_family(kpis: Iterable[str]) -> list[str]:
    """KPIs in the order of their families; those of no family last, in the order given."""
    place = {kpi: i for i, kpi in enumerate(kpi for _, _, members in FAMILIES for kpi in members)}
    return sorted(kpis, key=lambda kpi: place.get(kpi, len(place)))


DIRECTIONS = {name: i.direction for name, i in INDICATORS.items()}
UNITS = {name: i.unit for name, i in INDICATORS.items()}
ADDITIVE = frozenset(name for name, i in INDICATORS.items() if i.is_additive)
