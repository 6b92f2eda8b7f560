"""The Tasks extension (`io.modelcontextprotocol/tasks`, 2026-07-28): a call that waits, answered with a task.

A client that declares it waits by itself and asks now and then (`tasks/get`); its model spends nothing until there is
news. A poll holds no state, so a task needs none either: its id *is* the call, and any server of the workspace can
answer for it, today or after a restart. `tasks/cancel` ends the wait; it never touches the training.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from ...acts.desk import Desk, in_thread
from ...acts.toolbox import WAIT
from ...vocabulary.errors import StorageFailed
from .calling import Caller

EXTENSION = "io.modelcontextprotocol/tasks"
ASK_AGAIN_MS = 5_000
LONGEST_S = 3600.0
"""After so long a task ends like a poll whose time is over, so that its agent looks at its watch too."""
MOST_KEPT = 64
LONGEST_ID = 2_000
_CAPABILITY = types.ClientCapabilities(extensions={EXTENSION: {}})
_PREFIX = "wk1-"


class OfTask(types.RequestParams):
    """What every request about a task carries."""

    task_id: str


class TaskUpdate(OfTask):
    """Answers to what a task asked for; ours never ask."""

    input_responses: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits: all that its task's id says."""

    tool: str
    arguments: Mapping[str, object]
    created_ms: int

    @property
    def id(self) -> str:
        """The id of its task."""
        told = json.dumps([self.tool, dict(self.arguments), self.created_ms], separators=(",", ":"))
        return _PREFIX + base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    def task(self, status: str, **more: object) -> dict[str, Any]:
        """Return its task as it goes over the wire."""
        now_ms = self.created_ms if status == "working" else int(time.time() * 1000)
        return {
            "taskId": self.id,
            "status": status,
            "createdAt": _iso(self.created_ms),
            "lastUpdatedAt": _iso(now_ms),
            "ttlMs": None,
            "pollIntervalMs": ASK_AGAIN_MS,
            **more,
        }


def _iso(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(task_id: str) -> Waiting | None:
    """Return the call that an id stands for; None if it is no id of ours. Pure."""
    if not task_id.startswith(_PREFIX) or len(task_id) > LONGEST_ID:
        return None
    coded = task_id.removeprefix(_PREFIX)
    try:
        tool, arguments, created_ms = json.loads(
            base64.b64decode(coded + "=" * (-len(coded) % 4), b"-_", validate=True)
        )
        found = Waiting(str(tool), dict(cast("Mapping[str, object]", arguments)), int(created_ms))
        datetime.fromtimestamp(found.created_ms / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None
    return found if found.id == task_id else None


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks of one role's server.

    :ivar results: of tasks that ended lately: what was told once, a status line, is told again the same.
    """

    desk: Desk
    caller: Caller
    results: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def serve(self, server: Server[Any]) -> None:
        """Have a server take calls of tools and the requests about tasks, and say so."""
        server.extensions = {**server.extensions, EXTENSION: {}}
        server.add_request_handler("tools/call", types.CallToolRequestParams, self.call)
        server.add_request_handler("tasks/get", OfTask, self.get)
        server.add_request_handler("tasks/cancel", OfTask, self.cancel)
        server.add_request_handler("tasks/update", TaskUpdate, self.update)

    async def call(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult | dict[str, Any]:  # noqa: ANN401 (the SDK's context)
        """Answer `tools/call`: with a task where the client declared them and the call would wait."""
        name, arguments = params.name, params.arguments or {}
        tool = self.caller.tools.get(name)
        if tool is None or not tool.waits or arguments.get(WAIT) in (0, "0") or not _declared(ctx):
            return (await self.caller.call(ctx, name, arguments))[0]
        result, in_vain = await self.caller.call(ctx, name, {**arguments, WAIT: 0})
        call = Waiting(name, {key: value for key, value in arguments.items() if key != WAIT}, int(time.time() * 1000))
        if not in_vain or len(call.id) > LONGEST_ID:
            return result
        return {"resultType": "task", **call.task("working")}

    async def get(self, ctx: Any, params: OfTask) -> dict[str, Any]:  # noqa: ANN401 (the SDK's context)
        """Answer `tasks/get`: look whether what the task waits for has come."""
        call = self._known(ctx, params.task_id)
        if params.task_id in self.results:
            return self.results[params.task_id]
        if await in_thread(self.desk.ledger.note, _cancelled(call)):
            return call.task("cancelled")
        result, in_vain = await self.caller.call(ctx, call.tool, {**call.arguments, WAIT: 0})
        if in_vain and time.time() < call.created_ms / 1000 + LONGEST_S:
            return call.task("working", statusMessage="watching; nothing new so far")
        told = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return self._kept(call, call.task("completed", result={**told, "resultType": "complete"}))

    async def cancel(self, ctx: Any, params: OfTask) -> dict[str, Any]:  # noqa: ANN401 (the SDK's context)
        """Answer `tasks/cancel`: nobody waits any more. The run goes on."""
        call = self._known(ctx, params.task_id)
        if params.task_id not in self.results:
            try:
                await in_thread(self.desk.ledger.take_note, _cancelled(call), "cancelled")
            except StorageFailed:
                self._kept(call, call.task("cancelled"))  # as long as this server lives
        return {}

    async def update(self, ctx: Any, params: TaskUpdate) -> dict[str, Any]:  # noqa: ANN401 (the SDK's context)
        """Answer `tasks/update`: no task of ours asks for anything, so there is nothing to take."""
        self._known(ctx, params.task_id)
        return {}

    def _kept(self, call: Waiting, task: dict[str, Any]) -> dict[str, Any]:
        self.results[call.id] = task
        for oldest in list(self.results)[:-MOST_KEPT]:
            del self.results[oldest]
        return task

    def _known(self, ctx: Any, task_id: str) -> Waiting:  # noqa: ANN401 (the SDK's context)
        """Return the call of a task.

        :raises MCPError: the client did not declare the extension, its header names another task, or there is no such.
        """
        if not _declared(ctx):
            wanted: dict[str, Any] = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
            raise MCPError(
                types.MISSING_REQUIRED_CLIENT_CAPABILITY, f"needs the client's capability {EXTENSION}", wanted
            )
        if ctx.request is not None and ctx.request.headers.get("mcp-name") != task_id:
            raise MCPError(types.HEADER_MISMATCH, "the header Mcp-Name must be the taskId")
        call = waiting(task_id)
        tool = self.caller.tools.get(call.tool) if call else None
        if call is None or tool is None or not tool.waits:
            raise MCPError(types.INVALID_PARAMS, "There is no such task. Call the tool again.")
        return call


def _declared(ctx: Any) -> bool:  # noqa: ANN401 (the SDK's context)
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and ctx.session.check_client_capability(_CAPABILITY)


def _cancelled(call: Waiting) -> str:
    return f"task:{call.id}"
