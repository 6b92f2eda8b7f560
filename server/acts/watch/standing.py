"""What stands against a run: its failures, and why a quick run has not passed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...documents.error_report import Action
from ...storage.files.workspace import About
from ...storage.record import Finding, Run
from ...storage.record.queries import Queries
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Level, Phase, RunState
from ..desk import Desk
from . import results_look

STILL_LOOKING = "large, and still being looked into"


def still_looking(problems: Sequence[str]) -> bool:
    """Whether what keeps a quick run from having passed is only that its results are not looked into yet."""
    return any(one.endswith(STILL_LOOKING) for one in problems)


def quick_problems(desk: Desk, run: Run) -> list[str]:
    """Return why a quick run has not passed; empty when it has.

    It has passed when it ended by itself within its limit with exit status 0, left results of its own that were
    written while it went on, and no failure stands against it. What is wrong with its results the director may accept.
    """
    end = run.end
    if end is None:
        return ["it has not ended yet"]
    problems: list[str] = []
    if end.state is not RunState.COMPLETED:
        problems.append(f"it is {end.state}: {end.reason or 'exit status ' + str(end.exit_code)}")
    if standing := [one.id for one in unaccepted_failures(desk, run.id)]:
        problems.append(f"failures stand: {', '.join(standing[:3])}")
    if problems or accepted_by(desk, run):
        return problems
    return _results_problems(desk, run, end.started_at)


def accepted_by(desk: Desk, run: Run) -> str:
    """Return the report in which the director let a run stand as it is (CONTINUE) after its end; empty if in none.

    An answer about a failure accepts that failure alone: what is wrong with the results was not asked in it.
    """
    ended_at = run.end.ended_at if run.end else None
    for report in desk.ledger.reports(run=run.id):
        continues = report.answer is not None and report.answer.action is Action.CONTINUE
        if (
            continues
            and not report.about_start
            and not report.finding
            and (report.answered_at or 0.0) >= (ended_at or 0.0)
        ):
            return report.id
    return ""


def _results_problems(desk: Desk, run: Run, started_at: float | None) -> list[str]:
    results = _results(desk, run)
    if not results:
        return []  # it need not write any: its log is what it left
    try:
        about = desk.workspace.about(results)
    except PathRefused as refusal:  # what the script left there must not keep anybody from watching it
        return [refusal.what]
    if about is None or about.size_bytes == 0:
        return [f"its results {results} are missing or empty"]
    if started_at is not None and about.modified_at < started_at - 0.05:
        return [f"its results {results} are older than the run"]
    return [f"its results {results}: {what}" for what in _insane(desk, run, results, about)]


def _results(desk: Desk, run: Run) -> str:
    """Return where a run's results lie; empty where it need not leave any and did not."""
    if desk.policy.judge.results == "named":
        return run.results
    from . import written_files  # noqa: PLC0415 (heavy, and asked once a quick run)

    return written_files.results(desk, run)


def _insane(desk: Desk, run: Run, results: str, about: About) -> list[str]:
    """Return what is wrong inside a quick run's results; a file is looked into once as long as it does not change."""
    from ...analysis.verdict.artefacts import insane  # noqa: PLC0415 (the same)
    from . import artefact_files  # noqa: PLC0415 (heavy, and asked once a quick run)
    from .verdict_rules import design_now, design_of, rules_of  # noqa: PLC0415 (the same)

    rules = rules_of(desk.policy, Phase.QUICK).bound_by(design_now(desk, run.model))
    bound = [run.design[1] if run.design else "", sorted(rules.may_be_blank), "values", results]
    key, now = f"sane:{run.id}", [about.modified_at, about.size_bytes, *bound]
    kept: list[Any] = json.loads(desk.ledger.note(key) or "[]")
    if kept[:-1] == now:
        return list(kept[-1])

    def look() -> list[str]:
        found = artefact_files.artefact(desk, "results", results, read=True)
        return insane(found, rules, design_of(desk, run.design))

    def note(problems: list[str]) -> None:
        desk.ledger.take_note(key, json.dumps([*now, problems]))

    found = results_look.waited_for(f"{desk.ledger.id} {key} {now}", look, note, desk.results_within_s)
    return [STILL_LOOKING] if found is None else found


def resumes(desk: Desk, run: Run) -> bool:
    """Whether an attempt after this one may go on from its checkpoint without the director (`resume_interrupted`)."""
    return run.end is not None and may_resume(desk, run, run.end.state)


def may_resume(desk: Desk, run: Run, state: RunState) -> bool:
    """Say the same of a run that ends in this state: interrupted, as few before it were, in a row."""
    if state is not RunState.INTERRUPTED:
        return False
    interrupted = 1
    before = desk.ledger.run(run.follows) if run.follows else None
    while before is not None and before.end is not None and before.end.state is RunState.INTERRUPTED:
        interrupted += 1
        before = desk.ledger.run(before.follows) if before.follows else None
    return interrupted <= desk.policy.engine.resume_interrupted


def failures(desk: Desk, run: str) -> list[Finding]:
    """Return the findings of level failure of a run, oldest first, whatever became of them."""
    return [one for one in desk.ledger.findings(run=run) if one.level is Level.FAILURE]


def crashes(desk: Desk, run: str) -> list[Finding]:
    """Return the failures of a run, one a crash: what belongs to another is reported, answered and closed with it."""
    found = failures(desk, run)
    heads = {one.id for one in found}
    return [one for one in found if not one.belongs_to or f"{run}:{one.belongs_to}" not in heads]


def crash_of(desk: Desk, finding: Finding) -> Finding:
    """Return the decisive finding of the crash that a finding belongs to; itself where it stands alone."""
    head = desk.ledger.finding(f"{finding.run}:{finding.belongs_to}") if finding.belongs_to else None
    return head if head is not None and head.level is Level.FAILURE else finding


def parts_of(record: Queries, crash: Finding) -> list[Finding]:
    """Return the findings of a crash, the decisive one first, as the record (or a transaction of it) has them now."""
    every = record.findings(run=crash.run)
    own = [one for one in every if one.id == crash.id]
    return own + [one for one in every if one.belongs_to and f"{one.run}:{one.belongs_to}" == crash.id]


def unaccepted_failures(desk: Desk, run: str) -> list[Finding]:
    """Return the failures of a run that nobody accepted: they keep its phase from being complete."""
    return [one for one in crashes(desk, run) if one.status != "accepted"]
