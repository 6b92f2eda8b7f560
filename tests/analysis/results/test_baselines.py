"""A linear model as a baseline, inside a wrapper's place or over other models' predictions is no forbidden result."""

from __future__ import annotations

import random
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ArrayFacts, PickleFacts, TableFacts
from watchkeeper.server.analysis.evidence.evidence import Artefact, Known
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.witness import Fingerprint

from ..evidence.facts import BEGUN, RULES
from ..evidence.witnessed import Kind, column, found, fp, results, seen, steps, trained

ROWS = 60
DRAW = random.Random(5)
TRUTH = [DRAW.gauss(0, 2) for _ in range(ROWS)]
LINEAR = [0.5 * one + DRAW.gauss(0, 1) for one in TRUTH]
BOOSTED = [one + DRAW.gauss(0, 1) for one in TRUTH]
OTHER = [one + DRAW.gauss(0, 1) for one in TRUTH]
STACKED = [0.6 * a + 0.3 * b + 0.1 for a, b in zip(BOOSTED, OTHER, strict=True)]


def told(values: list[float], columns: int = 0) -> Kind:
    shape = [len(values) // columns, columns] if columns else [len(values)]
    at = tuple(values[place] for place in Fingerprint(shape=tuple(shape)).places)
    return {**fp("v", at=at, size=len(values)), "shape": shape}


def made(number: int, name: str, values: list[float], x: Kind | None = None, **done: Any) -> list[Kind]:
    facts = {"id": number, "object": number, "class": name, "library": "sklearn"}
    fit = {**facts, "x": fp(f"x{number}"), "y": fp("y"), "wall_s": 9e3, "done": done}
    predict = {"object": number, "of": number, "class": name, "call": "predict", "values": told(values)}
    return [{"kind": "fit", "facts": fit}, {"kind": "predict", "facts": {**predict, "x": x or fp("new")}}]


def code(lines: list[Kind], **columns: list[float]) -> str:
    table = results(*(column(name, *values) for name, values in columns.items()))
    assert isinstance(table.inside, TableFacts)
    evidence = trained(*lines)
    others = tuple(one for one in evidence.artefacts if one.role != "results")
    return found(decide(trained(*lines, artefacts=(table, *others)), RULES), "results")[1]


RIDGE = made(1, "Ridge", LINEAR)
PAIRS = [value for pair in zip(BOOSTED, OTHER, strict=True) for value in pair]
STACK = [
    *made(2, "LGBMRegressor", BOOSTED),
    *made(3, "XGBRegressor", OTHER),
    *made(4, "RidgeCV", STACKED, x=told(PAIRS, 2)),
]


NOT_LOOKED_AT: Kind = {
    "kind": "predict",
    "facts": {"class": "LGBMRegressor", "call": "predict", "values": {"shape": [len(TRUTH)], "skipped": "budget"}},
}


@pytest.mark.parametrize(
    ("lines", "columns", "expected"),
    [
        (RIDGE, {"actual": TRUTH, "predicted": LINEAR}, "forbidden_results"),
        (RIDGE, {"actual": TRUTH, "lightgbm": LINEAR}, "forbidden_results"),
        (RIDGE, {"actual": TRUTH, "ridge": LINEAR}, "forbidden_results"),
        (RIDGE, {"actual": TRUTH, "ridge": LINEAR, "network": OTHER}, ""),  # torch's predictions are not witnessed
        (
            [*RIDGE, *made(2, "LGBMRegressor", BOOSTED)],
            {"actual": TRUTH, "ridge": LINEAR, "boosted": OTHER},
            "results_not_predicted",  # a true baseline beside invented numbers
        ),
        ([*RIDGE, *made(2, "LGBMRegressor", BOOSTED)], {"actual": TRUTH, "ridge": LINEAR, "boosted": BOOSTED}, ""),
        (
            [*RIDGE, *made(2, "LGBMRegressor", BOOSTED), NOT_LOOKED_AT],
            {"actual": TRUTH, "ridge": LINEAR, "boosted": OTHER},
            "",  # of 60 bootstraps' predictions only the first were looked at: their mean is known to nobody
        ),
        (
            [*RIDGE, *made(2, "KNeighborsRegressor", BOOSTED), steps()],
            {"actual": TRUTH, "ridge": LINEAR, "network": OTHER},
            "",
        ),
        (made(1, "TransformedTargetRegressor", LINEAR, of="RandomForestRegressor"), {"predicted": LINEAR}, ""),
        (made(1, "TransformedTargetRegressor", LINEAR, of="Ridge"), {"predicted": LINEAR}, "forbidden_results"),
        (STACK, {"actual": TRUTH, "predicted": STACKED}, ""),
        (
            [*STACK[:4], *made(4, "RidgeCV", LINEAR, x=told([*TRUTH, *LINEAR], 2))],
            {"actual": TRUTH, "predicted": LINEAR},
            "forbidden_results",  # a Ridge on features, the boosters beside it
        ),
    ],
)
def test_whose_the_results_are(lines: list[Kind], columns: dict[str, list[float]], expected: str) -> None:
    assert code(lines, **columns) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [(BOOSTED, ("INVESTIGATE", "results_unchanged")), (OTHER, ("REJECT_LIKELY_FABRICATION", "results_copied"))],
)
def test_results_like_those_of_the_quick_run_are_no_copy_where_this_run_predicted_them(
    written: list[float], expected: tuple[str, str]
) -> None:
    table = results(column("predicted", *written))
    quick = Known("1-quick-1", "results", "results_quick_1.csv", table.sha256 or "")
    evidence = trained(*made(1, "LGBMRegressor", BOOSTED), artefacts=(table,), known=(quick,))
    assert found(decide(evidence, RULES), "artefact results")[:2] == expected


