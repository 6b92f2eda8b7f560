"""Error reports and answers as the documents that other agents parse (FORMATS.md). Pure.

A report's facts are one mapping, kept in the ledger; the texts here are rendered from it and can be rendered again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ..vocabulary.runs import ErrorType, Phase
from ..vocabulary.sanitize import one_line, outgoing

Facts = Mapping[str, Any]


class Action(StrEnum):
    """What a director may decide."""

    RESTART = "RESTART"
    RESUME = "RESUME"
    TERMINATE = "TERMINATE"
    CONTINUE = "CONTINUE"


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
"""The table "Error types" of FORMATS.md."""

CHANGES, VERDICT = "changes", "verdict"
"""Kinds of reports that are about no failure of a run: changes that wait for approval, a rejecting verdict."""
_TITLES = {CHANGES: "Approval Request", VERDICT: "Verdict Report"}

HOLD = "hold: the run is left as it is and nothing new is started; never go on with wrong numbers"
"""What happens to a report whose deadline passes without an answer."""


def is_about_changes(facts: Facts) -> bool:
    """Whether a report asks for the approval of changes."""
    return facts.get("kind") == CHANGES


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


def message(facts: Facts, labels: Mapping[str, str]) -> str:
    """Return the trainer's message to the director, its fields in the order that the director parses."""
    where = facts.get("line") or "none (not from the log)"
    return f"""⚠️ ERROR DETECTED during Phase {phase_label(facts["phase"], labels)} training

Model: {facts["model"]}
Process ID: {facts.get("pid") or "none"}
Log file: {facts.get("log") or "none"}
Error: {headline(facts)}
Line: {where}
Timestamp: {stamp(facts["at"])}

Error Type: {facts["error_type"]}
Severity: {facts["severity"]}

Action Required: {facts["recommended_action"]}

Awaiting @director guidance."""


def document(report: str, facts: Facts, labels: Mapping[str, str]) -> str:
    """Return the report as the Markdown that is kept beside the ledger."""
    line, last = facts.get("line"), facts.get("last_line")
    lines = "none" if line is None else f"{line}-{last}" if last and last != line else f"{line}"
    parts = [
        f"## Phase {phase_label(facts['phase'], labels)} {_TITLES.get(str(facts.get('kind')), 'Error Report')}",
        f"**Report**: {report}\n**Model**: {facts['model']}\n**PID**: {facts.get('pid') or 'none'}\n"
        f"**Timestamp**: {stamp(facts['at'])}",
        "### Error Details",
        f"- **Type**: {facts['error_type']}{_second_opinion(facts)}\n- **Message**: {headline(facts)}\n"
        f"- **Line**: {lines}\n- **File**: {facts.get('frame') or 'unknown'}\n"
        f"- **Owner**: {facts['owner']}, resume {facts['resume_point']}\n"
        f"- **Severity**: {facts['severity']}",
        "### Log File",
        f"- **Path**: {facts.get('log') or 'none'}",
        fenced(str(facts["excerpt"])) if facts.get("excerpt") else "No lines: the failure did not come from the log.",
        "### Current Status",
        f"- **State**: {facts['state']}\n- **Exit code**: {_exit(facts)}\n"
        f"- **Uptime**: {clock_time(facts.get('elapsed_s') or 0)}",
        *([_changes(facts["changes"])] if facts.get("changes") else []),
        "### What Happened" if facts.get("kind") else "### What Happened (the trainer's words)",
        str(facts["what_happened"]),
        *(["### Hypothesis (the trainer's words)", str(facts["hypothesis"])] if facts.get("hypothesis") else []),
        *(["### Seen Before", str(facts["seen_before"])] if facts.get("seen_before") else []),
        "### Recommended Action",
        str(facts["recommended_action"]),
        *([_answer(facts["answer"])] if facts.get("answer") else []),
    ]
    return "\n\n".join(parts) + "\n"


def _changes(entries: Sequence[str]) -> str:
    """Return what a start changed, to be approved entry by entry."""
    named = {entry.split(" ", 1)[0] for entry in entries}
    features = "YES" if "features" in named else "NO"
    return f"### Changes\n\n{fenced(chr(10).join(entries))}\n\n- **Features changed**: {features}"


def _answer(answer: Facts) -> str:
    changes, steps = answer.get("changes_applied"), answer.get("next_steps")
    approved = ", ".join(answer.get("approve", ()))
    return "\n".join(
        [
            f"### Director's Answer: {answer['action']}",
            "",
            f"**Instructions**: {answer['instructions']}",
            *([f"**Approved**: {one_line(approved, 2_000)}"] if approved else []),
            *([f"**Changes Applied**: {changes}"] if changes else []),
            *([f"**Next Steps**: {steps}"] if steps else []),
            f"**By**: {answer['who']}",
        ]
    )


def headline(facts: Facts) -> str:
    """Return what failed in one line: the exception and its message, else the trainer's words."""
    exception, text = facts.get("exception"), facts.get("message") or facts["what_happened"]
    first = outgoing(one_line(str(text).strip().split("\n", 1)[0], 300), 300)
    return f"{exception}: {first}" if exception and not first.startswith(str(exception)) else first


def _second_opinion(facts: Facts) -> str:
    said = facts.get("trainer_type")
    return f" (the trainer says: {said})" if said and said != facts["error_type"] else ""


def _exit(facts: Facts) -> str:
    if facts.get("signal"):
        return f"none, ended by signal {facts['signal']}"
    code = facts.get("exit_code")
    return "none yet" if code is None else str(code)
