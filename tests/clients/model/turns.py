"""What a program asks a model and what the model answers, whichever of the wire forms it travels in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the model.

    :ivar tools: names of the tools that the model may call.
    :ivar texts: what stands in the conversation, in its order: instructions, messages, results.
    :ivar result: the newest tool result since the model spoke last; None where it has to go by what was said.
    :ivar picture: how a picture stands in the request, as `shown.picture_in` says.
    """

    tools: frozenset[str]
    texts: tuple[str, ...]
    result: str | None
    picture: str = "not"

    @property
    def said(self) -> str:
        """The last text of the conversation."""
        return self.texts[-1] if self.texts else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: a call of a tool, or a text."""

    tool: str = ""
    arguments: Json = field(default_factory=dict[str, Any])
    text: str = ""
    id: str = "call_1"


Model = Callable[[Asked], Reply]
Event = tuple[str, Json]
"""Name and content of a server-sent event; the name is empty where a form has none."""


@dataclass(frozen=True, slots=True)
class Form:
    """A wire form: how a request is read, and how a reply is written, whole or as a stream."""

    read: Callable[[Json], Asked]
    whole: Callable[[Reply], Json]
    streamed: Callable[[Reply], Iterable[Event]]
    last: str = ""
    """What a stream ends with."""


def text_of(content: object) -> str:
    """Return the text in a message's content: a string, or blocks with texts, at any depth."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(text_of, content)))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(content, Mapping):
        return text_of(content.get("text") or content.get("content") or "")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return ""


def compact(content: object) -> str:
    """Return JSON without blanks."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
