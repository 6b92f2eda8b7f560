"""A dead run is never called running, a live one is never lost."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.runtime.keeper import main_process, procfs, records
from watchkeeper.server.runtime.run_directory import Facts, close_never_started, judge, read_facts
from watchkeeper.server.runtime.run_status import RunStatus
from watchkeeper.server.runtime.samples import Sample
from watchkeeper.server.vocabulary.errors import NotFound
from watchkeeper.server.vocabulary.runs import Ended, RunState

from .helpers import WAITS, Run, until

numbers = st.none() | st.integers(-5, 10**6) | st.floats(0, 1e9)
starts = st.fixed_dictionaries(
    {},
    optional={"pid": st.integers(1, 9999), "started_at": numbers, "started_boottime_s": numbers, "log_begin": numbers},
)
stops = st.fixed_dictionaries({}, optional={"reason": st.text(), "who": st.text()})
exits = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(["exited", "signalled", "never_started", "unknown", "?"]),
        "exit_code": st.none() | st.integers(0, 255),
        "signal": st.none() | st.integers(1, 64),
        "stop": st.none() | stops,
        "limit": st.none() | st.fixed_dictionaries({}, optional={"limit_s": numbers, "late_s": numbers}),
        "out_of_memory": st.booleans(),
        "strays": st.lists(st.fixed_dictionaries({"pid": st.integers(1, 99), "start_ticks": st.integers(0, 99)})),
        "settled": st.booleans(),
        "wall_s": numbers,
    },
)
samples = st.builds(
    Sample, at=st.floats(0, 1e9), boottime_s=st.floats(0, 1e9), cpu_s=st.floats(0, 1e6),
    rss_bytes=st.integers(0), processes=st.integers(0), log_bytes=st.none() | st.integers(0),
)  # fmt: skip
any_facts = st.builds(
    Facts, run=st.just("1-full-2"), now=st.floats(0, 1e9),
    boottime_s=st.floats(0, 1e9), spec_age_s=st.floats(-1e9, 1e9),
    spec=st.none() | st.just({"run": "1-full-2"}), start=st.none() | starts, exit=st.none() | exits,
    stop=st.none() | stops, last_sample=st.none() | samples, same_boot=st.booleans(), main_alive=st.booleans(),
    main_zombie=st.booleans(), lock_held=st.booleans(),
    damaged=st.lists(st.sampled_from([records.START, records.EXIT, records.STOP])).map(tuple),
)  # fmt: skip

facts_elsewhere = st.builds(
    replace, any_facts, elsewhere=st.just("node7"), heard_s_ago=st.floats(0, 1e9), main_alive=st.just(False),
    main_zombie=st.just(False), lock_held=st.just(False), same_boot=st.just(False),
)  # fmt: skip


@given(facts_elsewhere)
def test_what_another_machine_has_is_not_mended_here_and_is_lost_only_when_a_stop_goes_unanswered(facts: Facts) -> None:
    status = judge(facts)
    assert True not in (status.needs_keeper, status.needs_launch)
    unread = facts.start is None or facts.exit is not None
    assert status.state is not RunState.LOST or unread or facts.stop is not None
    assert status.host == "node7"


@given(any_facts)
def test_every_combination_of_facts_has_a_state_and_none_lies_about_the_main_process(facts: Facts) -> None:
    status = judge(facts)
    assert status.state.running == facts.main_alive
    assert not (facts.main_alive and status.state.final)
    assert (status.ended() is not None) == (status.state.final and status.state is not RunState.NEVER_STARTED)


@given(any_facts)
def test_as_long_as_a_keeper_is_at_work_nothing_is_lost(facts: Facts) -> None:
    status = judge(replace(facts, lock_held=True, exit=None))
    assert not status.state.final
    assert True not in (status.needs_keeper, status.needs_launch, status.needs_closing)


@given(any_facts)
def test_at_most_one_thing_has_to_be_done_about_a_run(facts: Facts) -> None:
    status = judge(facts)
    assert [status.needs_keeper, status.needs_launch, status.needs_closing].count(True) <= 1
    assert not (status.needs_launch and facts.start is not None)


@given(any_facts)
def test_what_was_said_at_the_end_stays_the_same_after_a_restart_of_the_machine(facts: Facts) -> None:
    ended = replace(facts, main_alive=False, lock_held=False, exit=facts.exit or {"outcome": "exited", "exit_code": 0})
    later = replace(ended, same_boot=False, now=facts.now + 1e6, boottime_s=1.0, main_zombie=False)
    assert judge(ended).state is judge(later).state


def test_a_run_of_an_earlier_boot_is_lost_with_the_time_of_its_last_sign_of_life(workspace: Path) -> None:
    run = Run(workspace)
    records.write(
        run.dir / records.START, {"boot_id": "another", "pid": os.getpid(), "start_ticks": 1, "started_at": 5.0}
    )
    (run.dir / records.USAGE).write_text(
        '{"at":9.0,"boottime_s":1,"cpu_s":0.5,"rss_bytes":1,"processes":1,"log_bytes":1}\n'
    )
    status = run.status()
    assert (status.state, status.reason) == (RunState.LOST, "The machine was started anew while it ran.")
    assert (status.ended_at, status.cpu_s, status.cpu_is_lower_bound) == (9.0, 0.5, True)
    assert status.ended() == Ended()
    assert not status.needs_keeper


def test_another_process_with_the_same_pid_is_not_the_run(workspace: Path) -> None:
    run = Run(workspace)
    found = procfs.stat(os.getpid())
    assert found is not None
    start = {"boot_id": procfs.boot_id(), "pid": found.pid, "start_ticks": found.start_ticks}
    records.write(run.dir / records.START, start)
    assert run.status().state is RunState.RUNNING_UNATTENDED
    records.write(run.dir / records.START, {**start, "start_ticks": found.start_ticks - 1})
    assert run.status().state is RunState.LOST
    assert run.engine.living(run.dir) == []


def state_letter(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_main_process_that_is_stopped_is_alive(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    os.kill(run.pid, signal.SIGSTOP)
    until(lambda: state_letter(run.pid) == "T")
    assert run.status().state is RunState.RUNNING
    os.kill(run.pid, signal.SIGCONT)
    assert run.go().ends().state is RunState.COMPLETED


def test_a_zombie_is_dead_and_a_keeper_that_comes_now_still_learns_how_it_ended(workspace: Path, reaper: None) -> None:
    run = Run(workspace, WAITS + "sys.exit(7)").launch_until_ready()
    pid = run.pid
    run.kill_keeper().go()
    until(lambda: (found := procfs.stat(pid)) and not found.alive, "it is a zombie")
    status = run.status()
    assert (status.state.running, status.state.final, status.needs_keeper) == (False, False, True)
    status = run.attach().ends()
    assert (status.state, status.exit_code, status.cpu_is_lower_bound) == (RunState.FAILED, 7, True)


def test_a_zombie_that_was_reaped_unseen_is_lost(workspace: Path, reaper: None) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    pid = run.pid
    run.kill_keeper().go()
    os.waitpid(pid, 0)
    assert run.status().state is RunState.LOST
    run.attach()
    until((run.dir / records.EXIT).exists, "a keeper that came too late closes it")
    status = run.status()
    assert (status.state, status.reason) == (
        RunState.LOST,
        "Its keeper was killed, and it ended before another one came.",
    )


def test_an_attached_keeper_learns_the_exit_status_after_another_process_reaped_it(
    workspace: Path, reaper: None
) -> None:
    run = Run(workspace, WAITS + "sys.exit(9)").launch_until_ready()
    pid = run.pid
    run.kill_keeper().attach().becomes(RunState.RUNNING)
    keeper = run.keeper
    until(lambda: len((run.dir / records.USAGE).read_bytes().splitlines()) > 2)
    os.kill(keeper[0], signal.SIGSTOP)
    descriptor = os.pidfd_open(pid)
    run.go()
    os.waitpid(pid, 0)
    known = main_process.status_after_reaping(descriptor)
    os.close(descriptor)
    os.kill(keeper[0], signal.SIGCONT)
    status = run.ends()
    if known is None:
        assert status.state is RunState.LOST
        pytest.skip("this kernel does not tell the exit status of a reaped process (Linux 6.15 does); seen as lost")
    assert (status.state, status.exit_code) == (RunState.FAILED, 9)


FIRST_THREAD_ENDS = """
import ctypes, os, pathlib, threading, time
def work():
    print("ready")
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    os._exit(4)
threading.Thread(target=work).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_ended_is_alive_while_another_goes_on(workspace: Path) -> None:
    run = Run(workspace, FIRST_THREAD_ENDS).launch_until_ready()
    until(lambda: state_letter(run.pid) == "Z")
    assert run.status().state is RunState.RUNNING
    assert run.go().ends().exit_code == 4


