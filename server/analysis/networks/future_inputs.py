"""Do a network's inputs hold outcomes of later rows, alone or in a mean over a window? Pure.

What the table of results holds from row to row is the order of time, unless a column of it runs backwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..results.truths import is_a_place
from ..witness import Prediction
from ..witness.fingerprints import places
from ..witness.seen import Seen, place
from .free_running import LEAST_ROWS, are_those, columns_given

_MAY = re.compile(
    r"auto[\s-]?encod|reconstruct|denois|inpaint|imput|interpolat|\bgaps?\b|nowcast|smoother|anomal|super[\s-]?resol|hindcast"
    r"|backcast|cent(?:red|ered)|two[\s-]sided|bi-?direction|both sides|later (?:rows|values)|future (?:values|rows)",
    re.IGNORECASE,
)
"""Words of a design by which what comes later may be among the inputs."""
_LATER = (*range(1, 25), 48, 168)
_WIDTHS = (*range(2, 31), 60, 90, 365)
_MOST_BLOCKS = 6


def later_outcomes(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that what a network was given holds, in each told row, outcomes of rows that come after it.

    Not of a network that gives its input back, and not where the rows stand from the newest to the oldest.
    """
    if _MAY.search(evidence.design.prose) or any(map(_runs_backwards, table.columns)):
        return
    named = [one for one in table.columns if TRUTH.fullmatch(one.name) and not is_a_place(one, table)]
    whole = [one for one in named if len(one.values) == table.rows >= LEAST_ROWS]
    for one in [each for each in seen.forwards if each.x.shape[:1] == (table.rows,)][-_MOST_BLOCKS:]:
        for truth in whole[:2]:
            for told in columns_given(one):
                if holds := _holds(told, truth, one):
                    what = f"what {one.name} was given at {place(one.line)} holds, in each told row, {holds}"
                    action = "Make inputs of what is known before the outcome: lags, and windows that end a row before."
                    yield Suspicion(what, Word.INVESTIGATE, "later_outcomes_among_inputs", action)
                    return


def _runs_backwards(column: ColumnFacts) -> bool:
    told = column.values
    return len(told) >= LEAST_ROWS and all(after < before for before, after in pairwise(told))


def _holds(told: Sequence[float], truth: ColumnFacts, one: Prediction) -> str:
    """Return in words which outcomes a column of the inputs is made of; empty where it is none of later rows."""
    rows = places(one.x.shape[0])
    if _are(told, rows, truth, {row: truth.values[row - 1] for row in rows if row > 0}):
        return ""  # a lag, or a trend on which every row leads to every other
    for by in _LATER:
        if _are(told, rows, truth, {row: truth.values[row + by] for row in rows if row + by < len(truth.values)}):
            return f"{truth.name} of {f'{by} rows' if by > 1 else 'the row'} after it"
    sums = [0.0, *accumulate(truth.values)]
    for width in _WIDTHS:
        for before in dict.fromkeys((width - 1, width // 2, (width - 1) // 2, 0)):
            starts = {row: row - before for row in rows if row >= before and row - before + width < len(sums)}
            means = {row: (sums[start + width] - sums[start]) / width for row, start in starts.items()}
            if _are(told, rows, truth, means):
                after = width - 1 - before
                ends = f"{after} of which come after it" if after else "the last of which is its own"
                return f"the mean of {truth.name} over {width} rows, {ends}"
    return ""


def _are(told: Sequence[float], rows: Sequence[int], truth: ColumnFacts, asked: dict[int, float]) -> bool:
    pairs = [(value, asked[row]) for row, value in zip(rows, told, strict=True) if row in asked]
    enough = len(pairs) >= LEAST_ROWS and len({one for _, one in pairs}) >= LEAST_ROWS
    return enough and are_those([one for one, _ in pairs], [one for _, one in pairs], truth)
