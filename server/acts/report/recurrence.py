"""Has this failure been seen before, which entry describes it, and what cured it. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...storage.record import Entry, Finding, Report, Run
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch.standing import unaccepted_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The diary entry of the same failure, seen earlier.

    :ivar entry: its number in the diary at `path`.
    :ivar report: the report that it tells of; empty if it names none.
    :ivar cured_by: the attempt that ended without the failure; empty while there is none.
    :ivar fix: what mended it, on one line, in the words of the agent that wrote the entry.
    """

    entry: int
    path: str
    report: str
    cured_by: str
    fix: str

    @property
    def sentence(self) -> str:
        """The entry that describes it and what cured it, for a report or an entry."""
        cure = f"cured in {self.cured_by}" if self.cured_by else "not cured yet"
        return f"Seen before: diary entry #{self.entry} ({self.path}), {cure}. The fix there: {self.fix}"


def same(one: Finding, other: Finding) -> bool:
    """Whether two findings are the same failure: equal fingerprints, or the same exception in the same frame."""
    if one.fingerprint and one.fingerprint == other.fingerprint:
        return True
    where = one.exception, one.frame
    return all(where) and where == (other.exception, other.frame)


def earlier(desk: Desk, finding: Finding) -> Earlier | None:
    """Return the newest diary entry about the same failure, seen before this one; the model's own entries first."""
    told = [one for one in desk.ledger.entries() if _tells_of(desk, one, finding)]
    own = [one for one in told if one.model == finding.model]
    return _shown(desk, (own or told)[-1]) if told else None


def _tells_of(desk: Desk, entry: Entry, finding: Finding) -> bool:
    found = desk.ledger.finding(entry.finding)
    return found is not None and found.first_seq < finding.first_seq and same(found, finding)


def _shown(desk: Desk, entry: Entry) -> Earlier:
    cure = cured_by(desk, entry.run)
    return Earlier(
        entry=entry.number,
        path=entry.path,
        report=entry.report,
        cured_by=cure.id if cure else "",
        fix=entry.fix,
    )


def cured_by(desk: Desk, failed: str) -> Run | None:
    """Return the first later attempt that completed with no failure standing against it.

    It is of the failed run's phase, or full: a quick run on a part of the data proves nothing for a full one.

    :param failed: the failed run's id; unknown or empty ids have no cure.
    """
    run = desk.ledger.run(failed)
    if run is None:
        return None
    for one in desk.ledger.runs(model=run.model):
        later = one.first_seq > run.first_seq and one.phase in (run.phase, Phase.FULL)
        if later and one.completed and not unaccepted_failures(desk, one.id):
            return one
    return None


def solved_by(desk: Desk, report: Report, runs: Sequence[Run]) -> Run | None:
    """Return the first later attempt that completed without any failure standing against it; its phase as above."""
    phases = (report.phase, Phase.FULL) if report.run else tuple(Phase)
    later = (one for one in runs if one.first_seq > report.first_seq and one.status == "ended")
    ended_well = (one for one in later if one.completed and one.phase in phases)
    return next((one for one in ended_well if not unaccepted_failures(desk, one.id)), None)
