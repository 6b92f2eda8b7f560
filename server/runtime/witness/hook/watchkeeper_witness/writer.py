"""The file of this process: lines with a running hash, bounded in size, never half a line unless the disk is full."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from . import clock as time

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12; OpenSSL takes longer to load than all of ours together
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

FORMAT = 1
MOST_BYTES = 16 << 20
SHARED_BYTES = 128 << 20
"""All processes that come share so much: the more there are already, the less a new one may write."""
MOST_FILES = 2000
RESERVED_BYTES = 64 << 10
"""Kept for the last counts and the end."""
MOST_LINE_BYTES = 256 << 10
LAST_KINDS = ("steps", "losses", "batches", "solve", "more", "replaced", "trouble", "limit", "end")
CROWD = "crowd"


class Writer:
    """Writes the lines of one process.

    :param folder: where they go.
    :param nonce: the start's, which every chain begins with.
    :raises OSError: if there is no room for the file.
    """

    def __init__(self, folder: str, nonce: str) -> None:
        self.pid = os.getpid()
        self.start_ticks = start_ticks()
        others = len(os.listdir(folder))
        if others >= MOST_FILES:
            append(os.path.join(folder, CROWD), b".")
            raise OSError("no room for another file")
        self.file = f"{self.pid}-{self.start_ticks}-{os.urandom(4).hex()}.jsonl"
        self.path = os.path.join(folder, self.file)
        self.folder, self.nonce = folder, nonce
        self._left = min(MOST_BYTES, SHARED_BYTES // (1 + others))
        self._hash = sha256(f"{nonce}{self.file}".encode()).hexdigest()
        self._lock = threading.RLock()
        self._writing = False
        self._waiting: list[tuple[str, str, dict[str, Any]]] = []
        self.n = 0
        self.counts: dict[str, int] = {}
        self.lost: dict[str, int] = {}

    def tell(self, kind: str, where: str, facts: dict[str, Any]) -> None:
        """Write one line. Called by a signal handler in the middle of another line, it waits for that one's end."""
        if self.pid != os.getpid():
            return  # a fork that was not seen, as of C code
        with self._lock:
            self._waiting.append((kind, where, facts))
            if self._writing:
                return
            self._writing = True
            try:
                while self._waiting:
                    self._write(*self._waiting.pop(0))
            finally:
                self._writing = False

    def _write(self, kind: str, where: str, facts: dict[str, Any]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        body = self._body(kind, where, facts)
        room = self._left - (0 if kind in LAST_KINDS else RESERVED_BYTES)
        if len(body) > min(room, MOST_LINE_BYTES):
            self.lost[kind] = self.lost.get(kind, 0) + 1
            return
        chained = sha256(self._hash.encode() + body).hexdigest()[:32]
        line = body + b',"h":"' + chained.encode() + b'"}\n'
        try:
            append(self.path, line)
        except OSError:
            self.lost[kind] = self.lost.get(kind, 0) + 1
            return
        self._hash, self.n, self._left = chained, self.n + 1, self._left - len(line)

    def _body(self, kind: str, where: str, facts: dict[str, Any]) -> bytes:
        record = {
            "n": self.n,
            "at": round(time.time(), 3),
            "pid": self.pid,
            "cpu": cpu_s(),
            "kind": kind,
            "where": where,
            "facts": facts,
        }
        return json.dumps(record, separators=(",", ":"), allow_nan=False, default=_name_of_type).encode()[:-1]


def digest(content: bytes | memoryview = b"") -> Any:
    """Return a digest to go on with: OpenSSL's, seven times as fast, once the training itself has loaded it."""
    return getattr(sys.modules.get("_hashlib"), "openssl_sha256", sha256)(content)


def append(path: str, content: bytes) -> None:
    """Append the content by one write. The file is opened each time: a script may close descriptors as it likes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if os.write(descriptor, content) < len(content):
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise OSError("only a part was written")
    finally:
        os.close(descriptor)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of the children that it has waited for."""
    used = os.times()
    return round(used.user + used.system + used.children_user + used.children_system, 2)


def start_ticks() -> int:
    """Return the clock tick of the boot at which this process started; 0 where /proc does not tell."""
    try:
        with open("/proc/self/stat", "rb") as file:
            line = file.read()
        return int(line[line.rindex(b")") + 2 :].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _name_of_type(value: Any) -> str:
    return f"<{type(value).__name__}>"
