"""What the training finds when it begins: its environment, its signals, its descriptors, its session."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import oom, procfs, records
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import WAITS, Run, until

LOOKS_AROUND = """
import json, os, signal, sys
listing = os.open("/proc/self/fd", os.O_RDONLY)
names = [name for name in os.listdir(listing) if os.path.exists(f"/proc/self/fd/{name}")]
fds = {name: os.readlink(f"/proc/self/fd/{name}") for name in names}
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
handlers = [signal.getsignal(one) is signal.SIG_IGN for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)]
print(json.dumps({
    "fds": fds, "sid": os.getsid(0), "pid": os.getpid(), "blocked": int(status["SigBlk"], 16), "ignored": handlers,
    "oom": int(open("/proc/self/oom_score_adj").read()), "env": dict(os.environ), "cwd": os.getcwd(),
    "stdin": sys.stdin.read(), "umask": os.umask(0),
}))
"""


def surroundings(run: Run) -> dict[str, object]:
    assert run.launch().ends().state is RunState.COMPLETED, run.said()
    found: dict[str, object] = json.loads(run.said())
    return found


def test_it_has_its_log_and_nothing_else_open(workspace: Path) -> None:
    run = Run(workspace, LOOKS_AROUND)
    fds = records.part(surroundings(run), "fds")
    assert fds is not None
    assert {name: path for name, path in fds.items() if "/fd" not in str(path)} == {
        "0": os.devnull, "1": str(run.log), "2": str(run.log),
    }  # fmt: skip


def test_it_leads_a_session_of_its_own_in_its_own_folder_and_reads_nothing(workspace: Path) -> None:
    seen = surroundings(Run(workspace, LOOKS_AROUND))
    assert (seen["sid"], seen["cwd"], seen["stdin"]) == (seen["pid"], str(workspace), "")


def test_its_signals_are_at_their_defaults_whatever_the_server_ignored_or_blocked(workspace: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        seen = surroundings(Run(workspace, LOOKS_AROUND))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGHUP, before[0])
        signal.signal(signal.SIGCHLD, before[1])
    assert (seen["blocked"], seen["ignored"]) == (0, [False, False, False])


def test_its_environment_is_the_one_of_the_spec_and_three_words_more(workspace: Path) -> None:
    env = {
        "PATH": os.defpath,
        "PYTHONFAULTHANDLER": "0",
        "NAME": "ä=1\nb",
        "BYTES": "\udcff",
    }
    seen = records.part(surroundings(Run(workspace, LOOKS_AROUND, env=env)), "env")
    assert seen is not None
    assert {**seen, "LC_CTYPE": None} == {
        **env, "PYTHONUNBUFFERED": "1", "WATCHKEEPER_RUN": f"{workspace}/1-quick-1", "LC_CTYPE": None,
    }  # fmt: skip


def test_it_dies_before_its_keeper_when_memory_is_short(workspace: Path) -> None:
    own = int(Path("/proc/self/oom_score_adj").read_text())
    assert surroundings(Run(workspace, LOOKS_AROUND))["oom"] == min(1000, own + oom.BADNESS)


def test_it_keeps_the_servers_umask(workspace: Path) -> None:
    before = os.umask(0o027)
    try:
        assert surroundings(Run(workspace, LOOKS_AROUND))["umask"] == 0o027
    finally:
        os.umask(before)


def test_a_segfault_leaves_its_traceback_in_the_log(workspace: Path) -> None:
    run = Run(workspace, "import ctypes\nctypes.string_at(0)").launch()
    assert run.ends().signal == signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in run.said()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"argv": ["no-such-command"]}, "no-such-command could not be executed: [Errno 2] No such file or directory"),
        ({"argv": ["/"]}, "/ could not be executed: [Errno 13] Permission denied"),
        ({"argv": ["a\0b"]}, "a\0b could not be executed: execve: embedded null character in path."),
        ({"cwd": "/no"}, f"{sys.executable} could not be executed: [Errno 2] No such file or directory: '/no'."),
        ({"argv": []}, "spec.json names no argv."),
        ({"env": {"A": 1}}, "in spec.json something in env is no text."),
        ({"cwd": None}, "spec.json names no cwd."),
    ],
)
def test_a_training_that_cannot_begin_says_why(workspace: Path, said: dict[str, object], reason: str) -> None:
    run = Run(workspace, "", **said).launch()
    status = run.ends()
    assert status.state is RunState.NEVER_STARTED
    assert status.reason.startswith(reason)
    assert status.ended() is None
    until(lambda: not list(run.dir.glob("exit.reserved*")), "the reserved space is given back")


def test_a_stop_that_came_before_the_start_is_told_with_it(workspace: Path) -> None:
    run = Run(workspace, "print('ran')").ask_to_stop("changed my mind").launch()
    status = run.ends()
    assert (status.state, status.reason) == (RunState.NEVER_STARTED, "It was stopped before it began.")
    assert (status.stop or {})["reason"] == "changed my mind"
    assert run.said() == ""


def test_the_keeper_ends_with_the_trainings_own_status(workspace: Path, reaper: None) -> None:
    run = Run(workspace, WAITS + "sys.exit(41)").launch_until_ready()
    pid = run.keeper[0]
    run.go()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 41


def test_the_keeper_ends_as_a_shell_reports_a_signal(workspace: Path, reaper: None) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    pid = run.keeper[0]
    os.kill(run.pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + signal.SIGKILL


def test_the_keeper_itself_has_no_mark_and_little_environment(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    environment = Path(f"/proc/{run.keeper[0]}/environ").read_bytes().rstrip(b"\0").split(b"\0")
    assert {one.partition(b"=")[0] for one in environment} <= {b"PATH", b"LC_ALL", b"LD_LIBRARY_PATH"}
    assert procfs.carries(run.pid, f"WATCHKEEPER_RUN={workspace}/1-quick-1".encode())
    run.go()
    until(lambda: run.status().state.final)
