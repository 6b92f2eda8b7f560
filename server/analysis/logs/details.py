"""What the lines behind a failure add to it: the cause that a wrapper names one level down, what a C++ program says.

Libraries put the true cause into the lines behind the exception: an exit code, `what()`, "Caused by", the exception
of a worker, of a notebook's cell, of a configured object.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...vocabulary.runs import ErrorType
from .error_types import type_of_exception
from .incident import MESSAGE_LIMIT, Incident
from .text import cap

REACH_LINES = 40
"""How far behind a failure such a line may stand."""
MESSAGE_LINES = 15
NEXT_LINES = 2
"""How many lines behind an exception may go on with its message, where it has a heading only, and else."""
_R_HEADING = re.compile(r"^(?:[A-Z]+ )+?ERROR:$|^Error in node \S+$")
"""What R's reason begins with where a sampler's own words go on with it."""
CODE_INDENT = " " * 6
"""Lines indented as far quote code."""
SENTENCE_WORDS = 3
"""Fewer are a note ("file=part-3"), not the message going on."""
LEAST_BEHIND, LEAST_BEHIND_HEADING = 8, 4
"""How much must speak for a type in a line that only stands behind an exception, and behind a mere heading."""
LEAST_KNOWN = 99
"""No words speak so much: what is found is told by class, place, code or a known message."""
_OF_OTHERS = re.compile(
    r"^\s*(?:File \"|at\b|Node:|Detected at|<stack traces)|^\S*: (?:INFO|WARNING)"
    r"|^(?:wandb|mlflow|srun|slurm\w*|\[?rank|W\d{4}|E\d{4}|I\d{4}|\[\w|\d{4}-)"
)
_NAME = r"(?:[\w$]+\.)*(?P<name>[A-Z]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Timeout|Expired))"
_WRAPPERS = re.compile(
    r"^(?:RayTaskError|TuneError|InstantiationException|HydraException|PapermillExecutionError|CellExecutionError|"
    r"Py4JJavaError|RemoteError|TrialFailed|ProcessRaisedException|KilledWorker)"
)
"""Exceptions that only carry another one."""
_CARRIERS = ("CellExecutionError", "PapermillExecutionError", "PythonException")
"""Whose message holds the traceback of a notebook's cell, or of a function that Spark ran in Python."""

_Take = Callable[[Incident, re.Match[str]], None]


def learn(incident: Incident, number: int, text: str) -> bool:
    """Take what a line behind a failure says about its cause; return whether it says anything.

    :param incident: the newest failure.
    :param number: the line.
    """
    if incident.complete or incident.slimmed or not 0 <= number - incident.newest_last <= REACH_LINES:
        return False
    for stem, applies, pattern, take in _LESSONS:
        if stem in text and applies(incident) and (found := pattern.match(text)):
            take(incident, found)
            return True
    _go_on(incident, number, text)
    return False


def _go_on(incident: Incident, number: int, text: str) -> None:
    """Take a line that goes on with a message that says nothing yet ("Graph execution error:")."""
    if number - incident.newest_last > MESSAGE_LINES:
        return
    heading = _is_heading(incident.message)
    if not (
        _says_too_little(incident, heading=heading) and _is_of_the_message(incident, number, text, heading=heading)
    ):
        return
    kind = type_of_exception("", text, least=LEAST_BEHIND_HEADING if heading else LEAST_BEHIND)
    known = incident.type is not ErrorType.IMPLEMENTATION
    if kind not in (None, ErrorType.IMPLEMENTATION) and (not known or kind is incident.type):
        incident.type = kind
        incident.message = cap(f"{incident.message} {text.strip()}".strip(), MESSAGE_LIMIT)


