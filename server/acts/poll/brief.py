"""Where everything stands, in few words, for a new session or for a director who watches all runs.

How many tokens it may cost, and what is cut first, is in `token_limits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...documents.error_report import clock_time
from ...storage.record import Report, Run
from ...vocabulary.runs import Phase, Role, RunState
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..watch.standing import crashes
from . import next_step, poll, updates

MOST_RUNS = 8
UNREADABLE = "unreadable"
"""Stands for the state of a run that could not be looked at; why stands beside it."""


@dataclass(frozen=True, slots=True)
class Brief:
    """All runs that matter now with their health, reports that wait, what is owed, and the next call.

    :ivar left_out: reports that wait and do not fit, by what they wait for.
    :ivar steps: the next allowed step of each further model; that of the first one is `next`.
    """

    runs: list[dict[str, Any]]
    reports: list[dict[str, Any]]
    owed: list[str]
    next: str
    steps: dict[str, str] = field(default_factory=dict[str, str])
    left_out: tuple[int, int] = (0, 0)


def brief(desk: Desk, seen: poll.Seen, delivered: Sequence[Report]) -> Brief:
    """Return where everything stands.

    :param delivered: reports whose answers are told with this brief.
    """
    shown = _shown_runs(desk, seen)
    reports = desk.ledger.reports(open_only=True)
    known = {one.id for one in delivered}
    waiting = [one for one in reports if one.status in ("open", "answered") and one.id not in known]
    unanswered = [one for one in waiting if one.status == "open"]
    answered = [one for one in waiting if one.status == "answered"][::-1]
    kept = [*unanswered[:MOST_RUNS], *answered[: max(0, MOST_RUNS - len(unanswered))]]
    entries = [next_step.owed_entry(desk, model) for model in dict.fromkeys(one.model for one in reports)]
    silent = [next_step.owed_silent(desk, model) for model in dict.fromkeys(one.model for one in shown)]
    steps = {run.model: _step(desk, run, seen) for run in shown} if desk.role is Role.TRAINER else {}
    first = _next(desk, shown, seen, waiting)
    return Brief(
        runs=[_line(desk, run, seen) for run in shown],
        reports=[updates.report_view(desk, one) for one in _by_urgency(kept, delivered)],
        owed=[f"diary entry for {one.id} ({one.model})" for one in [*entries, *silent] if one is not None],
        next=first,
        steps={model: step for model, step in steps.items() if step != first},
        left_out=(len(unanswered) - sum(one in kept for one in unanswered), sum(one not in kept for one in answered)),
    )


def _by_urgency(waiting: Sequence[Report], delivered: Sequence[Report]) -> list[Report]:
    """Return reports, the least urgent last: open ones, answers that this call delivers, answered ones."""
    unanswered = [one for one in waiting if one.status == "open"]
    return [*unanswered, *delivered, *(one for one in waiting if one.status != "open")]


def _shown_runs(desk: Desk, seen: poll.Seen) -> list[Run]:
    """Return the active runs and the newest attempt of each model that was lately at work."""
    newest = {one.model: one for one in desk.ledger.runs(newest=50)}
    troubled = (desk.ledger.run(one) for one in seen.trouble)
    active = {one.id: one for one in troubled if one} | {look.run.id: look.run for look in seen.looks}
    chosen = {**{one.id: one for one in newest.values()}, **active}
    return sorted(chosen.values(), key=lambda one: (one.status == "ended", -one.first_seq))[:MOST_RUNS]


def _line(desk: Desk, run: Run, seen: poll.Seen) -> dict[str, Any]:
    look = next((one for one in seen.looks if one.run.id == run.id), None)
    unknown = UNREADABLE if run.id in seen.trouble else str(RunState.STARTING)
    state = str(look.status.state) if look else str(run.end.state) if run.end else unknown
    elapsed_s = look.status.elapsed_s if look else run.end.wall_s if run.end else 0.0
    found = desk.ledger.findings(run=run.id)
    gaps = [one.message for one in found if one.kind == "watch_gap"]
    line = {
        "run": run.id,
        "state": state,
        "elapsed": clock_time(elapsed_s),
        "unreported_failures": sum(1 for one in crashes(desk, run.id) if one.status == "open"),
        "verdict": _verdict(desk, run),
        "gap": gaps[-1] if gaps else "",
        "trouble": one_line(seen.trouble.get(run.id, ""), 160),
    }
    return {name: value for name, value in line.items() if value}


def _verdict(desk: Desk, run: Run) -> str:
    kept = desk.ledger.verdicts(run=run.id)
    return next_step.verdict_words(kept[-1]) if kept else ""


def _next(desk: Desk, shown: Sequence[Run], seen: poll.Seen, waiting: Sequence[Report]) -> str:
    if desk.role is Role.DIRECTOR:
        unanswered = [one for one in waiting if one.status == "open"]
        return next_step.answer_call(unanswered[0]) if unanswered else f"poll_training(cursor={seen.cursor!r})"
    if not shown:
        return f"nothing was started: start_training(model=…, phase={Phase.QUICK.value!r})"
    return _step(desk, shown[0], seen)


def _step(desk: Desk, run: Run, seen: poll.Seen) -> str:
    """Return what may be done next for the model of a run."""
    end = run.end
    if end is None or any(one.run.id == run.id for one in seen.looks):
        return f"poll_training(run={run.id!r})"
    standing = next_step.standing(desk, run, end.state, end.wall_s)
    return next_step.next_call(desk, standing, "")
