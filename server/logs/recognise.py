"""The streaming recogniser: bytes in, changes of findings out.

Incremental and resumable at any byte: what was found never depends on how the bytes were cut into chunks. One pass
over the bytes; a line that cannot matter is never looked at singly.
"""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..runs import Ended, Level
from . import judge, prefilter, progress
from .blocks import SEGMENT_LIMIT, Block, Splitter
from .incident import USUAL_LINES
from .metrics import read_metrics
from .reader import Reader
from .register import Change
from .rules import DEFAULT_RULES, Rules
from .telling import Telling
from .text import decode, strip

__all__ = ["Change", "MetricRow", "Recogniser"]

ROWS_LIMIT = 2000
LATEST_LIMIT = 64
NEWEST_LINES = 3
READ_ALL_BYTES = 16 * 1024
RING_BYTES = 300
DISK_BLOCK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class MetricRow:
    """The metrics that one line states."""

    line: int
    values: dict[str, float]


class Recogniser:
    """Watches one run's part of a log.

    :param rules: what to look for in single lines, and the numeric levels.
    :param first_line: number of the line that the first byte belongs to.
    :param state: what `state()` returned; the new one continues exactly there.
    :param engine: `shapes`, `hyperscan` (extra `fast`), or `auto` for the fastest one installed; the findings are the
        same.
    :raises InvalidArgument: if there is no such engine.
    """

    def __init__(
        self,
        rules: Rules = DEFAULT_RULES,
        *,
        first_line: int = 1,
        state: Mapping[str, object] | None = None,
        engine: str = "auto",
    ) -> None:
        saved: Mapping[str, Any] = state or {}
        self._rules = rules
        self._engine = prefilter.engine(engine, prefilter.triggers_of(rules.triggers))
        self._reader = Reader(rules, saved.get("reader", {}))
        tail = base64.b64decode(saved.get("tail", ""))
        self._splitter = Splitter(saved.get("line", first_line), tail)
        self._ring: list[tuple[int, bytes]] = [(n, base64.b64decode(text)) for n, text in saved.get("ring", [])]
        self._bytes: int = saved.get("bytes", 0)
        self.latest: dict[str, float] = {name: float(value) for name, value in saved.get("latest", {}).items()}
        self._telling = Telling(saved.get("told"))
        self._looked_ahead = False
        self._rows: list[MetricRow] = []

    @property
    def line(self) -> int:
        """Number of the line that the next byte belongs to."""
        return self._splitter.line

    def feed(self, data: bytes) -> list[Change]:
        """Take the next bytes of the log; a chunk may end anywhere."""
        self._bytes += len(data)
        self._looked_ahead = self._looked_ahead and not data
        newest: Block | None = None
        for block in self._splitter.push(data):
            self._read(block)
            newest = block
        if newest:
            self._take_metrics(_newest(newest))
        return self._news(caught_up=newest is not None)

    def quiet(self) -> list[Change]:
        """No new bytes came for 2 s: tell what this amounts to if nothing more comes.

        An unterminated line counts as written, and what is open as settled, but only for the telling: what is found
        in the end does not depend on where it was quiet. A finding that is taken back, because the line went on and
        says something else, is settled as noticed with a count of 0.
        """
        if self._looked_ahead or not (self._splitter.tail or self._reader.register.pending):
            return []
        self._looked_ahead = True
        ahead = Recogniser(self._rules, state=self.state(), engine="shapes")
        self.latest = ahead.latest
        return self._telling.ahead(ahead._settle(), self._reader.register.incidents)

    def _settle(self) -> list[Change]:
        self._flush()
        register = self._reader.register
        for incident in list(register.pending):
            register.settle(incident)
        return register.take_changes()

    def _news(self, *, caught_up: bool) -> list[Change]:
        register = self._reader.register
        news = self._telling.of_log(register.take_changes(), register.incidents)
        if caught_up:
            news += self._telling.caught_up(register.incidents)
        return news

    def end(self, ended: Ended | None) -> list[Change]:
        """The log is complete and the run ended like this (None: unknown). Everything is settled."""
        cut = bool(self._splitter.tail) and self._bytes % DISK_BLOCK_BYTES == 0
        self._flush()
        self._reader.finish()
        changes = self._news(caught_up=True)
        register = self._reader.register
        incidents = list(register.incidents.values())
        levels = judge.levels(incidents, ended)
        judge.join_divergence(incidents, levels)
        for incident in incidents:
            if not incident.settled or incident.level is not levels[incident.key]:
                register.settle(incident, levels[incident.key])
        changes += self._news(caught_up=False)
        changes += self._telling.rest(register.incidents)
        if ended and judge.ended_badly(ended) and Level.FAILURE not in levels.values():
            finding = judge.exit_finding(ended, cut=cut, last_line=self._last_words())
            changes.append(Change("seen", "exit", finding))
        return changes

    def state(self) -> dict[str, object]:
        """Return what a new recogniser continues from: JSON-serialisable, at most 64 KB."""
        return {
            "line": self._splitter.line,
            "tail": base64.b64encode(self._splitter.tail).decode(),
            "bytes": self._bytes,
            "ring": [(number, base64.b64encode(text).decode()) for number, text in self._ring],
            "latest": {name: repr(value) for name, value in self.latest.items()},
            "reader": self._reader.state(),
            "told": self._telling.state(),
        }

    def take_rows(self) -> list[MetricRow]:
        """Return the metric rows since the last call, the newest always among them.

        Every row of a log that grows; samples of one that is caught up on.
        """
        rows, self._rows = self._rows, []
        return rows

    def _flush(self) -> None:
        block = self._splitter.flush()
        if block:
            self._read(block)
            self._take_metrics(_newest(block))

    def _read(self, block: Block) -> None:
        self._search(block)
        self._reader.rest()
        if len(block.raw) > READ_ALL_BYTES:
            self._take_metrics(list(block.samples()))
        self._remember(block)

    def _search(self, block: Block) -> None:
        reader = self._reader
        found: list[int] | None = None
        index = at = 0
        before = _Before(self._ring, block)
        while True:
            if reader.hungry:
                index = reader.skim(block, index, before)
                if index >= len(block.clean):
                    return
            else:
                found = self._engine.candidates(block) if found is None else found
                at = reader.skip(block, found, bisect_left(found, index, at))
                if at == len(found):
                    return
                index = found[at]
            before.move(index)
            behind = reader.whole_traceback(block, index, before)
            if behind == index:
                reader.read(block.number(index), block.clean[index], before)
                behind += 1
            index = behind

    def _remember(self, block: Block) -> None:
        self._ring = [*self._ring, *_last_lines(block)][-USUAL_LINES:]

    def _take_metrics(self, lines: list[tuple[int, bytes]]) -> None:
        for number, line in lines:
            text = decode(strip(line))
            if text.startswith("    ") and "━" not in text:
                continue
            values = read_metrics(text)
            if values:
                self._rows.append(MetricRow(number, values))
                for name, value in values.items():
                    self.latest.pop(name, None)
                    self.latest[name] = value
        while len(self.latest) > LATEST_LIMIT:
            del self.latest[next(iter(self.latest))]
        if len(self._rows) > ROWS_LIMIT:
            self._rows = [*self._rows[:-1:2], self._rows[-1]]

    def _last_words(self) -> tuple[int, str] | None:
        if not self._ring:
            return None
        number, raw = self._ring[-1]
        text = decode(strip(raw)).strip()
        if number <= self._reader.last_failed or progress.is_metric_line(text) or progress.completed(text):
            return None
        return number, text


