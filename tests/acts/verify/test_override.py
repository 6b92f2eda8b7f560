"""A rejecting verdict reaches the director; CONTINUE with a reason is the override, and the verdict stays."""

from __future__ import annotations

import json

import pytest

from ...analysis.evidence.trainings import HONEST, full
from ...play import Place, script

pytestmark = pytest.mark.anyio
TOO_SHORT = script("""
if os.environ["WATCHKEEPER_PHASE"] == "full":
    time.sleep(0.6)
leave_what_the_phase_asks_for()
""")
"""Sleeps to pass the clock."""


async def rejected(place: Place) -> tuple[str, dict[str, object]]:
    """Return the full run that was rejected, and the verdict on it."""
    place.script(TOO_SHORT)
    async with place.trainer() as trainer:
        await trainer.trained()
        run = await trainer.trained(phase="full")
        return run, await trainer.ask("verify_compute", run=run)


async def test_a_rejection_opens_one_report_to_the_director(place: Place) -> None:
    run, verdict = await rejected(place)
    assert str(verdict["verdict"]).startswith("REJECT")
    async with place.director() as director:
        seen = await director.poll()
        await director.ask("verify_compute", run=run)
    (report,) = place.reports()
    assert report.id == verdict["report"]
    assert report.what_happened.startswith(str(verdict["verdict"]))
    assert seen["next"].startswith(f"answer_report(report='{report.id}'")
    assert "## Phase 5B Verdict Report" in place.read(f".watchkeeper/reports/{report.id}.md")


async def test_continue_is_an_override_that_stays_visible_beside_the_verdict(place: Place) -> None:
    run, verdict = await rejected(place)
    async with place.director() as director, place.trainer() as trainer:
        answer = {"action": "CONTINUE", "instructions": "a smoke test of the pipeline, not for the paper"}
        await director.ask("answer_report", report=verdict["report"], **answer)
        again = await trainer.ask("verify_compute", run=run)
        brief = await director.poll()
    assert (again["verdict"], again["met"], again["verdict_id"]) == (verdict["verdict"], False, verdict["verdict_id"])
    assert again["override"] == f"CONTINUE in {verdict['report']}: a smoke test of the pipeline, not for the paper"
    assert len(place.reports()) == 1
    assert [one["verdict"] for one in brief["runs"] if one["run"] == run] == [
        f"{verdict['verdict']}, overridden by the director in {verdict['report']}"
    ]


async def test_an_approval_opens_no_report_and_hands_over_the_documents(place: Place) -> None:
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, HONEST)
    assert verdict["verdict"] == "APPROVE", verdict["checks"]
    assert place.reports() == []
    assert {"summary", "results_summary", "results", "log"} <= verdict["handoff"].keys()
    assert json.loads(place.read(verdict["handoff"]["summary"]))["meta"]["run"] == "1-full-1"
