"""Errors of our own: told once of a kind and counted, never raised."""

from __future__ import annotations

from .state import ours, state

MOST = 40
_counts: dict[str, int] = {}


def trouble(place: str, error: BaseException) -> None:
    """Tell that recording failed somewhere; from the third time on only at the end."""
    try:
        with ours():
            what = f"{type(error).__name__}: {error}"[:300]
            key = f"{place}|{what}"
            _counts[key] = _counts.get(key, 0) + 1
            if state.writer is not None and _counts[key] < 3 and len(_counts) < MOST:
                state.writer.tell("trouble", "", {"in": place, "what": what, "count": _counts[key]})
    except Exception:
        return


def total() -> int:
    """Return how often recording failed."""
    return sum(_counts.values())


def forget() -> None:
    """Begin anew, in a forked child."""
    _counts.clear()
