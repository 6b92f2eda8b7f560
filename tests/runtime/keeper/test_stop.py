"""A stop ends the whole tree of processes, or says what is left; who stopped it and why is recorded."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.runtime.keeper.procfs import Process
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S
from .helpers import WAITS, Run, until

FAMILY = """
import os, signal, sys, time

def child(*, daemon=False, deaf=False, depth=1):
    if os.fork():
        return os.wait() if daemon else None
    if daemon:
        os.setsid()
        if os.fork():
            os._exit(0)
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if depth > 1:
        child(depth=depth - 1)
    os.write(1, b"child\\n")
    time.sleep(3600)
    os._exit(0)

child(depth=2)
child(daemon=True)
child(deaf=True)
"""
"""A child and a grandchild, a daemon that left session and parents behind, and a child that ignores SIGTERM."""
STAYS = FAMILY + "time.sleep(3600)"
LEAVES = FAMILY + "while open('training.log').read().count('child') < 4: time.sleep(0.01)"


def launched_with_family(workspace: Path, script: str = STAYS, **said: object) -> Run:
    run = Run(workspace, script, **said).launch()
    until(lambda: run.said().count("child") == 4, "the family is complete")
    return run


def test_a_stop_ends_children_daemons_and_those_that_ignore_sigterm(workspace: Path) -> None:
    run = launched_with_family(workspace, grace_s=0.3)
    assert len(run.engine.living(run.dir)) == 5
    run.ask_to_stop()
    status = run.ends()
    assert (status.state, status.signal, status.strays) == (RunState.STOPPED, signal.SIGTERM, ())
    assert run.engine.living(run.dir) == []


def test_an_attached_keeper_stops_the_whole_tree_too(workspace: Path) -> None:
    run = launched_with_family(workspace, grace_s=0.3).kill_keeper().attach()
    run.becomes(RunState.RUNNING)
    run.ask_to_stop()
    assert run.ends().state is RunState.STOPPED
    assert run.engine.living(run.dir) == []


def test_a_run_is_settled_once_what_the_stop_left_is_gone(workspace: Path) -> None:
    run = launched_with_family(workspace)
    run.ask_to_stop()
    status = run.becomes(RunState.STOPPED)
    assert not status.settled
    (deaf,) = until(lambda: left if len(left := run.engine.living(run.dir)) == 1 else None, "one is deaf")
    procfs.send(deaf.pid, deaf.start_ticks, signal.SIGKILL)
    assert run.ends().strays == ()
    assert run.engine.living(run.dir) == []


def test_a_stop_names_who_asked_for_it_and_why(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().ask_to_stop("R-hat stays at 2.1")
    stop = run.ends().stop
    assert stop is not None
    applied_at = records.number(stop, "applied_at")
    assert stop == {**asked(run), "applied_at": applied_at}
    assert applied_at is not None
    assert applied_at >= (records.number(stop, "at") or 0)


def asked(run: Run) -> dict[str, object]:
    return {key: value for key, value in run.record(records.STOP).items() if key != "version"}


def test_a_signal_to_the_keeper_is_recorded_as_a_stop_from_outside(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    procfs.send(*run.keeper, signal.SIGHUP)
    status = run.ends()
    assert status.stop is not None
    assert (status.stop["who"], status.stop["signal"]) == ("outside", signal.SIGHUP)
    assert status.reason == "SIGHUP was sent to its keeper from outside."


def test_a_stop_that_nobody_hastens_is_seen_at_the_next_sample(workspace: Path) -> None:
    run = Run(workspace, WAITS, sample_s=0.2).launch_until_ready()
    records.create(run.dir / records.STOP, {"reason": "r", "who": "w", "act": None, "at": time.time()})
    assert run.ends().state is RunState.STOPPED


def test_a_stop_that_was_asked_for_while_nobody_watched_is_carried_out_by_the_next_keeper(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper().ask_to_stop("later")
    assert run.status().reason == "Its keeper was killed. A stop was asked for: later"
    assert run.attach().ends().state is RunState.STOPPED


def test_a_stop_goes_on_where_a_keeper_that_was_killed_left_it(workspace: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, lambda *_: print('no'))" + WAITS
    run = Run(workspace, deaf, grace_s=1.0).launch_until_ready().ask_to_stop("enough")
    until(lambda: "no" in run.said(), "it was asked")
    status = run.kill_keeper().attach().ends()
    assert (status.state, status.signal, status.reason) == (RunState.STOPPED, signal.SIGKILL, "enough")


SAVES_FOR_LONG = """
import signal, sys
def save(*_):
    print("asked")
    while not pathlib.Path("saved").exists():
        time.sleep(0.01)
    END