def test_a_start_whose_keeper_does_not_come_is_launched_again_for_a_minute_and_then_closed_once(
    workspace: Path,
) -> None:
    run = Run(workspace, "print('ran')")
    spec = run.dir / records.SPEC
    now = spec.stat().st_mtime
    fresh = run.status()
    assert (fresh.state, fresh.needs_launch) == (RunState.STARTING, False)
    os.utime(spec, (now - 15, now - 15))
    late = run.status()
    assert (late.state, late.needs_launch, late.needs_closing) == (RunState.STARTING, True, False)
    os.utime(spec, (now - 61, now - 61))
    gone = run.status()
    assert (gone.state, gone.reason, gone.needs_closing) == (RunState.NEVER_STARTED, run_directory.NEVER_CAME, True)
    assert [close_never_started(run.dir), close_never_started(run.dir)] == [True, False]
    assert run.status() == replace(gone, needs_closing=False, ended_at=run.status().ended_at)
    run.launch()
    until(lambda: not procfs.alive(*run.keeper) if run.dir.joinpath(records.LOCK).read_bytes() else True)
    assert run.said() == ""


@pytest.mark.parametrize("comes", [True, False], ids=["which comes at that moment", "which never comes"])
def test_a_start_is_not_closed_over_a_job(workspace: Path, monkeypatch: pytest.MonkeyPatch, comes: bool) -> None:
    run = Run(workspace)
    gone = Word(engine="Slurm", kind=Kind.ENDED, asked_at=time.time(), submitted_at=1.0, since=1.0, tries=1)

    def and_then_a_job(facts: Facts) -> RunStatus:
        found = judge(facts)
        if comes:
            assert records.create(run.dir / records.CLAIM, {"job": "7"})
        return found

    monkeypatch.setattr(run_directory, "judge", and_then_a_job)
    assert close_never_started(run.dir, "", gone) is not comes
    assert (run.dir / records.EXIT).exists() is not comes


