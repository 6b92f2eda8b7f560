"""The server as a process: what is on its wires, how it ends, and what it makes of a client that sends rubbish."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mcp_types as types
import pytest

from ...limits import HANG_S
from ...play import WAITS_LONG
from ...runtime.keeper.helpers import until
from ...wire import Message, Wire, server_command

MIB = 1 << 20

NOISY = """
import logging, os, subprocess, sys, warnings
from pathlib import Path
from pydantic import BaseModel
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.server.acts.toolbox import Tool
from watchkeeper.server.interfaces.mcp.stdio import serve
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.tools import TOOLS

class Said(BaseModel):
    stdin: str

async def chatter(desk) -> Said:
    "Make every kind of noise."
    print("a stray print")
    sys.__stdout__.write("to the first standard output\\n")
    sys.__stdout__.flush()
    os.write(1, b"past Python\\n")
    subprocess.run(["echo", "from a child"], check=True)
    warnings.warn("a library warns")
    logging.getLogger("library").error("a library logs")
    return Said(stdin=os.read(0, 10).decode())

async def stumble(desk) -> Said:
    "Fail in a way that nobody foresaw."
    raise ZeroDivisionError("a secret of the inside")

NOISY = tuple(Tool(one, one.__name__, Said, frozenset(Role)) for one in (chatter, stumble))
desk = open_desk(Workspace(Path(sys.argv[1])), Role.TRAINER, who="the test")
serve(build(desk, (*TOOLS, *NOISY), (), "0", heartbeat_s=0.1))
"""


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    (tmp_path / "watchkeeper.toml").write_text(WAITS_LONG)
    with Wire(server_command(tmp_path)) as opened:
        opened.hello()
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server for the tests that must leave it as it was."""
    with Wire(server_command(tmp_path_factory.mktemp("workspace"))) as opened:
        opened.hello()
        yield opened


@pytest.fixture
def noisy(tmp_path: Path) -> Iterator[Wire]:
    with Wire([sys.executable, "-P", "-c", NOISY, str(tmp_path)]) as opened:
        opened.hello()
        yield opened


def assert_still_serving(wire: Wire) -> None:
    assert "next" in wire.call("poll_training", wait_s=0)["structuredContent"]


def padded(message: Message, length: int) -> bytes:
    """Return a message as a line of exactly `length` bytes, its end of line included."""
    short = json.dumps(message).encode() + b"\n"
    return short.replace(b"PAD", b"x" * (length - len(short) + 3))


def test_nothing_but_the_protocol_reaches_standard_output_whatever_a_tool_prints(noisy: Wire) -> None:
    result = noisy.call("chatter")
    assert result["structuredContent"] == {"stdin": ""}
    for line in noisy.lines:
        types.jsonrpc_message_adapter.validate_json(line)
    until(lambda: "a library logs" in noisy.errors, "the noise comes out on standard error")
    for noise in ("a stray print", "to the first", "past Python", "from a child", "a library warns"):
        assert noise in noisy.errors


def test_a_defect_of_ours_is_told_without_its_inside_and_does_not_end_the_server(noisy: Wire) -> None:
    said = noisy.refused("stumble")
    assert "stumble failed inside watchkeeper (ZeroDivisionError)" in said
    assert "secret of the inside" not in said
    until(lambda: "secret of the inside" in noisy.errors, "the traceback is on standard error")
    assert_still_serving(noisy)


def test_a_waiting_call_reports_progress_to_a_client_that_asked_for_it(noisy: Wire) -> None:
    noisy.waiting_poll(progressToken="mine")
    first, second = (noisy.message(lambda one: one.get("method") == "notifications/progress") for _ in range(2))
    assert first["params"]["progressToken"] == "mine"
    assert 0 < first["params"]["progress"] < second["params"]["progress"]


