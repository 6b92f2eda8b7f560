"""Files that are read and written: which ones are told, and the digest of what is in them at that moment."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import os
import stat
from typing import Any

from . import clock as time
from . import places
from .more import tell_each
from .state import can_afford, state
from .writer import sha256

WHOLE_BYTES = 64 << 20
BLOCKS, BLOCK_BYTES = 64, 1 << 16
MOST_FILES = 5000
_SYSTEM = (
    "/proc/",
    "/sys/",
    "/dev/",
    "/etc/",
    "/usr/",
    "/lib",
    "/bin/",
    "/sbin/",
    "/opt/",
    "/run/",
    "/var/lib/",
    "/nix/",
)
_CACHES = (
    "/.cache/",
    "/.config/",
    "/.pytensor/",
    "/.theano/",
    "/__pycache__/",
    "/.local/",
    "/.ipython/",
    "/.jupyter/",
    "/.keras/",
)
# Not by `tempfile`, which takes a lock that the training may hold while it opens the very file.
_TEMPORARY = (os.environ.get("TMPDIR", "/tmp").rstrip("/") + "/", "/tmp/", "/var/tmp/")
_read: dict[str, tuple[int, int]] = {}
_written: set[tuple[str, str]] = set()
_began = time.time()


def note_read(path: Any, frame: Any) -> None:
    """Tell that a file is opened to be read, unless it was told and is the same."""
    text = os.fsdecode(path)
    told = _told(text)
    if not told or len(_read) >= MOST_FILES:
        return
    try:
        about = os.stat(text)
    except OSError:
        return
    if not stat.S_ISREG(about.st_mode) or _read.get(told) == (about.st_size, about.st_mtime_ns):
        return
    if told.startswith("/") and (about.st_mtime > _began or not places.where(frame)):
        return  # what lies elsewhere is told where the person's code reads what was there before
    _read[told] = (about.st_size, about.st_mtime_ns)
    tell_each("read", "", places.where(frame), {"path": told, **digest(text)})


def note_write(path: Any, by: str, frame: Any, *, mode: str = "", source: Any = None, itself: bool = False) -> None:
    """Tell that a file is opened to be written, or changed otherwise; once for each way."""
    if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
        return
    text = os.fsdecode(path)
    told = _told(text, itself=itself)
    if not told or (told, by) in _written or len(_written) >= MOST_FILES:
        return
    where = places.where(frame)
    if told.startswith("/") and (not where or told.startswith(_TEMPORARY)):
        return
    _written.add((told, by))
    _read.pop(told, None)
    facts = {"path": told, "by": by, **({"mode": mode} if mode else {})}
    if source is not None:
        facts["from"] = places.inside(os.fsdecode(source))
    tell_each("write", by, where, facts)


def _told(path: str, *, itself: bool = False) -> str:
    """Return how a file is called, empty where it is not told at all.

    :param itself: not what a link at that place leads to.
    """
    known = places.places
    if known is None or "/__pycache__/" in path or path.endswith(".pyc"):
        return ""
    full = os.path.abspath(path)
    if itself:
        inside = known.person(os.path.dirname(full) + "/x")
        return inside[:-1] + os.path.basename(full) if inside else ""
    inside = known.person(full)
    if inside:
        return inside
    real = os.path.realpath(full)
    if real.startswith(known.root):  # an environment, our own records
        return real[len(known.root) :] if "/.watchkeeper/checkpoints/" in real else ""
    if real.startswith(_SYSTEM) or known.is_library(real) or is_cache(real):
        return ""
    return real


def is_cache(path: str) -> bool:
    """Whether a file lies where programs keep what they can make again."""
    return any(each in path for each in _CACHES)


def digest(path: str) -> dict[str, Any]:
    """Return size and digest of a file; beyond 64 MB of its size and 64 blocks of it.

    Its time is counted whole: one that grows and is opened at each step is read anew each time. What is added to it
    meanwhile is left: the digest is of as many bytes as are told.
    """
    began = time.thread_time()
    try:
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if not can_afford() and size > BLOCK_BYTES:
                return {"bytes": size, "skipped": "budget"}
            if size <= WHOLE_BYTES:
                return {"bytes": size, "sha256": _whole(file, size)}
            return {"bytes": size, "sha256": _sampled(file, size), "sampled": True}
    except OSError:
        return {"skipped": "error"}
    finally:
        state.own_s += time.thread_time() - began


def _whole(file: Any, size: int) -> str:
    found = sha256()
    while block := file.read(min(size, 1 << 20)):
        found.update(block)
        size -= len(block)
    return found.hexdigest()


def _sampled(file: Any, size: int) -> str:
    found = sha256(str(size).encode())
    for block in range(BLOCKS):
        file.seek(block * (size - BLOCK_BYTES) // (BLOCKS - 1))
        found.update(file.read(BLOCK_BYTES))
    return found.hexdigest()


def forget() -> None:
    """Begin anew, in a forked child."""
    _read.clear()
    _written.clear()
