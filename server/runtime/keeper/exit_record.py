"""The exit record: how a run ended. Pure; it always fits into the space that was reserved for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping

from . import records
from .procfs import Process

_NOTHING: dict[str, object] = {
    "exit_code": None, "signal": None, "reason": "", "wall_s": 0.0, "cpu_s": None, "user_s": None, "system_s": None,
    "cpu_is_lower_bound": False, "max_rss_bytes": None, "stop": None, "limit": None, "oom": {}, "out_of_memory": False,
    "strays": [], "strays_total": 0, "log_end": None, "lost_samples": None, "attached": False, "settled": True,
    "seal": None, "members": None,
}  # fmt: skip


def never_started(
    run: str, reason: str, ended_at: float, stop: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the record of a run whose first instruction never ran."""
    outcome = {"run": run, "ended_at": round(ended_at, 3), "outcome": "never_started", "reason": reason}
    return {**_NOTHING, **outcome, "stop": dict(stop) if stop else None}


def unknown(run: str, reason: str, ended_at: float) -> dict[str, object]:
    """Return the record of a run that ended unseen; `ended_at` is its last sign of life."""
    return {**_NOTHING, "run": run, "ended_at": round(ended_at, 3), "outcome": "unknown", "reason": reason}


def ended(run: str, wait_status: int | None, **known: object) -> dict[str, object]:
    """Return the record of a run that ended.

    :param wait_status: as wait() gives it; None when nobody could see it.
    :param known: the other fields of the record, as far as they are known.
    """
    return {**_NOTHING, "run": run, **_outcome(wait_status), **known}


def _outcome(wait_status: int | None) -> dict[str, object]:
    if wait_status is None:
        return {"outcome": "unknown", "reason": "It ended, and nobody was left who could see how."}
    if os.WIFSIGNALED(wait_status):
        return {"outcome": "signalled", "signal": os.WTERMSIG(wait_status)}
    return {"outcome": "exited", "exit_code": os.WEXITSTATUS(wait_status)}


def strays(left: Iterable[Process]) -> list[dict[str, object]]:
    """Return what is left after the main process, as it stands in the record."""
    return [{"pid": one.pid, "start_ticks": one.start_ticks, "command": one.command} for one in left]


def listed_strays(record: Mapping[str, object]) -> list[Process]:
    """Return what the record names as left; the other way round of `strays`."""
    found: list[Process] = []
    for one in _listed(record):
        pid, start_ticks = records.whole(one, "pid"), records.whole(one, "start_ticks")
        if pid is not None and start_ticks is not None:
            found.append(Process(pid, start_ticks, records.text(one, "command")))
    return found


def signal_name(number: int) -> str:
    """Return SIGKILL for 9, and `signal 40` for those without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def fitted(record: Mapping[str, object], size: int = records.EXIT_BYTES) -> bytes:
    """Return the record in at most `size` bytes: long texts are cut first, then strays are left out from the end.

    `strays_total` still counts those that were left out.
    """
    for text_length in (1000, 200, 50):
        short = _cut(record, text_length)
        listed = _listed(short)
        # Most of them are cheap to fit by halves: with hundreds of strays this runs some ten times.
        while len(records.encode({**short, "strays": listed})) > size and len(listed) > 8:
            listed = listed[: len(listed) * 3 // 4]
        if len(content := records.encode({**short, "strays": listed})) <= size:
            return content
    return records.encode({**_cut(record, 50), "strays": []})


def _listed(record: Mapping[str, object]) -> list[dict[str, object]]:
    value = record.get("strays")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return [one for one in (records.part({"": each}, "") for each in listed) if one is not None]


def _cut(value: Mapping[str, object], length: int) -> dict[str, object]:
    return {key: _cut_one(one, length) for key, one in value.items()}


def _cut_one(value: object, length: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= length else value[: length - 1] + "…"
    if isinstance(value, dict):
        return _cut(value, length)  # pyright: ignore[reportUnknownArgumentType] # the keys of a JSON object are strings
    return value
