"""A warm server is one like any other: in what it answers, in what it is given, and in how it ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import anyio
import psutil
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from . import warm
from .limits import HANG_S
from .play import POLICY, Place
from .warm import COLD
from .warm_servers import warm_servers

pytestmark = [pytest.mark.anyio, pytest.mark.training]
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
ASKED = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "poll_training", "arguments": {"run": "9"}}},
)
LONGEST_BYTES = 1 << 20


async def launched(root: Path, errors: Path) -> Process:
    """Launch a server as the SDK's client does."""
    with errors.open("w") as told:
        return await anyio.open_process(
            [*COLD, "--workspace", str(root), "serve"],
            env={"HOME": str(root), "PATH": os.environ["PATH"]},
            stderr=told,
            cwd=root,
            start_new_session=True,
        )


async def answers(server: Process) -> list[object]:
    """Say what a client says, and return what is answered."""
    assert server.stdin
    assert server.stdout
    lines = BufferedByteReceiveStream(server.stdout)
    for one in ASKED:
        await server.stdin.send(json.dumps(one).encode() + b"\n")
    return [json.loads(await lines.receive_until(b"\n", LONGEST_BYTES)) for one in ASKED if "id" in one]


async def ended(server: Process) -> int:
    """End a server's input and return its status."""
    assert server.stdin
    await server.stdin.aclose()
    with anyio.fail_after(HANG_S):
        status = await server.wait()
    await server.aclose()
    return status


async def test_it_answers_has_its_session_folder_and_environment_and_ends_like_a_cold_one(place: Place) -> None:
    cold = await launched(place.root, place.root / "cold")
    with warm_servers() as started:
        warm_one = await launched(place.root, place.root / "warm")
    assert started == [warm_one]
    (said, seen), (said_warm, seen_warm) = [(await answers(one), told(one.pid)) for one in (cold, warm_one)]
    assert len(said) == 3
    assert said_warm == said
    assert seen_warm == seen == (True, str(place.root), [*COLD, "--workspace", str(place.root), "serve"])
    assert [await ended(one) for one in (cold, warm_one)] == [0, 0]


def told(pid: int) -> tuple[bool, str, list[str]]:
    """Return whether a process leads a session of its own, its folder and its command line."""
    process = psutil.Process(pid)
    return os.getsid(pid) == pid, process.cwd(), [word for word in process.cmdline() if word]


async def test_what_it_says_of_a_failure_and_that_it_was_killed_reach_the_client(place: Place) -> None:
    with warm_servers():
        killed = await launched(place.root, place.root / "killed")
        await answers(killed)
        killed.kill()
        (place.root / "watchkeeper.toml").write_text(f"{POLICY}[quick\n")
        refused = await launched(place.root, place.root / "refused")
    with anyio.fail_after(HANG_S):
        assert await killed.wait() == -signal.SIGKILL
        assert await refused.wait() != 0
    await killed.aclose()
    await refused.aclose()
    assert "watchkeeper.toml" in (place.root / "refused").read_text()


def test_a_command_has_its_input_folder_and_environment_and_nothing_of_the_one_before(place: Place) -> None:
    where = {"PATH": os.environ["PATH"], "WATCHKEEPER_WORKSPACE": "elsewhere"}
    assert warm.run("status", folder=str(place.root), environment=where).returncode != 0
    assert warm.run("status", folder=str(place.root), environment={"PATH": os.environ["PATH"]}).returncode == 0


def test_a_command_of_many_words_is_named_by_all_of_them(place: Place) -> None:
    words = ("--workspace", str(place.root), "report", "x" * 4000, "--model", "1")
    with warm.Begun(*words) as begun:
        assert begun.ends() == 0, begun.err
