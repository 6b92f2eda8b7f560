"""answer_report: the director's decision."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.report import answers, reports
from ..server.acts.start import stop
from ..server.acts.toolbox import Tool
from ..server.documents.error_report import Action, Answer
from ..server.vocabulary.errors import InvalidArgument
from ..server.vocabulary.runs import Role


class Answered(BaseModel):
    """An answer that is on record."""

    report: str
    action: str
    run: str | None = None
    accepted_finding: str | None = None
    path: str
    next: str


async def answer_report(
    desk: Desk,
    report: str,
    action: Annotated[str, "RESTART, RESUME (from checkpoint), TERMINATE (stops the run) or CONTINUE (accept it)"],
    instructions: Annotated[str, "what the trainer shall do, and why"],
    approve: Annotated[list[str] | None, "names of changes you approve"] = None,
    changes_applied: Annotated[str | None, "file, issue, fix, parameters, algorithm, features changed"] = None,
    next_steps: str | None = None,
    error_type: Annotated[str | None, "where the report's type is wrong: the right one"] = None,
) -> Answered:
    """Decide on a trainer's report; the waiting trainer is woken at once.

    Call it for every open report that poll_training() shows. CONTINUE accepts the finding: it stays visible beside
    your reason and no longer blocks the phase. No answer turns a rejected verdict into an approved one. A further
    answer replaces the earlier one.
    """
    if not instructions.strip():
        raise InvalidArgument("An answer needs instructions.", "Say what the trainer shall do, and why.")
    given = Answer(
        action=answers.parse_action(action),
        instructions=instructions.strip(),
        changes_applied=(changes_applied or "").strip(),
        next_steps=(next_steps or "").strip(),
        approve=tuple(approve or ()),
        error_type=reports.parse_error_type(error_type).value if error_type else "",
    )
    return await in_thread(decide, desk, report, given)


def decide(desk: Desk, report_id: str, given: Answer, seen_seq: int | None = None) -> Answered:
    """Record an answer and end the run that it terminates; `seen_seq` as `answers.answer` takes it."""
    report = answers.answer(desk, reports.find_report(desk, report_id), given, seen_seq)
    if report.run and given.action is Action.TERMINATE:
        for run in desk.ledger.runs(model=report.model):
            if run.id == report.run or (run.phase is report.phase and not report.about_start):
                stop.carry_out(desk, run)
    accepted = report.finding or None if given.action is Action.CONTINUE else None
    return Answered(
        report=report.id,
        action=given.action,
        run=report.run or None,
        accepted_finding=accepted,
        path=reports.write_document(desk, report),
        next="poll_training() shows what the trainer makes of it",
    )


TOOL = Tool(answer_report, "answer", Answered, frozenset({Role.DIRECTOR}), idempotent=True, destructive=True)
