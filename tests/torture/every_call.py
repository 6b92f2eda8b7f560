"""Every call of an act that touches the disk fails, one after the other, with each of five errors, once and for good.

    python -m tests.torture.every_call --seed 0 --results FILE --folder /dev/shm       # from the project's root

A round first counts the calls of one act (`failpoint.c` stands before its server, or before the keeper and the waiter),
then strikes its share of the points: which of PARTS a point belongs to is a sum over its name, so that ROUNDS rounds
from seed 0 on are all points. Judged from outside after each: what was acknowledged, the chain, what the trainings
wrote down, a finding for each line that failed, exactly one; the next answer of a server whose calls do not fail.
"""

from __future__ import annotations

import errno
import os
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger

from ..limits import HANG_S
from ..runtime.keeper.helpers import processes_of, until
from . import campaign, forked
from .day import Day
from .failing_calls import lived, preloaded
from .kill_keepers import Life

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE)
HALF = 0
"""In the place of an error: a write takes half of its bytes."""
PARTS = 40
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in step
    raise {name}("broken")
{name}: broken
epoch 1 loss 0.5
"""
Call = tuple[str, str, dict[str, Any]]
"""Role, tool, arguments."""


class Point(NamedTuple):
    """The n-th call of an op fails so many times (0: from then on)."""

    op: str
    number: int
    code: int
    times: int

    def __str__(self) -> str:
        return ":".join(map(str, self))

    @property
    def part(self) -> int:
        return zlib.crc32(str(self).encode()) % PARTS


def points(seen: Path) -> list[Point]:
    """Return all points of what was seen of an act."""
    calls: Counter[str] = Counter()
    for line in seen.read_text().splitlines() if seen.exists() else ():
        op, number = line.split()
        calls[op] = max(calls[op], int(number))
    return [
        Point(op, number, code, times)
        for op, most in sorted(calls.items())
        for number in range(1, most + 1)
        for code in (*ERRORS, *([HALF] if op == "write" else []))
        for times in (1, 0)
    ]


class Scene:
    """A workspace with a run that goes on and one that is over, in which one act is done again and again."""

    def __init__(self, folder: Path, draw: random.Random, found: campaign.Round) -> None:
        self.folder, self._found = folder, found
        self.day = Day(folder, folder / "workspace", draw)
        self._well = self.day.server("trainer")
        self._numbers = iter(range(10**6))
        self.slow = self.started("slow")
        self.good = self._over(self.started("good"))
        self._failed: list[str] = []

    def close(self) -> None:
        self._well.kill()

    def did(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Do an act by the server whose calls do not fail."""
        begun = time.monotonic()
        self._well.ask(tool, arguments)
        self.day.known.asked(tool, arguments)
        answer = self._well.answer(HANG_S)
        assert answer, f"the next answer, to {tool}, never came: {self.day.said()}"
        assert not answer.get("isError"), f"{tool} {arguments} was refused when nothing failed: {answer['content']}"
        self.day.known.take(tool, arguments, answer)
        if tool == "poll_training":
            self._found.slowest_s = max(self._found.slowest_s, time.monotonic() - begun)
        return answer["structuredContent"]

    def started(self, model: str) -> str:
        return self.did("start_training", **self._start(model))["run"]

    def _start(self, model: str) -> dict[str, Any]:
        path = Workspace(self.day.root).ledger_path
        ledger = Ledger(path) if path.exists() else None
        runs = ledger.runs(model=model) if ledger else []
        if ledger:
            ledger.close()
        return {"model": model, "phase": "quick"} | ({"follows": runs[-1].id} if runs else {})

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

    def end(self) -> Call:
        run = self.started("bad")
        until(lambda: not processes_of(self.day.root / ".watchkeeper/runs" / run), f"{run} ends unseen")
        return "trainer", "poll_training", {"run": run, "wait_s": 0}

    def stop(self) -> Call:
        run = self.started("nan")
        return "trainer", "stop_training", {"run": run, "reason": f"enough {next(self._numbers)}"}

    def status(self) -> Call:
        return "observer", "poll_training", {"wait_s": 0}

    def report(self) -> Call:
        return "trainer", "report_error", {"run": self.slow, "what_happened": f"broken {next(self._numbers)}"}

    def verify(self) -> Call:
        return "trainer", "verify_compute", {"run": self.good}

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
        ledger = Ledger(Workspace(self.day.root).ledger_path)
        found = [one.id for one in ledger.runs(model=model) if not one.ended]
        ledger.close()
        return found

    def settled(self, tool: str, arguments: dict[str, Any]) -> list[str]:
        """Go on without failing calls after an act that may have failed; return what does not hold then."""
        if tool == "stop_training":
            self.did("stop_training", run=arguments["run"], reason="again")
        self.did("poll_training", **({"run": run} if (run := arguments.get("run")) else {}), wait_s=0)
        return [*self.day.known.violations(), *not_once(self.day.root, self.slow, self._failed)]


