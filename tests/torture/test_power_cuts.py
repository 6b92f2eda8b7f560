"""Power is cut at any moment: what was acknowledged is there, the record is whole; without syncs it is not."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from . import shim
from .disk import Change, Disk, cuts, laid_out, recorded

ROUNDS = 4
CUTS = max(60, shim.TRIES * 5)


def violations(tmp_path: Path, changes: list[Change], count: int, seed: int) -> list[str]:
    found: list[str] = []
    for number, files in enumerate(cuts(changes, random.Random(seed), count)):
        folder = tmp_path / f"after-{number}"
        laid_out(files, folder)
        if wrong := shim.kept(folder):
            found.append(f"cut {number} of seed {seed}: {wrong}")
        shutil.rmtree(folder)
    return found


def changes_of(tmp_path: Path, *words: str) -> list[Change]:
    library = shim.library(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    done, told = shim.worked(library, root, ROUNDS, {"WK_RECORD": str(tmp_path / "record")}, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(told) == 3 * ROUNDS
    return recorded((tmp_path / "record").read_bytes())


def test_what_was_acknowledged_before_a_power_cut_is_there_after_it(tmp_path: Path) -> None:
    changes = _with_told_synced(changes_of(tmp_path))
    assert violations(tmp_path, changes, CUTS, shim.SEED) == []


def test_without_syncs_the_same_cuts_lose_what_was_acknowledged(tmp_path: Path) -> None:
    changes = _with_told_synced(changes_of(tmp_path, "weaker"))
    assert violations(tmp_path, changes, 60, shim.SEED) != []


def _with_told_synced(changes: list[Change]) -> list[Change]:
    """Let what the process was told outlast every cut: the client has it, on another machine."""
    found: list[Change] = []
    for one in changes:
        found.append(one)
        if one.path == "told" and one.op == "write":
            found.append(Change("fsync", "told"))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_disk_keeps_what_was_synced_and_a_prefix_of_the_rest(seed: int) -> None:
    disk, draw = Disk(), random.Random(seed)
    for one in (
        Change("create", "a"), Change("write", "a", 0, b"x" * 600), Change("fsync", "a"), Change("fsync", ""),
        Change("write", "a", 600, b"y" * 600), Change("create", "b"), Change("write", "b", 0, b"z"),
    ):  # fmt: skip
        disk.take(one)
    seen = [disk.after_a_cut(draw) for _ in range(200)]
    assert {len(one["a"]) for one in seen} == {600, 600 + 512, 1200}
    assert {one.get("b") for one in seen} == {None, b"", b"z"}
    disk.take(Change("rename", "c", old="b"))
    disk.take(Change("fsync", ""))
    assert set(disk.after_a_cut(draw)) == {"a", "c"}
