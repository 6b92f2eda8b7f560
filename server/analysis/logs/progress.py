"""Whether a line shows that the run goes on. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Mapping
from enum import StrEnum
from functools import lru_cache

from .metrics import COUNTERS, TOTALS, read_metrics
from .text import shape

_TEARDOWN = re.compile(
    r"^(?:wandb:|mlflow|\[?neptune|comet|Elapsed|Total time|Peak mem|Cleaning|Closing|Releasing|Shutting|Exiting|"
    r"real\b|user\b|sys\b|\+ |Ran \d+ tests|\[W.*(?:socket|ProcessGroup|destroy)|W\d{4} |E\d{4} |I\d{4} |\s*$"
    r"|\s*\[\d{1,3}\] [\w.#!&]+\(|\s+@ [\w~./]"  # frames of Julia's stack
    r"|\s+at [\w.$/<>]+\(|\s+\.\.\. \d+ (?:more|common)|\s*\[?0x[\da-f]{6,16}\b"  # of the JVM's, of C++'s
    r"|Chain \[?\d+\]?:? +(?:Try specifying|Rejecting initial|Log prob|Gradient eval|Error eval|Stan can't))",
    re.IGNORECASE,
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?![a-z])"
_ONLY_A_TIME = re.compile(
    r"(?i)^(?=.*\d:\d\d)(?:[\W_]++"
    r"|\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?[-+]\d\d:?\d\d)?(?!\d)"
    r"|(?:\d{4}([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2\d{4}|(?:19|20)\d\d)(?!\d)"
    rf"|\d\d?[ /-](?={_MONTH})|{_MONTH}(?: {{1,2}}\d\d?(?![\d:.]))?"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|[ap]m|utc|gmt|[tz])(?![a-z]))*+$"
)
"""A time of day, with or without a date, and no other number: rows of bare numbers are what a run reports."""
_BAR = re.compile(r"(?<!\d)(\d{1,12}+)/(\d{1,12}+)\b")
_BAR_SIGN = re.compile(r"it/s|s/it|%\||━|█|\[=+|\.\.\.\.+\]|ETA")
_COMPLETE = re.compile(
    r"(?i)\b(?:train\w*|run|fit\w*|sampling|search|study|job|experiment|pipeline|evaluation|model)\b[^:=]{0,40}"
    r"\b(?:complete|completed|finished|done|succeeded|saved)\b|^(?:all )?(?:done|finished|success)\b|^best\b"
)
_UNDONE = re.compile(r"(?i)\b(?:not|un\w+|fail\w*|error\w*|abort\w*|before|never|until|incomplete)\b")
_RESULT = re.compile(r"loss|acc(?:uracy)?$|auc|rmse|(?:^|_)m[as]e$|nll|elbo|ppl|perplexity|(?:^|_)f1|(?:^|_)r2$|score$")
"""Metrics that a run prints because it computed something."""
_COUNTER = re.compile(r"(?i)epoch|step|iter|draw|trial|round|fold|bootstrap|batch")
"""Without such a word a number in brackets may be one of a stack's frames."""
_GAVE_UP = re.compile(r"(?i)\b(?:fail(?:ed|ures?|s)?|abort\w*|crash\w*|terminated|killed|interrupted)\b")
_DEALT_WITH = re.compile(
    r"(?i)\b(?:skip(?:ped|ping|s)?|retry(?:ing)?|retries|re-?trying|trying again|fall(?:s|ing)?[ -]?back|fallback|"
    r"continu(?:e|es|ing)|ignor(?:ed|ing)|substitut\w+|instead|recover(?:ed|ing|y)|imput\w+|resum(?:e|ed|ing)|"
    r"reconnect\w*|tolerat\w+|non-?fatal|trying another|will retry|handled)\b"
)
_DEALT_WITH_AFTERWARDS = re.compile(
    r"(?i)\b(?:skipping|skipped|retrying|re-?trying|will retry|trying again|falling back|fell back|continuing|"
    r"ignoring|ignored|resuming|resumed|recovered|recovering|reconnect(?:ing|ed)|non-?fatal)\b"
)
_PASSED = re.compile(r"(?:^|\s)PASSED(?: +\[ *\d+%\])?$|^(?:\w+ \([\w.]+\) \.\.\. )?ok$")
_STEMS_AFTERWARDS = (
    "skip",
    "trying",
    "retry",
    "fall",
    "fell",
    "continu",
    "ignor",
    "resum",
    "recover",
    "reconnect",
    "fatal",
)
"""One of them stands in whatever the pattern above matches; looking for them is far cheaper."""
_MILD = re.compile(r"(?i)\b(?:disabled|without|(?<!\.)default\w*|another|unavailable|not installed|optional|using)\b")
_TRIAL_FAILED = re.compile(r"\[W .{0,40}\] Trial \d+ failed with")
"""Optuna goes on to the next trial, or raises behind it."""
_TROUBLE = re.compile(r"(?i)\b(?:fail\w*|error\w*|exception|bad|could not|couldn't|cannot|can't|corrupt\w*|unable)\b")
_WARNING = re.compile(r"\bWARN(?:ING)?\b|^\[W |^W\d{4}|\[warn|^warn\w*:|\"warning\"")
_PYTHON_WARNING = re.compile(r":\d+: \w*Warning: |^\w*Warning: |^WARNING[: ]|^\[W |\| WARNING")


