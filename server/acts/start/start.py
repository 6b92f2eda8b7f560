"""The rule for starting: once, never twice, and never past a gate.

A start is decided and recorded in one transaction of the ledger, so two servers that are asked at once start once. The
run directory and the keeper follow from the record and can be made by any server (`launch`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

from ...documents.error_report import Action
from ...storage.record import Report, Run, Transaction
from ...storage.record.records import ReportApplied, ReportClosed, RunStarted
from ...vocabulary.errors import InvalidArgument, NotFound, Refused
from ...vocabulary.runs import Phase
from ...vocabulary.sanitize import one_line
from .. import launch
from ..desk import Desk
from ..report import answers, server_reports
from ..watch import look, standing
from . import approvals, command, gate, job_limits, provenance, spending, start_event
from .command import Command
from .provenance import Origin

SETTLES_WITHIN_S = 2.0
"""What a run leaves behind is known this soon after its end; then the end is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A start as it was asked for; what it is made from was read and kept.

    :ivar argv, cwd: a whole command and its folder, where that was asked for and no script by the policy's rules.
    """

    model: str
    phase: Phase
    origin: Origin
    follows: str | None
    argv: tuple[str, ...] = ()
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """What a start came to: the run, and whether it existed before this call.

    :ivar compared: how a changed script was compared with the one before, where that asked nobody.
    """

    run: Run
    existing: bool
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A start that launched nothing: the director has to approve what changed.

    :ivar report: the report in which the changes stand; its run is the attempt that was compared.
    """

    report: Report
    refused: bool


def parse_phase(text: str, labels: Mapping[str, str]) -> Phase:
    """Return the phase that a word or label names, in any case.

    :raises InvalidArgument: naming the words there are.
    """
    wanted = text.strip().lower()
    for phase in Phase:
        if wanted in (phase.value, labels[phase].lower()):
            return phase
    words = ", ".join(f"{phase} ({labels[phase]})" for phase in Phase)
    raise InvalidArgument(f"phase takes {words}, not {text[:40]!r}.", "Call start_training again with one of these.")


def request(
    desk: Desk, model: str, phase: Phase, script: str | None, args: Sequence[str], follows: str | None
) -> Request:
    """Read what shall be started and keep a snapshot of the script.

    :raises PathRefused: if the script is not a plain file in the workspace.
    :raises InvalidArgument: if the model's id is none.
    """
    desk.workspace.check_model_id(model)
    _check_names(desk, model)
    path = desk.workspace.relative(script or desk.workspace.script(model))
    return Request(model=model, phase=phase, origin=provenance.collect(desk, model, path, tuple(args)), follows=follows)


def of_command(desk: Desk, model: str, phase: Phase, wanted: Command) -> Request:
    """Return a request for a whole command; it follows the latest attempt, if there is one.

    :raises InvalidArgument: if the model's id is none.
    """
    desk.workspace.check_model_id(model)
    _check_names(desk, model)
    known = attempts(desk, model, phase)
    typed = command.unusual(desk, model, phase, wanted)
    return Request(
        model=model,
        phase=phase,
        origin=provenance.collect(desk, model, wanted.script, wanted.args, command=typed, python=wanted.argv[0]),
        follows=known[-1].id if known else None,
        argv=wanted.argv,
        cwd=wanted.cwd,
    )


def _check_names(desk: Desk, model: str) -> None:
    """Two models must not share a file: the quick log of `1_full` would be the full log of `quick_1`."""
    shared = desk.workspace.shared(model, desk.ledger.models())
    if shared is not None:
        raise Refused(
            f"Model {model} would write {shared.path} ({shared.kind}), which belongs to model {shared.other}.",
            "Choose another model id, or put {i} into that name in [names] of watchkeeper.toml.",
        )


def start(desk: Desk, wanted: Request) -> Start | Waiting:
    """Start a run, return the one that this call started before, or have what changed approved first.

    :raises Refused: if a gate, an active run or the director's decision forbids it.
    :raises NotFound: if `follows` names no attempt of this model and phase.
    """
    for run in desk.ledger.runs(model=wanted.model):
        if run.ended:
            continue
        # Another run's trouble is its own: it stays on record as active, and the rules below say what that forbids.
        with nullcontext() if run.id == wanted.follows else suppress(Exception):
            _look(desk, run.id)
    _refuse_what_may_not(desk, wanted)
    new = _existing(attempts(desk, wanted.model, wanted.phase), wanted) is None
    opened = spending.check(desk, wanted.model) if new else ""
    pending = _pending(desk, wanted)
    if isinstance(pending, approvals.Pending):
        found = server_reports.Changes(
            compared=pending.compared,
            entries=tuple(str(one) for one in pending.entries),
            names=tuple(one.name for one in pending.entries),
            features=any(one.features for one in pending.entries),
            places=tuple(one.where for one in pending.entries),
            difference=pending.difference,
        )
        return Waiting(server_reports.open_changes(desk, wanted.model, pending.base, found), pending.refused)
    with desk.ledger.transaction() as transaction:
        _refuse_what_may_not(desk, wanted)  # an answer or another start may have come in between
        known = [one for one in transaction.runs(model=wanted.model) if _same(one, wanted.phase)]
        earlier = _existing(known, wanted)
        if earlier is None:
            spending.refuse(desk, transaction, wanted.model, opened)
        run = earlier or _record(desk, transaction, wanted, known)
    if earlier is None:
        launch.launch(desk, run)
    return Start(run, existing=earlier is not None, compared=pending.said)


