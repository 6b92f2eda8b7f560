"""The gate before a full run: a quick run of the same script has passed."""

from __future__ import annotations

from collections.abc import Sequence

from ...storage.record import Run
from ...vocabulary.errors import Refused
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch import next_start, standing
from ..watch.standing import quick_problems, still_looking
from .provenance import Origin


def check(desk: Desk, model: str, phase: Phase, origin: Origin) -> None:
    """Let a start pass or refuse it.

    A full run needs a passed quick run of the same script, unless the policy says otherwise; same means equal in
    parsed form, and run by the same command.

    :param origin: what shall be started.
    :raises Refused: saying what is missing and the exact next call.
    """
    if phase is Phase.QUICK or not desk.policy.quick.required:
        return
    quick = [one for one in desk.ledger.runs(model=model) if one.phase is Phase.QUICK]
    same = _same(quick, origin.code_sha256, origin.command)
    problems = quick_problems(desk, same[-1]) if same else []
    if same and not problems:
        return
    if still_looking(problems):
        raise Refused(f"{same[-1].id} has not passed yet: {problems[0]}.", "Make the same call again in a moment.")
    why = _why(desk, quick, same, origin.code_sha256)
    raise Refused(
        f"The full phase of model {model} needs a passed quick run of the same script: {why}.",
        _way_out(desk, same) + _first(desk, model, quick, origin),
    )


def missed(desk: Desk, run: Run) -> str:
    """Return why the gate would have refused a run that nobody started here; empty where it would have passed.

    Only what was there before the run counts: a quick run afterwards shows nothing that could have stopped it.
    """
    if run.phase is Phase.QUICK or not desk.policy.quick.required:
        return ""
    every = desk.ledger.runs(model=run.model)
    quick = [one for one in every if one.phase is Phase.QUICK and one.first_seq < run.first_seq]
    same = _same(quick, run.code_sha256, run.command)
    if same and not quick_problems(desk, same[-1]):
        return ""
    if run.adopted and not same and quick and quick[-1].code_sha256 == run.code_sha256:
        return f"{quick[-1].id} ran it by a command, and by which this process was started is not known"
    return _why(desk, quick, same, run.code_sha256)


def _same(quick: Sequence[Run], code_sha256: str, command: tuple[str, ...]) -> list[Run]:
    return [one for one in quick if one.code_sha256 == code_sha256 and one.command == command]


def _way_out(desk: Desk, same: Sequence[Run]) -> str:
    """Say how results can be let stand that are meant to be as they are."""
    if not same or not same[-1].completed:
        return ""
    failures = standing.unaccepted_failures(desk, same[-1].id)
    short = next((one for one in failures if one.kind == "cut_short"), None)
    if short is not None:
        return (
            "If it stops before its announced total on purpose, let it print one line that says so (for example "
            '"stopped early: no improvement for 5 epochs") and run the quick phase again; or '
            f"report_error(run={same[-1].id!r}, finding={short.id!r}, what_happened=…), and the director's CONTINUE "
            "opens the gate. "
        )
    if failures:
        return ""
    report = f"report_error(run={same[-1].id!r}, what_happened=…)"
    return f"Where its results are meant so, {report} and CONTINUE lets them stand. "


def _why(desk: Desk, quick: Sequence[Run], same: Sequence[Run], code_sha256: str) -> str:
    if not quick:
        return "there is none"
    if not same and quick[-1].code_sha256 == code_sha256:
        return f"{quick[-1].id} ran it by another command"
    if not same:
        return f"the script was changed after {quick[-1].id}"
    return f"{same[-1].id} has not passed, {'; '.join(quick_problems(desk, same[-1]))}"


def _first(desk: Desk, model: str, quick: Sequence[Run], origin: Origin) -> str:
    if quick and not quick[-1].ended:
        return f"Watch {quick[-1].id} to its end: poll_training(run={quick[-1].id!r})."
    follows = quick[-1].id if quick else ""
    call = next_start.call(
        desk, model, Phase.QUICK, origin.script, args=origin.args, command=origin.command, follows=follows
    )
    return f"Run the quick phase first: {call}."
