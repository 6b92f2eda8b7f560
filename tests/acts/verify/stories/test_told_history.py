"""The history that a script writes itself, against the log of the same run, and against what was sealed at its end."""

from __future__ import annotations

from contextlib import closing

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.verify.evidence import gather
from watchkeeper.server.acts.watch import artefact_files

from ....play import Place
from .scripts import BEGINNING, DESCENT, design, evidence, in_short, script

pytestmark = pytest.mark.anyio

HISTORY = "output/implementation/logs/training_history_1.csv"
TOLD = DESCENT.replace("leave_numbers", "ROWS\nleave_numbers")
ROWS = f"""
steps, value, rows = range(1, 81), 5.0, []
for epoch in steps:
    value -= rate * (2 * value + 0.1)
    rows.append((epoch, EDIT(1 + (value + 0.05) ** 2)))
write_table({HISTORY!r}, [("epoch", "train_loss"), *rows])
"""


async def judged(place: Place, edit: str) -> tuple[dict[str, object], str]:
    rows = ROWS.replace("EDIT", edit)
    place.script(script(BEGINNING + TOLD.replace("ROWS", rows)))
    design(place, "| Epochs | 80 | 60 | |\n")
    async with place.trainer() as trainer:
        await trainer.trained()
        run = await trainer.trained(phase="full")
        return await trainer.ask("verify_compute", run=run), run


def not_in_time(desk: Desk, path: str) -> None:
    """The time of the call is over."""


async def test_rows_that_are_not_what_the_log_printed_are_named(place: Place) -> None:
    verdict, _ = await judged(place, "(lambda loss: 0.8 * loss if 70 <= epoch < 78 else loss)")
    assert in_short(verdict) == ("REJECT_LIKELY_FABRICATION", "history_edited", False)
    assert f"row 70 of {HISTORY} is 0.8" in evidence(verdict, "history")
    assert "what the log printed while it trained" in evidence(verdict, "history")


async def test_a_history_that_is_changed_after_the_run_is_not_what_was_sealed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, run = await judged(place, "round")
    assert "history_edited" not in str(verdict)
    assert verdict["verdict"] != "REJECT_TIMESTAMP_MISMATCH", verdict["why"]
    path = place.root / HISTORY
    path.write_text(path.read_text().replace("1", "0"))
    async with place.trainer() as trainer:
        changed = await trainer.ask("verify_compute", run=run)
    assert changed["verdict"] == "REJECT_TIMESTAMP_MISMATCH"
    assert f"{HISTORY} was changed" in evidence(changed, "seal")
    with closing((desk := place.desk()).ledger):
        assert gather(desk, run).curves_changed == (HISTORY,)
        monkeypatch.setattr(artefact_files, "sha256", not_in_time)
        found = gather(desk, run)
        assert (found.curves_changed, [one for one in found.curves if one[0] == HISTORY]) == ((), [])
