"""A run from its start to its verdict, by whatever calls tools; it runs in a framework's environment, without ours."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version

SERVER = sys.argv[1]
"""The command `watchkeeper`."""
ARGUMENTS = ["--workspace", sys.argv[2], "serve", "--role", "trainer"]
MOST_POLLS = 200

Call = Callable[[str, dict[str, object]], Awaitable[object]]
"""Calls a tool and returns what the framework shows its model, as text or as an object that has it."""


def said(answer: object, name: str) -> str:
    """Return a fact of an answer, whether it is shown as JSON or as text, escaped or not."""
    if isinstance(answer, list):  # content blocks
        answer = "\n".join(one["text"] for one in answer)
    text = answer if isinstance(answer, str) else repr(answer)
    found = re.search(rf"\b{name}\\?[\"']?: ?\\?[\"']?([\w-]+)", text)
    if found is None:
        raise SystemExit(f"no {name} in {text[:600]}")
    return found[1]


async def play(package: str, tools: int, call: Call) -> None:
    """Start, poll until the end, verify; print what was seen as one line of JSON."""
    started = await call("start_training", {"model": "1", "phase": "quick"})
    run, polls, state = said(started, "run"), 0, "starting"
    cursor = said(started, "cursor")
    while state in {"starting", "running"} and polls < MOST_POLLS:
        polled = await call("poll_training", {"run": run, "cursor": cursor, "wait_s": 5})
        state, cursor, polls = said(polled, "state"), said(polled, "cursor"), polls + 1
    verdict = said(await call("verify_compute", {"run": run}), "verdict")
    seen = {"version": version(package), "tools": tools, "state": state, "verdict": verdict}
    sys.stdout.write(json.dumps(seen) + "\n")
