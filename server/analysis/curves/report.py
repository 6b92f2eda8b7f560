"""What `watchkeeper judge FILE [--json]` answers, from the bytes of the file."""

from __future__ import annotations

import json

from .curves import judge_history
from .flags import Flag
from .mcmc import FULL_LEVELS, McmcLevels, judge_mcmc
from .mcmc_tables import read_mcmc
from .readers import read_history
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
    return judge_history(read_history(data, name), thresholds)


def judge_text(data: bytes, name: str, *, as_json: bool, thresholds: Thresholds | None = None) -> str:
    """Return the answer of the command: one line per flag with its advice, or {"flags": [...]} as JSON.

    :raises InvalidArgument: the file is neither a history nor a sampler's table.
    """
    flags = judge_bytes(data, name, thresholds)
    if as_json:
        return json.dumps({"flags": [flag.to_json() for flag in flags]}, allow_nan=False)
    if not flags:
        return f"{name}: no red flags."
    return "\n".join(f"{flag.message} {flag.advice}" for flag in flags)
