"""What an hour of watch over a quiet run costs its agent in which three things happen, by the four ways to watch.

    python benchmarks/watch_tokens.py

The texts are those of a real server, hook and command about real runs (characters / 4); the hour is reckoned from them:
how often each comes. A thing that happens is the end of a run; the agent polls for it where it was only told of it.

- polling: the default wait of 45 s, so 77 polls in vain between three that tell something
- hook: it ends its turn behind `watchkeeper poll RUN --until event --wait 1700` in the background, and is woken
- monitor: `watchkeeper poll --follow` prints a line, and the agent polls
- task: the client waits; the poll is answered when there is news
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
from common import Figure, fresh_folder, script, server_command, show
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation

ME = Implementation(name="benchmark", version="1")
HOUR_S, EVENTS, WAIT_S, BACKGROUND_S = 3600, 3, 45, 1700
TRAINING = """
import pathlib, time
print("epoch 1 loss 0.5", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.05)
"""
OURS = [sys.executable, "-P", "-m", "watchkeeper.server"]


def tokens(*texts: str) -> float:
    return sum(map(len, texts)) / 4


def called(arguments: dict[str, Any], answer: object) -> float:
    """Return the tokens of a call and of what the model sees of its answer."""
    return tokens("poll_training", *(json.dumps(one, separators=(",", ":")) for one in (arguments, answer)))


def command(workspace: Path, *words: str, given: str = "") -> float:
    """Return the tokens of a command of ours, typed as a user types it, and of what it prints."""
    line = [*OURS, "--workspace", str(workspace), *words]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, input=given, timeout=600)
    typed = "" if given else " ".join(("watchkeeper", *words))
    return tokens(typed, ended.stdout)


async def texts(workspace: Path) -> dict[str, float]:
    """Return the tokens of each text that an agent meets while it watches."""
    script(workspace, TRAINING)
    program, *arguments = server_command(workspace)
    met: dict[str, float] = {}
    async with Client(StdioServerParameters(command=program, args=arguments), client_info=ME) as client:

        async def ask(tool: str, **given: object) -> dict[str, Any]:
            result = await client.call_tool(tool, given)
            assert result.structured_content, result.content
            return result.structured_content

        started = await ask("start_training", model="1", phase="quick")
        about = {"run": started["run"], "cursor": started["cursor"], "wait_s": 1}
        while (quiet := await ask("poll_training", **about))["cursor"] and quiet["state"] != "running":
            about["cursor"] = quiet["cursor"]
        met["quiet poll"] = called(about, quiet)
        asked = json.dumps({"session_id": "bench", "cwd": str(workspace)})
        met["hold"] = command(workspace, "hook", "stop", given=asked)
        met["background, quiet"] = command(workspace, "poll", started["run"], "--until", "event", "--wait", "1")
        (workspace / "go").touch()
        while (ended := await ask("poll_training", **about))["state"] != "completed":
            pass
        met["poll with news"] = called(about, ended)
        met["background, news"] = command(workspace, "poll", started["run"], "--until", "event", "--wait", "60")
        met["story"] = command(workspace, "poll", started["run"], "--follow")
    return met


def measured() -> Iterator[Figure]:
    with fresh_folder() as folder:
        met = anyio.run(texts, folder)
    for name, cost in met.items():
        print(f"# {name}: {cost:.0f} tokens")
    polls, naps = HOUR_S // WAIT_S - EVENTS, HOUR_S // BACKGROUND_S
    news = EVENTS * met["poll with news"]
    told = EVENTS * met["background, news"] + naps * met["background, quiet"]
    yield Figure("an hour by polling", polls * met["quiet poll"] + news, "tokens")
    yield Figure("an hour by the hook and a background poll", met["hold"] + told + news, "tokens")
    yield Figure(
        "an hour by the monitor", EVENTS * met["story"] / 2 + news, "tokens", reference="a story has two lines"
    )
    yield Figure("an hour by tasks", news, "tokens")


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    return show(measured())


if __name__ == "__main__":
    sys.exit(main())
