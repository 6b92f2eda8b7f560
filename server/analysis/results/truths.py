"""Which columns of a table hold predictions, and which one the outcomes beside them? By their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ..artefacts.facts import ColumnFacts, TableFacts
from ..counted.drawn import correlation
from .baselines import calls_itself_baseline
from .edited import PREDICTED, TRUTH

_OTHER = re.compile(
    r"prob(?:ability)?|score|lstm|gru|rnn|mlp|cnn|tcn|transformer|net(?:work)?|model|mean|p_\w+|yhat|y_hat"
)
_UPDATED = re.compile(
    r"filter|assimil|analys|smooth|updat|kalman|error|resid|diff|lower|upper|actual|obs|true", re.IGNORECASE
)
"""States that the outcomes of their own row go into by their nature, and what is told beside a prediction."""
_NO_OUTCOME = re.compile(
    r"lag|prev|last|persist|before|clim|mean|roll|^id$|_id$|index|row|time|date|hour|day|week|month|year|error|resid"
    r"|lower|upper|sd|std|low|high|q\d|weight|lat|lon|temp|fold|seed|split|diff|abs|base|ref",
    re.IGNORECASE,
)
_LEAST_DISTINCT = 20
_MARKS = re.compile(
    r"pred(?:ict(?:ed|ions?)?)?|forecast(?:ed|s)?|estimat(?:ed?|ions?)|fitted|y?hat|measured|observed|actuals?|true|real"
    r"|exact|reported|recorded|known|targets?|outcomes?|labels?|[\W_]+",
    re.IGNORECASE,
)
_MOST_TRIED = 6
_LEAST_BESIDE = 3
"""A curve has x, y and what was predicted of it; a field has more."""
_LEAST_ALIKE = 0.5


def is_a_place(column: ColumnFacts, table: TableFacts) -> bool:
    """Whether a column by the name of y is where something was predicted: one of several beside an x, as of a field."""
    return (
        column.name in ("y", "Y")
        and len(table.columns) > _LEAST_BESIDE
        and any(one.name in ("x", "X") for one in table.columns)
    )


def truth_of(table: TableFacts) -> Iterator[tuple[ColumnFacts, ColumnFacts]]:
    """Yield each column that is called a prediction with that of its outcomes, where the names say which that is."""
    whole = [one for one in table.columns if len(one.values) == table.rows and not is_a_place(one, table)]
    truths = [one for one in whole if TRUTH.fullmatch(one.name) and not is_predicted(one.name)]
    for column in (one for one in whole if is_predicted(one.name)):
        named = [one for one in whole if one is not column and _MARKS.sub("", one.name) == _MARKS.sub("", column.name)]
        others = _may_be(whole)
        both = [*truths[:1], *(one for one in named if not is_predicted(one.name)), *others[: len(others) == 1]]
        if both:
            yield column, both[0]


def may_be_truth_of(table: TableFacts) -> Iterator[tuple[ColumnFacts, ColumnFacts]]:
    """Yield each column that is called a prediction with each other one that may hold its outcomes."""
    whole = [one for one in table.columns if len(one.values) == table.rows and not is_a_place(one, table)]
    for column in (one for one in whole if is_predicted(one.name)):
        yield from ((column, one) for one in _may_be(whole)[:_MOST_TRIED])


def likely_truth_of(table: TableFacts) -> list[ColumnFacts]:
    """Return the columns of outcomes by their names, else that which goes with a prediction most."""
    named = [truth for _, truth in truth_of(table)]
    near = [(abs(correlation(one.values, truth.values)), truth) for one, truth in may_be_truth_of(table)]
    best = max(near, key=lambda each: each[0], default=None)
    return named or ([best[1]] if best is not None and best[0] > _LEAST_ALIKE else [])


def _may_be(columns: list[ColumnFacts]) -> list[ColumnFacts]:
    return [one for one in columns if not is_predicted(one.name) and _may_be_outcomes(one)]


def _may_be_outcomes(column: ColumnFacts) -> bool:
    """Whether a column may hold outcomes under a name of its own: it varies, and counts no rows."""
    steps = [b - a for a, b in pairwise(column.values)]
    counts = min(steps, default=0.0) >= 0 or max(steps, default=0.0) <= 0
    return not counts and len(set(column.values)) >= _LEAST_DISTINCT and _NO_OUTCOME.search(column.name) is None


def is_predicted(name: str) -> bool:
    """Whether a column is called a prediction, and no baseline's or one that its outcome goes into by its nature."""
    if calls_itself_baseline(name) or _UPDATED.search(name):
        return False
    return PREDICTED.fullmatch(name) is not None or _OTHER.fullmatch(name.lower()) is not None
