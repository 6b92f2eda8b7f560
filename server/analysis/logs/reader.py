"""Reads a log line by line where there is something to read, and hands each line to whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import mcmc, nonfinite, progress, traceback_lines
from .blocks import Block
from .incident import CONTEXT_LIMIT, Before, lines_before
from .incident_maker import IncidentMaker
from .prefilter import SHAPE_LIMIT
from .register import Register
from .rules import Rules
from .sampling import Sampling
from .text import CONTROLS, SHAPELESS, cap, decode, plain, shape
from .values import Values

LOOKS_LIMIT = 5000
PLAIN_HEADER = b"Traceback (most recent call last):"
WHOLE_LIMIT = 400
FORGET_EVERY = 1024
"""In lines with so many numbers `Values` looks for metrics that are not printed any more."""
_OPENING = (b"Exception in thread", b"Process ")
_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_EMPTY: nonfinite.Sight = ((), ())


@dataclass(frozen=True, slots=True)
class Look:
    """What the shape of a line says about it: cheap to ask for a second time."""

    rules: tuple[int, ...]
    sampler: bool
    sight: nonfinite.Sight
    wrapped: bool = False
    """Begins with a value that is not finite; its name may stand at the end of the line before."""
    only_values: bool = False
    """Whether it can say nothing but values that are finite or not."""
    only_counts: bool = False
    """Whether it can say nothing but a sampler's counts."""


class _Excerpt:
    """A line and those before it, read when they are asked for."""

    __slots__ = ("_before", "_clean", "_index", "_number")

    def __init__(self, number: int, clean: bytes, before: Before, index: int) -> None:
        self._number, self._clean, self._before, self._index = number, clean, before, index

    def __call__(self) -> nonfinite.Excerpt:
        return cap(plain(self._clean), CONTEXT_LIMIT), lines_before(self._before.at(self._index), self._number)


