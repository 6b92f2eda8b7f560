"""Finds the lines worth reading. Two engines, the same lines from both.

A line is worth reading if one of the triggers stands in it and in its shape (the line without digits and signs).

`shapes` (default, standard library only): a log repeats itself, so its lines are compared by shape, and only shapes
that were not met yet are searched. `hyperscan` (extra `fast`) searches all triggers at once in the bytes themselves.
"""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, Protocol

from ...vocabulary.errors import InvalidArgument
from .blocks import Block, Count, count_lines
from .text import SHAPELESS, shape

NOT_FINITE_WORDS = ("nan", "NaN", "NAN", "inf", "Inf", "INF", "Infinity")
BEHIND = r"[\x00-@\[-^`{-\x7f\xc2-\xf4]"
"""What may stand behind such a value: of ASCII what no word has, and the bytes that begin another character."""
NOT_FINITE = rf"(?<![A-Za-z_])(?:{'|'.join(NOT_FINITE_WORDS)})(?={BEHIND}|\Z)"
MUCH_BYTES = 128 * 1024
"""A log that is read in smaller pieces grows no faster than it can be counted without numpy."""
KNOWN_LIMIT = 20_000
SHAPE_LIMIT = 300
RULE_SETS = 8
"""So many sets of words are kept compiled."""


class Engine(Protocol):
    """Finds candidates in a block."""

    def candidates(self, block: Block) -> list[int]:
        """Return the indexes of the segments worth reading, ascending."""
        ...

    def count_lines(self, data: bytes) -> int:
        """Return the number of line ends."""
        ...


class Triggers:
    """The literals of all rules, and values that are not finite.

    A literal that begins with a small letter must stand at the beginning of a word; the others may stand anywhere.
    """

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = tuple(word.encode() for word in words)
        small = [word for word in words if word[0].islower()]
        patterns = [_alternatives([word for word in words if word not in small])]
        if small:
            patterns.append(f"[^a-z](?:{_alternatives(small)})")
        patterns.append(NOT_FINITE)
        # Apart from each other, because each begins with few characters and those are found fast.
        self._patterns = [re.compile(pattern.encode()) for pattern in patterns]

    def agree_on(self, line: bytes, witness: bytes) -> bool:
        """Whether a line is worth reading, if a trigger stands in its shape.

        :param witness: what `witnesses` says of the shape; nearly always it stands in the line too.
        """
        return witness in line or self.stands_in(line)

    def stands_in(self, line: bytes) -> bool:
        """Whether a trigger stands in these bytes."""
        line = b"\n" + line
        for pattern in self._patterns:  # noqa: SIM110 (asked of every line of the worst logs: any() takes twice as long)
            if pattern.search(line):
                return True
        return False

    def witnesses(self, lines: list[bytes]) -> dict[bytes, bytes]:
        """Return the lines that a trigger stands in; one search over all of them at once.

        Beside each, bytes that stand only in lines worth reading (a line end, which stands in none, where unknown).
        """
        text = b"\n" + b"\n".join(lines)
        ends = list(accumulate((len(line) + 1 for line in lines), initial=1))[1:]
        found: dict[bytes, bytes] = {}
        for pattern in self._patterns:
            literal = pattern is not self._patterns[-1]  # values that are not finite depend on what is around them
            for hit in pattern.finditer(text):
                found.setdefault(lines[bisect_right(ends, hit.end() - 1)], hit[0] if literal else b"\n")
        return found


def _alternatives(words: list[str]) -> str:
    """Return a pattern for any of these words, by first letters, which the engine of `re` can tell apart quickly."""
    groups: dict[str, list[str]] = {}
    for word in sorted(words):
        groups.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{re.escape(head)}(?:{'|'.join(map(re.escape, rest))})" for head, rest in groups.items())


