"""Trials from the files of libraries, as scikit-learn and Optuna really write them, and from files that lie."""

from __future__ import annotations

import csv
import io
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents.search_log import Trial
from watchkeeper.server.documents.trial_files import TrialFile, read_trials
from watchkeeper.server.vocabulary.errors import InvalidArgument

from ..play import Facts, Place

CV = (
    ",mean_fit_time,param_max_depth,param_criterion,params,split0_test_score,mean_test_score,std_test_score,"
    "rank_test_score\n"
    "0,0.01,2,gini,\"{'max_depth': 2, 'criterion': 'gini'}\",0.8,0.81,0.02,2\n"
    "1,0.01,4,,\"{'max_depth': 4}\",0.9,0.93,0.01,1\n"
    "2,0.01,-1,gini,\"{'max_depth': -1, 'criterion': 'gini'}\",,nan,nan,3\n"
)
# What Optuna 5.0 made (schema version 12), shortened: without foreign keys and tables that are not read.
SCHEMA = """
CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
    study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id));
CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
    datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id));
CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
    distribution_json TEXT, PRIMARY KEY (param_id));
CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
    value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id));
"""
LR = '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.1, "log": true}}'
UNITS = '{"name": "CategoricalDistribution", "attributes": {"choices": [32, 64, 128]}}'
LAYERS = '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}'
STATES = ("COMPLETE", "COMPLETE", "PRUNED", "FAIL", "RUNNING")


def storage(path: Path, studies: Sequence[str] = ("sir",), direction: str = "MINIMIZE", mode: str = "delete") -> bytes:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.executescript(SCHEMA)
        for study, name in enumerate(studies, start=1):
            database.execute("INSERT INTO studies VALUES (?, ?)", (study, name))
            database.execute("INSERT INTO study_directions VALUES (?, ?, ?, 0)", (study, direction, study))
            for number, state in enumerate(STATES):
                trial = 10 * study + number
                database.execute("INSERT INTO trials VALUES (?, ?, ?, ?, NULL, NULL)", (trial, number, study, state))
                for place, (called, value, about) in enumerate(
                    (("lr", 0.01, LR), ("units", 1.0, UNITS), ("k", 3.0, LAYERS))
                ):
                    row = (100 * trial + place, trial, called, value, about)
                    database.execute("INSERT INTO trial_params VALUES (?, ?, ?, ?, ?)", row)
            database.execute("INSERT INTO trial_values VALUES (?, ?, 0, 4.2, 'FINITE')", (100 * study, 10 * study))
            database.execute(
                "INSERT INTO trial_values VALUES (?, ?, 0, NULL, 'INF_POS')", (100 * study + 1, 10 * study + 1)
            )
        database.commit()
    return path.read_bytes()


def test_the_results_of_a_grid_search_are_read() -> None:
    assert read_trials(CV.encode(), "cv.csv", "", "") == TrialFile(
        trials=(
            Trial(parameters={"max_depth": 2, "criterion": "gini"}, score=0.81, note="± 0.02 between folds"),
            Trial(parameters={"max_depth": 4}, score=0.93, note="± 0.01 between folds"),
            Trial(parameters={"max_depth": -1, "criterion": "gini"}, score=None, note="fit failed"),
        ),
        metric="mean_test_score",
        lower=False,
    )


@pytest.mark.training
def test_what_scikit_learn_saves_today_is_read() -> None:
    pandas = pytest.importorskip("pandas")
    selection = pytest.importorskip("sklearn.model_selection")
    tree = pytest.importorskip("sklearn.tree")
    grid: dict[str, list[Any]] = {"max_depth": [1, 3], "criterion": ["squared_error", "absolute_error"]}
    scoring = ["r2", "neg_mean_absolute_error"]
    search = selection.GridSearchCV(tree.DecisionTreeRegressor(random_state=0), grid, cv=3, scoring=scoring, refit="r2")
    search.fit([[float(x)] for x in range(30)], [float(x * x) for x in range(30)])
    text: str = pandas.DataFrame(search.cv_results_).to_csv()
    with pytest.raises(InvalidArgument, match="several scores: r2, neg_mean_absolute_error"):
        read_trials(text.encode(), "cv.csv", "", "")
    found = read_trials(text.encode(), "cv.csv", "r2", "")
    assert [dict(one.parameters) for one in found.trials] == search.cv_results_["params"]
    assert [one.score for one in found.trials] == pytest.approx(list(search.cv_results_["mean_test_r2"]))


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize(("direction", "lower"), [("MINIMIZE", True), ("MAXIMIZE", False)])
def test_the_storage_of_optuna_is_read(tmp_path: Path, mode: str, direction: str, lower: bool) -> None:
    found = read_trials(storage(tmp_path / "s.db", direction=direction, mode=mode), "s.db", "", "")
    parameters = {"lr": 0.01, "units": 64, "k": 3}
    assert found == TrialFile(
        trials=(
            Trial(parameters=parameters, score=4.2),
            Trial(parameters=parameters, score=None),
            Trial(parameters=parameters, score=None, note="pruned"),
            Trial(parameters=parameters, score=None, note="failed"),
        ),
        metric="",
        lower=lower,
    )
    assert [one.diverged for one in found.trials] == [False, True, False, True]


