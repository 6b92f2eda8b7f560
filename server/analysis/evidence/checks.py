"""The words of a verdict, and the checks that every run has: integrity, ending, failures, inputs."""

from __future__ import annotations

from dataclasses import dataclass

from ...vocabulary.runs import Phase, RunState
from ...vocabulary.sanitize import outgoing
from ..scripts.phases import fewer_rows
from ..scripts.program import RUNS_BEFORE, TAKES_PLACE
from .evidence import Evidence, Input
from .words import Outcome, Word

LONGEST = 600
"""Characters of one check's evidence."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the verdict: its outcome and the evidence for it.

    :ivar word: the verdict that a failure of this check leads to, or that it could not be inspected.
    :ivar code: why, in one identifier.
    :ivar action: what would have to change.
    :ivar note: what the verdict's block says of it besides, whatever the verdict is.
    """

    name: str
    outcome: Outcome
    evidence: str
    word: Word | None = None
    code: str = ""
    action: str = ""
    note: str = ""


def passed(name: str, evidence: str) -> Check:
    """Return a check that holds."""
    return Check(name, Outcome.PASSED, flat(evidence))


def failed(name: str, evidence: str, word: Word, code: str, action: str) -> Check:
    """Return a check that does not hold."""
    return Check(name, Outcome.FAILED, flat(evidence), word, code, flat(action))


def unknown(name: str, evidence: str, code: str = "", action: str = "") -> Check:
    """Return a check that could not be made; with a code the run is to be investigated for it, else nothing follows."""
    return Check(name, Outcome.NOT_INSPECTED, flat(evidence), Word.INVESTIGATE if code else None, code, flat(action))


def flat(text: str) -> str:
    """Return a text on one line: names from files and scripts must not write lines of their own into a verdict.

    Nor colours and marks that turn the direction of writing: what no printer shows becomes a replacement character.
    """
    text = " ".join(_readable(text).split())
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _readable(text: str) -> str:
    r"""Return a text in which a byte of a file name that is no UTF-8 stands as \xff: no record could hold it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if _encodable(text) else "?"


def _encodable(text: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" and not "\udc80" <= one <= "\udcff" for one in text)


def integrity(evidence: Evidence) -> Check:
    """Does the ledger's chain hold, and does it continue the copy of its head that is kept elsewhere?"""
    copy = evidence.head_copy
    problem = evidence.chain_problem
    if not problem and copy.state == "differs":
        problem = f"it does not continue the head kept in {copy.path} ({copy.detail})"
    if problem:
        action = "A person must compare the ledger with a copy of its head kept elsewhere."
        return failed("integrity", f"The record was altered: {problem}.", Word.INVESTIGATE, "record_altered", action)
    kept = {
        "none": "tamper-evident, same account",
        "first": f"tamper-evident, same account; its head is kept in {copy.path} from now on",
        "matches": f"tamper-evident, continues the head kept in {copy.path}",
        "unreadable": f"tamper-evident, same account; the copy {copy.path} could not be used: {copy.detail}",
    }
    return passed("integrity", f"chain intact, head {evidence.chain_head[:16]} ({kept[copy.state]})")


def ending(evidence: Evidence) -> Check:
    """Did the run end by itself, with exit status 0?"""
    if evidence.state is RunState.COMPLETED:
        return passed("ending", "exit status 0")
    how = evidence.reason or f"exit status {evidence.exit_code}"
    what = f"The run is {evidence.state}: {how}"
    action = "Find the cause, mend it, and train again to the end."
    return failed("ending", what, Word.INCOMPLETE_TRAINING, f"ended_{evidence.state}", action)


def failures(evidence: Evidence) -> Check:
    """Does a failure stand that nobody accepted?"""
    if evidence.open_failures:
        finding, kind = evidence.open_failures[0]
        code = "not_converged" if kind == "convergence" else "failure_found"
        what = f"{len(evidence.open_failures)} failure(s), the first is {finding} ({kind or 'no type'})"
        action = f"Resolve {finding} in a new attempt, or have the director accept it."
        return failed("failures", what, Word.INCOMPLETE_TRAINING, code, action)
    accepted = ", ".join(evidence.accepted_failures)
    return passed("failures", "no failure stands" + (f"; accepted by the director: {accepted}" if accepted else ""))


