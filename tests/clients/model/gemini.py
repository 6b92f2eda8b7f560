"""Google's form (`POST /v1beta/models/NAME:generateContent` and `:streamGenerateContent`), as Gemini CLI speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from .turns import Asked, Event, Form, Json, Reply, text_of


def read(body: Json) -> Asked:
    """Return what a request asks."""
    texts, result = [_said(body.get("systemInstruction") or {})], None
    for content in body.get("contents", []):
        texts.append(_said(content))
        answers = [one["functionResponse"] for one in content.get("parts", []) if "functionResponse" in one]
        result = None if content.get("role") == "model" else _answer(answers[-1]["response"]) if answers else result
    declared = [one for group in body.get("tools", []) for one in group.get("functionDeclarations", [])]
    return Asked(frozenset(one["name"] for one in declared), tuple(texts), result)


def _said(content: Json) -> str:
    answers = [
        _answer(one["functionResponse"]["response"]) for one in content.get("parts", []) if "functionResponse" in one
    ]
    return "\n".join(filter(None, (text_of(content.get("parts", [])), *answers)))


def _answer(response: Json) -> str:
    """Return the text of a function's response: `output`, or `error`."""
    return text_of(response.get("output") or response.get("error") or response.get("content") or "")


def whole(reply: Reply) -> Json:
    """Return a reply in one piece."""
    call = {"functionCall": {"id": reply.id, "name": reply.tool, "args": reply.arguments}}
    content = {"role": "model", "parts": [call if reply.tool else {"text": reply.text}]}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted", "responseId": reply.id}


def streamed(reply: Reply) -> Iterator[Event]:
    """Give the one chunk of a reply."""
    yield "", whole(reply)


FORM = Form(read, whole, streamed)
