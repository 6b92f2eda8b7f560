"""Write a diary entry: numbered and recorded in the ledger first, then appended to the model's file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...documents import diary
from ...documents.diary_rules import Breach, Entry, breaches
from ...documents.markdown import inline
from ...storage.record import Kind, Subject, SubjectKind, Transaction
from ...vocabulary.errors import InvalidArgument
from .. import sections
from ..desk import Desk
from . import diary_evidence


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that is in the file.

    :ivar existing: whether it was there before.
    :ivar closed: whether the report that it tells of is closed; one without an answer stays open.
    :ivar proven: numbers of earlier entries that now have their evidence behind them.
    """

    number: int
    path: str
    advice: tuple[str, ...]
    existing: bool
    closed: bool
    proven: tuple[int, ...]


def write_entry(desk: Desk, model: str, entry: Entry, run: Subject | None, report: Subject | None) -> Written:
    """Check, number, record and append an entry; the same entry again is the entry that is there.

    :raises InvalidArgument: if a strict rule is broken, or run or report are another model's; nothing is written then.
    """
    _check_model(model, run, report)
    path = desk.workspace.diary(model)
    sections.read(desk, path)  # refuses what nothing can be appended to before anything is recorded
    digest = _digest(model, entry, run, report)
    told = diary.cleaned(entry)
    finding = diary_evidence.told_of(desk, run, report)
    broken = breaches(told, diary_evidence.on_record(desk, model, told, run, finding))
    if _known(desk.ledger.subjects(SubjectKind.DIARY, model=model), digest) is None:
        _refuse_strict(desk, broken)
    body = _body(desk, model, told, broken, run, report)  # before the ledger is held: it compares whole scripts
    with desk.ledger.transaction() as transaction:
        kept = transaction.subjects(SubjectKind.DIARY, model=model)
        known = _known(kept, digest)
        if known is None:
            number = 1 + max([diary.last_number(sections.read(desk, path)), *(int(one.body["number"]) for one in kept)])
            full = {**body(number), "sha256": digest, "path": path}
            transaction.append(Kind.DIARY, f"{model}-d{number}", run=run.id if run else "", model=model, body=full)
        else:
            number, path = int(known.body["number"]), str(known.body["path"])
        closed = report is not None and _close(transaction, report, {"entry": number, "path": path})
    proven = [one for one in diary_evidence.catch_up(desk, model) if one != number]
    advice = tuple(one.advice for one in broken)
    return Written(number, path, advice, existing=known is not None, closed=closed, proven=tuple(proven))


def _body(
    desk: Desk, model: str, told: Entry, broken: Sequence[Breach], run: Subject | None, report: Subject | None
) -> Callable[[int], dict[str, object]]:
    """Return what makes an entry's record of its number: text, and what later entries and its evidence need."""
    finding = diary_evidence.told_of(desk, run, report)
    evidence = diary_evidence.gather(desk, model, run, report)
    insight = diary.has_insight(broken)
    phase, at = _phase(desk, run or report), desk.clock()
    return lambda number: {
        "number": number,
        "text": diary.render(number, at, phase, told, evidence, insight=insight),
        "report": report.id if report else "",
        "finding": finding.id if finding else "",
        "fix": inline(told.fix, 200),
        "insight": insight,
        "proven": evidence.proof is not None or (run is None and report is None),
    }


def _digest(model: str, entry: Entry, run: Subject | None, report: Subject | None) -> str:
    content = repr((model, entry, run.id if run else "", report.id if report else ""))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _known(kept: Sequence[Subject], digest: str) -> Subject | None:
    return next((one for one in kept if one.body["sha256"] == digest), None)


def _refuse_strict(desk: Desk, broken: Sequence[Breach]) -> None:
    strict = [one for one in broken if one.rule in desk.policy.diary.strict]
    if strict:
        raise InvalidArgument(
            " ".join(one.advice for one in strict), "Nothing was written; call write_diary_entry again with that."
        )


def _phase(desk: Desk, about: Subject | None) -> str:
    return desk.labels[str(about.body["phase"]) if about else "full"]


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
