"""A run from its start to its verdict, by whatever calls tools; it runs in a framework's environment, without ours."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version

SERVER = sys.argv[1]
"""The command `watchkeeper`."""
ARGUMENTS = ["--workspace", sys.argv[2], "serve", "--role", "trainer"]
ASKED = sys.argv[3] if len(sys.argv) > 3 else ""
"""What an agent of the framework is asked, with a model behind OPENAI_BASE_URL; `wait` for one without a model."""
KEPT = sys.argv[4] if len(sys.argv) > 4 else ""
"""The file into which an agent's run goes, as its framework writes it."""
LIMIT_S = 60.0
"""The limit of a call that docs/clients.md advises where a framework has one of 5 s."""
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


def told_to_wait(answer: object) -> float:
    """Return the seconds that `next` says to wait."""
    found = re.search(r"wait_s=(\d+(?:\.\d+)?)", str(answer))
    return float(found[1]) if found else 0.0


async def play(package: str, tools: int, call: Call) -> None:
    """Start, poll as long as `next` says until the end, verify; print what was seen as one line of JSON."""
    if ASKED == "wait":
        await wait(package, call)
        return
    started = await call("start_training", {"model": "1", "phase": "quick"})
    run, polls, state = said(started, "run"), 0, "starting"
    cursor, wait_s = said(started, "cursor"), told_to_wait(started)
    while state in {"starting", "running"} and polls < MOST_POLLS:
        polled = await call("poll_training", {"run": run, "cursor": cursor, "wait_s": wait_s})
        state, cursor, polls = said(polled, "state"), said(polled, "cursor"), polls + 1
        wait_s = told_to_wait(polled)
    verdict = said(await call("verify_compute", {"run": run}), "verdict")
    tell({"version": version(package), "tools": tools, "state": state, "verdict": verdict})


async def wait(package: str, call: Call, wait_s: float = 45.0) -> None:
    """Poll a run that goes on until a poll has taken its whole time, at most a few times; print how long it took."""
    started, waited_s, polls = await call("start_training", {"model": "1", "phase": "quick"}), 0.0, 0
    while waited_s < wait_s and polls < 4:
        begun = time.monotonic()
        await call("poll_training", {"run": said(started, "run"), "wait_s": wait_s})
        waited_s, polls = max(waited_s, time.monotonic() - begun), polls + 1
    tell({"version": version(package), "waited_s": waited_s})


def tell(seen: dict[str, object]) -> None:
    """Print what the test reads."""
    sys.stdout.write(json.dumps(seen) + "\n")
