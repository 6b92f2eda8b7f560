"""Which fits do the results come from? What a design asks of its method is held against these, not against any fit.

Pure. A forest of the designed size that is fitted beside the one whose predictions are handed in shows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..artefacts.facts import TableFacts
from ..design.rows import near_rounds, rounds_taken, trees_asked
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..witness import Fit
from ..witness.seen import Seen, kind_of_class
from .baselines import calls_itself_baseline, has_another
from .predicted import matches


def fits_of_results(evidence: Evidence, seen: Seen) -> tuple[Fit, ...]:
    """Return the fits whose predictions a column of the results is, and those of their class at the same places.

    Only a column that is exactly what was predicted counts, or a mean or a weighted sum of that: one that is only near
    may be another model's of the same class, and counts for a class of its own. Columns that call themselves a baseline
    count where there is no other. Empty where none is.
    What found out after how many rounds to stop belongs to the fit that was then made with so many.
    """
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    found = matches(table, seen.predictions) if isinstance(table, TableFacts) else []
    known = [one for one in found if one.exact or one.parts]
    exact = [one for one in known if not calls_itself_baseline(one.column)]
    near = [one for one in found if one not in known and not calls_itself_baseline(one.column)]
    if not exact and not near and isinstance(table, TableFacts) and has_another(table, found):
        return ()  # the method's own column, which nobody saw predicted
    made = _made(exact or ([] if near else known), seen)
    names = {one.name for one in made}
    made += [one for one in _made(near, seen) if one.name not in names]
    places = {(one.name, one.line.where) for one in made}
    places |= {(one.name, one.line.where) for one in seen.fits for each in made if _stopped_for(one, each, seen)}
    return tuple(one for one in seen.fits if (one.name, one.line.where) in places)


def _made(found: Sequence[Match], seen: Seen) -> list[Fit]:
    return [fit for one in found for each in one.of if (fit := seen.fit_of(each)) is not None]


def _stopped_for(one: Fit, other: Fit, seen: Seen) -> bool:
    """Whether a fit stopped early, and another one of its class was asked for about as many rounds as it took."""
    taken = rounds_taken(one)
    if not taken or one.name != other.name or kind_of_class(one) != "Ensemble":
        return False
    asked, then = max(trees_asked(seen, (one,)), default=0.0), max(trees_asked(seen, (other,)), default=0.0)
    return then < asked and any(near_rounds(then, value) for value in taken)
