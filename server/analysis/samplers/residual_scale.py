"""Do predictions of the rows that were observed miss them by as much as the sampled scale of the errors says? Pure.

The errors of a model's own predictions of its rows are as large as its scale, or a little smaller: larger where a part
of the model was left out of them, much smaller where they were drawn to the outcomes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from statistics import fmean, pstdev

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.design import Design
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.baselines import calls_itself_baseline
from ..results.edited import PREDICTED, TRUTH
from ..results.intervals import HIGH, LOW
from ..results.of_samplings import as_trace
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place
from .likelihood import SCALE

_LEAST_ROWS = 40
_LARGER, _SMALLER = 1.12, 0.7
_FEW_PARAMETERS = 0.1
"""Of the rows: a model with more of them follows each row more closely than its scale says."""
_SAME_SCALE = 0.5
"""Share of the outcomes' deviation by which means may differ on one scale."""
_NORMAL = re.compile(r"(?:.*~\s*)?Normal\(.*,\s*([A-Za-z]\w*)\)$")
_ON_ITS_OWN_SCALE = re.compile(
    r"population|marginal|fixed effects|new (?:\w+ )?(?:groups?|sites?|units?|subjects?|levels?)|single draw|one draw"
    r"|average (?:\w+ )?(?:group|site)|heterosced|known (?:standard )?errors?|measurement error|log[\s-]?scale"
    r"|simulated|cross[\s-]valid|\bfolds?\b|leave[\s-]one|one[\s-]step|ahead|forecast|trend only"
    r"|without (?:the )?(?:random|group|site)",
    re.IGNORECASE,
)
"""What else the predictions may be than those of the whole model."""


def against_scale(design: Design, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that all predictions of the results miss the observed rows by much more, or much less, than the scale."""
    if seen.fits or seen.steps or table.rows < _LEAST_ROWS or _ON_ITS_OWN_SCALE.search(design.prose):
        return
    for one in reversed(seen.samplings):
        found = next(_scaled(one, table), None)
        if found is None:
            continue
        truth, name, scale = found
        columns = [each for each in _predictions(table) if _is_of_its_scale(each, truth)]
        errors = [_error(each.values, truth.values) / scale for each in columns]
        if errors and (min(errors) >= _LARGER or (max(errors) <= _SMALLER and _parameters(one) <= _share(table))):
            yield _suspicion(one, columns[0], truth, errors[0], f"{name} ({scale:.3g})")
        return


def _share(table: TableFacts) -> float:
    return _FEW_PARAMETERS * table.rows


def _suspicion(one: Sampling, column: ColumnFacts, truth: ColumnFacts, ratio: float, scale: str) -> Suspicion:
    what = f"column {column.name} of the results misses {truth.name}, which the model at {place(one.line)} observed, by"
    what = f"{what} {ratio:.2f} times the scale of its errors, {scale}"
    if ratio > 1:
        why, action = "is a part of the model left out of the predictions?", "Predict with all parts of the model"
        return Suspicion(f"{what}: {why}", Word.INVESTIGATE, "predictions_off_the_model", f"{action}, or {_SAY}.")
    action = f"Hand in what the draws say (their mean or median), or {_SAY}."
    return Suspicion(f"{what}: were outcomes used for them?", Word.INVESTIGATE, "nearer_than_its_scale", action)


_SAY = "say in the design how the predictions are made"


def _scaled(one: Sampling, table: TableFacts) -> Iterator[tuple[ColumnFacts, str, float]]:
    """Yield a column of outcomes that was observed with normal errors, and the mean of their one scale."""
    means = {each.name: each.mean for each in as_trace(one).figures}
    truths = [each for each in table.columns if TRUTH.fullmatch(each.name)]
    for name, told in one.likelihoods.items():
        scale = _scale_of(one, told)
        every = {**one.held, **one.observed}.values() if one.library == "numpyro" else [one.observed.get(name)]
        data = [each for each in every if each is not None and not each.nonfinite]
        if means.get(scale, 0.0) > 0:
            yield from ((truth, scale, means[scale]) for truth in truths if any(_is_observed(truth, x) for x in data))


def _scale_of(one: Sampling, likelihood: str) -> str:
    """Return the name of the scale of a normal likelihood; of NumPyro, which tells no names, the only such one."""
    if found := _NORMAL.match(likelihood):
        return found[1]
    scalars = [name for name in one.free if not one.shapes.get(name) and SCALE.fullmatch(name.lower())]
    return scalars[0] if likelihood == "Normal(f(), f())" and len(scalars) == 1 else ""


def _is_observed(column: ColumnFacts, data: Fingerprint) -> bool:
    """Whether a column is what was observed, row by row, as it is."""
    if len(column.values) != data.size or len(data.shape) != 1 or not data.at:
        return False
    grain = grain_of(column.values)
    return all(
        abs(column.values[row] - one) <= grain + 1e-6 * abs(one) for row, one in zip(data.places, data.at, strict=True)
    )


def _predictions(table: TableFacts) -> list[ColumnFacts]:
    named = [one for one in table.columns if PREDICTED.fullmatch(one.name) and not TRUTH.fullmatch(one.name)]
    ends = [one for one in named if LOW.fullmatch(one.name) or HIGH.fullmatch(one.name)]
    return [one for one in named if one not in ends and not calls_itself_baseline(one.name)]


def _is_of_its_scale(column: ColumnFacts, truth: ColumnFacts) -> bool:
    if len(column.values) != len(truth.values) or len(set(column.values)) < 2:
        return False
    return abs(fmean(column.values) - fmean(truth.values)) <= _SAME_SCALE * pstdev(truth.values)


def _error(one: Sequence[float], other: Sequence[float]) -> float:
    return math.dist(one, other) / math.sqrt(len(one))


def _parameters(one: Sampling) -> int:
    return sum(math.prod(shape) for shape in one.shapes.values())
