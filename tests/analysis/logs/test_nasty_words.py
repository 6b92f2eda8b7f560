"""Words of failures a hundred times a line: what a line costs grows with its length, and sentences are still seen."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.logs.nonfinite import STATED, sight

from ...growth import assert_grows_with_its_input

WORDS = ("loss nan ", "nan loss ", "loss nan is ", "nan loss was ", "found nan loss at ", "gradients are not ", "nan! ")


@pytest.mark.parametrize("words", WORDS)
def test_a_line_of_nothing_but_nasty_words_costs_what_it_is_long(words: str) -> None:
    assert_grows_with_its_input(sight, lambda times: words * times, 4096 // len(words))


@pytest.mark.parametrize(
    "line",
    [
        "loss is nan",
        "The loss became NaN at step 7",
        "gradients are not finite",
        "NaN loss detected",
        "nan loss encountered, stopping",
        "Found inf gradients!",
        "Model diverged with loss = NaN; nan loss at epoch 3",
        "Invalid loss, terminating training",
        "Monitored metric val_loss = nan is not finite. Previous best value was inf.",
        "Its weights are nan",
    ],
)
def test_a_sentence_that_says_it_is_seen(line: str) -> None:
    assert sight(line) == ((STATED,), ())
