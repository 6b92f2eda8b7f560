"""Reads tracebacks line by line: plain, prefixed, torn apart, chained, grouped, IPython's, rich's, inside JSON."""

from __future__ import annotations

import re
from dataclasses import asdict

from . import traceback_lines
from .forms import READERS
from .incident import UNKNOWN, Before, lines_between
from .text import cap
from .traceback_state import PARTS_LIMIT, Trace

OPEN_LIMIT = 3
FOREIGN_LIMIT = 3000
"""How many lines of others may stand inside a traceback before it is given up (1,117 were seen)."""
CHAIN_WINDOW = 60
PREVIOUS_CHARS = 120


class Tracebacks:
    """All tracebacks that are open at the moment, and those that a chain may still continue."""

    def __init__(self, state: list[dict[str, object]] | None = None, lead: int = 0, announced: str = "") -> None:
        self.lead = lead
        """Line that announced a thread's or process's traceback which did not come yet; 0 without."""
        self.announced = announced
        """What that line says."""
        self.traces = [Trace(**item) for item in state or []]  # pyright: ignore[reportArgumentType] our own asdict
        """While there are any, the next lines may belong to them."""

    def state(self) -> list[dict[str, object]]:
        """Return what a new one continues from."""
        for trace in self.traces:
            trace.settle()
        return [asdict(trace) for trace in self.traces]

    def read(self, number: int, text: str, before: Before) -> tuple[bool, Trace | None]:
        """Take one line.

        :return: whether it belongs to a traceback, and the traceback that is complete with it (again, when a chain
            made it longer).
        """
        read = self._read(number, text, before)
        for trace in self.traces:
            trace.see(number, text)
        return read

    def _read(self, number: int, text: str, before: Before) -> tuple[bool, Trace | None]:
        at = traceback_lines.header_at(text)
        if at >= 0:
            return self._header(number, text, at, before)
        for trace in reversed(self.traces):
            reader = self._continue if trace.done else READERS[trace.form]
            taken = reader(trace, number, text)
            if taken:
                self._drop_older(trace)
                return True, self._finished(trace)
            trace.foreign += 1
            trace.follows = False
        self.traces = [trace for trace in self.traces if not _given_up(trace, number)]
        if traceback_lines.is_torn_lead(text):
            self.lead, self.announced = number, cap(text, 300)
        return False, None

    def whole(self, number: int, lines: list[str], last: int, before: Before) -> Trace | None:
        """Take a plain traceback at once, from its header to the line that names the exception.

        The same as `read` for each of its lines, for logs that hold thousands of them; None if it is not plain or one
        is open already.

        :param number: line of the header.
        :param lines: all its lines; the last one is not indented.
        :param last: line of the exception.
        """
        if any(not trace.done or trace.chain for trace in self.traces) or not lines[1].startswith('  File "'):
            return None
        found = traceback_lines.exception_of(lines[-1], follows=True)
        if not found or last - number != len(lines) - 1:
            return None
        trace = _opened(number, "", before)
        self._begin(trace, number, before)
        trace.hold(number, lines)
        trace.name(found)
        trace.done = True
        self.traces = [*self.traces[-(OPEN_LIMIT - 1) :], trace]
        self._drop_older(trace)
        for one in self.traces:
            if one is not trace:
                one.see_block(number, lines)
        return trace

    def _drop_older(self, complete: Trace) -> None:
        """Drop what no chain can continue any more, because a chain continues the newest one of its prefix."""
        if complete.done and complete.form == "plain" and len(self.traces) > 1:
            self.traces = [trace for trace in self.traces if trace is complete or not _superseded(trace, complete)]

    def _begin(self, trace: Trace, number: int, before: Before) -> None:
        """Put what announced a traceback before its header at line `number`."""
        self._torn(trace)
        if trace.first == number:
            return
        lines = lines_between(before, trace.first, number)
        if len(lines) == number - trace.first:
            trace.open_with(lines)
        else:
            trace.open_with([self.announced])
            trace.cut()

    def _torn(self, trace: Trace) -> None:
        if trace.form == "plain" and not trace.lead and 0 < trace.first - self.lead <= FOREIGN_LIMIT and self.lead:
            trace.first, trace.lead = self.lead, "thread"
        self.lead = 0

    def abandon(self) -> list[Trace]:
        """Return the tracebacks that have frames but no end; the log is over."""
        left = [trace for trace in self.traces if trace.frames and not trace.done]
        self.traces = []
        return left

    def _finished(self, trace: Trace) -> Trace | None:
        return trace if trace.done and not trace.chain else None

    def _header(self, number: int, text: str, at: int, before: Before) -> tuple[bool, Trace | None]:
        prefix, rest = text[:at], text[at + len(traceback_lines.HEADER) :]
        if "\\n" in rest:
            return self._embedded(number, text, rest)
        continued = self._continued(number, prefix)
        if continued:
            continued.add(number, text)
            continued.root_files = continued.root_files or continued.files
            continued.done = continued.chain = False
            if traceback_lines.is_ipython_head(prefix):
                continued.form, continued.prefix = "ipython", prefix.strip()
            return True, None
        group = next((t for t in self.traces if t.form == "group" and not t.done), None)
        if group and re.match(r"^\s*[|+]", prefix):
            group.add(number, text)
            return True, None
        trace = _opened(number, prefix, before)
        self._begin(trace, number, before)
        trace.add(number, text)
        self.traces = [*self.traces[-(OPEN_LIMIT - 1) :], trace]
        return True, None

    def _continued(self, number: int, prefix: str) -> Trace | None:
        original = prefix.rstrip().endswith("Original")
        plain = prefix.replace("Original ", "")
        for trace in reversed(self.traces):
            same = trace.behind_prefix(number, plain) in ("", "  ", "  + Exception Group ") or plain.strip("─╭ ") == ""
            same = same or (not trace.prefix and traceback_lines.is_ipython_head(prefix))
            if trace.done and same and (trace.chain or original):
                trace.original = trace.original or original
                return trace
        return None

    def _embedded(self, number: int, text: str, rest: str) -> tuple[bool, Trace | None]:
        body = rest.replace('\\"', '"').replace("\\\\n", "\n").replace("\\n", "\n").split("\n")
        inner = Tracebacks()
        inner.read(number, traceback_lines.HEADER + ":", UNKNOWN)
        found: Trace | None = None
        for line in body[1:]:
            plain = re.sub(r'["\'][,}\]].*$|"$', "", line) if not line.startswith(" ") else line
            found = inner.read(number, plain, UNKNOWN)[1] or found
        if found is None:
            return False, None
        found.forget_text()
        found.embedded, found.done = True, True
        found.add(number, text)
        return True, found

    def _continue(self, trace: Trace, number: int, text: str) -> bool:
        if traceback_lines.is_chain(text) and number - trace.last <= CHAIN_WINDOW:
            if trace.behind_prefix(number, text) is None and "│" not in text:
                return False
            trace.add(number, text)
            trace.chain = True
            return True
        if traceback_lines.ORIGINAL.match(text) and number - trace.last <= CHAIN_WINDOW:
            trace.chain = trace.original = True
            return True
        return False


