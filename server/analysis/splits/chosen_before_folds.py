"""Were columns chosen, or settings searched, on all rows before folds held some of them out? Pure.

A choice inside each fold sees the rows of that fold alone; one on all rows has seen those that are tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..counted.refits import divisions
from ..design.declared import prepares
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Fit
from ..witness import fit as read_fit
from ..witness.seen import Seen, place
from .leaked import rows_of

SELECTS = re.compile(
    r"Select(?:KBest|Percentile|Fpr|Fdr|Fwe|FromModel)|RFE|FeatureSelect|Boruta|^(?:f|r)_(?:classif|regression)$|^chi2$"
    r"|^mutual_info"
)
_LEAST_FITS = 2
_NESTED = re.compile(r"\bnested\b|(?:each|every|per) outer|in(?:side|ner)[^.;]{0,40}\bouter\b", re.IGNORECASE)
_NOT_NESTED = re.compile(r"\b(?:no|not|non|without|instead of)\b[^.;\n]{0,30}$", re.IGNORECASE)
_OUTER_TOLD = re.compile(
    r"\b(?P<first>\d{1,2})[- ]*(?:folds?)?[ (,]*\bouter\b|\bouter\b[^.;,\d\n]{0,30}?(?P<last>\d{1,2})[- ]*folds?\b",
    re.IGNORECASE,
)
"""How many outer folds there are, in words: `5 outer, 3 inner`, `outer loop of 5 folds`."""
_OUTER = re.compile(r"(?:number_of_|n_)?outer_(?:cv_)?(?:folds?|splits|cv|loop)(?:_.*)?")


def chosen_before_folds(seen: Seen) -> Iterator[Suspicion]:
    """Yield that columns were chosen by the target of all rows, which were then divided into folds.

    What was fitted to fewer rows afterwards has fewer columns, and no choice looked at the rows of a fold. Where rows
    had been divided before, the choice may have been made in their part.
    """
    looked = [*map(read_fit, seen.witnessed.of("score")), *seen.fits]
    looked = [one for one in looked if SELECTS.search(one.name) and not one.is_search and len(one.x.shape) == 2]
    splits = [*seen.witnessed.of("split"), *divisions(seen)]
    for one in looked:
        rows, columns = one.x.shape
        before = any(rows_of(line) > rows for line in splits if line.at <= one.line.at)
        if before or any(_rows(each.x) < rows for each in looked) or not _divided_after(seen, one, rows):
            continue
        fits = [each for each in seen.fits if _is_of_a_fold(each, one, rows, columns)]
        calls = [each for each in seen.fits if _makes_folds(each, one, rows, columns)]
        if _tested_apart(seen, one, rows, {each.x.sha for each in calls}):
            continue
        if len(fits) >= _LEAST_FITS or calls:
            fits = fits if len(fits) >= _LEAST_FITS else calls
            what = f"{one.name} at {place(one.line)} looked at the target of all {rows} rows, by {columns} columns;"
            what = f"{what} {fits[0].name} was then fitted to {fits[0].x.shape[1]} of these in each fold of fewer rows,"
            what = f"{what} first at {place(fits[0].line)}"
            action = "Choose columns inside each fold, by the rows that it trains on, for example in a Pipeline."
            yield Suspicion(what, Word.INVESTIGATE, "selected_on_held_out_rows", action)
            return


def _tested_apart(seen: Seen, choice: Fit, rows: int, divided: set[str]) -> bool:
    """Whether a model of all rows of the choice then predicted others: a test apart, that no split need show.

    :param divided: what was divided into folds, where one call did: a model of as many drawn rows is a bootstrap's.
    """
    return any(
        fit is not None
        and fit.line.at > choice.line.at
        and _rows(fit.x) == rows
        and 0 < _rows(one.x) != rows
        and (not divided or fit.x.sha in divided)
        for one in seen.predictions
        for fit in (seen.fit_of(one),)
    )


def _divided_after(seen: Seen, one: Fit, rows: int) -> bool:
    """Whether so many rows were divided into folds beside the choice, as lines of the witness or a search tell."""
    by_hand = any(rows_of(line) == rows for line in divisions(seen))
    return by_hand or any(each.is_search and _rows(each.x) == rows and each.line.at > one.line.at for each in seen.fits)


def _is_of_a_fold(one: Fit, choice: Fit, rows: int, columns: int) -> bool:
    shaped = len(one.x.shape) == 2 and one.line.at > choice.line.at and not prepares(one.name)
    return shaped and not one.is_search and one.x.shape[0] < rows and one.x.shape[1] < columns


def _makes_folds(one: Fit, choice: Fit, rows: int, columns: int) -> bool:
    """Whether one call divided the same rows into folds, of fewer columns, and chose none inside of them."""
    shaped = len(one.x.shape) == 2 and one.line.at > choice.line.at and one.is_search
    inside = any(SELECTS.search(name) for name in (one.estimator, *one.inside))
    return shaped and not inside and one.x.shape[0] == rows and one.x.shape[1] < columns


def searched_once(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a design nests a search in each outer fold, and it was made once, on all rows.

    A search by hand is not seen; one that a cross-validation makes is counted inside it.
    """
    outer = _outer_folds(evidence)
    searches = [one for one in seen.fits if one.is_search and one.name.endswith("SearchCV") and _rows(one.x)]
    inside = any("SearchCV" in name for one in seen.fits for name in (one.estimator, *one.inside))
    continued = any(one.continued for one in evidence.attempts)
    if outer is None or not searches or inside or not seen.whole or seen.more_fits or continued:
        return
    asked, source = outer
    different = {one.x.sha or str(one.line.n) for one in searches}
    largest = max(searches, key=lambda one: _rows(one.x))
    fits = [one for one in seen.fits if not one.is_search and 0 < _rows(one.x) < _rows(largest.x)]
    fits = [one for one in fits if one.line.at >= largest.line.at]  # a last search, of all rows, chooses for none
    by_one_call = any(one.is_search and one not in searches and one.x.sha == largest.x.sha for one in seen.fits)
    if len(different) < asked and (len(fits) >= _LEAST_FITS or by_one_call):
        what = f"{len(different)} searches were made, that at {place(largest.line)} on {_rows(largest.x)} rows;"
        what = (
            f"{what} {source} has one in each of {asked:g} outer folds, and the fits to fewer rows took what it found"
        )
        action = (
            "Search anew in each outer fold, by the rows that it trains on, or call the scores those of tuned rows."
        )
        yield Suspicion(what, Word.INVESTIGATE, "search_not_nested", action)


