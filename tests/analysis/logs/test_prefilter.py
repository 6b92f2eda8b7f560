"""What both engines call worth reading, and how lines are counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs import prefilter
from watchkeeper.server.analysis.logs.blocks import Block, Splitter, count_lines
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES

from ...engines import ENGINES, needs_hyperscan
from ...limits import examples

TRIGGERS = prefilter.triggers_of(DEFAULT_RULES.triggers)


def candidates(engine: str, data: bytes) -> list[int]:
    return prefilter.engine(engine, TRIGGERS).candidates(Block(data, 1, count_lines(data)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("word", prefilter.NOT_FINITE_WORDS)
def test_a_value_that_is_not_finite_is_found_before_a_line_end_a_sign_and_the_first_byte_of_another_letter(
    engine: str, word: str
) -> None:
    behind = ["", " ", ",", ")", "]", "}", ";", "|", "\t", "│", "。", "\u00a0"]
    text = "".join(f"loss: 0.5\nloss: {word}{sign}\n" for sign in behind)
    assert candidates(engine, text.encode()) == list(range(1, 2 * len(behind), 2))


@pytest.mark.parametrize("engine", ENGINES)
def test_words_that_begin_or_end_like_such_a_value_are_not_worth_reading(engine: str) -> None:
    assert candidates(engine, b"INFO info: finance banana\ninfer infra nano inf_norm=3 nan_count\n") == []


@needs_hyperscan
@given(
    st.lists(
        st.sampled_from([b"nan", b"Inf", b"INFO", b"Error: ", b"Traceback", b"\xc3\xa4", b"\x00", b" "])
        | st.binary(max_size=3)
    )
)
@settings(max_examples=examples(300), deadline=None)
def test_both_engines_call_the_same_lines_worth_reading(pieces: list[bytes]) -> None:
    data = b"".join(pieces).replace(b"\x1b", b"") + b"\n"
    assert candidates("hyperscan", data) == candidates("shapes", data)


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_of_much_and_of_little_are_counted_alike(engine: str) -> None:
    much = b"one\r\ntwo\n\n" * (prefilter.MUCH_BYTES // 4)
    counted = prefilter.engine(engine, TRIGGERS).count_lines
    assert counted(much) == much.count(b"\n")
    assert counted(b"") == 0
    assert counted(b"one\n") == 1


def test_blocks_hold_every_byte_of_whole_segments_whatever_their_length() -> None:
    sizes = ((1, 20_000), (4096, 300_000), (100_000, 300_000), (1_000_000, 300_000))
    for size, longest in sizes:  # byte by byte, several segments too long are as good as a block and cost less
        lengths = (3, 5000, 0, longest, 9)
        data = b"".join(b"x" * length + end for length in lengths for end in (b"\n", b"\r"))
        splitter = Splitter()
        blocks = [block for at in range(0, len(data), size) for block in splitter.push(data[at : at + size])]
        raw = b"".join(block.raw for block in blocks) + splitter.tail
        assert raw.count(b"x") == data.count(b"x")
        assert sum(block.lines for block in blocks) == data.count(b"\n") == splitter.line - 1
        assert all(block.raw[-1:] in (b"\n", b"\r") for block in blocks)
