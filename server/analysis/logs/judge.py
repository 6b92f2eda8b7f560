"""What is fatal, decided with everything known: the text, whether the run went on, and how it ended. Pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence
from typing import Literal

from ...vocabulary.runs import Ended, ErrorType, Finding, Level
from .blame import blame
from .incident import Incident

Outcome = Literal["failed", "suspect", "healthy"]

CASCADE_LINES = 400
LAST_LINES = 20
"""How many lines may stand behind an error that is among the last words."""
_OF_THE_TEXT = ("traceback", "native", "error", "word")
_WRAPPER = re.compile(r"ChildFailed|ProcessRaised|ProcessExited|RayTaskError|RayActor|BrokenProcessPool|DistBackend")
_SIGNAL_TYPES = {
    "SIGSEGV": ErrorType.IMPLEMENTATION,
    "SIGABRT": ErrorType.IMPLEMENTATION,
    "SIGFPE": ErrorType.IMPLEMENTATION,
    "SIGILL": ErrorType.IMPLEMENTATION,
    "SIGTRAP": ErrorType.IMPLEMENTATION,
    "SIGBUS": ErrorType.RESOURCE,
    "SIGXCPU": ErrorType.RESOURCE,
    "SIGXFSZ": ErrorType.RESOURCE,
}
_COMPLAINT = re.compile(
    r"(?i)error|invalid|fail|cannot|can't|could not|couldn't|must |missing|not found|unable|refus|abort|unknown|"
    r"expected|required|no such|denied|wrong|unsupported|too (?:few|many|large|small|long|short)|exceed|mismatch|"
    r"empty|not (?:a|an|allowed|supported|enough|available|valid|exist)\b|does ?n.t exist|\bno \w+ (?:found|given|in)\b"
)
_GIVES_UP = re.compile(
    r"(?i)\b(?:abort(?:ed|ing)?|exit(?:ed|ing)|terminat(?:ed|ing)|giving up|gave up|cannot continue|can't continue|"
    r"unrecoverable|fatal|stopp(?:ed|ing)|shutting down|(?:run|training|job|fit|experiment|pipeline) (?:has )?failed)\b"
)


def ended_badly(ended: Ended | None) -> bool:
    """Whether the exit says that the run failed; a stop on purpose does not."""
    if ended is None or ended.stopped:
        return False
    return bool(ended.exit_code or ended.signal or ended.out_of_memory or ended.hang)


def outcome(findings: Iterable[Finding], ended: Ended | None = None) -> Outcome:
    """Return the outcome of a run: suspect is a failure that the text cannot tell from one that was handled."""
    found = list(findings)
    if any(finding.level is Level.FAILURE for finding in found) or ended_badly(ended):
        return "failed"
    if any(finding.level is Level.FLAG and finding.kind in _OF_THE_TEXT for finding in found):
        return "suspect"
    return "healthy"


def so_far(incident: Incident) -> Level:
    """Return the level that the text alone justifies at the moment."""
    if incident.kind in ("metric", "mcmc"):
        return incident.level
    if incident.kind in ("harmless", "lead") or incident.went_on or incident.handled or incident.ignored:
        return Level.NOTICED
    if incident.kind == "traceback" or (incident.kind == "native" and incident.fatal):
        return Level.FAILURE
    return Level.FLAG


def levels(incidents: Sequence[Incident], ended: Ended | None) -> dict[str, Level]:
    """Return the final level of every incident, by key."""
    result = {incident.key: so_far(incident) for incident in incidents}
    if ended is None or ended.stopped:
        result |= {i.key: Level.FAILURE for i in incidents if _last_word(i)}
    elif ended_badly(ended):
        result |= _after_bad_end(incidents)
    else:
        result |= {i.key: _after_good_end(i) for i in incidents if i.kind in _OF_THE_TEXT}
    return result


def _last_word(incident: Incident) -> bool:
    """An error that is the very last thing in the log; nothing shows that it was dealt with."""
    if incident.others or incident.went_on or incident.ignored:
        return False
    if incident.kind == "traceback":
        return True
    named = incident.kind == "error" and (incident.exception is not None or _GIVES_UP.search(incident.text) is not None)
    shell = incident.kind == "word" and " line " in incident.text
    return (named or shell) and not incident.handled


def _after_good_end(incident: Incident) -> Level:
    open_end = not (incident.went_on or incident.handled or incident.ignored or incident.others)
    weighty = incident.kind == "traceback" or incident.fatal
    return Level.FLAG if open_end and weighty else Level.NOTICED


def _after_bad_end(incidents: Sequence[Incident]) -> dict[str, Level]:
    result = {i.key: Level.NOTICED for i in incidents if i.kind in _OF_THE_TEXT}
    terminal = _terminal(incidents)
    for incident in terminal:
        result[incident.key] = Level.FLAG
    decisive = _decisive(incidents, terminal)
    if decisive is not None:
        result[decisive.key] = Level.FAILURE
    return result


def _terminal(incidents: Sequence[Incident]) -> list[Incident]:
    """What nothing followed: the last words, weighty ones if there are any."""
    last = [i for i in incidents if i.kind in _OF_THE_TEXT and not (i.went_on or i.ignored)]
    for weighty in (
        [i for i in last if not i.handled and (i.kind == "traceback" or i.fatal)],
        [i for i in last if i.kind == "traceback"],
        [i for i in last if i.kind == "word" and i.others <= LAST_LINES],
        [i for i in last if i.kind == "error" and i.others <= LAST_LINES and not i.handled],
        [i for i in incidents if i.kind == "traceback" and i.apart and not i.handled],
        [i for i in incidents if i.kind == "traceback" and not i.handled and i.count == 1][-1:],
    ):
        if weighty:
            return sorted(weighty, key=lambda i: i.newest)
    return []


def _decisive(incidents: Sequence[Incident], terminal: Sequence[Incident]) -> Incident | None:
    if not terminal:
        return None
    first = terminal[0]
    if first.root and _WRAPPER.search(first.root):
        earlier = [
            i
            for i in incidents
            if i.kind == "traceback" and i is not first and 0 <= first.newest - i.newest_last <= CASCADE_LINES
        ]
        return next((i for i in earlier if not i.handled), first)
    return first


def signal_name(number: int) -> str:
    """Return a signal's name, for example SIGKILL."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def exit_finding(ended: Ended, *, cut: bool, last_line: tuple[int, str] | None) -> Finding:
    """Describe a bad end that the text does not explain.

    :param cut: the log ends within a line, exactly at a block of the file system: the disk was full.
    :param last_line: number and text of the last line if it could be the message of a `sys.exit`.
    """
    cause, kind, message = _cause(ended)
    line: int | None = None
    if cut and ended.exit_code:
        cause, kind = "OSError", ErrorType.RESOURCE
        message += "; the log ends within a line at a full block, as on a full disk"
    elif ended.exit_code in range(1, 126) and last_line and complains(last_line[1]):
        line, message, cause = last_line[0], last_line[1], "SystemExit"
        kind = blame(cause, message)
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
    if ended.hang:
        return "stall", ErrorType.INFRASTRUCTURE, "hung and was ended for that"
    if ended.out_of_memory:
        return "SIGKILL", ErrorType.RESOURCE, "killed by the kernel for lack of memory"
    number = ended.signal or ((ended.exit_code or 0) - 128 if (ended.exit_code or 0) in range(129, 160) else 0)
    if number:
        name = signal_name(number)
        return name, _SIGNAL_TYPES.get(name, ErrorType.INFRASTRUCTURE), f"killed by {name} and the log says nothing"
    return None, ErrorType.IMPLEMENTATION, f"exited with status {ended.exit_code} and the log says nothing"


def complains(text: str) -> bool:
    """Whether a line could be what a program says before it gives up."""
    return _COMPLAINT.search(text) is not None or _GIVES_UP.search(text) is not None


def join_divergence(incidents: Sequence[Incident], levels: dict[str, Level]) -> None:
    """An exception that a metric's NaN led to is the same failure: it lends its class and frame to the first NaN."""
    metric = next((i for i in incidents if i.kind == "metric" and levels[i.key] is Level.FAILURE), None)
    if metric is None:
        return
    for other in incidents:
        follows = other.kind == "traceback" and other.newest >= metric.line and levels[other.key] is Level.FAILURE
        if follows and other.type is ErrorType.CONVERGENCE:
            metric.exception, metric.root, metric.frame = other.exception, other.root, other.frame
            metric.last, metric.message = other.newest_last, other.message or metric.message
            metric.settled = False
            levels[other.key] = Level.FLAG
            return
