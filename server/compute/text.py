"""The two texts of a verdict that other agents read (FORMATS.md): the verification block and the director's message."""

from __future__ import annotations

from ..runs import Phase
from .checks import Limits, span, span_range
from .evidence import Evidence
from .verdict import Verdict


def intensity(evidence: Evidence) -> str:
    """Return High, Medium, Low or Unknown from the cores that were busy and the time that was idle."""
    cores, idle = evidence.cores_busy, evidence.idle_share
    if cores is None or idle is None:
        return "Unknown (not inspected)"
    if cores >= 0.8 and idle < 0.2:
        return "High"
    return "Medium" if cores >= 0.3 else "Low"


def verification_block(evidence: Evidence, limits: Limits, verdict: Verdict) -> str:
    """Return the block that validators parse; what this version does not inspect is called so."""
    met = "✅ YES" if verdict.word.met else "❌ NO"
    lines = [
        "## Computational Requirements Verification",
        "",
        "**Training Method**: Not inspected",
        f"**Actual Training Time**: {evidence.wall_s / 3600:.2f} hours",
        f"**Requirement Met**: {met} ({_required(evidence.phase, limits)})",
        f"**Computational Intensity**: {intensity(evidence)}",
        "**Forbidden Methods**: Not inspected",
        "",
        f"**Verdict**: {verdict.word} ({verdict.code}): {verdict.why}",
        f"**Run**: {evidence.run}, requirement from {limits.source}",
        "",
        "| Check | Outcome | Evidence |",
        "|---|---|---|",
        *(f"| {check.name} | {check.outcome} | {_cell(check.evidence)} |" for check in verdict.checks),
    ]
    return "\n".join(lines) + "\n"


def not_met_message(evidence: Evidence, limits: Limits, verdict: Verdict) -> str:
    """Return the message to the director when the requirements are not met."""
    actions = "\n".join(f"{number}. {action}" for number, action in enumerate(verdict.actions, start=1))
    return f"""Director, COMPUTATIONAL REQUIREMENTS NOT MET.

**Issue**: {verdict.word} ({verdict.code}) for {evidence.run}
**Current Method**: Not inspected ({evidence.script})
**Actual Training Time**: {span(evidence.wall_s)}
**Required Training Time**: {span_range(limits)} ({limits.source})

**Problem**: {verdict.why}

**Required Actions**:
{actions or "1. Ask again when the run has ended."}

I cannot mark this phase as complete until computational requirements are met.
"""


def _required(phase: Phase, limits: Limits) -> str:
    if phase is Phase.QUICK:
        return f"{span_range(limits)}; a quick run never satisfies the full phase"
    return f"{limits.min_s / 3600:g}-{limits.max_s / 3600:g} hour minimum"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
