"""What is removed is removed whole, however deep; no link leads it elsewhere, and a log keeps its line numbers."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from watchkeeper.server.storage.files import blanking, removing
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import PathRefused

from ...limits import examples


def deep(folder: Path, levels: int) -> None:
    """Make folders in folders, one in each."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)


def test_a_tree_that_is_deeper_than_recursion_goes_is_removed(tmp_path: Path) -> None:
    files = Workspace(tmp_path)
    deep(tmp_path / "heavy", 1200)
    assert removing.size_bytes(files, "heavy") >= 0
    assert removing.remove(files, "heavy")
    assert list(tmp_path.iterdir()) == []
    assert not removing.remove(files, "heavy")
    assert not removing.remove(files, "nowhere/heavy")
    assert removing.size_bytes(files, "heavy") == 0


def test_no_link_leads_it_out_or_elsewhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "data", root / "heavy", outside):
        folder.mkdir(parents=True)
        (folder / "precious").write_text("kept")
    (root / "heavy/link").symlink_to(outside)
    (root / "through").symlink_to(root / "data")
    (root / "away").symlink_to(outside)
    files = Workspace(root)
    for path in ("through/precious", "away/precious"):
        with pytest.raises(PathRefused, match="runs through a link"):
            removing.remove(files, path)
    for path in ("heavy", "through", "away"):
        assert removing.remove(files, path)
    with pytest.raises(NotADirectoryError):
        removing.set_aside(files, "data/precious")
    assert (root / "data/precious").read_text() == (outside / "precious").read_text() == "kept"
    assert sorted(one.name for one in root.iterdir()) == ["data"]


def test_a_snapshot_goes_only_when_nobody_asked_for_it_since(tmp_path: Path) -> None:
    files = Workspace(tmp_path)
    digest = files.store_snapshot(b"x")
    path = files.snapshots_dir / digest
    os.utime(path, (1000.0, 1000.0))
    assert removing.unused_snapshot(files, digest, 1000.0) == 0
    assert files.store_snapshot(b"x") == digest
    assert removing.unused_snapshot(files, digest, 1001.0) == 0
    os.utime(path, (1000.0, 1000.0))
    assert removing.unused_snapshot(files, digest, 1001.0) > 0
    assert removing.unused_snapshot(files, digest, 1001.0) == 0
    assert not path.exists()


@given(
    lines=some.lists(some.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=60),
    ends=some.booleans(),
)
@settings(max_examples=examples(30))
def test_lines_behind_a_blanked_part_keep_their_number_and_their_place(lines: list[bytes], ends: bool) -> None:
    part = b"\n".join(lines) + b"x" * (blanking.LEAST_BYTES + 1000) + (b"\n" if ends else b"!")
    before, behind = b"head\n", b"\n=== next\nlast\n"
    log = os.memfd_create("log")
    try:
        os.write(log, before + part + behind)
        begin, end = len(before), len(before) + len(part)
        count = blanking.line_ends(log, begin, end)
        assert count is not None
        assert count == part[:-1].count(b"\n")
        assert blanking.blank(log, begin, end, count, "[note]")
        now = os.pread(log, end + 100, 0)
        assert len(now) == len(before + part + behind)
        assert (now[:begin], now[end - 1 :]) == (before, part[-1:] + behind)
        assert now.count(b"\n") == (before + part + behind).count(b"\n")
        assert now[begin:].startswith(b"[note]\0")
        assert os.fstat(log).st_blocks * 512 < blanking.LEAST_BYTES // 4
        assert not blanking.blank(log, begin, end, count, "[note]")
    finally:
        os.close(log)


def test_what_would_free_little_and_what_was_cut_is_left(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\n" * blanking.LEAST_BYTES)
    log = os.open(path, os.O_RDWR)
    assert blanking.line_ends(log, 0, blanking.LEAST_BYTES) is None, "line ends only"
    assert blanking.line_ends(log, 0, 4096) is None, "short"
    assert blanking.line_ends(log, 0, blanking.LEAST_BYTES * 2) is None, "the log was cut"
    os.close(log)


def test_a_file_system_without_holes_is_told_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(blanking, "punch_hole", refuses)
    path = tmp_path / "log"
    path.write_bytes(b"x" * 2 * blanking.LEAST_BYTES)
    log = os.open(path, os.O_RDWR)
    with pytest.raises(OSError, match="not supported"):
        blanking.blank(log, 0, 2 * blanking.LEAST_BYTES, 0, "[note]")
    assert path.read_bytes() == b"x" * 2 * blanking.LEAST_BYTES
    os.close(log)
