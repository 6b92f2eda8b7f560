"""Cursors: where a watcher is in the ledger, in at most twelve characters. Pure.

A cursor is `SSnnnnnnXX`: two characters that tie it to one ledger and one scope, the number of the newest event that
its holder was told, and two characters that differ from the cursor it was made from, so that two answers in a row are
never identical (clients stop an agent that seems to repeat itself).
"""

from __future__ import annotations

import hashlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(_DIGITS)


def _encoded(number: int, width: int = 1) -> str:
    text = ""
    while number or len(text) < width:
        number, digit = divmod(number, _BASE)
        text = _DIGITS[digit] + text
    return text


def _decoded(text: str) -> int:
    number = 0
    for digit in text:
        number = number * _BASE + _DIGITS.index(digit)
    return number


def _tie(ledger: str, scope: str) -> str:
    digest = hashlib.sha256(f"{ledger}\n{scope}".encode()).digest()
    return _encoded(int.from_bytes(digest[:4], "big") % _BASE**2, 2)


def issue(ledger: str, scope: str, seq: int, *, after: str = "", salt: int = 0) -> str:
    """Return a cursor for everything up to event `seq`.

    :param after: the cursor that was asked with; the new one differs from it.
    :param salt: any number that moves (a clock's), for a watcher that never hands its cursor in.
    """
    previous = _decoded(after[-2:]) if _plain(after) and len(after) > 2 else salt
    return _tie(ledger, scope) + _encoded(seq) + _encoded((previous + 1) % _BASE**2, 2)


def seq_of(cursor: str, ledger: str, scope: str, newest: int) -> int | None:
    """Return the event number in a cursor; None if it is absent, foreign, or from a future this ledger never had."""
    if len(cursor) < 5 or not _plain(cursor) or cursor[:2] != _tie(ledger, scope):
        return None
    seq = _decoded(cursor[2:-2])
    return seq if seq <= newest else None


def _plain(cursor: str) -> bool:
    return 0 < len(cursor) <= 12 and all(digit in _DIGITS for digit in cursor)
