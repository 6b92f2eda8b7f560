"""Reads tracebacks line by line: plain, prefixed, torn apart, chained, grouped, IPython's, rich's, inside JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from . import frames
from .progress import announces_handled
from .text import cap

OPEN_LIMIT = 3
FOREIGN_LIMIT = 3000
"""How many lines of others may stand inside a traceback before it is given up (1,117 were seen)."""
CHAIN_WINDOW = 60
HEAD_CHARS = 400
TAIL_CHARS = 600
FILES_CHARS = 400
PARTS_LIMIT = 4
CONTEXT_LINES = 5
CONTEXT_LIMIT = 200

Before = Callable[[int], tuple[int, str] | None]
"""Gives the k-th line before the current one (k from 1): its number and text; None where unknown."""


@dataclass(slots=True)
class Trace:
    """One traceback, or a chain of them, as far as it was read."""

    first: int
    last: int
    prefix: str = ""
    form: str = "plain"
    names: list[str] = field(default_factory=list[str])
    """Exception classes in the order of the text."""
    messages: list[str] = field(default_factory=list[str])
    own: str | None = None
    """Innermost frame in the user's own code, of the newest part."""
    files: str = ""
    """Tail of the files and code lines, for the choice of the type."""
    head: str = ""
    tail: str = ""
    before: list[str] = field(default_factory=list[str])
    handled: bool = False
    """The line before it says that it was dealt with."""
    frames: int = 0
    foreign: int = 0
    follows: bool = True
    chain: bool = False
    original: bool = False
    done: bool = False
    embedded: bool = False
    lead: str = ""
    key: str = ""
    """Of the incident that it was made to."""

    @property
    def exception(self) -> str | None:
        """Class of what finally ended it."""
        if not self.names:
            return None
        return self.names[0] if self.form == "group" or self.original else self.names[-1]

    @property
    def root(self) -> str | None:
        """Class of the first cause."""
        if self.form == "group":
            return next((name for name in self.names if not name.endswith("Group")), self.exception)
        if self.original:
            return self.names[-1]
        return self.names[0] if self.names else None

    @property
    def root_message(self) -> str:
        """Message of the first cause."""
        root = self.root
        return self.messages[self.names.index(root)] if root in self.names else ""

    @property
    def message(self) -> str:
        """Message of what finally ended it."""
        if not self.messages:
            return ""
        return self.messages[0] if self.form == "group" or self.original else self.messages[-1]

    @property
    def text(self) -> str:
        """Its beginning and its end."""
        return self.head + self.tail if len(self.tail) < TAIL_CHARS else f"{self.head} … {self.tail}"

    def add(self, number: int, text: str) -> None:
        """Take a line, or several, as part of it."""
        self.last = number
        self.follows = True
        more = f"\n{text}" if self.head else text
        room = HEAD_CHARS - len(self.head)
        self.head += more[:room]
        if len(more) > room:
            self.tail = (self.tail + more[room:])[-TAIL_CHARS:]

    def add_exception(self, number: int, text: str, found: tuple[str, str]) -> None:
        """Take the line that names the exception."""
        self.add(number, text)
        if len(self.names) < PARTS_LIMIT:
            self.names.append(found[0][:80])
            self.messages.append(cap(found[1], 300))
        else:
            self.names[-1], self.messages[-1] = found[0][:80], cap(found[1], 300)

    def add_frame(self, number: int, text: str, frame: tuple[str, int]) -> None:
        """Take a frame line."""
        self.add(number, text)
        self.frames += 1
        self.files = f"{self.files} {frame[0]}"[-FILES_CHARS:]
        if frames.is_own(frame[0]):
            self.own = cap(f"{frame[0]}:{frame[1]}", 400)


