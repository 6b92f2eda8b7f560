"""Did what was to be predicted stand among what was fitted: targets of windows or later rows, copied rows? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..artefacts.facts import TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import number, part, parts, text

_MOST_DISTINCT = 0.9
"""Of more rows than this that are all different, copies were not made on purpose."""
_BY_ROWS = re.compile(r"|(?:Repeated|Stratified)*(?:KFold|ShuffleSplit)")
"""Splitters that look at no group; none is named where folds are only counted."""
_LEAST_COLUMNS = 3
"""Measurements of fewer columns are alike by nature: a dose, a rounded temperature."""
_LEAST_FRACTIONS = 0.5
"""So many of the values have decimals where rows that are alike are copies, not the few kinds that there are."""


def leaked(seen: Seen, table: TableFacts | None = None) -> Iterator[Suspicion]:
    """Yield what speaks for a leak; `table` are the results."""
    yield from _of_later_rows(seen)
    yield from _of_own_window(seen)
    yield from _of_copied_rows(seen)
    yield from _of_encoded_targets(seen, table)


def _of_later_rows(seen: Seen) -> Iterator[Suspicion]:
    """A column that holds, row by row, the target of the row after, or of the one after that."""
    for one in seen.fits:
        ahead = part(one.line.facts, "ahead") or {}
        if (rows := number(ahead, "rows")) and not ahead.get("newest_first"):
            name = text(ahead, "name") or f"number {number(ahead, 'column') or 0:g}"
            what = f"column {name} of what {one.name} was fitted to at {place(one.line)} holds, row by row, the target"
            what = f"{what} of {rows:g} row(s) later"
            action = (
                "Take values of earlier rows; where the newest row stands first, fit the table with its dates as index."
            )
            yield Suspicion(what, Word.INVESTIGATE, "target_of_later_rows", action)
            return


def _of_own_window(seen: Seen) -> Iterator[Suspicion]:
    """A column that holds, row by row, the mean or the sum of the targets of rows of which the row itself is one."""
    for one in seen.fits:
        window = part(one.line.facts, "window") or {}
        if rows := number(window, "rows"):
            name, later = text(window, "name") or f"number {number(window, 'column') or 0:g}", number(window, "later")
            after = f" and of {later:g} later" if later else ""
            what = f"column {name} of what {one.name} was fitted to at {place(one.line)} holds, row by row, the"
            what = f"{what} {text(window, 'of')} of the targets of {rows:g} rows, its own{after} among them"
            action = "Take windows of earlier rows only: `shift(1)` before `rolling`."
            yield Suspicion(what, Word.INVESTIGATE, "target_in_its_window", action)
            return


def _of_copied_rows(seen: Seen) -> Iterator[Suspicion]:
    """Rows that were copied before a split, so that it put copies of one row on both sides."""
    for line in seen.witnessed.of("split"):
        told = [fingerprint(one) for one in parts(line.facts, "parts")[:2]]
        if text(line.facts, "call") != "train_test_split" or len(told) < 2 or not _has_copies(told[0], told[1]):
            continue
        if set(told[0].row_keys) & set(told[1].row_keys):
            what = (
                f"only {told[0].distinct_rows} of the {told[0].shape[0]} rows that the split at {place(line)} gave to"
            )
            what = f"{what} train on are different ones, and some of those that it held out are among them"
            action = "Split first; copy or resample rows of the training part only."
            yield Suspicion(what, Word.INVESTIGATE, "copied_rows_held_out", action)
            return


def copied_before_folds(seen: Seen) -> Iterator[Suspicion]:
    """Rows that were copied before one call divided them into folds, which so have copies of one row on both sides.

    Folds of groups keep copies together; where rows had been divided before, others tell how good the model is, and
    tables that each have copies of their own are bootstraps.
    """
    calls = [one for one in seen.fits if one.is_search and one.call.startswith("cross_val") and _has_copies(one.x)]
    splits = [text(line.facts, "call") for line in seen.witnessed.of("split")]
    if not calls or any(one == "train_test_split" or "Group" in one for one in splits):
        return
    one = calls[-1]
    if len({each.x.sha for each in calls}) > 1 or not _BY_ROWS.fullmatch(text(one.line.facts, "cv")):
        return
    what = f"only {one.x.distinct_rows} of the {one.x.shape[0]} rows that {one.call} divided into folds at"
    what = f"{what} {place(one.line)} are different ones: copies of a row were trained on where it was held out"
    action = "Copy or resample rows inside each fold, of its training part only, or hold copies of a row out together."
    yield Suspicion(what, Word.INVESTIGATE, "copied_rows_held_out", action)


def rows_of(split: Line) -> int:
    """Return how many rows were split."""
    if text(split.facts, "call") == "train_test_split":
        told = [fingerprint(one) for one in parts(split.facts, "parts")[:2]]
    else:
        told = [fingerprint(part(split.facts, "x"))]
    return sum(one.shape[0] for one in told if one.shape)


def _of_encoded_targets(seen: Seen, table: TableFacts | None) -> Iterator[Suspicion]:
    """A feature that is the mean of the target by group over all rows, in what was split into parts afterwards.

    Where an earlier split took more rows, the mean is that of the part to train on. Folds by hand hold out rows of the
    results only where these are all rows.
    """
    splits = seen.witnessed.of("split")
    for line in splits:
        told = part(line.facts, "encoded") or {}
        rows, whole = rows_of(line), text(line.facts, "call") == "train_test_split"
        if not told or not (whole or (table is not None and table.rows == rows)):
            continue
        earlier = any(rows_of(one) > rows for one in splits if one.at < line.at)
        if not earlier and _is_fitted(seen, text(told, "name"), text(told, "of")):
            name, of = text(told, "name") or "without a name", text(told, "of") or "the target"
            what = f"column {name} of what was split at {place(line)} is the mean of {of} in each of"
            what = f"{what} {number(told, 'groups') or 0:g} groups, over all {rows} rows, those that are held out too"
            shrunk = number(told, "shrunk")
            what = f"{what} (drawn to the mean of all with the weight of {shrunk:.3g} rows)" if shrunk else what
            action = "Split first; compute such means from the rows that are trained on."
            yield Suspicion(what, Word.INVESTIGATE, "encoded_with_held_out_rows", action)
            return


def _is_fitted(seen: Seen, name: str, target: str) -> bool:
    """Whether something was fitted to the column and not to its target.

    Where no fit names its columns, true, unless the target is itself a column of a table without names: a feature.
    """
    named = [one.x.columns for one in seen.fits if one.x.columns]
    if not named:
        return bool(seen.fits) and not target.isdecimal()
    return any(name in columns and target not in columns for columns in named)


def _has_copies(table: Fingerprint, *alike: Fingerprint) -> bool:
    """Whether rows stand in a table several times, and are no chance: most of its numbers have decimals.

    :param alike: of the same columns; the few places that are told of one may all stand in a column of classes.
    """
    few = table.distinct_rows and table.distinct_rows < _MOST_DISTINCT * table.shape[0]
    return bool(few and any(_has_decimals(one) for one in (table, *alike)))


def _has_decimals(table: Fingerprint) -> bool:
    told = [one for one in table.at if one == one]  # noqa: PLR0124 (NaN is none)
    fractions = sum(not one.is_integer() for one in told)
    wide = len(table.shape) == 2 and table.shape[1] >= _LEAST_COLUMNS
    return bool(wide and told and fractions >= _LEAST_FRACTIONS * len(told))
