"""What a client was told that it had done, and what it finds of that: from the record, the files, the trainings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger, Run
from watchkeeper.server.vocabulary.runs import Level, RunState

from . import answers

Facts = dict[str, Any]
TOLD = "told"
"""The name of the file in which the trainings of a day write down what they did."""
DEFECTS = ("inside watchkeeper", "defect of watchkeeper")
_KEYS = {
    "start_training": "run", "report_error": "report", "answer_report": "report", "verify_compute": "verdict_id",
    "stop_training": "run", "write_diary_entry": "path",
}  # fmt: skip
"""What an answer names of the act, by tool; a poll acknowledges nothing."""


class Acknowledged:
    """The client's list of what was acknowledged in one workspace.

    :param told: where the trainings write down that they began, and how they end.
    """

    def __init__(self, root: Path, told: Path) -> None:
        self._root, self._told = root, told
        self._acts: list[tuple[str, Facts, Facts]] = []
        self._wrong: list[str] = []
        self._stops: set[str] = set()

    def asked(self, tool: str, arguments: Facts) -> None:
        """Take note of a call whose answer may never come, or be a refusal though it was done."""
        if tool == "stop_training":
            self._stops.add(arguments["run"])

    def take(self, tool: str, arguments: Facts, answer: Facts) -> None:
        """Take an answer: a refusal in words is none, a defect is a violation, and so is what no answer may be."""
        text = "\n".join(str(one.get("text", "")) for one in answer.get("content", ()))
        if any(one in text for one in DEFECTS):
            self._wrong.append(f"{tool} {arguments}: {text[:500]}")
        elif not answer.get("isError"):
            content: Facts = answer["structuredContent"]
            self._acts.append((tool, arguments, content))
            well = {one.split()[0] for one in self._written() if one.endswith(" 0")}
            self._wrong += answers.wrong(tool, content, self._root / ".watchkeeper/runs", well)

    def violations(self) -> list[str]:
        """Return what is wrong now: defects, a broken chain, what was acknowledged and is not there, what is twice."""
        if not Workspace(self._root).ledger_path.exists():  # nothing but polls came so far
            return [*self._wrong, *(f"lost: {one}" for one in self._acts if _KEYS.get(one[0]))]
        ledger = Ledger(Workspace(self._root).ledger_path)
        try:
            broken = [f"the chain: {one}" for one in ledger.broken()]
            lost = [f"lost: {one}" for one in self._acts if _KEYS.get(one[0]) and not self._kept(ledger, *one)]
            return [*self._wrong, *broken, *lost, *self._twice(ledger)]
        finally:
            ledger.close()

    def _kept(self, ledger: Ledger, tool: str, arguments: Facts, answer: Facts) -> bool:
        named = answer.get(_KEYS[tool])
        if named is None:  # a start that waits for an approval, a report that was none
            return True
        if tool == "write_diary_entry":
            return (self._root / named).read_text("utf-8").count(f"\n{arguments['fix']}\n") == 1
        if tool in ("start_training", "stop_training"):
            run = ledger.run(named)
            done = run is not None and (run.stop is not None or not run.ended or run.outcome == RunState.STOPPED)
            return run is not None and (answer["state"] != RunState.STOPPED or done)
        if tool == "verify_compute":
            return any(one.id == named for one in ledger.verdicts())
        report = next((one for one in ledger.reports() if one.id == named), None)
        return report is not None and (tool == "report_error" or report.answer is not None)

    def _twice(self, ledger: Ledger) -> list[str]:
        begun = Counter(one for one in self._written() if " " not in one)
        known = {one.id for one in ledger.runs()}
        wrong = [f"{run} began {times} times" for run, times in begun.items() if times != 1 or run not in known]
        headings = Counter(
            f"{line} in {path}"
            for path in {one[2]["path"] for one in self._acts if one[0] == "write_diary_entry"}
            for line in (self._root / path).read_text("utf-8").splitlines()
            if line.startswith("## Dev Diary")
        )
        return [*wrong, *(f"written {times} times: {line}" for line, times in headings.items() if times > 1)]

    def _written(self) -> list[str]:
        return self._told.read_text(encoding="utf-8").splitlines() if self._told.exists() else []

    def untrue(self) -> list[str]:
        """Return what the record says of a run that its training itself does not, once all have ended."""
        if not Workspace(self._root).ledger_path.exists():
            return []
        ledger = Ledger(Workspace(self._root).ledger_path)
        try:
            failed = {one.run for one in ledger.findings() if one.level is Level.FAILURE}
            return [wrong for one in ledger.runs() if (wrong := self._untrue(one, one.id in failed))]
        finally:
            ledger.close()

    def _untrue(self, run: Run, failed: bool) -> str:
        lines = self._written()
        began, status = run.id in lines, next((one.split()[1] for one in lines if one.startswith(f"{run.id} ")), "")
        state = run.end.state if run.end else None
        told = (state, run.end.exit_code if run.end else None)
        stopped = run.id in self._stops and state is RunState.STOPPED
        ended = (RunState.COMPLETED, 0) if status == "0" else (RunState.FAILED, int(status or -1))
        if not began:
            fits = state in (RunState.NEVER_STARTED, RunState.STOPPED)
        elif status:
            fits = told == ended or stopped
        else:
            fits = stopped
        if fits and status == "7" and state is RunState.FAILED and not failed:
            return f"{run.id} failed and no finding says so"
        return "" if fits else f"{run.id}: began {began}, status {status!r}, on record {told}, stop {run.stop}"
