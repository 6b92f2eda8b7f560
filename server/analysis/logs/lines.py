"""The numbers that the lines of a text state, one row a line: names with numbers, and rows of tables. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..curves.names import Role, named, role_of
from .metrics import COUNTERS, read_metrics
from .printed_tables import Tables
from .text import ANSI

SECTION_CHARS = 80
MOST_FRAMES = 4000

_SECTION = re.compile(
    r"(?i)^[\W_]*(?P<word>train(?:ing)?|valid(?:ation|ating)?|eval(?:uation|uating)?|test(?:ing)?)"
    r"(?: (?:performance|phase|results?|metrics|set|epoch))?(?: \([\d: -]+\))?[\W_]*$"
)
"""A line that only says which data those behind it are of."""
_PRINTED = re.compile(r"^ {4,}(?:\| > |--> )?[A-Za-z_][\w /.-]*(?:: +[-+\d]|\b(?:iteration|epoch|step) +\d+/\d+)")
"""An indented line that is none of source code in a traceback."""


class Lines:
    """Reads line after line.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        saved = dict(state or {})
        self._held_out = bool(saved.pop("held_out", False))
        self._tables = Tables(**saved)

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return {**self._tables.state(), "held_out": self._held_out}

    def read(self, text: str) -> Mapping[str, float]:
        """Return the numbers that a line without its end and colours states; empty if none."""
        found = self._tables.read(text)
        if found is not None:
            return found
        if len(text) < SECTION_CHARS and (section := _SECTION.match(text)):
            self._held_out = role_of(section["word"]) is Role.VAL
            return {}
        if text.startswith("    ") and "━" not in text and not _PRINTED.match(text):
            return {}
        values = read_metrics(text)
        if self._held_out and not any(name in values for name in COUNTERS):
            return {_of_held_out(name): value for name, value in values.items()}
        self._held_out = False
        return values


def _of_held_out(name: str) -> str:
    about = named(name)
    return f"val_{name}"[:64] if about is not None and not about.role else name


def read_lines(text: str) -> tuple[list[dict[str, float | None]], list[str]]:
    """Return the rows of a whole text and their names; of the frames of one line the newest of each epoch."""
    lines = Lines()
    records: list[dict[str, float | None]] = []
    for line in text.split("\n"):
        shown = ANSI.sub(b"", line.encode("utf-8", "replace")).decode() if "\x1b" in line else line
        frames = [found for frame in shown.rstrip("\r").split("\r") if (found := lines.read(frame.rstrip()))]
        records.extend(dict(frame) for frame in _newest(frames))
    return records, list(dict.fromkeys(name for record in records for name in record))


def _newest(frames: list[Mapping[str, float]]) -> list[Mapping[str, float]]:
    """Return the last frame of a line; where one line is written over by every epoch, the last one of each."""
    if not all("epoch" in frame for frame in frames):
        return frames[-1:]
    return list({frame["epoch"]: frame for frame in frames}.values())


def read_frames(text: str, most: int = MOST_FRAMES) -> list[dict[str, float]]:
    """Return the rows of the frames of bars: of each round (`3/250`) the first frame that states more than the round.

    A bar shows a round's number before its values, which stand in the frames behind it. Where frames name their epoch
    it is the last one of each: there number and values are written together.

    :param most: so many frames are read at most, spread evenly.
    """
    lines, found = Lines(), dict[float, dict[str, float]]()
    frames = [frame for line in text.split("\n") for frame in line.split("\r") if frame.strip()]
    for frame in frames[:: max(1, -(-len(frames) // most))]:
        values = dict(lines.read(ANSI.sub(b"", frame.encode("utf-8", "replace")).decode().rstrip()))
        if not any(named(name) is not None for name in values):
            continue
        if "epoch" in values:
            found[values["epoch"]] = values
        elif "step" in values and "step_total" in values:
            found.setdefault(values["step"], values)
    return [found[at] for at in sorted(found)]
