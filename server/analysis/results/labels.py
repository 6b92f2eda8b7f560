"""Do the classes in the results follow from the probabilities beside them, or from the outcomes? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word

_ODDS = re.compile(r".*prob.*|(?:.*[_ ])?(?:p\d?|p_?hat|odds|chance|posterior|score)(?:[_( ].*)?", re.IGNORECASE)
"""What a single column of probabilities is called; others between 0 and 1 are shares, features, certainties."""
_LEAST_ROWS = 20
_LEAST_TURNED = 10
_LEAST_SHARE = 0.02
_MOSTLY = 0.95
_ROUNDED = 0.02
"""By how much the probabilities of a row may miss 1, after rounding."""


def labels(table: TableFacts) -> Iterator[Suspicion]:
    """Yield which column of classes differs from the most probable class in those rows only where it is then right.

    A threshold other than one half turns rows too, but some of them wrongly.
    """
    chosen = _most_probable(table)
    whole = [one for one in table.columns if _are_classes(one, table.rows)]
    odds = [one for one in table.columns if _are_odds(one, table.rows)]
    cut = [one for one in whole if len(odds) == 1 and _is_cut(one.values, odds[0].values)]
    whole = [one for one in whole if one not in cut]  # decided by a threshold of its own; the others say otherwise
    for one in whole if chosen else ():
        turned = [row for row, value in enumerate(one.values) if value != chosen[row]]
        if not max(_LEAST_TURNED, _LEAST_SHARE * table.rows) <= len(turned) < 0.5 * table.rows:
            continue
        for truth in (each for each in whole if each is not one):
            right = sum(one.values[row] == truth.values[row] for row in turned)
            wrong = sum(a != b for a, b in zip(one.values, truth.values, strict=True))
            if wrong and right >= _MOSTLY * len(turned):
                what = (
                    f"column {one.name} of the results is not the most probable class in {len(turned)} of {table.rows}"
                )
                what = f"{what} rows, and in {right} of these it is what column {truth.name} says"
                action = "Write the classes as the model gave them, or say by which rule they were chosen."
                yield Suspicion(what, Word.INVESTIGATE, "labels_set_right", action)
                return


def _is_cut(classes: Sequence[float], scores: Sequence[float]) -> bool:
    """Whether two classes are those of a score below and above one threshold, whichever it is."""
    groups = {one: [score for one_too, score in zip(classes, scores, strict=True) if one_too == one]
              for one in set(classes)}  # fmt: skip
    if len(groups) != 2:
        return False
    some, others = groups.values()
    return max(some) <= min(others) or max(others) <= min(some)


def _are_classes(column: ColumnFacts, rows: int) -> bool:
    return (
        len(column.values) == rows
        and all(float(one).is_integer() for one in column.values)
        and len(set(column.values)) > 1
    )


def _most_probable(table: TableFacts) -> Sequence[float]:
    """Return the most probable class of each row, by columns that add up to 1; empty where there are none."""
    odds = [one for one in table.columns if _are_odds(one, table.rows)]
    if table.rows < _LEAST_ROWS or not odds:
        return []
    if len(odds) == 1:
        (one,) = odds
        both = min(one.values) < 0.5 < max(one.values)  # a certainty is one half at least
        return [float(value > 0.5) for value in one.values] if both and _ODDS.fullmatch(one.name) else []
    rows = [*zip(*(one.values for one in odds), strict=True)]
    if any(abs(sum(row) - 1) > _ROUNDED for row in rows):
        return []
    return [float(row.index(max(row))) for row in rows]


def _are_odds(column: ColumnFacts, rows: int) -> bool:
    values = column.values
    return (
        len(values) == rows
        and min(values) >= 0
        and max(values) <= 1
        and not all(float(one).is_integer() for one in values)
    )
