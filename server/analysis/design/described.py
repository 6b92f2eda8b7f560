"""The lines in which a design describes its model: rows and keys so called, sections under such a heading. Pure.

Elsewhere a document may compare with other models, or tell what was tried before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import markdown
from .model import Said, without_denials

_KEY = (
    r"(?:(?:the|statistical|probabilistic|bayesian|regression|main|full|our)\s){0,2}"
    r"(?:models?|priors?|likelihoods?|observation model|model structure|structure|specification|latent process)"
)
_CALLED = re.compile(
    rf"\s{{0,8}}(?:[-*+]\s|\d{{1,2}}[.)]\s|\|)?\s{{0,4}}{_KEY}(?: for [\w ]{{1,30}})?\s{{0,4}}[:|=]", re.IGNORECASE
)
_SECTION = re.compile(rf"(?:\d[\d.]{{0,6}}\s)?{_KEY}(?:(?: and |, )?(?:{_KEY}|data|computation))?", re.IGNORECASE)
_OTHERS = re.compile(
    r"compar|baseline|alternativ|versus|\bvs\b|rival|earlier|benchmark|previous|competit|sensitivity|future|reject"
    r"|considered|literature|appendix|optional",
    re.IGNORECASE,
)
_MOST_LINES = 60


def described(document: Iterable[markdown.Line]) -> tuple[Said, ...]:
    """Return the lines that describe the model, without what they deny."""
    return tuple(_described(document))[:_MOST_LINES]


def _described(document: Iterable[markdown.Line]) -> Iterator[Said]:
    for line in document:
        text = markdown.bare(line.text)
        section = bool(line.headings) and _SECTION.fullmatch(line.headings[-1].strip(" :")) is not None
        if (section or _CALLED.match(text)) and not line.is_heading and text and not _OTHERS.search(text):
            yield Said(without_denials(text)[:400], line.number)
