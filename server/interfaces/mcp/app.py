"""The MCP server, built from the tools and prompts that it is handed; our errors become the protocol's here.

The SDK's low-level server is used on purpose: it hands arguments over as they came, so that unknown ones can be
refused, and leaves the text of an error to us (docs/decisions/0001-low-level-server.md).
"""

from __future__ import annotations

import base64
import functools
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import anyio
import mcp_types as types
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from ...acts.desk import Desk, in_thread
from ...acts.toolbox import Tool
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.refusals import refused_by_machine
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets
from . import resources
from .calling import HEARTBEAT_S, Caller, Told
from .instructions import instructions
from .tasks import Tasks

_LISTS: tuple[CacheableMethod, ...] = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
LISTS_MS = 300_000
"""A server's lists never change while it lives; after a new version they are right again after so long."""
_DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="none" '
    'stroke="#c60" stroke-width="2"/><path d="M8 4v4l3 2" fill="none" stroke="#c60" stroke-width="2"/></svg>'
)
ICON = types.Icon(
    src="data:image/svg+xml;base64," + base64.b64encode(_DRAWN.encode()).decode(),
    mime_type="image/svg+xml",
    sizes=["any"],
)
"""A clock; drawn here, so that no client has to load it from somewhere."""
_log = logging.getLogger(__name__)

Brief = Callable[[Desk], Awaitable[Mapping[str, Any]]]
"""Gives the facts of where everything stands."""


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
    offered = {tool.name: tool for tool in tools if desk.role in tool.roles}
    caller = Caller(desk, offered, told, heartbeat_s, closing)
    handle = _Handlers(desk, offered, {prompt.name: prompt for prompt in prompts if prompt.role == desk.role}, brief)
    server: Server[Any] = Server(
        "watchkeeper",
        version=version,
        title="watchkeeper",
        description="Trains models for hours, keeps watch, proves the compute, remembers.",
        instructions=instructions(desk.role),
        icons=[ICON],
        cache_hints=dict.fromkeys(_LISTS, CacheHint(ttl_ms=LISTS_MS)),
        on_list_tools=handle.list_tools,
        on_list_prompts=handle.list_prompts,
        on_get_prompt=handle.get_prompt,
        on_list_resources=handle.list_resources,
        on_list_resource_templates=handle.list_templates,
        on_read_resource=handle.read_resource,
        on_completion=handle.complete,
    )
    Tasks(desk, caller).serve(server)  # calls of tools too: a call that waits may become a task
    return server


@dataclass(frozen=True, slots=True)
class _Handlers:
    """The requests of the protocol, one method each; the first argument of each is the SDK's context."""

    desk: Desk
    tools: Mapping[str, Tool]
    prompts: Mapping[str, Prompt]
    brief: Brief | None

    async def list_tools(self, _ctx: Any, _params: Any) -> types.ListToolsResult:  # noqa: ANN401
        return types.ListToolsResult(tools=[described(tool) for tool in self.tools.values()])

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


@functools.cache  # a client may list the tools before each of its sessions, and a schema takes milliseconds to make
def described(tool: Tool) -> types.Tool:
    """Return a tool as a client sees it."""
    return types.Tool(
        name=tool.name,
        title=_title(tool.name),
        description=tool.description,
        input_schema=tool.input_schema(),
        output_schema=None if tool.picture else tool.output_schema(),
        annotations=types.ToolAnnotations(
            read_only_hint=tool.read_only,
            idempotent_hint=tool.idempotent,
            destructive_hint=tool.destructive,
            open_world_hint=False,
        ),
    )


def _title(name: str) -> str:
    """Return a name as a person reads it in a list."""
    return name.replace("_", " ").capitalize()


def _offered(prompt: Prompt) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=name, description=about, required=name in prompt.arguments)
        for name, about in {**prompt.arguments, **prompt.optional}.items()
    ]
    return types.Prompt(
        name=prompt.name, title=_title(prompt.name), description=prompt.description, arguments=arguments
    )


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
    title="Brief",
    uri=resources.BRIEF_ADDRESS,
    description="where everything stands: runs, open reports, what is owed",
    mime_type="text/plain",
)


def _template(one: resources.Template) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        name=one.name, title=_title(one.name), uri_template=one.address, description=one.about, mime_type=one.mime_type
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
        if refusal := refused_by_machine(error):
            raise MCPError(types.INTERNAL_ERROR, mask_secrets(str(refusal)), data) from error
        _log.exception("%s failed", what)
        text = f"{what} failed inside watchkeeper ({type(error).__name__})."
        raise MCPError(types.INTERNAL_ERROR, text, data) from error
