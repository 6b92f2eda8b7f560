"""A verdict as two texts for the agents of the requirement document: the verification block, the director's message."""

from __future__ import annotations

from ...vocabulary.runs import Phase
from ..counted.counts import counted
from ..evidence.checks import flat, span
from ..evidence.evidence import Evidence
from ..evidence.rules import Limits, Rules
from ..evidence.words import Word
from ..results.method import forbidden_words
from .effort import intensity
from .verdict import Verdict


def verification_block(evidence: Evidence, rules: Rules, verdict: Verdict) -> str:
    """Return the block that validators parse."""
    met = "✅ YES" if verdict.word.met else "⏳ NOT YET" if verdict.word is Word.IN_PROGRESS else "❌ NO"
    limits = rules.bound_by(evidence.design).limits
    lines = [
        "## Computational Requirements Verification",
        "",
        f"**Training Method**: {training_method(evidence)}",
        f"**Actual Training Time**: {evidence.counted_wall_s / 3600:.2f} hours",
        f"**Requirement Met**: {met} ({_required(evidence.phase, limits)})",
        f"**Computational Intensity**: {intensity(evidence)}",
        f"**Forbidden Methods**: {flat(forbidden_words(evidence, counted(evidence)))}",
        "",
        f"**Verdict**: {verdict.word} ({verdict.code}): {verdict.why}",
        f"**Run**: {evidence.run}, requirement from {limits.source}, judged under the profile {rules.profile}",
        *(f"**Not inspected**: {one.note}" for one in verdict.checks if one.note),
    ]
    return "\n".join(lines) + "\n"


def check_table(verdict: Verdict) -> str:
    """Return all checks as a table; empty when none was made."""
    if not verdict.checks:
        return ""
    head = ("| Check | Outcome | Evidence |", "|---|---|---|")
    rows = (f"| {one.name} | {one.outcome} | {_cell(one.evidence)} |" for one in verdict.checks)
    return "\n".join([*head, *rows]) + "\n"


def training_method(evidence: Evidence) -> str:
    """Return the kind of training as it was witnessed, else as it was read."""
    if evidence.seen is not None and evidence.seen.kinds:
        return evidence.seen.kinds[0]
    if evidence.program is None:
        return "Bayesian MCMC" if evidence.trace is not None else "Not inspected"
    unread = " (parts of the script could not be read)" if evidence.program.unresolved else ""
    return f"{evidence.program.kind}{unread}"


def not_met_message(evidence: Evidence, rules: Rules, verdict: Verdict) -> str:
    """Return the message to the director when the requirements are not met; empty while the run goes on."""
    if verdict.word is Word.IN_PROGRESS:
        return ""
    actions = "\n".join(f"{number}. {action}" for number, action in enumerate(verdict.actions, start=1))
    limits = rules.bound_by(evidence.design).limits
    found = evidence.program.describe() if evidence.program is not None else f"Not inspected ({evidence.script})"
    return f"""Director, COMPUTATIONAL REQUIREMENTS NOT MET.

**Issue**: {verdict.word} ({verdict.code}) for {evidence.run}
**Current Method**: {flat(found)}
**Actual Training Time**: {span(evidence.counted_wall_s)}
**Required Training Time**: {limits} ({limits.source})

**Problem**: {verdict.why}

**Required Actions**:
{actions or "1. Ask again when the run has ended."}

I cannot mark this phase as complete until computational requirements are met.
"""


def _required(phase: Phase, limits: Limits) -> str:
    if phase is Phase.QUICK:
        return f"{limits}; a quick run never satisfies the full phase"
    if not limits.min_s and limits.max_s is None:
        return "no minimum of hours"
    most = "" if limits.max_s is None else f"-{limits.max_s / 3600:g}"
    return f"{limits.min_s / 3600:g}{most} hour minimum"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
