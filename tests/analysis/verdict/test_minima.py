"""The policy's minima are asked where a design leaves the iterations of its method open, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.acts.watch.verdict_rules import rules_of
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.rules import Rules
from watchkeeper.server.analysis.scripts.program import EstimatorUse, Program
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.storage.policy.policy import load_policy, policy_text
from watchkeeper.server.vocabulary.runs import Phase

from ..evidence.facts import HOUR, MODEL, PICKLE, RESULTS, RULES, TRAINED, check, designed, spoilt
from ..evidence.witnessed import Kind, fit, fp, seen, steps

FOREST = "RandomForestClassifier"
LONG: dict[str, Any] = {"wall_s": 3 * HOUR}
USED = EstimatorUse(name=FOREST, file="model_1.py", line=5, forbidden=False, fitted=True)
METHOD = "Method | Ensemble (scikit-learn)\n"


def forest(trees: int, number: int = 2, name: str = FOREST) -> Kind:
    return fit(number, name, params={"n_estimators": trees}, **LONG)


def search(candidates: int = 20, folds: int = 5) -> Kind:
    facts: dict[str, Any] = {
        "id": 1,
        "class": "" if candidates == 1 else "RandomizedSearchCV",
        "candidates": candidates,
        "folds": folds,
    }
    return {"kind": "search", "facts": {**facts, "x": fp("x", size=100), **LONG}}


def resampled(count: int) -> list[Kind]:
    x = fp("drawn", size=100, rows=63)
    more = {"of": "fit", "id": "f", "count": count - 20, "class": FOREST, "distinct_x": count - 20}
    drawn = [{"where": "m.py:2", **fit(number, FOREST, x={**x, "sha": f"x{number}"}, **LONG)} for number in range(20)]
    return [*drawn, {"kind": "more", "where": "m.py:2", "facts": more}]


def run(rows: str, *lines: Kind) -> Evidence:
    model = replace(MODEL, path="model_1_full.pkl", inside=PICKLE)
    evidence = spoilt(artefacts=(RESULTS, model), program=Program(script="m.py", estimators=(USED,)), seen=seen(*lines))
    return designed((METHOD + rows).replace("\n", " | | |\n"), evidence)


def asked(evidence: Evidence, rules: Rules = RULES) -> tuple[str, str]:
    """Return outcome and code of the check of the iterations."""
    one = check(decide(evidence, rules), "iterations")
    return one.outcome.value, one.code


KEPT = ("passed", "")
ASKED = ("not inspected", "iterations_not_inspected")


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("Trees | 500 | 500\nFolds | 5 | 5\n", [forest(500), search(1)]),
        ("Number of trees | 500\n", [forest(500)]),
        ("Trees of the forest | 100\n", [fit(2, "StackingClassifier", params={"rf__n_estimators": 100}, **LONG)]),
        ("Search iterations | 20 | 20\nFolds | 5 | 5\n", [search()]),
        ("Boosting rounds | up to 2000, early stopping\n", [forest(2000, name="XGBClassifier")]),
        ("Trees | 500\nBoosting rounds | 300\n", [forest(500), forest(300, 3, "XGBClassifier")]),
        ("Bootstraps | 1000 | 1000\n", resampled(1000)),
    ],
)
def test_a_design_that_names_the_iterations_of_its_ensemble_is_asked_for_these(rows: str, lines: list[Kind]) -> None:
    assert asked(run(rows, *lines)) == KEPT


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("Trees | 500 | 500\nFolds | 5 | 5\n", [forest(10), search(1)]),
        ("Trees | 500\n", [forest(10), fit(3, "LogisticRegression", params={"max_iter": 1000})]),
        ("Trees | 500\n", [forest(10), forest(500, 3)]),
        ("Boosting rounds | up to 2000\n", [forest(3, name="XGBClassifier")]),
        ("Trees | 500\nFolds | 5 | 5\n", [forest(500)]),
        ("Trees | as many as needed\n", [forest(500)]),
        ("Learning rate | 0.1\n", [forest(500)]),
        ("", [forest(500)]),
    ],
    ids=["10 for 500", "a baseline's max_iter", "500 beside the 10", "3 of up to 2000", "no folds", "no number",
         "no iterations", "nothing"],
)  # fmt: skip
def test_what_is_left_open_or_was_not_seen_to_be_kept_is_asked_as_before(rows: str, lines: list[Kind]) -> None:
    assert asked(run(rows, *lines)) == ASKED


def test_a_design_that_says_how_its_method_is_tried_wants_no_bootstraps_of_ours() -> None:
    calibrated = fit(2, "CalibratedClassifierCV", folds=5, params={"estimator__n_estimators": 400}, **LONG)
    assert asked(run("Folds | 5 | 5\n", search())) == KEPT
    assert asked(run("Folds | 5 | 5\nTrees | 400\n", calibrated)) == KEPT
    assert asked(run("Folds | 5 | 5\n", {**calibrated, "facts": {**calibrated["facts"], "folds": 2}}))[1] == "cv_short"
    origins = [fit(number, "ETSModel", x=fp(f"x{number}", size=100), **LONG) for number in range(30)]
    assert asked(run("Origins of the forecast | 30\n", *origins))[1] == ""


@pytest.mark.parametrize(
    ("rows", "lines", "code"),
    [
        ("Bootstraps | 1000 | 1000\n", resampled(50), "bootstraps_short"),
        ("Search iterations | 20 | 20\n", [search(4)], "candidates_short"),
        ("Trees | 500 | 500\nFolds | 5 | 5\n", [forest(500), search(1, 2)], "cv_short"),
    ],
)
def test_fewer_than_the_design_names_are_too_few(rows: str, lines: list[Kind], code: str) -> None:
    assert asked(run(rows, *lines)) == ("failed", code)


@pytest.mark.parametrize(("made", "codes"), [(500, set[str]()), (10, {"trees_short"})])
def test_ten_trees_for_five_hundred_are_asked_about_also_where_the_design_wants_no_bootstraps(
    made: int, codes: set[str]
) -> None:
    verdict = decide(run("Trees | 500\nFolds | 5\nBootstraps | 0 | 0\n", forest(made), search(1)), RULES)
    assert {one.code for one in verdict.checks if one.name == "training" and one.code} == codes


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("[method]\nmin_bootstraps = 1000\n", ASKED),
        ("[method]\nmin_epochs = 100\n", KEPT),
        ('profile = "research"\n[method]\nmin_bootstraps = 1000\n', ASKED),
        ("[method]\nmin_bootstraps = 1000\nbinding_minima = []\n", KEPT),
        ("[method]\nmin_bootstraps = 2000\nbinding_minima = []\n", ASKED),
        ("", KEPT),
    ],
)
def test_a_minimum_of_the_projects_own_policy_binds_whatever_the_design_says(
    text: str, outcome: tuple[str, str]
) -> None:
    policy = load_policy(text)
    kept = load_policy(policy_text(policy))  # as the start of a run keeps it: with every value
    assert kept == policy
    assert asked(run("Trees | 500 | 500\n", forest(500)), rules_of(kept, Phase.FULL)) == outcome


def test_draws_tune_and_chains_do_not_stand_for_one_another_nor_do_trees_for_epochs() -> None:
    network = replace(TRAINED, history=None, epochs={}, seen=seen(steps()))
    assert asked(designed("Trees | 500 | | |\n", network)) == ASKED
    chains = replace(spoilt(), design=read_design("# Computational Requirements\n- Draws: 2000\n", "d.md"))
    assert "tune >= 1000 (watchkeeper.toml [method])" in check(decide(chains, RULES), "iterations").evidence


def test_epochs_that_nobody_chose_ask_at_most_where_the_design_counts_the_folds_of_its_networks() -> None:
    short = replace(TRAINED, epochs={"history": [float(one) for one in range(1, 121)]}, seen=seen(steps()))
    for rows, word in (("Features | 12 | 12\n", "epochs_short"), ("CV folds | 10\n", "epochs_below_default")):
        found = check(decide(designed(f"Method | Deep neural network\n{rows}", short), RULES), "iterations")
        assert found.code == word, found.evidence


def test_scores_told_once_a_model_are_no_epochs() -> None:
    history = History(epochs=[0.0, 1.0, 2.0, 3.0], metric=[0.9, 0.8, 0.95, 0.97])
    told: dict[str, Any] = {"history": history, "epochs": {"history": history.epochs}}
    compared, network = run("Trees | 500\n", forest(500)), run("Trees | 500\n", steps())
    assert "epochs" not in counted(replace(compared, **told))
    assert counted(replace(network, **told))["epochs"].value == 4
    numbered = {**told, "history": replace(history, counts="epoch")}
    assert counted(replace(compared, **numbered))["epochs"].value == 4


@pytest.mark.parametrize(("folds", "code"), [(5, ""), (2, "folds_inside_the_stack_doubtful"), (None, "")])
def test_the_folds_of_a_stack_are_seen_where_it_was_asked_for_their_number(folds: int | None, code: str) -> None:
    params = {"rf__n_estimators": 100} | ({} if folds is None else {"cv": folds})
    evidence = run("Trees | 100\n", fit(2, "StackingClassifier", params=params, **LONG))
    rows = "Method | Stacked ensemble | | | |\nTrees | 100 | | | |\nFolds inside the stack | 5 | 5 | | | YES\n"
    assert check(decide(designed(rows, evidence), RULES), "design").code == code
