"""Trainings that fail and what a report of them says."""

from __future__ import annotations

from watchkeeper.server.storage.record import Report

from ...play import DIVERGES, FAILS, GOOD, Agent, Facts, Place

FAILS_AT_FIRST = "import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1', 'the first attempt fails'\n" + GOOD
DIARY = {"struggle": "it broke", "investigation": ["looked: found"], "fix": "mended", "why": "because of the domain"}


async def failed(place: Place, trainer: Agent, text: str = FAILS) -> tuple[str, Facts]:
    """Let a run fail and report it; return the run and the report."""
    place.script(text)
    run = await trainer.trained()
    return run, await trainer.ask("report_error", run=run, what_happened="NaN in the features")


async def diverging(place: Place, trainer: Agent) -> tuple[str, Facts]:
    """Let a run diverge and go on; report it while it does."""
    place.script(DIVERGES)
    run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
    seen = await trainer.poll(run)
    while not seen["findings"]:
        seen = await trainer.poll(run, cursor=seen["cursor"], wait_s=1)
    return run, await trainer.ask("report_error", run=run, what_happened="the loss is NaN")


def carried_out_by(report: Report) -> str:
    return report.applied.run if report.applied else ""


def instructions_of(report: Report) -> str:
    return report.answer.instructions if report.answer else ""


def report_of(place: Place, report: str) -> Report:
    return next(one for one in place.reports() if one.id == report)
