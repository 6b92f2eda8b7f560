"""The MCP server, built from the tools and prompts that it is handed; our errors become tool errors here.

The SDK's low-level server is used on purpose: it hands arguments over as they came, so that unknown ones can be
refused, and leaves the text of an error to us (docs/decisions/0001-low-level-server.md).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from ...acts.desk import Desk, in_thread
from ...acts.toolbox import WAIT, Tool, facts, rendered
from ...vocabulary.errors import InvalidArgument, PolicyInvalid, WatchkeeperError
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets
from . import resources
from .clients import Patience, called_by
from .instructions import instructions

HEARTBEAT_S = 10.0
"""How often a waiting call tells the client that it lives; it resets the idle timer of some (CLIENTS.md)."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

Brief = Callable[[Desk], Awaitable[Mapping[str, Any]]]
"""Gives the facts of where everything stands."""
Hurried = Callable[[Desk], Desk]
"""Gives the desk at which nothing takes longer than the client allows."""
Told = Callable[[str, Mapping[str, object], types.CallToolResult], None]
"""Is called with each call and its result before the client gets it; may block."""


class Prompt(Protocol):
    """What the server needs to know of a prompt."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def arguments(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def optional(self) -> Mapping[str, str]: ...  # noqa: D102

    def filled(self, values: dict[str, str]) -> str: ...  # noqa: D102


def build(
    desk: Desk,
    tools: Sequence[Tool],
    prompts: Sequence[Prompt],
    version: str,
    *,
    brief: Brief | None = None,
    told: Told | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    closing: anyio.Event | None = None,
) -> Server[Any]:
    """Return a server for one role: it lists and runs the tools and prompts of that role only.

    :param brief: what the resource `brief` tells; without it there is none.
    :param told: is told of every call, for example to record it.
    :param heartbeat_s: seconds between two progress notifications of a call that waits.
    :param closing: set when the server is about to end: a call that waits then answers as if its time were over.
    """
    handle = _Handlers(
        desk,
        {tool.name: tool for tool in tools if desk.role in tool.roles},
        {prompt.name: prompt for prompt in prompts if prompt.role == desk.role},
        brief,
        told,
        heartbeat_s,
        closing,
    )
    return Server(
        "watchkeeper",
        version=version,
        title="watchkeeper",
        description="Trains models for hours, keeps watch, proves the compute, remembers.",
        instructions=instructions(desk.role),
        on_list_tools=handle.list_tools,
        on_call_tool=handle.call_tool,
        on_list_prompts=handle.list_prompts,
        on_get_prompt=handle.get_prompt,
        on_list_resources=handle.list_resources,
        on_list_resource_templates=handle.list_templates,
        on_read_resource=handle.read_resource,
        on_completion=handle.complete,
    )


@dataclass(frozen=True, slots=True)
class _Handlers:
    """The requests of the protocol, one method each; the first argument of each is the SDK's context."""

    desk: Desk
    tools: Mapping[str, Tool]
    prompts: Mapping[str, Prompt]
    brief: Brief | None
    told: Told | None
    heartbeat_s: float
    closing: anyio.Event | None
    patience: Patience = field(default_factory=Patience)

    async def list_tools(self, _ctx: Any, _params: Any) -> types.ListToolsResult:  # noqa: ANN401
        return types.ListToolsResult(tools=[described(tool) for tool in self.tools.values()])

    async def call_tool(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:  # noqa: ANN401
        async with _beating(ctx.session, self.heartbeat_s):
            hurried = partial(self.patience.desk, client=_client(ctx))
            result = await self._answered(params.name, params.arguments or {}, hurried)
            if self.told is not None:
                await in_thread(self.told, params.name, params.arguments or {}, result)
            return result

    async def _answered(self, name: str, arguments: Mapping[str, object], hurried: Hurried) -> types.CallToolResult:
        """Return a tool's result; that of a poll which waits when the server ends, at once."""
        answer = partial(answered, self.desk, self.tools, name, hurried=hurried)
        tool = self.tools.get(name)
        if self.closing is None or tool is None or not tool.waits:
            return await answer(arguments)
        found = await _unless(self.closing, partial(answer, arguments))
        return found or await answer({**arguments, WAIT: 0})

    async def list_prompts(self, _ctx: Any, _params: Any) -> types.ListPromptsResult:  # noqa: ANN401
        return types.ListPromptsResult(prompts=[_offered(prompt) for prompt in self.prompts.values()])

    async def get_prompt(self, _ctx: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:  # noqa: ANN401
        return _prompted(self.prompts, params.name, params.arguments or {})

    async def list_resources(self, _ctx: Any, _params: Any) -> types.ListResourcesResult:  # noqa: ANN401
        return types.ListResourcesResult(resources=[_BRIEF] if self.brief else [])

    async def list_templates(self, _ctx: Any, _params: Any) -> types.ListResourceTemplatesResult:  # noqa: ANN401
        return types.ListResourceTemplatesResult(resource_templates=[_template(one) for one in resources.TEMPLATES])

    async def read_resource(
        self,
        _ctx: Any,  # noqa: ANN401
        params: types.ReadResourceRequestParams,
    ) -> types.ReadResourceResult:
        return await _resource(self.desk, params.uri, self.brief)

    async def complete(self, _ctx: Any, params: types.CompleteRequestParams) -> types.CompleteResult:  # noqa: ANN401
        return await _completed(self.desk, params)


def described(tool: Tool) -> types.Tool:
    """Return a tool as a client sees it."""
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.input_schema(),
        output_schema=tool.output_schema(),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.read_only,
            idempotent_hint=tool.idempotent,
            destructive_hint=tool.destructive,
            open_world_hint=False,
        ),
    )


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
    desk: Desk,
    tools: Mapping[str, Tool],
    name: str,
    arguments: Mapping[str, object],
    hurried: Hurried = lambda desk: desk,
) -> types.CallToolResult:
    """Run a tool and return its result as text and as structured content, or its error as text.

    :param hurried: gives the desk at which nothing takes longer than the client allows.
    """
    try:
        if name not in tools:
            raise InvalidArgument(
                f"There is no tool {name[:60]!r} for the role {desk.role}.", f"Tools: {', '.join(tools)}."
            )
        tool = tools[name]
        content = facts(await tool.run(hurried(_now(desk, tool)), **tool.take(arguments)))
    except WatchkeeperError as error:
        return _failed(str(error))
    except Exception as error:  # the one seam: whatever else escapes is a defect of ours and must not end the server
        _log.exception("tool %s failed", name)
        return _failed(
            f"{name} failed inside watchkeeper ({type(error).__name__}). Nothing that was acknowledged is lost. "
            "Call it again; if it fails again, run `watchkeeper doctor` and report it with the server's standard error."
        )
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=rendered(content))], structured_content=content
    )


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


