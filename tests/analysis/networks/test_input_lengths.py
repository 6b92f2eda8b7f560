"""Inputs that are shorter than a design says: texts that were cut ask, padded ones and steps one by one do not."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.input_lengths import shorter_inputs

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen

ROW = "- **Sequence length**: 48 tokens (must not be simplified)"


def block(least: int, most: int, calls: int = 4) -> Kind:
    return {"kind": "forward", "facts": {"class": "Net", "calls": calls, "steps": 9, "lengths": [least, most]}}


def asks(*lines: Kind, said: str = ROW) -> bool:
    evidence = spoilt(design=read_design(f"# Model\n\n{said}\n", "model_design_1.md"), seen=seen(*lines))
    return any(one.code == "inputs_shorter" for one in shorter_inputs(evidence, seen(*lines)))


@pytest.mark.parametrize("said", [ROW, "GRU on windows of 42 days.", "| Lookback window | 96 | 96 | YES |"])
def test_inputs_that_were_all_cut_to_one_length_are_asked_about(said: str) -> None:
    assert asks(block(8, 8), said=said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (block(48, 48), ROW),
        (block(7, 48), ROW),
        (block(3, 48), ROW),  # features first, time second
        (block(8, 8), "- **Maximum sequence length**: 512 tokens"),  # padded to the longest text there is
        (block(1, 1), ROW),  # a state is carried on step by step
        (block(8, 8), f"{ROW}, truncated backpropagation over chunks of 8"),
        (block(8, 8, calls=1), ROW),
        (block(40, 40), "GRU on windows of 42 days."),
        (block(8, 8), "- **Epochs**: 48"),
    ],
)
def test_whole_inputs_upper_bounds_and_pieces_are_not(line: Kind, said: str) -> None:
    assert not asks(line, said=said)


def test_texts_that_are_padded_batch_by_batch_are_not() -> None:
    assert not asks(block(8, 8), block(11, 14))
