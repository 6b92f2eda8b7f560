"""The training's own process: forked, held at a gate until its start is on disk, then let go.

The child is the only one who writes `never_started` once it exists, whether its keeper was killed before the gate
opened or the command cannot be executed: so that record needs no keeper that is still there.
"""

from __future__ import annotations

import os
import signal
import time

from . import bounds, digests, ending, exit_record, oom
from .guard import Guard
from .spec import Spec

GO = b"go"
NO_STATUS = 127
ANSWER_TRIES = 50
RECORD_TRIES = 5


class Gate:
    """A forked child that waits. Closing the gate without `open` makes the child record that it never started."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def open(self) -> bool:
        """Let the child execute its command; return whether the word reached it."""
        return self._answer(GO)

    def refuse(self, reason: str) -> None:
        """Let the child record `reason` and end."""
        self._answer(reason.encode("utf-8", "replace")[:1000])

    def _answer(self, word: bytes) -> bool:
        """Give the child the word to go; one that never gets it records by itself that it never started."""
        try:
            for _ in range(ANSWER_TRIES):
                try:
                    os.write(self._descriptor, word)
                except BrokenPipeError:
                    return True  # the child was killed at the gate; its wait status says so
                except OSError:
                    time.sleep(0.01)
                else:
                    return True
            return False
        finally:
            os.close(self._descriptor)


def fork(spec: Spec, log_descriptor: int, guard: Guard) -> Gate:
    """Fork the child of `spec`; it waits at the gate. The working directory must be the run directory.

    :raises OSError: if there is no room for another process.
    """
    inside, outside = os.pipe()
    # Until the child has its own signal handling, a signal must not run the keeper's handlers in it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _live(spec, log_descriptor, guard, inside, outside)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(inside)
    return Gate(pid, outside)


def _live(spec: Spec, log_descriptor: int, guard: Guard, inside: int, outside: int) -> None:
    """Be the child. Never returns."""
    run_directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    reason = "The child of its keeper failed."
    try:
        os.close(outside)
        os.setsid()
        _reset_signals()
        guard.enter()
        word = os.read(inside, 4096)
        if word == GO:
            _execute(spec, log_descriptor)
        reason = word.decode("utf-8", "replace") or "Its keeper was killed before it let the training go."
    except (OSError, ValueError) as error:
        reason = f"{spec.argv[0]} could not be executed: {error}."
    finally:
        _never_started(run_directory, spec.run, reason)


def _execute(spec: Spec, log_descriptor: int) -> None:
    for path, sha256 in spec.sources:
        _check_source(path, sha256)
    os.chdir(spec.cwd)
    oom.raise_badness()
    bounds.apply(spec.bounds)
    null = os.open(os.devnull, os.O_RDONLY)
    for number in os.listdir("/proc/self/fd"):
        _close_on_exec(int(number))
    for source, target in ((null, 0), (log_descriptor, 1), (log_descriptor, 2)):
        os.dup2(source, target)
    os.execvpe(spec.argv[0], spec.argv, spec.env)  # noqa: S606 # the command of the spec, as an argument list


def _check_source(path: str, sha256: str) -> None:
    """Refuse a script or module that is another one than was hashed at the start.

    What Python itself opens of the script is checked once more; a module's digest is taken when it is imported.

    :raises ValueError: saying so.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not os.path.isfile(f"/proc/self/fd/{descriptor}") or digests.of(file.read()) != sha256:
            raise ValueError(f"{path} was changed after it was hashed; start again")


def _never_started(run_directory: int, run: str, reason: str) -> None:
    try:
        os.fchdir(run_directory)
        ending.close(exit_record.never_started(run, reason, time.time()), RECORD_TRIES)
    finally:
        os._exit(NO_STATUS)


def _reset_signals() -> None:
    """Give every signal its default action: a keeper started in the background would hand on an ignored SIGINT."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except OSError:
            continue  # the C library keeps it for itself
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _close_on_exec(descriptor: int) -> None:
    try:
        os.set_inheritable(descriptor, False)
    except OSError:
        return  # the descriptor that listed the others is closed already
