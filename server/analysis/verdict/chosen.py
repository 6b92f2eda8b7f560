"""Whose predictions are the results: of the best of many, for rows that were trained on, of a model from elsewhere?

Pure. What is asked here may be right; that it was so has to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..artefacts.facts import TableFacts
from ..evidence.checks import Check
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..results.best_not_used import best_not_used
from ..results.best_of_scores import best_of_scores
from ..results.edited import edited
from ..results.from_a_file import from_a_file
from ..results.intervals import intervals
from ..results.labels import labels
from ..results.left_out import left_out
from ..results.not_of_folds import not_of_folds
from ..results.observed import repeated_observations
from ..results.one_model import one_model
from ..results.outcomes_changed import outcomes_changed
from ..results.outcomes_left_out import outcomes_left_out
from ..results.predicted import grain_of, matches, values_at, written_by_script
from ..results.reordered import reordered
from ..results.rounds_cut_off import rounds_cut_off
from ..results.score_names import score_names
from ..results.told_scores import told_scores
from ..results.transformed import follows
from ..samplers.other_priors import not_sampled, other_priors
from ..samplers.sampled_often import of_other_variables, one_of_many
from ..splits.chosen_before_folds import chosen_before_folds, searched_once
from ..splits.fitted_rows import fitted_rows
from ..splits.fitted_to_outcomes import fitted_to_outcomes
from ..splits.leaked import copied_before_folds, leaked, rows_of
from ..splits.observed_rows import made_before_split, made_up
from ..splits.scored import scored
from ..splits.stopped_on import stopped_on, stopped_on_outcomes
from ..splits.twins import twins
from ..splits.whose_results import whose_results
from ..witness import Fingerprint, Fit, Prediction, fingerprint
from ..witness.seen import Seen, place, tells_rows
from ..witness.values import number, part, parts, text, whole

_MOST_TRIED = 10
"""So many fits to the same data that differ by their seed are a choice where one of them is handed in."""
_LEAST_KEYS = 3
_NEARLY_ONE = 0.99999
_ROUNDS = re.compile(r"num_boost_round|num_iterations?|n_iter|num_(?:tree|round)s?|nrounds|n_estimators|max_iter")
"""What boosters call the rounds that they are asked for: LightGBM takes any of these among its parameters first."""
_SELECTS = re.compile(
    r"Select(?:KBest|Percentile|Fpr|Fdr|Fwe|FromModel)|RFE|FeatureSelect|Boruta|TargetEncoder|DiscriminantAnalysis"
    r"|NeighborhoodComponents|PLS(?:Regression|Canonical|SVD)|(?:JamesStein|LeaveOneOut|CatBoost|MEstimate|WOE)Encoder"
)
_STATES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".safetensors", ".model", ".cbm", ".ubj", ".keras")


def choice(evidence: Evidence, seen: Seen) -> Check | None:
    """Is there something to be asked about the fit whose predictions are the results? None where there is not."""
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    found = matches(table, seen.predictions) if isinstance(table, TableFacts) else []
    by_columns = _by_coefficients(seen, table) if isinstance(table, TableFacts) else []
    every = (
        *copied_before_folds(seen),
        *((*left_out(seen, table), *outcomes_left_out(seen, table)) if isinstance(table, TableFacts) else ()),
        *((*outcomes_changed(seen, table), *best_of_scores(seen, table)) if isinstance(table, TableFacts) else ()),
        *(reordered(seen, table) if isinstance(table, TableFacts) else ()),
        *((*intervals(evidence, table), *labels(table)) if isinstance(table, TableFacts) else ()),
        *repeated_observations(evidence, seen),
        *made_up(evidence, seen),
        *made_before_split(evidence, seen),
        *other_priors(evidence.design, seen),
        *not_sampled(evidence.design, seen),
        *(one_of_many(seen, table) if isinstance(table, TableFacts) else ()),
        *(of_other_variables(seen, table) if isinstance(table, TableFacts) and _nothing_derived(evidence) else ()),
        *fitted_rows(evidence, seen),
        *(_of_one_seed(seen, table, found) if isinstance(table, TableFacts) else ()),
        *_of_one_choice_of_columns(seen, found, by_columns),
        *_of_trained_rows(seen, found),
        *stopped_on(seen, found),
        *(stopped_on_outcomes(seen, table) if isinstance(table, TableFacts) else ()),
        *(whose_results(evidence, seen, table, found) if isinstance(table, TableFacts) else ()),
        *(from_a_file(evidence, table, found) if isinstance(table, TableFacts) else ()),
        *(one_model(evidence, seen, table, found) if isinstance(table, TableFacts) else ()),
        *((*edited(seen, table, found), *not_of_folds(seen, table, found)) if isinstance(table, TableFacts) else ()),
        *_of_elsewhere(seen, found),
        *_went_on(evidence, seen),
        *_selected(seen),
        *chosen_before_folds(seen),
        *searched_once(evidence, seen),
        *best_not_used(evidence, seen),
        *rounds_cut_off(evidence, seen, found),
        *_leaks(seen),
        *leaked(seen, table if isinstance(table, TableFacts) else None),
        *(twins(seen, table) if isinstance(table, TableFacts) else ()),
        *scored(evidence, seen),
        *((*told_scores(seen, table), *score_names(seen, table)) if isinstance(table, TableFacts) else ()),
        *(fitted_to_outcomes(table, found) if isinstance(table, TableFacts) else ()),
    )
    suspicion = first_of(every)
    return None if suspicion is None else suspicion.check("choice", "witnessed")


def _nothing_derived(evidence: Evidence) -> bool:
    """Whether there is no trace, and no figures made from the draws are written by the script, as it is read."""
    return evidence.trace is None and not written_by_script(evidence)


def _of_one_seed(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """A column that is what one of many fits predicted, put back or not; the mean of all lies near each of them."""
    for one in (each for each in found if each.averaged == 1 and _is_of_one(table, each)):
        fit = seen.fit_of(one.prediction)
        if fit is None or fit.is_search or not fit.x.sha:
            continue
        kin = [
            each
            for each in seen.fits
            if each.line.where == fit.line.where and _but_for_seeds(each) == _but_for_seeds(fit)
        ]
        if len({str(_seeds(each)) for each in kin}) >= _MOST_TRIED and not _predict_the_same(seen, kin, one.prediction):
            what = f"{fit.name} was fitted to the same data {len(kin)} times with other seeds at {place(fit.line)},"
            what = f"{what} column {one.column} of the results is of one of them: best of {len(kin)}?"
            action = "Report all of these fits or their mean, or say beforehand which seed counts."
            yield Suspicion(what, Word.INVESTIGATE, "seed_chosen", action)
            return


def _is_of_one(table: TableFacts, one: Match) -> bool:
    column = next((each for each in table.columns if each.name == one.column), None)
    return one.exact or column is None or follows(values_at(column, one.prediction), one.prediction.values.at)


def _predict_the_same(seen: Seen, fits: Sequence[Fit], one: Prediction) -> bool:
    """Whether what a seed changes was nothing: then none is better than the others, and the mean is each of them."""
    made = {each.id for each in fits}
    same = [each.values for each in seen.predictions if each.of in made and each.x.sha == one.x.sha]
    told = {(each.sha, each.at) for each in same}
    return len(same) > 1 and told == {(one.values.sha, one.values.at)} and bool(one.values.sha)


def _but_for_seeds(one: Fit) -> tuple[object, ...]:
    settings = sorted((name, str(value)) for name, value in one.params.items() if not _is_seed(name))
    return (one.name, one.x.sha, one.y.sha, *settings)


def _seeds(one: Fit) -> Mapping[str, object]:
    return {name: value for name, value in one.params.items() if _is_seed(name)}


def _is_seed(name: str) -> bool:
    last = name.rpartition("__")[2].lower()
    return "seed" in last or last == "random_state"


def _by_coefficients(seen: Seen, table: TableFacts) -> list[tuple[str, Fit]]:
    """Return which columns of the results are the coefficients of which fit."""
    told = [(one, fingerprint(part(one.done, "coef"))) for one in seen.fits]
    return [
        (column.name, one)
        for column in table.columns
        for one, coefficients in told
        if len(coefficients.at) == len(column.values) >= _LEAST_KEYS
        and all(abs(a - b) <= grain_of(column.values) + 1e-6 * abs(b)
                for a, b in zip(column.values, coefficients.at, strict=True))
    ]  # fmt: skip


def _of_one_choice_of_columns(
    seen: Seen, found: Sequence[Match], by_coefficients: Sequence[tuple[str, Fit]]
) -> Iterator[Suspicion]:
    """One target fitted from many choices of columns at one place, and one of these fits is what is handed in.

    The fit that has more columns than any other is none that was chosen: the others leave some out, to say what they
    are worth. Tables that name the same columns (imputed again, with noise) are one choice.
    """
    predicting = [(one.column, seen.fit_of(one.prediction)) for one in found if one.averaged == 1]
    for column, fit in (*predicting, *by_coefficients):
        if fit is None or fit.is_search or not fit.y.sha:
            continue
        kin = [
            one for one in seen.fits if (one.name, one.line.where, one.y.sha) == (fit.name, fit.line.where, fit.y.sha)
        ]
        others = [one for one in kin if one.x.sha not in ("", fit.x.sha)]
        if fit.x.shape[1:] and all(one.x.shape[1:] < fit.x.shape[1:] for one in others):
            continue
        if (choices := len({one.x.columns or one.x.sha for one in kin if one.x.sha})) >= _MOST_TRIED:
            what = f"{fit.name} was fitted to the same target from {choices} choices of columns at {place(fit.line)},"
            what = f"{what} column {column} of the results is of one of them: best of {choices}?"
            action = "Report all of these fits, or say beforehand which columns count."
            yield Suspicion(what, Word.INVESTIGATE, "columns_chosen", action)
            return


def _of_trained_rows(seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Rows that a split held out, and that the fit saw which predicted them: the rows themselves, or their target."""
    held = {sha: line for line in seen.witnessed.of("split") for sha in _held_out(line.facts)[:1]}
    for one in (each for each in found if each.prediction.x.sha in held):
        fit = seen.fit_of(one.prediction)
        if fit is None:
            continue
        target = fit.y.sha in _held_out(held[one.prediction.x.sha].facts)[1:]
        if target or _holds(fit.x, one.prediction.x):
            what = f"the rows that the split at {place(held[one.prediction.x.sha])} held out were among those that"
            what = f"{what} {fit.name} was fitted to at {place(fit.line)}; column {one.column} is predicted for them"
            action = "Fit without the rows that are held out, or call them what they are."
            yield Suspicion(what, Word.INVESTIGATE, "held_out_rows_trained", action)
            return


