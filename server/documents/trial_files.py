"""Trials of a search from the files that libraries keep: scikit-learn's cv_results_ as CSV, Optuna's SQLite storage.

Optuna itself is not needed. Its file is read whole and opened as a database in memory, so that nothing beside it is
touched and no writer is disturbed.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ..vocabulary.errors import InvalidArgument
from .search_log import Trial

LARGEST_BYTES = 32 << 20
MOST_TRIALS = 20_000
LONGEST_QUERY_S = 5.0

_SQLITE = b"SQLite format 3\0"
LONGEST_LINE = 100_000
"""Characters; a row of cv_results_ has some hundreds."""
_HOW_CSV = "Save it so: pandas.DataFrame(search.cv_results_).to_csv('cv_results.csv')."


@dataclass(frozen=True, slots=True)
class TrialFile:
    """What a file tells: its trials, what their score is called, and which way is better."""

    trials: tuple[Trial, ...]
    metric: str
    lower: bool


def read_trials(data: bytes, name: str, metric: str, study: str) -> TrialFile:
    """Return the trials of a file.

    :param name: what the file is called in messages.
    :param metric: which of several scores counts; empty for the only one.
    :param study: which of several Optuna studies is meant; empty for the only one.
    :raises InvalidArgument: if it is neither of the two, or the choice is not clear; says what there is.
    """
    if data.startswith(_SQLITE):
        return _from_optuna(data, name, study)
    return _from_cv_results(data.decode("utf-8-sig", "replace"), name, metric)


def _from_cv_results(text: str, name: str, metric: str) -> TrialFile:
    if max(map(len, text.split("\n"))) > LONGEST_LINE:
        raise InvalidArgument(f"{name} cannot be read as CSV: a line is longer than {LONGEST_LINE}.", _HOW_CSV)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        heads = [head for head in reader.fieldnames or [] if head]
        rows = [row for row, _ in zip(reader, range(MOST_TRIALS), strict=False)]
    except csv.Error as error:
        raise InvalidArgument(f"{name} cannot be read as CSV: {error}.", _HOW_CSV) from None
    parameters = [head for head in heads if head.startswith("param_")]
    score = _score_column(heads, name, metric)
    if not parameters or not rows:
        raise InvalidArgument(f"{name} has no column param_… or no row: it is no table of cv_results_.", _HOW_CSV)
    trials = (_cv_trial(row, parameters, score) for row in rows)
    return TrialFile(tuple(trials), score, lower=False)  # scikit-learn: greater is better, losses are negated


def _score_column(heads: Sequence[str], name: str, metric: str) -> str:
    found = [head for head in heads if head.startswith("mean_test_")]
    wanted = [head for head in found if metric and head.removeprefix("mean_test_") == metric.removeprefix("mean_test_")]
    if wanted or "mean_test_score" in found or len(found) == 1:
        return (wanted or [head for head in found if head == "mean_test_score"] or found)[0]
    if not found:
        raise InvalidArgument(f"{name} has no column mean_test_…: it is no table of cv_results_.", _HOW_CSV)
    names = ", ".join(head.removeprefix("mean_test_")[:60] for head in found[:10])
    raise InvalidArgument(f"{name} has several scores: {names}.", "Name the one that counts as metric.")


def _cv_trial(row: Mapping[str, str | None], parameters: Sequence[str], score: str) -> Trial:
    given = {head.removeprefix("param_"): _typed(value) for head in parameters if (value := row.get(head))}
    number = _typed(row.get(score) or "")
    spread = _typed(row.get(score.replace("mean_", "std_", 1)) or "")
    finite = float(number) if isinstance(number, int | float) and math.isfinite(number) else None
    known = finite is not None and isinstance(spread, int | float) and math.isfinite(spread)
    note = f"± {float(str(spread)):.3g} between folds" if known else "" if finite is not None else "fit failed"
    return Trial(parameters=given, score=finite, note=note)


def _typed(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _from_optuna(data: bytes, name: str, study: str) -> TrialFile:
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            _load(database, data)
            return _studied(database, name, study)
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:  # whatever a damaged file may hold
        raise InvalidArgument(
            f"{name} cannot be read as Optuna's storage: {error}.", "Give the trials as arguments instead."
        ) from None


def _load(database: sqlite3.Connection, data: bytes) -> None:
    """Open a file's bytes in memory, defensively: it may hold anything."""
    # A file in WAL mode cannot be opened in memory; these two bytes of its header say so (sqlite.org/fileformat2).
    database.deserialize(data[:18] + b"\1\1" + data[20:])
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA query_only = ON")
    deadline = time.monotonic() + LONGEST_QUERY_S
    database.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)


