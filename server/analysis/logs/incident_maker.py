"""Makes incidents of tracebacks and of single lines, and follows what stands after them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...vocabulary.runs import ErrorType, Level
from . import details, last_words, matches, progress, traceback_lines
from .error_types import tells_of_a_worker, type_of_exception, type_or_implementation
from .incident import MESSAGE_LIMIT, TEXT_LIMIT, UNKNOWN, USUAL_LINES, Before, Incident, lines_before, lines_between
from .judge import follows_nan
from .register import Register
from .rules import Rule, Rules
from .text import CAP_MARK, cap, cap_end, fingerprint
from .traceback_state import Trace
from .tracebacks import Tracebacks

STEP_LINES = 12
"""How far an engine of workflows describes the step that failed."""
_OF_A_STEP = re.compile(r" {4}\w+: ")
OFTEN = 64
"""After so many failures the usual lines are known; they are looked at only once in as many."""
CRASH_LINES = 8
"""How far apart the lines of one crash may stand."""
ABSORB_LINES = 2
ABSORB_FATAL_LINES = 12
"""How far before a traceback a line may stand that announced it."""
_ONLY_END = (
    *("R stop", "make", "c assertion", "core dumped by shell", matches.JULIA_STACK, "lightgbm end"),
    *("c++ terminate", "workflow step", "logged as critical", "abort from a function", "abort told by shell"),
    "what was thrown",
)
"""Rules whose lines say that a program ends: an error directly before them says why, and that it was the end."""
_NEAR = {matches.JULIA_STACK: CRASH_LINES, "workflow step": CRASH_LINES, "R stop": 40, "abort told by shell": 40}
"""How far behind its error such a line may stand: a long message, or what R warned of and a backtrace, come between."""
_LOGGED = ("logged as error", "error in plain words", "marked as error")
_NAME_THE_CAUSE = ("exception in one line", "jvm", "jvm out of memory")
"""Rules whose lines, directly behind one that was logged, name the exception that it tells of."""
_OUTWEIGHED = ("slurm", "word of the shell")
_OUTWEIGH = ("slurm time limit", "kernel oom killer", "job killed")
"""Rules whose lines say why a process was ended, directly behind one that only says that it was."""
_CASCADES = ("terminated by signal", "rank lost", "slurm", "shell")
"""Rules whose lines follow from a failure elsewhere and do not announce the traceback behind them."""
_UNRAISABLE = "unraisable"


class IncidentMaker:
    """Makes an incident of each failure that the text names; remembers the lines of business as usual before them."""

    def __init__(self, rules: Rules, register: Register, state: Mapping[str, Any]) -> None:
        self.tracebacks = Tracebacks(state.get("tracebacks"), state.get("lead", 0), state.get("announced", ""))
        self._rules = rules
        self._register = register
        self._usual: dict[str, None] = dict.fromkeys(state.get("usual", []))

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return {
            "tracebacks": self.tracebacks.state(),
            "lead": self.tracebacks.lead,
            "announced": self.tracebacks.announced,
            "usual": list(self._usual),
        }

    def read(self, number: int, text: str, before: Before) -> bool:
        """Take a line that may belong to a traceback; return whether it does."""
        if traceback_lines.header_at(text) >= 0:
            self._remember_usual(before)
        taken, trace = self.tracebacks.read(number, text, before)
        if trace:
            self._traceback(trace)
        return taken

    def whole(self, number: int, lines: list[str], last: int, before: Before) -> bool:
        """Take a whole plain traceback at once; return whether it was one."""
        trace = self.tracebacks.whole(number, lines, last, before)
        if trace:
            self._remember_usual(before)
            self._traceback(trace)
        return trace is not None

    def rest(self) -> None:
        """Let go of the bytes at hand."""
        for trace in self.tracebacks.traces:
            trace.settle()

    def finish(self) -> None:
        """The log is over: a traceback without an end was cut."""
        for trace in self.tracebacks.abandon():
            self._traceback(trace)

    def single(self, number: int, text: str, among: tuple[int, ...], before: Before) -> bool:
        """Take a line that may tell of a failure by itself; return whether it does."""
        return (
            self._learned(number, text, before)
            or self._syntax(number, text, before)
            or self._ruled(number, text, among, before)
        )

    def hear(self, number: int, text: str) -> None:
        """Take a line that was read as something else: the newest failure may have its reason in it too."""
        self._learned(number, text)

    def _learned(self, number: int, text: str, before: Before = UNKNOWN) -> bool:
        newest = self._register.newest
        if newest is None or newest not in self._register.pending or not details.learn(newest, number, text):
            return False
        _extend(newest, number, text, before)
        self._register.tell("seen", newest)
        return True

    def witness(self, number: int, text: str) -> None:
        """Take a line that is no failure: it says what became of those before it."""
        pending = self._register.pending
        if not pending:
            return
        self._learned(number, text)
        if self._describes_a_step(number, text):
            return
        sign, position = progress.sign_of(text, self._usual)
        frame = traceback_lines.frame_of(text) if "File" in text else None
        for incident in pending:
            incident.witness(text, sign, position)
            first = incident.kind == "native" and not (incident.complete or incident.slimmed or incident.frame)
            if first and frame and traceback_lines.is_own(frame[0]):
                incident.frame = cap(f"{frame[0]}:{frame[1]}", 400)
        for incident in [i for i in pending if i.went_on]:
            self._register.settle(incident)

    def _describes_a_step(self, number: int, text: str) -> bool:
        """Whether a line behind "Error in rule x:" says which one it was, as its announcement did."""
        newest = self._register.newest
        step = newest is not None and newest.rule == matches.STEP and number - newest.newest_last <= STEP_LINES
        return step and _OF_A_STEP.match(text) is not None

    def _traceback(self, trace: Trace) -> None:
        mark = fingerprint("traceback", trace.exception, trace.message, trace.root, trace.own)
        coarse = f"traceback {trace.exception}"
        incident = self._register.incidents.get(trace.key)
        known = self._register.known(mark, coarse) if incident is None or trace.again else None
        if incident and trace.again:
            if known is incident:
                incident.reach(trace.last)
                return
            self._register.take_back(incident, absorbed=trace.again == "absorbed")
            incident, trace.again = None, ""
        if known:
            self._repeated(known, trace)
        elif incident or (incident := self._announcing(trace)):
            self._grown(incident, trace, mark)
        elif details.holds(self._register.newest, trace.first):
            self._carried(trace)
        else:
            incident = self._new(trace, mark, coarse)
            trace.key = incident.key

    def _repeated(self, known: Incident, trace: Trace) -> None:
        trace.key = known.key
        directly = known is self._register.newest and 0 <= trace.first - known.newest_last <= ABSORB_LINES
        if directly and not (known.others or known.went_on):
            known.absorbed += 1
            trace.again = "absorbed" if known.complete else ""
        else:
            self._register.repeat(known, trace.first, trace.last)
            trace.again = "counted"
        known.reach(trace.last)
        often = known.count + known.absorbed > OFTEN
        known.handled = known.handled or (not often and self._announced(trace))

    def _grown(self, incident: Incident, trace: Trace, mark: str) -> None:
        if not trace.key:
            incident.opening = _opening(incident, trace.first)
        if trace.first < incident.line and not (incident.complete or incident.slimmed):
            trace.settle()
            incident.line = incident.newest = trace.first  # the line stands inside the traceback, not before it
            incident.before, incident.opening = list(trace.before), ""
        self._fill(incident, trace)
        self._register.rename(incident, mark)
        self._register.reopen(incident)
        self._register.tell("seen", incident)
        trace.key = incident.key

    def _carried(self, trace: Trace) -> None:
        """The newest failure is a notebook's: this is the traceback of its cell."""
        newest = self._register.newest
        if newest is None:
            return
        newest.reach(trace.last)
        newest.root, newest.frame = trace.root, trace.own or newest.frame
        newest.message = cap(f"{trace.root}: {trace.root_message}", MESSAGE_LIMIT)
        trace.settle()
        newest.type = type_or_implementation(trace.root or "", trace.root_message, trace.files_of_root)
        trace.key = newest.key
        self._register.tell("seen", newest)

    def _new(self, trace: Trace, mark: str, coarse: str) -> Incident:
        incident = _incident("traceback", trace.first, trace.last, "", UNKNOWN)
        trace.settle()
        incident.before = list(trace.before)
        incident.handled = self._announced(trace)
        self._fill(incident, trace)
        incident.fingerprint = mark
        self._register.add(incident, coarse)
        return incident

    def _fill(self, incident: Incident, trace: Trace) -> None:
        incident.kind = "traceback"
        incident.reach(trace.last)
        incident.exception, incident.root, incident.frame = trace.exception, trace.root, trace.own
        incident.message = trace.message
        if not (incident.complete or incident.absorbed or incident.slimmed):
            incident.text = _behind(incident.opening, trace.text)
        trace.settle()
        kind = type_of_exception(trace.root or "", trace.root_message, trace.files_of_root)
        undecided = kind in (None, ErrorType.IMPLEMENTATION)
        if not tells_of_a_worker(trace.root_message) and (undecided or tells_of_a_worker(trace.message)):
            kind = type_of_exception(trace.exception or "", trace.message, trace.files) or kind
        if kind not in (None, ErrorType.IMPLEMENTATION) or not matches.says_why(incident):
            incident.type = kind or ErrorType.IMPLEMENTATION
        metric = self._register.of_metrics()
        incident.belongs_to = metric.key if metric and follows_nan(metric, incident) else ""
        incident.apart = bool(trace.prefix.strip() or trace.lead)
        incident.ignored = traceback_lines.goes_on_regardless(trace.lead)

    def _announcing(self, trace: Trace) -> Incident | None:
        """Return the line's incident that this traceback belongs to: a logged error, a library's last words."""
        inside = (i for i in self._register.pending if i.kind == "error" and trace.first <= i.line < trace.last)
        if named := next(inside, None):
            return named
        last = self._register.newest
        if last and last.rule == _UNRAISABLE and last.line == trace.first and not last.complete:
            return last
        if last is None or last.kind not in ("native", "error", "lead") or last.went_on or last.complete:
            return None
        if last.rule in _CASCADES:
            return None
        gap = trace.first - last.newest_last
        near = ABSORB_FATAL_LINES if last.fatal or last.kind == "lead" else 1 if last.handled else ABSORB_LINES
        return self._first_of_a_row(last) if 0 <= gap <= near else None

    def _first_of_a_row(self, last: Incident) -> Incident:
        """Return the first of several error lines that stand directly behind each other."""
        rows = [i for i in self._register.pending if i.kind == "error" and not (i.went_on or i.complete or i.handled)]
        for incident in sorted(rows, key=lambda i: -i.line):
            apart = last.line - incident.newest_last
            if last.kind == "error" and 0 < apart <= (ABSORB_LINES if last.rule == incident.rule else 1):
                last = incident
        return last

    def _announced(self, trace: Trace) -> bool:
        newest = self._register.newest
        within = newest and newest.kind == "harmless" and trace.first - newest.newest_last <= 80 and not newest.went_on
        return bool(within) or progress.announces_handled(trace.previous)

    def _syntax(self, number: int, text: str, before: Before) -> bool:
        if not traceback_lines.is_syntax_error(text):
            return False
        for back in range(1, 7):
            line = before(back)
            frame = traceback_lines.frame_of(line[1]) if line and line[1].lstrip().startswith("File") else None
            if line and frame:
                trace = Trace(first=line[0], last=number, context=before.here())
                trace.add_frame(line[0], line[1], frame)
                found = traceback_lines.exception_of(text, follows=True)
                for between, source in enumerate(lines_between(before, line[0] + 1, number), line[0] + 1):
                    trace.see(between, source)
                trace.add_exception(number, text, found or ("SyntaxError", ""))
                self._remember_usual(before)
                self._traceback(trace)
                return True
        return False

    def _ruled(self, number: int, text: str, among: tuple[int, ...], before: Before) -> bool:
        matched = self._rules.match(text, among)
        if matched is None:
            return False
        rule, found = matched
        first = matches.first_line(rule, number, before)
        kind = matches.kind_of(rule, extended=first != number and not matches.stays(rule))
        warned = progress.is_warning(text) and rule.name not in matches.AS_A_WARNING
        if kind in ("error", "word") and (warned or traceback_lines.is_context(text)):
            return False
        if self._goes_on(rule, kind, number) and (rule.name != "logged as critical" or last_words.only_ends(text)):
            _extend(self._register.newest, number, text, before)
            matches.name(self._register.newest, found)
            matches.end(self._register.newest, rule)
            matches.outweigh(self._register.newest, rule)
            matches.explain(self._register.newest, rule, found, text)
            return True
        mark = fingerprint(rule.name, text)
        self._remember_usual(before)
        known = self._register.known(mark, rule.name)
        if known:
            self._register.repeat(known, number, number)
            return True
        excerpt = [*lines_between(before, first, number), text]
        incident = _incident(kind, first, number, "\n".join(excerpt), before)
        matches.describe(incident, rule, found, text)
        incident.fingerprint = mark
        self._register.add(incident, rule.name)
        return True

    def _goes_on(self, rule: Rule, kind: str, number: int) -> bool:
        """Whether a line goes on with the newest failure: more of a crash, or the end of a program that it told of."""
        newest = self._register.newest
        if newest is None or newest.went_on:
            return False
        if newest.kind == "native" and kind in ("native", "word"):
            return number - newest.newest_last <= CRASH_LINES
        if newest.rule in _OUTWEIGHED and rule.name in _OUTWEIGH and not newest.complete:
            return number - newest.newest_last <= ABSORB_LINES
        open_error = newest.kind == "error" and not (newest.complete or newest.handled)
        if rule.name in _NAME_THE_CAUSE and open_error and newest.exception is None and newest.rule in _LOGGED:
            return number - newest.newest_last == 1
        near = _NEAR.get(rule.name, ABSORB_LINES)
        return rule.name in _ONLY_END and open_error and number - newest.newest_last <= near

    def _remember_usual(self, before: Before) -> None:
        often = self._register.occurrences
        if self._register.pending or (self._usual and often > OFTEN and often % OFTEN):
            return
        self._usual.clear()
        for back in range(1, USUAL_LINES + 1):
            line = before(back)
            if line is None:
                break
            if any(map(str.isdigit, line[1])):
                self._usual[progress.usual_shape(line[1])] = None
                self._usual[progress.same_line(line[1])] = None


