"""The log summary that the metacognition agent of the requirement document reads, under 10 KB. Pure.

We write it ourselves because the existing analyser counts the INF of INFO as an infinity and reads no JSON lines.
What was never printed is null, never invented.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..analysis.curves.flags import Flag
from ..analysis.curves.series import Column, History
from . import loss_summary

LARGEST_BYTES = 10_000
_MOST = 20
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a summary is made from.

    :ivar meta: model, run, state and the like.
    :ivar mcmc: max_rhat, mean_rhat, converged and what else is known of a posterior.
    :ivar warnings, errors: messages of findings with how often each was seen.
    :ivar struggles: one record for each failure that was met: error, resolution, report, diary entry.
    """

    meta: Mapping[str, Any]
    history: History | None = None
    flags: Sequence[Flag] = ()
    mcmc: Mapping[str, Any] | None = None
    warnings: Sequence[tuple[str, int]] = ()
    errors: Sequence[tuple[str, int]] = ()
    struggles: Sequence[Mapping[str, Any]] = ()


def summary(told: Told) -> str:
    """Return the summary as JSON text of less than LARGEST_BYTES bytes."""
    flags = {flag.flag: flag for flag in reversed(told.flags)}
    history = told.history or History(epochs=[])
    content: dict[str, Any] = {
        "meta": {name: _value(value) for name, value in told.meta.items()},
        "training": loss_summary.training(history),
        "loss": loss_summary.span(history.train_loss),
        "validation": loss_summary.validation(history),
        "convergence": _convergence(told, history, flags),
        "oscillation": _oscillation(history, flags.get("oscillation")),
        "gradients": _gradients(history.grad_norm, flags),
        "mcmc": {"max_rhat": None, "mean_rhat": None, "converged": None, **(told.mcmc or {})},
        "events": _events(told.warnings, told.errors),
        "struggles": [{name: _value(value) for name, value in one.items()} for one in told.struggles[:_MOST]],
        "recommendations": list(dict.fromkeys(flag.advice for flag in told.flags if flag.advice))[:_MOST],
    }
    return _within(content)


def _convergence(told: Told, history: History, flags: Mapping[str, Flag]) -> dict[str, Any]:
    against = [name for name in ("non_finite", "divergence", "not_learning", "oscillation", "rhat") if name in flags]
    sampled = (told.mcmc or {}).get("converged")
    known = True if sampled or told.history is not None else None
    converged = False if against or sampled is False else known
    of_loss = False if against else known if history.train_loss else None
    return {
        "converged": converged,
        "against": against,
        "loss": loss_summary.convergence(history.train_loss, converged=of_loss),
    }


def _oscillation(history: History, flag: Flag | None) -> dict[str, Any]:
    seen = {"detected": flag is not None, "epoch": flag.to_json()["epoch"] if flag else None}
    return {**seen, "loss": loss_summary.oscillation(history.train_loss, flagged=flag is not None)}


def _gradients(norms: Column, flags: Mapping[str, Flag]) -> dict[str, Any]:
    finite = [one for one in norms if one is not None and math.isfinite(one)]
    return {
        "max_norm": _value(max(finite)) if finite else None,
        "mean_norm": _value(math.fsum(finite) / len(finite)) if finite else None,
        "explosion_detected": "exploding_gradient" in flags,
        "vanishing_detected": "vanishing_gradient" in flags,
    }


def _events(warnings: Sequence[tuple[str, int]], errors: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {
        "warning_count": sum(count for _, count in warnings),
        "error_count": sum(count for _, count in errors),
        "top_warnings": _top(warnings),
        "top_errors": _top(errors),
    }


def _top(told: Sequence[tuple[str, int]]) -> list[str]:
    often = sorted(told, key=lambda one: -one[1])[:5]
    return [
        f"{message[: _LONGEST - 20]} ({count} times)" if count > 1 else message[:_LONGEST] for message, count in often
    ]


def _value(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value[:_LONGEST] if isinstance(value, str) else value


def _within(content: dict[str, Any]) -> str:
    """Return the JSON text, with the longest lists cut from their ends until it fits."""
    while True:
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        if len(text.encode("utf-8", "replace")) < LARGEST_BYTES:
            return text
        lists = (content["struggles"], content["recommendations"], content["events"]["top_errors"])
        longest = max((*lists, content["events"]["top_warnings"]), key=lambda one: len(json.dumps(one)))
        if not longest:  # the rest is bounded: this cannot be
            raise ValueError("a summary without lists is longer than it may be")
        longest.pop()