def _pending(desk: Desk, wanted: Request) -> approvals.Pending | approvals.Passed:
    """Return what a new start changed without approval; a start that was made before asks for nothing."""
    known = attempts(desk, wanted.model, wanted.phase)
    if _existing(known, wanted) is not None:
        return approvals.Passed()
    return approvals.pending(desk, wanted.phase, wanted.origin, known, attempts(desk, wanted.model, Phase.QUICK))


def _refuse_what_may_not(desk: Desk, wanted: Request) -> None:
    """Let a start pass or refuse it; asked once before, for the time that it takes, and once with the ledger held."""
    if _existing(attempts(desk, wanted.model, wanted.phase), wanted) is None:
        job_limits.check(desk, wanted.phase, wanted.origin)
    if wanted.follows is not None:
        _check_follows(desk, wanted)
    elif not attempts(desk, wanted.model, wanted.phase):
        _check_first(desk, wanted)


def _look(desk: Desk, run: str) -> None:
    """Look at a run, because one that ended unseen must block nothing; wait for its record if it ends right now."""
    deadline = time.monotonic() + SETTLES_WITHIN_S
    status = look.look_at(desk, run).status
    while status.state.final and not status.settled and time.monotonic() < deadline:
        time.sleep(0.05)
        status = look.look_at(desk, run).status


def attempts(desk: Desk, model: str, phase: Phase) -> list[Run]:
    """Return the attempts of one phase of a model, oldest first."""
    return [one for one in desk.ledger.runs(model=model) if _same(one, phase)]


def _same(run: Run, phase: Phase) -> bool:
    return run.phase is phase


def _existing(known: Sequence[Run], wanted: Request) -> Run | None:
    """Return the run that this call created earlier, or that stands where a new one was not asked for."""
    if not known:
        return None
    if wanted.follows is None:
        return known[-1]
    return next((one for one in known if one.follows == wanted.follows), None)


def _check_first(desk: Desk, wanted: Request) -> None:
    """The first start of a phase; a full one also waits for what the director says of the quick run before it."""
    _check_reports(desk, wanted, desk.ledger.reports(run=""))
    gate.check(desk, wanted.model, wanted.phase, wanted.origin)
    if wanted.phase is Phase.FULL:
        for quick in attempts(desk, wanted.model, Phase.QUICK)[-1:]:
            _check_answers(desk, wanted, quick)


def _check_follows(desk: Desk, wanted: Request) -> None:
    known = attempts(desk, wanted.model, wanted.phase)
    previous = next((one for one in known if one.id == wanted.follows), None)
    if previous is None:
        call = f"start_training(model={wanted.model!r}, phase='{wanted.phase}'"
        raise NotFound(
            f"follows={str(wanted.follows)[:60]!r} is no attempt of model {wanted.model} in phase {wanted.phase}.",
            f"The latest is {known[-1].id}: {call}, follows={known[-1].id!r})." if known else f"Call {call}).",
        )
    if any(one.follows == previous.id for one in known):
        return  # this very start was made before; nothing new happens
    if previous.status != "ended":
        raise Refused(
            f"{previous.id} is still active; one run of a model and phase goes on at a time.",
            f"Watch it: poll_training(run={previous.id!r}), or end it: stop_training(run={previous.id!r}, reason=…).",
        )
    _check_answers(desk, wanted, previous)
    _check_strays(desk, previous)
    gate.check(desk, wanted.model, wanted.phase, wanted.origin)


def check_answers(desk: Desk, wanted: Request) -> None:
    """Refuse an attempt, whoever began it, on which the director is still to answer, or that the director ruled out."""
    _check_reports(desk, wanted, desk.ledger.reports(run=""))
    before = attempts(desk, wanted.model, wanted.phase) or attempts(desk, wanted.model, Phase.QUICK)
    for previous in before[-1:]:
        _check_answers(desk, wanted, previous)


def _check_answers(desk: Desk, wanted: Request, previous: Run) -> None:
    """A full run waits for the director; after TERMINATE nothing starts until the director says otherwise."""
    _check_reports(desk, wanted, desk.ledger.reports(run=previous.id))
    ended = answers.terminated(desk, wanted.model, previous.phase)
    if ended is not None:
        _check_reports(desk, wanted, [ended])


