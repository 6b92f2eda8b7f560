"""MCP over Streamable HTTP: one endpoint for all roles, without sessions, so that nothing is lost with the process.

Each request stands for itself, in both eras of the protocol. The role is that of its token (`network/guard`), and each
role has a server of its own, which lists and runs the tools of that role only.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from ...vocabulary.runs import Role

PATH = "/mcp"
LARGEST_BODY_BYTES = 1 << 20
# Host and Origin are checked before, and exactly (`network/address`); the SDK's patterns would let more through.
_CHECKED_BEFORE = TransportSecuritySettings(enable_dns_rebinding_protection=False)


class Endpoint:
    """The ASGI application behind the address; runs while `running()` does.

    :param servers: the server of each role.
    """

    def __init__(self, servers: Mapping[Role, Server[Any]]) -> None:
        self._managers = {
            role: StreamableHTTPSessionManager(
                server, stateless=True, security_settings=_CHECKED_BEFORE, max_request_body_size=LARGEST_BODY_BYTES
            )
            for role, server in servers.items()
        }

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve until left; what is still open then is cancelled."""
        async with AsyncExitStack() as stack:
            for manager in self._managers.values():
                await stack.enter_async_context(manager.run())
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in the role that its token names."""
        await self._managers[scope["state"]["role"]].handle_request(scope, receive, send)
