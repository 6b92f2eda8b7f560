"""One thing that speaks against a run, with what would settle it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .checks import Check, failed
from .words import Word


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What was found, the word that it leads to, why in one identifier, and what settles it."""

    what: str
    word: Word
    code: str
    action: str

    def check(self, name: str, source: str) -> Check:
        """Return it as a check that does not hold, with the source of the knowledge."""
        return failed(name, f"{self.what} ({source})", self.word, self.code, self.action)


def first_of(found: Iterable[Suspicion]) -> Suspicion | None:
    """Return what weighs most: false before unfinished before doubtful, the first of equals; None of none."""
    return min(found, key=_rank, default=None)


def _rank(one: Suspicion) -> int:
    return 0 if one.word is Word.LIKELY_FABRICATION else 1 if one.word.rejects else 2
