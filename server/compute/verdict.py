"""The verdict: a pure function of the evidence and the policy's limits.

The words are those that the validators of the requirement document use (FORMATS.md); each comes with a reason code of
ours. Time alone never approves: the state, the open failures, the files and the effort are asked first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..runs import Phase, RunState
from . import checks as ask
from .checks import Check, Limits, Outcome, Word, span, span_range
from .evidence import Evidence


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of verify_compute: the word, why, and every check that led to it."""

    word: Word
    code: str
    why: str
    checks: tuple[Check, ...] = field(default=())

    @property
    def actions(self) -> tuple[str, ...]:
        """What would have to change, one sentence a failed check."""
        return tuple(check.action for check in self.checks if check.outcome is not Outcome.PASSED and check.action)


def decide(evidence: Evidence, limits: Limits) -> Verdict:
    """Return the verdict on one run."""
    if evidence.state in (RunState.NEVER_STARTED, RunState.AWAITING_APPROVAL):
        return Verdict(Word.NO_DATA, "never_started", f"Nothing was computed: {evidence.reason or evidence.state}.")
    if not evidence.state.final:
        return Verdict(Word.IN_PROGRESS, "running", f"The run is {evidence.state}; ask again when it has ended.")
    checks = (
        ask.integrity(evidence),
        ask.ending(evidence),
        ask.failures(evidence),
        *(ask.artefact(evidence, one) for one in evidence.artefacts),
        ask.effort(evidence, limits),
        ask.script(evidence),
        ask.time(evidence, limits),
        *ask.not_inspected(),
    )
    return _first_failure(evidence, limits, checks)


def _first_failure(evidence: Evidence, limits: Limits, checks: tuple[Check, ...]) -> Verdict:
    failed = [check for check in checks if check.outcome is Outcome.FAILED]
    unknown = [check for check in checks if check.outcome is Outcome.NOT_INSPECTED]
    for check in (*failed, *unknown):
        if check.word is not None:
            return Verdict(check.word, check.code, check.evidence, checks)
    hours = f"{span(evidence.wall_s)} in all; {limits.source} asks for {span_range(limits)}."
    if evidence.phase is Phase.FULL and evidence.wall_s > limits.max_s:
        return Verdict(Word.WARN_SLOW, "above_maximum", hours, checks)
    return Verdict(Word.APPROVE, "all_passed", hours, checks)
