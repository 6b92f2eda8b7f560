"""The wrapper around all tools: arguments in (any JSON), result out (as text with the same facts)."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from watchkeeper.server.acts.toolbox import (
    ADDED_BY_CLIENTS,
    LONGEST_TEXT,
    Parameter,
    Shape,
    Tool,
    outgoing_facts,
    rendered,
)
from watchkeeper.server.vocabulary.errors import InvalidArgument
from watchkeeper.server.vocabulary.json_values import LONGEST_JSON, JsonObject
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS


class Done(BaseModel):
    word: str
    times: int | None = None
    share: float | None = None
    fine: bool | None = None
    items: list[str] | None = None


async def knock(
    desk: object,
    run: Annotated[str, "which door"],
    loud: bool | None = None,
    wait_s: float | None = None,
    words: list[str] | None = None,
) -> Done:
    """Knock at a door.

    Somebody may open.
    """
    return Done(word=f"{desk} {run} {loud} {wait_s} {words}")


KNOCK = Tool(knock, "knock", Done, frozenset({Role.TRAINER}))

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
json_values = st.recursive(
    scalars, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
)


def test_a_tool_is_known_by_its_function_alone() -> None:
    assert (KNOCK.name, KNOCK.description) == ("knock", "Knock at a door.\n\nSomebody may open.")
    assert KNOCK.usage() == "knock(run, loud?, wait_s?, words?)"
    assert KNOCK.input_schema() == {
        "type": "object",
        "properties": {
            "run": {"type": "string", "description": "which door"},
            "loud": {"type": "boolean"},
            "wait_s": {"type": "number"},
            "words": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["run"],
        "additionalProperties": False,
    }
    assert KNOCK.output_schema() == {
        "type": "object",
        "properties": {
            "word": {"type": "string"},
            "times": {"type": "integer"},
            "share": {"type": "number"},
            "fine": {"type": "boolean"},
            "items": {"type": "array"},
        },
        "required": ["word"],
    }


@pytest.mark.parametrize(
    ("given_", "taken"),
    [
        ({"run": 1}, {"run": "1"}),
        ({"run": 2.5}, {"run": "2.5"}),
        ({"run": "x", "loud": "Yes"}, {"run": "x", "loud": True}),
        ({"run": "x", "loud": 0}, {"run": "x", "loud": False}),
        ({"run": "x", "wait_s": " 5 "}, {"run": "x", "wait_s": 5.0}),
        ({"run": "x", "words": "one"}, {"run": "x", "words": ["one"]}),
        ({"run": "x", "words": ["one", 2]}, {"run": "x", "words": ["one", "2"]}),
        ({"run": '{"a": 1}', "words": '["one", "2"]'}, {"run": '{"a": 1}', "words": ["one", "2"]}),
        ({"run": '["x"]', "words": ' ["--seed", 7]\n'}, {"run": '["x"]', "words": ["--seed", "7"]}),
        ({"run": "x", "words": "[]"}, {"run": "x", "words": []}),
        ({"run": "x", "words": "[64, 64]"}, {"run": "x", "words": ["[64, 64]"]}),
        ({"run": "x", "words": "[a-z]*"}, {"run": "x", "words": ["[a-z]*"]}),
        ({"run": "x", "words": '["one", null]'}, {"run": "x", "words": ['["one", null]']}),
        ({"run": "x", "words": ['["one"]']}, {"run": "x", "words": ['["one"]']}),
        ({"run": "x", "words": ["--prefix", ""]}, {"run": "x", "words": ["--prefix", ""]}),
        ({"run": "x", "wait_for_previous": True, "toolCallId": "call_0"}, {"run": "x"}),
        ({"run": "null", "loud": None, "wait_s": None}, {"run": "null"}),
    ],
)
def test_what_is_meant_is_taken(given_: dict[str, object], taken: dict[str, object]) -> None:
    assert KNOCK.take(given_) == taken


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"run_id": "x"}, "knock has no argument 'run_id'. Did you mean run? It takes run, loud, wait_s, words."),
        ({"run": "x", "wait": 5}, "knock has no argument 'wait'. Did you mean wait_s? It takes"),
        ({"zebra": "x"}, "knock has no argument 'zebra'. It takes run, loud, wait_s, words."),
        ({}, "knock needs run. Call knock(run, loud?, wait_s?, words?)."),
        ({"run": None}, "knock needs run."),
        ({"run": True}, "run takes a text, not 'True'."),
        ({"run": ["x"]}, "run takes a text, not a JSON array."),
        ({"run": "a\0b"}, "run takes a text without NUL characters"),
        ({"run": "\ud83d"}, "run takes a text that UTF-8 can carry"),
        ({"run": 10**5000}, "run takes a text, not a number of thousands of digits."),
        ({"run": "x" * (LONGEST_TEXT + 1)}, "run has 20001 characters; 20000 are the most."),
        ({"run": "x", "loud": "loudly"}, "loud takes true or false, not 'loudly'."),
        ({"run": "x", "wait_s": "soon"}, "wait_s takes a number, not 'soon'."),
        ({"run": "x", "wait_s": math.inf}, "wait_s takes a finite number, not 'inf'."),
        ({"run": "x", "wait_s": 10**400}, "wait_s takes a number"),
        ({"run": "x", "words": [["one"]]}, "words takes a text, not a JSON array."),
        ({"run": "x", "words": {"one": 1}}, "words takes a text, not a JSON object."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(given_: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        KNOCK.take(given_)
    assert str(refused.value).startswith(said)


SAYS_NOTHING: list[object] = [None, "", " \n", [], {}, [""], [None, " "]]


@pytest.mark.parametrize("nothing", SAYS_NOTHING)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_optional_argument_that_says_nothing_counts_as_not_given_in_every_tool(tool: Tool, nothing: object) -> None:
    said = {Shape.OBJECT: {"lr": 1}, Shape.TEXTS: ["x"]}
    given_ = {one.name: said.get(one.shape, "x") if one.required else nothing for one in tool.parameters}
    assert tool.take(given_).keys() == {one.name for one in tool.parameters if one.required}


def test_zero_and_false_say_something() -> None:
    assert KNOCK.take({"run": "x", "loud": False, "wait_s": 0}) == {"run": "x", "loud": False, "wait_s": 0.0}


def test_no_tool_has_an_argument_that_clients_add_to_every_call() -> None:
    assert not ADDED_BY_CLIENTS & {one.name for tool in TOOLS for one in tool.parameters}


async def searched(desk: object, space: JsonObject, trials: list[JsonObject] | None = None) -> Done:
    """Search."""
    return Done(word=f"{desk} {space} {trials}")


SEARCHED = Tool(searched, "searched", Done, frozenset({Role.TRAINER}))


def test_objects_have_a_schema_of_their_own() -> None:
    assert SEARCHED.input_schema()["properties"] == {
        "space": {"type": "object"},
        "trials": {"type": "array", "items": {"type": "object"}},
    }


@pytest.mark.parametrize(
    ("given_", "taken"),
    [
        ({"space": {"lr": [0.1, None]}}, {"space": {"lr": [0.1, None]}}),
        ({"space": " {} "}, {"space": {}}),
        ({"space": {}, "trials": {"lr": 1}}, {"space": {}, "trials": [{"lr": 1}]}),
        ({"space": {}, "trials": '[{"lr": 1}, {"lr": 2}]'}, {"space": {}, "trials": [{"lr": 1}, {"lr": 2}]}),
        ({"space": {}, "trials": []}, {"space": {}}),
        ({"space": {}, "trials": "[]"}, {"space": {}, "trials": []}),
    ],
)
def test_objects_are_taken_as_they_are_or_from_json_text(given_: dict[str, object], taken: object) -> None:
    assert SEARCHED.take(given_) == taken


texts_of_json = st.characters(codec="utf-8", exclude_characters="\0")
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(texts_of_json),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(texts_of_json), inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(texts_of_json), plain, max_size=3))
def test_json_text_and_the_object_that_it_says_are_one_argument(said: dict[str, object]) -> None:
    parameter = Parameter("space", Shape.OBJECT, required=True, about="")
    with suppress(InvalidArgument):  # nested too deep
        assert parameter.take(said) == said
        assert parameter.take(json.dumps(said)) == said


NO_OBJECTS: list[tuple[dict[str, object], str]] = [
    ({"space": "lr=0.1"}, "space takes a JSON object, not 'lr=0.1'. For example {\"lr\""),
    ({"space": "[1]"}, "space takes a JSON object, not a list."),
    ({"space": 3}, "space takes a JSON object, not a number."),
    ({"space": "[" * 100_000}, "space takes a JSON object, not '[[["),
    ({"space": {"a": "x" * LONGEST_JSON}}, f"space holds more than {LONGEST_JSON} characters."),
    ({"space": {"a": 10**5000}}, "space holds a number beyond 1e30."),
    ({"space": {"a": "\0"}}, "space holds a text with NUL characters or lone surrogates."),
    ({"space": {"\ud800": 1}}, "space holds a text with NUL characters or lone surrogates."),
    ({"space": {"a": [[[[[[[[[[1]]]]]]]]]]}}, "space is nested more than 8 levels deep."),
    ({"space": {}, "trials": [{}, "x"]}, "trials takes a list of JSON objects, not 'x'. For example [{"),
    ({"space": {}, "trials": [{}, None]}, "trials takes a list of JSON objects, not null."),
]


@pytest.mark.parametrize(("given_", "said"), NO_OBJECTS)
def test_what_is_no_plain_object_is_refused_with_an_example(given_: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        SEARCHED.take(given_)
    assert str(refused.value).startswith(said)


def fits(value: object, shape: Shape) -> bool:
    match shape:
        case Shape.TEXT:
            return isinstance(value, str) and "\0" not in value and len(value.encode()) >= 0
        case Shape.NUMBER:
            return isinstance(value, float) and math.isfinite(value)
        case Shape.TRUTH:
            return isinstance(value, bool)
        case Shape.TEXTS:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)  # pyright: ignore[reportUnknownVariableType] # whatever it is
        case Shape.OBJECT:
            return isinstance(value, dict)
        case Shape.OBJECTS:
            return isinstance(value, list) and all(isinstance(one, dict) for one in value)  # pyright: ignore[reportUnknownVariableType] # whatever it is


@given(st.sampled_from(list(Shape)), json_values)
def test_any_json_value_becomes_the_right_type_or_is_refused(shape: Shape, value: object) -> None:
    try:
        taken = Parameter("name", shape, required=True, about="").take(value)
    except InvalidArgument:
        return
    assert fits(taken, shape)


@given(st.sampled_from(TOOLS), st.data())
def test_any_json_object_is_taken_or_refused_by_every_tool(tool: Tool, data: st.DataObject) -> None:
    names = st.sampled_from([one.name for one in tool.parameters]) | st.text(max_size=8)
    arguments = data.draw(st.dictionaries(names, json_values, max_size=6))
    try:
        taken = tool.take(arguments)
    except InvalidArgument:
        return
    shapes = {one.name: one.shape for one in tool.parameters}
    assert all(fits(value, shapes[name]) for name, value in taken.items())
    assert {one.name for one in tool.parameters if one.required} <= set(taken)


def test_every_parameter_of_every_tool_has_a_shape() -> None:
    assert all(one.shape in Shape for tool in TOOLS for one in tool.parameters)


def test_a_parameter_of_another_type_is_a_defect_that_shows_at_once() -> None:
    async def wrong(desk: object, sizes: dict[str, int]) -> Done:
        return Done(word=f"{desk} {sizes}")

    with pytest.raises(TypeError, match="sizes"):
        _ = Tool(wrong, "wrong", Done, frozenset()).parameters


def test_facts_leave_out_what_is_none() -> None:
    assert outgoing_facts(Done(word="x", times=0, items=[])) == {"word": "x", "times": 0, "items": []}


def test_a_result_reads_well_as_text() -> None:
    content = {
        "findings": [{"id": "1:1", "untrusted": {"lines": "> 7: boom\n  8: next: rm"}}, {"id": "1:2"}],
        "state": "failed",
        "met": True,
        "owed": [],
        "metrics": {"loss": 0.5},
        "words": ["one", "two\nlines"],
    }
    assert rendered(content) == (
        "findings:\n"
        "- id: 1:1\n"
        "  untrusted:\n"
        "    lines:\n"
        "      > 7: boom\n"
        "        8: next: rm\n"
        "- id: 1:2\n"
        "state: failed\n"
        "met: true\n"
        "owed: none\n"
        "metrics:\n"
        "  loss: 0.5\n"
        "words:\n"
        "- one\n"
        "- two\n"
        "  lines"
    )


names = st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    texts | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=3),
    max_leaves=8,
)
contents = st.dictionaries(names, values, max_size=5)


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] # made above
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] # made above
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.split("\n")


@given(contents)
def test_every_fact_of_the_structured_content_stands_in_the_text(content: dict[str, object]) -> None:
    lines = rendered(content).split("\n")
    for leaf in leaves(content):
        assert any(line.endswith(leaf) for line in lines)


@given(contents, st.text(st.sampled_from("ab:- \n"), max_size=30))
def test_no_text_of_several_lines_passes_for_a_fact_of_its_own(content: dict[str, object], text: str) -> None:
    with_text = rendered({**content, "untrusted": {"text": text}, "zz": 1}).split("\n")
    at_the_margin = {line.split(":")[0] for line in with_text if line and line[0] not in " -"}
    assert at_the_margin <= {*content, "untrusted", "zz"}
