"""Were whole clusters or blocks drawn, where a design's bootstrap draws them? By how much the rows drawn vary. Pure.

Of N rows that are drawn one by one about 0.632 N are different, with a variance of 0.0972 N. Where clusters of m rows
are drawn the variance is m times that, whoever the clusters are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean, variance

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit
from ..witness.seen import Seen, place

_UNIT = r"(?:cluster|block|group)"
_SAID = re.compile(
    rf"\b{_UNIT}(?:s|ed|wise)?[\s-](?:level[\s-]|wise[\s-])?(?:bootstrap|resampl)"
    rf"|\b(?:bootstrap\w*|resampl\w*) (?:of |over |by |at the )?(?:whole |entire |all )?{_UNIT}s?\b"
    r"|\bdrawn with replacement,? (?:each )?with (?:all|every) (?:of )?(?:its|their)\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"stratif|\bwithin (?:each |every |the )?(?:cluster|block|group)|two[\s-]stage|wild|parametric", re.IGNORECASE
)
_LEAST_FITS, _LEAST_ROWS = 50, 100
_DIFFERENT = (0.61, 0.655)
_VARIANCE, _ALONE = 0.0972, 1.4
_ALL = 0.99


def rows_for_units(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that replicates vary as rows drawn one by one do, where the design draws clusters or blocks."""
    said = _SAID.search(evidence.design.prose)
    if said is None or _OTHERWISE.search(evidence.design.prose):
        return
    whole = {one.x.shape[0] for one in seen.fits if one.x.shape and _is_whole(one)}
    for fits in _replicates(seen, whole):
        rows = fits[0].x.shape[0]
        different = [one.x.distinct_rows or 0 for one in fits]
        ratio = variance(different) / (_VARIANCE * rows)
        if _DIFFERENT[0] <= mean(different) / rows <= _DIFFERENT[1] and ratio <= _ALONE:
            what = f"{len(fits)} replicates of {rows} rows that {fits[0].name} was fitted to at {place(fits[0].line)}"
            what = f"{what} hold {min(different)} to {max(different)} different rows: they vary as where rows are drawn"
            what = (
                f"{what} one by one, far less than where several are drawn at once; the design has {said[0]!r}"
            )
            action = "Draw the units that the design names, each with all its rows."
            yield Suspicion(what, Word.INVESTIGATE, "rows_drawn_for_clusters", action)
            return


def _is_whole(one: Fit) -> bool:
    """Whether all rows of a fit are different, so that those drawn again are known."""
    return (one.x.distinct_rows or 0) >= _ALL * one.x.shape[0]


def _replicates(seen: Seen, whole: set[int]) -> Iterator[Sequence[Fit]]:
    """Yield the fits of each place to tables of the same size, as large as one of which all rows are different."""
    places: dict[tuple[str, str, int], list[Fit]] = defaultdict(list)
    for one in seen.fits:
        if one.x.shape and one.x.distinct_rows and one.x.shape[0] in whole and not (one.is_search or _is_whole(one)):
            places[one.name, one.line.where, one.x.shape[0]].append(one)
    for (_, _, rows), fits in places.items():
        if len(fits) >= _LEAST_FITS and rows >= _LEAST_ROWS:
            yield fits
