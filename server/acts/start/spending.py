"""Budgets: what was spent so far, and that a start beyond them asks the director.

A CONTINUE on the report lets exactly one more attempt start; who wants more room changes `[budget]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.curves.attempts import since_best
from ...documents.error_report import BUDGET, Action
from ...storage.policy.budget import Budget
from ...storage.record import Run
from ...vocabulary.errors import Refused
from ..desk import Desk
from ..report import server_reports
from ..watch import attempts, gpu_files


def check(desk: Desk, model: str) -> None:
    """Let a further attempt pass, or ask the director and refuse it.

    :raises Refused: naming the budget, what was spent, and the report.
    """
    beyond = _beyond(desk, model)
    base = [one for one in desk.ledger.runs(model=model) if one.ended] or desk.ledger.runs(newest=1)
    if not beyond or not base:
        return
    report = server_reports.open_budget(desk, model, base[-1], beyond)
    raise Refused(
        f"{beyond}. The director is asked in {report.id}.",
        "poll_training() for the answer: CONTINUE lets one more attempt start, [budget] gives room.",
    )


def refuse(desk: Desk, model: str) -> None:
    """Refuse a start that another one overtook, so that the budget is used up by now; asks nobody.

    :raises Refused: naming the budget.
    """
    if beyond := _beyond(desk, model, numbers=False):
        raise Refused(f"{beyond}.", "Make the same call again; the director will be asked.")


def _beyond(desk: Desk, model: str, *, numbers: bool = True) -> str:
    """Return which budget is used up; empty where none is, or the director opened a way that no start has taken."""
    if desk.policy.budget == Budget():
        return ""
    every = (one for one in desk.ledger.reports(model=model, open_only=True) if one.kind == BUDGET)
    if any(one.answer is not None and one.answer.action is not Action.TERMINATE for one in every):
        return ""
    return next(exceeded(desk, model, numbers=numbers), "")


def exceeded(desk: Desk, model: str, *, numbers: bool = True) -> Iterator[str]:
    """Yield each budget that is used up, in words.

    :param numbers: whether the attempts' histories are read too, which takes a while.
    """
    budget = desk.policy.budget
    every = desk.ledger.runs()
    ours = [one for one in every if one.model == model]
    wide = (
        ("model_cpu_hours", budget.model_cpu_hours, lambda: _cpu_h(ours), f"hours of CPU of model {model}"),
        ("cpu_hours", budget.cpu_hours, lambda: _cpu_h(every), "hours of CPU of the workspace"),
        ("model_gpu_hours", budget.model_gpu_hours, lambda: _gpu_h(desk, ours), f"hours on a GPU of model {model}"),
        ("gpu_hours", budget.gpu_hours, lambda: _gpu_h(desk, every), "hours on a GPU of the workspace"),
        ("model_attempts", budget.model_attempts, lambda: len(ours), f"attempts of model {model}"),
        ("attempts", budget.attempts, lambda: len(every), "attempts of the workspace"),
        (
            "model_attempts_without_improvement",
            budget.model_attempts_without_improvement if numbers else 0,
            lambda: since_best(attempts.of_model(desk, model)),
            f"attempts of model {model} without improvement",
        ),
    )
    for key, limit, spent, what in wide:
        if limit and (used := spent()) >= limit:
            yield f"{used:.3g} {what}, [budget] {key} is {limit:g}"


def _cpu_h(runs: Sequence[Run]) -> float:
    return sum(one.end.cpu_s or 0.0 for one in runs if one.end) / 3600


def _gpu_h(desk: Desk, runs: Sequence[Run]) -> float:
    """Return hours in which runs worked on a GPU; what was not sampled counts as none."""
    return sum(gpu_files.busy_s(desk, one) or 0.0 for one in runs) / 3600
