"""What matches what, what is captured, and how a difference reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from watchkeeper.server.interfaces.replay import expectations, names
from watchkeeper.server.interfaces.replay.expectations import Difference, match

KNOWN: dict[str, JsonValue] = {"run": "1-quick-1", "pid": 77}

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4)
)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("a", "a"), (1, 1.0), (None, None), (True, True), ([1, "a"], [1, "a"]), ({}, {"a": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ("$run", "1-quick-1"), ("$pid", 77), ("run ${run}, $$5", "run 1-quick-1, $5"), ("$5", "$5"), ("$$run", "$run"),
        ({"$any": True}, None), ({"a": {"$absent": True}}, {}), ({"$pattern": "^ab+$"}, "abb"),
        ({"$pattern": r"^${run}:L\d$"}, "1-quick-1:L8"), ({"$gt": 1, "$lt": 2}, 1.5), ({"$ge": "$pid"}, 77),
        ({"$le": 2}, 2),
        ({"$approx": [1.0, 0.1]}, 1.05), ({"$contains": "b c"}, "a b c"),
        ({"$contains": [{"a": 1}]}, [{"a": 2}, {"a": 1}]),
        ({"$length": 2}, "ab"), ({"$length": {"$gt": 1}}, [1, 2]), ({"$not": "a"}, "b"), ({"$either": ["a", "b"]}, "b"),
        ({"$exactly": {"a": {"$any": True}}}, {"a": 1}),
    ],
)  # fmt: skip
def test_these_match(expected: JsonValue, got: JsonValue) -> None:
    expectations.check(expected)
    assert match(expected, got, KNOWN).differences == []


@pytest.mark.parametrize(
    ("expected", "got", "difference"),
    [
        ("a", "b", Difference("", '"a"', '"b"')),
        (True, 1, Difference("", "true", "1")),
        (0, False, Difference("", "0", "false")),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, Difference("a.b[1]", "2", "3")),
        ([1], [1, 2], Difference("", "a list of 1", "[1, 2]")),
        ({"a": 1}, {}, Difference("a", "1", "nothing")),
        ({"a": 1}, "text", Difference("", "an object with a", '"text"')),
        ({"a": {"$any": True}}, {}, Difference("a", "anything", "nothing")),
        ({"a": {"$absent": True}}, {"a": 1}, Difference("a", "nothing", "1")),
        ({"$pattern": "^ab$"}, "abb", Difference("", "text with the pattern ^ab$", '"abb"')),
        ({"$pattern": "1"}, 1, Difference("", "text with the pattern 1", "1")),
        ({"$gt": 1}, 1, Difference("", "a number > 1", "1")),
        ({"$lt": 1}, "0", Difference("", "a number < 1", '"0"')),
        ({"$approx": [1.0, 0.1]}, 2, Difference("", "1 ± 0.1", "2")),
        ({"$contains": ["a", "a"]}, ["a"], Difference("", 'a list that contains "a"', '["a"]')),
        ({"$contains": "x"}, ["x"], Difference("", 'text that contains "x"', '["x"]')),
        ({"a": {"$length": 1}}, {"a": []}, Difference("length of a", "1", "0")),
        ({"$not": {"a": 1}}, {"a": 1}, Difference("", 'anything but {"a": 1}', '{"a": 1}')),
        ({"$either": ["a"]}, "b", Difference("", 'one of ["a"]', '"b"')),
        ({"$exactly": {"a": 1}}, {"a": 1, "b": 2}, Difference("b", "nothing", "2")),
        ("$later", "x", Difference("", '"$later", but nothing was captured as $later', '"x"')),
    ],
)
def test_these_differ_and_say_where(expected: JsonValue, got: JsonValue, difference: Difference) -> None:
    assert match(expected, got, KNOWN).differences == [difference]


def test_all_differences_are_told_at_once() -> None:
    found = match({"a": 1, "b": 2, "c": 3}, {"a": 0, "b": 2}, {})
    assert [one.path for one in found.differences] == ["a", "c"]


def test_a_name_is_captured_and_may_be_used_further_on_in_the_same_answer() -> None:
    expected: JsonValue = {"report": {"$capture": "report", "$pattern": "^1-r"}, "path": "reports/${report}.md"}
    assert match(expected, {"report": "1-r1", "path": "reports/1-r1.md"}, {}).captured == {"report": "1-r1"}
    assert match(expected, {"report": "1-r1", "path": "reports/1-r2.md"}, {}).captured == {}


def test_the_item_of_a_list_that_matched_is_the_one_that_is_captured() -> None:
    expected: JsonValue = {"$contains": [{"status": "open", "report": {"$capture": "report"}}]}
    got: JsonValue = [{"status": "closed", "report": "1-r1"}, {"status": "open", "report": "1-r2"}]
    assert match(expected, got, {}).captured == {"report": "1-r2"}


@pytest.mark.parametrize(
    ("expected", "complaint"),
    [
        ({"$patern": "a"}, r"no operator. Did you mean \$pattern"),
        ({"$any": False}, "takes true"),
        ({"a": {"$capture": "no name"}}, "takes a name"),
        ({"$gt": "5"}, "takes a number"),
        ({"$approx": [1]}, r"takes \[value, tolerance\]"),
        ([{"$pattern": "("}], "no regular expression"),
        ({"$pattern": "(a+)+$"}, "repeats a group"),
        ({"$pattern": "((a|b))*c"}, "repeats a group"),
        ({"$pattern": ".*" * 20}, "too often"),
        ({"$pattern": "a" * 600}, "at most 500"),
        ({"$contains": [{"$nott": 1}]}, "no operator"),
        ({"$any": True, "key": 1}, "no operator"),
    ],
)
def test_an_expectation_that_cannot_be_used_is_refused(expected: JsonValue, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        expectations.check(expected)


def quoted(value: JsonValue) -> JsonValue:
    """Return an expectation that means a value itself, whatever dollars are in its texts."""
    if isinstance(value, str):
        return names.escaped(value)
    if isinstance(value, list):
        return [quoted(one) for one in value]
    return {name: quoted(one) for name, one in value.items()} if isinstance(value, dict) else value


def without_operators(value: JsonValue) -> bool:
    if isinstance(value, list):
        return all(map(without_operators, value))
    if isinstance(value, dict):
        return not any(name.startswith("$") for name in value) and all(map(without_operators, value.values()))
    return True


@settings(deadline=None)
@given(values.filter(without_operators))
def test_every_value_matches_itself(value: JsonValue) -> None:
    assert match(quoted(value), value, KNOWN).differences == []


operators = st.sampled_from(sorted(expectations.OPERATORS))
expected_values = st.recursive(
    scalars | st.sampled_from(["$run", "${run}", "$nobody"]),
    lambda inside: st.lists(inside, max_size=3)
    | st.dictionaries(st.text(max_size=3) | operators, inside, max_size=3),
)  # fmt: skip


@settings(deadline=None)
@given(expected_values, values)
def test_whatever_passes_the_check_can_be_matched_against_anything(expected: JsonValue, got: JsonValue) -> None:
    try:
        expectations.check(expected)
    except ValueError:
        return
    found = match(expected, got, KNOWN)
    assert not (found.differences and found.captured)
