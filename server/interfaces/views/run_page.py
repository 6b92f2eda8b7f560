"""A run's page: where it stands, what was found, its curves and usage, what it was made from, its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...acts.desk import Desk
from ...acts.plot import chains, charts
from ...acts.plot.charts import Chart, Mark
from ...acts.start import comparison, provenance
from ...acts.watch import look, progress
from ...acts.watch.look import Look, find_run
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding, Report, Run, Verdict
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import Level
from . import health
from .health import Health

_PLACES = (
    ("effort", "usage"), ("idle", "usage"), ("cpu", "usage"), ("gpu", "usage"), ("requirement", "usage"),
    ("converge", "curves"), ("history", "curves"), ("curve", "curves"), ("loss", "curves"), ("iteration", "curves"),
    ("failure", "findings"), ("ending", "findings"), ("completion", "findings"),
    ("input", "provenance"), ("method", "provenance"), ("script", "provenance"), ("code", "provenance"),
    ("result", "artefacts"), ("artefact", "artefacts"), ("trace", "artefacts"), ("draw", "artefacts"),
    ("weight", "artefacts"), ("model", "artefacts"),
)  # fmt: skip
"""Where on the page stands what a check was made from, by a word of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A line of the verdict's list.

    :ivar place: the part of the page that shows what it was made from; empty for none.
    """

    name: str
    outcome: str
    tone: str
    evidence: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Everything on a run's page but its log.

    :ivar trace: where the draws lie that an ended run left; empty for none.
    :ivar beside: attempts of the same model, for the way from one to the next. :ivar before: the attempt before.
    """

    run: Run
    status: RunStatus | None
    state: str
    health: Health
    trouble: str
    progress: str
    numbers: Mapping[str, float]
    findings: tuple[Finding, ...]
    parts: Mapping[str, int]
    reports: tuple[Report, ...]
    verdict: Verdict | None
    verdict_health: Health | None
    earlier_verdicts: int
    checks: tuple[Check, ...]
    curves: tuple[Chart, ...]
    usage: tuple[Chart, ...]
    trace: str
    marks: tuple[Mark, ...]
    begin: float
    end: float
    beside: tuple[Run, ...]
    before: Run | None
    difference: str
    log_bytes: int | None = None
    moves: tuple[str, ...] = field(default_factory=tuple[str, ...])

    @property
    def going_on(self) -> bool:
        """Whether more may come."""
        return self.run.end is None


def gather(desk: Desk, run_id: str, looks: Mapping[str, Look]) -> RunPage:
    """Return what stands on the page of a run.

    :raises NotFound: there is no such run.
    """
    run = find_run(desk, run_id)
    status, trouble = _status(desk, run)
    state = str(status.state) if status else "unreadable"
    found = desk.ledger.findings(run=run.id)
    verdicts = desk.ledger.verdicts(run=run.id)
    begin = (status.started_at if status else None) or run.at
    end = (status.ended_at if status and run.end else None) or desk.clock()
    marks = charts.marks_of(found)
    beside = desk.ledger.runs(model=run.model, newest=200)
    before = _before(desk, run, beside)
    run_dir = desk.workspace.run_dir(run.id)
    return RunPage(
        run=run,
        status=status,
        state=state,
        health=health.of_run(state, found, verdicts[-1] if verdicts else None),
        trouble=trouble,
        progress=progress.progress(desk, run),
        numbers=dict(looks[run.id].metrics) if run.id in looks else {},
        findings=_ordered(found),
        parts=_parts(found),
        reports=tuple(desk.ledger.reports(run=run.id)),
        verdict=verdicts[-1] if verdicts else None,
        verdict_health=health.of_verdict(verdicts[-1]) if verdicts else None,
        earlier_verdicts=max(0, len(verdicts) - 1),
        checks=checks(verdicts[-1]) if verdicts else (),
        curves=tuple(charts.safely(desk, run, status.started_at if status else None, found)),
        usage=tuple(charts.usage(run_dir, marks)),
        trace=chains.trace_of(desk, run),
        marks=tuple(marks),
        begin=begin,
        end=max(end, begin + 1.0),
        beside=tuple(beside),
        before=before,
        difference=comparison.difference(desk, provenance.of(before), provenance.of(run)) if before else "",
    )


def _status(desk: Desk, run: Run) -> tuple[RunStatus | None, str]:
    try:
        return look.Watcher(desk, run).glance().status, ""
    except (WatchkeeperError, OSError) as error:  # the page shows what is on record, and why there is no more
        return None, str(error)


def state_of(desk: Desk, run: Run) -> str:
    """Return where a run stands: as its end tells, else as its files tell now."""
    if run.end:
        return str(run.end.state)
    status, _ = _status(desk, run)
    return str(status.state) if status else "unreadable"


def _before(desk: Desk, run: Run, beside: Sequence[Run]) -> Run | None:
    """Return the attempt that a run follows, else the one before it in the same phase, else before it at all."""
    if run.follows and (named := desk.ledger.run(run.follows)) is not None:
        return named
    earlier = [one for one in beside if one.first_seq < run.first_seq]
    same = [one for one in earlier if one.phase is run.phase]
    return (same or earlier or [None])[-1]


def _ordered(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stand for themselves: failures, then flags, then what was only noticed, as they came."""
    order = {Level.FAILURE: 0, Level.FLAG: 1, Level.NOTICED: 2}
    heads = {one.id for one in found}
    alone = [one for one in found if not one.belongs_to or f"{one.run}:{one.belongs_to}" not in heads]
    return tuple(sorted(alone, key=lambda one: (order[one.level], one.first_seq)))


def _parts(found: Sequence[Finding]) -> dict[str, int]:
    """Return how many further findings belong to the crash of each."""
    counts: dict[str, int] = {}
    for one in found:
        if one.belongs_to:
            head = f"{one.run}:{one.belongs_to}"
            counts[head] = counts.get(head, 0) + 1
    return counts


def checks(verdict: Verdict) -> tuple[Check, ...]:
    """Return a verdict's checks, those that failed first, then those that nobody could make."""
    made = [
        Check(name=name, outcome=outcome, tone=_tone(outcome), evidence=evidence, place=_place(name))
        for name, outcome, evidence in verdict.checks
    ]
    order = {"bad": 0, "idle": 1, "good": 2}
    return tuple(sorted(made, key=lambda one: order[one.tone]))


def _tone(outcome: str) -> str:
    return {str(one): tone for one, tone in health.TONES.items()}.get(outcome, "idle")


def _place(name: str) -> str:
    plain = name.lower()
    return next((place for word, place in _PLACES if word in plain), "")
