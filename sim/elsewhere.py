"""Cards about who is not at home: circles of followers from elsewhere, what they understand, other pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from sim.figures import CIRCLES, Figure, Share, Strict
from sim.notation import Circle

Language = Literal["fr", "en"]
OutsideCircle = Literal["around", "country", "abroad"]


def _add_up(circles: dict[OutsideCircle, Figure]) -> dict[OutsideCircle, Figure]:
    total = sum(share.value for share in circles.values())
    if circles and abs(total - 1) > 1e-6:
        parts = ", ".join(f"{name} {share.value:g}" for name, share in circles.items())
        raise ValueError(f"circles that do not add up: {parts} make {total:g}; they must make 1")
    return circles


def _every_circle(table: dict[Circle, Figure]) -> dict[Circle, Figure]:
    missing = [circle for circle in CIRCLES if circle not in table]
    if missing:
        raise ValueError(f"lacks '{missing[0]}'; give {', '.join(CIRCLES)}")
    return table


CircleShares = Annotated[dict[OutsideCircle, Share], AfterValidator(_add_up)]
ByCircle = Annotated[dict[Circle, Share], AfterValidator(_every_circle)]


class Elsewhere(Strict):
    """Laws about people and pages from elsewhere.

    ``understands_french``, ``understands_english``: share of a circle who can read a post in that language;
    ``rival_post``: multiplier of the chance that a city's post is offered to a follower who also follows an
    independent page, for each post a day that the page puts in the follower's feed.
    """

    understands_french: ByCircle
    understands_english: ByCircle
    rival_post: Share

    def understood(self, languages: tuple[Language, ...]) -> list[float]:
        """Share of each circle who understand a post in these languages (French if none), by ``CIRCLES``.

        Knowing one language says nothing of the other: 1 - product of those who know neither.
        """
        tables: Mapping[str, Mapping[Circle, Figure]] = {
            "fr": self.understands_french,
            "en": self.understands_english,
        }
        lost = [1.0] * len(CIRCLES)
        for language in languages or ("fr",):
            lost = [
                missing * (1.0 - tables[language][circle].value)  # type: ignore[index]
                for missing, circle in zip(lost, CIRCLES, strict=True)
            ]
        return [1.0 - missing for missing in lost]
