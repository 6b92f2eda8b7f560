"""The day of an agent over MCP whose trainings are jobs of Slurm."""

from __future__ import annotations

import pytest

from ...play import GOOD, Place
from .conftest import ENGINE

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.anyio]


async def test_a_model_is_trained_verified_and_told_as_on_one_machine(on_slurm: Place) -> None:
    on_slurm.policy(ENGINE).script(GOOD)
    async with on_slurm.trainer() as trainer:
        quick = await trainer.trained(phase="quick")
        seen = await trainer.poll(quick)
        assert seen["state"] == "completed"
        full = await trainer.trained(phase="full")
        verdict = await trainer.ask("verify_compute", run=full)
    assert verdict["verdict"]
    end = on_slurm.ending(full)
    assert end.exit_code == 0
    assert end.cpu_s is not None
    assert end.cpu_s > 0.0
    started = on_slurm.recorded(full).engine
    assert started is not None
    assert started["kind"] == "slurm"


@pytest.mark.parametrize("words", [[], ["--", "x"]])
async def test_a_wrapper_sets_up_what_the_training_finds(on_slurm: Place, words: list[str]) -> None:
    wrapper = on_slurm.root / "with module"
    wrapper.write_text('#!/bin/sh\n[ "$1" = -- ] && shift 2\nexport MODULE="set up; $(echo here)"\nexec "$@"\n')
    wrapper.chmod(0o755)
    listed = ", ".join(f'"{one}"' for one in [str(wrapper), *words])
    on_slurm.policy(ENGINE.replace("look_s", f"wrapper = [{listed}]\nlook_s"))
    on_slurm.script('import os\nprint("module:", os.environ["MODULE"])\n' + GOOD)
    async with on_slurm.trainer() as trainer:
        await trainer.trained()
    assert "module: set up; here" in on_slurm.read("output/implementation/logs/training_quick_1.log")
