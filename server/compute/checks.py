"""The single questions of a verdict, each a pure function of the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..runs import Phase, RunState
from .evidence import Artefact, Evidence


class Word(StrEnum):
    """Verdict words that validators parse."""

    APPROVE = "APPROVE"
    INSUFFICIENT_TIME = "REJECT_INSUFFICIENT_TIME"
    TIMESTAMP_MISMATCH = "REJECT_TIMESTAMP_MISMATCH"
    LIKELY_FABRICATION = "REJECT_LIKELY_FABRICATION"
    INCOMPLETE_TRAINING = "REJECT_INCOMPLETE_TRAINING"
    INVESTIGATE = "INVESTIGATE"
    WARN_SLOW = "WARN_SLOW"
    IN_PROGRESS = "IN_PROGRESS"
    NO_DATA = "NO_DATA"

    @property
    def met(self) -> bool:
        """Whether the phase may be called complete."""
        return self in (Word.APPROVE, Word.WARN_SLOW)


class Outcome(StrEnum):
    """What became of one check. What could not be looked at is never called passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_INSPECTED = "not inspected"


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the verdict: its outcome and the evidence for it.

    :ivar word: the verdict that a failure of this check leads to, or that it could not be inspected.
    :ivar code: why, in one identifier.
    :ivar action: what would have to change.
    """

    name: str
    outcome: Outcome
    evidence: str
    word: Word | None = None
    code: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the policy asks of a run's time; hours for a full run, minutes for a quick one.

    :ivar source: where the numbers come from, for example `watchkeeper.toml [full]`.
    """

    min_s: float
    max_s: float
    max_idle_share: float
    source: str


def integrity(evidence: Evidence) -> Check:
    """Does the ledger's chain hold?"""
    if evidence.chain_problem:
        return Check(
            "integrity",
            Outcome.FAILED,
            f"The record was altered: {evidence.chain_problem}.",
            Word.INVESTIGATE,
            "record_altered",
            "A person must compare the ledger with a copy of its head kept elsewhere.",
        )
    return Check(
        "integrity", Outcome.PASSED, f"chain intact, head {evidence.chain_head[:16]} (tamper-evident, same account)"
    )


def ending(evidence: Evidence) -> Check:
    """Did the run end by itself, with exit status 0?"""
    if evidence.state is RunState.COMPLETED:
        return Check("ending", Outcome.PASSED, "exit status 0")
    how = evidence.reason or f"exit status {evidence.exit_code}"
    return Check(
        "ending",
        Outcome.FAILED,
        f"The run is {evidence.state}: {how}",
        Word.INCOMPLETE_TRAINING,
        f"ended_{evidence.state}",
        "Find the cause, mend it, and train again to the end.",
    )


def failures(evidence: Evidence) -> Check:
    """Does a failure stand that nobody accepted?"""
    if evidence.open_failures:
        finding, kind, message = evidence.open_failures[0]
        code = "not_converged" if kind == "convergence" else "failure_found"
        return Check(
            "failures",
            Outcome.FAILED,
            f"{len(evidence.open_failures)} failure(s), the first is {finding}, {kind}: {message}",
            Word.INCOMPLETE_TRAINING,
            code,
            f"Resolve {finding} in a new attempt, or have the director accept it.",
        )
    accepted = (
        f"; accepted by the director: {', '.join(evidence.accepted_failures)}" if evidence.accepted_failures else ""
    )
    return Check("failures", Outcome.PASSED, f"no failure stands{accepted}")


def artefact(evidence: Evidence, artefact: Artefact) -> Check:
    """Is this file there, not empty, and written while the run went on?"""
    name = f"artefact {artefact.role}"
    if artefact.size_bytes is None:
        problem, word, code = "is missing", Word.INCOMPLETE_TRAINING, f"{artefact.role}_missing"
    elif artefact.size_bytes == 0 and artefact.role != "log":  # a training may print nothing
        problem, word, code = "is empty", Word.INCOMPLETE_TRAINING, f"{artefact.role}_empty"
    elif artefact.role != "log" and not _inside(evidence, artefact.modified_at):  # attempts share a log
        problem, word, code = (
            "was not written while the run went on",
            Word.TIMESTAMP_MISMATCH,
            f"{artefact.role}_timestamp",
        )
    else:
        digest = (artefact.sha256 or "")[:16]
        return Check(name, Outcome.PASSED, f"{artefact.path}, {artefact.size_bytes} bytes, sha256 {digest}")
    action = f"Let the script write {artefact.path} itself, in this phase."
    return Check(name, Outcome.FAILED, f"{artefact.path} {problem}", word, code, action)


