"""What lasts too long: a report that nobody answers, a model that fails for hours without getting anywhere.

Each is recorded once, as a flag of the run that it is about; a poll of anybody notices.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ...storage.record import Report
from ...storage.record.records import FindingSeen
from ...vocabulary.runs import Finding, Level
from ..desk import Desk
from ..watch.standing import unaccepted_failures

MOST_ATTEMPTS = 20
"""Attempts of a model that are looked back at."""


def note(desk: Desk, run: str | None) -> None:
    """Record what lasts too long, for one run or for all."""
    for report in desk.ledger.reports(run=run, open_only=True):
        if report.status == "open" and report.run and desk.clock() > report.deadline_at:
            _record(desk, report.run, f"unanswered-{report.id}", _unanswered(desk, report))
    for model in {one.model for one in desk.ledger.reports(open_only=True)}:
        _note_stuck(desk, model)


def _unanswered(desk: Desk, report: Report) -> Finding:
    since = datetime.fromtimestamp(report.at, UTC).strftime("%H:%M")
    minutes = desk.policy.report.deadline_minutes
    what = f"report {report.id} of {since} UTC was not answered within {minutes:g} minutes; what it is about is held"
    return Finding(kind="unanswered", level=Level.FLAG, message=what)


def stuck_since(desk: Desk, model: str) -> float | None:
    """Return since when a model fails without progress (unix seconds); None when it does not.

    Progress is an attempt that completed without a failure. The clock begins at the first failure after the last one.
    """
    begun: float | None = None
    for run in desk.ledger.runs(model=model, newest=MOST_ATTEMPTS):
        standing = unaccepted_failures(desk, run.id)
        if standing and begun is None:
            begun = standing[0].at
        elif not standing and run.completed:
            begun = None
    return begun


def _note_stuck(desk: Desk, model: str) -> None:
    since, hours = stuck_since(desk, model), desk.policy.report.stuck_hours
    if since is None or desk.clock() - since < hours * 3600:
        return
    newest = desk.ledger.runs(model=model, newest=1)[-1]
    what = f"model {model} has failed for more than {hours:g} hours without a completed attempt"
    advice = "Ask @advisor: another attempt of the same kind will hardly help."
    _record(
        desk, newest.id, f"stuck-{int(since)}", Finding(kind="stuck", level=Level.FLAG, message=what, advice=advice)
    )


def _record(desk: Desk, run: str, key: str, finding: Finding) -> None:
    finding_id = f"{run}:{key}"
    if desk.ledger.finding(finding_id) is not None:
        return
    with desk.ledger.transaction() as transaction:
        known = transaction.run(run)
        if known is None or transaction.finding(finding_id) is not None:
            return
        seen = FindingSeen.of(finding, log=known.log, updated_at=desk.clock())
        transaction.append(seen, finding_id, run=run, model=known.model)
