"""One traceback, or a chain of them, as far as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from . import traceback_lines as frames
from .incident import TEXT_LIMIT, Before, lines_before
from .text import CAP_MARK, cap, cap_end, json_size

FILES_CHARS = 1500
PARTS_LIMIT = 4
_NOTES = ("SimplifiedTraceback", "UnfilteredStackTrace")
"""What JAX puts at the head of a chain to say how it shortened it: no cause."""


def _no_texts() -> list[str]:
    return []  # as a factory, list[str] takes three times as long


@dataclass(slots=True)
class Trace:
    """One traceback, or a chain of them, as far as it was read."""

    first: int
    last: int
    prefix: str = ""
    form: str = "plain"
    counted: int = 0
    """The line whose own number stands in the prefix, where each line has one; 0 without."""
    names: list[str] = field(default_factory=_no_texts)
    """Exception classes in the order of the text."""
    messages: list[str] = field(default_factory=_no_texts)
    own: str | None = None
    """Innermost frame in the user's own code, of the newest part."""
    files: str = ""
    """Tail of the files, functions and code lines, for the choice of the type."""
    root_files: str = ""
    """The same of the first part of a chain, once there is another part."""
    head: str = ""
    """The lines of the log from `first` on, its own and those of others that stand between them."""
    seen: int = 0
    """Line of the newest in `head`."""
    kept: int = 0
    """How much of `head` reaches to the newest line of its own."""
    size: int = 0
    """Of `head`, as JSON."""
    capped: bool = False
    before: list[str] = field(default_factory=_no_texts)
    """The lines before it, once they were noted."""
    context: Before | None = None
    """Where to read them until then."""
    held: list[str] = field(default_factory=_no_texts)
    """Lines of its own that were not looked at in detail yet: of most tracebacks nobody asks for more."""
    later: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Lines of others behind them."""
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
    again: Literal["", "counted", "absorbed"] = ""
    """How it was taken as a repetition of that."""

    def behind_prefix(self, number: int, text: str) -> str | None:
        """Return what a line says behind the prefix of this traceback; None if it has another one."""
        rest = frames.without_prefix(self.prefix, text)
        if rest is None and (self.counted or not self.frames):
            seen = self.counted or self.first
            if prefix := frames.counted_on(self.prefix, text, number - seen):
                self.prefix, self.counted = prefix, number
                rest = text[len(prefix) :]
        return rest

    @property
    def exception(self) -> str | None:
        """Class of what finally ended it."""
        if not self.names:
            return None
        name = self.names[0] if self.form == "group" or self.original else self.names[-1]
        return name.partition("(")[0]

    @property
    def root(self) -> str | None:
        """Class of the first cause."""
        if self.form == "group":
            return next((name for name in self.names if not name.endswith("Group")), self.exception)
        if self.original:
            return _carried(self.names[-1])
        causes = [name for name in self.names if name not in _NOTES] or self.names
        return _carried(causes[0]) if causes else None

    @property
    def root_message(self) -> str:
        """Message of the first cause."""
        if self.original:
            return self.messages[-1]
        root = self.root
        roots = [_carried(name) for name in self.names]
        return self.messages[roots.index(root)] if root in roots else ""

    @property
    def files_of_root(self) -> str:
        """Files, functions and code lines of the first cause."""
        return self.files if self.original else self.root_files or self.files

    @property
    def message(self) -> str:
        """Message of what finally ended it."""
        if not self.messages:
            return ""
        return self.messages[0] if self.form == "group" or self.original else self.messages[-1]

    @property
    def text(self) -> str:
        """The lines of the log from its first to its last, as many as there is room for."""
        self.settle()
        return self.head[: self.kept]

    def add(self, number: int, text: str) -> None:
        """Take a line as part of it."""
        self.settle()
        self.last = number
        self.follows = True
        self._note(number, text)
        self.kept = len(self.head)

    def see(self, number: int, text: str) -> None:
        """Take a line that stands among its own; those in between that were not taken are blank."""
        if self.held:
            self.later.append((number, text[: TEXT_LIMIT + 1]))
        elif number > self.seen or (number == self.seen and self.kept < len(self.head)):
            self._note(number, text)

    def see_block(self, first: int, lines: list[str]) -> None:
        """Take consecutive lines that stand among its own: the same as one by one."""
        if first > self.seen and not self.held:
            self._append(first, lines)
        else:
            for number, line in enumerate(lines, first):
                self.see(number, line)

    def hold(self, first: int, lines: list[str]) -> None:
        """Take all lines of a plain traceback, the header and the exception among them, as its own."""
        self.last = first + len(lines) - 1
        self.held = lines
        self.frames = len(lines) - 2
        for line in reversed(lines):
            frame = frames.frame_of(line) if line.startswith("  File") else None
            if frame and frames.is_own(frame[0]):
                self.own = cap(f"{frame[0]}:{frame[1]}", 400)
                break

    def settle(self) -> None:
        """Note what is at hand now only: the lines before it, and those that are held."""
        if self.context:
            self.before, self.context = lines_before(self.context, self.first), None
        if self.held:
            lines, self.held = self.held, []
            self._append(self.last - len(lines) + 1, lines)
            self.kept = len(self.head)
            inner = [frames.frame_of(line) if line.startswith("  File") else None for line in lines[1:-1]]
            pieces = [
                frames.place_of(one[0], line) if one else line.strip()[:100]
                for one, line in zip(inner, lines[1:-1], strict=True)
            ]
            self.files = " ".join(["", *pieces])[-FILES_CHARS:]
            later, self.later = self.later, []
            for number, text in later:
                self.see(number, text)

    def _note(self, number: int, text: str) -> None:
        if number == self.seen and not self.capped:
            self.head = self.head[: self.head.rfind("\n") + 1]
            self.size = json_size(self.head)
        self._append(number, [text])

    def _append(self, first: int, lines: list[str]) -> None:
        if self.capped:
            return
        gap = min(first - self.seen, TEXT_LIMIT) if self.seen else 0
        text = "\n".join(lines)
        head = self.head + "\n" * gap + text if gap else self.head + text
        self.seen = first + len(lines) - 1
        self.size += 2 * gap + json_size(text)
        self.capped = self.size > TEXT_LIMIT
        self.head = cap_end(head, TEXT_LIMIT) if self.capped else head

    def open_with(self, lines: list[str]) -> None:
        """Take the lines before its header that announced it, the first of them at `first`."""
        for number, line in enumerate(lines, self.first):
            self._note(number, line)

    def cut(self) -> None:
        """Leave out what follows."""
        self.head, self.capped = self.head + CAP_MARK, True

    def forget_text(self) -> None:
        """Begin its text anew."""
        self.head, self.seen, self.kept, self.size, self.capped = "", 0, 0, 0, False

    def add_exception(self, number: int, text: str, found: tuple[str, str]) -> None:
        """Take the line that names the exception."""
        self.add(number, text)
        self.name(found)

    def name(self, found: tuple[str, str]) -> None:
        """Take the class and the message of an exception."""
        if len(self.names) < PARTS_LIMIT:
            self.names.append(found[0][:80])
            self.messages.append(cap(found[1], 300))
        else:
            self.names[-1], self.messages[-1] = found[0][:80], cap(found[1], 300)

    def add_frame(self, number: int, text: str, frame: tuple[str, int]) -> None:
        """Take a frame line."""
        self.add(number, text)
        self.frames += 1
        self.files = f"{self.files} {frames.place_of(frame[0], text)}"[-FILES_CHARS:]
        if frames.is_own(frame[0]):
            self.own = cap(f"{frame[0]}:{frame[1]}", 400)


def _carried(name: str) -> str:
    """Return the class that an exception carries: KeyError of RayTaskError(KeyError)."""
    return name.partition("(")[2].rstrip(")") or name
