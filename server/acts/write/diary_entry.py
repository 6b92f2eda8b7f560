"""Write a diary entry: numbered and recorded in the ledger first, then appended to the model's file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...documents import diary
from ...documents.diary_rules import Breach, Entry, breaches
from ...documents.markdown import inline
from ...storage import record
from ...storage.record import Record, Report, Run, Transaction
from ...storage.record.records import EntryWritten, ReportClosed
from ...vocabulary.errors import InvalidArgument, NotFound
from ...vocabulary.runs import Phase
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


def write_entry(desk: Desk, model: str, entry: Entry, run: Run | None, report: Report | None) -> Written:
    """Check, number, record and append an entry; the same entry again is the entry that is there.

    :raises InvalidArgument: if a strict rule is broken, or run or report are another model's; nothing is written then.
    """
    _check_model(model, run, report)
    _check_known(desk, model)
    path = desk.workspace.diary(model)
    sections.read(desk, path)  # refuses what nothing can be appended to before anything is recorded
    digest = _digest(model, entry, run, report)
    told = diary.cleaned(entry)
    finding = diary_evidence.told_of(desk, run, report)
    broken = breaches(told, diary_evidence.on_record(desk, model, told, run, finding))
    if _known(desk.ledger.entries(model), digest) is None:
        _refuse_strict(desk, broken)
    written = _written(desk, model, told, broken, run, report)  # before the ledger is held: it compares whole scripts
    with desk.ledger.transaction() as transaction:
        kept = transaction.entries(model)
        known = _known(kept, digest)
        if known is None:
            number = 1 + max([diary.last_number(sections.read(desk, path)), *(one.number for one in kept)])
            full = replace(written(number), sha256=digest, path=path)
            transaction.append(full, f"{model}-d{number}", run=run.id if run else "", model=model)
        else:
            number, path = known.number, known.path
        closed = report is not None and _close(transaction, report, ReportClosed(entry=number, path=path))
    proven = [one for one in diary_evidence.catch_up(desk, model) if one != number]
    advice = tuple(one.advice for one in broken)
    return Written(number, path, advice, existing=known is not None, closed=closed, proven=tuple(proven))


def _written(
    desk: Desk, model: str, told: Entry, broken: Sequence[Breach], run: Run | None, report: Report | None
) -> Callable[[int], EntryWritten]:
    """Return what makes an entry's record of its number: text, and what later entries and its evidence need."""
    finding = diary_evidence.told_of(desk, run, report)
    evidence = diary_evidence.gather(desk, model, run, report)
    insight = diary.has_insight(broken)
    phase, at = _phase(desk, run or report), desk.clock()
    return lambda number: EntryWritten(
        number=number,
        path="",
        text=diary.render(number, at, phase, told, evidence, insight=insight),
        report=report.id if report else "",
        finding=finding.id if finding else "",
        fix=inline(told.fix, 200),
        insight=insight,
        proven=evidence.proof is not None or (run is None and report is None),
    )


def _digest(model: str, entry: Entry, run: Run | None, report: Report | None) -> str:
    # Without sections that were added later, so that an entry from before them is still known as the same.
    told = repr(entry).replace(", validation='', narrative_value='')", ")")
    content = f"({model!r}, {told}, {run.id if run else ''!r}, {report.id if report else ''!r})"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _known(kept: Sequence[record.Entry], digest: str) -> record.Entry | None:
    return next((one for one in kept if one.sha256 == digest), None)


def _refuse_strict(desk: Desk, broken: Sequence[Breach]) -> None:
    strict = [one for one in broken if one.rule in desk.policy.diary.strict]
    if strict:
        raise InvalidArgument(
            " ".join(one.advice for one in strict), "Nothing was written; call write_diary_entry again with that."
        )


def _phase(desk: Desk, about: Run | Report | None) -> str:
    return desk.labels[about.phase if about else Phase.FULL]


def _check_model(model: str, *about: Record | None) -> None:
    for one in about:
        if one is not None and one.model != model:
            raise InvalidArgument(
                f"{one.id} belongs to model {one.model}, not to {model}.", "Name the model that the entry tells of."
            )


def _check_known(desk: Desk, model: str) -> None:
    """Refuse an entry for a model that nobody started, reported, designed or wrote a script for: its id is mistyped."""
    files = desk.workspace
    known = desk.ledger.models()
    if model in known or desk.ledger.reports(model=model, newest=1):
        return
    if not any(map(files.is_there, (files.script(model), files.diary(model)))) and not _has_design(desk, model):
        raise NotFound(
            f"There is no model {model}: nothing was started, reported or designed under this id.",
            f"Models: {', '.join(known[:20]) or 'none yet'}. Nothing was written.",
        )


def _has_design(desk: Desk, model: str) -> bool:
    """Whether a design of this very model is there; one for all models says nothing of this one."""
    path = desk.workspace.design(model)
    return model in path and desk.workspace.is_there(path)


def _close(transaction: Transaction, report: Report, by: ReportClosed) -> bool:
    """Close a report, once and only when it was answered: no diary entry takes the director's decision away."""
    now = transaction.report(report.id) or report
    if now.status in ("answered", "applied"):
        transaction.add(report, by)
        return True
    return now.status == "closed"