def not_once(root: Path, run: str, failed: Iterable[str]) -> list[str]:
    """Return which failures in a log are not on record, or twice, after a look that could see them."""
    ledger = Ledger(Workspace(root).ledger_path)
    told = Counter(one.exception for one in ledger.findings(run=run))
    ledger.close()
    return [f"{one} is on record {told[one]} times" for one in failed if told[one] != 1]


ENDED = ("completed", "failed", "stopped", "never_started", "lost")
ACTS: dict[str, Callable[[Scene], Call]] = {
    "start": Scene.start, "poll": Scene.poll, "end": Scene.end, "report": Scene.report, "stop": Scene.stop,
    "verify": Scene.verify, "diary": Scene.diary, "status": Scene.status,
}  # fmt: skip
LIVES = ("keeper", "waiter")
ROUNDS = PARTS * (len(ACTS) + len(LIVES))


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    which = (*LIVES, *ACTS)[found.seed % (len(ACTS) + len(LIVES))]
    part = found.seed // (len(ACTS) + len(LIVES)) % PARTS
    if which in LIVES:
        strike: Callable[[Point | None, Path], list[str]] = _Lives(folder, draw, in_job=which == "waiter").strike
        struck(which, part, strike, folder, found)
        return
    scene = Scene(folder, draw, found)
    try:
        struck(which, part, lambda point, file: _act(scene, ACTS[which](scene), point, file), folder, found)
    finally:
        scene.close()
    if not found.violations:
        scene.day.end()
        found.violations += scene.day.known.violations() + scene.day.known.untrue()


def struck(
    which: str, part: int, strike: Callable[[Point | None, Path], list[str]], folder: Path, found: campaign.Round
) -> None:
    """Count the calls of an act, then do it once for each point of a part."""
    found.violations += strike(None, folder / "seen")
    every = points(folder / "seen")
    found.violations += [] if every else [f"{which}: not one call was seen, so none can be struck"]
    for number, point in enumerate(one for one in every if one.part == part):
        file = folder / f"struck-{number}"
        wrong = strike(point, file)
        found.violations += [f"{which} with {point}: {one}" for one in wrong]
        (found.faults if file.exists() else found.allowed)[which if file.exists() else f"{which}, not reached"] += 1
        if wrong:
            return


def _armed(root: Path, point: Point | None, file: Path) -> dict[str, str]:
    more = {"WK_FAIL": str(point), "WK_STRUCK": str(file)} if point else {"WK_SEEN": str(file)}
    return {"WK_ROOT": str(root), **more}


def _act(scene: Scene, call: Call, point: Point | None, file: Path) -> list[str]:
    role, tool, arguments = call
    day = scene.day
    said = day.errors.stat().st_size if day.errors.exists() else 0
    server = day.server(role, _armed(day.root, point, file))
    server.ask(tool, arguments)
    day.known.asked(tool, arguments)
    answer = server.answer(HANG_S)
    server.kill()
    words = day.said(said)
    if answer and answer.get("isError") and point is None:
        return [f"{tool} {arguments} was refused when nothing failed: {answer['content']}"]
    if answer:
        day.known.take(tool, arguments, answer)
    elif not words.startswith("watchkeeper: "):
        return [f"no answer, ended with {server.status}: {words}"]
    return [words] if "Traceback" in words else scene.settled(tool, arguments)


class _Lives:
    """Runs of keepers, or of waiters and their keepers, one a point."""

    def __init__(self, folder: Path, draw: random.Random, *, in_job: bool) -> None:
        self._root, self._draw, self._in_job = folder / "lives", draw, in_job
        self._numbers = iter(range(1, 10**6))
        self._root.mkdir()

    def strike(self, point: Point | None, file: Path) -> list[str]:
        number = next(self._numbers)
        said = {"engine": {"kind": "slurm"}} if self._in_job else {}
        life = Life(self._root, number, self._draw, Counter(), **said)
        healed = file.with_name(f"healed-{number}")
        armed = {**_armed(life.run.dir, point, file), "WK_HEALED": str(healed)}
        return lived(life, armed, healed, in_job=self._in_job)


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    if "LD_PRELOAD" not in os.environ:
        return preloaded(__spec__.name, arguments)
    forked.load()
    return campaign.run(play, arguments, __doc__ or "", rounds=ROUNDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
