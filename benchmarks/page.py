"""How long the page takes to open: a record of 10,000 runs, a log of 1 GB; what five open pages cost its server.

    python benchmarks/page.py [--runs 10000] [--events 300000] [--log-mb 1000] [--follow-s 20]

The server is `watchkeeper ui` as a process; requests go over its socket with a client that keeps its connection. Five
pages are five streams of events, each of which asks for its page again as the page's script does.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urlsplit

import anyio
import psutil
from common import Figure, load, script, show
from ledger_scale import call, fill
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.interfaces.web.rendering import STATIC
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record.records import FindingSeen
from watchkeeper.server.vocabulary.runs import Level, Role

BUDGET_MS = 1_000.0
PAGES = 5
TRAINING = """
import pathlib, sys, time
line = "step {0:09d} reading a line that says nothing in particular, as most lines of a long log do\\n"
size, number = 0, 0
with open(sys.stdout.fileno(), "wb", closefd=False) as out:
    while size < @BYTES@:
        block = "".join(line.format(number + place) for place in range(10_000)).encode()
        size, number = size + len(block), number + 10_000
        out.write(block)
print("ready", flush=True)
step = 0
while not pathlib.Path("go").exists():
    step += 1
    print(f"step {step}/100000 loss={1 / step:.5f}", flush=True)
    time.sleep(0.05)
"""


class Visitor:
    """Somebody with a browser's manners: one connection, the cookie."""

    def __init__(self, link: str) -> None:
        at = urlsplit(link)
        assert at.hostname
        self._at = (at.hostname, at.port or 80)
        self._connection = http.client.HTTPConnection(*self._at, timeout=60)
        form = urlencode({"token": at.fragment.removeprefix("token="), "next": "/"})
        plain = {"content-type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/session", form, plain)
        answer = self._connection.getresponse()
        answer.read()
        self.headers = {"cookie": answer.headers["set-cookie"].partition(";")[0], "accept": "text/html"}

    def get(self, path: str) -> tuple[float, bytes]:
        """Return the milliseconds until the whole page was there, and the page."""
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self.headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        return (time.perf_counter() - begun) * 1e3, body

    async def _stream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self._at)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        writer.write(f"GET /events HTTP/1.1\r\nhost: {self._at[0]}:{self._at[1]}\r\n{head}\r\n".encode())
        return reader, writer

    async def records(self, count: int) -> None:
        """Read the stream until it has told so many events of the record."""
        reader, writer = await self._stream()
        while count:
            count -= (await reader.readline()).startswith(b"event: record")
        writer.close()

    async def follow(self, path: str, seconds: float) -> int:
        """Read the stream for some time, asking for the page again at most each second; return the events seen."""
        reader, writer = await self._stream()
        events, again, end = 0, 0.0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = await asyncio.wait_for(reader.readline(), left)
            except TimeoutError:
                break
            events += line.startswith(b"event: ")
            if line.startswith(b"event: ") and time.monotonic() > again:
                again = time.monotonic() + 1
                await asyncio.to_thread(self.get, path)
        writer.close()
        return events