def _held_out(facts: Mapping[str, object]) -> list[str]:
    """Return the digests of the second parts of all that was split, the table first."""
    if text(facts, "call") != "train_test_split":
        return []
    told = [fingerprint(one) for one in parts(facts, "parts")]
    return [one.sha for one in told[1::2]] if len(told) > 1 and told[1].sha else []


def _holds(table: Fingerprint, other: Fingerprint) -> bool:
    """Whether a table holds the rows of another: all its small keys that could be among the table's are."""
    known, most = set(table.row_keys), max(table.row_keys, default="")
    asked = [one for one in other.row_keys if one <= most and tells_rows(other)]
    return len(asked) >= _LEAST_KEYS and known.issuperset(asked)


def _of_elsewhere(seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Predictions by a model that nothing in the run fitted, after a file was read that the run did not write."""
    foreign = [one for one in seen.witnessed.of("read") if _is_foreign_state(seen, text(one.facts, "path"))]
    for one in (each for each in found if each.prediction.of is None and each.prediction.line.facts.get("object")):
        before = [
            line for line in foreign if line.file == one.prediction.line.file and line.at <= one.prediction.line.at
        ]
        if before:
            path = text(before[-1].facts, "path")
            what = f"{one} at {place(one.prediction.line)} by a model that was not fitted in its process; {path},"
            what = f"{what} which this run did not write, was read at {place(before[-1])}"
            action = "Say whose model this is; results of a run are predicted by what the run trained."
            yield Suspicion(what, Word.INVESTIGATE, "results_of_another_model", action)
            return


def _went_on(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """A booster with more rounds than were asked for, whose others no fit of the run made."""
    if any(one.continued for one in evidence.attempts):
        return
    for one in (each for each in seen.fits if not each.is_search):
        rounds, asked = whole(one.done, "rounds"), max(_asked(one.params), default=0)
        if rounds and asked and rounds > asked and rounds - asked not in _made(seen, one):
            what = f"{one.name} at {place(one.line)} added {asked} rounds to a model of {rounds - asked} that no fit of"
            action = "Say whose model it went on from; results of a run are predicted by what the run trained."
            yield Suspicion(f"{what} this run made", Word.INVESTIGATE, "model_from_elsewhere", action)
            return


def _asked(params: Mapping[str, object]) -> list[int]:
    found = [(name.rpartition("__")[2], whole(params, name)) for name in params]
    told = [(name, value) for name, value in found if value and _ROUNDS.fullmatch(name)]
    return [value for name, value in told if name != "num_boost_round"] or [value for _, value in told]


def _made(seen: Seen, one: Fit) -> set[int]:
    """Return the lengths that models of the other fits have, also cut at their best round; `cv` leaves no model."""
    made = set[int]()
    for other in (each for each in seen.fits if each is not one and not each.name.endswith(".cv")):
        made.update((*_asked(other.params), *_asked(other.best)))
        rounds, best = (whole(other.done, name) for name in ("rounds", "best_iteration"))
        made.update(each for each in (rounds, best, None if best is None else best + 1) if each is not None)
    return made


def _is_foreign_state(seen: Seen, path: str) -> bool:
    return path.lower().endswith(_STATES) and path not in seen.written


def _selected(seen: Seen) -> Iterator[Suspicion]:
    """A choice of features that looked at the target of all rows, before a split held some of them out.

    The target of all rows is that of both parts together: the sum of their numbers says so (`bag`). Where an earlier
    split took more rows than the choice looked at, that was the part to train on, which may be split again.
    """
    splits = seen.witnessed.of("split")
    looked = [one for one in seen.fits if _SELECTS.search(one.name) and one.y.bag and not one.y.sampled]
    looked = [one for one in looked if not any(rows_of(line) > one.y.size for line in splits if line.at < one.line.at)]
    for line in splits if looked else ():
        told = [fingerprint(one) for one in parts(line.facts, "parts")]
        both = {
            (one.size + other.size, _sum_of_bags(one, other)) for one, other in zip(told[::2], told[1::2], strict=False)
        }
        for one in (each for each in looked if each.line.at <= line.at and (each.y.size, each.y.bag) in both):
            what = (
                f"{one.name} at {place(one.line)} chose features by the target of all {one.y.size} rows; the split at"
            )
            what = f"{what} {place(line)} holds out some of these rows afterwards"
            action = "Choose features by the rows that are trained on, for example inside of a Pipeline."
            yield Suspicion(what, Word.INVESTIGATE, "selected_on_held_out_rows", action)
            return


def _sum_of_bags(one: Fingerprint, other: Fingerprint) -> str:
    if one.sampled or other.sampled:
        return ""
    try:
        return f"{(int(one.bag, 16) + int(other.bag, 16)) % (1 << 64):016x}"
    except ValueError:  # a bag that was not told
        return ""


def _leaks(seen: Seen) -> Iterator[Suspicion]:
    """A column of what was fitted that is the target itself."""
    for one in seen.fits:
        near = part(one.line.facts, "nearest") or {}
        if abs(number(near, "correlation") or 0.0) > _NEARLY_ONE:
            name = text(near, "name") or f"number {number(near, 'column') or 0:g}"
            what = f"column {name} of what {one.name} was fitted to at {place(one.line)} is the target itself"
            action = "Take the column out, or say why it is known beforehand."
            yield Suspicion(f"{what}, or a multiple of it", Word.INVESTIGATE, "target_among_features", action)
            return
