"""A workspace on a network mount: what another machine writes wakes a poll, though no event of the kernel tells of it.

The mount is a real one, SFTP through a pair of sockets: a network file system without a network.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.acts.poll.waker import Waker
from watchkeeper.server.storage.files import mounts

from ...limits import HANG_S, LONG_S
from ...runtime.keeper.helpers import until

SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")
pytestmark = pytest.mark.anyio


@pytest.fixture
def mounted(tmp_path: Path) -> Generator[tuple[Path, Path]]:
    """Give a folder, and where a client of a network file system has mounted it."""
    if not (shutil.which("sshfs") and SFTP_SERVER.exists() and Path("/dev/fuse").exists()):
        pytest.skip("needs sshfs, openssh-sftp-server and /dev/fuse")
    folder, place = tmp_path / "folder", tmp_path / "mount"
    folder.mkdir()
    place.mkdir()
    ours, theirs = socket.socketpair()
    server = subprocess.Popen([SFTP_SERVER], stdin=theirs.fileno(), stdout=theirs.fileno())
    client = subprocess.Popen(
        ["sshfs", "-f", "-o", "passive,cache_timeout=4", f":{folder}", str(place)],
        stdin=ours.fileno(), stdout=ours.fileno(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    ours.close()
    theirs.close()
    try:
        until(lambda: place.is_mount() or client.poll() is not None, "it is mounted, or cannot be")
        if not place.is_mount():
            pytest.skip(f"sshfs cannot mount here: {client.communicate()[1].strip()}")
        yield folder, place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)
        for process in (client, server):
            process.kill()
            process.communicate()


async def test_a_line_that_another_machine_writes_wakes_a_poll(mounted: tuple[Path, Path]) -> None:
    folder, place = mounted
    (folder / "log").write_text("begin\n")
    assert mounts.network(place / "log") == "fuse"
    assert mounts.network(folder) == ""
    assert (place / "log").stat().st_size == 6  # from now on the mount knows this size
    async with Waker([place / "log"], look_s=LONG_S) as waker:
        with (folder / "log").open("a") as log:
            log.write("more\n")
        with anyio.fail_after(HANG_S):
            assert await waker.wait(LONG_S)


async def test_a_file_that_appears_in_a_folder_wakes_too(mounted: tuple[Path, Path]) -> None:
    folder, place = mounted
    async with Waker([place], look_s=LONG_S) as waker:
        (folder / "exit.json").write_text("{}\n")
        with anyio.fail_after(HANG_S):
            assert await waker.wait(LONG_S)


def test_what_is_not_there_yet_lies_where_its_folder_does(tmp_path: Path) -> None:
    assert mounts.network(tmp_path / "a" / "b") == mounts.network(tmp_path)
