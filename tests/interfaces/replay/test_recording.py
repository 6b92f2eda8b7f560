"""`serve --record`: what a live session leaves behind can be played again, whatever was killed meanwhile."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import psutil
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from watchkeeper.server.interfaces.replay.reading import read_transcript
from watchkeeper.server.interfaces.replay.recording import Recorder
from watchkeeper.server.vocabulary.errors import InvalidArgument

from ...play import FAILS, GOOD, Agent, Facts, Mode, Place, kill
from ...warm import COLD
from ...warm_servers import warm_servers
from .helpers import played

pytestmark = pytest.mark.anyio

SECRET = "sk-abcdefghijklmnop1234567890"
ENTRY = {"struggle": "NaN.", "investigation": ["Counted: 3."], "fix": "Dropped them.", "why": "The sensor was off."}


@asynccontextmanager
async def recorded(place: Place, file: Path, role: str = "trainer", mode: Mode = "auto") -> AsyncGenerator[Agent]:
    """Give an agent whose server records into a file."""
    words = [*COLD[1:], "--workspace", str(place.root), "serve", "--role", role, "--record", str(file)]
    async with AsyncExitStack() as stack:
        with warm_servers() as started:
            parameters = StdioServerParameters(command=COLD[0], args=words)
            client = await stack.enter_async_context(Client(parameters, mode=mode))
        (server,) = started
        yield Agent(client, psutil.Process(server.pid))


async def a_day(place: Place, trainer: Agent, director: Agent) -> None:
    """Let a run fail, be reported, answered and mended, and write it down."""
    place.script(FAILS + f"# api_key={SECRET}\n")
    await trainer.poll()
    await trainer.refused("start_training", model="1", phase="full")
    run = await trainer.trained()
    await trainer.ask("report_error", run=run, what_happened=f"NaN, cost $5, token={SECRET}")
    await trainer.client.call_tool("plot_training", {"run": run})  # text and a picture, nothing structured
    await director.poll()
    await director.ask("answer_report", report="1-r1", action="RESTART", instructions=f"Drop the rows of {run}.")
    await trainer.poll(run)
    place.script(GOOD)
    await trainer.trained(follows=run)
    await trainer.ask("write_diary_entry", model="1", report="1-r1", **ENTRY)


async def test_a_recorded_day_of_two_agents_passes_in_another_folder(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "day.jsonl"
    async with recorded(place, file) as trainer, recorded(place, file, "director") as director:
        await a_day(place, trainer, director)
    data = file.read_bytes()
    for volatile in (str(place.root), SECRET, '"1-quick-1"', '"1-r1"', '"pid"'):
        assert volatile not in data.decode(), volatile
    steps = [json.loads(line) for line in data.splitlines()[1:]]
    assert {step["agent"] for step in steps if "agent" in step} == {"trainer", "director"}
    (place.root / "elsewhere").mkdir()
    came = await played(data, place.root / "elsewhere")
    assert came.failure is None, str(came.failure)
    assert came.steps == len(steps)


async def test_a_play_of_what_was_recorded_notices_a_changed_answer(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "day.jsonl"
    place.script(FAILS)
    async with recorded(place, file, mode="legacy") as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.ends(run)  # of a run that goes on a play expects a finding's id only
        await trainer.watch(run)
        await trainer.ask("report_error", run=run, what_happened="NaN")
    changed = file.read_bytes().replace(b"ValueError", b"KeyError", 1)
    changed = re.sub(rb'"within_s": [0-9.]+', b'"within_s": 2.0', changed)
    (place.root / "elsewhere").mkdir()
    came = await played(changed, place.root / "elsewhere")
    assert 'expected a list that contains {"id": {"$capture": "finding_1_quick_1_L8"}' in str(came.failure)


async def test_a_server_that_is_killed_leaves_a_playable_file_and_the_next_one_goes_on_in_it(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "day.jsonl"
    place.script(FAILS)
    async with recorded(place, file) as trainer:
        run = await trainer.trained()
        kill(trainer.server)
    before = file.read_bytes()
    assert read_transcript(before, "day.jsonl").notes == ()
    with file.open("ab") as torn:
        torn.write(b'{"agent": "trainer", "tool": "poll_tr')
    async with recorded(place, file) as trainer:
        await trainer.ask("report_error", run=run, what_happened="NaN")
    data = file.read_bytes()
    assert data.startswith(before)
    assert b'"$run_1_quick_1"' in data.removeprefix(before), "what was captured before is known by its name"
    (place.root / "elsewhere").mkdir()
    came = await played(data, place.root / "elsewhere")
    assert came.failure is None, str(came.failure)


async def test_polls_that_told_nothing_are_left_out_and_their_cursors_stand_for_the_one_before(
    place: Place, tmp_path: Path
) -> None:
    recorder = _recorder(place, tmp_path / "day.jsonl")
    _note(
        recorder, "start_training", {"model": "1", "phase": "quick"}, {"run": "1-quick-1", "cursor": "AA1", "next": ""}
    )
    _note(recorder, "poll_training", {"run": "1-quick-1", "cursor": "AA1"}, {"state": "running", "cursor": "AA2"})
    _note(recorder, "poll_training", {"run": "1-quick-1", "cursor": "AA2"}, {"state": "completed", "cursor": "AA3"})
    *_, start, poll = _lines(tmp_path / "day.jsonl")
    assert start["expect"]["cursor"] == {"$capture": "cursor_1"}
    assert poll["arguments"] == {"run": "$run_1_quick_1", "cursor": "$cursor_1"}
    assert poll["until"] == {"state": "completed", "cursor": {"$capture": "cursor_2"}}


async def test_a_finding_is_expected_once_and_in_full_only_when_its_run_has_ended(place: Place, tmp_path: Path) -> None:
    recorder = _recorder(place, tmp_path / "day.jsonl")
    found: Facts = {"id": "1-quick-1:L8", "level": "noticed"}
    other: Facts = {"id": "1-quick-1:exit", "level": "failure"}
    asked = {"run": "1-quick-1"}
    _note(recorder, "poll_training", asked, {"state": "running", "findings": [found], "cursor": "AA1"})
    _note(recorder, "poll_training", asked, {"state": "running", "findings": [found], "cursor": "AA2"})
    _note(recorder, "poll_training", asked, {"state": "failed", "findings": [found, other], "cursor": "AA3"})
    first, last = (line["until"] for line in _lines(tmp_path / "day.jsonl")[1:])
    assert first["findings"] == {"$contains": [{"id": {"$capture": "finding_1_quick_1_L8"}}]}
    assert last["findings"] == {"$contains": [{"id": {"$capture": "finding_1_quick_1_exit"}, "level": "failure"}]}


async def test_a_start_that_waits_for_approval_is_expected_to_wait_again(place: Place, tmp_path: Path) -> None:
    recorder = _recorder(place, tmp_path / "day.jsonl")
    waits: Facts = {"state": "awaiting_approval", "report": "1-r2", "changes": ["draws 20000 -> 1000 ($)"]}
    _note(recorder, "start_training", {"model": "1", "phase": "full"}, waits)
    assert _lines(tmp_path / "day.jsonl")[-1]["expect"] == {
        "state": "awaiting_approval",
        "report": {"$capture": "report_1_r2"},
        "changes": {"$contains": ["draws 20000 -> 1000 ($$)"]},
    }


async def test_a_script_is_written_down_once_until_it_changes(place: Place, tmp_path: Path) -> None:
    recorder = _recorder(place, tmp_path / "day.jsonl")
    for text in ("1\n", "1\n", "2\n"):
        place.script(text)
        path = "output/implementation/code/model_1.py"
        _note(recorder, "start_training", {"model": "1", "phase": "quick"}, {"run": "1-quick-1", "script": path})
    writes = [line["write"][path] for line in _lines(tmp_path / "day.jsonl") if "write" in line]
    assert writes == ["1\n", "2\n"]


async def test_a_file_that_is_no_transcript_is_not_added_to(place: Place, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine\n")
    with pytest.raises(InvalidArgument, match="is no transcript"):
        _recorder(place, tmp_path / "notes.txt")
    with pytest.raises(InvalidArgument, match="cannot be written"):
        _recorder(place, tmp_path / "nowhere" / "day.jsonl")
    assert (tmp_path / "notes.txt").read_text() == "mine\n"


async def test_a_disk_that_takes_only_half_a_step_gets_none_and_spoils_no_call(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "day.jsonl"
    recorder = _recorder(place, file)
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        _note(recorder, "stop_training", {"run": "1-quick-1"}, {"run": "1-quick-1"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "a call of stop_training could not be recorded" in caplog.text
    assert file.read_bytes() == before
    _note(recorder, "stop_training", {"run": "1-quick-1"}, {"run": "1-quick-1"})
    assert len(_lines(file)) == 2


def _recorder(place: Place, file: Path) -> Recorder:
    desk = place.desk()
    desk.ledger.close()
    return Recorder(file, desk)


def _note(recorder: Recorder, tool: str, arguments: Mapping[str, Any], content: Facts) -> None:
    recorder.note(tool, arguments, types.CallToolResult(content=[], structured_content=content))


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]
