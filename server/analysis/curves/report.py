"""What `watchkeeper judge FILE [--json]` answers, from the bytes of the file."""

from __future__ import annotations

import json

from .columns import Kind
from .curves import judge_history
from .flags import Flag
from .mcmc import FULL_LEVELS, McmcLevels, McmcSummary, judge_mcmc
from .mcmc_tables import read_mcmc
from .readers import holds_trials, read_history
from .series import History
from .thresholds import Thresholds


def judge_bytes(
    data: bytes, name: str = "history", thresholds: Thresholds | None = None, levels: McmcLevels = FULL_LEVELS
) -> list[Flag]:
    """Return the flags of a history or of a sampler's table.

    :raises InvalidArgument: the file is neither.
    """
    return _judged(_read(data, name), thresholds, levels)


def judge_text(data: bytes, name: str, *, as_json: bool, thresholds: Thresholds | None = None) -> str:
    """Return the answer of the command: one line per flag with its advice, or {"flags": [...]} as JSON.

    What was read and nothing is concluded from is said too (`not_judged`).

    :raises InvalidArgument: the file is neither a history nor a sampler's table.
    """
    found = _read(data, name)
    flags = _judged(found, thresholds, FULL_LEVELS)
    passed_over = _not_judged(found)
    if as_json:
        about = {"not_judged": passed_over} if passed_over else {}
        return json.dumps({"flags": [flag.to_json() for flag in flags], **about}, allow_nan=False)
    lines = [f"{flag.message} {flag.advice}" for flag in flags] or [f"{name}: no red flags."]
    return "\n".join([*lines, *([f"Not judged: {passed_over}."] if passed_over else [])])


def _read(data: bytes, name: str) -> McmcSummary | History | None:
    """Return what the bytes hold; None for the trials of a search."""
    summary = read_mcmc(data)
    if summary is not None:
        return summary
    return None if holds_trials(data) else read_history(data, name)


def _judged(found: McmcSummary | History | None, thresholds: Thresholds | None, levels: McmcLevels) -> list[Flag]:
    if isinstance(found, McmcSummary):
        return judge_mcmc(found, levels)
    return judge_history(found, thresholds) if found is not None else []


def _not_judged(found: McmcSummary | History | None) -> str:
    """Say what nothing was concluded from, so that silence is not taken for health; empty if there is nothing."""
    if isinstance(found, McmcSummary):
        return ""
    if found is None:
        return "the trials of a search, which make no curve"
    if found.kind is Kind.ADVERSARIAL:
        return "the level of adversarial losses; only whether they are finite was"
    if found.kind is Kind.REWARDS:
        return "the level of an agent's losses; only its reward was, and whether all is finite"
    if found.left:
        return f"validation under a name that is not known ({', '.join(found.left[:5])})"
    return "" if found.train_loss or found.train_gain else "a validation loss without a training loss beside it"
