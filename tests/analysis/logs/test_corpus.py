"""The figures that the README states, on the sample of real logs, where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.analysis.logs.scan import EndedBy, scan

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the sample of real logs is not at hand")


def load() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / "manifest.jsonl").read_text().splitlines()]


def said(truth: dict[str, Any], *, with_exit: bool) -> tuple[bool, int | None, str | None, str | None]:
    manner: EndedBy = truth["ended_by"] if truth["ended_by"] in ("exit", "signal") else "hang"
    with (CORPUS / f"{truth['name']}.log").open("rb") as log:
        result = scan(log, exit_code=truth["rc"], ended_by=manner) if with_exit else scan(log)
    if result.outcome != "failed":
        return False, None, None, None
    decisive = result.findings[0]
    return True, decisive.line, decisive.root_exception, decisive.type


@pytest.mark.parametrize(("with_exit", "precision", "recall"), [(True, 0.98, 0.97), (False, 0.97, 0.85)])
def test_precision_and_recall_reach_what_is_asked(with_exit: bool, precision: float, recall: float) -> None:
    cases = load()
    flagged = [truth for truth in cases if said(truth, with_exit=with_exit)[0]]
    right = [truth for truth in flagged if truth["outcome"] == "failed"]
    failed = [truth for truth in cases if truth["outcome"] == "failed"]
    assert len(right) / len(flagged) >= precision
    assert len(right) / len(failed) >= recall


def test_line_root_and_type_reach_what_is_asked() -> None:
    failed = [(truth, said(truth, with_exit=True)) for truth in load() if truth["outcome"] == "failed"]
    lined = [truth["first_error_line"] == line for truth, (_, line, _, _) in failed if truth["first_error_line"]]
    rooted = [truth["root_exception"] == root for truth, (_, _, root, _) in failed if truth["final_exception"]]
    typed = [truth["error_type"] == kind for truth, (_, _, _, kind) in failed]
    assert sum(lined) / len(lined) >= 0.95
    assert sum(rooted) / len(rooted) >= 0.97
    assert sum(typed) / len(typed) >= 0.90
