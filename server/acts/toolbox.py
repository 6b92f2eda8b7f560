"""What a tool is, and the one wrapper around all of them: arguments in, result out.

A tool is an async function `(desk, **arguments) -> BaseModel`; its signature and docstring are its schema, its help
and its command line. Arguments are taken loosely (a number as an id, one string for a list, nothing said as nothing
given: docs/decisions/0010-empty-values.md) and unknown ones are refused with the nearest known name, because the SDK
would drop them silently and `run_id=…` would then poll all runs.
"""

from __future__ import annotations

import difflib
import inspect
import json
import math
import re
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from ..vocabulary.errors import InvalidArgument
from ..vocabulary.json_values import JsonObject, take_object, take_objects
from ..vocabulary.runs import Role
from ..vocabulary.sanitize import masked

LONGEST_TEXT = 20_000
"""Characters that one text argument may have; a diary entry of ten pages still fits."""

ADDED_BY_CLIENTS = frozenset({"wait_for_previous", "toolCallId"})
"""Arguments that a client adds to every call, whatever the schema says: Gemini CLI 0.61 and n8n (its issue 21500)."""

WAIT = "wait_s"
"""The argument of a tool that may wait: for how long."""

_IDS = frozenset({"model", "run", "report", "finding", "follows", "cursor", "phase", "action", "error_type"})
"""Arguments that are one word: a blank around them is a slip of the pen."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Value = str | float | bool | list[str] | JsonObject | list[JsonObject]


class Shape(StrEnum):
    """What an argument may be; the values are JSON's words for it where it has one."""

    TEXT = "string"
    NUMBER = "number"
    TRUTH = "boolean"
    TEXTS = "array"
    OBJECT = "object"
    OBJECTS = "array of objects"


