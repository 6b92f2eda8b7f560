"""Transcripts of what others recorded: Claude Code, pydantic-ai, the OpenAI Agents SDK, JSON-RPC on a wire. Pure.

Each source is read into exchanges (a call with what came back), and those into steps. The forms were taken from real
dumps of pydantic-ai 1 and openai-agents 0.24, and for Claude Code from its documented session files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from ...acts.toolbox import Tool
from ...vocabulary.runs import Role
from .abstracting import Abstraction, Facts, facts_of
from .lines import decoded, numbered, parsed, refuse

_NOT_OURS = (
    "<tool_use_error>",
    "The user doesn't want",
    "[Request interrupted",
    "MCP error",
    "Error invoking MCP tool",
)
"""How texts begin that a client puts where an answer of a server should be."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and what came back.

    :ivar content: the structured answer; None where none can be read.
    :ivar is_error: whether the server refused.
    """

    tool: str
    arguments: Facts
    content: Facts | None
    text: str
    is_error: bool


@dataclass(slots=True)
class _Pairing:
    """Brings calls and results together by their ids, in the order of the results."""

    tools: Sequence[Tool]
    calls: dict[str, tuple[str, Facts]]
    exchanges: list[Exchange]

    def call(self, identity: JsonValue, name: JsonValue, arguments: JsonValue) -> None:
        tool = _own(name, self.tools)
        if tool is not None and isinstance(identity, str | int):
            self.calls[f"{identity!r}"] = (tool, _arguments(arguments))

    def result(self, identity: JsonValue, output: JsonValue, is_error: bool | None) -> None:
        """Take a result.

        :param is_error: None where the source does not say: then what is no answer of ours is a refusal.
        """
        tool, arguments = self.calls.pop(f"{identity!r}", ("", {}))
        if tool:
            content, text = _facts_and_text(output)
            refused = content is None if is_error is None else is_error
            self.exchanges.append(Exchange(tool, arguments, None if refused else content, text, refused))


def transcribed(
    kind: str, data: bytes, source: str, tools: Sequence[Tool], agent: str | None = None
) -> tuple[list[str], list[str]]:
    """Return a transcript's lines, and notes on what was left out.

    :param kind: `claude-code`, `pydantic-ai`, `openai-agents` or `jsonrpc`.
    :param agent: who it was; by the tools that were called when it is not said.
    :raises InvalidArgument: the file is not of that kind, naming the line.
    """
    text = decoded(data, source)
    pairing = _Pairing(tools, {}, [])
    _READERS[kind](text, source, pairing)
    if not pairing.exchanges:
        names = ", ".join(tool.name for tool in tools)
        raise refuse(source, f"as {kind}", f"there is no answered call of {names}", "Name the kind that the file has.")
    who = agent or _role(pairing.exchanges, tools)
    steps, skipped = _steps(pairing.exchanges, who)
    header: Facts = {"transcript": 1, "proves": f"imported from {kind}", "agents": {who: who}}
    notes = [f"calls without an answer, left out: {len(pairing.calls)}"] if pairing.calls else []
    notes += [f"calls that did not reach the server, left out: {skipped}"] if skipped else []
    return [json.dumps(one, ensure_ascii=False) for one in (header, *steps)], notes


def _steps(exchanges: Iterable[Exchange], agent: str) -> tuple[list[Facts], int]:
    abstraction, steps, skipped = Abstraction(), list[Facts](), 0
    for one in exchanges:
        if one.content is None and one.text.lstrip().startswith(_NOT_OURS):
            skipped += 1
        elif one.is_error:
            steps.append(abstraction.refused(agent, one.tool, one.arguments, one.text))
        elif step := abstraction.answered(agent, one.tool, one.arguments, one.content or {}):
            steps.append(step)
    return steps, skipped


def _role(exchanges: Iterable[Exchange], tools: Sequence[Tool]) -> str:
    """Return who alone may call all these tools; the trainer where several may."""
    called = {one.tool for one in exchanges}
    may = [role for role in Role if all(role in tool.roles for tool in tools if tool.name in called)]
    return (may or [Role.TRAINER])[0].value


def _own(name: JsonValue, tools: Sequence[Tool]) -> str | None:
    """Return which of our tools a name means; clients put the server's name in front."""
    found = [one.name for one in tools if isinstance(name, str) and (name == one.name or name.endswith(f"_{one.name}"))]
    return max(found, key=len, default=None)


