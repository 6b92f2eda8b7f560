"""A transcript is read strictly, and what is wrong with one is told with its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.interfaces.replay.reading import read_transcript
from watchkeeper.server.interfaces.replay.schema import Call, Header, Placed, Transcript, Write
from watchkeeper.server.vocabulary.errors import InvalidArgument

from .helpers import TRANSCRIPTS

HEAD = '{"transcript": 1, "agents": {"anna": "trainer"}}\n'
CALL = '{"agent": "anna", "tool": "poll_training"'


def test_a_transcript_is_its_header_and_its_steps_with_their_lines() -> None:
    text = HEAD + "\n" + CALL + ', "expect": {"run": {"$capture": "run"}}}\n{"write": {"go": ["on", "on"]}}\n'
    assert read_transcript(text.encode(), "day.jsonl") == Transcript(
        source="day.jsonl",
        header=Header.model_validate({"transcript": 1, "agents": {"anna": "trainer"}}),
        steps=(
            Placed(at="line 3", step=Call(agent="anna", tool="poll_training", expect={"run": {"$capture": "run"}})),
            Placed(at="line 4", step=Write(write={"go": "on\non\n"})),
        ),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: a transcript begins by its header, and this file is empty"),
        ("[]\n", "line 1: a transcript begins by its header"),
        (CALL + "}\n", "line 1: a transcript begins by its header"),
        ('{"transcript": 2}\n', "line 1: transcript: Input should be 1"),
        ('{"transcript": 1, "proofs": "x"}\n', "line 1: 'proofs' is no key here; did you mean proves"),
        ('{"transcript": 1, "agents": {"anna": "boss"}}\n', "line 1: agents.anna"),
        (HEAD + "{\n" + CALL + "}\n", "line 2: is no JSON at column 2"),
        (HEAD + "\n\n5\n", "line 4: a step is a JSON object"),
        (HEAD + '{"say": "x"}\n', "line 2: no step: it needs one of the keys tool, write, read, kill_server"),
        (HEAD + CALL + ', "argument": {}}\n', "line 2: 'argument' is no key here; did you mean arguments"),
        (HEAD + CALL + ', "within_s": -1}\n', "line 2: within_s: Input should be greater than 0"),
        (HEAD + CALL + ', "within_s": NaN}\n', "line 2: NaN is no number in JSON"),
        (HEAD + CALL + ', "within_s": 1e999}\n', "line 2: holds a number that is too large"),
        (HEAD + CALL + ', "expect": {"$nope": 1}}\n', "line 2: expect: '$nope' is no operator"),
        (HEAD + CALL + ', "refused": "("}\n', "line 2: refused: '(' is no regular expression"),
        (HEAD + CALL + ', "tool": "x"}\n', "line 2: names 'tool' twice"),
        (HEAD + '{"agent": "ben", "tool": "x"}\n', "line 2: agent 'ben' is none of anna"),
        (HEAD + '{"kill_server": "ben"}\n', "line 2: agent 'ben' is none of anna"),
        (HEAD + CALL + ', "arguments": {"run": "$run"}}\n', "line 2: $run is used before anything was captured"),
        (HEAD + CALL + ', "expect": {"$pattern": "${run}"}}\n', "line 2: $run is used before anything was captured"),
        (HEAD + '{"kill_keeper": "$run"}\n', "line 2: $run is used before anything was captured"),
        (HEAD + '{"parallel": [{}]}\n', "line 2: branch 1 of parallel is no list of steps"),
        (HEAD + '{"parallel": []}\n', "line 2: parallel stands alone"),
        (HEAD + '{"parallel": [[5]]}\n', "line 2, branch 1, step 1: a step is a JSON object"),
        (HEAD + '{"write": {"a": "\\ud800"}}\n', "line 2: holds half of a surrogate pair"),
        (HEAD + '{"write": {"a": ' + "[" * 90 + "]" * 90 + "}}\n", "line 2: is nested deeper than 40 levels"),
        (HEAD + '{"write": {"a": ' + "[" * 99_999 + "\n", "line 2: is nested deeper than 40 levels"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_transcript(text.encode("utf-8", "surrogatepass"), "day.jsonl")
    assert f"day.jsonl, {complaint}" in str(refused.value)


def test_a_file_that_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidArgument, match="line 2: is not UTF-8"):
        read_transcript(HEAD.encode() + b"\xff\n", "day.jsonl")


def test_a_name_captured_in_a_branch_is_known_after_all_branches_but_not_in_the_other() -> None:
    takes, uses = CALL + ', "expect": {"run": {"$capture": "run"}}}', CALL + ', "arguments": {"run": "$run"}}'
    behind = f'{HEAD}{{"parallel": [[{takes}, {uses}]]}}\n{uses}\n'
    assert len(read_transcript(behind.encode(), "x").steps) == 2
    beside = f'{HEAD}{{"parallel": [[{takes}], [{uses}]]}}\n'
    with pytest.raises(InvalidArgument, match=r"line 2, branch 2, step 1: \$run is used"):
        read_transcript(beside.encode(), "x")


def test_a_last_line_that_was_cut_off_is_left_out_and_noted() -> None:
    cut = (HEAD + CALL + "}\n" + CALL + ', "argu').encode()
    found = read_transcript(cut, "day.jsonl")
    assert (len(found.steps), found.notes) == (1, ("line 3 was cut off and is left out",))


WHOLE = (TRANSCRIPTS / "traceback.jsonl").read_bytes()


@settings(deadline=None)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=5), st.integers(0, 5))
def test_a_file_that_was_damaged_anywhere_is_read_or_refused_and_nothing_else(
    place: int, inserted: bytes, removed: int
) -> None:
    _read_or_refused(WHOLE[:place] + inserted + WHOLE[place + removed :])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=9), inside, max_size=3),
)
keys = st.sampled_from(
    ["agent", "tool", "arguments", "expect", "until", "refused", "write", "read", "parallel", "within_s", "kill_keeper"]
)
steps = st.dictionaries(keys, values | st.just("anna") | st.lists(st.lists(st.dictionaries(keys, values))), max_size=4)


@settings(deadline=None)
@given(st.lists(steps | values, max_size=4))
def test_steps_made_of_anything_are_read_or_refused_and_nothing_else(made: list[object]) -> None:
    _read_or_refused((HEAD + "".join(f"{json.dumps(one)}\n" for one in made)).encode())


def _read_or_refused(data: bytes) -> None:
    try:
        found = read_transcript(data, "day.jsonl")
    except InvalidArgument as refused:
        assert "day.jsonl" in str(refused)  # noqa: PT017 (either outcome is right)
    else:
        assert found.source == "day.jsonl"
