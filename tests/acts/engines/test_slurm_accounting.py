"""Where a site keeps accounts, a job that the controller has forgotten is told by them. Needs slurmdbd and MariaDB."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime import heartbeats
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


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Generator[Accounting]:
    with accounting(tmp_path_factory.mktemp("accounts")) as up:
        monkeypatch.setenv("SLURM_CONF", str(up.conf))
        yield up


def test_the_accounts_tell_how_a_job_ended_that_the_controller_forgot(
    place: Place, cluster: Accounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "LAG_S", 1.0)
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
