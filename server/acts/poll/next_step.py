"""What is still owed for a model, and the exact next call. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis.evidence.words import Word
from ...documents.error_report import HOLD, Action
from ...storage.record import Finding, Report, Run, Verdict
from ...vocabulary.runs import Phase, Role, RunState
from ..desk import Desk
from ..report.recurrence import solved_by
from ..report.silent import mended_in_silence
from ..watch import next_start
from ..watch.standing import STILL_LOOKING, crashes, quick_problems, still_looking


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands for those who watch it; what `next` is computed from.

    :ivar unreported: the oldest failure that was neither reported nor accepted.
    :ivar report: the newest report about the run.
    :ivar entry: a report of the model whose diary entry is owed; never set while a run of the model is active.
    :ivar silent: a failure of the model that was mended without a report; likewise.
    :ivar full: the newest full attempt of the model.
    :ivar verdict: the newest verdict word on the run; empty if none was computed.
    :ivar looking: whether its results are still being looked into.
    :ivar judged: whether a verdict can be asked for.
    :ivar rerun: whether it is being played again, and what came of that is not on record yet.
    """

    run: Run
    state: RunState
    elapsed_s: float
    unreported: Finding | None = None
    report: Report | None = None
    entry: Report | None = None
    silent: Finding | None = None
    verdict: str = ""
    quick_passed: bool = False
    full: Run | None = None
    looking: bool = False
    overdue: bool = False
    rerun: bool = False
    judged: bool = True


def standing(desk: Desk, run: Run, state: RunState, elapsed_s: float) -> Standing:
    """Collect where a run stands."""
    open_failures = [one for one in crashes(desk, run.id) if one.status == "open"]
    reports = desk.ledger.reports(run=run.id)
    verdicts = desk.ledger.verdicts(run=run.id)
    report = next((one for one in reversed(reports) if one.status != "closed"), None)
    quick = run.phase is Phase.QUICK and state.final
    problems = quick_problems(desk, run) if quick else []
    return Standing(
        run=run,
        state=state,
        elapsed_s=elapsed_s,
        unreported=open_failures[0] if open_failures else None,
        report=report,
        entry=owed_entry(desk, run.model),
        silent=owed_silent(desk, run.model),
        verdict=_final_word(verdicts),
        quick_passed=quick and not problems,
        full=next((one for one in reversed(desk.ledger.runs(model=run.model)) if one.phase is Phase.FULL), None),
        looking=quick and still_looking(problems),
        rerun=any(one.open for one in desk.ledger.reruns(run.id)),
        judged=desk.policy.judge.verdicts,
        overdue=report is not None and report.status == "open" and desk.clock() > report.deadline_at,
    )


def _final_word(verdicts: Sequence[Verdict]) -> str:
    """Return the newest verdict on a run; one that was asked for while it went on says nothing of its end."""
    return "" if not verdicts or verdicts[-1].word == Word.IN_PROGRESS else verdict_words(verdicts[-1])


def verdict_words(verdict: Verdict) -> str:
    """Return the word of a verdict, and beside it that the director overrode it."""
    override = verdict.override if verdict.override and verdict.override.reason else None
    return f"{verdict.word}, overridden by the director in {override.report}" if override else verdict.word


def owed_silent(desk: Desk, model: str) -> Finding | None:
    """Return the oldest failure of a model that was mended in silence; None while a run of it is active."""
    found = mended_in_silence(desk, model)
    return None if found is None or any(not one.ended for one in desk.ledger.runs(model=model)) else found


def owed_call(desk: Desk, model: str) -> str:
    """Return the call that writes the diary entry which a model owes; empty when it owes none."""
    entry = owed_entry(desk, model)
    if entry is not None:
        return f"write_diary_entry(model={model!r}, report={entry.id!r}, …)"
    silent = owed_silent(desk, model)
    return f"write_diary_entry(model={model!r}, run={silent.run!r}, …)" if silent is not None else ""


def owed_entry(desk: Desk, model: str) -> Report | None:
    """Return the oldest report of a model that the diary still has to tell.

    It is owed when a later attempt ended well, or the answer was TERMINATE or CONTINUE; never while a run of the
    model is active.
    """
    reports = desk.ledger.reports(model=model, open_only=True)
    runs = desk.ledger.runs(model=model) if reports else []
    if any(one.status != "ended" for one in runs):
        return None
    completed = [one for one in runs if one.completed]
    for report in reports:
        if report.about_start:  # no failure: there is nothing to tell
            continue
        action = report.answer.action if report.answer else None
        if action in (Action.TERMINATE, Action.CONTINUE) or (action and solved_by(desk, report, completed)):
            return report
    return None


def _going_on(about: Standing) -> str:
    """Return the call that asks for what goes on behind an ended run; empty where nothing does."""
    if about.rerun:
        return f"verify_compute(run={about.run.id!r}, rerun=true)"
    return f"poll_training(run={about.run.id!r}): its results are {STILL_LOOKING}" if about.looking else ""


