"""A name is now a file, now a link out, now nothing, without pause: nothing outside is ever opened."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from watchkeeper.server.storage.files import removing
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import WatchkeeperError

from . import shim

LOOKS = max(3000, shim.TRIES * 100)
SECRET = b"from outside\n"


@pytest.fixture
def racing(tmp_path: Path) -> Iterator[Path]:
    """Give a workspace in which `x`, and the folder `f` above `x`, are never what they were a moment ago."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "f", outside):
        folder.mkdir(parents=True)
    (outside / "x").write_bytes(SECRET)
    over = threading.Event()

    def turn() -> None:
        spare = tmp_path / "spare"
        spare.mkdir()
        while not over.is_set():
            for target in (None, outside / "x", "../outside/x", "x"):
                draft = spare / "draft"
                with suppress(OSError):
                    if target is None:
                        draft.write_bytes(b"inside\n")
                    else:
                        draft.symlink_to(target)
                    os.replace(draft, root / "x")
            with suppress(OSError):
                os.rename(root / "f", spare / "f")
                os.symlink(outside, root / "f")
                os.unlink(root / "f")
                os.rename(spare / "f", root / "f")

    thread = threading.Thread(target=turn)
    thread.start()
    yield root
    over.set()
    thread.join()


def test_nothing_outside_is_read_written_or_removed_whatever_a_name_becomes(racing: Path) -> None:
    files, seen = Workspace(racing), set[bytes]()
    for number in range(LOOKS):
        with suppress(WatchkeeperError, OSError):
            seen.add(files.read_bytes("f/x" if number % 2 else "x", 100))
        if number % 50 == 0:
            with suppress(WatchkeeperError, OSError):
                files.append_durably("f/x", "")
            with suppress(WatchkeeperError, OSError):
                removing.remove(files, "f/x")
            with suppress(WatchkeeperError, OSError):
                files.write_text_atomically("f/x", "inside\n")
    assert seen
    assert seen <= {b"inside\n", b""}
    outside = racing.parent / "outside"
    assert [one.name for one in outside.iterdir()] == ["x"]
    assert (outside / "x").read_bytes() == SECRET
