"""A workspace in which one act is done again and again: what it needs, the act, and what must hold after it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger, Run

from ..limits import HANG_S
from ..runtime.keeper.helpers import processes_of, until
from . import campaign, forked
from .day import Day

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in step
    raise {name}("broken")
{name}: broken
epoch 1 loss 0.5
"""
Call = tuple[str, str, dict[str, Any]]
"""Role, tool, arguments."""
ENDED = ("completed", "failed", "stopped", "never_started", "lost")


class Scene:
    """A workspace with a run that goes on and one that is over, in which one act is done again and again.

    :param new: nothing was done in it yet.
    """

    def __init__(self, folder: Path, draw: random.Random, found: campaign.Round, *, new: bool = False) -> None:
        self._found = found
        self.day = Day(folder, folder / "workspace", draw)
        self._living: forked.Forked | None = None
        self._numbers = iter(range(10**6))
        self._failed: list[str] = []
        self.slow, self.good = ("", "") if new else (self.started("slow"), self._over(self.started("good")))

    @property
    def _well(self) -> forked.Forked:
        """The server whose calls do not fail, begun when it is asked first: one makes the record as it begins."""
        if self._living is None:
            self._living = self.day.server("trainer")
        return self._living

    def close(self) -> None:
        if self._living:
            self._living.kill()

    def did(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Do an act by the server whose calls do not fail."""
        answer = self.asked(tool, arguments)
        assert answer, f"the next answer, to {tool}, never came: {self.day.said()}"
        assert not answer.get("isError"), f"{tool} {arguments} was refused when nothing failed: {answer['content']}"
        return answer["structuredContent"]

    def asked(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """Ask for an act, which may be refused; return the answer, None if none came."""
        begun = time.monotonic()
        self._well.ask(tool, arguments)
        self.day.known.asked(tool, arguments)
        answer = self._well.answer(HANG_S)
        if tool == "poll_training":
            self._found.slowest_s = max(self._found.slowest_s, time.monotonic() - begun)
        if answer:
            self.day.known.take(tool, arguments, answer)
        return answer

    def started(self, model: str) -> str:
        return self.did("start_training", **self._start(model))["run"]

    def _start(self, model: str) -> dict[str, Any]:
        return {"model": model, "phase": "quick"} | ({"follows": runs[-1].id} if (runs := self.runs(model)) else {})

    def _over(self, run: str) -> str:
        until(lambda: self.did("poll_training", run=run, wait_s=1).get("state") in ENDED, f"{run} ends")
        return run

    def start(self) -> Call:
        for one in self.active("good"):
            self._over(one)
        return "trainer", "start_training", self._start("good")

    def poll(self) -> Call:
        number = next(self._numbers)
        name = f"Odd{chr(65 + number // 26)}{chr(65 + number % 26)}Error"  # digits are no difference between failures
        self._failed.append(name)
        with self.log(self.slow).open("a") as file:
            file.write(TRACEBACK.format(name=name))
        return "trainer", "poll_training", {"run": self.slow, "wait_s": 0}

    def ended(self) -> Call:
        run = self.started("bad")
        folder = self.day.root / ".watchkeeper/runs" / run
        # A keeper that forks itself away carries the words of who called it for a moment.
        until(lambda: (folder / "exit.json").exists() and not processes_of(folder), f"{run} ends unseen")
        return "trainer", "poll_training", {"run": run, "wait_s": 0}

    def stop(self) -> Call:
        run = self.started("nan")
        return "trainer", "stop_training", {"run": run, "reason": f"enough {next(self._numbers)}"}

    def status(self) -> Call:
        """Let a run begin and say its first lines, so that a look has something to note."""
        for one in self.active("nan"):
            self.did("stop_training", run=one, reason="the next one begins")
        log, line = self.log(self.started("nan")), "loss nan\n"
        until(lambda: log.read_text().count(line) == len(self.runs("nan")), "its number is in its log")
        return "observer", "poll_training", {"wait_s": 0}

    def report(self) -> Call:
        return "trainer", "report_error", {"run": self.slow, "what_happened": f"broken {next(self._numbers)}"}

    def verify(self) -> Call:
        return "trainer", "verify_compute", {"run": self._over(self.started("good"))}

    def diary(self) -> Call:
        words = {"struggle": "it broke", "investigation": ["a test"], "why": "a cause"}
        words["fix"] = f"fix-{next(self._numbers)}."
        return "trainer", "write_diary_entry", {"model": "good", "run": self.good, **words}

    def log(self, run: str) -> Path:
        ledger = Ledger(Workspace(self.day.root).ledger_path)
        found = ledger.run(run)
        ledger.close()
        assert found
        return self.day.root / found.log

    def active(self, model: str) -> list[str]:
        return [one.id for one in self.runs(model) if not one.ended]

    def runs(self, model: str) -> list[Run]:
        path = Workspace(self.day.root).ledger_path
        if not path.exists():
            return []
        ledger = Ledger(path)
        found = ledger.runs(model=model)
        ledger.close()
        return found

    def settled(self, tool: str, arguments: dict[str, Any]) -> list[str]:
        """Go on without failing calls after an act that may have failed; return what does not hold then."""
        if tool == "stop_training":
            self.did("stop_training", run=arguments["run"], reason="again")
        self.did("poll_training", **({"run": run} if (run := arguments.get("run")) else {}), wait_s=0)
        if not self.slow:  # no run was begun by a server whose calls do not fail
            self.did("start_training", **self.start()[2])
        return [*self.day.known.violations(), *not_once(self.day.root, self.slow, self._failed)]

    def end(self) -> list[str]:
        """Let all trainings end; return what does not hold then."""
        self.day.end()
        return [*self.day.known.violations(), *self.day.known.untrue()]


def not_once(root: Path, run: str, failed: Iterable[str]) -> list[str]:
    """Return which failures in a log are not on record, or twice, after a look that could see them."""
    ledger = Ledger(Workspace(root).ledger_path)
    told = Counter(one.exception for one in ledger.findings(run=run))
    ledger.close()
    return [f"{one} is on record {told[one]} times" for one in failed if told[one] != 1]


ACTS: dict[str, Callable[[Scene], Call]] = {
    "start": Scene.start, "poll": Scene.poll, "end": Scene.ended, "report": Scene.report, "stop": Scene.stop,
    "verify": Scene.verify, "diary": Scene.diary, "status": Scene.status,
}  # fmt: skip