def _inside(evidence: Evidence, modified_at: float | None) -> bool:
    # A file's time has the resolution of the kernel's tick and may stand before the exact start by that much.
    if modified_at is None or evidence.started_at is None:
        return False
    return evidence.started_at - 0.05 <= modified_at <= (evidence.ended_at or modified_at) + 1.0


def effort(evidence: Evidence, limits: Limits) -> Check:
    """Was work done in that time, or did it only pass?"""
    if evidence.idle_share is None or evidence.cores_busy is None:
        return _unknown_effort(evidence)
    bound = "at least " if evidence.cpu_is_lower_bound else ""
    text = (
        f"CPU {bound}{span(evidence.cpu_s or 0)}, {evidence.cores_busy:.2f} cores busy, {evidence.idle_share:.0%} idle"
    )
    if evidence.phase is Phase.QUICK or evidence.idle_share <= limits.max_idle_share:
        return Check("effort", Outcome.PASSED, text)
    return Check(
        "effort",
        Outcome.FAILED,
        f"{text}: time passed, no work was done",
        Word.LIKELY_FABRICATION,
        "idle",
        "Train for the required time; waiting is no training.",
    )


def _unknown_effort(evidence: Evidence) -> Check:
    """Without samples nobody knows whether a full run worked or slept: that is no approval."""
    what = "no usage samples"
    if evidence.phase is Phase.QUICK:
        return Check("effort", Outcome.NOT_INSPECTED, what)
    action = "Find out why the keeper's usage.jsonl is missing or too short, or train again."
    return Check("effort", Outcome.NOT_INSPECTED, what, Word.INVESTIGATE, "effort_not_inspected", action)


def script(evidence: Evidence) -> Check:
    """Is the script still the one that ran? For information: the snapshot is the evidence."""
    if evidence.script_sha256_now == evidence.script_sha256_at_start:
        return Check(
            "script",
            Outcome.PASSED,
            f"{evidence.script} unchanged since the start, sha256 {evidence.script_sha256_at_start[:16]}",
        )
    what = "is gone" if evidence.script_sha256_now is None else "was changed"
    return Check(
        "script", Outcome.PASSED, f"{evidence.script} {what} after the start; the snapshot of what ran is kept"
    )


def time(evidence: Evidence, limits: Limits) -> Check:
    """Was it long enough? Asked last, because hours alone prove nothing."""
    text = f"{span(evidence.wall_s)}; {limits.source} asks for {span_range(limits)}"
    if evidence.wall_s >= limits.min_s:
        return Check("time", Outcome.PASSED, text)
    return Check(
        "time",
        Outcome.FAILED,
        text,
        Word.INSUFFICIENT_TIME,
        "below_minimum",
        "Redesign by @modeler, re-implementation by @code_translator, then train again.",
    )


def not_inspected() -> tuple[Check, ...]:
    """Name what this version does not look at, so that nobody takes silence for a pass."""
    return (
        Check("iterations", Outcome.NOT_INSPECTED, "draws, epochs and fits are not counted by this version"),
        Check("method", Outcome.NOT_INSPECTED, "the script's method is not read by this version"),
        Check(
            "convergence",
            Outcome.NOT_INSPECTED,
            "traces are not read by this version; findings from the log count above",
        ),
    )


def span(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.2f} h"


def span_range(limits: Limits) -> str:
    """Return the required time in words."""
    return f"{span(limits.min_s)} to {span(limits.max_s)}" if limits.min_s else f"at most {span(limits.max_s)}"
