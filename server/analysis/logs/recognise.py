"""The streaming recogniser: bytes in, changes of findings out.

Incremental and resumable at any byte: what was found never depends on how the bytes were cut into chunks. One pass
over the bytes; a line that cannot matter is never looked at singly.
"""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from ...vocabulary.runs import Ended, Finding, Level
from . import judge, last_words, prefilter
from .blocks import Block, Splitter
from .course import Course
from .decoding import Decoder
from .preceding import LinesBefore, Ring
from .reader import Reader
from .register import Change
from .reported import Telling
from .rows import MetricRow, Rows
from .rules import DEFAULT_RULES, Rules
from .text import decode, strip

__all__ = ["Change", "MetricRow", "Recogniser"]

DISK_BLOCK_BYTES = 4096


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
        self._decoder = Decoder(saved.get("decoder"))
        self._splitter = Splitter(saved.get("line", first_line), tail, self._engine.count_lines)
        self._ring = Ring(saved.get("ring", ()))
        self._bytes: int = saved.get("bytes", 0)
        self._rows = Rows(saved.get("latest", {}), saved.get("tables"))
        self._course = Course(saved.get("course"))
        self._telling = Telling(saved.get("told"))
        self._looked_ahead = False
        self._told_packed = bool(self._decoder.packed)

    @property
    def line(self) -> int:
        """Number of the line that the next byte belongs to."""
        return self._splitter.line

    @property
    def unfinished(self) -> bytes:
        """The bytes of the line that has not ended yet: taken, and not read before their line ends."""
        return self._splitter.tail

    def feed(self, data: bytes) -> list[Change]:
        """Take the next bytes of the log; a chunk may end anywhere."""
        self._bytes += len(data)
        self._looked_ahead = self._looked_ahead and not data
        newest: Block | None = None
        for block in self._splitter.push(self._decoder.feed(data)):
            if newest:
                self._rows.add(newest, newest=False)
            self._read(block)
            newest = block
        if newest:
            self._rows.add(newest, newest=True)
        return [*self._news(caught_up=newest is not None), *self._not_readable()]

    def _not_readable(self) -> list[Change]:
        """Say once that nothing of a log can be read; a log of which nothing was read is not healthy."""
        if not self._decoder.packed or self._told_packed:
            return []
        self._told_packed = True
        what = f"the log is packed ({self._decoder.packed}) and cannot be read; nothing of it was searched for failures"
        finding = Finding(kind="unreadable", level=Level.FLAG, message=what, advice="Write the log as plain text.")
        return [Change("seen", "unreadable", finding)]

    def quiet(self) -> list[Change]:
        """No new bytes came for 2 s: tell what this amounts to if nothing more comes.

        An unterminated line counts as written, and what is open as settled, but only for the telling: what is found
        in the end does not depend on where it was quiet. A finding that is taken back, because the line went on and
        says something else, is settled as noticed with a count of 0.
        """
        if self._looked_ahead or not (self._splitter.tail or self._decoder.holds or self._reader.register.pending):
            return []
        self._looked_ahead = True
        ahead = Recogniser(self._rules, state=self.state(), engine="shapes")
        changes = self._telling.ahead(ahead._settle(), self._reader.register.incidents)
        self._rows.adopt(ahead.latest)
        return changes

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
        ending = self._ending()
        levels = judge.levels(incidents, ended, ending)
        judge.join_divergence(incidents, levels)
        for incident in incidents:
            if not incident.settled or incident.level is not levels[incident.key]:
                register.settle(incident, levels[incident.key])
        changes += self._news(caught_up=False)
        changes += self._telling.rest(register.incidents)
        if ended and Level.FAILURE not in levels.values():
            changes += self._of_the_end(ended, ending, cut=cut)
        return changes

    def _ending(self) -> judge.Ending:
        last = self._last_words()
        end = last[-1][1] if last else ""
        gives_up = last_words.complains(end) and not last_words.tells_of_another(end)
        return judge.Ending(self._course.reached, self._course.cut_short(), gives_up)

    def _of_the_end(self, ended: Ended, ending: judge.Ending, *, cut: bool) -> list[Change]:
        """Return what only the end of the run tells."""
        if judge.ended_badly(ended):
            return [Change("seen", "exit", judge.exit_finding(ended, cut=cut, last=self._last_words()))]
        if ending.cut_short and not ended.stopped:
            return [Change("seen", "cut-short", judge.cut_finding(ending.cut_short))]
        return []

    def state(self) -> dict[str, object]:
        """Return what a new recogniser continues from: JSON-serialisable, at most 64 KB."""
        return {
            "line": self._splitter.line,
            "tail": base64.b64encode(self._splitter.tail).decode(),
            "decoder": self._decoder.state(),
            "bytes": self._bytes,
            "ring": self._ring.state(),
            "latest": self._rows.state(),
            "course": self._course.state(),
            "tables": self._rows.tables(),
            "reader": self._reader.state(),
            "told": self._telling.state(),
        }

    @property
    def latest(self) -> Mapping[str, float]:
        """The newest value of each metric."""
        return self._rows.latest

    def take_rows(self) -> list[MetricRow]:
        """Return the metric rows since the last call, the newest always among them.

        Every row of a log that grows; samples of one that is caught up on.
        """
        return self._rows.take()

    def _flush(self) -> None:
        for block in self._splitter.push(self._decoder.rest()):
            self._read(block)
            self._rows.add(block, newest=True)
        block = self._splitter.flush()
        if block:
            self._read(block)
            self._rows.add(block, newest=True)

    def _read(self, block: Block) -> None:
        self._search(block)
        self._reader.rest()
        self._ring.add(block)
        self._course.add(block)

    def _search(self, block: Block) -> None:
        reader = self._reader
        found: list[int] | None = None
        index = at = 0
        before = LinesBefore(self._ring, block)
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

    def _last_words(self) -> list[tuple[int, str]]:
        """Return the last lines that are neither a failure known otherwise nor one of the run's ordinary reports."""
        words: list[tuple[int, str]] = []
        for number, raw in reversed(self._ring.lines):
            text = decode(strip(raw)).strip()
            if number <= self._reader.last_failed or last_words.is_report(text):
                break
            words.insert(0, (number, text))
        return words
