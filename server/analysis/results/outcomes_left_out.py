"""Outcomes that a split held out and that do not stand in the results, here and there among those that do. Pure.

Whatever was made of the predictions on their way into the table: the outcomes beside them are as they were measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean, median, pstdev

from ..artefacts.facts import TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import parts, text
from .left_out import divided, kept_in, leave_all, off, put_back, said_of, scattered, told_whole
from .pooled import averages

_LEAST_EXTREMES = 2
_LEAST_KEPT = 0.5
"""A table of fewer of them shows a part: some examples."""


def outcomes_left_out(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column has the outcomes of a part that a split held out, some of them left out in between.

    Rows without an outcome are left out rightly. Of those that nothing was predicted for it is asked where they are
    the ones with the most extreme outcomes.
    """
    predicted = any(one.values.shape[:1] == (table.rows,) for one in (*seen.predictions, *seen.forwards))
    for line, held in held_outcomes(seen):
        missing = held.size - table.rows
        few = 0 < missing <= held.size * (1 - _LEAST_KEPT) and held.nonfinite < missing
        if not few or (held.size, table.rows) in divided(seen):
            continue
        errors = _errors(seen, held)
        for column in told_whole(table):
            kept = kept_in(column, held)
            if _are_blank(held, kept) or not kept or not scattered(kept):
                continue
            how = _extremes(held, kept) if predicted else said_of(errors, kept)
            if how is not None:
                what = f"the split at {place(line)} held out {held.size} outcomes, column {column.name} of the results"
                what = f"{what} has {table.rows} of them: {missing} rows were left out here and there{how}"
                yield Suspicion(what, Word.INVESTIGATE, "rows_left_out", leave_all(held.size))
                return


def _are_blank(held: Fingerprint, kept: Sequence[bool]) -> bool:
    """Whether all told rows that were left out are some without an outcome."""
    gone = [one for one, there in zip(held.at, kept, strict=False) if not there]
    return bool(gone) and not any(map(math.isfinite, gone))


def _extremes(held: Fingerprint, kept: Sequence[bool]) -> str | None:
    """Say that the outcomes which were left out are the most extreme ones; None where they are not, or too few."""
    told = [(one, there) for one, there in zip(held.at, kept, strict=True) if math.isfinite(one)]
    middle = median(one for one, _ in told) if told else 0.0
    out, others = ([abs(one - middle) for one, there in told if there is kept_one] for kept_one in (False, True))
    beyond = len(out) >= _LEAST_EXTREMES and bool(others) and min(out) > max(others)
    return ", those with the most extreme outcomes" if beyond else None


def held_outcomes(seen: Seen) -> Iterator[tuple[Line, Fingerprint]]:
    """Yield the outcomes that splits held out, each with its split."""
    for line in seen.witnessed.of("split"):
        if text(line.facts, "call") == "train_test_split":
            told = [fingerprint(each) for each in parts(line.facts, "parts")]
            yield from ((line, one) for one in told[3::2] if one.at and one.shape[1:] in ((), (1,)))


def _errors(seen: Seen, held: Fingerprint) -> list[float]:
    """Return by how much these rows were missed, by the mean of all that predicted them; empty where nobody knows.

    What misses by more than the outcomes differ among themselves was predicted in another unit.
    """
    alike = [one for one in (*seen.predictions, *seen.forwards) if one.values.size == held.size]
    means = [*(mean for mean, _ in averages(alike)), *alike[-1:]]
    told = (off(way, held) for one in means for way in (one, *put_back(one)))
    nothing: list[float] = []
    nearest = min((one for one in told if one), key=sum, default=nothing)
    known = [one for one in held.at if math.isfinite(one)]
    return nearest if nearest and len(known) > 1 and fmean(nearest) < pstdev(known) else []
