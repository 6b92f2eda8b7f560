"""How far a run said it would go, and how far it came: for runs that end well before their end.

Followed is the outermost counter that a log announces with its total ("Epoch 4/50", "step 10 of 100"). Lines are read
when somebody asks: of blocks that are caught up on, only the last ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .blocks import Block
from .metrics import read_metrics
from .text import cap, decode, strip

TAIL_BYTES = 16 * 1024
BLOCKS_LIMIT = 4
RARELY = 10
"""Runs of so few epochs (a quick phase) that print each fifth or tenth may tell of the first one only."""
STALE = 2
"""So many positions after its best validation a run may have been stopped for that, without a word."""
_POSITION = re.compile(
    r"(?i)(?:^|[^\w/])(?P<name>epochs?|ep|rounds?|trials?|iterations?|iters?|steps?)[\s:#\[=(]{0,3}"
    r"(?P<at>\d{1,9})(?: ?/ ?| of )(?P<total>\d{1,9})(?![\d/.])"
    r"|(?i:^epochs?):? +\d+%\|[^|]*\| *(?P<bar_at>\d{1,9})/(?P<bar_total>\d{1,9}) \["
)
_NAMES = {"ep": "epoch", "iter": "iteration"}
_RANKS = ("epoch", "round", "trial", "iteration", "step")
_STOPPED_EARLY = re.compile(
    r"(?i)early[ _-]?stop|stopp(?:ed|ing) early|stopped at (?:epoch|step|iter)|patience|no improvement|"
    r"not improved|converged|convergence (?:reached|achieved)|target .{0,40}reached|reached (?:the )?target|"
    r"max_(?:steps|time|epochs)|(?:time|step|token) (?:budget|limit)|budget|pruned|plateau|toleranc|"
    r"stopping criterion|below tol|restoring model weights|solved"
)
_COUNTING = re.compile(r"(\d+) (?:out of|/|of) (\d+)|(\d+)/(\d+)")
_HELD_OUT_WORDS = (b"val", b"dev", b"eval", b"test")
_HELD_OUT = re.compile(r"^(?:val|dev|eval|test)_|_(?:val|dev|eval|test)$")
_SUMS_UP = re.compile(
    r"(?i)^(?!.*\b(?:epoch|step|iter|round|trial)\w*\W{0,3}\d).*\b(?:best|lowest|smallest|minimum|min|final)\b"
)
"""A line that tells the best value once more when all is over, without the place that it was at."""
_LARGER_IS_BETTER = re.compile(r"acc|auc|f1|score|map|iou|dice|r2|bleu|reward")


@dataclass(frozen=True, slots=True)
class CutShort:
    """A run that did not reach what it announced."""

    name: str
    at: int
    total: int
    line: int
    text: str
    stale: bool
    """Whether a validation metric had not improved for a while, so that it may have been stopped for that."""


@dataclass(slots=True)
class _Seen:
    name: str = ""
    at: int = 0
    total: int = 0
    line: int = 0
    text: str = ""
    step: int = 1
    """How far the next line may be that tells a position."""
    gap: int = 0
    told: int = 0
    best: float = 0.0
    best_at: int = -1
    metric: str = ""
    explained: int = 0


class Course:
    """The announced course of a run.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._seen = _Seen(**(state or {}))
        self._unread: list[Block] = []

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        self._read()
        return asdict(self._seen)

    def add(self, block: Block) -> None:
        """Take what was read."""
        self._unread.append(block.tail(TAIL_BYTES))
        if len(self._unread) > BLOCKS_LIMIT and sum(len(one.raw) for one in self._unread) > BLOCKS_LIMIT * TAIL_BYTES:
            del self._unread[0]

    @property
    def reached(self) -> bool:
        """Whether it came to the end that it announced; False too where it announced none."""
        self._read()
        return bool(self._seen.name) and not self._short()

    def cut_short(self) -> CutShort | None:
        """Return how far it came if it did not reach its end and does not say why."""
        self._read()
        seen = self._seen
        if not self._short() or seen.explained >= seen.line:
            return None
        stale = seen.best_at >= 0 and seen.at - seen.best_at >= STALE
        return CutShort(seen.name, seen.at, seen.total, seen.line, seen.text, stale)

    def _short(self) -> bool:
        seen = self._seen
        rarely_told = seen.told == 1 and seen.at <= 1 and seen.total <= RARELY
        return bool(seen.name) and seen.total - seen.at > seen.step and not rarely_told

    def _read(self) -> None:
        unread, self._unread = self._unread, []
        for block in unread:
            for index, raw in enumerate(block.segments):
                if raw:
                    self._line(block.number(index), raw)

    def _line(self, number: int, raw: bytes) -> None:
        text = decode(strip(raw[:600]))
        seen = self._seen
        if (b"/" in raw or b" of " in raw) and (found := _POSITION.search(text)):
            self._position(number, text, found)
        if seen.name and any(word in raw for word in _HELD_OUT_WORDS) and not _SUMS_UP.search(text):
            self._validation(text)
        if seen.name and _STOPPED_EARLY.search(text) and not _still_counts(text):
            seen.explained = number

    def _position(self, number: int, text: str, found: re.Match[str]) -> None:
        name = (found["name"] or "epoch").lower()
        name = _NAMES.get(name.rstrip("s"), name.rstrip("s"))
        at, total = int(found["at"] or found["bar_at"]), int(found["total"] or found["bar_total"])
        seen = self._seen
        if at > total or (seen.name and _RANKS.index(name) > _RANKS.index(seen.name)):
            return
        if name != seen.name or total != seen.total or at < seen.at:
            self._seen = seen = _Seen(name=name, explained=seen.explained if name == seen.name else 0)
            seen.step = max(at, 1) if found["name"] else 1  # who prints each fiftieth tells of the fiftieth first
        elif at > seen.at:
            seen.step = _next_step(at - seen.at, seen)
        seen.told += at != seen.at or not seen.told
        seen.at, seen.total, seen.line, seen.text = at, total, number, cap(text.strip(), 200)

    def _validation(self, text: str) -> None:
        seen = self._seen
        for name, value in read_metrics(text).items():
            if not _HELD_OUT.search(name) or (seen.metric and name != seen.metric):
                continue
            gain = value - seen.best if _LARGER_IS_BETTER.search(name) else seen.best - value
            if not seen.metric or gain > 0:
                seen.metric, seen.best, seen.best_at = name[:64], value, seen.at
            return


def _next_step(gap: int, seen: _Seen) -> int:
    """Return how far the next line may be: gaps that grow (1, 2, 5, 10, 20 ...) grow on."""
    known = seen.told > 1 and 0 < seen.gap < gap
    grown = gap * gap // seen.gap if known else gap
    seen.gap = gap
    return grown


def _still_counts(text: str) -> bool:
    """Whether a line counts towards its patience and has not come to its end."""
    found = _COUNTING.search(text)
    if not found:
        return False
    at, total = (found[1], found[2]) if found[1] else (found[3], found[4])
    return int(at[:9]) < int(total[:9])
