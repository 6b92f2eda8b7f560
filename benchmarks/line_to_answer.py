"""From a line in a training's log to the answer of the waiting poll, over a real client and a real server.

    python benchmarks/line_to_answer.py [--lines 200]

A real training, started through the server, prints distinct failures one after the other. Just before each write it
takes the time (CLOCK_MONOTONIC, which all processes of a machine share) and puts it into the line. The client is the
SDK's own; it has a poll waiting all the time, and takes the time again when the answer with that line has arrived.
Between two failures the training waits until it sees (a file grew) that the last answer came, and a moment longer, so
that the next poll is waiting when the line is written.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from common import Figure, fresh_folder, load, quantile, script, server_command, show
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation

ME = Implementation(name="benchmark", version="1")
BUDGET_MS = 100.0
TRAINING = """
import os, random, sys, time
print("training", flush=True)
for number in range(int(sys.argv[1])):
    while os.path.getsize("answered") < number:
        time.sleep(0.002)
    time.sleep(0.08 + 0.12 * random.random())
    words = "".join(chr(97 + int(digit)) for digit in str(number))
    at = time.monotonic()
    sys.stderr.write(f"RuntimeError: shape {words} does not fit, written at {at:.6f}\\n")
    sys.stderr.flush()
while os.path.getsize("answered") < int(sys.argv[1]):
    time.sleep(0.01)
"""
_WRITTEN_AT = re.compile(r"shape ([a-j]+) does not fit, written at (\d+\.\d+)")


async def latencies_ms(workspace: Path, lines: int) -> list[float]:
    """Return the milliseconds from each write to the arrival of the answer that told it."""
    script(workspace, TRAINING)
    answered = workspace / "answered"
    answered.touch()
    command, *arguments = server_command(workspace)
    taken: dict[str, float] = {}
    async with Client(StdioServerParameters(command=command, args=arguments), client_info=ME) as client:
        seen = await _call(client, "start_training", model="1", phase="quick", args=[str(lines)])
        run = seen["run"]
        while len(taken) < lines:
            seen = await _call(client, "poll_training", run=run, cursor=seen["cursor"], wait_s=30)
            arrived = time.monotonic()
            for number, written_at in _WRITTEN_AT.findall(str(seen["findings"])):
                taken.setdefault(number, (arrived - float(written_at)) * 1e3)
            answered.write_bytes(b"." * len(taken))
            if seen["state"] not in ("starting", "running"):
                break
        await _call(client, "stop_training", run=run, reason="measured")
    if len(taken) < lines:
        raise SystemExit(f"only {len(taken)} of {lines} failures were answered: {seen}")
    return list(taken.values())


async def _call(client: Client, tool: str, **arguments: object) -> Mapping[str, Any]:
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        raise SystemExit(str(result.content))
    return result.structured_content


def measured(lines: int) -> Iterator[Figure]:
    with fresh_folder() as folder:
        taken = anyio.run(latencies_ms, folder, lines)
    yield Figure("line written to poll answered, p50", median(taken), "ms")
    yield Figure("line written to poll answered, p99", quantile(taken, 0.99), "ms", BUDGET_MS)
    yield Figure("line written to poll answered, worst", max(taken), "ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200)
    options = parser.parse_args()
    print(f"# {load()}, {options.lines} lines")
    return show(measured(options.lines))


if __name__ == "__main__":
    sys.exit(main())
