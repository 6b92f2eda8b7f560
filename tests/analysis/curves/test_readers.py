"""Reading what libraries write, whole, torn and strange, and writing our own format."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.readers import read_history
from watchkeeper.server.analysis.curves.series import COLUMNS, Column, History, continued, plain_name, recognise
from watchkeeper.server.analysis.curves.writer import HEADER, history_csv
from watchkeeper.server.vocabulary.errors import InvalidArgument


def test_the_csv_of_keras_is_read():
    data = b"epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,0.69,0.51,0.70\n1,0.6,0.6,0.58,0.64\n"
    assert read_history(data) == History(
        epochs=[0, 1], train_loss=[0.69, 0.6], val_loss=[0.7, 0.64], metric=[0.51, 0.58]
    )


def test_the_rows_of_lightning_that_fill_each_others_blanks_become_one():
    data = (
        b"epoch,lr-Adam,step,train_loss_epoch,train_loss_step,val_loss\n"
        b"0,,9,,,0.9\n0,,9,0.8,,\n1,0.01,19,,,0.7\n1,,19,0.6,,\n"
    )
    assert read_history(data) == History(epochs=[0, 1], train_loss=[0.8, 0.6], val_loss=[0.9, 0.7])


def test_steps_logged_within_one_epoch_stay_rows_of_their_own():
    data = b"epoch,step,train_loss,val_loss\n0,49,1.0,\n0,99,0.9,\n0,99,,0.95\n1,149,0.8,\n"
    assert read_history(data) == History(epochs=[0, 0, 1], train_loss=[1.0, 0.9, 0.8], val_loss=[None, 0.95, None])


def test_the_trainer_state_of_transformers_is_read_without_its_closing_mean():
    state = {
        "best_metric": None,
        "log_history": [
            {"loss": 2.0, "grad_norm": 1.5, "learning_rate": 1e-5, "epoch": 0.5, "step": 10},
            {"loss": "nan", "grad_norm": math.nan, "epoch": 1.0, "step": 20},
            {"eval_loss": 1.8, "eval_runtime": 3.1, "epoch": 1.0, "step": 20},
            {"train_runtime": 60.0, "train_loss": 1.9, "epoch": 1.0, "step": 20},
        ],
        "max_steps": 20,
    }
    found = read_history(json.dumps(state, indent=1).encode())
    assert (found.epochs, found.val_loss) == ([0.5, 1.0], [None, 1.8])
    assert repr(found.train_loss) == "[2.0, nan]"


def test_json_lines_are_read_past_torn_and_foreign_lines():
    whole = b'{"epoch": 1, "train_loss": 0.5}\nhello\n{"epoch": 2, "train_loss": 0.4, "valLoss": 0.6}\n'
    data = whole + b'{"epoch": 3, "train_l'
    assert read_history(data) == History(epochs=[1, 2], train_loss=[0.5, 0.4], val_loss=[None, 0.6])


def test_a_dictionary_of_columns_is_read_also_one_level_down():
    assert read_history(b'{"loss": [2, 1], "val_loss": [3]}') == History(
        epochs=[0, 1], train_loss=[2, 1], val_loss=[3, None]
    )
    nested = b'{"train": {"rmse": [2, 1]}, "validation": {"rmse": [3, 2]}}'
    assert read_history(nested) == History(epochs=[0, 1], train_loss=[2, 1], val_loss=[3, 2])


@pytest.mark.parametrize(
    "text",
    [
        "Epoch;Train Loss;Val Loss\n1;0,5;0,6\n2;0,4;0,5\n",
        "epoch\ttrain/loss\tval/loss\n1\t0.5\t0.6\n2\t0.4\t0.5\n",
        "\ufeff# made by hand\n epoch , trainLoss , validation loss \n\n1,0.5,0.6\r\n2,0.4,0.5\r\n",
        '"epoch","train_loss","val_loss"\n"1","0.5","0.6"\nepoch,train_loss,val_loss\n2,0.4,0.5\n',
        "epoch,train_loss,val_loss\n1,0.5,0.6\nepoch,train_loss,val_loss\n2,0.4,0.5\n",
        'note,epoch,train_loss,val_loss\nfirst,1,0.5,0.6\n"a ""b",2,0.4,0.5\n',
    ],
)
def test_dialects_of_csv_give_the_same_history(text: str):
    found = read_history(text.encode())
    rows = [row for row in zip(found.epochs, found.train_loss, found.val_loss, strict=True) if row[1] is not None]
    assert rows == [(1, 0.5, 0.6), (2, 0.4, 0.5)]


@pytest.mark.parametrize(
    ("tail", "last"),
    [
        ("3,0.3,0.4\n", 0.4),
        ("3,0.3,0.4", None),
        ("3,0.3,0.", None),
        ("3,0.3,", None),
        ("3,0.3", None),
        ("3,0.3,nan", math.nan),
    ],
)
def test_the_torn_end_of_a_line_is_left_blank_and_never_read_as_another_number(tail: str, last: float | None):
    found = read_history(b"epoch,train_loss,val_loss\n1,0.5,0.6\n2,0.4,0.5\n" + tail.encode())
    assert repr([*found.val_loss, None][2]) == repr(last)


def test_words_for_no_value_are_blank_and_words_for_no_number_are_kept():
    data = b"epoch,train_loss\n0,NaN\n1,-Infinity\n2,None\n3,N/A\n4,\n5,1e999\n6,oops\n7,0.5\n"
    found = read_history(data)
    assert found.epochs == [0, 1, 5, 7]
    assert [str(value) for value in found.train_loss] == ["nan", "-inf", "inf", "0.5"]


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"a,b\n1,2\n", b"0.5\n0.4\n", b"{}", b"[]", b"[[1]]", b"\xff\xfe\x00", b"epoch\n1\n"]
)
def test_bytes_without_a_history_are_refused_with_what_to_write(data: bytes):
    with pytest.raises(InvalidArgument, match=r"notes.txt holds no training history.*header such as"):
        read_history(data, "notes.txt")


def test_the_more_specific_of_two_spellings_wins():
    assert recognise(["loss", "Train Loss", "VAL_LOSS", "Gradient Norm", "Time (s)", "Metric (RMSE)"]) == {
        "train_loss": "Train Loss",
        "val_loss": "VAL_LOSS",
        "grad_norm": "Gradient Norm",
        "time_s": "Time (s)",
        "metric": "Metric (RMSE)",
    }
    assert plain_name("  validationLoss/mean ") == "validation_loss_mean"


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="val_loss"):
        History(epochs=[1, 2], val_loss=[0.1])


def test_the_history_is_written_in_the_exact_columns_with_blanks_for_what_was_never_printed():
    history = History(epochs=[1, 2.5], train_loss=[0.5, math.nan], grad_norm=[None, 1e-20], time_s=[3600, None])
    assert history_csv(history) == (
        "Epoch,Train Loss,Val Loss,Metric (RMSE),Gradient Norm,Time (s)\n1,0.5,,,,3600\n2.5,nan,,,1e-20,\n"
    )


VALUES: st.SearchStrategy[float | None] = st.none() | st.floats()


@st.composite
def histories(draw: st.DrawFn) -> History:
    rows = draw(st.integers(1, 20))
    columns: dict[str, Column] = {
        name: draw(st.lists(VALUES, min_size=rows, max_size=rows)) for name in COLUMNS if name != "grad_layer_mean"
    }
    columns["train_loss"] = [0.0 if value is None else value for value in columns["train_loss"]]
    return History(**{"epochs": [float(row) for row in range(rows)], **columns})  # type: ignore[arg-type]  (by name)


@given(histories())
def test_what_is_written_reads_back_bit_for_bit(history: History):
    again = read_history(history_csv(history).encode())
    blank: dict[str, Column] = {name: [] for name in COLUMNS if all(value is None for value in history.column(name))}
    assert repr(again) == repr(replace(history, **blank))
    assert history_csv(history).startswith(HEADER + "\n")


@given(
    st.binary(max_size=300)
    | st.text(alphabet='epochtrain_loss,;\n\r"{}[]:0123456789.nan# \t', max_size=300).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data: bytes):
    try:
        found = read_history(data)
    except InvalidArgument:
        return
    assert all(len(found.column(name)) in (0, len(found.epochs)) for name in COLUMNS)


@given(st.integers(0, 200))
def test_a_csv_cut_anywhere_gives_only_values_that_were_written(cut: int):
    text = "epoch,train_loss,val_loss\n" + "".join(f"{row},0.{row}125,{row}.75\n" for row in range(1, 12))
    try:
        found = read_history(text[: len(text) - cut].encode())
    except InvalidArgument:
        return
    assert set(found.train_loss) <= {None, *(float(f"0.{row}125") for row in range(1, 12))}
    assert set(found.val_loss) <= {None, *(row + 0.75 for row in range(1, 12))}


def test_a_history_that_goes_on_from_a_checkpoint_has_the_rows_before_it_and_its_own_where_both_have_one():
    earlier = History(epochs=[0, 1, 2, 3], train_loss=[4, 3, 2, math.nan], val_loss=[5, 4, 3, 2], counts="epoch")
    later = History(epochs=[3, 4], train_loss=[1.5, 1], grad_norm=[0.5, 0.5], counts="epoch")
    assert continued(earlier, later) == History(
        epochs=[0, 1, 2, 3, 4],
        train_loss=[4, 3, 2, 1.5, 1],
        val_loss=[5, 4, 3, None, None],
        grad_norm=[None, None, None, 0.5, 0.5],
    )
    assert continued(replace(earlier, counts="step"), later) == later
    assert continued(later, earlier) == earlier
    assert earlier.finite_rows().epochs == [0, 1, 2]


def test_a_metric_that_is_no_rmse_has_no_column_in_our_file():
    found = read_history(b"epoch,loss,val_accuracy\n1,0.5,0.8\n2,0.4,0.9\n")
    assert found.metric == [0.8, 0.9]
    assert history_csv(found).splitlines()[1] == "1,0.5,,,,"
    rmse = read_history(b"epoch,loss,val_rmse\n1,0.5,0.8\n2,0.4,0.9\n")
    assert history_csv(rmse).splitlines()[1] == "1,0.5,,0.8,,"


def test_the_epoch_that_one_line_says_holds_for_the_lines_behind_it():
    text = "".join(f"Epoch {n}/3\nloss: {1 / n:.2f} - val_loss: {2 / n:.2f}\n" for n in (1, 2, 3))
    found = read_history(text.encode(), "keras.log")
    assert (found.epochs, found.counts, found.val_loss) == ([1, 2, 3], "epoch", [2, 1, 0.67])
