"""One failure as the recogniser carries it: the finding, and what happened after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ...vocabulary.runs import ErrorType, Finding, Level
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


class Before(Protocol):
    """The lines before the current one."""

    def __call__(self, back: int) -> tuple[int, str] | None:
        """Return the k-th that is not blank (k from 1): number and text; None where unknown."""
        ...

    def here(self) -> Before:
        """Return one that stays at this line; it holds the bytes at hand, so not for long."""
        ...

    def at(self, index: int) -> Before:
        """Return one that stays before segment `index` of the bytes at hand."""
        ...


class _Unknown:
    def __call__(self, back: int) -> tuple[int, str] | None:  # noqa: ARG002 (the protocol's)
        return None

    def here(self) -> Before:
        return self

    def at(self, index: int) -> Before:  # noqa: ARG002 (the protocol's)
        return self


UNKNOWN: Before = _Unknown()
"""Where nothing is known of the lines before."""


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


@dataclass(frozen=True, slots=True)
class Fate:
    """Where the newest occurrence of a failure stands and what came after it; see the fields of `Incident`."""

    newest: int
    newest_last: int
    went_on: bool = False
    others: int = 0
    bar: str = ""
    settled: bool = False
    moved: int = 0
    closed: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Incident:
    """A failure and its fate. `kind` is traceback, native, error, word, lead, harmless, metric or mcmc.

    Line, last line, frame, text and the lines around are those of its first occurrence; a repetition moves the count
    and what only the judgement needs (`newest`, `newest_last`, the fate). Of a metric or a sampler's diagnostic, which
    is a state and no event, `last` is the newest line that states it.
    """

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
    newest_last: int = 0
    """Last line of its newest occurrence."""
    handled: bool = False
    """Its own words, or a record of a lower level before it, say that it was dealt with."""
    ignored: bool = False
    """Told by an interpreter or an event loop that goes on regardless."""
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
    """The level that was reported when it was last settled."""
    complete: bool = False
    """Its first occurrence is over, because it came again."""
    slimmed: bool = False
    earlier: Fate | None = None
    """Its fate before its newest repetition."""
    divergent: int = 0
    """Divergences that were last stated, of `draws` draws; 0 for anything else."""
    draws: int = 0
    rhat: float = 0.0
    """The largest R-hat that was stated."""
    grace: int = 0
    """Somebody outside of the process was about to end it: so many signs of progress behind it are no recovery."""
    moved: int = 0
    """How many signs of progress such a process gave."""
    closed: bool = False
    """Closing words stood behind it ("done", "training complete"), which a script also says after a failure."""
    suspect: bool = False
    belongs_to: str = ""

    def follow(self, number: int, lines: list[str]) -> None:
        """Note lines behind its first occurrence, whatever they say; those in between that were not noted are blank.

        :param number: line of the first of them.
        """
        place = number - self.last - 1
        if self.complete or self.slimmed or place >= CONTEXT_LINES:
            return
        if place < 0:
            lines, place = lines[-place:], 0
        if lines:
            self.after += [""] * (place - len(self.after))
            self.after[place:] = [cap(text, CONTEXT_LIMIT) for text in lines[: CONTEXT_LINES - place]]

    def reach(self, last: int) -> None:
        """Extend it to a line; what stood after it and now belongs to it goes."""
        self.newest_last = last
        if not (self.complete or self.slimmed):  # what was handed out already quotes the lines as they were counted
            self.after = self.after[max(last - self.last, 0) :]
            self.last = last

    def witness(self, text: str, sign: Sign, position: str) -> None:
        """Take a line of other text after it, with its sign and, for a bar, its position."""
        silent = not (self.message or self.complete or self.slimmed)
        if silent and self.kind == "traceback" and any(map(str.isalpha, text)):
            self.message = cap(text.strip(), MESSAGE_LIMIT)
        if sign is Sign.NONE:
            return
        if self.others < 2 and dealt_with_afterwards(text):
            self.handled = True
        if sign is Sign.BAR or (sign is Sign.COUNT and not self.apart):
            self._goes_on(moved=bool(self.bar and self.bar != position))
            self.bar = position
            return
        self.others += 1
        self.closed = self.closed or sign is Sign.CLOSING
        self._goes_on(moved=sign is Sign.STRONG or self.others > VOLUME_LINES)

    def _goes_on(self, *, moved: bool) -> None:
        self.moved += moved
        self.went_on = self.went_on or self.moved > self.grace

    def happened_again(self, first: int, last: int) -> None:
        """Count another occurrence; its fate is open again."""
        self.earlier = Fate(
            *(self.newest, self.newest_last, self.went_on, self.others, self.bar, self.settled, self.moved, self.closed)
        )
        self.count += 1
        self.complete = True
        self._meets(Fate(first, last))

    def did_not_happen_again(self) -> None:
        """Take the newest repetition back: it turned out to be another failure."""
        self.count -= 1
        if self.earlier is not None and not self.went_on:
            self._meets(self.earlier)
        self.earlier = None

    def _meets(self, fate: Fate) -> None:
        self.newest, self.newest_last, self.went_on = fate.newest, fate.newest_last, fate.went_on
        self.others, self.bar, self.settled = fate.others, fate.bar, fate.settled
        self.moved, self.closed = fate.moved, fate.closed

    def statement(self) -> str:
        """Return the message that is true now."""
        if not self.divergent:
            return self.message
        what = "divergence" if self.divergent == 1 else "divergences"
        if self.divergent > self.draws:  # the draws that the log states cannot be those of which it speaks
            return f"{self.divergent} {what}"
        return f"{self.divergent} {what} in {self.draws} draws ({_percent(self.divergent / max(self.draws, 1))})"

    def finding(self) -> Finding:
        """Return it as the rest of the project knows it; of one that was slimmed without what was told before."""
        return Finding(
            kind=self.kind,
            level=self.level,
            type=self.type,
            message="" if self.slimmed else self.statement(),
            fingerprint=self.fingerprint,
            line=self.line,
            last_line=self.last,
            exception=self.exception,
            root_exception=self.root,
            frame=None if self.slimmed else self.frame,
            text=self.text,
            before=tuple(self.before),
            after=tuple(self.after),
            count=self.count,
            emergency=self.emergency,
            advice=self.advice,
            suspect=self.suspect,
            belongs_to=self.belongs_to,
        )

    def slim(self) -> None:
        """Forget what is only for reading; it was handed out already."""
        self.slimmed = True
        self.text, self.opening, self.before, self.after = "", "", [], []
        self.message = cap(self.message, 160)
        self.frame = cap(self.frame, 160) if self.frame else None


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.1g}%"  # "0.0%" beside a count would look like none