def next_call(desk: Desk, about: Standing, cursor: str) -> str:
    """Return the exact next call for a run, or that the watch is over and what follows."""
    if desk.role is Role.DIRECTOR:
        return _for_director(about, cursor)
    if desk.role is Role.OBSERVER:
        return _poll(about, cursor) if not about.state.final else "the watch is over"
    return _for_trainer(desk, about, cursor)


def _for_trainer(desk: Desk, about: Standing, cursor: str) -> str:
    run = about.run
    if about.unreported is not None:
        return f"report_error(run={run.id!r}, finding={about.unreported.id!r}, what_happened=…)"
    if about.report is not None and about.report.status == "open":
        if about.overdue:
            return f"no answer in time; {HOLD}. End your turn, call poll_training() when you are back"
        return _poll(about, cursor)
    if not about.state.final:
        return _while_active(desk, about, cursor)
    if about.report is not None and about.report.status == "answered":
        return _carry_out(desk, about)
    return _going_on(about) or _afterwards(desk, about)


def _while_active(desk: Desk, about: Standing, cursor: str) -> str:
    if about.report is not None and asks_for_a_start(about.report):
        reason = f"answer to {about.report.id}"
        return f"stop_training(run={about.run.id!r}, reason={reason!r}), then start with the fix"
    brisk = about.state is not RunState.QUEUED and about.elapsed_s < desk.policy.watch.brisk_minutes * 60
    return _poll(about, cursor, wait_s=desk.policy.watch.brisk_poll_s if brisk else None)


def _carry_out(desk: Desk, about: Standing) -> str:
    run = about.run
    if about.report is not None and about.report.about_start:
        left = "" if about.report.answer and about.report.answer.approve else ", with those changes taken back"
        return f"the same start_training call again{left}"
    if about.report is not None and asks_for_a_start(about.report):
        return f"{_again(desk, run)} with the fix"
    return _afterwards(desk, about)


def asks_for_a_start(report: Report) -> bool:
    """Whether a report waits, answered, for another attempt to be started."""
    if report.status != "answered" or report.answer is None:
        return False
    if report.about_start:
        return report.answer.action is not Action.TERMINATE
    return report.answer.action in (Action.RESTART, Action.RESUME)


def _afterwards(desk: Desk, about: Standing) -> str:
    run = about.run
    if about.entry is not None:
        return (
            f"write_diary_entry(model={run.model!r}, report={about.entry.id!r}, struggle=…, investigation=[…], "
            "fix=…, why=…)"
        )
    if about.silent is not None:
        return (
            f"write_diary_entry(model={run.model!r}, run={about.silent.run!r}, struggle=…, investigation=[…], fix=…, "
            f"why=…): nobody reported {about.silent.id}"
        )
    if about.quick_passed:
        return _full_phase(desk, run, about.full)
    if about.state is RunState.COMPLETED and not about.verdict:
        return f"verify_compute(run={run.id!r})" if about.judged else "the watch is over"
    if about.verdict:
        return f"the watch is over: {about.verdict}"
    return f"{_again(desk, run)} when the cause is mended"


def _again(desk: Desk, run: Run) -> str:
    return next_start.call(desk, run.model, run.phase, run.script, args=run.args, command=run.command, follows=run.id)


def _full_phase(desk: Desk, quick: Run, full: Run | None) -> str:
    """Return what comes after a passed quick run; without `follows` the first full attempt would only be shown."""
    if full is not None and (full.first_seq > quick.first_seq or not full.ended):
        return f"quick passed, {full.id} is the full run: poll_training(run={full.id!r})"
    follows = full.id if full is not None else ""
    call = next_start.call(
        desk, quick.model, Phase.FULL, quick.script, args=quick.args, command=quick.command, follows=follows
    )
    return f"quick passed: {call}"


def _for_director(about: Standing, cursor: str) -> str:
    report = about.report
    if report is not None and report.status == "open":
        return answer_call(report)
    if about.state is RunState.COMPLETED and not about.verdict and about.judged:
        return f"verify_compute(run={about.run.id!r})"
    return _poll(about, cursor) if not about.state.final else "poll_training()"


def answer_call(report: Report) -> str:
    """Return the call with which a director answers a report."""
    if report.about_changes:
        return f"answer_report(report={report.id!r}, action='CONTINUE|TERMINATE', instructions=…, approve=[…])"
    if report.about_start:
        return f"answer_report(report={report.id!r}, action='CONTINUE|TERMINATE', instructions=…)"
    return f"answer_report(report={report.id!r}, action='RESTART|RESUME|TERMINATE|CONTINUE', instructions=…)"


def _poll(about: Standing, cursor: str, wait_s: float | None = None) -> str:
    place = f", cursor={cursor!r}" if cursor else ""
    wait = f", wait_s={wait_s:g}" if wait_s is not None else ""
    return f"poll_training(run={about.run.id!r}{place}{wait})"
