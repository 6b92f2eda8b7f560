"""Which file the chains are drawn from: a store in a folder is another one as soon as anything in it is."""

from __future__ import annotations

import os
from pathlib import Path

from watchkeeper.server.acts.watch.artefact_files import size_and_time


def test_a_store_of_the_same_size_whose_part_was_written_again_is_not_the_same(tmp_path: Path) -> None:
    part = tmp_path / "posterior/mu/c/0"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"12345678")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        before = size_and_time(folder)
        about = tmp_path.stat()
        part.write_bytes(b"87654321")
        os.utime(part, (about.st_mtime + 60, about.st_mtime + 60))
        assert tmp_path.stat().st_mtime_ns == about.st_mtime_ns
        assert size_and_time(folder) == (8, about.st_mtime + 60)
        assert before[0] == 8
        assert before[1] < about.st_mtime + 60
    finally:
        os.close(folder)
