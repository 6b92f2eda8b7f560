"""What clusters do to runs: nodes die, controllers forget, operators put jobs back; the record stays true."""

from __future__ import annotations

import os
import signal

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import stop
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime import remote_silence
from watchkeeper.server.runtime.engines import slurm, submissions
from watchkeeper.server.vocabulary.runs import Level, RunState

from ...play import WAITS, Place
from ...runtime.keeper.helpers import until
from ...slurm import Slurm
from .conftest import ENGINE
from .helpers import EVERY_FAULT, LOG, RUN, becomes, begun, cut_power, ended, job, process, status

pytestmark = pytest.mark.xdist_group("slurm")
HELD = ENGINE.replace('time = "00:40:00"', 'time = "00:40:00"\nextra = ["--hold"]')


@pytest.fixture(autouse=True)
def short_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one host nothing lags: what waits out a mount's minute need not wait so long."""
    monkeypatch.setattr(remote_silence, "LAG_S", 1.0)


def test_a_run_that_loses_its_node_is_interrupted_and_goes_on_from_its_checkpoint_by_policy(
    on_slurm: Place, cluster: Slurm
) -> None:
    text = ENGINE.replace("look_s = 1.0", "look_s = 1.0\nresume_interrupted = 1")
    on_slurm.policy(text).script('import os\nprint("resume", os.environ["WATCHKEEPER_RESUME"])\n' + WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    on_slurm.says(LOG, "ready")
    pids = [process(desk, kind) for kind in ("waiter", "keeper", "main")]
    cluster.kill("n1")
    cut_power(*pids)
    found = becomes(desk, RunState.INTERRUPTED)
    assert "Slurm says" in found.reason
    assert ended(desk) is RunState.INTERRUPTED
    assert [one.level for one in on_slurm.findings() if one.kind == "exit"] == [Level.FLAG]
    assert desk.ledger.id  # the file is of a version that 0.1.0 refuses, as it could not read this state
    cluster.start_node("n1")
    until(lambda: cluster.idle() == 1, "the node is back")
    assert begun(desk, follows=RUN) == "1-quick-2"
    on_slurm.says(LOG, "resume checkpoint")
    on_slurm.go()
    until(lambda: status(desk, "1-quick-2").state is RunState.COMPLETED, "the second attempt ends well")


def test_a_run_goes_on_and_is_recorded_when_only_the_daemon_of_its_node_dies(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    cluster.kill("n1")
    assert status(desk).state is RunState.RUNNING
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED
    cluster.start_node("n1")
    until(lambda: cluster.idle() == 1, "the node is back")


def test_a_job_that_an_operator_puts_back_is_interrupted_and_never_runs_twice(
    on_slurm: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_silence, "LAG_S", 12.0)  # it completes for some seconds before it is pending
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    number = job(desk, cluster)
    cluster.ask("scontrol", "update", f"JobId={number}", "Requeue=1")
    cluster.ask("scontrol", "requeue", number)
    assert ended(desk) is RunState.INTERRUPTED
    cluster.ask("scontrol", "update", f"JobId={number}", "StartTime=now")
    out = desk.workspace.run_dir(RUN) / f"slurm-{number}.out"
    until(lambda: f"taken by job {number} before" in out.read_text(), "the second time it leaves")
    assert on_slurm.read(LOG).count("ready") == 1


def submitted_again(cluster: Slurm) -> str:
    """Hand somebody else's job over in place of the one before, and return its number."""
    cluster.ask("scancel", "--name=other")
    return cluster.ask(
        "sbatch", "--parsable", "--job-name=other", "--wrap=exec sleep 1000", "--mem=50", "--output=/dev/null"
    ).strip()


def handed_over(desk: Desk) -> str:
    """Look at the run, and return the name of its job."""
    status(desk)
    return slurm.job_name(desk.workspace.run_dir(RUN))


def test_a_controller_that_forgets_a_job_is_given_it_again_and_the_job_that_got_its_number_is_left_alone(
    on_slurm: Place, cluster: Slurm
) -> None:
    on_slurm.policy(HELD).script(WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    number = job(desk, cluster)
    cluster.kill("slurmctld")
    cluster.forget_jobs()
    cluster.start_controller()
    until(lambda: submitted_again(cluster) == number, "another job gets its number")
    until(lambda: [name for _, name, _ in cluster.states() if name == handed_over(desk)], "it is handed over again")
    again = job(desk, cluster)
    cluster.ask("scontrol", "release", again)
    on_slurm.says(LOG, "ready")
    stop.stop(desk, find_run(desk, RUN), "enough")
    assert ended(desk) is RunState.STOPPED
    until(lambda: (number, "other", "RUNNING") in cluster.states(), "the other job runs")
    cluster.ask("scancel", number)


def test_a_controller_that_is_killed_right_after_it_took_a_job_costs_nothing(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    cluster.kill("slurmctld")  # what it had not saved yet is gone, and the next job gets the number
    cluster.start_controller()
    other = until(lambda: submitted_again(cluster), "another job is taken")
    becomes(desk, RunState.RUNNING)
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED
    assert on_slurm.read(LOG).count("ready") == 1
    assert (other, "other") in [(number, name) for number, name, _ in cluster.states()]
    cluster.ask("scancel", other)


def test_a_controller_that_hangs_keeps_no_start_waiting_and_is_handed_it_once_when_it_goes_on(
    on_slurm: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "PATIENCE_S", 0.1)
    monkeypatch.setattr(slurm, "ANSWER_WITHIN_S", 0.1)
    on_slurm.script(WAITS)
    desk, other = on_slurm.desk(), on_slurm.desk()
    cluster.signal("slurmctld", signal.SIGSTOP)
    try:
        begun(desk)
        begun(other)
        assert status(other).state is RunState.QUEUED
    finally:
        cluster.signal("slurmctld", signal.SIGCONT)
    until(lambda: status(desk).state is RunState.RUNNING, "it runs")
    on_slurm.go()
    assert ended(desk) is RunState.COMPLETED
    assert on_slurm.read(LOG).count("ready") == 1
    assert [name for _, name, _ in cluster.states()].count(slurm.job_name(desk.workspace.run_dir(RUN))) == 1


def test_what_somebody_cancels_in_the_queue_never_started_in_slurms_words(on_slurm: Place, cluster: Slurm) -> None:
    on_slurm.policy(HELD).script(WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    cluster.ask("scancel", job(desk, cluster))
    assert ended(desk) is RunState.NEVER_STARTED
    assert "CANCELLED" in find_run(desk, RUN).end.reason  # type: ignore[union-attr]


def test_what_ended_unseen_and_is_forgotten_is_lost_and_told_by_what_slurm_left_beside_it(
    on_slurm: Place, cluster: Slurm
) -> None:
    on_slurm.script(WAITS)
    desk = on_slurm.desk()
    begun(desk)
    on_slurm.says(LOG, "ready")
    pids = [process(desk, kind) for kind in ("waiter", "keeper", "main")]
    cluster.kill("slurmctld")
    cut_power(*pids)
    cluster.forget_jobs()
    cluster.start_controller()
    assert ended(desk) is RunState.LOST
    assert "its job ended without a word" in find_run(desk, RUN).end.reason  # type: ignore[union-attr]


@pytest.mark.skipif(EVERY_FAULT not in os.environ, reason=f"takes 80 s: make engines ({EVERY_FAULT}=1)")
def test_what_runs_into_the_time_limit_of_its_job_is_timed_out_and_was_warned(
    on_slurm: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_silence, "LAG_S", 20.0)  # Slurm says TIMEOUT when the job has completed its end
    monkeypatch.setattr(slurm, "WARN_BEFORE_S", 20)
    limited = ENGINE.replace('time = "00:40:00"', 'extra = ["--time=1"]')
    on_slurm.policy(limited, instead_of="grace_s = 30.0", by="grace_s = 1.0").script(WAITS)
    desk = on_slurm.desk().current()
    begun(desk)
    assert ended(desk) is RunState.TIMED_OUT
    assert "time limit" in find_run(desk, RUN).end.reason  # type: ignore[union-attr]
    assert "ends_soon" in [one.kind for one in on_slurm.findings()]
