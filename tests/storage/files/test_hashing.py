"""The digest of a file is that of all of it, or there is none soon."""

from __future__ import annotations

import hashlib
import itertools
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from watchkeeper.server.storage.files import hashing
from watchkeeper.server.storage.files.hashing import sha256_within

from ...limits import HANG_S


def test_a_file_has_the_digest_of_all_that_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "TRIED_S", 0.0)  # asked after the first block whether the rest can be read in time
    monkeypatch.setattr(hashing, "TRIED_BYTES", 0)
    path = tmp_path / "data"
    path.write_bytes(b"0123456789abcdef" * (3 << 16))
    with path.open("rb") as file:
        assert sha256_within(file, HANG_S) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_hole_that_no_time_would_do_for_is_given_up_long_before_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "TRIED_S", 0.0)
    path = tmp_path / "hole"
    with path.open("wb") as hole:
        hole.truncate(1 << 42)
    begun = time.monotonic()
    with path.open("rb") as file:
        assert sha256_within(file, HANG_S) is None
    assert time.monotonic() - begun < HANG_S


def test_a_disk_that_stalls_at_first_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(16 << 20))
    times = itertools.chain([0.0], itertools.repeat(5.0))  # the first block took 5 s of the 10 that there are
    monkeypatch.setattr(hashing, "time", SimpleNamespace(monotonic=lambda: next(times)))
    monkeypatch.setattr(hashing, "TRIED_BYTES", 8 << 20)
    with path.open("rb") as file:
        assert sha256_within(file, 10.0) == hashlib.sha256(bytes(16 << 20)).hexdigest()


def test_time_that_is_over_before_anything_was_read_gives_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        assert sha256_within(file, -1.0) is None
