"""write_diary_entry: tell the struggle while it is fresh."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.poll import next_step
from ..server.acts.report import reports
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look
from ..server.acts.write import diary_entry
from ..server.documents.diary_rules import Entry
from ..server.vocabulary.runs import Role


class Entered(BaseModel):
    """An entry that is in the diary."""

    entry: int
    path: str
    existing: bool | None = None
    advice: list[str] | None = None
    closed_report: str | None = None
    proven: list[str] | None = None
    next: str


async def write_diary_entry(
    desk: Desk,
    model: str,
    struggle: Annotated[str, "what broke"],
    investigation: Annotated[list[str], "each test with its result, failed ones too"],
    fix: Annotated[str, "before and after"],
    why: Annotated[str, "the cause in the domain, not the symptom"],
    run: Annotated[str | None, "the failed run"] = None,
    report: Annotated[str | None, "the report it closes"] = None,
    next_steps: list[str] | None = None,
    validation: str | None = None,
    narrative_value: Annotated[str | None, "what it gives the paper"] = None,
) -> Entered:
    """Write an entry in the model's development diary; numbered; the server adds error text, what changed, evidence.

    Owed for each reported failure once a later attempt ended well. Empty sections are refused; `advice` says what
    would make the entry worth more.
    """
    entry = Entry(
        struggle.strip(),
        tuple(text.strip() for text in investigation if text.strip()),
        fix.strip(),
        why.strip(),
        tuple(text.strip() for text in next_steps or [] if text.strip()),
        (validation or "").strip(),
        (narrative_value or "").strip(),
    )
    return await in_thread(_write, desk, model, entry, run, report)


def _write(desk: Desk, model: str, entry: Entry, run_id: str | None, report_id: str | None) -> Entered:
    desk.workspace.check_model_id(model)
    report = reports.find_report(desk, report_id) if report_id else None
    run_id = run_id or (report.run if report and report.run else None)
    run = look.find_run(desk, run_id) if run_id else None
    written = diary_entry.write_entry(desk, model, entry, run, report)
    return Entered(
        entry=written.number,
        path=written.path,
        existing=written.existing or None,
        advice=list(written.advice) or None,
        closed_report=report.id if report and written.closed else None,
        proven=[f"entry #{one} has its evidence now" for one in written.proven] or None,
        next=_next(desk, model),
    )


def _next(desk: Desk, model: str) -> str:
    return next_step.owed_call(desk, model) or "poll_training() shows where everything stands"


TOOL = Tool(write_diary_entry, "diary", Entered, frozenset({Role.TRAINER}), idempotent=True)
