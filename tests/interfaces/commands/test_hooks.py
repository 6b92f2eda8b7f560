"""The hooks of a client: when they hold an agent's turn, when they let it go, and what they never do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.interfaces.commands import hooks
from watchkeeper.server.interfaces.commands.hooks import Duty, Holds, held
from watchkeeper.server.interfaces.mcp import instructions
from watchkeeper.server.storage.policy.policy import Report, Watch
from watchkeeper.server.vocabulary.runs import Role

from ... import warm
from ...play import FAILS, GOOD, WAITS, Place
from ...runtime.keeper.helpers import until
from .helpers import END, EVENT, begun

ROOT = Path(__file__).parents[3]
FREE: dict[str, str] = {}


def asked(
    folder: Path, *words: str, given_text: str | None = None, **fields: object
) -> subprocess.CompletedProcess[str]:
    """Call a hook as Claude Code does, with the fields that it documents."""
    said = {
        "session_id": "abc123",
        "transcript_path": "/nowhere/abc123.jsonl",
        "cwd": str(folder),
        "permission_mode": "default",
        "hook_event_name": "Stop",
        "stop_hook_active": False,
        **fields,
    }
    environment = {name: value for name, value in os.environ.items() if name != "WATCHKEEPER_WORKSPACE"}
    text = json.dumps(said) if given_text is None else given_text
    return warm.run(*(words or ("hook", "stop")), given=text, environment=environment)


def stop(folder: Path, **fields: object) -> Mapping[str, Any]:
    """Return what the Stop hook answers; it must succeed and complain of nothing."""
    done = asked(folder, given_text=None, **fields)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def start(place: Place, body: str = WAITS) -> None:
    """Start a run through the command line, as no server of the test shall be left behind."""
    place.script(body)
    done = warm.run("--workspace", str(place.root), "start", "1", "quick")
    assert done.returncode == 0, done.stderr


def poll(place: Place, *words: str) -> None:
    """Watch the run once, as a trainer does."""
    done = warm.run("--workspace", str(place.root), "poll", "1-quick-1", "--wait", "0", *words)
    assert done.returncode == 0, done.stderr


def watches(pid: int, file: Path) -> bool:
    """Whether a process watches a file through inotify; its descriptors come and go while one looks."""
    wanted = f" ino:{file.stat().st_ino:x} "
    for one in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(OSError):
            if wanted in one.read_text():
                return True
    return False


def end(place: Place) -> None:
    place.go()
    place.ends("1-quick-1")


def test_a_turn_that_would_end_while_a_run_is_unwatched_goes_on_with_the_exact_next_call(place: Place) -> None:
    start(place)
    answer = stop(place.root)
    end(place)
    assert set(answer) == {"decision", "reason"}
    assert answer["decision"] == "block"
    assert "call poll_training(run='1-quick-1') now" in answer["reason"]
    assert "watchkeeper poll 1-quick-1 --until event" in answer["reason"]
    assert len(answer["reason"]) / 4 < 120


def test_a_turn_is_held_a_bounded_number_of_times_and_again_once_the_watch_was_taken_up(place: Place) -> None:
    place.policy("[watch]\nhook_holds = 2\n")
    start(place)
    counts = [stop(place.root, stop_hook_active=True).get("reason", "let go")[-30:] for _ in range(4)]
    poll(place)
    again = stop(place.root, stop_hook_active=True)
    end(place)
    assert [one[one.find("held") : one.find(" of 2")] for one in counts[:2]] == ["held 1", "held 2"]
    assert counts[2:] == ["let go", "let go"]
    assert again["decision"] == "block"


def test_each_session_has_a_count_of_its_own(place: Place) -> None:
    place.policy("[watch]\nhook_holds = 1\n")
    start(place)
    answers = [stop(place.root, session_id=session) for session in ("a", "a", "b")]
    end(place)
    assert [set(one) for one in answers] == [{"decision", "reason"}, set(), {"decision", "reason"}]


def test_a_policy_may_ask_for_no_hold_at_all(place: Place) -> None:
    place.policy("[watch]\nhook_holds = 0\n")
    start(place)
    answer = stop(place.root)
    end(place)
    assert answer == FREE


def test_a_turn_may_end_while_a_poll_waits_whoever_it_belongs_to(place: Place) -> None:
    start(place)
    poll(place)
    with begun(place, "poll", "1-quick-1", *END) as waiting:
        until(lambda: hooks.somebody_waits(place.root / ".watchkeeper/ledger.sqlite3"), "the poll waits")
        answer = stop(place.root)
        end(place)
        assert waiting.ends() == 0
    assert answer == FREE


def test_a_director_who_waits_watches_no_run(place: Place) -> None:
    start(place)
    with begun(place, "poll", "--role", "director", *EVENT) as waiting:
        until(lambda: watches(waiting.pid, place.root / ".watchkeeper/ledger.sqlite3"), "the director waits")
        answer = stop(place.root)
    end(place)
    assert answer["decision"] == "block"


def test_a_turn_may_end_when_everything_was_seen_to_the_end(place: Place) -> None:
    start(place, GOOD)
    place.ends("1-quick-1")
    poll(place)
    assert stop(place.root) == FREE


def test_an_end_that_nobody_saw_holds_the_turn(place: Place) -> None:
    start(place, FAILS)
    place.ends("1-quick-1")
    assert "its end was not seen yet" in stop(place.root)["reason"]


@pytest.mark.anyio
async def test_an_answer_that_is_not_carried_out_holds_the_turn_but_not_for_ever(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        report = (await trainer.ask("report_error", run=run, what_happened="It failed."))["report"]
        unanswered = await anyio.to_thread.run_sync(stop, place.root)
        await director.ask("answer_report", report=report, action="RESTART", instructions="Mend the data.")
        answers = [await anyio.to_thread.run_sync(stop, place.root) for _ in range(6)]
    assert "Report 1-r1 waits for the director's answer" in unanswered["reason"]
    assert "call poll_training(run='1-quick-1') now" in unanswered["reason"]
    assert "The director answered report 1-r1 (RESTART)" in answers[0]["reason"]
    assert [len(one) for one in answers] == [2, 2, 2, 0, 0, 0]


@pytest.mark.anyio
async def test_a_crash_holds_the_turn_until_it_is_reported_and_then_until_it_is_answered(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        unreported = await anyio.to_thread.run_sync(stop, place.root)
        call = unreported["reason"].split("call ")[1].split(" now")[0]
        finding = call.split("finding='")[1].split("'")[0]
        await trainer.ask("report_error", run=run, finding=finding, what_happened="It failed.")
        ledger = place.desk().ledger
        reported, later = hooks.duties(ledger, time.time()), hooks.duties(ledger, time.time() + 3600)
        ledger.close()
    assert "A failure of run 1-quick-1 is not reported" in unreported["reason"]
    assert f"watchkeeper report … --run 1-quick-1 --finding {finding}" in unreported["reason"]
    assert [one.id for one in reported] == ["1-r1:open"]
    assert later == []


@pytest.mark.anyio
async def test_a_failure_that_nobody_reported_within_the_deadline_holds_no_turn_any_more(place: Place) -> None:
    place.policy("[report]\ndeadline_minutes = 0.001\n").script(FAILS)
    async with place.trainer() as trainer:
        await trainer.trained()
        found = place.findings()
        until(lambda: time.time() > max(one.at for one in found) + 1, "the deadline passes")
        answer = await anyio.to_thread.run_sync(stop, place.root)
    assert [one.status for one in found] == ["open"]
    assert answer == FREE


def test_an_unreported_failure_holds_the_turn_although_a_poll_waits_for_another_run(place: Place) -> None:
    start(place, FAILS)
    place.ends("1-quick-1")
    poll(place)
    place.script(WAITS, model="2")
    assert warm.run("--workspace", str(place.root), "start", "2", "quick").returncode == 0
    with begun(place, "poll", "2-quick-1", *END) as it:
        until(lambda: hooks.somebody_waits(place.root / ".watchkeeper/ledger.sqlite3"), "the poll waits")
        answer = stop(place.root)
        place.go()
        assert it.ends() == 0
    assert "A failure of run 1-quick-1 is not reported" in answer["reason"]


@pytest.mark.anyio
async def test_nobody_is_held_for_a_run_whose_report_is_overdue_for_then_the_turn_shall_end(place: Place) -> None:
    place.policy("[report]\ndeadline_minutes = 0.001\n").script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.ask("report_error", run=run, what_happened="Odd.")
        ledger = place.desk().ledger
        until(lambda: not hooks.duties(ledger, time.time()), "the deadline passes")
        ledger.close()
    assert stop(place.root) == FREE
    end(place)


def test_a_folder_without_a_record_is_left_as_it_is(tmp_path: Path) -> None:
    assert stop(tmp_path) == FREE
    done = asked(tmp_path, "hook", "session-start", hook_event_name="SessionStart", source="startup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "no json", "[]", "null", '{"session_id": "\\ud800"', "\x00"])
def test_input_that_is_none_lets_the_agent_stop_and_says_so(tmp_path: Path, text: str) -> None:
    done = asked(tmp_path, given_text=text)
    assert (done.returncode, json.loads(done.stdout)) == (0, FREE)
    assert "lets the agent stop" in done.stderr


def test_a_record_that_cannot_be_read_lets_the_agent_stop_and_says_so(place: Place) -> None:
    state = place.root / ".watchkeeper"
    state.mkdir()
    (state / "ledger.sqlite3").write_text("this is no database " * 100)
    done = asked(place.root)
    assert (done.returncode, json.loads(done.stdout)) == (0, FREE)
    assert "is damaged" in done.stderr
    opening = asked(place.root, "hook", "session-start")
    assert (opening.returncode, opening.stdout) == (0, "")
    assert "no brief for the new session" in opening.stderr


def test_a_ledger_that_another_holds_lets_the_agent_stop(place: Place) -> None:
    start(place)
    desk = place.desk()
    with desk.ledger.transaction():
        done = asked(place.root)
    desk.ledger.close()
    end(place)
    assert (done.returncode, json.loads(done.stdout)) == (0, FREE)
    assert "StorageFailed" in done.stderr


def test_a_policy_that_cannot_be_read_leaves_the_usual_number_of_holds(place: Place) -> None:
    start(place)
    (place.root / "watchkeeper.toml").write_text("[watch\n")
    answer = stop(place.root)
    place.policy()
    end(place)
    assert f"held 1 of {hooks.USUAL_HOLDS}" in answer["reason"]


@pytest.mark.parametrize("words", [("hook",), ("hook", "stpo"), ("hook", "stop", "now"), ("hook", "stop", "--nope")])
def test_a_hook_that_is_called_wrongly_never_ends_with_the_status_that_blocks(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = asked(tmp_path, *words)
    assert done.returncode == 1
    assert done.stderr


def test_the_folder_named_on_the_command_line_or_by_the_client_counts_before_the_agents(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start(place)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    answered = asked(elsewhere, "--workspace", str(place.root), "hook", "stop")
    assert json.loads(answered.stdout)["decision"] == "block"
    end(place)


def test_a_new_session_gets_the_brief_within_its_budget(place: Place) -> None:
    start(place)
    done = asked(place.root, "hook", "session-start", hook_event_name="SessionStart", source="resume")
    end(place)
    output = json.loads(done.stdout)["hookSpecificOutput"]
    assert done.returncode == 0
    assert set(output) == {"hookEventName", "additionalContext"}
    assert output["hookEventName"] == "SessionStart"
    assert "1-quick-1" in output["additionalContext"]
    assert "poll_training()" in output["additionalContext"]
    assert len(output["additionalContext"]) / 4 <= 300


def test_the_brief_of_a_new_session_is_no_watch(place: Place) -> None:
    start(place)
    asked(place.root, "hook", "session-start")
    desk = place.desk()
    watched = desk.ledger.watched("1-quick-1", Role.TRAINER)
    desk.ledger.close()
    end(place)
    assert watched is None


def test_a_record_with_nothing_on_it_says_nothing(place: Place) -> None:
    place.desk().ledger.close()
    done = asked(place.root, "hook", "session-start")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert place.runs() == []


def test_the_usual_number_of_holds_is_the_policys() -> None:
    assert Watch().hook_holds == hooks.USUAL_HOLDS
    assert Report().deadline_minutes == hooks.USUAL_DEADLINE_MINUTES


def test_no_text_that_an_agent_reads_has_a_command_wait_longer_in_the_background_than_clients_let_it() -> None:
    told = [path.read_text("utf-8") for folder in ("prompts", "docs") for path in (ROOT / folder).rglob("*.md")]
    texts = [
        *told,
        (ROOT / "README.md").read_text("utf-8"),
        *(instructions.instructions(one) for one in Role if one.agent),
    ]
    waits = [int(one) for text in texts for one in re.findall(r"--until event\s+--wait\s+([0-9]+)", text)]
    assert waits
    assert max(waits) <= hooks.LONGEST_BACKGROUND_S


def test_the_hook_of_every_turn_imports_nothing_that_is_slow() -> None:
    slow = {"pydantic", "mcp", "anyio", "psutil"}
    code = f"import sys, watchkeeper.server.interfaces.commands.hooks; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


RUN, ANSWER = Duty("1-quick-1", "1-quick-1", "It goes on."), Duty("1-r1", "1-quick-1", "Answered.", lasting=False)


def test_after_it_was_let_go_a_later_turn_is_held_anew_but_the_same_turn_is_not() -> None:
    over = Holds("1-quick-1", count=3, at=5.0, let_go=True)
    assert held(over, [RUN], 0.0, now=9.0, limit=3, continuing=True) == over
    assert held(over, [RUN], 0.0, now=9.0, limit=3, continuing=False) == Holds("1-quick-1", count=1, at=9.0)
    waits = replace(over, duties="1-r1")
    assert held(waits, [ANSWER], 0.0, now=9.0, limit=3, continuing=False) == waits


def test_other_duties_begin_a_row_of_their_own() -> None:
    over = Holds("1-quick-1", count=3, at=5.0, let_go=True)
    assert held(over, [RUN, ANSWER], 0.0, now=9.0, limit=3, continuing=True) == Holds("1-quick-1 1-r1", count=1, at=9.0)


@given(limit=st.integers(0, 6), flags=st.lists(st.booleans(), max_size=40))
def test_whatever_a_client_says_of_the_turn_an_agent_that_never_watches_gets_away(
    limit: int, flags: list[bool]
) -> None:
    row, in_a_row = Holds(), 0
    for now, continuing in enumerate(flags, start=1):
        row = held(row, [RUN], 0.0, now=float(now), limit=limit, continuing=continuing)
        in_a_row = 0 if row.let_go else in_a_row + 1
        assert in_a_row <= limit
