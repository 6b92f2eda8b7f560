"""How far a run is, where a line says it without a name: `[0/5][10/391]`, `[3]<tab>`, a bar. Pure."""

from __future__ import annotations

import re

_NESTED = re.compile(r"(?i)(?:epoch *(?:\([a-z]+\))? *:? *|^ *)\[ *(\d+)(?:/(\d+))?\] *\[ *(\d+)/ *(\d+)\]")
"""PyTorch's examples, mmengine."""
_SHARE = re.compile(r"\[ *(\d+)/ *(\d+) \( *\d+(?:\.\d+)?%\)\]")
_TURN = re.compile(r"^\[(\d+)\]\t|^(\d+):\t|^\[(?:Epoch )?(\d+)(?:/(\d+))?\]")
_BAR = re.compile(r"(?<!\d)(\d++)/(\d++) \[|^(\d++)/(\d++) [━\[ ]")

Position = tuple[str, str, str | None]
"""Name of a counter, where it stands, and its end if that is told."""


def positions(text: str) -> tuple[list[Position], str, str]:
    """Return the positions that a line states, what stands before a bar, and the text that names numbers."""
    if "[" not in text and "/" not in text and "\t" not in text:  # the usual line states none: no pattern need look
        return [], "", text
    if nested := _NESTED.search(text):
        return [("epoch", nested[1], nested[2]), ("step", nested[3], nested[4])], "", text[nested.end() :]
    found: list[Position] = []
    if (turn := _TURN.match(text)) and not turn[0].startswith("[Epoch"):
        found.append(("step", turn[1] or turn[2] or turn[3], turn[4]))
    if share := _SHARE.search(text):
        found.append(("step", share[1], share[2]))
    if bar := _BAR.search(text):
        found.append(("step", bar[1] or bar[3], bar[2] or bar[4]))
        if bar[1]:
            return found, text[: bar.start()], text[bar.end() :]
    return found, "", text
