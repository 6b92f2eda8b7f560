"""Session files of coding agents, as these programs write them: Claude Code, Codex, Gemini CLI, opencode. Pure.

Seen with Claude Code 2.1.332, Codex 0.171, Gemini CLI 0.61 and opencode 1.18. Gemini CLI and opencode keep the text of
an answer only, so what is expected of a play are the facts at its top.
"""

from __future__ import annotations

import re

from pydantic import JsonValue

from .abstracting import Facts
from .exchanges import Pairing, object_lines, objects, whole
from .lines import parsed

_CODEX_WRAP = re.compile(r"\AWall time: [^\n]*\nOutput:\n?")
_GEMINI_WRAP = re.compile(r"\A<untrusted_context>\n(.*)\n</untrusted_context>\Z", re.DOTALL)
_GEMINI_ERROR = re.compile(r"\AMCP tool '[^']*' reported tool error for function call: .* with response: ", re.DOTALL)


def claude_code(text: str, source: str, pairing: Pairing) -> None:
    """Read a session of Claude Code: blocks `tool_use` and `tool_result` in the messages of its lines."""
    for entry in object_lines(text, source):
        for block in objects(_within(entry, "message").get("content")):
            if block.get("type") == "tool_use":
                pairing.call(block.get("id"), block.get("name"), block.get("input"))
            elif block.get("type") == "tool_result":
                pairing.result(block.get("tool_use_id"), block.get("content"), block.get("is_error") is True)


def codex(text: str, source: str, pairing: Pairing) -> None:
    """Read a rollout of Codex: a call has an event with the whole answer, and an item with what the model was shown.

    The event counts where there is one; an answer of a call that never reached the server stands in the item alone.
    """
    for entry in object_lines(text, source):
        payload = _within(entry, "payload")
        item = _within(payload, "item")
        if item.get("type") == "McpToolCall" and isinstance(item.get("result"), dict):
            result = _within(item, "result")
            pairing.call(item.get("id"), item.get("tool"), item.get("arguments"))
            output = result.get("structuredContent") or result.get("content")
            pairing.result(item.get("id"), output, result.get("isError") is True)
        elif payload.get("type") == "function_call":
            pairing.call(payload.get("call_id"), payload.get("name"), payload.get("arguments"))
        elif payload.get("type") == "function_call_output":
            pairing.result(payload.get("call_id"), _unwrapped_by_codex(payload.get("output")), None)


def gemini_cli(text: str, source: str, pairing: Pairing) -> None:
    """Read a chat of Gemini CLI: `toolCalls` of its messages, which may be written again when they change."""
    seen = set[str]()
    for entry in object_lines(text, source):
        for message in (entry, *objects(_within(entry, "$set").get("messages"))):
            for call in objects(message.get("toolCalls")):
                identity = call.get("id")
                if isinstance(identity, str) and identity not in seen and call.get("result"):
                    seen.add(identity)
                    pairing.call(identity, call.get("name"), call.get("args"))
                    pairing.result(identity, _said_to_gemini(call), call.get("status") != "success")


def opencode(text: str, source: str, pairing: Pairing) -> None:
    """Read what `opencode export SESSION` prints: parts of type `tool` in its messages."""
    exported = whole(text, source, "The output of `opencode export SESSION` is expected.")
    for message in objects(exported.get("messages") if isinstance(exported, dict) else None):
        for part in objects(message.get("parts")):
            state = _within(part, "state")
            if part.get("type") == "tool":
                pairing.call(part.get("callID"), part.get("tool"), state.get("input"))
                if state.get("status") in ("completed", "error"):
                    refused = state.get("status") == "error"
                    pairing.result(part.get("callID"), state.get("error" if refused else "output"), refused)


def _within(one: Facts, name: str) -> Facts:
    """Return the object under a name; an empty one where there is none."""
    found = one.get(name)
    return found if isinstance(found, dict) else {}


def _unwrapped_by_codex(output: JsonValue) -> JsonValue:
    """Return what the model was shown without the line about the time that it took."""
    if isinstance(output, list):
        output = "\n".join(str(block.get("text", "")) for block in objects(output))
    return _CODEX_WRAP.sub("", output) if isinstance(output, str) else output


def _said_to_gemini(call: Facts) -> JsonValue:
    """Return the text of an answer, out of the wrapping that says it is data, or of an error."""
    response = _response(call.get("result"))
    said = response.get("output") or response.get("error")
    if not isinstance(said, str):
        return said
    unwrapped = _GEMINI_WRAP.match(said)
    return unwrapped[1] if unwrapped else _refused_to_gemini(said)


def _refused_to_gemini(said: str) -> JsonValue:
    """Return the text of a refusal, which Gemini CLI shows as JSON in a sentence of its own."""
    try:
        value = parsed(_GEMINI_ERROR.sub("", said)) if _GEMINI_ERROR.match(said) else None
    except ValueError:
        return said
    response = _response(value)
    return response.get("content") or _within(response, "error").get("message") or said


def _response(parts: JsonValue) -> Facts:
    """Return the first function's response among the parts of a message; an empty one where there is none."""
    found = [
        _within(_within(one, "functionResponse"), "response") for one in objects(parts) if "functionResponse" in one
    ]
    return found[0] if found else {}
