"""The Messages form of Anthropic's API (`POST /v1/messages`), as Claude Code speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from .turns import Asked, Event, Form, Json, Reply, compact, text_of

USAGE = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def read(body: Json) -> Asked:
    """Return what a request asks."""
    texts, result = [text_of(body.get("system"))], None
    for message in body.get("messages", []):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts.extend(map(text_of, blocks))
        results = [text_of(one) for one in blocks if one.get("type") == "tool_result"]
        result = None if message["role"] == "assistant" else results[-1] if results else result
    return Asked(frozenset(one["name"] for one in body.get("tools", [])), tuple(texts), result)


def _block(reply: Reply) -> Json:
    if reply.tool:
        return {"type": "tool_use", "id": reply.id, "name": reply.tool, "input": reply.arguments}
    return {"type": "text", "text": reply.text}


def _stop(reply: Reply) -> str:
    return "tool_use" if reply.tool else "end_turn"


def whole(reply: Reply) -> Json:
    """Return a reply in one piece."""
    about = {"id": f"msg_{reply.id}", "type": "message", "role": "assistant", "model": "scripted"}
    return {**about, "content": [_block(reply)], "stop_reason": _stop(reply), "stop_sequence": None, "usage": USAGE}


def streamed(reply: Reply) -> Iterator[Event]:
    """Give the events of a reply."""
    begun: Json = {**whole(reply), "content": [], "stop_reason": None}
    empty: Json = {**_block(reply), **({"input": {}} if reply.tool else {"text": ""})}
    delta = (
        {"type": "input_json_delta", "partial_json": compact(reply.arguments)}
        if reply.tool
        else {"type": "text_delta", "text": reply.text}
    )
    events: list[Json] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": _stop(reply), "stop_sequence": None}, "usage": USAGE},
        {"type": "message_stop"},
    ]
    yield from ((str(one["type"]), one) for one in events)


FORM = Form(read, whole, streamed)
