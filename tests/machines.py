"""Another machine, out of namespaces: processes, host name, boot id and mounts of its own, and the same folders.

Root may make one where the kernel lets it; elsewhere such tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import pytest

from .limits import HANG_S
from .runtime.keeper.helpers import until

_UP = """
hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id && echo up && exec sleep infinity
"""
_UNSHARE = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--mount-proc")


class Machine:
    """A machine that runs.

    :ivar name: its host name.
    :ivar pid: of its first process, as the first machine sees it.
    """

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self.pid = pid

    def command(self, words: Sequence[str | Path]) -> list[str]:
        """Return the command that does something there."""
        inside = ("nsenter", "--target", str(self.pid), "--pid", "--mount", "--uts", "--")
        return [*inside, *map(str, words)]

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Do something there; returns once it is done."""
        return subprocess.run(self.command(words), capture_output=True, text=True, timeout=HANG_S, check=False)

    def watchkeeper(self, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the command line there, in a workspace."""
        return self.run(sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", root, *words)

    def power_cut(self) -> None:
        """End everything there, by SIGKILL to its first process; that one is gone only when all others are."""
        first = psutil.Process(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE, "all processes there are gone")


@cache
def why_not() -> str:
    """Return why there can be no other machine here; empty where there can."""
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("nsenter")):
        return "another machine needs root, unshare and nsenter"
    tried = subprocess.run(
        [*_UNSHARE, "sh", "-c", "hostname x && mount --bind /etc/hostname /proc/sys/kernel/random/boot_id"],
        capture_output=True, check=False, timeout=HANG_S,
    )  # fmt: skip
    return "" if tried.returncode == 0 else "this kernel lets root make no other machine out of namespaces"


@contextmanager
def machine(name: str, folder: Path) -> Generator[Machine]:
    """Bring up another machine and end it afterwards.

    :param folder: where the file with its boot id may lie.
    """
    if reason := why_not():
        pytest.skip(reason)
    boot_id = folder / f"boot-id-of-{name}"
    boot_id.write_text(f"{os.urandom(4).hex()}-0000-4000-8000-{os.urandom(6).hex()}\n")
    begun = subprocess.Popen([*_UNSHARE, "sh", "-c", _UP, "sh", name, str(boot_id)], stdout=subprocess.PIPE, text=True)
    try:
        assert begun.stdout is not None
        assert begun.stdout.readline() == "up\n"
        (first,) = Path(f"/proc/{begun.pid}/task/{begun.pid}/children").read_text().split()
        yield Machine(name, int(first))
    finally:
        begun.kill()
        begun.communicate(timeout=HANG_S)
