"""Did the rows whose predictions are handed in decide when the training stopped? Then they are no test. Pure.

Folds that stop by the rows they leave out are usual and said to be so; here one set of rows is watched by every fit of
its place, and it is the one that the results are of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from statistics import fmean

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Fit, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import part, parts, text

_SAID = re.compile(r"valid|(?:^|_)val(?:_|$)|tun(?:e|ing)|dev(?:_|$)", re.IGNORECASE)
"""Columns that call themselves those of the validation hide nothing."""
_NEAR = 1e-6
"""Data sets of boosters hold their numbers with fewer digits."""


def stopped_on(seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that what stopped a fit, or chose its state, were the rows that the results are predicted for."""
    by_place: dict[str, list[list[Fingerprint]]] = {}
    for each in seen.fits if found else ():
        by_place.setdefault(each.line.where, []).append(_watched(each))
    for one in found:
        fit = seen.fit_of(one.prediction)
        if fit is None or not text(fit.line.facts, "stops") or _SAID.search(one.column):
            continue
        tables = _watched(fit)
        if not any(_alike(each, one.prediction.x) for each in tables):
            continue
        if all(any(_alike(a, b) for b in tables) for told in by_place[fit.line.where] for a in told):
            rows = next(iter(one.prediction.values.shape), 1)
            what = (
                f"the {rows} rows that column {one.column} of the results is predicted for decided when {fit.name} at"
            )
            what = f"{what} {place(fit.line)} stopped ({text(fit.line.facts, 'stops')}): they are no test of it"
            action = "Stop by rows that the results do not hold, or call these the validation and test on others."
            yield Suspicion(what, Word.INVESTIGATE, "stopped_on_results", action)
            return


def stopped_on_outcomes(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that the outcomes in the results are the targets of the data set by which fits stopped.

    So it shows where the columns of the data set are not told, and where the results are made of many predictions.
    """
    told = [(one, label) for one in seen.fits if text(one.line.facts, "stops") for label in _labels(one)]
    if len({label.sha for _, label in told}) != 1 or any(_SAID.search(one.name) for one in table.columns):
        return
    fit, label = told[0]
    column = next((one for one in table.columns if _holds(one, label)), None)
    if column is not None:
        what = f"the {table.rows} outcomes of column {column.name} of the results are the targets of what decided when"
        what = (
            f"{what} {fit.name} at {place(fit.line)} stopped ({text(fit.line.facts, 'stops')}): they are no test of it"
        )
        action = "Stop by rows that the results do not hold, or call these the validation and test on others."
        yield Suspicion(what, Word.INVESTIGATE, "stopped_on_results", action)


def _labels(fit: Fit) -> list[Fingerprint]:
    told = [fingerprint(part(one, "label")) for one in parts(fit.line.facts, "watched")]
    return [one for one in told if one.sha and one.sha != fit.y.sha][-1:]


def _holds(column: ColumnFacts, label: Fingerprint) -> bool:
    values = column.values
    if len(values) != label.size or len(set(values)) < 2 or label.mean is None:
        return False
    same = all(math.isclose(values[at], one, rel_tol=_NEAR) for at, one in zip(label.places, label.at, strict=False))
    return same and math.isclose(fmean(values), label.mean, rel_tol=_NEAR)


def _watched(fit: Fit) -> list[Fingerprint]:
    return [fingerprint(one) for one in parts(fit.line.facts, "watched")]


def _alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two tables hold the same numbers, as far as single precision tells."""
    if one.sha and one.sha == other.sha:
        return True
    told = [(one.mean, other.mean), (one.sd, other.sd), (one.least, other.least), (one.most, other.most)]
    return one.shape == other.shape and len(one.shape) > 0 and all(
        a is not None and b is not None and math.isclose(a, b, rel_tol=_NEAR, abs_tol=_NEAR) for a, b in told
    )  # fmt: skip
