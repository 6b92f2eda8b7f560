"""Rows of the results against the test part that a sentence counts."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.splits.said_of_test import fewer_than_the_test

from ..evidence.facts import spoilt

SAID = "- **Rows**: 2000, of which 500 for the test"


def asks(rows: int, said: str = SAID) -> bool:
    evidence = spoilt(design=read_design(f"# Model\n\n{said}\n", "model_design_1.md"))
    return bool([*fewer_than_the_test(evidence, TableFacts(format="csv", size_bytes=9, rows=rows))])


@pytest.mark.parametrize(
    "said", [SAID, "1,500 rows train and 500 are for testing.", "A test set of 500 is scored once."]
)
def test_a_test_part_that_came_short_is_asked_about(said: str) -> None:
    assert asks(395, said)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (500, SAID),
        (1000, SAID),  # two rows each
        (20, SAID),  # a summary
        (458, f"{SAID}\n\nGRU on windows of 42 days."),  # the first ones have no window
        (480, f"{SAID}\n\nRows with missing outcomes are not scored."),
        (395, "- **Rows**: 2000, a test of 20 %"),
        (395, "- **Rows**: 2000"),
    ],
)
def test_whole_parts_summaries_and_rows_without_a_prediction_are_not(rows: int, said: str) -> None:
    assert not asks(rows, said)