def test_what_optuna_itself_saves_today_is_read(tmp_path: Path) -> None:
    optuna = pytest.importorskip(
        "optuna", reason="Optuna is not installed; its storage was read from a recorded schema"
    )
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    study = optuna.create_study(study_name="sir", storage=f"sqlite:///{tmp_path}/s.db", direction="minimize")

    def objective(trial: Any) -> float:
        rate = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        units = trial.suggest_categorical("units", ["32", "64"])
        if trial.number == 2:
            raise optuna.TrialPruned
        return float("inf") if trial.number == 1 else rate * float(units)

    study.optimize(objective, n_trials=6)
    found = read_trials((tmp_path / "s.db").read_bytes(), "s.db", "", "sir")
    assert [dict(one.parameters) for one in found.trials] == [one.params for one in study.trials]
    assert [one.score for one in found.trials if one.score is not None] == [
        one.value for one in study.trials if one.number not in (1, 2)
    ]
    assert found.lower


def test_one_of_several_studies_has_to_be_named(tmp_path: Path) -> None:
    data = storage(tmp_path / "s.db", ["sir", "seir"])
    with pytest.raises(InvalidArgument, match=r"these studies: sir, seir\. Name the one"):
        read_trials(data, "s.db", "", "")
    assert len(read_trials(data, "s.db", "", "seir").trials) == 4


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column mean_test_"),
        (b"a,b\n1,2\n", "no column mean_test_"),
        (b"mean_test_score\n1\n", "no column param_"),
        (b"param_a,mean_test_score\n", "or no row"),
        (b"param_a,mean_test_score\n" + b"x" * 200_000, "cannot be read as CSV"),
        (b"SQLite format 3\0" + b"\0" * 500, "cannot be read as Optuna's storage"),
    ],
)
def test_another_file_is_refused_with_what_is_expected(data: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_trials(data, "file", "", "")
    assert said in str(refused.value)


def test_another_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute("CREATE TABLE studies (a)")
        database.commit()
    with pytest.raises(InvalidArgument, match="is no Optuna storage: it has no table study_directions"):
        read_trials((tmp_path / "x.db").read_bytes(), "x.db", "", "")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return storage(tmp_path_factory.mktemp("storage") / "s.db")


@given(place=st.integers(16, 24_000), byte=st.integers(0, 255))
def test_a_damaged_storage_is_read_or_refused(good: bytes, place: int, byte: int) -> None:
    place %= len(good)
    with suppress(InvalidArgument):
        read_trials(good[:place] + bytes([byte]) + good[place + 1 :], "s.db", "", "")


cells = st.sampled_from(["0.5", "nan", "", "x", "-1", "1e400", '"', "a,b", "\n"])


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=4))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["param_a", "mean_test_score", "std_test_score"], *rows])
    with suppress(InvalidArgument):
        for one in read_trials(text.getvalue().encode(), "cv.csv", "", "").trials:
            assert one.score is None or math.isfinite(one.score)


CHOICE: Facts = {
    "model": "1",
    "space": {"max_depth": [2, 4]},
    "selected": {"max_depth": 4},
    "reasons": {"max_depth": "deep enough for the interaction of two cities"},
    "insight": "Two-way interactions carry the signal.",
}


@pytest.mark.anyio
async def test_a_search_is_logged_from_a_file_beneath_the_workspace_only(place: Place) -> None:
    (place.root / "cv.csv").write_text(CV, encoding="utf-8")
    outside = place.root.parent / f"{place.root.name}-outside.csv"
    outside.write_text(CV, encoding="utf-8")
    async with place.trainer() as trainer:
        logged = await trainer.ask("log_search", **CHOICE, trials_from="cv.csv")
        again = await trainer.ask("log_search", **CHOICE, trials_from="cv.csv")
        for path in (f"../{outside.name}", str(outside), "none.csv"):
            await trainer.refused("log_search", **CHOICE, trials_from=path)
    text = place.read("output/docs/insights/hyperparameter_search_1.md")
    assert (logged["best"], again["existing"]) == ("trial 2: max_depth=4, mean_test_score 0.93", True)
    assert "**Trials**: 3 read from cv.csv" in text
    assert "| **4** |  | **0.93** | **✅ Best: ± 0.01 between folds** |" in text


@pytest.mark.anyio
async def test_a_storage_that_is_being_written_is_not_read_by_halves(place: Place) -> None:
    storage(place.root / "s.db", ["sir", "seir"])
    choice: Facts = {**CHOICE, "space": {"lr": [0.01]}, "selected": {"lr": 0.01}, "reasons": {"lr": "so"}}
    (place.root / "s.db-journal").write_bytes(b"half")
    async with place.trainer() as trainer:
        refusal = await trainer.refused("log_search", **choice, trials_from="s.db#sir")
        (place.root / "s.db-journal").write_bytes(b"")
        logged = await trainer.ask("log_search", **choice, trials_from="s.db#sir")
    assert "s.db is being written" in refusal
    assert logged["best"].startswith("trial 1: lr=0.01, units=64, k=3")
