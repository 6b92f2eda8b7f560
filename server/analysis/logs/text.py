"""Text as it stands in a log: stripping what terminals eat, capping, and masking what changes from run to run."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from json.encoder import encode_basestring_ascii

ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[@-Z\\-_=>78])")
"""Terminal sequences: CSI (colours, cursor), OSC (titles, links) and the two-byte ones. None contains a line end."""

CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r") + b"\x7f"

SHAPELESS = b"0123456789.+-"
"""What is deleted from a line to get its shape: lines that differ in their numbers only have the same one."""

CAP_MARK = " …"
"""Ends lines that were cut short."""

_DIGIT = re.compile(r"\d")
_VARYING = re.compile(
    r"0x[0-9a-fA-F]+"  # addresses
    r"|\b(?=[a-f-]*[0-9])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # UUIDs
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{7,64}\b"  # hashes
    r"|\d+(?:[.:,_-]\d+)*"  # numbers, times, dates, ranks, pids
)


def strip(data: bytes) -> bytes:
    """Remove terminal sequences and control characters; line ends and tabs stay, so line numbers stay exact."""
    if b"\x1b" in data:
        data = ANSI.sub(b"", data)
    return data.translate(None, CONTROLS)


def decode(line: bytes) -> str:
    """Read bytes as UTF-8; what is none becomes U+FFFD, so that one bad byte blinds nobody."""
    return line.decode("utf-8", "replace")


def plain(clean: bytes) -> str:
    """Return a line without colours as text: without control characters and blanks at its end."""
    return decode(clean.translate(None, CONTROLS)).rstrip()


def shape(line: bytes) -> bytes:
    """Return the line without digits and signs."""
    return line.translate(None, SHAPELESS)


def cap(text: str, limit: int) -> str:
    """Shorten text so that its JSON form has at most `limit` bytes; the middle goes, an ellipsis marks the place."""
    if len(text) * 6 <= limit or json_size(text) <= limit:
        return text
    keep = limit * len(text) // (json_size(text) + 1)
    while keep > 0:
        short = text[: keep // 3] + " … " + text[len(text) - (keep - keep // 3) :]
        if json_size(short) <= limit:
            return short
        keep = keep * 9 // 10
    return ""


def cap_end(text: str, limit: int) -> str:
    """Shorten lines so that their JSON form has at most `limit` bytes; the end goes, so those left keep their place."""
    if len(text) * 6 <= limit or json_size(text) <= limit:
        return text
    room = limit - json_size(CAP_MARK)
    text = text[:room]
    while (excess := json_size(text) - room) > 0:
        text = text[: len(text) - max(excess // 12, 1)]  # no sign takes more than 12
    return text + CAP_MARK


def json_size(text: str) -> int:
    """Return how many bytes the JSON form of a text has, without its quotes."""
    return len(encode_basestring_ascii(text)) - 2


@lru_cache(maxsize=512)
def mask(text: str) -> str:
    """Replace numbers, times, addresses and hashes by one sign."""
    return _VARYING.sub("#", text) if _DIGIT.search(text) else text


@lru_cache(maxsize=512)
def fingerprint(*parts: str | None) -> str:
    """Return 16 hex digits that are equal for the same failure seen again."""
    masked = "\x00".join([mask((part or "")[:400]) for part in parts])
    return hashlib.blake2s(masked.encode("utf-8", "replace"), digest_size=8).hexdigest()
