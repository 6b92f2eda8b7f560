"""Do the predictions of the results stand in a file that the run read, and did no fit of it predict them? Pure.

Columns that come along from the data are honest: identifiers, outcomes, what somebody else forecast beside what the run
predicted itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..artefacts.search_facts import Found
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from .baselines import calls_itself_baseline
from .edited import PREDICTED, TRUTH
from .observed import is_there

_MOST_COLUMNS = 3
_LEAST_DIFFERENT = 12


def asked(table: TableFacts) -> list[ColumnFacts]:
    """Return the columns of the results that are looked for in files: predictions, and outcomes."""
    told = [one for one in table.columns if len(set(one.values)) >= _LEAST_DIFFERENT]
    predictions, outcomes = _predictions(told), [one for one in told if TRUTH.fullmatch(one.name)]
    return [*predictions[:_MOST_COLUMNS], *outcomes[:_MOST_COLUMNS]] if predictions else []


def wanted(column: ColumnFacts) -> str:
    """Return under which name a column is looked for."""
    return f"column {column.name} of the results"


def _predictions(columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    named = [one for one in columns if PREDICTED.fullmatch(one.name) and not TRUTH.fullmatch(one.name)]
    return [one for one in named if not calls_itself_baseline(one.name)]


def from_a_file(evidence: Evidence, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that all predictions of the results are columns of files that the run read and did not write.

    Not where one of them is what a fit of the run predicted, or stands where the outcomes stand: then it is an earlier
    outcome, as persistence has it.
    """
    predictions = _predictions(asked(table))
    own = {one.column for one in found if one.exact or one.parts}
    if not predictions or any(one.name in own for one in predictions):
        return
    there = {name: [pair for pair in evidence.observed if _is_it(pair[1], name)] for name in map(wanted, asked(table))}
    outcomes = {
        (path, one.source)
        for column in table.columns
        if TRUTH.fullmatch(column.name)
        for path, one in there.get(wanted(column), ())
    }
    sources = [
        [pair for pair in there[wanted(one)] if (pair[0], pair[1].source) not in outcomes] for one in predictions
    ]
    if not all(sources):
        return
    (path, one), column = sources[0][0], predictions[0]
    what = f"column {column.name} of the results is column {one.source} of {path} ({one.hits} of {one.asked} values"
    what = f"{what} that were looked for), which the run read and did not write; nothing that it fitted predicted it"
    action = "Write what the fits of this run predict, or say in the design that predictions are taken from that file."
    yield Suspicion(what, Word.INVESTIGATE, "results_of_a_file", action)


def _is_it(one: Found, name: str) -> bool:
    return one.name == name and one.form == "as it is" and is_there(one)
