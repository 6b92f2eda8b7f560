"""The day of an agent over MCP whose trainings are jobs of Ray."""

from __future__ import annotations

import pytest

from ....play import GOOD, Place
from ....ray import Ray
from .conftest import engine

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.anyio]


async def test_a_model_is_trained_verified_and_told_as_on_one_machine_in_what_a_wrapper_sets_up(
    on_ray: Place, head: Ray
) -> None:
    wrapper = on_ray.root / "with module"
    wrapper.write_text('#!/bin/sh\n[ "$1" = -- ] && shift 2\nexport MODULE="set up; $(echo here)"\nexec "$@"\n')
    wrapper.chmod(0o755)
    on_ray.policy(engine(head.address, f'wrapper = ["{wrapper}", "--", "x"]'))
    on_ray.script('import os\nprint("module:", os.environ["MODULE"])\n' + GOOD)
    async with on_ray.trainer() as trainer:
        quick = await trainer.trained(phase="quick")
        assert (await trainer.poll(quick))["state"] == "completed"
        full = await trainer.trained(phase="full")
        verdict = await trainer.ask("verify_compute", run=full)
    assert verdict["verdict"]
    assert "module: set up; here" in on_ray.read("output/implementation/logs/training_quick_1.log")
    end, started = on_ray.ending(full), on_ray.recorded(full).engine
    assert end.exit_code == 0
    assert (end.cpu_s or 0.0) > 0.0
    assert started is not None
    assert started["kind"] == "ray"
