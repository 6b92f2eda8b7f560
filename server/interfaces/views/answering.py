"""A person's answer to a report: what was given, recorded as the director's tool records it, with who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ....tools.answer_report import decide
from ...acts.desk import Desk
from ...acts.report import answers
from ...acts.report.reports import find_report, parse_error_type
from ...documents.error_report import Action, Answer
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line

ACTIONS: Mapping[Action, str] = {
    Action.RESTART: "stop it if it goes on, mend it, start again from the beginning",
    Action.RESUME: "mend it and go on from the checkpoint",
    Action.CONTINUE: "accept what was found; it stays visible beside your reason and blocks no phase",
    Action.TERMINATE: "end the run, start nothing in its place",
}


LONGEST_INSTRUCTIONS, LONGEST_OTHER = 8_000, 4_000
"""Characters that a person's answer may have: a trainer reads all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody gave, so that a refused one can be shown again as it was.

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


def record(desk: Desk, report: str, form: Given) -> None:
    """Record an answer; the waiting trainer is woken, and a run that it terminates is ended.

    :raises InvalidArgument: it says too little or too much, or approves what nobody asked for.
    :raises Refused: somebody answered since the form was drawn.
    """
    if not form.instructions:
        raise InvalidArgument("An answer needs instructions.", "Say what the trainer shall do, and why.")
    for name, text, most in (
        ("instructions", form.instructions, LONGEST_INSTRUCTIONS),
        ("changes", form.changes_applied, LONGEST_OTHER),
        ("next steps", form.next_steps, LONGEST_OTHER),
    ):
        if len(text) > most:
            raise InvalidArgument(f"The {name} have {len(text):,} characters; {most:,} are the most.", "Shorten them.")
    if form.seen_seq is None:
        raise InvalidArgument("The form does not say what you had read.", "Open the report again.")
    name = one_line(form.name, 60)
    said = f", who says to be {name!r}" if name else ""
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
