"""A folder in which a server is merely started, or asked, stays as it was; the first act makes the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .. import warm
from ..wire import Wire, server_command

ASKED = json.dumps({"session_id": "s", "cwd": ".", "hook_event_name": "Stop"})


@pytest.mark.training
@pytest.mark.parametrize("era", ["initialize", "server/discover"])
def test_a_server_that_is_started_and_asked_leaves_no_trace(tmp_path: Path, era: str) -> None:
    with Wire(server_command(tmp_path)) as wire:
        wire.hello(era)
        brief = wire.call("poll_training")["structuredContent"]
        later = wire.call("poll_training", cursor=brief["cursor"], wait_s=0.2)["structuredContent"]
        wire.ask("resources/read", {"uri": "watchkeeper://brief"})
        wire.refused("start_training", model="1", phase="quick")  # there is no script
        wire.refused("poll_training", run="1-quick-1")
    assert "nothing was started" in brief["next"]
    assert later["cursor"] != brief["cursor"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.xdist_group("warm")
@pytest.mark.parametrize("words", [("doctor",), ("status",), ("poll",), ("hook", "stop"), ("hook", "session-start")])
def test_a_command_that_only_looks_leaves_no_trace(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = warm.run("--workspace", str(tmp_path), *words, given=ASKED)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.training
def test_the_first_act_that_records_makes_the_record_for_its_owner_alone(tmp_path: Path) -> None:
    with Wire(server_command(tmp_path)) as wire, Wire(server_command(tmp_path, "director")) as director:
        wire.hello()
        director.hello()
        assert director.call("poll_training")["structuredContent"]["reports"] == []
        wire.call("report_error", model="1", what_happened="Two columns of the data are empty.")
        told = director.call("poll_training")["structuredContent"]["reports"]
    state = tmp_path / ".watchkeeper"
    assert [one["report"] for one in told] == ["1-r1"]
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "ledger.sqlite3").stat().st_mode & 0o777 == 0o600
    assert (state / ".gitignore").read_text() == "*\n"
