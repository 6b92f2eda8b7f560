"""The files that a run left, and those of others that they must not be copies of. Facts only."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import posixpath
import re
import stat
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...analysis.artefacts.confined import Limits, read_container
from ...analysis.artefacts.facts import TraceFacts
from ...analysis.evidence.evidence import Artefact, Known
from ...analysis.evidence.words import Word
from ...runtime.run_directory import RunStatus
from ...storage.files.hashing import sha256_within
from ...storage.files.paths import ZARR
from ...storage.files.rooted import FOLDER, closing
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Phase
from ..desk import Desk
from . import written_files

MOST_EXTRAS = 8
MOST_ENTRIES = 20_000
"""Of a Zarr store's files and folders; one with more is not hashed."""
MOST_LEVELS = 40
"""Of folders in one another, each of which takes a descriptor."""
LEAST_S = 2.0
"""So long one file may be looked into whatever the call has taken before."""
_EXTRA = re.compile(r"search|grid|cv_results|bootstrap|replicate|resampl", re.IGNORECASE)
_TABLES = (".csv", ".tsv", ".csv.gz", ".parquet", ".feather", ".xlsx")


def of_run(desk: Desk, run: Run, *, read: bool) -> tuple[Artefact, ...]:
    """Return the log, the results and, of a full run, the final model, as far as the policy wants or finds them.

    :param read: whether a confined process shall look inside; a run that goes on is not read.
    """
    wanted = [("log", run.log), ("results", written_files.results(desk, run))]
    if run.phase is Phase.FULL:
        wanted.append(("model", written_files.model(desk, run)))
    return tuple(artefact(desk, role, path, read=read and role != "log") for role, path in wanted if path)


def beside_results(desk: Desk, run: Run, status: RunStatus) -> tuple[Artefact, ...]:
    """Return what the run left beside its results and its model: tables of searches, bootstraps; a trace."""
    results = written_files.results(desk, run) or run.results
    paths = [*_tables_beside(desk, results), *_models_beside(desk, run)]
    found = (artefact(desk, "extra", path, read=False) for path in paths if path != results)
    begun = (status.started_at or 0.0) - 0.05
    ours = [one for one in found if one.modified_at is not None and begun <= one.modified_at <= _end(status)]
    return tuple(artefact(desk, one.role, one.path, read=True) for one in ours[:MOST_EXTRAS])


def _models_beside(desk: Desk, run: Run) -> list[str]:
    """Return the candidates for the final model that are not taken for it: the trace beside a pickled scaler."""
    if run.phase is not Phase.FULL:
        return []
    taken = desk.workspace.final_model(run.model)
    return [one for one in desk.workspace.models_there(run.model) if one != taken]


def _tables_beside(desk: Desk, results: str) -> list[str]:
    folder = posixpath.dirname(results)
    try:
        names = desk.workspace.list_dir(folder or ".")
    except PathRefused:
        return []
    return [posixpath.join(folder, one) for one in names if _EXTRA.search(one) and one.endswith(_TABLES)]


def _end(status: RunStatus) -> float:
    return float("inf") if status.ended_at is None else status.ended_at + 1.0


def artefact(desk: Desk, role: str, path: str, *, read: bool) -> Artefact:
    """Return what is known of one file, or of the folder of a Zarr store.

    Any other folder, a FIFO or a link out of the workspace is no artefact.
    """
    if path.endswith(ZARR) and desk.workspace.has_folder(path):
        return _zarr(desk, role, path, read=read)
    try:
        descriptor = desk.workspace.open_beneath(path, os.O_RDONLY)
    except PathRefused as refusal:
        return Artefact(role, path, refused=_what_stands_there(desk, path, refusal))
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        digest = sha256_within(file, _left_s(desk))
        inside = read_container(descriptor, posixpath.basename(path), limits(desk)) if read else None
        inode = (about.st_dev, about.st_ino)
        link = desk.workspace.link_target(path)
        return Artefact(role, path, about.st_size, about.st_mtime, digest, inode, inside, link=link)


def _what_stands_there(desk: Desk, path: str, refusal: PathRefused) -> str:
    """Say what stands where a file should: a folder, a FIFO, a link that leads nowhere; empty where nothing does."""
    if link := desk.workspace.link_target(path):
        return f"is a link to {link}, which {_rule(refusal, path)}"
    return _rule(refusal, path) if desk.workspace.is_taken(path) else ""


def _rule(refusal: PathRefused, path: str) -> str:
    return refusal.what.partition(path)[2].strip(" .") or refusal.what


