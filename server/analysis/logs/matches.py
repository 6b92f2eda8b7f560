"""What a rule that matched makes of its line: which kind of failure, where it begins, its class, message and type."""

from __future__ import annotations

import re

from ...vocabulary.runs import ErrorType
from . import last_words, progress, traceback_lines
from .error_types import type_of_exception, type_or_implementation
from .incident import MESSAGE_LIMIT, USUAL_LINES, Before, Incident
from .rules import Rule, Weight
from .text import cap

GLOG_STACK = "glog stack"
JULIA_STACK = "julia stack"
STEP = "step of a workflow"
"""Its heading has the names of the step, which say nothing of why it failed."""
MATLAB_STACK = "matlab stack"
WORKERS_EXCEPTION = "exception of a worker"
_SAY_WHY = (WORKERS_EXCEPTION, "stan found no start", "label asked of a loss", "environment")
AS_A_WARNING = ("ran out of data", "chain lost")
"""Rules whose lines count although a library prints them as a warning."""
_KINDS = {
    Weight.FATAL: "native",
    Weight.ERROR: "error",
    Weight.WORD: "word",
    Weight.HARMLESS: "harmless",
    Weight.LEAD: "lead",
}
_TOLD_BY_THEIR_WORDS = (
    *(
        "logged as critical",
        "lightgbm fatal",
        "xla or absl fatal",
        "c++ terminate",
        "uncaught exception",
        "unhandled exception",
        "R error",
    ),
    *(
        "rank lost",
        "mpi abort",
        "slurm",
        "job killed",
        "compiler",
        "container",
        "cuda",
        "torch internal",
        "libc++ abort",
    ),
    *("llvm", "openmp", "check of dmlc", "program found no file", "fortran", "workflow step"),
    *("what was thrown", "exception in a file", "R resample", "jvm main", MATLAB_STACK),
    *("go panic", "rust panic", "matlab", "network tool", "ruby"),
)
"""Rules whose lines say by their own words what type they are; the rule's type is for those that do not."""
_GRACE = {
    "slurm time limit": 200,
    "kernel oom killer": 200,
    "job killed": 200,
    "workflow step": 200,
    "terminated by signal": 20,
}
"""How many signs of progress a process that is being ended from outside may still show in its last seconds."""
_BY_SHELL = ("abort told by shell", "core dumped by shell")
_REASON_BEFORE = (MATLAB_STACK, *_BY_SHELL)
"""Rules whose lines end what was said directly before them."""
_PLAIN = ("error in plain words", "marked as error")
COMPLAINTS = 3
"""So many lines that complain may stand before the one that says that it is an error."""
_USAGE = ("usage", "command line")
_R_CALL = re.compile(r"^(?:\[1\] \")?(?:Error in|Fehler in|Erreur dans|Error en|Errore in|Erro em) \S.*? : ?")
"""Where R says that it failed; why stands behind it or in the next line."""
_R_COLUMN = re.compile(
    r"Error in (?:eval\(predvars|model\.frame|`\[\.(?:data\.frame|tbl|data\.table)).*object '.*' not found"
)
"""R looks for the variables of a formula in the data."""
_JVM_CAUSE = re.compile(r".*: (?:[a-z]\w*\.){2,}(?P<exception>[A-Z]\w*(?:Error|Exception)): (?P<message>.*)")
"""The innermost of the exceptions that one line of the JVM's names, as Spark quotes that of a lost task."""
_JVM_CHARS = 2000
_SIGNALS = {
    "Aborted": "SIGABRT",
    "Segmentation fault": "SIGSEGV",
    "Illegal instruction": "SIGILL",
    "Floating point exception": "SIGFPE",
    "Trace/breakpoint trap": "SIGTRAP",
    "CPU time": "SIGXCPU",
    "File size": "SIGXFSZ",
}
"""What a shell calls them."""


def kind_of(rule: Rule, *, extended: bool) -> str:
    """Return the kind of an incident.

    :param extended: it begins before the line that matched.
    """
    return "native" if extended else _KINDS[rule.weight]


def stays(rule: Rule) -> bool:
    """Whether a failure of this rule is of its kind also where it begins before the line that matched."""
    return rule.name == GLOG_STACK or rule.name in _PLAIN


def first_line(rule: Rule, number: int, before: Before) -> int:
    """Return where the failure begins whose line `number` matched."""
    if rule.name in _USAGE:
        return _usage(number, before)
    if rule.name in (*_PLAIN, *_BY_SHELL):
        return _complaints(number, before)
    if rule.name == "fortran":
        line = before(1)
        return line[0] if line and number - line[0] == 1 and line[1].startswith("At line ") else number
    if rule.name == MATLAB_STACK:
        line = before(1)
        return line[0] if line and number - line[0] <= 2 else number
    if rule.name == GLOG_STACK:
        line = before(1)
        return line[0] if line and number - line[0] <= 2 and traceback_lines.is_logged_as_fatal(line[1]) else number
    return number


