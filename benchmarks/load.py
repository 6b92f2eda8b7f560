"""Whether memory, descriptors and threads of servers and keepers stay flat under load, and how long a poll takes then.

    python benchmarks/load.py --servers 50 --trainings 10 --polls 1000

Many servers on one workspace poll trainings that go on; one of these prints as fast as it can up to so many MB/s, one
writes a single line without end. Figures of a first round of polls stand beside those of the last one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import psutil
from common import Figure, fresh_folder, load, quantile, script, server_command, show
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation

ME = Implementation(name="benchmark", version="1")
QUIET = """
import time
n = 0
while True:
    n += 1
    print(f"epoch {n} loss {1 / n}", flush=True)
    time.sleep(0.5)
"""
LOUD = """
import sys, time
block = b"".join(b"epoch %d loss 0.5 accuracy 0.25\\n" % n for n in range(3000))
begun, written, most = time.monotonic(), 0, MOST
while written < most:
    written += sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    time.sleep(max(0.0, begun + written / SPEED - time.monotonic()))
time.sleep(3600)
"""
ENDLESS = """
import sys, time
for _ in range(MOST >> 20):
    sys.stdout.buffer.write(b"loss nan " * 116508)
time.sleep(3600)
"""
MOST_GROWTH_MB, MOST_GROWTH = 48, 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What processes take: the largest of each."""

    memory_mb: float
    descriptors: int
    threads: int


def taken(processes: list[psutil.Process]) -> Seen:
    every: list[tuple[float, int, int]] = []
    for one in processes:
        with contextlib.suppress(psutil.Error):
            every.append((one.memory_info().rss / 1e6, one.num_fds(), one.num_threads()))
    memory, descriptors, threads = zip(*every, strict=True)
    return Seen(max(memory), max(descriptors), max(threads))


def keepers(workspace: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(workspace / ".watchkeeper/runs") in " ".join(one.cmdline()):
                found.append(one)
    return found


class Load:
    """Servers and trainings of one workspace."""

    def __init__(self, workspace: Path, options: argparse.Namespace) -> None:
        self._workspace, self._options = workspace, options
        self.runs: list[str] = []
        self.polls_s: list[float] = []
        self.seen: dict[str, list[Seen]] = {"server": [], "keeper": []}

    async def played(self) -> None:
        command, *arguments = server_command(self._workspace)
        parameters = StdioServerParameters(command=command, args=arguments)
        mine = psutil.Process()
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(Client(parameters, client_info=ME))
                for _ in range(self._options.servers)
            ]
            servers = [one for one in mine.children(recursive=True) if "watchkeeper.server" in " ".join(one.cmdline())]
            await self._begin(clients[0])
            for share in (0.3, 0.7):
                await self._round(clients, int(self._options.polls * share))
                for who, those in (("server", servers), ("keeper", keepers(self._workspace))):
                    self.seen[who].append(taken(those))
                    print(f"# after {len(self.polls_s)} polls: {who} {self.seen[who][-1]}; {load()}", flush=True)
            for run in self.runs:
                await clients[0].call_tool("stop_training", {"run": run, "reason": "measured"})

    async def _begin(self, client: Client) -> None:
        most = int(self._options.line_mb) << 20
        speed = int(self._options.mb_s * 1e6)
        texts = [LOUD.replace("MOST", str(speed * 20)).replace("SPEED", str(speed)), ENDLESS.replace("MOST", str(most))]
        texts += [QUIET] * self._options.trainings
        for number, text in enumerate(texts[: self._options.trainings]):
            script(self._workspace, text, str(number))
            started = await client.call_tool("start_training", {"model": str(number), "phase": "quick"})
            assert started.structured_content, started.content
            self.runs.append(started.structured_content["run"])

    async def _round(self, clients: list[Client], polls: int) -> None:
        async with anyio.create_task_group() as group:
            for place, client in enumerate(clients):
                group.start_soon(self._polls, client, place, polls // len(clients))

    async def _polls(self, client: Client, place: int, count: int) -> None:
        for number in range(count):
            run = self.runs[(place + number) % len(self.runs)]
            begun = time.monotonic()
            polled = await client.call_tool("poll_training", {"run": run, "wait_s": 0})
            assert polled.structured_content, polled.content
            self.polls_s.append(time.monotonic() - begun)


def measured(options: argparse.Namespace) -> Iterator[Figure]:
    print(f"# {load()}; {options.servers} servers, {options.trainings} trainings, {options.polls} polls")
    with fresh_folder() as folder:
        os.sync()
        played = Load(folder, options)
        anyio.run(played.played)
    yield Figure("a poll under load, median", statistics.median(played.polls_s), "s")
    yield Figure("a poll under load, 99 of 100", quantile(played.polls_s, 0.99), "s")
    yield Figure("a poll under load, slowest", max(played.polls_s), "s")
    for who, (before, after) in played.seen.items():
        grown = after.memory_mb - before.memory_mb
        yield Figure(f"{who}, growth of memory", grown, "MB", MOST_GROWTH_MB, f"{after.memory_mb:.0f} MB at the end")
        more = after.descriptors - before.descriptors
        yield Figure(f"{who}, growth of descriptors", more, "", MOST_GROWTH, f"{after.descriptors} at the end")
        more = after.threads - before.threads
        yield Figure(f"{who}, growth of threads", more, "", MOST_GROWTH, f"{after.threads} at the end")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--trainings", type=int, default=10)
    parser.add_argument("--polls", type=int, default=1000, help="of all servers together")
    parser.add_argument("--mb-s", type=float, default=50.0, help="how fast the first training prints, for 20 s")
    parser.add_argument("--line-mb", type=float, default=2000.0, help="how long the one line of the second one becomes")
    return show(measured(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
