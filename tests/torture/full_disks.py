"""Disks are filled to the last bytes before and in the middle of acts, on four file systems; then room is made again.

    python -m tests.torture.full_disks --wanted 2000 --seed 1000 --results FILE     # from the project's root, as root

While the disk is full it is told where everything stands, other acts are done or refused in words. With room again all
that was acknowledged is there, and trainings that ended meanwhile have their true exit status. One round is one small
file system of its own, on a loop device (tmpfs: without).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..limits import HANG_S
from ..runtime.keeper.helpers import end_processes_of, until
from . import campaign, forked, warmed
from .day import Day

FILE_SYSTEMS: dict[str, tuple[int, list[str]]] = {
    "ext4": (32, ["mkfs.ext4", "-q"]),
    "xfs": (320, ["mkfs.xfs", "-q"]),
    "btrfs": (130, ["mkfs.btrfs", "-q", "-m", "single", "-d", "single"]),
    "tmpfs": (24, []),
}
"""Size in MiB, about the least that each takes, and what makes it."""
BROUGHT_BY = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs", "tmpfs": "the right to mount"}
FULL = 20
"""So often a disk is filled in one round."""
MOST_LEFT_BYTES = 128 << 10
"""What a disk that is not full to the last byte has left, so that it becomes full in the middle of what follows."""
LONGEST_PAUSE_S = 0.3
ANEW = 0.25
"""The share of acts for which a server is begun; the others are done by one that lives."""


def missing() -> list[str]:
    """Return what is not there for this: the right to mount, or file systems. Each is tried: a container has some."""
    if os.geteuid() != 0:
        return ["root, to mount"]
    return [f"{kind} (Debian: {brought})" for kind, brought in BROUGHT_BY.items() if not _mounts(kind)]


def _mounts(kind: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-torture-disk-") as folder:
        try:
            with mounted(Path(folder), kind) as disk:
                return disk.is_mount()
        except (OSError, subprocess.CalledProcessError):
            return False


@contextmanager
def mounted(folder: Path, kind: str) -> Generator[Path]:
    """Give a folder on a small file system of its own; nothing of it stays mounted."""
    size_mb, command = FILE_SYSTEMS[kind]
    image, disk = folder / "image", folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(disk)]
    if command:
        with image.open("wb") as file:
            file.truncate(size_mb << 20)
        subprocess.run([*command, str(image)], check=True, capture_output=True)
        mount = ["mount", "-o", "loop", str(image), str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
        yield disk
    finally:
        end_processes_of(folder)
        try:
            until(lambda: not disk.is_mount() or _let_go(disk), "it is let go")
        finally:
            if disk.is_mount():
                subprocess.run(["umount", "--lazy", str(disk)], check=True, capture_output=True)
            image.unlink(missing_ok=True)


def _let_go(disk: Path) -> bool:
    return subprocess.run(["umount", str(disk)], check=False, capture_output=True).returncode == 0


def fill(disk: Path, left_bytes: int) -> None:
    """Take all room of a disk but so many bytes; without any left, the places for names too."""
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        for size in (1 << 26, 1 << 22, 1 << 18, 1 << 14, 1 << 12):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
        if left_bytes:
            file.truncate(max(0, os.fstat(file.fileno()).st_size - left_bytes))
            return
        with suppress(OSError):
            while True:
                file.write(bytes(4096))
    with suppress(OSError):
        for number in range(200):
            (disk / f"name-{number}").write_bytes(b"x")


def make_room(disk: Path) -> None:
    """Undo `fill`."""
    for one in disk.iterdir():
        if one.name == "filler" or one.name.startswith("name-"):
            one.unlink()
    subprocess.run(["sync", "-f", str(disk)], check=True)


class Servers:
    """The servers of one day, one a role. Most live on from act to act, as a client's does; some are begun for one."""

    def __init__(self, day: Day, draw: random.Random) -> None:
        self._day, self._draw = day, draw
        self._living: dict[str, forked.Forked] = {}

    def of(self, role: str) -> forked.Forked:
        if self._draw.random() < ANEW:
            self.end(role)
        if role not in self._living:
            self._living[role] = self._day.server(role)
        return self._living[role]

    def end(self, *roles: str) -> None:
        """Kill the servers of these roles, or all."""
        for role in roles or tuple(self._living):
            if server := self._living.pop(role, None):
                server.kill()


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    kind = draw.choice(list(FILE_SYSTEMS))
    with mounted(folder, kind) as disk:
        day = Day(folder, disk / "workspace", draw)
        servers = Servers(day, draw)
        try:
            _played(day, servers, disk, draw, found, kind)
        finally:
            servers.end()
        if not found.violations:
            day.end()
            found.violations += day.known.violations() + day.known.untrue()


def _played(day: Day, servers: Servers, disk: Path, draw: random.Random, found: campaign.Round, kind: str) -> None:
    # Without a ledger yet a server that cannot make one says so and ends.
    _answered(day, servers, "trainer", "start_training", {"model": "slow", "phase": "quick"}, found)
    for _ in range(FULL):
        act(day, servers, disk, draw, found)
        found.faults[kind] += 1
        found.violations += day.known.violations()
        if found.violations:
            return


def act(day: Day, servers: Servers, disk: Path, draw: random.Random, found: campaign.Round) -> None:
    """Do some acts, the disk becoming full before or in the middle of them; then make room."""
    for _ in range(draw.randint(0, 1)):
        _answered(day, servers, *day.drawn(), found)
    left = 0 if draw.random() < 0.4 else draw.randrange(MOST_LEFT_BYTES)
    drawn = [day.drawn() for _ in range(draw.randint(1, 3))]  # the one who draws needs room
    if draw.random() < 0.5:
        fill(disk, left)
        for one in drawn:
            _answered(day, servers, *one, found, full=True)
    else:
        role, tool, arguments = drawn[0]
        server = servers.of(role)
        server.ask(tool, arguments)
        day.known.asked(tool, arguments)
        time.sleep(draw.random() * LONGEST_PAUSE_S)
        fill(disk, left)
        taken(day, server, tool, arguments, found, full=True)
        _answered(day, servers, "observer", "poll_training", {"wait_s": 0}, found, full=True)
    make_room(disk)


def _answered(
    day: Day, servers: Servers, role: str, tool: str, arguments: dict[str, Any], found: campaign.Round, *,
    full: bool = False,
) -> None:  # fmt: skip
    server = servers.of(role)
    server.ask(tool, arguments)
    day.known.asked(tool, arguments)
    taken(day, server, tool, arguments, found, full=full)


def taken(
    day: Day, server: forked.Forked, tool: str, arguments: dict[str, Any], found: campaign.Round, *, full: bool
) -> None:
    """Take the answer to a call.

    :raises AssertionError: there is none, or a look at everything was refused while the disk was full.
    """
    begun = time.monotonic()
    answer = server.answer(HANG_S)
    assert answer is not None, f"{tool} {arguments}: no answer: {day.said()}"
    if tool == "poll_training":
        found.slowest_s = max(found.slowest_s, time.monotonic() - begun)
        # One run whose directory found no room is told so in words; where everything stands is told all the same.
        refused = answer.get("isError") and "run" not in arguments
        assert not (full and refused), f"a poll was refused on a full disk: {answer['content']}"
    day.known.take(tool, arguments, answer)


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    if lacks := missing():
        raise SystemExit(f"not here: {', '.join(lacks)}")
    warmed.load()
    return campaign.run(play, arguments, __doc__ or "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
