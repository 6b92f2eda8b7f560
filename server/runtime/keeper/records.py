"""The files of a run directory: their names, and how they are written so that a crash leaves none of them half.

Standard library only, no `typing` and no `dataclasses`: a keeper stays in memory for the whole run.
"""

from __future__ import annotations

import errno
import json
import os
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

EXIT_RESERVED = ("exit.reserved-1", "exit.reserved-2")
"""Space set aside at the start for the two times an exit record may be written; gone once the run is over."""
EXIT_BYTES = 4096

MODE = 0o600


class DamagedRecord(ValueError):
    """A record is there but is not what was written: no JSON object, or of a version that is not known here."""


def read(path: str | os.PathLike[str]) -> dict[str, object] | None:
    """Return the record, None when the file is absent.

    :raises DamagedRecord: if the file holds no JSON object or comes from a newer version.
    :raises OSError: if it is there and cannot be read.
    """
    try:
        with open(path, "rb") as file:
            record: object = json.loads(file.read())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DamagedRecord(f"{os.fspath(path)} is damaged: {error}") from error
    if not isinstance(record, dict):
        raise DamagedRecord(f"{os.fspath(path)} is damaged: it holds no JSON object")
    if record.get("version") != VERSION:  # pyright: ignore[reportUnknownMemberType] # JSON: any value may stand here
        raise DamagedRecord(f"{os.fspath(path)} is of a version that is not known here (known: {VERSION})")
    return record  # pyright: ignore[reportUnknownVariableType] # the keys of a JSON object are strings


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

    Real bytes are written: `posix_fallocate` promises nothing on file systems that copy on write.
    """
    _store(path, b" " * size, os.O_CREAT | os.O_TRUNC)


def publish(reserved: str, path: str, content: bytes, size: int = EXIT_BYTES) -> None:
    """Write `content`, padded with spaces to `size`, into the reserved file and rename it to `path`."""
    _store(reserved, content.ljust(size), 0)
    os.replace(reserved, path)
    sync_directory(path)


def encode(record: Mapping[str, object]) -> bytes:
    """Return the record as one line of ASCII JSON that carries the version."""
    return json.dumps({"version": VERSION, **record}, separators=(",", ":")).encode() + b"\n"


def number(record: Mapping[str, object] | None, key: str) -> float | None:
    """Return a number of the record, None when it is absent or something else."""
    value = record.get(key) if record is not None else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


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
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, MODE)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
