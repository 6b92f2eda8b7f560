"""Hashes what a run left, when it has ended: results, model, history, log and all that the witness saw written.

A verdict takes the same digests again; what differs was changed after the run. Bounded in bytes and time: beyond that
a file is told by its size, its time and the digest of a sample. Whatever goes wrong here is told in the exit record
and costs nothing else.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from io import BufferedReader, FileIO

from . import digests, records
from .lines import Lines

MOST_FILES = 2000
MOST_IN_FOLDER = 20_000
MOST_S = 20.0
BLOCK_BYTES = 1 << 16
SAMPLES = 64
LONGEST_LINE = 1 << 18
LONGEST_PATH = 4096
MOST_NAMED = 10 * MOST_FILES
"""Of files that the witness saw written so many are looked at; more of them are not even counted."""
MOST_LINES_BYTES = 1 << 30
"""Read of the witness's lines in all; the witness itself writes far less."""
_WRITES = (b'"kind":"write"', b'"kind":"save"', b'"kind":"link"')


class Budget:
    """How much may still be read."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes
        self._ends = time.monotonic() + MOST_S

    def takes(self, size: int) -> bool:
        """Whether a file of this size may be read whole; then it counts."""
        if size > self._left or self.is_over:
            return False
        self._left -= size
        return True

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._ends


def make(spec: dict[str, object], start: dict[str, object], lines: Lines) -> dict[str, object]:
    """Write seal.json and return what the exit record says of it: its digest, or why there is none."""
    begun = time.monotonic()
    try:
        record = {
            "run": records.text(start, "run"),
            "nonce": records.text(start, "nonce"),
            "spec_sha256": records.text(start, "spec_sha256"),
            "guard": records.text(start, "guard"),
            "at": round(time.time(), 3),
            **_sealed(spec, lines),
            "took_s": round(time.monotonic() - begun, 3),
        }
        records.write(records.SEAL, record)
        files = records.part(record, "files") or {}
        return {"sha256": digests.of(records.encode(record)), "files": len(files)}
    except Exception as error:  # the exit record comes first, whatever this is
        return {"failed": f"{type(error).__name__}: {error}"[:200]}


def _sealed(spec: dict[str, object], lines: Lines) -> dict[str, object]:
    last = lines.look(last=True) or {}
    root = os.path.realpath(records.text(spec, "workspace"))
    of_lines = Budget(MOST_LINES_BYTES)
    wanted = _wanted(spec, lines, of_lines)
    witnessed = dict(_witness_files(lines, of_lines))
    budget = Budget(records.whole(spec, "seal_max_bytes") or 0)
    found = {path: about(root, path, budget) for path in wanted[:MOST_FILES]}
    return {
        "witness": {"head": last.get("head", ""), "files": witnessed},
        "files": found,
        "left_out": max(0, len(wanted) - MOST_FILES),
        "complete": not (budget.is_over or of_lines.is_over),
    }


def _wanted(spec: dict[str, object], lines: Lines, budget: Budget) -> list[str]:
    found = dict.fromkeys(_paths(spec))
    for path in _written(lines, budget):
        found[path] = None
        if len(found) >= MOST_NAMED:
            break
    return list(found)


def _paths(spec: dict[str, object]) -> list[str]:
    value = spec.get("seal_paths")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return [path for path in listed if isinstance(path, str)]


def _witness_files(lines: Lines, budget: Budget) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each file of lines with its digest, and whether its beginning is no longer what was read."""
    for name in lines.names():
        try:
            with _opened(name) as file:
                yield name, _lines_file(file, name, lines, budget)
        except OSError as error:
            yield name, {"missing": True, "why": error.strerror}


def _lines_file(file: BufferedReader, name: str, lines: Lines, budget: Budget) -> dict[str, object]:
    """Return size and digest; the size alone of a file for which there is no room or no time."""
    whole, begin = digests.sha256(), digests.sha256()
    size, read = 0, lines.read_of(name)
    known: dict[str, object] = {"bytes": os.fstat(file.fileno()).st_size}
    if not budget.takes(os.fstat(file.fileno()).st_size):
        return known
    while block := file.read(BLOCK_BYTES):
        whole.update(block)
        begin.update(block[: max(0, read - size)])
        size += len(block)
        if budget.is_over:
            return known
    told: dict[str, object] = {"bytes": size, "sha256": whole.hexdigest()}
    return told | ({"rewritten": True} if lines.rewritten(name, begin.hexdigest()) else {})