def describe(incident: Incident, rule: Rule, found: re.Match[str], text: str) -> None:
    """Fill in what rule and line say."""
    groups = found.groupdict()
    named = (groups.get("exception") or "").rpartition(".")[2]
    if rule.name == "jvm main" and (inner := _JVM_CAUSE.match(text[:_JVM_CHARS])):
        groups, named, text = inner.groupdict(), inner["exception"], inner["message"]
    incident.exception = None if named in _SIGNALS else named or None
    incident.root = _SIGNALS.get(named) or named or rule.exception
    reason = incident.text.rpartition("\n")[0].strip() if rule.name in _REASON_BEFORE else ""
    incident.message = cap(reason.partition("\n")[0] or groups.get("message") or text.strip(), MESSAGE_LIMIT)
    incident.fatal = rule.weight is Weight.FATAL or (incident.line != incident.last and rule.name not in _PLAIN)
    incident.type = (type_of_exception("", reason) if reason else None) or _type_of(
        rule, incident.exception or "", text
    )
    if incident.line != incident.last and rule.name in _PLAIN and incident.type is ErrorType.IMPLEMENTATION:
        incident.type = type_or_implementation("", incident.text)
    incident.advice, incident.rule = rule.advice, rule.name
    incident.grace = _GRACE.get(rule.name, 0)
    incident.handled = incident.kind == "error" and rule.name not in AS_A_WARNING and progress.mild(text)


def says_why(incident: Incident) -> bool:
    """Whether the line that announced a traceback tells more of its type than an exception that only points there."""
    told = incident.type is ErrorType.RESOURCE or incident.rule in _SAY_WHY
    return bool(incident.opening) and told


def name(incident: Incident | None, found: re.Match[str]) -> None:
    """Let a crash be called by the exception that a later line of it names."""
    last = (found.groupdict().get("exception") or "").rpartition(".")[2]
    if incident and last and last not in _SIGNALS and not (incident.exception or incident.complete):
        incident.exception = incident.root = last


def explain(incident: Incident | None, rule: Rule, found: re.Match[str], text: str) -> None:
    """Let an error have the type of what the line behind it tells: an exception, the status of a step."""
    if incident and rule.name == "workflow step":
        incident.type, incident.grace = _type_of(rule, "", text), _GRACE[rule.name]
    elif incident and rule.name == "jvm out of memory":
        incident.type = rule.type
    elif incident and incident.type is ErrorType.IMPLEMENTATION and rule.name == "exception in one line":
        incident.message = cap(f"{incident.message} {text.strip()}", MESSAGE_LIMIT)
        incident.type = type_or_implementation(incident.exception or "", found["message"] or "")


def end(incident: Incident | None, rule: Rule) -> None:
    """Let an error be the end of its program, where a line behind it says so."""
    if incident and incident.kind == "error" and rule.weight in (Weight.FATAL, Weight.LEAD):
        incident.fatal = True


def outweigh(incident: Incident | None, rule: Rule) -> None:
    """Let the line that says why a process was ended count for more than the one before it, which only says that."""
    if (
        incident
        and incident.kind in ("error", "word")
        and rule.name in ("slurm time limit", "kernel oom killer", "job killed")
    ):
        incident.kind, incident.fatal, incident.type = "native", True, _type_of(rule, "", incident.text)
        incident.root, incident.grace, incident.handled = rule.exception, _GRACE[rule.name], False


def _complaints(number: int, before: Before) -> int:
    """Return where the complaints begin that stand directly before a line that is an error in plain words."""
    first = number
    for back in range(1, COMPLAINTS + 1):
        line = before(back)
        if line is None or line[0] != first - 1 or not last_words.is_cause(line[1]):
            break
        first = line[0]
    return first


def _usage(number: int, before: Before) -> int:
    for back in range(1, USUAL_LINES + 1):
        line = before(back)
        if line and line[1].strip().lower().startswith("usage:"):
            return line[0]
    return number


def _type_of(rule: Rule, exception: str, text: str) -> ErrorType:
    if rule.name == "R error" and _R_COLUMN.search(text):
        return ErrorType.DATA
    if rule.name in _TOLD_BY_THEIR_WORDS:
        return type_of_exception(exception, _R_CALL.sub("", text)) or rule.type
    told = rule.weight is Weight.ERROR and rule.type is ErrorType.IMPLEMENTATION and rule.name != STEP
    return type_or_implementation(exception, text) if told else rule.type
