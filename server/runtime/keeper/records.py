"""The files of a run directory: their names, and how they are written so that a crash leaves none of them half.

Standard library only, no `typing` and no `dataclasses`: a keeper stays in memory for the whole run.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import struct
import sys
from collections.abc import Mapping

VERSION = 1

SPEC = "spec.json"
POLICY = "policy.toml"
START = "start.json"
USAGE = "usage.jsonl"
EXIT = "exit.json"
LOCK = "keeper.lock"
ERR = "keeper.err"
STOP = "stop.json"
METRICS = "metrics.jsonl"
WITNESS = "witness"
"""The folder for what the run's processes write of themselves."""
SEAL = "seal.json"
MEMBERS = "processes.json"
CLAIM = "claim.json"
"""Which job took the run, or that it was closed before one came; made once, by link(2)."""
JOB = "job.json"
"""What an engine was handed for the run: its number and name."""
NODES = "nodes"
"""The folder for the records of the members of a run on several nodes."""
HALT = "halt.json"
"""Why all members shall end."""
MEMBER_LOG = "log"
"""What a member printed, but for the first rank's."""
WARNED = "warned.json"
"""The engine said that it will end the run soon; the training is asked for a checkpoint."""

EXIT_RESERVED = ("exit.reserved-1", "exit.reserved-2")
"""Space set aside at the start for the two times an exit record may be written; gone once the run is over."""
EXIT_BYTES = 4096

MODE = 0o600


LARGEST_BYTES = 64 * 1024
_LARGER = {SPEC: 16 << 20, STOP: 1 << 20}
"""What is read of a record at most. A training may write into its own run directory, and nothing there is believed."""
_NUMBERS_BELOW = 2**64
_GET_FLAGS, _SET_FLAGS, _NO_COPY = 0x80006601, 0x40006602, 0x00800000
"""ioctl(2) of a file's flags, without the size of a `long`, and the flag of a file that is written in place."""
_NO_PLAIN_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR, errno.EACCES, errno.EPERM})


class DamagedRecord(ValueError):
    """A record is there but is not what was written: no plain file, no JSON object, of a version not known here."""


def open_plain(path: str | os.PathLike[str], flags: int) -> int:
    """Open a plain file, without waiting for anybody: a training may have put a FIFO, a link or a folder in its place.

    :raises DamagedRecord: if it is something else, or may not be opened.
    :raises OSError: if it is absent, or the system has no room for another open file.
    """
    more = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | more, MODE)
    except OSError as error:
        if error.errno in _NO_PLAIN_FILE:
            raise DamagedRecord(f"{os.fspath(path)} is damaged: it cannot be opened ({error.strerror})") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DamagedRecord(f"{os.fspath(path)} is damaged: it is no plain file")
    return descriptor


def read(path: str | os.PathLike[str]) -> dict[str, object] | None:
    """Return the record, None when the file is absent. What stands behind its line is padding.

    :raises DamagedRecord: if it is no plain file, holds no JSON object, or comes from a newer version.
    :raises OSError: if it is there and cannot be read.
    """
    try:
        record = parsed(_first_line(path))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        if isinstance(error, DamagedRecord):
            raise
        raise DamagedRecord(f"{os.fspath(path)} is damaged: {error}") from error
    if record is None:
        raise DamagedRecord(f"{os.fspath(path)} is damaged: it holds no JSON object")
    if record.get("version") != VERSION:
        raise DamagedRecord(f"{os.fspath(path)} is of a version that is not known here (known: {VERSION})")
    return record


def parsed(line: bytes) -> dict[str, object] | None:
    """Return the JSON object of a line, None when it holds something else.

    :raises ValueError, RecursionError: if it is no JSON.
    """
    found: object = json.loads(line)
    return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType] # JSON keys are text


def _first_line(path: str | os.PathLike[str]) -> bytes:
    limit = _LARGER.get(os.path.basename(path), LARGEST_BYTES)
    descriptor = open_plain(path, os.O_RDONLY)
    blocks, size, end = [b""], 0, b""
    try:
        while not end and size <= limit and (block := os.read(descriptor, LARGEST_BYTES)):
            block, end, _ = block.partition(b"\n")
            blocks.append(block)
            size += len(block)
    finally:
        os.close(descriptor)
    if size > limit:
        raise DamagedRecord(f"{os.fspath(path)} is damaged: it is longer than {limit} bytes")
    return b"".join(blocks)


def write(path: str | os.PathLike[str], record: Mapping[str, object]) -> None:
    """Put the record in place of what is there; after a crash either the old or the new one is there, complete."""
    draft = _draft(path, record)
    try:
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        raise
    sync_directory(path)


