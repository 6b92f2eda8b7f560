"""Failures that nobody reported and the diary does not tell of: mended in silence, nobody can learn from them."""

from __future__ import annotations

from ...storage.record import Finding, Run
from ..desk import Desk
from ..watch.standing import crash_of, parts_of, unaccepted_failures


def silent_failures(desk: Desk, model: str, until: Run | None = None) -> list[Finding]:
    """Return the failures of a model's ended attempts that nobody reported or accepted, oldest first.

    :param until: the newest attempt that counts; without it all.
    """
    unreported = [one for one in desk.ledger.findings(open_only=True) if one.model == model]
    found = [one for one in unreported if crash_of(desk, one).id == one.id and _counts(desk.ledger.run(one.run), until)]
    told = {entry.finding for entry in desk.ledger.entries(model)} if found else set[str]()
    return [one for one in found if not told & {part.id for part in parts_of(desk.ledger, one)}]


def _counts(run: Run | None, until: Run | None) -> bool:
    return run is not None and run.ended and (until is None or run.first_seq <= until.first_seq)


def mended_in_silence(desk: Desk, model: str) -> Finding | None:
    """Return the oldest such failure after which an attempt completed well: what mended it is owed to the diary."""
    found = silent_failures(desk, model)
    if not found:
        return None
    well = [one for one in desk.ledger.runs(model=model) if one.completed and not unaccepted_failures(desk, one.id)]
    return next((one for one in found if any(run.first_seq > one.first_seq for run in well)), None)


def described(finding: Finding) -> str:
    """Return a failure in a few words: its id and what it was."""
    return f"{finding.id} ({finding.exception or finding.type or finding.kind})"
