"""How many tokens a poll costs its reader when nothing happened, as text and as structured content (characters / 4).

    python benchmarks/quiet_poll.py

Asked of a real server over a real client about a run that really goes on, with the cursor of the answer before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
from common import Figure, fresh_folder, script, server_command, show
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation

ME = Implementation(name="benchmark", version="1")
BUDGET = 60
POLLS = 20
TRAINING = "import time\nprint('epoch 1 loss 0.5', flush=True)\ntime.sleep(600)\n"


async def answers(workspace: Path) -> list[tuple[str, str]]:
    """Return text and compact JSON of quiet polls."""
    script(workspace, TRAINING)
    command, *arguments = server_command(workspace)
    found: list[tuple[str, str]] = []
    async with Client(StdioServerParameters(command=command, args=arguments), client_info=ME) as client:
        started = await client.call_tool("start_training", {"model": "1", "phase": "quick"})
        assert started.structured_content, started.content
        run = started.structured_content["run"]
        cursor = started.structured_content["cursor"]
        for _ in range(POLLS):
            polled = await client.call_tool("poll_training", {"run": run, "cursor": cursor, "wait_s": 0.3})
            assert polled.structured_content, polled.content
            cursor = polled.structured_content["cursor"]
            text = "".join(getattr(block, "text", "") for block in polled.content)
            compact = json.dumps(polled.structured_content, separators=(",", ":"), ensure_ascii=False)
            assert polled.structured_content["findings"] == [], polled.structured_content
            found.append((text, compact))
        await client.call_tool("stop_training", {"run": run, "reason": "measured"})
    print(f"# the last one: {found[-1][1]}")
    return found


def measured() -> Iterator[Figure]:
    with fresh_folder() as folder:
        found = anyio.run(answers, folder)
    for place, name in ((0, "text"), (1, "structured content")):
        yield Figure(f"quiet poll, {name}, largest", max(len(one[place]) for one in found) / 4, "tokens", BUDGET)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    return show(measured())


if __name__ == "__main__":
    sys.exit(main())
