"""Write a diary entry: numbered and recorded in the ledger first, then appended to the model's file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from . import diary, gates, owed
from .desk import Desk
from .errors import InvalidArgument, PathRefused
from .ledger import Kind, Subject, SubjectKind, Transaction
from .untrusted import outgoing

LONGEST_DIARY_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that is in the file.

    :ivar existing: whether it was there before.
    :ivar closed: whether the report that it tells of is closed; one without an answer stays open.
    """

    number: int
    path: str
    advice: tuple[str, ...]
    existing: bool
    closed: bool


def write_entry(desk: Desk, model: str, entry: diary.Entry, run: Subject | None, report: Subject | None) -> Written:
    """Check, number, record and append an entry; the same entry again is the entry that is there.

    :raises InvalidArgument: if a section is empty, or run or report are another model's; nothing is written then.
    """
    _check_model(model, run, report)
    advice = diary.check(entry)
    path = desk.workspace.diary(model)
    content = repr((model, entry, run.id if run else "", report.id if report else ""))
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    evidence = _evidence(desk, model, run, report)
    about = run or report
    phase = desk.labels[about.body["phase"] if about else "full"]
    in_file = diary.last_number(_text(desk, path))
    with desk.ledger.transaction() as transaction:
        kept = transaction.subjects(SubjectKind.DIARY, model=model)
        known = next((one for one in kept if one.body["sha256"] == digest), None)
        if known is None:
            number = 1 + max([in_file, *(int(one.body["number"]) for one in kept)])
            text = diary.render(number, desk.clock(), phase, entry, evidence)
            body = {"number": number, "sha256": digest, "path": path, "text": text}
            transaction.append(Kind.DIARY, f"{model}-d{number}", run=run.id if run else "", model=model, body=body)
        else:
            number, text = int(known.body["number"]), str(known.body["text"])
        closed = report is not None and _close(transaction, report, {"entry": number, "path": path})
    _append(desk, path, model, number, text)
    return Written(number, path, advice, existing=known is not None, closed=closed)


def _check_model(model: str, *about: Subject | None) -> None:
    for one in about:
        if one is not None and one.model != model:
            raise InvalidArgument(
                f"{one.id} belongs to model {one.model}, not to {model}.", "Name the model that the entry tells of."
            )


def _close(transaction: Transaction, report: Subject, entry: Mapping[str, object]) -> bool:
    """Close a report, once and only when it was answered: no diary entry takes the director's decision away."""
    now = transaction.subject(SubjectKind.REPORT, report.id) or report
    if now.status in ("answered", "applied"):
        transaction.append(Kind.CLOSED, report.id, run=report.run, model=report.model, body=entry)
        return True
    return now.status == "closed"


def _append(desk: Desk, path: str, model: str, number: int, text: str) -> None:
    """Append an entry unless the file has it: a server that died after recording it is made good here."""
    with desk.ledger.transaction():  # no other server looks and appends meanwhile
        present = _text(desk, path)
        if f"## Dev Diary Entry #{number}\n" in present:
            return
        opening = "" if present.strip() else f"{diary.title(model)}\n"
        gap = "" if not present or present.endswith("\n\n") else "\n" if present.endswith("\n") else "\n\n"
        desk.workspace.append_durably(path, f"{opening}{gap}{text}")


def _text(desk: Desk, path: str) -> str:
    try:
        return desk.workspace.read_bytes(path, LONGEST_DIARY_BYTES).decode("utf-8", "replace")
    except PathRefused:
        if desk.workspace.exists(path):
            raise
        return ""


def _evidence(desk: Desk, model: str, run: Subject | None, report: Subject | None) -> diary.Evidence:
    finding_id = report.body.get("finding") if report else None
    finding = desk.ledger.subject(SubjectKind.FINDING, finding_id) if finding_id else None
    if finding is None and run is not None:
        failures = gates.failures(desk, run.id)
        finding = failures[-1] if failures else None
    solved = owed.solved_by(desk, report, desk.ledger.subjects(SubjectKind.RUN, model=model)) if report else None
    error_text = outgoing(str(finding.body.get("text") or finding.body.get("message") or ""), 4_000) if finding else ""
    return diary.Evidence(
        error_text=error_text,
        hypothesis=str(report.body.get("hypothesis", "")) if report else "",
        facts=tuple(_facts(run, report, finding, solved)),
        solved_by=f"{solved.id} completed without this failure." if solved else "",
    )


def _facts(run: Subject | None, report: Subject | None, finding: Subject | None, solved: Subject | None) -> list[str]:
    facts: list[str] = []
    if run is not None:
        end = run.part("end")
        facts.append(f"Run {run.id}: {end.get('state', 'active')} {end.get('reason', '')}".rstrip())
    if finding is not None:
        line, last = finding.body.get("line"), finding.body.get("last_line")
        where = f"`{finding.body['log']}:{line}-{last or line}`" if line else "not in the log"
        facts.append(f"Finding {finding.id} ({finding.body.get('type', 'no type')}): {where}")
    if report is not None:
        answer = report.body.get("answer")
        said = f", director: {answer['action']}, {answer['instructions']}" if answer else ", not answered"
        facts.append(f"Report {report.id}{said}")
    if solved is not None:
        facts.append(f"Solved in {solved.id}, script sha256 {solved.body['script_sha256'][:16]}")
    return facts
