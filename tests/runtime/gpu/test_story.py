"""A training on a played GPU, as agents see it: numbers in the poll, an error told once, a row in the verdict."""

from __future__ import annotations

import json
import time

import pytest
from watchkeeper.server.acts.poll.token_limits import QUIET_CHARACTERS

from ...limits import HANG_S
from ...play import GOOD, Agent, Facts, Place, script
from .conftest import Played

pytestmark = pytest.mark.anyio
HOLDS = """
pathlib.Path(os.environ["PIDS"]).write_text(str(os.getpid()))
device = "cuda:0"
print("ready", flush=True)
wait_for("go")
leave_what_the_phase_asks_for()
"""


def row(verdict: Facts, name: str = "gpu") -> Facts:
    return next(one for one in verdict["checks"] if one["check"] == name)


async def polled(trainer: Agent, run: str, enough: str) -> list[Facts]:
    """Poll until an answer holds a word; return all answers."""
    seen: list[Facts] = []
    deadline = time.monotonic() + HANG_S
    while not seen or enough not in json.dumps(seen[-1]):
        assert time.monotonic() < deadline, f"{enough} never came: {seen[-1:]}"
        seen.append(await trainer.poll(run, wait_s=1, **({"cursor": seen[-1]["cursor"]} if seen else {})))
    return seen


def on(place: Place, played: Played) -> Place:
    return place.policy(
        f'\n[environment]\nPIDS = "{played.pid}"\n', instead_of="sample_s = 0.1", by='sample_s = 0.1\ngpu = "on"'
    )


async def test_a_run_on_a_gpu_shows_its_numbers_its_errors_and_its_work(place: Place, played: Played) -> None:
    played.plays(*(f"60 4000 {1000 * n} 300000 55 1 0" for n in range(4)), "60 4000 4000 300000 55 1 31")
    on(place, played).script(script(HOLDS))
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        numbers = (await polled(trainer, run, "gpu_percent"))[-1]
        assert {"gpu_percent": 60, "gpu_gb": 4}.items() <= numbers["metrics"].items()
        told = await polled(trainer, run, "Xid 31")
        quiet = await trainer.poll(run, cursor=told[-1]["cursor"])
        assert quiet["findings"] == [], "once"
        assert len(json.dumps(quiet, separators=(",", ":"))) <= QUIET_CHARACTERS
        place.go()
        await trainer.watch(run)
        verdict = await trainer.ask("verify_compute", run=run)
    found = row(verdict)
    assert (found["outcome"], verdict["verdict"]) == ("passed", "APPROVE")
    assert "1 GPU(s), Played GPU: held for" in found["evidence"]
    assert "55% used, 4.0 GB at most" in found["evidence"]
    assert place.recorded(run).gpu == "sampled"


async def test_a_run_that_asked_for_a_gpu_and_was_never_on_one_is_asked_about(place: Place, played: Played) -> None:
    played.plays("0 0 0 0 0 0 0")
    on(place, played).script(script(HOLDS + "work(0.5)\n"))
    place.go()
    async with place.trainer() as trainer:
        verdict = await trainer.ask("verify_compute", run=await trainer.trained())
    assert (verdict["verdict"], verdict["reason_code"]) == ("INVESTIGATE", "gpu_never_used")
    number = script(HOLDS).split("\n").index('device = "cuda:0"') + 1
    assert f"asked for by output/implementation/code/model_1.py:{number} (read)" in row(verdict)["evidence"]


async def test_with_sampling_off_the_verdict_says_so(place: Place) -> None:
    place.policy(instead_of="sample_s = 0.1", by='sample_s = 0.1\ngpu = "off"').script(GOOD)
    async with place.trainer() as trainer:
        found = row(await trainer.ask("verify_compute", run=await trainer.trained()))
    assert (found["outcome"], found["evidence"]) == ("not inspected", "GPU not inspected: [keeper] gpu is off")
