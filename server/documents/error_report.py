"""Error reports and answers as the documents that the requirement document's agents parse. Pure.

A report's facts are kept in the ledger; the texts here are rendered from them and can be rendered again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ..vocabulary.runs import ErrorType, Phase
from ..vocabulary.sanitize import one_line, outgoing


class Action(StrEnum):
    """What a director may decide."""

    RESTART = "RESTART"
    RESUME = "RESUME"
    TERMINATE = "TERMINATE"
    CONTINUE = "CONTINUE"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The director's decision on a report.

    :ivar approve: names of the changes that are approved.
    :ivar error_type: what the director calls the failure, empty where the server's word stands.
    :ivar who: who gave it, and through which door.
    """

    action: Action
    instructions: str
    changes_applied: str = ""
    next_steps: str = ""
    approve: tuple[str, ...] = ()
    who: str = ""
    error_type: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """What a report tells. What is not known, or does not apply, is empty or None.

    :ivar kind: CHANGES, VERDICT or BUDGET; empty for a failure of a run.
    :ivar at: unix time at which it was opened; `deadline_at` that at which the director should have answered.
    :ivar finding: id of the finding that it tells of; `verdict` of the rejecting verdict.
    :ivar places: where each of the `changes` stands, as file:line; `difference` of the sources as a unified diff.
    :ivar compared: digest of what was compared, where it asks for the approval of `changes`; `change_names` are short
        for them, `features_changed` is YES or NO.
    :ivar error_type: by the server; `trainer_type` is the trainer's opinion.
    :ivar frame: innermost frame in the user's own code, `file:line`.
    :ivar line, last_line: in the log, as `grep -n` counts.
    :ivar state: of the run when the report was opened; `exit_code`, `signal`, `elapsed_s` likewise.
    """

    kind: str = ""
    at: float = 0.0
    model: str = ""
    run: str = ""
    phase: Phase
    finding: str = ""
    verdict: str = ""
    compared: str = ""
    changes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    difference: str = ""
    change_names: tuple[str, ...] = ()
    features_changed: str = ""
    error_type: ErrorType
    trainer_type: str = ""
    owner: str = ""
    resume_point: str = ""
    severity: str = ""
    emergency: bool = False
    what_happened: str = ""
    hypothesis: str = ""
    recommended_action: str = ""
    seen_before: str = ""
    message: str = ""
    exception: str = ""
    frame: str = ""
    line: int | None = None
    last_line: int | None = None
    log: str = ""
    excerpt: str = ""
    pid: int | None = None
    state: str = ""
    exit_code: int | None = None
    signal: int | None = None
    elapsed_s: float = 0.0
    deadline_at: float = 0.0
    answer: Answer | None = None

    @property
    def about_changes(self) -> bool:
        """Whether it asks for the approval of changes."""
        return self.kind == CHANGES

    @property
    def decided_type(self) -> ErrorType:
        """The type as the director's answer calls it, else the server's."""
        said = self.answer.error_type if self.answer else ""
        return ErrorType(said) if said else self.error_type

    @property
    def decided_owner(self) -> str:
        """Who mends a failure of that type."""
        return self.owner if self.decided_type == self.error_type else CARE[self.decided_type].owner

    @property
    def about_start(self) -> bool:
        """Whether it asks for a start, and is over with it: no failure of a run is behind it."""
        return self.kind in (CHANGES, BUDGET)


@dataclass(frozen=True, slots=True)
class Care:
    """Who mends an error of one type, and from where training goes on afterwards."""

    owner: str
    resume_point: str


CARE: Mapping[ErrorType, Care] = {
    ErrorType.IMPLEMENTATION: Care("@code_translator", "from the checkpoint if possible"),
    ErrorType.DATA: Care("@data_engineer", "from the start: the data changed"),
    ErrorType.RESOURCE: Care("@code_translator", "with lighter code"),
    ErrorType.CONVERGENCE: Care("@modeler", "from the checkpoint if only parameters change"),
    ErrorType.INFRASTRUCTURE: Care("@director", "from the checkpoint"),
}
"""Who repairs what and from where training goes on, as the requirement document's agents expect it."""

CHANGES, VERDICT, BUDGET = "changes", "verdict", "budget"
"""Kinds of reports that are about no failure of a run: changes that wait for approval, a rejecting verdict, a start
beyond a budget."""
_TITLES = {CHANGES: "Approval Request", VERDICT: "Verdict Report", BUDGET: "Budget Request"}

HOLD = "hold: the run is left as it is and nothing new is started; never go on with wrong numbers"
"""What happens to a report whose deadline passes without an answer."""


