"""A log handed to the recogniser, and what becomes of it when the recogniser itself fails at it. Pure.

A log may hold anything, and one line that the recogniser cannot take must not end the watch over the run, nor over all
others. So whatever it raises is caught here: the lines at which it failed are skipped, a new recogniser goes on behind
them, and a finding says so. That finding is a flag: it is a defect of watchkeeper and no failure of the training.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

from ...vocabulary.runs import Ended, Finding, Level
from .recognise import Change, MetricRow, Recogniser
from .rules import Rules

KIND = "log_not_read"
KEY = "log-not-read"
PIECE_BYTES = 4096
"""A block at which the recogniser failed is read once more in pieces of so many bytes, then line by line."""
MOST_DEFECTS = 32
"""After so many defects in one block the rest of it is skipped as a whole."""

_LINE = re.compile(rb"[^\r\n]*[\r\n]|[^\r\n]+")
_T = TypeVar("_T")


@dataclass(slots=True)
class Skipped:
    """What of a log was skipped: the lines of the first defect, the class of its exception, and the sums."""

    line: int = 0
    last_line: int = 0
    exception: str = ""
    count: int = 0
    size_bytes: int = 0

    def note(self, line: int, last_line: int, size_bytes: int, error: Exception) -> None:
        """Count one more defect."""
        if not self.count:
            self.line, self.last_line, self.exception = line, last_line, type(error).__name__
        self.count += 1
        self.size_bytes += size_bytes

    def finding(self) -> Finding:
        """Return the finding about it."""
        many = f"; {self.count} such places so far" if self.count > 1 else ""
        what = f"watchkeeper's own reader failed at this place of the log ({self.exception}) and went on behind it"
        return Finding(
            kind=KIND,
            level=Level.FLAG,
            message=f"{what}; {self.size_bytes} bytes were not searched for failures{many}",
            line=self.line,
            last_line=self.last_line,
            count=self.count,
            advice="Look at these lines yourself. This is a defect of watchkeeper, not of the training: report it.",
        )


class GuardedRecogniser:
    """One run's part of a log, read on from where an earlier reader stopped; nothing that it does raises.

    :param first_line: number of the line that the first byte belongs to.
    :param state: what `state()` returned. One that cannot be taken up raises whatever it raises, because only the
        caller knows from where to begin anew.
    """

    def __init__(self, rules: Rules, *, first_line: int = 1, state: str = "") -> None:
        self._rules = rules
        saved = cast("dict[str, Any]", json.loads(state)) if state else {}
        self._skipped = Skipped(**saved.pop("skipped", {}))
        self._recogniser = Recogniser(rules, first_line=first_line, state=saved or None)
        if type(self.line) is not int:
            raise TypeError(f"a line number was expected, not {type(self.line).__name__}")
        self._defects_left = MOST_DEFECTS
        self._news: list[Change] = []

    @property
    def line(self) -> int:
        """Number of the line that the next byte belongs to."""
        return self._recogniser.line

    @property
    def latest(self) -> Mapping[str, float]:
        """The newest value of each metric."""
        return self._tried(lambda: dict(self._recogniser.latest), {})

    def take_rows(self) -> list[MetricRow]:
        """Return the metric rows since the last call."""
        return self._tried(self._recogniser.take_rows, [])

    def state(self) -> str:
        """Return what a new one continues from."""
        bare = json.dumps({"line": self.line, "skipped": asdict(self._skipped)})
        return self._tried(lambda: json.dumps({**self._recogniser.state(), "skipped": asdict(self._skipped)}), bare)

    def feed(self, data: bytes) -> list[Change]:
        """Take the next bytes of the log; lines that the recogniser cannot take are skipped."""
        self._defects_left = MOST_DEFECTS
        return self._with_news(self._read(data))

    def quiet(self) -> list[Change]:
        """Tell what the log amounts to if nothing more comes; see `Recogniser.quiet`."""
        try:
            return self._with_news(self._recogniser.quiet())
        except Exception as error:  # whatever it is, the watch goes on
            if not self._skipped.count:  # an unfinished line is tried anew at every look; it counts once
                self._note(self.line, self.line, 0, error)
        return self._with_news([])

    def end(self, ended: Ended | None) -> list[Change]:
        """The log is complete and the run ended like this."""
        try:
            return self._with_news(self._recogniser.end(ended))
        except Exception as error:  # an end must be recorded whatever the log holds
            self._note(self.line, self.line, 0, error)
        self._recogniser = Recogniser(self._rules, first_line=self.line)
        return self._with_news(self._tried(lambda: self._recogniser.end(ended), []))

    def _read(self, data: bytes) -> list[Change]:
        line, unfinished = self.line, self._recogniser.unfinished
        try:
            return self._recogniser.feed(data)
        except Exception as error:  # a defect costs its line, not the watch
            return self._read_smaller(unfinished + data, line, error)

    def _read_smaller(self, data: bytes, line: int, error: Exception) -> list[Change]:
        """Read what the recogniser failed at in smaller parts, with a new one; skip what has none."""
        parts = _parts(data)
        if len(parts) > 1 and self._defects_left > 0:
            self._recogniser = Recogniser(self._rules, first_line=line)
            return [change for part in parts for change in self._read(part)]
        self._defects_left -= 1
        behind = line + data.count(b"\n")
        self._note(line, max(line, behind - data.endswith(b"\n")), len(data), error)
        self._recogniser = Recogniser(self._rules, first_line=behind)
        return []

    def _tried(self, act: Callable[[], _T], otherwise: _T) -> _T:
        """Do something that reads numbers late; the second time without those at which it failed."""
        for _ in range(2):
            try:
                return act()
            except Exception as error:  # whatever it is, the watch goes on
                self._note(self.line, self.line, 0, error)
        return otherwise

    def _note(self, line: int, last_line: int, size_bytes: int, error: Exception) -> None:
        self._skipped.note(line, last_line, size_bytes, error)
        self._news.append(Change("seen" if self._skipped.count == 1 else "repeated", KEY, self._skipped.finding()))

    def _with_news(self, changes: list[Change]) -> list[Change]:
        """Return changes and what is to be told of defects, of which many are reported as one."""
        news, self._news = self._news, []
        return [*changes, *news[:1], *news[1:][-1:]]


def _parts(data: bytes) -> list[bytes]:
    """Cut bytes into pieces that end with a line, or a small piece into its lines; a single line has one part."""
    lines: list[bytes] = _LINE.findall(data)
    if len(data) <= PIECE_BYTES:
        return lines
    parts: list[bytes] = []
    size = PIECE_BYTES
    for line in lines:
        if size >= PIECE_BYTES:
            parts.append(line)
        else:
            parts[-1] += line
        size = len(parts[-1])
    return parts
