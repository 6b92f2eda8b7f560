"""What watching is worth: agents of three habits play thirty stories with a shell, a job server and watchkeeper.

    python -P benchmarks/agents/play.py [--only STORY …] [--habit HABIT …] [--tools SET …] [--json] [--jobs N]
    python -P benchmarks/agents/play.py --play STORY:HABIT:SET …

Every story is a small real training process in a scratch folder; docs/agents.md tells the stories and the counting,
and how long the whole took at which load. Much of it is waiting, so more stories are played than there are cores; but
of the servers, which keep a core busy while they start, one for two cores starts at a time, before its story begins.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import anyio
import psutil
from common import load
from habits import HABITS, Agent, Habit
from jobs import Jobs
from kept import Kept
from peer import Peer
from shell import Shell
from stories import NAMED, STORIES, Story
from table import shown
from toolset import Tools

SETS = ("shell", "jobs", "backburner", "watchkeeper")
TABLE = ("shell", "backburner", "watchkeeper")
CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Play:
    """What one agent did in one story with one tool set; times in seconds of this machine.

    :ivar known_s: from the beginning of the failure until whoever asked knew; None where nothing failed or nobody knew.
    :ivar wasted_cpu_s: CPU time that the training took after its failure had begun.
    """

    story: str
    kind: str
    habit: str
    tools: str
    tokens: int
    definitions: int
    broken: bool
    known_s: float | None
    claimed: bool
    false: bool
    accepted: bool
    alarm: bool
    wasted_cpu_s: float
    wall_s: float


class Marks:
    """What a training tells the counting, beside the project: its process and where its failure began."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cpu_s = 0.0

    @contextmanager
    def sampled(self) -> Generator[None]:
        """Follow the training's CPU time meanwhile, from a thread: the agent's waits are its own."""
        over = threading.Event()

        def follow() -> None:
            while not over.wait(0.03):
                self._read_cpu()

        thread = threading.Thread(target=follow)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._read_cpu()

    def _read_cpu(self) -> None:
        pids = self._folder / "pids"
        for line in pids.read_text("utf-8").splitlines() if pids.exists() else ():
            try:
                times = psutil.Process(int(line)).cpu_times()
            except psutil.Error:
                continue
            self._cpu_s = max(self._cpu_s, times.user + times.system)

    def failure(self) -> tuple[float, float] | None:
        """Return when the failure began, by the system's clock, and the CPU time until then."""
        mark = self._folder / "mark"
        if not mark.exists():
            return None
        at, cpu_s = json.loads(mark.read_text("utf-8").splitlines()[0])
        return at, cpu_s

    def wasted_cpu_s(self) -> float:
        failure = self.failure()
        return max(0.0, self._cpu_s - failure[1]) if failure else 0.0


def opened(name: str, project: Path, aside: Path) -> Tools:
    """Return a tool set in a project's folder; what a server keeps lies aside."""
    if name == "shell":
        return Shell(project, sys.executable)
    if name == "backburner":
        return Peer(project, aside)
    return Jobs(project, aside, sys.executable) if name == "jobs" else Kept(project)


def prepared(scratch: Path, story: Story) -> tuple[Path, Path]:
    """Lay out the project with its script; return it and the folder aside of it."""
    project, aside = scratch.resolve() / "project", scratch.resolve() / "aside"
    project.mkdir()
    aside.mkdir()
    (project / "train.py").write_text(story.source(aside), encoding="utf-8")
    return project, aside


async def play(story_name: str, habit: Habit, set_name: str) -> Play:
    """Play a story in a new folder."""
    story, begun = NAMED[story_name], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="watchkeeper-agents-") as scratch:
        project, aside = prepared(Path(scratch), story)
        tools, marks = opened(set_name, project, aside), Marks(aside)
        try:
            with starting:
                await tools.begin()
            with marks.sampled():
                played = await Agent(habit, tools, project, story).play()
        finally:
            await tools.close()
        failure = marks.failure()
        known = played.failed_at - failure[0] if failure and played.failed_at else None
        return Play(
            story=story.name, kind=story.kind, habit=habit, tools=set_name,
            tokens=round(tools.tally.definitions + tools.tally.talk), definitions=round(tools.tally.definitions),
            broken=failure is not None, known_s=known, claimed=played.claimed, false=played.false,
            accepted=played.accepted, alarm=bool(played.failed_at) and not failure and not played.false,
            wasted_cpu_s=marks.wasted_cpu_s(), wall_s=time.monotonic() - begun,
        )  # fmt: skip


starting: AbstractContextManager[object] = nullcontext()
"""Held while a session's server starts; nobody waits for anything yet."""


def take_turns(turns: AbstractContextManager[object]) -> None:
    """Have this process start its servers when it is its turn."""
    global starting  # noqa: PLW0603
    starting = turns


def played(about: tuple[str, Habit, str]) -> Play:
    return anyio.run(play, *about)


def asked(options: argparse.Namespace) -> list[tuple[str, Habit, str]]:
    """Return the plays that the command line asks for."""
    if not options.play:
        names = options.only or [one.name for one in STORIES]
        return [(story, habit, tools) for story in names for habit in options.habit for tools in options.tools]
    plays: list[tuple[str, Habit, str]] = []
    for word in options.play:
        story, _, rest = word.partition(":")
        named, _, tools = rest.partition(":")
        habits: dict[str, Habit] = {one: one for one in HABITS}
        if story not in NAMED or named not in habits or tools not in SETS:
            raise ValueError(f"--play {word}: STORY:HABIT:SET such as goes_well:diligent:{SETS[0]}; see --help")
        plays.append((story, habits[named], tools))
    return plays


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=sorted(NAMED), metavar="STORY", help="these stories: %(choices)s")
    parser.add_argument("--habit", nargs="+", choices=HABITS, default=HABITS, help="these habits alone")
    parser.add_argument("--tools", nargs="+", choices=SETS, default=TABLE, help="of %(choices)s; default: %(default)s")
    parser.add_argument("--play", nargs="+", metavar="STORY:HABIT:SET", help="these plays alone, whatever else is said")
    parser.add_argument("--json", action="store_true", help="one line of JSON per play, no table")
    parser.add_argument(
        "--jobs", type=int, default=2 * CORES, help="stories at a time (default: two per core, %(default)s)"
    )
    options = parser.parse_args()
    try:
        todo = asked(options)
    except ValueError as wrong:
        parser.error(str(wrong))
    plays: list[Play] = []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as in a plain shell: hundreds of interpreters compile once
    spawning = multiprocessing.get_context("spawn")
    turns = spawning.BoundedSemaphore(max(1, CORES // 2))
    with spawning.Pool(options.jobs, take_turns, (turns,)) as pool:
        for one in pool.imap_unordered(played, todo) if options.jobs > 1 else map(played, todo):
            plays.append(one)
            if options.json:
                print(json.dumps(asdict(one)), flush=True)
            elif sys.stderr.isatty():
                print(f"\r{len(plays)}/{len(todo)} {one.story:<24}", end="", file=sys.stderr)
    if not options.json:
        print(shown([asdict(one) for one in plays], options.habit, options.tools))
        print(f"\n{len({one.story for one in plays})} stories, {len(plays)} plays, {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
