"""Values as people read them: texts of others cleaned and masked, times, durations, amounts."""

from __future__ import annotations

from datetime import UTC, datetime

from ...documents.error_report import clock_time
from ...vocabulary.sanitize import one_line, outgoing

LONGEST_TEXT = 400_000


def said(text: object, limit: int = 240) -> str:
    """Return what others wrote on one line, cleaned and masked."""
    return one_line(outgoing(str(text or ""), 4 * limit), limit)


def block(text: object, limit: int = LONGEST_TEXT) -> str:
    """Return what others wrote with its lines, cleaned and masked."""
    return outgoing(str(text or ""), limit)


def clock(seconds: float | None) -> str:
    """Return a duration."""
    return "–" if seconds is None else clock_time(max(0.0, seconds))


def took(seconds: float | None) -> str:
    """Return a duration that is over, in seconds where it was short."""
    return f"{seconds:.1f} s" if seconds is not None and 0 <= seconds < 60 else clock(seconds)


def when(at: float | None) -> str:
    """Return a time for people; the page shows the reader's own zone in its place."""
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: float | None) -> str:
    """Return a time for programs."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def amount(size_bytes: float | None) -> str:
    """Return a number of bytes for people."""
    if size_bytes is None:
        return "–"
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= least:
            return f"{size_bytes / least:.3g} {unit}"
    return f"{size_bytes:.0f} B"


def share(value: float | None) -> str:
    """Return a share as percent."""
    return "–" if value is None else f"{value:.0%}"