class Tracebacks:
    """All tracebacks that are open at the moment, and those that a chain may still continue."""

    def __init__(self, state: list[dict[str, object]] | None = None) -> None:
        self.traces = [Trace(**item) for item in state or []]  # pyright: ignore[reportArgumentType] our own asdict

    def state(self) -> list[dict[str, object]]:
        """Return what a new one continues from."""
        return [asdict(trace) for trace in self.traces]

    @property
    def waiting(self) -> bool:
        """Whether the next lines may belong to a traceback."""
        return bool(self.traces)

    def read(self, number: int, text: str, before: Before) -> tuple[bool, Trace | None]:
        """Take one line.

        :return: whether it belongs to a traceback, and the traceback that is complete with it (again, when a chain
            made it longer).
        """
        at = frames.header_at(text)
        if at >= 0:
            return self._header(number, text, at, before)
        for trace in reversed(self.traces):
            if trace.done:
                taken = self._continue(trace, number, text)
            else:
                taken = _READERS[trace.form](trace, number, text)
            if taken:
                return True, self._finished(trace)
            trace.foreign += 1
            trace.follows = False
        self.traces = [trace for trace in self.traces if not _given_up(trace, number)]
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
        found = frames.exception_of(lines[-1], follows=True)
        if not found:
            return None
        trace = _opened(number, "", before)
        trace.add(number, lines[0])
        pieces: list[str] = []
        for line in lines[1:-1]:
            frame = frames.frame_of(line) if line.startswith("  File") else None
            if frame:
                trace.frames += 1
            pieces.append(frame[0] if frame else line.strip()[:100])
        trace.files = " ".join(["", *pieces])[-FILES_CHARS:]
        own = (frame for line in reversed(lines) if line.startswith("  File") and (frame := frames.frame_of(line)))
        trace.own = next((cap(f"{file}:{line}", 400) for file, line in own if frames.is_own(file)), None)
        trace.add(last, "\n".join(lines[1:-1]))
        trace.add_exception(last, lines[-1], found)
        trace.done = True
        self.traces = [*self.traces[-(OPEN_LIMIT - 1) :], trace]
        return trace

    def abandon(self) -> list[Trace]:
        """Return the tracebacks that have frames but no end; the log is over."""
        left = [trace for trace in self.traces if trace.frames and not trace.done]
        self.traces = []
        return left

    def _finished(self, trace: Trace) -> Trace | None:
        return trace if trace.done and not trace.chain else None

    def _header(self, number: int, text: str, at: int, before: Before) -> tuple[bool, Trace | None]:
        prefix, rest = text[:at], text[at + len(frames.HEADER) :]
        if "\\n" in rest:
            return self._embedded(number, text, rest)
        continued = self._continued(prefix)
        if continued:
            continued.add(number, text)
            continued.done = continued.chain = False
            return True, None
        group = next((t for t in self.traces if t.form == "group" and not t.done), None)
        if group and re.match(r"^\s*[|+]", prefix):
            group.add(number, text)
            return True, None
        trace = _opened(number, prefix, before)
        add_context(trace, before)
        trace.add(number, text)
        self.traces = [*self.traces[-(OPEN_LIMIT - 1) :], trace]
        return True, None

    def _continued(self, prefix: str) -> Trace | None:
        original = prefix.rstrip().endswith("Original")
        plain = prefix.replace("Original ", "")
        for trace in reversed(self.traces):
            same = (
                frames.without_prefix(trace.prefix, plain) in ("", "  ", "  + Exception Group ")
                or plain.strip("─╭ ") == ""
            )
            if trace.done and same and (trace.chain or original):
                trace.original = trace.original or original
                return trace
        return None

    def _embedded(self, number: int, text: str, rest: str) -> tuple[bool, Trace | None]:
        body = rest.replace('\\"', '"').replace("\\\\n", "\n").replace("\\n", "\n").split("\n")
        inner = Tracebacks()
        inner.read(number, frames.HEADER + ":", lambda _: None)
        found: Trace | None = None
        for line in body[1:]:
            plain = re.sub(r'["\'][,}\]].*$|"$', "", line) if not line.startswith(" ") else line
            found = inner.read(number, plain, lambda _: None)[1] or found
        if found is None:
            return False, None
        found.head, found.tail, found.embedded, found.done = "", "", True, True
        found.add(number, text)
        return True, found

    def _continue(self, trace: Trace, number: int, text: str) -> bool:
        if frames.CHAIN.search(text) and number - trace.last <= CHAIN_WINDOW:
            if frames.without_prefix(trace.prefix, text) is None and "│" not in text:
                return False
            trace.add(number, text)
            trace.chain = True
            return True
        return False


def _given_up(trace: Trace, number: int) -> bool:
    if trace.done and not trace.chain:
        return number - trace.last > CHAIN_WINDOW or trace.foreign > CHAIN_WINDOW
    return trace.foreign > FOREIGN_LIMIT


