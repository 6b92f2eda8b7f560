"""Trainings as jobs of a real Slurm: the same record and the same promises."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from watchkeeper.server.acts.start import stop
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.interfaces.commands import engine_checks
from watchkeeper.server.runtime.engines import slurm, slurm_commands, submissions
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import Level, RunState

from ...limits import HANG_S
from ...play import WAITS, Place, script
from ...runtime.keeper.helpers import until
from ...slurm import Slurm
from .conftest import ENGINE
from .helpers import LOG, RUN, becomes, begun, ended, job, process, status

pytestmark = pytest.mark.xdist_group("slurm")


def test_a_run_is_one_job_and_its_exit_status_reaches_the_record_and_slurm(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.script(
        script("""
print(sorted(name for name in os.environ if name.startswith("SLURM_JOB")), os.environ.get("SECRET"))
print("request", os.environ["WATCHKEEPER_CHECKPOINT_REQUEST"].endswith("warned.json"))
wait_for("go")
sys.exit(7)
""")
    )
    os.environ["SECRET"] = "of the server"
    desk = on_slurm.desk()
    begun(desk)
    assert becomes(desk, RunState.RUNNING).pid is not None
    begun(desk)  # twice is once
    names = [name for _, name, _ in cluster.states()]
    assert names.count(slurm.job_name(desk.workspace.run_dir(RUN))) == 1
    on_slurm.go()
    assert ended(desk) is RunState.FAILED
    assert find_run(desk, RUN).end.exit_code == 7  # type: ignore[union-attr]
    log = on_slurm.read(LOG)
    assert "SLURM_JOB_ID" in log
    assert "of the server" not in log
    assert "request True" in log
    until(lambda: "FAILED" in [state for *_, state in cluster.states()], "Slurm knows that it failed")


@pytest.mark.parametrize("victim", ["keeper", "waiter"])
def test_whoever_of_waiter_and_keeper_is_killed_the_other_one_records_the_true_end(
    on_slurm: Place, victim: str
) -> None:
    on_slurm.script(script('print("ready")\nwait_for("go")\nsys.exit(5)\n'))
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    os.kill(process(desk, victim), signal.SIGKILL)
    if victim == "keeper":
        on_slurm.go()
    state = ended(desk)
    end = find_run(desk, RUN).end
    assert end is not None
    assert (state, end.exit_code) == ((RunState.FAILED, 5) if victim == "keeper" else (RunState.STOPPED, None))


def test_a_stop_reaches_a_running_job_and_says_who_asked(on_slurm: Place) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    done = stop.stop(desk, find_run(desk, RUN), "enough")
    assert done.status.state is RunState.STOPPED
    assert done.status.reason == "enough"


def test_a_job_that_waits_is_queued_in_slurms_words_a_held_one_is_a_failure_and_a_stop_takes_it_away(
    on_slurm: Place, cluster: Slurm
) -> None:
    on_slurm.policy(ENGINE.replace('time = "00:40:00"', 'time = "00:40:00"\nextra = ["--hold"]')).script(WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    until(lambda: "PENDING (JobHeldUser)" in status(desk).reason, "Slurm says that it is held")
    found = status(desk)
    assert found.state is RunState.QUEUED
    assert found.elapsed_s == 0.0
    assert [(one.kind, one.level) for one in on_slurm.findings()] == [("queue", Level.FAILURE)]
    done = stop.stop(desk, find_run(desk, RUN), "never mind")
    assert done.status.state is RunState.NEVER_STARTED
    assert ended(desk) is RunState.NEVER_STARTED
    until(lambda: "CANCELLED" in [state for *_, state in cluster.states()], "Slurm has cancelled it")


def test_what_somebody_cancels_outside_is_stopped_from_outside_and_no_failure_of_the_script(
    on_slurm: Place, cluster: Slurm
) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    cluster.ask("scancel", job(desk, cluster))
    assert ended(desk) is RunState.STOPPED
    end = find_run(desk, RUN).end
    assert end is not None
    assert "CANCELLED" in end.reason


def test_what_slurm_refuses_never_starts_and_slurms_words_say_why(on_slurm: Place) -> None:
    on_slurm.policy(ENGINE.replace('mem = "100M"', 'partition = "nope"', 1)).script(WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    assert ended(desk) is RunState.NEVER_STARTED
    assert "invalid partition" in find_run(desk, RUN).end.reason.lower()  # type: ignore[union-attr]


def test_a_start_that_its_job_leaves_no_time_for_is_refused_in_words(on_slurm: Place) -> None:
    on_slurm.policy(ENGINE.replace("00:40:00", "00:30:00")).script(WAITS)
    desk = on_slurm.desk().current()
    with pytest.raises(Refused, match=r"needs 30.5 min .* ended after 30 min"):
        begun(desk)


def test_doctor_says_what_slurm_would_refuse_and_has_a_job_of_a_moment_run(on_slurm: Place) -> None:
    fine, seen, _ = engine_checks.examine(on_slurm.desk().policy.engine, on_slurm.root)
    assert (fine, "a job of a moment ran" in seen) == (True, True), seen
    on_slurm.policy(ENGINE.replace('[engine.full]\nmem = "100M"', '[engine.full]\nmem = "100T"\nqos = "nope"'))
    fine, seen, mend = engine_checks.examine(on_slurm.desk().current().policy.engine, on_slurm.root)
    assert (fine, "[engine.full] would be refused: " in seen) == (False, True), seen
    assert mend


def test_a_warning_of_slurm_is_handed_to_a_training_that_listens_and_told(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.script(
        script("""
