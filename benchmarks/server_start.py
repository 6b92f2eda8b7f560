"""From the launch of a server process to its first tools/list answer: ours against a bare SDK server with one tool.

    python benchmarks/server_start.py [--pairs 9]

The two take turns, so that a busy machine disturbs both; the median of the pairwise ratios counts, after one unmeasured
start of each (which fills the file cache and the bytecode folders).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

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


def started_in_s(command: Sequence[str]) -> float:
    """Launch a server, ask for its tools, and return the seconds until they arrived."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.writelines(json.dumps(message).encode() + b"\n" for message in MESSAGES)
        server.stdin.flush()
        for line in server.stdout:
            answer = json.loads(line)
            if answer.get("id") == 2:
                taken_s = time.perf_counter() - begun
                assert answer["result"]["tools"], "a server without tools"
                server.stdin.close()
                return taken_s
    raise SystemExit(f"{command} ended without an answer")


def measured(pairs: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        ours, theirs = server_command(Path(folder)), [sys.executable, "-P", "-c", BARE]
        for warming_up in (ours, theirs):
            started_in_s(warming_up)
        taken = [(started_in_s(ours), started_in_s(theirs)) for _ in range(pairs)]
    ratio = median(one / other for one, other in taken)
    own_s, bare_s = (median(column) for column in zip(*taken, strict=True))
    yield Figure(
        "server start to first tools/list", own_s, "s", reference=f"bare MCPServer {bare_s:.3f} s", ratio=ratio
    )
    yield Figure(
        "server start against a bare SDK server", ratio, "times", BUDGET, f"bare MCPServer {bare_s:.3f} s", ratio
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    print(f"# {load()}, {options.pairs} pairs")
    return show(measured(options.pairs))


if __name__ == "__main__":
    sys.exit(main())
