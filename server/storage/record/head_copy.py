"""The copy of the chain's head that a user keeps outside of the project, where who edits the ledger may not write.

One line: `watchkeeper-head 1 LEDGER SEQ HASH`. It is read and written only at the absolute path that the policy names.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from ...analysis.evidence.evidence import HeadCopy
from . import Ledger

_WORD, _VERSION = "watchkeeper-head", "1"
_LONGEST_BYTES = 1000


def compare(ledger: Ledger, path: str) -> HeadCopy:
    """Say whether the chain as it stands continues the head that is kept at `path`; an empty path names none."""
    if not path:
        return HeadCopy()
    try:
        text = _read(path)
    except FileNotFoundError:
        return HeadCopy(path=path, state="first")
    except (OSError, ValueError) as error:
        return HeadCopy(path=path, state="unreadable", detail=str(error))
    return _compared(ledger, path, text.split())


def _compared(ledger: Ledger, path: str, parts: list[str]) -> HeadCopy:
    if len(parts) != 5 or parts[:2] != [_WORD, _VERSION] or not parts[3].isdecimal():
        return HeadCopy(path=path, state="unreadable", detail="it holds something else")
    if parts[2] != ledger.id:
        return HeadCopy(path=path, state="differs", detail="it is of another ledger")
    seq = int(parts[3][:15])
    event = next(iter(ledger.events(after=seq - 1, limit=1)), None)
    if event is None or event.seq != seq or event.hash != parts[4]:
        return HeadCopy(path=path, state="differs", detail=f"event {seq} is not the one that was there")
    return HeadCopy(path=path, state="matches")


def keep(ledger: Ledger, before: HeadCopy) -> None:
    """Write the head as it stands now, unless what stands there contradicts it or is not ours.

    A disk that refuses it costs nothing: the older head stays, and it is still a part of the chain.
    """
    if before.state not in ("first", "matches"):
        return
    seq, digest = ledger.head()
    draft = f"{before.path}.{os.urandom(6).hex()}.tmp"
    with contextlib.suppress(OSError):
        try:
            _write(draft, f"{_WORD} {_VERSION} {ledger.id} {seq} {digest}\n".encode())
            os.replace(draft, before.path)
        finally:
            Path(draft).unlink(missing_ok=True)


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no plain file")
        return os.read(descriptor, _LONGEST_BYTES).decode("ascii")
    finally:
        os.close(descriptor)


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
