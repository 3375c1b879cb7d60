"""Words of the sensitivity page, French and English."""

TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "title": "Ce résultat tient-il à ses hypothèses",
        "eyebrow": "Sensibilité aux chiffres supposés",
        "answer_title": "Le classement survit-il ?",
        "holds": "Le classement tient dans {share} des {n} réglages plausibles essayés ({first} en "
        "tête dans {p_first})",
        "flips": " ; ce qui le renverse : {figures}.",
        "never": " ; aucun chiffre ne le renverse.",
        "together": " ; aucun chiffre ne le renverse seul, plusieurs ensemble le peuvent.",
        "holds_unclear": "Aux valeurs retenues aucun scénario ne se détache, et c'est encore vrai "
        "dans {share} des {n} réglages plausibles essayés ({first} le plus souvent en tête : {p_first})",
        "flips_unclear": " ; ce qui en détache un : {figures}.",
        "never_unclear": " ; aucun chiffre n'y change rien.",
        "together_unclear": " ; aucun chiffre n'y change rien seul, plusieurs ensemble le peuvent.",
        "low": "s'il est bas",
        "high": "s'il est élevé",
        "others": "tous les autres ensemble",
        "qualifier": "Un réglage plausible tire chaque chiffre dans sa plage, la valeur retenue "
        "étant au milieu. Le hasard est le même partout : seuls les chiffres changent. Le classement "
        "tient si tous les écarts qui dépassent la zone d'indifférence gardent leur sens.",
        "decision_on": "Indicateur de décision",
        "meta_city": "{city}, {weeks}",
        "meta_designs": "{varied} chiffres balayés, {held} tenus fixes ; {designs} réglages "
        "({trajectories} trajectoires de Morris, {samples} échantillons de Sobol'), {replicates} tirage "
        "par réglage, graine {seed}",
        "meta_thin": "Ville simulée à {share} % : les effets rares sont bruités",
        "h_ranking": "Qui arrive en tête",
        "ranking_axis": "part des réglages où le scénario est premier",
        "ranking_alt": "Part des réglages plausibles où chaque scénario arrive premier",
        "col_scenario": "Scénario",
        "col_first": "Premier",
        "col_better": "Mieux que la référence",
        "col_same": "Pareil",
        "col_worse": "Moins bien",
        "h_flips": "Ce qui renverse le classement",
        "flips_lead": "Part des réglages où retirer au sort ce seul chiffre change la réponse.",
        "flips_none": "Retirer au sort un seul chiffre n'a changé la réponse dans aucun réglage.",
        "col_figure": "Chiffre",
        "col_share": "Part",
        "col_direction": "Classement perdu",
        "h_effects": "Les chiffres qui déplacent l'écart",
        "effects_caption": "Barre : effet absolu moyen, sur l'écart avec la référence, de parcourir "
        "la plage du chiffre (mu* de Morris). Trait : écart-type de cet effet ; long, il dit que l'effet "
        "dépend des autres chiffres. Signe : + si l'écart croît avec le chiffre, − s'il décroît, ± si "
        "cela dépend.",
        "effects_alt": "Effet de chaque chiffre sur l'écart, par scénario",
        "axis_points": "points d'écart sur toute la plage",
        "axis": "effet sur l'écart, sur toute la plage",
        "col_tag": "Fiabilité",
        "col_range": "Plage",
        "col_effect": "Effet le plus fort",
        "col_total": "Part de variance",
        "h_variance": "Parts de variance (Sobol')",
        "variance_lead": "Seul, puis avec ses interactions ; ± : intervalle à 95 %. Une part "
        "négative ou au-delà de 1 dit que l'échantillon est trop petit.",
        "col_alone": "Seul",
        "col_with": "Avec interactions",
        "h_held": "Ce qui est resté fixe",
        "held_lead": "Rien ici n'est déclaré sans effet : ces chiffres n'ont pas été essayés.",
        "measured": "mesuré",
        "borrowed": "emprunté",
        "assumed": "supposé",
        "given": "donné",
        "footer": "city-audience, code",
    },
    "en": {
        "title": "Does this result survive its assumptions",
        "eyebrow": "Sensitivity to the assumed figures",
        "answer_title": "Does the ranking survive?",
        "holds": "The ranking holds in {share} of the {n} plausible settings tried ({first} first in "
        "{p_first})",
        "flips": "; what turns it over: {figures}.",
        "never": "; no figure turns it over.",
        "together": "; no figure turns it over by itself, several together may.",
        "holds_unclear": "At the stated values no scenario stands out, and this is still so in "
        "{share} of the {n} plausible settings tried ({first} most often first: {p_first})",
        "flips_unclear": "; what makes one stand out: {figures}.",
        "never_unclear": "; no figure changes that.",
        "together_unclear": "; no figure changes that by itself, several together may.",
        "low": "if low",
        "high": "if high",
        "others": "all the others together",
        "qualifier": "A plausible setting draws every figure from its range, with the stated value "
        "in the middle. Chance is the same everywhere: only the figures change. The ranking holds if "
        "every difference beyond the zone of indifference keeps its direction.",
        "decision_on": "Decision on",
        "meta_city": "{city}, {weeks}",
        "meta_designs": "{varied} figures varied, {held} held fixed; {designs} settings "
        "({trajectories} Morris trajectories, {samples} Sobol' samples), replicates per setting: "
        "{replicates}, seed {seed}",
        "meta_thin": "City simulated at {share}%: rare effects are noisy",
        "h_ranking": "Who ranks first",
        "ranking_axis": "share of the settings in which the scenario is first",
        "ranking_alt": "Share of the plausible settings in which each scenario ranks first",
        "col_scenario": "Scenario",
        "col_first": "First",
        "col_better": "Better than the baseline",
        "col_same": "No difference",
        "col_worse": "Worse",
        "h_flips": "What turns the ranking over",
        "flips_lead": "Share of the settings in which redrawing this figure alone changes the answer.",
        "flips_none": "Redrawing one figure alone changed the answer in no setting.",
        "col_figure": "Figure",
        "col_share": "Share",
        "col_direction": "Ranking lost",
        "h_effects": "The figures that move the difference",
        "effects_caption": "Bar: mean absolute effect, on the difference from the baseline, of "
        "crossing the figure's range (Morris' mu*). Line: standard deviation of that effect; a long one "
        "says that the effect depends on other figures. Sign: + if the difference grows with the figure, "
        "− if it shrinks, ± if it depends.",
        "effects_alt": "Effect of each figure on the difference, by scenario",
        "axis_points": "points of difference over the whole range",
        "axis": "effect on the difference over the whole range",
        "col_tag": "Trust",
        "col_range": "Range",
        "col_effect": "Strongest effect",
        "col_total": "Share of variance",
        "h_variance": "Shares of variance (Sobol')",
        "variance_lead": "Alone, then with interactions; ±: 95% interval. A negative share or one "
        "above 1 says that the sample is too small.",
        "col_alone": "Alone",
        "col_with": "With interactions",
        "h_held": "What was held fixed",
        "held_lead": "Nothing here is declared harmless: these figures were not tried.",
        "measured": "measured",
        "borrowed": "borrowed",
        "assumed": "assumed",
        "given": "given",
        "footer": "city-audience, code",
    },
}
