"""What the child may no longer do: set by itself, before it looks at the first byte.

Landlock (Linux 5.13, https://docs.kernel.org/userspace-api/landlock.html) needs no privilege and cannot be undone. The
folders of Python and of shared libraries stay readable, because libraries load parts of themselves late. Where the
kernel lacks it the readers still follow no link out of the artefact; it is the second wall, not the first.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import stat
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, the same on all architectures but alpha
_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights to files the versions know; 5 and later: 16
_MOST_OPEN_FILES = 64
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # as Python laid it out until 3.13 without a word; 3.14 wants it said
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def limit(memory_bytes: int, cpu_s: int, wall_s: float) -> None:
    """Set the limits of resources; SIGALRM ends the process even where its parent is gone."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_NOFILE, _MOST_OPEN_FILES)
    _set(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    if sys.platform == "linux":  # others may refuse it
        _set(resource.RLIMIT_AS, memory_bytes)
    for number in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(math.ceil(wall_s) + 2)


def forbid_new_processes() -> None:
    """Allow no further process or thread; has no effect for root."""
    _set(resource.RLIMIT_NPROC, 0)


def _set(what: int, soft: int, hard: int | None = None) -> None:
    # A lower hard limit than ours may be in force already.
    most = resource.getrlimit(what)[1]
    wanted = [soft, soft if hard is None else hard]
    allowed = wanted if most == resource.RLIM_INFINITY else [min(one, most) for one in wanted]
    resource.setrlimit(what, (allowed[0], allowed[1]))


def seal(artefact: int) -> bool:
    """Give up opening anything but the artefact, Python and libraries; return whether the kernel could do that."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    everything = _Ruleset((1 << _RIGHTS_BY_VERSION.get(version, 16)) - 1)
    rules = libc.syscall(_CREATE_RULESET, ctypes.byref(everything), ctypes.c_size_t(ctypes.sizeof(everything)), 0)
    if rules < 0:
        return False
    _allow(libc, rules, artefact)
    for path in sorted({sys.prefix, sys.base_prefix, *_SYSTEM_LIBRARIES, *filter(os.path.isdir, sys.path)}):
        with suppress(OSError):  # not there
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            _allow(libc, rules, opened)
            os.close(opened)
    sealed = libc.syscall(_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return sealed


def _allow(libc: ctypes.CDLL, rules: int, opened: int) -> None:
    folder = stat.S_ISDIR(os.fstat(opened).st_mode)
    rule = _Beneath(_READ_FILE | (_READ_DIR if folder else 0), opened)
    libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
