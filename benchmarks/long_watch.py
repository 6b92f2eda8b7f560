"""Whether a day of watch costs what its first hours do: memory, descriptors, threads of server and keeper, and polls.

    python benchmarks/long_watch.py --hours 24 --speed 50

One server watches one run; all that comes by the clock comes so many times faster: a sample each 5 s, an epoch each
10 s, a warning each 10 min, a failure that is survived each hour, a poll each 30 s. So a day takes half an hour. What
the server does by its own clock (curves are judged every 30 s) comes as often as in that half hour, not as in a day.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import psutil
from common import Figure, fresh_folder, load, script, server_command, show
from load import ME, Seen, keepers, taken
from mcp import StdioServerParameters
from mcp.client import Client

SAMPLE_S, EPOCH_S, POLL_S, TOLD_S = 5.0, 10.0, 30.0, 3600.0
POLICY = "[quick]\nmax_minutes = 1440.0\n[keeper]\nsample_s = {sample_s}\n"
TRAINING = """
import time
for n in range(1, 10**9):
    print(f"epoch {{n}} loss {{2 / n ** 0.5:.6f}} accuracy {{1 - 1 / (n + 1):.4f}}", flush=True)
    if n % 60 == 0:
        print(f"WARNING: step {{n}} was slow", flush=True)
    if n % 360 == 0:
        word = "".join(chr(97 + int(one)) for one in str(n))
        print('Traceback (most recent call last):\\n  File "train.py", line 3, in step')
        print(f"Odd_{{word}}_Error: it broke", flush=True)
    time.sleep({epoch_s})
"""
MOST_GROWTH_MB, MOST_GROWTH, MOST_RATIO = 12, 2, 1.5


@dataclass
class Watch:
    """What was seen, of each twelfth of the watch. :ivar cpu_s: of the server."""

    taken: dict[str, list[Seen]] = field(default_factory=lambda: {"server": [], "keeper": []})
    cpu_s: list[float] = field(default_factory=list[float])
    polls_s: list[list[float]] = field(default_factory=list[list[float]])
    findings: int = 0

    def poll_cpu_s(self, parts: slice) -> float:
        """Return the CPU time of the server for one poll of some parts: unlike its time, the load changes it little."""
        return sum(self.cpu_s[parts]) / sum(map(len, self.polls_s[parts]))


async def watched(workspace: Path, hours: float, speed: float) -> Watch:
    """Watch one training with one server; return what was seen."""
    (workspace / "watchkeeper.toml").write_text(POLICY.format(sample_s=max(0.1, SAMPLE_S / speed)))
    script(workspace, TRAINING.format(epoch_s=EPOCH_S / speed))
    command, *arguments = server_command(workspace)
    seen, part_s, cpu_before_s = Watch(), hours * 3600 / speed / 12, 0.0
    async with Client(StdioServerParameters(command=command, args=arguments), client_info=ME) as client:
        started = await client.call_tool("start_training", {"model": "1", "phase": "quick"})
        assert started.structured_content, started.content
        run, cursor = started.structured_content["run"], started.structured_content["cursor"]
        begun = time.monotonic()
        [server] = [one for one in psutil.Process().children() if "watchkeeper.server" in " ".join(one.cmdline())]
        for part in range(12):
            seen.polls_s.append([])
            while time.monotonic() < begun + (part + 1) * part_s:
                asked = time.monotonic()
                polled = await client.call_tool("poll_training", {"run": run, "cursor": cursor, "wait_s": 0})
                assert polled.structured_content, polled.content
                assert polled.structured_content["state"] == "running", polled.structured_content
                seen.polls_s[-1].append(time.monotonic() - asked)
                cursor = polled.structured_content["cursor"]
                seen.findings += len(polled.structured_content.get("findings") or [])
                await anyio.sleep(max(0.0, POLL_S / speed - seen.polls_s[-1][-1]))
            cpu_s = sum(server.cpu_times()[:2])
            seen.cpu_s.append(cpu_s - cpu_before_s)
            cpu_before_s = cpu_s
            for who, those in (("server", [server]), ("keeper", keepers(workspace))):
                seen.taken[who].append(taken(those))
                print(f"# {hours * (part + 1) / 12:.1f} h: {who} {seen.taken[who][-1]}", flush=True)
        await client.call_tool("stop_training", {"run": run, "reason": "measured"})
    return seen


def measured(options: argparse.Namespace) -> Iterator[Figure]:
    print(f"# {load()}; {options.hours:g} hours, {options.speed:g} times as fast")
    with fresh_folder() as folder:
        seen = anyio.run(watched, folder, options.hours, options.speed)
        [log] = list(folder.rglob("*.log"))
        polls = sum(map(len, seen.polls_s))
        print(f"# {polls} polls, {seen.findings} findings told, {log.stat().st_size} bytes of log; {load()}")
    first_s, last_s = seen.poll_cpu_s(slice(1, 4)), seen.poll_cpu_s(slice(9, 12))
    ratio = last_s / first_s
    reference = f"second to fourth {first_s * 1000:.1f} ms"
    yield Figure("CPU time of a poll, last three twelfths", last_s * 1000, "ms", reference=reference, ratio=ratio)
    yield Figure("the same, against the first hours", ratio, "", MOST_RATIO)
    yield Figure("a poll, median of the last twelfth", statistics.median(seen.polls_s[-1]), "s")
    for who, every in seen.taken.items():
        before, after = every[2], every[-1]  # the first quarter is left out: what is loaded when it is needed first
        grown = after.memory_mb - before.memory_mb
        yield Figure(f"{who}, growth of memory", grown, "MB", MOST_GROWTH_MB, f"{after.memory_mb:.0f} MB at the end")
        more = after.descriptors - before.descriptors
        yield Figure(f"{who}, growth of descriptors", more, "", MOST_GROWTH, f"{after.descriptors} at the end")
        more = after.threads - before.threads
        yield Figure(f"{who}, growth of threads", more, "", MOST_GROWTH, f"{after.threads} at the end")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--speed", type=float, default=50.0, help="at most 50: a keeper samples ten times a second")
    return show(measured(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