class ShapeEngine:
    """Looks at each shape once."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers
        self._dull: set[bytes] = set()
        self._fold = bytes.maketrans(b"\r", b"\n")

    def candidates(self, block: Block) -> list[int]:
        """Return the indexes of the segments worth reading, ascending."""
        shapes = block.visible.translate(self._fold if b"\r" in block.visible else None, SHAPELESS).split(b"\n")
        shapes.pop()
        if self._dull.issuperset(shapes):
            return []
        bright = self._bright(set(shapes) - self._dull)
        if not bright:
            return []
        clean, agree_on = block.clean, self._triggers.agree_on
        return [index for index, form in enumerate(shapes) if form in bright and agree_on(clean[index], bright[form])]

    def count_lines(self, data: bytes) -> int:
        """Return the number of line ends."""
        return count_lines(data)

    def _bright(self, novel: set[bytes]) -> dict[bytes, bytes]:
        bright = self._triggers.witnesses(list(novel))
        if len(self._dull) > KNOWN_LIMIT:
            self._dull.clear()
        self._dull.update(form for form in novel if len(form) <= SHAPE_LIMIT and form not in bright)
        return bright


class HyperscanEngine:
    """Searches all triggers at once in the bytes themselves."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers
        self._database = _database(triggers.words)
        # The database may be used by all threads at once; what a scan writes to is each engine's own.
        self._witnesses: dict[bytes, bytes] = {}
        self._scratch = importlib.import_module("hyperscan").Scratch(self._database)

    def count_lines(self, data: bytes) -> int:
        """Return the number of line ends."""
        return count_lines(data) if len(data) < MUCH_BYTES else _counter()(data)

    def candidates(self, block: Block) -> list[int]:
        """Return the indexes of the segments worth reading, ascending."""
        ends: list[int] = []

        def hit(_id: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.append(end - 1)

        self._database.scan(block.visible, match_event_handler=hit, scratch=self._scratch)
        if not ends:
            return []
        clean = block.clean
        return [index for index in sorted(block.indexes_at(ends)) if self._agrees(clean[index])]

    def _agrees(self, line: bytes) -> bool:
        form = shape(line)
        witness = self._witnesses.get(form)
        if witness is None:
            witness = self._triggers.witnesses([form]).get(form, b"")
            if len(self._witnesses) > KNOWN_LIMIT:
                self._witnesses.clear()
            if len(form) <= SHAPE_LIMIT:
                self._witnesses[form] = witness
        return witness != b"" and self._triggers.agree_on(line, witness)


@cache
def _counter() -> Count:
    """Return what counts line ends fastest. numpy takes 0.1 s to import and then a third of the time."""
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return count_lines
    return lambda data: int(numpy.count_nonzero(numpy.frombuffer(data, numpy.uint8) == ord("\n")))


@lru_cache(maxsize=RULE_SETS)
def _database(words: tuple[bytes, ...]) -> Any:  # noqa: ANN401 (hyperscan brings no types)
    """Return the compiled words: they take 13 ms to compile, and the same rules are used again at every poll."""
    hyperscan = importlib.import_module("hyperscan")
    # Literals only: a class behind "inf" would have the engine stop at every "info" (1.8 instead of 3.1 GB/s).
    behind = re.findall(BEHIND.encode(), bytes(range(256)))
    values = [rf"{word}\x{ord(byte):02x}".encode() for word in NOT_FINITE_WORDS for byte in behind]
    patterns = [*map(re.escape, words), *values]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=patterns, ids=list(range(len(patterns))), elements=len(patterns))
    return database


@lru_cache(maxsize=RULE_SETS)
def triggers_of(words: tuple[str, ...]) -> Triggers:
    """Return the triggers of these words, made once."""
    return Triggers(words)


def _best(triggers: Triggers) -> Engine:
    try:
        return HyperscanEngine(triggers)
    except ImportError:
        return ShapeEngine(triggers)


_ENGINES: dict[str, Callable[[Triggers], Engine]] = {
    "auto": _best,
    "shapes": ShapeEngine,
    "hyperscan": HyperscanEngine,
}


def engine(name: str, triggers: Triggers) -> Engine:
    """Return an engine for these triggers.

    :param name: `shapes`, `hyperscan`, or `auto` for the fastest one installed.
    :raises InvalidArgument: if there is no such engine, or hyperscan is asked for and not installed.
    """
    if name not in _ENGINES:
        raise InvalidArgument(f"There is no engine {name!r}.", f"Choose one of {', '.join(_ENGINES)}.")
    try:
        return _ENGINES[name](triggers)
    except ImportError as error:
        raise InvalidArgument("The engine hyperscan is not installed.", "Install watchkeeper[fast].") from error
