"""Files are written whole or not at all, also by many at once and on a full disk."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import PathRefused

from ...limits import HANG_S
from ...runtime.keeper.helpers import until


def test_an_atomic_write_replaces_the_whole_text_keeps_permissions_and_leaves_nothing_beside(
    workspace: Workspace,
) -> None:
    workspace.write_text_atomically("d/summary.json", "a longer first text")
    (workspace.root / "d" / "summary.json").chmod(0o640)
    workspace.write_text_atomically("d/summary.json", "é\ud800")
    assert (workspace.root / "d" / "summary.json").read_text() == "é?"
    assert stat.S_IMODE((workspace.root / "d" / "summary.json").stat().st_mode) == 0o640
    assert workspace.list_dir("d") == ["summary.json"]


def test_an_atomic_write_never_goes_through_a_link(workspace: Workspace) -> None:
    (workspace.root / "f").symlink_to("../secret")
    with pytest.raises(PathRefused, match="is a link"):
        workspace.write_text_atomically("f", "x")
    assert (workspace.root.parent / "secret").read_text() == "outside"
    assert (workspace.root / "f").is_symlink()


def test_readers_of_an_atomically_written_file_see_one_text_or_the_other(workspace: Workspace) -> None:
    texts = {letter * 50_000 for letter in "ab"}
    workspace.write_text_atomically("f", "a" * 50_000)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for text in texts:
                workspace.write_text_atomically("f", text)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        seen = {workspace.read_bytes("f", 100_000).decode() for _ in range(200)}
    finally:
        stop.set()
        for writer in writers:
            writer.join(HANG_S)
    assert seen <= texts
    assert workspace.list_dir() == ["f"]


def test_of_many_who_create_a_name_exactly_one_does_and_its_content_is_whole(workspace: Workspace) -> None:
    barrier = threading.Barrier(8)
    won: list[str] = []

    def create(text: str) -> None:
        barrier.wait(HANG_S)
        if workspace.create_exclusive("once", text):
            won.append(text)

    threads = [threading.Thread(target=create, args=(str(n) * 10_000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
    assert [(workspace.root / "once").read_text()] == won
    assert workspace.list_dir() == ["once"]


def test_create_exclusive_takes_any_existing_name_for_taken_a_dangling_link_too(workspace: Workspace) -> None:
    (workspace.root / "link").symlink_to("../planted")
    assert not workspace.create_exclusive("link", "x")
    assert not (workspace.root.parent / "planted").exists()


APPENDER = """
import sys
from pathlib import Path
from watchkeeper.server.storage.files.workspace import Workspace
workspace, mark = Workspace(Path(sys.argv[1])), sys.argv[2]
for n in range(40):
    entry = f"[{mark}{n}]" + mark * 5000 + "\\n"
    offset = workspace.append_durably("docs/diary.md", entry)
    with open(sys.argv[1] + "/docs/diary.md", "rb") as file:
        file.seek(offset)
        assert file.read(len(entry)).decode() == entry
"""


def test_two_processes_that_append_at_once_never_interleave(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", APPENDER, str(tmp_path), mark]) for mark in "ab"]
    assert [writer.wait(HANG_S) for writer in writers] == [0, 0]
    lines = (tmp_path / "docs" / "diary.md").read_text().splitlines()
    expected = {f"[{mark}{n}]" + mark * 5000 for mark in "ab" for n in range(40)}
    assert len(lines) == 80
    assert set(lines) == expected


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from watchkeeper.server.vocabulary.errors import StorageFailed
from watchkeeper.server.storage.files.workspace import Workspace
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
workspace = Workspace(Path(sys.argv[1]))
for act in (workspace.append_durably, workspace.write_text_atomically):
    try:
        act("f", "x" * 2000)
    except StorageFailed as error:
        assert error.do_next
    else:
        raise SystemExit("it was written")
try:
    workspace.create_exclusive("new", "x" * 2000)
except StorageFailed:
    pass
"""


def test_what_the_disk_refuses_half_way_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("before\n")
    subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], check=True, timeout=HANG_S)
    assert (tmp_path / "f").read_text() == "before\n"
    assert os.listdir(tmp_path) == ["f"]


def test_an_append_to_a_file_that_is_replaced_while_it_waits_lands_in_the_new_one(workspace: Workspace) -> None:
    workspace.append_durably("f", "old\n")
    with (workspace.root / "f").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        appender = threading.Thread(target=workspace.append_durably, args=("f", "appended\n"))
        appender.start()
        until(lambda: _waited_for(workspace.root / "f"), "it waits for the lock")
        workspace.write_text_atomically("f", "new\n")
    appender.join(HANG_S)
    assert (workspace.root / "f").read_text() == "new\nappended\n"


def _waited_for(locked: Path) -> bool:
    """Whether a process waits for a lock on this file (proc(5), /proc/locks)."""
    inode = f":{locked.stat().st_ino} "
    return any("->" in line and inode in line for line in Path("/proc/locks").read_text().splitlines())


# Names
