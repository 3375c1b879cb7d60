"""Help texts of the command line, French and English."""

from __future__ import annotations

from sim.usage_research import RESEARCH

VERBS = (
    "run", "compare", "sensitivity", "sweep", "explain", "spread", "cities", "platforms", "scenarios",
    "sources", "validate", "completion",
)  # fmt: skip
SHELLS = ("bash", "zsh", "fish")

PROGRAM = {
    "fr": """\
city-audience VERBE [nom=valeur ...]

Ce qu'un changement de stratégie ferait aux habitants de la ville, avec son incertitude.

Verbes
  compare     une situation de départ et ses variantes : écarts, intervalles, rapport
  sensitivity les chiffres supposés qui déplacent l'écart ; le classement y survit-il ?
  run         un seul scénario : tableau des indicateurs
  sweep       beaucoup de scénarios d'un coup
  explain     un scénario ou une comparaison en mots, sans rien calculer
  spread      jusqu'où irait une publication par les seuls partages ; quand s'emballe-t-elle ?
  cities      les villes, avec leurs sources
  platforms   les réseaux, avec leurs sources
  scenarios   les comparaisons, scénarios et changements, avec leurs sources
  sources     chaque chiffre d'un scénario : valeur, plage, source, fiabilité
  validate    le modèle face aux données publiées, fait par fait
  completion  le script de complétion de bash, zsh ou fish

Pour commencer
  city-audience compare comparison=toulouse_2019
  city-audience explain comparison=toulouse_2019
  city-audience compare --help
  city-audience --help lang=en        (this help in English)

Options, après le verbe
  city=NOM  scenario=NOM  change=[NOM,NOM]  occasion=[NOM]  calendar=NOM  comparison=NOM
  horizon_weeks=8   semaines simulées
  seed=1            le hasard, et lui seul
  replicates=auto   nombre de tirages, ou auto : autant que la précision le demande
  lang=fr           fr ou en
  results_dir=./results
  engine=auto       par quel moyen : serial, threads, processes, dask (engine.address=tcp://HOTE:PORT) ou
                    slurm ; les mêmes résultats
  workers=0         calculs à la fois ; 0 : un par cœur, tant que la mémoire suffit
  dry_run=true      (compare, sweep) nombre de calculs, durée, mémoire et disque, sans rien écrire
  scenarios_dir=DOSSIER   votre propre dossier (city/, change/, ...), lu avant le nôtre ;
                    ou la variable d'environnement CITY_AUDIENCE_SCENARIOS
Toute valeur d'un fichier se change de même : platform.facebook.reactions.share=0.02

Codes de sortie : 0 tout va bien, 1 un calcul d'un sweep ou un fait de validate a échoué,
2 demande à corriger, 130 interrompu.
""",
    "en": """\
city-audience VERB [name=value ...]

What a change of strategy would do to the city's own residents, with its uncertainty.

Verbs
  compare     a baseline and its alternatives: differences, intervals, report
  sensitivity the assumed figures that move the difference; does the ranking survive?
  run         one scenario: table of indicators
  sweep       many scenarios at once
  explain     a scenario or a comparison in words; nothing is run
  spread      how far a post would travel by sharing alone; when does it take off?
  cities      the cities, with their sources
  platforms   the platforms, with their sources
  scenarios   the comparisons, scenarios and changes, with their sources
  sources     every figure of a scenario: value, range, source, trust
  validate    the model against published data, fact by fact
  completion  the completion script of bash, zsh or fish

To begin with
  city-audience compare comparison=toulouse_2019 lang=en
  city-audience explain comparison=toulouse_2019 lang=en
  city-audience compare --help lang=en

Options, after the verb
  city=NAME  scenario=NAME  change=[NAME,NAME]  occasion=[NAME]  calendar=NAME  comparison=NAME
  horizon_weeks=8   simulated weeks
  seed=1            randomness, and nothing else
  replicates=auto   number of draws, or auto: as many as the precision asks
  lang=fr           fr or en
  results_dir=./results
  engine=auto       by what means: serial, threads, processes, dask (engine.address=tcp://HOST:PORT) or
                    slurm; the same results
  workers=0         runs at a time; 0: one for each core, as long as there is memory
  dry_run=true      (compare, sweep) number of runs, time, memory and disk; writes nothing
  scenarios_dir=FOLDER    your own folder (city/, change/, ...), read before ours;
                    or the environment variable CITY_AUDIENCE_SCENARIOS
Any value of a file is changed the same way: platform.facebook.reactions.share=0.02

Exit codes: 0 all is well, 1 a job of a sweep or a fact of validate failed, 2 a request to correct,
130 interrupted.
""",
}

