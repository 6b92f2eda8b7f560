"""One failure as the recogniser carries it: the finding, and what happened after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..runs import ErrorType, Finding, Level
from .progress import Sign, dealt_with_afterwards
from .text import cap

CONTEXT_LINES = 5
CONTEXT_LIMIT = 200
MESSAGE_LIMIT = 400
TEXT_LIMIT = 2400
USUAL_LINES = 12
"""How many lines before a failure are remembered."""
VOLUME_LINES = 200
"""After so many lines of other text a run went on, whatever they say."""


Before = Callable[[int], tuple[int, str] | None]
"""Gives the k-th line before the current one that is not blank (k from 1): number and text; None where unknown."""


def lines_before(before: Before, first: int) -> list[str]:
    """Return the lines that stand before a failure, as far as they are known; blank ones are empty."""
    return [cap(text, CONTEXT_LIMIT) for text in lines_between(before, first - CONTEXT_LINES, first)]


def lines_between(before: Before, first: int, behind: int) -> list[str]:
    """Return the lines from `first` to the one before `behind`; fewer if the first of them are not known.

    Each line of the log is one item: of a line of several frames the newest, of a blank line an empty text.
    """
    known: dict[int, str] = {}
    for back in range(1, USUAL_LINES + 1):
        line = before(back)
        if line is None:
            break
        known.setdefault(*line)
        if line[0] < first:
            break
    start = max(first, min(known, default=behind))
    return [known.get(number, "") for number in range(start, behind)]


@dataclass(slots=True, kw_only=True, eq=False)
class Incident:
    """A failure and its fate. `kind` is traceback, native, error, word, lead, harmless, metric or mcmc."""

    key: str
    kind: str
    line: int
    last: int
    type: ErrorType
    level: Level
    message: str = ""
    exception: str | None = None
    root: str | None = None
    frame: str | None = None
    fingerprint: str = ""
    text: str = ""
    """Consecutive lines of the log from `line` on."""
    opening: str = ""
    """Those before a traceback that belongs to it."""
    before: list[str] = field(default_factory=list[str])
    after: list[str] = field(default_factory=list[str])
    """The lines behind `last`."""
    count: int = 1
    emergency: bool = False
    advice: str = ""
    rule: str = ""
    """Name of the rule that found it."""
    newest: int = 0
    """First line of its newest occurrence."""
    handled: bool = False
    """Its own words, or a record of a lower level before it, say that it was dealt with."""
    apart: bool = False
    """Of a thread, a worker or a rank: others may go on while this one is dead."""
    fatal: bool = False
    """Of a kind that ends a process."""
    stated: bool = False
    """By the sampler's own sentence, which knows better than its progress."""
    went_on: bool = False
    others: int = 0
    """Lines of other text after its newest occurrence."""
    bar: str = ""
    absorbed: int = 0
    """How often its like stood directly behind it, which is not counted."""
    settled: bool = False
    told: Level | None = None
    """The level that was told when it was last settled."""

    def follow(self, number: int, text: str) -> None:
        """Note a line after it, whatever it says; those in between that were not noted are blank.

        Behind a repeated failure nothing is noted: which of its neighbours are read depends on how the log is cut.
        """
        place = number - self.last - 1
        if self.text and self.count == 1 and 0 <= place < CONTEXT_LINES:
            self.after += [""] * (place - len(self.after))
            self.after[place:] = [cap(text, CONTEXT_LIMIT)]

    def reach(self, last: int) -> None:
        """Extend it to a line; what stood after it and now belongs to it goes."""
        self.after = self.after[max(last - self.last, 0) :]
        self.last = last

    def witness(self, text: str, sign: Sign, position: str) -> None:
        """Take a line of other text after it, with its sign and, for a bar, its position."""
        if self.count == 1 and not self.message and self.kind == "traceback":
            self.message = cap(text.strip(), MESSAGE_LIMIT)
        if sign is Sign.NONE:
            return
        if sign is Sign.BAR:
            self.went_on = self.went_on or bool(self.bar and self.bar != position)
            self.bar = position
            return
        if self.others < 2 and dealt_with_afterwards(text):
            self.handled = True
        self.others += 1
        if sign is Sign.STRONG or self.others > VOLUME_LINES:
            self.went_on = True

    def happened_again(self, first: int, last: int) -> None:
        """Count another occurrence; its fate is open again."""
        self.count += 1
        self.newest, self.last, self.after = first, last, []
        self.went_on, self.others, self.bar, self.settled = False, 0, "", False

    def finding(self) -> Finding:
        """Return it as the rest of the project knows it."""
        return Finding(
            kind=self.kind,
            level=self.level,
            type=self.type,
            message=self.message,
            fingerprint=self.fingerprint,
            line=self.line,
            last_line=self.last,
            exception=self.exception,
            root_exception=self.root,
            frame=self.frame,
            text=self.text,
            before=tuple(self.before),
            after=tuple(self.after),
            count=self.count,
            emergency=self.emergency,
            advice=self.advice,
        )

    def slim(self) -> None:
        """Forget what is only for reading; it was handed out already."""
        self.text, self.opening, self.before, self.after = "", "", [], []
        self.message = cap(self.message, 160)
        self.frame = cap(self.frame, 160) if self.frame else None
