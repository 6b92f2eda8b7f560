"""What the record knows of a struggle: gathered for a new entry, and added to an old one once its fix is proven."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...documents import before_after, diary
from ...documents.before_after import Attempt
from ...documents.diary import Evidence, Proof
from ...documents.diary_rules import Entry, OnRecord
from ...documents.markdown import inline
from ...storage import record
from ...storage.record import Finding, Report, Run, Transaction
from ...storage.record.records import EntryProven
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import RunState
from ...vocabulary.sanitize import outgoing
from ..desk import Desk
from ..report import recurrence
from ..sections import Section, complete, read
from ..watch import standing

LONGEST_ERROR = 4_000
LEAST_QUOTED = 15
"""Characters of an error's message that are enough to tell that a text speaks of it."""


def told_of(desk: Desk, run: Run | None, report: Report | None) -> Finding | None:
    """Return the finding that an entry tells of: the report's, else the run's newest failure."""
    if report is not None and report.finding:
        return desk.ledger.finding(report.finding)
    failures = standing.failures(desk, run.id) if run else []
    return failures[-1] if failures else None


def gather(desk: Desk, model: str, run: Run | None, report: Report | None) -> Evidence:
    """Return everything that the server adds to an entry."""
    finding = told_of(desk, run, report)
    return Evidence(
        error_text=error_text(finding, LONGEST_ERROR),
        hypothesis=report.hypothesis if report else "",
        facts=tuple(_facts(desk, run, report, finding)),
        proof=proof(desk, model, run, report),
        action=str(report.answer.action) if report and report.answer else "",
    )


def error_text(finding: Finding | None, limit: int) -> str:
    """Return the lines of a failure, cleaned, secrets masked."""
    if finding is None:
        return ""
    return outgoing(finding.text or finding.message, limit)


def proof(desk: Desk, model: str, run: Run | None, report: Report | None) -> Proof | None:
    """Return what shows that a later attempt ended without the failure; None while there is none."""
    if run is not None:
        cure = recurrence.cured_by(desk, run.id)
        if cure is not None:
            before, after = _attempt(desk, run), _attempt(desk, cure)
            return Proof(
                said=f"{cure.id} completed without this failure.",
                script=before_after.script_change(before, after),
                numbers=before_after.numbers_change(before, after),
            )
    elif report is not None:
        cure = recurrence.solved_by(desk, report, desk.ledger.runs(model=model))
        if cure is not None:
            nothing = "Nothing had been started when the report was made: there is no script to compare."
            return Proof(said=f"{cure.id} completed.", script=nothing, numbers="")
    return None


def _attempt(desk: Desk, run: Run) -> Attempt:
    end = run.end
    return Attempt(
        run=run.id,
        script=run.script,
        source=_snapshot(desk, run.script_sha256),
        args=run.args,
        state=str(end.state) if end else "",
        exit_code=end.exit_code if end else None,
        wall_s=end.wall_s if end else None,
        rows=desk.ledger.metric_rows(run.id),
    )


def _snapshot(desk: Desk, sha256: str) -> bytes | None:
    path = desk.workspace.relative(str(desk.workspace.snapshots_dir / sha256))
    try:
        return desk.workspace.read_bytes(path, 4 << 20)
    except PathRefused:
        return None


def _facts(desk: Desk, run: Run | None, report: Report | None, finding: Finding | None) -> list[str]:
    facts: list[str] = []
    if run is not None:
        said = f"{run.end.state} {inline(run.end.reason)}" if run.end else "active"
        facts.append(f"Run {run.id}: {said}".rstrip())
    if finding is not None:
        line, last = finding.line, finding.last_line
        where = f"`{finding.log}:{line}-{last or line}`" if line else "not in the log"
        facts.append(f"Finding {finding.id} ({finding.type or 'no type'}): {where}")
    if report is not None:
        answer = report.answer
        said = f", director: {answer.action}, {inline(answer.instructions)}" if answer else ", not answered"
        facts.append(f"Report {report.id}{said}")
    seen = recurrence.earlier(desk, finding) if finding else None
    return [*facts, seen.sentence] if seen else facts