def _offered(prompt: Prompt) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=name, description=about, required=name in prompt.arguments)
        for name, about in {**prompt.arguments, **prompt.optional}.items()
    ]
    return types.Prompt(name=prompt.name, description=prompt.description, arguments=arguments)


def _prompted(named: Mapping[str, Prompt], name: str, arguments: Mapping[str, str]) -> types.GetPromptResult:
    prompt = named.get(name)
    if prompt is None:
        raise MCPError(types.INVALID_PARAMS, f"There is no prompt {name[:60]!r}. Prompts: {', '.join(named)}.")
    missing = [one for one in prompt.arguments if one not in arguments]
    if missing:
        raise MCPError(types.INVALID_PARAMS, f"Prompt {name} needs {', '.join(missing)}.")
    content = types.TextContent(type="text", text=prompt.filled(dict(arguments)))
    return types.GetPromptResult(
        description=prompt.description, messages=[types.PromptMessage(role="user", content=content)]
    )


_BRIEF = types.Resource(
    name="brief",
    uri=resources.BRIEF_ADDRESS,
    description="where everything stands: runs, open reports, what is owed",
    mime_type="text/plain",
)


def _template(one: resources.Template) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        name=one.name, uri_template=one.address, description=one.about, mime_type=one.mime_type
    )


async def _resource(desk: Desk, uri: str, brief: Brief | None) -> types.ReadResourceResult:
    with _refusing("reading a resource", uri):
        current = desk.current()
        if uri == resources.BRIEF_ADDRESS and brief:
            # Seen by an observer: reading it is no watch, and takes no answer away from the trainer.
            text = resources.brief(await brief(replace(current, role=Role.OBSERVER))) or "Nothing was started yet."
        else:
            text = await in_thread(resources.read, current, uri)
    mime_type = next((one.mime_type for one in resources.TEMPLATES if f"://{one.name}/" in uri), "text/plain")
    return types.ReadResourceResult(
        contents=[types.TextResourceContents(uri=uri, mime_type=mime_type, text=mask_secrets(text))]
    )


async def _completed(desk: Desk, params: types.CompleteRequestParams) -> types.CompleteResult:
    given = (params.context.arguments if params.context else None) or {}
    with _refusing("completion"):
        values, total = await in_thread(resources.complete, desk, params.argument.name, params.argument.value, given)
    return types.CompleteResult(completion=types.Completion(values=values, total=total, has_more=total > len(values)))


@contextmanager
def _refusing(what: str, uri: str | None = None) -> Generator[None]:
    """Turn our errors into the protocol's; like `answered`, a seam that no defect of ours may pass.

    :param uri: the resource that was asked for; it goes back with the error, as the protocol wants it.
    """
    data = None if uri is None else {"uri": uri}
    try:
        yield
    except WatchkeeperError as error:
        raise MCPError(types.INVALID_PARAMS, mask_secrets(str(error)), data) from error
    except Exception as error:
        _log.exception("%s failed", what)
        text = f"{what} failed inside watchkeeper ({type(error).__name__})."
        raise MCPError(types.INTERNAL_ERROR, text, data) from error
