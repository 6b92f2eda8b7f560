"""One Slurm for all tests of this folder, and a place whose trainings run on it."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from ...play import Place
from ...slurm import Slurm, slurm

ENGINE = """
[engine]
kind = "slurm"
look_s = 1.0
[engine.quick]
mem = "100M"
time = "00:40:00"
[engine.full]
mem = "100M"
time = "01:00:00"
"""


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Slurm]:
    with slurm(tmp_path_factory.mktemp("slurm")) as up:
        yield up


@pytest.fixture
def cluster(shared_cluster: Slurm, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    """A Slurm of one node, which every command of a test finds."""
    monkeypatch.setenv("SLURM_CONF", str(shared_cluster.conf))
    return shared_cluster


@pytest.fixture
def on_slurm(place: Place, cluster: Slurm) -> Place:
    """A workspace whose trainings are jobs of that Slurm."""
    assert cluster.idle() >= 0
    return place.policy(ENGINE)
