"""Whether GPUs are sampled where a job runs is not decided by what the machine has that hands it over."""

from __future__ import annotations

import pytest
from watchkeeper.server.acts import launch
from watchkeeper.server.runtime.gpu import devices
from watchkeeper.server.vocabulary.runs import Phase

from ...play import Place

ENGINE = '[engine]\nkind = "slurm"\n[engine.full]\ngres = "gpu:1"\n'


@pytest.mark.parametrize(
    ("gpu", "quick", "full"), [("auto", "none", "sampled"), ("off", "off", "off"), ("on", "sampled", "sampled")]
)
def test_a_job_that_asks_for_a_gpu_is_sampled_on_its_node_unless_the_policy_says_off(
    place: Place, monkeypatch: pytest.MonkeyPatch, gpu: str, quick: str, full: str
) -> None:
    monkeypatch.setattr(devices, "_NVIDIA", ())
    monkeypatch.setattr(devices, "_AMD", "/dev/no-such-device")
    desk = place.policy(ENGINE, instead_of="[keeper]\n", by=f'[keeper]\ngpu = "{gpu}"\n').desk()
    noted = [launch.proof(desk, model="1", phase=phase, run=f"1-{phase}-1").gpu for phase in (Phase.QUICK, Phase.FULL)]
    assert noted == [quick, full]
