"""Tool set "shell": what an agent with a shell does. Real commands; their texts are what is counted.

The habits are those of a careful user: the run is detached, its exit status is written behind its output, a wait ends
when the process does (`tail --pid`), and the log is searched for the words that failures use.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import anyio
import psutil
from toolset import Seen, Tally, compact, end_what_works_in

BASH = {
    "name": "bash",
    "description": "Run a command in a shell and return its output.",
    "inputSchema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}
WORDS = "traceback|error|exception|killed|nan|inf\\b|diverg"


class Shell:
    """A project in which somebody types commands.

    :ivar python: the interpreter that trains.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = python
        self.tally = Tally()
        self._pid = ""

    async def type(self, command: str) -> str:
        """Run a command, count it with its output, and return the output."""
        ended = await anyio.run_process(["bash", "-c", command], cwd=self.folder, check=False, stdin=None)
        text = (ended.stdout + ended.stderr).decode("utf-8", "replace")
        self.tally.read(command, text)
        return text

    async def begin(self) -> None:
        self.tally.definitions += len(compact(BASH)) / 4

    async def end(self) -> None:
        self._pid = ""

    async def start(self, script: str) -> None:
        run = f"{shlex.quote(self.python)} {script}; echo exit status $?"
        self._pid = (await self.type(f"nohup setsid bash -c '{run}' > train.log 2>&1 & echo $!")).strip()

    async def find(self) -> None:
        text = await self.type("ps -eo pid,etime,args | grep '[t]rain.py'; ls -t *.log | head")
        # Other stories run on this machine as well: what is ours is told by its folder.
        mine = [one.split(maxsplit=1)[0] for one in text.splitlines() if "echo exit status" in one and self._here(one)]
        self._pid = mine[0] if mine else ""

    def _here(self, line: str) -> bool:
        try:
            return psutil.Process(int(line.split(maxsplit=1)[0])).cwd() == str(self.folder)
        except psutil.Error:
            return False

    async def look(self, wait_s: float) -> Seen:
        waits = f"timeout {wait_s:g} tail --pid={self._pid} -f /dev/null; " if self._pid and wait_s else ""
        alive = f"ps -o stat,etime,time -p {self._pid or 1} | tail -n +2; " if self._pid else ""
        text = await self.type(f"{waits}{alive}tail -n 5 train.log")
        return Seen(text, not self._alive())

    def _alive(self) -> bool:
        return bool(self._pid) and psutil.pid_exists(int(self._pid))

    async def inspect(self) -> Seen:
        text = await self.type(f"grep -niE '{WORDS}' train.log | tail -n 20; tail -n 50 train.log; ls -l results.csv")
        return Seen(text, over=True)

    async def give_up(self) -> None:
        if self._alive():
            await self.type(f"kill -TERM -{self._pid}; sleep 0.05; kill -KILL -{self._pid}")

    def log_is_mine(self) -> bool:
        return True

    async def accept(self) -> Seen:
        text = await self.type(f"ls -l results.csv; grep -niE '{WORDS}' train.log | tail -n 20; tail -n 50 train.log")
        return Seen(text, over=True, failed=not (self.folder / "results.csv").exists())

    async def close(self) -> None:
        end_what_works_in(self.folder)