def _written(lines: Lines, budget: Budget) -> Iterator[str]:
    """Yield the files of the workspace that the witness saw written."""
    for name in lines.names():
        try:
            with _opened(name) as file:
                if budget.takes(os.fstat(file.fileno()).st_size):
                    yield from _paths_in(file, budget)
        except OSError:
            continue


def _paths_in(file: BufferedReader, budget: Budget) -> Iterator[str]:
    whole = True
    while (line := file.readline(LONGEST_LINE)) and not budget.is_over:
        begins, whole = whole, line.endswith(b"\n")
        if not begins or not any(word in line for word in _WRITES):
            continue  # the first: the rest of a line that is longer than any of the witness
        try:
            path = json.loads(line)["facts"]["path"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(path, str) and 0 < len(path) <= LONGEST_PATH and not path.startswith("/"):
            yield path


def _opened(name: str) -> BufferedReader:
    return open(os.path.join(records.WITNESS, name), "rb", opener=_plainly)


def about(root: str, path: str, budget: Budget) -> dict[str, object]:
    """Return what lies at a path of the workspace: size, time and digest. A link is followed once, and told."""
    try:
        full = os.path.join(root, path)
        link = os.readlink(full) if os.path.islink(full) else None
        real = os.path.realpath(full)
        told: dict[str, object] = {} if link is None else {"link": link[:500]}
        if real != root and not real.startswith(root + os.sep):
            return told | {"outside": True}
        seen = os.stat(real)
        if stat.S_ISDIR(seen.st_mode):
            return told | _folder(real, budget)
        if not stat.S_ISREG(seen.st_mode):
            return told | {"special": True}
        return told | _file(real, budget)
    except FileNotFoundError:
        return {"missing": True}
    except (OSError, ValueError) as error:
        return {"unreadable": str(error)[:200]}


def _file(path: str, budget: Budget) -> dict[str, object]:
    with open(path, "rb", buffering=0, opener=_plainly) as file:
        seen = os.fstat(file.fileno())
        told: dict[str, object] = {"bytes": seen.st_size, "mtime_ns": seen.st_mtime_ns}
        if budget.takes(seen.st_size):
            return told | {"sha256": _whole(file, budget)}
        return told if budget.is_over else told | {"sampled": _sample(file, seen.st_size)}


def _whole(file: FileIO, budget: Budget) -> str | None:
    found = digests.fast()
    while block := file.read(1 << 20):
        found.update(block)
        if budget.is_over:
            return None
    return found.hexdigest()


def _sample(file: FileIO, size: int) -> str:
    """Return the digest of the size and of 64 blocks of 64 KB, evenly spread."""
    found = digests.sha256(str(size).encode())
    for block in range(SAMPLES):
        place = block * max(0, size - BLOCK_BYTES) // (SAMPLES - 1)
        found.update(os.pread(file.fileno(), BLOCK_BYTES, place))
    return found.hexdigest()


def _folder(path: str, budget: Budget) -> dict[str, object]:
    """Return the digest of all plain files below a folder, such as a Zarr store; links in it are left alone.

    The rule is the verdict's (acts/watch/artefact_files.py): a line of JSON with name, size and sha256 for each file,
    in the order of their names. Where a file was not hashed whole, the folder has no sha256.
    """
    parts: dict[str, list[object]] = {}
    size, whole = 0, True
    for folder, _, names in os.walk(path):
        for name in names:
            one = os.path.join(folder, name)
            if not stat.S_ISREG(os.lstat(one).st_mode):
                continue
            if len(parts) >= MOST_IN_FOLDER or budget.is_over:
                return {"folder": True, "files": len(parts), "bytes": size, "partly": True}
            told, inside = _file(one, budget), os.path.relpath(one, path)
            size += records.whole(told, "bytes") or 0
            whole = whole and isinstance(told.get("sha256"), str)
            parts[inside] = [inside, told.get("bytes"), told.get("sha256") or told.get("sampled")]
    found = digests.fast()
    for inside in sorted(parts):
        found.update(json.dumps(parts[inside]).encode() + b"\n")
    return {"folder": True, "files": len(parts), "bytes": size, "sha256" if whole else "sampled": found.hexdigest()}


def _plainly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
