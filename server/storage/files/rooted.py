"""Opening, writing and appending beneath a folder's descriptor: what the workspace is built on. Knows no file names.

By openat2 where the kernel has it, else name by name; no link leads out either way.
"""

from __future__ import annotations

import ctypes
import errno
import os
import posixpath
import secrets
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

from ...vocabulary.errors import PathRefused
from ...vocabulary.sanitize import one_line

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
FOLDER = os.O_RDONLY | os.O_DIRECTORY
LOOK = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK)  # not every system has O_PATH
MOST_LINKS = 40  # as in the kernel
_OPENAT2, _RESOLVE_NO_MAGICLINKS, _RESOLVE_BENEATH = 437, 0x02, 0x08  # 437 everywhere but on alpha
# RESOLVE_BENEATH refuses every absolute link (EXDEV); the walk knows those that lead back inside.
WALK_INSTEAD = {errno.ENOSYS, errno.EPERM, errno.EXDEV, errno.EAGAIN}
NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR}
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}
OUTSIDE = ("leads out of the workspace", "Copy it into the workspace and use a path relative to its top folder")
NO_PATH = ("is no path of a file", "Use a path relative to the workspace")
NO_UTF_8 = ("is no UTF-8, and no record could name it", "Rename the folder")
STATE_LINK = ("is a link", "Remove it; watchkeeper keeps its state in a folder of its own")
MOVED = (
    "was moved, renamed or replaced since this server began",
    "Start the server anew with the workspace's new path; runs go on, nothing is lost",
)
RULES = {
    errno.EXDEV: OUTSIDE,
    errno.ELOOP: ("runs through too many links", "Name the file itself"),
    errno.ENXIO: ("is a FIFO, a socket or a device, not a plain file", "Name a plain file"),
    errno.EISDIR: ("is a folder, not a plain file", "Name a file in it"),
    errno.ENOTDIR: ("runs through something that is no folder", "Check the path"),
    errno.EACCES: ("may not be opened: permission denied", "Change its permissions"),
    errno.EPERM: ("may not be opened: operation not permitted", "Change its permissions"),
    errno.EEXIST: ("exists already", "Choose another name"),
    errno.ENAMETOOLONG: ("is too long for a path", "Use a shorter one"),
}


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_by_kernel(root: int, plain: str, flags: int, mode: int) -> int:
    """Open with openat2, which resolves the whole path beneath `root` in one step.

    :raises OSError: as open(2); ENOSYS where the kernel does not know it, EXDEV where the path leads out.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    mode = mode if flags & os.O_CREAT else 0
    how = _OpenHow(flags | os.O_CLOEXEC, mode, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    descriptor = _LIBC.syscall(ctypes.c_long(_OPENAT2), root, os.fsencode(plain), ctypes.byref(how), size)
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return descriptor


def walk(root: int, plain: str, flags: int, mode: int) -> int | str:
    """Open name by name, following no link; return the descriptor, or the path to go on with after the first link."""
    names = plain.split("/")
    folder = os.dup(root)
    try:
        for place, name in enumerate(names, 1):
            with suppress(OSError):  # EINVAL: no link; whatever else it is, opening will say
                target = os.readlink(name, dir_fd=folder)
                return posixpath.join(*names[: place - 1], target, *names[place:])
            last = place == len(names)
            opened = os.open(name, (flags if last else FOLDER) | os.O_NOFOLLOW, mode, dir_fd=folder)
            os.close(folder)
            folder = opened
        return os.dup(folder)
    finally:
        os.close(folder)


def put(folder: int, name: str, data: bytes, permissions: int, *, replace: bool) -> bool:
    """Write beside, sync, then give it its name: by rename, or by link, which never replaces."""
    temporary = f".watchkeeper-{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, permissions, dir_fd=folder)
    try:
        with closing(descriptor):
            append(descriptor, data)
        if replace:
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        return False
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        os.fsync(folder)
    return True


def append(file: int, data: bytes) -> int:
    """Write all of `data` at the end, durably, or nothing; return where it begins."""
    begin = os.fstat(file).st_size
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, begin)
        raise
    return begin


@contextmanager
def closing(descriptor: int) -> Generator[int]:
    """Close a descriptor at the end of a block."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def require_plain(path: str, found: os.stat_result) -> None:
    """Let a plain file pass.

    :raises PathRefused: for anything else, naming the rule.
    """
    mode = found.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISLNK(mode):
        raise refused(path, ("is a link, which is not replaced", "Name the file that it leads to"))
    raise refused(path, RULES[errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO])


def refused(path: str, rule: tuple[str, str]) -> PathRefused:
    """Return the error for a path that breaks a rule (what it is, what to do)."""
    what, do_next = rule
    return PathRefused(f"{one_line(path, 300) or 'An empty path'} {what}.", f"{do_next}.")


def encoded(text: str) -> bytes:
    """Return a text as UTF-8; lone surrogates, which an agent's JSON may hold, become ?."""
    return text.encode("utf-8", "replace")
