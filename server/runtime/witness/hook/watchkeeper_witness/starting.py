"""Begins and ends the record of this process."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from . import audit, files, finder, importing, more, own_script, places, replaced, trouble
from . import clock as time
from .state import Here, here, ours, state
from .writer import FORMAT, Writer

_folder = _nonce = ""
_ended = [False]


def start(environment: Mapping[str, str]) -> None:
    """Begin, as the environment of the run says; does nothing where it names no folder."""
    global _folder, _nonce  # noqa: PLW0603 (one record a process)
    finder.PROBE = environment.get("WATCHKEEPER_PROBE") == "pymc"
    _folder = environment.get("WATCHKEEPER_WITNESS", "")
    _nonce = environment.get("WATCHKEEPER_WITNESS_NONCE", "")
    begun = time.thread_time()
    with contextlib.suppress(Exception):
        own_script.watch(environment)
    if _folder:
        try:
            _begin(environment)
        except OSError:
            state.writer = None
    finder.install()
    state.wrapping_s, state.own_s = time.thread_time() - begun, 0.0


def _begin(environment: Mapping[str, str]) -> None:
    places.begin(environment.get("WATCHKEEPER_WORKSPACE", ""))
    state.writer = Writer(_folder, _nonce)
    words = command_line()
    facts = {
        "format": FORMAT,
        "role": role(words),
        "ppid": os.getppid(),
        "start_ticks": state.writer.start_ticks,
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "argv": [each[:300] for each in words[:40]],
        "cwd": places.inside(os.getcwd()),
        "run": os.path.basename(environment.get("WATCHKEEPER_RUN", "")),
        "parent": "",
    }
    state.writer.tell("begin", "", facts)
    more.begin()
    audit.before_exec = lambda: end("exec")
    audit.install()
    atexit.register(_quiet(end, "exit"))
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)
    os._exit = _exiting(os._exit)


def command_line() -> list[str]:
    """Return the command of this process; `sys.argv` is not there yet."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return [each.decode("utf-8", "replace") for each in file.read().rstrip(b"\0").split(b"\0")]
    except OSError:
        return list(getattr(sys, "orig_argv", []))


def role(words: list[str]) -> str:
    """Return what kind of process a command is."""
    line = " ".join(words)
    if "joblib.externals.loky" in line:
        return "joblib"
    if "multiprocessing" in line and ("spawn" in line or "forkserver" in line or "resource_tracker" in line):
        return "spawn"
    if "ipykernel" in line or "colab_kernel" in line:
        return "kernel"
    return "main" if os.getsid(0) == os.getpid() else "program"


def end(by: str) -> None:
    """Tell the last counts and the end; once."""
    if state.writer is None or _ended[0]:
        return
    try:
        with ours():
            finder.finish()
            state.ending = by != "exec"
            more.tell_due(force=True)
            replaced.look("end")
            _ended[0] = by != "exec"
            writer = state.writer
            if writer.lost:
                writer.tell("limit", "", {"what": "lines", "lost": dict(writer.lost)})
            facts = {
                "by": by,
                "lines": writer.n,
                "own_s": round(state.own_s, 3),
                "wrapping_s": round(state.wrapping_s, 3),
                "importing_s": importing.taken_s(),
                "counts": dict(writer.counts),
            }
            writer.tell("end", "", {**facts, "trouble": trouble.total()})
            if by == "exit":
                # What the libraries tear down from here on is nobody's training, and must find nothing of ours.
                state.writer = None
                state.cumulative.clear()
                state.losses.clear()
    except Exception as error:
        trouble.trouble("end", error)


def _quiet(what: Any, by: str) -> Any:
    """Return what calls a function and keeps its errors; it needs none of the module's names, which may be gone."""

    def call() -> None:
        try:
            what(by)
        except Exception:
            return

    return call


def _exiting(leave: Any) -> Any:
    """Return `os._exit` with the end told before it."""
    tell = _quiet(end, "_exit")

    def _exit(status: int) -> Any:
        tell()
        return leave(status)

    return _exit


def _after_fork() -> None:
    """Give a forked child a record of its own, which names its parent's."""
    try:
        parent = state.writer
        here.__dict__.update(Here().__dict__)
        state.writer = None
        state.open_calls, state.cumulative, state.losses = [], {}, {}
        state.stepped, state.ending = 0, False
        state.own_s, state.wrapping_s, state.began = 0.0, 0.0, time.perf_counter()
        trouble.forget()
        files.forget()
        state.numbers.clear()
        _ended[0] = False
        if parent is None:
            return
        state.writer = Writer(parent.folder, parent.nonce)
        facts = {"format": FORMAT, "role": "fork", "ppid": os.getppid(), "parent": parent.file}
        state.writer.tell("begin", "", {**facts, "start_ticks": state.writer.start_ticks})
        more.begin()
    except Exception:
        state.writer = None
