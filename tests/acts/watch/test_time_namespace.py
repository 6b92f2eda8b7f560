"""A server whose clock of the boot is shifted (a restored container) ends no run that lives, and says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.runtime.keeper import hosts

from ...limits import HANG_S
from ...play import WAITS, Place
from ...warm import COLD

pytestmark = pytest.mark.anyio
SHIFTED = ["unshare", "--time", "--boottime", "100000", "--fork", "--"]


def test_what_another_clock_of_the_boot_told_apart_is_as_far_as_another_machine() -> None:
    here = hosts.here()
    assert hosts.elsewhere(here) == ""
    assert hosts.elsewhere({**here, "time_namespace": ""}) == "", "a kernel without them, an older release"
    assert hosts.elsewhere({**here, "time_namespace": "time:[1]"}) == f"{here['host']} with another clock of the boot"


def shifted(place: Place, run: str) -> str:
    """Poll by a server with a shifted clock; return its answer."""
    command = [*SHIFTED, *COLD, "--workspace", str(place.root), "poll", run, "--wait", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def possible() -> None:
    """Skip where no time namespace can be made, and say so."""
    try:
        done = subprocess.run([*SHIFTED, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if done.returncode != 0 or not Path("/proc/self/ns/time").exists():
        pytest.skip("no time namespace can be made here")


@pytest.mark.usefixtures("possible")
async def test_a_run_is_not_lost_to_a_server_with_a_shifted_clock(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says("output/implementation/logs/training_quick_1.log", "ready")
        answer = await anyio.to_thread.run_sync(shifted, place, run)
        assert json.loads(answer)["state"] == "running"
        assert "with another clock of the boot" in answer
        assert (await trainer.poll(run))["state"] == "running"
        place.go()
        assert (await trainer.watch(run))["state"] == "completed"
