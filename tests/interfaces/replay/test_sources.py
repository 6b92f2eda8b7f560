"""Imports: real sessions of agent frameworks with our server become transcripts that pass."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.interfaces.replay.command import KINDS
from watchkeeper.server.interfaces.replay.reading import read_transcript
from watchkeeper.server.interfaces.replay.sources import READERS, transcribed
from watchkeeper.server.vocabulary.errors import InvalidArgument
from watchkeeper.tools import TOOLS

from ...limits import HANG_S
from ...play import Facts, Place, script
from ...wire import Wire, server_command
from . import session_files
from .helpers import played

SESSION: list[tuple[str, Facts]] = [
    ("start_training", {"model": "1", "phase": "full"}),
    ("start_training", {"model": "1", "phase": "quick"}),
    ("poll_training", {"run": "1-quick-1", "wait_s": 40}),
    ("report_error", {"run": "1-quick-1", "what_happened": "NaN"}),
    ("report_error", {"run": "1-quick-1", "what_happened": "NaN"}),
    ("plot_training", {"run": "1-quick-1", "what": "usage"}),
]
"""What the agents of these tests do; the poll returns with the end of the run, and a plot has no structured content."""
EXITS = script('print("loading")\nsys.exit(3)\n')
"""Prints nothing of its failure, so that nothing is told before its end."""


def arguments(place: Place) -> list[str]:
    return server_command(place.root)[1:]


async def by_pydantic_ai(place: Place) -> bytes:
    """Let pydantic-ai make the calls and return its message history."""
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai import Agent
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import AgentInfo, FunctionModel

    calls = iter(SESSION)

    def model(_messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        following = next(calls, None)
        return ModelResponse(parts=[ToolCallPart(*following) if following else TextPart("done")])

    transport = StdioTransport(sys.executable, arguments(place), keep_alive=False)
    agent = Agent(FunctionModel(model), toolsets=[MCPToolset(transport, init_timeout=HANG_S)], retries=3)
    async with agent:
        return (await agent.run("Train model 1.")).all_messages_json()


async def by_openai_agents(place: Place) -> bytes:
    """Let the OpenAI Agents SDK make the calls and return its items."""
    from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
    from agents.mcp import MCPServerStdio
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    calls = iter([*enumerate(SESSION)])

    class Script(Model):
        async def get_response(self, *_args: Any, **_more: Any) -> ModelResponse:
            following = next(calls, None)
            if following is None:
                text = ResponseOutputText(text="done", type="output_text", annotations=[])
                done = ResponseOutputMessage(
                    id="m", content=[text], role="assistant", status="completed", type="message"
                )
                return ModelResponse(output=[done], usage=Usage(), response_id=None)
            number, (name, given) = following
            call = ResponseFunctionToolCall(
                arguments=json.dumps(given), call_id=f"call_{number}", name=name, type="function_call"
            )
            return ModelResponse(output=[call], usage=Usage(), response_id=None)

        def stream_response(self, *_args: Any, **_more: Any) -> Any:
            raise NotImplementedError

    parameters: Any = {"command": sys.executable, "args": arguments(place)}
    async with MCPServerStdio(params=parameters, client_session_timeout_seconds=HANG_S) as server:
        agent = Agent(name="trainer", model=Script(), mcp_servers=[server])
        done = await Runner.run(agent, "Train model 1.", run_config=RunConfig(tracing_disabled=True))
    return json.dumps(done.to_input_list()).encode()


def over_a_wire(place: Place) -> tuple[bytes, list[Facts]]:
    """Make the calls as raw JSON-RPC; return the capture of both directions, and the results."""
    lines: list[str] = []
    results: list[Facts] = []
    with Wire(server_command(place.root)) as wire:
        wire.hello()
        for number, (name, given) in enumerate(SESSION):
            params: Facts = {"name": name, "arguments": given}
            result = wire.call(name, **given)
            lines.append(json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}))
            lines.append(json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}))
            lines.append(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}))
            results.append(result)
    return "\n".join(lines).encode(), results


def in_files_of(agent: str, results: list[Facts]) -> bytes:
    """Return the session as a coding agent keeps it."""
    return session_files.WRITERS[agent]([(*call, result) for call, result in zip(SESSION, results, strict=True)])


async def _session(kind: str, place: Place) -> bytes:
    if kind == "pydantic-ai":
        return await by_pydantic_ai(place)
    if kind == "openai-agents":
        return await by_openai_agents(place)
    captured, results = over_a_wire(place)
    return captured if kind == "jsonrpc" else in_files_of(kind, results)


def is_the_session(lines: list[str], notes: list[str]) -> None:
    """The transcript holds the six calls, the refusal, and what is stable in the answers."""
    assert notes == []
    steps = [json.loads(line) for line in lines][1:]
    assert [step["tool"] for step in steps] == [name for name, _ in SESSION]
    assert "needs a passed quick run" in steps[0]["refused"]
    assert steps[1]["expect"]["run"] == {"$capture": "run_1_quick_1"}
    assert steps[2]["until"]["state"] == "failed"
    assert steps[4]["expect"]["existing"] is True
    assert steps[5]["expect"]["run"] == "$run_1_quick_1"


# Of the coding agents' files one is played again here, the furthest from our own form; the real programs' own files are
# played in tests/clients.
@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["gemini-cli", "pydantic-ai", "openai-agents", "jsonrpc"])
async def test_a_session_becomes_a_transcript_that_passes_where_the_script_lies(
    kind: str, place: Place, tmp_path: Path
) -> None:
    place.script(EXITS)
    lines, notes = transcribed(kind, await _session(kind, place), "session", TOOLS)
    is_the_session(lines, notes)
    (tmp_path / "there").mkdir()
    there = Place(tmp_path / "there").script(EXITS)
    came = await played("\n".join(lines).encode(), there.root)
    assert came.failure is None, str(came.failure)


def test_one_session_in_the_files_of_each_coding_agent_becomes_the_same_calls(place: Place) -> None:
    place.script(EXITS)
    _, results = over_a_wire(place)
    assert session_files.WRITERS.keys() == set(KINDS) - {"pydantic-ai", "openai-agents", "jsonrpc"}
    for agent in session_files.WRITERS:
        is_the_session(*transcribed(agent, in_files_of(agent, results), "session", TOOLS))


def exchange(tool: str, text: str, *, is_error: bool = False) -> bytes:
    """Return a capture of one call."""
    result: Facts = {"content": [{"type": "text", "text": text}], "isError": is_error}
    call: Facts = {"id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {"run": "1-quick-1"}}}
    return f"{json.dumps(call)}\n{json.dumps({'id': 1, 'result': result})}\n".encode()


def test_every_kind_that_the_command_offers_has_a_reader() -> None:
    assert tuple(READERS) == KINDS


def test_who_it_was_is_known_by_the_tools_that_were_called() -> None:
    lines, _ = transcribed("jsonrpc", exchange("answer_report", "report: 1-r1\nnext: x"), "wire", TOOLS)
    assert json.loads(lines[0])["agents"] == {"director": "director"}
    assert json.loads(lines[1])["agent"] == "director"
    lines, _ = transcribed("jsonrpc", exchange("poll_training", "state: lost\nnext: x"), "wire", TOOLS, "observer")
    assert json.loads(lines[1])["agent"] == "observer"


def test_calls_that_never_reached_the_server_are_left_out_and_counted() -> None:
    cancelled = exchange("poll_training", "MCP error -32000: Connection closed", is_error=True)
    cancelled += exchange("poll_training", "state: lost\nnext: x")
    open_call = b'{"id": 2, "method": "tools/call", "params": {"name": "poll_training", "arguments": {}}}\n'
    lines, notes = transcribed("jsonrpc", cancelled + open_call, "wire", TOOLS)
    assert len(lines) == 2
    assert notes == ["calls without an answer, left out: 1", "calls that did not reach the server, left out: 1"]


@pytest.mark.parametrize(
    ("kind", "data", "complaint"),
    [
        ("jsonrpc", b"{\n", "session, line 1: is no JSON"),
        ("claude-code", b'{"type": "summary"}\n{', "session, line 2: is no JSON"),
        ("codex", b'{"type": "session_meta"}\n[', "session, line 2: is no JSON"),
        ("gemini-cli", b"x", "session, line 1: is no JSON"),
        (
            "opencode",
            b"{",
            "session, as a whole: is no JSON at column 2 (Expecting property name enclosed in double quotes)",
        ),
        ("pydantic-ai", b"[", "session, as a whole: is no JSON"),
        ("openai-agents", b"\xff", "session, line 1: is not UTF-8"),
        ("pydantic-ai", b"[]", "session, as pydantic-ai: there is no answered call of start_training"),
        ("jsonrpc", b"", "session, as jsonrpc: there is no answered call"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_its_place(kind: str, data: bytes, complaint: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        transcribed(kind, data, "session", TOOLS)
    assert complaint in str(refused.value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=9), inside, max_size=3),
)
texts = st.sampled_from(["state: lost\nnext: x", '{"next": 1}', "There is no run.", "$x ${y} $$", "(", ""]) | st.text()
records = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["tool_use", "tool_result", "function_call", "function_call_output"]) | values,
        "id": st.sampled_from([1, "1"]) | values,
        "call_id": st.just("1"),
        "tool_use_id": st.just("1"),
        "name": st.sampled_from(["poll_training", "mcp__x__start_training"]) | values,
        "input": st.dictionaries(st.sampled_from(["run", "cursor", "model", "x"]), values),
        "arguments": values | st.just('{"run": "1"}'),
        "content": values | texts | st.lists(st.fixed_dictionaries({"text": texts})),
        "output": values | texts,
        "result": values | st.fixed_dictionaries({"content": values, "structuredContent": values, "isError": values}),
        "method": st.just("tools/call") | values,
        "params": values | st.fixed_dictionaries({"name": st.just("poll_training"), "arguments": values}),
        "tool_call_id": st.just("1"),
        "tool_name": st.just("stop_training"),
        "part_kind": st.sampled_from(["tool-call", "tool-return", "retry-prompt"]),
        "args": values,
        "callID": st.just("1"),
        "tool": st.sampled_from(["poll_training", "mcp__x__start_training"]) | values,
        "toolCalls": values,
        "status": st.sampled_from(["success", "error"]) | values,
        "state": values
        | st.fixed_dictionaries({"status": st.sampled_from(["completed", "error", "running"]), "output": texts}),
    }
)
wrapped: dict[str, Callable[[list[Facts]], str]] = {
    "jsonrpc": lambda made: "\n".join(map(json.dumps, made)),
    "claude-code": lambda made: "\n".join(json.dumps({"message": {"content": [one]}}) for one in made),
    "codex": lambda made: "\n".join(json.dumps({"payload": {**one, "item": one}}) for one in made),
    "gemini-cli": lambda made: "\n".join(json.dumps({"toolCalls": [one], "$set": {"messages": made}}) for one in made),
    "opencode": lambda made: json.dumps({"messages": [{"parts": made}]}),
    "pydantic-ai": lambda made: json.dumps([{"parts": made}]),
    "openai-agents": json.dumps,
}


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.lists(records, min_size=1, max_size=4))
def test_whatever_a_source_holds_becomes_a_transcript_that_can_be_read_or_is_refused(
    kind: str, made: list[Facts]
) -> None:
    try:
        lines, _ = transcribed(kind, wrapped[kind](made).encode("utf-8", "surrogatepass"), "session", TOOLS)
    except InvalidArgument as refused:
        assert "session" in str(refused)  # noqa: PT017 (either outcome is right)
    else:
        assert read_transcript("\n".join(lines).encode(), "x").steps is not None


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.binary(max_size=200))
def test_rubbish_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(InvalidArgument):
        transcribed(kind, data, "session", TOOLS)
