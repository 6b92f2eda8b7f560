"""Whose predictions are the results: of the best of many, for rows that were trained on, of a model from elsewhere?

Pure. What is asked here may be right; that it was so has to be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..artefacts.facts import TableFacts
from ..witness import Fingerprint, Fit, Prediction, fingerprint
from ..witness.values import number, part, parts, text
from .checks import Check
from .evidence import Evidence
from .predicted import Match, matches
from .seen import Seen, place
from .suspicion import Suspicion, first_of
from .words import Word

_MOST_TRIED = 10
"""So many fits to the same data that differ by their seed are a choice where one of them is handed in."""
_LEAST_KEYS = 3
_NEARLY_ONE = 0.99999
_STATES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".safetensors", ".model", ".cbm", ".ubj", ".keras")


def choice(evidence: Evidence, seen: Seen) -> Check | None:
    """Is there something to be asked about the fit whose predictions are the results? None where there is not."""
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    found = matches(table, seen.predictions) if isinstance(table, TableFacts) else []
    every = (*_of_one_seed(seen, found), *_of_trained_rows(seen, found), *_of_elsewhere(seen, found), *_leaks(seen))
    suspicion = first_of(every)
    return None if suspicion is None else suspicion.check("choice", "witnessed")


def _fit_of(seen: Seen, one: Prediction) -> Fit | None:
    """Return the fit before a prediction, of the same object in the same process."""
    same = (each for each in seen.fits if each.line.file == one.line.file and each.id == one.of)
    return next(same, None) if one.of is not None else None


def _of_one_seed(seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    for one in (each for each in found if each.averaged == 1):
        fit = _fit_of(seen, one.prediction)
        if fit is None or fit.is_search or not fit.x.sha:
            continue
        kin = [
            each
            for each in seen.fits
            if each.line.where == fit.line.where and _but_for_seeds(each) == _but_for_seeds(fit)
        ]
        if len({str(_seeds(each)) for each in kin}) >= _MOST_TRIED:
            what = f"{fit.name} was fitted to the same data {len(kin)} times with other seeds at {place(fit.line)},"
            what = f"{what} column {one.column} of the results is of one of them: best of {len(kin)}?"
            action = "Report all of these fits or their mean, or say beforehand which seed counts."
            yield Suspicion(what, Word.INVESTIGATE, "seed_chosen", action)
            return


def _but_for_seeds(one: Fit) -> tuple[object, ...]:
    settings = sorted((name, str(value)) for name, value in one.params.items() if not _is_seed(name))
    return (one.name, one.x.sha, one.y.sha, *settings)


def _seeds(one: Fit) -> Mapping[str, object]:
    return {name: value for name, value in one.params.items() if _is_seed(name)}


def _is_seed(name: str) -> bool:
    last = name.rpartition("__")[2].lower()
    return "seed" in last or last == "random_state"


def _of_trained_rows(seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Rows that a split held out, and that the fit saw which predicted them."""
    held = {sha: line for line in seen.witnessed.of("split") for sha in _held_out(line.facts)}
    for one in (each for each in found if each.prediction.x.sha in held):
        fit = _fit_of(seen, one.prediction)
        if fit is not None and _holds(fit.x, one.prediction.x):
            what = f"the rows that the split at {place(held[one.prediction.x.sha])} held out were among those that"
            what = f"{what} {fit.name} was fitted to at {place(fit.line)}; column {one.column} is predicted for them"
            action = "Fit without the rows that are held out, or call them what they are."
            yield Suspicion(what, Word.INVESTIGATE, "held_out_rows_trained", action)
            return


def _held_out(facts: Mapping[str, object]) -> list[str]:
    """Return the digest of the second part of the first table that was split."""
    if text(facts, "call") != "train_test_split":
        return []
    told = [fingerprint(one) for one in parts(facts, "parts")]
    return [told[1].sha] if len(told) > 1 and told[1].sha else []


def _holds(table: Fingerprint, other: Fingerprint) -> bool:
    """Whether a table holds the rows of another: all its small keys that could be among the table's are."""
    known, most = set(table.row_keys), max(table.row_keys, default="")
    asked = [one for one in other.row_keys if one <= most]
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


def _is_foreign_state(seen: Seen, path: str) -> bool:
    return path.lower().endswith(_STATES) and path not in seen.written


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
