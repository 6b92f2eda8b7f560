"""Exchanges: calls brought together with what came back, whoever recorded them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ...acts.toolbox import Tool
from .abstracting import Facts, facts_of
from .lines import numbered, parsed, refuse, without_halves


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
class Pairing:
    """Brings calls and results together by their ids, in the order of the results."""

    tools: Sequence[Tool]
    calls: dict[str, tuple[str, Facts]]
    exchanges: list[Exchange]

    def call(self, identity: JsonValue, name: JsonValue, arguments: JsonValue) -> None:
        """Take a call, if it is one of our tools."""
        tool = own(name, self.tools)
        if tool is not None and isinstance(identity, str | int):
            self.calls[f"{identity!r}"] = (tool, arguments_of(arguments))

    def result(self, identity: JsonValue, output: JsonValue, is_error: bool | None) -> None:
        """Take a result.

        :param is_error: None where the source does not say: then what is no answer of ours is a refusal.
        """
        tool, arguments = self.calls.pop(f"{identity!r}", ("", {}))
        if tool:
            content, text = facts_and_text(output)
            refused = content is None if is_error is None else is_error
            self.exchanges.append(Exchange(tool, arguments, None if refused else content, text, refused))


def own(name: JsonValue, tools: Sequence[Tool]) -> str | None:
    """Return which of our tools a name means; clients put the server's name in front."""
    found = [one.name for one in tools if isinstance(name, str) and (name == one.name or name.endswith(f"_{one.name}"))]
    return max(found, key=len, default=None)


def arguments_of(value: JsonValue) -> Facts:
    """Return a call's arguments, given as an object or as JSON."""
    if isinstance(value, str):
        try:
            value = parsed(without_halves(value))
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def facts_and_text(output: JsonValue) -> tuple[Facts | None, str]:
    """Return what a result holds, whichever of the clients' wrappings is around it."""
    if isinstance(output, dict) and "text" in output and "next" not in output:
        output = output["text"]
    if isinstance(output, list):
        texts = [block.get("text", "") if isinstance(block, dict) else block for block in output]
        output = "\n".join(one for one in texts if isinstance(one, str))
    if isinstance(output, dict):
        return output, json.dumps(output, ensure_ascii=False)
    text = output if isinstance(output, str) else ""
    return facts_of(text), text


def objects(value: JsonValue) -> Iterator[Facts]:
    """Give the objects in a list; anything else holds none."""
    yield from (one for one in (value if isinstance(value, list) else []) if isinstance(one, dict))


def object_lines(text: str, source: str) -> Iterator[Facts]:
    """Give the objects of a file with one JSON value a line.

    :raises InvalidArgument: a line is no JSON, with its number.
    """
    for number, line in numbered(text):
        try:
            value = parsed(without_halves(line))
        except ValueError as error:
            raise refuse(source, f"line {number}", str(error), "One JSON object a line is expected.") from None
        if isinstance(value, dict):
            yield value


def whole(text: str, source: str, wanted: str = "A JSON array is expected.") -> JsonValue:
    """Return a file that is one JSON value.

    :raises InvalidArgument: it is not, saying what is wanted.
    """
    try:
        return parsed(without_halves(text))
    except ValueError as error:
        raise refuse(source, "as a whole", str(error), wanted) from None
