"""Budgets: what was spent so far, and that a start beyond them asks the director.

A CONTINUE on the report lets exactly one more attempt start; who wants more room changes `[budget]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...analysis.curves.attempts import since_best
from ...documents.error_report import BUDGET, Action
from ...storage.policy.budget import Budget
from ...storage.record import Report, Run, Transaction
from ...storage.record.records import ReportApplied, ReportClosed
from ...vocabulary.errors import Refused
from ..desk import Desk
from ..report import server_reports
from ..watch import attempts, gpu_files

_Limit = tuple[str, float, Callable[[], float], str]
"""Key of `[budget]`, its limit (0 for none), how much was spent, and of what."""


def check(desk: Desk, model: str) -> str:
    """Let a further attempt pass, or ask the director and refuse it.

    :returns: the report whose CONTINUE opens the way; empty where nothing is used up. `refuse` takes it.
    :raises Refused: naming the budget, what was spent, and the report.
    """
    if desk.policy.budget == Budget():
        return ""
    asked = [one for one in desk.ledger.reports(model=model, open_only=True) if one.kind == BUDGET]
    if opened := next((one.id for one in asked if _opens(one)), ""):
        return opened
    beyond = next(exceeded(desk, model), "")
    if not beyond:
        return ""
    for one in asked:
        if one.answer is not None and one.answer.action is Action.TERMINATE:
            raise Refused(
                f"{beyond}. The director answered {one.id} with TERMINATE: {one.answer.instructions[:200]}",
                f"No more attempts of model {model}: only another answer of the director, or more room in [budget], "
                "lets one start.",
            )
    ended = [one for one in desk.ledger.runs(model=model) if one.ended]
    report = server_reports.open_budget(desk, model, ended[-1] if ended else None, beyond)
    raise Refused(
        f"{beyond}. The director is asked in {report.id}.",
        "poll_training() for the answer. By "
        f"answer_report(report={report.id!r}, action='CONTINUE', instructions=…) the director lets one more attempt "
        "start; higher limits in [budget] give room for more.",
    )


def refuse(desk: Desk, transaction: Transaction, model: str, opened: str) -> None:
    """Refuse a start that another one overtook since `check`; asks nobody, and reads nothing but the record.

    Hours and histories are those of runs that have ended, which no start changes; attempts are counted again.

    :param opened: what `check` returned.
    :raises Refused: the way that the director opened was taken, or the attempts are used up by now.
    """
    again = "Make the same call again; the director will be asked."
    if opened:
        report = transaction.report(opened)
        if report is None or not _opens(report):
            raise Refused(f"What {opened} allowed was taken by another start, or its answer is another one now.", again)
        return
    every = transaction.runs()
    if beyond := next(_beyond(_counts(desk.policy.budget, model, every)), ""):
        raise Refused(f"{beyond}.", again)


def take(desk: Desk, transaction: Transaction, model: str, run: str) -> None:
    """Record that an attempt took the way that the director opened: the next one finds it closed."""
    for report in transaction.reports(model=model, open_only=True):
        if report.kind == BUDGET and _opens(report):
            transaction.add(report, ReportApplied(by=desk.who, run=run))
            transaction.add(report, ReportClosed(by=desk.who, run=run))


def _opens(report: Report) -> bool:
    """Whether the director let one more attempt start and none did yet."""
    return report.status == "answered" and report.answer is not None and report.answer.action is not Action.TERMINATE


def exceeded(desk: Desk, model: str) -> Iterator[str]:
    """Yield each budget that is used up, in words; hours and histories are read, which takes a while."""
    budget = desk.policy.budget
    every = desk.ledger.runs()
    ours = [one for one in every if one.model == model]
    return _beyond(
        (
            ("model_cpu_hours", budget.model_cpu_hours, lambda: _cpu_h(ours), f"hours of CPU of model {model}"),
            ("cpu_hours", budget.cpu_hours, lambda: _cpu_h(every), "hours of CPU of the workspace"),
            ("model_gpu_hours", budget.model_gpu_hours, lambda: _gpu_h(desk, ours), f"hours on a GPU of model {model}"),
            ("gpu_hours", budget.gpu_hours, lambda: _gpu_h(desk, every), "hours on a GPU of the workspace"),
            *_counts(budget, model, every),
            (
                "model_attempts_without_improvement",
                budget.model_attempts_without_improvement,
                lambda: since_best(attempts.of_model(desk, model)),
                f"attempts of model {model} without improvement",
            ),
        )
    )


def _counts(budget: Budget, model: str, every: Sequence[Run]) -> tuple[_Limit, ...]:
    """Return the budgets that the record alone tells."""
    ours = sum(one.model == model for one in every)
    return (
        ("model_attempts", budget.model_attempts, lambda: ours, f"attempts of model {model}"),
        ("attempts", budget.attempts, lambda: len(every), "attempts of the workspace"),
    )


def _beyond(limits: Iterable[_Limit]) -> Iterator[str]:
    for key, limit, spent, what in limits:
        if limit and (used := spent()) >= limit:
            yield f"{used:.3g} {what}, [budget] {key} is {limit:g}"


def _cpu_h(runs: Sequence[Run]) -> float:
    return sum(one.end.cpu_s or 0.0 for one in runs if one.end) / 3600


def _gpu_h(desk: Desk, runs: Sequence[Run]) -> float:
    """Return hours in which runs worked on a GPU; what was not sampled counts as none."""
    return sum(gpu_files.busy_s(desk, one) or 0.0 for one in runs) / 3600