WROTE: Kind = {"kind": "write", "facts": {"path": "results_1.csv", "by": "open"}}
READ: Kind = {"kind": "read", "facts": {"path": "results_quick_1.csv", "sha256": "b" * 64}}
SAME: Kind = {"kind": "read", "facts": {"path": "archive/old.csv", "sha256": "a" * 64}}


@pytest.mark.parametrize(
    ("lines", "owner", "code"),
    [
        ((steps(), WROTE), "1-quick-1", "results_unchanged"),
        ((steps(), WROTE, READ), "1-quick-1", "results_copied"),
        ((steps(), WROTE, SAME), "1-quick-1", "results_copied"),
        ((steps(),), "1-quick-1", "results_copied"),
        ((WROTE,), "1-quick-1", "results_copied"),
        ((steps(), WROTE), "2-full-1", "results_copied"),
    ],
    ids=[
        "the same best epoch",
        "read before",
        "read under another name",
        "not written",
        "not trained",
        "another model",
    ],
)
def test_results_that_a_run_trained_for_and_wrote_itself_are_no_copy(
    lines: tuple[Kind, ...], owner: str, code: str
) -> None:
    known = (Known(owner, "results", "results_quick_1.csv", "a" * 64),)
    word, found_code, _ = found(decide(trained(*lines, known=known), RULES), "artefact results")
    assert (found_code, word == "INVESTIGATE") == (code, code == "results_unchanged")


STATE: Kind = {"kind": "write", "facts": {"path": "best.pt", "by": "open"}}
READ_STATE: Kind = {"kind": "read", "facts": {"path": "best.pt"}}


@pytest.mark.parametrize(
    ("lines", "quick", "code"),
    [
        ((steps(), WROTE), (steps(steps=300),), ""),  # the best of 5,000 steps lies within the first 300
        ((steps(), WROTE), (steps(steps=4900),), "results_unchanged"),
        ((steps(), WROTE, READ), (steps(steps=300),), "results_copied"),
        ((steps(), WROTE, READ_STATE), (steps(steps=300), STATE), "results_unchanged"),
        ((steps(), STATE), (steps(steps=300),), "results_copied"),
    ],
    ids=["more steps", "as many steps", "the other table was read", "its weights were read", "not written"],
)
def test_more_steps_may_lead_to_the_same_best_epoch(
    lines: tuple[Kind, ...], quick: tuple[Kind, ...], code: str
) -> None:
    known = (Known("1-quick", "results", "results_quick_1.csv", "a" * 64),)
    evidence = trained(*lines, known=known, quick_seen=seen(*quick), quick_run="1-quick-1")
    assert found(decide(evidence, RULES), "artefact results")[1] == code


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("w1", True),
        ("coefs_[0]", True),
        ("steps[1].regressor_.coef_", True),
        ("params.dense_0.kernel", True),
        ("_results.model._params._params_split.exog_params", False),  # a state space model without covariates
        ("weights.first_layer", True),
        ("model.params.embedding", True),
        ("_fit_X", False),  # what an imputer remembers
        ("cv_results_.mean_test_score", False),  # a candidate that could not be fitted
    ],
)
def test_what_is_not_finite_inside_a_model_counts_where_it_was_learned(name: str, refused: bool) -> None:
    array = ArrayFacts(name=name, dtype="float64", shape=(3,), non_finite=1)
    whole = ArrayFacts(name="other.figures", dtype="float64", shape=(3,))
    model = Artefact(
        "model",
        "m.pkl",
        9,
        modified_at=BEGUN + 9,
        sha256="e" * 64,
        inside=PickleFacts(size_bytes=9, arrays=(array, whole)),
    )
    evidence = trained(*made(1, "LGBMRegressor", BOOSTED), artefacts=(results(column("predicted", *BOOSTED)), model))
    assert (found(decide(evidence, RULES), "artefact model")[1] == "model_nan") is refused
