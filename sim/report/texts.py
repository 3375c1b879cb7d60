"""The words of the report in both languages; a test holds keys and placeholders equal."""

from __future__ import annotations

from sim.report.texts_en import EN
from sim.report.texts_fr import FR

TEXTS: dict[str, dict[str, str]] = {"fr": FR, "en": EN}