class Sign(StrEnum):
    """What a line after a failure says about the run."""

    NONE = "none"
    """Nothing: blank, or the teardown that follows a failure too."""
    WEAK = "weak"
    """Some text."""
    BAR = "bar"
    """A frame of a progress bar; a library prints its last one once more when it dies."""
    COUNT = "count"
    """A counter or a result alone: two different ones are progress, unless another worker may have printed them."""
    CLOSING = "closing"
    """Its own word that it is done, which a script also says after its work has failed."""
    STRONG = "strong"
    """The run goes on: a counter with a metric, or its usual line with other numbers."""


def sign_of(text: str, usual: Container[str] = ()) -> tuple[Sign, str]:
    """Judge a line that follows a failure.

    :param usual: `usual_shape` and `same_line` of the lines before the failure.
    :return: the sign, and for a bar or a counter its position.
    """
    if _TEARDOWN.match(text):
        return Sign.NONE, ""
    if "/" in text and (bar := _BAR.search(text)) and _BAR_SIGN.search(text):
        return Sign.BAR, f"{bar[1]}/{bar[2]} {_results(read_metrics(text[:600]))}"
    if len(text) > 3 and usual_shape(text) in usual and any(map(str.isdigit, text)) and _is_news(text, usual):
        return Sign.STRONG, ""
    return (Sign.WEAK, "") if _GAVE_UP.search(text[:300]) else _of_words(text, read_metrics(text[:600]))


def _is_news(text: str, usual: Container[str]) -> bool:
    """Whether a line of a usual shape has other numbers than before, and more than the time."""
    return same_line(text) not in usual and not _ONLY_A_TIME.match(text)


def _of_words(text: str, metrics: Mapping[str, float]) -> tuple[Sign, str]:
    counted = [f"{name}={metrics[name]:g}" for name in COUNTERS if name in metrics]
    if counted and len(metrics.keys() - TOTALS) >= 2:
        return Sign.STRONG, ""
    if completed(text):
        return Sign.CLOSING, ""
    position = " ".join([_results(metrics), *(counted if _COUNTER.search(text) else ())]).strip()
    return (Sign.COUNT, position) if position else (Sign.WEAK, "")


def _results(metrics: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in metrics.items() if _RESULT.search(name))


@lru_cache(maxsize=512)
def usual_shape(text: str) -> str:
    """Return a short name of the shape by which a run's usual lines are recognised."""
    form = shape(text.strip()[:200].encode("utf-8", "replace"))
    return hashlib.blake2s(form, digest_size=6).hexdigest()


@lru_cache(maxsize=512)
def same_line(text: str) -> str:
    """Return a short name of a line with its numbers: one that stood there before in full is no other numbers."""
    return "=" + hashlib.blake2s(text.strip()[:200].encode("utf-8", "replace"), digest_size=6).hexdigest()


def completed(text: str) -> bool:
    """Whether a line says that the work was completed."""
    return _COMPLETE.search(text[:300]) is not None and not _UNDONE.search(text[:300])


def passed(text: str) -> bool:
    """Whether a line says that a test has passed, whatever was logged in it."""
    return _PASSED.search(text) is not None


def dealt_with_afterwards(text: str) -> bool:
    """Whether the line behind an error says that it was dealt with; advice in a message does not."""
    if passed(text):
        return True
    head = text[:300].lower()
    for stem in _STEMS_AFTERWARDS:  # asked behind every failure: any() takes four times as long
        if stem in head:
            return _DEALT_WITH_AFTERWARDS.search(head) is not None
    return False


def dealt_with(text: str) -> bool:
    """Whether a line's own words say that an error was dealt with."""
    return _DEALT_WITH.search(text[:600]) is not None


def mild(text: str) -> bool:
    """Whether an error line says of itself that the run does without."""
    return dealt_with(text) or _MILD.search(text[:600]) is not None or _WARNING.search(text[:200]) is not None


def is_warning(text: str) -> bool:
    """Whether a line is a Python warning or a record of that level."""
    return _PYTHON_WARNING.search(text[:400]) is not None


def announces_handled(text: str) -> bool:
    """Whether the line before a traceback says that what follows was dealt with."""
    if _TRIAL_FAILED.search(text[:200]):
        return True
    trouble = _TROUBLE.search(text[:600]) is not None
    return trouble and (dealt_with(text) or _WARNING.search(text[:200]) is not None)


def is_metric_line(text: str) -> bool:
    """Whether a line is part of the run's ordinary reports."""
    return bool(read_metrics(text[:600])) or _BAR_SIGN.search(text) is not None
