"""What is fatal, decided with everything known: the text, whether the run went on, and how it ended. Pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...vocabulary.runs import Ended, ErrorType, Finding, Level
from .course import CutShort
from .error_types import type_of_exception
from .incident import Incident
from .last_words import explanation, gives_up, only_ends
from .progress import completed

Outcome = Literal["failed", "suspect", "healthy"]

CASCADE_LINES = 400
TIMEOUT_STATUS = 124
"""Of coreutils' `timeout`."""
LAST_LINES = 20
"""How many lines may stand behind an error that is among the last words."""
NAN_LINES = 60
"""How many lines behind the last NaN an exception is its consequence, whatever it is called."""
_OF_THE_TEXT = ("traceback", "native", "error", "word")
_WRAPPER = re.compile(
    r"ChildFailed|ProcessRaised|ProcessExited|RayTaskError|RayActor|BrokenProcessPool|DistBackend|CalledProcess|"
    r"TuneError"
)
_CUTS = ("terminated by signal", "ran out of data")
"""Rules whose lines say why a run that exited with status 0 did not reach its end."""
_ENVIRONMENT = "environment"
"""What it would have held is missing where it could not be entered."""
_STATUS = "status of a child"
_ASKED_TO_END = re.compile(r"(?:-2|-15|143)\)?(?!\w)")
"""A child's status that says that somebody asked it to end, as at the end of every run that has helpers."""
_SAYS_NAN = re.compile(r"(?i)\bnans?\b|\binf(?:s|inite|inity)?\b|finite|device-side assert|diverg|overflow")
_SIGNAL_TYPES = {
    "SIGSEGV": ErrorType.IMPLEMENTATION,
    "SIGABRT": ErrorType.IMPLEMENTATION,
    "SIGFPE": ErrorType.IMPLEMENTATION,
    "SIGILL": ErrorType.IMPLEMENTATION,
    "SIGTRAP": ErrorType.IMPLEMENTATION,
    "SIGBUS": ErrorType.RESOURCE,
    "SIGKILL": ErrorType.RESOURCE,
    "SIGXCPU": ErrorType.RESOURCE,
    "SIGXFSZ": ErrorType.RESOURCE,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of a log shows beside its failures."""

    reached: bool = False
    """The run came to the end that it had announced."""
    cut_short: CutShort | None = None
    gives_up: bool = False
    """The last line says what was wrong."""


def ended_badly(ended: Ended | None) -> bool:
    """Whether the exit says that the run failed; a stop on purpose does not."""
    if ended is None or ended.stopped:
        return False
    return bool(ended.exit_code or ended.signal or ended.out_of_memory or ended.hang)


def outcome(findings: Iterable[Finding], ended: Ended | None = None) -> Outcome:
    """Return the outcome of a run: suspect is what text and exit status cannot tell from a healthy run."""
    found = list(findings)
    failures = [finding for finding in found if finding.level is Level.FAILURE]
    if ended_badly(ended) or not all(finding.suspect for finding in failures):
        return "failed"
    if failures or any(finding.level is Level.FLAG for finding in found):
        return "suspect"
    return "healthy"


def so_far(incident: Incident) -> Level:
    """Return the level that the text alone justifies at the moment."""
    if incident.kind in ("metric", "mcmc"):
        return incident.level
    if incident.kind in ("harmless", "lead") or _over(incident):
        return Level.NOTICED
    if incident.kind == "traceback" or (incident.kind in ("native", "error") and incident.fatal):
        return Level.FLAG if incident.belongs_to else Level.FAILURE
    return Level.FLAG


def _over(incident: Incident) -> bool:
    """Whether the text shows that the run got over it."""
    return incident.went_on or incident.handled or incident.ignored


def levels(incidents: Sequence[Incident], ended: Ended | None, ending: Ending) -> dict[str, Level]:
    """Return the final level of every incident, by key."""
    for incident in incidents:
        incident.suspect, incident.belongs_to = False, ""
    result = {incident.key: so_far(incident) for incident in incidents}
    if ended is None or ended.stopped:
        result |= {i.key: Level.FLAG for i in incidents if i.closed and result[i.key] is Level.FAILURE}
        over = ("terminated by signal",) if ending.reached else ()
        over += (_STATUS,) if ended else ()  # who stops a run on purpose ends its children too
        result |= {i.key: Level.FAILURE for i in incidents if _last_word(i) and i.rule not in over}
    elif ended_badly(ended):
        result |= _after_bad_end(incidents, ending)
    else:
        result |= {i.key: _after_good_end(i, ending) for i in incidents if i.kind in _OF_THE_TEXT}
    return result


def _last_word(incident: Incident) -> bool:
    """An error that is the very last thing in the log; nothing shows that it was dealt with."""
    if incident.others or incident.went_on or incident.ignored:
        return False
    if incident.rule == _STATUS and _ASKED_TO_END.search(incident.text):
        return False
    if incident.kind == "traceback":
        return True
    named = incident.kind == "error" and (incident.exception is not None or gives_up(incident.text))
    shell = incident.kind == "word" and " line " in incident.text
    return (named or shell) and not incident.handled


def _after_good_end(incident: Incident, ending: Ending) -> Level:
    """A run that exited with status 0: closing words do not show that it got over a failure, only progress does."""
    if incident.rule in _CUTS and not _over(incident):
        return _cut(incident, ending)
    if _over(incident) or (incident.grace and incident.closed):
        return Level.NOTICED
    from_shell = incident.kind == "word" and " line " in incident.text
    if incident.kind == "traceback" or incident.fatal or from_shell:
        incident.suspect = True
        return Level.FAILURE
    gives_up = incident.kind == "error" and incident.type is ErrorType.CONVERGENCE
    return Level.FLAG if gives_up or _last_word(incident) else Level.NOTICED


def _cut(incident: Incident, ending: Ending) -> Level:
    if ending.reached or any(map(completed, incident.before)):
        return Level.NOTICED
    signalled = incident.rule == "terminated by signal"
    return Level.FAILURE if signalled or ending.cut_short else Level.FLAG


def cut_finding(short: CutShort) -> Finding:
    """Describe a run that ended with status 0 before the end that it announced, and does not say why."""
    reason = "its validation had not improved for a while, which may be why" if short.stale else "nothing says why"
    return Finding(
        kind="cut_short",
        level=Level.FLAG if short.stale else Level.FAILURE,
        type=ErrorType.IMPLEMENTATION,
        message=f"ended with exit status 0 at {short.name} {short.at} of {short.total}; {reason}",
        fingerprint=f"cut short {short.name}",
        line=short.line,
        last_line=short.line,
        root_exception="cut_short",
        text=short.text,
        suspect=not short.stale,
    )


def _after_bad_end(incidents: Sequence[Incident], ending: Ending) -> dict[str, Level]:
    result = {i.key: Level.NOTICED for i in incidents if i.kind in _OF_THE_TEXT}
    terminal = _terminal(incidents, gives_up=ending.gives_up)
    deciding = _deciding_incident(incidents, terminal)
    for incident in terminal:
        result[incident.key] = Level.FLAG
        incident.belongs_to = deciding.key if deciding and deciding is not incident else ""
    if deciding is not None:
        result[deciding.key] = Level.FAILURE
    return result


def _terminal(incidents: Sequence[Incident], *, gives_up: bool) -> list[Incident]:
    """What nothing followed: the last words, weighty ones if there are any.

    :param gives_up: the last line of the log says what was wrong, so that nothing that the run got over explains it.
    """
    last = [i for i in incidents if i.kind in _OF_THE_TEXT and not (i.went_on or i.ignored)]
    earlier = [i for i in incidents if i.kind == "traceback" and not (i.handled or i.ignored or gives_up)]
    for weighty in (
        [i for i in last if not i.handled and (i.kind == "traceback" or (i.kind == "native" and i.fatal))],
        [i for i in last if i.kind == "traceback"],
        [i for i in last if i.kind == "word" and i.others <= LAST_LINES],
        [i for i in last if i.kind == "error" and (i.fatal or i.others <= LAST_LINES) and not i.handled],
        [i for i in last if i.kind == "error" and not i.others],
        [i for i in earlier if i.apart],
        [i for i in earlier if i.count == 1][-1:],
    ):
        if weighty:
            return sorted(weighty, key=lambda i: i.newest)
    return []


def _deciding_incident(incidents: Sequence[Incident], terminal: Sequence[Incident]) -> Incident | None:
    """Return what the run died of: the first of its last words, or what a wrapper of workers only passes on."""
    if not terminal:
        return None
    first = terminal[0]
    if first.root in ("ModuleNotFoundError", "ImportError") or "command not found" in first.text:
        return next((i for i in incidents if i.rule == _ENVIRONMENT and i.newest < first.line), first)
    if first.root and _WRAPPER.search(first.root):
        earlier = [
            i
            for i in incidents
            if i.kind == "traceback" and i is not first and 0 <= first.newest - i.newest_last <= CASCADE_LINES
        ]
        outside = next((i for i in terminal if i.rule == "kernel oom killer"), first)
        return next((i for i in earlier if not i.handled), outside)
    if first.kind == "error" and only_ends(first.message):
        earlier = [i for i in incidents if i.kind == "error" and 0 < first.line - i.newest_last <= LAST_LINES]
        return next((i for i in reversed(earlier) if not (i.handled or i.ignored)), first)
    return first


def signal_name(number: int) -> str:
    """Return a signal's name, for example SIGKILL."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def exit_finding(ended: Ended, *, cut: bool, last: Sequence[tuple[int, str]]) -> Finding:
    """Describe a bad end that the text does not explain.

    :param cut: the log ends within a line, exactly at a block of the file system: the disk was full.
    :param last: number and text of the lines behind the run's last report, of which one may be what it died of.
    """
    cause, kind, message = _cause(ended)
    line: int | None = None
    if cut and ended.exit_code:
        cause, kind = "OSError", ErrorType.RESOURCE
        message += "; the log ends within a line at a full block, as on a full disk"
    elif told := explanation(ended.exit_code, last):
        line, message = told.line, told.text
        cause = cause if cause and cause.startswith("SIG") else "SystemExit"
        kind = type_of_exception("SystemExit", told.all) or kind
    return Finding(
        kind="exit",
        level=Level.FAILURE,
        type=kind,
        message=message,
        fingerprint=f"exit {cause} {ended.exit_code}",
        line=line,
        last_line=line,
        root_exception=cause,
        text=message if line else "",
    )


def _cause(ended: Ended) -> tuple[str | None, ErrorType, str]:
    if ended.exit_code == TIMEOUT_STATUS:
        return "timeout", ErrorType.INFRASTRUCTURE, "exited with status 124, as of a time limit (timeout)"
    if ended.hang:
        return "stall", ErrorType.INFRASTRUCTURE, "hung and was ended for that"
    if ended.out_of_memory:
        return "SIGKILL", ErrorType.RESOURCE, "killed by the kernel for lack of memory"
    number = ended.signal or ((ended.exit_code or 0) - 128 if (ended.exit_code or 0) in range(129, 160) else 0)
    if number:
        name = signal_name(number)
        return name, _SIGNAL_TYPES.get(name, ErrorType.INFRASTRUCTURE), f"killed by {name} and the log says nothing"
    return None, ErrorType.IMPLEMENTATION, f"exited with status {ended.exit_code} and the log says nothing"


def join_divergence(incidents: Sequence[Incident], levels: dict[str, Level]) -> None:
    """An exception that a metric's NaN led to is the same failure: it lends its class and frame to the first NaN."""
    metric = next((i for i in incidents if i.kind == "metric" and levels[i.key] is Level.FAILURE), None)
    if metric is None:
        return
    for other in incidents:
        if other.kind == "traceback" and levels[other.key] is Level.FAILURE and follows_nan(metric, other):
            metric.exception, metric.root, metric.frame = other.exception, other.root, other.frame
            metric.last, metric.message = other.newest_last, other.message or metric.message
            metric.settled = False
            levels[other.key] = Level.FLAG
            other.belongs_to, other.suspect = metric.key, False
            for third in incidents:
                third.belongs_to = metric.key if third.belongs_to == other.key else third.belongs_to
            return


def follows_nan(metric: Incident, other: Incident) -> bool:
    """Whether an exception is what a metric that is not finite led to."""
    if other.newest < metric.line:
        return False
    near = other.newest - metric.last <= NAN_LINES and other.root in ("RuntimeError", "ValueError", "AssertionError")
    return other.type is ErrorType.CONVERGENCE or near or _SAYS_NAN.search(other.message) is not None