VERB = {
    "compare": {
        "fr": """\
city-audience compare comparison=NOM [nom=valeur ...]

Simule la situation de départ et ses variantes avec le même hasard, écrit results/<nom>-<empreinte>/ et
finit par une phrase et le chemin du rapport. Une demande identique déjà finie est reprise telle quelle.

  city-audience compare comparison=toulouse_2019
  city-audience compare comparison=toulouse_2019 seed=3 lang=en replicates=8
  city-audience compare comparison=saint_dizier_snapchat horizon_weeks=26 indifference=0.05
  city-audience compare city=grenoble_2013 change=[push_twitter]    la ville telle quelle, puis ce changement
  city-audience compare scenario=toulouse_evening                   la ville telle quelle, puis ce scénario

Toute autre valeur donnée vaut pour tous les scénarios à la fois.
""",
        "en": """\
city-audience compare comparison=NAME [name=value ...]

Simulates the baseline and its alternatives with the same randomness, writes results/<name>-<hash>/ and
ends with one sentence and the path of the report. An identical request that is finished is reused as it is.

  city-audience compare comparison=toulouse_2019 lang=en
  city-audience compare comparison=toulouse_2019 seed=3 lang=en replicates=8
  city-audience compare comparison=saint_dizier_snapchat horizon_weeks=26 indifference=0.05
  city-audience compare city=grenoble_2013 change=[push_twitter]    the city as it is, then this change
  city-audience compare scenario=toulouse_evening                   the city as it is, then this scenario

Any other value that is given holds for all scenarios at once.
""",
    },
    "run": {
        "fr": """\
city-audience run [nom=valeur ...]

Simule un scénario et montre ses indicateurs (moyenne, écart-type d'un tirage, intervalle à 95 %).
N'écrit rien.

  city-audience run city=grenoble_2013
  city-audience run scenario=toulouse_snapchat replicates=8
  city-audience run city=toulouse_2019 change=[open_snapchat,evening_hours] horizon_weeks=4 sampling=0.1
  city-audience run city=toulouse_2019 --profile        où passe le temps d'un tirage, étape par étape
""",
        "en": """\
city-audience run [name=value ...]

Simulates one scenario and shows its indicators (mean, standard deviation of one draw, 95 % interval).
Writes nothing.

  city-audience run city=grenoble_2013 lang=en
  city-audience run scenario=toulouse_snapchat replicates=8
  city-audience run city=toulouse_2019 change=[open_snapchat,evening_hours] horizon_weeks=4 sampling=0.1
  city-audience run city=toulouse_2019 --profile        where the time of one replicate goes, by stage
""",
    },
    "explain": {
        "fr": """\
city-audience explain [nom=valeur ...]

Dit en une phrase ce qu'est un scénario, ou chaque scénario d'une comparaison. Ne calcule rien.

  city-audience explain comparison=toulouse_2019
  city-audience explain change=[open_snapchat] lang=en
""",
        "en": """\
city-audience explain [name=value ...]

Says in one sentence what a scenario is, or each scenario of a comparison. Runs nothing.

  city-audience explain comparison=toulouse_2019 lang=en
  city-audience explain change=[open_snapchat] lang=en
""",
    },
    "spread": {
        "fr": """\
city-audience spread [nom=valeur ...]

Jusqu'où irait une publication par les seuls partages : pour chaque réseau où la ville a un compte, les
amis, la chance qu'un ami voie un partage, le taux de partage, combien de personnes 100 premiers partages
atteignent, et le taux à partir duquel cela s'emballe. Ni heures, ni fatigue, ni affinité : le mois est
simulé par run. N'écrit rien.

  city-audience spread city=toulouse_2019
  city-audience spread city=toulouse_2019 platform.facebook.reactions.share=0.02
""",
        "en": """\
city-audience spread [name=value ...]

How far a post would travel by sharing alone: for each platform on which the city has an account, friends, the
chance that a friend sees a share, the share rate, how many people 100 first shares reach, and the rate from
which it takes off. No hours, no fatigue, no affinity: the month is simulated by run. Writes nothing.

  city-audience spread city=toulouse_2019 lang=en
  city-audience spread city=toulouse_2019 platform.facebook.reactions.share=0.02
""",
    },
    "cities": {
        "fr": """\
city-audience cities [lang=en] [scenarios_dir=DOSSIER]

Les villes : habitants, comptes, publications, et d'où viennent les chiffres.
""",
        "en": """\
city-audience cities [lang=en] [scenarios_dir=FOLDER]

The cities: residents, accounts, posts, and where the figures come from.
""",
    },
    "platforms": {
        "fr": """\
city-audience platforms [lang=en] [scenarios_dir=DOSSIER]

Les réseaux : formats, années connues, et d'où viennent les chiffres.
""",
        "en": """\
city-audience platforms [lang=en] [scenarios_dir=FOLDER]

The platforms: formats, known years, and where the figures come from.
""",
    },
    "scenarios": {
        "fr": """\
city-audience scenarios [lang=en] [scenarios_dir=DOSSIER]

Ce qui peut être demandé : comparaisons, scénarios, changements, avec leurs sources.
""",
        "en": """\
city-audience scenarios [lang=en] [scenarios_dir=FOLDER]

What can be asked: comparisons, scenarios, changes, with their sources.
""",
    },
    **RESEARCH,
}
