"""A script that knows nothing of watchkeeper, as people have it: watched and judged as it is, under `research`."""

from __future__ import annotations

import os

import pytest

from ....play import Place

pytestmark = pytest.mark.anyio

TRAIN = """
import argparse, json, pathlib, random
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--out", default="runs/exp")
options = parser.parse_args()
random.seed(1)
points = [(x / 50, 3 * x / 50 + random.gauss(0, 0.1)) for x in range(200)]
weight = 5.0
for epoch in range(1, options.epochs + 1):
    loss = 0.0
    for x, y in points:
        error = weight * x - y
        loss += error * error / len(points)
        weight -= 1e-3 * error * x
    print(f"epoch {epoch}/{options.epochs} loss {loss:.5f}", flush=True)
out = pathlib.Path(options.out)
out.mkdir(parents=True, exist_ok=True)
(out / "metrics.json").write_text(json.dumps({"loss": loss, "weight": weight}))
"""
ARGS = ["--epochs", "20", "--out", "runs/exp1"]


@pytest.fixture
def stranger(place: Place) -> Place:
    """A folder with an ordinary script and no policy."""
    (place.root / "watchkeeper.toml").unlink()
    (place.root / "train.py").write_text(TRAIN, encoding="utf-8")
    return place


async def test_an_ordinary_script_passes_its_quick_run_and_its_full_one_with_no_line_changed(stranger: Place) -> None:
    async with stranger.trainer() as trainer:
        quick = await trainer.trained(model="exp1", script="train.py", args=ARGS)
        judged = await trainer.ask("verify_compute", run=quick)
        assert (judged["verdict"], judged["met"]) == ("APPROVE", True)
        full = await trainer.trained(model="exp1", phase="full", script="train.py", args=ARGS)
        judged = await trainer.ask("verify_compute", run=full)
        other = await trainer.ask("start_training", model="exp1", phase="full", args=ARGS[:2], follows=full)
        await trainer.watch(other["run"])  # other settings ask nobody, and the policy's script needs no name
    checks = {one["check"]: one for one in judged["checks"]}
    assert judged["verdict"] == "APPROVE", judged["why"]
    assert checks["artefact results"]["evidence"].startswith("runs/exp1/metrics.json, ")
    assert checks["written"]["evidence"] == "runs/exp1/metrics.json (witnessed and sealed)"
    assert checks["policy"]["evidence"] == "that of the start, profile research"
    assert "(told only: " in checks["method"]["evidence"]
    assert "judged under the profile research" in judged["text"]
    assert judged["handoff"]["results"] == "runs/exp1/metrics.json"
    assert not (stranger.root / "output").exists()


async def test_what_speaks_of_falsity_decides_under_research_too(stranger: Place) -> None:
    async with stranger.trainer() as trainer:
        run = await trainer.trained(model="exp1", phase="full", args=ARGS)
        (stranger.root / "runs/exp1/metrics.json").write_text('{"loss": 0.0001}')
        judged = await trainer.ask("verify_compute", run=run)
        assert judged["verdict"] == "REJECT_TIMESTAMP_MISMATCH"
        run = await trainer.trained(model="exp2", phase="full", args=["--epochs", "-x"])
        judged = await trainer.ask("verify_compute", run=run)
    assert (judged["verdict"], judged["reason_code"]) == ("REJECT_INCOMPLETE_TRAINING", "ended_failed")


async def test_plain_runs_and_watches_and_judges_nothing(stranger: Place) -> None:
    (stranger.root / "watchkeeper.toml").write_text('profile = "plain"\n', encoding="utf-8")
    async with stranger.trainer() as trainer:
        run = await trainer.trained(model="exp1", phase="full", args=ARGS)
        seen = await trainer.poll(run)
        assert "started under the profile plain" in await trainer.refused("verify_compute", run=run)
    assert (seen["state"], seen["next"]) == ("completed", "the watch is over")
    assert os.listdir(stranger.root / ".watchkeeper/runs" / run / "witness") == []


async def test_leaving_the_document_for_another_profile_between_attempts_asks_the_director(place: Place) -> None:
    (place.root / "train.py").write_text(TRAIN, encoding="utf-8")
    place.policy('[names]\nscript = "train.py"\n', instead_of="[quick]\n", by="[quick]\nrequired = false\n")
    async with place.trainer() as trainer:
        run = await trainer.trained(model="exp1", phase="full", args=ARGS)
        (place.root / "watchkeeper.toml").write_text('profile = "research"\n', encoding="utf-8")
        waits = await trainer.ask("start_training", model="exp1", phase="full", args=ARGS, follows=run)
    assert waits["state"] == "awaiting_approval"
    assert "policy profile contest -> research" in waits["changes"]
    assert not any("policy method" in one or "policy names" in one for one in waits["changes"])
