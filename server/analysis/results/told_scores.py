"""Are the scores in a table those that were witnessed? Asked where some are and others are not. Pure.

A score that nobody saw may be computed by hand; so nothing follows from a column of which none was seen.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from statistics import fmean, median, pstdev, stdev

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, fingerprint
from ..witness.seen import Seen, names
from ..witness.values import number, part, text
from .predicted import grain_of

_SCORE = re.compile(
    r"(?:.*[_ ])?(?:r2|r_?squared|rmse|mse|mae|mape|medae|rmsle|accuracy|acc|balanced_accuracy|auc|roc_?auc|pr_?auc|ap"
    r"|f1|precision|recall|mcc|kappa|log_?loss|brier|score)(?:_(?:test|val|valid|cv|mean|macro|micro|weighted|score))*",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"(?<![a-z])(?:means?|std|sd|median|min|max|all|overall|total|averag\w*|avg|pooled|weighted|macro|micro|ensembl\w*"
    r"|blend\w*|\d+%|count)(?![a-z])",
    re.IGNORECASE,
)
"""Rows that sum up others, or put them together."""
_BY_HAND = re.compile(
    r"naive|baseline|persisten|seasonal|dummy|chance|random|majority|constant|climatolog|last[ _]",
    re.IGNORECASE,
)
"""Rows of a guess that nothing is fitted for: its score is a line of arithmetic."""
_SHARE = re.compile(r"acc|auc|ap\b|f1|precision|recall|mcc|kappa|r2|r_?squared|brier", re.IGNORECASE)
"""Scores that nobody takes a root of: among so many figures near 1 a root meets a score by chance."""
_LEAST_SEEN = 2
_MOST_ROWS = 200
_MOST_CHUNKS = 20


def told_scores(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that some rows of a table of scores are what was witnessed, and others are not.

    Not asked where networks or samplers ran, whose scores are often computed by hand, and where more were computed than
    were told.
    """
    lines = seen.witnessed.of("metric", "search")
    counted = any(text(one.facts, "of") in ("metric", "search") for one in seen.witnessed.of("more"))
    if not lines or seen.steps or seen.samplings or counted or not 2 < table.rows <= _MOST_ROWS:
        return
    columns = [one for one in table.columns if len(one.values) == table.rows and _SCORE.fullmatch(one.name)]
    known = {roots: sorted(set(_known(seen, roots=roots))) for roots in (False, True)}
    if not columns or not known[False]:
        return
    told = [(one, known[_SHARE.search(one.name) is None]) for one in columns]
    found = [[_is_among(value, each, grain_of(one.values)) for value in one.values] for one, each in told]
    rows = [*zip(*found, strict=True)]
    labels = table.labels if len(table.labels) == table.rows else [""] * table.rows
    left_out = [bool(_SUMMARY.search(one) or _BY_HAND.search(one)) for one in labels]
    other = [row for row, each in enumerate(rows) if not any(each) and not left_out[row]]
    if sum(all(each) for each in rows) >= _LEAST_SEEN and other:
        yield _suspicion(columns[0], labels[other[0]], other, len(rows), names(lines))


def _suspicion(column: ColumnFacts, label: str, other: Sequence[int], rows: int, places: str) -> Suspicion:
    whose = f" ({label[:40]})" if label else ""
    value = plain(column.values[other[0]])
    what = f"{len(other)} of {rows} rows of scores in the results are none that were computed at {places}, nor a mean"
    what = f"{what} of these, as the other rows are: {column.name} {value} in row {other[0] + 1}{whose}"
    action = "Write each score as it was computed, or say by what these were: a figure by hand is not witnessed."
    return Suspicion(what, Word.INVESTIGATE, "scores_not_witnessed", action)


def _known(seen: Seen, *, roots: bool) -> Iterator[float]:
    """Yield every score that was seen, in the usual forms, and means and deviations of those of one place.

    :param roots: the roots of scores, too: of mean squares.
    """
    by_place: dict[tuple[str, str], list[float]] = {}
    for line in seen.witnessed.of("metric"):
        if (value := number(line.facts, "value")) is not None:
            by_place.setdefault((text(line.facts, "call"), line.where), []).append(value)
    for values in by_place.values():
        yield from _forms(values)
        yield from _forms([math.sqrt(one) for one in values if one > 0]) if roots else ()
    for one in seen.fits:
        if one.is_search:
            tests = part(one.line.facts, "tests") or {}
            told = [one.values, one.scores, *(fingerprint(part(tests, name)) for name in tests)]
            yield from (value for each in told for value in _of_folds(each, roots=roots))
            yield from _variants([one.best_score] if one.best_score is not None else [])


def _of_folds(told: Fingerprint, *, roots: bool) -> Iterator[float]:
    values = [one for one in told.at if math.isfinite(one)]
    yield from _forms(values)
    yield from _forms([math.sqrt(abs(one)) for one in values]) if roots else ()
    yield from _variants([one for one in (told.mean, told.sd) if one is not None])


def _forms(values: Sequence[float]) -> Iterator[float]:
    """Yield values, and the means and deviations of all of them and of equal parts, next to each other or in turns."""
    yield from _variants(values)
    chunks = [size for size in range(2, min(_MOST_CHUNKS, len(values)) + 1) if len(values) % size == 0]
    for size in {*chunks, len(values)} - {0, 1}:
        parts = [values[at : at + size] for at in range(0, len(values), size)]
        turns = [values[at :: len(values) // size] for at in range(len(values) // size)]
        for each in (*parts, *turns):
            yield from _variants((fmean(each), pstdev(each), stdev(each), median(each)))


def _variants(values: Sequence[float]) -> Iterator[float]:
    for one in values:
        yield from (one, -one, 1 - one, 100 * one)


def _is_among(value: float, known: Sequence[float], grain: float) -> bool:
    """Whether a value stands among others, which are in order."""
    near = grain + 1e-9 * abs(value)
    at = bisect_left(known, value - near)
    return at < len(known) and known[at] <= value + near
