"""A tool called once from the command line, and polls that go on until there is news or the run has ended."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from pydantic import BaseModel

from ...acts.desk import Desk
from ...acts.toolbox import Tool, Value, outgoing_facts
from ...vocabulary.runs import RunState

Arguments = dict[str, Value]
Content = dict[str, Any]


async def called(tool: Tool, desk: Desk, arguments: Arguments) -> Content:
    """Call a tool once and return its result as plain facts."""
    run: Callable[..., Awaitable[BaseModel]] = tool.run
    return outgoing_facts(await run(desk.patient(_wait_s(desk, arguments)), **arguments))


def _wait_s(desk: Desk, arguments: Arguments) -> float:
    given = arguments.get("wait_s")
    return given if isinstance(given, float) else desk.policy.watch.wait_s


async def waited(tool: Tool, desk: Desk, arguments: Arguments, until: str) -> tuple[Content, bool]:
    """Poll until the run has ended, or until the first news; return what was seen, and whether it came in time.

    Until the end several polls may return on the way; their findings are kept, each once, as it was seen last.
    """
    deadline = anyio.current_time() + _wait_s(desk, arguments)
    found: dict[str, Content] = {}
    while True:
        left_s = deadline - anyio.current_time()
        content = await called(tool, desk, {**arguments, "wait_s": max(left_s, 0.0)})
        for one in content.get("findings", ()):
            known = found.get(one["id"], {})
            untrusted = {**known.get("untrusted", {}), **one.get("untrusted", {})}
            found[one["id"]] = {**known, **one, **({"untrusted": untrusted} if untrusted else {})}
        if found:
            content["findings"] = list(found.values())
        early = anyio.current_time() < deadline
        came = _ended(content) if until == "end" else _news(content, arguments, early=early)
        if came or not early:
            return content, came
        arguments = {**arguments, "cursor": content["cursor"]}


def _ended(content: Content) -> bool:
    return content.get("state") in {one.value for one in RunState if one.final}


def _news(content: Content, arguments: Arguments, *, early: bool) -> bool:
    """Whether a poll brought news: it says so, or it came back early though there was something to wait for."""
    if content.get("findings") or content.get("answer"):
        return True
    return early and bool("run" in arguments or "cursor" in arguments or content.get("reports"))


def go_on(following: str, until: str, wait: str | None) -> str:
    """Let the next poll wait as this one did."""
    if not following.startswith("watchkeeper") or " poll " not in following:
        return following
    waiting = f" --wait {shlex.quote(wait)}" if wait else ""
    return f"{re.sub(r' --wait [0-9.]+', '', following)} --until {until}{waiting}"
