"""Which of several attempts is best, by how much, and is that more than noise? Pure; asked twice it says the same.

An attempt's level is the median of the last stretch of the column that all of them have. Where attempts differ by their
seed alone, settings are compared by the mean over their seeds, and the noise is that between seeds; else it is that of
the curve itself from epoch to epoch (`noise`).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import noise
from .series import History

_COLUMNS = (("val_loss", False), ("metric", False), ("val_gain", True), ("train_loss", False), ("train_gain", True))
"""Columns by what they say, the best first, and whether more is better."""
_STRETCH_SHARE, _LEAST_STRETCH, _MOST_STRETCH = 0.25, noise.LEAST_VALUES, 20
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
    :ivar ahead: the best attempt. Where seeds were run, that of the two with the better mean over the seeds of its
        settings: the best attempt may have had the best seed alone.
    :ivar rival: the next one with other settings, or the best attempt where that one is `ahead`.
    :ivar gap: by how much `ahead` is ahead of `rival`; `low`, `high`: its 95 % interval.
    :ivar noise: where the interval is from: "seeds", "epochs", empty where there is none.
    """

    column: str = ""
    rises: bool = False
    ranked: tuple[Ranked, ...] = ()
    left_out: tuple[str, ...] = ()
    ahead: str = ""
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
    sign = 1 if found.rises else -1
    groups = [[stretches[one.run] for one in known if one.settings == each.settings] for each in (best, rival)]
    if all(len(group) > 1 for group in groups):
        levels = [[sign * statistics.median(tail) for tail in group] for group in groups]
        if statistics.fmean(levels[0]) < statistics.fmean(levels[1]):
            best, rival, levels = rival, best, levels[::-1]
        return replace(found, ahead=best.run, rival=rival.run, noise="seeds", **noise.of_seeds(*levels)._asdict())
    tails = [[sign * value for value in stretches[one.run]] for one in (best, rival)]
    found = replace(
        found, ahead=best.run, rival=rival.run, gap=statistics.median(tails[0]) - statistics.median(tails[1])
    )
    told = noise.of_curves(*tails)
    return found if told is None else replace(found, noise="epochs", **told._asdict())
