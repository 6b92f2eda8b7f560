"""What the command answers, and that it stays quick."""

import json

import pytest
from watchkeeper.server.analysis.curves.report import judge_bytes, judge_text
from watchkeeper.server.vocabulary.errors import InvalidArgument

from ...growth import assert_grows_with_its_input

HEALTHY = "epoch,train_loss\n" + "".join(f"{row},{1 / (1 + row)}\n" for row in range(20))
BROKEN = HEALTHY + "20,nan\n21,nan\n"
POSTERIOR = ",mean,ess_bulk,ess_tail,r_hat\nmu,1.0,2000,1900,1.2\n"


def test_a_healthy_history_gives_an_empty_list():
    assert judge_text(HEALTHY.encode(), "h.csv", as_json=True) == '{"flags": []}'
    assert judge_text(HEALTHY.encode(), "h.csv", as_json=False) == "h.csv: no red flags."


def test_a_flag_has_the_five_published_fields():
    (flag,) = json.loads(judge_text(BROKEN.encode(), "h.csv", as_json=True))["flags"]
    assert flag == {
        "flag": "non_finite",
        "epoch": 20,
        "value": 2,
        "threshold": 2,
        "advice": flag["advice"],
    }
    assert flag["advice"].endswith(".")


def test_the_text_says_what_was_seen_and_what_to_try():
    text = judge_text(BROKEN.encode(), "h.csv", as_json=False)
    assert text.startswith("non_finite from epoch 20: 2 non-finite losses in a row. Resume from")


def test_the_table_of_a_sampler_is_judged_as_one():
    assert [flag.flag for flag in judge_bytes(POSTERIOR.encode())] == ["rhat"]


def test_a_file_that_is_neither_is_refused():
    with pytest.raises(InvalidArgument, match=r"x\.csv"):
        judge_text(b"a,b\n1,2\n", "x.csv", as_json=True)


def smooth(rows: int) -> bytes:
    lines = (f"{row},{1 / (1 + row)},{1.1 / (1 + row)},0.5,0.001,1.0\n" for row in range(rows))
    return ("epoch,train_loss,val_loss,grad_norm,grad_layer_mean,time_s\n" + "".join(lines)).encode()


def test_the_cost_of_judging_grows_with_the_rows_and_not_faster():
    assert json.loads(judge_text(smooth(12_000), "h", as_json=True)) == {"flags": []}
    assert_grows_with_its_input(lambda history: judge_text(history, "h", as_json=True), smooth, 1_500)
