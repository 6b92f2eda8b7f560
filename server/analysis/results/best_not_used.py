"""Has the model behind the results the settings that a search found, where the design says so? By values. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit
from ..witness.seen import Seen, place
from .counting_fits import fits_of_results

_SAID = re.compile(
    r"\b(?:best|tuned|optimal|optimi[sz]ed|found|selected|winning)\b[^.;]{0,40}\b(?:param|setting|hyper|configuration|trial"
    r"|candidate|combination)|(?:param|setting)\w*[^.;]{0,30}\b(?:tuned|found|optimi[sz]ed)|final (?:model|fit)"
    r"[^.;]{0,60}\b(?:best|tuned|found|optimal)",
    re.IGNORECASE,
)
_SAME = 1e-6
_HALF = 0.5


def best_not_used(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a search found settings, and no fit behind the results has them.

    Asked where the search's own fits had the values as they were found: one that is a logarithm, or the name of a
    kernel, shows in no parameter. A search that predicts by itself has its best.
    """
    said = next((one for one in _rows(evidence) if _SAID.search(one)), "")
    fits = fits_of_results(evidence, seen) if said else ()
    if not fits or any(one.is_search for one in fits):
        return
    for search in (one for one in seen.fits if one.is_search and one.best):
        found = {name: value for name, value in search.best.items() if _tells(value)}
        tried = [one for one in seen.fits if one is not search and one not in fits]
        shown = {name: value for name, value in found.items() if any(_has(one, value) for one in tried)}
        later = [one for one in fits if one.line.at > search.line.at]
        if len(shown) < 1 or not later or len(later) < len(fits) or _are_used(later, shown):
            continue
        one, (name, value) = later[0], next(iter(shown.items()))
        what = f"the search at {place(search.line)} found {name} {_written(value)} to be best; {one.name} behind the"
        what = f"{what} results, fitted at {place(one.line)}, has {_ours(one, name)}; the design has {said[:100]!r}"
        action = (
            "Fit the final model with what the search found, or say in the design with which settings it is fitted."
        )
        yield Suspicion(what, Word.INVESTIGATE, "best_settings_not_used", action)
        return


def _rows(evidence: Evidence) -> Iterator[str]:
    yield from (f"{name.replace('_', ' ')}: {one.text}" for name, one in evidence.design.requirements.items())


def _tells(value: object) -> bool:
    """Whether a value is known again: a fraction with some digits, none that is a default."""
    return isinstance(value, float) and not value.is_integer() and value != round(value, 2)


def _has(one: Fit, value: object) -> bool:
    numbers = (each for each in _numbers(one.params) if isinstance(value, float))
    return any(math.isclose(each, value, rel_tol=_SAME) for each in numbers if isinstance(value, float))


def _numbers(params: Mapping[str, object]) -> Iterator[float]:
    yield from (float(one) for one in params.values() if isinstance(one, int | float) and not isinstance(one, bool))


def _are_used(fits: list[Fit], shown: Mapping[str, object]) -> bool:
    return any(sum(_has(one, value) for value in shown.values()) >= _HALF * len(shown) for one in fits)


def _ours(one: Fit, name: str) -> str:
    """Return the parameter of the same name, whatever stands before it on either side."""
    same = [key for key in one.params if name.endswith(key.rpartition("__")[2])]
    return f"{same[0]} {_written(one.params[same[0]])}" if same else "none of these"


def _written(value: object) -> str:
    return plain(round(value, 6)) if isinstance(value, float) else str(value)[:40]
