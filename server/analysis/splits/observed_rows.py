"""Is a part of what was observed a file's, row by row, and the rest of nowhere? Pure.

A column that was changed by a known way (scaled, in logarithms, cut at its ends, filled with one value, rows in another
unit, less or more by another column, by a share of one) is not asked about; nor is what stands in another column, or
in a file that nobody looked through.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..artefacts.search_facts import Found
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.observed import LEAST_ASKED
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import parts, text
from .fitted_rows import was_more_read
from .leaked import rows_of

_LEAST_THERE = 0.2
"""From this share of the values on, the column is the one that was observed."""
_MOSTLY_THERE = 0.5
"""The same where nobody knows which row a value is of, so that the other columns of its row cannot be looked at."""
_LEAST_DIGITS = 3
"""A number of no more digits behind the point stands in some column by chance."""
_LEAST_NOWHERE, _LEAST_VALUES = 0.1, 4
"""So large a share and so many different values of nowhere are no ends that were cut, and no outliers set right."""
_MOST_BY_CHANCE = 0.1
_MOST_GIVEN = 2
"""Of so few different values, what stood in the rows was a mark for what is missing."""
_SAME_RATIO = 1e-4
_MOST_FITS = 2
_MOST_SPLITS = 3
_LEAST_COLUMNS = 3
_MOST_NOWHERE = 0.7


class Told(NamedTuple):
    """What a model was given to explain, how many rows it was taken from, and by whom."""

    data: Fingerprint
    rows: int
    line: Line
    who: str


def told(seen: Seen) -> dict[str, Told]:
    """Return by name what samplers observed, and the targets of the fits to most rows; of a part of a split its whole.

    Targets are of fractions: whole numbers and classes stand anywhere.
    """
    wholes = {one.sha: rows_of(line) for line in seen.witnessed.of("split") for one in _parts(line)}
    found = {
        name: Told(one, wholes.get(one.sha, one.size), each.line, "the model")
        for each in seen.samplings
        for name, one in each.observed.items()
    }
    targets = {one.y.sha: one for one in seen.fits if _is_measured(one.y)}
    largest = sorted(targets.values(), key=lambda one: one.y.size, reverse=True)[:_MOST_FITS]
    fitted = {f"target {n} of {one.name}": one for n, one in enumerate(largest, 1)}
    return found | {
        name: Told(one.y, wholes.get(one.y.sha, one.y.size), one.line, one.name) for name, one in fitted.items()
    }


def _parts(split: Line) -> Iterator[Fingerprint]:
    if text(split.facts, "call") == "train_test_split":
        yield from (one for each in parts(split.facts, "parts") if (one := fingerprint(each)).sha)


def _is_measured(y: Fingerprint) -> bool:
    fractions = sum(math.isfinite(one) and not one.is_integer() for one in y.at)
    return bool(y.sha) and len(y.shape) == 1 and not y.sampled and fractions >= LEAST_ASKED


def held_out(seen: Seen) -> dict[str, tuple[Fingerprint, Line]]:
    """Return by name the tables that splits held out, with cells of fractions enough to be looked for."""
    found: dict[str, tuple[Fingerprint, Line]] = {}
    for line in seen.witnessed.of("split")[:_MOST_SPLITS]:
        table = next(itertools.islice(_parts(line), 1, None), None)
        if table is not None and len(table.shape) == 2 and not table.sampled and len(_fractions(table)) >= LEAST_ASKED:
            found[f"rows held out at {line.where}"] = (table, line)
    return found


def _fractions(table: Fingerprint) -> list[float]:
    return [one for one in table.at if math.isfinite(one) and not one.is_integer()]


def made_before_split(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that some rows which a split held out stand in the files, column by column, and others stand nowhere.

    A column that was computed stands nowhere as a whole, one that was filled has one value more, of one that was
    rounded few stand by chance: none of these is asked about; nor is anything where blank cells were filled.
    """
    if was_more_read(evidence, seen) or any(one.name.endswith("Imputer") for one in seen.fits):
        return
    for name, (table, line) in held_out(seen).items():
        left, width = _nowhere(evidence, name), table.shape[1]
        columns: dict[int, list[bool]] = {}
        for at, value in dict(zip(table.places, table.at, strict=False)).items():
            if math.isfinite(value) and not value.is_integer():
                columns.setdefault(at % width, []).append(value in left and not _is_coarse(value))
        partly = [one for one in columns.values() if len(one) > 1 and any(one) and not all(one)]
        cells, missing = sum(map(len, partly)), sum(map(sum, partly))
        enough = max(_LEAST_VALUES, _LEAST_THERE * cells) <= missing <= _MOST_NOWHERE * cells
        if len(partly) < _LEAST_COLUMNS or not enough:
            continue
        what = f"of the {table.shape[0]} rows that the split at {place(line)} held out, {missing} of {cells} cells that"
        what = f"{what} were looked for stand in no file that was read, and the others of the same columns do"
        action = "Split first, and make or interpolate rows of the training part only."
        yield Suspicion(what, Word.INVESTIGATE, "held_out_rows_made", action)
        return