def _superseded(trace: Trace, newer: Trace) -> bool:
    over = trace.done and not trace.chain and trace.form == "plain"
    return over and trace.prefix == newer.prefix and trace.last <= newer.first


def _given_up(trace: Trace, number: int) -> bool:
    if trace.done and not trace.chain:
        return number - trace.last > CHAIN_WINDOW or trace.foreign > CHAIN_WINDOW
    return trace.foreign > FOREIGN_LIMIT


def _opened(number: int, prefix: str, before: Before) -> Trace:
    trace = Trace(first=number, last=number, context=before.here())
    stripped = prefix.strip()
    if not prefix:
        pass
    elif stripped.startswith("╭") or stripped.endswith("─"):
        trace.form = "rich"
    elif stripped.endswith("+ Exception Group"):
        trace.form, trace.prefix = "group", prefix[: prefix.index("+")]
    elif traceback_lines.is_ipython_head(prefix):
        trace.form = "ipython"
        trace.prefix = prefix.strip()
    else:
        trace.prefix = cap(prefix.removesuffix("Original "), 300)
    _lead_in(trace, before)
    return trace


def _lead_in(trace: Trace, before: Before) -> None:
    begin = _causes(trace, before) + 1 if trace.form == "plain" and not trace.prefix else 1
    for back in range(begin, begin + 5):
        line = before(back)
        if line is None:
            return
        body = (
            traceback_lines.without_prefix(trace.prefix, line[1]) if trace.prefix and trace.form == "plain" else line[1]
        )
        if body is None:
            return
        if traceback_lines.is_lead(body) or (trace.form == "ipython" and back == 1 and re.match(r"^-{40,}$", body)):
            trace.first, trace.lead = line[0], cap(body, 200)
        elif traceback_lines.is_heading(body):
            trace.previous = " ".join(
                one[1].strip()[:PREVIOUS_CHARS] for one in map(before, (back + 2, back + 1)) if one
            )
            return
        elif not traceback_lines.may_stand_between(body):
            trace.previous = body[:PREVIOUS_CHARS]
            return


def _causes(trace: Trace, before: Before) -> int:
    """Take the exceptions without a traceback of their own that a chain puts before a header; return their lines."""
    back = 0
    while (joint := before(back + 1)) and traceback_lines.is_chain(joint[1]):
        line = before(back + 2)
        found = traceback_lines.exception_of(line[1], follows=False) if line else None
        if line is None or found is None:
            break
        trace.names.insert(0, found[0][:80])
        trace.messages.insert(0, cap(found[1], 300))
        trace.first, back = line[0], back + 2
    del trace.names[PARTS_LIMIT:], trace.messages[PARTS_LIMIT:]
    return back