def stamp(at: float) -> str:
    """Return a unix time as the agents write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock_time(seconds: float) -> str:
    """Return a duration as h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def fence(text: str) -> str:
    """Return a code fence longer than any run of backticks in a text, so that the text cannot end it."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)


def fenced(text: str) -> str:
    """Return a text as a fenced block that shows it verbatim."""
    mark = fence(text)
    return f"{mark}\n{text.rstrip()}\n{mark}"


def phase_label(phase: str, labels: Mapping[str, str]) -> str:
    """Return `5A` or `5B`, as the policy calls the phase."""
    return labels.get(phase, labels[Phase.FULL])


def message(facts: ReportFacts, labels: Mapping[str, str]) -> str:
    """Return the trainer's message to the director, its fields in the order that the director parses."""
    return f"""⚠️ ERROR DETECTED during Phase {phase_label(facts.phase, labels)} training

Model: {facts.model}
Process ID: {facts.pid or "none"}
Log file: {facts.log or "none"}
Error: {headline(facts)}
Line: {facts.line or "none (not from the log)"}
Timestamp: {stamp(facts.at)}

Error Type: {facts.error_type}
Severity: {facts.severity}

Action Required: {facts.recommended_action}

Awaiting @director guidance."""


def document(report: str, facts: ReportFacts, labels: Mapping[str, str]) -> str:
    """Return the report as the Markdown that is kept beside the ledger."""
    line, last = facts.line, facts.last_line
    lines = "none" if line is None else f"{line}-{last}" if last and last != line else f"{line}"
    parts = [
        f"## Phase {phase_label(facts.phase, labels)} {_TITLES.get(facts.kind, 'Error Report')}",
        f"**Report**: {report}\n**Model**: {facts.model}\n**PID**: {facts.pid or 'none'}\n"
        f"**Timestamp**: {stamp(facts.at)}",
        "### Error Details",
        f"- **Type**: {facts.decided_type}{_second_opinion(facts)}\n- **Message**: {headline(facts)}\n"
        f"- **Line**: {lines}\n- **File**: {facts.frame or 'unknown'}\n"
        f"- **Owner**: {facts.decided_owner}, resume {facts.resume_point}\n"
        f"- **Severity**: {facts.severity}",
        "### Log File",
        f"- **Path**: {facts.log or 'none'}",
        fenced(facts.excerpt) if facts.excerpt else "No lines: the failure did not come from the log.",
        "### Current Status",
        f"- **State**: {facts.state}\n- **Exit code**: {_exit(facts)}\n- **Uptime**: {clock_time(facts.elapsed_s)}",
        *([_changes(facts)] if facts.changes else []),
        "### What Happened" if facts.kind else "### What Happened (the trainer's words)",
        facts.what_happened,
        *(["### Hypothesis (the trainer's words)", facts.hypothesis] if facts.hypothesis else []),
        *(["### Seen Before", facts.seen_before] if facts.seen_before else []),
        "### Recommended Action",
        facts.recommended_action,
        *([_answer(facts.answer)] if facts.answer else []),
    ]
    return "\n\n".join(parts) + "\n"


def _changes(facts: ReportFacts) -> str:
    """Return what a start changed, to be approved entry by entry, each with its place, and the diff around them."""
    features = facts.features_changed or "not recorded"  # by a release that did not know which changes are about them
    places = facts.places or ("",) * len(facts.changes)
    shown = [f"{entry}  ({place})" if place else entry for entry, place in zip(facts.changes, places, strict=False)]
    diff = f"\n\n### Difference\n\n{fenced(facts.difference)}" if facts.difference else ""
    return f"### Changes\n\n{fenced(chr(10).join(shown))}\n\n- **Features changed**: {features}{diff}"


def _answer(answer: Answer) -> str:
    approved = ", ".join(answer.approve)
    return "\n".join(
        [
            f"### Director's Answer: {answer.action}",
            "",
            f"**Instructions**: {answer.instructions}",
            *([f"**Approved**: {one_line(approved, 2_000)}"] if approved else []),
            *([f"**Changes Applied**: {answer.changes_applied}"] if answer.changes_applied else []),
            *([f"**Next Steps**: {answer.next_steps}"] if answer.next_steps else []),
            f"**By**: {answer.who}",
        ]
    )


def headline(facts: ReportFacts) -> str:
    """Return what failed in one line: the exception and its message, else the trainer's words."""
    text = facts.message or facts.what_happened
    first = outgoing(one_line(text.strip().split("\n", 1)[0], 300), 300)
    named = facts.exception and not first.startswith(facts.exception)
    return f"{facts.exception}: {first}" if named else first


def _second_opinion(facts: ReportFacts) -> str:
    if facts.decided_type != facts.error_type:
        return f" (by the director; the server said: {facts.error_type})"
    said = facts.trainer_type
    return f" (the trainer says: {said})" if said and said != facts.error_type else ""


def _exit(facts: ReportFacts) -> str:
    if facts.signal:
        return f"none, ended by signal {facts.signal}"
    return "none yet" if facts.exit_code is None else str(facts.exit_code)
