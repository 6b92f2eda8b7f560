"""report_error: tell the director what failed, with the evidence filled in by the server."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.report import reports
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look as looking
from ..server.documents import error_report
from ..server.storage.record import Finding, Report
from ..server.vocabulary.errors import InvalidArgument, NotFound
from ..server.vocabulary.runs import Role


class Reported(BaseModel):
    """A report that is on record."""

    report: str
    existing: bool | None = None
    error_type: str
    owner: str
    resume_point: str
    emergency: bool | None = None
    seen_before: str | None = None
    path: str
    message: str
    next: str


async def report_error(
    desk: Desk,
    what_happened: Annotated[str, "in your words"],
    run: Annotated[str | None, "the run that failed"] = None,
    model: Annotated[str | None, "when there is no run"] = None,
    finding: Annotated[str | None, "id from poll_training; default the newest failure of the run"] = None,
    error_type: Annotated[
        str | None, "your view: implementation, data, resource, convergence or infrastructure"
    ] = None,
    hypothesis: str | None = None,
    recommended_action: str | None = None,
) -> Reported:
    """Report a failure to the director at once; log lines, PID, exit and times are filled in for you.

    Call it for every finding of level failure. The same failure twice is one report. Then poll the run: it returns as
    soon as the director answers.
    """
    said = reports.Words(
        what_happened=what_happened.strip(),
        hypothesis=(hypothesis or "").strip(),
        recommended_action=(recommended_action or "").strip(),
        trainer_type=reports.parse_error_type(error_type).value if error_type else "",
    )
    if not said.what_happened:
        raise InvalidArgument("A report needs what_happened.", "Say in one or two sentences what you saw.")
    return await in_thread(_report, desk, run, model, finding, said)


def _report(
    desk: Desk, run_id: str | None, model: str | None, finding_id: str | None, words: reports.Words
) -> Reported:
    finding = _finding(desk, finding_id) if finding_id else None
    run_id = run_id or (finding.run if finding else None)
    if finding is not None and finding.run != run_id:
        raise InvalidArgument(
            f"Finding {finding.id} belongs to run {finding.run}, not to {run_id}.",
            f"Call report_error(run={finding.run!r}, finding={finding.id!r}, what_happened=…).",
        )
    look = looking.look_at(desk, run_id) if run_id else None
    if look is not None and model is not None and look.run.model != model:
        raise InvalidArgument(
            f"Run {look.run.id} belongs to model {look.run.model}, not to {model}.",
            "Name the run that failed, or the model when nothing of it was started.",
        )
    if look is None and model is None:
        raise InvalidArgument(
            "A report is about a run or a model.", "Give run=… or, when nothing was started, model=…."
        )
    if look is None and model is not None:
        desk.workspace.check_model_id(model)
    if finding is None and look is not None:
        finding = reports.failure_to_report(desk, look.run.id)
    report, existing = reports.open_report(
        desk,
        model=look.run.model if look else str(model),
        run=look.run if look else None,
        status=look.status if look else None,
        finding=finding,
        words=words,
    )
    return _reported(desk, report, existing)


def _finding(desk: Desk, finding_id: str) -> Finding:
    found = desk.ledger.finding(finding_id)
    if found is None:
        raise NotFound(
            f"There is no finding {finding_id[:60]!r}.", "poll_training(run=…) names the findings there are."
        )
    return found


def _reported(desk: Desk, report: Report, existing: bool) -> Reported:
    watching = f"poll_training(run={report.run!r})" if report.run else "poll_training()"
    return Reported(
        report=report.id,
        existing=existing or None,
        error_type=report.error_type,
        owner=report.owner,
        resume_point=report.resume_point,
        emergency=report.emergency or None,
        seen_before=report.seen_before or None,
        path=reports.write_document(desk, report),
        message=error_report.message(report, desk.labels),
        next=watching,
    )


TOOL = Tool(report_error, "report", Reported, frozenset({Role.TRAINER}), idempotent=True)
