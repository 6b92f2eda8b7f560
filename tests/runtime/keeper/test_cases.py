"""What state a run has after what was done to it: the table of cases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.vocabulary.runs import RunState as S

from .helpers import SERVER_FOLDER, WAITS, Run, until

SIGNALS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.{})"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS


def ends_by_itself(script: str, **said: object) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        return Run(workspace, script, **said).launch()

    return scenario


def main_gets(signum: int) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        run = Run(workspace, WAITS).launch_until_ready()
        os.kill(run.pid, signum)
        return run

    return scenario


def keeper_gets(signum: int) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        run = Run(workspace, WAITS).launch_until_ready()
        procfs.send(*run.keeper, signum)
        return run

    return scenario


def killed_pid(launcher: subprocess.Popen[bytes]) -> None:
    launcher.kill()


def killed_group(launcher: subprocess.Popen[bytes]) -> None:
    os.killpg(launcher.pid, signal.SIGKILL)


def killed_tree(launcher: subprocess.Popen[bytes]) -> None:
    below = {launcher.pid}
    while more := {found.pid for pid in procfs.pids() if (found := procfs.stat(pid)) and found.ppid in below} - below:
        below |= more
    for pid in below:
        os.kill(pid, signal.SIGKILL)


LAUNCHER = """
import os, sys, time
from pathlib import Path
from watchkeeper.server.runtime.engines.local import LocalEngine
LocalEngine().launch(Path(sys.argv[1]), os.open(sys.argv[2], os.O_APPEND | os.O_CREAT | os.O_RDWR))
time.sleep(3600)
"""


def launcher_is(killed: Callable[[subprocess.Popen[bytes]], None]) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        run = Run(workspace, WAITS + "sys.exit(7)")
        command = [sys.executable, "-c", LAUNCHER, str(run.dir), str(run.log)]
        with subprocess.Popen(command, start_new_session=True) as launcher:
            until(lambda: "ready" in run.said())
            killed(launcher)
        assert run.status().state is S.RUNNING
        return run.go()

    return scenario


def keeper_killed_and_another_came(script: str) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        run = Run(workspace, WAITS + script).launch_until_ready().kill_keeper()
        assert run.status().state is S.RUNNING_UNATTENDED
        assert run.status().needs_keeper
        run.attach().becomes(S.RUNNING)
        return run.go()

    return scenario


def keeper_killed_and_nobody_came(workspace: Path) -> Run:
    run = Run(workspace, WAITS).launch_until_ready()
    main = run.pid
    run.kill_keeper().go()
    os.waitpid(main, 0)
    return run


KILLED_AT = """
import os, sys
sys.path.append(sys.argv[1])
from keeper import child, keep, records
def killed(*_): os.kill(os.getpid(), 9)
{} = killed
os.chdir(sys.argv[2])
keep.launch(os.open(sys.argv[3], os.O_APPEND | os.O_CREAT | os.O_RDWR))
"""


def keeper_killed_in_place_of(step: str) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        run = Run(workspace, "open('ran', 'w')")
        command = [sys.executable, "-I", "-S", "-c", KILLED_AT.format(step), SERVER_FOLDER, run.dir, run.log]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        until((run.dir / records.EXIT).exists, "the child says so itself")
        assert not (workspace / "ran").exists()
        return run

    return scenario


def launched_twice(workspace: Path) -> Run:
    run = Run(workspace, "open('ran', 'a').write('once ')\n" + WAITS)
    with run.opened_log() as log:
        both = [[sys.executable, "-c", LAUNCHER, str(run.dir), str(run.log)] for _ in range(2)]
        launchers = [subprocess.Popen(command, pass_fds=[log]) for command in both]
        until(lambda: "ready" in run.said())
        for launcher in launchers:
            launcher.kill()
            launcher.wait()
    run.launch().attach().go().ends()
    assert (workspace / "ran").read_text() == "once "
    return run


def asked_to_stop(script: str) -> Callable[[Path], Run]:
    def scenario(workspace: Path) -> Run:
        return Run(workspace, script, grace_s=0.3).launch_until_ready().ask_to_stop()

    return scenario


def stopped_before_it_began(workspace: Path) -> Run:
    return Run(workspace, "open('ran', 'w')").ask_to_stop().launch()


def keeper_killed_until_the_deadline_was_over(workspace: Path) -> Run:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper()
    until(lambda: run.status().elapsed_s > 0.5)
    return run.limited(0.3).attach()


@dataclass(frozen=True)
class Case:
    name: str
    scenario: Callable[[Path], Run]
    state: S
    exit_code: int | None = None
    signal: int | None = None


CASES = [
    Case("exits with 0", ends_by_itself("print('done')"), S.COMPLETED, exit_code=0),
    Case("exits with 3", ends_by_itself("raise SystemExit(3)"), S.FAILED, exit_code=3),
    Case("the script does not exist", ends_by_itself("", argv=[sys.executable, "no.py"]), S.FAILED, exit_code=2),
    Case("the interpreter does not exist", ends_by_itself("", argv=["/no/python", "x.py"]), S.NEVER_STARTED),
    Case("the folder to run in does not exist", ends_by_itself("", cwd="/no/such/folder"), S.NEVER_STARTED),
    Case("segfault", ends_by_itself(SIGNALS_ITSELF.format("SIGSEGV")), S.FAILED, signal=signal.SIGSEGV),
    Case("SIGKILL to the main process", main_gets(signal.SIGKILL), S.FAILED, signal=signal.SIGKILL),
    Case("SIGTERM to the main process", main_gets(signal.SIGTERM), S.FAILED, signal=signal.SIGTERM),
    Case("SIGKILL to the launcher", launcher_is(killed_pid), S.FAILED, exit_code=7),
    Case("SIGKILL to the launcher's group", launcher_is(killed_group), S.FAILED, exit_code=7),
    Case("SIGKILL to the launcher's tree", launcher_is(killed_tree), S.FAILED, exit_code=7),
    Case("keeper killed, attached, exit 0", keeper_killed_and_another_came(""), S.COMPLETED, exit_code=0),
    Case("keeper killed, attached, exit 7", keeper_killed_and_another_came("sys.exit(7)"), S.FAILED, exit_code=7),
    Case(
        "keeper killed, attached, segfault",
        keeper_killed_and_another_came("os.kill(os.getpid(), 11)"),
        S.FAILED,
        signal=signal.SIGSEGV,
    ),
    Case("keeper killed, nobody attached", keeper_killed_and_nobody_came, S.LOST),
    Case("keeper killed before start.json", keeper_killed_in_place_of("records.write"), S.NEVER_STARTED),
    Case("keeper killed before the gate opened", keeper_killed_in_place_of("child.Gate.open"), S.NEVER_STARTED),
    Case("two keepers at the same moment", launched_twice, S.COMPLETED, exit_code=0),
    Case("asked to stop", asked_to_stop(WAITS), S.STOPPED, signal=signal.SIGTERM),
    Case("asked to stop, ignores SIGTERM", asked_to_stop(IGNORES_TERM), S.STOPPED, signal=signal.SIGKILL),
    Case("asked to stop before it began", stopped_before_it_began, S.NEVER_STARTED),
    Case("SIGTERM to the keeper", keeper_gets(signal.SIGTERM), S.STOPPED, signal=signal.SIGTERM),
    Case("SIGINT to the keeper", keeper_gets(signal.SIGINT), S.STOPPED, signal=signal.SIGTERM),
    Case("limit reached", ends_by_itself(WAITS, limit_s=0.3), S.TIMED_OUT, signal=signal.SIGTERM),
    Case(
        "deadline over when attached",
        keeper_killed_until_the_deadline_was_over,
        S.TIMED_OUT,
        signal=signal.SIGTERM,
    ),
]


@pytest.mark.parametrize("case", [pytest.param(one, id=f"{one.name} -> {one.state}") for one in CASES])
def test_a_run_ends_in_the_state(case: Case, workspace: Path, reaper: None) -> None:
    run = case.scenario(workspace)
    status = run.ends()
    assert (status.state, status.exit_code, status.signal) == (case.state, case.exit_code, case.signal), status
    assert run.engine.living(run.dir) == []
    assert run.complaints() == ""
