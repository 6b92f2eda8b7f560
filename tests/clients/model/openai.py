"""The two forms of OpenAI's API: Responses (Codex) and Chat Completions (opencode and most frameworks)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .turns import Asked, Event, Form, Json, Reply, compact, text_of


def _named(tools: list[Json]) -> frozenset[str]:
    """Return the tools' names; one in a namespace is `NAMESPACE/NAME`."""
    functions = [one.get("function", one) for one in tools if one.get("type") in {"function", "namespace"}]
    plain = {one["name"] for one in functions if "tools" not in one}
    spaces = [one for one in functions if "tools" in one]
    return frozenset(plain | {f"{one['name']}/{inner}" for one in spaces for inner in _named(one["tools"])})


def _by_model(item: Json) -> bool:
    return item.get("role") == "assistant" or item.get("type") in {"function_call", "custom_tool_call"}


def read_responses(body: Json) -> Asked:
    """Return what a request to `POST /v1/responses` asks."""
    items = body.get("input", [])
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    texts, result = [text_of(body.get("instructions"))], None
    for one in items:
        ended = one.get("type") in {"function_call_output", "custom_tool_call_output"}
        result = text_of(one.get("output")) if ended else None if _by_model(one) else result
        texts.append(text_of(one.get("output") if ended else one.get("content")))
    return Asked(_named(body.get("tools", [])), tuple(texts), result)


def _item(reply: Reply) -> Json:
    if reply.tool:
        call = {"type": "function_call", "id": f"fc_{reply.id}", "call_id": reply.id, "status": "completed"}
        space, _, name = reply.tool.rpartition("/")
        about = {"namespace": space, "name": name} if space else {"name": name}
        return {**call, **about, "arguments": compact(reply.arguments)}
    part: Json = {"type": "output_text", "text": reply.text, "annotations": []}
    return {"type": "message", "id": f"msg_{reply.id}", "role": "assistant", "status": "completed", "content": [part]}


def whole_response(reply: Reply) -> Json:
    """Return a reply in one piece."""
    usage = {
        "input_tokens": 1, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2,
    }  # fmt: skip
    about: dict[str, Any] = {"id": f"resp_{reply.id}", "object": "response", "created_at": 0, "model": "scripted"}
    settings: Json = {"parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
    return {**about, **settings, "status": "completed", "output": [_item(reply)], "usage": usage}


def streamed_response(reply: Reply) -> Iterator[Event]:
    """Give the events of a reply."""
    response, item = whole_response(reply), _item(reply)
    place = {"output_index": 0}
    begun: Json = {**response, "status": "in_progress", "output": [], "usage": None}
    empty: Json = {**item, **({"arguments": ""} if reply.tool else {"content": []}), "status": "in_progress"}
    middle = _argument_events(reply, item) if reply.tool else _text_events(reply, item)
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", **place, "item": empty},
        *middle,
        {"type": "response.output_item.done", **place, "item": item},
        {"type": "response.completed", "response": response},
    ]
    yield from ((str(one["type"]), {**one, "sequence_number": number}) for number, one in enumerate(events))


def _argument_events(reply: Reply, item: Json) -> list[Json]:
    where, text = {"item_id": item["id"], "output_index": 0}, compact(reply.arguments)
    kind = "response.function_call_arguments"
    return [
        {"type": f"{kind}.delta", **where, "delta": text},
        {"type": f"{kind}.done", **where, "name": item["name"], "arguments": text},
    ]


def _text_events(reply: Reply, item: Json) -> list[Json]:
    where = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    part = item["content"][0]
    return [
        {"type": "response.content_part.added", **where, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **where, "delta": reply.text, "logprobs": []},
        {"type": "response.output_text.done", **where, "text": reply.text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": part},
    ]


def read_chat(body: Json) -> Asked:
    """Return what a request to `POST /v1/chat/completions` asks."""
    texts, result = list[str](), None
    for one in body.get("messages", []):
        texts.append(text_of(one.get("content")))
        result = texts[-1] if one["role"] == "tool" else None if one["role"] == "assistant" else result
    return Asked(_named(body.get("tools") or []), tuple(texts), result)


def _message(reply: Reply) -> Json:
    if reply.tool:
        called = {"name": reply.tool, "arguments": json.dumps(reply.arguments)}
        return {"role": "assistant", "tool_calls": [{"id": reply.id, "type": "function", "function": called}]}
    return {"role": "assistant", "content": reply.text}


def _completion(kind: str, choice: Json, reply: Reply) -> Json:
    about = {"id": f"chat_{reply.id}", "object": kind, "created": 0, "model": "scripted"}
    finish = "tool_calls" if reply.tool else "stop"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {**about, "choices": [{"index": 0, **choice, "finish_reason": finish}], "usage": usage}


def whole_chat(reply: Reply) -> Json:
    """Return a reply in one piece."""
    return _completion("chat.completion", {"message": {"content": None, **_message(reply)}}, reply)


def streamed_chat(reply: Reply) -> Iterator[Event]:
    """Give the chunks of a reply."""
    delta = dict(_message(reply))
    if reply.tool:
        delta["tool_calls"] = [{"index": 0, **delta["tool_calls"][0]}]
    yield "", _completion("chat.completion.chunk", {"delta": delta}, reply)


RESPONSES = Form(read_responses, whole_response, streamed_response)
CHAT = Form(read_chat, whole_chat, streamed_chat, last="[DONE]")