def _left_s(desk: Desk) -> float:
    """Return how long one file may be read whole: as the policy has it, and no longer than this call goes on."""
    return min(desk.policy.compute.read_s, desk.read_until_s - time.monotonic())


@dataclass(frozen=True, slots=True)
class _Part:
    """A plain file in a folder; `sha256` is None where reading took too long."""

    name: str
    size_bytes: int
    modified_at: float
    sha256: str | None


def _zarr(desk: Desk, role: str, path: str, *, read: bool) -> Artefact:
    """Return what is known of a Zarr store in a folder: its size is that of its files, its time their newest."""
    try:
        folder = desk.workspace.open_folder_beneath(path)
    except PathRefused:  # somebody removed it since
        return Artefact(role, path)
    with closing(folder):
        parts, whole = _parts(folder, _left_s(desk))
        size, modified_at = _total(parts), max((one.modified_at for one in parts), default=None)
        digest = _digest_of_all(parts) if whole else None
        inside = read_container(folder, posixpath.basename(path), limits(desk)) if read and parts else None
        return Artefact(role, path, size, modified_at, digest, None, inside)


def folder_sha256(folder: int, most_s: float) -> str | None:
    """Return the one digest of all plain files beneath an open folder; None where not all could be read in time."""
    parts, whole = _parts(folder, most_s)
    return _digest_of_all(parts) if whole and parts else None


def size_and_time(file: int) -> tuple[int, float]:
    """Return the size of an open file and when it was last changed; of a folder those of the files beneath it."""
    about = os.fstat(file)
    if not stat.S_ISDIR(about.st_mode):
        return about.st_size, about.st_mtime
    parts, _ = _parts(file, 0.0)
    return _total(parts), max((about.st_mtime, *(one.modified_at for one in parts)))


def _total(parts: Iterable[_Part]) -> int:
    return sum(one.size_bytes for one in parts)


def _digest_of_all(parts: Iterable[_Part]) -> str | None:
    """Return one sha256 for names, sizes and contents, whatever order they were listed in."""
    digest = hashlib.sha256()
    for one in sorted(parts, key=lambda part: part.name):
        if one.sha256 is None:
            return None
        digest.update(json.dumps([one.name, one.size_bytes, one.sha256]).encode() + b"\n")
    return digest.hexdigest()


def _parts(folder: int, most_s: float) -> tuple[list[_Part], bool]:
    """Return the plain files beneath a folder, and whether these are all: it may hold too many or forbid to look."""
    deadline = time.monotonic() + most_s
    parts: list[_Part] = []
    try:
        for number, (above, name, entry) in enumerate(_beneath(folder)):
            if number >= MOST_ENTRIES:
                return parts, False
            if entry.is_file(follow_symlinks=False):
                parts.append(_part(above, name, deadline))
                if parts[-1].sha256 is None:  # there is no digest of all any more, and none of the rest is wanted
                    deadline = float("-inf")
    except OSError:
        return parts, False
    return parts, True


def _part(above: int, name: str, deadline: float) -> _Part:
    # Not followed and not waited for: a link or a FIFO may have taken the file's place.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(os.open(posixpath.basename(name), flags, dir_fd=above), "rb") as file:
        about = os.fstat(file.fileno())
        left_s = deadline - time.monotonic()
        digest = sha256_within(file, left_s) if left_s > 0 and stat.S_ISREG(about.st_mode) else None
        return _Part(name, about.st_size, about.st_mtime, digest)


