"""A training plants hostile files for its own run: FIFOs, folders, links, deep and absurd JSON, a terabyte of nothing.

    python -m tests.torture.plants --seed 0 --results FILE --folder /dev/shm       # from the project's root

Each kind stands once in the place of each file of a run while it goes on. Then all is asked that an agent would ask: it
is answered or refused in words, in time, no other run is hidden, and a stop ends the run or names what is left.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchkeeper.server.runtime.keeper import records

from ..limits import HANG_S
from ..runtime.keeper.helpers import end_processes_of, until
from . import campaign, warmed
from .day import SCRIPTS
from .scene import Scene

LOG, RESULTS = "log", "results"
TARGETS = (
    records.START, records.USAGE, records.EXIT, records.STOP, records.METRICS, records.SEAL, records.MEMBERS,
    records.ERR, records.LOCK, records.SPEC, records.POLICY, records.WITNESS, *records.EXIT_RESERVED, LOG, RESULTS,
)  # fmt: skip
WITHIN_S = 45.0
"""Many clients give a call up after 60 s; a verdict reads a log for 30 s before it says what is left."""


def _text(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


KINDS: dict[str, Callable[[Path], object]] = {
    "FIFO": os.mkfifo,
    "folder": Path.mkdir,
    "link out": lambda path: path.symlink_to("/etc/passwd"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "nothing": _text(b""),
    "deep JSON": _text(b'{"version":1,"a":' + b"[" * 200_000),
    "absurd JSON": _text(b'{"version":1,"pid":1e309,"exit_code":NaN,"start_ticks":1' + b"0" * 400 + b',"at":-1e999}\n'),
    "noise": _text(bytes(range(256)) * 300),
    "a terabyte": _sparse,
}


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder: every kind in the place of one file."""
    target = TARGETS[found.seed % len(TARGETS)]
    scene = Scene(folder, draw, found)
    try:
        for number, kind in enumerate(KINDS):
            wrong = _planted(scene, f"hostile{number}", target, kind)
            found.faults[kind] += 1
            found.violations += [f"{kind} in the place of {target}: {one}" for one in wrong]
            if wrong:
                return
    finally:
        scene.close()


def _planted(scene: Scene, model: str, target: str, kind: str) -> list[str]:
    day = scene.day
    code = day.root / "output/implementation/code" / f"model_{model}.py"
    code.write_text(f"FOLDER = {str(day.root.parent)!r}\n{SCRIPTS['slow']}")
    run = scene.started(model)
    log = scene.log(run)
    until(lambda: log.exists() and "ready" in log.read_text(), f"{run} is ready")
    places = {LOG: log, RESULTS: day.root / scene.runs(model)[-1].results}
    path = places.get(target) or day.root / ".watchkeeper/runs" / run / target
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    KINDS[kind](path)
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("poll_training", {"run": run}), ("poll_training", {}), ("verify_compute", {"run": run}),
        ("stop_training", {"run": run, "reason": "enough"}), ("poll_training", {"run": run}), ("poll_training", {}),
    )  # fmt: skip
    wrong = [one for tool, arguments in asked for one in _asked(scene, tool, arguments)]
    end_processes_of(day.root / ".watchkeeper/runs" / run)
    return wrong or day.known.violations()


def _asked(scene: Scene, tool: str, arguments: dict[str, Any]) -> list[str]:
    given = arguments | ({"wait_s": 0} if tool == "poll_training" else {})
    begun = time.monotonic()
    answer = scene.asked(tool, given)
    took_s = time.monotonic() - begun
    if answer is None:
        return [f"{tool} {arguments}: no answer within {HANG_S} s: {scene.day.said()}"]
    hidden = tool == "poll_training" and not arguments and answer.get("isError")
    wrong = [f"all other runs are hidden: {answer['content']}"] if hidden else []
    return wrong + ([f"{tool} {arguments} took {took_s:.1f} s"] if took_s > WITHIN_S else [])


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    warmed.load()
    return campaign.run(play, arguments, __doc__ or "", rounds=len(TARGETS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
