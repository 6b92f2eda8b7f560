"""Text that others wrote (logs, data, file names) made safe to show: sanitised, capped, secrets masked (P9).

What is taken out is what a reader does not see but a model or a terminal obeys: escape sequences, control characters,
direction overrides, invisible and private characters. Nothing here says that the remaining words are true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from . import masking

__all__ = ["clean", "mask_secrets", "masked", "one_line", "outgoing", "outgoing_lines"]

# Sequences of ECMA-48: CSI; OSC and the other strings up to their terminator on the same line; two-character escapes.
# A string that is not terminated loses its introducer only, so that it cannot swallow the text behind it.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)

# Unicode's Cc (but tab and newline), Cs, Co and Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15),
# the line and paragraph separators, the interlinear marks and the noncharacters of the basic plane.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


def clean(text: str | bytes, limit: int) -> str:
    """Return `text` fit to be shown: decoded, without escape sequences and unseen characters, at most `limit` long.

    Tabs and newlines stay. Of a line that carriage returns overwrote (a progress bar) its last frame stays. Cleaning
    twice changes nothing.

    :param text: bytes are read as UTF-8, what is not UTF-8 becomes U+FFFD.
    :param limit: characters that the result may have, with the note "… (+N characters)" that says how many are missing.
    """
    return _capped(_seen(text), limit)


def one_line(text: str | bytes, limit: int) -> str:
    """Return `clean` text on a single line: every run of white space becomes one space."""
    return _capped(" ".join(_seen(text).split()), limit)


def mask_secrets(text: str) -> str:
    """Return `text` with secrets replaced by `[secret]`, as `masking` knows them; a start does without its patterns."""
    return masking.mask_secrets(text)


def outgoing(text: str | bytes, limit: int) -> str:
    """Return text that leaves to an agent: cleaned, secrets masked, then capped (no half token slips out)."""
    return _capped(mask_secrets(_seen(text)), limit)


def outgoing_lines(texts: Sequence[str], limit: int) -> list[str]:
    """Return lines that leave together: a secret that stands in several of them is masked in each.

    :param limit: characters that each of them may have.
    """
    masked = mask_secrets("\n".join(_seen(one).replace("\n", " ") for one in texts)).split("\n") if texts else []
    return [_capped(one, limit) for one in masked]


def masked(content: Any) -> Any:  # noqa: ANN401 (JSON of any shape)
    """Return JSON in which secrets are masked, whatever put them there; numbers stay numbers."""
    if isinstance(content, str):
        return mask_secrets(content)
    if isinstance(content, list):
        return [masked(one) for one in cast(list[Any], content)]
    if isinstance(content, dict):
        return {mask_secrets(name): masked(one) for name, one in cast(dict[str, Any], content).items()}
    return content


def _seen(text: str | bytes) -> str:
    """Return what a reader of a terminal would have seen in the end."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    without = _ESCAPES.sub("", decoded)
    if "\r" in without:
        without = "\n".join(_last_frame(line) for line in without.split("\n"))
    return _UNSEEN.sub("", without)


def _last_frame(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    kept = limit - len(f"… (+{len(text)} characters)")
    if kept <= 0:
        return text[: max(limit - 1, 0)] + "…" * (limit > 0)
    return f"{text[:kept]}… (+{len(text) - kept} characters)"
