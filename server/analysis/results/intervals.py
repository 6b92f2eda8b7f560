"""Are intervals, which a design takes from bootstraps or quantiles, all of one width? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from .predicted import grain_of

_FROM_DRAWS = re.compile(
    r"(?:interval|band|range)s?\b.*\b(?:bootstrap|quantile|posterior|draw)|\b(?:bootstrap|quantile|posterior|draw)\w*.*"
    r"\b(?:interval|band|range)s?\b",
    re.IGNORECASE,
)
LOW = re.compile(
    r"(?:.*_)?(?:lower|low|lo|lwr|p0?5|p10|q0?5|q10|p2_5|q025|hdi_low)(?:_?(?:ci|bound|\d+))?", re.IGNORECASE
)
HIGH = re.compile(
    r"(?:.*_)?(?:upper|high|hi|upr|p9[05]|q9[05]|p97_5|q975|hdi_high)(?:_?(?:ci|bound|\d+))?", re.IGNORECASE
)
_OF_RESIDUALS = re.compile(r"residual|conformal|error quantile", re.IGNORECASE)
"""Quantiles of errors that are added to each prediction give one width, rightly."""
_LEAST_ROWS = 20
_MIDDLE = re.compile(r"mid|cent(?:re|er)|mitte", re.IGNORECASE)
"""Columns that say themselves that they are in the middle."""
_FINE = 0.002
"""Of the widest interval: columns that are rounded more may be in the middle by that."""


_LEVELS = (
    (re.compile(r"(?:.*_)?(?:p0?5|q0?5)(?:_.*)?|.*90.*", re.IGNORECASE), (0.05, 0.95)),
    (re.compile(r"(?:.*_)?(?:p2_5|q0?25)(?:_.*)?|.*(?:95|97).*", re.IGNORECASE), (0.025, 0.975)),
)


def level_of(low: str, high: str) -> tuple[float, float] | None:
    """Return which quantiles two columns are, by their names; None where they do not say."""
    found = (ends for words, ends in _LEVELS if words.fullmatch(low))
    del high
    return next(found, None)


def intervals(evidence: Evidence, table: TableFacts) -> Iterator[Suspicion]:
    """Yield whether both ends of the intervals are one column moved by a constant, where the design says otherwise."""
    method = evidence.design.method
    if not _FROM_DRAWS.search(method) or _OF_RESIDUALS.search(method) or table.rows < _LEAST_ROWS:
        return
    told = [one for one in table.columns if len(set(one.values)) > 1]
    low, high = (next((one for one in told if ends.fullmatch(one.name)), None) for ends in (LOW, HIGH))
    if low is None or high is None or (width := _constant(low, high)) is None:
        return
    what = f"each interval from column {low.name} to column {high.name} of the results is {plain(width)} wide;"
    what = f"{what} {evidence.design.source('method')} takes them from {evidence.design.method[:80]!r}"
    action = "Write the quantiles themselves, or say in the design how the intervals are made."
    yield Suspicion(what, Word.INVESTIGATE, "intervals_of_one_width", action)


def by_formula(evidence: Evidence, table: TableFacts) -> Iterator[Suspicion]:
    """Yield whether the middle of each interval is the estimate beside it, where the design takes both ends from draws.

    Quantiles of draws lie as far from the mean as they happen to: never by the same on both sides in each of many rows.
    """
    said = evidence.design.model.from_draws
    told = [one for one in table.columns if len(one.values) == table.rows and len(set(one.values)) > 1]
    low, high = (next((one for one in told if ends.fullmatch(one.name)), None) for ends in (LOW, HIGH))
    if not said or table.rows < _LEAST_ROWS or low is None or high is None or _constant(low, high) is not None:
        return
    others = (one for one in told if one not in (low, high) and not _MIDDLE.search(one.name))
    middle = next((one for one in others if _in_the_middle(low, one, high)), None)
    if middle is None:
        return
    what = f"column {middle.name} of the results is the middle between {low.name} and {high.name} in each of its"
    what = f"{what} {table.rows} rows, to the last digit; {evidence.design.path}:{said.line} speaks of {said.words!r}"
    action = "Write the quantiles of the draws themselves, or say in the design how the intervals are computed."
    yield Suspicion(what, Word.INVESTIGATE, "intervals_by_formula", action)


def _in_the_middle(low: ColumnFacts, one: ColumnFacts, high: ColumnFacts) -> bool:
    grain = grain_of(low.values) + grain_of(high.values) + grain_of(one.values)
    rows = zip(low.values, one.values, high.values, strict=True)
    widest = max(b - a for a, b in zip(low.values, high.values, strict=True))
    fine = widest > 0 and grain <= _FINE * widest
    return fine and all(abs((a + b) / 2 - mid) <= grain + 1e-9 * abs(mid) for a, mid, b in rows)


def _constant(low: ColumnFacts, high: ColumnFacts) -> float | None:
    """Return by how much one column is above another, where that is one number within rounding; else None."""
    widths = [b - a for a, b in zip(low.values, high.values, strict=False)]
    grain = 2 * (grain_of(low.values) + grain_of(high.values)) + 1e-9 * max(map(abs, high.values))
    return round(widths[0], 6) if max(widths) - min(widths) <= grain else None
