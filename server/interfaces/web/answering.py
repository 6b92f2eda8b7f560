"""A person's answer to a report: what the form held, recorded as the director's tool records it, with who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ....tools.answer_report import decide
from ...acts.desk import Desk
from ...acts.report import answers
from ...acts.report.reports import find_report, parse_error_type
from ...documents.error_report import Action, Answer
from ...storage.record import Report
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line
from .guarding import one

ACTIONS: Mapping[Action, str] = {
    Action.RESTART: "stop it if it goes on, mend it, start again from the beginning",
    Action.RESUME: "mend it and go on from the checkpoint",
    Action.CONTINUE: "accept what was found; it stays visible beside your reason and blocks no phase",
    Action.TERMINATE: "end the run, start nothing in its place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a form held, so that a refused one can be shown again as it was.

    :ivar error_type: the type as decided; empty for the one that was recognised, None where nothing was said of it.
    """

    action: str = ""
    instructions: str = ""
    changes_applied: str = ""
    next_steps: str = ""
    approve: tuple[str, ...] = ()
    error_type: str | None = None
    name: str = ""
    seen_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that waits for approval: its name, what it is, where it stands."""

    name: str
    text: str
    place: str


def changes(report: Report) -> list[Change]:
    """Return the changes that a report asks about; an older release kept no names for them."""
    found: list[Change] = []
    for place, text in enumerate(report.changes):
        name = report.change_names[place] if place < len(report.change_names) else text
        found.append(Change(name=name, text=text, place=report.places[place] if place < len(report.places) else ""))
    return found


def given(fields: dict[str, list[str]]) -> Given:
    """Return what a form held."""
    seen = one(fields, "seen")
    return Given(
        action=one(fields, "action"),
        instructions=one(fields, "instructions").replace("\r\n", "\n"),
        changes_applied=one(fields, "changes_applied"),
        next_steps=one(fields, "next_steps"),
        approve=tuple(fields.get("approve") or ()),
        error_type=one(fields, "error_type") if "error_type" in fields else None,
        name=one_line(one(fields, "name"), 60),
        seen_seq=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else None,
    )


def record(desk: Desk, report: str, form: Given) -> None:
    """Record an answer; the waiting trainer is woken, and a run that it terminates is ended.

    :raises InvalidArgument: it says too little, or approves what nobody asked for.
    :raises Refused: somebody answered since the form was drawn.
    """
    if not form.instructions:
        raise InvalidArgument("An answer needs instructions.", "Say what the trainer shall do, and why.")
    if form.seen_seq is None:
        raise InvalidArgument("The form does not say what you had read.", "Load the page again.")
    said = f", who says to be {form.name!r}" if form.name else ""
    answer = Answer(
        action=answers.parse_action(form.action),
        instructions=form.instructions,
        changes_applied=form.changes_applied,
        next_steps=form.next_steps,
        approve=form.approve,
        error_type=_error_type(desk, report, form.error_type),
    )
    decide(replace(desk, who=f"{desk.who}{said}"), report, answer, form.seen_seq)


def _error_type(desk: Desk, report: str, said: str | None) -> str:
    """Return the type that an answer decides on; what was decided before stays where nothing is said of it."""
    if said is None:
        before = find_report(desk, report).answer
        return before.error_type if before else ""
    return parse_error_type(said).value if said else ""
