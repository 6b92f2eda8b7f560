"""A day of two agents in one workspace: which act comes next, drawn from what stands on record, and the trainings.

One model trains well, one fails, one waits, one's loss is NaN. What each training did it writes down itself, beside the
workspace, where no fault of a test strikes.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger

from ..limits import HANG_S
from ..runtime.keeper.helpers import processes_of, until
from . import forked
from .acknowledged import TOLD, Acknowledged
from .answers import HOSTILE

POLICY = """
[quick]
max_minutes = 30.0
[full]
min_hours = 0.0001
max_hours = 0.25
[keeper]
sample_s = 0.2
grace_s = 5.0
[witness]
enabled = false
guard = false
"""
BEGIN = """
import os, time
run = os.path.basename(os.environ["WATCHKEEPER_RUN_DIR"])
told = os.open(f"{FOLDER}/told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(told, f"{run}\\n".encode())
def end(status):
    os.write(told, f"{run} {status}\\n".encode())
    os._exit(status)
def tried(act):
    try:
        act()
    except OSError:
        end(9)
def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
def say(text):
    data = text.encode()
    while data:
        data = data[os.write(1, data):]
def wait():
    while not (os.path.exists(f"{FOLDER}/go") or os.path.exists(f"{FOLDER}/go-{run}")):
        time.sleep(0.05)
"""
GOOD = 'tried(lambda: write(os.environ["WATCHKEEPER_RESULTS"], "draw,mu\\n1,4.4\\n"))\nend(0)\n'
TRACEBACK = f"Traceback (most recent call last):\\nValueError: X contains NaN \\x1b[2J{HOSTILE}\\n"
SCRIPTS = {
    "good": f"{BEGIN}{GOOD}",
    "bad": f"{BEGIN}tried(lambda: say('{TRACEBACK}'))\nend(7)\n",
    "slow": f"{BEGIN}tried(lambda: say('ready\\n'))\nwait()\n{GOOD}",
    "nan": f"{BEGIN}tried(lambda: say('epoch 1 loss 0.5\\nepoch 2 loss nan\\n'))\nwait()\nend(0)\n",
}
"""Each ends with 9 where it could not write."""


class Day:
    """A workspace in an empty folder, and what its clients were told.

    :ivar root: the workspace; it may lie on a file system of its own, below the folder.
    :ivar known: what was acknowledged.
    """

    def __init__(self, folder: Path, root: Path, draw: random.Random) -> None:
        self.root, self.errors, self._draw = root, folder / "errors", draw
        self.known = Acknowledged(root, folder / TOLD)
        self._folder = folder
        self._numbers = iter(range(10**6))
        code = root / "output/implementation/code"
        code.mkdir(parents=True)
        (root / "watchkeeper.toml").write_text(POLICY)
        for model, text in SCRIPTS.items():
            (code / f"model_{model}.py").write_text(f"FOLDER = {str(folder)!r}\n{text}")

    def said(self, since_bytes: int = -1500) -> str:
        """Return what servers wrote to their standard error from this place in it on: their last words, unless told."""
        said = self.errors.read_bytes() if self.errors.exists() else b""
        return said[since_bytes:].decode("utf-8", "replace")

    def server(self, role: str, armed: dict[str, str] | None = None) -> forked.Forked:
        return forked.Forked(self.root, role, self.errors, armed)

    def drawn(self) -> tuple[str, str, dict[str, Any]]:
        """Draw an act that fits what stands on record; some fit nothing, and are refused."""
        ledger = Ledger(Workspace(self.root).ledger_path) if Workspace(self.root).ledger_path.exists() else None
        try:
            return self._fitting(ledger)
        finally:
            if ledger:
                ledger.close()

    def _fitting(self, ledger: Ledger | None) -> tuple[str, str, dict[str, Any]]:
        model = self._draw.choice(list(SCRIPTS))
        runs = ledger.runs(model=model) if ledger else []
        if not runs:
            return "trainer", "start_training", {"model": model, "phase": "quick"}
        run = runs[-1].id
        reports = [one for one in ledger.reports(model=model) if one.status == "open"] if ledger else []
        number = next(self._numbers)
        entry = {"struggle": "it broke", "investigation": ["a test"], "fix": f"fix-{number}.", "why": "a cause"}
        acts: list[tuple[str, str, dict[str, Any]]] = [
            ("trainer", "poll_training", {"run": run, "wait_s": 0}),
            ("observer", "poll_training", {"wait_s": 0}),
            ("trainer", "report_error", {"run": run, "what_happened": f"broken {number}"}),
            ("trainer", "verify_compute", {"run": run}),
            ("trainer", "write_diary_entry", {"model": model, "run": run, **entry}),
            ("trainer", "start_training", {"model": model, "phase": "quick", "follows": run}),
        ]
        if not runs[-1].ended:
            acts += [("trainer", "stop_training", {"run": run, "reason": f"enough {number}"})] * 2
            if self._draw.random() < 0.3:
                (self._folder / f"go-{run}").touch()
        else:
            acts += [acts[-1]] * 3
        if reports:
            answer = {"report": reports[-1].id, "instructions": f"words-{number}."}
            acts += [
                ("director", "answer_report", {**answer, "action": self._draw.choice(("RESTART", "CONTINUE"))})
            ] * 4
        return self._draw.choice(acts)

    def end(self) -> None:
        """Let every training end, watched by one server that lives."""
        (self._folder / "go").touch()
        server = self.server("trainer")
        deadline = time.monotonic() + HANG_S
        while True:
            server.ask("poll_training", {"wait_s": 1})
            answer = server.answer(HANG_S)
            assert answer, "the last poll has no answer"
            ledger = Ledger(Workspace(self.root).ledger_path)
            active = [one.id for one in ledger.runs() if not one.ended]
            ledger.close()
            if not active:
                break
            assert time.monotonic() < deadline, f"never ended: {active}"
            server.ask("poll_training", {"run": active[0], "wait_s": 1})
            server.answer(HANG_S)
        server.kill()
        until(lambda: not processes_of(self._folder), "no keeper and no training outlives the last end")
