"""What the record knows of a struggle: gathered for a new entry, and added to an old one once its fix is proven."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...documents import before_after, diary
from ...documents.before_after import Attempt
from ...documents.diary import Evidence, Proof
from ...documents.diary_rules import Entry, OnRecord
from ...documents.markdown import inline
from ...storage.record import Kind, Subject, SubjectKind, Transaction
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import RunState
from ...vocabulary.sanitize import outgoing
from ..desk import Desk
from ..report import recurrence
from ..sections import Section, complete
from ..watch import standing

LONGEST_ERROR = 4_000


def told_of(desk: Desk, run: Subject | None, report: Subject | None) -> Subject | None:
    """Return the finding that an entry tells of: the report's, else the run's newest failure."""
    finding_id = report.body.get("finding") if report else None
    if finding_id:
        return desk.ledger.subject(SubjectKind.FINDING, str(finding_id))
    failures = standing.failures(desk, run.id) if run else []
    return failures[-1] if failures else None


def gather(desk: Desk, model: str, run: Subject | None, report: Subject | None) -> Evidence:
    """Return everything that the server adds to an entry."""
    finding = told_of(desk, run, report)
    return Evidence(
        error_text=error_text(finding, LONGEST_ERROR),
        hypothesis=str(report.body.get("hypothesis", "")) if report else "",
        facts=tuple(_facts(desk, run, report, finding)),
        proof=proof(desk, model, run, report),
        action=str(report.part("answer").get("action", "")) if report else "",
    )


def error_text(finding: Subject | None, limit: int) -> str:
    """Return the lines of a failure, cleaned, secrets masked."""
    if finding is None:
        return ""
    return outgoing(str(finding.body.get("text") or finding.body.get("message") or ""), limit)


def proof(desk: Desk, model: str, run: Subject | None, report: Subject | None) -> Proof | None:
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
        cure = recurrence.solved_by(desk, report, desk.ledger.subjects(SubjectKind.RUN, model=model))
        if cure is not None:
            nothing = "Nothing had been started when the report was made: there is no script to compare."
            return Proof(said=f"{cure.id} completed.", script=nothing, numbers="")
    return None


def _attempt(desk: Desk, run: Subject) -> Attempt:
    end = run.part("end")
    return Attempt(
        run=run.id,
        script=str(run.body["script"]),
        source=_snapshot(desk, str(run.body["script_sha256"])),
        args=tuple(run.body.get("args", ())),
        state=str(end.get("state", "")),
        exit_code=end.get("exit_code"),
        wall_s=end.get("wall_s"),
        rows=desk.ledger.metric_rows(run.id),
    )


def _snapshot(desk: Desk, sha256: str) -> bytes | None:
    path = desk.workspace.relative(str(desk.workspace.snapshots_dir / sha256))
    try:
        return desk.workspace.read_bytes(path, 4 << 20)
    except PathRefused:
        return None


def _facts(desk: Desk, run: Subject | None, report: Subject | None, finding: Subject | None) -> list[str]:
    facts: list[str] = []
    if run is not None:
        end = run.part("end")
        facts.append(f"Run {run.id}: {end.get('state', 'active')} {inline(str(end.get('reason', '')))}".rstrip())
    if finding is not None:
        line, last = finding.body.get("line"), finding.body.get("last_line")
        where = f"`{finding.body['log']}:{line}-{last or line}`" if line else "not in the log"
        facts.append(f"Finding {finding.id} ({finding.body.get('type', 'no type')}): {where}")
    if report is not None:
        answer = report.part("answer")
        said = f", director: {answer['action']}, {inline(str(answer['instructions']))}" if answer else ", not answered"
        facts.append(f"Report {report.id}{said}")
    seen = recurrence.earlier(desk, finding) if finding else None
    return [*facts, seen.sentence] if seen else facts


def on_record(desk: Desk, model: str, entry: Entry, run: Subject | None, finding: Subject | None) -> OnRecord:
    """Return what an entry is held against: the error's text, and the failed attempts that no entry mentions."""
    told = [str(one.body.get("text", "")) for one in desk.ledger.subjects(SubjectKind.DIARY, model=model)]
    told += [entry.struggle, *entry.investigation, entry.fix, entry.why, run.id if run else ""]
    failed = [one for one in desk.ledger.subjects(SubjectKind.RUN, model=model) if _failed(desk, one)]
    untold = [_named(desk, one) for one in failed if not _mentioned(one.id, told)]
    return OnRecord(error_text=error_text(finding, LONGEST_ERROR), untold=tuple(untold))


def _failed(desk: Desk, run: Subject) -> bool:
    state = run.part("end").get("state")
    if state is None or state == RunState.STOPPED:
        return False
    return state != RunState.COMPLETED or bool(standing.unaccepted_failures(desk, run.id))


def _mentioned(run: str, texts: Iterable[str]) -> bool:
    word = re.compile(rf"(?<![\w.-]){re.escape(run)}(?![\w-])")
    return any(word.search(text) for text in texts)


def _named(desk: Desk, run: Subject) -> str:
    exceptions = [str(one.body["exception"]) for one in standing.failures(desk, run.id) if one.body.get("exception")]
    return f"{run.id} ({inline((exceptions or [str(run.part('end')['state'])])[-1], 80)})"


def sections(desk: Desk, model: str, path: str) -> list[Section]:
    """Return every part of a model's diary at a path that servers recorded, in the order in which they did."""
    found: list[tuple[int, Section]] = []
    for one in desk.ledger.subjects(SubjectKind.DIARY, model=model):
        if one.body["path"] == path:
            found.append((one.first_seq, Section(f"written:{one.id}", str(one.body["text"]))))
            if one.body.get("proof"):
                found.append((one.last_seq, Section(f"written:{one.id}:proof", str(one.body["proof"]))))
    return [section for _, section in sorted(found, key=lambda pair: pair[0])]


def catch_up(desk: Desk, model: str) -> list[int]:
    """Add the evidence to each entry of a model whose fix was proven since it was written; return their numbers.

    Also appends what a killed server recorded and did not write. Cheap when there is nothing to do; safe at any time,
    by several servers at once.
    """
    proven = [one for one in desk.ledger.subjects(SubjectKind.DIARY, model=model) if _prove(desk, one)]
    for path in dict.fromkeys(str(one.body["path"]) for one in desk.ledger.subjects(SubjectKind.DIARY, model=model)):
        complete(desk, path, diary.title(model), sections(desk, model, path))
    return [int(one.body["number"]) for one in proven]


def _prove(desk: Desk, entry: Subject) -> bool:
    """Record the proof of an entry that was written without one; False when there is none or it is on record."""
    if entry.body.get("proven", True):
        return False
    run = desk.ledger.subject(SubjectKind.RUN, entry.run)
    report = desk.ledger.subject(SubjectKind.REPORT, str(entry.body.get("report") or ""))
    found = proof(desk, entry.model, run, report)
    if found is None:
        return False
    number, insight = int(entry.body["number"]), bool(entry.body.get("insight"))
    text = diary.render_proof(number, desk.clock(), found, insight=insight)
    with desk.ledger.transaction() as transaction:
        return _record_proof(transaction, entry, text)


def _record_proof(transaction: Transaction, entry: Subject, text: str) -> bool:
    known = transaction.subject(SubjectKind.DIARY, entry.id)
    if known is None or known.body.get("proven", True):
        return False
    body = {"proven": True, "proof": text}
    transaction.append(Kind.PROVEN, entry.id, run=entry.run, model=entry.model, body=body)
    return True
