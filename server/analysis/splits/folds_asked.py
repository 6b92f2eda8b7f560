"""Are the folds of the kind that the design names, each of them fitted, and tested on rows of their own? Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ..counted.refits import divisions
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit, Line, fingerprint
from ..witness.seen import Seen, argument, names, place
from ..witness.values import part, text, whole

_NAMED = re.compile(
    r"\b(?:Stratified)?Group(?:KFold|ShuffleSplit)\b|\bLeave(?:One|P)Groups?Out\b|\bTimeSeriesSplit\b|\bPredefinedSplit\b"
)
"""Those that keep apart what belongs together; any other division is one of these made easier."""
_GROUPS = "Group"
_LEAST_TIMES, _LEAST_FOLDS = 3, 3
_ONE_EACH = (0.9, 1.1)
_LEAST_GROUPED, _ALONE = 20, 0.95


def folds_asked(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that the design names folds by groups or by time, and all that were seen are of another kind.

    Nothing follows where the kind of some is not told (a list of pairs of rows), or where all stand inside a loop by
    hand: folds at one place of other data each time are those within an outer fold.
    """
    row = evidence.design.requirements.get("cv")
    asked = set(_NAMED.findall(row.text)) if row is not None else set[str]()
    lines = [*seen.witnessed.of("split"), *seen.witnessed.of("search")]
    told = [(line, kind) for line in lines if (kind := _kind(line)) is not None]
    if not asked or not told or not all(kind for _, kind in told) or any(_is_kept(kind, asked) for _, kind in told):
        return
    if all(_is_inside(line, told) for line, _ in told):
        return
    kinds = ", ".join(sorted({kind for _, kind in told}))
    what = f"{evidence.design.source('cv')} asks for {', '.join(sorted(asked))}; the folds were made by {kinds}"
    what = f"{what} at {names(line for line, _ in told)}"
    action = "Divide the rows as the design says: what belongs together may not stand on both sides."
    yield Suspicion(what, Word.INVESTIGATE, "folds_of_another_kind", action)


def groups_of_one(seen: Seen) -> Iterator[Suspicion]:
    """Yield that folds were made by groups of which each is one row: they keep nothing together."""
    for line in seen.witnessed.of("split", "search"):
        told = part(line.facts, "groups") or {}
        rows, distinct = whole(told, "rows") or 0, whole(told, "distinct") or 0
        if rows >= _LEAST_GROUPED and distinct >= _ALONE * rows and _GROUPS in (_kind(line) or ""):
            what = f"{_kind(line)} at {place(line)} was given {distinct} groups for {rows} rows: each row is a group of"
            what = f"{what} its own, so that rows which belong together stand on both sides"
            action = (
                "Give it what rows have in common (the patient, the site), or say that rows are divided one by one."
            )
            yield Suspicion(what, Word.INVESTIGATE, "groups_of_one_row", action)
            return


def folds_shared(seen: Seen) -> Iterator[Suspicion]:
    """Yield that rows which folds test are among those that they train on."""
    for line in seen.witnessed.of("search", "fit"):
        told = part(line.facts, "folds_seen") or {}
        shared, tested = whole(told, "shared") or 0, whole(told, "tested") or 0
        if shared and not text(line.facts, "raised"):
            what = (
                f"{shared} of the {tested} rows that the {whole(told, 'folds')} folds at {place(line)} test are among"
            )
            what = f"{what} those that the same folds train on"
            action = "Give each fold rows to test that it does not train on, or call the scores those of fitted rows."
            yield Suspicion(what, Word.INVESTIGATE, "folds_test_trained_rows", action)
            return


def folds_left_out(seen: Seen) -> Iterator[Suspicion]:
    """Yield that of folds made by hand, time and again, the first one was fitted each time and no other.

    A fit is a fold's where it has the rows that one trains on. Trials that are given up may end after any fold, so
    only one fit for each time that the folds were made is asked about; several models may each be fitted at a place of
    its own, and all together to each fold.
    """
    made: dict[tuple[str, int, int], int] = {}
    for line in divisions(seen):
        folds, rows = argument(line, "n_splits"), fingerprint(part(line.facts, "x")).shape[:1]
        if text(line.facts, "call").endswith("KFold.split") and isinstance(folds, int) and rows:
            made[line.where, folds, rows[0]] = made.get((line.where, folds, rows[0]), 0) + 1
    for (where, folds, rows), times in made.items():
        fitted = Counter(one.line.where for one in seen.fits if _is_folds(one, rows, folds))
        if times < _LEAST_TIMES or folds < _LEAST_FOLDS or seen.more_fits or not seen.whole:
            continue
        each = sum(fitted.values()) >= folds * times
        if fitted and not each and _ONE_EACH[0] * times <= max(fitted.values()) <= _ONE_EACH[1] * times:
            what = f"rows were divided {times} times into {folds} folds at {where}, and {max(fitted.values())} fits saw"
            what = f"{what} the rows that a fold trains on: one fold of {folds}"
            action = "Fit and score each of the folds, or say that one part was held out."
            yield Suspicion(what, Word.INVESTIGATE, "folds_not_fitted", action)
            return


def repeats_left_out(seen: Seen) -> Iterator[Suspicion]:
    """Yield that rows were divided anew by several seeds, and there are no more fits than the folds of one of them."""
    made: dict[tuple[str, int, int], set[int]] = {}
    for line in seen.witnessed.of("split"):
        folds, rows = argument(line, "n_splits"), fingerprint(part(line.facts, "x")).shape[:1]
        seed = argument(line, "random_state")
        if (
            text(line.facts, "call").endswith("KFold.split")
            and isinstance(folds, int)
            and isinstance(seed, int)
            and rows
        ):
            made.setdefault((line.where, folds, rows[0]), set()).add(seed)
    for (where, folds, rows), seeds in made.items() if seen.whole and not seen.more_fits else ():
        fitted = sum(_is_folds(one, rows, folds) for one in seen.fits)
        if len(seeds) >= _LEAST_TIMES and folds >= _LEAST_FOLDS and 0 < fitted <= folds:
            what = (
                f"rows were divided into {folds} folds at {where} by each of {len(seeds)} seeds, and {fitted} fits saw"
            )
            what = f"{what} the rows that a fold trains on: the folds of one repeat"
            action = "Fit and score the folds of each repeat, or report one cross-validation."
            yield Suspicion(what, Word.INVESTIGATE, "folds_not_fitted", action)
            return


def _is_folds(one: Fit, rows: int, folds: int) -> bool:
    """Whether a fit got as many rows as a fold of so many trains on."""
    return bool(one.x.shape) and not one.is_search and abs(one.x.shape[0] - rows * (folds - 1) / folds) <= 1


def _is_inside(line: Line, told: list[tuple[Line, str]]) -> bool:
    """Whether folds were made at the same place of other data too."""
    data = {one.sha or str(one.shape) for each, _ in told if each.where == line.where
            and (one := fingerprint(part(each.facts, "x"))).shape}  # fmt: skip
    return len(data) > 1


def _kind(line: Line) -> str | None:
    """Return the class that made folds, empty where it is not told; None for what makes none."""
    call = text(line.facts, "call")
    if line.kind == "split":
        return call.partition(".")[0] if call.endswith(".split") else None
    if text(line.facts, "library") != "sklearn":
        return None
    given = text(line.facts, "cv") or text(part(line.facts, "params"), "cv").strip("<>")
    return given if given[:1].isupper() else ""


def _is_kept(kind: str, asked: set[str]) -> bool:
    return any(one in kind for one in asked) or (_GROUPS in kind and any(_GROUPS in one for one in asked))
