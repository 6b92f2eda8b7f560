"""What a program said before it ended badly, where nothing else in its log explains the end. Pure.

Its last lines are read from the run's last ordinary report on. A message may take several lines, and cleaning up may
stand behind it; the first of the complaints that stand together is where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import progress
from .metrics import COUNTERS, read_metrics

CLOSING_LINES = 6
"""How many lines may stand behind a complaint that explains a bad end: cleaning up, saying goodbye."""
CLOSING_WORDS = 2
"""A complaint of so few words only says that the program ends, not why."""
GAP_LINES = 2
"""How many lines of a message may stand between two that complain."""
_COMPLAINT = re.compile(
    r"(?i)error(?![\s:=]*[-+]?[\d.])|invalid|unrecogni[sz]ed|wrote only|fail|cannot|can't|could not|couldn't|must |"
    r"missing|not found|unable|refus|"
    r"abort|unknown|expected|required|no such|denied|wrong|unsupported|too (?:few|many|large|small|long|short)|exceed|"
    r"mismatch|empty|not (?:a|an|in|allowed|permitted|achieved|reached|converge\w*|supported|enough|available|valid|"
    r"exist)\b|"
    r"does ?n.t exist|^no \w+|"
    r"\bno \w+ (?:found|given|in)\b|\blost\b|\bdied\b|\bout of \w+\b|\bproblem\b|\bused up\b|\bnothing to\b"
)
_GIVES_UP = re.compile(
    r"(?i)\b(?:abort(?:ed|ing)?|exit(?:ed|ing)|terminat(?:ed|ing)|giving up|gave up|cannot continue|can't continue|"
    r"not (?:start|train|continu|runn|proceed|fitt)\w*|"
    r"(?:exit|execution|return)(?:ed)?[ _]?(?:code|status)\W{1,3}(?:-?[1-9]\d*|\S*SIG[A-Z]{2,})|as FAILED\b|"
    r"unrecoverable|fatal|stopp(?:ed|ing)|shutting down|(?:run|training|job|fit|experiment|"
    r"pipeline) (?:has )?failed)\b"
)
_SIGNALLED = re.compile(r"\b(?:code|status)\W{1,3}\S*SIG[A-Z]{2,}")
_CALM = re.compile(r"\b(?:INFO|DEBUG)\b|: warning ?: ")
_KILLED = re.compile(
    r"(?i)\b(?:sig)?kill(?:ed|ing)?\b|\boom\b|out[ -]of[ -]memory|\bevicted\b|preempt|\bsignal\b|hard limit|"
    r"(?:memory|time|size) limit|low on resource|terminat|cancel"
)
_SENTENCE = re.compile(r"^(?!\w+ing\b)\S+(?: \S+){3,}(?<!\.\.)(?<![…:])$")
"""Four words or more that announce nothing to come ("loading data ...", "results:")."""
_ANOTHER = re.compile(
    r"(?i)\b(?:thread|worker|(?:sub)?process|child|loader|evaluator|prefetch\w*|rank|actor)\b.{0,40}"
    r"\b(?:died|dead|ended|exited|crashed|failed|gone|lost)\b"
)
_RECORD = re.compile(r"^.*?\b(?:CRITICAL|FATAL)\b[\]:| -]*")
_COULD_NOT = re.compile(r"\bFAIL(?:ED)?\b|(?i:\b(?:fail(?:ed|s)? to|could not|couldn't|cannot|can't|unable to) [a-z])")
_REPORTS = re.compile(
    r"(?i)^\W*(?:\S+ )?\b(?:info|debug|warn\w*|saved|wrote|written|loaded|ready|using|epoch|step|starting|best|"
    r"finished|trial)\b|it/s|\d%\|"
)
_WORD = re.compile(r"[A-Za-z][a-z']*[,.:;]?")


@dataclass(frozen=True, slots=True)
class Said:
    """What explains a bad end."""

    line: int
    text: str
    """Of its first line."""
    all: str
    """Of all its lines."""


def gives_up(text: str) -> bool:
    """Whether a line says that its program ends."""
    return _GIVES_UP.search(text) is not None


def tells_of_another(text: str) -> bool:
    """Whether a line says that a thread or a process of the program is gone: what that one said is why."""
    return _ANOTHER.search(text) is not None


def only_ends(text: str) -> bool:
    """Whether a record of a logger says no more than that its program ends: why stands before it."""
    said = re.search(r'"(?:msg|message|event)": ?"([^"]{0,80})"', text)
    words = said[1] if said else _RECORD.sub("", text)
    return len(words.split()) <= CLOSING_WORDS and (gives_up(words) or words.strip(" .!").lower() in ("exit", "abort"))


def complains(text: str) -> bool:
    """Whether a line could be what a program says before it gives up."""
    return _COMPLAINT.search(text) is not None or gives_up(text)


def is_cause(text: str) -> bool:
    """Whether a line directly before an error tells of it: a complaint, no report and nothing that was got over."""
    over = progress.dealt_with(text) or progress.is_warning(text) or _CALM.search(text)
    return _COMPLAINT.search(text) is not None and not over and not is_report(text)


def is_report(text: str) -> bool:
    """Whether a line is one of the run's ordinary reports, and no sentence that happens to hold numbers."""
    if not progress.is_metric_line(text) or gives_up(text) or _COULD_NOT.search(text):
        return progress.completed(text)
    parts = text.split()
    words = sum(_WORD.fullmatch(part) is not None for part in parts)
    numbers = sum(any(map(str.isdigit, part)) for part in parts)
    return words < 2 * numbers + 2 or not read_metrics(text).keys().isdisjoint(COUNTERS)


def explanation(exit_code: int | None, last: Sequence[tuple[int, str]]) -> Said | None:
    """Return what a program said before it ended with this status; None if nothing it said explains it.

    :param last: number and text of the lines behind the run's last report, the newest last.
    """
    if not last:
        return None
    if exit_code not in (*range(1, 126), 255):
        found = [Said(number, text, text) for number, text in last[-CLOSING_LINES:] if _KILLED.search(text)]
        return found[0] if found else None
    at = _first_complaint([text for _, text in last])
    sentence = _is_sentence(last[-1][1])
    if at < 0 and not sentence:
        return None
    if at > 0 and _only_ends(last[at][1]) and _is_sentence(last[at - 1][1]):
        at -= 1
    number, text = last[at]
    return Said(number, text, " ".join(text for _, text in last[at:]))


def _is_sentence(text: str) -> bool:
    """Whether a line says something of its own, and is neither a report nor a word of what comes."""
    return _SENTENCE.match(text) is not None and not _REPORTS.search(text)


def _only_ends(text: str) -> bool:
    """Whether a line only says that the program ends ("aborting", "Giving up."): why stands before it."""
    return len(text.split()) <= CLOSING_WORDS and gives_up(text)


def _first_complaint(last: Sequence[str]) -> int:
    """Return the place of the first of the complaints that stand together near the end; -1 if there is none."""
    found = [at for at, text in enumerate(last) if complains(text)]
    if not found or found[-1] < len(last) - 1 - CLOSING_LINES:
        return -1
    first = found[-1]
    for at in reversed(found[:-1]):
        if (
            first - at > GAP_LINES + 1
            or progress.dealt_with(last[at])
            or progress.is_warning(last[at])
            or (_CALM.search(last[at]) and not _SIGNALLED.search(last[at]))
        ):
            break
        first = at
    return first
