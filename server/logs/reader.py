"""Reads a log line by line where there is something to read: turns lines into incidents and follows their fate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..runs import ErrorType, Level
from . import frames, mcmc, nonfinite, progress
from .blame import blame
from .blocks import Block
from .incident import CONTEXT_LIMIT, CONTEXT_LINES, Incident
from .prefilter import SHAPE_LIMIT, Triggers
from .register import Register
from .rules import Rule, Rules, Weight
from .text import CONTROLS, cap, decode, fingerprint, shape
from .tracebacks import Before, Trace, Tracebacks, add_context

LOOKS_LIMIT = 5000
USUAL_LINES = 12
TEXT_LIMIT = 2400
ABSORB_LINES = 2
ABSORB_FATAL_LINES = 12
"""How far before a traceback a line may stand that announced it."""
_KINDS = {
    Weight.FATAL: "native",
    Weight.ERROR: "error",
    Weight.WORD: "word",
    Weight.HARMLESS: "harmless",
    Weight.LEAD: "lead",
}
_SYNTAX = re.compile(r"^(SyntaxError|IndentationError|TabError): ")
PLAIN_HEADER = b"Traceback (most recent call last):"
WHOLE_LIMIT = 400
_EMPTY: nonfinite.Sight = ((), ())


@dataclass(frozen=True, slots=True)
class Look:
    """What the shape of a line says about it: cheap to ask for a second time."""

    rules: tuple[int, ...]
    sampler: bool
    sight: nonfinite.Sight


class Reader:
    """Everything that is known of a log's content. `hungry` asks for every line, not only the promising ones."""

    def __init__(self, rules: Rules, triggers: Triggers, state: Mapping[str, Any]) -> None:
        self.rules = rules
        self.register = Register(state.get("register"))
        self.tracebacks = Tracebacks(state.get("tracebacks"))
        self.nonfinite = nonfinite.NonFinite(state.get("nonfinite"))
        self.mcmc = mcmc.Mcmc(**state.get("mcmc", {}))
        self.last_failed: int = state.get("last_failed", 0)
        self._metric = next((i for i in self.register.incidents.values() if i.kind == "metric"), None)
        self._line: int = state.get("line", 0)
        self._usual: dict[str, None] = dict.fromkeys(state.get("usual", []))
        self._triggers = triggers
        self._looks: dict[bytes, Look] = {}

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return {
            "register": self.register.state(),
            "tracebacks": self.tracebacks.state(),
            "nonfinite": self.nonfinite.state(),
            "mcmc": self.mcmc.state(),
            "last_failed": self.last_failed,
            "line": self._line,
            "usual": list(self._usual),
        }

    @property
    def hungry(self) -> bool:
        """Whether the next line matters whatever it is."""
        return bool(
            self.register.pending or self.tracebacks.waiting or self.nonfinite.open or self.mcmc.reads_on(self._line)
        )

    def read(self, number: int, clean: bytes, before: Before) -> None:
        """Take one line or frame.

        :param clean: without its end and without colours.
        :param before: gives the lines before it that are not blank.
        """
        self._line = number
        if not clean or clean.isspace():
            return
        if (self.tracebacks.waiting or b"Traceback" in clean) and self._in_traceback(number, clean, before):
            return
        look = self._look(clean)
        if look.sight[0] or (self.nonfinite.open and look.sight[1]):
            self._values(number, clean, look.sight, before)
        sampler = look.sampler or self.mcmc.reads_on(number)
        if not (look.rules or sampler or self.register.pending):
            return
        text = _text(clean)
        if look.rules and (self._syntax(number, text, before) or self._ruled(number, text, look.rules, before)):
            self.last_failed = number
        elif not (sampler and self._sampler(number, text, before)):
            self._witness(text)

    def skim(self, block: Block, index: int) -> int:
        """Read as many lines as need no more than a glance; return the index of the first that does.

        Only for the time when nothing but values that are not finite is waited for.
        """
        metric, looks, follow = self._metric, self._looks, self.nonfinite.again
        if metric is None or metric.level is not Level.FAILURE or self.register.pending or self.tracebacks.waiting:
            return index
        clean, start = block.clean, index
        while index < len(clean):
            look = looks.get(shape(clean[index]) + b"\n")
            if look is None or look.rules or look.sampler or look.sight[1]:
                break
            if look.sight[0]:
                if not follow(block.number(index), look.sight[0]):
                    break
                metric.last = block.number(index)
                metric.count += 1
            index += 1
        if index > start:
            self._line = block.number(index - 1)
            self.register.count(metric)
        return index

    def finish(self) -> None:
        """The log is over: take what is left open."""
        for trace in self.tracebacks.abandon():
            self._traceback(trace)
        names = self.nonfinite.alarming(ended=True)
        if names:
            self._alarm(names, self.nonfinite.last(names), "", lambda _: None)

    def _look(self, clean: bytes) -> Look:
        form = shape(clean)
        if self.nonfinite.open:
            form += b"\n"  # now the finite values matter too: another look
        known = self._looks.get(form)
        if known:
            return known
        rules = self.rules.among(form)
        seen = _EMPTY
        if self.nonfinite.open or nonfinite.may_show(form):
            seen = nonfinite.sight(_text(clean))
        look = Look(rules, any(word in form for word in mcmc.WORDS), seen)
        if len(form) <= SHAPE_LIMIT:
            if len(self._looks) >= LOOKS_LIMIT:
                self._looks.clear()
            self._looks[form] = look
        return look

    def whole_traceback(self, block: Block, index: int, before: Before) -> int:
        """Read a plain traceback at once if it stands complete in the block; return the index behind it."""
        clean = block.clean
        if clean[index] != PLAIN_HEADER:
            return index
        end = index + 1
        while end < len(clean) and clean[end][:2] == b"  ":
            end += 1
        if end in (index + 1, len(clean)) or end - index > WHOLE_LIMIT:
            return index
        first, last = block.number(index), block.number(end)
        self._remember_usual(before)
        lines = [_text(line) for line in clean[index : end + 1]]
        trace = self.tracebacks.whole(first, lines, last, before) if all(lines) else None
        if trace is None:
            return index
        self._line = self.last_failed = last
        self._traceback(trace, before)
        return end + 1

    def _in_traceback(self, number: int, clean: bytes, before: Before) -> bool:
        text = _text(clean)
        if frames.header_at(text) >= 0:
            self._remember_usual(before)
        taken, trace = self.tracebacks.read(number, text, before)
        if trace:
            self._traceback(trace)
        if taken:
            self.last_failed = number
        return taken

    # values that are not finite

    def _values(self, number: int, clean: bytes, sight: nonfinite.Sight, before: Before) -> None:
        metric = self._metric
        self.nonfinite.read(number, sight, lambda: _names_before(before))
        if metric and metric.level is Level.FAILURE and not sight[1]:
            metric.last = number
            metric.count += 1
            self.register.count(metric)
            return
        names = self.nonfinite.alarming(ended=False)
        if names:
            self._alarm(names, number, _text(clean), before)
        elif metric and metric.level is Level.FAILURE:
            self.register.settle(metric, Level.NOTICED)
        if number % 1024 == 0:
            self.nonfinite.forget(number)

    def _alarm(self, names: list[str], number: int, text: str, before: Before) -> None:
        incident = self._metric
        since = self.nonfinite.since(names)
        if incident and incident.level is Level.FAILURE:
            incident.last = number
            incident.count += 1
            self.register.count(incident)
        elif incident:
            incident.level, incident.line, incident.last, incident.settled = Level.FAILURE, since, number, False
            incident.message = nonfinite.describe(names, text)
            self.register.tell("seen", incident)
        else:
            context = [line for k in range(USUAL_LINES, 0, -1) if (line := before(k)) and line[0] < since]
            incident = Incident(
                key=f"L{since}",
                kind="metric",
                line=since,
                last=number,
                newest=since,
                type=ErrorType.CONVERGENCE,
                level=Level.FAILURE,
                message=nonfinite.describe(names, text),
                root="NaN",
                fingerprint=fingerprint("metric", "not finite"),
                text=cap(text, CONTEXT_LIMIT),
                before=[cap(line, CONTEXT_LIMIT) for _, line in context[-CONTEXT_LINES:]],
            )
            self.register.add(incident, "metric")
            self._metric = incident

    # tracebacks and single lines

    def _traceback(self, trace: Trace, before: Before | None = None) -> None:
        mark = fingerprint("traceback", trace.exception, trace.message, trace.root, trace.own)
        coarse = f"traceback {trace.exception}"
        incident = self.register.incidents.get(trace.key) if trace.key else None
        if incident is None and (known := self.register.known(mark, coarse)):
            trace.key = known.key
            if not (
                known is self.register.newest and 0 <= trace.first - known.last <= ABSORB_LINES and known.others == 0
            ):
                self.register.repeat(known, trace.first, trace.last)
            known.last = trace.last
            known.handled = known.handled or self._announced(trace)
            return
        if incident is None:
            incident = self._announcing(trace)
        if incident is None:
            incident = self._incident("traceback", trace.first, trace.last, "", lambda _: None)
            if before:
                add_context(trace, before)
            incident.before = list(trace.before)
            incident.handled = self._announced(trace)
            self._fill(incident, trace)
            incident.fingerprint = mark
            self.register.add(incident, coarse)
        else:
            self._fill(incident, trace)
            self.register.rename(incident, mark)
            self.register.reopen(incident)
            self.register.tell("seen", incident)
        trace.key = incident.key

    def _fill(self, incident: Incident, trace: Trace) -> None:
        incident.kind, incident.last = "traceback", trace.last
        incident.exception, incident.root, incident.frame = trace.exception, trace.root, trace.own
        incident.message = trace.message
        incident.text = cap(trace.text, TEXT_LIMIT)
        kind = blame(trace.root or "", trace.root_message, trace.files)
        if kind is ErrorType.IMPLEMENTATION:
            kind = blame(trace.exception or "", trace.message, trace.files)
        incident.type = kind
        incident.apart = bool(trace.prefix.strip() or trace.lead)

    def _announcing(self, trace: Trace) -> Incident | None:
        """Return the line's incident that this traceback belongs to: a logged error, a library's last words."""
        last = self.register.newest
        if last is None or last.kind not in ("native", "error", "lead") or last.went_on or last.count > 1:
            return None
        gap = trace.first - last.last
        near = ABSORB_FATAL_LINES if last.fatal or last.kind == "lead" else 1 if last.handled else ABSORB_LINES
        return last if 0 <= gap <= near else None

    def _announced(self, trace: Trace) -> bool:
        newest = self.register.newest
        within = newest and newest.kind == "harmless" and trace.first - newest.last <= 80 and not newest.went_on
        return bool(within) or trace.handled

    def _syntax(self, number: int, text: str, before: Before) -> bool:
        if not _SYNTAX.match(text):
            return False
        for back in range(1, 7):
            line = before(back)
            frame = frames.frame_of(line[1]) if line and line[1].lstrip().startswith("File") else None
            if line and frame:
                trace = Trace(first=line[0], last=number)
                trace.add_frame(line[0], line[1], frame)
                found = frames.exception_of(text, follows=True)
                trace.add_exception(number, text, found or ("SyntaxError", ""))
                self._remember_usual(before)
                self._traceback(trace)
                return True
        return False

    def _ruled(self, number: int, text: str, among: tuple[int, ...], before: Before) -> bool:
        matched = self.rules.match(text, among)
        if matched is None:
            return False
        rule, found = matched
        kind = _KINDS[rule.weight]
        first = _usage(number, before) if rule.name in ("usage", "command line") else number
        if first != number:
            kind = "native"
        if kind in ("error", "word") and progress.is_warning(text):
            return False
        newest = self.register.newest
        if newest and newest.kind == "native" and kind in ("native", "word") and number - newest.last <= 8:
            newest.last = number
            newest.text = cap(f"{newest.text}\n{text}", TEXT_LIMIT)
            return True
        mark = fingerprint(rule.name, text)
        self._remember_usual(before)
        known = self.register.known(mark, rule.name)
        if known:
            self.register.repeat(known, number, number)
            return True
        incident = self._incident(kind, first, number, text, before)
        groups = found.groupdict()
        incident.exception = groups.get("exception") and groups["exception"].rpartition(".")[2]
        incident.root = incident.exception or rule.exception
        incident.message = cap(groups.get("message") or text.strip(), 600)
        incident.fatal = rule.weight is Weight.FATAL or first != number
        incident.type = _type_of(rule, incident.exception or "", text)
        incident.advice = rule.advice
        incident.fingerprint = mark
        incident.handled = kind == "error" and progress.mild(text)
        self.register.add(incident, rule.name)
        return True

    def _incident(self, kind: str, first: int, last: int, text: str, before: Before) -> Incident:
        context = [line for k in range(USUAL_LINES, 0, -1) if (line := before(k)) and line[0] < first]
        return Incident(
            key=f"L{first}",
            kind=kind,
            line=first,
            last=last,
            newest=first,
            type=ErrorType.IMPLEMENTATION,
            level=Level.FLAG,
            text=cap(text, TEXT_LIMIT),
            before=[cap(line, CONTEXT_LIMIT) for _, line in context[-CONTEXT_LINES:]],
        )

    # the sampler's own diagnostics

    def _sampler(self, number: int, text: str, before: Before) -> bool:
        found = self.mcmc.read(number, text, self.rules.levels)
        if found is None:
            return False
        mark = f"mcmc {found.aspect}"
        incident = self.register.known(mark, mark)
        if incident is None:
            incident = self._incident("mcmc", number, number, text, before)
            incident.type, incident.root, incident.fingerprint = ErrorType.CONVERGENCE, found.aspect, mark
            incident.level, incident.emergency, incident.message = found.level, found.emergency, cap(found.message, 600)
            self.register.add(incident, mark)
        else:
            self._update(incident, found, number, text)
        if found.aspect != "divergences":
            self._doubts()
        return True

    def _update(self, incident: Incident, found: mcmc.Diagnosis, number: int, text: str) -> None:
        rises = found.level is Level.FAILURE and incident.level is not Level.FAILURE
        worse = found.emergency and not incident.emergency
        incident.last = number
        incident.count += 1
        if rises or worse or found.sentence:
            incident.line = number if rises or found.sentence else incident.line
            incident.text = cap(text, TEXT_LIMIT)
        if rises or found.sentence:
            incident.level = found.level
        incident.emergency = found.emergency if found.sentence else incident.emergency or found.emergency
        if incident.level is found.level:
            incident.message = cap(found.message, 600)
        if rises or worse:
            self.register.tell("seen", incident)
        else:
            self.register.count(incident)

    def _doubts(self) -> None:
        """Chains cut short at every draw whose R-hat or ESS is bad too did not explore the posterior."""
        by_root = {i.root: i for i in self.register.incidents.values() if i.kind == "mcmc"}
        deep = by_root.get("treedepth")
        if deep and deep.level is Level.FLAG and ("rhat" in by_root or "ess" in by_root):
            deep.level = Level.FAILURE
            self.register.tell("seen", deep)

    # what stands after a failure

    def _witness(self, text: str) -> None:
        pending = self.register.pending
        if not pending:
            return
        sign, position = progress.sign_of(text, self._usual)
        frame = frames.frame_of(text) if "File" in text else None
        for incident in pending:
            incident.witness(text, sign, position)
            if frame and incident.kind == "native" and not incident.frame and frames.is_own(frame[0]):
                incident.frame = cap(f"{frame[0]}:{frame[1]}", 400)
        for incident in [i for i in pending if i.went_on]:
            self.register.settle(incident)

    def _remember_usual(self, before: Before) -> None:
        if self.register.pending:
            return
        self._usual.clear()
        for back in range(1, USUAL_LINES + 1):
            line = before(back)
            if line is None:
                break
            if any(map(str.isdigit, line[1])):
                self._usual[progress.usual_shape(line[1])] = None


def _text(clean: bytes) -> str:
    return decode(clean.translate(None, CONTROLS)).rstrip()


def _names_before(before: Before) -> set[str]:
    names: set[str] = set()
    for back in range(1, USUAL_LINES + 1):
        line = before(back)
        if line:
            names.update(nonfinite.sight(line[1])[1])
    return names


def _usage(number: int, before: Before) -> int:
    for back in range(1, USUAL_LINES + 1):
        line = before(back)
        if line and line[1].lower().startswith("usage:"):
            return line[0]
    return number


def _type_of(rule: Rule, exception: str, text: str) -> ErrorType:
    if rule.type is not ErrorType.IMPLEMENTATION or rule.weight is Weight.HARMLESS:
        return rule.type
    return blame(exception, text)
