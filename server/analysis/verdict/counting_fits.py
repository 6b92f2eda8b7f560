"""Which fits do the results come from? What a design asks of its method is held against these, not against any fit.

Pure. A forest of the designed size that is fitted beside the one whose predictions are handed in shows nothing.
"""

from __future__ import annotations

from ..artefacts.facts import TableFacts
from ..witness import Fit
from .baselines import calls_itself_baseline
from .evidence import Evidence
from .predicted import matches
from .seen import Seen


def fits_of_results(evidence: Evidence, seen: Seen) -> tuple[Fit, ...]:
    """Return the fits whose predictions a column of the results is, and those of their class at the same places.

    Only a column that is exactly what was predicted counts, or a mean or a weighted sum of that: one that is only near
    may be another model's. Columns that call themselves a baseline count where there is no other. Empty where none is.
    """
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    found = matches(table, seen.predictions) if isinstance(table, TableFacts) else []
    exact = [one for one in found if one.exact or one.parts]
    named = [one for one in exact if not calls_itself_baseline(one.column)] or exact
    made = [fit for one in named for each in one.of if (fit := seen.fit_of(each)) is not None]
    places = {(one.name, one.line.where) for one in made}
    return tuple(one for one in seen.fits if (one.name, one.line.where) in places)
