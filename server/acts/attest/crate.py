"""The folder of a Process Run Crate: what the run left, what it was made from as it was kept, and the envelope."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...documents.attestation import FOLDER, SHA256, Facts, Output
from ...documents.run_crate import ENVELOPE_TYPE, METADATA, Part, Ran, metadata
from ...storage.files.rooted import closing
from ...vocabulary.errors import Refused
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..start import provenance
from ..watch import artefact_files

_KEPT = ("script", "module", "design")
"""Inputs of which the record holds a snapshot."""
_BLOCK_BYTES = 1 << 20
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(desk: Desk, folder: Path, facts: Facts, outputs: list[Output], envelope: tuple[str, bytes]) -> None:
    """Fill an empty folder.

    :param envelope: its name and its bytes.
    :raises Refused: an output changed since it was hashed, or its place in the crate is taken.
    """
    parts = [*_outputs(desk, folder, outputs), *_inputs(desk, folder, facts.inputs)]
    name, data = envelope
    (folder / name).write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    about = Part(path=name, role="envelope", here=True, sha256=sha256, size_bytes=len(data), media_type=ENVELOPE_TYPE)
    (folder / METADATA).write_bytes(metadata(_ran(facts), [*parts, about]))


def _ran(facts: Facts) -> Ran:
    run, verdict = facts.run, facts.verdict
    failed = "" if run["state"] == "completed" else f"{run['state']}, exit status {run['exitStatus']}"
    return Ran(
        run=run["id"],
        model=run["model"],
        phase=run["phase"],
        command=" ".join(facts.command["argv"]),
        started_at=run["startedAt"] or "",
        ended_at=run["endedAt"] or "",
        published_at=facts.attested_at,
        error=failed,
        verdict=f"{verdict['word']} ({verdict['code']})",
        watchkeeper=facts.watchkeeper["version"],
    )


def _outputs(desk: Desk, folder: Path, outputs: list[Output]) -> Iterator[Part]:
    for one in outputs:
        target = _place(folder, one.name)
        if one.algorithm == FOLDER:
            _copy_folder(desk, one, target)
            yield Part(path=one.name, role="output", here=True, folder=True)
        else:
            size = _copy(desk, one.name, target, one.digest)
            yield Part(path=one.name, role="output", here=True, sha256=one.digest, size_bytes=size)


def _inputs(desk: Desk, folder: Path, inputs: Any) -> Iterator[Part]:  # noqa: ANN401 (JSON objects)
    """Yield the inputs: sources and design from their snapshots, all else by name and digest."""
    told: set[tuple[str, str]] = set()
    for one in inputs:
        role, path, sha256 = one["role"], one["name"], one["digest"][SHA256]
        if (path, sha256) in told:
            continue
        told.add((path, sha256))
        data = provenance.snapshot(desk, sha256) if role in _KEPT else None
        if data is None or os.path.lexists(folder / path):
            yield Part(path=path, role=role, here=False, sha256=sha256)
            continue
        _place(folder, path).write_bytes(data)
        yield Part(path=path, role=role, here=True, sha256=sha256, size_bytes=len(data))


def _place(folder: Path, name: str) -> Path:
    """Return where a file goes, with the folders above it; names are canonical paths of the workspace."""
    target = folder / name
    if name == METADATA or os.path.lexists(target) or ".." in name.split("/") or name.startswith("/"):
        raise Refused(f"{one_line(name, 200)} has no place in a crate.", "Give the run's file another name in [names].")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _copy(desk: Desk, path: str, target: Path, sha256: str) -> int:
    """Copy a file and return its size; what was copied is what was signed."""
    digest, size = hashlib.sha256(), 0
    with open(desk.workspace.open_beneath(path, os.O_RDONLY), "rb") as file, target.open("xb") as copy:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += copy.write(block)
    if digest.hexdigest() != sha256:
        raise _changed(path)
    return size


def _copy_folder(desk: Desk, one: Output, target: Path) -> None:
    source = desk.workspace.root / desk.workspace.relative(one.name)
    shutil.copytree(source, target, symlinks=True)
    _drop_links(target)
    with closing(os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)) as copied:
        if artefact_files.folder_sha256(copied, desk.policy.compute.read_s) != one.digest:
            raise _changed(one.name)


def _drop_links(folder: Path) -> None:
    """Remove the links of a copy: its digest is that of the plain files, and a link may lead out of the workspace."""
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if os.path.islink(path := os.path.join(above, name)):
                os.unlink(path)


def _changed(path: str) -> Refused:
    what = f"{one_line(path, 200)} changed while it was copied: nothing was signed for it."
    return Refused(what, "Wait until nothing writes to it, then attest again.")


def zipped(folder: Path, target: Path) -> None:
    """Write a folder as a zip file, the metadata first, the rest by name."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
        every = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
        for path in sorted(every, key=lambda one: one != folder / METADATA):
            about = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_EPOCH)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with path.open("rb") as file, archive.open(about, "w", force_zip64=True) as inside:
                shutil.copyfileobj(file, inside, _BLOCK_BYTES)
