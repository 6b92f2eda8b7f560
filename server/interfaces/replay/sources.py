"""Transcripts of what others recorded: coding agents, pydantic-ai, the OpenAI Agents SDK, JSON-RPC on a wire. Pure.

Each source is read into exchanges (a call with what came back), and those into steps. The forms were taken from real
dumps of pydantic-ai 1 and openai-agents 0.24; the coding agents' stand in `sessions`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from pydantic import JsonValue

from ...acts.toolbox import Tool
from ...vocabulary.runs import Role
from . import sessions
from .abstracting import Abstraction, Facts
from .exchanges import Exchange, Pairing, object_lines, objects, whole
from .lines import decoded, refuse

_NOT_OURS = (
    "<tool_use_error>",
    "The user doesn't want",
    "[Request interrupted",
    "MCP error",
    "Error invoking MCP tool",
    *("tool call error", "MCP tool call", "user cancelled MCP", "user rejected MCP"),
    *("[Operation Cancelled]", "Tool execution aborted", "The user rejected"),
)
"""How texts begin that a client puts where an answer of a server should be."""
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that JSON lets stand and a terminal or an editor obeys; escaped they mean the same to a reader of JSON."""


def transcribed(
    kind: str, data: bytes, source: str, tools: Sequence[Tool], agent: str | None = None
) -> tuple[list[str], list[str]]:
    """Return a transcript's lines, and notes on what was left out.

    :param kind: one of READERS.
    :param agent: who it was; by the tools that were called when it is not said.
    :raises InvalidArgument: the file is not of that kind, naming the line.
    """
    text = decoded(data, source)
    pairing = Pairing(tools, {}, [])
    READERS[kind](text, source, pairing)
    if not pairing.exchanges:
        names = ", ".join(tool.name for tool in tools)
        raise refuse(source, f"as {kind}", f"there is no answered call of {names}", "Name the kind that the file has.")
    who = agent or _role(pairing.exchanges, tools)
    steps, skipped = _steps(pairing.exchanges, who)
    header: Facts = {"transcript": 1, "proves": f"imported from {kind}", "agents": {who: who}}
    notes = [f"calls without an answer, left out: {len(pairing.calls)}"] if pairing.calls else []
    notes += [f"calls that did not reach the server, left out: {skipped}"] if skipped else []
    return [_line(one) for one in (header, *steps)], notes


def _line(one: Facts) -> str:
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(one, ensure_ascii=False))


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


def _pydantic_ai(text: str, source: str, pairing: Pairing) -> None:
    for message in objects(whole(text, source)):
        for part in objects(message.get("parts")):
            kind, identity = part.get("part_kind"), part.get("tool_call_id")
            if kind == "tool-call":
                pairing.call(identity, part.get("tool_name"), part.get("args"))
            elif kind in ("tool-return", "retry-prompt"):
                refused = kind == "retry-prompt" or part.get("outcome", "success") != "success"
                pairing.result(identity, part.get("content"), True if refused else None)


def _openai_agents(text: str, source: str, pairing: Pairing) -> None:
    for item in objects(whole(text, source)):
        if item.get("type") == "function_call":
            pairing.call(item.get("call_id"), item.get("name"), item.get("arguments"))
        elif item.get("type") == "function_call_output":
            pairing.result(item.get("call_id"), item.get("output"), None)


def _jsonrpc(text: str, source: str, pairing: Pairing) -> None:
    for message in object_lines(text, source):
        params, result = message.get("params"), message.get("result")
        if message.get("method") == "tools/call" and isinstance(params, dict):
            pairing.call(message.get("id"), params.get("name"), params.get("arguments"))
        elif isinstance(result, dict) and "content" in result:
            output = result.get("structuredContent") or result.get("content")
            pairing.result(message.get("id"), cast("JsonValue", output), result.get("isError") is True)


READERS: dict[str, Callable[[str, str, Pairing], None]] = {
    "claude-code": sessions.claude_code,
    "codex": sessions.codex,
    "gemini-cli": sessions.gemini_cli,
    "opencode": sessions.opencode,
    "pydantic-ai": _pydantic_ai,
    "openai-agents": _openai_agents,
    "jsonrpc": _jsonrpc,
}
"""By kind, in the order in which `watchkeeper transcribe --help` names them."""
