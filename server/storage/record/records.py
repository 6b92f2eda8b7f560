"""The record, typed: each kind of event (the first half), and what the events of a subject fold into (the second)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Self

from ...documents.error_report import Answer, ReportFacts
from ...vocabulary.runs import Finding as Noticed
from ...vocabulary.runs import Level, RunState
from .chain import Kind, SubjectKind
from .reruns import RerunCompared, RerunStarted
from .run_events import RunEnded, RunStarted, RunStopped
from .upkeep import LedgerRebuilt, RunPruned
from .written import AttestationMade, EntryProven, EntryWritten, SearchLogged


@dataclass(frozen=True, kw_only=True)
class FindingSeen(Noticed):
    """A finding as it was first seen.

    :ivar of_curve: found in the numbers, which may overcome it; not in a line of the log.
    """

    KIND: ClassVar = Kind.SEEN
    SPARSE: ClassVar = True

    log: str = ""
    updated_at: float
    of_curve: bool = False

    @classmethod
    def of(cls, found: Noticed, *, log: str, updated_at: float, of_curve: bool = False) -> Self:
        """Return the event for a finding that logs, numbers or silence gave."""
        values = {one.name: getattr(found, one.name) for one in fields(found)}
        return cls(**values, log=log, updated_at=updated_at, of_curve=of_curve)


@dataclass(frozen=True, kw_only=True)
class FindingSettled(FindingSeen):
    """A finding whose level and lines are known for good."""

    KIND: ClassVar = Kind.SETTLED


@dataclass(frozen=True, kw_only=True)
class FindingRepeated(FindingSeen):
    """A finding that was seen again."""

    KIND: ClassVar = Kind.REPEATED


@dataclass(frozen=True, kw_only=True)
class FindingOver:
    """A finding that does not hold any more: a stalled run went on, a curve overcame its flag."""

    KIND: ClassVar = Kind.SETTLED
    SPARSE: ClassVar = True

    level: Level = Level.FAILURE
    message: str = ""
    updated_at: float


@dataclass(frozen=True, kw_only=True)
class FindingReported:
    """A report tells of the finding."""

    KIND: ClassVar = Kind.REPORTED

    report: str


@dataclass(frozen=True, kw_only=True)
class FindingAccepted:
    """The director accepted the finding: it stays visible and blocks no gate."""

    KIND: ClassVar = Kind.ACCEPTED

    accepted_because: str
    accepted_in: str


@dataclass(frozen=True, kw_only=True)
class ReportOpened(ReportFacts):
    """A report to the director."""

    KIND: ClassVar = Kind.REPORT
    SPARSE: ClassVar = True


@dataclass(frozen=True, kw_only=True)
class ReportAgain:
    """The same report made again: the fields that the second one replaces."""

    KIND: ClassVar = Kind.REPORT_AGAIN
    SPARSE: ClassVar = True

    what_happened: str = ""
    hypothesis: str = ""
    recommended_action: str = ""
    trainer_type: str = ""
    kind: str = ""
    compared: str = ""
    changes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    difference: str = ""
    change_names: tuple[str, ...] = ()
    features_changed: str = ""
    verdict: str = ""
    error_type: str = ""
    resume_point: str = ""
    severity: str = ""
    state: str = ""
    finding: str = ""
    emergency: bool = False
    message: str = ""
    exception: str = ""
    frame: str = ""
    line: int | None = None
    last_line: int | None = None
    excerpt: str = ""
    exit_code: int | None = None
    signal: int | None = None
    deadline_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class ReportAnswered(Answer):
    """The director's decision on a report."""

    KIND: ClassVar = Kind.ANSWER


