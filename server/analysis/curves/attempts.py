"""Which of several attempts is best, by how much, and is that more than noise? Pure; asked twice it says the same.

An attempt's level is the median of the last stretch of the column that all of them have. Where attempts differ by their
seed alone, the noise is that between seeds; else it is that of the curve itself from epoch to epoch, taken in blocks,
because neighbouring epochs are alike (moving block bootstrap: Künsch 1989, doi:10.1214/aos/1176347265).
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .series import History

_COLUMNS = (("val_loss", False), ("metric", False), ("val_gain", True), ("train_loss", False), ("train_gain", True))
"""Columns by what they say, the best first, and whether more is better."""
_DRAWS = 1000
_STRETCH_SHARE, _LEAST_STRETCH, _MOST_STRETCH = 0.25, 5, 20
_LOW, _HIGH = 0.025, 0.975
_TOO_LARGE = 1e150
"""Such values are no measurement, and their sums would overflow."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its numbers, and what it was made from but for seeds. Equal `settings` differ by the seed alone.

    :ivar numbers: its history; of one whose numbers were given up, what `tails` said of it before.
    """

    run: str
    numbers: History | Mapping[str, Sequence[float]]
    settings: str

    def tail(self, column: str) -> list[float]:
        """Return the last stretch of a column; empty where it has none, or its last value is not finite."""
        if isinstance(self.numbers, History):
            return _tail(_values(self.numbers, column))
        return list(self.numbers.get(column, ()))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where one attempt stands. :ivar level: the median of its last `values` values."""

    run: str
    level: float
    values: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing came to.

    :ivar column: what was compared, empty where the attempts have no column in common.
    :ivar ranked: the best first. :ivar left_out: attempts without a value of it, or whose last one is not finite.
    :ivar gap: by how much the best is ahead of the next one with other settings; `low`, `high`: its 95 % interval.
    :ivar rival: that next one. :ivar noise: where the interval is from: "seeds", "epochs", empty where there is none.
    """

    column: str = ""
    rises: bool = False
    ranked: tuple[Ranked, ...] = ()
    left_out: tuple[str, ...] = ()
    rival: str = ""
    gap: float = 0.0
    low: float = 0.0
    high: float = 0.0
    noise: str = ""

    @property
    def is_more_than_noise(self) -> bool:
        """Whether the interval of the gap lies above zero."""
        return bool(self.noise) and self.low > 0


def compare(attempts: Sequence[Attempt]) -> Comparison:
    """Return how attempts compare by the best column that most of them have."""
    column, rises = _column(attempts)
    stretches = {one.run: one.tail(column) for one in attempts} if column else {}
    known = [one for one in attempts if stretches.get(one.run)]
    left_out = tuple(one.run for one in attempts if one not in known)
    if not known:
        return Comparison(left_out=left_out)
    levels = {one.run: statistics.median(stretches[one.run]) for one in known}
    ordered = sorted(known, key=lambda one: -levels[one.run] if rises else levels[one.run])
    ranked = tuple(Ranked(one.run, levels[one.run], len(stretches[one.run])) for one in ordered)
    rival = next((one for one in ordered[1:] if one.settings != ordered[0].settings), None)
    found = Comparison(column=column, rises=rises, ranked=ranked, left_out=left_out)
    return _against(found, ordered[0], rival, known, stretches) if rival is not None else found


def tails(history: History) -> dict[str, list[float]]:
    """Return all that attempts are compared by: the last stretch of each column that has finite values."""
    found = {name: _tail(_values(history, name)) for name, _ in _COLUMNS}
    return {name: values for name, values in found.items() if values}


def since_best(attempts: Sequence[Attempt]) -> int:
    """Return how many attempts, in the order in which they were made, came after the best one."""
    found = compare(attempts)
    if not found.ranked:
        return 0
    runs = [one.run for one in attempts]
    return len(runs) - 1 - runs.index(found.ranked[0].run)


def _column(attempts: Sequence[Attempt]) -> tuple[str, bool]:
    """Return the column that most attempts have; of equals the one that says more."""
    counts = [sum(bool(one.tail(name)) for one in attempts) for name, _ in _COLUMNS]
    most = max(counts, default=0)
    return _COLUMNS[counts.index(most)] if most else ("", False)


def _values(history: History, column: str) -> list[float]:
    """Return what is finite of a column; nothing where its last value is not: what came before was lost in the end."""
    told = [one for one in (history.column(column) if column else []) if one is not None]
    if not told or not abs(told[-1]) < _TOO_LARGE:  # NaN is not, either
        return []
    return [one for one in told if abs(one) < _TOO_LARGE]


def _tail(values: Sequence[float]) -> list[float]:
    stretch = min(_MOST_STRETCH, max(_LEAST_STRETCH, round(len(values) * _STRETCH_SHARE)))
    return list(values[-stretch:])


def _against(
    found: Comparison, best: Attempt, rival: Attempt, known: Sequence[Attempt], stretches: dict[str, list[float]]
) -> Comparison:
    groups = [[stretches[one.run] for one in known if one.settings == each.settings] for each in (best, rival)]
    seeds = all(len(group) > 1 for group in groups)
    if seeds:
        samples = [[statistics.median(tail) for tail in group] for group in groups]
        draws, sides = _drawn(samples, statistics.fmean, block=1), [statistics.fmean(one) for one in samples]
    else:
        samples = [stretches[best.run], stretches[rival.run]]
        block = max(1, round(min(map(len, samples)) ** (1 / 3)))
        draws, sides = _drawn(samples, statistics.median, block), [statistics.median(one) for one in samples]
    sign = 1 if found.rises else -1
    gaps = sorted(sign * (one - other) for one, other in draws)
    enough = seeds or min(map(len, samples)) >= _LEAST_STRETCH
    return Comparison(
        column=found.column,
        rises=found.rises,
        ranked=found.ranked,
        left_out=found.left_out,
        rival=rival.run,
        gap=sign * (sides[0] - sides[1]),
        low=gaps[int(_LOW * len(gaps))],
        high=gaps[int(_HIGH * len(gaps))],
        noise=("seeds" if seeds else "epochs") if enough else "",
    )


def _drawn(
    samples: Sequence[Sequence[float]], level: Callable[[Sequence[float]], float], block: int
) -> list[tuple[float, float]]:
    chance = random.Random(0)  # noqa: S311 (asked twice, it answers the same)
    return [(level(_again(samples[0], chance, block)), level(_again(samples[1], chance, block))) for _ in range(_DRAWS)]


def _again(values: Sequence[float], chance: random.Random, block: int) -> list[float]:
    """Return as many values, drawn with replacement in blocks of neighbours."""
    drawn: list[float] = []
    while len(drawn) < len(values):
        begin = chance.randrange(len(values) - block + 1)
        drawn += values[begin : begin + block]
    return drawn[: len(values)]
