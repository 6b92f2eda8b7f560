"""Patterns of a project that would keep a poll waiting are refused in words; what people write is taken."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.logs.linear import LONGEST_PATTERN, trouble
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES, Rule
from watchkeeper.server.vocabulary.errors import PolicyInvalid


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a|a)*$", "(?:a*)*b", "(x+x+)+y", r"(\w+\s?)*:", "(.*,){40}", "((ab)*c?)*d", "(?=(a+)+$)a",
        r"(a*)\1+b", ".*.*.*.*.*.*=x", "a+a+a+a+a+b$", "a" * (LONGEST_PATTERN + 1),
    ],
)  # fmt: skip
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"may take for ever|any length|longer than"):
        DEFAULT_RULES.extended([Rule(name="slow", words=("aaa",), pattern=pattern)])


@pytest.mark.parametrize(
    "pattern",
    [
        "", "out of (?:memory|disk)", r"step (\d+) .*loss (\S+)", r"^(?:a .* b .* c|d .* e .* f|g .* h .* i) \S+",
        r"^ERROR\s+\[(?P<exception>\w+)\] (?P<message>.*)$",
        r"(?:\w++ )*+done", "(?>a+)+b", "[ab]+$", r"\d{1,3}(?:\.\d{1,3}){3}", "(?i)fatal|panic",
    ],
)  # fmt: skip
def test_what_people_write_is_taken(pattern: str) -> None:
    assert trouble(pattern) == ""


@pytest.mark.parametrize("pattern", ["a+b$", "a+a+b", "(a+)(a+)(a+)b", "a+a+a+a+b", "(?:a+ |b+ )c"])
def test_the_worst_line_of_a_pattern_that_is_taken_ends(pattern: str) -> None:
    rules = DEFAULT_RULES.extended([Rule(name="slow", words=("aaa",), pattern=pattern)])
    assert rules.match("a" * 1_000_000, [0]) is None


def test_in_a_long_line_a_pattern_is_searched_around_its_word() -> None:
    rules = DEFAULT_RULES.extended([Rule(name="short", words=("is short",), pattern=r"shard .*is short by \d+ rows")])
    found = rules.match("x" * 100_000 + " shard of Tuesday is short by 12 rows " + "y" * 100_000, [0])
    assert found is not None
    assert found[1].group() == "shard of Tuesday is short by 12 rows"
    assert rules.match("shard " + "x" * 5_000 + " is short by 12 rows", [0]) is None