def _arguments(value: JsonValue) -> Facts:
    if isinstance(value, str):
        try:
            value = parsed(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _facts_and_text(output: JsonValue) -> tuple[Facts | None, str]:
    """Return what a result holds, whichever of the clients' wrappings is around it."""
    if isinstance(output, dict) and "text" in output and "next" not in output:
        output = output["text"]
    if isinstance(output, list):
        output = "\n".join(str(block.get("text", "")) for block in output if isinstance(block, dict))
    if isinstance(output, dict):
        return output, json.dumps(output, ensure_ascii=False)
    text = output if isinstance(output, str) else ""
    return facts_of(text), text


def _objects(value: JsonValue) -> Iterator[Facts]:
    """Give the objects in a list; anything else holds none."""
    yield from (one for one in (value if isinstance(value, list) else []) if isinstance(one, dict))


def _lines(text: str, source: str) -> Iterator[Facts]:
    for number, line in numbered(text):
        try:
            value = parsed(line)
        except ValueError as error:
            raise refuse(source, f"line {number}", str(error), "One JSON object a line is expected.") from None
        if isinstance(value, dict):
            yield value


def _whole(text: str, source: str) -> JsonValue:
    try:
        return parsed(text)
    except ValueError as error:
        raise refuse(source, "as a whole", str(error), "A JSON array is expected.") from None


def _claude_code(text: str, source: str, pairing: _Pairing) -> None:
    for entry in _lines(text, source):
        message = entry.get("message")
        for block in _objects(message.get("content")) if isinstance(message, dict) else ():
            if block.get("type") == "tool_use":
                pairing.call(block.get("id"), block.get("name"), block.get("input"))
            elif block.get("type") == "tool_result":
                pairing.result(block.get("tool_use_id"), block.get("content"), block.get("is_error") is True)


def _pydantic_ai(text: str, source: str, pairing: _Pairing) -> None:
    for message in _objects(_whole(text, source)):
        for part in _objects(message.get("parts")):
            kind, identity = part.get("part_kind"), part.get("tool_call_id")
            if kind == "tool-call":
                pairing.call(identity, part.get("tool_name"), part.get("args"))
            elif kind in ("tool-return", "retry-prompt"):
                refused = kind == "retry-prompt" or part.get("outcome", "success") != "success"
                pairing.result(identity, part.get("content"), True if refused else None)


def _openai_agents(text: str, source: str, pairing: _Pairing) -> None:
    for item in _objects(_whole(text, source)):
        if item.get("type") == "function_call":
            pairing.call(item.get("call_id"), item.get("name"), item.get("arguments"))
        elif item.get("type") == "function_call_output":
            pairing.result(item.get("call_id"), item.get("output"), None)


def _jsonrpc(text: str, source: str, pairing: _Pairing) -> None:
    for message in _lines(text, source):
        params, result = message.get("params"), message.get("result")
        if message.get("method") == "tools/call" and isinstance(params, dict):
            pairing.call(message.get("id"), params.get("name"), params.get("arguments"))
        elif isinstance(result, dict) and "content" in result:
            output = result.get("structuredContent") or result.get("content")
            pairing.result(message.get("id"), cast("JsonValue", output), result.get("isError") is True)


_READERS: dict[str, Callable[[str, str, _Pairing], None]] = {
    "claude-code": _claude_code,
    "pydantic-ai": _pydantic_ai,
    "openai-agents": _openai_agents,
    "jsonrpc": _jsonrpc,
}