def create(path: str | os.PathLike[str], record: Mapping[str, object]) -> bool:
    """Write the record unless the file exists; return whether it was written. Whoever sees it sees all of it."""
    draft = _draft(path, record)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)
    sync_directory(path)
    return True


def reserve(path: str, size: int = EXIT_BYTES) -> None:
    """Set `size` bytes aside on the disk, so that `publish` needs none.

    Real bytes are written: `posix_fallocate` promises nothing on file systems that copy on write. On btrfs even those
    are worth nothing unless the file is written in place, which it can be told while it is empty.
    """
    descriptor = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_in_place(descriptor)
        write_all(descriptor, b" " * size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_in_place(descriptor: int) -> None:
    """Ask a file system that copies on write not to, for one empty file; others need not know the word."""
    size = bytes(struct.calcsize("l"))
    asked, set_to = (code | len(size) << 16 for code in (_GET_FLAGS, _SET_FLAGS))
    try:
        flags = int.from_bytes(fcntl.ioctl(descriptor, asked, size), sys.byteorder)
        fcntl.ioctl(descriptor, set_to, (flags | _NO_COPY).to_bytes(len(size), sys.byteorder))
    except OSError:
        return  # it does not copy, or does not let us; then what is to be written waits for room


def publish(reserved: str, path: str, content: bytes, size: int = EXIT_BYTES) -> None:
    """Write `content`, padded with spaces to `size`, into the reserved file and rename it to `path`.

    Needs no space that was not set aside, and can be called again where it failed. Whatever a training put in the place
    of one of the two files is moved out of the way.

    :raises OSError: if a step failed; what was written into the reserved file can be read there.
    """
    padded = content.ljust(size)
    if not _holds(path, padded):
        _fill(reserved, padded)
        try:
            os.replace(reserved, path)
        except IsADirectoryError:
            _move_away(path)
            os.replace(reserved, path)
    sync_directory(path)


def _holds(path: str, content: bytes) -> bool:
    try:
        descriptor = open_plain(path, os.O_RDONLY)
    except (FileNotFoundError, DamagedRecord):
        return False
    try:
        return os.read(descriptor, len(content) + 1) == content
    finally:
        os.close(descriptor)


def _fill(reserved: str, content: bytes) -> None:
    try:
        _store(reserved, content, 0)
    except FileNotFoundError:
        _store(reserved, content, os.O_CREAT)
    except DamagedRecord:
        _move_away(reserved)
        _store(reserved, content, os.O_CREAT)


def _move_away(path: str) -> None:
    os.rename(path, f"{path}.planted-{os.urandom(6).hex()}")


def encode(record: Mapping[str, object]) -> bytes:
    """Return the record as one line of ASCII JSON that carries the version."""
    return json.dumps({"version": VERSION, **record}, separators=(",", ":")).encode() + b"\n"


def number(record: Mapping[str, object] | None, key: str) -> float | None:
    """Return a number of the record, None when it is absent, something else, or larger than anything counted here."""
    value = record.get(key) if record is not None else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if -_NUMBERS_BELOW < value < _NUMBERS_BELOW else None


def whole(record: Mapping[str, object] | None, key: str) -> int | None:
    """Return a whole number of the record, None when it is absent or something else."""
    value = number(record, key)
    return value if isinstance(value, int) else None


def text(record: Mapping[str, object] | None, key: str) -> str:
    """Return a text of the record, empty when it is absent or something else."""
    value = record.get(key) if record is not None else None
    return value if isinstance(value, str) else ""


def part(record: Mapping[str, object] | None, key: str) -> dict[str, object] | None:
    """Return a record inside the record, None when it is absent or something else."""
    value = record.get(key) if record is not None else None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] # JSON keys are text


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Make the name `path` itself durable. File systems that cannot do this for directories are left alone."""
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte: one `write` may take only some of them, for example on a disk that is nearly full."""
    while content:
        content = content[os.write(descriptor, content) :]


def _draft(path: str | os.PathLike[str], record: Mapping[str, object]) -> str:
    """Write the record durably beside `path` under a name of its own; nothing is left of it when that fails."""
    draft = f"{os.fspath(path)}.{os.urandom(6).hex()}.tmp"
    try:
        _store(draft, encode(record), os.O_CREAT | os.O_EXCL)
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
        raise
    return draft


def _store(path: str, content: bytes, flags: int) -> None:
    descriptor = open_plain(path, os.O_WRONLY | flags)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
