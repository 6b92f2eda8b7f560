"""The completion checklist of the requirement document, each point with its evidence. Asked of a full run only."""

from __future__ import annotations

from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.words import Outcome, Word


def completion(evidence: Evidence, converged: Check) -> tuple[Check, ...]:
    """Return the points that no other check covers: entries in the diary, history, whole log, files for others."""
    return (_documented(evidence, converged), _history(evidence), _log(evidence), _handoff(evidence))


def _documented(evidence: Evidence, converged: Check) -> Check:
    """Has each failure of the model's attempts its diary entry, the quick ones' too? One mended in silence has none."""
    left = evidence.handover
    if left.silent:
        what = f"nobody reported {', '.join(left.silent[:4])}, and no diary entry tells of what mended it"
        run = left.silent[0].partition(":")[0]
        action = f"write_diary_entry(model={evidence.model!r}, run={run!r}, …)."
        return failed("completion diary", what, Word.INCOMPLETE_TRAINING, "failure_unreported", action)
    if left.undocumented:
        what = f"no diary entry tells of {', '.join(left.undocumented[:4])}"
        action = f"write_diary_entry(report={left.undocumented[0]!r}, …)."
        return failed("completion diary", what, Word.INCOMPLETE_TRAINING, "diary_entry_missing", action)
    told = (
        f"{left.documented} reported failure(s), each with its entry" if left.documented else "no failure is on record"
    )
    if converged.outcome is Outcome.FAILED and evidence.accepted_failures:
        told += f"; not converged, accepted by the director in {', '.join(evidence.accepted_failures[:3])}"
    return passed("completion diary", told)


def _history(evidence: Evidence) -> Check:
    left = evidence.handover
    if left.history_is_there:
        return passed("completion history", f"{left.history} is there")
    if elsewhere := next((path for path, one in evidence.curves if not one.empty), ""):
        return passed("completion history", f"{elsewhere}, which the run wrote, tells the losses by epoch")
    if evidence.trace is not None or (evidence.program is not None and evidence.program.kind == "Bayesian MCMC"):
        return passed("completion history", "not applicable: MCMC has no epochs, its trace is the history")
    if evidence.program is not None and evidence.program.kind == "Deep Learning":
        action = "Print the loss of each epoch, or tell it through watchkeeper_probe."
        what = f"{left.history} is missing"
        if evidence.seen is not None and evidence.seen.whole and "Deep Learning" in evidence.seen.kinds:
            what = f"{what}; that it trained was witnessed, of its curve nobody was told"
            return unknown("completion history", what, "history_missing", action)
        return failed("completion history", what, Word.INCOMPLETE_TRAINING, "history_missing", action)
    return unknown("completion history", "no history of epochs, and no method that is known to have one")


def _log(evidence: Evidence) -> Check:
    """Is all of the log still there that the keeper saw at the end?"""
    left = evidence.handover
    if left.log_bytes is None or left.log_end is None:
        return unknown("completion log", "nobody saw where the run's part of the log ended")
    if left.log_bytes < left.log_end:
        what = f"the log has {left.log_bytes} bytes, at the run's end it had {left.log_end}: it was cut"
        action = "Restore the log from a copy, or train again."
        return failed("completion log", what, Word.LIKELY_FABRICATION, "log_truncated", action)
    return passed("completion log", f"whole up to byte {left.log_end}")


def _handoff(evidence: Evidence) -> Check:
    missing = [path for path, there in evidence.handover.files if not there]
    present = [path for path, there in evidence.handover.files if there]
    if missing:
        return unknown("completion handoff", f"not written yet: {', '.join(missing)}")
    return passed("completion handoff", ", ".join(present) or "no file is asked for")
