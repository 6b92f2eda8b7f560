"""What follows from a verdict: the director hears of a rejection, and what other agents need is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...analysis.evidence.words import Outcome, Word
from ...storage.record import Report, Run
from ...vocabulary.errors import Refused
from ...vocabulary.runs import Phase, RunState
from ...vocabulary.sanitize import mask_secrets, one_line
from ..desk import Desk
from ..report import server_reports
from ..start import provenance
from ..watch.look import find_run, look_at
from . import handoff, verify
from .pruned import require_evidence
from .verify import Verification

_NOTHING_TO_TELL = frozenset({Word.IN_PROGRESS, Word.NO_DATA})


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A verdict and what it led to.

    :ivar report: the report that tells the director of a rejection; None when there is none.
    :ivar override: the director's reason to go on all the same; empty if there is none. The verdict stays what it is.
    :ivar handover: paths by what they are; empty for a quick run.
    """

    verification: Verification
    report: str | None
    override: str
    handover: Mapping[str, str]


def conclude(desk: Desk, run_id: str) -> Conclusion:
    """Compute the verdict on a run, tell the director of a rejection, and write what is handed over.

    :raises NotFound: if there is no such run.
    :raises Refused: if what a verdict looks at was pruned, or it was started under a profile that judges nothing.
    """
    require_evidence(desk, find_run(desk, run_id))
    look = look_at(desk, run_id)
    _refuse_unjudged(desk, look.run)
    state = look.status.state
    hands_over = look.run.phase is Phase.FULL and state.final and state is not RunState.NEVER_STARTED
    if hands_over:  # before the verdict, which looks whether it is there
        handoff.write(desk, look.run, look.status, None)
    found = verify.verify(desk, run_id)
    paths = handoff.write(desk, look.run, look.status, _posterior(found)) if hands_over else {}
    report = _told(desk, find_run(desk, run_id), found)
    return Conclusion(found, report.id if report else None, _override(desk, found.id), paths)


def _refuse_unjudged(desk: Desk, run: Run) -> None:
    started = provenance.policy(desk, provenance.of(run)) or desk.policy
    if not started.judge.verdicts:
        raise Refused(
            f"{run.id} was started under the profile {started.profile}, which runs and watches and judges nothing.",
            "For verdicts on runs that start from now on: `watchkeeper init --profile research --force`.",
        )


def _told(desk: Desk, run: Run, found: Verification) -> Report | None:
    """Open a report about a rejection; failures that stand have reports of their own."""
    word = found.verdict.word
    if word.met or word in _NOTHING_TO_TELL or found.evidence.open_failures:
        return None
    why = one_line(mask_secrets(found.verdict.why), 600)
    return server_reports.open_verdict(desk, run, found.id, word, why, "; ".join(found.verdict.actions))


def _override(desk: Desk, verdict_id: str) -> str:
    kept = desk.ledger.verdict(verdict_id)
    if kept is None or kept.override is None or not kept.override.reason:  # taken back by a further answer
        return ""
    return f"CONTINUE in {kept.override.report}: {kept.override.reason}"


def _posterior(found: Verification) -> Mapping[str, Any] | None:
    """Return what the summary says of a posterior; None when no trace was read."""
    trace = found.evidence.trace
    if trace is None:
        return None
    outcomes = {one.outcome for one in found.verdict.checks if one.name == "convergence"}
    converged = False if Outcome.FAILED in outcomes else True if Outcome.PASSED in outcomes else None
    return {
        "max_rhat": trace.rhat_max,
        "mean_rhat": None,
        "converged": converged,
        "min_ess_bulk": trace.ess_bulk_min,
        "min_ess_tail": trace.ess_tail_min,
        "divergences": trace.divergences,
        "chains": trace.chains,
        "draws": trace.draws,
    }
