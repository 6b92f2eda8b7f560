"""Histories in the forms of public libraries are read, and judged by what they show."""

import json
from pathlib import Path

import pytest
from watchkeeper.server.analysis.curves.readers import read_history
from watchkeeper.server.analysis.curves.report import judge_bytes, judge_text

from .forms import FORMS, ROWS

CASES = Path(__file__).parents[4] / "shared" / "cases" / "histories"
TRUTH: dict[str, dict[str, object]] = (
    json.loads((CASES / "truth.json").read_text(encoding="utf-8")) if CASES.exists() else {}
)


@pytest.mark.parametrize("name", FORMS)
def test_a_history_in_this_form_is_judged_by_what_it_shows(name: str):
    form = FORMS[name]
    assert sorted({flag.flag for flag in judge_bytes(form.text.encode(), name)}) == form.expect


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.both])
def test_training_and_validation_are_both_read(name: str):
    found = read_history(FORMS[name].text.encode(), name)
    for column in (found.train_loss or found.train_gain, found.val_loss or found.val_gain):
        assert len([value for value in column if value is not None]) == ROWS


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.kind])
def test_losses_whose_level_says_nothing_are_said_not_to_be_judged(name: str):
    form = FORMS[name]
    assert read_history(form.text.encode(), name).kind == form.kind
    assert "Not judged: the level of" in judge_text(form.text.encode(), name, as_json=False)
    assert json.loads(judge_text(form.text.encode(), name, as_json=True))["not_judged"]


def test_a_validation_under_an_unknown_name_is_said_not_to_be_judged():
    text = FORMS["dev_loss.csv"].text.replace("dev_loss", "objective")
    assert judge_text(text.encode(), "h.csv", as_json=False).endswith("a name that is not known (objective).")


def test_trials_of_a_search_are_no_curve():
    text = "number,value,datetime_complete,params_lr,state\n" + "".join(f"{n},{n},x,0.1,COMPLETE\n" for n in range(40))
    assert judge_text(text.encode(), "t.csv", as_json=False).endswith("the trials of a search, which make no curve.")


def test_a_csv_that_powershell_wrote_is_read():
    text = FORMS["mse.csv"].text
    assert [flag.flag for flag in judge_bytes(text.encode("utf-16"), "mse.csv")] == ["overfitting"]


def test_steps_that_several_processes_print_are_taken_together():
    text = "".join(f"[rank{rank}] step {step - rank} loss {rank + step}\n" for step in range(1, 20) for rank in (0, 1))
    found = read_history(text.encode(), "ranks.log")
    assert found.epochs == [float(step) for step in range(20)]
    assert found.train_loss[1:3] == [2.0, 3.0]


@pytest.mark.skipif(not TRUTH, reason="the labelled cases are not beside the checkout")
@pytest.mark.parametrize("name", TRUTH or ["none"])
def test_a_labelled_case_is_judged_as_its_label_says(name: str):
    found = judge_bytes((CASES / name).read_bytes(), name)
    assert sorted({flag.flag for flag in found}) == TRUTH[name]["expect"]
    note = str(TRUTH[name]["note"])
    if note.startswith("best epoch is "):
        assert [flag.epoch for flag in found] == [float(note.removeprefix("best epoch is "))]
