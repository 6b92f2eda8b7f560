"""Does a design say that a model is fitted anew for each of something, or that one model serves all? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ANEW = re.compile(
    r"\bre-?\s?fit|\bre-?\s?train|\bre-?\s?estimat|(?:fit\w{0,4}|trained|estimated)\s(?:\S{1,40}\s){0,3}?(?:anew|again)\b"
    r"|(?:fit\w{0,4}|trained|estimated|model)\s(?:\S{1,40}\s){0,4}?(?:for|on|to|per)\s(?:each|every)\b"
    r"|\b(?:new|own|separate|full|complete)\s(?:model\s)?fit",
    re.IGNORECASE,
)
_NOT_ANEW = re.compile(
    r"(?:without|no|not|never|instead of)\s(?:\S{1,40}\s){0,3}?(?:re-?\s?fit|re-?\s?train|re-?\s?estimat)\w{0,4}",
    re.IGNORECASE,
)


def fitted_anew(lines: Iterable[str], words: re.Pattern[str]) -> bool:
    """Whether a line with these words says so."""
    return any(words.search(one) and _ANEW.search(_NOT_ANEW.sub(" ", one)) for one in lines)
