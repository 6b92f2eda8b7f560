"""Do the rows that a model was fitted to stand in the files that were read, or only look like these? Pure.

Asked where nothing of what was fitted stands there, and the target has the mean and the spread of a column that does.
What is computed from a file by a mean, a difference or a ratio has moments of its own, and is not asked about.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..artefacts.search_facts import Found, Wanted
from ..witness import Fingerprint, Fit
from .evidence import Evidence
from .observed import LEAST_ASKED, is_there
from .predicted import grain_of
from .seen import Seen, place
from .suspicion import Suspicion
from .words import Word

_LEAST_ROWS = 50
_MOST_FITS = 4
_LEAST_TOLD = 4
_MOST_THERE = 0.5
"""Share of the values that may stand in a file by chance."""


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
            moments = (one.y.mean or 0.0, one.y.sd or 0.0)
            wanted = Wanted(f"target {number} of fits", target, grain_of(target), *moments)
            found.append((one, wanted, Wanted(f"cells {number} of fits", cells, grain_of(cells), anywhere=True)))
    return found


def _fractions(told: Fingerprint) -> tuple[float, ...]:
    return tuple(dict.fromkeys(one for one in told.at if math.isfinite(one) and not one.is_integer()))


def fitted_rows(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that what was fitted has the moments of a column of a file, and none of its values."""
    looked: dict[str, list[tuple[str, Found]]] = {}
    for path, one in evidence.observed:
        looked.setdefault(one.name, []).append((path, one))
    told = asked(seen)
    every = [one for _, *both in told for wanted in both for _, one in looked.get(wanted.name, ())]
    if any(one.hits > _MOST_THERE * one.asked or is_there(one) or one.asked < _LEAST_TOLD for one in every):
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
