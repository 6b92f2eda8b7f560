"""Tool set "jobs": a stand-in, written by us, for the tools that job servers offer to agents.

It is no product. It is modelled on what `sbatch`, `sacct` and `scancel` do and what servers around them hand to an
agent: submit a script and get a number; ask for the state, which is made of the exit status alone, with the time that
the job took; read the end of its output; list; cancel. The server keeps output and status; jobs outlive the session.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from stories import SHORTEST_S
from toolset import Seen, Tally, compact

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
TAIL, ALL = 5, 50


def _tool(name: str, description: str, **properties: object) -> dict[str, object]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": description, "inputSchema": schema}


TOOLS = (
    _tool("submit", "Submit a script as a job; returns its number. The job goes on without you.", script=STRING),
    _tool(
        "status", "State of a job: PENDING, RUNNING, COMPLETED, FAILED or CANCELLED, exit code, seconds.", job=INTEGER
    ),
    _tool("logs", "The last lines of a job's output.", job=INTEGER, lines=INTEGER),
    _tool("list", "All jobs, newest first."),
    _tool("cancel", "End a job and its processes.", job=INTEGER),
)


@dataclass(slots=True)
class Job:
    process: subprocess.Popen[bytes]
    output: Path
    begun: float
    ended: float = 0.0
    cancelled: bool = False


class Server:
    """The stand-in's server: keeps jobs, whoever comes and goes."""

    def __init__(self, folder: Path, outputs: Path, python: str) -> None:
        self._folder, self._outputs, self._python = folder, outputs, python
        self._jobs: dict[int, Job] = {}

    def submit(self, script: str) -> dict[str, Any]:
        number = len(self._jobs) + 1
        output = self._outputs / f"job-{number}.out"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [self._python, script], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._jobs[number] = Job(process, output, time.monotonic())
        return {"job": number, "state": "PENDING"}

    def status(self, job: int) -> dict[str, Any]:
        if job not in self._jobs:
            return {"error": f"no job {job}"}
        it = self._jobs[job]
        code = it.process.poll()
        if code is None:
            return {"job": job, "state": "RUNNING", "seconds": round(time.monotonic() - it.begun, 1)}
        it.ended = it.ended or time.monotonic()
        state = "CANCELLED" if it.cancelled else "COMPLETED" if code == 0 else "FAILED"
        return {"job": job, "state": state, "exit_code": code, "seconds": round(it.ended - it.begun, 1)}

    def logs(self, job: int, lines: int) -> dict[str, Any]:
        if job not in self._jobs:
            return {"error": f"no job {job}"}
        text = self._jobs[job].output.read_text("utf-8", "replace")
        return {"text": "\n".join(text.splitlines()[-lines:])}

    def list(self) -> dict[str, Any]:
        return {"jobs": [self.status(one) for one in sorted(self._jobs, reverse=True)]}

    def cancel(self, job: int) -> dict[str, Any]:
        it = self._jobs[job]
        if it.process.poll() is None:
            it.cancelled = True
            os.killpg(it.process.pid, signal.SIGKILL)
            it.process.wait()
        return self.status(job)


class Jobs:
    """An agent at that server."""

    def __init__(self, folder: Path, outputs: Path, python: str) -> None:
        self._folder = folder
        self._server = Server(folder, outputs, python)
        self.tally = Tally()
        self._job = 0

    def _ask(self, tool: str, **arguments: object) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._server, tool)(**arguments)
        self.tally.read(tool, compact(arguments), compact(answer))
        return answer

    async def begin(self) -> None:
        self.tally.definitions += len(compact(TOOLS)) / 4

    async def end(self) -> None:
        self._job = 0

    async def start(self, script: str) -> None:
        self._job = self._ask("submit", script=script)["job"]

    async def find(self) -> None:
        jobs = self._ask("list")["jobs"]
        self._job = jobs[0]["job"] if jobs else 0

    async def look(self, wait_s: float) -> Seen:
        await anyio.sleep(wait_s)
        return self._read(TAIL)

    def _read(self, lines: int) -> Seen:
        state = self._ask("status", job=self._job)
        text = self._ask("logs", job=self._job, lines=lines).get("text", "")
        failed = state.get("state") in ("FAILED", "CANCELLED") or "error" in state
        return Seen(text, state.get("state") != "RUNNING", failed)

    async def inspect(self) -> Seen:
        return self._read(ALL)

    async def give_up(self) -> None:
        if self._job:
            self._ask("cancel", job=self._job)

    def log_is_mine(self) -> bool:
        return False

    async def accept(self) -> Seen:
        state = self._ask("status", job=self._job)
        text = self._ask("logs", job=self._job, lines=ALL).get("text", "")
        held = state.get("state") == "COMPLETED" and state["seconds"] >= SHORTEST_S
        return Seen(text, over=True, failed=not held or not (self._folder / "results.csv").exists())

    async def close(self) -> None:
        for one in self._server.list()["jobs"]:
            self._server.cancel(one["job"])