def _studied(database: sqlite3.Connection, name: str, study: str) -> TrialFile:
    tables = {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = {"studies", "study_directions", "trials", "trial_params", "trial_values"} - tables
    if missing:
        raise InvalidArgument(f"{name} is no Optuna storage: it has no table {min(missing)}.", "Name another file.")
    study_id = _study_id(database, name, study)
    directions = database.execute(
        "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (study_id,)
    ).fetchall()
    trials = tuple(_optuna_trials(database, study_id))
    return TrialFile(trials, "", lower=not directions or str(directions[0][0]) != "MAXIMIZE")


def _study_id(database: sqlite3.Connection, name: str, study: str) -> int:
    known = [(int(one), str(called)) for one, called in database.execute("SELECT study_id, study_name FROM studies")]
    wanted = [one for one, called in known if called == study] if study else [one for one, _ in known]
    if len(wanted) == 1:
        return wanted[0]
    names = ", ".join(called[:60] for _, called in known[:10]) or "none"
    raise InvalidArgument(
        f"{name} holds these studies: {names}.", "Name the one that is meant behind a #, for example 'study.db#sir'."
    )


def _optuna_trials(database: sqlite3.Connection, study_id: int) -> Iterator[Trial]:
    values: dict[int, Any] = dict(
        database.execute(
            "SELECT v.trial_id, v.value FROM trial_values v JOIN trials t USING (trial_id) "
            "WHERE t.study_id = ? AND v.objective = 0",
            (study_id,),
        ).fetchall()
    )
    parameters: dict[int, dict[str, object]] = {}
    for trial, called, value, distribution in database.execute(
        "SELECT p.trial_id, p.param_name, p.param_value, p.distribution_json FROM trial_params p "
        "JOIN trials t USING (trial_id) WHERE t.study_id = ? ORDER BY p.param_id",
        (study_id,),
    ):
        parameters.setdefault(trial, {})[str(called)] = _external(value, distribution)
    query = "SELECT trial_id, state FROM trials WHERE study_id = ? AND state IN ('COMPLETE', 'FAIL', 'PRUNED') LIMIT ?"
    for trial, state in database.execute(query, (study_id, MOST_TRIALS)):
        if trial in parameters:
            yield _optuna_trial(parameters[trial], values.get(trial), str(state))


def _optuna_trial(parameters: Mapping[str, object], value: object, state: str) -> Trial:
    complete = state == "COMPLETE" and isinstance(value, int | float) and math.isfinite(value)
    note = {"FAIL": "failed", "PRUNED": "pruned"}.get(state, "")
    return Trial(parameters=parameters, score=float(str(value)) if complete else None, note=note)


def _external(value: object, distribution: object) -> object:
    """Return a parameter as the script saw it: Optuna stores the place of a choice, and whole numbers as floats."""
    try:
        about: dict[str, Any] = json.loads(str(distribution))
        attributes: dict[str, Any] = about.get("attributes", {})
        number = float(str(value))
        if "choices" in attributes:
            return attributes["choices"][int(number)]
        return int(number) if str(about.get("name")).startswith("Int") else number
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
        return str(value)
