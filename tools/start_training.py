"""start_training: gate, snapshot, record, launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.poll import next_step
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look
from ..server.storage.record import Run
from ..server.storage.record.cursor import issue
from ..server.vocabulary.runs import Role, RunState

if TYPE_CHECKING:
    from ..server.acts.start import start as starting


class Started(BaseModel):
    """What a start came to."""

    run: str | None = None
    state: str
    phase: str
    report: str | None = None
    changes: list[str] | None = None
    existing: bool | None = None
    script_changed_since: bool | None = None
    differs: list[str] | None = None
    compared: str | None = None
    pid: int | None = None
    log: str | None = None
    results: str | None = None
    script: str | None = None
    script_sha256: str | None = None
    interpreter: str | None = None
    interpreter_from: str | None = None
    infrastructure: str | None = None
    limit_minutes: float | None = None
    expected: str | None = None
    warning: str | None = None
    cursor: str | None = None
    next: str


async def start_training(
    desk: Desk,
    model: Annotated[str, "model id, such as 1 or sir_network"],
    phase: Annotated[str, "quick (5A) or full (5B)"],
    script: Annotated[str | None, "path in the workspace; default: as the policy names it"] = None,
    args: Annotated[list[str] | None, "arguments of the script"] = None,
    follows: Annotated[str | None, "the latest attempt of this model and phase that this one replaces"] = None,
) -> Started:
    """Start a training that outlives this session; returns at once with the run id.

    Quick first (a small share of the data, limited time); full needs a passed quick run of the same script.
    The first start of a phase needs only model and phase. Every later attempt names the one it replaces in `follows`.
    What a later attempt changed (parameters, features, structure, limits) waits for the director: state
    awaiting_approval with the list; poll, then make the same call again.
    Calling twice starts once: you get the existing run (existing=true). The script learns phase, data fraction and
    paths from WATCHKEEPER_* variables. Then watch it: make the call in `next`.
    """
    return await in_thread(_start, desk, model, phase, script, args or [], follows)


def _start(desk: Desk, model: str, phase: str, script: str | None, args: list[str], follows: str | None) -> Started:
    from ..server.acts.start import forecast  # noqa: PLC0415 (they read scripts: a server that only watches does without)
    from ..server.acts.start import interpreter as pythons  # noqa: PLC0415 (the same)
    from ..server.acts.start import start as starting  # noqa: PLC0415 (the same)

    wanted = starting.request(desk, model, starting.parse_phase(phase, desk.labels), script, args, follows)
    begun = starting.start(desk, wanted)
    if isinstance(begun, starting.Waiting):
        return _waits(begun, wanted)
    status, run = look.status_of(desk, begun.run.id), look.find_run(desk, begun.run.id)
    salt = int(desk.clock() * 1000)
    cursor = issue(desk.ledger.id, run.id, begun.run.first_seq, salt=salt)
    standing = next_step.standing(desk, run, status.state, status.elapsed_s)
    first = run.attempt == 1 and not begun.existing
    return Started(
        run=run.id,
        state=status.state,
        phase=run.phase,
        existing=True if begun.existing else None,
        script_changed_since=run.script_sha256 != wanted.origin.sources[0][1] if begun.existing else None,
        differs=_differs(wanted, run) if begun.existing else None,
        compared=begun.compared or None,
        pid=status.pid,
        log=run.log,
        results=run.results,
        script=run.script,
        script_sha256=run.script_sha256,
        interpreter=run.argv[0],
        interpreter_from=pythons.source(desk.policy, desk.workspace) if first else None,
        infrastructure=_lacks(desk, run) if first else None,
        limit_minutes=run.limit_s / 60 if run.limit_s else None,
        expected=forecast.outlook(desk, run),
        warning=_warning(run),
        cursor=cursor,
        next=next_step.next_call(desk, standing, cursor),
    )


def _lacks(desk: Desk, run: Run) -> str | None:
    """Return which modules the Python that trains lacks: the run will fail by that, and not by the script."""
    from ..server.acts.start import interpreter, provenance  # noqa: PLC0415 (read scripts)

    script = provenance.snapshot(desk, run.script_sha256) or b""
    folder = (desk.workspace.root / run.script).parent
    return (
        interpreter.lacks(run.argv[0], interpreter.missing(run.argv[0], folder, interpreter.wanted(script), run.env))
        or None
    )


def _waits(start: starting.Waiting, wanted: starting.Request) -> Started:
    """Return what a start says that launched nothing."""
    report, call = start.report, f"poll_training(run={start.report.run!r})"
    back = f"the director did not approve these: take them back and call again, or wait: {call}"
    return Started(
        state=RunState.AWAITING_APPROVAL,
        phase=wanted.phase,
        report=report.id,
        changes=list(report.changes),
        next=back if start.refused else f"{call}; after the approval make the same call again",
    )


def _warning(run: Run) -> str | None:
    """Say which run directories lay there before a start of theirs was recorded, and that nothing in them counts."""
    if not run.foreign:
        return None
    made = "made by somebody before their start was recorded, and not used"
    return f"{made}: run directories {', '.join(run.foreign)}"


def _differs(wanted: starting.Request, run: Run) -> list[str] | None:
    """Return what this call asks for and the existing run does not have; nothing of it was started."""
    pairs = {
        "script": (run.script, wanted.origin.script),
        "args": (list(run.args), list(wanted.origin.args)),
    }
    return [f"{name}: {old} -> {new}" for name, (old, new) in pairs.items() if old != new] or None


TOOL = Tool(start_training, "start", Started, frozenset({Role.TRAINER}), idempotent=True)