def anywhere(name: str) -> str:
    """Return under which name values are looked for in all columns together."""
    return f"{name} in any column"


def made_up(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that some of the values which a model observed are a column's, and others stand in no column."""
    if was_more_read(evidence, seen):
        return
    known = told(seen)
    for path, one in evidence.observed:
        if one.name not in known or one.size != known[one.name].rows or not _is_a_part(one) or one.with_column:
            continue
        left = {each for each in _nowhere(evidence, one.name) if _is_placed(one) or not _is_coarse(each)}
        here = [pair for pair in one.instead if pair[0] in left]
        if len(left) < max(_LEAST_VALUES, _LEAST_NOWHERE * one.asked) or (here and _is_a_known_way(here)):
            continue
        _, _, line, who = known[one.name]
        what = (
            f"{one.hits} of {one.asked} values of {one.name} that were looked at, of {who} at {place(line)}, stand in"
        )
        what = f"{what} column {one.source} of {path}, which has as many rows ({one.size}); {len(left)} stand in no"
        what = f"{what} column of what was read"
        for value, there in here[:1]:
            what = f"{what}, as {plain(value)} where the file has {plain(there)}"
        action = "Give the model what was measured, or say in the design which rows were changed, how and why."
        yield Suspicion(what, Word.INVESTIGATE, "observed_not_in_file", action)
        return


def _is_a_part(one: Found) -> bool:
    """Whether a column of as many rows holds some of the values, in their rows where these are known."""
    there, least = (one.in_row, _LEAST_THERE) if _is_placed(one) else (one.hits, _MOSTLY_THERE)
    return (
        LEAST_ASKED <= one.asked > one.hits
        and there - one.by_chance >= least * one.asked
        and one.by_chance <= _MOST_BY_CHANCE * one.asked
    )


def _is_placed(one: Found) -> bool:
    """Whether the row of each value is known."""
    return one.in_row + len(one.instead) > 0


def _is_coarse(value: float) -> bool:
    """Whether a number has so few digits that some column has it by chance."""
    return grain_of((value,)) >= 0.5 * 10.0**-_LEAST_DIGITS


def _nowhere(evidence: Evidence, name: str) -> set[float]:
    """Return the values that stand in no column of any file."""
    every = [set(one.nowhere) for _, one in evidence.observed if one.name == anywhere(name)]
    return set[float].intersection(*every) if every else set()


def _is_a_known_way(pairs: Sequence[tuple[float, float]]) -> bool:
    """Whether rows were put into another unit, or held a mark for what is missing."""
    if len({there for _, there in pairs}) <= _MOST_GIVEN:
        return True
    ratios = [value / there for value, there in pairs if there]
    return len(ratios) == len(pairs) and max(ratios) - min(ratios) <= _SAME_RATIO * max(map(abs, ratios))
