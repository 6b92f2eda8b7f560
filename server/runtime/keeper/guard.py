"""Keeps a training from writing below `.watchkeeper/`, but for what is its own there.

The child gets a mount namespace of its own in which that folder is read-only, and its own folders in it are not.
Landlock, which the confined readers use, cannot do this: its rules only allow, and what they allow for the workspace,
in which every training makes files, they allow for all folders in it (docs/decisions/0012-guard-by-mount-namespace.md).

A user namespace makes it possible without privilege, and keeps the training from undoing it and from going round it
through /proc/PID/root of a process outside. Where a kernel or a container does not let us, nothing is guarded, and the
start says so.

A run that is played again in a copy of its workspace sees that copy in the workspace's place: the same way, by mounts.
That one is never started without them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

ON, OFF, UNAVAILABLE = "on", "off", "unavailable"

_NEWNS, _NEWUSER = 0x20000, 0x10000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _SLAVE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 19
_NOATIME, _NODIRATIME, _RELATIME = 1024, 2048, 1 << 21
_ALL = 4294967295
_READY, _MAPPED = b"?", b"!"
Mounts = Sequence[tuple[str, str, bool]]


def tried(folder: str | None, writable: Sequence[str], mounts: Mounts = ()) -> tuple[Guard, str]:
    """Return a guard for the next child, and what came of trying it on a process that does nothing else.

    A process that gave up its users and got no others back could not run a training any more, so it is tried first.
    """
    if folder is None and not mounts:
        return Guard(None, ()), OFF
    trial = Guard(folder, writable, mounts)
    pid = os.fork()
    if pid == 0:
        try:
            trial.enter()
        finally:
            os._exit(0)
    word = trial.settle(pid)
    os.waitpid(pid, 0)
    return (Guard(folder, writable, mounts), word) if word == ON else (Guard(None, ()), word)


class Guard:
    """The two ends of the talk between a keeper and its child about the guard. Made before the fork.

    :param folder: what is not to be written to; None for no guard.
    :param writable: folders and files in it that are the training's own; they must exist.
    :param mounts: what stands in the place of what before that: (source, target, whether read-only).
    """

    def __init__(self, folder: str | None, writable: Sequence[str], mounts: Mounts = ()) -> None:
        self._folder = folder
        self._mounts = list(mounts)
        self._writable = list(writable)
        self._to_keeper = os.pipe()
        self._to_child = os.pipe()

    def settle(self, pid: int) -> str:
        """Be the keeper: help the child, and return whether it is guarded: `on`, `off`, or `unavailable: why`."""
        os.close(self._to_keeper[1])
        os.close(self._to_child[0])
        try:
            word = os.read(self._to_keeper[0], 300)
            if word == _READY:
                os.write(self._to_child[1], _MAPPED if _map(pid) else b"-")
                word = os.read(self._to_keeper[0], 300)
            return word.decode("utf-8", "replace") or UNAVAILABLE
        except OSError as error:
            return f"{UNAVAILABLE}: {error}"
        finally:
            os.close(self._to_keeper[0])
            os.close(self._to_child[1])

    def enter(self) -> None:
        """Be the child: go behind the guard, and say how that went."""
        os.close(self._to_keeper[0])
        os.close(self._to_child[1])
        try:
            word = OFF if self._folder is None and not self._mounts else self._entered()
        except (OSError, ValueError, ImportError, AttributeError) as error:
            word = f"{UNAVAILABLE}: {error}"
        try:  # noqa: SIM105 # contextlib would stay in the keeper's memory
            os.write(self._to_keeper[1], word.encode("utf-8", "replace")[:300])
        except OSError:
            pass  # the keeper is gone; the gate says so
        os.close(self._to_keeper[1])
        os.close(self._to_child[0])

    def _entered(self) -> str:
        system = _System()
        if os.geteuid() == 0:
            # Mounts are made before the user namespace: inside of it they are locked.
            system.unshare(_NEWNS)
            self._mount(system)
            system.unshare(_NEWUSER | _NEWNS)
            self._ask_for_mapping()
        else:
            system.unshare(_NEWUSER | _NEWNS)
            self._ask_for_mapping()
            self._mount(system)
        return ON

    def _ask_for_mapping(self) -> None:
        os.write(self._to_keeper[1], _READY)
        if os.read(self._to_child[0], 1) != _MAPPED:
            raise OSError(0, "users could not be mapped")

    def _mount(self, system: _System) -> None:
        system.mount(None, "/", _REC | _SLAVE)
        for source, target, read_only in self._mounts:
            system.mount(source, target, _BIND | _REC)
            if read_only:
                system.mount(None, target, _REMOUNT | _BIND | _RDONLY | _locked_flags(target))
        if self._folder is None:
            return
        folder = self._folder
        system.mount(folder, folder, _BIND | _REC)
        for path in self._writable:
            system.mount(path, path, _BIND | _REC)
        system.mount(None, folder, _REMOUNT | _BIND | _RDONLY | _locked_flags(folder))


class _System:
    """The system calls that Python does not offer. Only the child loads what they need."""

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415 # stays out of the keeper's memory

        self._ctypes = ctypes
        self._libc = ctypes.CDLL(None, use_errno=True)

    def unshare(self, flags: int) -> None:
        if self._libc.unshare(flags) != 0:
            raise OSError(self._ctypes.get_errno(), "unshare")

    def mount(self, source: str | None, target: str, flags: int) -> None:
        given = None if source is None else os.fsencode(source)
        if self._libc.mount(given, os.fsencode(target), None, self._ctypes.c_ulong(flags), None) != 0:
            raise OSError(self._ctypes.get_errno(), f"mount {target}")


def _locked_flags(folder: str) -> int:
    """Return the mount's own flags: without privilege they may not be taken away by a remount."""
    flags = os.statvfs(folder).f_flag
    pairs = (
        (os.ST_NOSUID, _NOSUID), (os.ST_NODEV, _NODEV), (os.ST_NOEXEC, _NOEXEC), (os.ST_NOATIME, _NOATIME),
        (os.ST_NODIRATIME, _NODIRATIME), (os.ST_RELATIME, _RELATIME),
    )  # fmt: skip
    return sum(ours for theirs, ours in pairs if flags & theirs)


def _map(pid: int) -> bool:
    """Give the users and groups of the child's namespace their names outside: their own."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        wanted = (("uid_map", f"0 0 {_ALL}"), ("gid_map", f"0 0 {_ALL}"))
    else:
        wanted = (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"))
    try:
        for name, text in wanted:
            descriptor = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
    except OSError:
        return False
    return True
