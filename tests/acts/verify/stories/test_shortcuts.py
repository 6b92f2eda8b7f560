"""What is asked for is fixed when a run starts: neither the policy nor the design can be lowered to fit it."""

from __future__ import annotations

import pytest

from ....play import POLICY, Agent, Facts, Place, script
from .scripts import BEGINNING, DESCENT, design, evidence, in_short, judged

pytestmark = pytest.mark.anyio

FULL = {"model": "1", "phase": "full"}
FAILS_FIRST = DESCENT.replace("leave_numbers(", "leave_nubmers(")


async def test_a_policy_that_was_relaxed_after_the_run_does_not_bind_it(place: Place) -> None:
    assert "min_hours = 0.00004" in POLICY
    place.policy(instead_of="min_hours = 0.00004", by="min_hours = 0.2")
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT)
        place.policy()
        again = await trainer.ask("verify_compute", run=first["run"])
    assert in_short(first) == in_short(again) == ("INVESTIGATE", "short_but_complete", False), again["checks"]
    assert "[full] changed later, which does not bind this run" in evidence(again, "policy")


async def test_a_policy_whose_copy_is_gone_is_not_replaced_by_that_of_today(place: Place) -> None:
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT)
        for kept in place.root.glob(".watchkeeper/snapshots/**/*"):
            if kept.is_file() and b"min_hours" in kept.read_bytes():
                kept.unlink()
        again = await trainer.ask("verify_compute", run=first["run"])
    assert first["verdict"] == "APPROVE"
    assert in_short(again) == ("INVESTIGATE", "policy_not_inspected", False), again["checks"]


async def test_a_design_that_was_lowered_after_the_run_does_not_bind_it(place: Place) -> None:
    async with place.trainer() as trainer:
        first = await judged(place, trainer, DESCENT.replace("81", "31"))
        design(place, "| Epochs | 20 | 20 | |\n")
        again = await trainer.ask("verify_compute", run=first["run"])
    assert in_short(first) == in_short(again) == ("REJECT_INCOMPLETE_TRAINING", "epochs_short", False)
    assert "model_design_1.md was changed after the start" in evidence(again, "inputs")


async def failed_first(place: Place, trainer: Agent) -> None:
    """Bring the full phase to a failed attempt: a wrong name behind eighty honest epochs."""
    design(place)
    place.script(script(BEGINNING + FAILS_FIRST))
    await trainer.trained()
    run = await trainer.trained(phase="full")
    await trainer.ask("report_error", run=run, what_happened="a wrong name")
    async with place.director() as director:
        answer = {"action": "RESTART", "instructions": "mend the name"}
        await director.ask("answer_report", report="1-r1", **answer)


async def next_full(place: Place, trainer: Agent, body: str, **arguments: object) -> Facts:
    place.script(script(BEGINNING + body))
    await trainer.trained(follows="1-quick-1")
    return await trainer.ask("start_training", **FULL, **arguments)


async def test_a_design_that_was_written_after_the_run_does_not_bind_it(place: Place) -> None:
    place.script(script(BEGINNING + DESCENT))
    async with place.trainer() as trainer:
        await trainer.trained()
        before = await trainer.ask("verify_compute", run=await trainer.trained(phase="full"))
        design(place, "| Epochs | 20 | 20 | |\n")
        again = await trainer.ask("verify_compute", run="1-full-1")
    assert "no design at the start" in evidence(before, "inputs")
    assert (again["verdict"], again["reason_code"]) == (before["verdict"], before["reason_code"])
    assert "was added after the start, so it does not bind this run" in evidence(again, "inputs")


async def test_epochs_cut_in_a_fix_wait_for_the_director_and_without_follows_nothing_starts(place: Place) -> None:
    cut = DESCENT.replace("range(1, 81)", "range(1, 11)")
    async with place.trainer() as trainer:
        await failed_first(place, trainer)
        unnamed = await next_full(place, trainer, cut)
        waits = await trainer.ask("start_training", **FULL, follows="1-full-1")
    assert unnamed["run"] == "1-full-1", "without follows the answer is the attempt that there is"
    assert (waits["state"], "run" in waits) == ("awaiting_approval", False)
    assert [one for one in waits["changes"] if "81 -> 11" in one]


async def test_a_table_of_the_design_lowered_between_two_attempts_waits_for_the_director(place: Place) -> None:
    async with place.trainer() as trainer:
        await failed_first(place, trainer)
        design(place, "| Epochs | 80 | 10 | |\n")
        waits = await next_full(place, trainer, DESCENT, follows="1-full-1")
    assert waits["state"] == "awaiting_approval"
    assert waits["changes"] == ["design epochs 60 -> 10"]


async def test_a_policy_relaxed_between_two_attempts_waits_for_the_director(place: Place) -> None:
    async with place.trainer() as trainer:
        await failed_first(place, trainer)
        place.policy(instead_of="min_hours = 0.00004", by="min_hours = 0.00002")
        waits = await next_full(place, trainer, DESCENT, follows="1-full-1")
    assert waits["state"] == "awaiting_approval"
    assert waits["changes"] == ["policy full.min_hours 4e-05 -> 2e-05"]