@contextmanager
def served(root: Path) -> Generator[tuple[psutil.Process, str]]:
    """Give the page's process and its link."""
    command = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(root), "ui", "127.0.0.1:0"]
    environment = {**os.environ, "XDG_STATE_HOME": str(root.parent)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            said += process.stdout.readline()
        yield psutil.Process(process.pid), found[0]
    finally:
        process.terminate()
        process.wait(30)


def opening_ms(visitor: Visitor, path: str, times: int) -> list[float]:
    return [visitor.get(path)[0] for _ in range(times)]


def measured(runs: int, events: int, log_mb: int, follow_s: float) -> Iterator[Figure]:
    """Yield the figures."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        root = Path(folder) / "workspace"
        root.mkdir()
        workspace = Workspace(root)
        workspace.ensure_state()
        fill(workspace.ledger_path, runs, events)
        script(root, TRAINING.replace("@BYTES@", str(log_mb * 1_000_000)))
        desk = open_desk(workspace, Role.TRAINER, who="benchmark")
        run = str(anyio.run(lambda: call(desk, "start_training", model="1", phase="quick"))["run"])
        log = root / desk.workspace.log("1", desk.ledger.runs(open_only=True)[0].phase)
        while not log.exists() or b"ready" not in _tail(log):
            time.sleep(0.1)
        begun = time.perf_counter()
        anyio.run(lambda: call(desk, "poll_training", run=run, wait_s=0))
        while (desk.ledger.scan_position(run) or (0, ""))[0] < log_mb * 1_000_000:  # as whoever watched has read it
            anyio.run(lambda: call(desk, "poll_training", run=run, wait_s=0))
        print(f"# the log was read in {time.perf_counter() - begun:.0f} s", flush=True)
        try:
            yield from _of_server(root, run, log, follow_s)
        finally:
            (root / "go").touch()
            anyio.run(lambda: call(desk, "stop_training", run=run, reason="measured"))


def _tail(log: Path) -> bytes:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65_536))
        return file.read()


def _of_server(root: Path, run: str, log: Path, follow_s: float) -> Iterator[Figure]:
    weight = sum((STATIC / name).stat().st_size for name in ("page.css", "theme.js", "page.js", "icon.svg"))
    more = sum((STATIC / name).stat().st_size for name in ("uPlot.iife.min.js", "uPlot.min.css", "charts.js", "log.js"))
    with served(root) as (process, link):
        visitor = Visitor(link)
        for name, path in (
            ("overview", "/"),
            ("runs", "/runs"),
            ("models", "/models"),
            ("run, end of its log", f"/runs/{run}"),
        ):
            first, body = visitor.get(path)
            rest = opening_ms(visitor, path, 5)
            yield Figure(f"{name}: first time", first, "ms", BUDGET_MS)
            yield Figure(f"{name}: after that, median", median(rest), "ms", BUDGET_MS)
            files = weight + (more if path.startswith("/runs/") else 0)
            yield Figure(f"{name}: page and files", (len(body) + files) / 1e3, "kB")
        line = log.stat().st_size // 2 // 90
        yield Figure(
            "run, the middle of its log: first time", visitor.get(f"/runs/{run}?line={line}")[0], "ms", BUDGET_MS
        )
        again = opening_ms(visitor, f"/runs/{run}?line={line + 500}", 5)
        yield Figure("run, near the middle again, median", median(again), "ms", BUDGET_MS)
        before, begun = sum(process.cpu_times()[:2]), time.monotonic()
        seen = asyncio.run(_five(link, ["/", f"/runs/{run}"], follow_s))
        passed = time.monotonic() - begun
        yield Figure("five pages open: events each is told", seen / PAGES / passed, "per s")
        yield Figure("five pages open: the server's CPU", 100 * (sum(process.cpu_times()[:2]) - before) / passed, "%")
        yield Figure("a burst of 1,000 events: told", 1_000 / asyncio.run(_burst(link, root, run)), "per s")
        yield Figure("the server's memory", process.memory_info().rss / 1e6, "MB")


async def _burst(link: str, root: Path, run: str) -> float:
    """Return the seconds from the first of 1,000 events that are written to the last that a page is told."""
    following = asyncio.create_task(Visitor(link).records(1_000))
    await asyncio.sleep(1)
    begun = time.perf_counter()
    await asyncio.to_thread(_written, root, run)
    await following
    return time.perf_counter() - begun


def _written(root: Path, run: str) -> None:
    ledger = open_desk(Workspace(root), Role.OBSERVER, who="benchmark").ledger
    for number in range(10):
        with ledger.transaction() as transaction:
            for place in range(100):
                seen = FindingSeen(kind="metric", level=Level.NOTICED, updated_at=1.0)
                transaction.append(seen, f"{run}:burst-{number}-{place}", run=run, model="1")
    ledger.close()


async def _five(link: str, paths: list[str], seconds: float) -> int:
    visitors = [Visitor(link) for _ in range(PAGES)]
    told = await asyncio.gather(*(one.follow(paths[place % 2], seconds) for place, one in enumerate(visitors)))
    return sum(told)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--log-mb", type=int, default=1_000)
    parser.add_argument("--follow-s", type=float, default=20.0)
    options = parser.parse_args()
    print(f"# {load()}")
    return show(measured(options.runs, options.events, options.log_mb, options.follow_s))


if __name__ == "__main__":
    sys.exit(main())
