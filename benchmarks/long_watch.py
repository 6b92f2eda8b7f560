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
MOST_GROWTH_MB, MOST_GROWTH = 12, 2


async def watched(workspace: Path, hours: float, speed: float) -> tuple[dict[str, list[Seen]], list[float], int]:
    """Return what was taken after each twelfth of the watch, how long each poll took, and the findings told."""
    (workspace / "watchkeeper.toml").write_text(POLICY.format(sample_s=max(0.1, SAMPLE_S / speed)))
    script(workspace, TRAINING.format(epoch_s=EPOCH_S / speed))
    command, *arguments = server_command(workspace)
    seen: dict[str, list[Seen]] = {"server": [], "keeper": []}
    polls_s: list[float] = []
    findings, part_s = 0, hours * 3600 / speed / 12
    async with Client(StdioServerParameters(command=command, args=arguments), client_info=ME) as client:
        started = await client.call_tool("start_training", {"model": "1", "phase": "quick"})
        assert started.structured_content, started.content
        run, cursor = started.structured_content["run"], started.structured_content["cursor"]
        begun = time.monotonic()
        for part in range(12):
            while time.monotonic() < begun + (part + 1) * part_s:
                asked = time.monotonic()
                polled = await client.call_tool("poll_training", {"run": run, "cursor": cursor, "wait_s": 0})
                assert polled.structured_content, polled.content
                assert polled.structured_content["state"] == "running", polled.structured_content
                polls_s.append(time.monotonic() - asked)
                cursor = polled.structured_content["cursor"]
                findings += len(polled.structured_content.get("findings") or [])
                await anyio.sleep(max(0.0, POLL_S / speed - polls_s[-1]))
            processes = psutil.Process().children(recursive=True)
            servers = [one for one in processes if "watchkeeper.server" in " ".join(one.cmdline())]
            for who, those in (("server", servers), ("keeper", keepers(workspace))):
                seen[who].append(taken(those))
                print(f"# {hours * (part + 1) / 12:.1f} h: {who} {seen[who][-1]}", flush=True)
        await client.call_tool("stop_training", {"run": run, "reason": "measured"})
    return seen, polls_s, findings


def measured(options: argparse.Namespace) -> Iterator[Figure]:
    print(f"# {load()}; {options.hours:g} hours, {options.speed:g} times as fast")
    with fresh_folder() as folder:
        seen, polls_s, findings = anyio.run(watched, folder, options.hours, options.speed)
        [log] = list(folder.rglob("*.log"))
        print(f"# {len(polls_s)} polls, {findings} findings told, {log.stat().st_size} bytes of log; {load()}")
    quarter = len(polls_s) // 4
    first_s, last_s = statistics.median(polls_s[:quarter]), statistics.median(polls_s[-quarter:])
    yield Figure(
        "a poll, median of the last quarter", last_s, "s", reference=f"first {first_s:.3f} s", ratio=last_s / first_s
    )
    for who, every in seen.items():
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
