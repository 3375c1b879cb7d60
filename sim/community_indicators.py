"""Words of the KPIs of the community (``sim.community``), French and English."""

from __future__ import annotations

from sim.indicator import Indicator
from sim.indicator import indicator as _i

COMMUNITY: dict[str, Indicator] = {
    "ladder_linked": _i(
        "share of residents", "up", "Habitants en lien", "Residents linked",
        "Part des habitants qui suivent au moins un compte de la ville en fin de période.",
        "Share of residents who follow an account of the city at the end.",
    ),
    "ladder_informed": _i(
        "share of residents", "up", "Habitants informés", "Residents informed",
        "Part des habitants touchés au moins une fois dans les quatre dernières semaines.",
        "Share of residents reached at least once in the last four weeks.",
    ),
    "ladder_in_dialogue": _i(
        "share of residents", "up", "Habitants en dialogue", "Residents in dialogue",
        "Part des habitants qui ont commenté, interrogé la ville ou reçu d'elle une réponse.",
        "Share of residents who commented, asked the city something or were answered.",
    ),
    "ladder_promoting": _i(
        "share of residents", "up", "Habitants promoteurs", "Residents promoting",
        "Part des habitants qui ont partagé une publication de la ville.",
        "Share of residents who shared a post of the city.",
    ),
    "ladder_influenced": _i(
        "share of residents", "up", "Habitants influencés", "Residents influenced",
        "Part des habitants qui ont réagi à ce qu'un ami leur montrait, ou suivi un compte à cause de lui.",
        "Share of residents who reacted to what a friend showed them, or followed an account because of it.",
    ),
    "contributions": _i(
        "contributions", "up", "Contributions", "Contributions",
        "Commentaires laissés sous les publications participatives (photos d'abonnés, concours, jeux).",
        "Comments left under posts that ask people to take part (fans' photos, contests, games).",
        count=True,
    ),
    "contributions_per_1000_reached": _i(
        "per 1000 reached", "up", "Contributions pour 1 000 touchés", "Contributions per 1,000 reached",
        "Contributions pour 1 000 personnes touchées par une publication participative.",
        "Contributions per 1,000 people reached by a post that asks them to take part.",
    ),
    "site_visits": _i(
        "visits", "up", "Visites du site", "Visits to the site",
        "Clics sur les publications qui renvoient au site de la ville.",
        "Clicks on posts that lead to the city's site.",
        count=True,
    ),
    "job_offers_reach": _i(
        "people times posts", "up", "Visibilité des offres d'emploi", "Reach of job offers",
        "Somme, sur les offres d'emploi publiées, des personnes touchées.",
        "Sum, over the job offers posted, of the people reached.",
        count=True,
    ),
    "video_and_story_views": _i(
        "displays", "up", "Vues des vidéos et stories", "Views of videos and stories",
        "Nombre d'affichages des vidéos et des stories.", "Number of displays of videos and stories.",
        count=True,
    ),
    "young_share_of_reach": _i(
        "share of reach", "neutral", "Part des 15-29 ans dans la portée", "Share of the reach aged 15 to 29",
        "Part de la portée qui concerne des habitants de 15 à 29 ans.",
        "Share of reach that falls on residents aged 15 to 29.",
    ),
    "senior_share_of_reach": _i(
        "share of reach", "neutral",
        "Part des 60 ans et plus dans la portée", "Share of the reach aged 60 and over",
        "Part de la portée qui concerne des habitants de 60 ans et plus.",
        "Share of reach that falls on residents aged 60 and over.",
    ),
    "nonresident_share_of_reach": _i(
        "share of reach", "neutral", "Part extérieure de la portée", "Outside share of reach",
        "Part de la portée qui concerne des personnes qui n'habitent pas la commune.",
        "Share of reach that falls on people who do not live in the city.",
    ),
    "followers_per_100_residents_over_15": _i(
        "followers per 100 residents over 15", "up",
        "Abonnés pour 100 habitants de 15 ans et plus", "Followers per 100 residents over 15",
        "Abonnés en fin de période rapportés aux habitants de 15 ans et plus.",
        "Followers at the end divided by the residents aged 15 and over.",
        count=True,
    ),
    "rank_among_known_cities": _i(
        "rank", "down", "Rang parmi les villes connues", "Rank among known cities",
        "Place par le nombre d'abonnés parmi les villes dont ce nombre est connu à cette date.",
        "Place by number of followers among the cities whose number is known at that date.",
    ),
}  # fmt: skip
