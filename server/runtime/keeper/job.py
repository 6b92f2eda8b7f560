"""The process of a job: a waiter, which the engine sees, and the keeper, its child in a session of its own.

    python -I -S -X utf8 -c CODE SERVER_FOLDER job RUN_DIRECTORY LOG

Whoever of the two dies, the other one records the true end. Is the waiter killed, the kernel sends the keeper SIGTERM:
it stops the training and writes that down. Is the keeper killed, the waiter, the subreaper of what is left, becomes the
next keeper and reads the exit status as the parent. Signals to the waiter are handed on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from . import gpu_pipe, hosts, nodes, records
from .signals import HASTEN, OUTSIDE, WARNING, complain

AGAIN = 75
"""EX_TEMPFAIL: the job was begun anew for a run that it had begun before, which is no success."""
NO_KEEPER = 70
ITS_OUTPUT = "-"
"""In the place of a log: what the waiter itself prints to."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_NUMBERS = ("WATCHKEEPER_JOB", "SLURM_JOB_ID")
"""In this order: a Ray may itself run in a job of Slurm, which is then every run's."""
_HANDED_ON = (HASTEN, WARNING, *OUTSIDE)


def main(run_directory: str, log: str) -> None:
    """Be the process of a job. Never returns.

    :param log: the run's log, relative to the workspace, without links in it, or ITS_OUTPUT.
    """
    # Whatever comes from here on waits until somebody can take it: across exec too, until the keeper has its handlers.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_HANDED_ON, signal.SIGCHLD})
    os.chdir(run_directory)
    try:
        status = _taken()
        descriptor = _opened(log) if status is None else -1
    except (OSError, records.DamagedRecord) as error:
        complain(f"{type(error).__name__}: {error}")
        status, descriptor = NO_KEEPER, -1
    if status is not None:
        os._exit(status)
    os.set_inheritable(descriptor, True)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    waiter = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        _become_keeper(waiter, run_directory, descriptor)
    status = _wait(keeper)
    if os.path.exists(records.START) and not os.path.exists(records.EXIT):
        _exec("attach", run_directory, descriptor)
    os._exit(status)


def _taken() -> int | None:
    """Take the run for this job, once: None if it is ours, else the status to leave with."""
    job = next((os.environ[name] for name in _NUMBERS if name in os.environ), "")
    restarts = os.environ.get("SLURM_RESTART_COUNT", "0")
    if records.create(records.CLAIM, {"job": job, "restarts": restarts, **hosts.here()}):
        return None
    holder = records.text(records.read(records.CLAIM), "job")
    complain(f"job {job}: the run was {f'taken by job {holder}' if holder else 'closed'} before")
    return AGAIN if job and holder == job else 0


def _opened(log: str) -> int:
    """Open the log beneath the workspace, following no link in it."""
    if log == ITS_OUTPUT:
        return os.dup(1)
    workspace = records.text(records.read(records.SPEC), "workspace")
    folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    *folders, name = log.split("/")
    for one in folders:
        inner = os.open(one, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        os.close(folder)
        folder = inner
    try:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(name, flags, records.MODE, dir_fd=folder)
    finally:
        os.close(folder)


def _become_keeper(waiter: int, run_directory: str, log: int) -> None:
    """Leave the waiter's session; end as it does. Never returns."""
    try:
        os.setsid()
        gpu_pipe.begin(".")
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != waiter:
            os._exit(NO_KEEPER)
        errors = records.open_plain(records.ERR, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(errors, 2)
        _exec("launch", run_directory, log)
    finally:
        os._exit(NO_KEEPER)


def _exec(way: str, run_directory: str, log: int) -> None:
    words = [*nodes.itself(), "keep", way, run_directory, str(log)]
    os.execv(sys.executable, words)  # noqa: S606 # the interpreter that runs this


def _wait(keeper: int) -> int:
    """Hand signals on until the keeper has ended; return the status to leave with, 128 and the number for a signal."""
    while True:
        number = signal.sigwait({*_HANDED_ON, signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(keeper, number)  # it is not waited for yet, so this pid is its own
            continue
        pid, status = os.waitpid(keeper, os.WNOHANG)  # only the keeper: of an orphan its next keeper reads the status
        if pid:
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        complain(f"prctl {option}: {os.strerror(ctypes.get_errno())}")
