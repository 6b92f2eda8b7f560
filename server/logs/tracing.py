"""One traceback, or a chain of them, as far as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import frames
from .incident import Before, lines_before
from .text import cap

HEAD_CHARS = 400
TAIL_CHARS = 600
FILES_CHARS = 400
PARTS_LIMIT = 4


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
    previous: str = ""
    """The line before it, which may say that it was dealt with."""
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
        if self.original:
            return self.messages[-1]
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
        """Take the line that names the exception, or all lines up to it."""
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


def add_context(trace: Trace, before: Before) -> None:
    """Note the lines before it."""
    trace.before = lines_before(before, trace.first)