def _outer_folds(evidence: Evidence) -> tuple[float, str] | None:
    """Return how many outer folds a design has, and where it says so; None where it nests nothing."""
    design, rows = evidence.design, evidence.design.requirements
    said = [design.prose, *(f"{name.replace('_', ' ')}: {one.text}" for name, one in rows.items())]
    if not any(map(_nests, said)):
        return None
    named = [(one.floor, design.source(name)) for name, one in rows.items() if _OUTER.fullmatch(name)]
    told = [(floor, source) for floor, source in named if floor is not None and floor > 1]
    words = ((found, design.source(name)) for name, one in rows.items() if (found := _told(one.text)))
    in_prose = [(found, design.path)] if (found := _told(design.prose)) else []
    return max(told, default=None) or max(words, default=None) or max(in_prose, default=None)


def _nests(said: str) -> bool:
    """Whether words have a search in each outer fold, and do not say that there is none."""
    return any(not _NOT_NESTED.search(said[: found.start()]) for found in _NESTED.finditer(said))


def _told(said: str) -> float:
    """Return how many outer folds words have; 0 where they have none."""
    found = (int(each["first"] or each["last"]) for each in _OUTER_TOLD.finditer(said))
    return float(max((one for one in found if one > 1), default=0))


def _rows(table: Fingerprint) -> int:
    return table.shape[0] if table.shape else 0
