"""A run is played again in a copy: what comes out is told, and the workspace stays as it is."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.verify import rerun_copy
from watchkeeper.server.acts.verify.rerun import again as again_by
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.runtime.keeper import guard
from watchkeeper.server.runtime.run_directory import LAUNCH_AGAIN_AFTER_S
from watchkeeper.server.vocabulary.errors import WatchkeeperError

from ...play import Agent, Facts, Place, script

pytestmark = pytest.mark.anyio

FITS = """
import numpy as np
rng = np.random.default_rng(SEED)
data = np.loadtxt(HERE / "data/x.csv", delimiter=",")
fitted = [np.polyfit(*data[rng.integers(0, len(data), len(data))].T, 1) for _ in range(5)]
results = pathlib.Path(os.environ["WATCHKEEPER_RESULTS"])
results.parent.mkdir(parents=True, exist_ok=True)
np.savetxt(results, fitted, delimiter=",", header="slope,intercept", comments="")
with open(HERE / "played", "a") as file:
    file.write("once")
"""
"""Bootstraps of a straight line; the script names the workspace by its full path."""


@pytest.fixture(autouse=True)
def possible(tmp_path: Path) -> None:
    """Skip where the kernel or a container allows no mount namespace, and say so."""
    copy = tmp_path / "probe"
    copy.mkdir()
    _, word = guard.tried(None, [], [(str(copy), str(tmp_path), False)])
    copy.rmdir()
    if word != guard.ON:
        pytest.skip(f"no mount namespace here: {word}")


def fitting(place: Place, seed: str = "7", after: str = "") -> Place:
    (place.root / "data").mkdir(exist_ok=True)
    (place.root / "data/x.csv").write_text("".join(f"{n},{n * n % 7}\n" for n in range(40)))
    body = FITS.replace("SEED", seed).replace("HERE", f"pathlib.Path({str(place.root)!r})")
    return place.script(script(body + after))


async def again(trainer: Agent, run: str) -> Facts:
    """Ask until it is over."""
    verdict = await trainer.ask("verify_compute", run=run, rerun=True)
    while verdict["verdict"] == "IN_PROGRESS":
        assert verdict["next"] == f"verify_compute(run={run!r}, rerun=true)"
        verdict = await trainer.ask("verify_compute", run=run, rerun=True)
    return verdict


def rerun(verdict: Facts) -> tuple[str, str]:
    (check,) = [one for one in verdict["checks"] if one["check"] == "rerun"]
    return check["outcome"], check["evidence"]


async def test_a_run_with_a_seed_comes_out_equal_and_the_workspace_is_not_written(place: Place) -> None:
    async with fitting(place).trainer() as trainer:
        run = await trainer.trained()
        left = {
            path: path.read_bytes() for path in place.root.rglob("*") if path.is_file() and ".watch" not in str(path)
        }
        verdict = await again(trainer, run)
        copy = place.root / ".watchkeeper/reruns" / f"{run}-rerun1/copy"
        copy.mkdir()  # as a server leaves it that was killed when the comparison was recorded
        twice = await again(trainer, run)
    assert verdict["verdict"] == "APPROVE"
    outcome, evidence = rerun(verdict)
    assert outcome == "passed"
    assert evidence.startswith("equal in "), evidence
    assert "digit by digit; sources as at the start, 1 other inputs as they stand now" in evidence
    assert {path: path.read_bytes() for path in left} == left
    assert place.read("played") == "once"
    assert twice["verdict_id"] == verdict["verdict_id"], "asked twice, it was played once"
    assert [one.id for one in place.runs()] == [run], "it is no run of its own"
    assert not copy.exists()


async def test_a_run_without_a_seed_is_told_to_be_not_reproducible_and_nothing_follows(place: Place) -> None:
    async with fitting(place, seed="").trainer() as trainer:
        verdict = await again(trainer, await trainer.trained())
    assert verdict["verdict"] == "APPROVE"
    outcome, evidence = rerun(verdict)
    assert outcome == "not inspected"
    assert "not reproducible" in evidence
    assert "first of solve" in evidence


async def test_it_outlives_its_server_and_what_it_reached_in_its_time_is_compared(place: Place) -> None:
    place.policy("[rerun]\nminutes = 0.05\n[watch]\nmax_wait_s = 0.3\nwait_s = 0.3\nbrisk_poll_s = 0.3\n")
    async with fitting(place, after="wait_for('go')\n").trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        place.go()
        await trainer.watch(started["run"])
        (place.root / "go").unlink()
        begun = await trainer.ask("verify_compute", run=started["run"], rerun=True)
    assert begun["verdict"] == "IN_PROGRESS"
    assert begun["why"].endswith("of at most 3 s")
    async with place.trainer() as another:
        assert (await another.poll(started["run"]))["next"] == f"verify_compute(run={started['run']!r}, rerun=true)"
        verdict = await again(another, started["run"])
    assert rerun(verdict)[1].startswith("equal in ")
    assert "it was ended after" in rerun(verdict)[1]


async def test_a_server_that_is_killed_before_it_has_launched_it_loses_nothing(place: Place, tmp_path: Path) -> None:
    async with fitting(place).trainer() as trainer:
        run = await trainer.trained()
        left_behind = place.root / ".watchkeeper/reruns" / f"{run}-rerun1"
        (left_behind / "copy").mkdir(parents=True)  # by one that was killed while it copied
        unable = replace(place.desk(), engine=LocalEngine(tmp_path / "gone"))
        with pytest.raises(WatchkeeperError, match="No keeper could be started"):
            again_by(unable, run)
        unable.ledger.close()
        long_ago = time.time() - LAUNCH_AGAIN_AFTER_S - 1.0
        os.utime(left_behind / "spec.json", (long_ago, long_ago))
        verdict = await again(trainer, run)
    assert rerun(verdict)[1].startswith("equal in ")


async def test_an_observer_lets_nothing_be_played(place: Place) -> None:
    async with fitting(place).trainer() as trainer, place.agent("observer") as observer:
        run = await trainer.trained()
        refused = await observer.refused("verify_compute", run=run, rerun=True)
        seen = await observer.ask("verify_compute", run=run)
    assert "An observer starts nothing" in refused
    assert f"Call verify_compute(run={run!r}) without rerun" in refused
    assert seen["verdict"] != "IN_PROGRESS"


async def test_two_servers_that_find_nothing_to_compare_record_it_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fitting(place).trainer() as trainer:
        run = await trainer.trained()
    (place.root / "data/x.csv").unlink()
    one, other = place.desk(), place.desk("director")
    look = rerun_copy.missing

    def looked(*about: Any) -> str:
        found = look(*about)
        monkeypatch.setattr(rerun_copy, "missing", look)
        assert again_by(other, run) is None, "the other server is through before this one goes on"
        return found

    monkeypatch.setattr(rerun_copy, "missing", looked)
    try:
        assert again_by(one, run) is None
        assert [each.id for each in one.ledger.reruns(run)] == [f"{run}-rerun1"]
    finally:
        one.ledger.close()
        other.ledger.close()


async def test_inputs_that_were_changed_since_cannot_be_compared(place: Place) -> None:
    async with fitting(place).trainer() as trainer:
        run = await trainer.trained()
        (place.root / "data/x.csv").write_text("1,2\n2,3\n4,9\n")
        changed = await again(trainer, run)
        (place.root / "data/x.csv").unlink()
        gone = await again(trainer, run)
    assert "not comparable" in rerun(changed)[1]
    assert "data/x.csv" in rerun(changed)[1]
    assert "data/x.csv, which it read, is gone" in rerun(gone)[1]


async def test_a_run_that_goes_on_is_not_played_again(place: Place) -> None:
    async with fitting(place, after="wait_for('go')\n").trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        assert "has not ended" in await trainer.refused("verify_compute", run=run, rerun=True)
        place.go()
        await trainer.watch(run)
