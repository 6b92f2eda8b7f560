"""What networks returned against the results: made of them in the usual ways is fine, made of the outcomes asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.design.design import Design, read_design
from watchkeeper.server.analysis.networks.of_networks import outputs
from watchkeeper.server.analysis.results.row_sums import sum_of_rows
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import MODEL, RESULTS, spoilt
from ..evidence.witnessed import Kind, fp, seen, steps

ROWS = 60
ACTUAL = [round(50 + 8 * math.sin(row / 4) + 5 * math.cos(row * row), 3) for row in range(ROWS)]
RETURNED = [math.tanh(math.sin(row * 1.7) + row / 90) for row in range(ROWS)]
LAGGED = [*ACTUAL[:2], *(round(0.93 * ACTUAL[row - 1] + 0.07 * ACTUAL[row - 2], 3) for row in range(2, ROWS))]
SCALED = [round(12.5 * one + 47, 2) for one in RETURNED]
KEYS = [f"{row:016x}" for row in range(32)]


def forward(values: Sequence[float] = RETURNED, **changes: Any) -> Kind:
    told = fp("out", at=tuple(values[place] for place in places(ROWS)), size=ROWS)
    facts = {"class": "Net", "steps": 5000, "rows": ROWS, "since_step": [1, ROWS], "values": told}
    return {"kind": "forward", "facts": {**facts, **changes}}


def judged(columns: dict[str, Sequence[float]], *lines: Kind, design: Design | None = None) -> tuple[str, str]:
    """Return outcome and code of the check; of a network that was trained."""
    told = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(each)) for name, each in columns.items())
    table = TableFacts(format="csv", size_bytes=900, rows=ROWS, column_count=len(told), columns=told)
    found = seen(steps(), *lines)
    evidence = spoilt(artefacts=(replace(RESULTS, inside=table), MODEL), seen=found, design=design or Design())
    check = outputs(evidence, found)
    return ("", "") if check is None else (str(check.outcome), check.code)


@pytest.mark.parametrize(
    ("columns", "asked"),
    [
        ({"actual": ACTUAL, "lstm_forecast": LAGGED}, True),
        ({"actual": ACTUAL, "predicted": [ACTUAL[0], *ACTUAL[:-1]]}, True),
        ({"actual": ACTUAL, "lstm_forecast": LAGGED, "forecast_other": SCALED}, True),  # it bears the network's name
        ({"actual": ACTUAL, "lstm_forecast": SCALED, "naive_forecast": LAGGED}, False),
        ({"actual": ACTUAL, "predicted": SCALED, "persistence_forecast": LAGGED}, False),
        ({"actual": ACTUAL, "lagged": LAGGED, "predicted": [one**3 for one in ACTUAL[::-1]]}, False),  # of nobody knows
        ({"lstm_forecast": LAGGED}, False),
        ({"actual": ACTUAL, "lstm": SCALED, "ar_forecast": LAGGED}, False),
    ],
)
def test_a_networks_column_that_is_the_outcomes_of_earlier_rows_is_asked_about(
    columns: dict[str, Sequence[float]], asked: bool
) -> None:
    code = judged(columns, forward())[1]
    assert (code == "results_of_the_outcomes") == asked


def test_a_linear_network_that_was_seen_to_return_just_that_is_not_asked() -> None:
    assert judged({"actual": ACTUAL, "predicted": LAGGED}, forward(LAGGED)) == ("passed", "")
    assert judged({"actual": ACTUAL, "predicted": LAGGED}, forward([one / 3 - 4 for one in LAGGED])) == ("passed", "")


@pytest.mark.parametrize(
    "column",
    [
        SCALED,
        [round(math.exp(one), 4) for one in RETURNED],
        [float(one > 0.2) + 2 * float(one > 0.8) for one in RETURNED],
    ],
)
def test_outputs_that_were_scaled_back_or_cut_at_thresholds_are_known_again(column: Sequence[float]) -> None:
    assert judged({"actual": ACTUAL, "predicted": column}, forward()) == ("passed", "")


def test_what_none_of_the_outputs_explains_asks_nothing_by_itself() -> None:
    other = [math.cos(one * 9) for one in RETURNED]
    assert judged({"actual": ACTUAL, "predicted": other}, forward()) == ("", "")


def loader(keys: Sequence[str], distinct: int, **changes: Any) -> Kind:
    facts = {"trains": True, "dataset": distinct, "distinct": distinct, "row_keys": list(keys), **changes}
    return {"kind": "batches", "facts": facts}


def rows(keys: Sequence[str], count: int = ROWS) -> Kind:
    return forward(x={"shape": [count], "rows": count, "row_keys": list(keys)})


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([loader(KEYS, 300), rows(KEYS[2:20:3])], True),
        ([loader(KEYS, 300), loader(KEYS[1::2], 240), rows(KEYS[2:20:3])], False),  # one fold holds them out
        ([loader(KEYS, ROWS), rows(KEYS)], False),  # all rows: fitted values
        ([loader(KEYS, 300), rows(["0000000000000005", "000000000000000aa", "ffff"])], False),
        ([loader(KEYS, 300, trains=False), rows(KEYS[2:20:3])], False),
    ],
)
def test_rows_that_were_trained_on_and_predicted_beside_their_outcomes_are_asked_about(
    lines: list[Kind], asked: bool
) -> None:
    code = judged({"actual": ACTUAL, "predicted": SCALED}, *lines)[1]
    assert (code == "trained_rows_predicted") == asked
    assert judged({"predicted": SCALED}, *lines)[1] == "", "without outcomes nothing is evaluated"


def epochs(keys: Sequence[str], count: int = 9) -> list[Kind]:
    """Return what was evaluated after each epoch, and then the rows of the results."""
    during = [forward([one + at for one in RETURNED], steps=at * 50) for at in range(1, count)]
    for one in during:
        one["facts"]["x"] = rows(keys)["facts"]["x"]
    return [*during, rows(KEYS)]


def kept(sha: str) -> Kind:
    return {"kind": "save", "facts": {"path": "model_1_full.nc", "numbers": 900, "weights": fp(sha)}}


LAST_OUTPUTS = {"training": False, "values": fp("last", at=tuple(range(32)), size=ROWS)}
AFTER_THE_LAST: Kind = {"kind": "forward", "facts": {**rows(KEYS)["facts"], **LAST_OUTPUTS}}
BOTH = read_design(
    "The state with the best validation loss is kept; the test part is used once.\n", "model_design_1.md"
)


@pytest.mark.parametrize(
    ("lines", "design", "asked"),
    [
        ([*epochs(KEYS), kept("best")], BOTH, True),
        ([*epochs(KEYS[::-1][:30]), kept("best")], BOTH, False),  # rows of their own
        ([*epochs(KEYS), kept("after")], BOTH, False),  # the last state: nothing was chosen
        ([*epochs(KEYS, 3), kept("best")], BOTH, False),
        ([*epochs(KEYS)[:-1], AFTER_THE_LAST, rows(KEYS), kept("after")], BOTH, True),  # put back, then saved
        ([*epochs(KEYS), forward(x=rows(KEYS[:9])["facts"]["x"], steps=70), kept("best")], BOTH, False),
        ([*epochs(KEYS), kept("best")], Design("model_design_1.md"), False),
    ],
)
def test_a_state_that_was_chosen_by_the_rows_of_the_test_is_asked_about(
    lines: list[Kind], design: Design, asked: bool
) -> None:
    code = judged({"label": RETURNED, "p_responder": SCALED}, *lines, design=design)[1]
    assert (code == "chosen_on_the_test") == asked


PASSES = read_design("## Computational Requirements\n\n- **MC passes**: 100\n", "model_design_1.md")


@pytest.mark.parametrize(
    ("since", "asked"), [([1, ROWS], True), ([100, 100 * ROWS], False), ([1, 100 * ROWS], False), ([60, ROWS], True)]
)
def test_passes_that_a_design_names_have_to_be_made(since: list[int], asked: bool) -> None:
    columns: dict[str, Sequence[float]] = {"actual": ACTUAL, "mc_mean": SCALED}
    assert (judged(columns, forward(since_step=since), design=PASSES)[1] == "passes_not_made") == asked
    early = forward(steps=400, since_step=[1, ROWS]), forward(since_step=[100, 100 * ROWS])
    assert judged(columns, *early, design=PASSES)[1] == ""


def test_an_output_of_which_fewer_values_were_told_ends_no_verdict() -> None:
    few = forward()
    few["facts"]["values"]["at"] = [0.1, 0.2]
    assert judged({"actual": ACTUAL, "predicted": SCALED}, few)[1] == ""


def test_passes_over_the_data_a_row_for_each_pass_and_all_in_one_call_are_not_asked_about() -> None:
    columns: dict[str, Sequence[float]] = {"actual": ACTUAL, "mc_mean": SCALED}
    epochs = read_design("## Computational Requirements\n\n- **Training passes**: 100\n", "model_design_1.md")
    assert judged(columns, forward(), design=epochs)[1] == ""
    ten = read_design("## Computational Requirements\n\n- **MC passes**: 10\n", "model_design_1.md")
    assert judged(columns, forward(), design=ten)[1] == "passes_not_made"
    assert judged(columns, forward(since_step=[10, ROWS], x={"shape": [ROWS], "rows": 6}), design=ten)[1] == ""
    expanded: Kind = {**forward(), "facts": {**forward(since_step=[2, ROWS + 10])["facts"]}}
    expanded["facts"]["values"] = {**fp("all", at=(0.1,)), "shape": [10, ROWS]}
    assert judged(columns, forward(), expanded, design=ten)[1] == ""


def test_a_moving_mean_a_season_and_what_is_neither() -> None:
    means = [0.0] * 7 + [sum(ACTUAL[row - 7 : row]) / 7 for row in range(7, ROWS)]
    assert [by for by, _ in sum_of_rows(means, ACTUAL, 1e-6)] == list(range(1, 8))
    season = [*ACTUAL[:24], *ACTUAL[:-24]]
    assert sum_of_rows(season, ACTUAL, 1e-6) == ((24, pytest.approx(1.0)),)
    assert sum_of_rows(RETURNED, ACTUAL, 1e-6) == ()
    assert sum_of_rows([1.0] * ROWS, ACTUAL, 1e-3) == ()


def test_passes_that_all_return_the_same_are_none_with_dropout() -> None:
    columns: dict[str, Sequence[float]] = {"actual": ACTUAL, "mc_mean": SCALED}
    many: Kind = {"calls": 100, "rows": 100 * ROWS, "since_step": [100, 100 * ROWS]}
    assert judged(columns, forward(**many, alike=True), design=PASSES)[1] == "passes_all_alike"
    assert judged(columns, forward(**many, alike=False), design=PASSES)[1] == ""
