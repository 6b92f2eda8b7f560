"""Servers are killed at random moments of every act; two clients go on, and what was acknowledged is compared.

    python -m tests.torture.kill_servers --wanted 5000 --seed 1000 --results FILE      # from the project's root

Judged from outside: the client's own list of what was acknowledged, what the trainings themselves wrote down, /proc,
the chain. One round is one workspace with four models: one trains well, one fails, one waits, one's loss is NaN.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger

from ..limits import HANG_S
from . import campaign, forked
from .acknowledged import Acknowledged

ACTS = 30
"""Of one round."""
ANSWERED = 0.1
"""The share of acts that are answered before the kill; of the others the moment is drawn over what the act takes."""
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
told = os.open("begun", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(told, f"{run}\\n".encode())
def end(status):
    os.write(told, f"{run} {status}\\n".encode())
    raise SystemExit(status)
def wait():
    while not (os.path.exists("go") or os.path.exists(f"go-{run}")):
        time.sleep(0.05)
"""
GOOD = """
os.makedirs(os.path.dirname(os.environ["WATCHKEEPER_RESULTS"]), exist_ok=True)
with open(os.environ["WATCHKEEPER_RESULTS"], "w") as file:
    file.write("draw,mu\\n1,4.4\\n")
end(0)
"""
SCRIPTS = {
    "good": BEGIN + GOOD,
    "bad": BEGIN
    + 'print("Traceback (most recent call last):\\nValueError: Input X contains NaN", flush=True)\nend(7)\n',
    "slow": BEGIN + 'print("ready", flush=True)\nwait()\n' + GOOD,
    "nan": BEGIN + 'print("epoch 1 loss 0.5\\nepoch 2 loss nan", flush=True)\nwait()\nend(0)\n',
}
took_s: dict[str, float] = {}
"""How long each act takes, from the fork to the answer; the moments of kills are drawn from it."""


def play(root: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    (root / "watchkeeper.toml").write_text(POLICY)
    code = root / "output/implementation/code"
    code.mkdir(parents=True)
    for model, text in SCRIPTS.items():
        (code / f"model_{model}.py").write_text(text)
    one = _Round(root, draw, found)
    for _ in range(ACTS):
        one.act()
        found.violations += one.known.violations()
        if found.violations:
            return
    one.end()
    found.violations += one.known.violations() + one.known.untrue()


class _Round:
    def __init__(self, root: Path, draw: random.Random, found: campaign.Round) -> None:
        self.root, self.draw, self.found = root, draw, found
        self.known = Acknowledged(root)
        self._again: tuple[str, str, dict[str, Any]] | None = None
        self._ledger: Ledger | None = None
        self._numbers = iter(range(10**6))

    def act(self) -> None:
        """Do one act, new or the one before again, whose server is killed; maybe another server does it as well."""
        again = self._again if self._again and self.draw.random() < 0.5 else None
        role, tool, arguments = again or self._drawn()
        beside = self._beside(role, tool, arguments) if self.draw.random() < 0.25 else None
        begun = time.monotonic()
        server = forked.Forked(self.root, role, self.root / "errors")
        server.ask(tool, arguments)
        wanted = tool not in took_s or self.draw.random() < ANSWERED
        answer = server.answer(HANG_S if wanted else self.draw.random() * took_s[tool])
        tree = self.draw.random() < 0.3
        if wanted:
            took_s[tool] = 0.7 * took_s.get(tool, time.monotonic() - begun) + 0.3 * (time.monotonic() - begun)
            assert answer is not None, f"{tool} {arguments}: no answer"
        server.kill(tree=tree)
        self.found.faults[f"{'after' if answer else 'in'} {tool}{', tree' if tree else ''}"] += 1
        self._again = None if answer else (role, tool, arguments)
        if answer:
            self.known.take(tool, arguments, answer)
        if beside:
            self._answered(beside, tool, arguments)

    def _beside(self, role: str, tool: str, arguments: dict[str, Any]) -> forked.Forked:
        server = forked.Forked(self.root, role, self.root / "errors")
        server.ask(tool, arguments)
        return server

    def _answered(self, server: forked.Forked, tool: str, arguments: dict[str, Any]) -> None:
        """Take the answer of a server that is not killed; then it is told again what stands: that comes soon."""
        answer = server.answer(HANG_S)
        assert answer is not None, f"beside: {tool} {arguments}: no answer"
        self.known.take(tool, arguments, answer)
        begun = time.monotonic()
        server.ask("poll_training", {"wait_s": 0})
        polled = server.answer(HANG_S)
        self.found.slowest_s = max(self.found.slowest_s, time.monotonic() - begun)
        assert polled, "beside: a poll without an answer"
        self.known.take("poll_training", {}, polled)
        server.kill()

    def _drawn(self) -> tuple[str, str, dict[str, Any]]:
        """Draw an act that fits what stands on record; some fit nothing, and are refused."""
        ledger = Ledger(Workspace(self.root).ledger_path) if Workspace(self.root).ledger_path.exists() else None
        try:
            return self._fitting(ledger)
        finally:
            if ledger:
                ledger.close()

    def _fitting(self, ledger: Ledger | None) -> tuple[str, str, dict[str, Any]]:
        model = self.draw.choice(list(SCRIPTS))
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
            if self.draw.random() < 0.3:
                (self.root / f"go-{run}").touch()
        else:
            acts += [acts[-1]] * 3
        if reports:
            answer = {"report": reports[-1].id, "instructions": f"words-{number}."}
            acts += [("director", "answer_report", {**answer, "action": self.draw.choice(("RESTART", "CONTINUE"))})] * 4
        return self.draw.choice(acts)

    def end(self) -> None:
        """Let every training end, watched by one server that lives."""
        (self.root / "go").touch()
        server = forked.Forked(self.root, "trainer", self.root / "errors")
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


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    forked.load()
    return campaign.run(play, arguments, __doc__ or "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
