"""Numbers that were told by epoch against those that were seen: equal but for a factor, in part, or not. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..curves.series import History
from ..results.predicted import grain_of

LEAST_ROWS = 8
"""Fewer rows that both have say nothing."""
_TIGHT = 2e-4
_GROSS = 0.05
"""Shares of a value: within the first it is the same, beyond the second another one."""
_MOST_BETWEEN = 0.05
"""Share of rows that may be neither: a mean that weighs its batches otherwise is near in every row, and no edit."""
_MOSTLY = 0.6
_ALL = 0.95
_LEAST_DIFFERENT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a file or a log says of the training loss: by epoch, counted from 1."""

    source: str
    values: Mapping[int, float]
    rows: Mapping[int, int]
    """The number of an epoch's row among those of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How rows that were told stand to others.

    :ivar shift: how many epochs later the others count. :ivar scale: by which these were multiplied.
    :ivar gross: epochs, as told, whose value is another one.
    :ivar at_end: whether these are one block at the begin or the end of the rows, in which no row is the other's.
    """

    rows: int
    hits: int
    gross: tuple[int, ...]
    at_end: bool
    scale: float
    shift: int

    @property
    def same(self) -> bool:
        """Whether nearly all rows are the others, and none is another one."""
        return self.hits >= _ALL * self.rows and not self.gross

    @property
    def mostly(self) -> bool:
        """Whether most rows are the others, digit by digit, and some are none of them."""
        between = self.rows - self.hits - len(self.gross)
        return bool(self.gross) and self.hits >= _MOSTLY * self.rows and between <= _MOST_BETWEEN * self.rows


def told(source: str, history: History | None) -> Told | None:
    """Return the training losses of a history by epoch; None where it counts steps, or has none."""
    if history is None or history.counts == "step" or not history.train_loss:
        return None
    begin = min(filter(math.isfinite, history.epochs), default=0.0)
    offset = 1 - int(begin) if begin in (0.0, 1.0) else 0
    values: dict[int, float] = {}
    rows: dict[int, int] = {}
    twice: set[int] = set()
    for row, (epoch, value) in enumerate(zip(history.epochs, history.train_loss, strict=True)):
        if not math.isfinite(epoch):
            continue
        number = int(epoch) + offset
        if number in values:
            twice.add(number)
        if value is not None and math.isfinite(value) and epoch == int(epoch):
            values[number], rows[number] = value, row + 1
    values = {number: value for number, value in values.items() if number not in twice}
    return Told(source=source, values=values, rows=rows) if len(values) >= LEAST_ROWS else None


def match(one: Told, others: Mapping[int, float]) -> Match | None:
    """Return how what was told stands to others by epoch; None where too few rows are in both."""
    found = [each for shift in (0, -1) if (each := _shifted(one, others, shift)) is not None]
    return max(found, key=lambda each: (each.hits, each.rows), default=None)


def _shifted(one: Told, others: Mapping[int, float], shift: int) -> Match | None:
    """`shift` of -1: the first row was told before the first epoch."""
    others = {number: other for number, other in others.items() if math.isfinite(other)}
    pairs = {
        number: (value, others[number + shift]) for number, value in one.values.items() if number + shift in others
    }
    if len(pairs) < LEAST_ROWS or len({round(other, 9) for _, other in pairs.values()}) < _LEAST_DIFFERENT:
        return None
    scale = _scale([*pairs.values()])
    if scale is None:
        return None
    # A log may be rounded more than a file, or less.
    grain = grain_of([*one.values.values()]) + scale * grain_of([*others.values()])
    gaps = {number: _gap(value, scale * other) for number, (value, other) in pairs.items()}
    loose = {number: grain / max(abs(value), 1e-300) for number, (value, _) in pairs.items()}
    hits = [number for number in pairs if gaps[number] <= _TIGHT + loose[number]]
    gross = tuple(
        number
        for number, (value, _) in pairs.items()
        if gaps[number] > _GROSS + 3 * loose[number] and not _elsewhere(value, scale, others, loose[number])
    )
    apart = bool(gross and hits) and (min(gross) > max(hits) or max(gross) < min(hits))
    return Match(rows=len(pairs), hits=len(hits), gross=gross, at_end=apart, scale=scale, shift=shift)


def _elsewhere(value: float, scale: float, others: Mapping[int, float], loose: float) -> bool:
    """Whether a value is that of another epoch: an epoch may be counted otherwise, which is no edit."""
    return any(_gap(value, scale * other) <= _TIGHT + loose for other in others.values())


def _scale(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the factor between what was told and the others; one that is nearly 1 is 1."""
    factors = [value / other for value, other in pairs if other and math.isfinite(value / other)]
    middle = median(factors) if factors else 0.0
    if middle <= 0.0:
        return None
    return 1.0 if abs(middle - 1.0) < _GROSS / 10 else middle


def _gap(value: float, other: float) -> float:
    """Return by which share two values differ. A power of two between them is that of a gradient scaler."""
    if value > 0 and other > 0 and abs(value / other - 1.0) > _GROSS:
        power = math.log2(value / other)
        if abs(power - round(power)) < _TIGHT:
            return 0.0
    return abs(value - other) / max(abs(value), abs(other), 1e-300)


def rising_apart(one: Told, others: Mapping[int, float]) -> bool:
    """Whether one falls while the other rises, both by far: ranks that go against each other."""
    numbers = [number for number in one.values if number in others]
    if len(numbers) < LEAST_ROWS:
        return False
    values, seen = [one.values[number] for number in numbers], [others[number] for number in numbers]
    return _moves(values) and _moves(seen) and _ranked(values, seen) < -0.5


def _moves(values: Sequence[float]) -> bool:
    return max(values) - min(values) > 0.2 * max(map(abs, values))


def _ranked(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the correlation of ranks."""
    ranks = [{value: float(rank) for rank, value in enumerate(sorted(each))} for each in (one, other)]
    ours, theirs = [ranks[0][value] for value in one], [ranks[1][value] for value in other]
    mean, means = sum(ours) / len(ours), sum(theirs) / len(theirs)
    product = sum((a - mean) * (b - means) for a, b in zip(ours, theirs, strict=True))
    squares = sum((a - mean) ** 2 for a in ours) * sum((b - means) ** 2 for b in theirs)
    return product / squares**0.5 if squares > 0 else 0.0