def _says_too_little(incident: Incident, *, heading: bool) -> bool:
    """Whether the lines behind a failure may still say why: its message is a heading, or nothing in it is of a type."""
    if incident.kind not in ("traceback", "error", "native") or (incident.kind == "error" and not heading):
        return False
    if incident.rule == "step of a workflow" or (incident.rule == "R error" and not _R_HEADING.match(incident.message)):
        return False  # its files say nothing of why; the reason of R is in the next line, which has been taken
    if not heading:
        return incident.type is ErrorType.IMPLEMENTATION
    told = type_of_exception(incident.root or "", incident.message, least=LEAST_KNOWN)
    return told is not ErrorType.IMPLEMENTATION  # what is known to be of the code is no mere heading


def _is_of_the_message(incident: Incident, number: int, text: str, *, heading: bool) -> bool:
    """Whether a line goes on with what a failure says, and is no code, no frame and no advice."""
    near = number - incident.newest_last <= (MESSAGE_LINES if heading else NEXT_LINES)
    if not near or text.startswith(CODE_INDENT) or _OF_OTHERS.match(text):
        return False
    if heading:
        return True
    undecided = type_of_exception(incident.root or "", incident.message, least=LEAST_BEHIND) is None
    return undecided and len(text.split()) >= SENTENCE_WORDS


def _is_heading(message: str) -> bool:
    """Whether a message says nothing yet: "Graph execution error:", "CALLED -------"."""
    return message.endswith(":") or sum(any(map(str.isalpha, part)) for part in message.split()) < 2


def holds(incident: Incident | None, first: int) -> bool:
    """Whether a traceback that begins in line `first` is the cell's that this failure carries."""
    carried = incident is not None and incident.exception in _CARRIERS and not (incident.complete or incident.went_on)
    return carried and incident is not None and 0 <= first - incident.newest_last <= REACH_LINES


def _is_traceback(incident: Incident) -> bool:
    return incident.kind == "traceback"


def _is_native(incident: Incident) -> bool:
    return incident.kind == "native"


def _is_r_error(incident: Incident) -> bool:
    if incident.rule not in ("R error", "R resample") or incident.line != incident.newest_last:
        return False
    return incident.type is ErrorType.IMPLEMENTATION or incident.message.rstrip().endswith(":")


def _is_matlabs(incident: Incident) -> bool:
    return incident.rule == "matlab" and "Error using " in incident.message


def _is_in_a_file(incident: Incident) -> bool:
    return incident.rule == "exception in a file" and incident.message.endswith(":")


def _is_step(incident: Incident) -> bool:
    return incident.rule == "step of a workflow"


def _is_new_step(incident: Incident) -> bool:
    return _is_step(incident) and "Error executing process" in incident.message and incident.line == incident.last


def _is_child(incident: Incident) -> bool:
    return incident.exception in ("ChildFailedError", "ProcessExitedException")


def _is_undecided(incident: Incident) -> bool:
    undecided = incident.kind == "error" and incident.type is ErrorType.IMPLEMENTATION
    return undecided and not _is_step(incident)


def _is_wrapper(incident: Incident) -> bool:
    return _is_traceback(incident) and _WRAPPERS.match(incident.exception or "") is not None


def _exit_code(incident: Incident, found: re.Match[str]) -> None:
    incident.message = f"exitcode {found[1]}"
    incident.type = type_of_exception("", incident.message) or ErrorType.IMPLEMENTATION


def _signal(incident: Incident, found: re.Match[str]) -> None:
    incident.message = cap(f"{incident.message}: {found[1]}", MESSAGE_LIMIT)


def _says(incident: Incident, found: re.Match[str]) -> None:
    incident.message = cap(found[1], MESSAGE_LIMIT)
    incident.type = type_of_exception(incident.exception or "", found[1]) or incident.type


def _thrown(incident: Incident, found: re.Match[str]) -> None:
    incident.exception = incident.root = found[1][:80]
    incident.type = type_of_exception(found[1], incident.message) or incident.type


def _cause(incident: Incident, found: re.Match[str]) -> None:
    name, message = found["name"], found["message"] or ""
    incident.root = name[:80]
    incident.type = type_of_exception(name, message) or ErrorType.IMPLEMENTATION