class Reader:
    """Everything that is known of a log's content. `hungry` asks for every line, not only the promising ones."""

    def __init__(self, rules: Rules, state: Mapping[str, Any]) -> None:
        self.register = Register(state.get("register"))
        self.last_failed: int = state.get("last_failed", 0)
        self._rules = rules
        self._maker = IncidentMaker(rules, self.register, state.get("failures", {}))
        self._sampling = Sampling(rules.levels, self.register, state.get("mcmc", {}))
        self._values = Values(self.register, state.get("nonfinite"))
        self._line: int = state.get("line", 0)
        self._looks: dict[bytes, Look] = {}
        self._nothing: set[bytes] = set()
        """Lines, their digits made zeros, that turned out to tell nothing although a rule's word stands in them."""
        self._tracebacks = self._maker.tracebacks
        self._nonfinite = self._values.nonfinite
        self._mcmc = self._sampling.mcmc

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return {
            "register": self.register.state(),
            "failures": self._maker.state(),
            "nonfinite": self._nonfinite.state(),
            "mcmc": self._mcmc.state(),
            "last_failed": self.last_failed,
            "line": self._line,
        }

    @property
    def hungry(self) -> bool:
        """Whether the next line matters whatever it is."""
        return bool(
            self.register.pending or self._tracebacks.traces or self._nonfinite.open or self._mcmc.reads_on(self._line)
        )

    def skip(self, block: Block, found: list[int], at: int) -> int:
        """Pass over candidates like those that told nothing before, and over divergences that are no news.

        Only for the time when it is not hungry.

        :param found: indexes of the segments worth reading.
        :return: the first place in `found` that must be read.
        """
        if at == len(found):  # the usual case: no need to split the block into lines
            return at
        clean, nothing, begin = block.clean, self._nothing, at
        while at < len(found) and (
            clean[found[at]].translate(_ALIKE) in nothing or self._counts_again(block, found[at])
        ):
            at += 1
        if at > begin:
            self._line = block.number(found[at - 1])
        return at

    def _counts_again(self, block: Block, index: int) -> bool:
        clean = block.clean[index]
        look = self._looks.get(clean.translate(None, SHAPELESS))
        if look is None or not look.only_counts:
            return False
        return self._sampling.again(block.number(index), clean.translate(None, CONTROLS))

    def read(self, number: int, clean: bytes, before: Before) -> None:
        """Take one line or frame.

        :param clean: without its end and without colours.
        :param before: gives the lines before it that are not blank.
        """
        self._line = number
        if not clean or clean.isspace():
            return
        text = ""
        if self.register.pending:
            text = plain(clean)
            self.register.follow(number, [text])
        opens = self._tracebacks.traces or _may_open(clean)
        if opens and self._maker.read(number, text := text or plain(clean), before):
            self.last_failed = number
            return
        look = self._look(clean)
        if look.wrapped:
            look = _unwrapped(look, clean, before)
        if look.sight[0] == (nonfinite.STATED,) and progress.announces_handled(plain(clean)):
            look = replace(look, sight=_EMPTY)
        if self._nonfinite.open and _may_pass(clean) and progress.passed(plain(clean)):
            self._values.passed()
        bad, good = look.sight
        if bad or (self._nonfinite.open and good):
            self._values.read(number, clean, look.sight, before.here() if bad else before)
        sampler = look.sampler or self._mcmc.reads_on(number)
        if not (look.rules or sampler or self.register.pending):
            return
        text = text or plain(clean)
        if look.rules and self._maker.single(number, text, look.rules, before):
            self.last_failed = number
        elif sampler and self._sampling.read(number, text, before):
            self._maker.hear(number, text)
        else:
            self._maker.witness(number, text)
            if not (opens or bad or sampler or look.wrapped):
                self._note_nothing(text, clean, look)

    def _note_nothing(self, text: str, clean: bytes, look: Look) -> None:
        told_by_context = traceback_lines.is_syntax_error(text) or progress.is_warning(text)
        if len(clean) > SHAPE_LIMIT or told_by_context or self._rules.name_digits(look.rules):
            return
        if len(self._nothing) >= LOOKS_LIMIT:
            self._nothing.clear()
        self._nothing.add(clean.translate(_ALIKE))

    def skim(self, block: Block, index: int, before: Before) -> int:
        """Read as many lines as need no more than a glance; return the index of the first that does.

        Only for the time when nothing but values that are not finite is waited for.
        """
        follows, begin = self._nonfinite, index
        if self.register.pending or self._tracebacks.traces or self._mcmc.reads_on(self._line):
            return index
        clean, looks, again, passes = block.clean, self._looks, self._values.again, follows.passes
        alarmed = self._values.alarmed
        while index < len(clean) and follows.open:
            look = looks.get(clean[index].translate(None, SHAPELESS) + b"\n")
            if look is None or not look.only_values:
                break
            seen = look.sight
            if seen is not _EMPTY:
                number = block.number(index)
                if alarmed:
                    taken = not seen[1] and again(number, seen[0])
                else:
                    excerpt = _Excerpt(number, clean[index], before, index)
                    taken = number % FORGET_EVERY != 0 and passes(number, seen, excerpt)
                if not taken:
                    break
            index += 1
        if index > begin:
            self._line = block.number(index - 1)
        return index

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
        text = decode(b"\n".join(clean[index : end + 1]).translate(None, CONTROLS))
        lines = [line.rstrip() for line in text.split("\n")]
        if not all(lines):
            return index
        self.register.follow(first, lines)
        if not self._maker.whole(first, lines, last, before):
            return index
        self._line = self.last_failed = last
        return end + 1

    def rest(self) -> None:
        """Let go of the bytes of a block."""
        self._maker.rest()
        self._nonfinite.rest()

    def finish(self) -> None:
        """The log is over: take what is left open."""
        self._maker.finish()
        self._values.finish()

    def _look(self, clean: bytes) -> Look:
        form = shape(clean)
        if self._nonfinite.open:
            form += b"\n"  # now the finite values matter too: another look
        known = self._looks.get(form)
        if known:
            return known
        rules = self._rules.among(form)
        seen = _EMPTY
        if self._nonfinite.open or nonfinite.may_show(form):
            seen = nonfinite.sight(plain(clean))
            seen = seen if any(seen) else _EMPTY
        sampler, wrapped = any(word in form for word in mcmc.WORDS), nonfinite.is_wrapped(form)
        other = bool(rules or wrapped or _may_open(form) or _may_pass(form))
        only_counts = sampler and not (other or seen[0])
        look = Look(rules, sampler, seen, wrapped, only_values=not (other or sampler), only_counts=only_counts)
        if len(form) <= SHAPE_LIMIT:
            if len(self._looks) >= LOOKS_LIMIT:
                self._looks.clear()
            self._looks[form] = look
        return look


def _may_open(clean: bytes) -> bool:
    """Whether a traceback may begin in a line."""
    return b"Traceback" in clean or clean.startswith(_OPENING)


def _may_pass(clean: bytes) -> bool:
    """Whether a line may say that a test has passed."""
    return b"PASSED" in clean or clean.rstrip().endswith(b"ok")


def _unwrapped(look: Look, clean: bytes, before: Before) -> Look:
    line = before(1)
    if line is None or not line[1].rstrip().endswith(":"):
        return look
    joined = f"{line[1].rstrip()[-60:]} {plain(clean).strip()}"
    return replace(look, sight=nonfinite.sight(joined))