def test_a_start_that_was_written_down_before_the_last_boot_never_started(workspace: Path) -> None:
    run = Run(workspace)
    os.utime(run.dir / records.SPEC, (1e9, 1e9))
    assert run.status().reason == "The machine was started anew before its keeper came."


def test_a_start_is_not_closed_while_its_keeper_is_at_work(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    os.utime(run.dir / records.SPEC, (1e9, 1e9))
    assert not close_never_started(run.dir)
    assert run.go().ends().state is RunState.COMPLETED


@pytest.mark.parametrize("name", [records.START, records.EXIT])
def test_a_damaged_record_is_named_and_nothing_is_launched_over_it(workspace: Path, name: str) -> None:
    run = Run(workspace)
    (run.dir / name).write_bytes(b'{"version":1,"pid":')
    os.utime(run.dir / records.SPEC, (1e9, 1e9))
    status = run.status()
    assert (status.state, status.reason) == (RunState.LOST, f"{name} is damaged.")
    assert True not in (status.needs_launch, status.needs_closing)


def test_a_link_to_itself_in_the_place_of_the_spec_hides_nothing(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    (run.dir / records.SPEC).unlink()
    (run.dir / records.SPEC).symlink_to(records.SPEC)
    assert run.status().state is RunState.RUNNING
    assert run.go().ends().state is RunState.COMPLETED


def test_a_run_directory_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_facts(tmp_path / "1-full-9")


def test_a_process_is_the_same_one_only_with_its_start_time() -> None:
    found = procfs.stat(os.getpid())
    assert found is not None
    assert procfs.alive(found.pid, found.start_ticks)
    assert not procfs.alive(found.pid, found.start_ticks + 1)
    assert not procfs.send(found.pid, found.start_ticks + 1, signal.SIGKILL)


def test_a_command_with_parentheses_and_spaces_is_read_right() -> None:
    libc = ctypes.CDLL(None)
    before = Path("/proc/self/comm").read_text().strip()
    assert libc.prctl(15, b"a) R 1 (b", 0, 0, 0) == 0
    try:
        found = procfs.stat(os.getpid())
    finally:
        libc.prctl(15, before.encode(), 0, 0, 0)
    assert found is not None
    assert (found.ppid, found.alive) == (os.getppid(), True)