def on_record(desk: Desk, model: str, entry: Entry, run: Run | None, finding: Finding | None) -> OnRecord:
    """Return what an entry is held against: the error's text, and the failed attempts that no entry mentions."""
    told = [one.text for one in desk.ledger.entries(model)]
    told += [read(desk, desk.workspace.diary(model))]  # people write into it too
    told += [entry.struggle, *entry.investigation, entry.fix, entry.why, *entry.next_steps, entry.validation]
    told += [entry.narrative_value, run.id if run else ""]
    failed = [one for one in desk.ledger.runs(model=model) if _failed(desk, one)]
    untold = [_named(desk, one) for one in failed if not _mentioned(desk, one, told)]
    return OnRecord(error_text=error_text(finding, LONGEST_ERROR), untold=tuple(untold))


def _failed(desk: Desk, run: Run) -> bool:
    if run.end is None or run.end.state is RunState.STOPPED:
        return False
    return not run.completed or bool(standing.unaccepted_failures(desk, run.id))


def _mentioned(desk: Desk, run: Run, texts: Iterable[str]) -> bool:
    """Whether a text speaks of a run: by its id, its report, the number of the attempt, or the words of its error."""
    phase, number = run.phase.value, run.attempt
    names = [run.id, f"{phase}-{number}", *(one.id for one in desk.ledger.reports(run=run.id))]
    said = (one.message.split("\n")[0] for one in standing.failures(desk, run.id))
    names += [one for one in said if len(one) >= LEAST_QUOTED]
    words = "|".join(map(re.escape, names))
    attempt = rf"{phase} (?:run|attempt|try|phase) #?{number}|(?:run|attempt|try) #?{number}"
    word = re.compile(rf"(?<![\w.-])(?:{words}|(?i:{attempt}))(?![\w-])")
    return any(word.search(text) for text in texts)


def _named(desk: Desk, run: Run) -> str:
    exceptions = [one.exception for one in standing.failures(desk, run.id) if one.exception]
    return f"{run.id} ({inline((exceptions or [run.outcome])[-1], 80)})"


def sections(desk: Desk, model: str, path: str) -> list[Section]:
    """Return every part of a model's diary at a path that servers recorded, in the order in which they did."""
    found: list[tuple[int, Section]] = []
    for one in desk.ledger.entries(model):
        if one.path == path:
            found.append((one.first_seq, Section(f"written:{one.id}", one.text)))
            if one.proof:
                found.append((one.last_seq, Section(f"written:{one.id}:proof", one.proof)))
    return [section for _, section in sorted(found, key=lambda pair: pair[0])]


def catch_up(desk: Desk, model: str) -> list[int]:
    """Add the evidence to each entry of a model whose fix was proven since it was written; return their numbers.

    Also appends what a killed server recorded and did not write. Cheap when there is nothing to do; safe at any time,
    by several servers at once.
    """
    proven = [one for one in desk.ledger.entries(model) if _prove(desk, one)]
    for path in dict.fromkeys(one.path for one in desk.ledger.entries(model)):
        complete(desk, path, diary.title(model), sections(desk, model, path))
    return [one.number for one in proven]


def _prove(desk: Desk, entry: record.Entry) -> bool:
    """Record the proof of an entry that was written without one; False when there is none or it is on record."""
    if entry.proven:
        return False
    run = desk.ledger.run(entry.run)
    report = desk.ledger.report(entry.report)
    found = proof(desk, entry.model, run, report)
    if found is None:
        return False
    text = diary.render_proof(entry.number, desk.clock(), found, insight=entry.insight)
    with desk.ledger.transaction() as transaction:
        return _record_proof(transaction, entry, text)


def _record_proof(transaction: Transaction, entry: record.Entry, text: str) -> bool:
    known = transaction.entry(entry.id)
    if known is None or known.proven:
        return False
    transaction.add(entry, EntryProven(proof=text))
    return True
