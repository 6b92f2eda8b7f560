"""How a tool is called for a client: within what the client allows, with a sign of life, errors as text.

Every call of a tool over MCP passes here: its result leaves through `toolbox.outgoing_facts`, which masks secrets for
the command line too, and its error through `_failed`. Resources, prompts and completions leave through `app`.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import anyio
import mcp_types as types

from ...acts.desk import Desk, in_thread
from ...acts.toolbox import WAIT, Tool, outgoing_facts, rendered
from ...vocabulary.errors import InvalidArgument, PolicyInvalid, WatchkeeperError
from ...vocabulary.refusals import refused_by_machine
from ...vocabulary.sanitize import mask_secrets
from .clients import Patience, called_by

HEARTBEAT_S = 10.0
"""How often a waiting call tells the client that it lives; it resets the idle timer of some.

How long each lets a call wait stands in docs/clients.md."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

Result = tuple[types.CallToolResult, bool]
"""What a call gave, and whether it waited in vain."""
Hurried = Callable[[Desk], Desk]
"""Gives the desk at which nothing takes longer than the client allows."""
Told = Callable[[str, Mapping[str, object], types.CallToolResult], None]
"""Is called with each call and its result before the client gets it; may block."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the tools of one role.

    :ivar tools: by name.
    :ivar heartbeat_s: seconds between two progress notifications of a call that waits.
    :ivar closing: set when the server is about to end: a call that waits then answers as if its time were over.
    """

    desk: Desk
    tools: Mapping[str, Tool]
    told: Told | None = None
    heartbeat_s: float = HEARTBEAT_S
    closing: anyio.Event | None = None
    patience: Patience = field(default_factory=Patience)

    async def call(self, ctx: Any, name: str, arguments: Mapping[str, object]) -> Result:  # noqa: ANN401 (the SDK's context)
        """Call a tool for the client of a request."""
        async with _beating(ctx.session, self.heartbeat_s):
            found = await self._in_time(_client(ctx), name, arguments)
            if self.told is not None:
                await in_thread(self.told, name, arguments, found[0])
            return found

    async def _in_time(self, client: str, name: str, arguments: Mapping[str, object]) -> Result:
        """Return what a call gives; that of one which waits when the server ends, at once."""
        hurried = partial(self.patience.desk, client=client)
        answer = partial(_attempted, self.desk, self.tools, name, hurried=hurried)
        tool = self.tools.get(name)
        if self.closing is None or tool is None or not tool.waits:
            return await answer(arguments)
        found = await _unless(self.closing, partial(answer, arguments))
        return found or await answer({**arguments, WAIT: 0})


def _client(ctx: Any) -> str:  # noqa: ANN401 (the SDK's context)
    """Return the name that the client gives of itself; empty if it gives none.

    Over HTTP the older era has no session in which the name would be kept; what `User-Agent` says is next to it.
    """
    said: types.InitializeRequestParams | None = ctx.session.client_params
    if said is not None:
        return said.client_info.name
    return called_by(ctx.request.headers.get("user-agent", "")) if ctx.request is not None else ""


async def _unless(event: anyio.Event, work: Callable[[], Awaitable[_T]]) -> _T | None:
    """Return what some work gives, None where the event came first; the work is then cancelled."""
    found: list[_T] = []
    async with anyio.create_task_group() as both:

        async def cut_short() -> None:
            await event.wait()
            both.cancel_scope.cancel()

        both.start_soon(cut_short)
        found.append(await work())
        both.cancel_scope.cancel()
    return found[0] if found else None


async def answered(
    desk: Desk, tools: Mapping[str, Tool], name: str, arguments: Mapping[str, object]
) -> types.CallToolResult:
    """Run a tool for somebody who allows it all the time that the policy does."""
    return (await _attempted(desk, tools, name, arguments, lambda desk: desk))[0]


async def _attempted(
    desk: Desk, tools: Mapping[str, Tool], name: str, arguments: Mapping[str, object], hurried: Hurried
) -> Result:
    """Run a tool and return its result as text and as structured content, or its error as text.

    :param hurried: gives the desk at which nothing takes longer than the client allows.
    """
    try:
        if name not in tools:
            raise InvalidArgument(
                f"There is no tool {name[:60]!r} for the role {desk.role}.", f"Tools: {', '.join(tools)}."
            )
        tool = tools[name]
        found = await tool.run(hurried(_now(desk, tool)), **tool.take(arguments))
        content = outgoing_facts(found)
        drawn = await _drawn(name, getattr(found, tool.picture)) if tool.picture else []
    except WatchkeeperError as error:
        return _failed(str(error)), False
    except Exception as error:  # whatever else a tool lets escape is a defect of ours and must not end the server
        if refusal := refused_by_machine(error):
            return _failed(str(refusal)), False
        _log.exception("tool %s failed", name)
        return _failed(
            f"{name} failed inside watchkeeper ({type(error).__name__}). Nothing that was acknowledged is lost. "
            "Call it again; if it fails again, run `watchkeeper doctor` and report it with the server's standard error."
        ), False
    text = types.TextContent(type="text", text=rendered(content))
    if tool.picture:  # nothing structured, which would keep clients from showing the picture
        return types.CallToolResult(content=[text, *drawn]), False
    return types.CallToolResult(content=[text], structured_content=content), bool(getattr(found, "in_vain", False))


async def _drawn(name: str, draw: Callable[[], bytes] | None) -> list[types.ImageContent | types.TextContent]:
    """Return a result's picture; none where there is nothing to draw, and one that fails costs itself, not the text."""
    if draw is None:
        return []
    try:
        png = base64.b64encode(await in_thread(draw)).decode()
    except Exception as error:  # a defect of ours, or a machine without room; the text says the same
        _log.exception("the picture of %s failed", name)
        return [types.TextContent(type="text", text=f"No picture: drawing it failed ({type(error).__name__}).")]
    return [types.ImageContent(type="image", data=png, mime_type="image/png")]


def _now(desk: Desk, tool: Tool) -> Desk:
    """Return the desk with the policy as it is now; a broken policy file keeps nobody from watching."""
    try:
        return desk.current()
    except PolicyInvalid:
        if tool.read_only:
            return desk
        raise


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=mask_secrets(text))], is_error=True)


@asynccontextmanager
async def _beating(session: Any, every_s: float) -> AsyncGenerator[None]:  # noqa: ANN401 (the SDK's session)
    async with anyio.create_task_group() as heart:
        heart.start_soon(_beat, session, every_s)
        yield
        heart.cancel_scope.cancel()


async def _beat(session: Any, every_s: float) -> None:  # noqa: ANN401 (the SDK's session)
    """Report progress while a call waits; does nothing for a client that did not ask for it."""
    begun = anyio.current_time()
    while True:
        await anyio.sleep(every_s)
        waited_s = anyio.current_time() - begun
        await session.report_progress(waited_s, message=f"watching, {waited_s:.0f} s")
