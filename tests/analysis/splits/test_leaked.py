"""Targets of later rows among the features, copies on both sides of a split, idle steps, the best of many networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.answer import Answer
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.design.rows import answered
from watchkeeper.server.analysis.networks.stepped import gradients
from watchkeeper.server.analysis.splits.leaked import copied_before_folds, leaked
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, fp, sampling, save, seen, steps

ENCODED = {"name": "shop_mean", "of": "sales", "groups": 600}
FRACTIONS = (0.25, 1.5, -0.125)


def codes(*lines: Kind) -> list[str]:
    return [one.code for one in leaked(seen(*lines))]


def parts(train: int, distinct: int, shared: bool, at: tuple[float, ...] = FRACTIONS, columns: int = 5) -> Kind:
    keys = ["01", "02", "03"]
    others = [*(keys[:1] if shared else []), "04", "05"]
    told = [
        {**fp("a", at=at), "shape": [train, columns], "rows": distinct, "row_keys": keys},
        {**fp("b", at=at), "shape": [50, columns], "rows": 50, "row_keys": others},
    ]
    return {"kind": "split", "facts": {"call": "train_test_split", "parts": told}}


def test_copies_are_seen_where_all_places_that_are_told_of_the_training_part_are_classes() -> None:
    line = parts(1000, 600, shared=True, at=(1.0, 0.0, 1.0))
    line["facts"]["parts"][1]["at"] = [*FRACTIONS]
    assert codes(line) == ["copied_rows_held_out"]


def test_a_column_that_is_the_target_of_the_next_row_is_asked_about() -> None:
    ahead = {"column": 0, "rows": 1, "name": "lag_1"}
    assert codes(fit(1, "LGBMRegressor", ahead=ahead)) == ["target_of_later_rows"]
    assert codes(fit(1, "LGBMRegressor", ahead={**ahead, "newest_first": True})) == []
    assert codes(fit(1, "LGBMRegressor")) == []


def test_a_column_that_is_a_window_of_the_target_with_the_rows_own_is_asked_about() -> None:
    window = {"column": 4, "of": "mean", "rows": 3, "later": 1, "name": "smoothed"}
    found = [*leaked(seen(fit(1, "LGBMRegressor", window=window)))]
    assert [one.code for one in found] == ["target_in_its_window"]
    assert "column smoothed" in found[0].what
    assert "mean of the targets of 3 rows, its own and of 1 later among them" in found[0].what


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (parts(1000, 600, shared=True), ["copied_rows_held_out"]),
        (parts(1000, 600, shared=False), []),  # copied after an earlier split: none is held out
        (parts(1000, 998, shared=True), []),  # two measurements that are alike by nature
        (parts(1000, 600, shared=True, columns=1), []),  # a rounded temperature is alike by nature
        (parts(1000, 600, shared=True, at=(1.0, 2.0, 3.0)), []),  # few kinds of rows: categories
    ],
)
def test_rows_that_were_copied_before_a_split_are_asked_about(line: Kind, found: list[str]) -> None:
    assert codes(line) == found


def halves(train: int, test: int, **more: Any) -> Kind:
    told = [{"shape": [train, 5]}, {"shape": [test, 5]}]
    return {"kind": "split", "facts": {"call": "train_test_split", "parts": told, **more}}


def folds(rows: int, **more: Any) -> Kind:
    return {"kind": "split", "facts": {"call": "KFold.split", "x": {"shape": [rows, 5]}, **more}}


def fitted(*columns: str) -> Kind:
    return fit(1, "LGBMRegressor", x={**fp("x"), "columns": list(columns)})


MEANS, PLAIN = fitted("shop_mean", "promo"), fitted("price", "promo")


@pytest.mark.parametrize(
    ("lines", "rows", "asked"),
    [
        ([halves(1600, 400, encoded=ENCODED), MEANS], 400, True),
        ([halves(1600, 400), MEANS], 400, False),
        ([halves(1600, 400, encoded=ENCODED), PLAIN], 400, False),  # the column is left out
        ([halves(1600, 400, encoded=ENCODED), fitted("shop_mean", "sales")], 400, False),  # no target, a feature
        ([halves(1600, 400), halves(1200, 400, encoded=ENCODED), MEANS], 400, False),  # of the rows to train on
        ([folds(2000, encoded=ENCODED), MEANS], 2000, True),  # each row is predicted by the others
        ([folds(2000, encoded=ENCODED), MEANS], 400, False),  # folds inside of a part that nobody split by a call
        ([halves(1600, 400, encoded=ENCODED), fit(1, "Ridge")], 400, True),  # arrays have no names
        ([halves(1600, 400, encoded={"name": "3", "of": "", "groups": 9}), fit(1, "Ridge")], 400, True),
        ([halves(1600, 400, encoded={"name": "3", "of": "2", "groups": 9}), fit(1, "Ridge")], 400, False),  # a feature
    ],
)
def test_means_of_the_target_over_rows_that_are_held_out_are_asked_about(
    lines: list[Kind], rows: int, asked: bool
) -> None:
    table = TableFacts(format="csv", size_bytes=9, rows=rows)
    found = [one.code for one in leaked(seen(*lines), table)]
    assert found == (["encoded_with_held_out_rows"] if asked else [])


def trained(*lines: Kind) -> list[str]:
    model = replace(TRAINED.artefacts[1], path=save()["facts"]["path"])
    evidence = replace(TRAINED, artefacts=(TRAINED.artefacts[0], model), history=None, epochs={})
    return [one.code for one in gradients(evidence, {}, seen(*lines))]


def test_steps_at_a_rate_of_zero_are_told_and_those_of_a_warm_up_are_not() -> None:
    assert "rate_of_zero" in trained(steps(steps=100, idle=90))
    assert "rate_of_zero" not in trained(steps(steps=100, idle=3))


def test_weights_that_became_infinite_did_not_stay_where_they_were() -> None:
    begun = fp("begin", mean=0.0, sd=0.1)
    assert "weights_hardly_moved" in trained(steps(steps=100, moved=0.0, begun=begun))
    assert "weights_hardly_moved" not in trained(steps(steps=100, moved=-1.0, begun=begun))


def networks(count: int, chosen: int, **changes: Any) -> list[Kind]:
    ends = [{"weights": fp(f"after{n}"), "begun": fp(f"before{n}"), "last_at": float(n), "id": n} for n in range(count)]
    made = [{**steps(**{**one, **changes}), "where": "m.py:9"} for one in ends]
    return [*made, save(f"after{chosen}")]


def test_one_of_many_networks_that_is_not_the_last_is_asked_about() -> None:
    assert "network_chosen" in trained(*networks(12, chosen=4))
    assert "network_chosen" not in trained(*networks(12, chosen=11))  # the last fit after twelve folds
    assert "network_chosen" not in trained(*networks(5, chosen=2))
    members = [*networks(12, chosen=4), *(save(f"after{number}") for number in range(9))]
    assert "network_chosen" not in trained(*members)  # an ensemble, whose members are all kept
    alike = [{**one, "facts": {**one["facts"], "lr_seen": [n / 100]}} for n, one in enumerate(networks(12, chosen=4))]
    assert "network_chosen" not in trained(*alike)  # a search over learning rates


HEAD = (
    "| Parameter | Design Specification | Minimum Acceptable | Maximum Acceptable | Unit | Must Not Simplify |\n"
    "|---|---|---|---|---|---|\n"
)


def answer(row: str, *lines: Kind) -> Answer:
    ((name, one),) = read_design(f"{HEAD}| {row}", "d.md").requirements.items()
    return answered(name, one, seen(*lines))


PRIORS = sampling(
    free={"beta_dose": {"prior": "beta_dose ~ Normal(0.6, 0.05)"}, "s": {"prior": "s ~ HalfNormal(0, 2)"}}
)
REGIONS: list[Kind] = [
    {**fit(n, "XGBRegressor", x={**fp(f"x{n}", size=900), "row_keys": [f"{n}a", f"{n}b"]}), "where": "m.py:7"}
    for n in range(4)
]
"""A model of each region."""
TRIED: Kind = {"kind": "search", "where": "m.py:9", "facts": {
    "id": 8, "class": "GridSearchCV", "estimator": "MLPRegressor", "params": {"estimator__hidden_layer_sizes": "(16,)"},
    "space": {"hidden_layer_sizes": [[128], [256]]}, "best": {"hidden_layer_sizes": "(128,)"},
}}  # fmt: skip
NET = steps(dims=[16, 8, 1], matrices=4, lr_seen=[0.001])


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (
            "Prior of sigma | HalfNormal(2) | | | | YES |",
            [sampling(free={"sigma": {"prior": "sigma ~ HalfNormal(0, 2)"}})],
        ),
        ("beta prior | N(0, 1) | | | | YES |", [sampling(free={"beta": {"prior": "beta ~ Normal(0, 1)"}})]),
        ("Prior of s | HalfNormal(sigma=2) | | | | YES |", [PRIORS]),
        ("Rows | 90 | 90 | | | YES |", [fit(1, "XGBRegressor", rows=100)]),
        ("Rows | 3200 | 3200 | | | YES |", REGIONS),
        ("Hidden units | 16 | 16 | | | YES |", [NET]),
        ("Hidden units | 128 | 128 | | | YES |", [TRIED]),
        (
            "Trees | 300 | 300 | | | YES |",
            [fit(1, "Pipeline", params={"hist__max_iter": 300}, done={"of": "HistGradientBoostingRegressor"})],
        ),
        ("Learning rate | 0.001 | | | | YES |", [NET]),
        ("Trees | 500 | 500 | | | YES |", [fit(1, "RandomForestRegressor", params={"n_estimators": 600})]),
        ("Batch size | 64 | 32 | 128 | | YES |", [{"kind": "batches", "facts": {"batch_size": 100}}]),
        (
            "Members | 2 | 2 | | | YES |",
            [{**NET, "where": "m.py:3"}, {**steps(id=3, weights=fp("other")), "where": "m.py:3"}],
        ),
    ],
)
def test_a_row_of_the_design_that_was_kept_is_seen_to_be(row: str, lines: list[Kind]) -> None:
    found = answer(row, *lines)
    assert found.seen
    assert (found.problem, found.doubt) == ("", "")


@pytest.mark.parametrize(
    ("row", "lines", "says"),
    [
        ("Prior of beta_dose | Normal(0, 1) | | | | YES |", [PRIORS], "Normal(0.6, 0.05)"),
        ("Rows | 3200 | 3000 | | | YES |", [fit(1, "XGBRegressor", rows=400)], "at most 400 rows"),
        ("Hidden units | 256 | 256 | | | YES |", [NET], "at most 16"),
    ],
)
def test_a_row_of_the_design_that_was_not_kept_is_said_not_to_be(row: str, lines: list[Kind], says: str) -> None:
    assert says in answer(row, *lines).problem


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        ("Prior of beta_dose | Normal(mu, tau) | | | | YES |", [PRIORS]),
        ("Prior of gamma | Normal(0, 1) | | | | YES |", [PRIORS]),
        (
            "Prior of nu | HalfStudentT(3, 0, 2.5) | | | | YES |",
            [sampling(free={"nu": {"prior": "nu ~ HalfStudentT(3, 2.5)"}})],
        ),
        ("Prior of s | HalfFlat(2) | | | | YES |", [PRIORS]),  # of a name that nobody knows
        ("Rows | 90000 | 90000 | | | YES |", [*REGIONS, {"kind": "more", "facts": {"of": "fit", "count": 96}}]),
        (
            "Rows | 3200 | 3200 | | | YES |",
            [{**one, "facts": {**one["facts"], "x": fp(f"{n}", size=900)}} for n, one in enumerate(REGIONS)],
        ),
        ("Hidden units | 256 | 256 | | | YES |", [TRIED]),
        ("Hidden units | 256 | 256 | | | YES |", [NET, {**steps(id=9), "where": "m.py:8"}]),
        ("Rows | 3200 | 3000 | | | YES |", [steps()]),
        ("Hidden units | 256 | 256 | | | YES |", [steps()]),
        ("Learning rate | 0.003 | | | | YES |", [steps(lr_seen=[0.0005, 0.00299])]),  # warmed up
        ("Batch size | 32 | | | | YES |", [{"kind": "batches", "facts": {"batch_size": 512, "trains": False}}]),
        ("Learning rate | 0.1 | | | | YES |", [NET, fit(1, "MLPRegressor", params={"learning_rate_init": 0.01})]),
        ("Dropout | 0.1 | | | | YES |", [NET]),
        ("Trees | 500 | 500 | | | YES |", [fit(1, "LogisticRegression", params={"max_iter": 1000})]),
    ],
)
def test_what_the_witness_cannot_say_of_a_row_stays_open(row: str, lines: list[Kind]) -> None:
    assert answer(row, *lines) == Answer()


@pytest.mark.parametrize("figure", ["0.0025", "400", "20"])
def test_a_prior_that_is_the_same_in_another_notation_is_a_doubt(figure: str) -> None:
    found = answer(f"Prior of beta_dose | Normal(0.6, {figure}) | | | | YES |", PRIORS)
    assert "variance, a precision or a rate" in found.doubt
    assert not found.problem


@pytest.mark.parametrize(
    ("row", "line", "says"),
    [
        ("Learning rate | 0.1 | | | | YES |", NET, "learning_rate was 0.001 at"),
        ("Batch size | 32 | | | | YES |", {"kind": "batches", "facts": {"batch_size": 512, "trains": True}}, "512"),
        ("Weight decay | 0.01 | | | | YES |", steps(params={"weight_decay": 0.0}), "weight_decay was 0"),
    ],
)
def test_another_value_of_what_trained_is_a_doubt(row: str, line: Kind, says: str) -> None:
    found = answer(row, line)
    assert says in found.doubt
    assert not found.problem


def test_fewer_members_than_asked_for_are_a_doubt_as_one_training_may_have_left_several() -> None:
    found = answer("Members | 5 | 5 | | networks | YES |", NET)
    assert found.doubt
    assert not found.problem
    assert answer("Members | 5 | 5 | | | YES |", fit(1, "BaggingRegressor", inside={"Tree": 5})).seen


def test_a_table_without_any_witness_answers_nothing() -> None:
    ((name, one),) = read_design(f"{HEAD}| Rows | 9 | 9 | | | YES |", "d.md").requirements.items()
    assert answered(name, one, Seen()) == Answer()


def by_one_call(
    sha: str = "a", cv: str = "StratifiedKFold", distinct: int = 600, call: str = "cross_val_predict"
) -> Kind:
    x = {**fp(sha, at=FRACTIONS), "shape": [1000, 5], "rows": distinct, "row_keys": ["01"]}
    return {"kind": "search", "facts": {"id": 1, "class": call, "call": call, "cv": cv, "folds": 5, "x": x}}


def test_rows_that_were_copied_before_one_call_made_folds_are_asked_about() -> None:
    assert [one.code for one in copied_before_folds(seen(by_one_call()))] == ["copied_rows_held_out"]


@pytest.mark.parametrize(
    "lines",
    [
        [by_one_call(cv="GroupKFold")],
        [by_one_call(cv="LeaveOneSubjectOut")],
        [{"kind": "split", "facts": {"call": "StratifiedGroupKFold.split"}}, by_one_call(cv="")],
        [halves(1200, 300), by_one_call()],
        [by_one_call("a"), by_one_call("b")],
        [by_one_call(distinct=998)],
        [by_one_call(call="fit")],
    ],
    ids=["groups", "of the person's", "groups before", "of a part", "bootstraps", "alike by nature", "a search"],
)
def test_copies_that_stay_together_or_in_a_part_are_not_asked_about(lines: list[Kind]) -> None:
    assert not [*copied_before_folds(seen(*lines))]
