"""The first page: what waits for somebody, what runs now, what ended lately, and the models."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...acts.desk import Desk
from ...acts.plot.charts import thinned
from ...acts.poll import next_step
from ...acts.watch import histories, look, progress
from ...acts.watch.look import Look
from ...analysis.curves.series import History
from ...analysis.logs.metrics import COUNTERS
from ...runtime.run_directory import RunStatus
from ...storage.record import Event, Finding, Kind, Report, Run, Verdict
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import Level
from ..commands.following import Line, line_of
from . import health, run_page
from .health import Health

LATELY = 12
MOST_ACTIVE = 60
MOST_MODELS = 40
MOST_OWED = 10
"""So many models are asked whether they owe an entry: each answer reads all of its runs."""
MOST_ATTEMPTS = 12
"""Of a model's attempts so many are shown as signs."""
MOST_EVENTS = 14
MOST_POINTS = 60
KEPT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A run in a table.

    :ivar numbers: the newest value of what its log names; `spark` the loss, oldest first.
    """

    run: Run
    state: str
    health: Health
    elapsed_s: float
    progress: str = ""
    numbers: dict[str, float] = field(default_factory=dict[str, float])
    spark: tuple[float | None, ...] = ()
    failures: int = 0
    flags: int = 0
    report: Report | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model: its newest attempts, and what the newest verdict said."""

    model: str
    runs: tuple[tuple[Run, Health], ...]
    more: int
    verdict: tuple[Verdict, Health] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the first page."""

    reports: tuple[Report, ...]
    answered: tuple[Report, ...]
    owed: tuple[str, ...]
    active: tuple[Row, ...]
    left_out: int
    ended: tuple[Row, ...]
    models: tuple[ModelRow, ...]
    more_models: int
    events: tuple[tuple[Event, Line], ...]
    now: float


class Sparks:
    """Losses for sparklines, each computed at most every few seconds."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, tuple[float | None, ...]]] = {}
        self._lock = threading.Lock()

    def of(self, desk: Desk, run: Run) -> tuple[float | None, ...]:
        """Return a run's loss by row, thinned."""
        with self._lock:
            at, found = self._kept.get(run.id, (float("-inf"), ()))
        if time.monotonic() - at < KEPT_S:
            return found
        found = thinned(_loss(histories.printed(desk, run)), MOST_POINTS)
        with self._lock:
            self._kept = {**self._kept, run.id: (time.monotonic(), found)}
            while len(self._kept) > 4 * MOST_ACTIVE:
                self._kept.pop(next(iter(self._kept)))
        return found


def _loss(history: History | None) -> Sequence[float | None]:
    if history is None:
        return ()
    names = ("train_loss", "val_loss", "train_gain", "val_gain", "metric")
    return next((column for name in names if (column := history.column(name))), ())


def gather(desk: Desk, looks: Mapping[str, Look], sparks: Sparks) -> Overview:
    """Return what stands on the first page.

    :param looks: the newest look at each active run, for its numbers.
    """
    reports = [one for one in desk.ledger.reports(open_only=True) if one.status in ("open", "answered")]
    active = desk.ledger.runs(open_only=True)
    newest = desk.ledger.runs(newest=200)
    ended = [one for one in reversed(newest) if one.ended][:LATELY]
    models = list(dict.fromkeys(one.model for one in reversed(newest)))
    shown = active[::-1][:MOST_ACTIVE]
    return Overview(
        reports=tuple(one for one in reports if one.status == "open"),
        answered=tuple(one for one in reports if one.status == "answered")[-LATELY:],
        owed=tuple(_owed(desk, models[:MOST_OWED])),
        active=tuple(active_row(desk, one, looks, sparks) for one in shown),
        left_out=len(active) - len(shown),
        ended=tuple(ended_row(desk, one) for one in ended),
        models=tuple(model_row(desk, one) for one in models[:MOST_MODELS]),
        more_models=max(0, len(desk.ledger.models()) - MOST_MODELS),
        events=tuple(_events(desk)),
        now=desk.clock(),
    )


