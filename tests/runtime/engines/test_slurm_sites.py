"""What sites set up and users ask for: preemption, GPUs, a short memory for jobs that ended, dependencies."""

from __future__ import annotations

import os
import re
from collections.abc import Generator

import pytest
from watchkeeper.server.acts.start import start, stop
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.runtime import remote_silence
from watchkeeper.server.runtime.engines import slurm as engine
from watchkeeper.server.vocabulary.runs import Level, Phase, RunState

from ...play import WAITS, Place, script
from ...runtime.keeper.helpers import until
from ...slurm import Slurm, slurm
from .conftest import ENGINE
from .helpers import EVERY_FAULT, LOG, RUN, begun, cut_power, ended, job, process, status

pytestmark = pytest.mark.xdist_group("slurm")
SITE = """GresTypes=gpu
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge=2
PartitionName=cancelled Nodes=n1 PriorityTier=1 PreemptMode=CANCEL MaxTime=INFINITE DefMemPerCPU=100
PartitionName=requeued Nodes=n1 PriorityTier=1 PreemptMode=REQUEUE MaxTime=INFINITE DefMemPerCPU=100
PartitionName=urgent Nodes=n1 PriorityTier=9 PreemptMode=OFF MaxTime=INFINITE DefMemPerCPU=100
"""
LEFT_OVER = "watchkeeper.server.runtime.engines.submissions.LEFT_OVER_S"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Slurm]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "gres.conf").write_text("NodeName=n1 Name=gpu File=/dev/full\nNodeName=n1 Name=gpu File=/dev/zero\n")
    with slurm(folder, 1, SITE, gres="gpu:2") as up:
        yield up


@pytest.fixture
def cluster(site: Slurm, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    monkeypatch.setenv("SLURM_CONF", str(site.conf))
    return site


@pytest.fixture
def at_site(place: Place, cluster: Slurm) -> Place:
    assert cluster.idle() >= 0
    return place.policy(ENGINE)


def asking(line: str) -> str:
    """Return a policy whose quick jobs ask for something more."""
    return ENGINE.replace('time = "00:40:00"', f'time = "00:40:00"\n{line}', 1)


@pytest.mark.parametrize(
    ("partition", "said", "allowed"), [("cancelled", "PREEMPTED", 1), ("requeued", "PREEMPTED|PENDING", 0)]
)
def test_a_run_that_is_preempted_is_interrupted(
    at_site: Place, cluster: Slurm, partition: str, said: str, allowed: int
) -> None:
    text = asking(f'partition = "{partition}"').replace("look_s", f"resume_interrupted = {allowed}\nlook_s", 1)
    at_site.policy(text).script(WAITS)
    desk, run = at_site.desk().current(), None
    for number in range(1, allowed + 2):
        run = begun(desk, follows=run)
        until(lambda count=number: at_site.read(LOG).count("ready") == count, "it runs")
        other = cluster.ask(
            "sbatch", "--parsable", "--partition=urgent", "--cpus-per-task=4", "--mem=50", "--output=/dev/null",
            "--wrap=exec sleep 1000",
        ).strip()  # fmt: skip
        until(lambda of=run: look_at(desk, of).run.ended, "its end is on record")
        end = find_run(desk, run).end
        assert end is not None
        assert end.state is RunState.INTERRUPTED
        assert re.search(f"Slurm says ({said})", end.reason)
        (level,) = [one.level for one in desk.ledger.findings(run=run) if one.kind == "exit"]
        assert level is (Level.FLAG if number <= allowed else Level.FAILURE)
        cluster.ask("scancel", other)
    again = begun(desk, follows=run)
    resumes = [find_run(desk, one).env["WATCHKEEPER_RESUME"] == "checkpoint" for one in ("1-quick-2", again)]
    assert resumes == [allowed > 0, False], "beyond that it is for the director to say"
    stop.stop(desk, find_run(desk, again), "seen")


def test_a_training_is_given_the_gpus_of_its_job(at_site: Place) -> None:
    at_site.policy(asking('gres = "gpu:1"'))
    at_site.script(script('print("visible:", os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)\n'))
    desk = at_site.desk().current()
    begun(desk)
    assert ended(desk) is RunState.COMPLETED
    assert "visible: 0" in at_site.read(LOG)


def test_a_job_whose_dependency_never_comes_true_is_a_failure_in_slurms_words(at_site: Place, cluster: Slurm) -> None:
    at_site.policy(asking('extra = ["--hold"]')).script(WAITS)
    desk = at_site.desk().current()
    begun(desk)
    failed = cluster.ask("sbatch", "--parsable", "--wrap=exit 3", "--mem=50", "--output=/dev/null").strip()
    until(lambda: (failed, "wrap", "FAILED") in cluster.states(), "the other job has failed")
    number = job(desk, cluster)
    cluster.ask("scontrol", "update", f"JobId={number}", f"Dependency=afterok:{failed}")
    cluster.ask("scontrol", "release", number)
    until(lambda: "NeverSatisfied" in status(desk).reason, "Slurm says so")
    assert [(one.kind, one.level) for one in at_site.findings()] == [("queue", Level.FAILURE)]
    stop.stop(desk, find_run(desk, RUN), "never mind")
    assert ended(desk) is RunState.NEVER_STARTED


@pytest.mark.skipif(EVERY_FAULT not in os.environ, reason=f"takes up to 80 s: make engines ({EVERY_FAULT}=1)")
@pytest.mark.parametrize(("cut", "state"), [(False, RunState.COMPLETED), (True, RunState.LOST)])
def test_what_a_site_without_accounting_forgets_soon_is_told_by_what_lies_there(
    at_site: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch, cut: bool, state: RunState
) -> None:
    monkeypatch.setattr(remote_silence, "LAG_S", 1.0)
    at_site.script(WAITS)
    desk = at_site.desk()
    begun(desk)
    at_site.says(LOG, "ready")
    if cut:
        cut_power(*[process(desk, kind) for kind in ("waiter", "keeper", "main")])
    at_site.go()
    name = engine.job_name(desk.workspace.run_dir(RUN))
    until(lambda: name not in [found for _, found, _ in cluster.states()], "Slurm has forgotten it")
    assert ended(desk) is state


def test_a_job_that_outlives_its_run_is_taken_from_slurm(
    at_site: Place, cluster: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LEFT_OVER, 1.0)
    at_site.script(WAITS)
    desk, other = at_site.desk(), at_site.desk()
    begun(desk)
    at_site.says(LOG, "ready")
    number = job(desk, cluster)
    cluster.ask("scontrol", "update", f"JobId={number}", "Requeue=1")
    cluster.ask("scontrol", "requeuehold", number)
    until(lambda: (number, "PENDING") in [(known, state) for known, _, state in cluster.states()], "it is put back")
    at_site.script(WAITS, "2")
    start.start(other, start.request(other, "2", Phase.QUICK, None, (), None))

    def looked() -> bool:
        look_at(other, "2-quick-1")
        return (number, "PENDING") not in [(known, state) for known, _, state in cluster.states()]

    until(looked, "a look at another run takes it away")
    assert ended(desk) is RunState.INTERRUPTED  # by the reason that Slurm gave for the job, though it is cancelled now
    at_site.go()
