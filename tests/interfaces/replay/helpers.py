"""Transcripts of the tests, as text and as plays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import anyio
from pydantic import JsonValue
from watchkeeper.server.interfaces.replay.client_process import Era
from watchkeeper.server.interfaces.replay.playing import Played, play
from watchkeeper.server.interfaces.replay.reading import read_transcript
from watchkeeper.server.interfaces.replay.sandbox_folder import Stage

from ...play import with_tables
from ...warm_servers import warm_servers

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"
STEPS = dict[str, JsonValue]


def written(*steps: Mapping[str, object], **header: JsonValue) -> bytes:
    """Return a transcript's bytes: a header with the tests' policy, and the steps."""
    lines: list[Mapping[str, object]] = [{"transcript": 1, "policy": with_tables(), **header}, *steps]
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def call(tool: str, agent: str = "trainer", arguments: STEPS | None = None, **more: JsonValue) -> STEPS:
    """Return a step that calls a tool."""
    return {"agent": agent, "tool": tool, "arguments": arguments or {}, **more}


def script(text: str, model: str = "1") -> dict[str, JsonValue]:
    """Return the files of a header with one training in them."""
    return {f"output/implementation/code/model_{model}.py": text}


async def played(
    data: bytes, root: Path, era: Era = "auto", source: str = "day.jsonl", *, cold: bool = False
) -> Played:
    """Play a transcript in a folder and end what it leaves going.

    :param cold: whether its servers are started by a client's command line, as children of this process.
    """
    stage = Stage(root)
    try:
        with nullcontext() if cold else warm_servers():
            return await play(read_transcript(data, source), stage, era)
    finally:
        with anyio.CancelScope(shield=True):
            assert await anyio.to_thread.run_sync(stage.clear) == []
