"""Help texts of the verbs for researchers, French and English."""

from __future__ import annotations

RESEARCH: dict[str, dict[str, str]] = {
    "sensitivity": {
        "fr": """\
city-audience sensitivity comparison=NOM [nom=valeur ...]

Fait varier dans sa plage chaque chiffre qui peut jouer, avec le même hasard partout, et dit lesquels
déplacent l'écart, si le classement des scénarios y survit et ce qui le renverse. Écrit
results/sensitivity-<nom>-<empreinte>/ et le montre dans le rapport de la comparaison. Annonce le nombre de
simulations et la durée (quelques minutes par défaut) ; interrompu, reprend.

  city-audience sensitivity comparison=young_workshop
  city-audience sensitivity comparison=saint_dizier_snapchat only=[platform.snapchat,change] sampling=0.2
  city-audience sensitivity comparison=toulouse_2019 screen=1000 samples=64 top=8

  screen=12        chiffres essayés un par un ; s'il y en a plus, des sections entières le sont d'abord
  trajectories=2   trajectoires de Morris : chacune essaie une fois chaque section, puis chaque chiffre
  top=4            chiffres gardés pour les indices de Sobol'
  samples=8        échantillons de Sobol' (une puissance de deux)
  replicates=1     tirages par réglage
  only=[DÉBUT,...] seulement les chiffres dont le nom commence ainsi
  sampling=0.2     part des habitants simulés (sinon : 5 000 habitants au plus)
""",
        "en": """\
city-audience sensitivity comparison=NAME [name=value ...]

Varies every figure that can matter over its range, with the same randomness everywhere, and tells which of
them move the difference, whether the ranking of the scenarios survives, and what turns it over. Writes
results/sensitivity-<name>-<hash>/ and shows it in the report of the comparison. Announces the number of runs
and the time (some minutes by default); once interrupted it goes on from where it was.

  city-audience sensitivity comparison=young_workshop lang=en
  city-audience sensitivity comparison=saint_dizier_snapchat only=[platform.snapchat,change] sampling=0.2
  city-audience sensitivity comparison=toulouse_2019 screen=1000 samples=64 top=8

  screen=12        figures tried one by one; if there are more, whole sections are tried first
  trajectories=2   Morris trajectories: each tries every section once, then every figure
  top=4            figures kept for Sobol' indices
  samples=8        Sobol' samples (a power of two)
  replicates=1     replicates per setting
  only=[START,...] only the figures whose names begin so
  sampling=0.2     share of the residents simulated (else: 5,000 residents at most)
""",
    },
    "sources": {
        "fr": """\
city-audience sources [city=NOM] [comparison=NOM] [tag=assumed] [csv=FICHIER]

Chaque chiffre d'un scénario, ou de tous ceux d'une comparaison : valeur, unité, plage, source, fiabilité
(measured, borrowed, assumed, given), note. Finit par le compte de chaque fiabilité.

  city-audience sources city=grenoble_2013
  city-audience sources comparison=saint_dizier_snapchat tag=assumed
  city-audience sources city=toulouse_2019 csv=chiffres.csv
""",
        "en": """\
city-audience sources [city=NAME] [comparison=NAME] [tag=assumed] [csv=FILE]

Every figure of a scenario, or of all those of a comparison: value, unit, range, source, trust
(measured, borrowed, assumed, given), note. Ends with the count of each trust.

  city-audience sources city=grenoble_2013 lang=en
  city-audience sources comparison=saint_dizier_snapchat tag=assumed lang=en
  city-audience sources city=toulouse_2019 csv=figures.csv
""",
    },
    "validate": {
        "fr": """\
city-audience validate [reduced=true] [seed=1] [lang=fr] [results_dir=./results]

Simule les situations de référence (scenarios/validation/) avec les réglages livrés et confronte chaque fait
publié au modèle : cible, valeur, erreur de Monte-Carlo, source, PASS ou FAIL. Écrit
results/validation/validation.html et validation.csv. Code de sortie 0 seulement si aucun fait n'échoue.

  city-audience validate
  city-audience validate reduced=true      en deux à quatre minutes
""",
        "en": """\
city-audience validate [reduced=true] [seed=1] [lang=en] [results_dir=./results]

Simulates the reference situations (scenarios/validation/) with the shipped defaults and sets each published
fact against the model: target, value, Monte Carlo error, source, PASS or FAIL. Writes
results/validation/validation.html and validation.csv. Exit code 0 only when no fact fails.

  city-audience validate lang=en
  city-audience validate reduced=true lang=en      in two to four minutes
""",
    },
    "sweep": {
        "fr": """\
city-audience sweep nom=valeur,valeur ... [nom=valeur ...]

Un « run » pour chaque combinaison (valeurs, range(1,6), glob(*)) ; les tableaux réunis vont dans
results/sweep-<empreinte>/. Une ville est construite une fois pour tous ses scénarios. Un calcul qui échoue
est une ligne avec sa raison, les autres continuent ; relancer la même commande, même après kill -9, ne refait
que ce qui manque et donne les mêmes octets. dry_run=true dit combien, combien de temps, de mémoire et de
disque, sans rien écrire.

  city-audience sweep city=toulouse_2019,grenoble_2013 change=[],[fewer_posts] dry_run=true
  city-audience sweep scenario=toulouse_evening,toulouse_snapchat replicates=4
  city-audience sweep 'seed=range(1,6)' change=[open_snapchat]
  city-audience sweep city=glob(*) engine=dask engine.address=tcp://127.0.0.1:8786
  city-audience sweep city=glob(*) engine=slurm engine.queue=short workers=20
""",
        "en": """\
city-audience sweep name=value,value ... [name=value ...]

One "run" for each combination (values, range(1,6), glob(*)); the merged tables go into
results/sweep-<hash>/. A city is built once for all its scenarios. A job that fails is a row with its reason,
the others go on; the same command again, also after kill -9, only does what is missing and gives the same
bytes. dry_run=true says how many, how long, how much memory and disk, and writes nothing.

  city-audience sweep city=toulouse_2019,grenoble_2013 change=[],[fewer_posts] dry_run=true lang=en
  city-audience sweep scenario=toulouse_evening,toulouse_snapchat replicates=4
  city-audience sweep 'seed=range(1,6)' change=[open_snapchat]
  city-audience sweep city=glob(*) engine=dask engine.address=tcp://127.0.0.1:8786
  city-audience sweep city=glob(*) engine=slurm engine.queue=short workers=20
""",
    },
    "completion": {
        "fr": """\
city-audience completion bash|zsh|fish

Écrit le script de complétion.

  bash : eval "$(city-audience completion bash)"            à mettre dans ~/.bashrc
  zsh  : eval "$(city-audience completion zsh)"             à mettre dans ~/.zshrc, après compinit
  fish : city-audience completion fish | source             à mettre dans ~/.config/fish/config.fish
""",
        "en": """\
city-audience completion bash|zsh|fish

Prints the completion script.

  bash: eval "$(city-audience completion bash)"             goes into ~/.bashrc
  zsh:  eval "$(city-audience completion zsh)"              goes into ~/.zshrc, after compinit
  fish: city-audience completion fish | source              goes into ~/.config/fish/config.fish
""",
    },
}
