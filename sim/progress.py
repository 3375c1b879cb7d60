"""Progress in the terminal: a bar where there is a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from sim.machine import size

if TYPE_CHECKING:
    from sim.pilot import Memory

WORDS = {
    "fr": {
        "city": "Construction de la ville : {}",
        "runs": "Simulations",
        "planned": "{} simulations au plus",
        "minutes": "Durée attendue : {} min environ",
        "seconds": "Durée attendue : moins d'une minute",
        "memory": "Mémoire attendue : {} par calcul simultané, {} en tout ({} à la fois ; {} disponibles)",
        "fewer": "Moins de calculs à la fois, faute de mémoire : {} au lieu de {}",
    },
    "en": {
        "city": "Building the city: {}",
        "runs": "Runs",
        "planned": "At most {} runs",
        "minutes": "Expected to take: about {} min",
        "seconds": "Expected to take: less than a minute",
        "memory": "Expected memory: {} for each run at a time, {} in all ({} at a time; {} available)",
        "fewer": "Fewer runs at a time, for lack of memory: {} instead of {}",
    },
}


class Progress:
    """Shows the steps of a study on standard error."""

    def __init__(self, lang: str) -> None:
        self._words, self.lang = WORDS[lang], lang
        self._console = Console(stderr=True)
        self._live = sys.stderr.isatty()
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._task: TaskID | None = None
        self._last_tenth = -1

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, what: str, *about: str) -> None:
        """One line: what begins now."""
        self._console.print(self._words[what].format(*about), style="dim", highlight=False, soft_wrap=True)

    def lasts(self, seconds: float) -> None:
        """One line: how long it will take, at the pace so far."""
        key = "seconds" if seconds < 60 else "minutes"
        self.say(key, str(round(seconds / 60)))

    def memory(self, need: Memory) -> None:
        """One line: what will be needed; another if that leaves fewer workers."""
        amounts = [size(n, self.lang) for n in (need.per_worker, need.in_all)]
        self.say("memory", *amounts, str(need.n_workers), size(need.available, self.lang))
        if need.n_workers < need.wanted:
            self.say("fewer", str(need.n_workers), str(need.wanted))

    def runs(self, done: int, planned: int) -> None:
        """``done`` of ``planned`` runs are finished."""
        if self._live:
            if self._task is None:
                self._task = self._bar.add_task(self._words["runs"], total=planned)
            self._bar.update(self._task, completed=done, total=planned)
            return
        tenth = 10 * done // planned
        if tenth != self._last_tenth:
            self._last_tenth = tenth
            self._console.print(f"{self._words['runs']} {done}/{planned}", highlight=False)
