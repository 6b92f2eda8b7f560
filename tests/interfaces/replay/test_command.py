"""`watchkeeper replay` and `transcribe`: what they print, how they exit, and that an interrupted one leaves nothing."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands.cli import main, parser

from ... import warm
from ...limits import HANG_S
from ...play import GOOD, WAITS, Place
from ...runtime.keeper.helpers import processes_of, until
from .helpers import call, script, written

COMMAND = [sys.executable, "-P", "-m", "watchkeeper.server"]
BRIEF = call("poll_training", arguments={"wait_s": 0}, expect={"runs": []})
WRONG = call("poll_training", arguments={"wait_s": 0}, expect={"runs": "many"})
START = call("start_training", arguments={"model": "1", "phase": "quick"}, expect={"run": {"$capture": "run"}})
NEVER = call("poll_training", arguments={"run": "$run", "wait_s": 5}, until={"state": "completed"}, within_s=600.0)


def begun(place: Place, *words: str) -> subprocess.Popen[str]:
    """Begin a command whose fresh folders are made inside the place."""
    environment = {**os.environ, "TMPDIR": str(place.root)}
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *words], text=True, stdout=pipe, stderr=pipe, env=environment, cwd=place.root)


def run(place: Place, *words: str) -> tuple[int, str, str]:
    """Run a command to its end and return its exit status and what it printed."""
    done = warm.run(*words, folder=str(place.root), environment={**os.environ, "TMPDIR": str(place.root)})
    return done.returncode, done.stdout, done.stderr


def kept(place: Place, name: str, data: bytes) -> str:
    (place.root / name).write_bytes(data)
    return name


def fresh_folders(place: Place) -> list[Path]:
    return sorted(place.root.glob("watchkeeper-replay-*"))


def test_several_transcripts_are_played_and_one_that_differs_makes_the_exit_status_1(place: Place) -> None:
    good = kept(place, "good.jsonl", written(BRIEF, proves="Nothing runs."))
    bad = kept(place, "bad.jsonl", written(WRONG))
    status, out, _ = run(place, "replay", bad, good)
    assert status == 1
    lines = out.split("\n")
    assert lines[0].startswith("FAIL bad.jsonl (")
    assert lines[1:5] == ["  line 2: trainer poll_training", "    runs", '      expected "many"', "      got      []"]
    assert lines[-2].startswith("ok   good.jsonl (1 steps, ")
    assert lines[-2].endswith(" s) Nothing runs.")
    assert fresh_folders(place) == []


def test_what_is_no_transcript_is_refused_before_anything_is_played(place: Place) -> None:
    good = kept(place, "good.jsonl", written({"write": {"played": "x"}}))
    status, out, err = run(place, "replay", good, kept(place, "bad.jsonl", b"{}\n"))
    assert (status, out) == (2, "")
    assert "bad.jsonl, line 1: a transcript begins by its header" in err
    status, _, err = run(place, "replay", "nowhere.jsonl")
    assert status == 2
    assert "nowhere.jsonl cannot be read" in err


def test_the_fresh_folder_is_kept_on_request_and_a_named_one_always(place: Place) -> None:
    file = kept(place, "day.jsonl", written({"write": {"here": "x"}}))
    status, out, _ = run(place, "replay", file, "--keep")
    (folder,) = fresh_folders(place)
    assert (status, f"kept {folder}" in out, (folder / "here").read_text()) == (0, True, "x")
    (place.root / "mine").mkdir()
    for words in (("replay", file, "--workspace", "mine"), ("--workspace", "mine", "replay", file)):
        assert run(place, *words)[0] == 0
        assert (place.root / "mine/here").read_text() == "x"
        (place.root / "mine/here").unlink()
    status, _, err = run(place, "replay", file, file, "--workspace", "mine")
    assert (status, "--workspace is for one transcript" in err) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_play_stops_its_runs_and_servers_and_removes_its_folder(
    place: Place, number: signal.Signals
) -> None:
    ready = {"read": "output/implementation/logs/training_quick_1.log", "until": {"$contains": "ready"}}
    file = kept(place, "day.jsonl", written(START, ready, {"write": {"so_far": "x"}}, NEVER, files=script(WAITS)))
    with begun(place, "replay", file) as process:
        until(lambda: list(place.root.glob("watchkeeper-replay-*/so_far")), "the training runs")
        process.send_signal(number)
        _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert "interrupted: the servers of day.jsonl have ended, its runs were stopped." in err
    assert fresh_folders(place) == []
    until(lambda: not processes_of(place.root), "no process is left")


def test_a_play_in_the_old_era_starts_and_ends_a_run(place: Place) -> None:
    file = kept(place, "day.jsonl", written(START, NEVER, files=script(GOOD)))
    assert run(place, "replay", file, "--era", "legacy")[0] == 0


def test_an_import_is_printed_and_what_it_left_out_is_told(place: Place) -> None:
    wire = (
        '{"id": 1, "method": "tools/call", "params": {"name": "poll_training", "arguments": {"wait_s": 0}}}\n'
        '{"id": 1, "result": {"content": [], "structuredContent": {"cursor": "AA1", "next": "x"}}}\n'
        '{"id": 2, "method": "tools/call", "params": {"name": "poll_training"}}\n'
    )
    status, out, err = run(place, "transcribe", "jsonrpc", kept(place, "wire.jsonl", wire.encode()))
    assert (status, err) == (0, "watchkeeper: calls without an answer, left out: 1\n")
    assert run(place, "replay", kept(place, "day.jsonl", out.encode()))[0] == 0
    status, out, err = run(place, "transcribe", "pydantic-ai", "wire.jsonl")
    assert (status, out) == (2, "")
    assert "wire.jsonl, as a whole: is no JSON" in err


@pytest.mark.parametrize("command", ["replay", "transcribe"])
def test_the_help_teaches_by_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert max(map(len, shown.split("\n"))) <= 120
    examples = [line.strip() for line in shown.split("\n") if line.startswith(f"  watchkeeper {command}")]
    assert len(examples) >= 4
    for example in examples:
        words = shlex.split(example.split("   ")[0].split(" > ")[0])
        parser().parse_args(words[1:])
