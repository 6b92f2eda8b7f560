"""What an answer of a poll may cost an agent, and what is left out of one that is longer, in which order. Pure.

Both functions take an answer's facts as they would leave (`toolbox.outgoing_facts`) and return what to change in them,
by field: None leaves a field out. What is cut can be asked for again; the least urgent goes first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

QUIET_CHARACTERS = 240
"""60 tokens: what an answer may cost when nothing happened (P6)."""
BRIEF_CHARACTERS = 1_200
"""300 tokens: what the brief of a new session may cost."""

_UNANSWERED = ("open", "changes_pending")
_LIVING = ("starting", "queued", "running", "running_unattended")
_SHORT = ("id", "level", "type", "line", "exception", "emergency", "report", "status", "run", "error_type", "changes")
_TRAINER_SAYS = "trainer_says"

Facts = Mapping[str, Any]


def quiet(answer: Facts) -> dict[str, Any]:
    """Return what to change in an answer that tells nothing new: no progress, then fewer numbers, from the last on."""
    change: dict[str, Any] = {}
    if _characters(answer, change) > QUIET_CHARACTERS:
        change = {"progress": None}
    numbers = dict[str, Any](answer.get("metrics") or {})
    while numbers and _characters(answer, change) > QUIET_CHARACTERS:
        numbers.popitem()
        change = {**change, "metrics": dict(numbers) or None}
    return change


def brief(answer: Facts, left_out: tuple[int, int], unwritten: str) -> dict[str, Any]:
    """Return what to change in a brief so that it keeps within its tokens, and says how to see what is left out.

    :param left_out: how many open and how many answered reports it does not have in the first place.
    :param unwritten: why what is new could not be recorded; empty when it was.
    """
    change: dict[str, Any] = {"more": _more(answer, answer, left_out, unwritten)}
    for cut in cuts(answer):
        if _characters(answer, change) <= BRIEF_CHARACTERS:
            break
        change = {**change, **cut}
        change["more"] = _more(answer, {**answer, **change}, left_out, unwritten)
    return change


def _characters(answer: Facts, change: Facts) -> int:
    """Return how long a changed answer is as the JSON that leaves."""
    left = {name: value for name, value in {**answer, **change}.items() if value is not None}
    return len(json.dumps(left, separators=(",", ":"), ensure_ascii=False))


def cuts(answer: Facts) -> Iterator[dict[str, Any]]:
    """Yield what a brief gives up, one step after another; a later step replaces what an earlier one left."""
    runs, reports, findings = (_rows(answer, name) for name in ("runs", "reports", "findings"))
    yield {"steps": None}
    yield {"reports": [_says_less(one) for one in reports]}
    active = [one for one in runs if one["state"] in _LIVING or {"unreported_failures", "trouble"} & one.keys()]
    kept = active or runs[:1]
    yield {"runs": kept}
    short = [_short(one) for one in findings]
    yield {"findings": short[:5] or None}
    bare = [_short(one) for one in reports]
    yield {"reports": bare[:5]}
    yield {"findings": short[:2] or None, "reports": bare[:3], "runs": kept[:5]}


def _rows(answer: Facts, name: str) -> list[Facts]:
    return answer.get(name) or []


def _says_less(report: Facts) -> Facts:
    return {**report, _TRAINER_SAYS: report[_TRAINER_SAYS][:60]} if _TRAINER_SAYS in report else report


def _short(one: Facts) -> Facts:
    return {name: value for name, value in one.items() if name in _SHORT}


def _more(answer: Facts, shown: Facts, left_out: tuple[int, int], unwritten: str) -> str | None:
    """Return what is not shown, and how to see it."""
    runs = len(_rows(answer, "runs")) - len(_rows(shown, "runs"))
    cut = _rows(answer, "reports")[len(_rows(shown, "reports")) :]
    waiting = sum(one["status"] in _UNANSWERED for one in cut) + left_out[0]
    answered = sum(one["status"] not in _UNANSWERED for one in cut) + left_out[1]
    parts = [
        unwritten,
        f"{runs} run(s) not shown: poll_training(run=…) or `watchkeeper status`" if runs else "",
        f"{waiting} open and {answered} answered report(s) not shown" if waiting or answered else "",
    ]
    return "; ".join(filter(None, parts)) or None
