"""What agents and logs say cannot pass for a part of the documents that quote it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents.markdown import cell, fenced, inline, labelled, numbered, prose, table

HEADINGS = (
    "## Dev Diary Entry #9",
    "### The Why (Physical Interpretation)",
    "## Hyperparameter Search Log",
    "# Development Diary: Model 1",
)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("# Title", "\\# Title"),
        ("text\n  ###### six", "text\n  \\###### six"),
        ("#hashtag and #3", "#hashtag and #3"),
        ("text\n---", "text\n\\---"),
        ("text\n===  ", "text\n\\==="),
        ("- item\n* item\n1. item", "- item\n* item\n1. item"),
        ("<!-- hidden", "\\<!-- hidden"),
        ("<script>x</script>", "\\<script>x</script>"),
        ("a < b and c > d", "a < b and c > d"),
        ("```python\n# Before (diverged):\nlr = 0.1\n```", "```python\n# Before (diverged):\nlr = 0.1\n```"),
        ("```\nleft open", "```\nleft open\n```"),
        ("- ```python\n  lr = 0.1\n  ```\nthen", "-\n```python\n  lr = 0.1\n```\nthen"),
        ("> ```\n> x\n> ```\nthen", ">\n```\n> x\n```\nthen"),
        ("    ```\n    x\n    ```", "```\n    x\n```"),
        ("1. ~~~\n   x", "1.\n~~~\n   x\n~~~"),
        ("~~~~\n```\n~~~", "~~~~\n```\n~~~\n~~~~"),
        ("**Status**: ✅ RESOLVED", "**Status (agent's view)**: ✅ RESOLVED"),
        ("**Result**: converged", "**Result (agent's view)**: converged"),
        ("### The Why", "##\\# The Why"),
        ("```\n### The Why\n```", "```\n##\\# The Why\n```"),
    ],
)
def test_prose_keeps_its_meaning_and_loses_its_structure(said: str, stands: str) -> None:
    assert prose(said) == stands


pieces = st.lists(
    st.sampled_from(
        [
            *HEADINGS,
            "\n",
            "```",
            "~~~",
            "````",
            " ",
            "\t",
            "#",
            "|",
            "<div>",
            "---",
            "word",
            "**Status**: x",
            "\r",
            "\u202e",
        ]
    ),
    max_size=30,
).map("".join)


@given(pieces)
def test_no_text_can_hold_a_heading_of_the_document(said: str) -> None:
    for stands in (prose(said), fenced(said), inline(said), cell(said)):
        assert not re.search(r"(?<!\\)#[ \t]+(Dev Diary|The Why|Hyperparameter Search|Development Diary)\b", stands)
        assert "\n**Status**" not in f"\n{prose(said)}" or "```" in said or "~~~" in said


@given(pieces)
def test_what_follows_a_text_is_never_inside_its_fence(said: str) -> None:
    opened = ""
    for line in prose(said).split("\n"):
        mark = re.fullmatch(r" {0,3}(`{3,}|~{3,})([^\n]*)", line)
        if opened:
            opened = "" if mark and mark[1].startswith(opened) and not mark[2].strip() else opened
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            opened = mark[1]
    assert opened == ""


@given(st.lists(pieces, min_size=1, max_size=4))
def test_a_table_has_one_row_for_each_row_and_one_cell_for_each_value(values: list[str]) -> None:
    lines = table([cell(one) for one in values], [[cell(one) for one in values]]).split("\n")
    assert len(lines) == 3
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(values) + 1


@given(pieces)
def test_an_inline_text_is_one_line(said: str) -> None:
    assert "\n" not in inline(said)
    assert len(inline(said, 40)) <= 60


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("tuned: no change", "**Test 1**: tuned: no change"),
        ("```python\nlr = 0.1\n```", "**Test 1**:\n```python\nlr = 0.1\n```"),
        ("- one\n- two", "**Test 1**:\n- one\n- two"),
    ],
)
def test_what_is_a_block_of_its_own_begins_a_line_behind_its_label(said: str, stands: str) -> None:
    assert labelled("Test 1", prose(said)) == stands


def test_a_fence_in_a_numbered_list_stays_in_its_item() -> None:
    found = numbered([prose("```\nlr = 0.1\n```"), "plain"])
    assert found == "1. ```\n   lr = 0.1\n   ```\n2. plain"


def left_open(text: str) -> bool:
    """Whether a fence that begins a line at the left edge is open at the end, as CommonMark reads it."""
    opened = ""
    for line in text.split("\n"):
        mark = re.fullmatch(r" {0,3}(`{3,}|~{3,})([^\n]*)", line)
        if opened:
            opened = "" if mark and mark[1].startswith(opened) and not mark[2].strip() else opened
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            opened = mark[1]
    return bool(opened)


@given(st.lists(st.sampled_from(["- ", "> ", "1. ", "    ", "```", "~~~~", "py", "\n", "x", "`"]), max_size=25))
def test_no_text_leaves_a_fence_open_that_would_swallow_the_rest(parts: list[str]) -> None:
    assert not left_open(labelled("Test 1", prose("".join(parts))))
