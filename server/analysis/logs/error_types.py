"""The type of a failure (implementation, data, resource, convergence, infrastructure) from its class and message.

A hint, never more: the class of the exception and the user's own frame are the facts. First what class and frames tell
together (`error_type_places`) and codes in the message (`error_type_codes`), then the tables of known messages
(`error_type_table`) and classes (`error_type_classes`), then the words of the rest (`error_type_score`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ...vocabulary.runs import ErrorType
from .error_type_classes import type_of_class
from .error_type_codes import by_code
from .error_type_places import by_place, checks_data, reads_a_sample
from .error_type_score import checks_a_reader, score, without_positions
from .error_type_table import ROWS

TEXT_LIMIT = 1200
KEPT = 128
"""Of so many failures the type is kept in mind: a log says the same again, and each line behind a failure asks anew."""
READING = 6
"""How much the place speaks for data where a sample is read: as much as one phrase that decides alone."""

_WORKER_GONE = re.compile(r"(?i)\bworkers?\b.{0,40}(?:exited unexpectedly|killed by signal|died|terminated|was lost)")


_END = r"[-+]?(?:\d[\d.]{0,20}(?:e[-+]?\d{1,3})?|inf(?:inity)?)"
_RANGE = re.compile(
    rf"(?i)\[{_END}, ?{_END}\)|\({_END}, ?{_END}\]|"
    rf"\b(?:ranges?|intervals?|domain|within|lies? in|(?:be|not) in)(?: the)? [\[(]{_END}, ?{_END}[\])]"
)
"""What values may be; its infinite ends are no number that a training came to."""


def _finite(ends: re.Match[str]) -> str:
    return " " if "inf" in ends[0].lower() else ends[0]


def tells_of_a_worker(message: str) -> bool:
    """Whether an exception says that a worker process is gone: what else a chain holds is only what that broke."""
    return _WORKER_GONE.search(message) is not None


def type_or_implementation(exception: str, message: str, frames: str = "") -> ErrorType:
    """Return the most likely type of a failure; implementation where nothing says otherwise."""
    return type_of_exception(exception, message, frames) or ErrorType.IMPLEMENTATION


def type_of_exception(exception: str, message: str, frames: str = "", *, least: int = 2) -> ErrorType | None:
    """Return the most likely type of a failure; None where nothing speaks for any.

    :param exception: class name, with or without its module.
    :param message: what stands behind the class, all its lines if there are several.
    :param frames: the files and code lines of the traceback, newest last; they tell a worker that was killed from a
        network that failed, and a key of what was read from a key of the code's own.
    :param least: how much must speak for a type that only single words tell (see `error_type_score`).
    """
    return _type_of(exception, message[:TEXT_LIMIT], frames, least)


@lru_cache(maxsize=KEPT)
def _type_of(exception: str, message: str, frames: str, least: int) -> ErrorType | None:
    message = _RANGE.sub(_finite, message)
    told = by_place(exception, message, frames)
    if told:
        return told
    told = by_code(message)
    if told:
        return told
    read = {True: message, False: message.lower()}
    found = next((kind for kind, text, as_written in _rows_of(exception) if text.search(read[as_written])), None)
    return found or type_of_class(exception) or _by_words(exception, message, frames, least)


@lru_cache(maxsize=KEPT)
def _rows_of(exception: str) -> list[tuple[ErrorType, re.Pattern[str], bool]]:
    """Return the rows that speak of a class, and of each whether it reads the message as written or in lower case."""
    return [(kind, text, as_written) for kind, name, text, as_written in _rows() if name.search(exception)]


@cache
def _rows() -> list[tuple[ErrorType, re.Pattern[str], re.Pattern[str], bool]]:
    """Return the table, compiled at the first failure: a server that only watches starts without.

    Its messages are in lower case: where `re` has no cases to ignore it looks at a first letter before it tries a word.
    """
    return [
        (ErrorType(kind), re.compile(name), re.compile(f"{'(?i)' * as_written}(?<![a-z])(?:{message})"), as_written)
        for kind, name, message in ROWS
        for as_written in ["(?-i:" in message]
    ]


def _by_words(exception: str, message: str, frames: str, least: int) -> ErrorType | None:
    """Return what the words of class, message and raising frame speak of most, where no row of the table knows them."""
    if exception == "AssertionError" and checks_data(frames):
        return ErrorType.DATA
    if exception == "AssertionError" and not message:
        message = _asserted(frames)
    found = score(exception, without_positions(message), frames)
    if reads_a_sample(exception, frames) or checks_a_reader(message):
        found[ErrorType.DATA] += READING
    kind = max(found, key=lambda one: (found[one], one is ErrorType.IMPLEMENTATION))
    return kind if found[kind] >= least else None


def _asserted(frames: str) -> str:
    """Return what a bare assertion asks for, its identifiers as words: `loss_ok` says "loss ok"."""
    _, found, code = frames.rpartition("assert ")
    return code.replace("_", " ").replace(".", " ") if found else ""
