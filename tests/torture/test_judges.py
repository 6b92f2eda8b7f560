"""What judges the campaigns can fail: each fault that it is there for is told, planted by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import cast

import pytest
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import FindingSeen, RunEnded, RunStarted
from watchkeeper.server.vocabulary.runs import Level, Phase, RunState

from ..runtime.keeper import helpers
from . import answers, campaign, every_call, forked, full_disks, scene
from .acknowledged import TOLD, Acknowledged, Facts
from .answers import HOSTILE
from .day import Day


class Known:
    """A workspace with a run `1-quick-1` on record, and what its client knows."""

    def __init__(self, folder: Path) -> None:
        self.root, self.told = folder / "workspace", folder / TOLD
        self.of_client = Acknowledged(self.root, self.told)
        self.root.mkdir()
        path = Workspace(self.root).ledger_path
        path.parent.mkdir()
        self.ledger = Ledger(path)
        with self.ledger.transaction() as record:
            record.append(RunStarted(phase=Phase.QUICK), "1-quick-1", run="1-quick-1", model="1")

    def ended(self, state: RunState, exit_code: int | None) -> None:
        with self.ledger.transaction() as record:
            record.append(
                RunEnded(state=state, exit_code=exit_code, reason=""), "1-quick-1", run="1-quick-1", model="1"
            )

    def take(self, tool: str, arguments: Facts, answer: Facts) -> None:
        self.of_client.take(tool, arguments, {"structuredContent": answer})

    def wrong(self) -> str:
        return " ".join(self.of_client.violations())


@pytest.fixture
def known(tmp_path: Path) -> Known:
    return Known(tmp_path)


def test_what_was_acknowledged_and_is_not_there_is_lost(known: Known) -> None:
    known.take("start_training", {}, {"run": "1-quick-1", "state": "running"})
    assert known.wrong() == ""
    known.take("start_training", {}, {"run": "1-quick-2", "state": "running"})
    known.take("report_error", {}, {"report": "1-r1"})
    known.take("verify_compute", {}, {"verdict_id": "1-quick-1-v1"})
    assert known.wrong().count("lost") == 3


def test_an_entry_that_stands_twice_in_one_diary_is_told_however_many_diaries_there_are(known: Known) -> None:
    text = "## Dev Diary Entry #1\n\nfix-{}.\n"
    for model in "12":
        (known.root / f"diary_{model}.md").write_text(text.format(model))
        known.take("write_diary_entry", {"fix": f"fix-{model}."}, {"path": f"diary_{model}.md"})
    assert known.wrong() == ""
    (known.root / "diary_2.md").write_text(text.format(2) + text.format(3))
    assert known.wrong() == "written 2 times: ## Dev Diary Entry #1 in diary_2.md"


def test_a_training_that_began_twice_or_that_nobody_started_is_told(known: Known) -> None:
    known.told.write_text("1-quick-1\n1-quick-1 0\n1-quick-1\n1-quick-2\n")
    assert known.wrong() == "1-quick-1 began 2 times 1-quick-2 began 1 times"


@pytest.mark.parametrize(
    ("told", "state", "exit_code", "true"),
    [
        ("1-quick-1\n1-quick-1 0\n", RunState.COMPLETED, 0, True),
        ("1-quick-1\n1-quick-1 0\n", RunState.LOST, None, False),
        ("1-quick-1\n1-quick-1 9\n", RunState.COMPLETED, 0, False),
        ("1-quick-1\n", RunState.COMPLETED, 0, False),
        ("1-quick-1\n", RunState.STOPPED, None, False),
        ("", RunState.NEVER_STARTED, None, True),
        ("", RunState.COMPLETED, 0, False),
    ],
)
def test_an_end_on_record_is_the_one_that_the_training_wrote_down(
    known: Known, told: str, state: RunState, exit_code: int | None, true: bool
) -> None:
    known.told.write_text(told)
    known.ended(state, exit_code)
    assert (known.of_client.untrue() == []) is true


def test_a_defect_in_an_answer_is_told_and_a_refusal_is_none(known: Known) -> None:
    known.of_client.take("poll_training", {}, {"isError": True, "content": [{"text": "not now"}]})
    assert known.wrong() == ""
    known.of_client.take("poll_training", {}, {"isError": True, "content": [{"text": "failed inside watchkeeper"}]})
    assert "inside watchkeeper" in known.wrong()


def test_what_a_server_says_is_seen_however_much_others_said_before_it(tmp_path: Path) -> None:
    day = Day(tmp_path, tmp_path / "workspace", random.Random(0))
    day.errors.write_text("x" * 5000)
    before = day.errors.stat().st_size
    with day.errors.open("a") as file:
        file.write("Traceback")
    assert day.said(before) == "Traceback"
    assert len(day.said()) == 1500


@pytest.mark.parametrize(
    ("tool", "answer", "said"),
    [
        ("poll_training", {"state": "running", "findings": [], "metrics": {"a": "x" * 300}}, "takes"),
        ("poll_training", {"state": "failed", "reason": f"so it said: {HOSTILE}"}, "as its own words"),
        (
            "poll_training",
            {"state": "failed", "findings": [{"untrusted": {"lines": ["\x1b[2J"]}}]},
            "control character",
        ),
        ("verify_compute", {"met": True, "run": "1-quick-2", "verdict": "COMPLETE"}, "did not end well"),
        ("report_error", {"report": None, "message": f"Error: it broke\nSeverity: {HOSTILE}"}, "as its own words"),
        ("report_error", {"report": None, "message": f"Error: {'x' * 400} {HOSTILE}"}, "as its own words"),
        ("report_error", {"report": None, "message": "Error: \x1b[2J"}, "control character"),
        ("report_error", {"report": None, "seen_before": HOSTILE, "message": ""}, "as its own words"),
    ],
)
def test_an_answer_that_breaks_a_promise_is_told(known: Known, tool: str, answer: Facts, said: str) -> None:
    known.take(tool, {}, {"verdict_id": None, **answer})
    assert said in known.wrong()


def test_answers_that_keep_the_promises_are_not_told(known: Known) -> None:
    known.told.write_text("1-quick-1\n1-quick-1 0\n")
    known.take("poll_training", {}, {"state": "running", "findings": [], "metrics": {"loss": 0.5}})
    known.take("poll_training", {}, {"state": "failed", "findings": [{"untrusted": {"lines": [f"\t{HOSTILE}\n"]}}]})
    known.take("verify_compute", {}, {"met": True, "run": "1-quick-1", "verdict": "COMPLETE", "verdict_id": None})
    known.take("stop_training", {}, {"run": "1-quick-1", "state": "stopped"})
    known.take("report_error", {}, {"report": None, "message": f"Model: 1\nError: ValueError: {HOSTILE}\nLine: 3"})
    assert known.wrong() == ""


def test_a_stop_that_leaves_what_it_does_not_name_is_told(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    def lives(_: Path) -> list[tuple[int, int]]:
        return [(7, 1)]

    monkeypatch.setattr(answers, "processes_of", lives)
    monkeypatch.setattr(helpers, "HANG_S", 0.0)
    known.take("stop_training", {}, {"run": "1-quick-1", "state": "stopped", "left_processes": ["7 sleep"]})
    with pytest.raises(AssertionError, match="nothing of it lives"):
        known.take("stop_training", {}, {"run": "1-quick-1", "state": "stopped"})


class Says:
    """In the place of a server: one answer, or none."""

    def __init__(self, answer: Facts | None) -> None:
        self._answer = answer

    def answer(self, _: float) -> Facts | None:
        return self._answer


def test_on_a_full_disk_a_call_without_an_answer_and_a_refused_look_at_everything_are_told(tmp_path: Path) -> None:
    day, found = Day(tmp_path, tmp_path / "workspace", random.Random(0)), campaign.Round()
    refused: Facts = {"isError": True, "content": [{"text": "no room"}]}

    def taken(answer: Facts | None, arguments: Facts, *, full: bool = True) -> None:
        server = cast("forked.Forked", Says(answer))
        full_disks.taken(day, server, "poll_training", arguments, found, full=full)

    with pytest.raises(AssertionError, match="refused on a full disk"):
        taken(refused, {"wait_s": 0})
    with pytest.raises(AssertionError, match="no answer"):
        taken(None, {"run": "1-quick-1"})
    taken(refused, {"run": "1-quick-1"})  # the directory of one run may find no room, and says so
    taken(refused, {"wait_s": 0}, full=False)


@pytest.mark.parametrize(("times", "wrong"), [(0, ["OddAAError is on record 0 times"]), (1, [])])
def test_a_failure_that_is_not_on_record_exactly_once_is_told(known: Known, times: int, wrong: list[str]) -> None:
    with known.ledger.transaction() as record:
        for number in range(times):
            seen = FindingSeen(
                kind="traceback", level=Level.FAILURE, message="", exception="OddAAError", updated_at=0.0
            )
            record.append(seen, f"1-quick-1-f{number}", run="1-quick-1", model="1")
    assert scene.not_once(known.root, "1-quick-1", ["OddAAError"]) == wrong


def test_each_point_is_struck_in_one_part_what_did_not_hold_is_told_and_an_act_without_calls_too(
    tmp_path: Path,
) -> None:
    struck: list[str] = []

    def strike(point: every_call.Point | None, file: Path) -> list[str]:
        if point is None:
            file.write_text("write 1\nfsync 1\nwrite 2\n")
            return []
        file.touch()
        struck.append(str(point))
        return ["lost"] if point == every_call.Point("write", 2, every_call.HALF, 0) else []

    found = campaign.Round()
    for part in range(every_call.PARTS):
        (tmp_path / str(part)).mkdir()
        every_call.struck("poll", part, strike, tmp_path / str(part), found)
    assert found.violations == ["poll with write:2:0:0: lost"]
    assert found.faults["poll"] == len(set(struck)) == len(struck)
    assert len(struck) > (2 * 6 + 5), "two writes, a sync; once and for good; but for what comes after the one"
    nothing = campaign.Round()
    every_call.struck("poll", 0, lambda _, __: [], tmp_path / "empty", nothing)
    assert nothing.violations == ["poll: not one call was seen, so none can be struck"]
