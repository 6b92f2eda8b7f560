"""Has this failure been seen before, where is it told, and what cured it. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...storage.record import Subject, SubjectKind
from ...vocabulary.runs import Phase, RunState
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
        """Where it is told and what cured it, for a report or an entry."""
        cure = f"cured in {self.cured_by}" if self.cured_by else "not cured yet"
        return f"Seen before: diary entry #{self.entry} ({self.path}), {cure}. The fix there: {self.fix}"


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two findings are the same failure: equal fingerprints, or the same exception in the same frame."""
    if one.get("fingerprint") and one.get("fingerprint") == other.get("fingerprint"):
        return True
    where = one.get("exception"), one.get("frame")
    return all(where) and where == (other.get("exception"), other.get("frame"))


def earlier(desk: Desk, finding: Subject) -> Earlier | None:
    """Return the newest diary entry about the same failure, seen before this one; the model's own entries first."""
    told = [one for one in desk.ledger.subjects(SubjectKind.DIARY) if _tells_of(desk, one, finding)]
    own = [one for one in told if one.model == finding.model]
    return _shown(desk, (own or told)[-1]) if told else None


def _tells_of(desk: Desk, entry: Subject, finding: Subject) -> bool:
    found = desk.ledger.subject(SubjectKind.FINDING, str(entry.body.get("finding") or ""))
    return found is not None and found.first_seq < finding.first_seq and same(found.body, finding.body)


def _shown(desk: Desk, entry: Subject) -> Earlier:
    cure = cured_by(desk, entry.run)
    return Earlier(
        entry=int(entry.body["number"]),
        path=str(entry.body["path"]),
        report=str(entry.body.get("report") or ""),
        cured_by=cure.id if cure else "",
        fix=str(entry.body.get("fix") or ""),
    )


def cured_by(desk: Desk, failed: str) -> Subject | None:
    """Return the first later attempt that completed with no failure standing against it.

    It is of the failed run's phase, or full: a quick run on a part of the data proves nothing for a full one.

    :param failed: the failed run's id; unknown or empty ids have no cure.
    """
    run = desk.ledger.subject(SubjectKind.RUN, failed)
    if run is None:
        return None
    for one in desk.ledger.subjects(SubjectKind.RUN, model=run.model):
        later = one.first_seq > run.first_seq and one.body["phase"] in (run.body["phase"], Phase.FULL)
        if later and one.part("end").get("state") == RunState.COMPLETED and not unaccepted_failures(desk, one.id):
            return one
    return None


def solved_by(desk: Desk, report: Subject, runs: list[Subject]) -> Subject | None:
    """Return the first later attempt that completed without any failure standing against it."""
    later = (one for one in runs if one.first_seq > report.first_seq and one.status == "ended")
    ended_well = (one for one in later if one.body["end"]["state"] == RunState.COMPLETED)
    return next((one for one in ended_well if not unaccepted_failures(desk, one.id)), None)