def _check_reports(desk: Desk, wanted: Request, reports: Sequence[Report]) -> None:
    waits = wanted.phase is Phase.FULL and desk.policy.judge.wait_for_answers
    for report in reports:
        if report.model != wanted.model:
            continue
        if report.status == "open" and waits and not report.about_start:
            raise Refused(
                f"Report {report.id} on {report.run or 'model ' + report.model} is not answered yet.",
                "Wait for the director: poll_training(). A quick run may go on meanwhile.",
            )
        answer = report.answer
        if answer is not None and answer.action is Action.TERMINATE:
            raise Refused(
                f"The director answered {report.id} with TERMINATE: {answer.instructions[:200]}",
                f"Write the diary entry: write_diary_entry(model={wanted.model!r}, report={report.id!r}, …). "
                "Only another answer of the director reopens this phase.",
            )


def _check_strays(desk: Desk, previous: Run) -> None:
    left = desk.engine.living(desk.workspace.run_dir(previous.id))
    if left:
        names = ", ".join(f"{one.pid} ({one_line(one.command, 40)})" for one in left[:5])
        raise Refused(
            f"Processes of {previous.id} still live and may write to the same files: {names}.",
            f"End them: stop_training(run={previous.id!r}, reason='left over').",
        )


def _record(desk: Desk, transaction: Transaction, wanted: Request, known: Sequence[Run]) -> Run:
    run, number, foreign = numbered(desk, wanted, known)
    begun = _begun(desk, wanted, run, number)
    transaction.append(replace(begun, foreign=foreign), run, run=run, model=wanted.model)
    for report in transaction.reports(model=wanted.model):
        carried_out = report.run == (wanted.follows or "") or report.about_start
        if carried_out and report.status == "answered":
            transaction.add(report, ReportApplied(by=desk.who, run=run))
        settled = report.status == "answered" or (report.status == "open" and wanted.phase is Phase.FULL)
        if report.about_start and settled:  # approved or taken back; no failure: the diary need not tell of it
            transaction.add(report, ReportClosed(by=desk.who, run=run))
    started = transaction.run(run)
    assert started is not None  # noqa: S101 (appended two lines above)
    return started


def numbered(desk: Desk, wanted: Request, known: Sequence[Run]) -> tuple[str, int, tuple[str, ...]]:
    """Return the id and number that a new attempt gets, and the run directories that lie there without a start."""
    number, foreign = _free_number(desk, wanted, 1 + max((one.attempt for one in known), default=0))
    return f"{wanted.model}-{wanted.phase}-{number}", number, tuple(foreign)


def _free_number(desk: Desk, wanted: Request, number: int) -> tuple[int, list[str]]:
    """Return the first number whose run directory is not there, and the directories that are.

    What lies there before its start was recorded was made by somebody who wants it to be believed: it is never used.
    """
    foreign: list[str] = []
    while os.path.lexists(desk.workspace.run_dir(run := f"{wanted.model}-{wanted.phase}-{number}")):
        foreign.append(run)
        number += 1
    return number, foreign


def _resume(desk: Desk, follows: str | None) -> str:
    reports = [one for one in desk.ledger.reports(run=follows) if not one.about_start] if follows else []
    previous = desk.ledger.run(follows) if follows else None
    if not reports and previous is not None and standing.resumes(desk, previous):
        return "checkpoint"
    actions = [one.answer.action for one in reports if one.answer]
    return "checkpoint" if actions and actions[-1] is Action.RESUME else "start"


def _begun(desk: Desk, wanted: Request, run: str, attempt: int) -> RunStarted:
    model, phase, origin = wanted.model, wanted.phase, wanted.origin
    proof = launch.proof(desk, model=model, phase=phase, run=run)
    event = start_event.watched(desk, model, phase, origin, proof)
    return replace(
        event,
        attempt=attempt,
        follows=wanted.follows,
        design=origin.design,
        features=origin.features,
        left_before=origin.left_before,
        named=origin.named,
        command=origin.command,
        argv=wanted.argv or _argv(desk, wanted),
        cwd=wanted.cwd or launch.working_folder(desk, model, origin.script),
        env=_environment(desk, wanted, run, attempt, event.nonce),
        limit_s=desk.policy.quick.max_minutes * 60 if phase is Phase.QUICK else None,
        guarded=proof.guarded,
        writable=proof.writable,
        engine=launch.engine(desk, phase),
    )


def _argv(desk: Desk, wanted: Request) -> tuple[str, ...]:
    script = str(desk.workspace.root / wanted.origin.script)
    given = launch.arguments(desk, wanted.model, wanted.phase)
    return (launch.interpreter(desk), script, *given, *wanted.origin.args)


def _environment(desk: Desk, wanted: Request, run: str, attempt: int, nonce: str) -> dict[str, str]:
    return launch.environment(
        desk,
        model=wanted.model,
        phase=wanted.phase,
        attempt=attempt,
        run=run,
        resume=_resume(desk, wanted.follows),
        nonce=nonce,
        script=wanted.origin.sources[0],
    )
