"""Words of the KPIs of the team and the conversation (``sim.service``), French and English."""

from __future__ import annotations

from sim.indicator import Indicator
from sim.indicator import indicator as _i

SERVICE: dict[str, Indicator] = {
    "negative_share_of_comments": _i(
        "share of comments", "down", "Part de commentaires négatifs", "Negative share of comments",
        "Commentaires négatifs rapportés à tous les commentaires.",
        "Negative comments divided by all comments.",
    ),
    "requests_received": _i(
        "requests", "neutral", "Demandes reçues", "Requests received",
        "Questions et commentaires négatifs adressés à la ville.",
        "Questions and negative comments addressed to the city.",
        count=True,
    ),
    "answer_rate": _i(
        "share of requests", "up", "Taux de réponse", "Answer rate",
        "Part des demandes auxquelles l'équipe a répondu pendant la période.",
        "Share of requests that the team answered within the period.",
    ),
    "answered_by_residents_share": _i(
        "share of requests", "up", "Réponses d'autres habitants", "Answered by other residents",
        "Part des demandes auxquelles un autre habitant a répondu (forum).",
        "Share of requests that another resident answered (forum).",
    ),
    "median_answer_time_min": _i(
        "minutes", "down", "Délai médian de réponse (minutes)", "Median answer time (minutes)",
        "Temps qui sépare une demande de la réponse de l'équipe, médiane des demandes répondues ; nuits"
        " et week-ends comptés, 72 h au plus.",
        "Time from a request to the team's answer, median over answered requests; nights and weekends"
        " counted, 72 h at most.",
    ),
    "resolved_requests_share": _i(
        "share of requests", "up", "Demandes satisfaites", "Requests resolved",
        "Part des demandes dont l'auteur a eu une réponse qui l'a satisfait.",
        "Share of requests whose author had an answer that satisfied.",
    ),
    "satisfaction_with_answers": _i(
        "share of answers", "up", "Satisfaction des réponses", "Satisfaction with answers",
        "Part des réponses dont l'auteur de la demande a été satisfait ; tardive, elle satisfait moins.",
        "Share of answers that satisfied who asked; a late answer satisfies less.",
    ),
    "posts_late": _i(
        "posts", "down", "Publications en retard", "Posts late",
        "Publications sorties après l'heure prévue, faute de temps.",
        "Posts that went out after their hour, for want of time.",
        count=True,
    ),
    "posts_dropped": _i(
        "posts", "down", "Publications abandonnées", "Posts dropped",
        "Publications prévues que l'équipe n'a pas pu sortir.",
        "Planned posts that the team could not get out.",
        count=True,
    ),
    "staff_hours": _i(
        "hours", "down", "Heures de travail", "Staff hours",
        "Heures passées à préparer les publications et à répondre, contributeurs compris.",
        "Hours spent on preparing posts and answering, contributors included.",
        count=True,
    ),
    "engagement_per_staff_hour": _i(
        "interactions per hour", "up", "Interactions par heure de travail", "Engagement per staff hour",
        "Mentions « j'aime », commentaires et partages par heure de travail.",
        "Likes, comments and shares for each hour of work.",
    ),
    "cost_eur": _i(
        "EUR", "down", "Coût (€)", "Cost (EUR)",
        "Heures de travail, budget et agence au prorata de la période, publicité.",
        "Hours of work, budget and agency for the length of the period, advertising.",
        count=True,
    ),
    "cost_per_resident_reached_eur": _i(
        "EUR per resident", "down", "Coût par habitant touché (€)", "Cost per resident reached (EUR)",
        "Coût divisé par le nombre d'habitants touchés au moins une fois.",
        "Cost divided by the number of residents reached at least once.",
    ),
}  # fmt: skip
