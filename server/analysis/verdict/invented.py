"""Does a log say that invented data took the place of missing ones? Pure."""

from __future__ import annotations

import re

from ..evidence.checks import Check, failed
from ..evidence.evidence import Evidence
from ..evidence.words import Word

_DATA = (
    r"(?:synthetic|simulated|dummy|fake|mock|random|made[- ]up|placeholder|toy|demo|sample)\w*\s+"
    r"(?:\w+\s+)?(?:data|values|rows)"
)
_MISSING = (
    r"(?:not found|missing|unavailable|not available|could ?n[o']t|cannot|can't|fail\w*|no such|does not exist"
    r"|fall\w*[ -]back|instead)"
)
_INVENTED = re.compile(rf"{_MISSING}.{{0,100}}\b{_DATA}|\b{_DATA}.{{0,60}}{_MISSING}", re.IGNORECASE)


def says_invented(line: str) -> bool:
    """Whether a line says so; that a study simulates its data on purpose is no such line."""
    return _INVENTED.search(line[:400]) is not None


def data(evidence: Evidence) -> Check | None:
    """Were the data there? None where the log does not say that they were not."""
    if not evidence.invented:
        return None
    number, line = evidence.invented[0]
    what = f"line {number} of its part of the log: {line!r} (told)"
    action = "Put the data where the script looks for them, and train again."
    return failed("data", what, Word.INVESTIGATE, "data_invented", action)
