"""Claude Code with our plugin: hooks hold the turn, a new session is told how things stand, its file is replayed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.interfaces.replay.sources import transcribed
from watchkeeper.tools import TOOLS

from ..agents.brains import Call, Trainer
from ..limits import HANG_S
from ..play import FAILS, POLICY, Place
from .command_lines import AS_PLUGIN, CLAUDE_CODE
from .pages import ROOT
from .players import Hasty, Player
from .stories import MENDED, at_home, failing, played
from .tried import Tried

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.xdist_group("command lines")]
# The Stop hook may name a failure that the director's poll found; of the director's session only the answer is played.
LOOKED = {
    "agent": "director",
    "tool": "poll_training",
    "arguments": {"run": "$run_1_quick_1", "wait_s": 5},
    "until": {"state": "failed"},
    "within_s": 600,
}
PARTS = (".claude-plugin", "hooks", "monitors", "skills")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return what the plugin is made of, as a checkout has it, without environments and build folders."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / "repository" / part)
    return tmp_path / "repository"


def test_the_plugin_holds_each_turn_until_the_verdict_and_both_session_files_can_be_replayed(
    tmp_path: Path, repository: Path, tried: Tried
) -> None:
    place = failing(tmp_path / "project")
    hasty = Hasty(Trainer(), ("start_training", "report_error"))
    trainer, _ = played(AS_PLUGIN, tmp_path, place, hasty, CLAUDE_CODE, PATH_OF_THIS_REPOSITORY=str(repository))
    assert len(hasty.held) >= 3, "each time that it wanted to end its turn, the Stop hook said what to do"
    assert {one.tool.partition("__")[2].rpartition("__")[0] for one in trainer.made} == {
        "plugin_watchkeeper_watchkeeper"
    }
    brief = told_at_the_start_of_a_session(tmp_path, place, repository)
    assert "1-full-1" in brief
    assert "APPROVE" in brief
    assert replayed(tmp_path, sessions(tmp_path / "trainer"), sessions(tmp_path / "director")) == 0
    tried(AS_PLUGIN.name, holds_the_watch="Stop hook", transcript="replays")


def told_at_the_start_of_a_session(folder: Path, place: Place, repository: Path) -> str:
    """Return the brief that the SessionStart hook puts in front of a new session's first question."""
    with at_home(AS_PLUGIN, folder / "later", place.root, Player(lambda _: Call(said="I see."))) as (home, service):
        said = home.run(["claude", "plugin", "validate", str(repository)])
        assert "Validation passed" in said
        AS_PLUGIN.wire(home, PATH_OF_THIS_REPOSITORY=str(repository))
        home.run(AS_PLUGIN.command("How do things stand?"))
        texts = [text for one in service.asked for text in one.texts if "1-full-1" in text]
    return "\n".join(texts)


def sessions(home: Path) -> list[dict[str, Any]]:
    """Return the steps of the one session file that calls our tools, as `watchkeeper transcribe` reads it."""
    (file,) = home.glob(".claude/projects/*/*.jsonl")
    lines, _ = transcribed("claude-code", file.read_bytes(), file.name, TOOLS)
    return [json.loads(one) for one in lines[1:]]


def replayed(folder: Path, trainer: list[dict[str, Any]], director: list[dict[str, Any]]) -> int:
    """Play both sessions again, with the scripts that they do not hold; return the exit status of the replay."""
    script = "output/implementation/code/model_1.py"
    design = (folder / "project/output/model/model_design_1.md").read_text("utf-8")
    files = {script: FAILS, "output/model/model_design_1.md": design}
    header = {"transcript": 1, "proves": "Two sessions of Claude Code.", "policy": POLICY, "files": files}
    header["agents"] = {"trainer": "trainer", "director": "director"}
    (answer,) = [one for one in director if one["tool"] == "answer_report"]
    steps: list[dict[str, Any]] = [header]
    for one in trainer:
        if one["tool"] == "start_training" and "follows" in one["arguments"]:
            steps.append({"write": {script: MENDED}})
        if one["tool"] == "report_error":
            steps += [LOOKED, one, answer]
        else:
            steps.append(one)
    file = folder / "sessions.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in steps), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "watchkeeper.server", "replay", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    sys.stdout.write(ended.stdout + ended.stderr)
    return ended.returncode
