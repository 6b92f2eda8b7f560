"""What `watchkeeper judge FILE [--json]` answers, from the bytes of the file."""

from __future__ import annotations

import json

from .columns import Kind
from .curves import judge_history
from .flags import Flag
from .mcmc import FULL_LEVELS, McmcLevels, judge_mcmc
from .mcmc_tables import read_mcmc
from .readers import holds_trials, read_history
from .thresholds import Thresholds


def judge_bytes(
    data: bytes, name: str = "history", thresholds: Thresholds | None = None, levels: McmcLevels = FULL_LEVELS
) -> list[Flag]:
    """Return the flags of a history or of a sampler's table.

    :raises InvalidArgument: the file is neither.
    """
    summary = read_mcmc(data)
    if summary is not None:
        return judge_mcmc(summary, levels)
    if holds_trials(data):
        return []
    return judge_history(read_history(data, name), thresholds)


def judge_text(data: bytes, name: str, *, as_json: bool, thresholds: Thresholds | None = None) -> str:
    """Return the answer of the command: one line per flag with its advice, or {"flags": [...]} as JSON.

    What was read and nothing is concluded from is said too (`not_judged`).

    :raises InvalidArgument: the file is neither a history nor a sampler's table.
    """
    flags = judge_bytes(data, name, thresholds)
    unread = _not_judged(data, name)
    if as_json:
        about = {"not_judged": unread} if unread else {}
        return json.dumps({"flags": [flag.to_json() for flag in flags], **about}, allow_nan=False)
    lines = [f"{flag.message} {flag.advice}" for flag in flags] or [f"{name}: no red flags."]
    return "\n".join([*lines, *(f"Not judged: {unread}." for _ in range(bool(unread)))])


def _not_judged(data: bytes, name: str) -> str:
    """Say what of a file nothing was concluded from, so that its silence is not taken for health; empty if nothing."""
    if read_mcmc(data) is not None:
        return ""
    if holds_trials(data):
        return "these are trials of a search, which make no curve"
    history = read_history(data, name)
    if history.kind is Kind.ADVERSARIAL:
        return "the level of adversarial losses, only whether they are finite"
    if history.kind is Kind.REWARDS:
        return "the level of an agent's losses, only its reward and whether all is finite"
    if history.left:
        return f"validation under a name that is not known ({', '.join(history.left[:5])})"
    return "" if history.train_loss or history.train_gain else "a validation loss without the training loss beside it"