def _beneath(folder: int, above: str = "", level: int = 1) -> Iterator[tuple[int, str, os.DirEntry[str]]]:
    """Yield (its folder, its name from the top, itself) for all that lies beneath a folder; no link is followed.

    :raises OSError: a folder may not be read, or folders lie in one another too deep.
    """
    if level > MOST_LEVELS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    with os.scandir(folder) as entries:
        for entry in entries:
            yield folder, above + entry.name, entry
            if entry.is_dir(follow_symlinks=False):
                inner = os.open(entry.name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                with closing(inner):
                    yield from _beneath(inner, f"{above}{entry.name}/", level + 1)


def limits(desk: Desk) -> Limits:
    """Return what reading one artefact may cost, as the policy has it, and no longer than this call goes on."""
    compute = desk.policy.compute
    left_s = max(LEAST_S, desk.read_until_s - time.monotonic())
    return Limits(
        memory_bytes=compute.read_memory_mb << 20,
        cpu_s=math.ceil(compute.read_s),
        wall_s=min(2 * compute.read_s, left_s),
    )


def known(desk: Desk, run: Run, artefacts: Sequence[Artefact]) -> tuple[Known, ...]:
    """Return the files that this run's must not be copies of: those of others that lie there, those on record."""
    ours = {one.path for one in artefacts}
    sizes = {one.size_bytes for one in artefacts if one.role != "log" and one.size_bytes}
    now = [one for one in _others(desk, run) if one[2] not in ours]
    return (*_on_disk(desk, now, sizes), *_on_record(desk, run))


def _others(desk: Desk, run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield (owner, role, path) of what other models and the other phase of this one leave."""
    for model in desk.ledger.models():
        for phase in Phase if run.phase is Phase.FULL or model != run.model else ():
            yield f"{model}-{phase}", "results", desk.workspace.results(model, phase)
        yield f"{model}-full", "model", desk.workspace.final_model(model)


def _on_disk(desk: Desk, others: Iterable[tuple[str, str, str]], sizes: Container[int | None]) -> Iterator[Known]:
    """A file of another size is no copy and need not be read."""
    for owner, role, path in others:
        if _size(desk, path) in sizes:
            found = artefact(desk, role, path, read=False)
            yield Known(owner, role, path, sha256=found.sha256 or "", inode=found.inode)


def _size(desk: Desk, path: str) -> int | None:
    """Return the size of a file or a Zarr store without reading it, None when there is none."""
    try:
        if path.endswith(ZARR) and desk.workspace.has_folder(path):
            with closing(desk.workspace.open_folder_beneath(path)) as folder:
                return _total(_parts(folder, 0.0)[0])
        about = desk.workspace.about(path)
    except PathRefused:
        return None
    return about.size_bytes if about else None


def _on_record(desk: Desk, run: Run) -> Iterator[Known]:
    runs = {one.id: one for one in desk.ledger.runs()}
    for verdict in desk.ledger.verdicts():
        other = runs.get(verdict.run)
        if other is None or other.id == run.id:
            continue
        same_work = (other.phase is run.phase and other.model == run.model) or _same_script(desk, other, run)
        same_inputs = same_work and _inputs(other) == _inputs(run)
        for file in verdict.artefacts:
            yield Known(other.id, *file, same_work=same_work, same_inputs=same_inputs)


def _same_script(desk: Desk, one: Run, other: Run) -> bool:
    """Whether two runs are of one script, where models and phases are but names to it: they may leave the same."""
    return desk.policy.judge.results == "written" and one.code_sha256 == other.code_sha256


def judged(desk: Desk, run: Run) -> tuple[Known, ...]:
    """Return the run's own files as the first verdict after its end saw them; later ones may have seen others."""
    for verdict in desk.ledger.verdicts(model=run.model):
        if verdict.run == run.id and verdict.word != Word.IN_PROGRESS:
            return tuple(Known(verdict.id, *file) for file in verdict.artefacts)
    return ()


def left_before(desk: Desk, run: Run, files: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return the files from before the start; none where an earlier attempt with the same inputs may have left them."""
    for other in desk.ledger.runs(model=run.model):
        same_work = other.first_seq < run.first_seq and other.phase is run.phase
        if same_work and _inputs(other) == _inputs(run):
            return frozenset()
    return frozenset(files)


def _inputs(run: Run) -> tuple[object, ...]:
    return run.code_sha256, run.args, run.features


def recorded(artefacts: Sequence[Artefact]) -> tuple[tuple[str, str, str, str], ...]:
    """Return what a verdict keeps of a run's files: (role, path, sha256, fingerprint of the draws).

    Never of the log, which all attempts share.
    """
    return tuple(
        (one.role, one.path, one.sha256, one.inside.fingerprint if isinstance(one.inside, TraceFacts) else "")
        for one in artefacts
        if one.role != "log" and one.size_bytes and one.sha256
    )


def sha256(desk: Desk, path: str) -> str | None:
    """Return the digest of a file, None when there is none that may be read, or none that is read in time."""
    try:
        with open(desk.workspace.open_beneath(path, os.O_RDONLY), "rb") as file:
            return sha256_within(file, _left_s(desk))
    except PathRefused:
        return None


def digest(desk: Desk, path: str, file: int) -> str | None:
    """Return the digest of an open file at a path, or of the folder of a Zarr store; None as `sha256` does."""
    if stat.S_ISDIR(os.fstat(file).st_mode):
        return folder_sha256(file, _left_s(desk))
    return sha256(desk, path)
