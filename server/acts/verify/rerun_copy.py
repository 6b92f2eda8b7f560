"""The copy in which a run is played again: the inputs of its start within bounds, and nothing of what it left.

The sources are those of the start, from their snapshots. Other files are copied as they stand now. Environments and
inputs that are too large to be copied are seen read-only in their place.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...analysis.witness.seen import Seen
from ...analysis.witness.values import text
from ...storage.files.rooted import closing
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Phase
from .. import launch
from ..desk import Desk
from ..start import provenance

Mount = tuple[str, str, str]
MOST_FILES = 20_000
MOST_MOUNTS = 64
MOST_ENTRIES = 200_000
"""Of the workspace that are looked at: what lies beyond is not there when the run is played again."""
_NOT_COPIED = frozenset({".watchkeeper", ".git", ".hg", ".svn", "__pycache__", "node_modules"})
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
_READ_ONLY, _WRITABLE = "ro", "rw"


@dataclass(slots=True)
class Copied:
    """What was copied so far.

    :ivar mounts: (source, target, ro or rw) of what is seen in its place without being copied.
    """

    bytes: int = 0
    files: int = 0
    mounts: list[Mount] = field(default_factory=list[Mount])
    left_out: int = 0
    remarks: list[str] = field(default_factory=list[str])


def copy(desk: Desk, run: Run, seen: Seen, target: Path) -> Copied:
    """Copy the inputs of a run to a folder that is not there yet.

    :raises OSError: if the disk has no room, or something may not be read.
    """
    done = Copied()
    target.mkdir(mode=0o700)
    left = _left_by(desk, run, seen)
    needed = _needed(run, seen)
    found = [one for one in _files(desk.workspace.root, target, done) if one[0] not in left or one[0] in needed]
    found.sort(key=lambda one: (one[0] not in needed, one[1]))
    most = int(desk.policy.rerun.max_copy_gb * 1e9)
    for path, size in found:
        if done.files < MOST_FILES and done.bytes + size <= most:
            _copied(desk, path, target, done)
        elif path in needed and len(done.mounts) < MOST_MOUNTS:
            (target / path).touch()
            done.mounts.append((str(desk.workspace.root / path), str(target / path), _READ_ONLY))
        else:
            done.left_out += 1
    _sources(desk, run, target, done)
    _say(done, needed - {path for path, _ in run.sources}, found)
    return done


def missing(desk: Desk, run: Run, seen: Seen) -> str:
    """Return an input of a run that is gone; empty when all that it read and did not write are there."""
    sources = {path for path, _ in run.sources}
    gone = (one for one in _read_first(seen) if one not in sources and not desk.workspace.is_there(one))
    return next(gone, "")


def _read_first(seen: Seen) -> Iterator[str]:
    """Yield the files of the workspace that the run read or imported before it wrote them."""
    written: set[str] = set()
    for line in seen.witnessed.of("read", "import", "write", "save", "link"):
        path = text(line.facts, "path")
        if line.kind not in ("read", "import"):
            written.add(path)
        elif path and path not in written and not path.startswith(("/", ".watchkeeper/")):
            yield path


def _needed(run: Run, seen: Seen) -> frozenset[str]:
    named = [path for path, _ in (*run.sources, *(run.named or ()))]
    documents = [one[0] for one in (run.design, run.features) if one is not None]
    return frozenset([*named, *documents, *_read_first(seen)])


def _left_by(desk: Desk, run: Run, seen: Seen) -> frozenset[str]:
    """Return what the run left: it must make that anew."""
    names = desk.workspace
    models = names.final_models(run.model) if run.phase is Phase.FULL else ()
    saved = (text(line.facts, "path") for line in seen.witnessed.of("save", "link"))
    return frozenset([run.results, run.log, names.history(run.model), *models, *saved, *seen.written])


def _files(root: Path, target: Path, done: Copied) -> Iterator[tuple[str, int]]:
    """Yield (path, size) of the plain files of the workspace; folders and links are made at once."""
    waiting, looked_at = [""], 0
    while waiting:
        inside = waiting.pop()
        with suppress(PermissionError), os.scandir(root / inside) as entries:
            for entry in entries:
                looked_at += 1
                if looked_at > MOST_ENTRIES:
                    done.remarks.append(f"only {MOST_ENTRIES} files and folders of the workspace were looked at")
                    return
                path = f"{inside}/{entry.name}" if inside else entry.name
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), target / path)
                elif entry.is_file(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False).st_size
                elif entry.is_dir(follow_symlinks=False) and entry.name not in _NOT_COPIED:
                    (target / path).mkdir(mode=0o700)
                    if not _seen_in_place(entry.path, str(target / path), done):
                        waiting.append(path)


def _seen_in_place(folder: str, target: str, done: Copied) -> bool:
    """Have an environment of Python seen where it lies; whether the folder is one."""
    if not any(os.path.lexists(os.path.join(folder, one)) for one in _ENVIRONMENTS):
        return False
    done.mounts.append((folder, target, _READ_ONLY))
    return True


def _copied(desk: Desk, path: str, target: Path, done: Copied) -> None:
    try:
        source = desk.workspace.open_beneath(path, os.O_RDONLY)
    except PathRefused:
        done.left_out += 1  # it went, or may not be read
        return
    with closing(source), open(os.dup(source), "rb") as file, open(target / path, "xb") as sink:
        about = os.fstat(source)
        shutil.copyfileobj(file, sink, 1 << 20)
        os.fchmod(sink.fileno(), about.st_mode & 0o700 | 0o600)
    os.utime(target / path, ns=(about.st_atime_ns, about.st_mtime_ns))
    done.files, done.bytes = done.files + 1, done.bytes + about.st_size


def _sources(desk: Desk, run: Run, target: Path, done: Copied) -> None:
    """Put the sources of the start over those of today."""
    for path, digest in run.sources:
        source = provenance.snapshot(desk, digest)
        if source is None:
            done.remarks.append(f"{path} as it stands now: its snapshot is gone")
            continue
        if not _within(target, path):
            done.remarks.append(f"{path} as it stands now: it lies behind a link")
            continue
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()
        place.write_bytes(source)


def _within(target: Path, path: str) -> bool:
    """Whether what would be written lies in the copy: a link of the workspace may lead back into the workspace."""
    return Path(os.path.realpath((target / path).parent)).is_relative_to(os.path.realpath(target))


def _say(done: Copied, data: frozenset[str], found: list[tuple[str, int]]) -> None:
    there = sum(path in data for path, _ in found)
    done.remarks.append(f"sources as at the start, {there} other inputs as they stand now")
    if done.left_out:
        done.remarks.append(f"{done.left_out} further files were not copied")


def inner_folders(desk: Desk, run: Run, target: Path, own: Path) -> list[Mount]:
    """Make the folders of the record that the run writes to, as its environment names them, and return their mounts.

    :param own: where its lines and metrics go in truth.
    """
    root = desk.workspace.root
    inside = desk.workspace.run_dir(run.id).relative_to(root)
    checkpoints = launch.checkpoint_dir(desk, run.model, run.phase).relative_to(root)
    for folder in (inside / "witness", checkpoints):
        if _within(target, f"{folder}/."):
            (target / folder).mkdir(parents=True, exist_ok=True)
    (target / inside / "metrics.jsonl").touch()
    return [
        (str(own / "witness"), str(target / inside / "witness"), _WRITABLE),
        (str(own / "metrics.jsonl"), str(target / inside / "metrics.jsonl"), _WRITABLE),
        (str(target), str(root), _WRITABLE),
    ]