def test_a_waiting_call_reports_no_progress_to_a_client_that_did_not_ask(noisy: Wire) -> None:
    noisy.answer_to(noisy.waiting_poll(wait_s=0.5))
    assert not [line for line in noisy.lines if "notifications/progress" in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_while_a_poll_waits(wire: Wire, number: signal.Signals) -> None:
    wire.waiting_poll()
    wire.process.send_signal(number)
    assert (wire.end(), wire.errors) == (0, "")


def test_a_signal_ends_an_idle_server(wire: Wire) -> None:
    wire.process.send_signal(signal.SIGTERM)
    assert wire.end() == 0


def test_the_end_of_the_input_ends_the_server_while_a_poll_waits(wire: Wire) -> None:
    wire.waiting_poll()
    wire.close_input()
    assert (wire.end(), wire.errors) == (0, "")


@pytest.mark.training
def test_a_client_that_closed_its_end_ends_the_server(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(server_command(tmp_path), stdin=subprocess.PIPE, stdout=writing) as server:
        os.close(writing)
        assert server.stdin
        server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        server.stdin.flush()
        assert server.wait(HANG_S) == 0


@pytest.mark.parametrize(
    ("message", "answered"),
    [
        ({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"x": "PAD"}}, 7),
        ({"jsonrpc": "2.0", "id": "seven", "method": "ping", "params": {"x": "PAD"}}, "seven"),
        ({"id": 7, "method": "ping", "params": {"x": "PAD"}, "jsonrpc": "2.0"}, 7),
        ({"jsonrpc": "2.0", "method": "ping", "id": 7, "params": {"x": "PAD"}}, 7),
        ({"method": "tools/call", "params": {"x": "PAD"}, "jsonrpc": "2.0", "id": 7}, 7),
        ({"method": "tools/call", "params": {"x": "PAD"}, "jsonrpc": "2.0", "id": "seven"}, "seven"),
        ({"jsonrpc": "2.0", "method": "ping", "params": {"x": "PAD", "id": 8}}, None),
        ({"jsonrpc": "2.0", "method": "ping", "params": {"id": 8, "x": "PAD"}}, None),
        ({"jsonrpc": "2.0", "method": 'a "id": 8,', "params": {"x": "PAD"}}, None),
    ],
)
def test_a_line_longer_than_a_mebibyte_is_refused_under_its_id_and_the_server_goes_on(
    shared: Wire, message: Message, answered: int | str | None
) -> None:
    shared.send_bytes(padded(message, 3 * MIB))
    error = shared.answer_to(answered)["error"]
    assert error["code"] == types.INVALID_REQUEST
    assert "1 MiB" in error["message"]
    assert_still_serving(shared)


def test_a_line_of_just_a_mebibyte_is_read(shared: Wire) -> None:
    call = {"name": "poll_training", "arguments": {"run": "PAD"}}
    message: Message = {"jsonrpc": "2.0", "id": "long", "method": "tools/call", "params": call}
    shared.send_bytes(padded(message, MIB))
    assert "20000 are the most" in shared.answer_to("long")["result"]["content"][0]["text"]
    shared.send_bytes(padded(message, MIB + 1))
    assert "1 MiB" in shared.answer_to("long")["error"]["message"]


RUBBISH = [
    b"no json\n", b'{"jsonrpc":"2.0","id":77\n', b"[]\n", b"[1,2]\n", b"null\n", b"5\n", b'"text"\n', b"\xff\xfe\x00\n",
    b"\n", b"   \n", b"[" * 100_000 + b"\n", b'{"jsonrpc":"2.0","id":1e3,"method":"ping"}\n',
    b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}\n', b'{"jsonrpc":"1.0","id":77,"method":"ping"}\n',
    b'{"jsonrpc":"2.0","id":77,"method":"no/such/method"}\n', b'{"jsonrpc":"2.0","id":77,"method":5}\n',
    b'{"jsonrpc":"2.0","id":77,"method":"tools/call"}\n',
    b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":[1]}\n',
    b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":5}}\n',
    b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"poll_training","arguments":[1]}}\n',
    b'{"jsonrpc":"2.0","id":77,"result":{}}\n', b'{"jsonrpc":"2.0","method":"notifications/no/such"}\n',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":999}}\n',
]  # fmt: skip


def test_rubbish_does_not_end_the_server(wire: Wire) -> None:
    for line in RUBBISH:
        wire.send_bytes(line)
        assert_still_serving(wire)
    for line in wire.lines:
        types.jsonrpc_message_adapter.validate_json(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":[1]}\n',
        b'{"jsonrpc":"1.0","id":77,"method":"ping"}\n',
        rb'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"\ud83d"}}' + b"\n",
        b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":5}}\n',
        b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"poll_training","arguments":[1]}}\n',
        b'{"jsonrpc":"2.0","id":77,"method":"no/such/method"}\n',
    ],
)
def test_a_request_that_cannot_be_read_is_answered_so_that_nobody_waits_for_ever(shared: Wire, line: bytes) -> None:
    request = f"unreadable {hash(line)}"  # its own, because the server serves several tests
    shared.send_bytes(line.replace(b"77", json.dumps(request).encode()))
    assert shared.answer_to(request)["error"]["code"] in (
        types.PARSE_ERROR,
        types.METHOD_NOT_FOUND,
        types.INVALID_PARAMS,
    )


def test_a_cancelled_poll_leaves_the_server_usable(shared: Wire) -> None:
    request = shared.waiting_poll()
    shared.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request}})
    assert_still_serving(shared)
    again = shared.waiting_poll(wait_s=0.2)
    assert shared.answer_to(again)["result"]["isError"] is False
    assert not [line for line in shared.lines if json.loads(line).get("id") == request and "result" in json.loads(line)]


@pytest.mark.training
@pytest.mark.parametrize("era", ["initialize", "server/discover"])
def test_both_eras_of_the_protocol_are_served_alike(tmp_path: Path, era: str) -> None:
    with Wire(server_command(tmp_path)) as wire:
        about = wire.hello(era)
        assert about["instructions"].startswith("watchkeeper trains models")
        of_the_era = {"extensions"} if era == "server/discover" else set[str]()  # tasks: docs/clients.md
        assert set(about["capabilities"]) == {"tools", "prompts", "resources", "completions"} | of_the_era
        tools = {one["name"] for one in wire.ask("tools/list")["result"]["tools"]}
        assert {"start_training", "poll_training"} <= tools
        polled = wire.call("poll_training", wait_s=0)
        assert polled["structuredContent"]["runs"] == []
        assert "did you mean run?" in wire.refused("poll_training", run_id="1-quick-1").lower()
        assert len(wire.ask("prompts/list")["result"]["prompts"]) >= 2
        wire.close_input()
        assert wire.end() == 0
