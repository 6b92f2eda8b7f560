"""Are columns of quantiles, horizons or targets, which the design fits one by one, all made of one of them? Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness.seen import Seen, place
from .edited import TRUTH

_EACH = r"(?:each|every|separate\w*|own|single|one by one)"
_KINDS = tuple(
    (re.compile(said, re.IGNORECASE), re.compile(columns, re.IGNORECASE))
    for said, columns in (
        (
            r"quantile (?:regress|model|loss|gradient|boost|network|forest)|pinball"
            rf"|{_EACH} (?:\S{{1,20}} ){{0,5}}?quantiles?\b|quantiles?\b[^.;]{{0,60}}?\b{_EACH}",
            r"(?:.*[_ ])?(?:(?:q|p|quantile|pct|percentile)[_ ]?\d{1,3}(?:[._]\d+)?|\d{1,2}(?:th)?_?(?:percentile"
            r"|quantile)|lower|upper|low|high|median|lo|hi)(?:[_ ].*)?",
        ),
        (
            rf"{_EACH} (?:\S{{1,20}} ){{0,5}}?(?:horizon|target|lead time)s?\b"
            rf"|(?:horizon|target|lead time)s?\b[^.;]{{0,60}}?\b{_EACH}",
            r"(?:.*[_ ])?(?:h|horizon|lead|step|day|week|hour|month|t\+)[_ +]?\d{1,3}(?:[_ ].*)?"
            r"|(?:.*[_ ])?\d{1,3}_?(?:h|d|w|days?|weeks?|hours?|steps?|ahead)(?:[_ ].*)?|.*pred.*|.*forecast.*",
        ),
    )
)
"""How a design says that there is a model for each quantile or horizon, and what their columns are called."""
_OF_ONE = re.compile(
    r"residual|conformal|error quantile|normal|gaussian|multi-?output|jointly|one model for all", re.IGNORECASE
)
"""Ways in which the columns are rightly made of one model."""
_LEVELS = re.compile(r"(?:.*__)?(?:alpha|quantile|quantile_alpha|quantiles|q|tau|objective|loss|loss_function)")
_LEAST_ROWS = 20
_LEAST_VALUES = 10


def one_model(evidence: Evidence, seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that a column of a quantile or horizon is another one, stretched and moved by one number each.

    Nothing follows where both were predicted as they stand, or where as many levels were fitted as there are columns.
    """
    told = _says_one_each(evidence)
    if told is None or not (seen.fits or seen.steps) or table.rows < _LEAST_ROWS:
        return
    said, called = told
    columns = [one for one in table.columns if called.fullmatch(one.name) and _is_told(one, table.rows)]
    known = {one.column: id(one.prediction) for one in found if one.exact or one.parts}
    if len(_levels(seen)) >= len(columns):
        return
    for one, other in itertools.combinations(columns, 2):
        if known.get(one.name, 0) != known.get(other.name, 0) and one.name in known and other.name in known:
            continue
        if (line := _on_a_line(one, other)) is not None:
            stretched, moved = line
            how = f"{plain(round(stretched, 6))} times column {one.name}" if stretched != 1 else f"column {one.name}"
            how = f"{how}, moved by {plain(round(moved, 6))}" if moved else how
            trained = f"; {len(seen.fits)} fits were seen, the first at {place(seen.fits[0].line)}" if seen.fits else ""
            what = f"column {other.name} of the results is {how}, in every row{trained}; the design has {said!r}"
            action = (
                "Fit each of them on its own, or say in the design that they are one model's, and how they are made."
            )
            yield Suspicion(what, Word.INVESTIGATE, "columns_of_one_model", action)
            return


def _says_one_each(evidence: Evidence) -> tuple[str, re.Pattern[str]] | None:
    """Return the words of the design that have a model for each quantile or horizon, and how their columns are called.

    None where it has none, or where one model rightly makes them all.
    """
    rows = [f"{name.replace('_', ' ')}: {one.text}" for name, one in evidence.design.requirements.items()]
    if any(_OF_ONE.search(one) for one in rows):
        return None
    return next(((one[:100], called) for said, called in _KINDS for one in rows if said.search(one)), None)


def _is_told(one: ColumnFacts, rows: int) -> bool:
    return not TRUTH.fullmatch(one.name) and len(one.values) == rows and len(set(one.values)) >= _LEAST_VALUES


def _levels(seen: Seen) -> set[str]:
    """Return the different levels, with losses and objectives, that were fitted."""
    return {str(sorted(f"{n} {v}" for n, v in one.params.items() if _LEVELS.fullmatch(n))) for one in seen.fits}


def _on_a_line(one: ColumnFacts, other: ColumnFacts) -> tuple[float, float] | None:
    """Return slope and intercept by which one column is another, within what rounding hides; None where it is not."""
    low, high = (edge(range(len(one.values)), key=one.values.__getitem__) for edge in (min, max))
    width = one.values[high] - one.values[low]
    if not width > 0:
        return None
    slope = (other.values[high] - other.values[low]) / width
    grain = grain_of(one.values) * abs(slope) + grain_of(other.values)
    moved = other.values[low] - slope * one.values[low]
    scale = 1e-9 * max(map(abs, (*one.values, *other.values)))
    near = all(abs(a - slope * b - moved) <= 2 * grain + scale for a, b in zip(other.values, one.values, strict=True))
    distinct = abs(other.values[high] - other.values[low]) > _LEAST_VALUES * grain
    same = one.values == other.values
    if not near or not distinct or same or not slope > 0:
        return None
    return (1.0 if abs(slope - 1) * width <= 2 * grain else slope), (0.0 if abs(moved) <= 2 * grain + scale else moved)