import signal
signal.signal(signal.SIGUSR2, lambda *_: print("checkpoint written", flush=True))
print("ready", flush=True)
wait_for("go")
""")
    )
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    cluster.ask("scancel", "--batch", "--signal=USR2", job(desk, cluster))
    on_slurm.says(LOG, "checkpoint written")
    status(desk)
    (told,) = [one for one in on_slurm.findings() if one.kind == "ends_soon"]
    assert told.level is Level.FLAG
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED


def test_two_servers_that_submit_at_once_submit_once(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.script(WAITS)
    desks = [on_slurm.desk() for _ in range(3)]
    threads = [threading.Thread(target=begun, args=(one,)) for one in desks]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    on_slurm.says(LOG, "ready")
    name = slurm.job_name(desks[0].workspace.run_dir(RUN))
    assert [found for _, found, _ in cluster.states()].count(name) == 1
    on_slurm.go()
    assert ended(desks[0]) is RunState.COMPLETED
    assert on_slurm.read(LOG).count("ready") == 1


def test_without_a_controller_the_start_is_kept_and_any_later_look_hands_it_over(
    on_slurm: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_slurm.script(WAITS)
    cluster.kill("slurmctld")
    desk = on_slurm.desk()
    with monkeypatch.context() as patched:
        patched.setattr(slurm_commands, "WITHIN_S", 3.0)
        begun(desk)
        found = status(desk)
    assert found.state is RunState.QUEUED
    assert "has not answered" in found.reason
    cluster.start_controller()
    becomes(desk, RunState.RUNNING)
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED


def test_a_server_that_is_killed_after_sbatch_leaves_a_job_that_is_found_by_its_name(
    on_slurm: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(submissions, "PATIENCE_S", HANG_S)
        patched.setattr(slurm, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            begun(desk)
    assert records.read(desk.workspace.run_dir(RUN) / records.JOB) is None
    becomes(desk, RunState.RUNNING, RunState.STARTING, RunState.QUEUED)
    on_slurm.says(LOG, "ready")
    name = slurm.job_name(desk.workspace.run_dir(RUN))
    assert [found for _, found, _ in cluster.states()].count(name) == 1
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED


def test_a_hundred_looks_of_two_servers_ask_slurm_once(on_slurm: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    on_slurm.policy(ENGINE.replace("look_s = 1.0", "look_s = 3600.0")).script(WAITS)
    desk, other = on_slurm.desk().current(), on_slurm.desk().current()
    begun(desk)
    on_slurm.says(LOG, "ready")
    asked: list[int] = []
    jobs = slurm.jobs

    def counted(*only: str) -> list[slurm.Job]:
        asked.append(1)
        return jobs(*only)

    monkeypatch.setattr(slurm, "jobs", counted)
    for _ in range(50):
        status(desk)
        status(other)
    assert len(asked) <= 1
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED
