"""Ids that count up: `1-r3`, `1-full-2-v1`. A record that lost events must give no number a second time."""

from __future__ import annotations

from collections.abc import Iterable


def next_id(prefix: str, taken: Iterable[str]) -> str:
    """Return the prefix with the number after the highest that is taken; a rebuilt record may have gaps below it."""
    numbers = (one.removeprefix(prefix) for one in taken if one.startswith(prefix))
    return f"{prefix}{1 + max((int(one) for one in numbers if one.isdecimal()), default=0)}"
