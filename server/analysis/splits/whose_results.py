"""Are the results the declared method's, and of rows that it was not fitted to? By the fits they come from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...vocabulary.estimators import LINEAR
from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.baselines import by_method, calls_itself_baseline, has_another
from ..results.counting_fits import fits_of_results
from ..results.edited import PREDICTED, TRUTH
from ..results.method import declared_kinds
from ..results.predicted import grain_of
from ..witness import Fingerprint, Fit, Line, Prediction, fingerprint
from ..witness.seen import Seen, kind_of_class, place, tells_rows
from ..witness.values import parts, text
from .leaked import rows_of

_LEAST_KEYS = 5
_LEAST_PARTS = 2


def whose_results(evidence: Evidence, seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that the results are another method's than the declared one, or of rows that their fit had seen."""
    yield from _of_another_kind(evidence, seen, table, found)
    yield from _fitted_to_held_out(seen, table, found)
    yield from _of_fitted_rows(seen, table, found)
    yield from _of_fitted_parts(seen, table)


def _of_another_kind(evidence: Evidence, seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """The declared kind was trained, and every column that anything predicted is exactly another kind's.

    A further column of numbers may be the declared method's: what a network predicts is not seen. A linear model that
    put the predictions of others together is none of another kind.
    """
    declared = set(declared_kinds(evidence.design.method))
    fits = fits_of_results(evidence, seen)
    kinds = {kind_of_class(one) for one in fits}
    trained = declared & set(seen.kinds)
    if not trained or not fits or "" in kinds or kinds & declared or has_another(table, found):
        return
    if (by_method(table, found, seen, LINEAR)[1] and not kinds - {"Linear model"}) or _predicts_classes(table, found):
        return
    one = fits[-1]
    what = f"the results are what {one.name} predicted, fitted at {place(one.line)}: {min(kinds)};"
    what = f"{what} {evidence.design.source('method')} declares {evidence.design.method[:80]!r}, which was trained too"
    action = "Hand in what the declared method predicts, or name the other one in the design."
    yield Suspicion(what, Word.INVESTIGATE, "results_of_another_method", action)


def _predicts_classes(table: TableFacts, found: Sequence[Match]) -> bool:
    """Whether a further column is called a prediction: classes are whole numbers, as counts and numbers of rows are."""
    known = {one.column for one in found}
    others = [one for one in table.columns if one.name not in known and not calls_itself_baseline(one.name)]
    return any(PREDICTED.fullmatch(one.name) and len(set(one.values)) > 1 for one in others)


def _fitted_to_held_out(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """A fit to the outcomes that a split held out, which then predicts the rows that it was fitted to.

    These outcomes are a part of the split, or a column of results that have as many rows as the part held out.
    """
    for one in found:
        fit = seen.fit_of(one.prediction)
        if fit is None or not fit.x.sha or fit.x.sha != one.prediction.x.sha or not fit.y.sha:
            continue
        handed_in = any(_is_column(each, fit.y) for each in table.columns)
        held = (line for line in seen.witnessed.of("split") if _held_out(line, fit, table.rows if handed_in else 0))
        if (line := next(held, None)) is not None:
            what = (
                f"{fit.name} was fitted at {place(fit.line)} to the outcomes that the split at {place(line)} held out;"
            )
            what = f"{what} column {one.column} is what it returned for the same rows"
            action = "Fit to rows that are trained on, or call the figures those of fitted rows."
            yield Suspicion(what, Word.INVESTIGATE, "held_out_outcomes_fitted", action)
            return


def _held_out(split: Line, fit: Fit, rows: int) -> bool:
    """Whether the target of a fit is a part that a split held out, or has as many rows as one (`rows`)."""
    if text(split.facts, "call") != "train_test_split":
        return False
    told = [fingerprint(one) for one in parts(split.facts, "parts")[1::2]]
    sizes = {one.shape[0] for one in told[:1] if one.shape}
    return fit.y.sha in {one.sha for one in told[1:]} or (rows in sizes and fit.y.size == rows)


def _is_column(column: ColumnFacts, told: Fingerprint) -> bool:
    """Whether a column holds the told numbers, at the places that are told of them."""
    values, grain = column.values, grain_of(column.values)
    if len(values) != told.size or len(set(values)) < _LEAST_KEYS:
        return False
    return all(abs(values[place] - one) <= grain + 1e-9 * abs(one)
               for place, one in zip(told.places, told.at, strict=False))  # fmt: skip


def _of_fitted_rows(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Some of the rows that a model was fitted to are predicted, beside their outcomes, as if they had been held out.

    All of them are fitted values, which are honest; a table without outcomes evaluates nothing.
    """
    if not any(TRUTH.fullmatch(one.name) for one in table.columns):
        return
    for one in (each for each in found if each.exact and each.averaged == 1):
        fit = seen.fit_of(one.prediction)
        if fit is not None and not fit.is_search and _are_among(one.prediction.x, fit):
            what = f"the {one.prediction.x.shape[0]} rows that column {one.column} is predicted for are among the"
            what = f"{what} {fit.x.shape[0]} that {fit.name} was fitted to at {place(fit.line)}, and the results have"
            what = f"{what} their outcomes beside it"
            action = "Fit without the rows that are predicted, or call these figures those of fitted rows."
            yield Suspicion(what, Word.INVESTIGATE, "fitted_rows_predicted", action)
            return


def _of_fitted_parts(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Each of several fits predicts a part of the rows that it was fitted to, and the parts make up all rows: no folds.

    One model that predicts its rows piece by piece gives fitted values, which are honest.
    """
    places: dict[tuple[str, str], list[tuple[Prediction, Fit | None]]] = {}
    for one in seen.predictions:
        places.setdefault((one.name, one.line.where), []).append((one, seen.fit_of(one)))
    sizes = {rows_of(line) for line in seen.witnessed.of("split") if text(line.facts, "call").endswith(".split")}
    sizes |= {table.rows} if any(TRUTH.fullmatch(one.name) for one in table.columns) else set()
    for (name, where), each in places.items():
        pairs = [(one, fit) for one, fit in each if fit is not None and _is_part(one.x, fit)]
        asked = [_keys_within(one.x, fit) for one, fit in pairs]
        among = all(set(fit.x.row_keys) >= set(keys) for (_, fit), keys in zip(pairs, asked, strict=True))
        apart = len({one.x.sha for one, _ in pairs}) == len({fit.id for _, fit in pairs}) == len(each) >= _LEAST_PARTS
        rows = sum(one.x.shape[0] for one, _ in pairs)
        if not apart or not among or sum(map(len, asked)) < 2 * _LEAST_KEYS or rows not in sizes:
            continue
        fit = pairs[0][1]
        what = f"each of the {len(each)} parts that {name} predicted at {where} is among the {fit.x.shape[0]} rows that"
        what = (
            f"{what} it was fitted to just before, at {place(fit.line)}: together they are all {rows}, and no fold was"
        )
        action = "Fit each fold to the other rows, or call these figures those of fitted rows."
        yield Suspicion(f"{what} held out", Word.INVESTIGATE, "fitted_rows_predicted", action)
        return


def _are_among(rows: Fingerprint, fit: Fit) -> bool:
    asked = _keys_within(rows, fit)
    return _is_part(rows, fit) and len(asked) >= _LEAST_KEYS and set(fit.x.row_keys).issuperset(asked)


def _is_part(rows: Fingerprint, fit: Fit) -> bool:
    """Whether a table may be a part of what was fitted: fewer rows, as many columns."""
    shaped = bool(rows.shape and fit.x.shape)
    return shaped and rows.shape[0] < fit.x.shape[0] and rows.shape[1:] == fit.x.shape[1:]


def _keys_within(rows: Fingerprint, fit: Fit) -> list[str]:
    """Return the keys of rows that stand among those of a fit if it saw them: no larger than its largest."""
    most = max(fit.x.row_keys, default="")
    return [one for one in rows.row_keys if one <= most and tells_rows(rows)]