class _Before:
    """The lines before one that are not blank, whichever block they stand in."""

    __slots__ = ("_at", "_block", "_found", "_ring", "_start", "_taken")

    def __init__(self, ring: list[tuple[int, bytes]], block: Block) -> None:
        self._ring, self._block = ring, block
        self._start = self._at = self._taken = 0
        self._found: list[tuple[int, str]] = []

    def here(self) -> _Before:
        """Return one that stays at this line."""
        return self.at(self._start)

    def at(self, index: int) -> _Before:
        """Return one that stays before segment `index`."""
        other = _Before(self._ring, self._block)
        other.move(index)
        return other

    def move(self, index: int) -> None:
        """Stand before segment `index` of the block."""
        self._start = self._at = index
        self._taken = 0
        if self._found:
            self._found = []

    def __call__(self, back: int) -> tuple[int, str] | None:
        if back > USUAL_LINES:
            return None
        while len(self._found) < back:
            line = self._previous()
            if line is None:
                return None
            self._found.append(line)
        return self._found[back - 1]

    def _previous(self) -> tuple[int, str] | None:
        while self._at > 0:
            self._at -= 1
            raw = self._block.segments[self._at]
            if raw and not raw.isspace():
                return self._block.number(self._at), decode(strip(raw[:RING_BYTES])).rstrip()
        if self._taken >= len(self._ring):
            return None
        self._taken += 1
        number, raw = self._ring[-self._taken]
        return number, decode(strip(raw)).rstrip()


def _last_lines(block: Block) -> list[tuple[int, bytes]]:
    size = SEGMENT_LIMIT
    while True:
        end = _tail(block, size)
        lines = [
            (end.number(index), raw[:RING_BYTES]) for index, raw in enumerate(end.segments) if raw and not raw.isspace()
        ]
        if len(lines) > USUAL_LINES or size >= len(block.raw):
            return lines[-USUAL_LINES:]
        size *= 4


def _tail(block: Block, size: int) -> Block:
    """Return the last complete segments of a block."""
    if size >= len(block.raw):
        return block
    start = len(block.raw) - size
    cut = max(block.raw.find(b"\n", start), 0)
    carriage = block.raw.find(b"\r", start, cut or None)
    cut = carriage if carriage >= 0 else cut
    raw = block.raw[cut + 1 :]
    return Block(raw, block.first_line + block.lines - raw.count(b"\n"))


def _newest(block: Block) -> list[tuple[int, bytes]]:
    """Return all lines of a small block, the last ones of a large one."""
    small = len(block.raw) <= READ_ALL_BYTES
    end = block if small else _tail(block, SEGMENT_LIMIT)
    lines = [(end.number(index), line) for index, line in enumerate(end.segments) if line]
    return lines if small else lines[-NEWEST_LINES:]
