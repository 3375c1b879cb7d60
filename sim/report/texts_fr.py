"""French words of the report. Spaces before ; : ! ? % are made narrow and no-break by `words.typography`."""

FR: dict[str, str] = {
    # -- verdict
    "more": "de plus",
    "fewer": "de moins",
    "gain_weekly_coverage_of_residents": "environ {people} {who} {more} touchés chaque "
    "semaine{in_range}, "
    "soit {diff}",
    "gain_coverage_of_residents": "environ {people} {who} {more} touchés en {weeks}{in_range}, soit {diff}",
    "gain_never_reached_share_of_residents": "environ {people} {who} {more} jamais "
    "touchés{in_range}, soit "
    "{diff}",
    "gain_residents_reached": "environ {people} {who} {more} touchés en {weeks}{in_range}",
    "gain_residents_never_reached": "environ {people} {who} {more} jamais touchés en {weeks}{in_range}",
    "gain_other": "{kpi} : {diff}{in_range}",
    "gain_range": " (de {range})",
    "verdict_better": "{alt} fait mieux que {base} : {gain}",
    "verdict_equal": "{alts} font mieux que {base} et se valent ; pour {alt} : {gain}",
    "verdict_rivals": ". On ne peut pas encore départager ce choix de {alts}",
    "verdict_worse_one": "Mieux vaut garder {base} : {alt} fait moins bien, {gain}",
    "verdict_worse_many": "Mieux vaut garder {base} : les {n} changements font moins bien ; "
    "le moins mauvais, {alt} : {gain}",
    "verdict_no_difference_one": "{alt} ne change rien de sensible par rapport à {base} : l’écart ({range}) "
    "reste dans la zone d’indifférence de ± {zone}",
    "verdict_no_difference_many": "Aucun changement ne fait mieux que {base} : le plus favorable, {alt}, "
    "reste dans la zone d’indifférence de ± {zone} ({range})",
    "verdict_cannot_tell_one": "On ne peut pas trancher entre {alt} et {base} : l’écart sur {kpi}, {diff} "
    "(de {range}), est trop incertain pour conclure",
    "verdict_cannot_tell_many": "On ne peut pas trancher : aucun changement ne se détache de {base} ; "
    "le plus prometteur, {alt}, donne {diff} sur {kpi} (de {range})",
    "verdict_single_run": "On ne peut pas trancher entre {alt} et {base} : une seule simulation "
    "ne dit rien de "
    "l’incertitude",
    "verdict_changed_one": "{alt} modifie nettement {kpi} par rapport à {base} : {diff} (de {range}). "
    "Cet indicateur n’a pas de bon sens en soi : à vous d’en juger",
    "verdict_changed_many": "Le changement le plus net sur {kpi} vient de {alt} : {diff} (de {range}). "
    "Cet indicateur n’a pas de bon sens en soi : à vous d’en juger",
    "verdict_and_worse": " ; {alts} : moins bien",
    "verdict_empty": "Rien à comparer : aucune différence n’a été calculée pour l’indicateur de décision.",
    "chance_better": "Probabilité que {alt} fasse mieux que {base} : {p}",
    "chance_best": " ; que ce soit le meilleur des {n} scénarios : {p}",
    "not_a_promise": "C’est le résultat d’une simulation, pas une promesse : il vaut ce que valent ses "
    "hypothèses.",
    "kind_better": "Un gain net",
    "kind_worse": "Mieux vaut ne rien changer",
    "kind_no_difference": "Pas de différence qui compte",
    "kind_cannot_tell": "On ne peut pas trancher",
    "kind_changed": "Changement net",
    "kind_empty": "Sans réponse",
    # -- words of tables
    "better": "mieux",
    "worse": "moins bien",
    "no_difference": "pareil",
    "cannot_tell": "indécis",
    "changed": "changé",
    "baseline": "référence",
    "today": "Référence",
    "less_is_better": "moins, c’est mieux",
    "interval_95": "intervalle à 95 %",
    "no_interval": "pas d’intervalle",
    # -- header
    "eyebrow": "Comparaison de stratégies",
    "city_line": "{city}, {year} · {residents} · {weeks} simulées",
    "full_size": "un habitant simulé par habitant réel",
    "thinned": "ville réduite : {share} des habitants simulés, effectifs ramenés à la ville entière",
    "contents": "Sommaire",
    "nav_change": "Ce qui change",
    "nav_effects": "Les écarts",
    "nav_who": "Qui",
    "nav_when": "Quand",
    "nav_overlap": "Réseaux croisés",
    "nav_followers": "Abonnés",
    "nav_sure": "Certitude",
    "nav_moves": "Solidité",
    "nav_rests": "Hypothèses",
    "verdict_title": "La réponse",
    "decision_on": "Critère de décision : {kpi}.",
    "card_people": "environ {people} {who} {more}",
    "card_people_range": "de {range}",
    "card_base_people": "environ {people} {who}",
    # -- sections
    "h_change": "Ce qui change",
    "change_none": "Aucune description.",
    "h_effects": "De combien ?",
    "effects_lead": "Écart de chaque changement avec la référence. Un symbole plein : l’écart est net. Un "
    "symbole "
    "creux : il est nul, négligeable ou incertain. Le trait donne l’intervalle à 95 %.",
    "forest_caption": "Écarts relatifs à la référence, en pourcentage. Bande grise : zone d’indifférence "
    "(± {zone}), où un écart ne compte pas.",
    "forest_alt": "Écarts relatifs des indicateurs principaux avec leur intervalle à 95 %. Les mêmes nombres "
    "sont "
    "dans le tableau qui suit.",
    "forest_axis": "écart avec la référence",
    "effects_table": "Les mêmes écarts en nombres",
    "effects_empty": "Aucune différence n’a été calculée.",
    "col_scenario": "Scénario",
    "col_mean": "Moyenne",
    "col_diff": "Écart",
    "col_relative": "En %",
    "col_interval": "Intervalle à 95 %",
    "col_verdict": "Verdict",
    "base_value": "Référence : {value}",
    "all_kpis": "Tous les autres indicateurs ({n})",
    "h_who": "Qui est touché ?",
    "coverage_caption": "Part des habitants de chaque âge touchés au moins une fois en {weeks}.",
    "coverage_caption_other": "{kpi}, par âge.",
    "coverage_alt": "Part des habitants touchés, par âge et par scénario. Les mêmes "
    "nombres sont dans le tableau "
    ""
    "qui suit.",
    "coverage_axis": "part des habitants de cet âge",
    "coverage_table": "Part des habitants touchés, par âge",
    "never_table": "Nombre d’habitants jamais touchés, par âge",
    "age": "Âge",
    "all_ages": "Ensemble",
    "who_spread": "Aujourd’hui, les {high} sont les mieux touchés ({high_value}), les "
    "{low} les moins touchés "
    "({low_value}).",
    "who_gain": "Avec {alt}, l’effet est le plus fort chez les {band} : {diff}.",
    "who_never": "En {weeks}, environ {n} habitants ne voient jamais une publication de la ville avec {alt}, "
    "contre "
    "{base} avec la référence.",
    "who_children": "Les moins de 15 ans n’ont pas de compte dans le modèle : ils comptent "
    "dans la population, "
    "jamais dans l’audience.",
    "who_empty": "La couverture par âge n’a pas été calculée.",
    "h_when": "À quelle heure ?",
    "hour_caption": "Premières vues par heure, en moyenne par jour : chaque publication compte une fois par "
    "personne.",
    "hour_alt": "Premières vues par heure de la journée, une courbe par scénario.",
    "hour_axis": "heure de la journée",
    "hour_peak": "L’heure la plus vue est {peaks}.",
    "hour_peak_one": "{hour} pour {who}",
    "hour_peak_all": "{hour} dans tous les scénarios",
    "hour_evening": "Part des vues entre 18 h et minuit : {shares}.",
    "hour_table": "Les nombres, heure par heure",
    "hour": "Heure",
    "when_empty": "Les vues par heure n’ont pas été calculées.",
    "h_overlap": "Les réseaux touchent-ils les mêmes personnes ?",
    "overlap_lead": "Plus une case est foncée, plus les deux réseaux se répètent ; plus "
    "elle est claire, plus "
    "chacun "
    "apporte un public à lui.",
    "overlap_caption": "Recouvrement entre réseaux",
    "overlap_most": "Le plus fort recouvrement avec la référence : {pair} ({value}). Le plus faible : "
    "{low_pair} ({low_value}).",
    "overlap_empty": "Un seul réseau, ou recouvrement non calculé.",
    "platform": "Réseau",
    "h_followers": "Combien d’abonnés ?",
    "followers_lead": "Nombre moyen d’abonnés à la fin des {weeks}.",
    "followers_caption": "Abonnés par réseau à la fin de la période",
    "climb_caption": "{platform}, compte nouvellement ouvert : abonnés semaine après semaine.",
    "climb_alt": "Nombre d’abonnés du compte {platform} à la fin de chaque semaine, une courbe par scénario.",
    "climb_says": "Sur {platform}, parti de zéro, le compte atteint en moyenne {values} en {weeks}.",
    "climb_value": "{n} abonnés avec {alt}",
    "week_axis": "semaine",
    "followers_empty": "Les abonnés n’ont pas été comptés.",
    "no_account": "pas de compte",
    "h_sure": "À quel point est-ce sûr ?",
    "sure_runs": "Chaque scénario a été simulé {n} fois sur la même ville ({n} répétitions).",
    "maybe_small": "L’écart est réel, mais il peut être trop petit pour compter (moins de ± {zone}).",
    "sure_run_one": "Une seule simulation par scénario : aucun intervalle ne peut être calculé.",
    "sure_spread": "D’une simulation à l’autre, l’écart de {alt} varie de ± {sd} : c’est la part de chance "
    "qu’une "
    "vraie période contient. L’écart moyen, lui, est connu à ± {half} près : seul ce second nombre "
    "diminue quand on simule davantage.",
    "sure_gain": "Chaque simulation fait vivre aux scénarios les mêmes habitants et les mêmes hasards. Avec "
    "des hasards "
    "indépendants, il aurait fallu environ {times} fois plus de simulations pour la même précision.",
    "sure_gain_none": "Partager les hasards entre scénarios n’a presque rien fait gagner ici "
    "(facteur {times}).",
    "sure_limits": "Ces intervalles mesurent le hasard, pas l’incertitude des hypothèses : voir la section "
    "suivante.",
    "runs_caption": "Points : écart de chaque simulation. Trait épais : intervalle à 95 % de l’écart moyen. "
    "Bande "
    "grise : zone d’indifférence.",
    "runs_alt": "Écarts simulation par simulation sur le critère de décision, et intervalle de leur moyenne.",
    "runs_axis": "écart avec la référence",
    "runs_axis_points": "écart avec la référence, en points",
    "best_caption": "Quel scénario est le meilleur sur le critère de décision ?",
    "col_p_best": "Probabilité d’être le meilleur",
    "col_p_zone": "Probabilité de valoir le meilleur (± {zone})",
    "h_moves": "Ce résultat tient-il à ses hypothèses ?",
    "moves_none": "Pas encore examiné. Pour savoir quels chiffres supposés déplacent ce "
    "résultat, avec les autres options de cette page :",
    "moves_thinned": "Examiné sur {share} % des habitants.",
    "moves_ranking": "Qui arrive en tête quand les chiffres bougent",
    "moves_effects": "Les chiffres qui déplacent l’écart",
    "moves_page": "Toute l’analyse : parts de variance, ce qui renverse le classement, ce qui est resté fixe",
    "h_rests": "Sur quoi cela repose",
    "rests_lead": "Chiffres qui pèsent le plus sur la réponse, les hypothèses d’abord. Changez-les si vous "
    "connaissez "
    "mieux votre ville.",
    "rests_lead_moves": "Les chiffres qui déplacent ce résultat, dans l’ordre de leur effet, "
    "les supposés d’abord.",
    "rests_count": "{assumed} des {n} chiffres ci-dessous sont supposés. Unités et notes sont dans la langue "
    "des fichiers de scénarios (l’anglais).",
    "rests_caption": "Chiffres utilisés",
    "rests_more": "Les autres chiffres utilisés ({n})",
    "rests_empty": "Aucun chiffre n’a été déclaré.",
    "col_figure": "Chiffre",
    "col_value": "Valeur",
    "col_moves": "Effet sur l’écart",
    "col_tag": "Nature",
    "col_source": "Source",
    "measured": "mesuré",
    "borrowed": "emprunté",
    "assumed": "supposé",
    "given": "donné",
    "warnings": "À garder en tête",
    "limits": "Ce que le modèle ne peut pas dire",
    "limit_post": "Le succès d’une publication précise : il parle de moyennes sur des semaines.",
    "limit_people": "Ce que fera une personne en particulier : ses habitants sont fictifs, "
    "seuls leurs nombres "
    "sont "
    "vrais.",
    "limit_content": "Ce qu’il faut écrire : il ne juge ni les textes ni les images.",
    "limit_cause": "Si les heures passées ont causé les résultats passés : elles se mêlent aux contenus. Une "
    "semaine "
    "d’essai le dira mieux.",
    "limit_offline": "L’effet de l’affichage, du bulletin ou du guichet : seuls les réseaux sont simulés.",
    "h_provenance": "Provenance",
    "provenance_lead": "De quoi refaire exactement ce calcul.",
    "footer": "Rapport produit par city-audience. Page autonome : rien n’est chargé de l’extérieur.",
}
