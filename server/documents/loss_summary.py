"""What the log summary says of a curve of losses: its level, whether it came to rest, how much it swings. Pure."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any

from ..analysis.curves.series import Column, History

FAST, SLOW = 0.25, 0.6
"""Share of the history after which 90 % of the fall was done: up to here it is fast, from there on slow."""
MILD, STRONG = 0.3, 0.45
"""Share of the way that leads uphill: from here on it swings a little, from there on strongly."""
_LEAST = 5


def number(value: float | None) -> float | None:
    """Return a number with six digits; None for what is none."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def training(history: History) -> dict[str, Any]:
    """Return how many epochs there were, as the log counts them; None where it counts something else."""
    finite = [epoch for epoch in history.epochs if math.isfinite(epoch)]
    ends = [number(finite[0]), number(finite[-1])] if finite else None
    return {"total_epochs": _epochs(history, finite), "epochs_range": ends}


def _epochs(history: History, finite: Sequence[float]) -> int | None:
    if history.counts == "step":
        return None
    if history.counts == "row" or all(epoch == int(epoch) for epoch in finite):
        return len(set(finite))
    return math.ceil(max(finite))  # transformers counts parts of epochs


def span(column: Column) -> dict[str, Any]:
    """Return first, last, least and greatest of the finite values and by how much the loss fell, in percent."""
    finite = _finite(column)
    if not finite:
        return dict.fromkeys(("initial", "final", "min", "max", "improvement_pct"))
    first, last = finite[0], finite[-1]
    fell = round((first - last) / abs(first) * 100, 2) if first else None
    values = {"initial": first, "final": last, "min": min(finite), "max": max(finite), "improvement_pct": fell}
    return {name: number(value) for name, value in values.items()}


def validation(history: History) -> dict[str, Any]:
    """Return the span of the validation loss, its last and best value, and the epoch of the best."""
    about = span(history.val_loss)
    pairs = [
        (value, epoch)
        for value, epoch in zip(history.val_loss, history.epochs, strict=False)
        if value is not None and math.isfinite(value)
    ]
    best = min(pairs, default=None, key=lambda pair: (pair[0], -pair[1]))
    return {
        **about,
        "final_val_loss": about["final"],
        "best_val_loss": about["min"],
        "best_epoch": number(best[1]) if best else None,
    }


def convergence(column: Column, *, converged: bool | None) -> dict[str, Any]:
    """Return whether a loss came to rest, how fast it fell, where it ended, and its variation at the end."""
    finite = _finite(column)
    if len(finite) < _LEAST:
        return {
            "converged": converged,
            "speed": None,
            "final_value": number(finite[-1]) if finite else None,
            "tail_cv": None,
        }
    tail = finite[-max(_LEAST, len(finite) // 10) :]
    level = abs(statistics.fmean(tail))
    return {
        "converged": converged,
        "speed": _speed(finite),
        "final_value": number(finite[-1]),
        "tail_cv": number(statistics.pstdev(tail) / level) if level else None,
    }


def _speed(values: Sequence[float]) -> str | None:
    fall = values[0] - min(values)
    if fall <= 0:
        return None
    done = next(at for at, value in enumerate(values) if values[0] - value >= 0.9 * fall) / len(values)
    return "fast" if done <= FAST else "slow" if done >= SLOW else "moderate"


def oscillation(column: Column, *, flagged: bool) -> dict[str, Any]:
    """Return which share of the way of a loss leads uphill, what that amounts to, and where the loss is going."""
    finite = _finite(column)
    steps = [after - before for before, after in itertools.pairwise(finite)]
    path = sum(map(abs, steps))
    if len(finite) < _LEAST or not path or not math.isfinite(path):
        return {"score": None, "severity": None, "trend": None}
    score = sum(step for step in steps if step > 0) / path
    severity = "high" if flagged else "none" if score < MILD else "low" if score < STRONG else "moderate"
    return {"score": number(score), "severity": severity, "trend": _trend(finite)}


def _trend(values: Sequence[float]) -> str:
    third = max(2, len(values) // 3)
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    if abs(last - first) <= 0.02 * max(abs(first), abs(last)):
        return "flat"
    return "decreasing" if last < first else "increasing"


def _finite(column: Column) -> list[float]:
    return [value for value in column if value is not None and math.isfinite(value)]
