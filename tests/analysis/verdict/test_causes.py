"""The reason that a verdict names: what is amiss before what only follows from it, and all else beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.evidence.checks import Check, failed, unknown
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.causes import cause_of, told_beside
from watchkeeper.server.analysis.verdict.did_more import did_more
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import MODEL, RESULTS, RULES, spoilt
from ..evidence.witnessed import MAIN, Kind, fp, seen, steps


def check(code: str, word: Word = Word.INVESTIGATE) -> Check:
    return failed("training", f"about {code}", word, code, "Mend it.")


TOUCHED, UNSTABLE = check("model_touched"), check("not_converged", Word.INCOMPLETE_TRAINING)
COPIED = check("results_copied", Word.LIKELY_FABRICATION)


@pytest.mark.parametrize(
    ("first", "others", "code"),
    [
        (TOUCHED, ["rate_of_zero"], "rate_of_zero"),
        (TOUCHED, ["results_unchanged", "bootstraps_not_resampled"], "bootstraps_not_resampled"),
        (TOUCHED, ["results_unchanged", "not_stable"], "model_touched"),
        (UNSTABLE, ["model_touched", "mostly_untrained"], "mostly_untrained"),
        (UNSTABLE, ["mostly_not_the_method"], "not_converged"),
        (COPIED, ["another_program"], "results_copied"),
        (check("split_chosen"), ["rows_left_out"], "split_chosen"),
    ],
)
def test_what_is_amiss_is_named_before_what_follows_from_it(first: Check, others: list[str], code: str) -> None:
    assert cause_of(first, [first, *map(check, others)]).code == code


def test_what_was_found_beside_the_reason_is_told_with_it() -> None:
    every = [COPIED, check("another_program"), unknown("history", "nobody looked", "history_not_inspected")]
    assert told_beside(COPIED, every) == "about results_copied; also: about another_program"
    assert told_beside(COPIED, every[:1]) == "about results_copied"


def save(**changes: Any) -> Kind:
    return {"kind": "save", "facts": {"path": MODEL.path, **changes}}


ENDED = fp("ended", at=(5.0, 1.0, 4.0))
SAVED_HERE = save(weights=ENDED, numbers=900)


def again(*lines: Kind, **changes: Any) -> Evidence:
    left = frozenset({(MODEL.path, MODEL.sha256 or "")})
    return spoilt(artefacts=(RESULTS, MODEL), left_before=left, seen=seen(*lines), **changes)


@pytest.mark.parametrize(
    ("lines", "touched"),
    [
        ([steps(weights=ENDED), SAVED_HERE], False),
        ([steps(weights=fp("other")), SAVED_HERE], True),
        ([steps(weights=ENDED, begun=ENDED), SAVED_HERE], True),
        ([steps(weights=ENDED)], True),
        ([{"kind": "read", "facts": {"path": MODEL.path, "sha256": "1"}}, steps(weights=ENDED), SAVED_HERE], True),
        ([save(object=2, of=3)], False),
    ],
)
def test_a_run_that_was_seen_to_train_what_it_saved_may_leave_the_same_file_as_before(
    lines: list[Kind], touched: bool
) -> None:
    verdict = decide(again(*lines), RULES)
    assert any(one.code == "model_touched" for one in verdict.checks) == touched
    whole_run = replace(again(*lines), seen=seen(*lines, main={**MAIN, "facts": {"role": "program"}}))
    assert any(one.code == "model_touched" for one in decide(whole_run, RULES).checks), "not witnessed as a whole"


def test_steps_of_an_optimiser_over_next_to_nothing_are_no_more_work() -> None:
    quick, honest = seen(steps(steps=100, numbers=513)), seen(steps(steps=900, numbers=513))
    decoy = seen(steps(steps=100, numbers=513), steps(id=8, steps=900, numbers=1))
    assert did_more(honest, quick, 513) == "900 steps where that made 100"
    assert did_more(decoy, quick, 513) == did_more(decoy, quick) == ""