def _opened(number: int, prefix: str, before: Before) -> Trace:
    trace = Trace(first=number, last=number)
    stripped = prefix.strip()
    if stripped.startswith("╭") or stripped.endswith("─"):
        trace.form = "rich"
    elif stripped.endswith("+ Exception Group"):
        trace.form, trace.prefix = "group", prefix[: prefix.index("+")]
    elif re.fullmatch(r"[\w.]+ {2,}", prefix):
        trace.form = "ipython"
        trace.prefix = prefix.strip()
    else:
        trace.prefix = cap(prefix.removesuffix("Original "), 300)
    _lead_in(trace, before)
    return trace


def add_context(trace: Trace, before: Before) -> None:
    """Note the lines before it."""
    for back in range(1, 13):
        line = before(back)
        if line is None or len(trace.before) == CONTEXT_LINES:
            break
        if line[0] < trace.first:
            trace.before.insert(0, cap(line[1], CONTEXT_LIMIT))


def _lead_in(trace: Trace, before: Before) -> None:
    for back in range(1, 6):
        line = before(back)
        if line is None:
            return
        body = frames.without_prefix(trace.prefix, line[1]) if trace.form == "plain" else line[1]
        if body is None:
            return
        if frames.is_lead(body) or (trace.form == "ipython" and back == 1 and re.match(r"^-{40,}$", body)):
            trace.first, trace.lead = line[0], cap(body, 200)
        elif not frames.may_stand_between(body):
            trace.handled = announces_handled(body)
            return


def _plain(trace: Trace, number: int, text: str) -> bool:
    body = frames.without_prefix(trace.prefix, text)
    if body is None or not trace.frames:
        if re.match(r'^(?:> | {2})File "', text):
            trace.prefix, body = "", text
        elif body is None:
            return False
    frame = frames.frame_of(body) if body.startswith(("  File", "> File")) else None
    if frame:
        trace.add_frame(number, text, frame)
    elif not body.strip():
        return trace.follows
    elif body[0] in " \t":
        if not trace.frames or not trace.follows and not body.startswith("    "):
            return False
        trace.files = f"{trace.files} {body.strip()[:100]}"[-FILES_CHARS:]
        trace.add(number, text)
    else:
        return bool(trace.frames) and _ends(trace, number, body, text)
    return True


def _ends(trace: Trace, number: int, body: str, text: str) -> bool:
    found = frames.exception_of(body.rstrip(), follows=trace.follows)
    if not found:
        return False
    trace.add_exception(number, text, found)
    trace.done = True
    trace.foreign = 0
    return True


def _group(trace: Trace, number: int, text: str) -> bool:
    inside = re.match(r"^\s*(?P<sign>[|+])(?P<body>.*)$", text)
    if not inside:
        trace.done = bool(trace.names)
        return False
    body = inside["body"][1:] if inside["body"].startswith(" ") else inside["body"]
    frame = frames.frame_of(body) if "File" in body else None
    found = frames.exception_of(body.rstrip(), follows=True) if inside["sign"] == "|" else None
    if frame:
        trace.add_frame(number, text, frame)
    elif found:
        trace.add_exception(number, text, found)
    else:
        trace.add(number, text)
    if re.match(r"^-{20,}$", body) and text.startswith(trace.prefix + "  +-") and "-+" not in body:
        trace.done = bool(trace.names)
    return True


def _ipython(trace: Trace, number: int, text: str) -> bool:
    frame = frames.frame_of(text) if "File" in text or ".py" in text else None
    if frame:
        trace.add_frame(number, text, frame)
        return True
    found = frames.exception_of(text.rstrip(), follows=True)
    if found and found[0] == trace.prefix.rpartition(".")[2]:
        trace.add_exception(number, text, found)
        trace.done = True
        trace.form, trace.prefix = "plain", ""
        return True
    if len(trace.files) < 400 or trace.foreign < 600:
        trace.foreign += 1
        trace.add(number, text)
        return True
    return False


def _rich(trace: Trace, number: int, text: str) -> bool:
    body = text.strip()
    if body[:1] in ("│", "┃", "╭", "╰", "❱"):
        frame = frames.frame_of(body)
        if frame:
            trace.add_frame(number, text, frame)
        else:
            trace.add(number, text)
        return True
    if not body:
        return trace.follows
    found = frames.exception_of(body, follows=trace.follows)
    if found:
        trace.add_exception(number, text, found)
        trace.done = True
        return True
    return False


_READERS: dict[str, Callable[[Trace, int, str], bool]] = {
    "plain": _plain,
    "group": _group,
    "ipython": _ipython,
    "rich": _rich,
}
