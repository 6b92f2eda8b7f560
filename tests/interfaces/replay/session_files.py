"""Session files as coding agents write them, from calls and the server's answers; the forms are those of real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from ...play import Facts

Called = tuple[str, Facts, Facts]
"""Tool, arguments and the server's result."""


def _text(result: Facts) -> str:
    return "\n".join(one["text"] for one in result["content"] if one["type"] == "text")


def _lines(entries: Iterable[Any]) -> bytes:
    return "\n".join(map(json.dumps, entries)).encode()


def claude_code(calls: list[Called]) -> bytes:
    """Return a session of Claude Code: calls and results in the blocks of messages."""
    other: Facts = {"type": "tool_use", "id": "toolu_x", "name": "Bash", "input": {"command": "ls"}}
    entries: list[Facts] = [
        {"type": "summary", "summary": "Training"},
        {"type": "assistant", "message": {"content": [other]}},
    ]
    for number, (name, asked, result) in enumerate(calls):
        use: Facts = {"type": "tool_use", "id": f"toolu_{number}", "name": f"mcp__watchkeeper__{name}", "input": asked}
        told = result.get("structuredContent")
        came: Facts = {"type": "tool_result", "tool_use_id": f"toolu_{number}"}
        came["content"] = json.dumps(told) if told else _text(result)
        came |= {"is_error": True} if result.get("isError") else {}
        entries.append({"type": "assistant", "message": {"role": "assistant", "content": [use]}})
        entries.append({"type": "user", "message": {"role": "user", "content": [came]}})
    return _lines(entries)


def codex(calls: list[Called]) -> bytes:
    """Return a rollout of Codex 0.171: an item for the call, an event with the whole answer, an item with its text."""
    entries: list[Facts] = [{"ordinal": 0, "type": "session_meta", "payload": {"cli_version": "0.171.0"}}]
    for number, (name, asked, result) in enumerate(calls):
        identity, told, refused = f"call_{number}", result.get("structuredContent"), bool(result.get("isError"))
        call: Facts = {"type": "function_call", "name": name, "namespace": "mcp__watchkeeper"}
        call |= {"arguments": json.dumps(asked), "call_id": identity, "status": "completed"}
        answer = {"content": result["content"], **({"structuredContent": told} if told else {}), "isError": refused}
        item: Facts = {"type": "McpToolCall", "id": identity, "server": "watchkeeper", "tool": name}
        item |= {"arguments": asked, "status": "failed" if refused else "completed", "result": answer}
        shown = (
            f"Wall time: 0.1 seconds\nOutput:\n{json.dumps(told)}"
            if told
            else [
                {"type": "input_text", "text": "Wall time: 0.1 seconds\nOutput:"},
                {"type": "input_text", "text": _text(result)},
            ]
        )
        output: Facts = {"type": "function_call_output", "call_id": identity, "output": shown}
        entries.append({"type": "response_item", "payload": call})
        if number != 1:  # as where the event is missing: then the model's own view of the answer counts
            entries.append({"type": "event_msg", "payload": {"type": "item_completed", "item": item}})
        entries.append({"type": "response_item", "payload": output})
    return _lines(entries)


def gemini_cli(calls: list[Called]) -> bytes:
    """Return a chat of Gemini CLI 0.61: a message is written again with its calls, and answers are wrapped."""
    entries: list[Facts] = [
        {"sessionId": "s", "kind": "main"},
        {"$set": {"messages": [{"type": "user", "content": []}]}},
    ]
    for number, (name, asked, result) in enumerate(calls):
        full, refused = f"mcp_watchkeeper_{name}", bool(result.get("isError"))
        identity, message = f"{full}__call_{number}", {"id": f"m{number}", "type": "gemini", "content": ""}
        said = f"<untrusted_context>\n{_text(result)}\n</untrusted_context>"
        inner = json.dumps([{"functionResponse": {"name": name, "response": {**result, "isError": True}}}])
        about = json.dumps({"name": name, "args": asked})
        error = f"MCP tool '{name}' reported tool error for function call: {about} with response: {inner}"
        response = {"error": error} if refused else {"output": said}
        call: Facts = {"id": identity, "name": full, "args": asked, "status": "error" if refused else "success"}
        call["result"] = [{"functionResponse": {"id": identity, "name": full, "response": response}}]
        entries += [message, {"$set": {"lastUpdated": "now"}}, {**message, "toolCalls": [call]}]
        entries += [{"type": "user", "content": call["result"]}, {**message, "toolCalls": [call]}]
    return _lines(entries)


def opencode(calls: list[Called]) -> bytes:
    """Return what `opencode export` of 1.18 prints: a part for each call, with its text."""
    messages: list[Facts] = [{"info": {"role": "user"}, "parts": [{"type": "text", "text": "Train."}]}]
    for number, (name, asked, result) in enumerate(calls):
        refused = bool(result.get("isError"))
        state = {"status": "error" if refused else "completed", "input": asked}
        state["error" if refused else "output"] = _text(result)
        part: Facts = {"type": "tool", "tool": f"watchkeeper_{name}", "callID": f"call_{number}", "state": state}
        messages.append({"info": {"role": "assistant"}, "parts": [{"type": "step-start"}, part]})
    return json.dumps({"info": {"version": "1.18.33"}, "messages": messages}).encode()


WRITERS: dict[str, Callable[[list[Called]], bytes]] = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini-cli": gemini_cli,
    "opencode": opencode,
}