def _carried(incident: Incident, found: re.Match[str]) -> None:
    _cause(incident, found)
    if not incident.message or not any(map(str.isalnum, incident.message)):
        incident.message = cap(f"{found['name']}: {found['message'] or ''}", MESSAGE_LIMIT)


def _state(incident: Incident, found: re.Match[str]) -> None:
    incident.type = ErrorType.RESOURCE if found[1].startswith("OUT") else ErrorType.INFRASTRUCTURE
    incident.message = cap(f"{incident.message} {found[0].strip()}", MESSAGE_LIMIT)


def _lost(incident: Incident, _found: re.Match[str]) -> None:
    incident.type = ErrorType.INFRASTRUCTURE


def _refused(incident: Incident, _found: re.Match[str]) -> None:
    incident.type = ErrorType.IMPLEMENTATION


_LESSONS: tuple[tuple[str, Callable[[Incident], bool], re.Pattern[str], _Take], ...] = (
    # torchrun's table of processes; the root cause stands last
    ("exitcode", _is_child, re.compile(r"^\s*exitcode\s*:\s*(-?\d+)"), _exit_code),
    ("exit", _is_traceback, re.compile(r"^.*\bexit_?code['\"]?[:=]\s*(1(?:3[4-9]|43)|-\d+)\b"), _exit_code),
    ("traceback", _is_child, re.compile(r"^\s*traceback\s*:\s*(Signal \d.*)"), _signal),
    # C++: glibc's and CatBoost's form
    ("what()", _is_native, re.compile(r"^\s*what\(\)(?::| ->)\s*\"?(.+?)\"?\s*$"), _says),
    ("type ->", _is_native, re.compile(r"^\s*type -> (?:\w+::)*(\w+)"), _thrown),
    # chains of Rust (anyhow) and of Java
    (": ", _is_traceback, re.compile(rf"^ +\d+: {_NAME}(?:: (?P<message>.*))?$"), _cause),
    ("Caused by: ", lambda _: True, re.compile(rf"^\s*Caused by: {_NAME}(?::? (?P<message>.*))?$"), _cause),
    # what a wrapper carries, as an exception prints itself or as repr() shows it
    (": ", _is_wrapper, re.compile(rf"^\s*(?:: )?{_NAME}: (?P<message>.*)$"), _carried),
    ("(", _is_wrapper, re.compile(rf"^{_NAME}\((?P<message>.*)\)$"), _carried),
    # R puts the reason into the next line
    ("  ", _is_r_error, re.compile(r"^(?:\[\d+\] \")? {2,}(\S.*)$"), _says),
    ("!", _is_r_error, re.compile(r"^! (\S.*)$"), _says),
    # and so do Snakemake and MATLAB
    ("", _is_in_a_file, re.compile(r"^(\S.*)$"), _says),
    ("", _is_matlabs, re.compile(r"^(\S.*)$"), _says),
    # .NET's chain
    ("--->", lambda _: True, re.compile(rf"^ *---> {_NAME}(?:: (?P<message>.*))?$"), _cause),
    # a launcher says behind its heading how the process ended
    ("exit", _is_undecided, re.compile(r"^.*\bterminated with .*?(\d+)\)?$"), _exit_code),
    # why Nextflow's step failed, below the next heading
    ("  ", _is_new_step, re.compile(r"^ {2}(?!.*terminated with an error exit status)(\S.*)$"), _says),
    # what a scheduler says of the job that a workflow's step was
    (
        "tatus",
        _is_step,
        re.compile(r".*\b[Ss]tatus\W{1,3}'?(OUT_OF_ME\w*|NODE_FAIL|TIMEOUT|PREEMPTED|CANCELLED)\b"),
        _state,
    ),
    # a node that died takes its actors with it
    ("node has ", _is_traceback, re.compile(r".*\bnode has (?:died|crashed)"), _lost),
    # torch refuses classes in a checkpoint: the file is sound, the call is not
    ("nsupported", _is_traceback, re.compile(r".*Unsupported (?:global|class)"), _refused),
)
