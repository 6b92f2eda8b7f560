"""How much the words of a failure's class, message and raising frame speak for each type. Pure."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from ...vocabulary.runs import ErrorType
from .error_type_words import RAISERS, WORDS

_PLAIN = 3
"""How often words of one row can count: a long list of names is no stronger than three of them."""
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_.]")
_EMPTY_CLASS_WORDS = re.compile(
    r"(?i)^(?:error|exception|value|runtime|type|assertion|key|index|attribute|name|system|exit|general|base|"
    r"fatal|warning|"
    r"unknown|invalid|bad|failed|failure|user|custom)$"
)
"""What the names of classes are made of that says nothing about why."""
_ADVICE = re.compile(
    r"(?i)^\W*(?:try|consider|please|see|for more|for further|if you|you (?:can|may|should|need)|make sure|"
    r"ensure|note|hint|"
    r"use|perhaps|maybe|did you|check|refer|to (?:fix|avoid|disable|enable)|set|increase|decrease|reduce|run|"
    r"read more)\b"
)
_SEE = re.compile(r"(?i)\bsee:? +https?://\S+")
_POSITION = re.compile(
    r"\[?[\w./-]+\.(?:pyx?|cpp|cc|cuh?|hpp|[chf]|f90|rs|go|java|scala)(?::|\(|, line |\", line )\d+\)?(?::\w+)?\]?"
)
_READER = re.compile(
    r"\b(?:src|libs)/(?:\./|[\w-]{1,40}/){0,6}(?:data|io|parser|metric|target)(?:_new)?/"
    r"\S{1,80}:\d+:? .{0,20}Check failed"
)
_NODES = re.compile(r"\[\[.{0,200}?\]\]|\{\{.{0,200}?\}\}")
"""Names of nodes of a graph, as TensorFlow puts them behind a message."""
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\s*\n\s*")


HEADING_CHARS = 60
"""A longer message that ends with a colon says something by itself."""
_FILE = re.compile(r"[^\s\"]+\.(?:pyx?|pxi|jl|R|cc|cpp|rs)\b")
_PRIORS = (
    (re.compile(r"^(?:Type|Attribute|Name|Import|ModuleNotFound)Error$|Instantiation|Config"), 12),
    (re.compile(r"^KeyError$"), 4),
    (re.compile(r"^(?:Index|ZeroDivision)Error$"), 1),
)
"""Classes that speak of the code whatever their message says, and how much."""


def _compiled(
    rows: tuple[tuple[ErrorType, int, str], ...], begin: str, end: str
) -> list[tuple[ErrorType, int, re.Pattern[str]]]:
    return [(kind, weight, re.compile(f"{begin}(?:{words}){end}")) for kind, weight, words in rows]


@cache
def _words() -> list[tuple[ErrorType, int, re.Pattern[str]]]:
    """Return the rows of words, compiled at the first failure: a server that only watches starts without.

    They are in lower case, and so is what they read: ignoring cases, `re` tries every word at every place, four times
    as dear.
    """
    return _compiled(WORDS, "(?<![a-z_.])", "(?![a-z_])")


@cache
def _raisers() -> list[tuple[ErrorType, int, re.Pattern[str]]]:
    return _compiled(RAISERS, r"(?i)(?:^|[/\\ ])", "")


def score(exception: str, message: str, frames: str = "") -> Counter[ErrorType]:
    """Return how much class, message and the newest frame speak for each type; a single plain word is 2."""
    said, advised = _parts(message)
    found: Counter[ErrorType] = Counter({ErrorType.IMPLEMENTATION: _prior(exception)})
    said, advised = f"{words_of_class(exception)}: {said}".lower(), advised.lower()
    for kind, weight, pattern in _words():
        found[kind] += weight * (2 * _hits(pattern, said) + (_hits(pattern, advised) if advised else 0))
    newest = _newest(frames)
    for kind, weight, pattern in _raisers():
        if kind is not ErrorType.INFRASTRUCTURE or found[kind] or not any(found.values()):  # trackers compute too
            found[kind] += 2 * weight * (pattern.search(newest) is not None)
    return found


def _hits(pattern: re.Pattern[str], text: str) -> int:
    return min(len({hit.group() for hit in pattern.finditer(text)}), _PLAIN)


def _prior(exception: str) -> int:
    return next((weight for name, weight in _PRIORS if name.search(exception)), 0)


def _newest(frames: str) -> str:
    """Return the newest file and its line of code."""
    files = list(_FILE.finditer(frames))
    return frames[files[-1].start() :] if files else ""


def words_of_class(exception: str) -> str:
    """Return the words that the name of a class is made of, without those that say nothing."""
    return " ".join(word for word in _CAMEL.split(exception) if word and not _EMPTY_CLASS_WORDS.match(word))


def checks_a_reader(message: str) -> bool:
    """Whether a check of a C++ library failed in the part of it that reads or takes what it is given."""
    return _READER.search(message) is not None


def without_positions(message: str) -> str:
    """Return a message without where in the source it was written: the words of those are of files."""
    return _NODES.sub(" ", _POSITION.sub(" ", message))


def _parts(message: str) -> tuple[str, str]:
    """Return what a message says and what it advises; nothing of a mere heading ("Error during sampling:")."""
    if len(message) <= HEADING_CHARS and message.rstrip().endswith(":"):
        return "", ""
    parts = [part for part in _SENTENCES.split(_SEE.sub("", message)) if part]
    said = [part for part in parts if not _ADVICE.match(part)]
    return " ".join(said), " ".join(part for part in parts if _ADVICE.match(part))
