"""Trainings as jobs of a real Ray: the same record and the same promises."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import stop
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime.engines import ray as adapter
from watchkeeper.server.runtime.engines import submissions
from watchkeeper.server.runtime.engines.ray_head import Head
from watchkeeper.server.runtime.engines.submissions import job_name
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.runs import Level, RunState

from ....limits import HANG_S
from ....play import WAITS, Place, script
from ....ray import Ray, eventually
from ....runtime.keeper.helpers import until
from ..helpers import LOG, RUN, becomes, begun, ended, process, status
from .conftest import engine

pytestmark = pytest.mark.xdist_group("ray")


def name(desk: Desk) -> str:
    return job_name(desk.workspace.run_dir(RUN))


def test_nothing_of_the_ray_of_these_tests_is_reached_from_another_machine(head: Ray) -> None:
    assert head.addresses() == {"127.0.0.1"}


def test_a_run_is_one_job_whoever_submits_and_its_exit_status_reaches_the_record_and_ray(
    on_ray: Place, head: Ray, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_ray.script(
        script("""
print("ready", "RAY_ADDRESS" in os.environ, os.environ.get("SECRET"), "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ)
wait_for("go")
sys.exit(7)
""")
    )
    monkeypatch.setenv("SECRET", "of the server")
    desks = [on_ray.desk() for _ in range(3)]
    threads = [threading.Thread(target=begun, args=(one,)) for one in desks]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    on_ray.says(LOG, "ready")
    desk = desks[0]
    assert becomes(desk, RunState.RUNNING).pid is not None
    adapter.hand_over(Head(head.address), name(desk), ["exit 3"], {})  # the same name again is the same job
    assert head.names().count(name(desk)) == 1
    on_ray.go()
    assert ended(desk) is RunState.FAILED
    assert find_run(desk, RUN).end.exit_code == 7  # type: ignore[union-attr]
    assert on_ray.read(LOG).splitlines() == ["ready True None False"]
    eventually(lambda: head.job(name(desk)).get("driver_exit_code") == 7, "Ray knows how it ended")


@pytest.mark.parametrize("victim", ["keeper", "waiter", "supervisor"])
def test_whoever_of_waiter_keeper_and_supervisor_is_killed_the_true_end_is_recorded(
    on_ray: Place, head: Ray, victim: str
) -> None:
    on_ray.script(script('print("ready")\nwait_for("go")\nsys.exit(5)\n'))
    desk = on_ray.desk()
    begun(desk)
    on_ray.says(LOG, "ready")
    waiter = process(desk, "waiter")
    os.kill(head.supervisor(waiter) if victim == "supervisor" else process(desk, victim), signal.SIGKILL)
    if victim == "keeper":
        on_ray.go()
    state = ended(desk)
    end = find_run(desk, RUN).end
    assert end is not None
    of_each = {"keeper": (RunState.FAILED, 5), "waiter": (RunState.STOPPED, None)}
    assert (state, end.exit_code) == of_each.get(victim, (RunState.INTERRUPTED, None))


def test_a_stop_reaches_a_running_job_and_says_who_asked_and_one_from_outside_is_no_failure_of_the_script(
    on_ray: Place, head: Ray
) -> None:
    on_ray.script(WAITS)
    desk = on_ray.desk()
    begun(desk)
    on_ray.says(LOG, "ready")
    done = stop.stop(desk, find_run(desk, RUN), "enough")
    assert (done.status.state, done.status.reason, done.left) == (RunState.STOPPED, "enough", ())
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    on_ray.script(stubborn + WAITS.replace("ready", "again"))
    again = begun(desk, follows=RUN)
    on_ray.says(LOG, "again")
    head.stop(job_name(desk.workspace.run_dir(again)))
    until(lambda: status(desk, again).state.final and find_run(desk, again).ended, "its end is on record")
    end = find_run(desk, again).end
    assert end is not None
    assert end.state is RunState.STOPPED
    assert "Ray says STOPPED" in end.reason


def test_a_job_that_waits_is_queued_in_rays_words_and_a_stop_ends_it_though_ray_keeps_it_in_the_queue(
    on_ray: Place, head: Ray
) -> None:
    head.submit("hog", "exec sleep 1000", entrypoint_num_cpus=4)
    eventually(lambda: head.job("hog")["status"] == "RUNNING", "all CPUs are taken")
    try:
        on_ray.script(WAITS)
        desk = on_ray.desk()
        begun(desk)
        eventually(
            lambda: "Ray says PENDING (Job has not started yet." in status(desk).reason, "Ray says that it waits"
        )
        found = status(desk)
        assert found.state is RunState.QUEUED
        assert (found.elapsed_s, on_ray.findings()) == (0.0, [])
        done = stop.stop(desk, find_run(desk, RUN), "never mind")
        assert done.status.state is RunState.NEVER_STARTED
        assert ended(desk) is RunState.NEVER_STARTED
        assert head.job(name(desk))["status"] == "PENDING"
    finally:
        head.stop("hog")
    eventually(lambda: head.job(name(desk))["status"] != "PENDING", "its turn has come")
    assert not (desk.workspace.run_dir(RUN) / records.START).exists()


def test_a_job_that_no_node_can_take_is_a_failure_at_once_and_a_stop_takes_it_away(on_ray: Place, head: Ray) -> None:
    on_ray.policy(engine(head.address).replace("cpus = 1", "cpus = 500")).script(WAITS)
    desk = on_ray.desk().current()
    begun(desk)
    why = "asks for 500 CPUs on one node, and no node has that: at most 4 CPUs"
    eventually(lambda: why in status(desk).reason, "Ray has it")
    assert [(one.kind, one.level) for one in on_ray.findings()] == [("queue", Level.FAILURE)]
    stop.stop(desk, find_run(desk, RUN), "never mind")
    assert ended(desk) is RunState.NEVER_STARTED


def test_a_server_that_is_killed_after_it_submitted_leaves_a_job_that_is_found_by_its_name(
    on_ray: Place, head: Ray, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_ray.policy(engine(head.address).replace("look_s = 1.0", "look_s = 3600.0")).script(WAITS)
    desk, other = on_ray.desk().current(), on_ray.desk().current()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(submissions, "PATIENCE_S", HANG_S)
        patched.setattr(adapter, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            begun(desk)
    assert records.read(desk.workspace.run_dir(RUN) / records.JOB) is None
    becomes(desk, RunState.RUNNING, RunState.STARTING, RunState.QUEUED)
    on_ray.says(LOG, "ready")
    assert head.names().count(name(desk)) == 1
    asked: list[int] = []
    jobs = Head.jobs

    def counted(asked_head: Head) -> object:
        asked.append(1)
        return jobs(asked_head)

    monkeypatch.setattr(Head, "jobs", counted)
    for _ in range(50):  # a hundred looks of two servers ask Ray once
        status(desk)
        status(other)
    assert len(asked) <= 1
    on_ray.go()
    assert ended(desk) is RunState.COMPLETED