def _owed(desk: Desk, models: Sequence[str]) -> list[str]:
    found = [owed(desk, model) for model in models for owed in (next_step.owed_entry, next_step.owed_silent)]
    return [f"A diary entry for {one.id} (model {one.model})" for one in found if one is not None]


def _events(desk: Desk) -> list[tuple[Event, Line]]:
    head = desk.ledger.head()[0]
    told: dict[str, tuple[Event, Line]] = {}
    for one in desk.ledger.events(after=max(0, head - 4 * MOST_EVENTS)):
        line = line_of(desk, one)
        if line is not None and not (one.kind is Kind.SETTLED and line.what in told):  # it settled as what it was
            told[line.what] = (one, line)
    return list(told.values())[: -MOST_EVENTS - 1 : -1]


def active_row(desk: Desk, run: Run, looks: Mapping[str, Look], sparks: Sparks) -> Row:
    """Return a run that goes on, as its files tell now; what cannot be read says why and hides no other."""
    try:
        status = look.Watcher(desk, run).glance().status
    except (WatchkeeperError, OSError) as error:
        return Row(run=run, state="unreadable", health=Health("unreadable", "warn"), elapsed_s=0.0, trouble=str(error))
    numbers = dict(looks[run.id].metrics) if run.id in looks else {}
    how_far = progress.progress(desk, run) or _counted(numbers)
    return _row(desk, run, status, how_far, numbers, sparks.of(desk, run))


def _counted(numbers: Mapping[str, float]) -> str:
    """Return how far a run is by its own counter, while its pace is not known yet."""
    for name in COUNTERS:
        total = numbers.get(f"{name}_total")
        if name in numbers and total:
            return f"{name} {numbers[name]:g}/{total:g} ({min(1.0, numbers[name] / total):.0%})"
    return ""


def ended_row(desk: Desk, run: Run) -> Row:
    """Return a run whose end is on record."""
    found, reports, verdicts = _about(desk, run)
    end = run.end
    state = str(end.state) if end else "active"
    return Row(
        run=run,
        state=state,
        health=health.of_run(state, found, verdicts[-1] if verdicts else None),
        elapsed_s=end.wall_s if end else 0.0,
        failures=sum(one.level is Level.FAILURE for one in found),
        flags=sum(one.level is Level.FLAG for one in found),
        report=reports[-1] if reports else None,
    )


def _row(
    desk: Desk, run: Run, status: RunStatus, how_far: str, numbers: dict[str, float], spark: tuple[float | None, ...]
) -> Row:
    found, reports, _ = _about(desk, run)
    return Row(
        run=run,
        state=str(status.state),
        health=health.of_run(str(status.state), found, None),
        elapsed_s=status.elapsed_s,
        progress=how_far,
        numbers=numbers,
        spark=spark,
        failures=sum(one.level is Level.FAILURE for one in found),
        flags=sum(one.level is Level.FLAG for one in found),
        report=reports[-1] if reports else None,
    )


def _about(desk: Desk, run: Run) -> tuple[list[Finding], list[Report], list[Verdict]]:
    ledger = desk.ledger
    return ledger.findings(run=run.id), ledger.reports(run=run.id), ledger.verdicts(run=run.id)


def model_row(desk: Desk, model: str) -> ModelRow:
    """Return a model with the signs of its newest attempts."""
    runs = desk.ledger.runs(model=model, newest=MOST_ATTEMPTS)
    verdicts = {one.run: one for one in desk.ledger.verdicts(model=model)}
    newest = next((verdicts[one.id] for one in reversed(runs) if one.id in verdicts), None)
    return ModelRow(
        model=model,
        runs=tuple((one, _briefly(desk, one, verdicts.get(one.id))) for one in runs),
        more=max(0, runs[0].attempt - 1) if len(runs) == MOST_ATTEMPTS else 0,
        verdict=(newest, health.of_verdict(newest)) if newest else None,
    )


def _briefly(desk: Desk, run: Run, verdict: Verdict | None) -> Health:
    found = () if run.end and verdict else desk.ledger.findings(run=run.id)  # a verdict has weighed them
    return health.of_run(run_page.state_of(desk, run), found, verdict)
