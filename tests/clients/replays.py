"""The files that the command lines keep of their sessions, read by `transcribe` and played again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchkeeper.server.interfaces.replay.sources import transcribed
from watchkeeper.tools import TOOLS

from ..limits import HANG_S
from ..play import FAILS, POLICY
from .programs import Home
from .stories import MENDED, STARVED

Steps = list[dict[str, Any]]
# The trainer may name a failure that the director's poll found; of the director's session only the answer is played.
LOOKED = {
    "agent": "director",
    "tool": "poll_training",
    "arguments": {"run": "$run_1_quick_1", "wait_s": 5},
    "until": {"state": "failed"},
    "within_s": 600,
}


def _file(pattern: str) -> Callable[[Home], bytes]:
    def read(home: Home) -> bytes:
        (file,) = home.home.glob(pattern)
        return file.read_bytes()

    return read


def _exported(home: Home) -> bytes:
    """Return what `opencode export` prints of its one session; the program keeps them in a database of its own."""
    listed = json.loads(home.run(["opencode", "session", "list", "--format", "json"]))
    said = home.run(["opencode", "export", listed[0]["id"]])
    return said[said.index("{") :].encode()


KEPT: dict[str, tuple[str, Callable[[Home], bytes]]] = {
    "Claude Code": ("claude-code", _file(".claude/projects/*/*.jsonl")),
    "Codex CLI": ("codex", _file(".codex/sessions/*/*/*/rollout-*.jsonl")),
    "Gemini CLI": ("gemini-cli", _file(".gemini/tmp/*/chats/session-*.jsonl")),
    "opencode": ("opencode", _exported),
}
"""The kind by which `transcribe` knows a client's sessions, and how the file is found."""


def session(client: str, home: Home) -> Steps:
    """Return the steps of the one session that a client kept."""
    kind, read = KEPT[client]
    lines, _ = transcribed(kind, read(home), client, TOOLS)
    return [json.loads(one) for one in lines[1:]]


def replayed(folder: Path, trainer: Steps, director: Steps) -> int:
    """Play both sessions again, with the scripts that they do not hold; return the exit status of the replay."""
    script = "output/implementation/code/model_1.py"
    design = (folder / "project/output/model/model_design_1.md").read_text("utf-8")
    files = {script: FAILS, "output/model/model_design_1.md": design}
    header = {"transcript": 1, "proves": "Two sessions of a client.", "policy": POLICY + STARVED, "files": files}
    header["agents"] = {one: one for one in ("trainer", "director")}
    (answer,) = [one for one in director if one["tool"] == "answer_report"]
    steps: Steps = [header]
    for one in trainer:
        if one["tool"] == "start_training" and "follows" in one["arguments"]:
            steps.append({"write": {script: MENDED}})
        steps += [LOOKED, one, answer] if one["tool"] == "report_error" else [one]
    return _played(folder, steps)


def replayed_alone(folder: Path, kind: str, session: bytes, script: str, policy: str) -> int:
    """Play the session of one agent again, with the script that it trained; return the exit status of the replay."""
    lines, _ = transcribed(kind, session, kind, TOOLS)
    files = {"output/implementation/code/model_1.py": script}
    header = {**json.loads(lines[0]), "policy": POLICY + policy, "files": files}
    return _played(folder, [header, *map(json.loads, lines[1:])])


def _played(folder: Path, steps: Steps) -> int:
    file = folder / "sessions.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in steps), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "watchkeeper.server", "replay", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    sys.stdout.write(ended.stdout + ended.stderr)
    return ended.returncode
