"""The sentences of a design, each with its line: a paragraph goes on over its lines, a row stands alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from . import markdown
from .model import without_denials

_ALONE = re.compile(r"\s{0,12}(?:[|#>]|[-*+]\s|\d{1,3}[.)]\s)|.{0,60}:\s*\S")
"""How a line begins that goes on with none before it."""
_END = re.compile(r"(?<=[\w)%\"'`])[.;](?=\s|$)")
_MOST = 600
_DENIED = re.compile(r"\b(?:not|never|nor|instead of|rather than|unlike|replac\w{1,4})\b[^.;,:|]{0,80}", re.IGNORECASE)


def sentences(document: Iterable[markdown.Line]) -> Iterator[tuple[int, str]]:
    """Yield the sentences, without what they say is not so, and the line in which the paragraph of each begins."""
    for number, text in _paragraphs(document):
        for one in _END.split(text):
            if said := without_denials(_DENIED.sub(" ", one[:_MOST])).strip():
                yield number, said


def _paragraphs(document: Iterable[markdown.Line]) -> Iterator[tuple[int, str]]:
    begun, parts = 0, list[str]()
    for line in document:
        text = markdown.bare(line.text)
        if parts and (not text.strip() or _ALONE.match(line.text) or line.number > begun + len(parts)):
            yield begun, " ".join(parts)
            parts = []
        if text.strip():
            begun = begun if parts else line.number
            parts.append(text.strip())
    if parts:
        yield begun, " ".join(parts)
