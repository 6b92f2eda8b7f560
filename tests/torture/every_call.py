"""Every call of an act that touches the disk fails, one after the other, with each of five errors, once and for good.

    python -m tests.torture.every_call --seed 0 --results FILE --folder /dev/shm       # from the project's root

A round does one act once, counts its calls the second time (`failpoint.c` stands before its server, or before the
keeper and the waiter), then strikes its share of the points: which of PARTS a point belongs to is a sum over its name,
so that ROUNDS rounds from seed 0 on are all points. Judged from outside after each: what was acknowledged, the chain,
what the trainings wrote down, a finding for each line that failed, exactly one; the next answer of a server whose calls
do not fail.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..limits import HANG_S
from . import campaign, warmed
from .failing_calls import lived, preloaded
from .kill_keepers import Life
from .scene import ACTS, Call, Scene

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE)
HALF = 0
"""In the place of an error: a write takes half of its bytes."""
PARTS = 40


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


LIVES = ("keeper", "waiter")
FIRST: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "first start": ("start", True, ()),
    "first diary": ("diary", False, ("mkdir", "fsync")),
}
"""What does more the first time: the act, whether in a workspace without record, the ops struck so (none: all)."""
WHICH = (*LIVES, *ACTS, *FIRST)
ROUNDS = PARTS * len(WHICH)
Strike = Callable[[Point | None, Path], list[str]]


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    which, part = WHICH[found.seed % len(WHICH)], found.seed // len(WHICH) % PARTS
    if which in LIVES:
        struck(which, part, _Lives(folder, draw, in_job=which == "waiter").strike, folder, found)
    elif which in FIRST:
        name, new, ops = FIRST[which]
        struck(which, part, _first(name, draw, found, new=new), folder, found, ops)
    else:
        scene = Scene(folder, draw, found)
        try:
            struck(which, part, lambda point, file: _act(scene, ACTS[which](scene), point, file), folder, found)
        finally:
            scene.close()
        found.violations += [] if found.violations else scene.end()


def struck(
    which: str, part: int, strike: Strike, folder: Path, found: campaign.Round, ops: tuple[str, ...] = ()
) -> None:
    """Count the calls of an act, then do it once for each point of a part; of these ops, where any are named."""
    found.violations += strike(None, folder / "before")  # what an act does the first time only is another act
    found.violations += strike(None, folder / "seen")
    every = [one for one in points(folder / "seen") if not ops or one.op in ops]
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


def _first(name: str, draw: random.Random, found: campaign.Round, *, new: bool) -> Strike:
    """Return what does an act as the first of its kind, in a workspace of its own for each point."""

    def strike(point: Point | None, file: Path) -> list[str]:
        folder = file.with_name(f"{file.name}-alone")
        folder.mkdir()
        scene = Scene(folder, draw, found, new=new)
        try:
            wrong = _act(scene, ACTS[name](scene), point, file)
        finally:
            scene.close()
        if wrong := wrong or scene.end():
            return wrong
        shutil.rmtree(folder)
        return []

    return strike


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
    warmed.load()
    return campaign.run(play, arguments, __doc__ or "", rounds=ROUNDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
