"""An attempt that ends is told with how it compares: three real trainings, by an agent, a command and a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from watchkeeper.server.acts.watch import attempts
from watchkeeper.server.interfaces.commands.cli import main

from ...interfaces.web.helpers import page
from ...play import Agent, Place

pytestmark = pytest.mark.anyio

PRINTS = """
import sys
for epoch in range(1, 13):
    loss = float(sys.argv[1]) + (epoch % 3) / 1000
    print(f"epoch {epoch}/12 val_loss {loss if loss < 2 else float('nan'):.4f}", flush=True)
"""
WRITES = """
import pathlib, sys
path = pathlib.Path("lightning_logs/version_0/metrics.csv")
path.parent.mkdir(parents=True, exist_ok=True)
rows = [f"{epoch},{float(sys.argv[1]) + (epoch % 3) / 1000}" for epoch in range(12)]
path.write_text("epoch,val_loss\\n" + "\\n".join(rows) + "\\n")
"""
EMPTY = "pass\n"


def stranger(place: Place, script: str) -> None:
    (place.root / "watchkeeper.toml").write_text('profile = "research"\n', encoding="utf-8")
    (place.root / "train.py").write_text(script, encoding="utf-8")


async def ended(trainer: Agent, level: str, follows: str = "") -> dict[str, Any]:
    """Let a full attempt of model m end; return the answer that tells its end."""
    about = {"follows": follows} if follows else {}
    run = (await trainer.ask("start_training", model="m", phase="full", args=[level], **about))["run"]
    return await trainer.watch(run)


async def test_each_end_tells_which_attempt_is_best_by_how_much_and_whether_by_more_than_noise(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger(place, PRINTS)
    async with place.trainer() as trainer:
        first = await ended(trainer, "0.5")
        assert "comparison" not in first  # there is nothing yet to compare it with
        second = await ended(trainer, "0.3", first["run"])
        wanted = {
            "column": "val_loss",
            "better": "lower",
            "best": second["run"],
            "rival": first["run"],
            "noise": "epochs",
        }
        told = second["comparison"]
        assert told.items() >= {**wanted, "rank": 1, "of": 2, "more_than_noise": True}.items()
        assert (told["gap"], told["low"] < 0.2 < told["high"]) == (0.2, True)
        assert list(second)[-1] == "next"
        assert len(json.dumps(told, separators=(",", ":"))) / 4 < 60
        third = await ended(trainer, "7", second["run"])
        assert third["comparison"].items() >= {**wanted, "of": 2}.items()
        assert "rank" not in third["comparison"]  # it ended in NaN
        await trainer.ask("verify_compute", run=second["run"])
        again, text = await trainer.call("poll_training", run=third["run"], wait_s=0)
    verdict = again["comparison"].pop("best_verdict")
    assert again["comparison"] == third["comparison"]
    assert f"\n  best: {second['run']}\n  best_verdict: {verdict}\n" in text
    conclusion = f"best: {second['run']}, 0.2 lower than {first['run']} (95 % interval "
    assert main(["--workspace", str(place.root), "compare", "m"]) == 0
    shown = capsys.readouterr().out
    assert conclusion in shown
    assert f"{second['run']}  0.301  (5 values; verdict {verdict})" in shown
    assert f"there is none: {third['run']}" in shown
    with page(place.root) as there:
        drawn = (await there.get("/models/m")).body.decode()
    part = drawn.partition('<section id="compared"')[2].partition("</section>")[0]
    assert conclusion in part
    assert part.index(f"/runs/{second['run']}") < part.index(f"/runs/{first['run']}")
    assert main(["--workspace", str(place.root), "report", "m", "-o", str(place.root / "m.html")]) == 0
    assert conclusion in place.read("m.html")


async def test_a_file_that_each_attempt_writes_over_is_compared_as_it_was_when_each_ended(place: Place) -> None:
    stranger(place, WRITES)
    async with place.trainer() as trainer:
        first = await ended(trainer, "0.5")
        second = await ended(trainer, "0.7", first["run"])
        told = second["comparison"]
        assert (told["best"], told["rank"], told["gap"]) == (first["run"], 2, 0.2)
        stranger(place, EMPTY)
        third = await ended(trainer, "0.1", second["run"])
        assert third["comparison"]["of"] == 2
    desk = place.desk()
    desk.ledger.take_note(f"attempt:{first['run']}", "")  # as a release before this one left it
    assert [one.run for one in attempts.of_model(desk, "m")] == [second["run"]]
    desk.ledger.close()
