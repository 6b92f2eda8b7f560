"""Numbers that nothing was seen to compute: a history written when all was over, results that stand in the script."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.scripts.program import Program, Unit
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import BEGUN, HOUR, RULES, TRAINED, check, spoilt
from ..evidence.witnessed import column, results, seen

HISTORY = "history_1.csv"


def by_hand(written_h: float, *more: dict[str, Any]) -> Evidence:
    """A loop that no library ran, and whose epochs stand in its history only."""
    write = {"kind": "write", "at": BEGUN + written_h * HOUR, "facts": {"path": HISTORY, "by": "open", "mode": "w"}}
    return spoilt(TRAINED, seen=seen(write, *more), epochs={"history": TRAINED.epochs["probe"]})


def test_a_history_that_was_written_when_all_was_over_is_asked_about() -> None:
    verdict = decide(by_hand(2.9), RULES)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, "epochs_after_the_fact"), verdict
    assert "5000 epochs stand in history_1.csv, which was written first at model_1.py:1 at" in verdict.why


STEPS = {"kind": "steps", "facts": {"id": 1, "library": "torch", "class": "Adam", "steps": 9, "wall_s": 3 * HOUR}}


@pytest.mark.parametrize(
    "evidence",
    [
        by_hand(0.1),
        by_hand(2.9, STEPS),
        replace(by_hand(2.9), epochs={"log": TRAINED.epochs["probe"], "history": [1.0]}),
    ],
    ids=["written while it went on", "a library trained", "printed too"],
)
def test_a_history_is_believed_where_something_told_of_the_epochs_as_they_went(evidence: Evidence) -> None:
    assert all(one.name != "epochs" for one in decide(evidence, RULES).checks)


def program(source: str) -> Program:
    return replace(TRAINED.program or Program(script="m.py"), units=(Unit("m.py", source.encode(), ast.parse(source)),))


SCRIPT = "rows = [('USA', 126.1), ('CHN', 93), ('GBR', -57.7), ('FRA', 126)]\nwrite(rows)\n"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ((column("medals", 126.1, 93.0, -57.7),), "results_typed"),
        ((column("row", 1.0, 2.0, 3.0), column("medals", 126.1, 93.0, -57.7)), "results_typed"),
        ((column("actual", 126.1, 93.0, -57.7), column("predicted", 120.5, 91.0, -50.0)), "all_passed"),
        ((column("seats", 93.0, 126.0, 93.0),), "all_passed"),
        ((column("medals", 126.1, 93.0),), "all_passed"),
    ],
    ids=["typed", "typed beside a count of rows", "one column computed", "whole numbers", "too few"],
)
def test_results_whose_numbers_all_stand_in_the_script_are_asked_about(
    columns: tuple[ColumnFacts, ...], code: str
) -> None:
    artefacts = (results(*columns), *TRAINED.artefacts[1:])
    verdict = decide(spoilt(TRAINED, artefacts=artefacts, program=program(SCRIPT), seen=seen()), RULES)
    assert verdict.code == code, check(verdict, "results")
