"""What the metacognition agent gets when a model's training is over: summary, results in words, errors met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from ...documents.error_report import headline, phase_label
from ...documents.log_summary import Told, summary
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding, Report, Run
from ...vocabulary.runs import Level
from ...vocabulary.sanitize import one_line, outgoing
from ..desk import Desk
from ..report import recurrence
from ..sections import publish
from ..watch import histories, written_files

_LOSSES = ("train_loss", "loss", "val_loss")


def write(desk: Desk, run: Run, status: RunStatus, mcmc: Mapping[str, Any] | None) -> dict[str, str]:
    """Write summary and results in words, and return the paths of all that is handed over, as far as it exists.

    :param mcmc: max_rhat, mean_rhat, converged, where a posterior was looked at.
    """
    files = desk.workspace
    met = struggles(desk, run.model)
    files.write_text_atomically(files.summary(run.model), _summary(desk, run, status, mcmc, met))
    publish(desk, files.results_summary(run.model), _in_words(desk, run, status, met))
    wanted = {
        "summary": files.summary(run.model),
        "results_summary": files.results_summary(run.model),
        "results": written_files.results(desk, run),
        "history": files.history(run.model),
        "diary": files.diary(run.model),
        "search_log": files.search_log(run.model),
        "log": run.log,
    }
    return {name: path for name, path in wanted.items() if path and files.is_there(path)}


def struggles(desk: Desk, model: str) -> list[dict[str, Any]]:
    """Return each failure that was reported on a model and how it was resolved, oldest first."""
    runs = desk.ledger.runs(model=model)
    reports = desk.ledger.reports(model=model)
    return [_struggle(desk, one, runs) for one in reports if not one.kind]


def _struggle(desk: Desk, report: Report, runs: Sequence[Run]) -> dict[str, Any]:
    cured = recurrence.solved_by(desk, report, runs)
    answer, closed = report.answer, report.closed
    entry = closed.entry if closed else None
    parts = [
        f"{answer.action}: {one_line(outgoing(answer.instructions, 300), 200)}" if answer else "",
        f"completed in {cured.id}" if cured else "",
        f"diary entry #{entry}" if entry else "",
    ]
    resolution = "; ".join(part for part in parts if part) or "not resolved"
    epoch, value = _where(desk, report)
    wanted = {
        "report": report.id,
        "run": report.run,
        "type": report.decided_type,
        "error": headline(report),
        "resolution": resolution,
        "diary_entry": entry,
        "line": report.line,
        "epoch": epoch,
        "value": value,
        "severity": report.severity.partition(" ")[0].lower(),
        "physical_meaning": _meaning(desk, report.model, entry),
    }
    return {name: value for name, value in wanted.items() if value not in (None, "")}


def _where(desk: Desk, report: Report) -> tuple[float | None, float | None]:
    """Return the last epoch that a run printed before it failed, and its loss then; None where it printed none."""
    rows = [values for at, values in desk.ledger.metric_rows(report.run) if at <= report.at] if report.run else []
    newest = [next((row[name] for row in reversed(rows) if name in row), None) for name in ("epoch", *_LOSSES)]
    return newest[0], next((value for value in newest[1:] if value is not None), None)


def _meaning(desk: Desk, model: str, entry: int | None) -> str:
    """Return what the diary says of why it broke; empty where it has no entry."""
    kept = desk.ledger.entry(f"{model}-d{entry}") if entry else None
    why = kept.text.partition("### The Why")[2].partition("\n### ")[0] if kept else ""
    return one_line(outgoing(why.partition("\n")[2], 400), 200)


def _summary(
    desk: Desk, run: Run, status: RunStatus, mcmc: Mapping[str, Any] | None, met: Sequence[Mapping[str, Any]]
) -> str:
    history = histories.of_run(desk, run, status.started_at)
    findings = [one for other in _phase(desk, run) for one in desk.ledger.findings(run=other.id)]
    told = Told(
        meta={
            "model": run.model,
            "run": run.id,
            "phase": phase_label(run.phase, desk.labels),
            "state": str(status.state),
            "attempts": len(_phase(desk, run)),
            "log": run.log,
            "source_file": run.log,
            "generated": datetime.fromtimestamp(desk.clock(), UTC).isoformat(timespec="seconds"),
            "raw_lines": _lines(desk, run),
            "version": metadata.version("watchkeeper"),
            "wall_s": status.elapsed_s,
            "cpu_s": status.cpu_s,
        },
        history=history,
        flags=histories.flags_of(desk, run, status.started_at),
        mcmc=mcmc,
        warnings=_counted(one for one in findings if one.level is not Level.FAILURE),
        errors=_counted(one for one in findings if one.level is Level.FAILURE),
        struggles=met,
    )
    return summary(told)


def _lines(desk: Desk, run: Run) -> int | None:
    """Return how many lines the log had when it was read last; None for one that was never read."""
    position = desk.ledger.scan_position(run.id)
    return int(json.loads(position[1])["line"]) - 1 if position else None


def _phase(desk: Desk, run: Run) -> list[Run]:
    runs = desk.ledger.runs(model=run.model)
    return [one for one in runs if one.phase is run.phase]


def _counted(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for one in findings:
        text = one_line(outgoing(one.message or one.exception or "", 300), 160)
        counts[text] = counts.get(text, 0) + one.count
    return list(counts.items())


def _in_words(desk: Desk, run: Run, status: RunStatus, met: Sequence[Mapping[str, Any]]) -> str:
    """Return the completion message of the requirement document: what was done, where it lies, what went wrong."""
    errors = [f"- {one['error']} -> {one['resolution']}" for one in met] or ["- none"]
    hours = sum(one.end.wall_s for one in _phase(desk, run) if one.end) / 3600
    metrics = desk.ledger.metric_rows(run.id)[-1:]
    last = ", ".join(f"{name} {value:g}" for name, value in (metrics[0][1] if metrics else {}).items())
    lines = [
        f"# Results Summary: Model {run.model}",
        "",
        f"- **Run**: {run.id}, {status.state}, attempts of this phase: {len(_phase(desk, run))}",
        f"- **Total time**: {status.elapsed_s / 3600:.2f} hours ({hours:.2f} hours in all attempts)",
        f"- **Last values in the log**: {one_line(outgoing(last, 4_000), 400) or 'none'}",
        f"- **Results**: {written_files.results(desk, run) or 'none'}",
        f"- **Log**: {run.log}",
        "",
        "## Errors Met",
        "",
        *errors,
    ]
    return "\n".join(lines) + "\n"
