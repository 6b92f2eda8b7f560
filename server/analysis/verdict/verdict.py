"""The verdict: a pure function of the evidence and the policy's rules.

The words are those that the validators of the requirement document use; each comes with a reason code of
ours. Time alone decides in neither direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...vocabulary.runs import Phase, RunState
from ..counted.counts import counted
from ..evidence import checks as ask
from ..evidence.checks import Check, flat, span
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..evidence.words import TOLD_ONLY, Outcome, Word
from ..results.method import method
from ..results.untold import epochs
from .artefacts import artefact
from .causes import cause_of, told_beside
from .completion import completion
from .convergence import convergence
from .effort import effort, requirement
from .gpu import gpu
from .invented import data
from .iterations import iterations, trace
from .kept import kept
from .witnessed import witnessed
from .written import written

_ENDED_BADLY = ("ending", "failures")
"""A run that did not end well is that before it is anything else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of verify_compute: the word, why, and every check that led to it."""

    word: Word
    code: str
    why: str
    checks: tuple[Check, ...] = field(default=())

    @property
    def actions(self) -> tuple[str, ...]:
        """What would have to change, one sentence a check that stands in the way."""
        blocking = (one for one in self.checks if one.outcome is not Outcome.PASSED and one.word is not None)
        return tuple(dict.fromkeys(one.action for one in blocking if one.action))


def decide(evidence: Evidence, rules: Rules) -> Verdict:
    """Return the verdict on one run; `rules` as the policy has them, what the design asks for overrides them here."""
    if evidence.state in (RunState.NEVER_STARTED, RunState.AWAITING_APPROVAL):
        return Verdict(Word.NO_DATA, "never_started", f"Nothing was computed: {evidence.reason or evidence.state}.")
    if not evidence.state.final:
        return Verdict(Word.IN_PROGRESS, "running", f"The run is {evidence.state}; ask again when it has ended.")
    rules = rules.bound_by(evidence.design)
    return _outcome(evidence, rules, tuple(_weighed(one, rules) for one in _checks(evidence, rules)))


def _weighed(check: Check, rules: Rules) -> Check:
    """Return a check as the policy weighs it: one that is only told leads to no word."""
    if check.word is None or check.outcome is Outcome.PASSED or not {check.name, check.code} & rules.told_only:
        return check
    return replace(check, word=None, evidence=flat(f"{check.evidence} ({TOLD_ONLY}: {check.code or check.name})"))


def _checks(evidence: Evidence, rules: Rules) -> tuple[Check, ...]:
    counts = counted(evidence)
    worked, done = effort(evidence, rules, counts), iterations(evidence, rules, counts)
    measured, converged = trace(evidence), convergence(evidence, rules)
    designed, on_gpu = kept(evidence), gpu(evidence)
    before = (
        ask.startup(evidence),
        ask.rows(evidence),
        data(evidence),
        epochs(evidence, counts),
    )
    return (
        ask.integrity(evidence),
        ask.ending(evidence),
        ask.failures(evidence),
        *(artefact(evidence, one, rules) for one in evidence.artefacts),
        *(() if (left := written(evidence)) is None else (left,)),
        *witnessed(evidence, rules, counts),
        *(one for one in (ask.adopted(evidence), ask.command(evidence), measured, *before) if one is not None),
        method(evidence, counts),
        worked,
        *(() if on_gpu is None else (on_gpu,)),
        done,
        *(() if designed is None else (designed,)),
        converged,
        requirement(evidence, rules, done, worked),
        *(completion(evidence, converged) if evidence.phase is Phase.FULL else ()),
        ask.policy(evidence, rules.profile),
        ask.inputs(evidence, asks=rules.has_minima),
    )


def _outcome(evidence: Evidence, rules: Rules, checks: tuple[Check, ...]) -> Verdict:
    blocking = [one for one in checks if one.outcome is not Outcome.PASSED and one.word is not None]
    deciding = _deciding_check(blocking)
    if deciding is not None and deciding.word is not None:
        cause = cause_of(deciding, blocking)
        others = [] if deciding.name in _ENDED_BADLY else blocking  # what a bad end leaves undone says nothing more
        return Verdict(deciding.word, cause.code, told_beside(cause, others), checks)
    hours = f"{span(evidence.counted_wall_s)} in all; {rules.limits.source} asks for {rules.limits}."
    too_long = rules.limits.max_s is not None and evidence.counted_wall_s > rules.limits.max_s
    if evidence.phase is Phase.FULL and too_long:
        return Verdict(Word.WARN_SLOW, "above_maximum", hours, checks)
    return Verdict(Word.APPROVE, "all_passed", hours, checks)


def _deciding_check(blocking: Sequence[Check]) -> Check | None:
    """Return the check that decides; None when none stands in the way.

    A bad end first; then what says that the work is false; then what says that it is incomplete; then doubts; then what
    nobody could look at.
    """
    return min(blocking, key=_rank, default=None)  # the first of equal rank


def _rank(check: Check) -> int:
    rejects = check.word is not None and check.word.rejects
    if rejects and check.name in _ENDED_BADLY:
        return 0
    if check.word is Word.LIKELY_FABRICATION:
        return 1
    if rejects:
        return 2
    return 3 if check.outcome is Outcome.FAILED else 4
