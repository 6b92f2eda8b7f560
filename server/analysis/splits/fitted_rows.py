"""Do the rows that a model was fitted to stand in the files that were read, or only look like these? Pure.

Asked where nothing of what was fitted stands there, and the target has the mean and the spread of a column that does.
What is computed from a file by a mean, a difference or a ratio has moments of its own, and is not asked about.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..artefacts.search_facts import Found, Wanted
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.observed import LEAST_ASKED, is_there
from ..results.predicted import grain_of
from ..witness import Fingerprint, Fit
from ..witness.seen import Seen, place
from ..witness.values import text

_LEAST_ROWS = 50
_MOST_FITS = 4
_LEAST_TOLD = 4
_MOST_THERE = 0.5
"""Share of the values that may stand in the files by chance, all of them together: rows are often of several."""
_OTHERS = (".py", ".md", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".log")
"""Files that hold no rows."""
_OF_NO_UNIT = 0.15
"""By how much mean and deviation may miss 0 and 1: every column that was standardised looks like every other."""


def asked(seen: Seen) -> list[tuple[Fit, Wanted, Wanted]]:
    """Return the fits to most rows, with what is to be looked for of each: its target, cells of its table.

    Whole numbers tell nothing: they stand in any file.
    """
    by_target = {one.y.sha: one for one in seen.fits if one.y.sha and len(one.x.shape) == 2 and not one.y.sampled}
    largest = sorted(by_target.values(), key=lambda one: one.x.shape[0], reverse=True)
    found: list[tuple[Fit, Wanted, Wanted]] = []
    for number, one in enumerate(largest[:_MOST_FITS]):
        target, cells = _fractions(one.y), _fractions(one.x)
        if one.x.shape[0] >= _LEAST_ROWS and min(len(target), len(cells)) >= LEAST_ASKED:
            moments = (one.y.mean or 0.0, 0.0 if _is_standardised(one.y) else one.y.sd or 0.0)
            wanted = Wanted(f"target {number} of fits", target, grain_of(target), *moments)
            found.append((one, wanted, Wanted(f"cells {number} of fits", cells, grain_of(cells), anywhere=True)))
    return found


def _is_standardised(y: Fingerprint) -> bool:
    return abs(y.mean or 0.0) <= _OF_NO_UNIT and abs((y.sd or 0.0) - 1) <= _OF_NO_UNIT


def _fractions(told: Fingerprint) -> tuple[float, ...]:
    return tuple(dict.fromkeys(one for one in told.at if math.isfinite(one) and not one.is_integer()))


def fitted_rows(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that what was fitted has the moments of a column of a file, and none of its values."""
    looked: dict[str, list[tuple[str, Found]]] = {}
    for path, one in evidence.observed:
        looked.setdefault(one.name, []).append((path, one))
    told = asked(seen)
    every = [[one for _, one in looked.get(wanted.name, ())] for _, *both in told for wanted in both]
    if any(map(_may_be_there, every)) or was_more_read(evidence, seen):
        return
    for fit, wanted, _ in told:
        alike = next(((path, one) for path, one in looked.get(wanted.name, ()) if one.alike), None)
        if alike is not None:
            path, one = alike
            what = f"the {fit.x.shape[0]} rows that {fit.name} was fitted to at {place(fit.line)} have a target with"
            what = f"{what} the mean and spread of column {one.alike} of {path}; its values and other columns' cells"
            what = f"{what} do not stand in that file ({one.hits} of {one.asked} that were looked for do)"
            action = "Fit to the rows that were read, or say how these rows were made and why."
            yield Suspicion(what, Word.INVESTIGATE, "rows_not_in_file", action)
            return


def _may_be_there(found: Sequence[Found]) -> bool:
    """Whether the values stand in the files, some in one and some in another, or are too few to tell."""
    hits = sum(one.hits for one in found)
    return any(is_there(one) or one.asked < _LEAST_TOLD or hits > _MOST_THERE * one.asked for one in found)


def was_more_read(evidence: Evidence, seen: Seen) -> bool:
    """Whether files of the workspace were read that nobody looked through: the rows may stand there."""
    looked = {path for path, _ in evidence.observed} | seen.written
    read = {text(one.facts, "path") for one in seen.witnessed.of("read")}
    mine = {one for one in read if not one.startswith(("/", ".watchkeeper/")) and not one.endswith(_OTHERS)}
    return bool(mine - looked)