def inputs(evidence: Evidence, *, asks: bool) -> Check:
    """Are script, modules, design and features still those of the start? For information: the snapshots are kept.

    :param asks: whether the policy asks for minima where there is no design.
    """
    if not evidence.inputs:
        return unknown("inputs", "no digest of the script was recorded")
    moved = [_moved(one) for one in evidence.inputs if one.sha256_now != one.sha256_at_start]
    if asks and evidence.phase is Phase.FULL and not any(one.role == "design" for one in evidence.inputs):
        moved = [*moved, "no design at the start: the policy's minima hold"]
    same = [one for one in evidence.inputs if one.sha256_now == one.sha256_at_start]
    kept = [f"{one.path} unchanged since the start, sha256 {(one.sha256_now or '')[:16]}" for one in same[:4]]
    more = [f"{len(same) - 4} more unchanged"] if len(same) > 4 else []
    return passed("inputs", "; ".join([*moved, *kept, *more]))


def _moved(one: Input) -> str:
    what = "is gone" if one.sha256_now is None else "was changed" if one.sha256_at_start else "was added"
    snapshot = "" if one.role == "features" else "; the snapshot of what ran is kept"
    binds = ", so it does not bind this run" if one.role == "design" and not one.sha256_at_start else ""
    return f"{one.path} {what} after the start{snapshot if one.sha256_at_start else binds}"


def adopted(evidence: Evidence) -> Check | None:
    """Was it running before it came under watch? None where it was started here."""
    if evidence.adopted is None:
        return None
    about = evidence.adopted
    what = (
        f"process {about.pid} was running for {span(about.before_s)} when it was adopted: nobody watched that, nothing"
        " of it was witnessed, and its script is kept as it lay there then"
    )
    if about.ungated:
        what = f"past the gate, no quick run of the same script had passed: {about.ungated}; {what}"
    action = "Start it with `watchkeeper run -- COMMAND`, or say why it need not be seen from its beginning on."
    return unknown("adopted", what, "adopted", action)


def command(evidence: Evidence) -> Check | None:
    """Was the script started by the Python that trains? None where it was."""
    if not evidence.command:
        return None
    folder, *words = evidence.command
    what = (
        f"started by {outgoing(' '.join(words), 200)} in {folder}, not by the Python that trains: what that makes of"
        f" {evidence.script} nobody compared"
    )
    action = "Start it with start_training, or have a person read the command."
    return unknown("command", what, "other_command", action)


def startup(evidence: Evidence) -> Check | None:
    """Does something stand in front of the libraries, or run before the script? None where nothing does."""
    program = evidence.program
    odd = [one for one in program.unresolved if TAKES_PLACE in one.what or one.what == RUNS_BEFORE] if program else []
    if not odd:
        return None
    what = "; ".join(f"{one.file}:{one.line} {one.what}" for one in odd[:3])
    action = "Take it out of the run's environment, or have a person read it: what it replaces nobody can see."
    return failed("startup", f"{what} (read)", Word.INVESTIGATE, "library_replaced", action)


def rows(evidence: Evidence) -> Check | None:
    """Does the full phase take fewer rows than the quick one, by its script? None where it does not say so."""
    program = evidence.program
    found = fewer_rows(program.units) if program is not None and evidence.phase is Phase.FULL else ()
    if not found:
        return None
    one = found[0]
    what = f"{one.file}:{one.line} takes {one.full:g} rows in the full phase, {one.quick:g} in the quick one (read)"
    return failed("rows", what, Word.INVESTIGATE, "fewer_rows_than_quick", "Say why the full phase takes fewer rows.")


def policy(evidence: Evidence, profile: str) -> Check:
    """Does the policy of the start bind, and under which profile? One that was relaxed later changes nothing."""
    if not evidence.policy.there:
        action = "Train again; the start keeps the policy."
        what = "the policy that the run started under is not kept any more"
        return unknown("policy", what, "policy_not_inspected", action)
    later = f"; {', '.join(evidence.policy.changed)} changed later, which does not bind this run"
    return passed("policy", f"that of the start, profile {profile}" + (later if evidence.policy.changed else ""))


def span(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.2f} h"
