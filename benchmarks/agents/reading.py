"""How an agent understands what it reads: one pair of eyes for all habits and all tool sets.

It is a stand-in for a language model that reads attentively: what stands in the text is understood, what was not
shown is not known. An exception behind which the epochs go on counts as handled.
"""

from __future__ import annotations

import math
import re

EPOCH = re.compile(r"epoch (\d+)/(\d+) loss (\S+) val_loss ([^\s\"\\]+)")
FAILED = re.compile(
    r"Traceback \(most recent|\b\w+(?:Error|Exception)\b|\bKilled\b|Segmentation fault|out of memory"
    r"|\bexit(?:ed with)?(?:[_ ](?:status|code))?[\"']?[ :=]+-?[1-9]"
)
SAMPLER = re.compile(r"draws=(\d+) divergences=(\d+)")
WORSE = 1.5
"""A loss so many times the best one, three epochs on end, diverges."""


def losses(text: str) -> list[tuple[float, float]]:
    """Return the losses in the order of their epochs, each epoch once."""
    rows = {int(one[1]): (_number(one[3]), _number(one[4])) for one in EPOCH.finditer(text)}
    return [rows[number] for number in sorted(rows)]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return 0.0


def failing(text: str) -> bool:
    """Whether the text shows that a training has failed or will come to nothing."""
    rows = losses(text)
    last = max((one.end() for one in EPOCH.finditer(text)), default=0)
    if FAILED.search(text, last) or any(not math.isfinite(value) for row in rows for value in row):
        return True
    if any(int(one[2]) > 0.01 * int(one[1]) for one in SAMPLER.finditer(text)):
        return True
    best = min((row[0] for row in rows), default=math.inf)
    return len(rows) > 3 and all(row[0] > WORSE * best for row in rows[-3:])


def whole(text: str, epochs: int) -> bool:
    """Whether the text shows that the training came to its end: the last of the epochs that were asked for."""
    return any(int(one[1]) == int(one[2]) == epochs for one in EPOCH.finditer(text))
