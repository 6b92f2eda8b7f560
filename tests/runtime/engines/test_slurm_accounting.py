"""Where a site keeps accounts: how forgotten jobs ended, and preemption by quality of service. Needs a database."""

from __future__ import annotations

import os
import re
from collections.abc import Generator

import pytest
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime import remote_silence
from watchkeeper.server.runtime.engines import slurm_check
from watchkeeper.server.vocabulary.runs import RunState

from ...play import WAITS, Place
from ...runtime.keeper.helpers import until
from ...slurm_accounting import Accounting, accounting
from .conftest import ENGINE
from .helpers import EVERY_FAULT, LOG, RUN, begun, cut_power, ended, job, process

pytestmark = [
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(EVERY_FAULT not in os.environ, reason=f"takes a database: make engines ({EVERY_FAULT}=1)"),
]
SITE = "PreemptType=preempt/qos\nPreemptMode=REQUEUE\nAccountingStorageEnforce=associations,qos\n"
QUALITIES = {"cancelled": "PREEMPTED", "requeued": "PREEMPTED|PENDING"}
"""Qualities of service whose jobs give way to those of `urgent`, and what Slurm says of one then."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Accounting]:
    with accounting(tmp_path_factory.mktemp("accounts"), SITE) as up:
        up.manage("add", "qos", "cancelled", "preemptmode=Cancel")
        up.manage("add", "qos", "requeued", "preemptmode=Requeue")
        up.manage("add", "qos", "urgent", f"preempt={','.join(QUALITIES)}", "priority=1000")
        up.manage("add", "account", "proj1")
        up.manage("add", "user", "root", "account=proj1", f"qos=urgent,{','.join(QUALITIES)}", "defaultqos=requeued")
        yield up


@pytest.fixture
def cluster(site: Accounting, monkeypatch: pytest.MonkeyPatch) -> Accounting:
    monkeypatch.setenv("SLURM_CONF", str(site.conf))
    return site


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_run_that_gives_way_to_a_better_quality_of_service_is_interrupted(
    place: Place, cluster: Accounting, quality: str
) -> None:
    asks = f'qos = "{quality}"\naccount = "proj1"\n[engine.full]'
    place.policy(ENGINE.replace("[engine.full]", asks)).script(WAITS)
    desk = place.desk().current()
    begun(desk)
    place.says(LOG, "ready")
    other = cluster.ask(
        "sbatch", "--parsable", "--account=proj1", "--qos=urgent", "--cpus-per-task=4", "--mem=50",
        "--output=/dev/null", "--wrap=exec sleep 1000",
    ).strip()  # fmt: skip
    assert other.isdigit(), "it is in the queue"
    assert ended(desk) is RunState.INTERRUPTED
    said = find_run(desk, RUN).end.reason  # type: ignore[union-attr]
    assert re.search(f"Slurm says ({QUALITIES[quality]})", said)
    cluster.ask("scancel", other)


def test_the_accounts_tell_how_a_job_ended_that_the_controller_forgot(
    place: Place, cluster: Accounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_silence, "LAG_S", 1.0)
    place.policy(ENGINE).script(WAITS)
    desk = place.desk().current()
    assert slurm_check.check({})[1].endswith("with accounting")
    begun(desk)
    place.says(LOG, "ready")
    number = job(desk, cluster)
    cut_power(*[process(desk, kind) for kind in ("waiter", "keeper", "main")])
    until(lambda: "FAIL" in cluster.ask("sacct", "--noheader", f"--jobs={number}", "--format=State"), "it is accounted")
    cluster.kill("slurmctld")
    cluster.forget_jobs()
    cluster.start_controller()
    until(lambda: cluster.idle() == 1, "the controller is back")
    assert ended(desk) in (RunState.LOST, RunState.INTERRUPTED)
    end = find_run(desk, RUN).end
    assert end is not None
    assert "(sacct)" in end.reason