"""
BY_SIGNAL = "signal.signal(signal.SIGTERM, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize("end", ["sys.exit(0)", BY_SIGNAL], ids=["by itself", "by the signal"])
@pytest.mark.parametrize("why", [RunState.STOPPED, RunState.TIMED_OUT])
def test_what_a_keeper_that_was_killed_had_asked_to_end_did_not_end_by_itself(
    workspace: Path, reaper: None, end: str, why: RunState
) -> None:
    saves = f"{SAVES_FOR_LONG.replace('END', end)}signal.signal(signal.SIGTERM, save)\n"
    run = Run(workspace, WAITS.replace("print", f"{saves}print", 1), grace_s=HANG_S).launch_until_ready()
    if why is RunState.STOPPED:
        run.ask_to_stop("enough")
    else:
        run.kill_keeper()
        over = {"deadline_boottime_s": time.clock_gettime(time.CLOCK_BOOTTIME)}
        records.write(run.dir / records.START, run.record(records.START) | over)
        run.attach()
    until(lambda: "asked" in run.said(), "it was asked")
    pid = run.kill_keeper().pid
    (workspace / "saved").touch()
    until(lambda: (found := procfs.stat(pid)) is None or not found.alive, "it ended")
    status = run.attach().ends()
    if end == BY_SIGNAL:
        assert (status.state, status.signal) == (why, signal.SIGTERM)
    else:  # after its limit a training may have ended by itself at any time
        assert (status.state, status.exit_code) == (why if why is RunState.STOPPED else RunState.COMPLETED, 0)


def test_only_the_first_of_two_stops_counts(workspace: Path) -> None:
    run = Run(workspace, WAITS).ask_to_stop("first").ask_to_stop("second")
    assert run.record(records.STOP)["reason"] == "first"


def test_a_training_that_saves_its_state_on_sigterm_has_its_time_of_grace(workspace: Path) -> None:
    saves = "import signal, sys\ndef save(*_):\n    open('saved', 'w').close(); sys.exit(0)\n"
    run = Run(workspace, f"{saves}signal.signal(signal.SIGTERM, save){WAITS}", grace_s=HANG_S).launch_until_ready()
    status = run.ask_to_stop().ends()
    assert (status.state, status.exit_code) == (RunState.STOPPED, 0)
    assert (workspace / "saved").exists()


def test_a_stopped_process_is_woken_to_take_sigterm(workspace: Path) -> None:
    run = Run(workspace, WAITS, grace_s=HANG_S).launch_until_ready()
    os.kill(run.pid, signal.SIGSTOP)
    assert run.ask_to_stop().ends().signal == signal.SIGTERM


def test_a_limit_that_was_overslept_says_how_late_it_was_applied(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper()
    until(lambda: run.status().elapsed_s > 1.5)
    status = run.limited(0.3).attach().ends()
    assert status.late_s is not None
    assert 1.0 < status.late_s < status.elapsed_s
    assert status.reason.startswith("It ran into its limit of 0.3 s, applied ")


def test_what_is_left_after_the_end_is_named_and_does_not_count_as_running(workspace: Path) -> None:
    run = launched_with_family(workspace, LEAVES)
    living = run.ends()
    assert living.state is RunState.COMPLETED
    assert living.strays_total == 4
    assert set(living.strays) == set(run.engine.living(run.dir))
    assert run.engine.end_strays(run.dir, 0.3) == []
    assert run.engine.living(run.dir) == []
    assert run.engine.end_strays(run.dir, 0.3) == []


def test_a_stray_that_emptied_its_environment_is_still_found_by_its_recorded_identity(workspace: Path) -> None:
    script = "import subprocess; subprocess.Popen(['sleep', '3600'], env={}, start_new_session=True)"
    run = Run(workspace, script).launch()
    assert [one.command for one in run.ends().strays] == ["sleep 3600"]
    assert run.engine.end_strays(run.dir, 1.0) == []
    assert run.engine.living(run.dir) == []


def test_a_helper_that_ends_right_after_the_training_is_no_stray(workspace: Path) -> None:
    script = "import os, time\nmain = os.getpid()\nif not os.fork():\n    while os.getppid() == main: time.sleep(0.01)"
    status = Run(workspace, script).launch().ends()
    assert (status.state, status.strays) == (RunState.COMPLETED, ())


def test_strays_of_a_run_that_goes_on_are_refused(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    with pytest.raises(Refused):
        run.engine.end_strays(run.dir, 1.0)
    run.go().ends()


def test_strays_of_a_run_whose_end_nobody_saw_are_found_by_their_mark(workspace: Path, reaper: None) -> None:
    run = launched_with_family(workspace, STAYS)
    pid = run.pid
    run.kill_keeper()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert run.status().state is RunState.LOST
    assert len(run.engine.living(run.dir)) == 4
    assert run.engine.end_strays(run.dir, 0.2) == []


def test_the_living_processes_are_named_with_their_commands(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    [main] = run.engine.living(run.dir)
    found = procfs.stat(run.pid)
    assert found is not None
    assert main == Process(run.pid, found.start_ticks)
    assert "-c" in main.command
    run.go().ends()
