"""Single calls of whole processes fail, once, a few times or for good: of servers in every act, of keepers and waiters.

    python -m tests.torture.failing_calls --wanted 3000 --seed 1000 --results FILE      # from the project's root

`failpoint.c` stands before the processes. Counted are faults that struck; a draw beyond an act's last call is none.
"""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from watchkeeper.server.runtime import run_directory
from watchkeeper.server.runtime.engines import keeper_command
from watchkeeper.server.runtime.keeper import procfs
from watchkeeper.server.vocabulary.runs import RunState

from ..limits import HANG_S
from ..runtime.keeper.helpers import processes_of, until
from . import campaign, forked, shim
from .day import Day
from .kill_keepers import JOB_ENV, Life, ended_word

ACTS, LIVES = 20, 4
"""Of one round: acts of servers, runs of keepers and waiters."""
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, 0)
"""0: a write takes half of its bytes."""
OPS = ("open", "write", "write", "write", "trunc", "fsync", "fsync", "unlink", "rename")
LAST = 40
"""Of the calls of one kind in one act; the first ones are drawn more often."""

UNHEALED_S = 1.5
"""So long a failure for good outlasts the training: three tries of its keeper."""
UNBEGUN_S = 10.0
"""So long it keeps one from beginning: a keeper that can write neither the start nor why there is none tries on."""


def _drawn(draw: random.Random, root: Path, struck: Path, times: tuple[int, ...]) -> tuple[str, dict[str, str]]:
    op, code = draw.choice(OPS), draw.choice(ERRORS)
    code = errno.EIO if code == 0 and op != "write" else code
    at = 1 + int(LAST * draw.random() ** 2)
    fail = f"{op}:{at}:{code}:{draw.choice(times)}"
    return fail, {"WK_ROOT": str(root), "WK_FAIL": fail, "WK_STRUCK": str(struck)}


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    day = Day(folder, folder / "workspace", draw)
    for number in range(ACTS):
        if wrong := _act(day, folder / f"struck-{number}", draw, found) or day.known.violations():
            found.violations += wrong
            return
    day.end()
    found.violations += day.known.violations() + day.known.untrue()
    (folder / "lives").mkdir()
    for number in range(1, LIVES + 1):
        found.violations += _life(folder / "lives", number, draw, found)


def _act(day: Day, struck: Path, draw: random.Random, found: campaign.Round) -> list[str]:
    role, tool, arguments = day.drawn()
    fail, armed = _drawn(draw, day.root, struck, (1, 1, 3, 0))
    said = day.errors.stat().st_size if day.errors.exists() else 0
    server = day.server(role, armed)
    server.ask(tool, arguments)
    day.known.asked(tool, arguments)
    answer = server.answer(HANG_S)
    server.kill()
    if struck.exists():
        found.faults[tool] += 1
    words = day.said(said)
    if answer:
        day.known.take(tool, arguments, answer)
    elif not words.startswith("watchkeeper: "):
        return [f"{tool} with {fail}: no answer, ended with {server.status}: {words}"]
    return [f"{tool} with {fail}: {words}"] if "Traceback" in words else []


def _life(root: Path, number: int, draw: random.Random, found: campaign.Round) -> list[str]:
    in_job = draw.random() < 0.4
    life = Life(root, number, draw, found.faults, **({"engine": {"kind": "slurm"}} if in_job else {}))
    struck = root / f"struck-{number}"
    fail, armed = _drawn(draw, life.run.dir, struck, (1, 1, 3))
    wrong = lived(life, armed, root / f"healed-{number}", in_job=in_job)
    if struck.exists():
        found.faults["waiter, its keeper" if in_job else "keeper"] += 1
    return [f"{fail}: {one}" for one in wrong]


def lived(life: Life, armed: dict[str, str], healed: Path, *, in_job: bool) -> list[str]:
    """Let a keeper, or a waiter with its keeper, live a run to its end while calls fail; return what did not hold.

    :param healed: is made a while after the training's end; what failed for good until then may work again.
    """
    run = life.run
    environment = JOB_ENV | armed | {"LD_PRELOAD": os.environ["LD_PRELOAD"]}
    with run.opened_log() as log:
        stage = ["job", str(run.dir), run.log.name] if in_job else ["detach", "launch", str(run.dir), str(log)]
        words = [*keeper_command.words(keeper_command.SERVER_FOLDER), *stage]
        begun = subprocess.Popen(words, env=environment, cwd="/", pass_fds=[log], stderr=subprocess.DEVNULL)
        if not in_job:
            begun.wait(HANG_S)
        waited_until = time.monotonic() + UNBEGUN_S
        until(
            lambda: life.began() or not _alive(life, begun) or time.monotonic() > waited_until, "it begins, or cannot"
        )
        life.end()
        ended = time.monotonic()
        until(lambda: not _alive(life, begun) or time.monotonic() > ended + UNHEALED_S, "it ends, or cannot say so")
        healed.touch()
        until(lambda: not _alive(life, begun), f"nothing of {run.dir.name} lives")
        begun.wait(HANG_S)
    life.close()
    status = run_directory.judge(replace(run_directory.read_facts(run.dir), word=ended_word() if in_job else None))
    if life.began():
        fits = (status.state, status.exit_code, life.began()) == (RunState.FAILED, 3, "x")
    else:
        fits = status.state in (RunState.NEVER_STARTED, RunState.STARTING)
    wrong = "" if fits and "Traceback" not in run.complaints() else run.complaints()[-800:]
    seen = f"{run.dir.name}: {status.state}, {status.exit_code}, {life.began()!r}, {status.reason!r}"
    return [] if fits and not wrong else [f"{seen} {wrong}"]


def _alive(life: Life, begun: subprocess.Popen[bytes]) -> bool:
    found = procfs.stat(begun.pid)
    return bool((found and found.alive) or processes_of(life.run.dir))


def preloaded(module: str, arguments: list[str]) -> int:
    """Run a module with `failpoint.c` before it and all that it starts."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-torture-shim-") as folder:
        environment = {**os.environ, "LD_PRELOAD": str(shim.library(Path(folder)))}
        return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=False).returncode


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    if "LD_PRELOAD" not in os.environ:
        return preloaded("tests.torture.failing_calls", arguments)
    forked.load()
    return campaign.run(play, arguments, __doc__ or "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