_SHAPES: dict[object, Shape] = {
    str: Shape.TEXT,
    float: Shape.NUMBER,
    bool: Shape.TRUTH,
    list[str]: Shape.TEXTS,
    JsonObject: Shape.OBJECT,
    list[JsonObject]: Shape.OBJECTS,
}
_ITEMS = {Shape.TEXTS: "string", Shape.OBJECTS: "object"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool: its name, what it may be, whether it must be given, and what it means."""

    name: str
    shape: Shape
    required: bool
    about: str

    def schema(self) -> dict[str, Any]:
        """Return its JSON schema, without what costs tokens and helps nobody."""
        about = {"description": self.about} if self.about else {}
        if self.shape in _ITEMS:
            return {"type": "array", "items": {"type": _ITEMS[self.shape]}, **about}
        return {"type": str(self.shape), **about}

    def take(self, value: object) -> Value:
        """Return the value in this parameter's shape.

        :raises InvalidArgument: if it cannot be taken; the message says what can.
        """
        if self.shape is Shape.NUMBER:
            return self._number(value)
        if self.shape is Shape.TRUTH:
            return self._truth(value)
        if self.shape is Shape.TEXT:
            text = self._text(value)
            return text.strip() if self.name in _IDS else text
        if self.shape is Shape.OBJECT:
            return take_object(self.name, value)
        if self.shape is Shape.OBJECTS:
            return take_objects(self.name, value)
        return [self._text(item) for item in _as_list(value)]

    def unsaid(self, value: object) -> bool:
        """Whether a value says nothing, so that the argument counts as not given (docs/decisions/0010-empty-values.md).

        Some clients must send every argument. What is required and empty is left to the tool, which says what is wrong.
        """
        if value is None or self.required:
            return value is None
        if isinstance(value, list):
            return all(map(_blank, typing.cast(list[object], value)))
        return value == {} or _blank(value)

    def _refuse(self, wanted: str, value: object) -> InvalidArgument:
        return InvalidArgument(f"{self.name} takes {wanted}, not {_shown(value)}.", "Call again with that corrected.")

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self._refuse("a number", value)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise self._refuse("a number", value) from None
        if not math.isfinite(number):
            raise self._refuse("a finite number", value)
        return number

    def _truth(self, value: object) -> bool:
        known = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
        found = known.get((_plain(value) or "").strip().lower())
        if found is None:
            raise self._refuse("true or false", value)
        return found

    def _text(self, value: object) -> str:
        text = _plain(value)
        if text is None or isinstance(value, bool):
            raise self._refuse("a text", value)
        if "\0" in text:
            raise self._refuse("a text without NUL characters", value)
        if _LONE_SURROGATE.search(text):
            raise self._refuse("a text that UTF-8 can carry", value)
        if len(text) > LONGEST_TEXT:
            raise InvalidArgument(
                f"{self.name} has {len(text)} characters; {LONGEST_TEXT} are the most.", "Shorten it and call again."
            )
        return text


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _as_list(value: object) -> Sequence[object]:
    """Return what was given for a list of texts: a list, or one item.

    A text is read as JSON only where it writes a list with a text in it, or an empty one: `[64, 64]` and `[a-z]*` may
    be an argument of a script, and are one item as they stand.
    """
    if isinstance(value, list):
        return typing.cast(list[object], value)
    if not isinstance(value, str) or not value.lstrip().startswith("[") or len(value) > LONGEST_TEXT:
        return [value]
    try:
        found: object = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    items = typing.cast(list[object], found)
    plain = all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in items)
    return items if plain and (not items or any(isinstance(one, str) for one in items)) else [value]


def _plain(value: object) -> str | None:
    """Return a JSON scalar as text; None for what is none, or is a number too long for Python to write."""
    if not isinstance(value, str | int | float):
        return None
    try:
        return str(value)
    except ValueError:  # sys.get_int_max_str_digits
        return None


def _shown(value: object) -> str:
    """Return the beginning of a refused value, fit to stand in a message."""
    text = _plain(value)
    if text is not None:
        return repr(text[:60])
    words: dict[type, str] = {list: "a JSON array", dict: "a JSON object", int: "a number of thousands of digits"}
    return words.get(type(value), "null")


@dataclass(frozen=True)
class Tool:
    """A tool as the server and the command line offer it.

    :ivar run: the function; its first parameter is the desk, the others are the tool's arguments.
    :ivar command: its name on the command line.
    :ivar roles: who sees it.
    :ivar read_only: it changes nothing that the user would call a change.
    :ivar idempotent: the same call again does nothing more.
    :ivar destructive: it may end or undo something.
    :ivar picture: name of the result's field that draws a PNG; such a result has no structured content and no schema,
        as clients show a picture to the model only where nothing structured stands beside it.
    """

    run: Callable[..., Awaitable[BaseModel]]
    command: str
    result: type[BaseModel]
    roles: frozenset[Role]
    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False
    picture: str = ""

    @property
    def name(self) -> str:
        """The name by which an agent calls it."""
        return self.run.__name__

    @property
    def description(self) -> str:
        """What the model reads: the function's docstring."""
        return inspect.cleandoc(self.run.__doc__ or "")

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The arguments, in the order of the signature."""
        hints = typing.get_type_hints(self.run, include_extras=True)
        signature = list(inspect.signature(self.run).parameters.values())[1:]
        return tuple(_parameter(one, hints[one.name]) for one in signature)

    @property
    def waits(self) -> bool:
        """Whether it may wait for something, and takes for how long."""
        return any(one.name == WAIT for one in self.parameters)

    def input_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments."""
        return {
            "type": "object",
            "properties": {one.name: one.schema() for one in self.parameters},
            "required": [one.name for one in self.parameters if one.required],
            "additionalProperties": False,
        }

    def output_schema(self) -> dict[str, Any]:
        """Return the flat JSON schema of the result: names and types, nothing nested."""
        full = self.result.model_json_schema()
        properties = {name: {"type": _flat_type(one)} for name, one in full["properties"].items()}
        return {"type": "object", "properties": properties, "required": full.get("required", [])}

    def take(self, arguments: Mapping[str, object]) -> dict[str, Value]:
        """Return the arguments as the function wants them; those that say nothing are left out.

        :raises InvalidArgument: naming the argument, what it takes, and the nearest known name for an unknown one.
        """
        known = {one.name: one for one in self.parameters}
        for name in arguments:
            if name not in known and name not in ADDED_BY_CLIENTS:
                raise self._unknown(name, list(known))
        given = {name: value for name, value in arguments.items() if name in known and not known[name].unsaid(value)}
        missing = [one.name for one in self.parameters if one.required and one.name not in given]
        if missing:
            raise InvalidArgument(f"{self.name} needs {', '.join(missing)}.", f"Call {self.usage()}.")
        return {name: known[name].take(value) for name, value in given.items()}

    def _unknown(self, name: str, known: list[str]) -> InvalidArgument:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        return InvalidArgument(f"{self.name} has no argument {name[:60]!r}.", f"{hint}It takes {', '.join(known)}.")

    def usage(self) -> str:
        """Return the call in one line, optional arguments marked by a question mark."""
        return f"{self.name}({', '.join(one.name + ('' if one.required else '?') for one in self.parameters)})"


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:  # noqa: ANN401 (a type hint is anything)
    about = ""
    if typing.get_origin(hint) is typing.Annotated:
        hint, about = typing.get_args(hint)[:2]
    if isinstance(hint, types.UnionType):  # `T | None`
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if hint not in _SHAPES:
        raise TypeError(f"parameter {parameter.name}: {hint} is no type that a tool can take")
    return Parameter(parameter.name, _SHAPES[hint], parameter.default is inspect.Parameter.empty, about)


def _flat_type(schema: Mapping[str, Any]) -> str:
    options = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return str(options[0].get("type", "object"))


def outgoing_facts(result: BaseModel) -> dict[str, Any]:
    """Return a result as structured content: what is None is absent, and no secret leaves, by any interface."""
    return masked(result.model_dump(mode="json", exclude_none=True))


def rendered(content: Mapping[str, Any]) -> str:
    """Return structured content as compact text with the same facts, one a line.

    What belongs to a name is indented below it, so a text of several lines cannot pass for a fact of its own.
    """
    return "\n".join(_named(content))


def _named(content: Mapping[str, object]) -> list[str]:
    return [line for name, value in content.items() for line in _lines(name, value)]


def _lines(name: str, value: object) -> list[str]:
    if value in ([], {}):
        return [f"{name}: none"]
    if isinstance(value, list):
        return [f"{name}:", *_items(typing.cast(list[object], value))]
    block = _block(value)
    if isinstance(value, dict) or len(block) > 1:
        return [f"{name}:", *(f"  {line}" for line in block)]
    return [f"{name}: {block[0]}"]


def _block(value: object) -> list[str]:
    """Return a value as lines: the items of a list behind dashes, the facts of an object by name."""
    if isinstance(value, dict):
        return _named(typing.cast(dict[str, object], value))
    if isinstance(value, list):
        return _items(typing.cast(list[object], value))
    return _word(value).split("\n")


def _items(values: list[object]) -> list[str]:
    return [line for value in values for line in _item(value)]


def _item(item: object) -> list[str]:
    first, *rest = _block(item) or ["none"]
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _word(value: object) -> str:
    """Return a scalar in JSON's words."""
    words = {True: "true", False: "false", None: "null"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
