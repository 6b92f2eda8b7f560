"""A log through a window: so many lines from one on, read without its other gigabytes."""

from __future__ import annotations

import bisect
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ...acts.desk import Desk
from ...acts.plot.charts import LEVELS
from ...acts.watch import log_window
from ...storage.files import log_lines, rooted
from ...storage.files.log_lines import Place
from ...storage.record import Finding, Run
from ...vocabulary.errors import NotFound, PathRefused
from ...vocabulary.runs import Level
from ...vocabulary.sanitize import outgoing_lines

LINES = 200
MOST_LINES = 1_000
LONGEST_LINE = 2_000
MOST_FILES, MOST_PLACES = 64, 4_096
INDEXED_FROM_BYTES, INDEXED_EVERY_BYTES = 32 << 20, 8 << 20
END = 0
"""Stands for the last lines where a line's number is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line.

    :ivar tone: of the finding that it belongs to; empty for none. :ivar finding: its id, at its first line.
    """

    number: int
    text: str
    tone: str = ""
    finding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Lines of a run's part of its log that follow one another.

    :ivar asked: the line that was asked for; 0 for the last ones.
    :ivar first: number of the first line; `last` of the last one; one less than the first where there is none.
    :ivar begins, ends: whether nothing stands before or behind.
    :ivar trouble: why nothing can be shown.
    """

    path: str = ""
    size_bytes: int = 0
    asked: int = END
    lines: tuple[LogLine, ...] = ()
    first: int = 1
    last: int = 0
    begins: bool = True
    ends: bool = True
    trouble: str = ""


class Logs:
    """Remembers places in logs that were read before, so that the way to a line is short."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], list[Place]] = {}
        self._indexed: set[tuple[int, int]] = set()
        self._lock = threading.Lock()

    def window(self, desk: Desk, run: Run, asked: int, findings: Sequence[Finding], count: int = LINES) -> Window:
        """Return lines around one, the asked one with a few before it; those at the end for `END`."""
        return self._read(desk, run, asked, findings, count, before=count // 4)

    def onwards(self, desk: Desk, run: Run, first: int, findings: Sequence[Finding], count: int = LINES) -> Window:
        """Return lines from one on; none where the log has not so many yet."""
        return self._read(desk, run, first, findings, count, before=0)

    def _read(
        self, desk: Desk, run: Run, asked: int, findings: Sequence[Finding], count: int, *, before: int
    ) -> Window:
        count = max(1, min(count, MOST_LINES))
        try:
            descriptor, path = log_window.opened(desk, run)
            with rooted.closing(descriptor) as log:
                about = os.fstat(log)
                begin, end = log_window.part(desk, run, about.st_size)
                known = [*log_window.read_to(desk, run), *self._known((about.st_dev, about.st_ino), about.st_size)]
                found = read_window(log, (begin, end), asked, count, before, known)
                self._index_soon(log, about)
        except (NotFound, PathRefused) as error:
            return Window(path=run.log, asked=asked, trouble=error.what)
        self._keep((about.st_dev, about.st_ino), found.places)
        return _shown(path, end - begin, asked, found, findings)

    def _index_soon(self, log: int, about: os.stat_result) -> None:
        """Have a long log counted once beside what people ask for, so that the way to any line of it is short."""
        file = (about.st_dev, about.st_ino)
        with self._lock:
            if about.st_size < INDEXED_FROM_BYTES or file in self._indexed:
                return
            self._indexed.add(file)
        threading.Thread(target=self._index, args=(os.dup(log), file), daemon=True).start()

    def _index(self, log: int, file: tuple[int, int]) -> None:
        with rooted.closing(log):
            place = log_lines.START
            while ends := log_lines.line_ends_between(log, place.offset, place.offset + INDEXED_EVERY_BYTES):
                place = Place(place.offset + INDEXED_EVERY_BYTES, place.line_ends + ends)
                if place.offset >= os.fstat(log).st_size:
                    return
                self._keep(file, [place])

    def _known(self, file: tuple[int, int], size_bytes: int) -> list[Place]:
        with self._lock:
            return [one for one in self._places.get(file, ()) if one.offset <= size_bytes]

    def _keep(self, file: tuple[int, int], places: Sequence[Place]) -> None:
        with self._lock:
            known = self._places.pop(file, [])
            for one in places:
                at = bisect.bisect_left(known, one.offset, key=lambda place: place.offset)
                if at == len(known) or known[at].offset != one.offset:
                    known.insert(at, one)
            self._places[file] = known if len(known) <= MOST_PLACES else known[::2]
            while len(self._places) > MOST_FILES:
                self._places.pop(next(iter(self._places)))


@dataclass(frozen=True, slots=True)
class Found:
    """Lines as they stand in the file; `places` are those that were met on the way."""

    first: int
    lines: tuple[bytes, ...]
    begins: bool
    ends: bool
    places: tuple[Place, ...]


def read_window(log: int, part: tuple[int, int], asked: int, count: int, before: int, known: Sequence[Place]) -> Found:
    """Return lines of a part of a log.

    :param part: the offsets between which it lies. :param asked: a line's number; `END` for the last ones.
    :param before: so many lines before the asked one are wanted too. :param known: places in this file.
    """
    begin, end = part
    newest = log_lines.last_line(log, end, known)
    oldest = log_lines.last_line(log, begin, known) + 1 if begin else 1
    places = [Place(begin, oldest - 1), Place(end, newest - (not _complete(log, end)))]
    line = max(oldest, newest - count + 1 if asked == END else min(asked - before, newest + 1))
    offset = log_lines.start_of(log, line, [*known, *places]) if line <= newest else None
    if offset is None or offset >= end:
        return Found(line, (), line <= oldest, True, tuple(places))
    lines = log_lines.lines_from(log, offset, end, count)
    places.append(Place(offset, line - 1))
    wanted = newest if asked == END else max(line, min(asked, newest))
    while line + len(lines) <= wanted:  # those before the wanted one are too long for one excerpt: they go
        line += len(lines)
        offset = log_lines.start_of(log, line, [*known, *places])
        if offset is None or offset >= end:
            break  # it was cut off meanwhile
        lines = log_lines.lines_from(log, offset, end, count)
        places.append(Place(offset, line - 1))
    return Found(line, tuple(lines), line <= oldest, line + len(lines) > newest, tuple(places))


def _complete(log: int, end: int) -> bool:
    return end > 0 and os.pread(log, 1, end - 1) == b"\n"


def _shown(path: str, size_bytes: int, asked: int, found: Found, findings: Sequence[Finding]) -> Window:
    texts = outgoing_lines([one.decode("utf-8", "replace") for one in found.lines], LONGEST_LINE)
    marks = _marks(findings, range(found.first, found.first + len(texts)))
    lines = [
        LogLine(number=number, text=text, tone=marks.get(number, ("", ""))[0], finding=marks.get(number, ("", ""))[1])
        for number, text in enumerate(texts, start=found.first)
    ]
    return Window(
        path=path,
        size_bytes=size_bytes,
        asked=asked,
        lines=tuple(lines),
        first=found.first,
        last=found.first + len(lines) - 1,
        begins=found.begins,
        ends=found.ends,
    )


def _marks(findings: Sequence[Finding], shown: range) -> dict[int, tuple[str, str]]:
    """Return tone and id of the finding that each line belongs to; failures go before flags."""
    marks: dict[int, tuple[str, str]] = {}
    for one in sorted(findings, key=lambda one: one.level is Level.FAILURE):
        if one.line is None:
            continue
        last = one.last_line or one.line
        for number in range(max(one.line, shown.start), min(last + 1, shown.stop)):
            marks[number] = (LEVELS[one.level], one.id if number == one.line else "")
    return marks
