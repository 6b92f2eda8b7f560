"""Precision and recall, line, cause and type on labelled logs: those of the project, and the samples where at hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.analysis.logs.scan import EndedBy, scan

FRESH = Path(__file__).parent / "fresh"
SHARED = Path(__file__).resolve().parents[4] / "shared"
CORPUS, CASES, EXCERPTS = SHARED / "corpus", SHARED / "cases" / "logs", SHARED / "cases" / "excerpts"


def needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not folder.is_dir(), reason=f"the sample {folder.name} of real logs is not at hand")


@dataclass(frozen=True)
class Said:
    outcome: str
    line: int | None = None
    root: str | None = None
    type: str | None = None


def load(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def said(folder: Path, truth: dict[str, Any], *, with_exit: bool = True) -> Said:
    manner: EndedBy = truth["ended_by"] if truth["ended_by"] in ("exit", "signal") else "hang"
    with (folder / f"{truth['name']}.log").open("rb") as log:
        result = scan(log, exit_code=truth["rc"], ended_by=manner) if with_exit else scan(log)
    if not result.findings:
        return Said(result.outcome)
    first = result.findings[0]
    return Said(result.outcome, first.line, first.root_exception, first.type)


@needs(CORPUS)
@pytest.mark.parametrize(("with_exit", "precision", "recall"), [(True, 0.98, 0.97), (False, 0.97, 0.85)])
def test_precision_and_recall_reach_what_is_asked(with_exit: bool, precision: float, recall: float) -> None:
    cases = load(CORPUS)
    flagged = [truth for truth in cases if said(CORPUS, truth, with_exit=with_exit).outcome == "failed"]
    right = [truth for truth in flagged if truth["outcome"] == "failed"]
    failed = [truth for truth in cases if truth["outcome"] == "failed"]
    assert len(right) / len(flagged) >= precision
    assert len(right) / len(failed) >= recall


@needs(CORPUS)
def test_line_root_and_type_reach_what_is_asked() -> None:
    failed = [(truth, said(CORPUS, truth)) for truth in load(CORPUS) if truth["outcome"] == "failed"]
    lined = [truth["first_error_line"] == one.line for truth, one in failed if truth["first_error_line"]]
    rooted = [truth["root_exception"] == one.root for truth, one in failed if truth["final_exception"]]
    typed = [truth["error_type"] == one.type for truth, one in failed]
    assert sum(lined) / len(lined) >= 0.95
    assert sum(rooted) / len(rooted) >= 0.97
    assert sum(typed) / len(typed) >= 0.90


def wrong(folder: Path) -> list[str]:
    """Return what is said wrong of labelled logs; `missed` in a label says of one why it is known to be missed."""
    found: list[str] = []
    for truth in (one for one in load(folder) if "missed" not in one):
        one, name = said(folder, truth), truth["name"]
        if truth["outcome"] == "healthy":
            found += [f"{name}: {one.outcome}"] if one.outcome == "failed" else []
            continue
        outcomes = ("failed", "suspect") if truth.get("suspect_ok") else ("failed",)
        pairs: list[tuple[str, object, tuple[object, ...]]] = [
            ("outcome", one.outcome, outcomes),
            ("type", one.type, (truth["error_type"], *truth["type_ok"])),
        ]
        if truth["first_error_line"] is not None:
            pairs.append(("line", one.line, (truth["first_error_line"], *truth["first_ok"])))
        if truth["final_exception"] is not None:
            pairs.append(("root", one.root, (truth["root_exception"], *truth["root_ok"])))
        found += [f"{name}: {what} {value}, right is {right}" for what, value, right in pairs if value not in right]
    return found


def test_the_logs_of_the_project_are_judged_as_they_are_labelled() -> None:
    assert wrong(FRESH) == []


@needs(CASES)
def test_the_cases_of_public_reports_are_judged_as_they_are_labelled() -> None:
    assert wrong(CASES) == []


@needs(EXCERPTS)
@pytest.mark.parametrize(
    ("name", "exit_code", "outcome", "line"),
    [
        ("catboost", 1, "failed", 2),
        ("cuinit", 0, "healthy", None),
        ("darknet", 0, "failed", 2),
        ("glog_F", 134, "failed", 3),
        ("ign10_err", 1, "failed", 19),
        ("ign_before_real", 1, "failed", 9),
        ("ign_end_after_real", 1, "failed", 4),
        ("ign_glued", 0, "healthy", None),
        ("ign_glued2", 0, "healthy", None),
        ("ignored", 0, "healthy", None),
        ("ignored_then_err", 1, "failed", 8),
        ("lsigterm", 0, "failed", 2),
        ("openblas", 139, "failed", 1),
        ("ranout", 0, "failed", 3),
        ("rocm", 134, "failed", 2),
        ("slurm_grace", 1, "failed", 2),
        ("t", 0, "suspect", 3),
        ("tb10_err", 1, "failed", 19),
        ("tb1_err", 1, "failed", 10),
        ("tcmalloc", 134, "failed", 1),
        ("tf_F", 134, "failed", 1),
        ("two_errors", 1, "failed", 1),
        ("two_errors_wandb", 1, "failed", 1),
    ],
)
def test_an_excerpt_is_judged_right(name: str, exit_code: int, outcome: str, line: int | None) -> None:
    with (EXCERPTS / f"{name}.log").open("rb") as log:
        result = scan(log, exit_code=exit_code)
    assert result.outcome == outcome
    if line is not None:
        assert result.findings[0].line == line


@needs(EXCERPTS)
def test_every_excerpt_is_asked_for() -> None:
    assert len(list(EXCERPTS.glob("*.log"))) == 23