def _incident(kind: str, first: int, last: int, text: str, before: Before) -> Incident:
    return Incident(
        key=f"L{first}",
        kind=kind,
        line=first,
        last=last,
        newest=first,
        newest_last=last,
        type=ErrorType.IMPLEMENTATION,
        level=Level.FLAG,
        text=cap_end(text, TEXT_LIMIT),
        before=lines_before(before, first),
    )


def _extend(incident: Incident | None, number: int, text: str, before: Before) -> None:
    """Let an incident reach to line `number`, which goes on with it."""
    if incident is None:
        return
    if not (incident.complete or incident.slimmed) and number > incident.last:
        between = lines_between(before, incident.last + 1, number)
        known = len(between) == number - incident.last - 1
        incident.text = _behind(incident.text, "\n".join([*between, text]) if known else CAP_MARK)
    incident.reach(number)


def _opening(incident: Incident, first: int) -> str:
    """Return the lines of an incident and those behind it, up to a traceback that begins in line `first`."""
    if first <= incident.last:
        return incident.text.rpartition("\n")[0]
    gap = first - incident.last - 1
    known = gap <= len(incident.after)
    return _behind(incident.text, "\n".join(incident.after[:gap]) if known else CAP_MARK) if gap else incident.text


def _behind(opening: str, text: str) -> str:
    """Join consecutive lines; nothing can follow what was cut short."""
    if not opening or opening.endswith(CAP_MARK):
        return opening or text
    return opening + CAP_MARK if text == CAP_MARK else cap_end(f"{opening}\n{text}", TEXT_LIMIT)
