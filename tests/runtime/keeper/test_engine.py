"""Launching, attaching and hastening may be done twice, at any moment, and by anybody."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines import Engine
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.runtime.keeper import lock, procfs, records
from watchkeeper.server.vocabulary.errors import WatchkeeperError
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S
from .helpers import SERVER_FOLDER, WAITS, Run, until

COUNTS = "open('ran', 'a').write('x')\n"


def test_acts_that_come_too_late_or_twice_change_nothing(workspace: Path) -> None:
    run = Run(workspace, COUNTS + WAITS).launch_until_ready()
    keeper = run.keeper
    run.launch().attach().attach()
    until(lambda: run.keepers() == [keeper], "the others have left")
    ended = run.go().ends()
    run.launch().attach()
    run.engine.hasten(run.dir)
    until(lambda: not run.keepers())
    assert run.status() == ended
    assert (workspace / "ran").read_text() == "x"


def test_two_who_attach_at_the_same_moment_make_one_keeper(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper()
    run.attach().attach().attach()
    run.becomes(RunState.RUNNING)
    until(lambda: len(run.keepers()) == 1)
    assert run.go().ends().state is RunState.COMPLETED


def test_nobody_is_signalled_when_the_keeper_is_gone(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper()
    run.engine.hasten(run.dir)
    run.attach().becomes(RunState.RUNNING)
    run.go().ends()


def test_a_process_that_got_the_pid_of_a_keeper_is_not_signalled(workspace: Path) -> None:
    run = Run(workspace)
    held = lock.take(run.dir / records.LOCK)
    assert held is not None
    with subprocess.Popen(["sleep", "3600"]) as other:
        found = procfs.stat(other.pid)
        assert found is not None
        wrong = {"boot_id": procfs.boot_id(), "pid": other.pid, "start_ticks": found.start_ticks + 1}
        lock.sign(held, wrong)
        run.engine.hasten(run.dir)
        assert other.poll() is None
        lock.sign(held, {**wrong, "start_ticks": found.start_ticks})
        run.engine.hasten(run.dir)
        assert other.wait(HANG_S) == -signal.SIGUSR1
    os.close(held)


def test_a_keeper_that_says_only_later_who_it_is_is_interrupted_then(workspace: Path) -> None:
    run = Run(workspace)
    held = lock.take(run.dir / records.LOCK)
    assert held is not None
    with subprocess.Popen(["sleep", "3600"]) as keeper:
        run.engine.interrupt(run.dir)
        found = procfs.stat(keeper.pid)
        assert found is not None
        lock.sign(held, {"boot_id": procfs.boot_id(), "pid": keeper.pid, "start_ticks": found.start_ticks})
        run.engine.hasten(run.dir)
        assert keeper.wait(HANG_S) == -signal.SIGTERM
    os.close(held)


def test_a_keeper_needs_nothing_of_its_package_once_it_runs(workspace: Path) -> None:
    package = workspace / "installed"
    shutil.copytree(SERVER_FOLDER / "keeper", package / "keeper")
    run = Run(workspace, WAITS + "sys.exit(3)", grace_s=0.2)
    run.engine = LocalEngine(package)
    run.launch_until_ready()
    shutil.rmtree(package)
    run.ask_to_stop()
    assert run.ends().state is RunState.STOPPED
    assert run.complaints() == ""


def test_a_launch_that_fails_says_why(workspace: Path) -> None:
    run = Run(workspace)
    run.engine = LocalEngine(workspace / "nowhere")
    with pytest.raises(WatchkeeperError, match="No module named 'keeper'"):
        run.launch()


def test_a_run_in_a_folder_with_any_name_can_be_kept(workspace: Path) -> None:
    strange = workspace / "a b;$(touch x)'\"" / os.fsdecode(b"\xff\n\xc3\xa4")
    strange.mkdir(parents=True)
    run = Run(strange, WAITS).launch_until_ready()
    assert len(run.engine.living(run.dir)) == 1
    assert run.kill_keeper().attach().go().ends().state is RunState.COMPLETED


def test_a_run_whose_workspace_was_moved_goes_on_to_its_true_end(workspace: Path) -> None:
    before, after = workspace / "before", workspace / "after"
    before.mkdir()
    run = Run(before, WAITS + "sys.exit(3)").launch_until_ready()
    before.rename(after)
    (after / "go").touch()
    run.dir = after / "runs" / run.dir.name
    assert run.ends().exit_code == 3


def test_the_keeper_imports_little_and_nothing_of_ours_but_itself() -> None:
    code = "import sys; sys.path.append(sys.argv[1]); import keeper.__main__; print(*sorted(sys.modules))"
    command = [sys.executable, "-I", "-S", "-c", code, str(SERVER_FOLDER)]
    loaded = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert loaded.isdisjoint({"typing", "dataclasses", "ctypes", "pathlib", "subprocess", "logging", "inspect"})
    roots = {name.partition(".")[0] for name in loaded} - {"keeper", "__main__"}
    assert roots <= sys.stdlib_module_names | {"sitecustomize"}


def test_the_local_engine_is_an_engine() -> None:
    engine: Engine = LocalEngine()
    assert engine.living(Path(__file__).parent) == []
