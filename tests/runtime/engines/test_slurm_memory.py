"""A job that takes more memory than it asked for is ended by the kernel, in its own cgroup; that is told as such."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.vocabulary.runs import RunState

from ...play import Place, script
from ...runtime.keeper.helpers import until
from ...slurm import Slurm, slurm
from .conftest import ENGINE
from .helpers import RUN, begun, ended

CGROUPS = Path("/sys/fs/cgroup")
NEEDED = ("memory", "freezer", "cpuset")
MORE = "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup\n"
LIMITS = f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={CGROUPS}\nCgroupAutomount=no\nConstrainRAMSpace=yes\n"
HERE = all(os.access(CGROUPS / name, os.W_OK) and (CGROUPS / name / "tasks").exists() for name in NEEDED)

pytestmark = [
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(not HERE, reason="needs version 1 of cgroups that this user may make: memory, freezer, cpuset"),
]


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Generator[Slurm]:
    folder = tmp_path_factory.mktemp("slurm-memory")
    (folder / "cgroup.conf").write_text(LIMITS)
    with slurm(folder, 1, MORE) as up:
        monkeypatch.setenv("SLURM_CONF", str(up.conf))
        yield up
    for name in os.listdir(CGROUPS):
        for left, *_ in os.walk(CGROUPS / name / "slurm_n1", topdown=False):
            os.rmdir(left)


def test_a_training_that_takes_more_than_its_job_has_is_out_of_memory(place: Place, cluster: Slurm) -> None:
    place.policy(ENGINE).script(script('print("ready", flush=True)\nheld = bytearray(os.urandom(1 << 20)) * 400\n'))
    desk = place.desk().current()
    begun(desk)
    assert ended(desk) is RunState.OUT_OF_MEMORY
    end = find_run(desk, RUN).end
    assert end is not None
    assert "OOM" in end.reason
    until(lambda: "OUT_OF_MEMORY" in [state for *_, state in cluster.states()], "Slurm knows why it ended")
