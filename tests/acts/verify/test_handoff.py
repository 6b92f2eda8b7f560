"""What the metacognition agent gets: the keys that it reads, under 10 KB, and every error with how it was resolved."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.acts.verify import handoff
from watchkeeper.server.acts.watch.look import look_at
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.documents.log_summary import LARGEST_BYTES, Told, summary

from ...play import GOOD, Place

FAILS_AT_FIRST = "import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1', 'the first attempt fails'\n" + GOOD
DIARY = {
    "struggle": "The first attempt stopped at an assertion of the set-up.",
    "investigation": ["Looked at the attempt number: it was 1."],
    "fix": "Started again.",
    "why": "Because the first attempt warms up the cache of the network's hubs, the root cause lies in the set-up.",
}
EPOCHS = [float(epoch) for epoch in range(1, 41)]


def told(**facts: object) -> dict[str, Any]:
    """Return the parsed summary of a model with those facts."""
    return json.loads(summary(Told(**{"meta": {"model": "1"}, **facts})))  # type: ignore[arg-type]  (facts by name)


def test_the_keys_are_those_that_the_analyser_reads() -> None:
    assert list(told()) == [
        "meta", "training", "loss", "validation", "convergence", "oscillation", "gradients", "mcmc", "events",
        "struggles", "recommendations",
    ]  # fmt: skip


def test_what_was_never_printed_is_null() -> None:
    content = told()
    assert content["loss"] == dict.fromkeys(("initial", "final", "min", "max", "improvement_pct"))
    assert content["mcmc"] == {"max_rhat": None, "mean_rhat": None, "converged": None}
    nothing = dict.fromkeys(("converged", "speed", "final_value", "tail_cv"))
    assert content["convergence"] == {"converged": None, "against": [], "loss": nothing}
    assert content["validation"]["best_epoch"] is None


def test_a_history_is_told_by_its_first_last_least_and_greatest_loss() -> None:
    losses = [100.0 / epoch for epoch in EPOCHS]
    content = told(history=History(epochs=EPOCHS, train_loss=[*losses]))
    assert content["training"] == {"total_epochs": 40, "epochs_range": [1, 40]}
    assert content["loss"] == {"initial": 100.0, "final": 2.5, "min": 2.5, "max": 100.0, "improvement_pct": 97.5}
    of_loss = {"converged": True, "speed": "fast", "final_value": 2.5, "tail_cv": 0.0372704}
    assert content["convergence"] == {"converged": True, "against": [], "loss": of_loss}
    assert content["oscillation"]["loss"] == {"score": 0.0, "severity": "none", "trend": "decreasing"}


def test_the_best_validation_stands_with_its_epoch_and_epochs_are_counted_as_the_log_counts_them() -> None:
    epochs = [float(at // 2) for at in range(8)]
    history = History(epochs=epochs, train_loss=[1.0] * 8, val_loss=[4, 3, 2, 2, 1, 5, 6, 7], counts="epoch")
    content = told(history=history)
    assert content["training"] == {"total_epochs": 4, "epochs_range": [0, 3]}
    names = ("final_val_loss", "best_val_loss", "best_epoch")
    assert [content["validation"][name] for name in names] == [7, 1, 2]
    steps = told(history=History(epochs=[100.0, 200.0], train_loss=[2.0, 1.0], counts="step"))
    assert steps["training"] == {"total_epochs": None, "epochs_range": [100, 200]}


def test_warnings_and_errors_are_plain_words_with_their_counts() -> None:
    events = told(warnings=[("a plateau", 1), ("a spike", 3)], errors=[("NaN", 2)])["events"]
    assert events == {
        "warning_count": 4,
        "error_count": 2,
        "top_warnings": ["a spike (3 times)", "a plateau"],
        "top_errors": ["NaN (2 times)"],
    }


def test_a_loss_that_became_nan_did_not_converge() -> None:
    history = History(epochs=EPOCHS, train_loss=[1.0, 0.5, *[math.nan] * 38])
    content = told(history=history, flags=judge_history(history))
    assert (content["convergence"]["converged"], content["convergence"]["against"]) == (False, ["non_finite"])
    assert content["recommendations"]


@given(
    st.lists(st.tuples(st.text(max_size=2_000), st.integers(1, 10**9)), max_size=200),
    st.lists(st.dictionaries(st.sampled_from(("error", "resolution")), st.text(max_size=3_000)), max_size=200),
)
def test_it_stays_below_ten_kilobytes_whatever_went_wrong(
    events: list[tuple[str, int]], struggles: list[dict[str, str]]
) -> None:
    text = summary(Told(meta={"model": "1"}, warnings=events, errors=events, struggles=struggles))
    assert len(text.encode("utf-8", "replace")) < LARGEST_BYTES
    assert json.loads(text)["events"]["error_count"] == sum(count for _, count in events)


@pytest.mark.anyio
async def test_each_error_stands_with_its_resolution(place: Place) -> None:
    place.script(FAILS_AT_FIRST)
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained()
        report = await trainer.ask("report_error", run=first, what_happened="an assertion")
        answer = {"action": "RESTART", "instructions": "start it again"}
        await director.ask("answer_report", report=report["report"], **answer)
        second = await trainer.trained(follows=first)
        await trainer.ask("write_diary_entry", model="1", report=report["report"], **DIARY)
    desk = place.desk()
    try:
        look = look_at(desk, second)
        paths = handoff.write(desk, look.run, look.status, None)
    finally:
        desk.ledger.close()
    content = json.loads(place.read(paths["summary"]))
    assert content["meta"]["source_file"] == "output/implementation/logs/training_quick_1.log"
    assert content["meta"].keys() >= {"generated", "raw_lines", "version"}
    (struggle,) = content["struggles"]
    assert struggle["severity"] == "critical"
    assert struggle["physical_meaning"].endswith("the root cause lies in the set-up.")
    assert struggle["error"] == "AssertionError: the first attempt fails"
    assert struggle["resolution"] == f"RESTART: start it again; completed in {second}; diary entry #1"
    assert f"- {struggle['error']} -> {struggle['resolution']}" in place.read(paths["results_summary"])
    assert {"summary", "results_summary", "results", "diary", "log"} <= paths.keys()
