"""The scripted model speaks its forms as the vendors' own libraries read them, and as their programs ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
import pytest

from . import anthropic, gemini, openai
from .service import Service, serving
from .turns import Asked, Form, Json, Reply

if TYPE_CHECKING:
    from openai import OpenAI

CALL = Reply("poll_training", {"run": "1-quick-1", "wait_s": 5})
SAID = Reply(text="It is done.")
TOOLS: Any = [
    {"type": "function", "name": "poll_training", "parameters": {"type": "object", "properties": {}}, "strict": False}
]
CHAT_TOOLS: Any = [{"type": "function", "function": {"name": "poll_training", "parameters": {"type": "object"}}}]


@pytest.fixture(params=[CALL, SAID], ids=["call", "text"])
def reply(request: pytest.FixtureRequest) -> Reply:
    return request.param


@pytest.fixture
def service(reply: Reply) -> Iterator[Service]:
    with serving(lambda _: reply) as service:
        yield service


@pytest.fixture
def library(service: Service) -> Iterator[OpenAI]:
    from openai import OpenAI  # not at the top: each process that collects tests would wait a second for it

    with OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def responded(response: Any) -> Reply:
    (item,) = response.output
    if item.type == "function_call":
        return Reply(item.name, json.loads(item.arguments))
    return Reply(text=item.content[0].text)


def test_openais_library_reads_a_response_whole_and_streamed(library: OpenAI, reply: Reply) -> None:
    whole = library.responses.create(model="scripted", input="Poll.", tools=TOOLS)
    stream: Any = library.responses.stream(model="scripted", input="Poll.", tools=TOOLS)
    with stream as events:
        streamed = events.get_final_response()
    assert responded(whole) == responded(streamed) == reply_without_id(reply)


def test_openais_library_reads_a_chat_whole_and_streamed(library: OpenAI, reply: Reply) -> None:
    about: Any = {"model": "scripted", "messages": [{"role": "user", "content": "Poll."}], "tools": CHAT_TOOLS}
    stream: Any = library.chat.completions.stream(**about)
    with stream as events:
        completions: list[Any] = [library.chat.completions.create(**about), events.get_final_completion()]
    for completion in completions:
        message: Any = completion.choices[0].message
        calls: list[Any] = message.tool_calls or []
        called = [Reply(one.function.name, json.loads(one.function.arguments)) for one in calls]
        assert (called or [Reply(text=message.content)]) == [reply_without_id(reply)]


def reply_without_id(reply: Reply) -> Reply:
    return Reply(reply.tool, reply.arguments, reply.text)


def lines(answer: httpx.Response) -> list[Any]:
    return [json.loads(one.removeprefix("data: ")) for one in answer.text.split("\n") if one.startswith("data: ")]


def test_a_stream_of_messages_adds_up_to_the_whole_one(service: Service, reply: Reply) -> None:
    asked: Json = {"messages": [{"role": "user", "content": "Poll."}], "tools": [{"name": "poll_training"}]}
    whole = httpx.post(f"{service.url}/v1/messages", json=asked).json()
    events = lines(httpx.post(f"{service.url}/v1/messages?beta=true", json={**asked, "stream": True}))
    kinds = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"]
    assert [one["type"] for one in events] == [*kinds, "message_stop"]
    block, delta = events[1]["content_block"], events[2]["delta"]
    given = {"input": json.loads(delta["partial_json"])} if reply.tool else {"text": delta["text"]}
    (said,) = whole["content"]
    assert {**block, **given, "id": ""} == {**said, "id": ""}
    assert events[4]["delta"]["stop_reason"] == whole["stop_reason"] == ("tool_use" if reply.tool else "end_turn")


def test_googles_form_is_one_chunk(service: Service, reply: Reply) -> None:
    asked: Json = {"contents": [{"role": "user", "parts": [{"text": "Poll."}]}]}
    address = f"{service.url}/v1beta/models/one"
    (streamed,) = lines(httpx.post(f"{address}:streamGenerateContent?alt=sse", json=asked))
    whole = httpx.post(f"{address}:generateContent", json=asked).json()
    (part,) = streamed["candidates"][0]["content"]["parts"]
    called = part.get("functionCall", {})
    assert Reply(called.get("name", ""), called.get("args", {}), part.get("text", "")) == reply_without_id(reply)
    assert whole["candidates"][0]["finishReason"] == "STOP"


MESSAGES: Json = {
    "system": [{"type": "text", "text": "You train."}],
    "tools": [{"name": "mcp__w__poll_training"}],
    "messages": [
        {"role": "user", "content": "Poll."},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "1", "name": "mcp__w__poll_training", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [{"text": "next: x"}]}]},
        {"role": "system", "content": [{"type": "text", "text": "Keep them updated."}]},
    ],
}
RESPONSES: Json = {
    "instructions": "You train.",
    "tools": [{"type": "namespace", "name": "mcp__w", "tools": [{"type": "function", "name": "poll_training"}]}],
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Poll."}]},
        {"type": "function_call", "call_id": "1", "name": "poll_training", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "next: x"}]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Keep them updated."}]},
    ],
}
CHAT: Json = {
    "tools": [{"type": "function", "function": {"name": "w_poll_training"}}],
    "messages": [
        {"role": "system", "content": "You train."},
        {"role": "user", "content": "Poll."},
        {"role": "assistant", "tool_calls": []},
        {"role": "tool", "tool_call_id": "1", "content": "next: x"},
        {"role": "system", "content": "Keep them updated."},
    ],
}
GEMINI: Json = {
    "systemInstruction": {"parts": [{"text": "You train."}]},
    "tools": [{"functionDeclarations": [{"name": "mcp_w_poll_training"}]}],
    "contents": [
        {"role": "user", "parts": [{"text": "Poll."}]},
        {"role": "model", "parts": [{"functionCall": {"name": "mcp_w_poll_training", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "one", "response": {"output": "next: x"}}}]},
        {"role": "user", "parts": [{"text": "Keep them updated."}]},
    ],
}
ASKED: list[tuple[Form, Json, str]] = [
    (anthropic.FORM, MESSAGES, "mcp__w__poll_training"),
    (openai.RESPONSES, RESPONSES, "mcp__w/poll_training"),
    (openai.CHAT, CHAT, "w_poll_training"),
    (gemini.FORM, GEMINI, "mcp_w_poll_training"),
]


@pytest.mark.parametrize(("form", "body", "tool"), ASKED, ids=["messages", "responses", "chat", "gemini"])
def test_a_request_is_read_with_its_tools_its_texts_and_the_newest_result(form: Form, body: Json, tool: str) -> None:
    read = form.read(body)
    assert read.tools == {tool}
    assert read.result == "next: x"
    assert [one for one in read.texts if one] == ["You train.", "Poll.", "next: x", "Keep them updated."]


@pytest.mark.parametrize(("form", "body", "tool"), ASKED, ids=["messages", "responses", "chat", "gemini"])
def test_a_result_that_the_model_has_answered_already_is_not_the_newest(form: Form, body: Json, tool: str) -> None:
    name = next(one for one in ("messages", "input", "contents") if one in body)
    said = {"role": "model" if name == "contents" else "assistant", "content": "Done.", "parts": [{"text": "Done."}]}
    held = {"role": "user", "content": "Go on.", "parts": [{"text": "Go on."}]}
    read = form.read({**body, name: [*body[name], said, held]})
    assert (read.result, read.said) == (None, "Go on.")


def test_what_nobody_knows_is_refused_and_noted(service: Service) -> None:
    assert httpx.post(f"{service.url}/v1/embeddings", json={}).status_code == 404
    assert service.unknown == ["POST /v1/embeddings"]


def test_a_model_that_fails_ends_the_turn_and_is_noted() -> None:
    def broken(asked: Asked) -> Reply:
        raise ValueError(asked.said)

    model: Callable[[Asked], Reply] = broken
    with serving(model) as service:
        answer = httpx.post(f"{service.url}/v1/messages", json={"messages": [{"role": "user", "content": "x"}]}).json()
    assert answer["content"][0]["text"] == "the model failed: ValueError('x')"
    assert [str(one) for one in service.failures] == ["x"]