@dataclass(frozen=True, kw_only=True)
class ReportApplied:
    """An answer was carried out: by whom, and by which start or how."""

    KIND: ClassVar = Kind.APPLIED
    SPARSE: ClassVar = True

    by: str = ""
    run: str = ""
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportClosed:
    """A report was closed: by the diary's entry, or by the start whose changes it was about."""

    KIND: ClassVar = Kind.CLOSED
    SPARSE: ClassVar = True

    entry: int | None = None
    path: str = ""
    by: str = ""
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class VerdictKept:
    """A verdict.

    :ivar checks: (name, outcome, evidence) of each.
    :ivar artefacts: (role, path, sha256, fingerprint of the draws) of what the run left, as it was then.
    """

    KIND: ClassVar = Kind.VERDICT

    word: str
    code: str = ""
    why: str = ""
    checks: tuple[tuple[str, str, str], ...] = ()
    artefacts: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class VerdictOverridden:
    """The director goes on all the same; the verdict stays what it is."""

    KIND: ClassVar = Kind.OVERRIDDEN

    reason: str
    report: str
    who: str


Happening = (
    RunStarted | RunStopped | RunEnded | RunPruned | FindingSeen | FindingOver | FindingReported | FindingAccepted
    | ReportOpened | ReportAgain | ReportAnswered | ReportApplied | ReportClosed
    | VerdictKept | VerdictOverridden | EntryWritten | EntryProven | SearchLogged | AttestationMade
    | RerunStarted | RerunCompared | LedgerRebuilt
)  # fmt: skip
"""Everything that can be recorded; its class says what kind of event it is."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What all subjects have: whose they are and where their life stands.

    :ivar open: whether it still asks for something.
    :ivar at: unix time of its first event; first_seq and last_seq number the first and the newest.
    """

    SUBJECT: ClassVar[SubjectKind]

    id: str
    run: str
    model: str
    status: str
    open: bool
    first_seq: int
    last_seq: int
    at: float


@dataclass(frozen=True, kw_only=True)
class Run(RunStarted, Record):
    """A run; its status is active or ended."""

    SUBJECT: ClassVar = SubjectKind.RUN

    stop: RunStopped | None = None
    end: RunEnded | None = None
    pruned: RunPruned | None = None

    @property
    def ended(self) -> bool:
        """Whether its end is on record."""
        return self.status == "ended"

    @property
    def outcome(self) -> str:
        """The state that it ended in; `active` while its end is not on record."""
        return str(self.end.state) if self.end else "active"

    @property
    def completed(self) -> bool:
        """Whether it ended by itself with exit status 0."""
        return self.end is not None and self.end.state is RunState.COMPLETED


@dataclass(frozen=True, kw_only=True)
class Finding(FindingSeen, Record):
    """A finding; its status is open, reported or accepted, or its level where it asks for nothing."""

    SUBJECT: ClassVar = SubjectKind.FINDING

    report: str = ""
    accepted_because: str = ""
    accepted_in: str = ""


@dataclass(frozen=True, kw_only=True)
class Report(ReportFacts, Record):
    """A report; its status is open, answered, applied or closed."""

    SUBJECT: ClassVar = SubjectKind.REPORT

    times: int = 1
    answered_at: float | None = None
    applied: ReportApplied | None = None
    closed: ReportClosed | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict(VerdictKept, Record):
    """A verdict, and the director's override beside it."""

    SUBJECT: ClassVar = SubjectKind.VERDICT

    override: VerdictOverridden | None = None


@dataclass(frozen=True, kw_only=True)
class Entry(EntryWritten, Record):
    """An entry of the diary; `proof` is empty until its fix is proven."""

    SUBJECT: ClassVar = SubjectKind.DIARY

    proof: str = ""


@dataclass(frozen=True, kw_only=True)
class Search(SearchLogged, Record):
    """A hyper-parameter search."""

    SUBJECT: ClassVar = SubjectKind.SEARCH


@dataclass(frozen=True, kw_only=True)
class Rebuilding(LedgerRebuilt, Record):
    """A time at which the ledger was made anew."""

    SUBJECT: ClassVar = SubjectKind.LEDGER


@dataclass(frozen=True, kw_only=True)
class Attestation(AttestationMade, Record):
    """A signed statement on a run that was handed out."""

    SUBJECT: ClassVar = SubjectKind.ATTESTATION


@dataclass(frozen=True, kw_only=True)
class Rerun(RerunStarted, Record):
    """A run that is or was played again; no run of its own, whatever counts runs."""

    SUBJECT: ClassVar = SubjectKind.RERUN

    compared: RerunCompared | None = None
