"""From the launch of a server process to its first tools/list answer: ours against a bare SDK server with one tool.

    python benchmarks/server_start.py [--pairs 9]

The two take turns, so that a busy machine disturbs both; the median of the pairwise ratios counts, after one unmeasured
start of each, which fills the file cache and the bytecode folders. (A shell's PYTHONDONTWRITEBYTECODE is not handed
on: with it, whoever has no bytecode yet is compiled anew at every start.) Wall time, and the CPU time that the server
has used when the answer arrives: what it uses to say farewell is nobody's wait, and it is not the same for both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from common import Figure, load, server_command, show

BUDGET = 1.15
BARE = """
from mcp.server import MCPServer

server = MCPServer("bare")


@server.tool()
async def echo(text: str) -> str:
    \"\"\"Return the text.\"\"\"
    return text


server.run()
"""
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
MESSAGES = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from a launch to the tools, by the clock and of the server's CPU time (user and system)."""

    wall_s: float
    cpu_s: float


def started(command: Sequence[str]) -> Start:
    """Launch a server, ask for its tools, and return what it took until they arrived."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=settings
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.writelines(json.dumps(message).encode() + b"\n" for message in MESSAGES)
        server.stdin.flush()
        for line in server.stdout:
            answer = json.loads(line)
            if answer.get("id") == 2:
                wall_s, used = time.perf_counter() - begun, psutil.Process(server.pid).cpu_times()
                assert answer["result"]["tools"], "a server without tools"
                server.stdin.close()
                return Start(wall_s, used.user + used.system)
    raise SystemExit(f"{command} ended without an answer")


def measured(pairs: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        ours, theirs = server_command(Path(folder)), [sys.executable, "-P", "-c", BARE]
        for warming_up in (ours, theirs):
            started(warming_up)
        pairs_taken = [(started(ours), started(theirs)) for _ in range(pairs)]
    yield from figures("server start", [(one.wall_s, other.wall_s) for one, other in pairs_taken], BUDGET)
    yield from figures("server start, CPU time", [(one.cpu_s, other.cpu_s) for one, other in pairs_taken], BUDGET)


def figures(name: str, pairs_s: Sequence[tuple[float, float]], budget: float) -> Iterator[Figure]:
    """Give the seconds of our starts, and how they compare with those of the bare server next to them."""
    ratio = median(one / other for one, other in pairs_s)
    own_s, bare_s = (median(column) for column in zip(*pairs_s, strict=True))
    reference = f"bare MCPServer {bare_s:.3f} s"
    yield Figure(f"{name} to first tools/list", own_s, "s", reference=reference, ratio=ratio)
    yield Figure(f"{name} against a bare SDK server", ratio, "times", budget, reference, ratio)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    print(f"# {load()}, {options.pairs} pairs")
    return show(measured(options.pairs))


if __name__ == "__main__":
    sys.exit(main())
